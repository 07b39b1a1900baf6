"""A mapper's writes and reads: what goes in, what comes back, and what its transforms make of both."""

from __future__ import annotations

import uuid

import pytest

from querykit import (
    DEFAULT,
    CamelCasePlugin,
    Column,
    Database,
    MultipleResultsError,
    NoResultError,
    Table,
    UniqueViolationError,
    UnsupportedError,
    excluded,
)
from querykit.access import AbstractTableMapper, EntireRowTransforms, TableMapper, Transforms, all_rows
from querykit.errors import BuildError, InputError
from tests.access.mapped import USERS, NewUser, User, UserTable, note, seat, user, user_objects, users
from tests.access.tables import person, pet
from tests.expected import compiles_to, spelled

# -- select -----------------------------------------------------------------------------------------------------------


async def test_rows_are_selected_as_the_mapper_says(mapped_db):
    assert await users(mapped_db).select(1).return_one() == USERS[0], "hidden columns are in no '*'"
    shown = users(mapped_db, selected_columns=["id", user.token])
    assert await shown.select(1).one() == {"id": 1, "token": "secret"}, "what the program says by itself, it means"
    for start in (lambda: shown.select().columns(["token"]), lambda: users(None, update_return_columns=["token"])):
        with pytest.raises(BuildError, match="is hidden"):
            start()
    assert await users(mapped_db, selected_columns=[user.id]).select(1).return_one() == {"id": 1}
    named = users(mapped_db, selected_columns=["id", user.age.as_("years"), (user.age + 1).as_("next")])
    compiles_to(
        named.select(1).statement,
        spelled(
            'SELECT "mapped_user"."id", "mapped_user"."age" AS "years", "mapped_user"."age" + $1 AS "next"'
            ' FROM "mapped_user" WHERE "mapped_user"."id" = $2',
            (1, 1),
        ),
    )
    assert await named.select(1).return_one() == {"id": 1, "years": 36, "next": 37}
    assert await named.select(9).return_one() is None
    assert await named.select(9).return_all() == []


async def test_relations_are_selected_with_the_columns(restored_db):
    people = TableMapper(
        restored_db, person, selected_columns=["id", person.pets.include(pet.name, where=pet.species == "cat")]
    )
    assert await people.select(2).one() == {"id": 2, "pets": [{"name": "Amy"}, {"name": "Felix"}]}
    assert len(await people.select({"pets": {"some": {"species": "dog"}}}).return_all()) == 2
    assert len(await people.select(lambda person: person.pets.count() > 1).return_all()) == 1


async def test_one_row_is_read_where_one_is_asked_for(mapped_db):
    people = users(mapped_db).select().modify(lambda select: select.order_by(user.id.desc()))
    assert await people.return_one() == USERS[2]
    with pytest.raises(MultipleResultsError):
        await people.one()
    with pytest.raises(NoResultError):
        await users(mapped_db).select(9).one()
    assert await users(mapped_db).select("name", "=", "Bea").one() == USERS[1]
    assert [row["id"] for row in await people.return_all()] == [3, 2, 1]


async def test_a_query_takes_other_columns_and_is_modified_more_than_once(mapped_db):
    query = user_objects(mapped_db).select("age", ">", 1)
    ordered = query.modify(lambda select: select.order_by(user.name)).modify(lambda select: select.limit(1))
    assert await ordered.return_all() == [User(1, "Ada", 36)]
    assert await ordered.columns(["name", user.age.as_("years")]).return_all() == [{"name": "Ada", "years": 36}]
    assert len(await query.return_all()) == 2, "a query never changes"
    for wrong in (lambda _: None, lambda _: users(None).delete(1).statement, lambda select: select.as_("x")):
        with pytest.raises(BuildError, match="modify"):
            query.modify(wrong)


# -- insert -----------------------------------------------------------------------------------------------------------


async def test_objects_are_inserted_one_by_one_and_many_at_once(mapped_db):
    people = users(mapped_db)
    assert await people.insert().run({"name": "Dora"}) is True
    assert await people.insert().run([{"name": "Emil", "age": 1}, {"name": "Fay"}]) is True
    assert await people.insert().run([]) is True
    names = await people.select("name", ">=", "D").columns(["name", "age"]).return_all()
    assert sorted(names, key=str) == [
        {"name": "Dora", "age": None},
        {"name": "Emil", "age": 1},
        {"name": "Fay", "age": None},
    ]


