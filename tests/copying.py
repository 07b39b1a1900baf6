"""Compiling copies of statements: `rewrite` must reach every node there is, and forget no part of any."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from querykit.builder.cte import CommonTable
from querykit.builder.expressions import Ordering
from querykit.builder.operands import Keyword
from querykit.builder.raw import Name
from querykit.builder.rewrite import NODES, copied, rewrite, walk
from querykit.builder.statement import Statement
from querykit.builder.tables import Column, Table
from querykit.dialects.base import Dialect

NOT_NODES = {"executor", "ctes", "_compiled", "_columns", "_origin"}
"""Attributes that lead elsewhere; of CTEs the queries are the nodes."""


def copy_before_compiling() -> None:
    """Let every dialect compile a copy of what it is given, for the rest of the process."""
    compile_as_it_is = Dialect.compile

    @functools.wraps(compile_as_it_is)
    def compile_copy(self: Dialect, statement: Statement[Any, Any]) -> Any:
        met = {id(node) for node in walk(statement)}
        for node in reachable(statement, set()):
            assert id(node) in met, f"walk() does not reach {node!r} in {statement!r}"
        return compile_as_it_is(self, rewrite(statement, copy_of))

    Dialect.compile = compile_copy  # type: ignore[method-assign]


def copy_of(node: Any) -> Any:
    """Another object, equal in all its parts."""
    if isinstance(node, Keyword | Name):  # of which some are one object for the whole program
        return node
    if isinstance(node, Ordering):
        return Ordering(node.term, node.direction, node.nulls)
    if isinstance(node, Statement):
        return node.replaced()
    return copied(node)


def reachable(value: Any, seen: set[int]) -> Iterator[Any]:
    """Every node that stands somewhere below, found without knowing where nodes stand."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, NODES):
        yield value
    if isinstance(value, Column | Table | CommonTable):  # what these refer to stands elsewhere too
        return
    for part in parts_of(value):
        yield from reachable(part, seen)


def parts_of(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple | list | set | frozenset):
        yield from value
    elif isinstance(value, Mapping):
        yield from value.values()
    elif type(value).__module__.startswith(("querykit.builder", "pypika")):
        own = getattr(value, "__dict__", {})
        yield from [part for name, part in own.items() if name not in NOT_NODES]
        if isinstance(value, Statement):
            yield from [each._query for each in value.ctes]
        for base in type(value).__mro__:
            slots = base.__dict__.get("__slots__", ())
            yield from [
                getattr(value, name) for name in ((slots,) if isinstance(slots, str) else slots) if hasattr(value, name)
            ]
