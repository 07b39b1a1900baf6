"""INSERT: rows, defaults, expressions, and what comes back."""

from __future__ import annotations

from typing import Any

import pytest

from querykit import DEFAULT, fn, insert_into, json_object_from, select_from, sql, table
from querykit.errors import BuildError, CompileError, UnsupportedError, UsageError
from tests.expected import compiles_to
from tests.sample import TOYS, pet, toy

into: Any = insert_into
all_toys = select_from(toy).select_all().order_by(toy.id)


async def test_one_row_as_keywords(restored_db):
    query = insert_into(toy).values(id=200, name="rope", price=7, pet_id=10)
    compiles_to(
        query,
        {
            "postgres": (
                'INSERT INTO "toy" ("id", "name", "price", "pet_id") VALUES ($1, $2, $3, $4)',
                (200, "rope", 7, 10),
            ),
            "mysql": (
                "INSERT INTO `toy` (`id`, `name`, `price`, `pet_id`) VALUES (%s, %s, %s, %s)",
                (200, "rope", 7, 10),
            ),
            "mariadb": (
                "INSERT INTO `toy` (`id`, `name`, `price`, `pet_id`) VALUES (%s, %s, %s, %s)",
                (200, "rope", 7, 10),
            ),
            "sqlite": ('INSERT INTO "toy" ("id", "name", "price", "pet_id") VALUES (?, ?, ?, ?)', (200, "rope", 7, 10)),
        },
    )
    assert (await restored_db.execute(query)).rows_affected == 1
    assert await restored_db.fetch_all(all_toys) == [*TOYS, {"id": 200, "name": "rope", "price": 7, "pet_id": 10}]


async def test_many_rows_of_different_keys(restored_db):
    query = insert_into(toy).values(
        {"id": 200, "name": "rope", "pet_id": 10}, {toy.pet_id: 11, toy.id: 201, toy.name: "bell", toy.price: 1}
    )
    compiles_to(
        query,
        {
            "postgres": (
                'INSERT INTO "toy" ("id", "name", "pet_id", "price") VALUES ($1, $2, $3, DEFAULT), ($4, $5, $6, $7)',
                (200, "rope", 10, 201, "bell", 11, 1),
            ),
            "mysql": (
                "INSERT INTO `toy` (`id`, `name`, `pet_id`, `price`) VALUES (%s, %s, %s, DEFAULT), (%s, %s, %s, %s)",
                (200, "rope", 10, 201, "bell", 11, 1),
            ),
            "mariadb": (
                "INSERT INTO `toy` (`id`, `name`, `pet_id`, `price`) VALUES (%s, %s, %s, DEFAULT), (%s, %s, %s, %s)",
                (200, "rope", 10, 201, "bell", 11, 1),
            ),
            "sqlite": (
                UnsupportedError,
                "sqlite has no DEFAULT as a value, which rows with different columns need; run the statement, "
                "which splits it, or insert rows of the same columns",
            ),
        },
    )
    given = (
        insert_into(toy)
        .values([{"id": 200, "name": "rope", "price": None, "pet_id": 10}])
        .values(id=201, name="bell", price=1, pet_id=11)
    )
    assert (await restored_db.execute(given)).rows_affected == 2
    assert (await restored_db.fetch_all(all_toys))[5:] == [
        {"id": 200, "name": "rope", "price": None, "pet_id": 10},
        {"id": 201, "name": "bell", "price": 1, "pet_id": 11},
    ]


async def test_eight_thousand_rows_in_one_statement(restored_db):
    rows = [{"id": 1000 + n, "name": f"toy {n}", "price": n, "pet_id": 10} for n in range(8_000)]
    query = insert_into(toy).values(rows)
    assert (await restored_db.execute(query)).rows_affected == 8_000
    assert await restored_db.fetch_value(select_from(toy).select(fn.sum(toy.price)).where(toy.id >= 1000)) == sum(
        range(8_000)
    )


