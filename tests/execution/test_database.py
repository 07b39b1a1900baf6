"""Connecting, and the rules of reading."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from querykit import fn, select, select_from, sql, table, value
from querykit.dialects.mariadb.server import MARIADB
from querykit.dialects.mysql.server import MYSQL
from querykit.errors import (
    BuildError,
    ClosedError,
    ConcurrentUseError,
    ConfigurationError,
    ConnectError,
    MultipleResultsError,
    NoResultError,
    QueryTimeoutError,
    UsageError,
)
from querykit.execution.connection import Connection
from querykit.execution.database import Database
from querykit.execution.transaction import Transaction
from tests.execution.conftest import Item, raw


@pytest.fixture
async def three(db: Database, items: Item) -> Item:
    await db.insert_into(items).values([{"id": n, "name": f"item {n}"} for n in (1, 2, 3)]).execute()
    return items


async def test_the_server_says_what_it_is(db: Database, database_name: str) -> None:
    assert db.dialect.name == database_name
    assert int(db.server_version.split(".")[0]) >= 3
    assert db.is_connected


@pytest.mark.databases("mysql", "mariadb")
async def test_mysql_and_mariadb_are_told_apart_whatever_the_url_says(urls: dict[str, str], database_name: str) -> None:
    path = urls[database_name].partition("://")[2]
    for scheme in ("mysql", "mariadb"):
        async with Database(f"{scheme}://{path}") as db:
            assert db.dialect.name == database_name


@pytest.mark.own_session
@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_a_password_may_hold_any_character(db: Database, urls: dict[str, str], database_name: str) -> None:
    user, password = "querykit_guest", "pä€😀 '\"@:/?#%"
    literal = password.replace("'", "''")
    is_postgres = database_name == "postgres"
    made = "CREATE ROLE {} LOGIN PASSWORD '{}'" if is_postgres else "CREATE USER {} IDENTIFIED BY '{}'"
    dropped = "DROP ROLE IF EXISTS {}" if is_postgres else "DROP USER IF EXISTS {}"
    await db.execute(raw(dropped.format(user)))
    await db.execute(raw(made.format(user, literal)))
    if not is_postgres:
        await db.execute(raw(f"GRANT ALL ON *.* TO {user}"))
    try:
        async with Database(urls[database_name], user=user, password=password) as guest:
            whose = "SELECT current_user" if is_postgres else "SELECT SUBSTRING_INDEX(CURRENT_USER(), '@', 1)"
            assert await guest.fetch_value(raw(f"{whose} AS who")) == user
    finally:
        await db.execute(raw(dropped.format(user)))


async def test_fetch_all_gives_every_row(db: Database, three: Item) -> None:
    query = db.select_from(three).select(three.id, three.name).where(three.id > 1).order_by(three.id)
    assert await query.fetch_all() == [{"id": 2, "name": "item 2"}, {"id": 3, "name": "item 3"}]


async def test_fetch_one_wants_exactly_one_row(db: Database, three: Item) -> None:
    query = db.select_from(three).select(three.id)
    assert await query.where(three.id == 2).fetch_one() == {"id": 2}
    with pytest.raises(NoResultError):
        await query.where(three.id == 9).fetch_one()
    with pytest.raises(MultipleResultsError):
        await query.fetch_one()


async def test_fetch_one_or_none_wants_at_most_one_row(db: Database, three: Item) -> None:
    query = db.select_from(three).select(three.id)
    assert await query.where(three.id == 2).fetch_one_or_none() == {"id": 2}
    assert await query.where(three.id == 9).fetch_one_or_none() is None
    with pytest.raises(MultipleResultsError):
        await query.fetch_one_or_none()


async def test_fetch_first_takes_the_first_of_many(db: Database, three: Item) -> None:
    query = db.select_from(three).select(three.id).order_by(three.id.desc())
    assert await query.fetch_first() == {"id": 3}
    assert await query.where(three.id == 9).fetch_first() is None
    assert await query.limit(0).fetch_first() is None
    assert await query.limit(2).fetch_first() == {"id": 3}


async def test_fetch_value_wants_one_row_of_one_column(db: Database, three: Item) -> None:
    assert await db.select_from(three).select(fn.count()).fetch_value() == 3
    with pytest.raises(NoResultError):
        await db.select_from(three).select(three.id).where(three.id == 9).fetch_value()
    with pytest.raises(MultipleResultsError):
        await db.select_from(three).select(three.id).fetch_value()
    with pytest.raises(BuildError, match="exactly one column"):
        await db.select_from(three).select(three.id, three.name).fetch_value()


async def test_fetch_column_gives_the_values(db: Database, three: Item) -> None:
    assert await db.select_from(three).select(three.id).order_by(three.id).fetch_column() == [1, 2, 3]


async def test_execute_counts_the_rows_it_matched(db: Database, three: Item) -> None:
    changed = await db.update(three).set(name="same").where(three.id == 1).execute()
    unchanged = await db.update(three).set(name="same").where(three.id == 1).execute()
    assert changed.rows_affected == unchanged.rows_affected == 1
    assert (await db.delete_from(three).where(three.id > 1).execute()).rows_affected == 2


@pytest.mark.databases("sqlite", "mysql", "mariadb")
async def test_execute_tells_the_key_that_an_insert_made(db: Database, database_name: str) -> None:
    made = {"sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT"}.get(database_name, "INTEGER PRIMARY KEY AUTO_INCREMENT")
    await db.execute(sql("DROP TABLE IF EXISTS made"))
    await db.execute(sql("CREATE TABLE made (id {}, name VARCHAR(10))", raw(made)))
    made_table = table("made")
    assert (await db.insert_into(made_table).values(name="a").execute()).insert_id == 1
    assert (await db.insert_into(made_table).values(name="b").execute()).insert_id == 2
    assert (await db.update(made_table).set(name="c").where(made_table.id == 1).execute()).insert_id is None


async def test_rows_stream_in_chunks(db: Database, three: Item) -> None:
    query = db.select_from(three).select(three.id).order_by(three.id)
    assert [row["id"] async for row in query.stream(chunk_size=2)] == [1, 2, 3]
    async for row in query.stream(chunk_size=1):
        assert row == {"id": 1}
        break
    for _ in range(20):
        assert await query.fetch_column() == [1, 2, 3]


async def test_two_tasks_do_not_read_one_stream(db: Database, three: Item) -> None:
    query = db.select_from(three).select(three.id).order_by(three.id)
    rows = query.stream(chunk_size=1)
    first = asyncio.ensure_future(anext(rows))
    await asyncio.sleep(0)
    with pytest.raises(ConcurrentUseError, match="another task is waiting for the next row"):
        await anext(rows)
    with pytest.raises(ConcurrentUseError, match="another task is waiting for the next row"):
        await rows.aclose()
    assert await first == {"id": 1}
    assert [row["id"] async for row in rows] == [2, 3]


async def test_an_exception_in_the_loop_lets_the_connection_go(
    urls: dict[str, str], three: Item, database_name: str
) -> None:
    query = select_from(three).select(three.id).order_by(three.id)
    async with Database(urls[database_name], pool_size=1) as db:
        for _ in range(10):
            with pytest.raises(ZeroDivisionError):
                async for row in db.stream(query, chunk_size=1):
                    assert row["id"] / 0
            assert await db.fetch_column(query) == [1, 2, 3]
        with pytest.raises(UsageError, match="would wait for itself"):
            async for _ in db.stream(query, chunk_size=1):
                await db.fetch_column(query)
        assert await db.fetch_column(query) == [1, 2, 3]


async def test_a_stream_left_early_lets_the_transaction_go_on(db: Database, three: Item) -> None:
    query = db.select_from(three).select(three.id).order_by(three.id)
    async with db.transaction() as trx:
        async for row in trx.stream(query, chunk_size=1):
            assert row == {"id": 1}
            break
        assert await trx.fetch_all(query.limit(1)) == [{"id": 1}]
        assert trx.is_open
    async with db.connection() as connection:
        rows = connection.stream(query, chunk_size=1)
        assert await anext(rows) == {"id": 1}
        with pytest.raises(ConcurrentUseError, match="a stream on it is still open"):
            await connection.fetch_all(query)
        await rows.aclose()
    async with db.stream(query, chunk_size=1) as rows:
        assert [row["id"] async for row in rows] == [1, 2, 3]


async def test_a_stream_ends_with_its_transaction(db: Database, three: Item) -> None:
    query = db.select_from(three).select(three.id).order_by(three.id)
    trx = await db.begin()
    rows = trx.stream(query, chunk_size=1)
    await anext(rows)
    await trx.rollback()
    with pytest.raises(ClosedError, match="ended while"):
        await anext(rows)
    assert await query.fetch_column() == [1, 2, 3]


async def test_raw_sql_and_values_run(db: Database, three: Item) -> None:
    assert await db.fetch_all(sql("SELECT id, name FROM item WHERE id = {}", 2)) == [{"id": 2, "name": "item 2"}]
    assert await db.fetch_value(sql("SELECT count(*) FROM item")) == 3


async def test_hostile_text_comes_back_as_it_was(db: Database) -> None:
    for text in (
        "'",
        '"',
        "\\",
        "\\'",
        "%",
        "%s",
        "%%",
        "?",
        ":a",
        "$1",
        "-- ",
        "/*",
        "*/",
        ";",
        "\n\r\x1a\t",
        "中' or 1=1 -- ",
        "🦊",
    ):
        assert await db.fetch_value(select(value(text).as_("v"))) == text


async def test_what_gives_no_rows_is_not_fetched(db: Database, items: Item) -> None:
    with pytest.raises(UsageError, match="execute"):
        await db.insert_into(items).values(id=1).fetch_all()
    assert await db.select_from(items).select(items.id).fetch_all() == []


async def test_queries_and_nothing_else_run(db: Database) -> None:
    with pytest.raises(BuildError, match="sql"):
        await db.fetch_all("SELECT 1")  # type: ignore[call-overload]


# -- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgressql://u:secret@h/d", "did you mean 'postgresql'"),
        ("u:secret@h/d", "has no ://"),
        ("postgresql://u:secret@h:port/d", "port"),
        ("postgresql://u:sec/ret@h/d", "%2F"),
        ("postgresql://u:sec#ret@h/d", "%23"),
        ("postgresql://u:secret@[::1/d", "IPv6"),
        ("postgresql://u:secret@h:99999/d", "port"),
        ("postgresql://u:secret@h/a/b", "one database"),
        ("postgresql://u:secret@h/d?sslmod=require", "did you mean 'sslmode'"),
        ("postgresql://u:secret@h/d?sslmode=maybe", "sslmode"),
        ("postgresql://u:secret@h/d?sslmode=require&sslmode=disable", "twice"),
        ("mysql://u:secret@h/d?sslmode=perhaps", "sslmode"),
        ("mysql+asyncmi://u:secret@h/d", "did you mean 'mysql\\+asyncmy'"),
        ("sqlite://shop.db", "three slashes"),
        ("sqlite:///shop.db?busy_timeout=long", "busy_timeout"),
    ],
)
def test_a_wrong_url_is_told_without_its_password(url: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        Database(url)
    assert "secret" not in str(caught.value)
    assert "sec" not in str(caught.value)


def test_no_password_is_shown() -> None:
    db = Database("postgresql://me:secret@localhost/shop")
    assert repr(db) == "<Database postgresql://me@localhost/shop>"
    assert "secret" not in repr(vars(db))


def test_parts_replace_those_of_the_url() -> None:
    db = Database("postgresql://", host="db", port=1, user="me", password="a/b#c", database="shop")
    assert repr(db) == "<Database postgresql://me@db:1/shop>"


async def test_a_port_where_nobody_listens_is_told() -> None:
    for scheme in ("postgresql", "mysql"):
        with pytest.raises(ConnectError, match=f"cannot connect to {scheme}://me@127.0.0.1:1/shop") as caught:
            await Database(f"{scheme}://me:secret@127.0.0.1:1/shop").connect()
        assert "secret" not in str(caught.value)


async def test_a_host_that_does_not_exist_is_told() -> None:
    for scheme in ("postgresql", "mysql"):
        with pytest.raises(ConnectError, match="cannot connect"):
            await Database(f"{scheme}://me@no-such-host.invalid/shop").connect()


async def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for scheme in ("postgresql", "mysql"):
            url = f"{scheme}://me@127.0.0.1:{silent.getsockname()[1]}/shop"
            async with asyncio.timeout(5):
                with pytest.raises(ConnectError, match=r"no answer within 0\.3 s"):
                    await Database(url, connect_timeout=0.3).connect()


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_a_database_or_user_that_does_not_exist_is_told(urls: dict[str, str], database_name: str) -> None:
    with pytest.raises(ConnectError, match="no_such_db"):
        await Database(urls[database_name], database="no_such_db").connect()
    with pytest.raises(ConnectError, match="no_such_user") as caught:
        await Database(urls[database_name], user="no_such_user", password="hunter2").connect()
    assert "hunter2" not in str(caught.value)


async def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConnectError, match="unable to open"):
        await Database(f"sqlite:///{tmp_path}/no/such/folder/shop.db").connect()
    with pytest.raises(ConnectError, match="unable to open"):
        await Database(f"sqlite:///{tmp_path}/absent.db?mode=rw").connect()
    (tmp_path / "text.db").write_text("this is no database, and it is long enough to be read as one" * 20)
    with pytest.raises(ConnectError, match="not a database"):
        await Database(f"sqlite:///{tmp_path}/text.db").connect()


async def test_a_database_is_used_between_connect_and_close(urls: dict[str, str], database_name: str) -> None:
    db = Database(urls[database_name])
    query = db.select(value(1).as_("one"))
    for use in (query.fetch_all, db.close):
        with pytest.raises(ClosedError, match="not connected"):
            await use()
    await db.connect()
    with pytest.raises(UsageError, match="already"):
        await db.connect()
    await db.close()
    for use in (query.fetch_all, db.close):
        with pytest.raises(ClosedError, match="closed"):
            await use()
    with pytest.raises(ClosedError, match="closed"):
        db.transaction()
    await db.connect()
    assert await query.fetch_one() == {"one": 1}
    await db.close()


async def test_a_second_close_is_told_and_async_with_closes_what_is_open(
    urls: dict[str, str], database_name: str
) -> None:
    async with Database(urls[database_name]) as db:
        await db.close()
        with pytest.raises(ClosedError, match="closed already"):
            await db.close()
        assert not db.is_connected
    async with Database(urls[database_name]) as db:
        first, second = await asyncio.gather(db.close(), db.close(), return_exceptions=True)
        assert first is None
        assert isinstance(second, ClosedError)


async def test_two_tasks_do_not_connect_one_database_twice(urls: dict[str, str], database_name: str) -> None:
    db = Database(urls[database_name])
    first, second = await asyncio.gather(db.connect(), db.connect(), return_exceptions=True)
    assert first is db
    assert isinstance(second, UsageError)
    await db.close()


async def test_a_connect_that_failed_or_was_cancelled_can_be_tried_again(
    urls: dict[str, str], database_name: str
) -> None:
    db = Database(urls[database_name])
    connecting = asyncio.create_task(db.connect())
    await asyncio.sleep(0)
    connecting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await connecting
    async with db:
        assert await db.fetch_value(db.select(value(1).as_("one"))) == 1


_MINIMUM = {
    "sqlite": ("querykit.dialects.sqlite.aiosqlite_driver.MINIMUM_VERSION", (99, 0), r"SQLite 3\.\S+; querykit needs 99\.0 or"),
    "postgres": ("querykit.dialects.postgres.asyncpg_driver.MINIMUM_VERSION", 99, r"PostgreSQL \S+; querykit needs 99 or newer"),
    "mysql": ("querykit.dialects.mysql.connection.MYSQL", replace(MYSQL, minimum=(99, 0)), r"MySQL \S+; .* 99\.0 or newer"),
    "mariadb": ("querykit.dialects.mysql.connection.MARIADB", replace(MARIADB, minimum=(99, 0)), r"MariaDB \S+; .* 99\.0 or"),
}  # fmt: skip


async def test_a_server_that_is_too_old_is_told(
    urls: dict[str, str], database_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The servers of the tests are not: so the minimum is raised."""
    name, minimum, says = _MINIMUM[database_name]
    monkeypatch.setattr(name, minimum)
    with pytest.raises(ConfigurationError, match=f"^the server is {says}"):
        await Database(urls[database_name]).connect()


