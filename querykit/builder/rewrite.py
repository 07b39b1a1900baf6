"""Going through statements: `walk` sees every node, `rewrite` changes some and leaves the rest as they are.

What plugins build on. A rule never goes down itself: it is given every statement, term and table there is, innermost
first, wherever it stands: sub-queries, joins, CTEs, set operations, nested helpers, RETURNING, PyPika's own terms.
"""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any, TypeVar

from pypika.terms import Term

from querykit.builder.cte import CommonTable
from querykit.builder.expressions import Ordering
from querykit.builder.operands import Keyword, Parameter, Value
from querykit.builder.query import AllColumns
from querykit.builder.raw import Name
from querykit.builder.statement import Statement
from querykit.builder.tables import Column, Source, Table
from querykit.builder.value_types import ValueType
from querykit.builder.windows import Frame, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NodeT = TypeVar("NodeT")

NODES = (Statement, Term, Source, Ordering, AllColumns, Name)
"""What a rule is given. Named tuples (a join, a branch of MERGE), windows and frames are looked into and not given."""

_PARTS = (Window, Frame)

_LEAVES = (Column, Table, CommonTable, Name, Keyword, Value, Parameter)
"""Nodes without others below: a column belongs to its table, and is not above it; a CTE's query belongs to its WITH."""

_NOT_BELOW = frozenset({"executor", "_compiled", "_columns", "alias", "value_type", "plugins", "row_type"})

_ATOMS: set[type] = {str, int, float, bool, type(None), bytes, dict, ValueType}
"""Types of attributes and values that are no nodes."""


def children(node: Any) -> Iterator[Any]:
    """The nodes right below a node."""
    for value in _below(node).values():
        yield from _nodes_in(value)


def _nodes_in(value: Any) -> Iterator[Any]:
    if isinstance(value, NODES):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            if type(each) not in _ATOMS:
                yield from _nodes_in(each)
    elif isinstance(value, _PARTS):
        for each in _parts_of(value).values():
            yield from _nodes_in(each)


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
    for each in children(node):
        yield from walk(each)
    yield node


def writes(statement: Statement[Any, Any]) -> bool:
    """Whether a statement changes data, or one inside it does; raw SQL may."""
    return any(isinstance(node, Statement) and node.is_write for node in walk(statement))


def rewrite(node: NodeT, rule: Callable[[Any], Any]) -> NodeT:
    """The node with every node of it, innermost first, replaced by what the rule gives for it.

    >>> from querykit import rewrite, select_from, table, value
    >>> from querykit.builder.operands import Value
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
    return _rewritten(node, rule, {})  # type: ignore[no-any-return]


def _rewritten(value: Any, rule: Callable[[Any], Any], done: dict[int, Any]) -> Any:
    """The same for what stands anywhere. What is one object stays one: ORDER BY knows a column of SELECT by that."""
    if type(value) in _ATOMS:
        return value
    found = done.get(id(value))
    if found is not None:
        return found
    if isinstance(value, NODES):
        found = rule(value if isinstance(value, _LEAVES) else _changed(value, _below(value), rule, done))
    elif isinstance(value, tuple | list):
        return _rewritten_items(value, rule, done)
    elif isinstance(value, _PARTS):
        found = _changed(value, _parts_of(value), rule, done)
    else:
        return value
    done[id(value)] = found
    return found


def _rewritten_items(value: Any, rule: Callable[[Any], Any], done: dict[int, Any]) -> Any:
    items = [each if type(each) in _ATOMS else _rewritten(each, rule, done) for each in value]
    if all(map(is_, items, value)):
        return value
    return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)


def _changed(node: Any, below: dict[str, Any], rule: Callable[[Any], Any], done: dict[int, Any]) -> Any:
    changes = {}
    for name, value in below.items():
        changed = _rewritten(value, rule, done)
        if changed is not value:
            changes[name] = changed
    return _with_parts(node, changes) if changes else node


def _below(node: Any) -> dict[str, Any]:
    """The attributes of a node that may hold other nodes."""
    if isinstance(node, _LEAVES):
        return {}
    if isinstance(node, Ordering):
        return {"term": node.term}
    parts = {
        name: value for name, value in node.__dict__.items() if type(value) not in _ATOMS and name not in _NOT_BELOW
    }
    if "ctes" in parts and isinstance(node, Statement):
        parts["ctes"] = tuple([each._query for each in node.ctes])
    return parts


def _parts_of(value: Any) -> dict[str, Any]:
    return (
        vars(value)
        if isinstance(value, Window)
        else {name: getattr(value, name) for name in ("unit", "start", "end", "exclude")}
    )


def _with_parts(node: Any, changes: dict[str, Any]) -> Any:
    """A copy of a node with other parts."""
    if isinstance(node, Statement):
        if "ctes" in changes:
            queries = zip(node.ctes, changes["ctes"], strict=True)
            changes["ctes"] = tuple(
                [each if query is each._query else copied(each, _query=query) for each, query in queries]
            )
        return node.replaced(**changes)
    if isinstance(node, Ordering):
        return Ordering(changes["term"], node.direction, node.nulls)
    if isinstance(node, Frame):
        return Frame(node.unit, changes.get("start", node.start), changes.get("end", node.end), node.exclude)
    return copied(node, **changes)


def copied(node: NodeT, **changes: Any) -> NodeT:
    """A copy of a term or source with other attributes."""
    made = object.__new__(type(node))
    made.__dict__.update(node.__dict__, **changes)
    return made
