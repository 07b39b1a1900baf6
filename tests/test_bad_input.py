"""Bad input: one clear error that names the thing and what to do, and a pool that goes on working."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce
from typing import Any

import pytest

from querykit import (
    Database,
    fn,
    insert_into,
    json_array_from,
    json_object_from,
    select,
    select_from,
    sql,
    table,
    update,
    value,
)
from querykit.errors import (
    BuildError,
    CompileError,
    ConfigurationError,
    ConnectError,
    QueryKitError,
    StatementError,
    UndefinedColumnError,
    UndefinedTableError,
    UnsupportedError,
    UsageError,
)
from tests.sample import person, pet, toy

animals = table("pet")
people = select_from(person).select(person.id)

A_TABLE = "'pet' is a table, not a value: name a column of it; in raw SQL sql.table(…) writes its name"

BEFORE_THE_SERVER: dict[str, tuple[Callable[[], Any], type[QueryKitError], str]] = {
    "an unknown column": (
        lambda: select_from(person).select(person["frist_name"]),
        BuildError,
        "'person' has no column 'frist_name', did you mean 'first_name'?",
    ),
    "an unknown column of a sub-query": (
        lambda: people.as_("p")["idd"],
        BuildError,
        "'p' has no column 'idd', did you mean 'id'?",
    ),
    "an unknown column to insert": (
        lambda: insert_into(person).values(frist_name="Ada"),
        BuildError,
        "'person' has no column 'frist_name', did you mean 'first_name'?",
    ),
    "an unknown column to set": (
        lambda: update(person).set(nicknam="Ada"),
        BuildError,
        "'person' has no column 'nicknam', did you mean 'nickname'?",
    ),
    "two nested columns of one name": (
        lambda: json_array_from(select_from(pet).inner_join(toy, toy.pet_id == pet.id).select(pet.name, toy.name)),
        BuildError,
        "json_array_from: the nested query has two columns named 'name'; rename one with .as_(…)",
    ),
    "a nested expression without a name": (
        lambda: json_object_from(select_from(pet).select(pet.id, fn.lower(pet.name))),
        BuildError,
        "json_object_from: column 2 of the nested query has no name; give it one with .as_(…)",
    ),
    "two columns of one name": (
        lambda: select_from(pet).inner_join(toy, toy.pet_id == pet.id).select(pet.name, toy.name),
        CompileError,
        "two columns of the result are named 'name'; rename one with .as_(…)",
    ),
    "a limit that is SQL": (
        lambda: people.limit("1; drop table x"),  # type: ignore[arg-type]
        BuildError,
        "limit() takes an int, not str",
    ),
    "a limit that no database holds": (
        lambda: people.limit(2**63),
        BuildError,
        "limit() takes a number of at most 64 bits; without limit() there is none",
    ),
    "a table as a value": (
        lambda: people.where(person.id == pet),
        BuildError,
        A_TABLE,
    ),
    "a sum of texts": (
        lambda: people.where(person.first_name + "x" == "y"),
        BuildError,
        "person.first_name + a text: texts are put together by fn.concat(…), and numbers made by cast(…)",
    ),
    "a sum of texts, undeclared": (
        lambda: "x" + animals.name,
        BuildError,
        "pet.name + a text: texts are put together by fn.concat(…), and numbers made by cast(…)",
    ),
    "is_in of a query with two columns": (
        lambda: people.where(person.id.is_in(select_from(pet).select(pet.id, pet.name))),
        BuildError,
        "is_in takes a query of one column, not of 2; tuple_(…).is_in(query) compares several",
    ),
    "is_in of a table": (lambda: people.where(person.id.is_in(pet)), BuildError, A_TABLE),
    "conditions a thousand deep": (
        lambda: people.where(reduce(lambda deep, id_: ~(deep & (person.id == id_)), range(1000), person.id == 1)),
        CompileError,
        "the statement is nested too deeply to be written: give and_(…) and or_(…) many conditions at once",
    ),
    "a table that is not in scope": (
        lambda: people.where(pet.owner_id == 1),
        CompileError,
        "pet.owner_id is used where 'pet' is not in scope (there is person): "
        "add the table to the FROM or the joins of this query or of one around it",
    ),
    "a table that is not in scope of a nested query": (
        lambda: people.select(json_array_from(select_from(toy).select(toy.id).where(toy.pet_id == pet.id)).as_("toys")),
        CompileError,
        "pet.id is used where 'pet' is not in scope (there is person, toy): "
        "add the table to the FROM or the joins of this query or of one around it",
    ),
    "a nested table that hides one around it": (
        lambda: people.select(json_array_from(select_from(person).select(person.id)).as_("others")),
        CompileError,
        "'person' stands in the FROM of a query and of one around it, so that its columns would silently mean "
        "the inner one: give one of them another name with .as_(…)",
    ),
    "a query without columns": (
        lambda: select_from(person),
        CompileError,
        "the query selects nothing: add select(…) or select_all()",
    ),
    "a value of another type": (
        lambda: people.where(person.id == "1"),
        BuildError,
        "person.id takes int, not str",
    ),
    "a condition that Python decided": (
        lambda: people.where("id" == "name"),  # noqa: PLR0133 - somebody forgot the table
        BuildError,
        "where was given a Python False, not a condition: Python compared what is no expression, such as Person.id "
        "of the class instead of person.id of a table, or a relation",
    ),
    "a list for several values": (
        lambda: select_from(animals).select(animals.id).where(animals.id == [10, 11]),
        BuildError,
        "pet.id is of no known type, and a list beside it could mean several values, an array or JSON: "
        "say .is_in(values), or .returns(list[int]) or .returns(Json) for what it is",
    ),
    "a mapping for conditions": (
        lambda: people.where({"id": [10, 11]}),
        BuildError,
        "where takes conditions such as person.id == 1, not dict",
    ),
    "a text for an order": (
        lambda: people.order_by("id desc nulls last"),
        BuildError,
        "order_by() takes expressions, not str; a column is reached through its table",
    ),
    "a text for a table": (
        lambda: select_from("public.person"),
        BuildError,
        "FROM takes tables and aliased queries, not str; use table('public.person')",
    ),
    "a text for a query": (
        lambda: json_array_from("SELECT 1"),
        BuildError,
        "json_array_from takes a query, not str",
    ),
}


@pytest.mark.parametrize("what", BEFORE_THE_SERVER)
async def test_it_is_told_before_the_server_is_asked(db, sample_tables, what):
    build, error, message = BEFORE_THE_SERVER[what]
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        await db.fetch_all(build())
    assert await db.fetch_value(select(value(1).as_("still"))) == 1


async def test_every_column_of_an_undeclared_table_nested(db, sample_tables):
    rows = select_from(animals).select_all().where(animals.owner_id == person.id).order_by(animals.id)
    query = people.select(json_array_from(rows).as_("pets")).where(person.id == 4)
    if db.dialect.name == "postgres":
        pets = [{"id": 13, "name": "Bella", "species": "dog", "weight": 12.0, "owner_id": 4}]
        assert await db.fetch_one(query) == {"id": 4, "pets": pets}
        return
    with pytest.raises(UnsupportedError) as caught:
        await db.fetch_all(query)
    assert str(caught.value) == (
        f"{db.dialect.name} has no json_array_from of a query with *, whose columns are not known; "
        "name the columns in select(…), or declare the table"
    )
    assert await db.fetch_value(select(value(1).as_("still"))) == 1


@pytest.mark.parametrize(
    ("query", "error", "says"),
    [
        (select_from(animals).select(animals.colour), UndefinedColumnError, "colour"),
        (select_from(table("unicorn")).select_all(), UndefinedTableError, "unicorn"),
        (select_from(animals).select(fn.call("no_such_function", animals.id)), StatementError, "no_such_function"),
        (sql("SELEKT 1"), StatementError, "SELEKT"),
    ],
)
async def test_what_only_the_server_knows_is_its_error_with_the_sql(db, sample_tables, query, error, says):
    for _ in range(3):
        with pytest.raises(error, match=says) as caught:
            await db.fetch_all(query)
        assert "SQL: SEL" in str(caught.value)
    assert await db.fetch_value(select(value(1).as_("still"))) == 1


async def test_a_pool_of_one_connection_survives_bad_input(database_name, urls, sample_tables):
    async with Database(urls[database_name], pool_size=1) as db:
        for _ in range(5):
            for query in (select_from(animals).select(animals.colour), people.where(pet.id == 1), sql("SELEKT 1")):
                with pytest.raises(QueryKitError):
                    await db.fetch_all(query)
            assert await db.fetch_column(people.order_by(person.id)) == [1, 2, 3, 4, 5]


def test_a_query_without_a_database_says_how_to_run_it():
    with pytest.raises(UsageError, match=r"start it from one .* or hand it over"):
        people.fetch_all().send(None)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgress://localhost/shop", r"begins with 'postgress://', did you mean 'postgres'\?; it begins with one of"),
        ("oracle://localhost/shop", "it begins with one of sqlite://, postgresql://"),
        ("shop.db", "has no ://"),
        ("", "has no ://"),
        ("sqlite://shop.db", "three slashes"),
    ],
)
def test_a_wrong_url(url, says):
    with pytest.raises(ConfigurationError, match=says):
        Database(url)


@pytest.mark.parametrize("scheme", ["postgresql", "mysql", "mariadb"])
async def test_an_unreachable_server(scheme):
    db = Database(f"{scheme}://me:secret@127.0.0.1:1/shop", connect_timeout=5)
    for _ in range(2):
        with pytest.raises(ConnectError, match=f"{scheme}://me@127.0.0.1:1/shop") as caught:
            await db.connect()
        assert "secret" not in str(caught.value)


def test_an_unknown_dialect():
    with pytest.raises(ConfigurationError, match="no dialect 'postgress', did you mean 'postgres'"):
        people.compile("postgress")