async def test_expressions_and_queries_are_values(restored_db):
    heaviest = select_from(pet).select(fn.max(pet.id))
    query = insert_into(toy).values(
        {"id": 200, "name": fn.upper("rope"), "price": sql("{} + 1", 6), "pet_id": heaviest}
    )
    compiles_to(
        query,
        {
            "postgres": (
                'INSERT INTO "toy" ("id", "name", "price", "pet_id") VALUES ($1, UPPER($2::text), $3 + 1, '
                '(SELECT MAX("pet"."id") FROM "pet"))',
                (200, "rope", 6),
            ),
            "mysql": (
                "INSERT INTO `toy` (`id`, `name`, `price`, `pet_id`) VALUES (%s, UPPER(%s), %s + 1, "
                "(SELECT MAX(`pet`.`id`) FROM `pet`))",
                (200, "rope", 6),
            ),
            "mariadb": (
                "INSERT INTO `toy` (`id`, `name`, `price`, `pet_id`) VALUES (%s, UPPER(%s), %s + 1, "
                "(SELECT MAX(`pet`.`id`) FROM `pet`))",
                (200, "rope", 6),
            ),
            "sqlite": (
                'INSERT INTO "toy" ("id", "name", "price", "pet_id") VALUES (?, UPPER(?), ? + 1, '
                '(SELECT MAX("pet"."id") FROM "pet"))',
                (200, "rope", 6),
            ),
        },
    )
    await restored_db.execute(query)
    assert (await restored_db.fetch_all(all_toys))[5:] == [{"id": 200, "name": "ROPE", "price": 7, "pet_id": 14}]


async def test_defaults(restored_db):
    await restored_db.execute(sql("DROP TABLE IF EXISTS defaults"))
    await restored_db.execute(sql("CREATE TABLE defaults (id INTEGER, word VARCHAR(9) DEFAULT 'none')"))
    words = table("defaults")
    await restored_db.execute(insert_into(words).values(id=1))
    await restored_db.execute(insert_into(words).values(id=2, word=DEFAULT))
    found = select_from(words).select(words.word).order_by(words.id)
    assert await restored_db.fetch_column(found) == ["none", "none"]
    mixed = insert_into(words).values({"id": 3}, {"id": 4, "word": "x"}, {"id": 5, "word": None})
    compiles_to(
        mixed,
        {
            "postgres": (
                'INSERT INTO "defaults" ("id", "word") VALUES ($1, DEFAULT), ($2, $3), ($4, $5)',
                (3, 4, "x", 5, None),
            ),
            "mysql": (
                "INSERT INTO `defaults` (`id`, `word`) VALUES (%s, DEFAULT), (%s, %s), (%s, %s)",
                (3, 4, "x", 5, None),
            ),
            "mariadb": (
                "INSERT INTO `defaults` (`id`, `word`) VALUES (%s, DEFAULT), (%s, %s), (%s, %s)",
                (3, 4, "x", 5, None),
            ),
            "sqlite": (
                UnsupportedError,
                "sqlite has no DEFAULT as a value, which rows with different columns need; run the statement, "
                "which splits it, or insert rows of the same columns",
            ),
        },
    )
    if restored_db.dialect.name != "sqlite":
        await restored_db.execute(mixed)
        assert await restored_db.fetch_column(found) == ["none", "none", "none", "x", None]
    await restored_db.execute(sql("DROP TABLE defaults"))


@pytest.mark.databases("sqlite", "postgres", "mariadb")
async def test_inserted_rows_come_back(restored_db):
    query = insert_into(toy).values(
        {"id": 200, "name": "rope", "price": 7, "pet_id": 10}, {"id": 201, "name": "bell", "price": 1, "pet_id": 11}
    )
    rows = await restored_db.fetch_all(query.returning(toy.id, fn.upper(toy.name).as_("name")))
    assert sorted(rows, key=lambda it: it["id"]) == [{"id": 200, "name": "ROPE"}, {"id": 201, "name": "BELL"}]
    whole = insert_into(toy).values(id=202, name="bowl", price=2, pet_id=12).returning()
    assert await restored_db.fetch_one(whole) == {"id": 202, "name": "bowl", "price": 2, "pet_id": 12}
    owner = json_object_from(select_from(pet).select(pet.name).where(pet.id == toy.pet_id)).as_("pet")
    nested = insert_into(toy).values(id=203, name="cup", price=2, pet_id=12).returning(toy.id, owner)
    assert await restored_db.fetch_one(nested) == {"id": 203, "pet": {"name": "Minka"}}


