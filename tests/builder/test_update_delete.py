"""UPDATE and DELETE in their simple forms."""

from __future__ import annotations

from typing import Any

import pytest

from querykit import case, delete_from, exists, fn, select_from, sql, table, update
from querykit.errors import BuildError, CompileError, UnsupportedError
from tests.expected import compiles_to
from tests.sample import TOYS, pet, toy

update_any: Any = update
delete_from_any: Any = delete_from
all_toys = select_from(toy).select_all().order_by(toy.id)
prices = select_from(toy).select(toy.price).order_by(toy.id)


async def test_columns_are_set_to_values(restored_db):
    query = update(toy).set(name="rope", price=None).where(toy.id == 100)
    compiles_to(
        query,
        {
            "postgres": ('UPDATE "toy" SET "name" = $1, "price" = $2 WHERE "toy"."id" = $3', ("rope", None, 100)),
            "mysql": ("UPDATE `toy` SET `name` = %s, `price` = %s WHERE `toy`.`id` = %s", ("rope", None, 100)),
            "mariadb": ("UPDATE `toy` SET `name` = %s, `price` = %s WHERE `toy`.`id` = %s", ("rope", None, 100)),
            "sqlite": ('UPDATE "toy" SET "name" = ?, "price" = ? WHERE "toy"."id" = ?', ("rope", None, 100)),
        },
    )
    assert (await restored_db.execute(query)).rows_affected == 1
    assert (await restored_db.fetch_all(all_toys))[0] == {"id": 100, "name": "rope", "price": None, "pet_id": 10}
    assert (await restored_db.fetch_all(all_toys))[1:] == TOYS[1:]


async def test_columns_are_set_to_expressions(restored_db):
    query = (
        update(toy)
        .set({toy.price: toy.price * 2 + 1, "name": fn.upper(toy.name)})
        .where(toy.price.is_not_null(), toy.id < 104)
    )
    compiles_to(
        query,
        {
            "postgres": (
                'UPDATE "toy" SET "price" = "toy"."price" * $1 + $2, "name" = UPPER("toy"."name") '
                'WHERE "toy"."price" IS NOT NULL AND "toy"."id" < $3',
                (2, 1, 104),
            ),
            "mysql": (
                "UPDATE `toy` SET `price` = `toy`.`price` * %s + %s, `name` = UPPER(`toy`.`name`) "
                "WHERE `toy`.`price` IS NOT NULL AND `toy`.`id` < %s",
                (2, 1, 104),
            ),
            "mariadb": (
                "UPDATE `toy` SET `price` = `toy`.`price` * %s + %s, `name` = UPPER(`toy`.`name`) "
                "WHERE `toy`.`price` IS NOT NULL AND `toy`.`id` < %s",
                (2, 1, 104),
            ),
            "sqlite": (
                'UPDATE "toy" SET "price" = "toy"."price" * ? + ?, "name" = UPPER("toy"."name") '
                'WHERE "toy"."price" IS NOT NULL AND "toy"."id" < ?',
                (2, 1, 104),
            ),
        },
    )
    assert (await restored_db.execute(query)).rows_affected == 3
    assert await restored_db.fetch_column(prices) == [11, None, 7, 5, 6]
    size = case().when(toy.price > 6, 1).else_(0)
    await restored_db.execute(update(toy).set(price=size).where(toy.id > 0))
    assert await restored_db.fetch_column(prices) == [1, 0, 1, 0, 0]


async def test_columns_are_set_to_queries(restored_db):
    owner = select_from(pet).select(pet.owner_id).where(pet.id == toy.pet_id)
    query = update(toy).set(price=owner).where(toy.id > 101)
    compiles_to(
        query,
        {
            "postgres": (
                'UPDATE "toy" SET "price" = (SELECT "pet"."owner_id" FROM "pet" '
                'WHERE "pet"."id" = "toy"."pet_id") WHERE "toy"."id" > $1',
                (101,),
            ),
            "mysql": (
                "UPDATE `toy` SET `price` = (SELECT `pet`.`owner_id` FROM `pet` "
                "WHERE `pet`.`id` = `toy`.`pet_id`) WHERE `toy`.`id` > %s",
                (101,),
            ),
            "mariadb": (
                "UPDATE `toy` SET `price` = (SELECT `pet`.`owner_id` FROM `pet` "
                "WHERE `pet`.`id` = `toy`.`pet_id`) WHERE `toy`.`id` > %s",
                (101,),
            ),
            "sqlite": (
                'UPDATE "toy" SET "price" = (SELECT "pet"."owner_id" FROM "pet" '
                'WHERE "pet"."id" = "toy"."pet_id") WHERE "toy"."id" > ?',
                (101,),
            ),
        },
    )
    assert (await restored_db.execute(query)).rows_affected == 3
    assert await restored_db.fetch_column(prices) == [5, None, 2, 3, 4]


