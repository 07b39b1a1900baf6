"""Plugins about tables: what must hold of their rows, wherever a statement reads or writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from querykit.builder.tables import Table, UndeclaredTable
from querykit.errors import BuildError, ConfigurationError
from querykit.plugins.base import Plugin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pypika.terms import Term

    from querykit.builder.insert import Insert
    from querykit.builder.marks import Mark
    from querykit.builder.merge import Merge
    from querykit.builder.write import Restricted
    from querykit.dialects.base import Dialect
    from querykit.plugins.base import PluginContext

    Marks = tuple[Mark, ...]
    Row = Mapping[str, Any]
    Writing = Insert[Any, Any] | Restricted[Any, Any] | Merge[Any, Any]

T = TypeVar("T")


class TablePlugin(Plugin):
    """The base of plugins that ask something of the rows of tables.

    The chain goes through a statement once for all of them, after every `transform_query`, so that no other plugin can
    bring in a table that they do not see. Conditions stand where they hold and change nothing else: in WHERE, in ON of
    an outer join, in a derived table of the same name before a RIGHT or FULL join, in every sub-query, CTE and nested
    helper. Those of several plugins are put in together.

    Attributes:
        words: What queries say to it; see `Statement.marked`.
    """

    words: ClassVar[frozenset[str]] = frozenset()

    def condition(self, table: Table, marks: Marks, context: PluginContext) -> Term | None:
        """What must hold of the rows of a table that are read, updated or deleted; None where nothing must.

        Called once for a table, alias, marks and dialect, so that nothing of a statement may be kept in `context`.

        Args:
            table: The table met, under its alias, with any column that it may have.
            marks: What the statement, and those around it, say to plugins; the latest last.
            context: The dialect, and the request's values as parameters.
        """
        return None

    def written(self, statement: Writing, marks: Marks, context: PluginContext) -> Writing:
        """The write to run instead; `condition` is asked for the tables of what it gives."""
        return statement

    def change(self, table: Table, old: Row, new: Row, dialect: Dialect) -> str | None:
        """What an audit calls it that an update made this of a row; None where that is an update like others."""
        return None

    def met(self, node: Any, marks: Marks, context: PluginContext) -> None:
        """Refuse what cannot be looked into: raw SQL, calls of functions that are not `fn`'s, nodes of others."""


class TableNames(Generic[T]):
    """What is known of tables, by their names as people write them: ``"person"``, ``"shop.person"``.

    A name without a schema is that table in every schema, unless it is named there too. Names that differ by case
    alone are one where the database takes them for one.
    """

    def __init__(self, known: Mapping[str, T], what: str) -> None:
        """Take what is known; `what` is for messages.

        Raises:
            ConfigurationError: a name is none, or two are one to some database.
        """
        self._what = what
        self._known: dict[tuple[str, str], T] = {}
        for given, each in known.items():
            parts = given.split(".") if isinstance(given, str) else []
            if len(parts) not in (1, 2) or not all(parts):
                raise ConfigurationError(f"{what} name tables as 'table' or 'schema.table', not as {given!r}")
            self._known[("", *parts)[-2], parts[-1]] = each
        self._folded = {(schema.casefold(), name.casefold()): each for (schema, name), each in self._known.items()}
        if len(self._folded) < len(self._known):
            raise ConfigurationError(f"{what}: two names differ by case alone: {', '.join(sorted(known))}")
        self._in_schemas = {name: schema for schema, name in self._folded if schema}

    def find(self, table: Table, dialect: Dialect) -> T | None:
        """What is known of a table.

        Raises:
            BuildError: the table names no schema, and is known in some schemas only.
        """
        known = self._known if dialect.features.names_have_case else self._folded
        schema, name = folded(table._schema or "", dialect), folded(table._name, dialect)
        found = known.get((schema, name))
        if found is None and schema:
            found = known.get(("", name))
        if found is None and not schema and table._name.casefold() in self._in_schemas:
            raise BuildError(
                f"the table {table._name!r} names no schema, and {self._what} know it as "
                f"{self._in_schemas[table._name.casefold()]}.{table._name}: name its schema, or use with_schema()"
            )
        return found


def names_of(tables: Iterable[str], what: str) -> TableNames[bool]:
    """Names of which only is known that they are there."""
    if isinstance(tables, str):
        raise ConfigurationError(f"{what} are given as a list of names, not as {tables!r}")
    return TableNames(dict.fromkeys(tables, True), what)


def folded(name: str, dialect: Dialect) -> str:
    """A name in the form in which the database compares it."""
    return name if dialect.features.names_have_case else name.casefold()


def opened(table: Table) -> UndeclaredTable:
    """A table under its name, schema and alias, with the types that it declares and any other column."""
    made = object.__new__(UndeclaredTable)
    types = {name: column.value_type for name, column in table._columns.items()}
    made._column_names = table._column_names
    made._setup(table._name, table._schema, table._alias, types)
    return made
