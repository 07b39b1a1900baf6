"""Walking through pages by cursors, forth and back, in any order of any rows, while others write.

`QUERYKIT_EXAMPLES=1000 make test ARGS="tests/access/test_walking.py"` looks longer.
"""

from __future__ import annotations

import asyncio
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from querykit import BuildError, Column, Database, Table, column, cte, fn, select_from, with_
from querykit.access import paginate, paginate_cursor
from querykit.errors import InputError
from querykit.schema import Varchar, create_table, drop_table
from tests.access.test_pages import AMOUNTS, LABELS, SECRET

EXAMPLES = int(os.environ.get("QUERYKIT_EXAMPLES", "25"))


class Item(Table, name="item"):
    id: Column[int] = column(primary_key=True)
    label: Column[str | None] = column(type=Varchar(20))
    rank: Column[int | None]
    weight: Column[float | None]
    token: Column[str | None] = column(type=Varchar(20), hidden=True)


item = Item()
NULLS = st.sampled_from([None, "first", "last"])
KEYS = st.builds(
    lambda name, nulls, is_descending: item[name].desc(nulls=nulls) if is_descending else item[name].asc(nulls=nulls),
    st.sampled_from(["label", "rank", "weight"]),
    NULLS,
    st.booleans(),
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(LABELS),
        st.sampled_from([None, 0, 1, -1]),
        st.sampled_from([None, 0.1, 0.0, -1e300, 1 / 3, *[float(each) for each in AMOUNTS if each is not None]]),
    ),
    max_size=12,
)


@pytest.fixture(scope="module")
async def items(database_name, urls):
    async with Database(urls[database_name]) as db:
        await drop_table(item, if_exists=True).run(db)
        await create_table(item).run(db)
        yield
        await drop_table(item).run(db)


async def fill(db, rows, first=0):
    named = [
        {"id": number, "label": label, "rank": rank, "weight": weight}
        for number, (label, rank, weight) in enumerate(rows, first)
    ]
    if named:
        await db.insert_into(item).values(named).execute()


async def walked(query, order_by, limit, **start):
    """The ids of the pages from a cursor on, and the last page."""
    way, step = ("before", "previous") if "before" in start else ("after", "next")
    pages = [await paginate_cursor(query, order_by=order_by, limit=limit, secret=SECRET, **start)]
    while (cursor := getattr(pages[-1], step)) is not None:
        pages.append(await paginate_cursor(query, order_by=order_by, limit=limit, secret=SECRET, **{way: cursor}))
    ordered = pages if way == "after" else pages[::-1]
    return [row["id"] for page in ordered for row in page.items], pages[-1]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, order_by=st.lists(KEYS, max_size=3, unique_by=lambda key: key.term.name), limit=st.integers(1, 5))
async def test_every_row_is_met_once_forth_and_back(db, items, rows, order_by, limit):
    await db.delete_from(item).all_rows().execute()
    await fill(db, rows)
    query = db.select_from(item).select(item.id)
    forth, last = await walked(query, order_by, limit)
    assert sorted(forth) == list(range(len(rows)))
    if order_by and rows:
        whole = await paginate_cursor(query, order_by=order_by, limit=len(rows), secret=SECRET)
        assert [row["id"] for row in whole.items] == forth
    back = [row["id"] for row in last.items]
    if last.previous is not None:
        back = (await walked(query, order_by, limit, before=last.previous))[0] + back
    assert back == forth