async def test_health_has_the_numbers(urls: dict[str, str], database_name: str) -> None:
    async with Database(urls[database_name], pool_size=3) as db:
        health = await db.health()
        assert 0 <= health.latency < 1
        connections = 2 if database_name == "sqlite" else 1  # a reader, beside the writer
        assert health[1:] == (database_name, db.server_version, connections, connections, 0)
        async with db.connection(), db.connection() if database_name != "sqlite" else db.transaction(read_only=True):
            held = await db.outside().health()
            assert (held.connections, held.idle) == (3, 1)


async def test_health_says_in_time_that_no_connection_is_to_be_had(urls: dict[str, str], database_name: str) -> None:
    async with Database(urls[database_name], pool_size=1) as db, db.transaction(read_only=True):
        began = time.monotonic()
        with pytest.raises(QueryTimeoutError, match=r"no answer within 0\.\d+ s to whether the server is there"):
            await asyncio.create_task(db.health(timeout=0.1))
        assert time.monotonic() - began < 1
        with pytest.raises(UsageError, match="timeout is a number"):
            await db.health(timeout="1")  # type: ignore[arg-type]


@pytest.mark.databases("mysql", "mariadb")
async def test_tls_that_the_server_has_not_is_not_done_without(urls: dict[str, str], db: Database) -> None:
    for mode in ("require", "verify-ca", "verify-full"):
        with pytest.raises(ConnectError, match=r"TLS|certificate"):
            await Database(f"{urls[db.dialect.name]}?sslmode={mode}").connect()


