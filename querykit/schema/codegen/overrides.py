"""What a person says of generated tables, in a file that is never written over."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from querykit.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ColumnOverride:
    """What is said of a column.

    Attributes:
        name: Its name in Python.
        type: The type of its values: a kind that columns have (``"uuid"``, ``"instant"``, ``"timedelta"``, …), or the
            full name of a class (``"shop.types.Money"``).
        hidden: Whether what faces the outside leaves it out.
    """

    name: str | None = None
    type: str | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class TableOverride:
    """What is said of a table.

    Attributes:
        name: The name of its class.
        skip: Whether it is left out.
        columns: What is said of its columns, by their names in the database.
        relations: Names of relations, by those that they would have; an empty one leaves it out.
    """

    name: str | None = None
    skip: bool = False
    columns: dict[str, ColumnOverride] = field(default_factory=dict)
    relations: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Overrides:
    """What is said of generated tables.

    Attributes:
        tables: By the names of tables in the database.
        enums: Names of classes, by the names of enumerations.
    """

    tables: dict[str, TableOverride] = field(default_factory=dict)
    enums: dict[str, str] = field(default_factory=dict)

    def table(self, name: str) -> TableOverride:
        """What is said of a table."""
        return self.tables.get(name, TableOverride())

    def column(self, table: str, name: str) -> ColumnOverride:
        """What is said of a column."""
        return self.table(table).columns.get(name, ColumnOverride())


def read_overrides(path: Path) -> Overrides:
    """The overrides of a TOML file.

    ```toml
    [tables.tbl_person]
    name = "Person"
    [tables.tbl_person.columns]
    uid = { name = "id", type = "uuid" }
    [tables.tbl_person.relations]
    tbl_pets = "pets"
    [enums]
    mood_type = "Mood"
    ```

    Raises:
        ConfigurationError: it is no TOML, or says what cannot be said.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        return Overrides(
            {name: _table(each) for name, each in told.pop("tables", {}).items()},
            {**told.pop("enums", {}), **_nothing_else(told)},
        )
    except (tomllib.TOMLDecodeError, TypeError, AttributeError, ValueError) as error:
        raise ConfigurationError(f"{path}: {error}") from None


def _table(told: dict[str, Any]) -> TableOverride:
    columns = {name: ColumnOverride(**each) for name, each in told.pop("columns", {}).items()}
    return TableOverride(**told, columns=columns)


def _nothing_else(told: dict[str, Any]) -> dict[str, str]:
    if told:
        raise ValueError(f"there are [tables] and [enums], and no {', '.join(told)}")
    return {}
