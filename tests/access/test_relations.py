"""Relations are declared once, and read, counted and asked about in one statement, on every database."""

from __future__ import annotations

import pytest

from querykit import BuildError, Column, MultipleResultsError, Table, column, exists, select_from
from querykit.access import belongs_to, has_many, relations_of
from tests.access.tables import Person, Pet, person, pet, toy
from tests.expected import compiles_to, spelled

pytestmark = pytest.mark.usefixtures("sample_tables")


async def test_many_rows_are_a_list_in_the_declared_order(db):
    query = db.select_from(person).select(person.id, person.pets.include(pet.name)).order_by(person.id)
    assert await query.fetch_all() == [
        {"id": 1, "pets": []},
        {"id": 2, "pets": [{"name": "Amy"}, {"name": "Felix"}, {"name": "Rex"}]},
        {"id": 3, "pets": [{"name": "Minka"}]},
        {"id": 4, "pets": [{"name": "Bella"}]},
        {"id": 5, "pets": []},
    ]


async def test_a_list_takes_its_own_criteria_order_and_limit_for_each_parent(db):
    light = person.pets.include(pet.name, where=pet.weight < 30, order_by=pet.weight.desc(), limit=1, offset=0)
    query = db.select_from(person).select(light).where(person.id.is_in([2, 4])).order_by(person.id)
    assert await query.fetch_all() == [{"pets": [{"name": "Felix"}]}, {"pets": [{"name": "Bella"}]}]


async def test_relations_nest_in_one_query_to_any_depth(db):
    query = db.select_from(person).select(
        person.pets.include(pet.name, include=[pet.toys.include(toy.name), pet.owner]),
        person.mother.include(include=[person.mother.table.mother]),
    )
    assert await query.where(person.id == 4).fetch_one() == {
        "pets": [
            {
                "name": "Bella",
                "toys": [{"name": "ball"}],
                "owner": {"id": 4, "first_name": "Dora", "nickname": "Dodo", "birth_year": 2001, "mother_id": 2},
            }
        ],
        "mother": {
            "id": 2,
            "first_name": "Bea",
            "nickname": "Bee",
            "birth_year": 1975,
            "mother_id": 1,
            "mother": {"id": 1, "first_name": "Ada", "nickname": None, "birth_year": 1950, "mother_id": None},
        },
    }


async def test_a_row_that_is_not_there_is_none(db):
    query = db.select_from(person).select(person.mother.include()).where(person.id == 1)
    assert await query.fetch_one() == {"mother": None}


async def test_has_one_refuses_a_second_row(db):
    query = db.select_from(person).select(person.oldest_pet.include(pet.name)).order_by(person.id)
    assert await query.where(person.id == 4).fetch_one() == {"oldest_pet": {"name": "Bella"}}
    with pytest.raises(MultipleResultsError):
        await query.where(person.id == 2).fetch_one()


async def test_many_to_many_goes_through_a_third_table(db):
    toys = person.toys.include(toy.name, order_by=toy.id)
    query = db.select_from(person).select(toys).where(person.id == 2)
    assert await query.fetch_one() == {"toys": [{"name": "ball"}, {"name": "bone"}, {"name": "mouse"}]}


async def test_a_relation_that_holds_only_for_some_rows_is_none_for_others(db):
    query = db.select_from(pet).select(pet.name, pet.walker.include(person.first_name)).order_by(pet.id)
    assert (await query.fetch_all())[:2] == [
        {"name": "Rex", "walker": {"first_name": "Bea"}},
        {"name": "Felix", "walker": None},
    ]