async def test_the_key_of_a_new_row_comes_back(mapped_db):
    people = users(mapped_db)
    compiles_to(
        people.insert().statement({"name": "Dora"}),
        spelled('INSERT INTO "mapped_user" ("name") VALUES ($1)', ("Dora",)),
    )
    first = await people.insert().return_one({"name": "Dora"})
    assert set(first) == {"id"}
    assert await people.select(first["id"]).columns(["name"]).return_one() == {"name": "Dora"}
    assert await people.insert().return_one({"id": 77, "name": "Emil"}) == {"id": 77}


async def test_new_rows_come_back_in_the_order_given(mapped_db):
    people = users(mapped_db, insert_return_columns=["id", user.name.as_("called")])
    given = [{"name": f"user {number}"} for number in range(12)]
    found = await people.insert().return_all(given)
    assert [row["called"] for row in found] == [row["name"] for row in given]
    numbered = [{"id": 300 - number, "name": f"other {number}"} for number in range(12)]
    found = await people.insert().return_all(numbered)
    assert found == [{"id": row["id"], "called": row["name"]} for row in numbered]
    assert await people.insert().return_all([]) == []
    for made in (people.insert(), people.insert().columns(["name"]).compile()):
        found = await made.return_all({"name": f"{type(made).__name__} {number}"} for number in range(2))
        assert [row["called"][-1] for row in found] == ["0", "1"], "what can be read only once is"
    with pytest.raises(InputError, match=r"\[0\]: a row is an object"):
        await people.insert().return_all({"name": "Dora"})


async def test_new_rows_of_keys_of_several_columns_come_back(mapped_db):
    seats = TableMapper(mapped_db, seat, insert_return_columns=["*"])
    rows = [{"hall": "C", "number": number, "guest": f"guest {number}"} for number in (2, 1, 3)]
    assert await seats.insert().return_all(rows) == rows
    one = {"hall": "D", "number": 1}
    assert await seats.insert().return_one(one) == one | {"guest": None}


async def test_keys_that_the_program_makes_and_renamed_columns_come_back(mapped_db):
    notes = TableMapper(mapped_db, note, insert_return_columns=["*"], update_return_columns=["*"])
    first = await notes.insert().return_one({"text": "one"})
    others = await notes.insert().return_all([{"text": "two"}, {"text": "three"}])
    compiled = notes.insert().columns(["text"]).compile()
    found = [first, *others, await compiled.return_one({"text": "four"})]
    assert [row["text"] for row in found] == ["one", "two", "three", "four"]
    assert {type(row["id"]) for row in found} == {uuid.UUID}
    assert len({row["id"] for row in found}) == 4
    assert await notes.select(first["id"]).one() == first
    assert await notes.update({"text": "one"}).return_all({"text": "new"}) == [{"id": first["id"], "text": "new"}]
    assert await notes.delete("text", "in", ["two", "new"]).return_count() == 2


async def test_inserts_are_all_or_none(mapped_db):
    people = users(mapped_db)
    doubled = [{"name": "Dora"}, {"name": "Emil"}, {"name": "Dora"}]
    with pytest.raises(UniqueViolationError):
        await people.insert().run(doubled)
    with pytest.raises(UniqueViolationError):
        await people.insert().return_all(doubled)
    with pytest.raises(InputError, match=r"\[1\]\.nome"):
        await people.insert().return_all([{"name": "Dora"}, {"nome": "Emil"}])
    assert len(await people.select().return_all()) == 3


async def test_columns_restrict_what_is_written(mapped_db):
    people = users(mapped_db, insert_return_columns=["name", "age"])
    dora = {"name": "Dora", "age": 5, "extra": object()}
    assert await people.insert().columns(["name"]).return_one(dora) == {"name": "Dora", "age": None}
    with pytest.raises(InputError, match="age: is to be written"):
        await people.insert().columns(["name", "age"]).run({"name": "Emil"})
    with pytest.raises(InputError, match="extra: no such column"):
        await people.insert().columns(["*"]).run(dora)
    assert await people.update({"name": "Dora"}).columns(["age"]).run({"age": 6, "name": "x"})
    with pytest.raises(InputError, match="age: is to be written"):
        await people.update({"name": "Dora"}).columns(["age"]).run({"name": "x"})
    assert await people.select({"name": "Dora"}).columns(["age"]).return_one() == {"age": 6}
    for wrong in ([], ["name", "name"], ["nobody"], "name", None, [user.name], ["*", "name"]):
        for start in (people.insert(), people.update(1)):
            with pytest.raises(BuildError):
                start.columns(wrong)


