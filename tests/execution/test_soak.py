"""The soak run, in short: ``make soak`` takes ten minutes."""

import pytest

from tests.soak import KEPT, soak


@pytest.mark.own_session  # it counts the server's connections
async def test_a_hundred_tasks_under_cancellation_and_kills_lose_and_double_nothing(
    database_name: str, urls: dict[str, str]
) -> None:
    done = await soak(database_name, urls[database_name], 5)
    assert done.outcomes.count(KEPT) > 50
    assert done.counts["Cancelled"]
