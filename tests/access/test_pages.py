"""Pages by number count what the query gives; pages by cursors meet every row exactly once, forth and back."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from querykit import BuildError, Column, Table, column, fn, select_from, sql
from querykit.access import paginate, paginate_cursor
from querykit.errors import InputError, UsageError
from tests.access.tables import person, pet
from tests.sample import PEOPLE

SECRET = "a secret of the tests"


class Entry(Table, name="entry"):
    id: Column[int] = column(primary_key=True)
    label: Column[str | None]
    amount: Column[Decimal | None]
    day: Column[dt.date]
    number: Column[int]
    token: Column[str] = column(hidden=True)


entry = Entry()

LABELS = [None, "", "a", "b", "ä", "'", "\\"]
AMOUNTS = [None, Decimal("-1.50"), Decimal("0.00"), Decimal("99.99")]
DAYS = [dt.date(2024, 2, 29), dt.date(1000, 1, 1), dt.date(2000, 1, 1)]


def rows_of(seed: int, count: int) -> list[dict[str, Any]]:
    pick = random.Random(seed).choice
    return [
        {
            "id": number,
            "label": pick(LABELS),
            "amount": pick(AMOUNTS),
            "day": pick(DAYS),
            "number": pick(range(3)),
            "token": f"t{number}",
        }
        for number in range(count)
    ]


@pytest.fixture
async def entries(db):
    amount = "TEXT" if db.dialect.name == "sqlite" else "DECIMAL(10, 2)"
    await db.execute(sql("DROP TABLE IF EXISTS entry"))
    await db.execute(
        sql(
            "CREATE TABLE entry (id INT PRIMARY KEY, label VARCHAR(20), amount {}, day DATE NOT NULL,"
            " number INT NOT NULL, token VARCHAR(20))",
            sql.raw(amount),
        )
    )
    await db.insert_into(entry).values(rows_of(7, 60)).execute()
    yield entry
    await db.execute(sql("DROP TABLE entry"))


ORDERS = {
    "one key": [entry.id],
    "descending": [entry.id.desc()],
    "duplicates": [entry.number],
    "mixed directions": [entry.number.desc(), entry.day, entry.id.desc()],
    "nulls last": [entry.label, entry.number.desc()],
    "nulls first": [entry.label.asc(nulls="first"), entry.amount.desc(nulls="first")],
    "descending nulls": [entry.amount.desc(), entry.label.desc(nulls="last")],
    "expression": [(entry.number * 2).desc(), entry.day.desc()],
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("limit", [1, 7, 59, 60, 61])
async def test_walking_forth_and_back_meets_every_row_once(db, entries, order, limit):
    query, order_by = db.select_from(entry).select(entry.id, entry.label).where(entry.id >= 0), ORDERS[order]
    forth, page = [], await paginate_cursor(query, order_by=order_by, limit=limit, secret=SECRET)
    assert page.previous is None
    pages = [page]
    while page.next is not None:
        page = await paginate_cursor(query, order_by=order_by, limit=limit, secret=SECRET, after=page.next)
        pages.append(page)
    forth = [row for page in pages for row in page.items]
    assert sorted(row["id"] for row in forth) == list(range(60))
    assert [len(page.items) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert list(forth[0]) == ["id", "label"], "what pages add to a query is not in its rows"
    back = list(page.items)
    while page.previous is not None:
        page = await paginate_cursor(query, order_by=order_by, limit=limit, secret=SECRET, before=page.previous)
        back = page.items + back
    assert back == forth


async def test_pages_are_in_the_order_asked_for(db, entries):
    page = await paginate_cursor(
        db.select_from(entry).select(entry.label, entry.amount),
        order_by=[entry.label.desc(nulls="first"), entry.amount],
        limit=60,
        secret=SECRET,
    )
    labels = [row["label"] for row in page.items]
    assert labels[: labels.count(None)] == [None] * labels.count(None)
    for label in ("a", "b"):
        amounts = [row["amount"] for row in page.items if row["label"] == label]
        known = [each for each in amounts if each is not None]
        assert amounts == sorted(known) + [None] * amounts.count(None)


async def test_rows_that_come_meanwhile_move_no_other(db, entries):
    query = db.select_from(entry).select(entry.id)
    first = await paginate_cursor(query, order_by=[entry.id], limit=10, secret=SECRET)
    await db.delete_from(entry).where(entry.id < 5).execute()
    second = await paginate_cursor(query, order_by=[entry.id], limit=10, secret=SECRET, after=first.next)
    assert [row["id"] for row in second.items] == list(range(10, 20))


async def test_nested_rows_come_in_pages_too(db, sample_tables):
    query = db.select_from(person).select(person.first_name, person.pets.include(pet.name))
    page = await paginate_cursor(query, order_by=[person.first_name], limit=2, secret=SECRET)
    assert page.items == [
        {"first_name": "Ada", "pets": []},
        {"first_name": "Bea", "pets": [{"name": "Amy"}, {"name": "Felix"}, {"name": "Rex"}]},
    ]


@dataclass
class PersonOut:
    id: int
    first_name: str


async def test_pages_of_typed_rows(db, sample_tables):
    query = db.select_from(person).select(person.id, person.first_name).rows_as(PersonOut)
    page = await paginate_cursor(query, order_by=[person.first_name.desc()], limit=2, secret=SECRET)
    assert page.items == [PersonOut(5, "Otto"), PersonOut(4, "Dora")]
    page = await paginate_cursor(query, order_by=[person.first_name.desc()], limit=2, secret=SECRET, after=page.next)
    assert page.items == [PersonOut(3, "Cem"), PersonOut(2, "Bea")]
    with pytest.raises(BuildError, match=r"PersonOut.*birth_year.*: select it too, and give the class a field"):
        await paginate_cursor(query, order_by=[person.birth_year], limit=2, secret=SECRET)


async def test_what_is_no_key_and_what_is_no_query_is_refused_by_name(db):
    query = db.select_from(person).select(person.id)
    with pytest.raises(BuildError, match=r"ordered by columns and other expressions, not str: person\.id"):
        await paginate_cursor(query, order_by=["id"], limit=2, secret=SECRET)
    with pytest.raises(BuildError, match=r"a query that is built, not Fragment: raw SQL is sql\(…\)\.as_table"):
        await paginate_cursor(sql("SELECT 1"), order_by=[person.id], limit=2, secret=SECRET)  # type: ignore[arg-type]


async def test_a_cursor_is_good_for_its_query_order_context_and_secret_alone(db, sample_tables):
    query = db.select_from(person).select(person.id).where(person.id > 0)
    page = await paginate_cursor(query, order_by=[person.id], limit=2, secret=SECRET)
    good = page.next
    others = [
        {"query": query.where(person.id < 9)},
        {"query": db.select_from(person).select(person.id).where(person.id > 1)},
        {"query": db.with_context(tenant=7).select_from(person).select(person.id).where(person.id > 0)},
        {"order_by": [person.id.desc()]},
        {"order_by": [person.first_name]},
        {"secret": "another"},
        {"after": good[:-1] + ("A" if good[-1] != "A" else "B")},
        {"after": "A" + good[1:] if good[0] != "A" else "B" + good[1:]},
        {"after": ""},
        {"after": "ä"},
        {"after": "!"},
        {"after": 7},
        {"after": good + "AAAA"},
    ]
    for changed in others:
        options = {"query": query, "order_by": [person.id], "limit": 2, "secret": SECRET, "after": good} | changed
        with pytest.raises(InputError, match="after: is no cursor of this list"):
            await paginate_cursor(options.pop("query"), **options)


async def test_what_cannot_be_paged_by_cursors_is_refused(db, sample_tables):
    async def refused(query, message, error=BuildError, **options):
        with pytest.raises(error, match=message):
            await paginate_cursor(query, **{"order_by": [person.id], "limit": 2, "secret": SECRET} | options)

    query = db.select_from(person).select(person.id)
    joined = query.inner_join(pet, pet.owner_id == person.id)
    await refused(query.limit(3), "no order, limit or offset of its own")
    await refused(query.order_by(person.id), "no order, limit or offset of its own")
    await refused(query.distinct(), "as a table")
    await refused(query.union(query), "as a table")
    await refused(joined, "is_unique=True")
    await refused(query, "a known type", order_by=[sql("lower({})", person.first_name)])
    await refused(db.select_from(entry).select(entry.id), "hidden", order_by=[entry.token])
    await refused(query, "secret", secret="")
    await refused(select_from(person).select(person.id), "no database", UsageError)
    await refused(query, "not both", InputError, after="x", before="y")
    for limit in (0, -1, 1001, True, "2", 2.0, None):
        await refused(query, "from 1 to 1000", InputError, limit=limit)


async def test_a_join_is_paged_by_keys_that_are_unique(db, sample_tables):
    query = db.select_from(person).select(person.id, pet.name).inner_join(pet, pet.owner_id == person.id)
    order = [person.id.desc(), pet.id]
    page = await paginate_cursor(query, order_by=order, limit=3, secret=SECRET, is_unique=True)
    page = await paginate_cursor(query, order_by=order, limit=3, secret=SECRET, is_unique=True, after=page.next)
    assert page.items == [{"id": 2, "name": "Felix"}, {"id": 2, "name": "Amy"}]


# -- by number --------------------------------------------------------------------------------------------------------


async def test_a_page_by_number_has_the_total_of_what_the_query_gives(db, sample_tables):
    async def total(query):
        return (await paginate(query, limit=1)).total

    assert await total(db.select_from(person).select(person.id).order_by(person.id)) == len(PEOPLE)
    assert await total(db.select_from(pet).select(pet.species).distinct().order_by(pet.species)) == 2
    grouped = db.select_from(pet).select(pet.species, fn.count().as_("n")).group_by(pet.species)
    assert await total(grouped.having(fn.count() > 2).order_by(pet.species)) == 1
    cats = db.select_from(pet).select(pet.name).where(pet.species == "cat")
    names = db.select_from(person).select(person.first_name)
    assert await total(cats.union_all(names).order_by(pet.name)) == 8
    nested = db.select_from(person).select(person.id, person.pets.include(pet.name)).order_by(person.id)
    assert await total(nested) == len(PEOPLE)


async def test_pages_by_number_follow_each_other(db, sample_tables):
    query = db.select_from(person).select(person.id).order_by(person.id)
    pages = [await paginate(query, page=number, limit=2) for number in (1, 2, 3, 4)]
    assert [[row["id"] for row in page.items] for page in pages] == [[1, 2], [3, 4], [5], []]
    assert [page.has_next for page in pages] == [True, True, False, False]
    assert {(page.total, page.pages) for page in pages} == {(5, 3)}


async def test_what_is_no_page_is_refused(db, sample_tables):
    query = db.select_from(person).select(person.id)
    with pytest.raises(BuildError, match="overlap"):
        await paginate(query, limit=2)
    query = query.order_by(person.id)
    with pytest.raises(BuildError, match="no limit and no offset of its own"):
        await paginate(query.limit(9), limit=2)
    for page in (0, -1, "1", True, None):
        with pytest.raises(InputError, match="page"):
            await paginate(query, page=page, limit=2)
    unbound = select_from(person).select(person.id).order_by(person.id)
    assert (await paginate(unbound, limit=2, db=db)).total == len(PEOPLE)
