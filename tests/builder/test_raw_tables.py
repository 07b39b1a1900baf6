"""Raw SQL in FROM, as whole statements, before and behind a select, and beside builders at every depth."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from querykit import Json, exists, fn, json_array_from, select, select_from, sql, table, update, value
from querykit.errors import BuildError, CompileError, UnsupportedError
from tests.expected import compiles_to, spelled
from tests.sample import PEOPLE, person, pet


async def test_a_builder_in_a_fragment_in_a_builder(db):
    dogs = select_from(pet).select(pet.owner_id).where(sql("{} = {}", pet.species, "dog"))
    owns = sql("{} IN {} AND {} < {}", person.id, dogs, person.id, 4)
    query = select_from(person).select(person.first_name).where(owns, person.id > 0).order_by(person.id)
    compiles_to(
        query,
        spelled(
            'SELECT "person"."first_name" FROM "person" WHERE ("person"."id" IN (SELECT "pet"."owner_id" FROM "pet" '
            'WHERE "pet"."species" = $1) AND "person"."id" < $2) AND "person"."id" > $3 ORDER BY "person"."id"',
            ("dog", 4, 0),
        ),
    )
    assert await db.fetch_column(query) == ["Bea"]


async def test_values_keep_the_order_of_their_fields_at_every_depth(db):
    inner = sql("{} + {b} * {a}", 1, a=10, b=2)
    middle = sql("({} - {}) * {inner}", 9, 7, inner=sql("({})", inner))
    query = select(sql("{} + {}", middle, 100).returns(int).as_("it"), value(5).as_("five"))
    assert query.compile("sqlite").parameters == (9, 7, 1, 2, 10, 100, 5)
    if db.dialect.name != "postgres":  # which cannot tell the type of a parameter beside another
        assert await db.fetch_value(query.clear_select().select(query.columns[0])) == 142


async def test_one_value_in_two_fields(db):
    query = (
        select_from(person)
        .select(person.id)
        .where(sql("{born} = {year} OR {born} > {year} + 20", born=person.birth_year, year=1978))
    )
    assert query.compile("postgres").parameters == (1978, 1978)
    assert await db.fetch_column(query) == [3, 4]


async def test_optional_clauses(db):
    for name, expected in (("Ada", [1]), (None, [1, 2, 3, 4, 5])):
        where = sql("WHERE first_name = {}", name) if name is not None else sql("")
        query = sql("SELECT id FROM person {where} ORDER BY id", where=where)
        assert await db.fetch_column(query) == expected


async def test_a_list_of_fragments(db):
    tests = [sql("{} = {}", person.first_name, name) for name in ("Ada", "Cem")]
    query = select_from(person).select(person.id).where(sql.join(tests, " OR ")).order_by(person.id)
    assert await db.fetch_column(query) == [1, 3]
    assert await db.fetch_column(sql("SELECT id FROM person WHERE id IN ({}) ORDER BY id", sql.join([1, 4]))) == [1, 4]


async def test_names_are_quoted(db):
    query = sql(
        "SELECT {} FROM {} WHERE {} = {}",
        sql.ref("p.first_name"),
        sql("{} AS p", sql.table("person")),
        sql.id("p", "id"),
        2,
    )
    compiles_to(query, spelled('SELECT "p"."first_name" FROM "person" AS p WHERE "p"."id" = $1', (2,)))
    assert await db.fetch_value(query) == "Bea"


async def test_literals(db):
    query = sql("SELECT {} + {} AS it, {} AS nil, {} AS truth", sql.lit(1), sql.lit(-2), sql.lit(None), sql.lit(True))
    compiles_to(query, spelled("SELECT 1 + -2 AS it, NULL AS nil, TRUE AS truth"))
    assert await db.fetch_one(query.returns_rows(it=int, nil=int, truth=bool)) == {"it": -1, "nil": None, "truth": True}
    for refused in ("x", 1.5, [1]):
        with pytest.raises(BuildError):
            sql.lit(refused)


@dataclasses.dataclass
class Born:
    first_name: str
    birth_year: int | None


async def test_rows_of_raw_statements_are_mapped(db):
    statement = sql("SELECT first_name, birth_year FROM person WHERE id = {}", 2)
    described = statement.returns_rows(first_name=str, birth_year=int)
    assert await db.fetch_all(described.rows_as(Born)) == [Born("Bea", 1975)]
    assert await db.fetch_one(statement) == {"first_name": "Bea", "birth_year": 1975}
    assert await db.fetch_value(sql("SELECT COUNT(*) AS n FROM person")) == 5


async def test_raw_statements_are_queries(db):
    cats = sql("SELECT id, name FROM pet WHERE species = {}", "cat").returns_rows(id=int, name=str)
    assert await db.fetch_column(
        select_from(pet).select(pet.id).where(pet.id.is_in(sql("SELECT id FROM pet WHERE id < {}", 12)))
    ) == [10, 11]
    assert await db.fetch_value(select(exists(cats).as_("it"))) is True


async def test_raw_statements_change_rows(restored_db):
    changed = await restored_db.execute(sql("UPDATE person SET nickname = {} WHERE id < {}", "x%s?$1:a", 3))
    assert changed.rows_affected == 2
    assert await restored_db.fetch_column(sql("SELECT nickname FROM person WHERE id < 3")) == ["x%s?$1:a"] * 2
    await restored_db.execute(update(person).set(nickname=sql("UPPER({})", person.first_name)).where(sql("id = {}", 5)))
    assert await restored_db.fetch_value(select_from(person).select(person.nickname).where(person.id == 5)) == "OTTO"


async def test_a_comment_at_the_end_of_a_fragment_ends_there(db):
    test = sql("id > {} -- from the second", 1)
    query = select_from(person).select(person.id).where(test, person.id < 4).order_by(person.id)
    assert await db.fetch_column(query) == [2, 3]
    statement = sql("SELECT id FROM person WHERE id = {} -- the second", 2)
    assert statement_text(statement).endswith("-- the second")
    assert await db.fetch_column(statement) == [2]


def statement_text(fragment):
    return fragment.returns_rows(id=int).compile("sqlite").sql


async def test_modifiers_before_and_behind(db):
    query = (
        select_from(person)
        .modify_front(sql("/* front {} */", sql.lit(1)))
        .select(person.id)
        .where(person.id == 2)
        .modify_end(sql("/* end */"))
        .modify_end(sql("-- the end"))
    )
    in_backticks = "SELECT /* front 1 */ `person`.`id` FROM `person` WHERE `person`.`id` = %s /* end */ -- the end\n"
    compiles_to(
        query,
        spelled(
            'SELECT /* front 1 */ "person"."id" FROM "person" WHERE "person"."id" = $1 /* end */ -- the end\n',
            (2,),
            mysql=(in_backticks, (2,)),
            mariadb=(in_backticks, (2,)),
        ),
    )
    assert await db.fetch_column(query) == [2]
    derived = query.as_("derived")
    assert await db.fetch_column(select_from(derived).select(derived.id)) == [2]
    distinct = select_from(person).modify_front(sql("DISTINCT")).select(person.mother_id).order_by(person.mother_id)
    assert sorted(await db.fetch_column(distinct), key=str) == [1, 2, None]
    with pytest.raises(BuildError, match="modify_end"):
        query.modify_end("FOR UPDATE")  # type: ignore[arg-type]


# -- tables of raw SQL ------------------------------------------------------------------------------------------------

SERIES: dict[str, Any] = {
    "postgres": sql("generate_series({}::int, {}::int)", 1, 3).as_table("numbers", {"n": int}, renamed=True),
    "mysql": sql("JSON_TABLE({}, '$[*]' COLUMNS (n INT PATH '$'))", "[1, 2, 3]").as_table("numbers", {"n": int}),
    "mariadb": sql("JSON_TABLE({}, '$[*]' COLUMNS (n INT PATH '$'))", "[1, 2, 3]").as_table("numbers", {"n": int}),
    "sqlite": sql("(SELECT value AS n FROM JSON_EACH({}))", "[1, 2, 3]").as_table("numbers", {"n": int}),
}


async def test_a_function_as_a_table(db):
    numbers = SERIES[db.dialect.name]
    query = (
        select_from(numbers).select(numbers.n, (numbers.n * 2).as_("twice")).where(numbers.n > 1).order_by(numbers.n)
    )
    assert await db.fetch_all(query) == [{"n": 2, "twice": 4}, {"n": 3, "twice": 6}]
    joined = (
        select_from(person)
        .inner_join(numbers, numbers.n == person.id)
        .select(person.first_name)
        .order_by(numbers.n.desc())
    )
    assert await db.fetch_column(joined) == ["Cem", "Bea", "Ada"]
    assert await db.fetch_all(select_from(numbers).select_all().where(numbers.n == 3)) == [{"n": 3}]
    with pytest.raises(BuildError, match="no column 'm'"):
        numbers.m  # noqa: B018 - asking for it is the point


EACH_LETTER: dict[str, Any] = {
    "postgres": lambda name: sql("unnest(string_to_array({}, NULL))", name),
    "mysql": lambda name: sql(
        "JSON_TABLE(JSON_ARRAY(LEFT({}, 1), RIGHT({}, 1)), '$[*]' COLUMNS (letter CHAR(1) PATH '$'))", name, name
    ),
    "mariadb": lambda name: sql(
        "JSON_TABLE(JSON_ARRAY(LEFT({}, 1), RIGHT({}, 1)), '$[*]' COLUMNS (letter CHAR(1) PATH '$'))", name, name
    ),
    "sqlite": lambda name: sql("JSON_EACH(JSON_ARRAY(SUBSTR({}, 1, 1), SUBSTR({}, -1)))", name, name),
}


async def test_a_function_sees_the_tables_beside_it(db):
    fragment = EACH_LETTER[db.dialect.name](person.first_name)
    letters = (
        fragment.as_table("letters", {"letter": str}, renamed=True)
        if db.dialect.name == "postgres"
        else fragment.as_table("letters")
    )
    letter = letters["value" if db.dialect.name == "sqlite" else "letter"]
    joined = select_from(person).cross_join(letters).select(letter.as_("letter")).where(person.id == 1)
    assert {"A", "a"} <= set(await db.fetch_column(joined))
    listed = select_from(person, letters).select(fn.count().as_("n")).where(person.id == 1)
    assert await db.fetch_value(listed) in (2, 3)
    nested = json_array_from(select_from(letters).select(letter.as_("letter")).where(letter != "x"))
    if db.dialect.name != "mariadb":
        query = select_from(person).select(nested.as_("letters")).where(person.id == 1)
        assert (await db.fetch_value(query))[0] == {"letter": "A"}


async def test_json_each_of_a_column(db):
    if db.dialect.name != "sqlite":
        return
    each = sql("JSON_EACH({})", '{"a": 1, "b": [2]}').as_table("each", {"key": str, "value": Json})
    query = select_from(each).select(each.key).where(sql("{} = 'array'", sql.ref("each.type")))
    assert await db.fetch_column(query) == ["b"]


async def test_names_for_the_columns_of_a_function():
    numbers = sql("f({})", 1).as_table("numbers", {"n": int}, renamed=True)
    compiles_to(
        select_from(numbers).select(numbers.n),
        {
            "postgres": ('SELECT "numbers"."n" FROM f($1) AS "numbers"("n")', (1,)),
            "mysql": UnsupportedError,
            "mariadb": UnsupportedError,
            "sqlite": UnsupportedError,
        },
    )
    with pytest.raises(BuildError, match="renamed"):
        sql("f()").as_table("numbers", renamed=True)


async def test_an_aliased_fragment_stands_in_from(db):
    people = sql("(SELECT id FROM person WHERE id < {})", 3).as_("people")
    assert await db.fetch_all(select_from(people).select_all().order_by(sql("id"))) == [{"id": 1}, {"id": 2}]
    with pytest.raises(BuildError, match="needs a name"):
        select_from(sql("person"))
    with pytest.raises(CompileError, match="stands twice"):
        select_from(person).cross_join(sql("x").as_table("person")).select(value(1).as_("x")).compile("sqlite")


async def test_wrong_fields_are_refused():
    for template, args, named in [
        ("{}", (), {}), ("x", (1,), {}), ("{} {}", (1,), {}), ("{a}", (), {}), ("x", (), {"a": 1}), ("{:d}", (1,), {}),
        ("{!r}", (1,), {}), ("{0}", (1,), {}), ("{a.b}", (), {"a": 1}), ("{", (), {}), ("}", (), {}),
        (5, (), {}), (b"x", (), {}),
    ]:  # fmt: skip
        with pytest.raises(BuildError):
            sql(template, *args, **named)  # type: ignore[arg-type]
    with pytest.raises(BuildError):
        sql.join([])
    with pytest.raises(BuildError):
        sql.raw(5)  # type: ignore[arg-type]


async def test_every_row_reads_as_before(db):
    assert await db.fetch_all(select_from(table("person")).select_all().order_by(sql("id"))) == PEOPLE


OPERATORS_WITHOUT_A_METHOD = {
    "postgres": [
        sql("{} SIMILAR TO {}", pet.name, "(A|B)%"),
        sql("{} ~ {}", pet.name, "^[AB]"),
        sql(
            "jsonb_build_object('name', {}) @? {}::jsonpath",
            pet.name,
            '$.name ? (@ starts with "A" || @ starts with "B")',
        ),
        sql("jsonb_build_object('name', {}) #>> '{{name}}' = ANY({})", pet.name, ["Amy", "Bella"]),
    ],
    "mysql": [
        sql("{} RLIKE {}", pet.name, "^[AB]"),
        sql("{} SOUNDS LIKE {}", sql("LEFT({}, 1)", pet.name), "A") | (pet.name == "Bella"),
    ],
    "mariadb": [sql("{} RLIKE {}", pet.name, "^[AB]")],
    "sqlite": [sql("{} GLOB {}", pet.name, "[AB]*")],
}


async def test_operators_without_a_method_are_raw_conditions(db):
    for condition in OPERATORS_WITHOUT_A_METHOD[db.dialect.name]:
        query = select_from(pet).select(pet.name).where(condition, pet.id > 0).order_by(pet.name)
        assert await db.fetch_column(query) == ["Amy", "Bella"]


@pytest.mark.databases("postgres")
async def test_a_sample_of_a_table(db):
    sampled = sql("(SELECT * FROM {} TABLESAMPLE BERNOULLI ({}))", sql.table(pet), 100).as_table("some", {"id": int})
    assert await db.fetch_value(select_from(sampled).select(fn.count(sampled.id))) == 5
