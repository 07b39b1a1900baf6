"""What a statement reads and writes, known from its structure: nested queries, CTEs and writes inside it included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pypika.terms import Function

from querykit.builder.explain import Explain
from querykit.builder.functions import FunctionCall
from querykit.builder.json_result import JsonResult
from querykit.builder.operands import Keyword
from querykit.builder.query import Query
from querykit.builder.rewrite import walk
from querykit.builder.tables import Column, Table
from querykit.builder.values_table import ValuesQuery
from querykit.builder.write import Write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from querykit.builder.statement import Statement

EVERYTHING = frozenset({""})
"""The tag of every read: what is written under it concerns all."""

_CHANGING = frozenset(
    {
        "NEXTVAL",
        "CURRVAL",
        "NOW",
        "CURRENT_TIMESTAMP",
        "CURRENT_DATE",
        "CURRENT_TIME",
        "UTC_TIMESTAMP",
        "CURDATE",
        "CURTIME",
        "RANDOM",
        "RAND",
    }
)
"""Functions of `fn` and of PyPika that give something else each time."""


class Footprint(NamedTuple):
    """What a statement touches, as tags.

    Attributes:
        reads: The tags of the tables that its rows come from; empty, if its rows cannot be kept.
        writes: The tags of the tables that it changes.
    """

    reads: frozenset[str]
    writes: frozenset[str]


def footprint(statement: Statement[Any, Any], dependents: Mapping[str, Iterable[str]]) -> Footprint:
    """What a statement without raw SQL touches.

    Args:
        statement: The statement, after the plugins.
        dependents: What changes together with a table, by the table's name.
    """
    nodes = list(walk(statement))
    writes: set[str] = set()
    for node in nodes:
        if isinstance(node, Write):
            for written in _written(node):
                writes |= _tags_of_write(written._schema, written._name, dependents)
    if not writes and not isinstance(statement, Query | JsonResult | Explain | ValuesQuery):
        return Footprint(frozenset(), EVERYTHING)  # a kind that is not known here
    if writes or not isinstance(statement, Query | JsonResult) or any(map(_is_different_each_time, nodes)):
        return Footprint(frozenset(), frozenset(writes))
    reads = {tag for node in nodes if isinstance(node, Table) for tag in _tags_of_read(node)}
    return Footprint(EVERYTHING | reads, frozenset())


def tags_of_names(tables: Iterable[Table | str], dependents: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """The tags of a write to tables that are given by name, or as tables."""
    tags: set[str] = set()
    for each in tables:
        schema, name = (each._schema, each._name) if isinstance(each, Table) else (None, each)
        tags |= _tags_of_write(schema, name, dependents)
    return frozenset(tags)


def tags_of_reads(tables: Iterable[Table | str]) -> frozenset[str]:
    """The tags of a read of tables that are given by name, or as tables."""
    tags = set(EVERYTHING)
    for each in tables:
        tags.update(_tags_of_read(each) if isinstance(each, Table) else _read(None, each))
    return frozenset(tags)


def _written(node: Write[Any, Any]) -> Iterator[Table]:
    """The tables that an INSERT, UPDATE, DELETE or MERGE changes: MySQL's can change several."""
    yield node.table
    yield from getattr(node, "others", ())
    for column, _ in getattr(node, "assignments", ()):
        if isinstance(column, Column) and isinstance(column.table, Table):
            yield column.table


def _is_different_each_time(node: Any) -> bool:
    if isinstance(node, Query):
        return node.lock is not None
    if isinstance(node, Keyword):
        return node.word in _CHANGING
    return isinstance(node, FunctionCall | Function) and node.name.upper() in _CHANGING


# A table is known by what its name may mean. Letters of either case are one, as they are to some servers, and a name
# without a schema may be that of any. So a read of «shop.pet» has the tags «pet» and «shop.pet», and one of «pet» has
# «pet» and «.pet». A write to «shop.pet» concerns «shop.pet» and «.pet», one to «pet» all that have «pet». NUL stands
# for the dot, because no name has one.


def _tags_of_read(table: Table) -> tuple[str, str]:
    return _read(table._schema, table._name)


def _read(schema: str | None, name: str) -> tuple[str, str]:
    name = name.casefold()
    return name, f"{(schema or '').casefold()}\0{name}"


def _tags_of_write(schema: str | None, name: str, dependents: Mapping[str, Iterable[str]]) -> set[str]:
    folded = name.casefold()
    tags = {folded} if schema is None else {f"{schema.casefold()}\0{folded}", f"\0{folded}"}
    tags.update(dependents.get(folded, ()))
    return tags


def with_all_dependents(declared: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    """Everything that changes together with a table, also through others, by the table's name."""
    direct = {name.casefold(): {each.casefold() for each in others} for name, others in declared.items()}
    found: dict[str, frozenset[str]] = {}
    for name in direct:
        reached: set[str] = set()
        waiting = [name]
        while waiting:
            for each in direct.get(waiting.pop(), ()):
                if each not in reached:
                    reached.add(each)
                    waiting.append(each)
        found[name] = frozenset(reached)
    return found
