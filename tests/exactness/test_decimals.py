"""Decimals compare, order and add up as numbers, with all their digits, on every database."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from querykit import Column, Database, Table, cast, fn, insert_into, json_array_from, select, select_from, sql
from querykit.errors import UnsupportedError
from tests.exactness.same import exact


class Price(Table, name="exact_price"):
    id: Column[int]
    amount: Column[Decimal | None]
    least: Column[Decimal]


price = Price()
AMOUNTS = ["9.50", "10.00", "-3.00", "-20.00", "0.10", "12345678901234567890.12", None]


@pytest.fixture
async def prices(db: Database) -> AsyncIterator[Database]:
    """Prices whose order as text is not their order as numbers."""
    column = "TEXT" if db.dialect.name == "sqlite" else "NUMERIC(30,2)"
    await db.execute(sql("DROP TABLE IF EXISTS exact_price"))
    await db.execute(sql.raw(f"CREATE TABLE exact_price (id INT PRIMARY KEY, amount {column}, least {column})"))
    rows = [
        {"id": number, "amount": None if each is None else Decimal(each), "least": Decimal("1.00")}
        for number, each in enumerate(AMOUNTS)
    ]
    await db.execute(insert_into(price).values(rows))
    yield db
    await db.execute(sql("DROP TABLE exact_price"))


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        (price.amount > 9, [0, 1, 5]),
        (price.amount > Decimal("9.5"), [1, 5]),
        (price.amount == Decimal(10), [1]),
        (price.amount < price.least, [2, 3, 4]),
        (price.amount.between(-5, 10), [0, 1, 2, 4]),
        (price.amount.is_in([Decimal("0.1"), Decimal("10.000")]), [1, 4]),
        (price.amount.not_in([Decimal("0.1"), 10]), [0, 2, 3, 5]),
        (price.amount.is_distinct_from(Decimal("10.0")), [0, 2, 3, 4, 5, 6]),
        (price.amount + price.least > Decimal("10.9"), [1, 5]),
        (price.amount * 2 == 20, [1]),
        (-price.amount == 3, [2]),
        (price.amount % 3 == Decimal("0.5"), [0]),
    ],
)
async def test_conditions(prices: Database, condition: Any, ids: list[int]) -> None:
    assert await prices.fetch_column(select_from(price).select(price.id).where(condition).order_by(price.id)) == ids


async def test_order(prices: Database) -> None:
    expected = [Decimal(each) for each in ["-20.00", "-3.00", "0.10", "9.50", "10.00", "12345678901234567890.12"]]
    query = select_from(price).select(price.amount).where(price.amount.is_not_null())
    assert exact(await prices.fetch_column(query.order_by(price.amount))) == exact(expected)
    assert exact(await prices.fetch_column(query.order_by(price.amount.desc()))) == exact(expected[::-1])
    nested = json_array_from(query.order_by(price.amount.asc(nulls="first")).scalars()).as_("list")
    assert exact(await prices.fetch_value(select(nested))) == exact(expected)


async def test_sums_keep_all_digits(prices: Database) -> None:
    query = select_from(price).select(
        fn.sum(price.amount).as_("sum"),
        fn.min(price.amount).as_("min"),
        fn.max(price.amount).as_("max"),
        fn.sum(price.amount + price.least).as_("more"),
    )
    assert exact(await prices.fetch_one(query)) == exact(
        {
            "sum": Decimal("12345678901234567886.72"),
            "min": Decimal("-20.00"),
            "max": Decimal("12345678901234567890.12"),
            "more": Decimal("12345678901234567892.72"),
        }
    )
    average = await prices.fetch_value(select_from(price).select(fn.avg(price.amount)).where(price.id < 2))
    assert average == Decimal("9.75")
    assert await prices.fetch_value(select_from(price).select(fn.sum(price.amount)).where(price.id < 0)) is None


async def test_cast(prices: Database) -> None:
    assert await prices.fetch_value(select(cast(5, Decimal))) == 5


def test_division_on_sqlite_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="/ of Decimals"):
        select_from(price).select((price.amount / price.least).as_("ratio")).compile("sqlite")
