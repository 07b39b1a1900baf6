"""Joins: every kind, USING, LATERAL, self-joins and what a database lacks of them."""

import pytest

from querykit import fn, select_from
from querykit.errors import BuildError, CompileError, UnsupportedError
from tests.expected import compiles_to, spelled
from tests.sample import person, pet, toy


async def test_an_inner_join_keeps_pairs(db):
    query = select_from(person).inner_join(pet, pet.owner_id == person.id, pet.species == "cat").select(pet.name)
    query = query.order_by(pet.name)
    compiles_to(
        query,
        spelled(
            'SELECT "pet"."name" FROM "person" INNER JOIN "pet" ON "pet"."owner_id" = "person"."id" '
            'AND "pet"."species" = $1 ORDER BY "pet"."name"',
            ("cat",),
        ),
    )
    assert await db.fetch_column(query) == ["Amy", "Felix", "Minka"]


async def test_outer_joins_keep_the_rows_of_their_side(db):
    left = select_from(person).left_join(pet, pet.owner_id == person.id).select(fn.count().as_("n"))
    assert await db.fetch_value(left) == 7
    right = select_from(pet).right_join(person, pet.owner_id == person.id).select(fn.count().as_("n"))
    assert await db.fetch_value(right) == 7
    full = select_from(pet).full_join(person, pet.owner_id == person.id).select(fn.count().as_("n"))
    compiles_to(
        full,
        spelled(
            'SELECT COUNT(*) AS "n" FROM "pet" FULL JOIN "person" ON "pet"."owner_id" = "person"."id"',
            mysql=(UnsupportedError, "FULL JOIN"),
            mariadb=(UnsupportedError, "FULL JOIN"),
        ),
    )
    if db.dialect.name == "postgres":  # SQLite has it since 3.39
        assert await db.fetch_value(full) == 7


async def test_using_names_columns_that_both_sides_have(db):
    query = select_from(pet).inner_join(toy, using=["name"]).select(pet.id)
    compiles_to(query, spelled('SELECT "pet"."id" FROM "pet" INNER JOIN "toy" USING ("name")'))
    assert await db.fetch_all(query) == []


async def test_a_table_can_meet_itself_under_another_name(db):
    mother = person.as_("mother")
    query = (
        select_from(person)
        .inner_join(mother, mother.id == person.mother_id)
        .select(person.first_name, mother.first_name.as_("mother"))
        .order_by(person.id)
    )
    assert [tuple(row.values()) for row in await db.fetch_all(query)] == [
        ("Bea", "Ada"),
        ("Cem", "Ada"),
        ("Dora", "Bea"),
    ]


async def test_a_lateral_join_refers_to_the_tables_before_it(db):
    dearest = (
        select_from(toy).select(toy.name).where(toy.pet_id == pet.id).order_by(toy.price.desc(nulls="last")).limit(1)
    )
    dearest = dearest.as_("dearest")
    query = select_from(pet).left_join_lateral(dearest).select(pet.name, dearest.name.as_("toy")).order_by(pet.id)
    lacking = (UnsupportedError, "LATERAL")
    compiles_to(
        query,
        spelled(
            'SELECT "pet"."name", "dearest"."name" AS "toy" FROM "pet" LEFT JOIN LATERAL (SELECT "toy"."name" FROM "toy" '
            'WHERE "toy"."pet_id" = "pet"."id" ORDER BY "toy"."price" DESC NULLS LAST LIMIT $1) AS "dearest" ON TRUE '
            'ORDER BY "pet"."id"',
            (1,),
            mysql=(
                "SELECT `pet`.`name`, `dearest`.`name` AS `toy` FROM `pet` LEFT JOIN LATERAL (SELECT `toy`.`name` FROM `toy` "
                "WHERE `toy`.`pet_id` = `pet`.`id` ORDER BY `toy`.`price` IS NULL, `toy`.`price` DESC LIMIT %s) "
                "AS `dearest` ON TRUE ORDER BY `pet`.`id`",
                (1,),
            ),
            mariadb=lacking,
            sqlite=lacking,
        ),
    )
    if db.dialect.name in ("postgres", "mysql"):  # the others refuse it, as the table says
        assert await db.fetch_column(query.clear_select().select(dearest.name)) == [
            "ball",
            "mouse",
            "feather",
            "ball",
            None,
        ]


def test_a_derived_table_does_not_see_its_neighbours():
    toys = select_from(toy).select(toy.name).where(toy.pet_id == pet.id).as_("toys")
    query = select_from(pet).inner_join(toys, toys.name == pet.name).select(pet.name)
    with pytest.raises(CompileError, match=r"pet.id is used where 'pet' is not in scope"):
        query.compile("postgres")


def test_a_join_needs_a_condition_or_columns():
    with pytest.raises(BuildError, match="inner_join needs either conditions or using"):
        select_from(pet).inner_join(toy)
    with pytest.raises(BuildError, match=r"using=\['name'\]"):
        select_from(pet).inner_join(toy, using="name")
    with pytest.raises(BuildError, match="left_join needs either conditions or using"):
        select_from(pet).left_join(toy, toy.pet_id == pet.id, using=["name"])
    with pytest.raises(BuildError, match="FROM takes tables and aliased queries, not str; use table"):
        select_from(pet).cross_join("toy")


async def test_rows_that_tie_with_the_last_one_can_come_too(db):
    query = select_from(pet).select(pet.name).order_by(pet.species).limit(1, with_ties=True)
    lacking = (UnsupportedError, "WITH TIES")
    compiles_to(
        query,
        spelled(
            'SELECT "pet"."name" FROM "pet" ORDER BY "pet"."species" FETCH FIRST $1 ROWS WITH TIES',
            (1,),
            mysql=lacking,
            sqlite=lacking,
        ),
    )
    if db.dialect.name in ("postgres", "mariadb"):  # the others refuse it, as the table says
        assert sorted(await db.fetch_column(query)) == ["Amy", "Felix", "Minka"]
    assert (await db.fetch_first(query))["name"] in ("Amy", "Felix", "Minka")
    assert len(await db.fetch_column(query.clear_limit())) == 5
    with pytest.raises(CompileError, match="ties are rows that are equal in order"):
        query.clear_order_by().compile("postgres")


async def test_the_first_row_of_each_group(db):
    query = select_from(pet).distinct_on(pet.species).select(pet.name).order_by(pet.species, pet.name)
    lacking = (UnsupportedError, "DISTINCT ON")
    compiles_to(
        query,
        spelled(
            'SELECT DISTINCT ON ("pet"."species") "pet"."name" FROM "pet" ORDER BY "pet"."species", "pet"."name"',
            mysql=lacking,
            mariadb=lacking,
            sqlite=lacking,
        ),
    )
    if db.dialect.name == "postgres":  # the others refuse it, as the table says
        assert await db.fetch_column(query) == ["Amy", "Bella"]
