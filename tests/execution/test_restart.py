"""A server that is restarted under load: one of the test's own."""

import asyncio
from collections.abc import Callable

import pytest

from querykit.execution.database import Database
from tests.servers import PrivateServer
from tests.soak import KEPT, Soak, soak


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_a_server_restarted_under_load_loses_and_doubles_nothing(
    database_name: str, driven: Callable[[str], str]
) -> None:
    kept: list[int] = []
    with PrivateServer(database_name) as server:
        url = driven(await asyncio.to_thread(server.url))

        async def disturb(admin: Database, done: Soak, ends: float) -> None:
            await asyncio.sleep(1.5)
            kept.append(done.outcomes.count(KEPT))
            await asyncio.to_thread(server.restart)
            kept.append(done.outcomes.count(KEPT))
            async with asyncio.timeout(60):
                while done.outcomes.count(KEPT) <= kept[-1]:  # noqa: ASYNC110 - until it goes on, by itself
                    await asyncio.sleep(0.05)

        done = await soak(database_name, url, 5, disturb)
    assert done.counts["ConnectionLostError"] + done.counts["ConnectError"]
    before, after = kept
    assert 0 < before <= after < done.outcomes.count(KEPT)
