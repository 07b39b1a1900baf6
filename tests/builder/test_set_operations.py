"""Set operations: grouped in the SQL as they were put together; the rows decide."""

import pytest

from querykit import select_from, table, value
from querykit.errors import BuildError, CompileError, UnsupportedError
from tests.expected import compiles_to, spelled
from tests.sample import person, pet, toy

names = select_from(person).select(person.first_name.as_("name"))
pets = select_from(pet).select(pet.name)
toys = select_from(toy).select(toy.name)

PEOPLE = 'SELECT "person"."first_name" AS "name" FROM "person"'
PETS = 'SELECT "pet"."name" FROM "pet"'
TOYS = 'SELECT "toy"."name" FROM "toy"'


async def test_union_drops_equal_rows_and_union_all_keeps_them(db):
    compiles_to(toys.union(toys), spelled(f"{TOYS} UNION {TOYS}"))
    compiles_to(toys.union_all(toys), spelled(f"{TOYS} UNION ALL {TOYS}"))
    assert sorted(await db.fetch_column(toys.union(toys))) == ["ball", "bone", "feather", "mouse"]
    assert len(await db.fetch_column(toys.union_all(toys))) == 10


async def test_a_union_is_ordered_by_the_columns_of_its_result(db):
    query = names.union(pets).order_by(person.first_name.as_("name").desc()).limit(2).offset(1)
    compiles_to(
        query,
        spelled(f'{PEOPLE} UNION {PETS} ORDER BY "name" DESC LIMIT $1 OFFSET $2', (2, 1)),
    )
    assert await db.fetch_column(query) == ["Otto", "Minka"]


async def test_nulls_of_a_union_stand_where_they_are_told(db):
    nicknames = select_from(person).select(person.nickname)
    query = nicknames.union(nicknames).order_by(person.nickname.desc(nulls="last"))
    own = 'SELECT "person"."nickname" FROM "person"'
    wrapped = "SELECT `person`.`nickname` FROM `person`"
    compiles_to(
        query,
        spelled(
            f'{own} UNION {own} ORDER BY "nickname" DESC NULLS LAST',
            mysql=f"{wrapped} UNION {wrapped} ORDER BY `nickname` IS NULL, `nickname` DESC",
            mariadb=f"{wrapped} UNION {wrapped} ORDER BY `nickname` IS NULL, `nickname` DESC",
        ),
    )
    assert await db.fetch_column(query) == ["Dodo", "Bee", None]


async def test_a_set_operation_on_the_right_stays_together(db):
    query = names.except_(pets.union(names))
    compiles_to(
        query,
        spelled(
            f"{PEOPLE} EXCEPT ({PETS} UNION {PEOPLE})", sqlite=f"{PEOPLE} EXCEPT SELECT * FROM ({PETS} UNION {PEOPLE})"
        ),
    )
    assert await db.fetch_all(query) == []


async def test_a_set_operation_on_the_left_stays_together(db):
    query = names.union(pets).intersect(pets)
    compiles_to(
        query,
        spelled(f"({PEOPLE} UNION {PETS}) INTERSECT {PETS}", sqlite=f"{PEOPLE} UNION {PETS} INTERSECT {PETS}"),
    )
    assert sorted(await db.fetch_column(query)) == ["Amy", "Bella", "Felix", "Minka", "Rex"]


async def test_the_order_and_limit_of_one_query_stay_its_own(db):
    first = pets.order_by(pet.name).limit(1)
    query = first.union(toys.order_by(toy.name.desc()).limit(1))
    compiles_to(
        query,
        spelled(
            f'({PETS} ORDER BY "pet"."name" LIMIT $1) UNION ({TOYS} ORDER BY "toy"."name" DESC LIMIT $2)',
            (1, 1),
            sqlite=(
                f'SELECT * FROM ({PETS} ORDER BY "pet"."name" LIMIT ?) UNION '
                f'SELECT * FROM ({TOYS} ORDER BY "toy"."name" DESC LIMIT ?)',
                (1, 1),
            ),
        ),
    )
    assert sorted(await db.fetch_column(query)) == ["Amy", "mouse"]


async def test_intersect_all_and_except_all_count_rows(db):
    ids = select_from(pet).select(pet.owner_id)
    query = ids.except_all(select_from(person).select(person.id))
    compiles_to(
        query,
        spelled(
            'SELECT "pet"."owner_id" FROM "pet" EXCEPT ALL SELECT "person"."id" FROM "person"',
            sqlite=(UnsupportedError, "sqlite has no EXCEPT ALL"),
        ),
    )
    compiles_to(
        ids.intersect_all(ids),
        spelled(
            'SELECT "pet"."owner_id" FROM "pet" INTERSECT ALL SELECT "pet"."owner_id" FROM "pet"',
            sqlite=(UnsupportedError, "sqlite has no INTERSECT ALL"),
        ),
    )
    if db.dialect.name != "sqlite":  # refused there, as the tables say
        assert await db.fetch_column(query) == [2, 2]
        assert len(await db.fetch_column(ids.intersect_all(ids))) == 5


async def test_a_set_operation_can_be_a_table_and_a_list(db):
    every = pets.union_all(toys).as_("every")
    query = (
        select_from(every).select(every.name).where(every.name.is_in(toys.union(pets.limit(0)))).order_by(every.name)
    )
    assert await db.fetch_column(query) == ["ball", "ball", "bone", "feather", "mouse"]


async def test_more_than_two_queries_keep_their_order_of_operations(db):
    query = toys.except_(select_from(toy).select(toy.name).where(toy.name == "ball"), pets).union(names)
    assert sorted(await db.fetch_column(query)) == ["Ada", "Bea", "Cem", "Dora", "Otto", "bone", "feather", "mouse"]


def test_what_cannot_be_joined_is_refused():
    with pytest.raises(BuildError, match="as many columns: here are 1 and 2"):
        pets.union(select_from(pet).select(pet.id, pet.name))
    with pytest.raises(BuildError, match="at least one other query"):
        pets.union()
    with pytest.raises(BuildError, match="takes a query, not str"):
        pets.union("select 1")
    with pytest.raises(CompileError, match="ordered by columns of its result: name"):
        pets.union(toys).order_by(pet.weight).compile("sqlite")


def test_the_types_of_a_union_are_those_on_which_all_agree():
    ids = select_from(pet).select(pet.id.as_("x"), pet.name.as_("y"))
    other = select_from(table("other")).select(table("other").x, value("a").as_("y"))
    shapes = [str(column.shape) for column in ids.union(other).output_columns()]
    assert shapes == ["None", "str"]
