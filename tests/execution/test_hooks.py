"""What hangs on a database: its log, its tags, its work on new connections and transactions."""

import asyncio
import logging
from typing import Any

import pytest

from querykit import insert_into, select, select_from, sql, value
from querykit.errors import ConfigurationError, ConnectError, DatabaseError, DeadlockError, UniqueViolationError
from querykit.execution.database import Database
from querykit.execution.hooks import Session, comment
from querykit.execution.log import LogEntry, log_to
from querykit.execution.transaction import Transaction
from tests.execution.conftest import Item

SECRET = "s3cret-value"


class Seen(list[LogEntry]):
    """A log hook that keeps what it is told."""

    def __call__(self, entry: LogEntry) -> None:
        self.append(entry)

    def kinds(self) -> list[str]:
        return [entry.kind for entry in self]


@pytest.fixture
def url(urls: dict[str, str], database_name: str) -> str:
    return urls[database_name]


# -- the log ------------------------------------------------------------------------------------------------------


async def test_the_log_sees_every_statement_stream_savepoint_and_connect(url: str, items: Item) -> None:
    seen = Seen()
    async with Database(url, log=seen) as db:
        assert seen.kinds() == ["connect"]
        async with db.transaction() as trx:
            await trx.insert_into(items).values([{"id": 1, "name": SECRET}, {"id": 2, "name": None}]).execute()
            async with trx.transaction() as inner:
                rows = await inner.select_from(items).select(items.id).order_by(items.id).fetch_all()
            async with trx.stream(select(value(1).as_("n"))) as stream:
                assert [row["n"] async for row in stream] == [1]
        assert rows == [{"id": 1}, {"id": 2}]
    begin, insert, savepoint, read, release, stream_entry, commit = seen[1:]
    assert (begin.kind, begin.sql.split()[0]) in {("command", "BEGIN"), ("command", "START")}
    assert (insert.kind, insert.rows, insert.sql.split()[0]) == ("query", 2, "INSERT")
    assert savepoint.sql.startswith("SAVEPOINT")
    assert (read.kind, read.rows, read.error) == ("query", 2, None)
    assert release.sql.startswith("RELEASE")
    assert (stream_entry.kind, stream_entry.rows) == ("stream", 1)
    assert commit.sql == "COMMIT"
    assert all(entry.duration >= 0 and entry.started_at > 1e9 for entry in seen)
    assert SECRET not in repr(seen)


async def test_the_first_row_alone_leaves_the_server(url: str, items: Item) -> None:
    seen = Seen()
    async with Database(url, log=seen) as db:
        await db.insert_into(items).values([{"id": each} for each in range(5)]).execute()
        query = db.select_from(items).select(items.id).order_by(items.id)
        for each in (query, query.limit(3), query.offset(1)):
            await each.fetch_first()
            assert seen[-1].rows == 1


async def test_the_log_shows_values_only_on_request(url: str, items: Item) -> None:
    hidden, shown = Seen(), Seen()
    for seen, show_values in ((hidden, False), (shown, True)):
        async with Database(url, log=seen, show_values=show_values) as db:
            await db.select_from(items).select(items.id).where(items.name == SECRET).fetch_all()
    assert hidden[-1].parameters is None
    assert shown[-1].parameters == (SECRET,)
    assert SECRET not in repr(hidden)


async def test_the_log_sees_errors_and_cancellations(url: str, items: Item, slow: Any) -> None:
    seen = Seen()
    async with Database(url, log=seen) as db:
        await db.insert_into(items).values(id=1).execute()
        with pytest.raises(UniqueViolationError):
            await db.insert_into(items).values(id=1).execute()
        assert isinstance(seen[-1].error, UniqueViolationError)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(db.fetch_all(slow.read), 0.2)
        assert isinstance(seen[-1].error, asyncio.CancelledError)
        assert 0.1 < seen[-1].duration < 5


async def test_the_log_sees_that_a_connection_could_not_be_opened(database_name: str) -> None:
    seen = Seen()
    url = "sqlite:////no/such/folder/x.db" if database_name == "sqlite" else "postgresql://nobody:pw@127.0.0.1:1/x"
    with pytest.raises(ConnectError):
        await Database(url, log=seen, connect_timeout=2).connect()
    assert [(entry.kind, type(entry.error)) for entry in seen] == [("connect", ConnectError)]
    assert "pw" not in repr(seen)


async def test_a_stream_left_early_tells_what_was_read(url: str) -> None:
    seen = Seen()
    query = sql("SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4")
    async with Database(url, log=seen) as db:
        async with db.stream(query, chunk_size=1) as rows:
            async for _ in rows:
                break
        (entry,) = [each for each in seen if each.kind == "stream"]
        assert entry.rows in {1, 2}
        assert await db.fetch_value(select(value(5).as_("n"))) == 5


async def test_a_hook_that_fails_changes_nothing(url: str, caplog: pytest.LogCaptureFixture) -> None:
    def fail(entry: LogEntry) -> None:
        raise ValueError("no")

    async with Database(url, log=fail) as db:
        assert await db.fetch_value(select(value(5).as_("n"))) == 5
    assert "the log hook of" in caplog.text


