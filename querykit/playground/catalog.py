"""What the page offers: the tables of a database, declared, and the relations that their foreign keys say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from querykit import Column, Table, column
from querykit.access.fields import field_of
from querykit.access.operators import OPERATORS
from querykit.playground.column_types import Annotation, Annotations
from querykit.schema.codegen.names import TAKEN, USED, Names, class_name, identifier, plural

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from querykit.schema.introspection import FoundColumn, FoundDatabase, FoundForeignKey, FoundTable


class Relation(NamedTuple):
    """A way from the rows of a table to those of another, or of the same.

    Attributes:
        name: Under which its rows are nested.
        target: The table that it leads to.
        is_many: Whether any number of rows belong to one; else, one or none.
        links: Columns that are equal: of the target (or of `through`), and of the table that it leads from.
        through: The table between the two, where one ties them.
        through_links: Columns of it and of the target that are equal.
    """

    name: str
    target: str
    is_many: bool
    links: tuple[tuple[str, str], ...]
    through: str | None = None
    through_links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class CatalogTable:
    """A table or a view.

    Attributes:
        found: What introspection says of it.
        annotations: Of its columns, by their names in the database, as everything here.
        names: Of its columns in Python.
        declared: The table that queries are made of.
        relations: By name.
    """

    found: FoundTable
    annotations: dict[str, Annotation]
    names: dict[str, str]
    declared: Table
    relations: dict[str, Relation] = field(default_factory=dict)

    def operators(self, column: str) -> list[str]:
        """The names of the operators that filters of a column may use."""
        stands_on = field_of(self.declared[self.names[column]])
        if not stands_on.kind or stands_on.is_document or stands_on.kind.startswith("list"):
            return ["is_null", "is_not_null"]
        names = [name for name, each in OPERATORS.items() if each.stands_on(stands_on)]
        return [*names, "is_not_null"]


class Catalog(NamedTuple):
    """The tables of a database, by name.

    Attributes:
        tables: With their columns and relations.
        schema: The schema that was asked for by name, if one was.
    """

    tables: dict[str, CatalogTable]
    schema: str | None = None


def catalog_of(found: FoundDatabase, dialect: str, *, schema: str | None = None) -> Catalog:
    """The catalog of what a database has."""
    annotations = Annotations(dialect, _enum_names(found))
    tables = {each.name: _table(each, annotations, schema) for each in found.tables if each.columns}
    for table in tables.values():
        for key in table.found.foreign_keys:
            if key.table in tables and key.schema is None:
                _relate(table, key, tables[key.table])
    for table in tables.values():
        _tie(table, tables)
    return Catalog(tables, schema)


def _enum_names(found: FoundDatabase) -> Iterator[str]:
    """The names of enumerations, as columns of them are described: quoted where needed, with their schema or not."""
    for each in found.enums:
        for name in (each.name, f'"{each.name}"'):
            yield name
            yield from (f"{each.schema}.{name}", f'"{each.schema}".{name}') if each.schema else ()


def _table(found: FoundTable, annotations: Annotations, schema: str | None) -> CatalogTable:
    types = {each.name: _annotation(each, found, annotations) for each in found.columns}
    free = Names({*USED, *TAKEN})
    names = {name: free.give(identifier(name)) for name in types}
    declared: dict[str, Any] = {own: column(name=name) for name, own in names.items() if own != name}
    declared["__annotations__"] = {names[name]: Column[each.type] for name, each in types.items()}  # type: ignore[name-defined]
    made: Any = type(class_name(found.name), (Table,), declared, name=found.name, schema=schema)
    return CatalogTable(found, types, names, made())


def _annotation(column: FoundColumn, table: FoundTable, annotations: Annotations) -> Annotation:
    # SQLite lets NULL into the columns of a primary key by its text alone.
    return annotations.read(column.type, is_nullable=column.is_nullable and column.name not in table.primary_key)


def _relate(child: CatalogTable, key: FoundForeignKey, parent: CatalogTable) -> None:
    """Add a foreign key to both of its tables."""
    pairs = _pairs(key, parent)
    if not pairs:
        return
    up = _free_name(child, _upward_names(key))
    child.relations[up] = Relation(up, key.table, is_many=False, links=tuple([(to, own) for own, to in pairs]))
    down = _free_name(parent, _downward_names(child, key))
    parent.relations[down] = Relation(down, child.found.name, is_many=not _is_unique(child, key.columns), links=pairs)


def _tie(between: CatalogTable, tables: dict[str, CatalogTable]) -> None:
    """Tie the two tables of a table that has nothing but keys of theirs, each pair once."""
    keys = between.found.foreign_keys
    columns = {name for key in keys for name in key.columns}
    is_pure = len(keys) == 2 and columns == set(between.names) and _is_unique(between, tuple(columns))  # noqa: PLR2004 - ends
    if not is_pure or not all(key.schema is None and key.table in tables for key in keys):
        return
    for near, far in (keys, keys[::-1]):
        source, target = tables[near.table], tables[far.table]
        pairs, far_pairs = _pairs(near, source), _pairs(far, target)
        wanted = [] if near.table == far.table else [plural(far.table)]
        name = _free_name(source, iter([*wanted, f"{plural(far.table)}_by_{'_'.join(map(_stem, far.columns))}"]))
        if pairs and far_pairs:
            tie = Relation(
                name, far.table, is_many=True, links=pairs, through=between.found.name, through_links=far_pairs
            )
            source.relations[name] = tie


def _pairs(key: FoundForeignKey, parent: CatalogTable) -> tuple[tuple[str, str], ...]:
    """The columns of a foreign key with those that it refers to; SQLite leaves out those of the primary key."""
    keys = key.keys if all(key.keys) else parent.found.primary_key
    return tuple(zip(key.columns, keys, strict=True)) if len(keys) == len(key.columns) else ()


def _upward_names(key: FoundForeignKey) -> Iterator[str]:
    if len(key.columns) == 1 and (stem := _stem(key.columns[0])) != key.columns[0]:
        yield stem
    yield key.table
    yield f"{key.table}_by_{'_'.join(key.columns)}"


def _downward_names(child: CatalogTable, key: FoundForeignKey) -> Iterator[str]:
    name = child.found.name if _is_unique(child, key.columns) else plural(child.found.name)
    others = [each for each in child.found.foreign_keys if each.table == key.table]
    if len(others) == 1 and child.found.name != key.table:
        yield name
    yield f"{name}_by_{'_'.join(map(_stem, key.columns))}"


def _stem(column: str) -> str:
    return re.sub(r"(?<=.)_id$|(?<=[a-z])Id$", "", column)


def _free_name(table: CatalogTable, wanted: Iterator[str]) -> str:
    """The first name that neither a column nor another relation has."""
    taken: Collection[str] = {*table.names.values(), *table.relations}
    name = ""
    for name in wanted:
        if name not in taken:
            return name
    return next(made for number in count(2) if (made := f"{name}_{number}") not in taken)


def _is_unique(table: CatalogTable, columns: tuple[str, ...]) -> bool:
    keys = [table.found.primary_key, *[each.columns for each in table.found.uniques]]
    keys += [each.columns for each in table.found.indexes if each.is_unique and each.where is None]
    return any(key and set(key) <= set(columns) for key in keys)
