"""Queries of one shape share a text; what differs in anything but its values does not."""

# ruff: noqa: ARG005 - every query is given both values

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from querykit import (
    Column,
    Json,
    Table,
    and_,
    case,
    cte,
    exists,
    fn,
    json_array_from,
    json_build_object,
    json_map_from,
    json_object_from,
    or_,
    param,
    select,
    select_from,
    sql,
    table,
    value,
)
from querykit.builder.json_result import compiled_as_json
from querykit.builder.operands import Parameter, Value
from querykit.dialects import register_visitor
from tests.expected import DIALECTS


class Person(Table, name="shaped_person"):
    id: Column[int]
    name: Column[str]
    age: Column[int | None]
    profile: Column[Json]


class Pet(Table, name="shaped_pet"):
    id: Column[int]
    name: Column[str]
    owner_id: Column[int]


class Other(Table, name="shaped_person"):
    id: Column[str]
    name: Column[str]


@dataclass
class Row:
    id: int


person, pet, other = Person(), Pet(), Other()
mother = person.as_("mother")

SHAPED: dict[str, Callable[[Any, Any], Any]] = {
    "a value": lambda a, b: select_from(person).select(person.id).where(person.id == a, person.age > b),
    "in another order": lambda a, b: select_from(person).select(person.id).where(person.age > b, person.id == a),
    "another operator": lambda a, b: select_from(person).select(person.id).where(person.id == a, person.age < b),
    "another column": lambda a, b: select_from(person).select(person.name).where(person.id == a, person.age > b),
    "two columns": lambda a, b: select_from(person).select(person.id, person.name).where(person.id.between(a, b)),
    "symmetric": lambda a, b: select_from(person).select(person.id).where(person.id.between(a, b, symmetric=True)),
    "an alias": lambda a, b: select_from(person).select(person.id.as_("n")).where(person.id == a, person.age > b),
    "another table": lambda a, b: select_from(pet).select(pet.id).where(pet.id == a, pet.owner_id > b),
    "an aliased table": lambda a, b: select_from(mother).select(mother.id).where(mother.id == a, mother.age > b),
    "another type": lambda a, b: select_from(other).select(other.id).where(other.id == str(a), other.name > str(b)),
    "undeclared": lambda a, b: (
        (t := table("shaped_person")) and select_from(t).select(t.id).where(t.id == a, t.age > b)
    ),
    "a schema": lambda a, b: (
        (t := table("shaped_person", schema="x")) and select_from(t).select(t.id).where(t.id == a, t.age > b)
    ),
    "or": lambda a, b: select_from(person).select(person.id).where(or_(person.id == a, person.age > b)),
    "and": lambda a, b: select_from(person).select(person.id).where(and_(person.id == a, person.age > b)),
    "not": lambda a, b: select_from(person).select(person.id).where(~((person.id == a) & (person.age > b))),
    "null": lambda a, b: select_from(person).select(person.id).where(person.age.is_null(), person.id.is_in([a, b])),
    "not null": lambda a, b: select_from(person).select(person.id).where(person.age != None, person.id < a + b),  # noqa: E711
    "distinct from": lambda a, b: select_from(person).select(person.id).where(person.age.is_distinct_from(a + b)),
    "like": lambda a, b: select_from(person).select(person.id).where(person.name.like(f"{a}%{b}")),
    "not like": lambda a, b: select_from(person).select(person.id).where(~person.name.like(f"{a}%{b}")),
    "ilike": lambda a, b: select_from(person).select(person.id).where(person.name.ilike(f"{a}%{b}")),
    "starts with": lambda a, b: select_from(person).select(person.id).where(person.name.starts_with(f"{a}%{b}")),
    "in": lambda a, b: select_from(person).select(person.id).where(person.id.is_in([a, b, 7, a])),
    "not in": lambda a, b: select_from(person).select(person.id).where(person.id.not_in([a, b, 7, a])),
    "in fewer": lambda a, b: select_from(person).select(person.id).where(person.id.is_in([a, b, 7])),
    "in, unknown": lambda a, b: (t := table("t")) and select_from(t).select(t.id).where(t.id.is_in([a, b])),
    "in, unknown texts": lambda a, b: (t := table("t")) and select_from(t).select(t.id).where(t.id.is_in([str(a), ""])),
    "a parameter": lambda a, b: (
        select_from(person).select(person.id).where(person.id == param("n", int), person.id > a)
    ),
    "of another name": lambda a, b: (
        select_from(person).select(person.id).where(person.id == param("m", int), person.id > a)
    ),
    "limit": lambda a, b: select_from(person).select(person.id).order_by(person.id).limit(a),
    "limit with ties": lambda a, b: select_from(person).select(person.id).order_by(person.id).limit(a, with_ties=True),
    "offset": lambda a, b: select_from(person).select(person.id).order_by(person.id).offset(b),
    "limit and offset": lambda a, b: select_from(person).select(person.id).order_by(person.id).limit(a).offset(b),
    "descending": lambda a, b: select_from(person).select(person.id).order_by(person.id.desc()).limit(a),
    "nulls last": lambda a, b: select_from(person).select(person.id).order_by(person.id.desc(nulls="last")).limit(a),
    "two keys": lambda a, b: select_from(person).select(person.id).order_by(person.id, person.name).limit(a),
    "distinct": lambda a, b: select_from(person).select(person.id).distinct().where(person.id > a),
    "an inner join": lambda a, b: (
        select_from(person).inner_join(pet, pet.owner_id == person.id, pet.id > a).select(pet.name).where(person.id > b)
    ),
    "a left join": lambda a, b: (
        select_from(person).left_join(pet, pet.owner_id == person.id, pet.id > a).select(pet.name).where(person.id > b)
    ),
    "using": lambda a, b: select_from(person).inner_join(pet, using=["id"]).select(pet.name).where(person.id > b),
    "two tables": lambda a, b: select_from(person, pet).select(pet.name).where(person.id > b),
    "a group": lambda a, b: (
        select_from(pet)
        .select(pet.owner_id, fn.count().as_("n"))
        .where(pet.id > a)
        .group_by(pet.owner_id)
        .having(fn.count() > b)
    ),
    "an aggregate": lambda a, b: select_from(pet).select(fn.max(pet.id).as_("n")).where(pet.id > a),
    "another aggregate": lambda a, b: select_from(pet).select(fn.min(pet.id).as_("n")).where(pet.id > a),
    "distinct values": lambda a, b: select_from(pet).select(fn.count(pet.id).distinct().as_("n")).where(pet.id > a),
    "exists": lambda a, b: (
        select_from(person).select(person.id).where(exists(select_from(pet).select(pet.id).where(pet.id == a)))
    ),
    "not exists": lambda a, b: (
        select_from(person).select(person.id).where(~exists(select_from(pet).select(pet.id).where(pet.id == a)))
    ),
    "JSON": lambda a, b: select_from(person).select(person.id, person.profile).where(person.id == a),
    "another type of a condition": lambda a, b: select_from(person).select((person.id > a).returns(bytes).as_("c")),
    "a condition": lambda a, b: select_from(person).select((person.id > a).as_("c")),
    "a count of another type": lambda a, b: (
        select_from(pet).select(fn.count().returns(float).as_("n")).where(pet.id > a)
    ),
    "a count": lambda a, b: select_from(pet).select(fn.count().as_("n")).where(pet.id > a),
    "a filtered count": lambda a, b: select_from(pet).select(fn.count().filter_where(pet.id > a).as_("n")),
    "values": lambda a, b: select(value(a).as_("a"), value(str(b)).as_("b")),
    "None and a value": lambda a, b: select(value(None).as_("a"), value(str(b)).as_("b")),
    "a class": lambda a, b: select_from(person).select(person.id).where(person.id == a, person.age > b).rows_as(Row),
    "scalar rows": lambda a, b: select_from(person).select(
        json_array_from(select_from(pet).select(pet.id).where(pet.id > a).scalars()).as_("x")
    ),
    "rows": lambda a, b: select_from(person).select(
        json_array_from(select_from(pet).select(pet.id).where(pet.id > a)).as_("x")
    ),
    "a row": lambda a, b: select_from(person).select(
        json_object_from(select_from(pet).select(pet.id).where(pet.id > a)).as_("x")
    ),
    "limited rows": lambda a, b: (
        select_from(person)
        .select(
            json_array_from(
                select_from(pet)
                .select(pet.id, value(a).as_("v"))
                .where(pet.owner_id == person.id, pet.id > b)
                .order_by(pet.id)
                .limit(a + b)
            ).as_("pets")
        )
        .where(person.id == a * b)
    ),
    "a map": lambda a, b: select_from(person).select(
        json_map_from(select_from(pet).select(pet.id, pet.name).where(pet.id > a), key="id").as_("x")
    ),
    "a map by name": lambda a, b: select_from(person).select(
        json_map_from(select_from(pet).select(pet.id, pet.name).where(pet.id > a), key="name").as_("x")
    ),
    # these have no shape, or none that is kept
    "raw": lambda a, b: select_from(person).select(person.id).where(sql("id > {}", a)),
    "a case": lambda a, b: select_from(person).select(case().when(person.id > a, "x").else_(str(b)).as_("c")),
    "arithmetic": lambda a, b: select_from(person).select((person.id + a).as_("n")).where(person.id > b),
    "a sub-query": lambda a, b: (
        (s := select_from(pet).select(pet.id).where(pet.id > a).as_("s")) and select_from(s).select(s.id)
    ),
    "a CTE": lambda a, b: (
        (c := cte("c", select_from(pet).select(pet.id).where(pet.id > a))) and select_from(c).select(c.id)
    ),
    "a union": lambda a, b: (
        select_from(pet).select(pet.id).where(pet.id > a).union(select_from(person).select(person.id))
    ),
    "an object": lambda a, b: select_from(person).select(json_build_object(id=person.id, n=value(a)).as_("o")),
    "one object twice": lambda a, b: select_from(person).select(person.id).where(person.id > a, person.id < a),
}


