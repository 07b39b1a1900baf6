"""Columns that have other names in the database than in Python: statements write the one, rows have the other."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from querykit import (
    BuildError,
    Column,
    CompileError,
    Json,
    PolicyViolationError,
    QueryKitError,
    Table,
    column,
    excluded,
    fn,
    insert_into,
    json_array_from,
    json_map_from,
    json_object_from,
    merge_into,
    param,
    references,
    select_from,
    table,
    update,
)
from querykit.access import Repository, has_many
from querykit.plugins import CamelCasePlugin, RowLevelSecurityPlugin, SoftDeletePlugin, TimestampsPlugin
from querykit.schema import Varchar, create_tables, drop_tables, index, unique
from querykit.schema.introspection import introspect
from tests.expected import compiles_to, spelled


class Keeper(Table, name="renamed_keeper"):
    id: Column[int] = column(primary_key=True, identity=True, name="keeperId")
    first_name: Column[str] = column(name='first"Name`', type=Varchar(50), unique=True)
    profile: Column[Json | None] = column(name="Profile")
    age: Column[int | None]
    created_at: Column[dt.datetime | None] = column(name="createdAt")
    updated_at: Column[dt.datetime | None] = column(name="updatedAt")
    deleted_at: Column[dt.datetime | None] = column(name="deletedAt")
    tenant_id: Column[int] = column(name="tenantId", default=1)

    cages = has_many(lambda: Cage, order_by=lambda cage: cage.title)


class Cage(Table, name="renamed_cage"):
    id: Column[int] = column(primary_key=True, name="cageId", identity=True)
    keeper_id: Column[int] = column(name="keeperId", references=references("renamed_keeper", "keeperId"), index=True)
    title: Column[str] = column(name="Title", type=Varchar(50), check=lambda cage: cage.title != "")

    def _constraints(self) -> list[Any]:
        return [unique(self.keeper_id, self.title), index(self.title.desc())]


keeper, cage = Keeper(), Cage()
keeper_column = cage.keeper_id


@pytest.fixture
async def zoo(db):
    await drop_tables(cage, keeper, if_exists=True).run(db)
    await create_tables(cage, keeper).run(db)
    await (
        db.insert_into(keeper)
        .values({"first_name": "Ada", "age": 36, "profile": {"likes": ["bees"]}}, {"first_name": "Bob"})
        .execute()
    )
    await (
        db.insert_into(cage)
        .values(
            {"keeper_id": 1, "title": "Ants"}, {keeper_column: 1, cage.title: "Bees"}, {"keeper_id": 2, "title": "Cats"}
        )
        .execute()
    )
    yield db
    await drop_tables(cage, keeper).run(db)


def test_statements_write_the_names_of_the_database():
    compiles_to(
        select_from(keeper).select(keeper.id, keeper.age).where(keeper.id == 1).order_by(keeper.id.desc()),
        spelled(
            'SELECT "renamed_keeper"."keeperId" AS "id", "renamed_keeper"."age" FROM "renamed_keeper" '
            'WHERE "renamed_keeper"."keeperId" = $1 ORDER BY "renamed_keeper"."keeperId" DESC',
            (1,),
        ),
    )
    compiles_to(
        insert_into(cage).values(keeper_id=1, title="Ants"),
        spelled('INSERT INTO "renamed_cage" ("keeperId", "Title") VALUES ($1, $2)', (1, "Ants")),
    )
    compiles_to(
        update(cage).set(title="Bees").where(cage.id == 2),
        spelled('UPDATE "renamed_cage" SET "Title" = $1 WHERE "renamed_cage"."cageId" = $2', ("Bees", 2)),
    )
    new = insert_into(cage).values(id=1, keeper_id=1, title="Ants").on_conflict(cage.id)
    start = 'INSERT INTO "renamed_cage" ("cageId", "keeperId", "Title") VALUES ($1, $2, $3)'
    ours = start.replace('"', "`").replace("$1, $2, $3", "%s, %s, %s")
    values = (1, 1, "Ants")
    compiles_to(
        new.do_update(title=excluded.title),
        spelled(
            start + ' ON CONFLICT ("cageId") DO UPDATE SET "Title" = "excluded"."Title"',
            values,
            mysql=(ours + " AS `new` ON DUPLICATE KEY UPDATE `Title` = `new`.`Title`", values),
            mariadb=(ours + " ON DUPLICATE KEY UPDATE `Title` = VALUES(`Title`)", values),
        ),
    )
    compiles_to(
        new.do_nothing(),
        spelled(
            start + ' ON CONFLICT ("cageId") DO NOTHING',
            values,
            mysql=(ours + " ON DUPLICATE KEY UPDATE `cageId` = `renamed_cage`.`cageId`", values),
            mariadb=(ours + " ON DUPLICATE KEY UPDATE `cageId` = `renamed_cage`.`cageId`", values),
        ),
    )


async def test_rows_have_the_names_of_python(zoo):
    found = (
        await zoo.select_from(keeper).select(keeper.id, keeper.first_name, keeper.age).order_by(keeper.id).fetch_all()
    )
    assert found == [{"id": 1, "first_name": "Ada", "age": 36}, {"id": 2, "first_name": "Bob", "age": None}]
    everything = await zoo.select_from(keeper).select_all().where(keeper.first_name == "Ada").fetch_one()
    assert list(everything) == list(keeper._columns)
    boss = keeper.as_("boss")
    assert await zoo.select_from(boss).select(boss.first_name).where(boss.id == 2).fetch_one() == {"first_name": "Bob"}
    named = zoo.select_from(keeper).select(keeper.first_name.as_("name")).order_by(keeper.first_name.desc())
    assert await named.fetch_all() == [{"name": "Bob"}, {"name": "Ada"}]
    prepared = zoo.select_from(cage).select(cage.title).where(cage.id == param("id", int)).prepare()
    assert await prepared.fetch_one(id=2) == {"title": "Bees"}
    likes = zoo.select_from(keeper).select(keeper.profile["likes"][0].as_("like")).where(keeper.id == 1)
    assert await likes.fetch_one() == {"like": "bees"}


async def test_sub_queries_and_groups_know_them_by_the_names_of_python(zoo):
    counted = select_from(cage).select(cage.keeper_id, fn.count().as_("cages")).group_by(cage.keeper_id).as_("counted")
    query = zoo.select_from(keeper).inner_join(counted, counted.keeper_id == keeper.id)
    assert await query.select(keeper.first_name, counted.cages).order_by(keeper.id).fetch_all() == [
        {"first_name": "Ada", "cages": 2},
        {"first_name": "Bob", "cages": 1},
    ]
    names = select_from(keeper).select(keeper.first_name).union_all(select_from(cage).select(cage.title))
    assert len(await zoo.fetch_all(names.order_by(keeper.first_name))) == 5
    distinct = zoo.select_from(cage).select(cage.keeper_id).distinct().order_by(cage.keeper_id)
    assert await distinct.fetch_column() == [1, 2]


async def test_nested_rows_have_the_names_of_python(zoo):
    cages = select_from(cage).where(cage.keeper_id == keeper.id).order_by(cage.title)
    mine = cage.as_("mine")
    owner = select_from(keeper).select(keeper.first_name, keeper.profile).where(keeper.id == mine.keeper_id)
    mine_of = select_from(mine).select(mine.title, json_object_from(owner).as_("owner")).where(mine.keeper_id == 1)
    query = zoo.select_from(keeper).select(
        keeper.first_name,
        json_array_from(cages.select(cage.title, cage.keeper_id)).as_("cages"),
        json_array_from(cages.select(cage.title).scalars()).as_("titles"),
        json_map_from(cages.select(cage.id, cage.title), key=cage.title).as_("by_title"),
    )
    ada = {
        "first_name": "Ada",
        "cages": [{"title": "Ants", "keeper_id": 1}, {"title": "Bees", "keeper_id": 1}],
        "titles": ["Ants", "Bees"],
        "by_title": {"Ants": {"id": 1, "title": "Ants"}, "Bees": {"id": 2, "title": "Bees"}},
    }
    assert await query.where(keeper.id == 1).fetch_one() == ada
    nested = await zoo.fetch_all(mine_of.order_by(mine.id))
    assert nested[0] == {"title": "Ants", "owner": {"first_name": "Ada", "profile": {"likes": ["bees"]}}}
    assert msgspec.json.decode(await query.where(keeper.id == 1).fetch_json()) == [ada]


@dataclass
class KeeperRow:
    id: int
    first_name: str


async def test_written_rows_come_back_under_the_names_of_python(zoo):
    if zoo.dialect.name != "mysql":
        row = await zoo.insert_into(keeper).values(first_name="Cy").returning(keeper.id, keeper.first_name).fetch_one()
        assert row == {"id": 3, "first_name": "Cy"}
    upsert = zoo.insert_into(keeper).values(id=1, first_name="Ada", age=40).on_conflict(keeper.id)
    await upsert.do_update(age=excluded.age + keeper.age, first_name=excluded(keeper).first_name).execute()
    typed = (
        await zoo.select_from(keeper)
        .select(keeper.id, keeper.first_name)
        .rows_as(KeeperRow)
        .where(keeper.id == 1)
        .fetch_all()
    )
    assert typed == [KeeperRow(1, "Ada")]
    assert await zoo.select_from(keeper).select(keeper.age).where(keeper.id == 1).fetch_value() == 76
    copy = select_from(cage).select(cage.keeper_id, fn.concat(cage.title, "!").as_("title")).where(cage.id == 1)
    await zoo.insert_into(cage).columns("keeper_id", "title").from_select(copy).execute()
    await zoo.update(table(cage._name)).set({cage.title: "Dogs"}).where(cage.title == "Ants!").execute()
    assert await zoo.select_from(cage).select(cage.title).where(cage.title == "Dogs").fetch_column() == ["Dogs"]
    await zoo.delete_from(cage).where(cage.title == "Dogs").execute()


@pytest.mark.databases("postgres")
async def test_many_rows_are_copied(zoo):
    rows = [{"keeper_id": 2, "title": f"t{number}"} for number in range(50)]
    await zoo.copy_into(cage, rows)
    assert await zoo.select_from(cage).select(fn.count()).fetch_value() == 53


@pytest.mark.databases("postgres")
async def test_merge_and_joins_by_name(zoo):
    merge = merge_into(cage).using(keeper, cage.id == keeper.id)
    await zoo.execute(
        merge.when_matched()
        .do_update(title=keeper.first_name)
        .when_not_matched()
        .do_insert(keeper_id=keeper.id, title="new")
    )
    other = cage.as_("other")
    query = zoo.select_from(cage).inner_join(other, using=["keeper_id", "title"]).select(fn.count())
    assert await query.fetch_value() == 3


def test_columns_of_one_name_and_two_are_not_joined_by_it():
    class Loose(Table, name="loose"):
        keeper_id: Column[int]

    loose = Loose()
    with pytest.raises(CompileError, match="'keeperId' on the other"):
        select_from(cage).inner_join(loose, using=["keeper_id"]).select(cage.title).compile("sqlite")


def test_two_columns_of_one_name_are_refused():
    class Twice(Table, name="twice"):
        a: Column[int] = column(name="b")
        b: Column[int]

    class Nameless(Table, name="nameless"):
        a: Column[int] = column(name="")

    for wrong, message in ((Twice, "both the column 'b'"), (Nameless, "not empty")):
        with pytest.raises(BuildError, match=message):
            wrong()


async def test_the_schema_has_the_names_of_the_database(zoo):
    found = (await introspect(zoo)).table(cage._name)
    assert [each.name for each in found.columns] == ["cageId", "keeperId", "Title"]
    assert found.primary_key == ("cageId",)
    assert found.uniques[0].columns == ("keeperId", "Title")
    assert (found.foreign_keys[0].columns, found.foreign_keys[0].keys) == (("keeperId",), ("keeperId",))


async def test_data_access_has_the_names_of_python(zoo):
    cages = Repository(zoo, cage)
    assert await cages.insert({"keeper_id": 2, "title": "Eels"}) == {"id": 4, "keeper_id": 2, "title": "Eels"}
    assert await cages.update_by_id(4, {"title": "Elks"}) == {"id": 4, "keeper_id": 2, "title": "Elks"}
    asked = {"where": {"title": {"ne": "Elks"}}, "order_by": ["-title"], "columns": ["title"], "limit": 2}
    assert await cages.find(**asked) == [{"title": "Cats"}, {"title": "Bees"}]
    query = zoo.select_from(keeper).select(keeper.first_name, keeper.cages.include(cage.title)).where(keeper.id == 2)
    assert await query.fetch_one() == {"first_name": "Bob", "cages": [{"title": "Cats"}, {"title": "Elks"}]}
    assert await cages.delete_by_id(4)


async def test_plugins_take_the_names_of_python(zoo):
    clock = dt.datetime(2030, 1, 2)
    known = zoo.with_plugin(TimestampsPlugin([keeper._name], clock=lambda: clock))
    known = known.with_plugin(SoftDeletePlugin("deleted_at", [keeper._name], clock=lambda: clock))
    known = known.with_plugin(CamelCasePlugin())
    await known.insert_into(keeper).values(first_name="Cy").execute()
    await known.delete_from(keeper).where(keeper.first_name == "Bob").execute()
    found = known.select_from(keeper).select(keeper.first_name, keeper.created_at).order_by(keeper.id)
    assert await found.fetch_all() == [
        {"firstName": "Ada", "createdAt": None},
        {"firstName": "Cy", "createdAt": clock},
    ]
    deleted = zoo.select_from(keeper).select(keeper.first_name).where(keeper.deleted_at == clock)
    assert await deleted.fetch_column() == ["Bob"]


async def test_policies_hold_whichever_name_a_statement_says(zoo):
    policies = {keeper._name: lambda table, ctx: table.tenant_id == ctx.tenant}
    mine = zoo.with_plugin(RowLevelSecurityPlugin(policies)).with_context(tenant=1)
    assert len(await mine.select_from(keeper).select(keeper.id).fetch_all()) == 2
    undeclared = table(keeper._name)
    for other, tenant, error in ((keeper, "tenant_id", PolicyViolationError), (undeclared, "tenantId", QueryKitError)):
        with pytest.raises(error):
            await mine.update(other).set({tenant: 2}).all_rows().execute()
        with pytest.raises(error):
            await mine.insert_into(other).values({"age": 1, tenant: 2}).execute()
    assert await zoo.select_from(keeper).select(keeper.tenant_id).distinct().fetch_column() == [1]
