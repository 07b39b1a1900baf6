"""The contract: what goes through plugins, in which order, on every way to the database, and what is kept."""

from __future__ import annotations

import asyncio
import gc
import json
import weakref
from dataclasses import dataclass
from typing import Any

import pytest
from pypika import Query
from pypika import Table as PypikaTable

from querykit import (
    BuildError,
    ConfigurationError,
    Database,
    Plugin,
    PluginError,
    UsageError,
    fn,
    json_array_from,
    param,
    rewrite,
    select_from,
    sql,
    table,
)
from querykit.builder.select import Select
from querykit.plugins import Call, PluginContext, Result
from tests.sample import person, pet


class OnlyCats(Plugin):
    """Every select of pets gives cats."""

    def transform_query(self, query: Any, context: PluginContext) -> Any:
        def rule(node: Any) -> Any:
            if isinstance(node, Select):
                for source in node.sources:
                    if getattr(source, "_name", None) == "pet":
                        return node.where(source["species"] == "cat")
            return node

        return rewrite(query, rule)


class OnlyOf(Plugin):
    """Every select of pets gives those of the request's owner."""

    def __init__(self) -> None:
        self.calls = 0

    def transform_query(self, query: Any, context: PluginContext) -> Any:
        self.calls += 1

        def rule(node: Any) -> Any:
            if isinstance(node, Select) and pet in node.sources:
                return node.where(pet.owner_id == context.request.owner)
            return node

        return rewrite(query, rule)


class Shout(Plugin):
    """Texts in upper case."""

    def transform_result(self, result: Result, context: PluginContext) -> Result:
        rows = [
            {key: value.upper() if isinstance(value, str) else value for key, value in row.items()}
            for row in result.rows
        ]
        return result._replace(rows=rows)


class Traced(Plugin):
    """Writes down what goes through it."""

    def __init__(self, trace: list[str]) -> None:
        self.trace = trace

    def transform_query(self, query: Any, context: PluginContext) -> Any:
        self.trace.append(f"{self.name} query")
        context.data["by"] = self.name
        return query

    def transform_result(self, result: Result, context: PluginContext) -> Result:
        self.trace.append(f"{context.data['by']} result")
        return result

    async def around_execute(self, call: Call, query: Any, context: PluginContext) -> Any:
        self.trace.append(f"{self.name} in")
        try:
            return await call.proceed()
        finally:
            self.trace.append(f"{self.name} out")


class First(Traced):
    priority = 10


class Second(Traced):
    pass


names = select_from(pet).select(pet.name).order_by(pet.id)
CATS = ["Felix", "Minka", "Amy"]


async def test_every_way_to_the_database_goes_through_plugins(db: Database) -> None:
    cats = db.with_plugin(OnlyCats())
    assert await cats.fetch_column(names) == CATS
    assert await cats.select_from(pet).select(pet.name).order_by(pet.id).fetch_column() == CATS
    assert [row["name"] async for row in cats.stream(names, chunk_size=2)] == CATS
    assert await cats.fetch_first(names) == {"name": "Felix"}
    async with cats.transaction() as trx:
        assert await trx.fetch_column(names) == CATS
        assert [row["name"] async for row in trx.stream(names)] == CATS
        async with trx.transaction() as inner:
            assert await inner.fetch_column(names) == CATS
        assert await cats.outside().fetch_column(names) == CATS if db.pool.size > 1 else True
    async with cats.connection() as connection:
        assert await connection.fetch_column(names) == CATS
        async with connection.transaction() as trx:
            assert await trx.fetch_column(names) == CATS
    assert await cats.run_in_transaction(lambda trx: trx.fetch_column(names)) == CATS
    assert len(await db.fetch_column(names)) == 5


async def test_views_of_a_transaction_are_in_it(db: Database) -> None:
    async with db.transaction() as trx:
        cats = trx.with_plugin(OnlyCats())
        assert await cats.fetch_column(names) == CATS
        assert await cats.without_plugins().fetch_all(select_from(pet).select(fn.count().as_("n"))) == [{"n": 5}]
        async with cats.transaction() as inner:
            assert await inner.fetch_column(names) == CATS
        assert len(await trx.fetch_column(names)) == 5


async def test_a_query_brings_plugins_of_its_own(db: Database) -> None:
    cats = names.with_plugin(OnlyCats())
    assert await db.fetch_column(cats) == CATS
    assert await db.fetch_column(cats.limit(1)) == ["Felix"]
    assert await db.with_plugin(Shout()).fetch_column(cats) == ["FELIX", "MINKA", "AMY"]
    assert len(await db.fetch_column(names)) == 5


async def test_a_query_of_pypika_goes_through_them(db: Database) -> None:
    old = PypikaTable("pet")
    query = Query.from_(old).select(old.name).orderby(old.id)
    assert await db.with_plugin(OnlyCats()).fetch_column(query) == CATS