async def test_an_insert_is_modified(mapped_db):
    people = users(mapped_db, insert_return_columns=["id", "age"])
    upsert = people.insert().modify(lambda insert: insert.on_conflict(user.id).do_update(age=excluded.age))
    assert await upsert.return_one({"id": 1, "name": "Ada", "age": 40}) == {"id": 1, "age": 40}
    ignored = people.insert().columns(["id", "name"]).modify(lambda insert: insert.on_conflict(user.id).do_nothing())
    assert await ignored.return_one({"id": 1, "name": "Zoe"}) == {"id": 1, "age": 40}
    assert await ignored.compile().return_one({"id": 1, "name": "Zoe"}) == {"id": 1, "age": 40}
    assert await ignored.run({"id": 2, "name": "Zoe"}) is True
    assert await people.select("name", "=", "Zoe").return_all() == []
    with pytest.raises(BuildError, match="modify"):
        people.insert().modify(lambda _: None)


async def test_a_row_that_is_in_the_way_is_found_by_what_the_conflict_names(mapped_db):
    people = users(mapped_db, insert_return_columns=["id", "age"])
    upsert = people.insert().modify(lambda insert: insert.on_conflict(user.name).do_update(age=excluded.age))
    kept = people.insert().modify(lambda insert: insert.on_conflict(user.name).do_nothing())
    for _ in range(2):
        assert await upsert.return_one({"name": "Bea", "age": 50}) == {"id": 2, "age": 50}
    assert await upsert.return_one({"id": 70, "name": "Bea", "age": 51}) == {"id": 2, "age": 51}
    assert await kept.return_one({"name": "Bea", "age": 9}) == {"id": 2, "age": 51}
    many = [{"name": "Cem", "age": 8}, {"name": "Bea", "age": 7}]
    assert await upsert.return_all(many) == [{"id": 3, "age": 8}, {"id": 2, "age": 7}]
    assert await kept.return_all([{"name": "Bea", "age": 1}, {"name": "Ada"}]) == [
        {"id": 2, "age": 7},
        {"id": 1, "age": 36},
    ]
    compiled = upsert.columns(["name", "age"]).compile()
    assert await compiled.return_one({"name": "Bea", "age": 6}) == {"id": 2, "age": 6}
    new = await kept.return_one({"name": "Dora", "age": 5})
    assert await people.select(new["id"]).columns(["name"]).one() == {"name": "Dora"}


async def test_rows_are_found_again_where_a_plugin_renames_columns(mapped_db, urls, database_name):
    async with Database(urls[database_name], plugins=[CamelCasePlugin()]) as db:
        people = users(db, insert_return_columns=["id"], update_return_columns=["id", user.age.as_("years_old")])
        assert await people.insert().return_all([{"id": 60, "name": "Dora"}, {"id": 50, "name": "Emil"}]) == [
            {"id": 60},
            {"id": 50},
        ]
        found = await people.update("id", ">=", 50).return_all({"age": 4})
        assert sorted(found, key=str) == [{"id": 50, "yearsOld": 4}, {"id": 60, "yearsOld": 4}]
        seats = TableMapper(db, seat, insert_return_columns=["*"])
        row = {"hall": "Q", "number": 4, "guest": None}
        assert await seats.insert().return_all([row]) == [row]


async def test_a_number_of_another_column_finds_no_row(mapped_db):
    by_age = users(mapped_db, key_columns=["age"], insert_return_columns=["name"])
    if mapped_db.dialect.name == "mysql":
        with pytest.raises(BuildError, match="cannot be found again"):
            await by_age.insert().return_one({"name": "Dora"})
        assert len(await by_age.select().return_all()) == 3
    else:
        assert await by_age.insert().return_one({"name": "Dora"}) == {"name": "Dora"}


