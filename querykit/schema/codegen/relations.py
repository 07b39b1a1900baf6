"""Relations, told from foreign keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from querykit.schema.codegen.layout import Call, Code, Text
from querykit.schema.codegen.names import plural, snake_case

if TYPE_CHECKING:
    from collections.abc import Iterator

    from querykit.schema.codegen.chosen import ChosenTable
    from querykit.schema.codegen.overrides import Overrides
    from querykit.schema.introspection import FoundForeignKey


class Relation(NamedTuple):
    """A relation as it is generated.

    Attributes:
        name: The attribute's name.
        code: Its declaration.
    """

    name: str
    code: Call


class _Link(NamedTuple):
    """A foreign key between two tables that are generated."""

    source: ChosenTable
    key: FoundForeignKey
    target: ChosenTable

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns of the target; SQLite leaves out those of its primary key."""
        return tuple([each for each in self.key.keys if each]) or self.target.found.primary_key

    @property
    def is_one(self) -> bool:
        """Whether a row of the target has one row at most."""
        table, columns = self.source.found, set(self.key.columns)
        return columns in [set(table.primary_key), *[set(each.columns) for each in table.uniques]]

    @property
    def by(self) -> str:
        """What it is called by: its columns, without what says that they are keys."""
        return "_".join([_stem(snake_case(each)) for each in self.key.columns])


class Relations:
    """The relations of all tables, each under a name that is free."""

    def __init__(self, tables: list[ChosenTable], overrides: Overrides) -> None:
        """Find out what refers to what."""
        by_name = {table.found.name: table for table in tables}
        self._overrides = overrides
        self._links = [
            _Link(table, key, by_name[key.table])
            for table in tables
            for key in sorted(table.found.foreign_keys, key=lambda key: key.columns)
            if key.table in by_name and key.schema is None
        ]
        self._between = {id(table): found for table in tables if (found := self._ends(table)) is not None}

    def of(self, table: ChosenTable) -> list[Relation]:
        """The relations of a table: what it belongs to, what it has, what others tie to it."""
        found = [*self._belonging(table), *self._having(table), *self._tied(table)]
        return [each for each in found if each.name]

    def _belonging(self, table: ChosenTable) -> Iterator[Relation]:
        for link in self._links:
            if link.source is table:
                stem = _stem(snake_case(link.key.columns[0])) if len(link.key.columns) == 1 else link.target.name
                taken = stem in table.columns.values()
                yield self._named(table, f"{stem}_{link.target.name}" if taken else stem, "belongs_to", link)

    def _having(self, table: ChosenTable) -> Iterator[Relation]:
        for link in self._links:
            if link.target is not table or id(link.source) in self._between:
                continue
            name = link.source.name if link.is_one else plural(link.source.name)
            several = [each for each in self._links if each.source is link.source and each.target is table]
            name = f"{name}_by_{link.by}" if len(several) > 1 or link.source is table else name
            yield self._named(table, name, "has_one" if link.is_one else "has_many", link)

    def _tied(self, table: ChosenTable) -> Iterator[Relation]:
        for ends in self._between.values():
            for near, far in (ends, ends[::-1]):
                if near.target is table:
                    name = plural(far.target.name)
                    name = f"{name}_by_{far.by}" if near.target is far.target else name
                    yield self._tie(table, name, near, far)

    def _tie(self, table: ChosenTable, name: str, near: _Link, far: _Link) -> Relation:
        arguments: list[tuple[str | None, Code]] = [
            (None, f"lambda: {far.target.class_name}"),
            ("through", f"lambda: {near.source.class_name}"),
            ("by", _columns(near.source, near.key.columns)),
            ("to", _columns(far.source, far.key.columns)),
            *_other_keys("key", near),
            *_other_keys("target_key", far),
        ]
        return Relation(self._give(table, name), Call("many_to_many", tuple(arguments)))

    def _named(self, table: ChosenTable, name: str, kind: str, link: _Link) -> Relation:
        other = link.target if kind == "belongs_to" else link.source
        by: tuple[str | None, Code] = ("by", _columns(link.source, link.key.columns))
        arguments = ((None, f"lambda: {other.class_name}"), by, *_other_keys("key", link))
        return Relation(self._give(table, name), Call(kind, arguments))

    def _give(self, table: ChosenTable, wanted: str) -> str:
        name = self._overrides.table(table.found.name).relations.get(wanted, wanted)
        return table.names.give(name) if name else ""

    def _ends(self, table: ChosenTable) -> tuple[_Link, _Link] | None:
        """The two foreign keys of a table that has nothing else, and ties each pair of rows once."""
        links = [each for each in self._links if each.source is table]
        if len(links) != 2:  # noqa: PLR2004 - a tie has two ends
            return None
        columns = [*links[0].key.columns, *links[1].key.columns]
        is_pure = sorted(columns) == sorted(each.name for each in table.found.columns)
        keys = [table.found.primary_key, *[each.columns for each in table.found.uniques]]
        return (links[0], links[1]) if is_pure and set(columns) in [set(each) for each in keys] else None


def _other_keys(name: str, link: _Link) -> list[tuple[str | None, Code]]:
    """The columns that are referred to, where they are not the primary key."""
    return [] if link.keys == link.target.declared_key else [(name, _columns(link.target, link.keys))]


def _columns(table: ChosenTable, names: tuple[str, ...]) -> Code:
    given: list[Code] = [Text(table.columns[each]) for each in names]
    return given[0] if len(given) == 1 else Call("", tuple([(None, each) for each in given]))


def _stem(column: str) -> str:
    return column.removesuffix("_id") or column