async def test_rows_that_stay_as_they_are_count_as_matched(restored_db):
    query = update(toy).set(price=5).where(toy.name == "ball")
    assert (await restored_db.execute(query)).rows_affected == 2
    assert (await restored_db.execute(query)).rows_affected == 2
    assert (await restored_db.execute(query.where(toy.id < 0))).rows_affected == 0


async def test_where_takes_sub_queries(restored_db):
    dogs = select_from(pet).select(pet.id).where(pet.species == "dog")
    assert (await restored_db.execute(update(toy).set(price=0).where(toy.pet_id.is_in(dogs)))).rows_affected == 3
    of_bea = exists(select_from(pet).select(pet.id).where(pet.id == toy.pet_id, pet.owner_id == 2))
    assert (await restored_db.execute(delete_from(toy).where(of_bea))).rows_affected == 3
    assert await restored_db.fetch_column(prices) == [2, 0]


async def test_rows_are_deleted(restored_db):
    query = delete_from(toy).where(toy.price > 2, toy.name != "mouse")
    compiles_to(
        query,
        {
            "postgres": ('DELETE FROM "toy" WHERE "toy"."price" > $1 AND "toy"."name" <> $2', (2, "mouse")),
            "mysql": ("DELETE FROM `toy` WHERE `toy`.`price` > %s AND `toy`.`name` <> %s", (2, "mouse")),
            "mariadb": ("DELETE FROM `toy` WHERE `toy`.`price` > %s AND `toy`.`name` <> %s", (2, "mouse")),
            "sqlite": ('DELETE FROM "toy" WHERE "toy"."price" > ? AND "toy"."name" <> ?', (2, "mouse")),
        },
    )
    assert (await restored_db.execute(query)).rows_affected == 2
    assert [row["id"] for row in await restored_db.fetch_all(all_toys)] == [101, 102, 103]


@pytest.mark.databases("sqlite", "postgres")
async def test_updated_rows_come_back(restored_db):
    query = update(toy).set(price=toy.price + 1).where(toy.id == 100).returning(toy.id, toy.price)
    assert await restored_db.fetch_one(query) == {"id": 100, "price": 6}


@pytest.mark.databases("sqlite", "postgres", "mariadb")
async def test_deleted_rows_come_back(restored_db):
    assert await restored_db.fetch_all(delete_from(toy).where(toy.id == 100).returning()) == TOYS[:1]


def test_returning_in_each_dialect():
    compiles_to(
        update(toy).set(price=1).where(toy.id == 1).returning(toy.id),
        {
            "postgres": ('UPDATE "toy" SET "price" = $1 WHERE "toy"."id" = $2 RETURNING "toy"."id"', (1, 1)),
            "mysql": (UnsupportedError, "mysql has no RETURNING; select the rows by their key in the same transaction"),
            "mariadb": (
                UnsupportedError,
                "mariadb has no UPDATE … RETURNING; select the rows by their key in the same transaction",
            ),
            "sqlite": ('UPDATE "toy" SET "price" = ? WHERE "toy"."id" = ? RETURNING "toy"."id"', (1, 1)),
        },
    )
    compiles_to(
        delete_from(toy).where(toy.id == 1).returning(toy.id),
        {
            "postgres": ('DELETE FROM "toy" WHERE "toy"."id" = $1 RETURNING "toy"."id"', (1,)),
            "mysql": (UnsupportedError, "mysql has no RETURNING; select the rows by their key in the same transaction"),
            "mariadb": ("DELETE FROM `toy` WHERE `toy`.`id` = %s RETURNING `toy`.`id`", (1,)),
            "sqlite": ('DELETE FROM "toy" WHERE "toy"."id" = ? RETURNING "toy"."id"', (1,)),
        },
    )


