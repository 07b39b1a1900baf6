"""Differences as statements, where ALTER TABLE can make every change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from querykit import BuildError
from querykit.schema.ddl import in_order
from querykit.schema.definition import made_name
from querykit.schema.diff.compare import Difference, described
from querykit.schema.diff.plan import Change
from querykit.schema.diff.warnings import is_other_kind, loss, risk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from querykit.schema.definition import ColumnDefinition, TableDefinition
    from querykit.schema.introspection import FoundColumn, FoundTable
    from querykit.schema.writer import Writer

_ORDER = (
    ("enumeration", "add"),
    ("enumeration", "change"),
    ("foreign key", "drop"),
    ("index", "drop"),
    ("check", "drop"),
    ("unique key", "drop"),
    ("primary key", "drop"),
    ("table", "add"),
    ("column", "add"),
    ("column", "change"),
    ("column", "drop"),
    ("primary key", "add"),
    ("primary key", "change"),
    ("unique key", "add"),
    ("check", "add"),
    ("index", "add"),
    ("foreign key", "add"),
    ("table", "drop"),
    ("enumeration", "drop"),
)
"""What comes first: nothing is dropped that something still stands on, and nothing stands on what is not there."""
_SIGNS = {"add": "+", "drop": "-", "change": "~"}


class Steps:
    """Writes the changes that differences ask for.

    Args:
        writer: Writes definitions.
        definitions: The tables as they are to be, by name.
        schema: The schema of tables that are to go.
        before: The tables that are there, by name.
        triggers: What `triggers_of` found.
        rebuilds: Whether tables may be made anew, where nothing else changes them.
    """

    def __init__(
        self,
        writer: Writer,
        definitions: dict[str, TableDefinition],
        schema: str | None,
        *,
        before: Mapping[str, FoundTable],
        triggers: Mapping[str, Sequence[str]],
        rebuilds: bool,
    ) -> None:
        """Hold them."""
        self.writer = writer
        self.definitions = definitions
        self.schema = schema
        self.before = before
        self.triggers = triggers
        self.rebuilds = rebuilds
        self.circle: list[str] = []

    @staticmethod
    async def triggers_of(db: Any) -> dict[str, list[str]]:
        """The definitions of triggers that go with a table, by table: none, where tables are altered in place."""
        return {}

    def changes(self, differences: Sequence[Difference]) -> Iterator[Change]:
        """The changes, in an order in which they can be made."""
        self.circle = self.new_circle(differences)
        late = [
            Difference("foreign key", name, key.name or "", after=key)
            for name in self.circle
            for key in self.definitions[name].foreign_keys
        ]
        gone, tied = drop_order(differences)
        early = [
            Difference("foreign key", name, key.name, before=key)
            for name, table in tied.items()
            for key in table.foreign_keys
            if key.table != name
        ]
        differences = [*differences, *late, *early]
        tables = [*self.definitions, *gone]
        places = {name: place for place, name in enumerate(tables)}
        ordered = sorted(
            differences, key=lambda each: (_ORDER.index((each.kind, action(each))), places.get(each.table or "", 0))
        )
        for each in ordered:
            yield self.change(each)

    def new_circle(self, differences: Sequence[Difference]) -> list[str]:
        """New tables that refer to each other in a circle: they get their foreign keys once they are all there."""
        new = [each.name for each in differences if each.kind == "table" and each.before is None]
        try:
            in_order([self.definitions[name].table for name in new])
        except BuildError:
            return new
        return []

    def change(self, difference: Difference) -> Change:
        """The change that one difference asks for."""
        write = getattr(self, f"{action(difference)}_{difference.kind.replace(' ', '_')}")
        return Change(text_of(difference), tuple(write(difference)), loss(difference), risk(difference), (difference,))

    # -- parts of statements ------------------------------------------------------------------------------------------

    def table(self, difference: Difference) -> str:
        """The table's name, quoted."""
        definition = self.definitions.get(difference.table or "")
        if definition is not None:
            return self.writer.table(definition.table)
        return self.writer.name(self.schema, difference.table)

    def altered(self, difference: Difference, clause: str) -> list[str]:
        """``ALTER TABLE table clause``."""
        return [f"ALTER TABLE {self.table(difference)} {clause}"]

    def definition(self, difference: Difference) -> TableDefinition:
        """The table as it is to be."""
        return self.definitions[difference.table or ""]

    def column(self, difference: Difference) -> ColumnDefinition:
        """The column as it is to be."""
        return next(each for each in self.definition(difference).columns if each.name == difference.name)

    # -- tables -------------------------------------------------------------------------------------------------------

    def add_table(self, difference: Difference) -> list[str]:
        """CREATE TABLE; in a circle, without foreign keys."""
        definition = self.definition(difference)
        if difference.name in self.circle:
            definition = replace(definition, foreign_keys=())
        return self.writer.create_table(definition)

    def drop_table(self, difference: Difference) -> list[str]:
        """DROP TABLE."""
        return [f"DROP TABLE {self.writer.name(self.schema, difference.name)}"]

    # -- columns ------------------------------------------------------------------------------------------------------

    def add_column(self, difference: Difference) -> list[str]:
        """ADD COLUMN."""
        definition = self.definition(difference)
        return self.altered(difference, f"ADD COLUMN {self.writer.column(self.column(difference), definition)}")

    def drop_column(self, difference: Difference) -> list[str]:
        """DROP COLUMN."""
        return self.altered(difference, f"DROP COLUMN {self.writer.name(difference.name)}")

    def change_column(self, difference: Difference) -> list[str]:
        """What makes a column of another."""
        raise NotImplementedError

    # -- keys, checks, indexes ----------------------------------------------------------------------------------------

    def add_primary_key(self, difference: Difference) -> list[str]:
        """ADD PRIMARY KEY."""
        return self.altered(difference, f"ADD PRIMARY KEY {self.writer.names(difference.after)}")

    def drop_primary_key(self, difference: Difference) -> list[str]:
        """DROP PRIMARY KEY."""
        return self.altered(difference, "DROP PRIMARY KEY")

    def change_primary_key(self, difference: Difference) -> list[str]:
        """The old one goes, the new one comes."""
        return [*self.drop_primary_key(difference), *self.add_primary_key(difference)]

    def add_unique_key(self, difference: Difference) -> list[str]:
        """ADD CONSTRAINT … UNIQUE; a unique index is told as a key, too."""
        definition = self.definition(difference)
        for each in definition.indexes:
            if each.name == difference.name:
                return [self.writer.create_index(definition.table, each)]
        return self._add(difference, self.definition(difference).uniques, self.writer.unique)

    def add_check(self, difference: Difference) -> list[str]:
        """ADD CONSTRAINT … CHECK."""
        table = self.definition(difference).table
        return self._add(difference, self.definition(difference).checks, lambda each: self.writer.check(each, table))

    def add_foreign_key(self, difference: Difference) -> list[str]:
        """ADD CONSTRAINT … FOREIGN KEY."""
        return self._add(difference, self.definition(difference).foreign_keys, self.writer.foreign_key)

    def _add(self, difference: Difference, declared: Iterable[Any], write: Any) -> list[str]:
        found = next(each for each in declared if each.name == difference.name)
        return self.altered(difference, f"ADD {write(found)}")

    def drop_unique_key(self, difference: Difference) -> list[str]:
        """DROP CONSTRAINT."""
        return self.altered(difference, f"DROP CONSTRAINT {self.writer.name(difference.name)}")

    drop_check = drop_foreign_key = drop_unique_key

    def add_index(self, difference: Difference) -> list[str]:
        """CREATE INDEX."""
        definition = self.definition(difference)
        found = next(each for each in definition.indexes if each.name == difference.name)
        return [self.writer.create_index(definition.table, found)]

    def drop_index(self, difference: Difference) -> list[str]:
        """DROP INDEX."""
        return [f"DROP INDEX {self.writer.name(self.schema, difference.name)}"]

    # -- enumerations -------------------------------------------------------------------------------------------------

    def add_enumeration(self, difference: Difference) -> list[str]:
        """CREATE TYPE."""
        return self.writer.create_enum(difference.name, difference.after, schema=self.schema)

    def drop_enumeration(self, difference: Difference) -> list[str]:
        """DROP TYPE."""
        return [f"DROP TYPE {self.writer.name(self.schema, difference.name)}"]

    def change_enumeration(self, difference: Difference) -> list[str]:
        """ADD VALUE; none, where values go or change places."""
        before, after = difference.before, difference.after
        if [each for each in after if each in before] != list(before):
            return []
        name = self.writer.name(self.schema, difference.name)
        statements = []
        for at, value in enumerate(after):
            if value not in before:
                place = (
                    f" AFTER {self.writer.written(after[at - 1])}"
                    if at
                    else f" BEFORE {self.writer.written(before[0])}"
                )
                statements.append(f"ALTER TYPE {name} ADD VALUE {self.writer.written(value)}{place}")
        return statements


