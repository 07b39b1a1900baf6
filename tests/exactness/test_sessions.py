"""What a session is set to changes no value: time zones, and PostgreSQL's ways of printing."""

from typing import Any

import pytest

from querykit import Database, insert_into, json_array_from, select, select_from, sql
from tests.exactness.cases import CASES, Case
from tests.exactness.same import exact
from tests.exactness.test_matrix import declared, expected

SETTINGS = {
    "postgres": [
        "SET LOCAL TIME ZONE 'Asia/Kolkata'",
        "SET LOCAL IntervalStyle = 'sql_standard'",
        "SET LOCAL DateStyle = 'German, DMY'",
        "SET LOCAL extra_float_digits = 0",
        "SET LOCAL bytea_output = 'escape'",
    ],
    "mysql": ["SET time_zone = '+05:30'"],
    "mariadb": ["SET time_zone = '+05:30'"],
}
# A TIMESTAMP of MySQL is read and written in the session's zone, which is why ours stays UTC; a server's enum is text.
AFFECTED = [case for case in CASES if case.name not in {"timestamp", "enum of the server"}]


@pytest.mark.databases("postgres", "mysql", "mariadb")
@pytest.mark.parametrize("case", AFFECTED, ids=lambda case: case.name)
async def test_other_settings(db: Database, database_name: str, case: Case) -> None:
    column = case.columns[database_name]
    thing: Any = declared(case)
    ends_by_itself = " ON COMMIT DROP" if database_name == "postgres" else ""
    async with db.transaction() as trx:
        for setting in SETTINGS[database_name]:
            await trx.execute(sql.raw(setting))  # type: ignore[arg-type]
        await trx.execute(
            sql.raw(f"CREATE TEMPORARY TABLE exact_thing (id INT PRIMARY KEY, v {column}){ends_by_itself}")
        )
        values = [{"id": number, "v": each} for number, each in enumerate([*case.values, None])]
        await trx.execute(insert_into(thing).values(values))
        query = select_from(thing).select(thing.v).order_by(thing.id)
        assert exact(await trx.fetch_column(query)) == exact(expected(case, db))
        nested = select(json_array_from(query.scalars()).as_("values"))
        assert exact(await trx.fetch_value(nested)) == exact(expected(case, db))
        if not ends_by_itself:
            await trx.execute(sql("DROP TEMPORARY TABLE exact_thing"))
