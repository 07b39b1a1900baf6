"""A database is compared with declared tables as it would write them itself, and changed to have them, rows and all."""

from __future__ import annotations

from decimal import Decimal  # noqa: F401 - annotations say it
from typing import Any

import pytest

from querykit import Column, Database, ForeignKeyViolationError, Table, UsageError, column, fn, references, sql
from querykit.schema import (
    Enumeration,
    Integer,
    Numeric,
    SmallInt,
    Varchar,
    check,
    create_tables,
    foreign_key,
    index,
    primary_key,
    unique,
)
from querykit.schema.codegen import tables_of
from querykit.schema.diff import compare, diff, differ, sync
from querykit.schema.introspection import introspect
from tests.schema.generated import TABLES


class Zoo(Table, name="zoo"):
    id: Column[int] = column(primary_key=True, identity=True)
    name: Column[str] = column(type=Varchar(20))


class Before(Table, name="beast"):
    id: Column[int] = column(primary_key=True, identity=True)
    name: Column[str] = column(type=Varchar(50))
    age: Column[int | None] = column(type=SmallInt)
    zoo_id: Column[int | None]


zoo, before = Zoo(), Before()


def declared(**options: Any) -> Table:
    """The table `beast` with other columns, and none for None; `constraints` is what it is held to besides."""
    constraints = options.pop("constraints", lambda _: [])
    annotations = dict(Before.__annotations__)
    columns = {name: getattr(Before, name, None) for name in annotations}
    for name, option in options.items():
        if option is None:
            del annotations[name], columns[name]
        else:
            annotations[name], columns[name] = option
    made = {name: each for name, each in columns.items() if each is not None}
    names = {"__annotations__": annotations, "_constraints": constraints, "__module__": __name__}
    return type("Beast", (Table,), names | made, name="beast")()


TEXT, INT = "Column[str]", "Column[int | None]"
CHANGES: dict[str, tuple[Table, str, str | None, str | None]] = {
    "a nullable column": (declared(legs=(INT, None)), "+ column beast.legs", None, None),
    "a column with a default": (declared(legs=("Column[int]", column(default=4))), "+ column beast.legs", None, None),
    "a column that has to have a value": (
        declared(legs=("Column[int]", None)),
        "+ column beast.legs",
        None,
        "fails where the table has rows",
    ),
    "a computed column": (
        declared(shout=("Column[str | None]", column(type=Varchar(50), generated=lambda it: fn.upper(it.name)))),
        "+ column beast.shout",
        None,
        None,
    ),
    "a column goes": (declared(age=None), "- column beast.age", "its values are lost", None),
    "a wider type": (declared(age=(INT, column(type=Integer))), "~ column beast.age", None, None),
    "a longer text": (declared(name=(TEXT, column(type=Varchar(90)))), "~ column beast.name", None, None),
    "a shorter text": (
        declared(name=(TEXT, column(type=Varchar(10)))),
        "~ column beast.name",
        "values that do not fit",
        None,
    ),
    "another kind of type": (
        declared(age=("Column[Decimal | None]", column(type=Numeric(10, 2)))),
        "~ column beast.age",
        "values that do not fit",
        None,
    ),
    "no NULL any more": (declared(age=("Column[int]", column(type=SmallInt))), "~ column beast.age", None, "have NULL"),
    "NULL": (declared(name=("Column[str | None]", column(type=Varchar(50)))), "~ column beast.name", None, None),
    "a default": (declared(age=(INT, column(type=SmallInt, default=7))), "~ column beast.age", None, None),
    "a unique key": (
        declared(constraints=lambda it: [unique(it.name, it.age)]),
        "+ unique key beast.beast_name_age_key",
        None,
        "do not meet it",
    ),
    "a check": (
        declared(constraints=lambda it: [check(it.age > 0, name="old")]),
        "+ check beast.old",
        None,
        "do not meet it",
    ),
    "a foreign key": (
        declared(zoo_id=(INT, column(references=references("zoo", on_delete="cascade")))),
        "+ foreign key beast.beast_zoo_id_fkey",
        None,
        "do not meet it",
    ),
    "an index": (declared(constraints=lambda it: [index(it.age.desc(), it.name)]), "+ index beast.", None, None),
}


@pytest.fixture
async def db(own_url):
    async with Database(own_url) as database:
        yield database