class PostgresSteps(Steps):
    """PostgreSQL's: each property of a column is changed by itself."""

    def drop_primary_key(self, difference: Difference) -> list[str]:
        """Its constraint goes, by the name that PostgreSQL gives it."""
        name = made_name(difference.table or "", (), "pkey")
        return self.altered(difference, f"DROP CONSTRAINT {self.writer.name(name)}")

    def add_column(self, difference: Difference) -> list[str]:
        """ADD COLUMN, and its comment."""
        return [*super().add_column(difference), *self._comment(difference, None)]

    def change_column(self, difference: Difference) -> list[str]:
        """ALTER COLUMN, for each property; a computed column is made anew."""
        before, after = difference.before, difference.after
        if before.generated != after.generated and after.generated is not None:
            return [*self.drop_column(difference), *self.add_column(difference)]
        column = f"ALTER COLUMN {self.writer.name(difference.name)}"
        clauses = [f"{column} {each}" for each in self._clauses(difference, before, after)]
        altered = self.altered(difference, ", ".join(clauses)) if clauses else []
        return [*self._first(difference, before, after), *altered, *self._comment(difference, before.comment)]

    def _first(self, difference: Difference, before: FoundColumn, after: FoundColumn) -> list[str]:
        """What has to go before a type can change."""
        column = f"ALTER COLUMN {self.writer.name(difference.name)}"
        statements = []
        if before.generated is not None and after.generated is None:
            statements += self.altered(difference, f"{column} DROP EXPRESSION")
        if before.default is not None and (before.default != after.default or before.type != after.type):
            statements += self.altered(difference, f"{column} DROP DEFAULT")
        if before.is_identity and not after.is_identity:
            statements += self.altered(difference, f"{column} DROP IDENTITY IF EXISTS")
        return statements

    def _clauses(self, difference: Difference, before: FoundColumn, after: FoundColumn) -> Iterator[str]:
        declared, definition = self.column(difference), self.definition(difference)
        is_new_type = before.type != after.type
        if is_new_type or before.collation != after.collation:
            type_ = self.writer.type(declared, definition)
            collation = "" if declared.collation is None else f" COLLATE {self.writer.collation(declared.collation)}"
            using = f" USING {self.writer.name(difference.name)}::{type_}" if is_other_kind(before, after) else ""
            yield f"TYPE {type_}{collation}{using}"
        if before.is_nullable != after.is_nullable:
            yield f"{'DROP' if after.is_nullable else 'SET'} NOT NULL"
        if after.default is not None and (before.default != after.default or is_new_type):
            yield f"SET DEFAULT {self.writer.default(declared, definition)}"
        if after.is_identity and not before.is_identity:
            yield f"ADD {self.writer.identity()}"

    def _comment(self, difference: Difference, before: str | None) -> list[str]:
        comment = difference.after.comment
        if comment == before:
            return []
        place = f"{self.table(difference)}.{self.writer.name(difference.name)}"
        return [f"COMMENT ON COLUMN {place} IS {self.writer.written(comment)}"]


