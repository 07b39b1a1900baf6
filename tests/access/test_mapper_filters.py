"""Every form of a mapper's filter, and that none of them reaches rows that it does not name."""

from __future__ import annotations

import pytest

from querykit import DEFAULT, Column, Table, and_, not_, or_, param, select_from, sql, table
from querykit.access import TableMapper, all_rows
from querykit.errors import BuildError, InputError
from tests.access.mapped import seat, user, users
from tests.expected import compiles_to, spelled

SELECT = 'SELECT "mapped_user"."id" FROM "mapped_user"'
BY_ID = f'{SELECT} WHERE "mapped_user"."id"'

FORMS = {
    "none": ((), SELECT, (), [1, 2, 3]),
    "all_rows": ((all_rows(),), SELECT, (), [1, 2, 3]),
    "key": ((2,), f"{BY_ID} = $1", (2,), [2]),
    "tuple": (((2,),), f"{BY_ID} = $1", (2,), [2]),
    "object": (
        ({"name": "Ada", "age": 36},),
        f'{SELECT} WHERE "mapped_user"."name" = $1 AND "mapped_user"."age" = $2',
        ("Ada", 36),
        [1],
    ),
    "null": (({"email": None},), f'{SELECT} WHERE "mapped_user"."email" IS NULL', (), [2]),
    "empty object": (({},), f"{SELECT} WHERE TRUE", (), [1, 2, 3]),
    "empty list": (({"id": []},), f"{SELECT} WHERE FALSE", (), []),
    "operators": (({"age": {"gte": 18}},), f'{SELECT} WHERE "mapped_user"."age" >= $1', (18,), [1]),
    "equals": (("name", "=", "Cem"), f'{SELECT} WHERE "mapped_user"."name" = $1', ("Cem",), [3]),
    "differs": (("name", "!=", "Cem"), f'{SELECT} WHERE "mapped_user"."name" <> $1', ("Cem",), [1, 2]),
    "greater": (("age", ">", 17), f'{SELECT} WHERE "mapped_user"."age" > $1', (17,), [1]),
    "at most": (("age", "<=", 17), f'{SELECT} WHERE "mapped_user"."age" <= $1', (17,), [2]),
    "between": (("id", "between", [2, 3]), f"{BY_ID} BETWEEN $1 AND $2", (2, 3), [2, 3]),
    "is null": (("age", "is", None), f'{SELECT} WHERE "mapped_user"."age" IS NULL', (), [3]),
    "is not null": (("age", "is not", None), f'{SELECT} WHERE "mapped_user"."age" IS NOT NULL', (), [1, 2]),
    "like": (("name", "like", "%a"), f'{SELECT} WHERE "mapped_user"."name" LIKE $1', ("%a",), [1, 2]),
    "not like": (("name", "not like", "%a"), f'{SELECT} WHERE "mapped_user"."name" NOT LIKE $1', ("%a",), [3]),
    "column": ((user.id, ">=", 3), f"{BY_ID} >= $1", (3,), [3]),
    "raw operator": (("id", sql("<"), 2), f"{BY_ID} < $1", (2,), [1]),
    "function": (
        (lambda user: (user.name == "Ada") | user.age.is_null(),),
        f'{SELECT} WHERE "mapped_user"."name" = $1 OR "mapped_user"."age" IS NULL',
        ("Ada",),
        [1, 3],
    ),
    "condition": ((user.id < 2,), f"{BY_ID} < $1", (2,), [1]),
    "raw": ((sql("{} > {}", user.id, 2),), f"{BY_ID} > $1", (2,), [3]),
    "empty conditions": ((or_(),), f"{SELECT} WHERE FALSE", (), []),
}
SQLITE_CONSTANTS = {"empty object", "empty list", "empty conditions"}


@pytest.mark.parametrize("form", FORMS)
async def test_every_form_of_a_filter_finds_its_rows(mapped_db, form):
    asked, sql_text, parameters, ids = FORMS[form]
    query = users(mapped_db, selected_columns=["id"]).select(*asked)
    compiles_to(query.statement, spelled(sql_text, parameters))
    found = await query.modify(lambda select: select.order_by(user.id)).return_all()
    assert [row["id"] for row in found] == ids


