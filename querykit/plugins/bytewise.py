"""Comparisons of texts in policies, byte by byte: a collation may take other texts for equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from querykit.builder.comparisons import Comparison, DistinctTest, InList, InQuery, InTerms
from querykit.builder.expressions import Condition, known_type
from querykit.builder.functions import Case, FunctionCall
from querykit.builder.logic import Logic
from querykit.builder.operands import Value
from querykit.builder.query import SetOperation
from querykit.builder.rewrite import rewrite
from querykit.builder.row_filters import Bytes, Bytewise
from querykit.builder.select import Select
from querykit.builder.tuples import Quantified, TupleComparison, TupleList, TupleValue
from querykit.builder.value_types import type_of
from querykit.errors import ConfigurationError
from querykit.plugins.settled import settled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pypika.terms import Term

    from querykit.builder.statement import Statement

NodeT = TypeVar("NodeT")


def bytewise(condition: NodeT) -> NodeT:
    """A condition whose comparisons for equality look at the bytes of texts; others are as the database has them.

    What only may be a text, because its type is not known, is looked at both ways, so that rows can only be fewer.

    Raises:
        ConfigurationError: whether rows would be fewer cannot be told, or a comparison has no form for bytes.
    """
    return settled(rewrite(condition, _tested))


def _tested(node: Any) -> Any:
    for kind, form in _FORMS.items():
        if isinstance(node, kind):
            return form(node)
    return node


def _comparison(node: Comparison) -> Condition:
    if node.operator not in ("=", "<>"):
        return node
    if isinstance(node.right, Quantified):
        return _unless_text(node, [node.left, *_columns_of(node.right.term)], "with ANY or ALL")
    return _of(node, [node.left, node.right], is_positive=node.operator == "=")


def _in_list(node: InList) -> Condition:
    type_ = known_type(node.term)
    values: list[Term] = [Value(each, type_ or type_of(each)) for each in node.values]
    return _of(node, [node.term, *values], is_positive=not node.is_negated)


def _case(node: Case[Any]) -> Case[Any]:
    if node.subject is None:
        return node
    return _unless_text(node, [node.subject, *[value for value, _ in node.branches]], "in CASE x WHEN y")


def _call(node: FunctionCall[Any]) -> FunctionCall[Any]:
    return _unless_text(node, list(node.args), "in NULLIF") if node.name == "NULLIF" else node


def _of(test: Condition, terms: list[Term], *, is_positive: bool) -> Condition:
    is_text = _is_text(terms)
    if is_text is False:
        return test
    return Bytewise(test, _exact(test, terms), is_of_text=bool(is_text), is_positive=is_positive)


def _exact(test: Condition, terms: list[Term]) -> Condition:
    first, *others = [Bytes[Any](each) for each in terms]
    if isinstance(test, Comparison):
        return Comparison(test.operator, first, others[0])
    if isinstance(test, DistinctTest):
        return DistinctTest(first, others[0], is_negated=test.is_negated)
    return InTerms(first, tuple(others), is_negated=bool(test.__dict__["is_negated"]))


def _in_query(test: InQuery) -> Condition:
    if isinstance(test.term, TupleValue):
        return _unless_text(test, [*test.term.items, *_columns(test.query)], "of several columns with a query")
    columns = _columns(test.query)
    is_text = _is_text([test.term, *columns]) if columns else None
    if is_text is False:
        return test
    exact = InQuery(Bytes(test.term), _of_bytes(test.query), is_negated=test.is_negated)
    return Bytewise(test, exact, is_of_text=bool(is_text), is_positive=not test.is_negated)


def _of_tuples(test: TupleComparison | TupleList) -> Condition:
    """A comparison of several columns, column by column."""
    if isinstance(test, TupleList):
        return _joined(
            "AND" if test.is_negated else "OR", [_pairs(test.term, row, test.is_negated) for row in test.rows]
        )
    if isinstance(test.right, TupleValue) and test.operator in ("=", "<>"):
        return _pairs(test.left, test.right.items, test.operator == "<>")
    others = list(test.right.items) if isinstance(test.right, TupleValue) else _columns(test.right.query)
    is_equality = test.operator in ("=", "<>")
    return _unless_text(test, [*test.left.items, *others], "of several columns") if is_equality else test


def _pairs(left: TupleValue, right: Sequence[Term], is_negated: bool) -> Condition:
    operator = "<>" if is_negated else "="
    tests = [_tested(Comparison(operator, *pair)) for pair in zip(left.items, right, strict=True)]
    return _joined("OR" if is_negated else "AND", tests)


def _joined(operator: Any, tests: list[Any]) -> Condition:
    return tests[0] if len(tests) == 1 else Logic(operator, tuple(tests))


def _unless_text(test: NodeT, terms: list[Any], where: str) -> NodeT:
    if _is_text(terms) is False:
        return test
    raise ConfigurationError(
        f"a comparison {where} cannot be one of bytes, as policies compare texts: write it with == and and_(…)"
    )


def _columns_of(term: Any) -> list[Any]:
    query = getattr(term, "query", None)
    return [term] if query is None else _columns(query)


def _columns(query: Statement[Any, Any]) -> list[Any]:
    if isinstance(query, SetOperation):
        return [*_columns(query.left), *_columns(query.right)]
    return list(query.columns) if isinstance(query, Select) else []


def _of_bytes(query: Any) -> Any:
    """A query of one column, as bytes."""
    if isinstance(query, SetOperation):
        return query.replaced(left=_of_bytes(query.left), right=_of_bytes(query.right))
    if not isinstance(query, Select):
        return query
    columns: tuple[Any, ...] = query.columns
    return query.replaced(columns=tuple([Bytes(each) for each in columns]))


def _is_text(terms: list[Any]) -> bool | None:
    """Whether a comparison of these terms is one of texts; None where it may be."""
    types = [known_type(each) for each in terms]
    kinds = {None if each is None else each.stored_kind for each in types}
    if "str" in kinds:
        return True
    return None if None in kinds else False


_FORMS: dict[type, Callable[[Any], Any]] = {
    Comparison: _comparison,
    InList: _in_list,
    InTerms: lambda node: _of(node, [node.term, *node.items], is_positive=not node.is_negated),
    DistinctTest: lambda node: _of(node, [node.left, node.right], is_positive=node.is_negated),
    InQuery: _in_query,
    TupleComparison: _of_tuples,
    TupleList: _of_tuples,
    Case: _case,
    FunctionCall: _call,
}
"""What is made of the nodes that say that values are equal."""