async def test_an_update_with_joins_gives_rows_back_where_there_is_returning(mapped_db):
    people = users(mapped_db, update_return_columns=["id"])
    guests = people.update("id", ">", 0).modify(
        lambda update: update.inner_join(seat, seat.guest == user.name).where(seat.hall == "A")
    )
    if mapped_db.dialect.name in {"mysql", "mariadb"}:
        with pytest.raises(UnsupportedError, match="joined tables"):
            await guests.return_all({"age": 5})
        assert await guests.return_count({"age": 5}) == 1
    else:
        assert await guests.return_all({"age": 5}) == [{"id": 1}]


# -- update and delete ------------------------------------------------------------------------------------------------


async def test_updates_tell_whether_how_many_and_what(mapped_db):
    people = users(mapped_db, update_return_columns=["id", user.age.as_("years")])
    compiles_to(
        people.update("age", ">", 1).statement({"email": None}),
        spelled('UPDATE "mapped_user" SET "email" = $1 WHERE "mapped_user"."age" > $2', (None, 1)),
    )
    assert await people.update(1).run({"age": 37}) is True
    assert await people.update(1).run({"age": 37}) is True, "the same again is no miss"
    assert await people.update(9).run({"age": 37}) is False
    assert await people.update("id", "<", 3).return_count({"email": "x"}) == 2
    assert await people.update(9).return_count({"email": "x"}) == 0
    assert await people.update(2).return_one({"age": 18}) == {"id": 2, "years": 18}
    assert await people.update(9).return_one({"age": 18}) is None
    found = await people.update({"email": "x"}).return_all({"age": 20})
    assert sorted(found, key=str) == [{"id": 1, "years": 20}, {"id": 2, "years": 20}]
    assert await people.update(9).return_all({"age": 18}) == []
    every = await people.update(all_rows()).return_all({"age": user.age + 1})
    assert sorted(str(row["years"]) for row in every) == ["21", "21", "None"], "as the database has it"


async def test_all_rows_that_match_are_updated_where_one_comes_back(mapped_db):
    people = users(mapped_db, update_return_columns=["age"])
    assert await people.update("id", ">", 1).return_one({"age": 5}) == {"age": 5}
    assert await people.select({"age": 5}).columns(["id"]).return_all() in (
        [{"id": 2}, {"id": 3}],
        [{"id": 3}, {"id": 2}],
    )


async def test_rows_come_back_when_their_keys_change(mapped_db):
    seats = TableMapper(mapped_db, seat, update_return_columns=["*"])
    assert await seats.update(("A", 1)).return_all({"hall": "Z"}) == [{"hall": "Z", "number": 1, "guest": "Ada"}]
    found = await seats.update({"number": 1}).return_all({"guest": "Zoe"})
    assert sorted(row["hall"] for row in found) == ["B", "Z"]
    change = seats.update(("B", 1)).return_all({"number": seat.number + 1})
    if mapped_db.dialect.name in {"mysql", "mariadb"}:
        with pytest.raises(UnsupportedError, match="by value"):
            await change
        assert await seats.select(("B", 1)).one()
    else:
        assert await change == [{"hall": "B", "number": 2, "guest": "Zoe"}]


async def test_many_rows_come_back_from_an_update(mapped_db):
    seats = TableMapper(mapped_db, seat, update_return_columns=["number", "guest"])
    await seats.insert().run([{"hall": "L", "number": number} for number in range(1200)])
    found = await seats.update({"hall": "L"}).return_all({"guest": "all"})
    assert sorted(row["number"] for row in found) == list(range(1200))
    assert {row["guest"] for row in found} == {"all"}
    assert await seats.select("guest", "=", "all").columns(["hall"]).return_all() == [{"hall": "L"}] * 1200


async def test_what_cannot_be_found_again_is_refused_where_there_is_no_returning(mapped_db):
    has_returning = mapped_db.dialect.name in {"postgres", "sqlite"}
    keyless = users(mapped_db, key_columns=(), update_return_columns=["id"], insert_return_columns=["id"])
    update = keyless.update({"name": "Ada"}).return_all({"age": 1})
    if has_returning:
        assert await update == [{"id": 1}]
    else:
        with pytest.raises(UnsupportedError, match="RETURNING"):
            await update
        assert await users(mapped_db).select(1).one() == USERS[0]
    if mapped_db.dialect.name == "mysql":
        with pytest.raises(UnsupportedError, match="RETURNING"):
            await keyless.insert().return_one({"name": "Dora"})
        with pytest.raises(UnsupportedError, match="RETURNING"):
            await keyless.insert().return_all([{"name": "Dora"}])
        assert len(await keyless.select().return_all()) == 3
    else:
        assert set(await keyless.insert().return_one({"name": "Dora"})) == {"id"}


