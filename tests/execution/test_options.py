"""Options and arguments that are not what they have to be: one clear message, before anything is connected or run."""

import re
from typing import Any

import pytest

from querykit import param, value
from querykit.errors import BuildError, ConfigurationError, QueryTimeoutError, UsageError
from querykit.execution.database import Database
from querykit.execution.transaction import Transaction


def test_sizes_and_times_stand_in_the_url_too() -> None:
    url = "postgresql://db/shop?pool_size=3&timeout=1.5&max_lifetime=none&application_name=shop"
    options = Database(url, timeout=None, commit_timeout=5)._life._options
    assert options == (3, 30.0, 10.0, None, 5, 10.0, None, 30.0)


A_SIZE = "a number of connections, one or more"
MORE_THAN_ZERO = "a number of seconds, more than zero"
ZERO_OR_MORE = "a number of seconds, zero or more"


@pytest.mark.parametrize(
    ("option", "wrong", "says"),
    [
        ("pool_size", 0, f"pool_size is {A_SIZE}, not 0"),
        ("pool_size", "10", f"pool_size is {A_SIZE}, not '10'"),
        ("pool_size", True, f"pool_size is {A_SIZE}, not True"),
        ("pool_size", 2.5, f"pool_size is {A_SIZE}, not 2.5"),
        ("pool_size", None, f"pool_size is {A_SIZE}, not None"),
        ("acquire_timeout", "1", f"acquire_timeout is {ZERO_OR_MORE}, or None for no limit, not '1'"),
        ("connect_timeout", None, f"connect_timeout is {MORE_THAN_ZERO}, not None"),
        ("connect_timeout", 0, f"connect_timeout is {MORE_THAN_ZERO}, not 0"),
        ("timeout", -1, f"timeout is {MORE_THAN_ZERO}, or None for no limit, not -1"),
        ("timeout", float("nan"), f"timeout is {MORE_THAN_ZERO}, or None for no limit, not nan"),
        ("commit_timeout", "soon", f"commit_timeout is {MORE_THAN_ZERO}, not 'soon'"),
        ("close_timeout", None, f"close_timeout is {ZERO_OR_MORE}, not None"),
        ("max_lifetime", False, f"max_lifetime is {ZERO_OR_MORE}, or None for no limit, not False"),
        ("check_after", [1], f"check_after is {ZERO_OR_MORE}, not [1]"),
        ("show_values", "no", "show_values is True or False, not 'no'"),
        ("port", "abc", "port is a number from 1 to 65535, not 'abc'"),
        ("port", "5432", "port is a number from 1 to 65535, not '5432'"),
        ("port", 0, "port is a number from 1 to 65535, not 0"),
        ("port", 70000, "port is a number from 1 to 65535, not 70000"),
        ("port", True, "port is a number from 1 to 65535, not True"),
        ("host", 5, "host is a text, not int"),
        ("user", b"me", "user is a text, not bytes"),
        ("password", 1234, "password is a text, not int"),
        ("password", "pass\0word", "password is a text, not one with a NUL"),
        ("database", ["shop"], "database is a text, not list"),
        ("log", "log.txt", "log is a function, not str"),
    ],
)
def test_a_wrong_option_is_told(option: str, wrong: Any, says: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{re.escape(says)}$"):
        Database("postgresql://db/shop", **{option: wrong})


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://db/shop?pool_size=many", f"pool_size is {A_SIZE}, not 'many'"),
        ("postgresql://db/shop?pool_size=-1", f"pool_size is {A_SIZE}, not -1"),
        ("postgresql://db/shop?pool_size=2.0", f"pool_size is {A_SIZE}, not 2.0"),
        ("mysql://db/shop?timeout=nan", f"timeout is {MORE_THAN_ZERO}, or None for no limit, not nan"),
        ("mysql://db/shop?timeout=", f"timeout is {MORE_THAN_ZERO}, or None for no limit, not ''"),
        ("mysql://db/shop?poolsize=5", "no option 'poolsize' for mysql, did you mean 'pool_size'?"),
        ("sqlite://?connect_timeout=none", f"connect_timeout is {MORE_THAN_ZERO}, not None"),
    ],
)
def test_a_wrong_option_in_the_url_is_told(url: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{re.escape(says)}"):
        Database(url)


@pytest.mark.parametrize("part", ["host", "port", "user", "password"])
def test_a_file_has_no_server(part: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^a SQLite database has no {part}: it is a file, named by its path$"):
        Database("sqlite:///shop.db", **{part: 1})  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", ["1", -1, True, float("nan")])
async def test_a_wrong_time_limit_of_a_call_is_told(db: Database, wrong: Any) -> None:
    query = db.select(value(1).as_("one"))
    for use in (query.fetch_all, query.fetch_json, query.execute):
        with pytest.raises(UsageError, match=f"^timeout is a number of seconds, zero or more, not {wrong!r}"):
            await use(timeout=wrong)
    with pytest.raises(UsageError, match=r"^timeout is a number"):
        query.stream(timeout=wrong)
    assert await query.fetch_one() == {"one": 1}


async def test_a_time_limit_that_is_used_up_stops_the_call(db: Database) -> None:
    query = db.select(value(1).as_("one"))
    with pytest.raises(QueryTimeoutError):
        await query.fetch_all(timeout=0)
    assert await query.fetch_one(timeout=5) == {"one": 1}


async def test_wrong_arguments_of_calls_are_told(db: Database) -> None:
    query = db.select(param("n", int).as_("n"))
    with pytest.raises(BuildError, match=r"^parameters are a mapping from name to value, not list$"):
        await query.fetch_all(parameters=[1])  # type: ignore[arg-type]
    for size in (0, "10", 2.5, True, None):
        with pytest.raises(BuildError, match=r"^chunk_size is a number of rows, one or more, not"):
            query.stream(chunk_size=size)  # type: ignore[arg-type]
    for attempts in (0, "3", 1.5, None):
        with pytest.raises(UsageError, match=r"^attempts is a number, one or more, not"):
            await db.run_in_transaction(_nothing, attempts=attempts)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="takes an async function of the transaction, not the int"):
        await db.run_in_transaction(1)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="takes an async function, or one that gives an awaitable"):
        await db.run_in_transaction(lambda _: 1)  # type: ignore[arg-type, return-value]
    with pytest.raises(UsageError, match=r"compare its name, db\.dialect\.name == 'sqlite'"):
        assert db.dialect == "sqlite"
    assert db.dialect == db.dialect != None  # noqa: E711 - it is as before beside all else
    with pytest.raises(BuildError, match=r"^read_only is True or False, not 'no'$"):
        db.transaction(read_only="no")  # type: ignore[arg-type]
    with pytest.raises(BuildError, match=r"^isolation_level is one of 'read uncommitted', .*, not 'chaos'$"):
        await db.begin(isolation_level="chaos")  # type: ignore[arg-type]
    assert await query.fetch_value(parameters={"n": 1}) == 1


async def _nothing(trx: Transaction) -> None:
    pass
