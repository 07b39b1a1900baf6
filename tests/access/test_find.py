"""Finding rows by data: what may be asked for, and that nothing else may."""

from __future__ import annotations

import pytest

from querykit import Column, Database, Table, column
from querykit.access import ReadRepository, belongs_to, find_query, has_many
from querykit.errors import BuildError, InputError
from tests.access.tables import person, pet
from tests.expected import compiles_to, spelled


@pytest.fixture
def people(db, sample_tables):
    return ReadRepository(db, person)


async def test_rows_are_found_by_filter_order_columns_and_limit(people):
    found = await people.find(
        where={"birth_year": {"gt": 1950}}, order_by=["-birth_year"], columns=["id"], limit=2, offset=1
    )
    assert found == [{"id": 3}, {"id": 2}]


async def test_relations_are_included_to_any_depth_with_options_of_their_own(people):
    found = await people.find(
        where={"id": {"in": [2, 4]}},
        order_by="id",
        columns=["first_name"],
        include={
            "mother": {"columns": ["first_name"], "include": {"mother": {"columns": ["first_name"]}}},
            "pets": {
                "where": {"species": "cat"},
                "columns": ["name"],
                "order_by": ["-name"],
                "limit": 1,
                "include": {"toys": {"columns": ["name"]}, "owner": {"columns": ["id"]}},
            },
        },
    )
    assert found == [
        {
            "first_name": "Bea",
            "mother": {"first_name": "Ada", "mother": None},
            "pets": [{"name": "Felix", "toys": [{"name": "mouse"}], "owner": {"id": 2}}],
        },
        {"first_name": "Dora", "mother": {"first_name": "Bea", "mother": {"first_name": "Ada"}}, "pets": []},
    ]


async def test_a_relation_is_included_by_its_name_alone_in_its_own_order(people):
    (bea,) = await people.find(where={"id": 2}, columns=["id"], include=["pets"])
    assert [pet["name"] for pet in bea["pets"]] == ["Amy", "Felix", "Rex"]


async def test_one_row_many_ids_counts_and_existence(people):
    assert (await people.find_by_id(2))["first_name"] == "Bea"
    assert await people.find_by_id(99) is None
    assert sorted(row["id"] for row in await people.find_by_ids([3, 1, 99])) == [1, 3]
    assert await people.find_by_ids([]) == []
    assert await people.find_first(order_by="id", columns=["id"]) == {"id": 1}
    assert await people.find_first(where={"id": 99}) is None
    assert (await people.count(), await people.count(where={"mother": {"is": None}})) == (5, 2)
    assert await people.exists(where={"first_name": "Bea"}) is True
    assert await people.exists(where={"first_name": "Zoe"}) is False


async def test_no_more_is_read_than_is_asked_for(database_name, urls, sample_tables):
    seen = []
    async with Database(urls[database_name], log=seen.append) as db:
        people = ReadRepository(db, person)
        first = people.find_first(order_by="id"), people.exists(where={"first_name": "Bea"}), people.count()
        found = [await each for each in first]
        await people.find(include={"pets": {"include": ["toys"]}, "mother": True})
        await people.find_by_ids([1, 2])
    assert (found[0]["id"], found[1:]) == (1, [True, 5])
    texts = [each.sql for each in seen if "SELECT" in (getattr(each, "sql", None) or "")]
    assert len(texts) == 5, "each is one statement"
    assert "LIMIT" in texts[0]
    assert texts[1].startswith("SELECT EXISTS(SELECT") or texts[1].startswith("SELECT EXISTS (SELECT")
    assert "COUNT(*)" in texts[2]


def test_it_is_one_statement_that_can_be_printed():
    query = find_query(person, where={"first_name": "Bea"}, order_by=["-id"], columns=["id"], limit=3)
    sql = 'SELECT "person"."id" FROM "person" WHERE "person"."first_name" = $1 ORDER BY "person"."id" DESC LIMIT $2'
    compiles_to(query, spelled(sql, ("Bea", 3)))


async def test_a_repository_of_a_part_of_a_table_knows_no_other_row(db, sample_tables):
    cats = ReadRepository(db, pet, where=lambda pet: pet.species == "cat")
    assert await cats.count() == 3
    assert await cats.find_by_id(10) is None
    assert await cats.exists(where={"species": "dog"}) is False
    assert await cats.find(where={"or": [{"species": "dog"}, {"id": 10}]}) == []
    assert [row["id"] for row in await cats.find_by_ids([10, 11])] == [11]


class Account(Table, name="account"):
    id: Column[int] = column(primary_key=True)
    name: Column[str]
    password: Column[str] = column(hidden=True)
    parent_id: Column[int | None]

    parent = belongs_to(lambda: Account, by="parent_id")
    children = has_many(lambda: Account, by="parent_id")


account = Account()