async def test_a_modified_update_gives_back_its_own_rows_alone(mapped_db):
    people = users(mapped_db, update_return_columns=["id"])
    narrowed = people.update("id", ">", 1).modify(lambda update: update.where(user.age.is_null()))
    assert await narrowed.return_all({"age": 1}) == [{"id": 3}]
    if mapped_db.dialect.name in {"mysql", "mariadb"}:
        first = people.update(all_rows()).modify(lambda update: update.order_by(user.id.desc()).limit(1))
        assert await first.return_all({"age": 9}) == [{"id": 3}]
        assert await people.select({"age": 9}).columns(["id"]).return_all() == [{"id": 3}]
    with pytest.raises(BuildError, match="modify"):
        people.update(1).modify(lambda _: True)


async def test_deletes_tell_whether_and_how_many(mapped_db):
    people = users(mapped_db)
    assert await people.delete(1).run() is True
    assert await people.delete(1).run() is False
    assert await people.delete("id", "in", [2, 3, 4]).return_count() == 2
    assert await people.delete({"id": 2}).return_count() == 0
    older = TableMapper(mapped_db, seat).delete({"hall": "A"}).modify(lambda delete: delete.where(seat.number > 1))
    assert await older.return_count() == 1


def test_nothing_comes_back_where_nothing_was_named():
    people = users(None, insert_return_columns=())
    for start in (people.insert(), people.update(1)):
        with pytest.raises(BuildError, match="nothing comes back"):
            start.return_one({"name": "x"}).send(None)
        with pytest.raises(BuildError, match="nothing comes back"):
            start.return_all([{"name": "x"}]).send(None)


# -- transforms -------------------------------------------------------------------------------------------------------


async def test_objects_go_in_and_come_out(mapped_db):
    people = user_objects(mapped_db)
    dora = await people.insert().return_one(NewUser("Dora", 8))
    assert dora == User(dora.id, "Dora", 8)
    assert await people.select(dora.id).return_one() == dora
    others = [NewUser("Emil"), NewUser("Fay", 2)]
    found = await people.insert().return_all(others)
    assert [(each.name, each.years) for each in found] == [("Emil", None), ("Fay", 2)]
    assert await people.insert().run([NewUser("Gil"), NewUser("Hal")]) is True
    assert await people.update(dora.id).return_one(NewUser("Doris", 9)) == User(dora.id, "Doris", 9)
    assert await people.update(dora.id).return_all(NewUser("Dora", 9)) == [User(dora.id, "Dora", 9)]
    assert await people.update(99).return_one(NewUser("x")) is None
    assert await people.update(dora.id).return_count(NewUser("Dora", 1)) == "1 users"
    assert await people.delete("name", ">=", "D").return_count() == "5 users"


async def test_transforms_are_told_which_columns_are_written(mapped_db):
    told = []
    people = users(mapped_db).with_transforms(
        Transforms(
            insert=lambda source, columns: told.append(columns) or source,
            update=lambda source, columns: told.append(columns) or source,
        )
    )
    await people.insert().run({"name": "Dora"})
    await people.insert().columns(["name", "age"]).run({"name": "Emil", "age": 1})
    await people.update(1).columns(["age"]).run({"age": 1})
    await people.update(1).columns(["age"]).compile().run({"age": 1})
    assert told == [("*",), ("name", "age"), ("age",), ("age",)]


async def test_transforms_of_what_comes_back_are_called_where_nothing_does(mapped_db):
    people = users(mapped_db, insert_return_columns=()).with_transforms(
        Transforms(insert_return=lambda new, row: (new["name"], row), update_return=lambda new, row: (new["age"], row))
    )
    assert await people.insert().return_one({"name": "Dora"}) == ("Dora", {})
    assert await people.insert().return_all([{"name": "Emil"}, {"name": "Fay"}]) == [("Emil", {}), ("Fay", {})]
    assert await people.insert().columns(["name"]).compile().return_one({"name": "Gil"}) == ("Gil", {})
    assert await people.update("id", "<", 3).return_all({"age": 1}) == [(1, {}), (1, {})]
    assert await people.update(9).return_one({"age": 1}) is None


