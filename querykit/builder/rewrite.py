"""Going through statements: `walk` sees every node, `rewrite` changes some and leaves the rest as they are.

What plugins build on. A rule never goes down itself: it is given every statement, term and table there is, innermost
first, wherever it stands: sub-queries, joins, CTEs, set operations, nested helpers, RETURNING, PyPika's own terms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pypika.terms import Term

from querykit.builder.cte import CommonTable
from querykit.builder.expressions import Ordering
from querykit.builder.query import AllColumns
from querykit.builder.raw import Name
from querykit.builder.statement import Statement
from querykit.builder.tables import Column, Source, Table
from querykit.builder.windows import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NodeT = TypeVar("NodeT")

NODES = (Statement, Term, Source, Ordering, AllColumns, Name, Window)
"""What a rule is given. Named tuples (a join, a branch of MERGE) are looked into and not given."""

_LEAVES = (Column, Table, CommonTable, Name)
"""Nodes without others below: a column belongs to its table, and is not above it; a CTE's query belongs to its WITH."""

_NOT_BELOW = frozenset({"executor", "_compiled", "alias", "value_type"})


def walk(node: Any) -> Iterator[Any]:
    """Every node of a statement or a term: first those below it, then itself.

    A CTE is looked into where WITH brings it in, not again where FROM refers to it.

    >>> from querykit import json_array_from, select_from, table, walk
    >>> from querykit.builder.tables import Table
    >>> person, pet = table("person"), table("pet")
    >>> pets = select_from(pet).select(pet.name).where(pet.owner_id == person.id)
    >>> query = select_from(person).select(json_array_from(pets).as_("pets"))
    >>> sorted(node._name for node in walk(query) if isinstance(node, Table))
    ['person', 'pet']
    """
    for value in _below(node).values():
        yield from _walk_value(value)
    yield node


def _walk_value(value: Any) -> Iterator[Any]:
    if isinstance(value, NODES):
        yield from walk(value)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _walk_value(each)


def rewrite(node: NodeT, rule: Callable[[Any], Any]) -> NodeT:
    """The node with every node of it, innermost first, replaced by what the rule gives for it.

    >>> from querykit import rewrite, select_from, table, value
    >>> from querykit.builder.expressions import Value
    >>> pet = table("pet")
    >>> query = select_from(pet).select(pet.name).where(pet.species == "cat")
    >>> dogs = rewrite(query, lambda node: value("dog") if isinstance(node, Value) else node)
    >>> dogs.compile("sqlite").parameters
    ('dog',)
    >>> rewrite(query, lambda node: node) is query
    True

    Args:
        node: A statement or a term.
        rule: Given a statement, a term, a table or another source; gives the same object or one in its place.

    Returns:
        The same object if the rule changed nothing.
    """
    changes = {}
    for name, value in _below(node).items():
        changed = _rewritten(value, rule)
        if changed is not value:
            changes[name] = changed
    found: NodeT = rule(_with_parts(node, changes) if changes else node)
    return found


def _rewritten(value: Any, rule: Callable[[Any], Any]) -> Any:
    if isinstance(value, NODES):
        return rewrite(value, rule)
    if not isinstance(value, tuple | list):
        return value
    items = [_rewritten(each, rule) for each in value]
    if all(new is old for new, old in zip(items, value, strict=True)):
        return value
    return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)


def _below(node: Any) -> dict[str, Any]:
    """The attributes of a node that may hold other nodes."""
    if isinstance(node, _LEAVES):
        return {}
    if isinstance(node, Ordering):
        return {"term": node.term}
    parts = {name: value for name, value in node.__dict__.items() if name not in _NOT_BELOW}
    if isinstance(node, Source):
        parts = {name: value for name, value in parts.items() if name != "_columns"}
    if isinstance(node, Statement) and node.ctes:
        parts["ctes"] = tuple([each._query for each in node.ctes])
    return parts


def _with_parts(node: Any, changes: dict[str, Any]) -> Any:
    """A copy of a node with other parts."""
    if isinstance(node, Statement):
        if "ctes" in changes:
            queries = zip(node.ctes, changes["ctes"], strict=True)
            changes["ctes"] = tuple(
                [each if query is each._query else _copied(each, _query=query) for each, query in queries]
            )
        return node.replaced(**changes)
    if isinstance(node, Ordering):
        return Ordering(changes["term"], node.direction, node.nulls)
    return _copied(node, **changes)


def _copied(node: Any, **changes: Any) -> Any:
    copied = object.__new__(type(node))
    copied.__dict__.update(node.__dict__, **changes)
    return copied
