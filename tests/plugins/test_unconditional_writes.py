"""A condition that a plugin adds is none of the program's: a write of every row is refused beside it all the same."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from pypika import Query
from pypika import Table as PypikaTable

from querykit import (
    CompileError,
    Database,
    Plugin,
    RequireWherePlugin,
    RowLevelSecurityPlugin,
    SoftDeletePlugin,
    TimestampsPlugin,
    cte,
    delete_from,
    everywhere,
    insert_into,
    merge_into,
    param,
    select_from,
    sql,
    table,
    update,
    with_,
)
from querykit.builder.compiled import dialect_named
from querykit.builder.statement import as_statement
from querykit.plugins.chain import PluginChain
from tests.databases import DATABASES

note, other_note = table("note"), table("other_note")
soft = SoftDeletePlugin("gone_at", ["note"])
secured = RowLevelSecurityPlugin({"note": lambda table, ctx: table.owner_id == ctx.user}, shared=["other_note"])
timed = TimestampsPlugin(["note"], created_at=None, clock=lambda: 1)
ADDING: dict[str, list[Plugin]] = {
    "soft deletion": [soft],
    "row-level security": [secured],
    "both": [soft, secured],
    "all": [soft, secured, timed],
}
UNCONDITIONAL: dict[str, Any] = {
    "a deletion": delete_from(note),
    "a deletion for good": delete_from(note).hard_delete(),
    "a deletion for good of what was deleted": delete_from(note).only_deleted().hard_delete(),
    "an update": update(note).set(body="x"),
    "a restoration": update(note).restore(),
    "a deletion with a source": delete_from(note).using(other_note),
    "a deletion of PyPika's": Query.from_(PypikaTable("note")).delete(),
    "an update of PyPika's": Query.update(PypikaTable("note")).set("body", "x"),
    "an update in a CTE": with_(cte("w", update(note).set(body="x").returning(note.id)))
    .select_from(note)
    .select(note.id),
}
EMPTY: dict[str, Any] = {
    "a condition that holds": delete_from(note).where(note.id == note.id),
    "an empty search": update(note).set(body="x").where(note.body.starts_with("")),
    "a MERGE on nothing": merge_into(note).using(other_note, other_note.id == 1).when_matched().do_delete(),
}


@pytest.mark.parametrize("name", [*UNCONDITIONAL, *EMPTY])
@pytest.mark.parametrize("adding", ADDING)
def test_a_condition_that_a_plugin_adds_is_no_condition_of_the_program(adding: str, name: str) -> None:
    statement = as_statement((UNCONDITIONAL | EMPTY)[name])
    if soft not in ADDING[adding] and statement.marks:
        statement = statement.with_part("marks", ())  # words that only soft deletion knows
    strict = RequireWherePlugin()
    chains = [[strict, *ADDING[adding]], [*ADDING[adding][::-1], strict]]
    if name in UNCONDITIONAL:
        chains += [ADDING[adding], ADDING[adding][::-1]]
    for plugins, dialect in itertools.product(chains, DATABASES):
        with pytest.raises(CompileError, match=r"of every row|all_rows\(\)"):
            PluginChain(plugins).prepare(statement, dialect_named(dialect)).statement.compile(dialect)  # type: ignore[arg-type]


@pytest.mark.parametrize("adding", ADDING)
async def test_a_write_without_a_condition_does_not_run_beside_plugins_that_add_some(db: Database, adding: str) -> None:
    await db.execute(sql("DROP TABLE IF EXISTS note"))
    moment: Any = {"postgres": "TIMESTAMPTZ", "sqlite": "TEXT"}.get(db.dialect.name, "DATETIME(6)")
    columns = sql("id INT, body VARCHAR(20), owner_id INT, updated_at INT, gone_at {} NULL", sql.raw(moment))
    await db.execute(sql("CREATE TABLE note ({})", columns))
    await db.execute(insert_into(note).values([{"id": n, "body": "a", "owner_id": 1 + n // 3} for n in (1, 2, 3)]))
    view: Any = db.with_context(user=1)
    for each in ADDING[adding]:
        view = view.with_plugin(each)
    bodies = select_from(note).select(note.body).order_by(note.id)
    for query in (delete_from(note), update(note).set(body="x"), Query.from_(PypikaTable("note")).delete()):
        with pytest.raises(CompileError, match="all_rows"):
            await view.execute(query)
        async with view.transaction() as trx:
            with pytest.raises(CompileError, match="all_rows"):
                await trx.execute(query)
    with pytest.raises(CompileError, match="all_rows"):
        await view.execute_many(update(note).set(body=param("body", str)), [{"body": "x"}])
    assert await db.fetch_column(bodies) == ["a"] * 3
    strict = view.with_plugin(RequireWherePlugin())
    with pytest.raises(CompileError, match="of every row of 'note'"):
        await strict.execute(update(note).set(body="x").where(note.id == note.id))
    everyone = await strict.execute(everywhere(update(note).set(body="x")))
    assert await db.fetch_column(bodies) == ["x", "x", "x" if adding == "soft deletion" else "a"]
    assert everyone.rows_affected == (3 if adding == "soft deletion" else 2)
    await db.execute(sql("DROP TABLE note"))