class MySQLSteps(Steps):
    """MySQL's and MariaDB's: a column is written anew."""

    drops_checks: ClassVar[str] = "CONSTRAINT"

    def change_column(self, difference: Difference) -> list[str]:
        """MODIFY COLUMN; one that becomes computed, or is no longer, is made anew."""
        if (difference.before.generated is None) != (difference.after.generated is None):
            return [*self.drop_column(difference), *self.add_column(difference)]
        column = self.writer.column(self.column(difference), self.definition(difference))
        return self.altered(difference, f"MODIFY COLUMN {column}")

    def drop_unique_key(self, difference: Difference) -> list[str]:
        """DROP INDEX: a unique key is one."""
        return self.altered(difference, f"DROP INDEX {self.writer.name(difference.name)}")

    drop_index = drop_unique_key

    def drop_check(self, difference: Difference) -> list[str]:
        """DROP CONSTRAINT."""
        return self.altered(difference, f"DROP CONSTRAINT {self.writer.name(difference.name)}")

    def drop_foreign_key(self, difference: Difference) -> list[str]:
        """DROP FOREIGN KEY, and the index that was made for it."""
        name = self.writer.name(difference.name)
        own = self.altered(difference, f"DROP INDEX {name}") if difference.before.has_own_index else []
        return [*self.altered(difference, f"DROP FOREIGN KEY {name}"), *own]


def action(difference: Difference) -> str:
    """``"add"``, ``"drop"`` or ``"change"``."""
    if difference.before is None:
        return "add"
    return "drop" if difference.after is None else "change"


def text_of(difference: Difference) -> str:
    """A difference in a line: ``~ column pet.name: text → character varying(50) NOT NULL``."""
    kind, before, after = difference.kind, difference.before, difference.after
    of = (
        ""
        if difference.table in (None, difference.name) and kind in ("table", "enumeration")
        else f"{difference.table}."
    )
    line = f"{_SIGNS[action(difference)]} {kind} {of}{difference.name}"
    if kind == "column":
        told = " → ".join([described(each).partition(" ")[2] for each in (before, after) if each is not None])
        return f"{line}: {told}"
    if kind == "enumeration" and before is not None and after is not None:
        return f"{line}: {', '.join(before)} → {', '.join(after)}"
    return line


def drop_order(differences: Sequence[Difference]) -> tuple[list[str], dict[str, Any]]:
    """Tables that go: those that refer to others first; and those of circles, whose foreign keys go before."""
    left = {each.name: each.before for each in differences if each.kind == "table" and each.after is None}
    ordered: list[str] = []
    while left:
        free = [name for name in left if not any(_refers(table, name) for table in left.values() if table.name != name)]
        if not free:
            return [*ordered, *left], left
        for name in free:
            ordered.append(name)
            del left[name]
    return ordered, {}


def _refers(table: Any, name: str) -> bool:
    return any(key.table == name for key in table.foreign_keys)