async def test_the_ready_hook_writes_to_logging(url: str, caplog: pytest.LogCaptureFixture, slow: Any) -> None:
    caplog.set_level(logging.DEBUG, "querykit.sql")
    async with Database(url, log=log_to(slow_after=0.2)) as db:
        await db.fetch_value(select(value(5).as_("n")))
        line = caplog.records[-1]
        assert line.levelno == logging.DEBUG
        assert line.getMessage().startswith("query ")
        assert "1 row: SELECT" in line.getMessage()
        with pytest.raises(DatabaseError):
            await db.fetch_all(slow.read, timeout=0.3)
        assert (caplog.records[-1].levelno, caplog.records[-1].getMessage()[:10]) == (logging.WARNING, "slow query")
    caplog.clear()
    async with Database(url, log=log_to(level=None, slow_after=60)) as db:
        await db.fetch_value(select(value(5).as_("n")))
    assert not [record for record in caplog.records if record.name == "querykit.sql"]


async def test_without_hooks_nothing_is_wrapped(db: Database) -> None:
    slot = await db.pool.acquire()
    db.pool.release(slot)
    assert type(slot.connection).__name__ != "ObservedConnection"


# -- tags ---------------------------------------------------------------------------------------------------------


def test_tags_are_escaped() -> None:
    assert comment({}) == ""
    assert comment({"b": None}) == ""
    assert comment({"route": "/a*/b", "b": "it's; DROP --%s"}) == (
        " /*b='it%27s%3B%20DROP%20--%25s',route='%2Fa%2A%2Fb'*/"
    )
    assert comment({"*/x": "\ud800é\n"}) == " /*%2A%2Fx='%3F%C3%A9%0A'*/"


async def test_tags_reach_the_server_and_change_no_result(url: str, items: Item, database_name: str) -> None:
    seen = Seen()
    tags = {"application": "shop", "evil": "*/ ' %s %d ? $1 -- "}
    async with Database(url, tags=tags, log=seen) as db:
        await db.insert_into(items).values([{"id": 1, "name": "100 %"}, {"id": 2, "name": None}]).execute()
        query = db.select_from(items).select(items.id).where(items.name == "100 %")
        assert await query.fetch_all() == [{"id": 1}]
        assert await db.select_from(items).select(items.id).order_by(items.id).fetch_column() == [1, 2]
        assert await db.fetch_value(sql("SELECT {}", "x%y")) == "x%y"
        async with db.transaction() as trx, trx.stream(query) as rows:
            assert [row async for row in rows] == [{"id": 1}]
        if database_name != "sqlite":
            running = {
                "postgres": sql("SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()"),
                "mysql": sql("SELECT info FROM information_schema.processlist WHERE id = CONNECTION_ID()"),
            }
            text = await db.fetch_value(running.get(database_name, running["mysql"]))
            assert "/*application='shop',evil='%2A%2F%20%27%20%25s" in text
    assert all("/*application=" in entry.sql for entry in seen if entry.kind in {"query", "stream"})


async def test_tags_can_be_asked_for_each_time(url: str) -> None:
    seen, route = Seen(), "a"
    async with Database(url, tags=lambda: {"route": route}, log=seen) as db:
        for route in ("a", "b"):  # noqa: B007 - the function reads it
            assert await db.fetch_value(select(value(5).as_("n"))) == 5
    assert [entry.sql[-13:] for entry in seen if entry.kind == "query"] == ["/*route='a'*/", "/*route='b'*/"]


@pytest.mark.parametrize("wrong", [{"log": 1}, {"on_begin": "x"}, {"on_connect": 3}, {"tags": {1: "x"}}])
def test_what_is_no_hook_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigurationError):
        Database("sqlite://", **wrong)


# -- on_connect, on_begin -----------------------------------------------------------------------------------------

_SETTING = {
    "sqlite": ("PRAGMA cache_size = -1234", "PRAGMA cache_size", -1234),
    "postgres": ("SET work_mem = '1234kB'", "SHOW work_mem", "1234kB"),
    "mysql": ("SET SESSION sort_buffer_size = 65536", "SELECT @@sort_buffer_size", 65536),
}
_SETTING["mariadb"] = _SETTING["mysql"]


@pytest.mark.own_session
async def test_on_connect_sets_sessions_up_and_again_after_a_reset(url: str, database_name: str) -> None:
    setting, asking, wanted = _SETTING[database_name]
    calls = 0

    async def on_connect(session: Session) -> None:
        nonlocal calls
        calls += 1
        await session.execute(sql.raw(setting))

    async with Database(url, on_connect=on_connect, pool_size=1) as db:
        async with db.connection() as connection:
            assert await connection.fetch_value(sql.raw(asking)) == wanted
            if database_name == "sqlite":
                await connection.execute(sql("CREATE TEMPORARY TABLE t (i INTEGER)"))
        assert calls == 1
        async with db.connection() as connection:  # raw SQL ran on it: it was reset
            assert await connection.fetch_value(sql.raw(asking)) == wanted
        assert calls == 2 or database_name == "sqlite"


