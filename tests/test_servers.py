"""The servers of the test run are what they say, and leave nothing behind."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import aiomysql
import aiosqlite
import asyncpg
import pytest

from tests.databases import fetch_row, own_database
from tests.servers import PrivateServer

SERVERS = ("postgres", "mysql", "mariadb")
PROJECT = Path(__file__).parents[1]

# A program that keeps a private server until its standard input ends.
OWNER = """
import sys
from tests.servers import PrivateServer

with PrivateServer(sys.argv[1]) as server:
    print(server.url(), flush=True)
    sys.stdin.read()
"""


@pytest.mark.databases("sqlite")
async def test_sqlite_is_new_enough(database_name, urls):
    async with aiosqlite.connect(urls[database_name].removeprefix("sqlite:///")) as connection:
        ((version,),) = await connection.execute_fetchall("SELECT sqlite_version()")
    assert tuple(map(int, version.split("."))) >= (3, 38)


@pytest.mark.databases(*SERVERS)
async def test_a_server_is_the_product_that_its_name_says(database_name, urls):
    (version,) = await fetch_row(database_name, urls[database_name], "SELECT version()")
    products = {"postgres": "PostgreSQL" in version, "mariadb": "MariaDB" in version}
    products["mysql"] = not any(products.values())
    assert products == {name: name == database_name for name in SERVERS}


@pytest.mark.databases("mysql")
async def test_mysql_is_not_mariadb_under_its_name(database_name, urls):
    # MySQL alone skips a comment that is for MariaDB
    assert await fetch_row(database_name, urls[database_name], "SELECT 1 /*M! + 1 */") == (1,)


@pytest.mark.databases(*SERVERS)
async def test_a_database_of_our_own_is_made_on_a_given_server_and_dropped(database_name, urls):
    async with own_database(database_name, urls[database_name]) as url:
        assert url != urls[database_name]
        assert await fetch_row(database_name, url, "SELECT 1") == (1,)
    with pytest.raises((asyncpg.InvalidCatalogNameError, aiomysql.OperationalError), match="querykit_test_"):
        await fetch_row(database_name, url, "SELECT 1")


@pytest.mark.databases(*SERVERS)
async def test_the_url_of_another_product_is_refused(database_name):
    with pytest.raises(ValueError, match=f"QUERYKIT_{database_name.upper()}_URL must begin with"):
        async with own_database(database_name, "sqlite:///:memory:"):
            pass


@pytest.mark.databases("postgres")
async def test_a_private_server_ends_with_its_block(database_name):
    with PrivateServer(database_name) as server:
        assert await fetch_row(database_name, server.url(), "SELECT 1") == (1,)
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncpg.connect(server.url())


@pytest.mark.databases("postgres")
def test_a_private_server_left_while_it_starts_ends_too(database_name, monkeypatch, tmp_path):
    monkeypatch.setenv("QUERYKIT_SERVER_CACHE", str(tmp_path))
    with PrivateServer(database_name):
        pass
    assert list(tmp_path.glob("running/*.json")) == []


@pytest.mark.databases("postgres")
async def test_a_private_server_ends_when_its_owner_is_killed(database_name):
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, database_name, cwd=PROJECT, stdin=PIPE, stdout=PIPE
    )
    assert owner.stdout
    url = (await owner.stdout.readline()).decode().strip()
    assert await fetch_row(database_name, url, "SELECT 1") == (1,)
    owner.kill()
    await owner.communicate()
    async with asyncio.timeout(20):
        while await _answers(url):  # noqa: ASYNC110 (nothing announces the end of a server)
            await asyncio.sleep(0.05)


async def _answers(url):
    try:
        await fetch_row("postgres", url, "SELECT 1")
    except (OSError, asyncpg.PostgresError):
        return False
    return True
