"""DELETE: with other tables, with sub-queries, in order, and what a database lacks."""

import pytest

from querykit import cte, delete_from, exists, fn, json_array_from, or_, select_from, table, with_
from querykit.errors import BuildError, CompileError, UnsupportedError
from tests.builder.stock import item
from tests.expected import compiles_to, spelled
from tests.sample import person, pet


async def left(db):
    return await db.fetch_column(select_from(item).select(item.id).order_by(item.id))


async def test_rows_that_meet_a_condition(stock):
    query = delete_from(item).where(or_(item.name == "nut", item.amount > 25))
    compiles_to(query, spelled('DELETE FROM "item" WHERE "item"."name" = $1 OR "item"."amount" > $2', ("nut", 25)))
    assert (await stock.execute(query)).rows_affected == 2
    assert await left(stock) == [1]


async def test_every_row_has_to_be_meant(stock):
    for dialect in ("postgres", "mysql", "mariadb", "sqlite"):
        with pytest.raises(CompileError, match="all_rows"):
            delete_from(item).compile(dialect)
    compiles_to(delete_from(item).all_rows(), spelled('DELETE FROM "item"'))
    assert (await stock.execute(delete_from(item).all_rows())).rows_affected == 3


async def test_another_table(stock):
    query = delete_from(item).using(pet).where(pet.owner_id == item.id, pet.species == "dog")
    text = (
        "DELETE `item` FROM `item` CROSS JOIN `pet` WHERE `pet`.`owner_id` = `item`.`id` AND `pet`.`species` = %s",
        ("dog",),
    )
    compiles_to(
        query,
        {
            "postgres": (
                'DELETE FROM "item" USING "pet" WHERE "pet"."owner_id" = "item"."id" AND "pet"."species" = $1',
                ("dog",),
            ),
            "mysql": text,
            "mariadb": text,
            "sqlite": (UnsupportedError, "exists(query)"),
        },
    )
    if stock.dialect.name == "sqlite":
        dogs = select_from(pet).select(pet.id).where(pet.owner_id == item.id, pet.species == "dog")
        query = delete_from(item).where(exists(dogs))
    assert (await stock.execute(query)).rows_affected == 1
    assert await left(stock) == [1, 3]


async def test_joined_tables(stock):
    query = (
        delete_from(item)
        .inner_join(pet, pet.owner_id == item.id)
        .inner_join(person, person.id == pet.owner_id)
        .where(person.first_name == "Cem")
    )
    text = (
        "DELETE `item` FROM `item` INNER JOIN `pet` ON `pet`.`owner_id` = `item`.`id` INNER JOIN `person` "
        "ON `person`.`id` = `pet`.`owner_id` WHERE `person`.`first_name` = %s",
        ("Cem",),
    )
    compiles_to(
        query,
        {
            "postgres": (
                'DELETE FROM "item" USING "pet", "person" WHERE "pet"."owner_id" = "item"."id" '
                'AND "person"."id" = "pet"."owner_id" AND "person"."first_name" = $1',
                ("Cem",),
            ),
            "mysql": text,
            "mariadb": text,
            "sqlite": UnsupportedError,
        },
    )
    if stock.dialect.name != "sqlite":
        assert (await stock.execute(query)).rows_affected == 1
        assert await left(stock) == [1, 2]


async def test_a_left_join(stock):
    query = delete_from(item).left_join(pet, pet.owner_id == item.id).where(pet.id.is_null())
    text = "DELETE `item` FROM `item` LEFT JOIN `pet` ON `pet`.`owner_id` = `item`.`id` WHERE `pet`.`id` IS NULL"
    compiles_to(
        query,
        {
            "postgres": (UnsupportedError, "LEFT JOIN"),
            "mysql": text,
            "mariadb": text,
            "sqlite": UnsupportedError,
        },
    )
    if stock.dialect.name in ("mysql", "mariadb"):
        await stock.execute(query)
        assert await left(stock) == [2, 3]


async def test_several_tables_at_once(stock):
    other = item.as_("other")
    query = delete_from(item, other).inner_join(other, other.id == item.id + 1).where(item.id == 1)
    text = (
        "DELETE `item`, `other` FROM `item` INNER JOIN `item` AS `other` ON `other`.`id` = `item`.`id` + %s "
        "WHERE `item`.`id` = %s"
    )
    compiles_to(
        query,
        {
            "postgres": (UnsupportedError, "several tables"),
            "mysql": (text, (1, 1)),
            "mariadb": (text, (1, 1)),
            "sqlite": UnsupportedError,
        },
    )
    with pytest.raises(CompileError, match="join it"):
        delete_from(item, other).where(item.id == 1).compile("mysql")
    if stock.dialect.name in ("mysql", "mariadb"):
        assert (await stock.execute(query)).rows_affected == 2
        assert await left(stock) == [3]


async def test_the_first_rows_of_an_order(stock):
    query = delete_from(item).order_by(item.name.desc()).limit(2)
    text = "DELETE FROM `item` ORDER BY `item`.`name` DESC LIMIT %s"
    compiles_to(
        query,
        {"postgres": UnsupportedError, "mysql": (text, (2,)), "mariadb": (text, (2,)), "sqlite": UnsupportedError},
    )
    for dialect in ("mysql", "mariadb"):
        with pytest.raises(UnsupportedError):
            query.using(pet).compile(dialect)
    if stock.dialect.name in ("mysql", "mariadb"):
        await stock.execute(query)
        assert await left(stock) == [1]