async def test_nested_rows_go_through_them(db: Database) -> None:
    pets = json_array_from(select_from(pet).select(pet.name).where(pet.owner_id == person.id).order_by(pet.id)).as_(
        "pets"
    )
    query = select_from(person).select(person.first_name, pets).where(person.id == 2)
    assert await db.with_plugin(OnlyCats()).fetch_one(query) == {
        "first_name": "Bea",
        "pets": [{"name": "Felix"}, {"name": "Amy"}],
    }


# -- order, and what goes wrong -------------------------------------------------------------------------------------


async def test_a_higher_priority_transforms_queries_first_and_results_last(db: Database) -> None:
    for order in (1, -1):
        trace: list[str] = []
        view = db
        for each in [First(trace), Second(trace)][::order]:
            view = view.with_plugin(each)
        await view.fetch_all(names)
        assert trace == [
            *("First query", "Second query"),
            *("First in", "Second in", "Second out", "First out"),
            *("Second result", "First result"),
        ]


def test_equal_priorities_keep_the_order_given() -> None:
    class Third(Plugin):
        pass

    db = Database("sqlite://", plugins=[Second([]), Third(), First([])])
    assert db._plugged is not None
    assert [each.name for each in db._plugged.chain.plugins] == ["First", "Second", "Third", "ParseJSONResultsPlugin"]