@pytest.fixture
async def empty(db):
    async def clear():
        for name in ("querykit_beast", "beast", "zoo", "cub", *reversed([each._name for each in TABLES])):
            await db.execute(sql("DROP TABLE IF EXISTS {} {}", sql.id(name), cascade))

    cascade = sql("CASCADE") if db.dialect.name == "postgres" else sql("")
    if db.dialect.name in ("mysql", "mariadb"):
        await db.execute(sql("DROP TABLE IF EXISTS fed, passport, animal, cage, keeper"))
    await clear()
    yield db
    if db.dialect.name in ("mysql", "mariadb"):
        await db.execute(sql("DROP TABLE IF EXISTS fed, passport, animal, cage, keeper"))
    await clear()
    if db.dialect.name == "postgres":
        await db.execute(sql("DROP TYPE IF EXISTS mood"))


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_is_told_made_and_taken_back_with_the_rows_that_are_there(empty, name):
    after, text, loss, risk = CHANGES[name]
    await create_tables(zoo, before).run(empty)
    await empty.insert_into(zoo).values(name="park").execute()
    await empty.insert_into(before).values(name="Rex", age=3, zoo_id=1).execute()
    if risk == "fails where the table has rows":
        await empty.execute(sql("DELETE FROM beast"))
    at_first = await introspect(empty)
    seen = await differ([zoo, after], empty)
    plan = seen.forth()
    (change,) = plan.changes
    assert text in change.text
    assert (loss or "") in (change.loss or "")
    assert (loss is None) == (change.loss is None)
    assert (risk or "") in (change.risk or "")
    assert (risk is None) == (change.risk is None)
    assert await introspect(empty) == at_first  # nothing was changed by looking
    await plan.run(empty, lose_data=True)
    assert not compare(await introspect(empty), seen.after)
    if risk != "fails where the table has rows":
        assert (await empty.fetch_one(sql("SELECT name FROM beast")))["name"] == "Rex"
    await seen.back(tables_of(at_first, empty.dialect.name)).run(empty, lose_data=True)
    assert not compare(await introspect(empty), at_first)


async def test_a_database_made_of_declared_tables_has_no_differences_nor_has_one_from_generated_ones(empty):
    done, left = await sync(TABLES, empty)
    assert len(done.changes) == len(TABLES) + (empty.dialect.name == "postgres")
    assert not left
    assert str(await diff(TABLES, empty)) == "no differences"
    assert not await diff(tables_of(await introspect(empty), empty.dialect.name), empty)
    assert not (await sync(TABLES, empty)).done


async def test_what_loses_data_is_run_only_if_it_may(empty):
    await create_tables(zoo, before).run(empty)
    plan = await diff([declared(age=None)], empty)
    assert [change.loss for change in plan.changes if change.loss][-1] == "its rows are lost"
    with pytest.raises(UsageError, match=r"loses data: .*its values are lost.*its rows are lost"):
        await plan.run(empty)
    assert plan.loses_data
    assert not await diff([before], empty, ignore=["zoo"])


async def test_sync_creates_what_is_missing_and_drops_only_if_told(empty):
    await create_tables(zoo, before).run(empty)
    wanted = [declared(age=None, legs=(INT, None), constraints=lambda it: [index(it.legs)])]
    done, left = await sync(wanted, empty)
    assert [each.text.partition(":")[0] for each in done.changes] == [
        "+ column beast.legs",
        "+ index beast.beast_legs_idx",
    ]
    assert "- column beast.age" in str(left)
    assert "- table zoo" in str(left)
    assert {"age", "legs"} <= {each.name for each in (await introspect(empty)).table("beast").columns}
    done, left = await sync(wanted, empty, drop=True)
    assert (bool(done), bool(left)) == (True, False)
    assert not await diff(wanted, empty)


class Egg(Table, name="beast"):
    id: Column[int] = column(primary_key=True)
    hen_id: Column[int | None] = column(references=references("zoo"))


class Hen(Table, name="zoo"):
    id: Column[int] = column(primary_key=True)
    egg_id: Column[int | None] = column(references=references("beast"))


async def test_tables_that_refer_to_each_other_in_a_circle_are_made_and_go(empty):
    await sync([Egg(), Hen()], empty)
    assert not await diff([Egg(), Hen()], empty)
    plan = await diff([], empty)
    assert plan.loses_data
    await plan.run(empty, lose_data=True)
    assert not (await introspect(empty)).tables