async def test_sub_queries_that_read_the_table_itself(stock):
    other = item.as_("other")
    first = select_from(other).select(other.id).order_by(other.amount.desc()).limit(2)
    assert (await stock.execute(delete_from(item).where(item.id.is_in(first)))).rows_affected == 2
    larger = select_from(other).select(other.id).where(other.amount > item.amount)
    assert (await stock.execute(delete_from(item).where(exists(larger)))).rows_affected == 0
    assert await left(stock) == [1]


async def test_a_cte(stock):
    cats = cte("cats", select_from(pet).select(pet.owner_id).where(pet.species == "cat"))
    query = with_(cats).delete_from(item).where(item.id.is_in(select_from(cats).select(cats.owner_id)))
    compiles_to(
        query,
        spelled(
            'WITH "cats" AS (SELECT "pet"."owner_id" FROM "pet" WHERE "pet"."species" = $1) '
            'DELETE FROM "item" WHERE "item"."id" IN (SELECT "cats"."owner_id" FROM "cats")',
            ("cat",),
            mariadb=UnsupportedError,
        ),
    )
    if stock.dialect.name != "mariadb":
        await stock.execute(query)
        assert await left(stock) == [1]


async def test_returning(stock):
    query = delete_from(item).where(item.id > 1).returning(item.id, item.name.as_("was"))
    compiles_to(
        query,
        spelled(
            'DELETE FROM "item" WHERE "item"."id" > $1 RETURNING "item"."id", "item"."name" AS "was"',
            (1,),
            mysql=(UnsupportedError, "RETURNING"),
        ),
    )
    joined = delete_from(item).using(pet).where(pet.id == 10, item.id == 1).returning(item.id, pet.name)
    assert joined.compile("postgres").sql.endswith('RETURNING "item"."id", "pet"."name"')
    with pytest.raises(UnsupportedError, match="joined tables"):
        joined.compile("mariadb")
    if stock.dialect.name != "mysql":
        assert sorted(row["was"] for row in await stock.fetch_all(query)) == ["nut", "washer"]
    if stock.dialect.name == "postgres":
        assert await stock.fetch_all(joined) == [{"id": 1, "name": "Rex"}]
    if stock.dialect.name == "sqlite":
        pets = select_from(pet).select(pet.name).where(pet.owner_id > item.id).order_by(pet.name).limit(2)
        nested = delete_from(item).all_rows().returning(item.id, json_array_from(pets).as_("pets"))
        assert await stock.fetch_all(nested) == [{"id": 1, "pets": [{"name": "Amy"}, {"name": "Bella"}]}]


async def test_an_alias_of_the_table(stock):
    other = item.as_("i")
    query = delete_from(other).where(other.id == 1)
    compiles_to(
        query,
        spelled(
            'DELETE FROM "item" AS "i" WHERE "i"."id" = $1',
            (1,),
            mariadb=("DELETE `i` FROM `item` AS `i` WHERE `i`.`id` = %s", (1,)),
        ),
    )
    await stock.execute(query)
    assert await left(stock) == [2, 3]
    for refused in (query.returning(other.id), query.limit(1)):
        with pytest.raises(UnsupportedError):
            refused.compile("mariadb")


def test_a_schema_is_named():
    pets = table("pet", schema="shop")
    people = table("person", schema="shop")
    query = delete_from(pets).inner_join(people, people.id == pets.owner_id)
    assert query.compile("mysql").sql == (
        "DELETE `shop`.`pet` FROM `shop`.`pet` INNER JOIN `shop`.`person` ON `person`.`id` = `pet`.`owner_id`"
    )


def test_what_means_nothing_is_refused():
    with pytest.raises(BuildError, match="takes a table"):
        delete_from(item, select_from(pet).select(pet.id).as_("x"))
    with pytest.raises(BuildError, match="at least one condition"):
        delete_from(item).where()
    for dialect in ("postgres", "mysql", "mariadb", "sqlite"):
        with pytest.raises(CompileError, match="not in scope"):
            delete_from(item).where(pet.id == 1).compile(dialect)


async def test_joined_tables_and_sub_queries_that_read_the_table_itself(stock):
    other = item.as_("other")
    largest = select_from(other).select(fn.max(other.amount).as_("amount"))
    joined = delete_from(item).inner_join(pet, pet.id == item.id + 9)
    query = joined.where(item.amount == largest)
    with pytest.raises(UnsupportedError, match=r"as_\(…\)"):
        query.compile("mariadb")
    with pytest.raises(UnsupportedError, match=r"as_\(…\)"):
        i = item.as_("i")
        delete_from(i).where(i.amount == largest).compile("mariadb")
    people = select_from(person).select(person.id)
    assert joined.where(item.id.is_in(people)).compile("mariadb")
    derived = largest.as_("largest")
    if stock.dialect.name == "sqlite":
        query = delete_from(item).where(item.amount == largest)
    elif stock.dialect.name == "mariadb":
        query = joined.inner_join(derived, derived.amount == item.amount)
    await stock.execute(query)
    assert await left(stock) == [1, 2]
