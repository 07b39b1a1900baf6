"""An entry is kept with its change or not at all; nothing passes unseen; and who changed what is told to the right one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from querykit import (
    ConfigurationError,
    Database,
    DatabaseError,
    Plugin,
    PluginError,
    UniqueViolationError,
    UsageError,
    cte,
    delete_from,
    excluded,
    fn,
    insert_into,
    merge_into,
    replace_into,
    select_from,
    sql,
    table,
    update,
    values,
    with_,
)
from querykit.plugins import AuditPlugin, Call, PluginContext, ReadsOnly, Unaudited
from tests.plugins.audit.conftest import Audited, card, log, seat
from tests.sample import pet

new = insert_into(card).values(title="a")
renamed = update(pet).set(name="Tom").where(pet.id == 10)


async def name_of(audited: Audited) -> Any:
    return await audited.plain.fetch_value(select_from(pet).select(pet.name).where(pet.id == 10))


# -- transactions ---------------------------------------------------------------------------------------------------


async def test_a_write_alone_has_a_transaction_of_its_own(audited: Audited) -> None:
    """Which undoes it when its entry cannot be written."""
    await audited.plain.execute(sql("DROP TABLE audit_log"))
    try:
        for write in (new, renamed, delete_from(pet).where(pet.id == 10)):
            with pytest.raises(DatabaseError):
                await audited.db.execute(write)
        assert await name_of(audited) == "Rex"
        assert await audited.rows(card) == []
    finally:
        from querykit.schema import create_table  # noqa: PLC0415

        await create_table(log).run(audited.plain)


async def test_entries_are_kept_and_undone_with_their_transaction(audited: Audited) -> None:
    async with audited.db.transaction() as trx:
        await trx.execute(renamed)
        await trx.execute(new)
    assert len(await audited.entries()) == 2
    with pytest.raises(ZeroDivisionError):
        async with audited.db.transaction() as trx:
            await trx.execute(update(pet).set(name="Tim").where(pet.id == 10))
            raise ZeroDivisionError
    assert len(await audited.entries()) == 2
    assert await name_of(audited) == "Tom"


async def test_entries_are_undone_with_their_savepoint(audited: Audited) -> None:
    async with audited.db.transaction() as trx:
        await trx.execute(new)
        with pytest.raises(ZeroDivisionError):
            async with trx.transaction() as inner:
                await inner.execute(renamed)
                async with inner.transaction() as innermost:
                    await innermost.execute(insert_into(card).values(title="b"))
                raise ZeroDivisionError
        async with trx.transaction() as inner:
            await inner.execute(insert_into(card).values(title="c"))
    assert [entry[3]["title"] for entry in await audited.entries()] == ["a", "c"]


async def test_a_failed_write_in_a_transaction_leaves_nothing_and_the_transaction_goes_on(audited: Audited) -> None:
    await audited.plain.execute(new)
    async with audited.db.transaction() as trx:
        with pytest.raises(UniqueViolationError):
            await trx.execute(insert_into(card).values([{"id": 50, "title": "x"}, {"id": 51, "title": "a"}]))
        await trx.execute(renamed)
    assert [entry[0] for entry in await audited.entries()] == ["update"]
    assert [each["title"] for each in await audited.rows(card)] == ["a"]


async def test_an_entry_that_fails_in_a_transaction_takes_its_change_with_it(audited: Audited) -> None:
    audited.plugin._clock = lambda: "no time"  # type: ignore[assignment, return-value]
    async with audited.db.transaction() as trx:
        with pytest.raises(Exception, match="changed_at"):
            await trx.execute(renamed)
    assert await name_of(audited) == "Rex"


async def test_connections_and_views_of_transactions_are_audited(audited: Audited) -> None:
    async with audited.db.connection() as connection:
        await connection.execute(new)
        async with connection.transaction() as trx:
            await trx.with_context(user="bob").execute(renamed)
    actors = select_from(log).select(log.actor).order_by(log.id)
    assert await audited.plain.fetch_column(actors) == ["ada", "bob"]


async def test_a_cancelled_write_leaves_neither_change_nor_entry(audited: Audited) -> None:
    class Slow(Plugin):
        priority = -1600

        async def around_execute(self, call: Call, query: Any, context: PluginContext) -> Any:
            result = await call.proceed()
            await asyncio.sleep(10 if call.compiled.sql.startswith("INSERT") else 0)
            return result

    task = asyncio.create_task(audited.db.with_plugin(Slow()).execute(new))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await audited.rows(card) == []
    assert await audited.entries() == []


# -- who ------------------------------------------------------------------------------------------------------------


async def test_without_an_actor_nothing_is_written(audited: Audited) -> None:
    nobody = audited.plain.with_plugin(audited.plugin)
    with pytest.raises(
        UsageError, match=r"the audit needs 'user' of the request's context: run it on db\.with_context"
    ):
        await nobody.execute(renamed)
    assert await name_of(audited) == "Rex"
    assert (await nobody.fetch_all(select_from(pet).select(fn.count().as_("n")))) == [{"n": 5}]


async def test_an_actor_is_a_value_a_function_or_what_the_database_says(audited: Audited) -> None:
    for actor, expected in (("importer", "importer"), (lambda _: None, None), (lambda _: fn.lower("EVE"), "eve")):
        view = audited.plain.with_plugin(AuditPlugin(table="audit_log", actor=actor, key="id"))
        await view.execute(insert_into(card).values(title=str(expected)))
        last = select_from(log).select(log.actor).order_by(log.id.desc()).limit(1)
        assert await audited.plain.fetch_value(last) == expected


async def test_many_requests_at_once_are_told_apart(audited: Audited) -> None:
    people = [f"user {number}" for number in range(20)]
    await asyncio.gather(
        *[audited.db.with_context(user=each).insert_into(card).values(title=each).execute() for each in people]
    )
    rows = await audited.plain.fetch_all(select_from(log).select(log.actor, log.new_values))
    assert len(rows) == 20
    assert all(each["actor"] == each["new_values"]["title"] for each in rows)


# -- what cannot be audited -----------------------------------------------------------------------------------------


async def refused(audited: Audited, run: Any, message: str) -> None:
    before = await audited.rows(card), await name_of(audited)
    with pytest.raises(UsageError, match=message):
        await run(audited.db)
    assert (await audited.rows(card), await name_of(audited)) == before
    assert await audited.entries() == []


async def test_what_cannot_be_audited_is_refused_unless_it_is_said(audited: Audited) -> None:
    raw = sql("UPDATE pet SET name = 'Tom' WHERE id = 10")
    await refused(audited, lambda db: db.execute(raw), "raw SQL and writes inside other statements are not audited")
    await audited.db.with_plugin(Unaudited()).execute(raw)
    assert await name_of(audited) == "Tom"
    said = update(pet).set(name="Tim").where(pet.id == 10).with_plugin(Unaudited())
    await audited.db.execute(said)
    assert await name_of(audited) == "Tim"
    assert await audited.entries() == []


async def test_raw_sql_that_only_reads_passes_where_that_is_certain_or_said(audited: Audited) -> None:
    query = sql("SELECT name FROM pet WHERE id = 10")
    if audited.plain.dialect.name == "sqlite":
        assert await audited.db.fetch_value(query) == "Rex"
    else:
        with pytest.raises(UsageError, match="raw SQL"):
            await audited.db.fetch_value(query)
    assert await audited.db.with_plugin(ReadsOnly(pet)).fetch_value(query) == "Rex"
    assert await audited.db.fetch_column(select_from(pet).select(sql("upper(name)").as_("n")).where(pet.id == 10)) == [
        "REX"
    ]


async def test_inserts_that_leave_out_or_replace_rows_are_refused(audited: Audited) -> None:
    await audited.plain.execute(insert_into(card).values(id=1, title="a"))
    row = insert_into(card).values(id=1, title="b")
    dialect = audited.plain.dialect.name
    if dialect != "postgres":
        await refused(audited, lambda db: db.execute(row.ignore()), "INSERT OR IGNORE is not audited")
        await refused(
            audited, lambda db: db.execute(replace_into(card).values(id=1, title="b")), "REPLACE is not audited"
        )
    if dialect == "sqlite":
        await refused(audited, lambda db: db.execute(row.or_fail()), "INSERT OR FAIL is not audited")
        await audited.db.execute(insert_into(card).values(id=5, title="x").or_abort())
        assert len(await audited.entries()) == 1


async def test_upserts_whose_key_is_not_named_are_refused(audited: Audited) -> None:
    start = insert_into(card).values(title="a")
    await refused(
        audited, lambda db: db.execute(start.on_conflict().do_nothing()), "an upsert is audited if it names the columns"
    )
    if audited.plain.dialect.name == "postgres":
        named = start.on_conflict(constraint="card_title_key").do_update(points=1)
        await refused(audited, lambda db: db.execute(named), "an upsert is audited if it names the columns")
    moved = insert_into(card).values(id=1, title="a").on_conflict(card.title).do_update(id=card.id + 1)
    await audited.plain.execute(insert_into(card).values(id=1, title="a"))
    await refused(audited, lambda db: db.execute(moved), "sets 'id', which is the key, to an expression")


async def test_tables_without_a_known_key_are_refused(audited: Audited) -> None:
    with pytest.raises(UsageError, match=r"the primary key of 'pet' is not known.*AuditPlugin\(keys=\{'pet': …\}\)"):
        await Audited(audited.plain, key=None).db.execute(renamed)
    db = Audited(audited.plain, key=None, keys={"pet": "id"}).db
    await db.execute(renamed)
    await db.execute(insert_into(seat).values(hall="A", number=1))
    assert len(await audited.entries()) == 2


async def test_updates_and_deletes_of_several_tables_are_refused(audited: Audited) -> None:
    both = update(pet).inner_join(card, card.id == pet.id).set({pet.name: "x", card.title: "y"}).where(pet.id == 10)
    if audited.plain.dialect.name in ("mysql", "mariadb"):
        await refused(audited, lambda db: db.execute(both), "an UPDATE of several tables at once")
    joined_key = update(card).from_(pet).set(id=pet.id).where(pet.id == card.id)
    await refused(audited, lambda db: db.execute(joined_key), "which is the key, is audited without joins")


async def test_raw_sql_at_the_end_of_a_write_is_refused(audited: Audited) -> None:
    await refused(audited, lambda db: db.execute(renamed.modify_end(sql("-- x"))), "raw SQL at its end is not audited")


@pytest.mark.databases("postgres")
async def test_copies_writes_in_writes_and_merges_without_keys_are_refused(audited: Audited) -> None:
    await refused(audited, lambda db: db.copy_into(card, [{"title": "a"}]), r"copy_into\(\) is not audited")
    gone = cte("gone", delete_from(pet).where(pet.id == 10).returning(pet.name))
    reading = with_(gone).select_from(gone).select(gone["name"])
    await refused(audited, lambda db: db.fetch_all(reading), "raw SQL and writes inside other statements")
    moving = with_(gone).insert_into(card).columns("title").from_select(select_from(gone).select(gone["name"]))
    await refused(audited, lambda db: db.execute(moving), "raw SQL, or a write, inside another write is not audited")
    news = values([{"id": 1}]).as_("news")
    start = merge_into(card).using(news, news.id == card.id)
    await refused(
        audited, lambda db: db.execute(start.when_not_matched().do_insert(title="x")), "inserts rows without their key"
    )
    await refused(audited, lambda db: db.execute(start.when_matched().do_update(id=5)), "sets 'id', which is the key")
    await audited.db.with_plugin(Unaudited()).copy_into(card, [{"title": "a"}])
    assert len(await audited.rows(card)) == 1


async def test_only_the_named_tables_are_audited_and_never_the_audit_itself(audited: Audited) -> None:
    view = audited.plain.with_plugin(AuditPlugin(table=log, actor="x", tables=["card"]))
    await view.execute(renamed)
    await view.execute(new)
    await view.execute(delete_from(log).where(log.id == -1))
    assert [entry[0] for entry in await audited.entries()] == ["insert"]
    with pytest.raises(ConfigurationError, match="a list of names"):
        AuditPlugin(table=log, actor="x", tables="card")


async def test_names_are_compared_as_the_database_does(audited: Audited) -> None:
    names = {"tables": ["CARD"], "keys": {"CARD": "id"}, "leave_out": {"CARD": ["title"]}}
    await Audited(audited.plain, **names).db.execute(new)
    entries = await audited.entries()
    if audited.plain.dialect.name == "postgres":
        assert entries == []
    else:
        assert [sorted(entry[3]) for entry in entries] == [["id", "points", "state"]]


async def test_reads_and_explanations_pass(audited: Audited) -> None:
    reader = audited.plain.with_plugin(audited.plugin)  # without an actor
    assert len(await reader.fetch_all(select_from(pet).select(pet.id))) == 5
    assert [row async for row in reader.stream(select_from(pet).select(pet.id).where(pet.id == 10))] == [{"id": 10}]
    await reader.explain(renamed)
    if audited.plain.dialect.name == "postgres":
        await reader.explain(renamed, analyze=True, rollback=True)
    assert await name_of(audited) == "Rex"


# -- others at the same time ----------------------------------------------------------------------------------------


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_a_row_that_comes_to_meet_the_conditions_meanwhile_is_not_changed_unseen(audited: Audited) -> None:
    """Between the reading of the rows and the UPDATE, somebody else commits another one."""

    class Meanwhile(Plugin):
        priority = -1600

        async def around_execute(self, call: Call, query: Any, context: PluginContext) -> Any:
            if call.compiled.sql.startswith("UPDATE"):
                await audited.plain.outside().execute(insert_into(seat).values(hall="B", number=1, guest="late"))
            return await call.proceed()

    await audited.plain.execute(insert_into(seat).values(hall="A", number=1, guest="early"))
    db = audited.db.with_plugin(Meanwhile())
    async with db.transaction(isolation_level="read committed") as trx:
        await trx.execute(update(seat).set(guest="x").where(seat.number == 1))
    assert [(entry[1]["hall"], entry[3]["guest"]) for entry in await audited.entries()] == [("A", "x")]
    assert [each["guest"] for each in await audited.rows(seat)] == ["x", "late"]


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_a_row_that_another_inserts_before_an_upsert_is_told_as_it_was(audited: Audited) -> None:
    done = asyncio.Event()

    class Meanwhile(Plugin):
        priority = -1600

        async def around_execute(self, call: Call, query: Any, context: PluginContext) -> Any:
            if call.compiled.sql.startswith("INSERT INTO") and "card" in call.compiled.sql and not done.is_set():
                done.set()
                await audited.plain.outside().execute(insert_into(card).values(title="z", points=1))
            return await call.proceed()

    db = audited.db.with_plugin(Meanwhile())
    upsert = insert_into(card).values(title="z", points=5).on_conflict(card.title).do_update(points=excluded.points)
    async with db.transaction(isolation_level="read committed") as trx:
        await trx.execute(upsert)
    ((action, _, old, now),) = await audited.entries()
    assert (action, old["points"], now["points"]) == ("update", 1, 5)


async def test_many_tasks_upsert_and_update_and_the_audit_adds_up(audited: Audited) -> None:
    """Each entry begins where the one before it ended."""

    async def work(number: int) -> None:
        for step in range(5):
            if (number + step) % 3:
                row = insert_into(card).values(title=f"t{step % 2}", points=1)
                write: Any = row.on_conflict(card.title).do_update(points=card.points + excluded.points)
            else:
                write = update(card).set(points=card.points + 1).where(card.title == f"t{step % 2}")
            await audited.db.run_in_transaction(lambda trx, write=write: trx.execute(write), attempts=20)

    await asyncio.gather(*[work(number) for number in range(6)])
    state: dict[int, Any] = {}
    for _, key, old, now in await audited.entries():
        assert old == state.get(key["id"])
        state[key["id"]] = now
    assert state == {each["id"]: each for each in await audited.rows(card)}


async def test_a_trigger_s_part_in_a_row_is_in_its_entry(audited: Audited) -> None:
    triggers = {
        "sqlite": "CREATE TRIGGER shout AFTER UPDATE ON card BEGIN UPDATE card SET state = 'seen' WHERE id = NEW.id; END",
        "mysql": "CREATE TRIGGER shout BEFORE UPDATE ON card FOR EACH ROW SET NEW.state = 'seen'",
        "mariadb": "CREATE TRIGGER shout BEFORE UPDATE ON card FOR EACH ROW SET NEW.state = 'seen'",
    }
    trigger = triggers.get(audited.plain.dialect.name)
    if trigger is None:
        await audited.plain.execute(
            sql.raw(
                "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.state = 'seen'; RETURN NEW; END $$"
            )
        )
        trigger = "CREATE TRIGGER shout BEFORE UPDATE ON card FOR EACH ROW EXECUTE FUNCTION shout()"
    await audited.plain.execute(new)
    await audited.plain.execute(sql.raw(trigger))  # type: ignore[arg-type]
    try:
        await audited.db.execute(update(card).set(points=1).where(card.title == "a"))
    finally:
        if audited.plain.dialect.name == "postgres":
            await audited.plain.execute(sql("DROP FUNCTION shout CASCADE"))
        else:
            await audited.plain.execute(sql("DROP TRIGGER shout"))
    ((_, _, old, now),) = await audited.entries()
    assert (old["state"], now["state"], now["points"]) == ("new", "seen", 1)


async def test_an_error_of_the_audit_names_it(audited: Audited) -> None:
    view = audited.plain.with_plugin(AuditPlugin(table=log, actor=lambda _: 1 / 0, key="id"))
    with pytest.raises(PluginError, match="the plugin AuditPlugin failed: ZeroDivisionError"):
        await view.execute(renamed)


async def test_one_audit_for_two_databases(audited: Audited, tmp_path: Any) -> None:
    async with Database(f"sqlite:///{tmp_path}/other.db", plugins=[audited.plugin]) as other:
        with pytest.raises(DatabaseError):
            await other.with_context(user="x").execute(insert_into(table("card")).values(id=1, title="a"))