def written_and_compiled(query: Any, name: str) -> tuple[Any, Any]:
    dialect = DIALECTS[name]
    return dialect.written(query), query.compile(name)


def by_name(parameters: tuple[Any, ...]) -> list[Any]:
    """Parameters that come later by their names: two that are equal are two objects on copies of a statement."""
    return [f":{each.name}" if isinstance(each, Parameter) else each for each in parameters]


@pytest.mark.parametrize("name", DIALECTS)
def test_every_query_has_the_text_the_values_and_the_plan_of_its_own(name: str) -> None:
    for values in ((1000, 2000), (3000, 4000), (5, 5), (6, 7)):
        for title, build in SHAPED.items():
            try:
                written, compiled = written_and_compiled(build(*values), name)
            except Exception as error:  # noqa: BLE001 - what a database refuses is refused each time
                with pytest.raises(type(error)):
                    build(*values).compile(name)
                continue
            assert compiled.sql == written.sql, title
            assert by_name(compiled.parameters) == by_name(written.parameters), title
            assert (
                compiled.arguments(
                    {"n": 1} if title == "a parameter" else {"m": 1} if title == "of another name" else None
                )
                is not None
            )
            assert compiled.columns == written.columns, title
            assert compiled.is_clean == written.is_clean, title
            assert compiled.statement.row_type is written.statement.row_type, title


