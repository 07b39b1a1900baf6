"""Behind PgBouncer in transaction mode, where every transaction may meet another session of the server."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from querykit import fn, select, sql
from querykit.dialects.postgres.pgbouncer import refuse_session_state
from querykit.errors import DataError, UnsupportedError
from querykit.execution.database import Database
from tests.execution.conftest import Item, raw
from tests.servers import PrivateServer
from tests.servers.pgbouncer import BEHIND

ROOT = Path(__file__).parents[2]
CORE = (
    "tests/corpus/test_corpus.py::test_every_statement_does_what_its_sql_does",
    "tests/exactness/test_matrix.py",
    "tests/exactness/test_sessions.py",
    "tests/exactness/test_unknown_types.py",
    "tests/execution/test_bulk.py",
    "tests/execution/test_cancellation.py",
    "tests/execution/test_pgbouncer.py",
    "tests/execution/test_transactions.py",
)

pytestmark = pytest.mark.databases("postgres")


@pytest.fixture(scope="module")
async def bounced_url(urls: dict[str, str]) -> AsyncIterator[str]:
    if is_bounced(urls["postgres"]):
        yield urls["postgres"]
        return
    with PrivateServer("pgbouncer", **{BEHIND: urls["postgres"]}) as bouncer:
        yield f"{await asyncio.to_thread(bouncer.url)}?pgbouncer=true"


@pytest.fixture
async def bounced(bounced_url: str, database_name: str) -> AsyncIterator[Database]:
    async with Database(bounced_url) as bounced:
        yield bounced


def is_bounced(url: str) -> bool:
    return "pgbouncer=true" in url


async def test_a_value_that_does_not_fit_leaves_no_locks(bounced: Database, db: Database, items: Item) -> None:
    """The driver has announced the statement by then, and the server holds its locks until it hears the rest."""
    wrong = sql("INSERT INTO item (id) VALUES ({})", "one")
    for run in (bounced.execute, bounced.fetch_all):
        with pytest.raises(DataError):
            await run(wrong)
        async with db.transaction() as trx:
            await trx.execute(sql("LOCK TABLE item IN ACCESS EXCLUSIVE MODE NOWAIT"))


REFUSED = {
    "SET bytea_output = 'escape'": "SET LOCAL",
    " /* a comment */ -- and another\n set statement_timeout = 1": "SET LOCAL",
    "SET SESSION timezone = 'Asia/Tokyo'": "SET LOCAL",
    "LISTEN news": "PostgreSQL itself",
    "PREPARE p AS SELECT 1": "prepare()",
    "DECLARE c CURSOR WITH HOLD FOR SELECT 1": "stream()",
    "CREATE TEMP TABLE t (i INTEGER)": "ON COMMIT DROP",
    "create temporary table t as select 1": "ON COMMIT DROP",
    "SELECT pg_advisory_lock(1)": "pg_advisory_xact_lock",
    "SELECT pg_try_advisory_lock_shared(1)": "pg_advisory_xact_lock",
}


@pytest.mark.parametrize(("statement", "hint"), REFUSED.items(), ids=REFUSED)
async def test_what_would_stay_in_a_session_is_refused(bounced: Database, statement: str, hint: str) -> None:
    with pytest.raises(UnsupportedError, match="behind PgBouncer") as caught:
        await bounced.execute(raw(statement))
    assert hint in str(caught.value.hint)
    with pytest.raises(UnsupportedError):
        await bounced.fetch_all(raw(statement))
    async with bounced.transaction() as trx:
        with pytest.raises(UnsupportedError):
            await trx.execute(raw(statement))
        assert await trx.fetch_value(sql("SELECT 1 AS one")) == 1  # nothing reached the server


async def test_a_lock_for_a_session_is_refused_however_it_is_called(bounced: Database) -> None:
    with pytest.raises(UnsupportedError, match="pg_advisory_lock"):
        await bounced.fetch_all(select(fn.call("pg_advisory_lock", 1).as_("locked")))


@pytest.mark.own_session
async def test_notifications_are_sent_and_not_received(bounced: Database, db: Database) -> None:
    with pytest.raises(UnsupportedError, match="LISTEN behind PgBouncer"):
        bounced.listen("news")
    async with db.listen("news") as notifications:
        await bounced.notify("news", "hello")
        assert (await anext(notifications)).payload == "hello"


async def test_what_ends_with_its_transaction_is_let_through(bounced: Database) -> None:
    async with bounced.transaction() as trx:
        await trx.execute(sql("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
        await trx.execute(sql("SET LOCAL statement_timeout = '5s'"))
        await trx.execute(sql("SET CONSTRAINTS ALL DEFERRED"))
        await trx.execute(sql("CREATE TEMP TABLE t (i INTEGER) ON COMMIT DROP"))
        await trx.fetch_all(sql("SELECT pg_advisory_xact_lock(1)"))
        assert await trx.fetch_value(sql("SELECT 'SET x = 1' AS text")) == "SET x = 1"


def test_words_that_begin_alike_are_let_through() -> None:
    for statement in (
        "SETTLE",
        "SELECT settings FROM listen",
        "UPDATE t SET a = 1",
        "PREPARE TRANSACTION 'x'",
        "DECLARE c CURSOR FOR SELECT 1",
        "CREATE TABLE temp (i INTEGER)",
        "SELECT pg_advisory_unlock_all()",
    ):
        assert refuse_session_state(statement) is None


async def test_on_connect_cannot_set_up_what_is_shared(bounced_url: str, database_name: str) -> None:
    async def set_up(session: object) -> None:
        await session.execute(sql("SET bytea_output = 'escape'"))

    with pytest.raises(UnsupportedError, match="behind PgBouncer"):
        await Database(bounced_url, on_connect=set_up).connect()


async def test_the_core_of_the_suite_passes(database_name: str, urls: dict[str, str]) -> None:
    if is_bounced(urls[database_name]):
        pytest.skip("this is that run")
    command = [sys.executable, "-m", "pytest", "-q", "--databases=postgres", "--pgbouncer", *CORE]
    environment = os.environ | {"QUERYKIT_POSTGRES_URL": urls[database_name]}
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout
