"""Compiled queries of a mapper: written once, run with values by name, and never with fewer."""

from __future__ import annotations

import asyncio

import pytest

from querykit import DEFAULT, ClosedError, NoResultError, UnsupportedError, sql
from querykit.access import TableMapper, Transforms
from querykit.errors import BuildError, ConcurrentUseError, InputError, UsageError
from tests.access.mapped import USERS, NewUser, User, seat, user, user_objects, users
from tests.expected import compiles_to, spelled


async def test_queries_are_compiled_and_run_again(mapped_db):
    people = users(mapped_db, update_return_columns=["id", "age"])
    one = people.select(1).compile()
    assert await one.return_one() == await one.one() == USERS[0]
    assert await one.return_all() == [USERS[0]]
    written = people.update(1).columns(["age"]).compile()
    assert await written.run({"age": 1}) is True
    assert await written.return_count({"age": 2}) == 1
    assert await written.return_one({"age": 3}) == {"id": 1, "age": 3}
    assert await written.return_all({"age": 4, "name": "x"}) == [{"id": 1, "age": 4}]
    added = people.insert().columns(["name", "email"]).compile()
    assert await added.run({"name": "Dora", "email": None}) is True
    emil = await added.return_one({"name": "Emil", "email": "e@x.org"})
    assert await people.select(emil["id"]).columns(["email"]).return_one() == {"email": "e@x.org"}
    found = await added.return_all([{"name": f"user {number}", "email": None} for number in range(3)])
    assert len({row["id"] for row in found}) == 3
    assert await added.return_all([]) == []
    gone = people.delete("name", "like", "user %").compile()
    assert await gone.return_count() == 3
    assert await gone.run() is False


def test_the_sql_of_compiled_queries_is_there_to_read():
    people = users(None)
    added = people.insert().columns(["name", "age"]).compile()
    written = people.update(1).columns(["age"]).compile()
    for statement, expected in (
        (added.statement, 'INSERT INTO "mapped_user" ("name", "age") VALUES ($1, $2)'),
        (written.statement, 'UPDATE "mapped_user" SET "age" = $1 WHERE "mapped_user"."id" = $2'),
        (people.delete(1).compile().statement, 'DELETE FROM "mapped_user" WHERE "mapped_user"."id" = $1'),
    ):
        for dialect, text in spelled(expected).items():
            assert statement.compile(dialect).sql == text[0]


FORMS = {
    "key": lambda people, param: people.select(param("key")),
    "tuple": lambda people, param: people.select((param("key"),)),
    "object": lambda people, param: people.select({"id": param("key")}),
    "list": lambda people, param: people.select({"id": [param("key"), 99]}),
    "operators": lambda people, param: people.select({"id": {"eq": param("key", int)}}),
    "comparison": lambda people, param: people.select("id", "=", param("key")),
    "comparison with a list": lambda people, param: people.select("id", "in", [99, param("key")]),
    "function": lambda people, param: people.select(lambda user: user.id == param("key")),
    "condition": lambda people, param: people.select(user.id == param("key")),
    "raw": lambda people, param: people.select(sql("{} = {}", user.id, param("key", int))),
}


@pytest.mark.parametrize("form", FORMS)
async def test_a_parameter_stands_for_any_value_of_a_filter(mapped_db, form):
    find = users(mapped_db).parameterize(FORMS[form])
    assert await find.return_one(key=2) == USERS[1]
    assert await find.return_all(key=3) == [USERS[2]]
    assert await find.return_one(key=98) is None
    with pytest.raises(NoResultError):
        await find.one(key=98)
    await refuses(find.return_all)
    await refuses(find.return_one)
    await refuses(find.one)


async def refuses(run, *values):
    """Every set of arguments that is not the one that is wanted: `key`, an int."""
    for wrong in ({}, {"keys": 1}, {"key": 1, "other": 2}, {"key": None}, {"key": "1"}, {"key": [1]}, {"key": True}):
        with pytest.raises((BuildError, InputError)) as caught:
            await run(*values, **wrong)
        assert "key" in str(caught.value) or "other" in str(caught.value)


