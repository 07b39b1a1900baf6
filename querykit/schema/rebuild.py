"""What SQLite's ALTER TABLE cannot do: a new table takes the rows and the name of the old one.

Source: https://www.sqlite.org/lang_altertable.html#otheralter
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from querykit import BuildError, ForeignKeyViolationError, UsageError, sql
from querykit.schema.alterations import AddColumn, ChangeColumn
from querykit.schema.introspection.sqlite_text import tokens_of
from querykit.schema.sqlite import SQLiteWriter
from querykit.schema.table_changes import changed
from querykit.schema.table_text import quoted, table_text, words_of
from querykit.testing import RecordingDatabase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from querykit import Table
    from querykit.schema.alterations import Alteration
    from querykit.schema.table_text import TableText

_TABLE = "SELECT m.sql FROM {schema}.sqlite_master m WHERE m.type = 'table' AND lower(m.name) = lower({name})"
_MADE_ON_IT = """
SELECT m.type, m.name, m.sql AS "text" FROM {schema}.sqlite_master m
WHERE m.type IN ('index', 'trigger') AND lower(m.tbl_name) = lower({name}) AND m.sql IS NOT NULL ORDER BY m.rowid
"""
_OTHERS = """
SELECT m.type, m.name, m.sql AS "text" FROM {schema}.sqlite_master m
WHERE m.type IN ('view', 'trigger') AND lower(m.tbl_name) <> lower({name}) AND m.sql IS NOT NULL ORDER BY m.rowid
"""
_REFERRING = """
SELECT m.name FROM {schema}.sqlite_master m JOIN pragma_foreign_key_list(m.name, {text}) k
WHERE m.type = 'table' AND lower(k."table") = lower({name}) LIMIT 1
"""


class _Plan(NamedTuple):
    """What a rebuild does.

    Attributes:
        before: The statements up to the point at which the old table is gone.
        rename: What gives the new table its name.
        after: The statements that make its indexes and triggers.
    """

    before: Sequence[str]
    rename: str
    after: Sequence[str]


class Rebuild:
    """Alterations that are done by one rebuild."""

    def __init__(self, table: Table, name: str, alterations: list[Alteration]) -> None:
        """Hold the table, its name where the rebuild begins, and what is done."""
        self.table = table
        self.name = name
        self.schema = table._schema or "main"
        self.alterations = alterations

    async def statements(self, db: Any) -> list[str]:
        """What is run on a database, with what stands around it."""
        plan = await self._plan(db)
        return [
            "PRAGMA foreign_keys = OFF",
            "BEGIN IMMEDIATE",
            *plan.before,
            "PRAGMA legacy_alter_table = ON",
            plan.rename,
            "PRAGMA legacy_alter_table = OFF",
            *plan.after,
            f"PRAGMA {quoted(self.schema)}.foreign_key_check",
            "COMMIT",
            "PRAGMA foreign_keys = ON",
        ]

    def told(self) -> list[str]:
        """What is done, as a comment of SQL, where the table that is there cannot be looked at."""
        done = ", ".join([each.method.replace("_", " ") for each in self.alterations])
        return [f"/* the table {quoted(self.name)} is rebuilt: {done} */".replace("*/", "* /", self.name.count("*/"))]

    async def is_referred_to(self, trx: Any) -> bool:
        """Whether a foreign key refers to the table."""
        at = {"schema": sql.id(self.schema), "text": self.schema, "name": self.name}
        return await trx.fetch_first(sql(_REFERRING, **at)) is not None

    async def run(self, trx: Any) -> None:
        """Do it in a transaction, in which foreign keys are let alone."""
        broken = await self._broken(trx)
        plan = await self._plan(trx)
        await execute(trx, plan.before)
        await execute(trx, ["PRAGMA legacy_alter_table = ON"])  # or it would look for the table in views
        try:
            await execute(trx, [plan.rename])
        finally:
            await execute(trx, ["PRAGMA legacy_alter_table = OFF"])
        await execute(trx, plan.after)
        for table, _, parent in await self._broken(trx) - broken:
            raise ForeignKeyViolationError(
                f"{self.name!r} is left as it was: rows of {table!r} would refer to none of {parent!r}", table=table
            )

    async def _broken(self, trx: Any) -> Counter[tuple[str, int, str]]:
        """The rows that refer to nothing."""
        rows = await trx.fetch_all(sql("PRAGMA {}.foreign_key_check", sql.id(self.schema)))
        return Counter([(row["table"], row["rowid"], row["parent"]) for row in rows])

    async def _plan(self, db: Any) -> _Plan:
        at = {"schema": sql.id(self.schema), "name": self.name}
        definition = await db.fetch_first(sql(_TABLE, **at))
        if definition is None:
            raise BuildError(f"there is no table {self.name!r}")
        old = table_text(definition["sql"])
        new = changed(definition["sql"], self.table, self.alterations)
        made_on_it = await db.fetch_all(sql(_MADE_ON_IT, **at))
        gone = {each.name for each in old.columns} - {each.name for each in new.columns}
        for name in gone:
            _refuse_readers(name, self.name, made_on_it, await db.fetch_all(sql(_OTHERS, **at)))
        again = [each for each in made_on_it if each["type"] == "trigger" or not _reads(each["text"], gone)]
        fresh = f"querykit_new_{self.name}"
        return _Plan(
            [
                new.written(self._named(fresh)),
                self._copied(old, new, fresh),
                *(self._numbered(fresh) if new.is_numbered else ()),
                f"DROP TABLE {self._named(self.name)}",
            ],
            f"ALTER TABLE {self._named(fresh)} RENAME TO {quoted(self.name)}",
            [self._again(each["text"]) for each in again] + self._indexes(),
        )

    def _named(self, name: str) -> str:
        return f"{quoted(self.schema)}.{quoted(name)}"

    def _copied(self, old: TableText, new: TableText, fresh: str) -> str:
        """``INSERT INTO new (…) SELECT … FROM old``; rows keep their numbers, which triggers and others may know."""
        there = {each.name.lower() for each in old.columns}
        made = {
            each.name.lower(): SQLiteWriter().written(each.using, self.table)
            for each in self.alterations
            if isinstance(each, ChangeColumn) and each.using is not None
        }
        kept = [each for each in new.columns if each.name.lower() in there and not each.is_generated]
        names = [quoted(each.name) for each in kept]
        values = [made.get(each.name.lower(), quoted(each.name)) for each in kept]
        if old.has_rowid and new.has_rowid and not new.has_integer_key:
            names, values = ["rowid", *names], ["rowid", *values]
        source = f"SELECT {', '.join(values)} FROM {self._named(self.name)}"
        return f"INSERT INTO {self._named(fresh)} ({', '.join(names)}) {source}"

    def _numbered(self, fresh: str) -> list[str]:
        """What makes AUTOINCREMENT go on where it is."""
        sequence = f"{quoted(self.schema)}.sqlite_sequence"
        old, new = SQLiteWriter().written(self.name), SQLiteWriter().written(fresh)
        return [
            f"DELETE FROM {sequence} WHERE name = {new}",
            f"INSERT INTO {sequence} (name, seq) SELECT {new}, seq FROM {sequence} WHERE name = {old}",
        ]

    def _again(self, text: str) -> str:
        """CREATE INDEX or TRIGGER, which the database keeps without its schema."""
        tokens = tokens_of(text)
        at = next(place for place, each in enumerate(tokens) if each.text.upper() in ("INDEX", "TRIGGER")) + 1
        return f"{text[: tokens[at].start]}{quoted(self.schema)}.{text[tokens[at].start :]}"

    def _indexes(self) -> list[str]:
        """The indexes of new columns."""
        added = [each for each in self.alterations if isinstance(each, AddColumn)]
        return [each for one in added for each in SQLiteWriter().add_column(one, self.table).after]


def _reads(index: str, columns: set[str]) -> bool:
    """Whether an index has one of the columns."""
    return not words_of(index[index.index("(") :]).isdisjoint([each.upper() for each in columns])


def _refuse_readers(column: str, table: str, made_on_it: list[Any], others: list[Any]) -> None:
    """Refuse to drop a column that a trigger or a view may read: they would fail later, or read its name as a text."""
    for each in (*made_on_it, *others):
        words = words_of(each["text"])
        is_reader = each["type"] != "index" and column.upper() in words and table.upper() in words
        if is_reader:
            raise BuildError(f"the {each['type']} {each['name']!r} may read {table}.{column}: drop it first")


async def run_steps(db: Any, steps: Sequence[Rebuild | Sequence[str]]) -> None:
    """Run rebuilds and plain statements in one transaction, with foreign keys let alone where a table is rebuilt.

    Raises:
        UsageError: foreign keys refer to a table that is rebuilt, and cannot be let alone within a transaction.
        ForeignKeyViolationError: rows would refer to nothing afterwards, and all stays as it was.
    """
    if isinstance(db, RecordingDatabase):  # a preview, which has no table to look at
        await execute(db, [each for step in steps for each in (step.told() if isinstance(step, Rebuild) else step)])
        return
    if hasattr(db, "connection"):
        async with db.connection() as connection:
            await run_steps(connection, steps)
        return
    is_held = await _foreign_keys(db)
    if is_held:
        await execute(db, ["PRAGMA foreign_keys = OFF"])  # which does nothing within a transaction
    is_still_held = await _foreign_keys(db)
    try:
        async with db.transaction() as trx:
            for step in steps:
                if not isinstance(step, Rebuild):
                    await execute(trx, step)
                    continue
                if is_still_held and await step.is_referred_to(trx):
                    raise UsageError(
                        f"{step.name!r} is rebuilt, and foreign keys refer to it: run this on the database, not within "
                        "a transaction, or on a connection with foreign_keys=OFF"
                    )
                await step.run(trx)
    finally:
        if is_held and not is_still_held:
            await execute(db, ["PRAGMA foreign_keys = ON"])


async def execute(db: Any, statements: Sequence[str]) -> None:
    """Run statements, one after the other."""
    statement: Any  # a str, but not one that stands in the program
    for statement in statements:
        await db.execute(sql.raw(statement))


async def _foreign_keys(db: Any) -> bool:
    return bool(await db.fetch_value(sql("PRAGMA foreign_keys")))