async def _strange_uses(db: Database, trx: Transaction, connection: Connection) -> list[str]:
    """What handles say to who is not at home."""
    said: list[str] = []
    query = select(value(1).as_("one"))
    uses: list[Callable[[], Awaitable[object]]] = [
        lambda: db.fetch_all(query),
        lambda: anext(db.stream(query)),
        lambda: db.outside().begin(),
        lambda: db.outside().connection().__aenter__(),
        lambda: trx.fetch_all(query),
        lambda: trx.transaction().start(),
        trx.commit,
        trx.rollback,
        lambda: trx.__aexit__(None, None, None),
        lambda: trx.__aexit__(ZeroDivisionError, ZeroDivisionError(), None),
        lambda: connection.fetch_all(query),
        lambda: connection.__aexit__(None, None, None),
        db.health,
        db.close,
    ]
    for number, use in enumerate(uses):
        try:
            await use()
        except UsageError as error:
            said.append(str(error))
        else:
            raise AssertionError(number)
    return said


@pytest.fixture
async def in_use(
    urls: dict[str, str], database_name: str, items: Item
) -> AsyncIterator[tuple[Database, Transaction, Connection]]:
    """A database with a transaction and a connection, which are as they were afterwards."""
    url = "sqlite://" if database_name == "sqlite" else urls[database_name]
    async with Database(urls[database_name]) as db, Database(url) as other, other.connection() as connection:
        trx = await db.begin()
        await trx.insert_into(items).values(id=1).execute()
        yield db, trx, connection
        assert await connection.fetch_value(select(value(1).as_("one"))) == 1
        await trx.insert_into(items).values(id=2).execute()
        await trx.commit()
        assert await db.select_from(items).select(items.id).order_by(items.id).fetch_column() == [1, 2]


