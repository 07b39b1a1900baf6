"""Random tasks read, write, commit, roll back and are cancelled: no read is older than a commit that returned before it."""

from __future__ import annotations

import pytest

from querykit import Database
from querykit.plugins import CachePlugin
from tests.plugins.cache.world import READS, World


@pytest.mark.parametrize("seed", range(4))
async def test_no_read_is_older_than_a_commit_that_returned_before_it(stocked: Database, seed: int) -> None:
    world = World(seed, stocked.with_plugin(cache := CachePlugin()))
    await world.run()
    stats = cache.stats
    assert stats.hits > 10
    assert stats.shared > 0
    assert stats.kept < stats.misses
    for name, query in READS.items():  # at rest, what is kept is what is there
        for _ in range(2):
            assert await world.db.fetch_all(query) == await stocked.fetch_all(query), name