def test_every_row_is_meant_only_when_it_is_said():
    compiles_to(
        update(toy).set(price=1),
        {
            "postgres": (
                CompileError,
                "UPDATE of every row of 'toy': add where(…), or all_rows() if that is what is meant",
            ),
            "mysql": (
                CompileError,
                "UPDATE of every row of 'toy': add where(…), or all_rows() if that is what is meant",
            ),
            "mariadb": (
                CompileError,
                "UPDATE of every row of 'toy': add where(…), or all_rows() if that is what is meant",
            ),
            "sqlite": (
                CompileError,
                "UPDATE of every row of 'toy': add where(…), or all_rows() if that is what is meant",
            ),
        },
    )
    compiles_to(
        delete_from(toy),
        {
            "postgres": (
                CompileError,
                "DELETE of every row of 'toy': add where(…), or all_rows() if that is what is meant",
            ),
            "mysql": (
                CompileError,
                "DELETE of every row of 'toy': add where(…), or all_rows() if that is what is meant",
            ),
            "mariadb": (
                CompileError,
                "DELETE of every row of 'toy': add where(…), or all_rows() if that is what is meant",
            ),
            "sqlite": (
                CompileError,
                "DELETE of every row of 'toy': add where(…), or all_rows() if that is what is meant",
            ),
        },
    )
    compiles_to(
        delete_from(toy).all_rows(),
        {
            "postgres": 'DELETE FROM "toy"',
            "mysql": "DELETE FROM `toy`",
            "mariadb": "DELETE FROM `toy`",
            "sqlite": 'DELETE FROM "toy"',
        },
    )


async def test_a_fraction_given_to_an_undeclared_column_is_not_cut(restored_db):
    toys = table("toy")
    query = update(toys).set(price=13.75).where(toys.id == 100)
    compiles_to(
        query,
        {
            "postgres": ('UPDATE "toy" SET "price" = $1::double precision WHERE "toy"."id" = $2', (13.75, 100)),
            "mysql": ("UPDATE `toy` SET `price` = %s WHERE `toy`.`id` = %s", (13.75, 100)),
            "mariadb": ("UPDATE `toy` SET `price` = %s WHERE `toy`.`id` = %s", (13.75, 100)),
            "sqlite": ('UPDATE "toy" SET "price" = ? WHERE "toy"."id" = ?', (13.75, 100)),
        },
    )
    await restored_db.execute(query)
    assert await restored_db.fetch_value(select_from(toys).select(toys.price).where(toys.id == 100)) in (14, 13.75)


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: update(toy).set(), "at least one column"),
        (lambda: update(toy).set(name="a").set(name="b"), "'name' is set twice"),
        (lambda: update(toy).set({"name": "a"}, name="b"), "'name' is set twice"),
        (lambda: update(toy).set(nmae="a"), "did you mean 'name'"),
        (lambda: update(toy).set(name=1), r"toy\.name takes str, not int"),
        (lambda: update(toy).set({None: 1}), "by its name"),
        (lambda: update(toy).where(), "at least one condition"),
        (lambda: delete_from(toy).where(), "at least one condition"),
        (lambda: delete_from(toy).where(True), "not a condition"),
        (lambda: update_any("toy"), r"use table\('toy'\)"),
        (lambda: delete_from_any(None), "FROM takes tables"),
    ],
)
def test_bad_input_is_refused_when_it_is_given(build, says):
    with pytest.raises(BuildError, match=says):
        build()


def test_what_is_no_statement_yet_is_refused_when_compiled():
    with pytest.raises(CompileError, match="nothing is set in 'toy'"):
        update(toy).where(toy.id == 1).compile("sqlite")
    with pytest.raises(CompileError, match="'pet' is not in scope"):
        update(toy).set(price=pet.id).where(toy.id == 1).compile("sqlite")
    with pytest.raises(CompileError, match="'pet' is not in scope"):
        delete_from(toy).where(pet.id == 1).compile("sqlite")


async def test_raw_conditions(restored_db):
    assert (await restored_db.execute(delete_from(toy).where(sql("{} % {} = 0", toy.id, 2)))).rows_affected == 3