async def test_on_connect_that_fails_leaves_no_connection(url: str) -> None:
    async def on_connect(session: Session) -> None:
        raise ValueError("not this one")

    db = Database(url, on_connect=on_connect)
    with pytest.raises(ValueError, match="not this one"):
        await db.connect()


async def test_on_begin_runs_in_the_transaction(url: str, items: Item) -> None:
    async def on_begin(trx: Transaction) -> None:
        await trx.insert_into(items).values(id=7).execute()

    async with Database(url, on_begin=on_begin) as db:
        async with db.transaction() as trx:
            assert await trx.select_from(items).select(items.id).fetch_column() == [7]
            async with trx.transaction():  # a savepoint is no transaction
                pass
            await trx.rollback()
        assert await db.select_from(items).select(items.id).fetch_column() == []
        async with db.connection() as connection, connection.transaction():
            pass
        assert await db.select_from(items).select(items.id).fetch_column() == [7]
        with pytest.raises(UniqueViolationError):
            async with db.transaction():
                pytest.fail("on_begin failed")
        await db.delete_from(items).all_rows().execute()
        assert await db.select_from(items).select(items.id).fetch_column() == []


# -- after_commit -------------------------------------------------------------------------------------------------


async def test_after_commit_is_called_once_all_is_kept(db: Database, items: Item) -> None:
    calls: list[object] = []

    async def look() -> None:
        calls.append(await db.select_from(items).select(items.id).fetch_column())

    async with db.transaction() as trx:
        await trx.insert_into(items).values(id=1).execute()
        trx.after_commit(look)
        trx.after_commit(lambda: calls.append("plain"))
        async with trx.transaction() as inner:
            inner.after_commit(lambda: calls.append("inner"))
        assert not calls
    assert calls == [[1], "plain", "inner"]


async def test_after_commit_is_not_called_after_a_rollback(db: Database, items: Item) -> None:
    calls: list[object] = []
    with pytest.raises(ValueError, match="undo"):
        async with db.transaction() as trx:
            trx.after_commit(lambda: calls.append("outer"))
            raise ValueError("undo")
    async with db.transaction() as trx:
        with pytest.raises(ValueError, match="undo"):
            async with trx.transaction() as inner:
                inner.after_commit(lambda: calls.append("inner"))
                raise ValueError("undo")
    assert not calls


async def test_after_commit_is_called_though_the_task_is_cancelled_in_commit(db: Database, items: Item) -> None:
    calls: list[object] = []
    trx = await db.begin()
    await trx.insert_into(items).values(id=1).execute()
    trx.after_commit(lambda: calls.append("kept"))
    task = asyncio.create_task(trx.commit())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    kept = await db.select_from(items).select(items.id).fetch_column()
    assert (kept, calls) in [([1], ["kept"]), ([], [])]


async def test_what_after_commit_raises_goes_to_who_committed(db: Database, items: Item) -> None:
    calls: list[object] = []

    def fail() -> None:
        raise ValueError("mail server")

    with pytest.raises(ValueError, match="mail server"):
        async with db.transaction() as trx:
            await trx.insert_into(items).values(id=1).execute()
            trx.after_commit(fail)
            trx.after_commit(lambda: calls.append("called all the same"))
    assert calls
    assert await db.select_from(items).select(items.id).fetch_column() == [1]
    with pytest.raises(ExceptionGroup):
        async with db.transaction() as trx:
            trx.after_commit(fail)
            trx.after_commit(fail)


async def test_what_after_commit_raises_is_never_a_reason_to_run_again(db: Database, items: Item) -> None:
    runs = 0

    def fail() -> None:
        raise DeadlockError("elsewhere")

    async def work(trx: Transaction) -> None:
        nonlocal runs
        runs += 1
        trx.after_commit(fail)

    with pytest.raises(DeadlockError):
        await db.run_in_transaction(work)
    assert runs == 1


async def test_the_log_is_told_which_statement_it_was(urls: dict[str, str], database_name: str, items: Item) -> None:
    told: list[LogEntry] = []
    async with Database(urls[database_name], log=told.append, tags={"app": "shop"}) as db:
        insert = insert_into(items).values(id=1)
        read = select_from(items).select(items.id)
        raw_read = sql("SELECT 1 AS one")
        async with db.transaction() as trx:
            await trx.execute(insert)
            await trx.fetch_all(read)
            assert [row async for row in trx.stream(read)] == [{"id": 1}]
            await trx.fetch_all(raw_read)
    (_, begin, *ran, raw_one, commit) = told
    assert begin.statement is commit.statement is None
    for entry, statement in zip(ran, [insert, read, read], strict=True):
        assert (type(entry.statement), str(entry.statement)) == (type(statement), str(statement))
    assert "SELECT 1" in str(raw_one.statement)
    assert all("app='shop'" in entry.sql for entry in [begin, *ran, raw_one])