async def test_a_list_is_what_a_column_is_in(mapped_db):
    query = users(mapped_db, selected_columns=["id"]).select({"id": [1, 3], "name": "Ada"})
    compiles_to(
        query.statement,
        {
            "postgres": (f'{SELECT} WHERE "mapped_user"."id" = ANY($1) AND "mapped_user"."name" = $2', ([1, 3], "Ada")),
            **dict.fromkeys(
                ("mysql", "mariadb"),
                (
                    "SELECT `mapped_user`.`id` FROM `mapped_user` WHERE `mapped_user`.`id` IN (%s, %s) AND `mapped_user`.`name` = %s",
                    (1, 3, "Ada"),
                ),
            ),
            "sqlite": (
                f'{SELECT} WHERE "mapped_user"."id" IN (?, ?) AND "mapped_user"."name" = ?',
                (1, 3, "Ada"),
            ),
        },
    )
    assert await query.return_all() == [{"id": 1}]
    assert await users(mapped_db).delete({"id": [1, 3]}).return_count() == 2


async def test_comparisons_take_queries_and_lists(mapped_db):
    people = users(mapped_db, selected_columns=["id"])
    other = user.as_("other")
    grown = select_from(other).select(other.id).where(other.age > 18)
    assert await people.select("id", "in", grown).return_all() == [{"id": 1}]
    assert len(await people.select("id", "not in", grown).return_all()) == 2
    assert await people.select("id", "in", [2, 9]).return_all() == [{"id": 2}]
    assert await people.select(people.ref("name"), "ilike", "ADA").return_all() == [{"id": 1}]
    lower = sql("lower({})", user.name)
    assert await people.select(lower, "=", "ada").return_all() == [{"id": 1}]
    assert await people.select(lower, "in", ["ada", "zoe"]).return_all() == [{"id": 1}]
    assert await people.select(lower.returns(str), "not like", "%a").return_all() == [{"id": 3}]
    assert await people.select(user.id + 1, ">", user.age / 10).return_all() == [{"id": 2}]
    assert await people.select("name", "is", "Bea").return_all() == [{"id": 2}]
    assert len(await people.select("age", "is not", 36).return_all()) == 2, "NULL is another value than 36"


async def test_a_key_of_several_columns_is_a_tuple_in_their_order(mapped_db):
    seats = TableMapper(mapped_db, seat)
    query = seats.select(("A", 2))
    compiles_to(
        query.statement,
        spelled(
            'SELECT "mapped_seat"."hall", "mapped_seat"."number", "mapped_seat"."guest" FROM "mapped_seat"'
            ' WHERE "mapped_seat"."hall" = $1 AND "mapped_seat"."number" = $2',
            ("A", 2),
        ),
    )
    assert await query.return_one() == {"hall": "A", "number": 2, "guest": None}
    turned = TableMapper(mapped_db, seat, key_columns=["number", seat.hall])
    assert await turned.select((1, "B")).return_one() == {"hall": "B", "number": 1, "guest": "Bea"}
    for wrong in ("A", ("A",), ("A", 2, 3), (2, "A"), ("A", None), (None, None), ()):
        for write in (seats.select, seats.update, seats.delete):
            with pytest.raises(InputError):
                write(wrong)


UNKNOWN = [
    None,
    [],
    [1],
    [[1]],
    set(),
    {1},
    NotImplemented,
    int,
    1.5,
    True,
    "1",
    "",
    b"1",
    (),
    (1, 2),
    (None,),
    user.id,
    user.age > 1 if False else user.id + 1,
    select_from(user).select(user.id),
    DEFAULT,
]


@pytest.mark.parametrize("where", UNKNOWN, ids=repr)
def test_what_is_no_filter_is_refused(where):
    people = users(None)
    for start in (people.select, people.update, people.delete):
        with pytest.raises(InputError):
            start(where)


@pytest.mark.parametrize(
    "asked",
    [
        ("name", "="),
        ("name", "=", "x", "y"),
        ("name", "==", "x"),
        ("name", "= 1 OR 1 =", "x"),
        ("name", "", "x"),
        ("name", None, "x"),
        ("name", [], "x"),
        ("name", "=", None),
        ("name", "!=", None),
        ("name", sql("="), None),
        ("name", "in", None),
        ("name", "=", 0),
        ("name", "=", ["x"]),
        ("age", "like", "1%"),
        ("age", "in", [1, None]),
        ("age", "between", [1]),
        ("age", ">", "17"),
        ("age", "is", "17"),
        ("token", "like", "a%"),
        ("nobody", "=", 1),
        ("mapped_user.name", "=", "x"),
        (None, "=", 1),
        (7, "=", 1),
        (param("x", int), "=", 1),
        ({"nobody": 1},),
        ({"token": "a"},),
        ({"name": 0},),
        ({"name": {"eqq": "a"}},),
        ({7: 1},),
    ],
    ids=repr,
)
def test_what_is_no_comparison_or_object_is_refused(asked):
    people = users(None)
    for start in (people.select, people.update, people.delete):
        with pytest.raises(InputError):
            start(*asked)


