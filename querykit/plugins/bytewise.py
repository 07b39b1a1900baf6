"""Comparisons of texts in policies, byte by byte: a collation may take other texts for equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from querykit.builder.comparisons import Comparison, DistinctTest, Exists, InList, InQuery, InTerms
from querykit.builder.expressions import Condition, known_type
from querykit.builder.logic import Negation
from querykit.builder.operands import Value
from querykit.builder.query import SetOperation
from querykit.builder.rewrite import rewrite
from querykit.builder.row_filters import Bytes, Bytewise
from querykit.builder.select import Select
from querykit.builder.value_types import type_of

if TYPE_CHECKING:
    from pypika.terms import Term

    from querykit.builder.statement import Statement

NodeT = TypeVar("NodeT")


def bytewise(condition: NodeT) -> NodeT:
    """A condition whose comparisons for equality look at the bytes of texts; others are as the database has them.

    What only may be a text, because its type is not known, is looked at both ways. That can only take rows away, so a
    comparison that is negated stays as it is: there it would let rows in.
    """
    return rewrite(condition, _rule)


def _rule(node: Any) -> Any:
    made = _tested(node)
    is_negated = isinstance(node, Negation) or (isinstance(node, Exists | InQuery) and node.is_negated)
    return rewrite(made, _certain) if is_negated else made


def _tested(node: Any) -> Any:
    if isinstance(node, Comparison) and node.operator in ("=", "<>"):
        return _of(node, [node.left, node.right], is_positive=node.operator == "=")
    if isinstance(node, InList):
        type_ = known_type(node.term)
        values: list[Term] = [Value(each, type_ or type_of(each)) for each in node.values]
        return _of(node, [node.term, *values], is_positive=not node.is_negated)
    if isinstance(node, InTerms):
        return _of(node, [node.term, *node.items], is_positive=not node.is_negated)
    if isinstance(node, DistinctTest) and _is_text([node.left, node.right]):
        return DistinctTest(Bytes(node.left), Bytes(node.right), is_negated=node.is_negated)
    return _in_query(node) if isinstance(node, InQuery) else node


def _certain(node: Any) -> Any:
    return node.test if isinstance(node, Bytewise) and not node.is_of_text else node


def _of(test: Condition, terms: list[Term], *, is_positive: bool) -> Condition:
    is_text = _is_text(terms)
    if is_text is False or (is_text is None and not is_positive):
        return test
    return Bytewise(test, _exact(test, terms), is_of_text=bool(is_text))


def _exact(test: Condition, terms: list[Term]) -> Condition:
    first, *others = [Bytes[Any](each) for each in terms]
    if isinstance(test, Comparison):
        return Comparison(test.operator, first, others[0])
    return InTerms(first, tuple(others), is_negated=bool(test.__dict__["is_negated"]))


def _in_query(test: InQuery) -> Condition:
    columns = _columns(test.query)
    is_text = _is_text([test.term, *columns]) if columns else None
    if is_text is False or (is_text is None and test.is_negated):
        return test
    exact = InQuery(Bytes(test.term), _of_bytes(test.query), is_negated=test.is_negated)
    return Bytewise(test, exact, is_of_text=bool(is_text))


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
