"""NOTIFY as a function of PostgreSQL, and the refusals of the others."""

import pytest

from querykit import Column, Table, cast, fn, select, select_from
from querykit.errors import BuildError, UnsupportedError
from querykit.execution.database import Database
from tests.expected import compiles_to


class Order(Table, name="order"):
    id: Column[int]
    status: Column[str]


order = Order()


def test_it_is_a_function_of_postgres() -> None:
    compiles_to(
        select(fn.pg_notify("news", "hello")),
        {
            "postgres": ("SELECT PG_NOTIFY($1::text, $2::text)", ("news", "hello")),
            "mysql": UnsupportedError,
            "mariadb": UnsupportedError,
            "sqlite": UnsupportedError,
        },
    )


def test_it_takes_what_a_query_finds() -> None:
    query = select_from(order).select(fn.pg_notify(order.status, cast(order.id, str)))
    assert query.compile("postgres").sql == (
        'SELECT PG_NOTIFY("order"."status", CAST("order"."id" AS text)) FROM "order"'
    )


@pytest.mark.parametrize("wrong", [("news", 5), (b"news", "x"), (order.id, "x")])
def test_it_takes_texts(wrong: tuple[object, object]) -> None:
    with pytest.raises(BuildError, match="texts"):
        fn.pg_notify(*wrong)


def test_a_select_of_it_is_no_read_to_be_run_twice() -> None:
    assert not select(fn.pg_notify("news", "hello")).compile("postgres").is_clean


@pytest.mark.databases("sqlite", "mysql", "mariadb")
async def test_other_databases_have_no_channels(db: Database) -> None:
    with pytest.raises(UnsupportedError, match="LISTEN"):
        db.listen("news")
    with pytest.raises(UnsupportedError, match="NOTIFY"):
        await db.notify("news", "hello")