async def test_several_mappers_map_one_table_in_ways_of_their_own(mapped_db):
    rows = users(mapped_db)
    names = rows.with_transforms(Transforms(select=lambda row: row["name"]))
    ages = names.with_transforms(Transforms(count=str))
    assert await names.select(1).return_one() == "Ada"
    assert await rows.select(1).return_one() == USERS[0]
    assert await ages.select(1).return_one() == USERS[0], "transforms replace each other, and do not add up"
    assert await ages.delete(1).return_count() == "1"


async def test_entire_rows_come_back_with_what_the_database_added(mapped_db):
    people = users(mapped_db, insert_return_columns=["id", "age"]).with_transforms(EntireRowTransforms(["id"]))
    for key in (None, DEFAULT):
        name = f"user {key!r}"
        found = await people.insert().return_one({"id": key, "name": name})
        assert found == {"id": found["id"], "name": name, "age": None}
        assert type(found["id"]) is int
    assert await people.insert().return_one({"id": 90, "name": "Kim"}) == {"id": 90, "name": "Kim", "age": None}
    assert await people.update(90).return_one({"name": "Kai"}) == {"name": "Kai"}, (
        "nothing comes back, so what was sent"
    )
    assert await people.update(99).return_one({"name": "Kai"}) is None
    with pytest.raises(BuildError, match="selected_columns"):
        users(None, selected_columns=["id"]).with_transforms(EntireRowTransforms(["id"]))
    with pytest.raises(BuildError, match="list of names"):
        EntireRowTransforms("id")


async def test_a_key_of_nought_or_of_an_empty_text_is_a_key(mapped_db):
    seats = TableMapper(mapped_db, seat).with_transforms(EntireRowTransforms(["hall", "number"]))
    nought = {"hall": "", "number": 0, "guest": "Nil"}
    assert await seats.insert().return_one(nought) == nought
    assert await seats.select(("", 0)).return_one() == nought


class UserMapper(AbstractTableMapper[UserTable, User, NewUser, int]):
    """A mapper of one's own, with queries of its own."""

    def __init__(self, db):
        super().__init__(db, user, selected_columns=["id", "name", "age"])

    def select_transform(self, row):
        return User(row["id"], row["name"], row["age"])

    def insert_transform(self, source, columns):
        return {"name": source.name, "age": source.years}

    def insert_return_transform(self, source, returns):
        return returns["id"]

    def grown(self):
        return self.select(lambda user: user.age >= 18)


async def test_a_mapper_of_ones_own_overrides_the_transforms(mapped_db):
    people = UserMapper(mapped_db)
    assert await people.grown().return_all() == [User(1, "Ada", 36)]
    key = await people.insert().return_one(NewUser("Dora", 50))
    assert await people.select(key).return_one() == User(key, "Dora", 50)
    assert await people.update(key).return_count({"age": 51}) == 1
    async with mapped_db.transaction() as trx:
        assert len(await people.for_transaction(trx).grown().return_all()) == 2


# -- transactions -----------------------------------------------------------------------------------------------------


async def test_what_a_mapper_does_in_a_transaction_is_undone_with_it(mapped_db):
    people = user_objects(mapped_db)
    with pytest.raises(ZeroDivisionError):
        async with mapped_db.transaction() as trx:
            inside = people.for_transaction(trx)
            assert type(inside) is type(people)
            await inside.insert().return_one(NewUser("Dora"))
            await inside.insert().return_all([NewUser("Emil"), NewUser("Fay")])
            await inside.update(1).return_one(NewUser("Ida"))
            await inside.delete(2).run()
            assert len(await inside.select().return_all()) == 5
            raise ZeroDivisionError
    assert [row["name"] for row in await users(mapped_db).select().return_all()] == ["Ada", "Bea", "Cem"]


def test_columns_of_other_tables_are_not_returned():
    class Other(Table, name="other"):
        id: Column[int]

    for option in ("insert_return_columns", "update_return_columns"):
        for wrong in (["nobody"], "id", [Other().id], [user.id + 1], [None]):
            with pytest.raises(BuildError):
                users(None, **{option: wrong})
