"""Connecting, and the rules of reading."""

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from querykit import fn, select, sql, table, value
from querykit.errors import (
    BuildError,
    ClosedError,
    ConcurrentUseError,
    ConfigurationError,
    ConnectError,
    MultipleResultsError,
    NoResultError,
    UsageError,
)
from querykit.execution.database import Database
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
        ("mysql://u:secret@h/d?sslmode=prefer", "sslmode"),
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


@pytest.mark.parametrize("options", [{"pool_size": 0}, {"pool_size": "10"}, {"timeout": -1}, {"acquire_timeout": "1"}])
def test_a_wrong_option_is_told(options: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        Database("sqlite://", **options)  # type: ignore[arg-type]


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


async def test_health_has_the_numbers(db: Database, database_name: str) -> None:
    health = await db.health()
    assert 0 <= health.latency < 1
    assert (health.dialect, health.connections, health.idle, health.waiting) == (database_name, 1, 1, 0)


@pytest.mark.databases("mysql", "mariadb")
async def test_tls_that_the_server_has_not_is_not_done_without(urls: dict[str, str], db: Database) -> None:
    for mode in ("require", "verify-ca", "verify-full"):
        with pytest.raises(ConnectError, match=r"TLS|certificate"):
            await Database(f"{urls[db.dialect.name]}?sslmode={mode}").connect()


async def test_a_forked_process_is_told_to_connect_itself(db: Database) -> None:
    query = db.select(value(1).as_("one"))
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            query.fetch_all().send(None)
        except UsageError as error:
            os.write(writer, str(error).encode())
        finally:
            os._exit(0)
    os.close(writer)
    await asyncio.to_thread(os.waitpid, child, 0)
    assert b"forked" in os.read(reader, 1000)
    os.close(reader)
    assert await query.fetch_one() == {"one": 1}


async def test_another_event_loop_is_refused(db: Database) -> None:
    async def use() -> None:
        with pytest.raises(UsageError, match="another event loop"):
            await db.select(value(1).as_("one")).fetch_all()

    await asyncio.to_thread(asyncio.run, use())


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


async def test_a_missing_driver_names_the_extra() -> None:
    program = (
        "import sys, asyncio\n"
        "sys.modules.update(dict.fromkeys(['asyncpg', 'aiomysql', 'aiosqlite']))\n"
        "from querykit import Database\n"
        "async def main(url):\n"
        "    try: await Database(url).connect()\n"
        "    except Exception as error: print(type(error).__name__, error)\n"
        "for url in ['postgresql://h/d', 'mysql://h/d']: asyncio.run(main(url))\n"
    )
    ran = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program], capture_output=True, text=True, timeout=20
    )
    assert ran.stdout.splitlines() == [
        "ConfigurationError the package asyncpg is not installed: pip install 'querykit[postgres]'",
        "ConfigurationError the package aiomysql is not installed: pip install 'querykit[mysql]'",
    ], ran.stderr
