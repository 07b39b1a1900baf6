"""The schemas of a database."""

from __future__ import annotations

from typing import Any, Final, LiteralString

from querykit import sql

_INFORMATION: Final[LiteralString] = """
SELECT s.SCHEMA_NAME AS name FROM information_schema.SCHEMATA s
WHERE s.SCHEMA_NAME NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') ORDER BY s.SCHEMA_NAME
"""
_QUERIES: Final[dict[str, LiteralString]] = {
    "postgres": """
SELECT n.nspname::text AS name FROM pg_namespace n
WHERE n.nspname NOT LIKE 'pg!_%' ESCAPE '!' AND n.nspname <> 'information_schema' ORDER BY n.nspname
""",
    "mysql": _INFORMATION,
    "mariadb": _INFORMATION,
    "sqlite": "SELECT name FROM pragma_database_list WHERE name <> 'temp' ORDER BY name",
}


async def schemas(db: Any) -> list[str]:
    """The names of all schemas but the server's own: databases, on MySQL and MariaDB; attached files, on SQLite.

    ``await introspect(db, schema=name)`` reads one of them.
    """
    names: list[str] = await db.fetch_column(sql(_QUERIES[db.dialect.name]))
    return names