@pytest.mark.parametrize("order_by", [[item.label.desc(nulls="first"), item.rank], [item.rank, item.weight.desc()]])
async def test_rows_that_were_there_are_met_once_while_others_come(database_name, urls, items, order_by):
    async with Database(urls[database_name]) as db:
        await db.delete_from(item).all_rows().execute()
        rows = [(LABELS[n % len(LABELS)], [None, 0, 1][n % 3], [None, 0.5][n % 2]) for n in range(40)]
        await fill(db, rows)
        has_begun, is_over = asyncio.Event(), asyncio.Event()

        async def insert():
            number = 100
            while not is_over.is_set():
                await fill(db, [rows[number % 40]], number)
                number += 1
                has_begun.set()
                await asyncio.sleep(0)
            return number

        task = asyncio.create_task(insert())
        await has_begun.wait()
        query = db.select_from(item).select(item.id)
        try:
            pages = [await paginate_cursor(query, order_by=order_by, limit=5, secret=SECRET)]
            while pages[-1].next is not None and len(pages) < 20:  # those who write may always be ahead
                pages.append(
                    await paginate_cursor(query, order_by=order_by, limit=5, secret=SECRET, after=pages[-1].next)
                )
        finally:
            is_over.set()
            last = await task
        rest = pages[-1].next
        met = [row["id"] for page in pages for row in page.items]
        if rest is not None:
            met += (await walked(query, order_by, 50, after=rest))[0]
        assert len(met) == len(set(met))
        assert {number for number in met if number < 100} == set(range(40))
        assert last > 101, "rows came meanwhile"
        back = (await walked(query, order_by, 7, before=pages[-1].previous))[0]
        assert len(back) == len(set(back))


async def test_no_cursor_carries_a_hidden_column(db, items):
    named = select_from(item).select(item.id, item.token.as_("t"), item.label)
    both = named.union_all(named)
    inner, common, united = named.as_("inner_items"), cte("common_items", named), both.as_("united")
    for query, order_by in [
        (select_from(item).select(item.id), fn.lower(item.token)),
        (select_from(inner).select(inner.id), inner.t),
        (select_from(inner).select(inner.id), fn.upper(inner.t).desc()),
        (select_from(united).select(united.id), united.t),
    ]:
        with pytest.raises(BuildError, match="hidden"):
            await paginate_cursor(query, order_by=[order_by], limit=1, secret=SECRET, is_unique=True, db=db)
    outer = with_(common).select_from(common).select(common.id)
    with pytest.raises(BuildError, match="hidden"):
        await paginate_cursor(outer, order_by=[common.t], limit=1, secret=SECRET, is_unique=True, db=db)
    await paginate_cursor(
        select_from(inner).select(inner.id),
        order_by=[inner.label, inner.id],
        limit=1,
        secret=SECRET,
        is_unique=True,
        db=db,
    )


async def test_a_cursor_is_one_text_alone(db, items):
    await db.delete_from(item).all_rows().execute()
    await fill(db, [("a", 1, None)] * 3)
    query = db.select_from(item).select(item.id)
    for order_by in ([item.id], [item.rank, item.id], [item.label]):
        good = (await paginate_cursor(query, order_by=order_by, limit=1, secret=SECRET)).next
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        wrong = [good[:-1] + each for each in alphabet if each != good[-1]]
        wrong += [good + "=", good + "\n", " " + good, good[:5] + "!" + good[5:], good.replace("_", "/")]
        for cursor in wrong:
            if cursor == good:
                continue
            with pytest.raises(InputError, match="is no cursor"):
                await paginate_cursor(query, order_by=order_by, limit=1, secret=SECRET, after=cursor)


async def test_what_has_no_key_of_its_own_is_paged_as_a_table(db, items):
    await db.delete_from(item).all_rows().execute()
    await fill(db, [(label, rank, None) for label in ("a", "b", None) for rank in (1, 1, None)])
    labels = select_from(item).select(item.label, item.rank)
    grouped = select_from(item).select(item.rank, fn.count().as_("items")).group_by(item.rank)
    for query, keys, count in [
        (labels.distinct(), ["label", "rank"], 6),
        (labels.union(labels.where(item.rank == 1)), ["rank", "label"], 6),
        (grouped, ["items", "rank"], 2),
    ]:
        table = query.as_("paged")
        order_by = [table[keys[0]].desc(), table[keys[1]]]
        met, cursor = [], None
        while cursor is not None or not met:
            page = await paginate_cursor(
                db.select_from(table).select(table[keys[0]], table[keys[1]]),
                order_by=order_by,
                limit=2,
                secret=SECRET,
                is_unique=True,
                after=cursor,
            )
            met += [tuple(each.values()) for each in page.items]
            cursor = page.next
        assert len(met) == len(set(met)) == count
        assert (await paginate(query.order_by(item.rank), limit=2, db=db)).total == count