def test_returning_is_refused_where_there_is_none():
    compiles_to(
        insert_into(toy).values(id=1, name="x", price=1, pet_id=1).returning(toy.id),
        {
            "postgres": (
                'INSERT INTO "toy" ("id", "name", "price", "pet_id") VALUES ($1, $2, $3, $4) RETURNING "toy"."id"',
                (1, "x", 1, 1),
            ),
            "mysql": (UnsupportedError, "mysql has no RETURNING; select the rows by their key in the same transaction"),
            "mariadb": (
                "INSERT INTO `toy` (`id`, `name`, `price`, `pet_id`) VALUES (%s, %s, %s, %s) RETURNING `toy`.`id`",
                (1, "x", 1, 1),
            ),
            "sqlite": (
                'INSERT INTO "toy" ("id", "name", "price", "pet_id") VALUES (?, ?, ?, ?) RETURNING "toy"."id"',
                (1, "x", 1, 1),
            ),
        },
    )


async def test_a_fraction_given_to_an_undeclared_column_is_not_cut(restored_db):
    await restored_db.execute(sql("DROP TABLE IF EXISTS fractions"))
    await restored_db.execute(sql("CREATE TABLE fractions (whole INTEGER, part DECIMAL(9, 3))"))
    fractions = table("fractions")
    query = insert_into(fractions).values(whole=1, part=13.625)
    compiles_to(
        query,
        {
            "postgres": ('INSERT INTO "fractions" ("whole", "part") VALUES ($1, $2::double precision)', (1, 13.625)),
            "mysql": ("INSERT INTO `fractions` (`whole`, `part`) VALUES (%s, %s)", (1, 13.625)),
            "mariadb": ("INSERT INTO `fractions` (`whole`, `part`) VALUES (%s, %s)", (1, 13.625)),
            "sqlite": ('INSERT INTO "fractions" ("whole", "part") VALUES (?, ?)', (1, 13.625)),
        },
    )
    await restored_db.execute(query)
    assert float(await restored_db.fetch_value(select_from(fractions).select(fractions.part))) == 13.625
    await restored_db.execute(insert_into(fractions).values(whole=13.75, part=1))
    assert await restored_db.fetch_value(select_from(fractions).select(fn.max(fractions.whole))) in (14, 13.75)
    await restored_db.execute(sql("DROP TABLE fractions"))


async def test_an_insert_without_returning_gives_no_rows(restored_db):
    with pytest.raises(UsageError, match="execute"):
        await restored_db.fetch_all(insert_into(toy).values(id=200, name="rope", price=7, pet_id=10))
    assert await restored_db.fetch_all(all_toys) == TOYS


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: into("toy"), r"use table\('toy'\)"),
        (lambda: into(select_from(toy).select(toy.id).as_("t")), "insert_into"),
        (lambda: insert_into(toy).values(), "at least one row"),
        (lambda: insert_into(toy).values([]), "at least one row"),
        (lambda: insert_into(toy).values({}), "not empty"),
        (lambda: insert_into(toy).values("toy"), "mappings"),
        (lambda: insert_into(toy).values([("name", "x")]), "mapping"),
        (lambda: insert_into(toy).values({1: 2}), "by its name"),
        (lambda: insert_into(toy).values(nmae="x"), "did you mean 'name'"),
        (lambda: insert_into(toy).values(name=1), r"toy\.name takes str, not int"),
        (lambda: insert_into(toy).values(price="1"), r"toy\.price takes int, not str"),
        (lambda: insert_into(toy).values(price=True), r"toy\.price takes int, not bool"),
    ],
)
def test_bad_rows_are_refused_when_they_are_given(build, says):
    with pytest.raises(BuildError, match=says):
        build()


def test_an_insert_of_nothing_is_refused():
    with pytest.raises(CompileError, match="nothing is inserted into 'toy'"):
        insert_into(toy).compile("sqlite")
