"""The garbage collector waits while many rows are made, and for no longer."""

import gc
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from querykit import Database, register_type, select_from, values
from querykit.errors import DecodeError

SEEN: list[bool] = []
"""Whether the collector was on when a value was read."""


class Watched(NamedTuple):
    number: int


def read(number: int) -> Watched:
    SEEN.append(gc.isenabled())
    if number < 0:
        raise ValueError
    return Watched(number)


register_type(Watched, int, encode=lambda watched: watched.number, decode=read)


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    SEEN.clear()
    yield
    gc.enable()


async def watched(db: Database, numbers: list[int]) -> list[Watched]:
    rows = values([{"v": number} for number in numbers]).as_("t")
    return await db.fetch_column(select_from(rows).select(rows.v.returns(Watched).as_("v")))


async def test_it_waits_for_many_rows_and_not_for_few(db: Database) -> None:
    assert await watched(db, [1, 2]) == [Watched(1), Watched(2)]
    assert SEEN == [True, True]
    SEEN.clear()
    assert len(await watched(db, list(range(100)))) == 100
    assert set(SEEN) == {False}
    assert gc.isenabled()


async def test_it_goes_on_after_a_value_that_cannot_be_read(db: Database) -> None:
    with pytest.raises(DecodeError):
        await watched(db, [*range(100), -1])
    assert gc.isenabled()


async def test_it_stays_off_where_the_program_put_it_off(db: Database) -> None:
    gc.disable()
    await watched(db, list(range(100)))
    assert not gc.isenabled()
