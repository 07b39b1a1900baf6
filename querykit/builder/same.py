"""Whether two nodes say the same: `==` between expressions is a condition of SQL, and statements compare as objects."""

from __future__ import annotations

from typing import Any

from querykit.builder.cte import CommonTable
from querykit.builder.rewrite import NODES
from querykit.builder.tables import Column, Table
from querykit.builder.windows import Frame, Window

_HELD = (*NODES, Window, Frame)
_NAMED = {
    Column: ("name", "reference", "alias"),
    Table: ("_name", "_schema", "_alias"),
    CommonTable: ("_name", "_alias"),
}
"""What is told by its names."""
_NOT_SAID = frozenset({"executor", "_compiled", "_columns", "_origin"})
"""What an object remembers beside what it says."""


def is_same(one: Any, other: Any) -> bool:
    """Whether two statements, terms, sources or tuples of them are written as the same SQL with the same values.

    >>> from querykit import table
    >>> pet = table("pet")
    >>> is_same(pet.age > 1, table("pet").age > 1), is_same(pet.age > 1, pet.age > 1.0)
    (True, False)
    """
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, _HELD):
        return _are_same(_said(one), _said(other))
    return bool(one == other)


def _are_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(is_same(part, other[name]) for name, part in one.items())


def _said(node: Any) -> dict[str, Any]:
    """What a node holds, by name; what it leaves to its class says nothing."""
    for kind, names in _NAMED.items():
        if isinstance(node, kind):
            return {name: getattr(node, name) for name in names}
    parts = {name: part for name, part in getattr(node, "__dict__", {}).items() if name not in _NOT_SAID}
    for base in type(node).__mro__:
        slots = base.__dict__.get("__slots__", ())
        names = (slots,) if isinstance(slots, str) else slots
        parts |= {name: getattr(node, name) for name in names if hasattr(node, name) and name not in _NOT_SAID}
    return parts
