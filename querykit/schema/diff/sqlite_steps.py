"""Differences as statements of SQLite's, which makes most tables anew."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from querykit import sql
from querykit.schema.diff.plan import Change
from querykit.schema.diff.steps import Steps, action, drop_order, text_of
from querykit.schema.diff.warnings import loss, risk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from querykit.schema.diff.compare import Difference


class SQLiteSteps(Steps):
    """SQLite's: whole tables come and go, indexes too, and plain columns come; for the rest a table is made anew."""

    @staticmethod
    async def triggers_of(db: Any) -> dict[str, list[str]]:
        """The triggers of each table, which are made again when it is made anew."""
        rows = await db.fetch_all(
            sql("SELECT tbl_name AS of, sql AS text FROM sqlite_master WHERE type = 'trigger' ORDER BY name")
        )
        found: dict[str, list[str]] = {}
        for row in rows:
            found.setdefault(row["of"], []).append(row["text"])
        return found

    def changes(self, differences: Sequence[Difference]) -> Iterator[Change]:
        """The changes: tables that are made anew each in one; those of circles go while foreign keys are let alone."""
        order, tied = drop_order(differences)
        anew = {each.table for each in differences if not self._is_plain(each)}
        alone = [each for each in differences if each.table not in anew]
        yield from super().changes([each for each in alone if action(each) != "drop" or each.kind != "table"])
        for table in [name for name in self.definitions if name in anew]:
            yield self._rebuilt(table, [each for each in differences if each.table == table])
        gone = [each for each in alone if action(each) == "drop" and each.kind == "table"]
        for each in sorted(gone, key=lambda each: order.index(each.name)):
            yield replace(self.change(each), is_rebuild=bool(tied))

    def new_circle(self, differences: Sequence[Difference]) -> list[str]:
        """None: foreign keys may name tables that come later."""
        return []

    def _is_plain(self, difference: Difference) -> bool:
        """Whether a statement does it."""
        if difference.kind in ("table", "index"):
            return True
        if difference.kind != "column" or action(difference) != "add":
            return False
        column = difference.after
        return column.generated is None and (column.is_nullable or column.default is not None)

    def _rebuilt(self, table: str, differences: list[Difference]) -> Change:
        losses = [f"{each.name}: {told}" for each in differences if (told := loss(each))]
        risks = [f"{each.name}: {told}" for each in differences if (told := risk(each))]
        return Change(
            "\n".join([f"~ table {table}, made anew:", *[f"    {text_of(each)}" for each in differences]]),
            tuple(self._statements(table)) if self.rebuilds else (),
            "; ".join(losses) or None,
            "; ".join(risks) or None,
            tuple(differences),
            is_rebuild=True,
        )

    def _statements(self, table: str) -> Iterator[str]:
        """A new table takes the rows, and then the name, of the old one; its indexes and triggers are made again."""
        definition, found = self.definitions[table], self.before[table]
        fresh = copy(definition.table)
        fresh._name = f"querykit_new_{table}"
        yield from self.writer.create_table(replace(definition, table=fresh, indexes=()))
        there = {each.name for each in found.columns if each.generated is None}
        kept = [each.name for each in definition.columns if each.name in there and each.generated is None]
        if kept:
            names = ", ".join([self.writer.name(each) for each in kept])
            yield f"INSERT INTO {self.writer.table(fresh)} ({names}) SELECT {names} FROM {self._old(table)}"
        yield f"DROP TABLE {self._old(table)}"
        yield f"ALTER TABLE {self.writer.table(fresh)} RENAME TO {self.writer.name(table)}"
        yield from [self.writer.create_index(definition.table, each) for each in definition.indexes]
        yield from self.triggers.get(table, ())

    def _old(self, table: str) -> str:
        return self.writer.table(self.definitions[table].table)