@pytest.mark.parametrize(
    "where",
    [
        lambda param: param("ids", list[int]),
        lambda param: (param("ids", list[int]),),
        lambda param: {"id": param("ids", list[int])},
        lambda param: {"id": {"in": param("ids", list[int])}},
        lambda param: {"id": param("id", str)},
        lambda param: {"id": {"is_null": param("flag", bool)}},
        lambda param: {"token": param("token")},
        lambda param: {"or": param("filters")},
        lambda param: [param("id")],
        lambda param: lambda _: param("all", bool),
    ],
)
def test_a_parameter_stands_for_one_value_of_its_columns_type(where):
    for start in ("select", "update", "delete"):
        with pytest.raises((InputError, BuildError)):
            users(None).parameterize(lambda people, param: getattr(people, start)(where(param)))  # noqa: B023


async def test_writes_without_the_values_of_their_parameters_are_refused(mapped_db):
    people = users(mapped_db, update_return_columns=["id"])
    change = people.parameterize(lambda people, param: people.update({"id": param("key")}).columns(["age"]))
    remove = people.parameterize(lambda people, param: people.delete("id", "=", param("key")))
    for run in (change.run, change.return_count, change.return_one, change.return_all):
        await refuses(run, {"age": 5})
        for values in ({}, {"name": "x"}, None, [], {"age": "5"}, {"age": user.age + 1}, {"age": DEFAULT}):
            with pytest.raises(InputError):
                await run(values, key=1)
    await refuses(remove.run)
    await refuses(remove.return_count)
    assert await users(mapped_db).select().modify(lambda select: select.order_by(user.id)).return_all() == USERS
    assert await change.return_all({"age": 5}, key=1) == [{"id": 1}]
    assert await change.return_count({"age": 5}, key=2) == 1
    assert await remove.run(key=1) is True
    assert await remove.return_count(key=1) == 0


async def test_a_parameter_and_a_column_of_one_name_are_two_things(mapped_db):
    people = users(mapped_db, update_return_columns=["id", "name"])
    rename = people.parameterize(lambda people, param: people.update({"name": param("name")}).columns(["name"]))
    assert await rename.run({"name": "Ida"}, name="Ada") is True
    assert await rename.return_one({"name": "Ava"}, name="Ida") == {"id": 1, "name": "Ava"}
    assert await rename.return_one({"name": "Ava"}, name="Ida") is None
    with pytest.raises(BuildError, match="are taken"):
        people.parameterize(lambda people, param: people.select(param("querykit_value_0")))


async def test_a_compiled_update_may_change_the_key_that_finds_its_rows(mapped_db):
    seats = TableMapper(mapped_db, seat, update_return_columns=["*"])
    move = seats.parameterize(
        lambda seats, param: seats.update((param("hall"), param("number"))).columns(["hall", "number"])
    )
    found = await move.return_all({"hall": "Z", "number": 9}, hall="A", number=1)
    assert found == [{"hall": "Z", "number": 9, "guest": "Ada"}]
    assert await seats.select(("A", 1)).return_one() is None


async def test_objects_go_into_compiled_queries_and_come_out(mapped_db):
    people = user_objects(mapped_db)
    added = people.insert().columns(["name", "age"]).compile()
    dora = await added.return_one(NewUser("Dora", 8))
    assert dora == User(dora.id, "Dora", 8)
    find = people.parameterize(lambda people, param: people.select("name", "=", param("name")))
    assert await find.return_one(name="Dora") == await find.one(name="Dora") == dora
    assert await find.return_all(name="Dora") == [dora]
    assert await find.return_one(name="Zoe") is None
    change = people.parameterize(lambda people, param: people.update(param("id")).columns(["age"]))
    assert await change.return_one(NewUser("", 9), id=dora.id) == User(dora.id, "Dora", 9)
    assert await change.return_count(NewUser("", 9), id=dora.id) == "1 users"
    remove = people.parameterize(lambda people, param: people.delete(param("id")))
    assert await remove.return_count(id=dora.id) == "1 users"
    assert await remove.run(id=dora.id) is False, "of a count of no rows, whatever it is made of"


def test_only_inserts_and_updates_of_named_columns_are_compiled():
    people = users(None)
    for start in (people.insert(), people.update(1)):
        assert not hasattr(start, "compile")
        with pytest.raises(BuildError, match="by name"):
            start.columns(["*"]).compile()
        with pytest.raises(BuildError, match="columns"):
            people.parameterize(lambda *_: start)  # noqa: B023
        same = start.columns(["age"]).modify(lambda statement: statement)
        assert same.compile()