async def test_a_forked_process_is_told_to_connect_itself(in_use: tuple[Database, Transaction, Connection]) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            said = asyncio.new_event_loop().run_until_complete(_strange_uses(*in_use))
            os.write(writer, b"all refused" if all("forked" in each for each in said) else repr(said).encode())
        except BaseException as error:  # noqa: BLE001 - told to the parent
            os.write(writer, repr(error).encode())
        finally:
            os._exit(0)
    os.close(writer)
    await asyncio.to_thread(os.waitpid, child, 0)
    assert os.read(reader, 1000) == b"all refused"
    os.close(reader)


async def test_another_event_loop_is_refused(in_use: tuple[Database, Transaction, Connection]) -> None:
    said = await asyncio.to_thread(asyncio.run, _strange_uses(*in_use))
    assert all("another event loop" in each for each in said)


_PROGRAM = """
import asyncio, sys
from querykit import Database, select, value
assert not {"asyncpg", "aiomysql", "pymysql", "aiosqlite", "asyncmy"} & set(sys.modules), "a driver was imported"
async def main():
    db = Database(sys.argv[1])
    await db.connect()
    print(await db.fetch_value(select(value(1).as_("one"))))
asyncio.run(main())
"""


async def test_a_program_that_forgets_to_close_ends(urls: dict[str, str], database_name: str) -> None:
    ran = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", _PROGRAM, urls[database_name]],
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert ran.stdout == "1\n", ran.stderr
