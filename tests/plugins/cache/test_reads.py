"""What is kept: for which reads, for how long, and that nobody can change it for the others."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from pypika import Query
from pypika import Table as PypikaTable
from pypika.functions import CurTimestamp

from querykit import (
    ConfigurationError,
    Database,
    Plugin,
    UsageError,
    cte,
    exists,
    fn,
    json_array_from,
    json_object_from,
    param,
    rewrite,
    select_from,
    sql,
    table,
    value,
    with_,
)
from querykit.builder.select import Select
from querykit.plugins import CachePlugin, CacheStats, MemoryStore, PluginContext, ReadsOnly, WithSchemaPlugin
from querykit.plugins.cache.keys import key_of_values
from querykit.plugins.cache.statements import footprint
from querykit.plugins.cache.store import Lifetime
from tests.plugins.cache.conftest import Cached
from tests.sample import person, pet, toy

names = select_from(pet).select(pet.id, pet.name).order_by(pet.id)
toys = json_array_from(select_from(toy).select(toy.name).where(toy.pet_id == pet.id).order_by(toy.id))
nested = (
    select_from(person)
    .select(
        person.first_name,
        json_array_from(
            select_from(pet).select(pet.name, toys.as_("toys")).where(pet.owner_id == person.id).order_by(pet.id)
        ).as_("pets"),
    )
    .order_by(person.id)
)


async def test_a_result_is_given_again_without_asking_the_database(cached: Cached) -> None:
    for query in (names, nested, names.limit(2)):
        first = await cached.db.fetch_all(query)
        assert cached.through.take() == 1
        for _ in range(3):
            assert await cached.db.fetch_all(query) == first
        assert cached.through.take() == 0
    assert cached.cache.stats == CacheStats(hits=9, shared=0, misses=3, kept=3)
    assert cached.cache.stats.hit_rate == 0.75


async def test_every_way_to_read_is_cached(cached: Cached) -> None:
    one = names.where(pet.id == 10)
    old = PypikaTable("pet")
    for read in (
        lambda: cached.db.fetch_one(one),
        lambda: cached.db.fetch_one_or_none(names.where(pet.id == 11)),
        lambda: cached.db.fetch_first(names),
        lambda: cached.db.fetch_value(select_from(pet).select(fn.count())),
        lambda: cached.db.fetch_column(select_from(pet).select(pet.name)),
        lambda: cached.db.fetch_json(nested),
        lambda: cached.db.fetch_all(Query.from_(old).select(old.name).where(old.id == 10)),
        lambda: cached.db.fetch_all(select_from(table("pet")).select_all()),
        lambda: cached.db.select_from(pet).select(pet.id).where(exists(select_from(toy).select(toy.id))).fetch_all(),
    ):
        first = await read()
        assert cached.through.take() == 1
        assert await read() == first
        assert cached.through.take() == 0


async def test_rows_are_decoded_as_each_query_says(cached: Cached) -> None:
    class Named(msgspec.Struct):
        id: int
        name: str

    rows = await cached.db.fetch_all(names)
    assert await cached.db.fetch_all(names.rows_as(Named)) == [Named(**row) for row in rows]
    weights = select_from(pet).select(pet.weight).where(pet.id == 13)
    assert await cached.db.fetch_value(weights) == 12.0
    assert cached.through.take() == 2


async def test_a_caller_cannot_change_what_others_get(cached: Cached) -> None:
    first = await cached.db.fetch_all(nested)
    expected = msgspec.json.encode(first)
    for _ in range(3):
        rows = await cached.db.fetch_all(nested)
        rows[1]["pets"][0]["name"] = "changed"
        rows[1]["pets"][0]["toys"].clear()
        rows[1]["pets"].append("more")
        rows.pop()
        assert msgspec.json.encode(await cached.db.fetch_all(nested)) == expected
    assert cached.through.take() == 1


@pytest.mark.databases("postgres")
async def test_lists_and_documents_are_copied(cached: Cached) -> None:
    query = sql("SELECT ARRAY[1, 2] AS items, ARRAY[ARRAY['a']] AS words")
    read = query.returns_rows(items=Any, words=Any).with_plugin(ReadsOnly())
    for _ in range(3):
        (row,) = await cached.db.fetch_all(read)
        assert (row["items"], row["words"]) == ([1, 2], [["a"]])
        row["items"].clear()
        row["words"][0].append("b")
    assert cached.through.take() == 1


@pytest.mark.databases("postgres")
async def test_what_may_change_in_an_unknown_way_is_not_kept(cached: Cached) -> None:
    query = sql("SELECT pet AS whole FROM pet").returns_rows(whole=Any).with_plugin(ReadsOnly())
    for _ in range(2):
        await cached.db.fetch_all(query)
    assert cached.through.take() == 2
    assert cached.cache.stats.kept == 0


async def test_transactions_and_connections_read_from_the_database(cached: Cached) -> None:
    await cached.db.fetch_all(names)
    cached.through.take()
    async with cached.db.transaction() as trx:
        for _ in range(2):
            await trx.fetch_all(names)
            await trx.with_plugin(WithSchemaPlugin("x")).without_plugins().fetch_all(names)
    async with cached.db.connection() as connection:
        await connection.fetch_all(names)
        async with connection.transaction() as trx:
            await trx.fetch_all(names)
    assert cached.through.take() == 4
    assert cached.cache.stats == CacheStats(hits=0, shared=0, misses=1, kept=1)


async def test_streams_are_not_cached(cached: Cached) -> None:
    await cached.db.fetch_all(names)
    for _ in range(2):
        assert len([row async for row in cached.db.stream(names)]) == 5
    assert cached.cache.stats.hits == 0


async def test_what_is_run_for_its_effect_or_explained_is_not_kept(cached: Cached) -> None:
    for _ in range(2):
        await cached.db.execute(names)
        await cached.db.explain(names)
    assert cached.through.take() == 4
    assert await cached.asks(names)


async def test_reads_that_differ_each_time_are_not_kept(cached: Cached) -> None:
    old = PypikaTable("pet")
    queries = [
        select_from(pet).select(fn.now().as_("at")),
        select_from(pet).select(pet.id).where(fn.current_date() > dt.date(2020, 1, 1)),
        select_from(pet).select(json_array_from(select_from(toy).select(fn.random().as_("r"))).as_("x")),
        Query.from_(old).select(CurTimestamp().as_("at")),
        select_from(pet).select(CurTimestamp(alias="at")),
    ]
    if cached.db.dialect.name != "sqlite":
        queries.append(names.for_update())
    for query in queries:
        assert await cached.asks(query)
        assert await cached.asks(query)


PURE = """
abs array array_agg avg bool_and bool_or cardinality ceil char_length coalesce concat concat_ws contained_by contains
count cume_dist date_trunc dense_rank div element exp extract first_value floor greatest group_concat grouping lag
last_value lead least left length ln log10 lower lpad ltrim match max min mod mode nth_value ntile nullif octet_length
overlaps percent_rank percentile_cont percentile_disc position power range_of rank regexp_like repeat replace reverse
right round row_number rpad rtrim sign sqrt stddev stddev_pop stddev_samp string_agg substring sum trim trunc upper
var_pop var_samp variance
"""
CHANGING = {"now", "current_date", "current_time", "current_timestamp", "random"}
NOT_CLEAN = {"call", "currval", "nextval", "pg_notify"}


def test_of_every_function_it_is_known_whether_its_result_can_be_kept() -> None:
    """A new one belongs into one of these: the cache keeps what it does not know to change."""
    assert {name for name in vars(fn) if not name.startswith("_")} == {*PURE.split()} | CHANGING | NOT_CLEAN
    for name in CHANGING:
        assert footprint(select_from(pet).select(getattr(fn, name)().as_("x")), {}).reads == frozenset()


# -- keys -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (0, False),
        (1, 1.0),
        (0.0, -0.0),
        (Decimal("1.0"), Decimal("1.00")),
        (Decimal(1), 1),
        ("1", 1),
        ("a", b"a"),
        (b"a", bytearray(b"a")),
        (None, ""),
        ([1, 2], (1, 2)),
        ([1, [2]], [1, [2.0]]),
        ({"a": 1}, {"a": True}),
        ({"a": 1, "b": 2}, {"a": 2, "b": 1}),
        (
            dt.datetime(2020, 1, 1, 12, tzinfo=dt.UTC),
            dt.datetime(2020, 1, 1, 14, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        ),
        (dt.datetime(2020, 1, 1, fold=0), dt.datetime(2020, 1, 1, fold=1)),
        (dt.datetime(2020, 1, 1), dt.date(2020, 1, 1)),
        (dt.time(12, tzinfo=dt.UTC), dt.time(12)),
    ],
)
def test_values_that_python_takes_for_equal_are_different_keys(one: Any, other: Any) -> None:
    assert key_of_values([one]) != key_of_values([other])
    for each in (one, other):
        assert key_of_values([each]) == key_of_values([each])
        hash(key_of_values([each]))
    assert key_of_values(["a", "b"]) != key_of_values(["b", "a"])
    assert key_of_values([float("nan")]) == key_of_values([float("nan")])


def test_a_value_of_an_unknown_type_has_no_key() -> None:
    class Text(str):
        __slots__ = ()

    for each in (Text("a"), object(), {1, 2}):
        assert key_of_values([1, each]) is None
        assert key_of_values([[each]]) is None


async def test_each_value_of_a_parameter_has_its_own_result(cached: Cached) -> None:
    by_species = select_from(pet).select(pet.name).where(pet.species == param("species", str)).order_by(pet.id)
    by_weight = select_from(pet).select(pet.name).where(pet.weight == param("weight", float))
    for _ in range(2):
        assert await cached.db.fetch_column(by_species, parameters={"species": "cat"}) == ["Felix", "Minka", "Amy"]
        assert await cached.db.fetch_column(by_species, parameters={"species": "dog"}) == ["Rex", "Bella"]
        assert await cached.db.fetch_column(by_weight, parameters={"weight": 12}) == ["Bella"]
        assert await cached.db.fetch_column(by_weight, parameters={"weight": None}) == []
        assert await cached.db.fetch_column(
            select_from(pet).select(pet.name).where(pet.id.is_in([10, 11])).order_by(pet.id)
        ) == ["Rex", "Felix"]
        assert await cached.db.fetch_column(select_from(pet).select(pet.name).where(pet.id.is_in([10]))) == ["Rex"]
    assert cached.through.take() == 6


async def test_a_decimal_keeps_its_digits(cached: Cached) -> None:
    query = select_from(pet).select(value(Decimal("1.0")).as_("n")).where(pet.id == 10)
    other = select_from(pet).select(value(Decimal("1.00")).as_("n")).where(pet.id == 10)
    assert str(await cached.db.fetch_value(query)) == "1.0"
    assert str(await cached.db.fetch_value(other)) == "1.00"


async def test_plugins_make_another_key(cached: Cached) -> None:
    class OnlyOf(Plugin):
        def transform_query(self, query: Any, context: PluginContext) -> Any:
            return rewrite(
                query,
                lambda node: (
                    node.where(pet.owner_id == context.request.owner)
                    if isinstance(node, Select) and pet in node.sources
                    else node
                ),
            )

    view = cached.db.with_plugin(OnlyOf())
    for _ in range(2):
        assert len(await cached.db.fetch_all(names)) == 5
        assert len(await view.with_context(owner=2).fetch_all(names)) == 3
        assert len(await view.with_context(owner=3).fetch_all(names)) == 1
    assert cached.through.take() == 3


async def test_two_databases_of_one_cache_have_their_own_results(cached: Cached, tmp_path: Any) -> None:
    async with Database(f"sqlite:///{tmp_path}/other.db", plugins=[cached.cache]) as other:
        await other.execute(sql("CREATE TABLE pet (id INT, name TEXT, species TEXT, weight REAL, owner_id INT)"))
        assert len(await cached.db.fetch_all(names)) == 5
        for _ in range(2):
            assert await other.fetch_all(names) == []
            assert len(await cached.db.fetch_all(names)) == 5


# -- how long -------------------------------------------------------------------------------------------------------


def test_a_lifetime_grows_with_use_up_to_its_limit() -> None:
    lifetime = Lifetime(60, 300)
    assert [lifetime.after(hits) for hits in (0, 1, 3, 7, 15, 31)] == [60, 120, 180, 240, 300, 300]


async def test_a_result_is_kept_for_its_time(cached: Cached) -> None:
    assert await cached.asks(names)
    cached.clock.now += 59.9
    assert not await cached.asks(names)
    cached.clock.now += 60  # one hit made the minute two
    assert not await cached.asks(names)
    cached.clock.now += 60.1
    assert await cached.asks(names)


async def test_what_is_asked_for_all_the_time_is_read_anew_at_the_age_of_max_ttl(cached: Cached) -> None:
    asked = []
    for second in range(650):
        cached.clock.now = 2000.0 + second
        if await cached.asks(names):
            asked.append(second)
    assert asked == [0, 300, 600]


async def test_the_age_counts_from_when_the_reading_began(cached: Cached) -> None:
    class Slow(Plugin):
        priority = -4000

        async def around_execute(self, call: Any, query: Any, context: PluginContext) -> Any:
            result = await call.proceed()
            cached.clock.now += 50
            return result

    view = cached.db.with_plugin(Slow())
    await view.fetch_all(names)
    cached.clock.now += 9.9
    assert not await cached.asks(names)
    cached.clock.now += 60.2
    assert await cached.asks(names)


async def test_the_results_that_nobody_asked_for_the_longest_make_room(restored_db: Database) -> None:
    cached = Cached(restored_db, max_entries=3)
    queries = [names.where(pet.id == number) for number in range(10, 14)]
    for query in queries[:3]:
        await cached.db.fetch_all(query)
    assert not await cached.asks(queries[0])
    assert await cached.asks(queries[3])
    assert [await cached.asks(query) for query in (queries[0], queries[2], queries[3])] == [False, False, False]
    assert await cached.asks(queries[1])
    store = cached.cache.store
    assert isinstance(store, MemoryStore)
    assert (len(store), store.evicted) == (3, 2)


def test_wrong_options_are_refused() -> None:
    for options in ({"ttl": 0}, {"ttl": -1}, {"ttl": 10, "max_ttl": 9}, {"ttl": float("nan")}, {"max_entries": 0}):
        with pytest.raises(ConfigurationError):
            CachePlugin(**options)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="the store has its own"):
        CachePlugin(store=MemoryStore(), max_entries=5)


# -- raw SQL --------------------------------------------------------------------------------------------------------


async def test_raw_sql_is_kept_where_its_tables_are_said(cached: Cached) -> None:
    query = sql("SELECT name FROM pet ORDER BY id")
    assert await cached.asks(query)
    assert await cached.asks(query)
    said = select_from(pet).select(pet.id).where(sql("length({}) > {}", pet.name, 3)).with_plugin(ReadsOnly(pet))
    assert await cached.asks(said)
    assert not await cached.asks(said)
    await cached.db.update(pet).set(name="Tom").where(pet.id == 10).execute()
    assert await cached.asks(said)


async def test_what_may_write_is_not_streamed(cached: Cached) -> None:
    query = select_from(pet).select(fn.call("abs", pet.id).as_("n"))
    if cached.db.dialect.name == "sqlite":  # where a SELECT cannot write
        assert len([row async for row in cached.db.stream(query)]) == 5
        return
    with pytest.raises(UsageError, match="may write, and are not streamed past a cache"):
        cached.db.stream(query)
    assert len([row async for row in cached.db.stream(query.with_plugin(ReadsOnly(pet)))]) == 5


async def test_a_cte_is_no_table_and_a_nested_object_reads_its_table(cached: Cached) -> None:
    cats = cte("toy", select_from(pet).select(pet.id, pet.name).where(pet.species == "cat"))
    query = with_(cats).select_from(cats).select(cats.name)
    owner = json_object_from(select_from(person).select(person.first_name).where(person.id == pet.owner_id))
    owned = select_from(pet).select(pet.id, owner.as_("owner"))
    for each in (query, owned):
        await cached.db.fetch_all(each)
    await cached.db.update(toy).set(price=1).where(toy.id == 100).execute()
    assert [await cached.asks(each) for each in (query, owned)] == [False, False]
    await cached.db.update(person).set(first_name="Eva").where(person.id == 2).execute()
    assert [await cached.asks(each) for each in (query, owned)] == [False, True]