def test_a_text_is_written_once_for_a_shape() -> None:
    postgres = DIALECTS["postgres"]
    one, another = SHAPED["limited rows"](10_001, 10_002), SHAPED["limited rows"](10_003, 10_004)
    assert one.compile("postgres").text is another.compile("postgres").text
    assert one.compile("postgres").parameters == (10_001, 10_002, 20_003, 10_001 * 10_002)
    ten, twenty = (select_from(person).select(person.id).where(person.id.is_in(list(range(n)))) for n in (10, 20))
    assert ten.compile(postgres).text is twenty.compile(postgres).text
    assert twenty.compile(postgres).parameters == (list(range(20)),)


def test_values_that_are_one_object_do_not_tell_which_is_which() -> None:
    """So that text is not kept: another query of the shape has two values, and one of them would stand for both."""
    pair = lambda a, b: select_from(pet).select(pet.owner_id).where(pet.owner_id > a, pet.owner_id < b)  # noqa: E731
    assert pair(5, 5).compile("sqlite").parameters == (5, 5)
    assert pair(6, 7).compile("sqlite").parameters == (6, 7)
    assert pair(8, 9).compile("sqlite").parameters == (8, 9)


def test_a_text_keeps_no_value_alive() -> None:
    sentinel = object()
    query = select_from(person).select(person.id).where(person.name == "a text that nobody else has")
    text = query.compile("postgres").text
    assert sentinel is not None
    assert not any("nobody else" in str(getattr(text, name)) for name in text.__slots__)


def test_json_is_written_once_too() -> None:
    one, another = (select_from(person).select(person.id).where(person.id == n) for n in (20_001, 20_002))
    for name, dialect in DIALECTS.items():
        texts = [compiled_as_json(query, dialect, "string") for query in (one, another)]
        assert texts[0].text is texts[1].text, name
        assert [each.parameters for each in texts] == [(20_001,), (20_002,)]
        assert compiled_as_json(one, dialect, "number").text is not texts[0].text


def test_what_is_written_otherwise_from_now_on_is_written_anew() -> None:
    query = lambda: select_from(person).select(person.id).where(person.id == 30_001)  # noqa: E731
    assert query().compile("mysql").sql.endswith("= %s")
    compiler = DIALECTS["mysql"].compiler
    before = compiler.visitors[Value]
    try:
        register_visitor(
            Value, lambda compiler, node: f"{compiler.bind(node.value, None)} /* bound */", dialect="mysql"
        )
        assert (select_from(person).select(value(1).as_("n"))).compile("mysql").sql.startswith("SELECT %s /* bound */")
    finally:
        compiler.visitors[Value] = before
        DIALECTS["mysql"].shapes.clear()