def test_what_does_not_go_together_is_refused_by_name() -> None:
    class Needs(Plugin):
        requires = ("OnlyCats",)

    class Hates(Plugin):
        conflicts_with = ("OnlyCats",)

    class Chicken(Plugin):
        requires = ("Egg",)

    class Egg(Plugin):
        requires = ("Chicken",)

    for plugins, message in (
        ([OnlyCats(), OnlyCats()], "the plugin OnlyCats is there twice"),
        ([Needs()], "the plugin Needs requires OnlyCats, which is not there"),
        ([OnlyCats(), Hates()], "the plugins Hates and OnlyCats cannot be used together"),
        ([Chicken(), Egg()], "plugins require each other: Chicken → Egg → Chicken"),
        ([OnlyCats], "plugins are objects of a subclass of Plugin, not type"),
        (OnlyCats(), r"plugins is a list: plugins=\[OnlyCats\(…\)\]"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            Database("sqlite://", plugins=plugins)  # type: ignore[arg-type]
    db = Database("sqlite://", plugins=[Needs(), OnlyCats()])
    assert db._plugged is not None
    assert [each.name for each in db._plugged.chain.plugins][:2] == ["OnlyCats", "Needs"]


@pytest.mark.parametrize("function", ["transform_query", "transform_result", "around_execute"])
async def test_an_error_inside_a_plugin_names_it(db: Database, function: str) -> None:
    def fail(self: Any, *_: Any) -> Any:
        raise KeyError("colour")

    async def fail_later(self: Any, *_: Any) -> Any:
        raise KeyError("colour")

    broken = type("Broken", (Plugin,), {function: fail_later if function == "around_execute" else fail})()
    with pytest.raises(PluginError, match="the plugin Broken failed: KeyError: 'colour'") as caught:
        await db.with_plugin(broken).fetch_all(names)
    assert caught.value.plugin == "Broken"
    assert isinstance(caught.value.__cause__, KeyError)
    assert len(await db.fetch_all(names)) == 5


# -- what is kept, and what is bound --------------------------------------------------------------------------------


async def test_values_of_the_request_are_bound_when_the_query_runs(db: Database) -> None:
    plugin = OnlyOf()
    view = db.with_plugin(plugin)

    async def of(owner: int) -> Any:
        return await view.with_context(owner=owner).fetch_column(names)

    found = await asyncio.gather(*[of(owner) for owner in (2, 3, 4) * 20])
    assert found == [["Rex", "Felix", "Amy"], ["Minka"], ["Bella"]] * 20
    assert plugin.calls == 1
    with pytest.raises(
        UsageError, match=r"needs 'owner' of the request's context: run it on db\.with_context\(owner=…\)"
    ):
        await view.fetch_all(names)


async def test_values_of_the_request_go_with_named_parameters_and_cannot_be_given_as_such(db: Database) -> None:
    view = db.with_plugin(OnlyOf()).with_context(owner=2)
    query = names.where(pet.species == param("species", str))
    assert await view.fetch_column(query, parameters={"species": "cat"}) == ["Felix", "Amy"]
    assert await view.fetch_column(names, parameters={"context.owner": 3}) == ["Rex", "Felix", "Amy"]
    async with view.transaction() as trx:
        assert [row["name"] async for row in trx.stream(query, parameters={"species": "dog"})] == ["Rex"]
        assert await trx.with_context(owner=3).fetch_column(names) == ["Minka"]


async def test_no_caller_sees_the_form_of_another(db: Database) -> None:
    cats = db.with_plugin(OnlyCats())
    for _ in range(2):
        assert len(await db.fetch_all(names)) == 5
        assert await cats.fetch_column(names) == CATS
        assert len(await cats.without_plugins().fetch_all(names)) == 5


async def test_what_is_kept_goes_with_the_chain_and_with_the_statement(db: Database) -> None:
    query = select_from(pet).select(pet.name)
    view = db.with_plugin(OnlyCats())
    assert view._plugged is not None
    await view.fetch_all(query)
    chain = weakref.ref(view._plugged.chain)
    form = weakref.ref(view._plugged.chain.prepare(query, db.dialect).statement)
    other = select_from(pet).select(pet.name)
    other_form = weakref.ref(view._plugged.chain.prepare(other, db.dialect).statement)
    gc.disable()
    try:
        del other
        assert other_form() is None
        assert form() is not None
        del view
        assert chain() is None
        assert form() is None
    finally:
        gc.enable()


@dataclass
class Named:
    name: str


async def test_objects_are_made_of_what_result_plugins_gave(db: Database) -> None:
    view = db.with_plugin(Shout())
    assert (await view.fetch_all(names.rows_as(Named)))[0] == Named("REX")
    assert (await view.fetch_all(names))[0] == {"name": "REX"}
    assert await view.fetch_value(names.limit(1)) == "REX"
    assert [row async for row in view.stream(names.rows_as(Named).limit(1))] == [Named("REX")]
    assert await view.fetch_all(sql("SELECT name FROM pet WHERE id = {}", 11)) == [{"name": "FELIX"}]


class WithoutPets(Plugin):
    """Rows without their pets."""

    def transform_result(self, result: Result, context: PluginContext) -> Result:
        rows = [{key: value for key, value in row.items() if key != "pets"} for row in result.rows]
        return result._replace(rows=rows, columns=tuple([each for each in result.columns if each.name != "pets"]))


async def test_what_a_plugin_takes_away_cannot_fill_a_field(db: Database) -> None:
    @dataclass
    class Owner:
        first_name: str
        pets: list[Named]

    pets = json_array_from(select_from(pet).select(pet.name).where(pet.owner_id == person.id)).as_("pets")
    query = select_from(person).select(person.first_name, pets).where(person.id == 3)
    assert await db.fetch_all(query.rows_as(Owner)) == [Owner("Cem", [Named("Minka")])]
    view = db.with_plugin(WithoutPets())
    assert await view.fetch_all(query) == [{"first_name": "Cem"}]
    with pytest.raises(BuildError, match="pets"):
        await view.fetch_all(query.rows_as(Owner))


async def test_a_write_goes_through_those_that_wrap_the_running(restored_db: Database) -> None:
    trace: list[str] = []
    view = restored_db.with_plugin(Second(trace))
    assert (await view.update(pet).set(name="Tom").where(pet.id == 10).execute()).rows_affected == 1
    assert trace == ["Second query", "Second in", "Second out"]
    with pytest.raises(UsageError, match="Second: a write, and raw SQL, which may be one, cannot be streamed"):
        view.stream(sql("SELECT 1"))


@pytest.mark.databases("postgres", "sqlite")
async def test_an_insert_in_parts_goes_through_them_part_by_part(restored_db: Database) -> None:
    trace: list[str] = []
    view = restored_db.with_plugin(Second(trace))
    rows = [{"id": 1000 + number, "name": "x", "price": None, "pet_id": 1} for number in range(40_000)]
    result = await view.insert_into(table("toy")).values(rows).execute()
    assert result.rows_affected == 40_000
    assert trace.count("Second in") == trace.count("Second out") > 1


async def test_fetch_json_goes_through_query_plugins_and_is_refused_under_result_plugins(db: Database) -> None:
    assert json.loads(await db.with_plugin(OnlyCats()).fetch_json(names.limit(1))) == [{"name": "Felix"}]
    of = db.with_plugin(OnlyOf()).with_context(owner=3)
    assert json.loads(await of.fetch_json(names)) == [{"name": "Minka"}]
    with pytest.raises(
        UsageError, match=r"fetch_json\(\) composes its JSON in the database, where no plugin sees rows"
    ):
        await db.with_plugin(Shout()).fetch_json(names)


async def test_many_sets_of_values_go_through_plugins(restored_db: Database) -> None:
    view = restored_db.with_plugin(Second(trace := []))
    query = view.update(pet).set(name=param("name", str)).where(pet.id == param("id", int))
    await view.execute_many(query, [{"id": 10, "name": "Tom"}, {"id": 11, "name": "Tim"}])
    assert trace == ["Second query", "Second in", "Second out"]