@pytest.mark.parametrize("made", [None, True, False, "id = 1", 1, param("x", bool)])
def test_a_function_that_gives_no_condition_is_refused(made):
    for start in (users(None).select, users(None).update, users(None).delete):
        with pytest.raises(BuildError, match="gives a condition"):
            start(lambda _: made)


EMPTY = [
    ((),),
    ({},),
    ({"id": []},),
    ({"id": {"in": []}},),
    ({"id": {"not_in": []}},),
    ({"id": {}},),
    ({"or": []},),
    ({"and": [{}]},),
    ({"not": {"or": []}},),
    ({"name": {"contains": ""}},),
    ({"name": {"starts_with": ""}},),
    ({"name": {"ends_with": ""}},),
    ("id", "not in", []),
    ("id", "in", ()),
]


@pytest.mark.parametrize("asked", EMPTY, ids=repr)
async def test_no_data_makes_a_write_reach_every_row(mapped_db, asked):
    people = users(mapped_db)
    with pytest.raises(InputError):
        await people.update(*asked).run({"name": "x"})
    with pytest.raises(InputError):
        await people.delete(*asked).run()
    assert len(await people.select().return_all()) == 3


LOST = [
    (and_(),),
    (user.id.not_in([]),),
    (lambda _: and_(),),
    (lambda user: user.id.not_in([]),),
    (lambda user: user.name.has_substring(""),),
    ({"name": {"like": "%"}},),
    ("name", "like", "%"),
]


@pytest.mark.parametrize("asked", LOST)
def test_a_condition_that_leaves_no_row_out_is_refused(asked):
    people = users(None)
    for start in (people.update, people.delete):
        with pytest.raises(InputError, match="leaves no row out"):
            start(*asked)
    assert people.select(*asked)


def test_a_write_without_a_filter_is_refused():
    people = users(None)
    for start in (people.update, people.delete):
        with pytest.raises(InputError):
            start()


async def test_all_rows_are_written_where_that_is_said(mapped_db):
    people = users(mapped_db)
    assert await people.update(all_rows()).return_count({"age": 1}) == 3
    assert await people.delete(all_rows()).return_count() == 3


async def test_a_negated_filter_is_one_all_the_same(mapped_db):
    assert await users(mapped_db).delete(not_(user.id == 1)).return_count() == 2


def test_a_mapper_without_a_key_takes_no_key():
    keyless = users(None, key_columns=())
    for where in (1, "x", (1,), (), [1]):
        with pytest.raises(InputError):
            keyless.delete(where)
    compiles_to(
        keyless.delete({"id": 1}).statement,
        spelled('DELETE FROM "mapped_user" WHERE "mapped_user"."id" = $1', (1,)),
    )


def test_a_reference_is_the_column_of_a_name_that_may_come_from_outside():
    people = users(None)
    assert people.ref("name") is user.name
    for name in ("nobody", "token", "", "name; --", None, 7):
        with pytest.raises(InputError):
            people.ref(name)


def test_a_mapper_is_of_a_table_that_declares_its_columns():
    class Nothing(Table, name="nothing"):
        id: Column[int]

    with pytest.raises(BuildError, match="declares its columns"):
        TableMapper(None, table("mapped_user"))
    with pytest.raises(BuildError, match="declares its columns"):
        TableMapper(None, "mapped_user")
    with pytest.raises(BuildError, match="no alias"):
        TableMapper(None, user.as_("other"))
    with pytest.raises(InputError, match="key_columns"):
        TableMapper(None, Nothing()).select(1)
    for wrong in ({"key_columns": ["nobody"]}, {"key_columns": "id"}, {"key_columns": [seat.hall]}):
        with pytest.raises(BuildError):
            TableMapper(None, user, **wrong)
    for wrong in ({"selected_columns": []}, {"selected_columns": "id"}, {"selected_columns": [7]}):
        with pytest.raises(BuildError):
            TableMapper(None, user, **wrong)