def test_hidden_columns_are_selected_nowhere():
    query = find_query(account, include={"parent": True, "children": {"include": ["parent"]}})
    assert "password" not in query.compile("postgres").sql


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"columns": ["password"]}, ("columns", 0)),
        ({"columns": []}, ("columns",)),
        ({"columns": "id"}, ("columns",)),
        ({"columns": [7]}, ("columns", 0)),
        ({"order_by": ["password"]}, ("order_by", 0)),
        ({"order_by": ["-password"]}, ("order_by", 0)),
        ({"order_by": ["id; DROP TABLE account"]}, ("order_by", 0)),
        ({"order_by": ["id", {}]}, ("order_by", 1)),
        ({"where": {"password": {"like": "a%"}}}, ("where", "password")),
        ({"where": {"children": {"some": {"password": "x"}}}}, ("where", "children", "some", "password")),
        ({"where": []}, ("where",)),
        ({"include": ["nobody"]}, ("include", "nobody")),
        ({"include": "children"}, ("include",)),
        ({"include": 7}, ("include",)),
        ({"include": [{}]}, ("include", 0)),
        ({"include": [["children"]]}, ("include", 0)),
        ({"include": ["children", "parent", "children"]}, ("include", 2)),
        ({"include": ""}, ("include",)),
        ({"include": {7: True}}, ("include", 7)),
        ({"columns": ["id", "name", "id"]}, ("columns",)),
        ({"columns": [{}]}, ("columns", 0)),
        ({"order_by": [["id"]]}, ("order_by", 0)),
        ({"order_by": {"id": 1}}, ("order_by", 0)),
        ({"include": {"children": {"order_by": ["x"]}}}, ("include", "children", "order_by", 0)),
        ({"include": {"children": 1}}, ("include", "children")),
        ({"include": {"children": {"take": 1}}}, ("include", "children", "take")),
        ({"include": {"parent": {"limit": 1}}}, ("include", "parent", "limit")),
        ({"include": {"children": {"limit": 1001}}}, ("include", "children", "limit")),
        ({"include": {"children": {"columns": ["password"]}}}, ("include", "children", "columns", 0)),
        ({"include": {"parent": {"where": {"password": "x"}}}}, ("include", "parent", "where", "password")),
        ({"limit": -1}, ("limit",)),
        ({"limit": 1001}, ("limit",)),
        ({"limit": "1"}, ("limit",)),
        ({"limit": True}, ("limit",)),
        ({"limit": 1, "offset": -1}, ("offset",)),
    ],
)
def test_what_may_not_be_asked_for_is_refused_with_its_place(asked, path):
    with pytest.raises(InputError) as caught:
        find_query(account, **asked)
    assert caught.value.path == path


def test_depth_is_limited():
    include: dict = {"children": True}
    for _ in range(8):
        include = {"children": {"include": include}}
    with pytest.raises(InputError, match="no deeper than 8"):
        find_query(account, include=include)


class Membership(Table, name="membership"):
    person_id: Column[int] = column(primary_key=True)
    club_id: Column[int] = column(primary_key=True)


@pytest.mark.parametrize("key", [1, {}, {"person_id": 1}, {"person_id": 1, "club_id": 2, "x": 3}, None, [1, 2]])
async def test_a_key_of_several_columns_is_taken_whole(db, key):
    with pytest.raises(InputError, match="person_id, club_id"):
        await ReadRepository(db, Membership()).find_by_id(key)


@pytest.mark.parametrize("key", [None, "1", True, 1.5, [], {}])
async def test_a_key_of_another_type_is_refused(people, key):
    with pytest.raises(InputError, match="id: "):
        await people.find_by_id(key)
    with pytest.raises(InputError, match=r"ids\[0\]: "):
        await people.find_by_ids([key])


def test_a_table_without_a_key_is_refused():
    class Note(Table, name="note"):
        text: Column[str]

    with pytest.raises(BuildError, match="key="):
        ReadRepository(None, Note())


def include(**options):
    return {"include": {"pets": options}}


ASKED = [
    {},
    {"columns": ["id"]},
    {"columns": ("id",)},
    {"columns": ["id", "first_name"], "order_by": "-id"},
    {"order_by": ["id"], "limit": 1},
    {"order_by": ["id"], "limit": 2, "offset": 1},
    {"order_by": person.id.desc()},
    {"order_by": person.birth_year.desc()},
    include(limit=1),
    include(limit=True),
    include(limit=1.0),
    include(where={"name": "Rex"}),
    include(where={"name": "Amy"}),
    include(where={"name": 1}),
    include(where={"weight": 0.0}),
    include(where={"weight": -0.0}),
    include(where={"weight": 1}),
    include(where={"weight": 1.0}),
    include(where={"weight": True}),
    include(where=pet.name == "Rex"),
    include(where=pet.name == "Amy"),
    {"include": ["pets"]},
    {"include": ["pets", "pets"]},
    {"columns": ["id"] * 3000},
]


def made(people, asked):
    try:
        compiled = people.find_query(**asked).compile("postgres")
    except InputError as error:
        return error.path, error.reason
    return compiled.sql, repr(compiled.parameters)


def test_what_is_asked_again_is_made_as_if_it_were_new():
    people = ReadRepository(None, person)
    for _ in range(2):
        for asked in ASKED:
            assert made(people, asked) == made(ReadRepository(None, person), asked), asked
    for number in range(250):  # more than are kept
        assert made(people, include(where={"id": number}))[1] == repr((number,))
    assert 0 < len(people._shapes) <= 100
