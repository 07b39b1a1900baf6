"""Declared tables beside a database: what is different, and what makes it equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from querykit import BuildError, Table
from querykit.schema.ddl import in_order, writer_of
from querykit.schema.definition import definition_of
from querykit.schema.diff.compare import compare
from querykit.schema.diff.expected import expected
from querykit.schema.diff.plan import Plan
from querykit.schema.diff.sqlite_steps import SQLiteSteps
from querykit.schema.diff.steps import MySQLSteps, PostgresSteps
from querykit.schema.introspection import FoundDatabase, introspect

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from querykit.schema.diff.compare import Difference
    from querykit.schema.diff.steps import Steps

STEPS: Final[dict[str, type[Steps]]] = {
    "postgres": PostgresSteps,
    "mysql": MySQLSteps,
    "mariadb": MySQLSteps,
    "sqlite": SQLiteSteps,
}
"""Who writes differences as statements, by dialect."""
OWN_TABLES: Final = ("querykit_migrations",)
"""Tables that nobody declares."""


async def diff(
    declared: Iterable[Table | type[Table]],
    db: Any,
    *,
    schema: str | None = None,
    ignore: Collection[str] = (),
    shadow: Any = None,
) -> Plan:
    """What makes the database have the declared tables, and nothing else.

    Nothing is changed. How the database writes what is declared it tells by itself: the tables are made in a place of
    their own, and are gone again. On PostgreSQL that is the session's temporary schema, on MySQL and MariaDB a database
    of a random name (which takes the right to make one, unless `shadow` names another place), on SQLite the memory.

    Args:
        declared: The tables.
        db: The database.
        schema: The schema to look at; unsaid, the one in which tables are looked for.
        ignore: Tables that may be there without being declared.
        shadow: Another database of that kind, in which the declared tables are made.

    Raises:
        UnsupportedError: the database lacks something that a table asks for.
        BuildError: a column tells no type.
    """
    return (await differ(declared, db, schema=schema, ignore=ignore, shadow=shadow)).forth()


class Differ(NamedTuple):
    """A database, and what it is to be.

    Attributes:
        dialect: Its dialect.
        schema: The schema that was looked at.
        before: What is there.
        after: What is to be there.
        tables: The declared tables.
        triggers: The definitions of triggers that go with a table, by table.
    """

    dialect: str
    schema: str | None
    before: FoundDatabase
    after: FoundDatabase
    tables: list[Table]
    triggers: dict[str, list[str]]

    def forth(self, wanted: Callable[[Difference], bool] = lambda _: True, *, rebuilds: bool = True) -> Plan:
        """The plan, of the differences that are wanted."""
        return self._plan(self.before, self.after, self.tables, wanted, rebuilds=rebuilds)

    def back(self, tables: Sequence[Table]) -> Plan:
        """The plan that takes it back, given the tables that were there."""
        return self._plan(self.after, self.before, tables, lambda _: True, rebuilds=True)

    def _plan(
        self,
        before: FoundDatabase,
        after: FoundDatabase,
        tables: Sequence[Table],
        wanted: Callable[[Difference], bool],
        *,
        rebuilds: bool,
    ) -> Plan:
        differences = [each for each in compare(before, after) if wanted(each)]
        definitions = {table._name: definition_of(table) for table in _ordered(tables)}
        steps = STEPS[self.dialect](
            writer_of(self.dialect),
            definitions,
            self.schema,
            before={each.name: each for each in before.tables},
            triggers=self.triggers,
            rebuilds=rebuilds,
        )
        return Plan(tuple(steps.changes(differences)), self.dialect)


async def differ(
    declared: Iterable[Table | type[Table]],
    db: Any,
    *,
    schema: str | None = None,
    ignore: Collection[str] = (),
    shadow: Any = None,
) -> Differ:
    """Look at a database beside declared tables; the arguments are those of `diff`."""
    tables = [each() if isinstance(each, type) else each for each in declared]
    after = await expected(db, tables, shadow=shadow)
    found = await introspect(db, schema=schema)
    passed = {*OWN_TABLES, *ignore} - {each._name for each in tables}
    kept = tuple([each for each in found.tables if each.kind == "table" and each.name not in passed])
    triggers = await STEPS[db.dialect.name].triggers_of(db)
    return Differ(db.dialect.name, schema, FoundDatabase(kept, found.enums), after, tables, triggers)


class Synced(NamedTuple):
    """What `sync` did, and what it left.

    Attributes:
        done: The changes that were made.
        left: The changes that it makes only if it is told to.
    """

    done: Plan
    left: Plan


async def sync(
    declared: Iterable[Table | type[Table]],
    db: Any,
    *,
    drop: bool = False,
    schema: str | None = None,
    ignore: Collection[str] = (),
    shadow: Any = None,
) -> Synced:
    """Create what is missing, for development: tables, columns, keys, checks, indexes, enumerations.

    What is there is neither changed nor dropped, unless `drop` says so.

    Args:
        declared: The tables.
        db: The database.
        drop: Whether to change and to drop too, whatever is lost.
        schema: The schema to look at.
        ignore: Tables that are left alone.
        shadow: As for `diff`.
    """
    seen = await differ(declared, db, schema=schema, ignore=ignore, shadow=shadow)
    if drop:
        whole = seen.forth()
        await whole.run(db, lose_data=True)
        return Synced(whole, Plan((), seen.dialect))
    missing = seen.forth(lambda each: each.before is None, rebuilds=False)
    done = Plan(tuple([each for each in missing.changes if each.statements]), seen.dialect)
    await done.run(db)
    made = [each for change in done.changes for each in change.differences]
    return Synced(done, seen.forth(lambda each: each not in made))


def _ordered(tables: Sequence[Table]) -> Sequence[Table]:
    """Tables with those that others refer to first, where they do not refer to each other in a circle."""
    try:
        return in_order(tables)
    except BuildError:
        return tables