async def test_any_none_and_every_are_predicates(db):
    async def ids(predicate):
        return await db.select_from(person).select(person.id).where(predicate).order_by(person.id).fetch_column()

    assert await ids(person.pets.any()) == [2, 3, 4]
    assert await ids(person.pets.any(pet.species == "dog")) == [2, 4]
    assert await ids(person.pets.none()) == [1, 5]
    assert await ids(person.pets.none(pet.species == "dog")) == [1, 3, 5]
    assert await ids(person.pets.every(pet.species == "dog")) == [1, 4, 5]
    assert await ids(person.pets.every(pet.weight > 1)) == [1, 2, 4, 5]  # Minka's weight is not known
    assert await ids(person.cats.any()) == [2, 3]
    assert await ids(person.pets.any(pet.toys.any(toy.price > 4))) == [2, 4]
    assert await ids(person.children.any()) == [1, 2]


async def test_a_count_is_compared_ordered_by_and_selected(db):
    pets = person.pets.count()
    query = db.select_from(person).select(person.id, pets.as_("pets")).where(pets >= 1).order_by(pets.desc(), person.id)
    assert await query.fetch_all() == [{"id": 2, "pets": 3}, {"id": 3, "pets": 1}, {"id": 4, "pets": 1}]


async def test_an_alias_of_the_source_and_of_the_target_are_followed(db):
    parent, child = person.as_("parent"), person.as_("child")
    query = db.select_from(parent).select(parent.children.to(child).include(child.first_name, where=child.id > 2))
    assert await query.where(parent.id == 1).fetch_one() == {"children": [{"first_name": "Cem"}]}


async def test_the_rows_are_a_query_for_the_whole_builder(db):
    names = select_from(person).select(person.id).where(exists(person.pets.rows().select(pet.id).where(pet.id > 11)))
    sql = (
        'SELECT "person"."id" FROM "person" WHERE EXISTS (SELECT "pet"."id" FROM "pet"'
        ' WHERE "pet"."owner_id" = "person"."id" AND "pet"."id" > $1)'
    )
    compiles_to(names, spelled(sql, (11,)))
    assert await db.fetch_column(names.order_by(person.id)) == [2, 3, 4]


class Kennel(Table, name="kennel"):
    id: Column[int] = column(primary_key=True)

    of_module = has_many("tests.access.tables.Pet", by="owner_id")
    of_no_module = has_many("tests.access.missing.Pet", by="owner_id")
    of_no_class = has_many("tests.access.tables.Missing", by="owner_id")


def test_a_table_of_another_module_is_named_with_it():
    kennel = Kennel()
    assert isinstance(kennel.of_module.table, Pet)
    with pytest.raises(BuildError, match=r"tests\.access\.missing has no such table, or is not imported"):
        kennel.of_no_module.rows()
    with pytest.raises(BuildError, match=r"tests\.access\.tables has no such table"):
        kennel.of_no_class.rows()


def test_relations_are_listed_by_name():
    assert list(relations_of(Pet)) == ["owner", "walker", "toys"]
    assert list(relations_of(person)) == ["mother", "children", "pets", "cats", "toys", "oldest_pet"]


class Wrong(Table, name="wrong"):
    id: Column[int]
    person_id: Column[int]

    nowhere = has_many("Nowhere")
    unknown = has_many(Pet, by="keeper_id", key="id")
    keyless = has_many(Pet, by="owner_id")
    undeclared = belongs_to(Person)
    uneven = belongs_to(Person, by=("id", "person_id"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere", "has no such table"),
        ("unknown", "'pet' has no column 'keeper_id'"),
        ("keyless", "declares no primary key"),
        ("undeclared", "no column that refers to person; say which: by="),
        ("uneven", "cannot hold id of person"),
    ],
)
def test_a_relation_that_cannot_be_is_refused_where_it_is_used(name, message):
    with pytest.raises(BuildError, match=message):
        getattr(Wrong(), name)


def test_an_alias_of_another_table_is_refused():
    with pytest.raises(BuildError, match=r"person\.pets leads to pet"):
        person.pets.to(toy)


def test_every_asks_for_criteria():
    with pytest.raises(BuildError, match="every"):
        person.pets.every()


def test_a_relation_is_not_a_column():
    with pytest.raises(BuildError, match=r"takes expressions, not Many; a relation is nested by \.include"):
        select_from(person).select(person.pets)