async def test_an_insert_that_gives_no_row_raises(mapped_db):
    people = users(mapped_db, key_columns=(), insert_return_columns=["id"])
    ignored = people.insert().columns(["id", "name"]).modify(lambda insert: insert.on_conflict().do_nothing())
    error: type[Exception] = NoResultError
    if mapped_db.dialect.name in {"mysql", "mariadb"}:
        error = UnsupportedError  # they have no RETURNING here, and nothing else tells
    with pytest.raises(error):
        await ignored.compile().return_one({"id": 1, "name": "Zoe"})
    with pytest.raises(error):
        await ignored.return_one({"id": 1, "name": "Zoe"})


# -- transactions and tasks -------------------------------------------------------------------------------------------


async def test_compiled_queries_run_in_any_transaction(mapped_db):
    people = users(mapped_db, update_return_columns=["id"])
    find = people.parameterize(lambda people, param: people.select(param("id")))
    added = people.insert().columns(["name"]).compile()
    change = people.update(1).columns(["age"]).compile()
    remove = people.delete(1).compile()
    with pytest.raises(ZeroDivisionError):
        async with mapped_db.transaction() as trx:
            key = (await added.for_transaction(trx).return_one({"name": "Dora"}))["id"]
            assert (await find.for_transaction(trx).return_one(id=key))["name"] == "Dora"
            await added.for_transaction(trx).return_all([{"name": "Emil"}])
            assert await change.for_transaction(trx).return_all({"age": 1}) == [{"id": 1}]
            assert await remove.for_transaction(trx).return_count() == 1
            raise ZeroDivisionError
    assert await find.return_one(id=key) is None
    assert await find.return_one(id=1) == USERS[0]
    for wrong in (None, "trx", people):
        for bound in (people, find, added, change, remove):
            with pytest.raises(BuildError, match="for_transaction"):
                bound.for_transaction(wrong)
    with pytest.raises(ClosedError):
        await find.for_transaction(trx).return_one(id=1)
    for late_use in (
        people.for_transaction(trx).select(1).return_all(),
        people.for_transaction(trx).insert().return_one({"name": "x"}),
        people.for_transaction(trx).insert().return_all([{"name": "x"}]),
        people.for_transaction(trx).update(1).return_all({"name": "x"}),
        people.for_transaction(trx).delete(1).run(),
    ):
        with pytest.raises(ClosedError):
            await late_use


async def test_what_runs_beside_a_transaction_of_the_same_task_is_refused(mapped_db):
    people = users(mapped_db)
    async with mapped_db.transaction():
        with pytest.raises(UsageError):
            await people.delete(1).run()
    assert await people.select(1).one()


async def test_tasks_share_a_mapper_and_its_compiled_queries(mapped_db):
    people = users(mapped_db, update_return_columns=["id", "email"])
    change = people.parameterize(lambda people, param: people.update(param("id")).columns(["email"]))
    find = people.parameterize(lambda people, param: people.select(param("id")))

    async def write(number):
        row = await change.return_one({"email": f"mail {number}"}, id=number)
        return row, (await find.one(id=number))["email"]

    found = await asyncio.gather(*[write(number) for number in (1, 2, 3)])
    assert found == [({"id": number, "email": f"mail {number}"}, f"mail {number}") for number in (1, 2, 3)]


async def test_two_tasks_in_one_transaction_are_refused_and_nothing_is_mixed_up(mapped_db):
    people = users(mapped_db, update_return_columns=["id"])
    with pytest.raises((ConcurrentUseError, UsageError, ExceptionGroup)):
        async with mapped_db.transaction() as trx, asyncio.TaskGroup() as tasks:
            inside = people.for_transaction(trx)
            for number in (1, 2, 3):
                tasks.create_task(inside.update(number).return_one({"name": f"user {number}"}))
    found = await people.select().modify(lambda select: select.order_by(user.id)).return_all()
    assert found == USERS, "what was refused is undone whole"


async def test_a_cancelled_write_leaves_nothing_half_done(mapped_db):
    people = users(mapped_db, update_return_columns=["*"])
    for delay in (0, 0, 0, 0.0005, 0.002):
        task = asyncio.ensure_future(
            people.insert().return_all([{"name": f"cancelled {number}"} for number in range(40)])
        )
        await asyncio.sleep(delay)
        task.cancel()
        await asyncio.wait([task])
        left = await people.delete("name", "like", "cancelled %").return_count()
        assert left in {0, 40}, "all or none"
    task = asyncio.ensure_future(people.update("id", ">", 0).return_all({"email": "new"}))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    changed = await people.select({"email": "new"}).return_all()
    assert len(changed) in {0, 3}
    assert len(await people.select().return_all()) == 3


