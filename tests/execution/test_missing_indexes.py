"""explain() names the columns that nested queries are looked up by and that no index begins with."""

from contextlib import asynccontextmanager

import pytest

from querykit import (
    Database,
    WithSchemaPlugin,
    case,
    exists,
    json_array_from,
    json_object_from,
    scalar_subquery,
    select_from,
    sql,
    table,
    update,
)
from querykit.builder.correlation import correlated_tables

country, city, street = table("country"), table("city"), table("street")
cities = select_from(city).select(city.name).where(city.country_id == country.id)
countries = select_from(country).select(country.id)


@pytest.fixture(scope="module")
async def tables(database_name, urls):
    async with Database(urls[database_name]) as db:
        await drop(db)
        await db.execute(sql("CREATE TABLE country (id INTEGER PRIMARY KEY, region INTEGER, capital_id INTEGER)"))
        await db.execute(
            sql("CREATE TABLE city (id INTEGER PRIMARY KEY, name VARCHAR(20), country_id INTEGER, region INTEGER)")
        )
        await db.execute(
            sql(
                "CREATE TABLE street (city_id INTEGER, number INTEGER, name VARCHAR(20), PRIMARY KEY (city_id, number))"
            )
        )
        yield
        await drop(db)


@pytest.fixture
def atlas(db, tables):
    return db


async def drop(db):
    for name in ("country", "city", "street"):
        await db.execute(sql("DROP TABLE IF EXISTS {}", sql.id(name)))


def lacking(plan):
    return [(each.table, each.columns) for each in plan.warnings]


async def test_a_foreign_key_without_an_index_until_it_has_one(atlas):
    query = countries.select(json_array_from(cities).as_("cities"))
    plan = await atlas.explain(query)
    assert plan == list(plan)
    assert plan, "the rows are there as before"
    (warning,) = plan.warnings
    assert (warning.table, warning.columns) == ("city", ("country_id",))
    quote = "`" if atlas.dialect.name in ("mysql", "mariadb") else '"'
    assert warning.sql == 'CREATE INDEX "city_country_id_idx" ON "city" ("country_id")'.replace('"', quote)
    assert "city is searched by country_id" in str(warning)
    assert warning.sql in str(warning)
    async with index(atlas, warning.sql, "city"):
        assert (await atlas.explain(query)).warnings == ()
        assert (await atlas.select_from(country).select(json_array_from(cities).as_("cities")).explain()).warnings == ()
    assert lacking(await atlas.explain(query)) == [("city", ("country_id",))]


@asynccontextmanager
async def index(db, text, on):
    """An index for the length of the block."""
    await db.execute(sql(text))
    yield
    name = text.split(" ON ")[0].split()[-1].split(".")[-1].strip('"`')
    place = sql(" ON {}", sql.id(on)) if db.dialect.name in ("mysql", "mariadb") else sql("")
    await db.execute(sql("DROP INDEX {}{}", sql.id(name), place))


async def test_where_a_query_is_nested(atlas):
    """As an array, an object, a value, a condition, two deep, in a write; by a primary key nothing is lacking."""
    by_key = select_from(city).select(city.name).where(city.id == country.capital_id)
    streets = select_from(street).select(street.name).where(street.city_id == city.id)
    numbered = select_from(street).select(street.name).where(street.number == city.id)
    deep = cities.select(json_array_from(numbered).as_("streets"))
    city_lacks, street_lacks = ("city", ("country_id",)), ("street", ("number",))
    for query, expected in (
        (countries.select(json_object_from(by_key).as_("capital")), []),
        (countries.select(json_object_from(cities).as_("city")), [city_lacks]),
        (countries.select(scalar_subquery(cities).as_("city")), [city_lacks]),
        (countries.where(exists(cities)), [city_lacks]),
        (countries.select(case().when(exists(cities), 1).else_(0).as_("has")), [city_lacks]),
        (countries.select(json_array_from(cities.select(json_array_from(streets).as_("s"))).as_("c")), [city_lacks]),
        (countries.select(json_array_from(deep).as_("cities")), [street_lacks, city_lacks]),
        (countries.select(json_array_from(cities).as_("a"), json_array_from(cities).as_("b")), [city_lacks]),
        (update(country).set(region=1).where(exists(cities)), [city_lacks]),
        (countries.inner_join(city, city.country_id == country.id), []),
        (countries.where(country.region == 1), []),
        (sql("SELECT (SELECT MAX(id) FROM city WHERE country_id = country.id) AS m FROM country"), []),
    ):
        assert lacking(await atlas.explain(query)) == expected, query


