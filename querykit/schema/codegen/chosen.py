"""The names of everything that is generated: chosen first, since tables speak of each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from querykit.schema.codegen.names import TAKEN, USED, Names, class_name, identifier, member_name, snake_case

if TYPE_CHECKING:
    from querykit.schema.codegen.overrides import Overrides
    from querykit.schema.introspection import FoundEnum, FoundTable


@dataclass(frozen=True, slots=True)
class ChosenTable:
    """A table, and its names in Python.

    Attributes:
        found: The table.
        class_name: Its class's name.
        name: Its object's name.
        columns: The names of its attributes, by those of the columns.
        names: Gives its relations names that its columns do not have.
    """

    found: FoundTable
    class_name: str
    name: str
    columns: dict[str, str]
    names: Names

    @property
    def declared_key(self) -> tuple[str, ...]:
        """The primary key, if its columns can say it: they stand in its order."""
        key = self.found.primary_key
        return key if tuple([each.name for each in self.found.columns if each.name in key]) == key else ()


@dataclass(frozen=True, slots=True)
class ChosenEnum:
    """An enumeration, and its names in Python.

    Attributes:
        type_name: Its name in the database; made up where the database gives none.
        class_name: Its class's name.
        name: The name of its type of column.
        members: The names of its members, by their values.
    """

    type_name: str
    class_name: str
    name: str
    members: dict[str, str]


def _free(name: str) -> str:
    """A class's name that imports do not have."""
    return f"{name}Table" if name in USED else name


class Chooser:
    """Chooses names that are free in the module."""

    def __init__(self, overrides: Overrides) -> None:
        """Nothing is chosen yet."""
        self._overrides = overrides
        self._module = Names(USED)

    def tables(self, found: list[FoundTable]) -> list[ChosenTable]:
        """The tables' names: those that are said, then the others."""
        classes = {
            table.name: self._module.give(self._overrides.table(table.name).name or _free(class_name(table.name)))
            for table in sorted(found, key=lambda table: (self._overrides.table(table.name).name is None, table.name))
        }
        return [self._table(table, classes[table.name]) for table in found]

    def enum(self, name: str, values: tuple[str, ...]) -> ChosenEnum:
        """An enumeration's names."""
        wanted = self._overrides.enums.get(name) or class_name(name)
        members = Names(("mro", "name", "value"))
        return ChosenEnum(
            name,
            self._module.give(wanted),
            self._module.give(f"{snake_case(wanted).upper()}_TYPE"),
            {value: members.give(member_name(value)) for value in values},
        )

    def enums(self, found: tuple[FoundEnum, ...]) -> dict[str, ChosenEnum]:
        """Names of enumerations that are types of their own."""
        return {each.name: self.enum(each.name, each.values) for each in found}

    def _table(self, table: FoundTable, name: str) -> ChosenTable:
        columns = Names({*USED, *TAKEN} - {"index", "check", "unique", "primary_key", "foreign_key"})
        said = {each.name: self._overrides.column(table.name, each.name).name for each in table.columns}
        names = {each: columns.give(identifier(said[each] or each)) for each in said if said[each]}
        names |= {each: columns.give(identifier(each)) for each in said if not said[each]}
        return ChosenTable(table, name, self._module.give(snake_case(name)), names, columns)
