"""Introspection: from a database to data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from querykit.schema.introspection import mysql, postgres, sqlite

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from querykit.schema.introspection.found import FoundDatabase

_READERS: Final[dict[str, Callable[[Any, str | None], Awaitable[FoundDatabase]]]] = {
    "postgres": postgres.read,
    "mysql": mysql.read_mysql,
    "mariadb": mysql.read_mariadb,
    "sqlite": sqlite.read,
}


async def introspect(db: Any, *, schema: str | None = None) -> FoundDatabase:
    """What a schema has. Each kind of thing is one query, however many tables there are.

    Args:
        db: A database, a connection or a transaction.
        schema: The schema; unsaid, the one in which tables are looked for: ``public``, the database on MySQL, ``main``.
    """
    return await _READERS[db.dialect.name](db, schema)
