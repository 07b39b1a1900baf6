"""An entry is about one row: a key that several rows have is refused, or told apart, never merged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from querykit import (
    Column,
    Database,
    Table,
    UsageError,
    column,
    delete_from,
    excluded,
    insert_into,
    merge_into,
    param,
    select_from,
    update,
    values,
)
from querykit.schema import Varchar, create_table, drop_table
from tests.plugins.audit.conftest import Audited
from tests.sample import pet


class Visit(Table, name="visit"):
    """A table without a key of its own."""

    guest: Column[str] = column(type=Varchar(20))
    day: Column[int]
    paid: Column[int]


visit = Visit()
ROWS = [("Ada", 1, 10), ("Ada", 2, 20), ("Bea", 1, 30), ("Cem", 1, 40), ("Cem", 1, 40)]
NOT_UNIQUE = "several rows of 'visit' have the same key, 'guest': the audit needs one that is unique"
BEA = {"guest": "Bea", "day": 1, "paid": 30}


@pytest.fixture
async def visits(audited: Audited) -> AsyncIterator[Audited]:
    """With `guest` as the key, which is none."""
    await drop_table(visit, if_exists=True).run(audited.plain)
    await create_table(visit).run(audited.plain)
    await audited.plain.execute(insert_into(visit).columns("guest", "day", "paid").values(*ROWS))
    yield Audited(audited.plain, key="guest")
    await drop_table(visit).run(audited.plain)


async def rows_of(audited: Audited) -> list[tuple[Any, ...]]:
    query = select_from(visit).select_all().order_by(visit.guest, visit.day, visit.paid)
    return [tuple(each.values()) for each in await audited.plain.fetch_all(query)]


async def refused(audited: Audited, run: Callable[[Database], Awaitable[object]], message: str = NOT_UNIQUE) -> None:
    """That it writes neither rows nor entries, and the transaction it stands in goes on."""
    with pytest.raises(UsageError, match=message):
        await run(audited.db)
    async with audited.db.transaction() as trx:
        with pytest.raises(UsageError, match=message):
            await run(trx)
        assert await trx.fetch_value(select_from(pet).select(pet.name).where(pet.id == 10)) == "Rex"
    assert (await rows_of(audited), await audited.entries()) == (ROWS, [])


async def test_rows_that_share_a_key_are_not_written(visits: Audited) -> None:
    by_guest = param("guest", str)
    for write in (
        update(visit).set(paid=visit.paid + 1).where(visit.guest == "Ada"),  # both
        update(visit).set(paid=0).where(visit.guest == "Cem"),  # equal in all
        update(visit).set(paid=0).all_rows(),
        update(visit).set(paid=0).where(visit.paid == 10),  # one of two
        update(visit).set(guest="Ada").where(visit.guest == "Bea"),  # which joins the two
        update(visit).set(guest="Dora").where(visit.guest == "Ada"),
        delete_from(visit).where(visit.guest == "Ada"),
        delete_from(visit).where(visit.guest == "Cem"),
        insert_into(visit).values(guest="Bea", day=2, paid=0),
        insert_into(visit).values([{"guest": "Eva", "day": day, "paid": 0} for day in (1, 2)]),
    ):
        await refused(visits, lambda db, write=write: db.execute(write))  # type: ignore[misc]
    sets = [{"guest": "Bea"}, {"guest": "Ada"}]
    await refused(visits, lambda db: db.execute_many(update(visit).set(paid=0).where(visit.guest == by_guest), sets))


async def test_joined_rows_that_share_a_key_are_not_written(visits: Audited) -> None:
    """Where a row comes several times too, since it is joined to several."""
    joined = visit.paid > pet.id
    await refused(visits, lambda db: db.execute(update(visit).from_(pet).set(paid=0).where(joined)))
    if visits.plain.dialect.name != "sqlite":
        await refused(visits, lambda db: db.execute(delete_from(visit).using(pet).where(joined)))


@pytest.mark.databases("mysql", "mariadb")
async def test_one_of_several_in_no_certain_order_is_not_deleted(visits: Audited) -> None:
    first = delete_from(visit).where(visit.guest == "Cem").order_by(visit.day).limit(1)
    await refused(visits, lambda db: db.execute(first))


@pytest.mark.databases("mysql", "mariadb")
async def test_upserts_by_columns_that_are_not_unique_are_refused(visits: Audited) -> None:
    """Whose servers do not look at what the statement names."""
    row = insert_into(visit).values(guest="Ada", day=1, paid=0).on_conflict(visit.guest)
    message = r"the columns that on_conflict\(…\) names are not unique"
    await refused(visits, lambda db: db.execute(row.do_update(paid=excluded.paid)), message)
    await refused(visits, lambda db: db.execute(row.do_nothing()), message)


@pytest.mark.databases("postgres")
async def test_merges_into_rows_that_share_a_key_are_refused(visits: Audited) -> None:
    news = values([{"guest": "Ada", "day": 3}]).as_("news")
    start = merge_into(visit).using(news, news.guest == visit.guest)
    await refused(visits, lambda db: db.execute(start.when_matched().do_update(paid=0)))
    twice = values([{"guest": "Eva", "day": 3}, {"guest": "Eva", "day": 4}]).as_("news")
    start = merge_into(visit).using(twice, twice.guest == visit.guest)
    inserting = start.when_not_matched().do_insert(guest=twice.guest, day=twice.day, paid=0)
    await refused(visits, lambda db: db.execute(inserting))


async def test_a_row_that_has_its_key_alone_is_written_beside_those_that_share_one(visits: Audited) -> None:
    await visits.db.execute(update(visit).set(paid=31).where(visit.guest == "Bea"))
    await visits.db.execute(delete_from(visit).where(visit.guest == "Ada", visit.day == 2))
    assert await visits.entries() == [
        ("update", {"guest": "Bea"}, BEA, BEA | {"paid": 31}),
        ("delete", {"guest": "Ada"}, {"guest": "Ada", "day": 2, "paid": 20}, None),
    ]


async def test_a_key_of_all_columns_that_are_needed_tells_them_apart(visits: Audited) -> None:
    audited = Audited(visits.plain, keys={"visit": ("guest", "day")})
    await audited.db.execute(update(visit).set(paid=0).where(visit.guest == "Ada"))
    assert [entry[1] for entry in await audited.entries()] == [{"guest": "Ada", "day": day} for day in (1, 2)]
    with pytest.raises(UsageError, match=r"have the same key, \('guest', 'day'\)"):
        await audited.db.execute(delete_from(visit).where(visit.guest == "Cem"))
