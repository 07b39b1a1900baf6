"""The circuit breaker: what opens it and what does not, and how it closes again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from querykit import (
    CircuitBreakerPlugin,
    CircuitOpenError,
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    Database,
    DatabaseError,
    QueryTimeoutError,
    RetryPlugin,
    SQLSyntaxError,
    select,
    sql,
    value,
)
from tests.proxy import Proxy, proxy_to

far_away = pytest.mark.databases("postgres", "mysql", "mariadb")
ONE = select(value(1).as_("one"))


@pytest.fixture
def opened(urls: dict[str, str], database_name: str) -> Callable[..., Database]:
    """The database with a circuit breaker."""
    return lambda breaker, **options: Database(urls[database_name], plugins=[breaker], **options)


async def fail(db: Any, times: int = 1) -> None:
    """Let statements run out of time."""
    for _ in range(times):
        with pytest.raises(QueryTimeoutError):
            await db.fetch_all(ONE, timeout=0)


async def is_open(db: Any) -> bool:
    (answer,) = await asyncio.gather(db.fetch_value(ONE), return_exceptions=True)
    if answer == 1:
        return False
    assert isinstance(answer, CircuitOpenError)
    assert "circuit breaker is open" in str(answer)
    assert answer.retry_after >= 0
    return True


async def test_failures_open_it_and_a_success_closes_it(opened: Callable[..., Database]) -> None:
    states: list[str] = []
    breaker = CircuitBreakerPlugin(failures=3, reset_after=0.1, on_change=states.append)
    async with opened(breaker) as db:
        await fail(db, 2)
        assert not await is_open(db)
        await fail(db)
        assert breaker.state == "open"
        began = time.perf_counter()
        for _ in range(100):
            assert await is_open(db)
        assert time.perf_counter() - began < 0.1  # the database is not asked
        await asyncio.sleep(0.12)
        assert not await is_open(db)
        assert states == ["open", "half-open", "closed"]
        await fail(db, 2)
        assert breaker.state == "closed"  # it counts anew


async def test_a_failed_probe_opens_it_again(opened: Callable[..., Database]) -> None:
    breaker = CircuitBreakerPlugin(failures=1, reset_after=0.1)
    async with opened(breaker) as db:
        await fail(db)
        await asyncio.sleep(0.12)
        await fail(db)
        assert breaker.state == "open"
        assert await is_open(db)
        await asyncio.sleep(0.12)
        assert not await is_open(db)


async def test_one_statement_at_a_time_is_a_probe(opened: Callable[..., Database]) -> None:
    breaker = CircuitBreakerPlugin(failures=1, reset_after=0.05)
    async with opened(breaker) as db:
        await fail(db)
        await asyncio.sleep(0.07)
        answers = await asyncio.gather(*[db.fetch_value(ONE) for _ in range(20)], return_exceptions=True)
        assert answers.count(1) == 1
        assert sum(isinstance(each, CircuitOpenError) for each in answers) == 19
        assert await asyncio.gather(*[db.fetch_value(ONE) for _ in range(20)]) == [1] * 20


async def test_a_cancelled_probe_lets_the_next_one_try(opened: Callable[..., Database]) -> None:
    breaker = CircuitBreakerPlugin(failures=1, reset_after=0.05)
    async with opened(breaker) as db:
        await fail(db)
        await asyncio.sleep(0.07)
        probe = asyncio.create_task(db.fetch_value(ONE))
        await asyncio.sleep(0)
        probe.cancel()
        with pytest.raises(asyncio.CancelledError):
            await probe
        assert not await is_open(db)


async def test_answers_of_the_database_do_not_open_it(opened: Callable[..., Database]) -> None:
    breaker = CircuitBreakerPlugin(failures=1)
    async with opened(breaker) as db:
        for _ in range(5):
            with pytest.raises(SQLSyntaxError):
                await db.fetch_all(sql("SELEC 1"))
        cancelled = asyncio.create_task(db.fetch_value(ONE))
        await asyncio.sleep(0)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        assert breaker.state == "closed"


async def test_failures_among_many_successes_do_not_open_it(opened: Callable[..., Database]) -> None:
    breaker = CircuitBreakerPlugin(failures=3, share=0.5)
    async with opened(breaker) as db:
        for _ in range(3):
            await fail(db)
            await db.fetch_value(ONE)
            await db.fetch_value(ONE)
        assert breaker.state == "closed"
        await fail(db, 4)
        assert breaker.state == "open"  # 7 of 14: that it connected was an answer too


async def test_failures_are_forgotten_after_the_window(opened: Callable[..., Database]) -> None:
    breaker = CircuitBreakerPlugin(failures=3, window=0.2)
    async with opened(breaker) as db:
        for _ in range(4):
            await fail(db)
            await asyncio.sleep(0.15)
        assert breaker.state == "closed"
        await asyncio.sleep(0.1)
        await fail(db, 3)
        assert breaker.state == "open"


async def test_transactions_that_are_there_go_on_and_no_other_begins(opened: Callable[..., Database]) -> None:
    breaker = CircuitBreakerPlugin(failures=2, reset_after=5)
    async with opened(breaker, pool_size=3) as db:
        trx = await db.begin()
        await fail(db.outside() if db.dialect.name != "sqlite" else trx, 2)
        assert breaker.state == "open"
        if trx.is_open and db.dialect.name != "sqlite":
            assert await trx.fetch_value(ONE) == 1
        await trx.rollback()
        with pytest.raises(CircuitOpenError):
            await db.begin()
        with pytest.raises(CircuitOpenError):
            async with db.connection():
                pass
        assert await db.without_plugins().fetch_value(ONE) == 1


@pytest.fixture
async def proxy(urls: dict[str, str], database_name: str) -> AsyncIterator[Proxy]:
    async with proxy_to(urls[database_name]) as proxy:
        yield proxy


@far_away
async def test_a_server_that_is_gone_is_asked_no_more_until_it_is_back(proxy: Proxy) -> None:
    breaker = CircuitBreakerPlugin(failures=3, reset_after=0.1)
    async with Database(proxy.url, plugins=[breaker]) as db:
        good, proxy.server = proxy.server, ("127.0.0.1", 1)
        proxy.cut()
        await asyncio.sleep(0.02)
        for _ in range(2):
            with pytest.raises((ConnectError, ConnectionLostError)):
                await db.fetch_value(ONE)
        with pytest.raises((ConnectError, ConnectionLostError)):
            await db.begin()
        assert await is_open(db)
        await asyncio.sleep(0.12)
        with pytest.raises((ConnectError, ConnectionLostError)):
            await db.fetch_value(ONE)
        assert await is_open(db)
        proxy.server = good
        await asyncio.sleep(0.12)
        assert not await is_open(db)
        assert breaker.state == "closed"


@far_away
async def test_retries_end_where_it_opens(proxy: Proxy) -> None:
    breaker = CircuitBreakerPlugin(failures=3, reset_after=5)
    retry = RetryPlugin(attempts=1000, first_delay=0.001, longest_delay=0.001)
    async with Database(proxy.url, plugins=[breaker, retry]) as db:
        proxy.server = ("127.0.0.1", 1)
        proxy.cut()
        await asyncio.sleep(0.02)
        with pytest.raises(CircuitOpenError):
            await db.fetch_value(ONE)


async def test_a_function_that_fails_changes_nothing(
    opened: Callable[..., Database], caplog: pytest.LogCaptureFixture
) -> None:
    def on_change(state: str) -> None:
        raise ZeroDivisionError

    breaker = CircuitBreakerPlugin(failures=1, reset_after=0.01, on_change=on_change)
    async with opened(breaker) as db:
        await fail(db)
        await asyncio.sleep(0.02)
        assert not await is_open(db)
    assert "on_change of the circuit breaker failed" in caplog.text


def test_it_is_an_error_of_the_database() -> None:
    assert issubclass(CircuitOpenError, DatabaseError)


@pytest.mark.parametrize(
    ("option", "wrong"),
    [
        ("failures", 0),
        ("failures", "5"),
        ("share", 1.5),
        ("share", -0.1),
        ("share", "half"),
        ("window", 0),
        ("reset_after", None),
        ("reset_after", True),
        ("on_change", "print"),
    ],
)
def test_a_wrong_argument_is_told(option: str, wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{option} "):
        CircuitBreakerPlugin(**{option: wrong})