# -- transforms that fail ---------------------------------------------------------------------------------------------


def broken(*_):
    raise LookupError("broken")


@pytest.mark.parametrize("name", ["insert", "update"])
async def test_nothing_is_written_where_a_transform_of_values_raises(mapped_db, name):
    people = users(mapped_db, update_return_columns=["id"]).with_transforms(Transforms(**{name: broken}))
    queries = {"insert": people.insert(), "update": people.update(1)}
    query = queries[name]
    compiled = query.columns(["name"]).compile()
    for run in (query.run, query.return_one, compiled.run, compiled.return_one):
        with pytest.raises(LookupError, match="broken"):
            await run({"name": "x"})
    assert await users(mapped_db).select({"name": "x"}).return_all() == []


@pytest.mark.parametrize("made", [None, [], "name", 7, {}, {"nobody": 1}, {"name": 7}, {"name": None}, {7: "x"}])
async def test_what_a_transform_makes_must_be_a_row(mapped_db, made):
    people = users(mapped_db).with_transforms(Transforms(insert=lambda *_: made, update=lambda *_: made))
    for run in (people.insert().run, people.insert().return_one, people.update(1).run, people.update(1).return_count):
        with pytest.raises(InputError):
            await run({"name": "x"})
    assert await users(mapped_db).select({"name": "x"}).return_all() == []


async def test_what_a_transform_of_rows_raises_goes_to_the_caller(mapped_db):
    people = users(mapped_db, update_return_columns=["id"]).with_transforms(
        Transforms(select=broken, insert_return=broken, update_return=broken, count=broken)
    )
    for run in (
        people.select().return_all(),
        people.select(1).return_one(),
        people.select(1).one(),
        people.select(1).compile().return_all(),
        people.update(1).return_count({"age": 1}),
        people.delete(9).return_count(),
    ):
        with pytest.raises(LookupError, match="broken"):
            await run
    with pytest.raises(LookupError, match="broken"):
        async with mapped_db.transaction() as trx:  # where what was written before is undone
            await people.for_transaction(trx).insert().return_one({"name": "x"})
    assert await users(mapped_db).select({"name": "x"}).return_all() == []


# -- hostile values ---------------------------------------------------------------------------------------------------

HOSTILE = [
    "'",
    '"',
    "`",
    "\\",
    "'; DROP TABLE mapped_user; --",
    "%s",
    "$1",
    "?",
    ":name",
    "{}",
    "%",
    "é\U0001f600",
    "x" * 50,
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_values_are_values(mapped_db, text):
    people = users(mapped_db, insert_return_columns=["id", "name"], update_return_columns=["email"])
    row = await people.insert().return_one({"name": text})
    assert row["name"] == text
    for asked in (({"name": text},), ("name", "=", text), (lambda user: user.name == text,)):
        assert (await people.select(*asked).one())["id"] == row["id"]
    find = people.parameterize(lambda people, param: people.select("name", "=", param("name")))
    assert (await find.one(name=text))["id"] == row["id"]
    change = people.parameterize(lambda people, param: people.update({"name": param("name")}).columns(["email"]))
    assert await change.return_all({"email": text}, name=text) == [{"email": text}]
    assert await people.delete({"name": text}).return_count() == 1
    assert len(await people.select().return_all()) == 3


def test_expected_sql_of_parameters():
    find = users(None, selected_columns=["id"]).parameterize(
        lambda people, param: people.select({"name": param("name"), "age": {"gt": 3}})
    )
    for dialect, (text, _) in spelled(
        'SELECT "mapped_user"."id" FROM "mapped_user" WHERE "mapped_user"."name" = $1 AND "mapped_user"."age" > $2'
    ).items():
        assert find.statement.compile(dialect).sql == text
        assert find.statement.compile(dialect).arguments({"name": "Ada"}) == ("Ada", 3)
    compiles_to(
        users(None, selected_columns=["id"]).select(1).compile().statement,
        spelled('SELECT "mapped_user"."id" FROM "mapped_user" WHERE "mapped_user"."id" = $1', (1,)),
    )
