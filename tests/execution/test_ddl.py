"""Queries whose tables change while the server has them prepared."""

import pytest

from querykit import sql
from querykit.errors import DatabaseError
from querykit.execution.database import Database
from tests.execution.conftest import Item

TO_ANOTHER_TYPE = {
    "postgres": "ALTER TABLE item ALTER name TYPE text",
    "mysql": "ALTER TABLE item MODIFY name VARCHAR(60)",
    "mariadb": "ALTER TABLE item MODIFY name VARCHAR(60)",
    "sqlite": "ALTER TABLE item ADD COLUMN more TEXT",
}


async def test_a_query_goes_on_after_the_type_of_a_column_changed(
    db: Database, items: Item, database_name: str
) -> None:
    query = db.select_from(items).select(items.id, items.name)
    await db.insert_into(items).values(id=1, name="one").execute()
    for _ in range(2):
        assert await query.fetch_all() == [{"id": 1, "name": "one"}]
    await db.execute(sql(TO_ANOTHER_TYPE[database_name]))
    for _ in range(2):
        assert await query.fetch_all() == [{"id": 1, "name": "one"}]


@pytest.mark.databases("postgres")
async def test_a_transaction_that_meets_the_change_fails_and_the_next_one_does_not(db: Database, items: Item) -> None:
    """PostgreSQL refuses a statement that was prepared for the old type, and with it the whole transaction."""
    query = db.select_from(items).select(items.id, items.name)
    async with db.connection() as connection:
        await connection.fetch_all(query)
        await db.execute(sql(TO_ANOTHER_TYPE["postgres"]))
        with pytest.raises(DatabaseError, match="plan is invalid due to a database schema"):
            async with connection.transaction() as trx:
                await trx.fetch_all(query)
        async with connection.transaction() as trx:
            assert await trx.fetch_all(query) == []


@pytest.mark.databases("postgres")
async def test_more_statements_than_are_kept_prepared_run(db: Database) -> None:
    for number in range(450):
        assert await db.fetch_value(sql.raw(f"SELECT {number} AS n")) == number
        assert await db.select(sql.raw(f"{number}").returns(int).as_("n")).fetch_value() == number
