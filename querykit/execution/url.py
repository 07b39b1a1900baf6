"""From a URL, or a pool that the program brings, to the driver that connects.

| URL | |
| --- | --- |
| ``sqlite:///:memory:`` or ``sqlite://`` | in memory |
| ``sqlite:///folder/file.db`` | a file, relative to where the program runs |
| ``sqlite:////srv/file.db`` | a file, by its absolute path |
| ``postgresql://user:password@host:5432/database`` | also ``postgres://`` |
| ``mysql://user:password@host:3306/database`` | |
| ``mariadb://user:password@host:3306/database`` | either finds out which of the two answers |
| ``mysql+asyncmy://…`` and ``mariadb+asyncmy://…`` | the same through asyncmy, which reads rows in C |

A host that begins with a slash is a Unix socket; in a URL it is given as ``?host=/run/…``. Options follow the question
mark, and an unknown one is refused:

| option | where | |
| --- | --- | --- |
| ``pool_size``, ``acquire_timeout``, ``connect_timeout``, ``timeout``, ``commit_timeout``, ``close_timeout``,
``max_lifetime``, ``check_after`` | all | as the arguments of `Database`; ``none`` is None |
| ``sslmode``, ``sslrootcert``, ``sslcert``, ``sslkey`` | servers | TLS, by libpq's words |
| ``application_name`` | servers | the name that the server shows for these connections |
| ``search_path``, ``timezone``, ``pgbouncer`` | PostgreSQL | the session's settings; whether PgBouncer is between |
| ``mode`` | SQLite | ``rwc`` makes a missing file, ``rw`` does not, ``ro`` only reads |
| ``journal_mode``, ``synchronous``, ``foreign_keys``, ``busy_timeout`` | SQLite | as the pragmas; in seconds |
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from querykit.builder.compiled import did_you_mean
from querykit.dialects.driver import Target
from querykit.dialects.mysql.aiomysql_driver import AiomysqlDriver
from querykit.dialects.mysql.aiomysql_pool import AiomysqlPoolDriver
from querykit.dialects.mysql.asyncmy_driver import AsyncmyDriver
from querykit.dialects.postgres.asyncpg_driver import AsyncpgDriver
from querykit.dialects.postgres.asyncpg_pool import AsyncpgPoolDriver
from querykit.dialects.sqlite.aiosqlite_connection import AiosqliteConnectionDriver
from querykit.dialects.sqlite.aiosqlite_driver import AiosqliteDriver
from querykit.errors import ConfigurationError
from querykit.execution.options import Options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from urllib.parse import SplitResult

    from querykit.dialects.driver import Driver

_DRIVERS: dict[str, Callable[[Target], Driver]] = {
    "sqlite": AiosqliteDriver,
    "postgresql": AsyncpgDriver,
    "postgres": AsyncpgDriver,
    "mysql": AiomysqlDriver,
    "mariadb": AiomysqlDriver,
    "mysql+asyncmy": AsyncmyDriver,
    "mariadb+asyncmy": AsyncmyDriver,
}
_BROUGHT: dict[str, Callable[..., Driver]] = {
    "asyncpg": AsyncpgPoolDriver,
    "aiomysql": AiomysqlPoolDriver,
    "aiosqlite": AiosqliteConnectionDriver,
}
_FILE_SCHEMES = frozenset({"sqlite"})
_MAX_PORT = 65535


def driver_for(target: Target) -> Driver:
    """The driver for a target. Nothing is imported or connected yet.

    Raises:
        ConfigurationError: an option is not known, or has a wrong value.
    """
    driver = _DRIVERS[target.scheme]
    known: frozenset[str] = driver.options  # type: ignore[attr-defined]
    known |= set(Options._fields)
    for name in target.options:
        if name not in known:
            options = ", ".join(sorted(known))
            raise ConfigurationError(
                f"no option {name!r} for {target.scheme}{did_you_mean(name, set(known))}; there are {options}"
            )
    return driver(target)


def with_parts(target: Target, parts: Mapping[str, object]) -> Target:
    """The target with what is said in place of parts of the URL; None says nothing.

    Raises:
        ConfigurationError: a part is not what it has to be, or SQLite has none such.
    """
    said: dict[str, Any] = {name: part for name, part in parts.items() if part is not None}
    for name, part in said.items():
        if target.scheme in _FILE_SCHEMES and name != "database":
            raise ConfigurationError(f"a SQLite database has no {name}: it is a file, named by its path")
        if name == "port":
            if type(part) is not int or not 0 < part <= _MAX_PORT:
                raise ConfigurationError(f"port is a number from 1 to {_MAX_PORT}, not {part!r}")
        elif not isinstance(part, str) or "\0" in part:
            shown = "one with a NUL" if isinstance(part, str) else type(part).__name__
            raise ConfigurationError(f"{name} is a text, not {shown}")
    return replace(target, **said)


def driver_of(brought: object, parts: Mapping[str, object], *, connect_timeout: float, show_values: bool) -> Driver:
    """The driver for a pool of asyncpg or aiomysql, or a connection of aiosqlite.

    Raises:
        ConfigurationError: it is none of those, or parts of a URL are said beside it.
    """
    kind = type(brought)
    package = kind.__module__.partition(".")[0]
    if package not in _BROUGHT or kind.__name__ not in {"Pool", "Connection"}:
        raise ConfigurationError(
            "a Database takes a URL, a pool of asyncpg or aiomysql, or a connection of aiosqlite, "
            f"not {kind.__module__}.{kind.__qualname__}"
        )
    for name, part in parts.items():
        if part is not None:
            raise ConfigurationError(f"{name} goes with a URL; what is brought is connected already")
    return _BROUGHT[package](brought, connect_timeout=connect_timeout, show_values=show_values)


def parse_url(url: str) -> Target:
    """The parts of a URL.

    Raises:
        ConfigurationError: it is wrong.
    """
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in _DRIVERS:
        schemes = ", ".join(f"{name}://" for name in _DRIVERS)
        shown = f"begins with {scheme + separator!r}" if separator else "has no ://"
        raise ConfigurationError(
            f"the database URL {shown}{did_you_mean(scheme, _DRIVERS)}; it begins with one of {schemes}"
        )
    try:
        split = urlsplit(url)
    except ValueError:
        raise ConfigurationError(
            f"the host of the {scheme}:// URL cannot be read; an IPv6 address stands in [ ]"
        ) from None
    if split.fragment or (split.query and "@" in split.query and "@" not in split.netloc):
        raise ConfigurationError(f"the {scheme}:// URL holds a bare # or ?; in a user or password write %23 or %3F")
    options = _options(split)
    if scheme in _FILE_SCHEMES:
        return Target(scheme=scheme, database=_file(split), options=options)
    return Target(
        scheme=scheme,
        host=options.pop("host", None) or (unquote(split.hostname) if split.hostname else None),
        port=_port(split),
        user=unquote(split.username) if split.username else None,
        password=unquote(split.password) if split.password is not None else None,
        database=_database(split),
        options=options,
    )


def _options(split: SplitResult) -> dict[str, str]:
    pairs = parse_qsl(split.query, keep_blank_values=True)
    options = dict(pairs)
    if len(options) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ConfigurationError(f"the option {twice!r} of the database URL is given twice")
    return options


def _port(split: SplitResult) -> int | None:
    try:
        port = split.port
    except ValueError:  # its text may be part of a password with a bare «/» or «:» in it
        port = -1
    if port is not None and not 0 < port <= _MAX_PORT:
        raise ConfigurationError(
            f"the port of the {split.scheme}:// URL is not a number from 1 to {_MAX_PORT}; "
            "in a user or password write %2F for / and %3A for :"
        )
    return port


def _database(split: SplitResult) -> str | None:
    name = unquote(split.path.removeprefix("/"))
    if "/" in name or "\0" in name:
        raise ConfigurationError(f"the {split.scheme}:// URL names one database after the host, not a path")
    return name or None


def _file(split: SplitResult) -> str:
    if split.netloc:
        raise ConfigurationError(
            "a SQLite URL has three slashes before a relative path (sqlite:///shop.db), four before an absolute one"
        )
    path = unquote(split.path.removeprefix("/"))
    if "\0" in path:
        raise ConfigurationError("the file name of a SQLite database holds a NUL")
    return path or ":memory:"
