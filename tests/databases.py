"""The databases that a test run talks to.

SQLite is a file in a temporary folder. A server is the one at `QUERYKIT_POSTGRES_URL`, `QUERYKIT_MYSQL_URL` or
`QUERYKIT_MARIADB_URL`, in which the run makes a database of its own and drops it at the end; without that URL it is a
private server, started for the run (`tests/servers/`).
"""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import aiomysql
import asyncpg

from tests.servers import PrivateServer, ServerError
from tests.servers.postgres import NEWEST, WHEEL

DATABASES = ("sqlite", "postgres", "mysql", "mariadb")

_SCHEMES = {"postgres": "postgresql", "mysql": "mysql", "mariadb": "mariadb"}


class UnavailableError(Exception):
    """A database of this run cannot be had; the message says why and what to do."""

    def __init__(self, name: str, reason: object) -> None:
        super().__init__(
            f"no {name} for the tests: {reason}\n"
            f"Set {_variable(name)} to the URL of a server (`docker compose up --wait` starts one, see compose.yml), "
            "or leave it out with --databases."
        )


@asynccontextmanager
async def database_urls(
    names: Sequence[str], folder: Path, *, has_newest_postgres: bool = False
) -> AsyncIterator[dict[str, str]]:
    """The URL of an empty database for each name, for the length of the block; `folder` is for SQLite's file.

    With `has_newest_postgres`, PostgreSQL is a private server of the newest version that the tests know.

    Raises:
        UnavailableError: when one of them cannot be had.
    """
    async with AsyncExitStack() as stack:
        # All private servers are starting before the first is waited for.
        private = {name: stack.enter_context(PrivateServer(name)) for name in names if _is_private(name)}
        if has_newest_postgres and "postgres" in names:
            private["postgres"] = stack.enter_context(PrivateServer("postgres", **{WHEEL: NEWEST}))
        urls: dict[str, str] = {}
        for name in names:
            try:
                if name == "sqlite":
                    urls[name] = f"sqlite:///{folder / 'test.db'}"
                elif name in private:
                    urls[name] = await asyncio.to_thread(private[name].url)
                else:
                    urls[name] = await stack.enter_async_context(own_database(name, os.environ[_variable(name)]))
            except (ServerError, ValueError, OSError, asyncpg.PostgresError, aiomysql.MySQLError) as error:
                raise UnavailableError(name, error) from error
        yield urls


@asynccontextmanager
async def own_database(name: str, url: str) -> AsyncIterator[str]:
    """Make a database of a new name on the server at `url`; its URL, for the length of the block."""
    parts = urlsplit(url)
    if parts.scheme.partition("+")[0] != _SCHEMES[name]:
        raise ValueError(f"{_variable(name)} must begin with {_SCHEMES[name]}://")
    database = f"querykit_test_{secrets.token_hex(6)}"
    await fetch_row(name, url, f"CREATE DATABASE {database}")
    try:
        yield parts._replace(path=f"/{database}").geturl()
    finally:
        await fetch_row(name, url, f"DROP DATABASE {database}")


def through_asyncmy(url: str) -> str:
    """The URL of the same database, through the other driver for MySQL and MariaDB."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}+asyncmy{separator}{rest}" if scheme in {"mysql", "mariadb"} else url


def mysql_arguments(url: str) -> dict[str, Any]:
    """What aiomysql.connect takes, out of a URL."""
    parts = urlsplit(url)
    return {
        "host": parts.hostname or "127.0.0.1",
        "port": parts.port or 3306,
        "user": unquote(parts.username or "root"),
        "password": unquote(parts.password or ""),
        "db": unquote(parts.path.removeprefix("/")) or None,
    }


async def fetch_row(name: str, url: str, query: str) -> tuple[Any, ...]:
    """Run one statement on a server with its bare driver; its first row, empty if it has none."""
    if name == "postgres":
        postgres = await asyncpg.connect(url)
        try:
            return tuple(await postgres.fetchrow(query) or ())
        finally:
            await postgres.close()
    async with aiomysql.connect(**mysql_arguments(url)) as mysql, mysql.cursor() as cursor:
        await cursor.execute(query)
        return tuple(await cursor.fetchone() or ())


def _is_private(name: str) -> bool:
    return name != "sqlite" and not os.environ.get(_variable(name))


def _variable(name: str) -> str:
    return f"QUERYKIT_{name.upper()}_URL"