async def test_composite_keys_and_the_order_of_columns(atlas):
    both = cities.where(city.region == country.region)
    fixed = cities.where(city.name == "Bern")
    for text, finds_both, finds_fixed in (
        (None, False, False),
        ("CREATE INDEX i ON city (country_id, region)", True, True),
        ("CREATE INDEX i ON city (region)", True, False),
        ("CREATE INDEX i ON city (region, country_id)", True, False),
        ("CREATE INDEX i ON city (name)", False, False),
        ("CREATE INDEX i ON city (name, country_id)", False, True),
        ("CREATE UNIQUE INDEX i ON city (id, country_id)", False, False),
    ):
        for query, columns, is_found in (
            (both, ("country_id", "region"), finds_both),
            (fixed, ("country_id",), finds_fixed),
        ):
            nested = countries.select(json_array_from(query).as_("cities"))
            if text is None:
                plan = await atlas.explain(nested)
            else:
                async with index(atlas, text, "city"):
                    plan = await atlas.explain(nested)
            assert lacking(plan) == ([] if is_found else [("city", columns)]), (text, columns)
    (warning,) = (await atlas.explain(countries.select(json_array_from(both).as_("cities")))).warnings
    async with index(atlas, warning.sql, "city"):
        assert not (await atlas.explain(countries.select(json_array_from(both).as_("cities")))).warnings


@pytest.mark.databases("postgres", "sqlite")
async def test_an_index_of_some_rows_or_of_an_expression_does_not_serve(atlas):
    for text in (
        "CREATE INDEX i ON city (country_id) WHERE region = 1",
        "CREATE INDEX i ON city (abs(country_id))",
    ):
        async with index(atlas, text, "city"):
            plan = await atlas.explain(countries.select(json_array_from(cities).as_("cities")))
        assert lacking(plan) == [("city", ("country_id",))], text


@pytest.mark.databases("mysql")
async def test_an_invisible_index_does_not_serve(atlas):
    async with index(atlas, "CREATE INDEX i ON city (country_id) INVISIBLE", "city"):
        plan = await atlas.explain(countries.select(json_array_from(cities).as_("cities")))
    assert lacking(plan) == [("city", ("country_id",))]


async def test_tables_under_a_schema_and_views(atlas, database_name, urls):
    schema = (
        "'main'"
        if atlas.dialect.name == "sqlite"
        else "CURRENT_SCHEMA()"
        if atlas.dialect.name == "postgres"
        else "DATABASE()"
    )
    name = str(await atlas.fetch_value(sql("SELECT {} AS name", sql.raw(schema))))
    async with Database(urls[database_name], plugins=[WithSchemaPlugin(name)]) as db:
        plan = await db.explain(countries.select(json_array_from(cities).as_("cities")))
    (warning,) = plan.warnings
    assert name in warning.sql
    async with index(atlas, warning.sql, "city"):
        assert not (await atlas.explain(countries.select(json_array_from(cities).as_("cities")))).warnings
    view = table("city_view")
    await atlas.execute(sql("CREATE VIEW city_view AS SELECT * FROM city"))
    seen = select_from(view).select(view.name).where(view.country_id == country.id)
    assert (await atlas.explain(countries.select(json_array_from(seen).as_("cities")))).warnings == ()
    await atlas.execute(sql("DROP VIEW city_view"))


def test_what_is_correlated():
    other = city.as_("c2")
    joined = select_from(city).inner_join(other, other.region == country.region).select(city.name)
    for query, expected in (
        (cities.where(city.region > country.region), [("city", ("country_id",))]),
        (cities.where((city.region == country.region) | (city.id == 1)), [("city", ("country_id",))]),
        (cities.where((city.region == country.region) & (city.id == 1)), [("city", ("country_id", "region"))]),
        (select_from(city).select(city.id).where(country.id + 1 == city.region), [("city", ("region",))]),
        (select_from(city).select(city.id).where(city.region == city.country_id + country.id), []),
        (joined, [("city", ("region",))]),
        (select_from(cities.as_("x")).select_all(), [("city", ("country_id",))]),
    ):
        found = correlated_tables(countries.select(json_array_from(query).as_("x")))
        assert [(each.table._name, each.columns) for each in found] == expected
