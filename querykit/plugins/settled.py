"""What becomes of comparisons that only may be ones of texts: where they stand says how rows can only be fewer."""

from __future__ import annotations

from typing import Any, TypeVar

from querykit.builder.comparisons import Exists, InQuery
from querykit.builder.logic import Logic, Negation
from querykit.builder.operands import Parameter, Value
from querykit.builder.query import SetOperation
from querykit.builder.rewrite import copied, walk
from querykit.builder.row_filters import Bytewise
from querykit.builder.select import Select
from querykit.builder.tables import Column
from querykit.errors import ConfigurationError

NodeT = TypeVar("NodeT")


def settled(condition: NodeT) -> NodeT:
    """A condition in which every uncertain comparison is written so that it gives no row too many.

    ``a = b`` is narrowed to what is equal in both ways where it lets rows in, and stays where it keeps them out;
    ``a <> b`` the other way round.

    Raises:
        ConfigurationError: one stands where that cannot be told, in CASE or in a value.
    """
    return _at(condition, lets_in=True)  # type: ignore[no-any-return]


def _at(node: Any, *, lets_in: bool) -> Any:
    if isinstance(node, Logic):
        return copied(node, terms=tuple([_at(each, lets_in=lets_in) for each in node.terms]))
    if isinstance(node, Negation):
        return copied(node, term=_at(node.term, lets_in=not lets_in))
    if isinstance(node, Exists | InQuery):
        return _of_query(node, lets_in=lets_in != node.is_negated)
    if isinstance(node, Bytewise):
        return _comparison(node, lets_in=lets_in)
    return _without(node)


def _comparison(node: Bytewise, *, lets_in: bool) -> Any:
    test, exact = _at(node.test, lets_in=lets_in), _at(node.exact, lets_in=lets_in)
    if not node.is_of_text and lets_in != node.is_positive:
        return test if lets_in else Logic("OR", (test, exact))
    return copied(node, test=test, exact=exact)


def _of_query(node: Any, *, lets_in: bool) -> Any:
    """EXISTS, and IN: rows of a plain query are more where its conditions let more in."""
    term = [_without(node.term)] if isinstance(node, InQuery) else []
    columns = [] if isinstance(node, Exists) else [Column, Value, Parameter]
    query = _rows(node.query, columns, lets_in=lets_in)
    return copied(node, query=query, **({"term": term[0]} if term else {}))


def _rows(query: Any, columns: list[type], *, lets_in: bool) -> Any:
    if isinstance(query, SetOperation) and query.operator == "UNION" and query.row_limit is None:
        sides = {side: _rows(getattr(query, side), columns, lets_in=lets_in) for side in ("left", "right")}
        return query.replaced(**sides)
    if not isinstance(query, Select) or not _is_plain(query, columns):
        return _without(query)
    predicates = tuple([_at(each, lets_in=lets_in) for each in query.predicates])
    joins = tuple([_join(each, lets_in=lets_in) for each in query.joins])
    _without(query.replaced(predicates=(), joins=tuple([each._replace(predicates=()) for each in joins])))
    return query.replaced(predicates=predicates, joins=joins)


def _join(join: Any, *, lets_in: bool) -> Any:
    if join.kind == "INNER":
        return join._replace(predicates=tuple([_at(each, lets_in=lets_in) for each in join.predicates]))
    for each in join.predicates:
        _without(each)
    return join


def _is_plain(query: Select[Any, Any], columns: list[type]) -> bool:
    """Whether a query has more rows where its conditions let more in, and those in which it has them."""
    parts = (query.groupings, query.group_predicates, query.row_offset, query.row_limit if columns else None)
    kinds = [type(getattr(each, "term", each)) for each in query.columns]
    return not any(parts) and all(issubclass(kind, tuple(columns)) for kind in kinds if columns)


def _without(node: NodeT) -> NodeT:
    """A part in which no uncertain comparison may stand."""
    if any(isinstance(each, Bytewise) and not each.is_of_text for each in walk(node)):
        raise ConfigurationError(
            "a policy compares what may be texts in CASE, in a value or in a query of groups, where it cannot be said "
            "byte by byte: declare the columns with their types, or write it with ==, and_, or_ and exists"
        )
    return node