class Composite(Table, name="beast"):
    id: Column[int]
    name: Column[str] = column(type=Varchar(50))
    age: Column[int | None] = column(type=Integer)
    zoo_id: Column[int | None]

    def _constraints(self) -> list[Any]:
        return [primary_key(self.name, self.id), foreign_key(self.zoo_id, table="zoo", keys=["id"], name="lives")]


async def test_another_primary_key(empty):
    await create_tables(zoo, before).run(empty)
    plan = await diff([zoo, Composite()], empty)
    await plan.run(empty, lose_data=True)
    assert not await diff([zoo, Composite()], empty)


class Cub(Table, name="cub"):
    id: Column[int] = column(primary_key=True)
    beast_id: Column[int] = column(references=references("beast", on_delete="cascade"))


@pytest.mark.databases("sqlite")
async def test_a_table_that_is_made_anew_keeps_what_refers_to_it_its_triggers_and_views(empty):
    await create_tables(zoo, before, Cub()).run(empty)
    await empty.execute(sql("CREATE TRIGGER loud AFTER INSERT ON beast BEGIN UPDATE beast SET age = 1; END"))
    await empty.execute(sql("CREATE VIEW named AS SELECT name FROM beast"))
    await empty.execute(sql("INSERT INTO beast (id, name) VALUES (5, 'Rex')"))
    await empty.execute(sql("INSERT INTO cub VALUES (1, 5)"))
    after = declared(name=(TEXT, column(type=Varchar(90))), constraints=lambda it: [check(it.age < 9, name="young")])
    plan = await diff([zoo, after, Cub()], empty)
    with pytest.raises(UsageError, match="outside of transactions"):
        async with empty.transaction() as trx:
            await plan.run(trx)
    await plan.run(empty)
    assert await empty.fetch_value(sql("SELECT beast_id FROM cub")) == 5
    assert await empty.fetch_all(sql("SELECT name FROM named")) == [{"name": "Rex"}]
    await empty.execute(sql("INSERT INTO beast (name, age) VALUES ('Tom', 3)"))
    assert await empty.fetch_column(sql("SELECT age FROM beast")) == [1, 1]
    assert await empty.fetch_value(sql("PRAGMA foreign_keys")) == 1
    async with empty.connection() as connection:
        await connection.execute(sql("PRAGMA foreign_keys = OFF"))
        await connection.execute(sql("INSERT INTO cub VALUES (2, 77)"))
    with pytest.raises(ForeignKeyViolationError, match="rows of cub would refer to nothing"):
        await (await diff([zoo, before, Cub()], empty)).run(empty, lose_data=True)
    assert not await diff([zoo, after, Cub()], empty)
    await empty.execute(sql("DROP VIEW named"))


def moods(*values: str) -> Table:
    return declared(mood=("Column[str | None]", column(type=Enumeration(*values, name="mood"))))


@pytest.mark.databases("postgres")
async def test_values_of_an_enumeration_are_added_and_their_loss_is_left_to_a_person(empty):
    await sync([moods("a", "c")], empty)
    plan = await diff([moods("_", "a", "b", "c", "d")], empty)
    assert str(plan) == "~ enumeration mood: a, c → _, a, b, c, d"
    await plan.run(empty)
    assert not await diff([moods("_", "a", "b", "c", "d")], empty)
    plan = await diff([moods("a")], empty)
    assert "do it by hand" in str(plan)
    with pytest.raises(UsageError, match="no statement does this"):
        await plan.run(empty)
    await (await diff([], empty)).run(empty, lose_data=True)
    assert not (await introspect(empty)).enums


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_what_a_database_cannot_write_is_refused_and_nothing_is_left(empty):
    bad = declared(constraints=lambda _: [check(sql.raw("nonsense nonsense"), name="bad")])
    databases = await empty.fetch_column(sql("SELECT schema_name FROM information_schema.schemata ORDER BY 1"))
    with pytest.raises(Exception, match="nonsense"):
        await diff([bad], empty)
    again = await empty.fetch_column(sql("SELECT schema_name FROM information_schema.schemata ORDER BY 1"))
    assert [each for each in again if not each.startswith("pg_")] == [
        each for each in databases if not each.startswith("pg_")
    ]
