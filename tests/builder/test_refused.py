"""What databases would take without a word, each for something else: refused when it is built, or when compiled."""

import datetime as dt
import operator
import re
from decimal import Decimal

import pytest

from querykit import (
    Json,
    and_,
    any_,
    case,
    cast,
    fn,
    insert_into,
    param,
    select,
    select_from,
    sql,
    table,
    tuple_,
    update,
    value,
)
from querykit.errors import BuildError, UnsupportedError
from tests.expected import compiles_to, spelled
from tests.sample import person, pet, toy

animals = table("pet")
ids = select_from(pet).select(pet.id)


@pytest.mark.parametrize(
    "build",
    [
        lambda: ids.where(pet.id),
        lambda: ids.where(pet.name),
        lambda: ids.where(value(1)),
        lambda: ids.where(pet.id == 1, pet.weight),
        lambda: ids.having(fn.count()),
        lambda: ids.inner_join(toy, toy.pet_id),
        lambda: ids.where((pet.id == 1) & pet.id),
        lambda: ids.where(~pet.name),
        lambda: and_(pet.id == 1, pet.owner_id),
        lambda: case().when(pet.id, "x"),
        lambda: fn.count().filter_where(pet.owner_id),
    ],
)
def test_what_is_no_bool_is_no_condition(build):
    with pytest.raises(BuildError, match=r"takes conditions: .* is of type \w+, whose truth databases see differently"):
        build()


def test_a_condition_of_unknown_type_is_left_to_the_database():
    for condition in (animals.is_tame, sql("is_tame"), sql("{}", animals.is_tame).returns(bool), param("on", bool)):
        assert "WHERE" in select_from(animals).select(animals.id).where(condition).compile("postgres").sql


@pytest.mark.parametrize(
    "build",
    [
        lambda: pet.id < None,
        lambda: pet.id <= None,
        lambda: animals.id > None,
        lambda: animals.id >= None,
        lambda: pet.id.between(None, 5),
        lambda: pet.id.between(5, None),
        lambda: pet.name.like(None),
        lambda: pet.name.not_ilike(None),
        lambda: pet.id + None,
        lambda: None - animals.id,
        lambda: animals.id % None,
        lambda: pet.id.bitwise_and(None),
        lambda: (animals.id == 1) < None,
    ],
)
def test_none_is_equal_or_not_and_nothing_else(build):
    with pytest.raises(BuildError, match="beside None is NULL, which is never true"):
        build()


async def test_null_has_ways_of_its_own(db):
    is_known, is_none = person.birth_year.is_distinct_from(None), person.nickname == None  # noqa: E711 - IS NULL
    query = select_from(person).select(person.id).where(is_known, is_none)
    assert sorted(await db.fetch_column(query)) == [1, 3]
    found = select_from(person).select(person.id).where(person.birth_year < param("year", int | None))
    assert await db.fetch_column(found, parameters={"year": None}) == []


def test_what_has_no_negative():
    for term in (pet.name, pet.id == 1, value(b"x"), animals.doc.returns(Json)):
        with pytest.raises(BuildError, match=r"which has no negative|JSON has no arithmetic"):
            operator.neg(term)


def test_a_mapping_is_no_list():
    with pytest.raises(BuildError, match="is_in takes several values or a query of one column, not dict"):
        pet.id.is_in({1: "one"})


@pytest.mark.parametrize(
    "build",
    [
        lambda: pet.name == pet.id,
        lambda: pet.id != pet.name,
        lambda: pet.id < fn.lower(pet.name),
        lambda: pet.id.between(pet.name, 5),
        lambda: pet.id.is_in([1, pet.name]),
        lambda: pet.id.is_in(select_from(toy).select(toy.name)),
        lambda: pet.name == select_from(toy).select(toy.id).limit(1),
        lambda: pet.name.is_distinct_from(pet.id),
        lambda: pet.name.like(pet.id),
        lambda: tuple_(pet.id, pet.name) == (pet.name, "x"),
        lambda: case(pet.id).when(pet.name, 1),
        lambda: value(dt.date(2024, 1, 2)) < value(dt.datetime(2024, 1, 2)),
        lambda: (pet.id == 1) == pet.id,
        lambda: pet.id == param("name", str),
        lambda: update(pet).set(name=pet.id),
        lambda: update(pet).set(name=pet.id == 1),
        lambda: insert_into(pet).values(id=fn.lower("x")),
        lambda: fn.lag(pet.name, 1, pet.id),
    ],
)
def test_expressions_of_different_kinds_are_not_compared(build):
    with pytest.raises(
        BuildError, match=r"is of type \w+ and .* of type \w+, which databases compare in different ways"
    ):
        build()


def test_numbers_of_any_type_are_compared():
    for condition in (pet.id < pet.weight, cast(pet.weight, Decimal) == pet.id, fn.sum(pet.id) > fn.avg(pet.weight)):
        assert condition.value_type is not None
    assert (pet.id == param("year", int | None)).value_type is not None


def test_a_fraction_is_not_set_where_an_int_is_held():
    for fraction in (pet.id / 2, pet.weight, fn.avg(pet.id), cast("1.5", Decimal)):
        with pytest.raises(BuildError, match=r"takes int, and .* which databases cut or round in different ways"):
            update(pet).set(owner_id=fraction)
    for whole in (fn.div(pet.id, 2), cast(pet.weight, int), fn.sum(pet.id)):
        assert update(pet).set(owner_id=whole).assignments[0][1] is whole
    with pytest.raises(BuildError, match=r"from_select\(\): pet.name takes str, not int"):
        insert_into(pet).from_select(select_from(toy).select(toy.id.as_("name")))


def test_what_databases_do_not_have_in_aggregates():
    with pytest.raises(BuildError, match="distinct\\(\\) needs a term"):
        fn.count().distinct()
    ordered = select_from(pet).select(fn.count(pet.id).order_by(pet.id).as_("n"))
    lacking = (UnsupportedError, "ORDER BY in COUNT")
    compiles_to(
        ordered,
        spelled(
            'SELECT COUNT("pet"."id" ORDER BY "pet"."id") AS "n" FROM "pet"',
            mysql=lacking, mariadb=lacking, sqlite=lacking,
        ),
    )  # fmt: skip


def test_an_expression_is_no_text():
    for term in (pet.id, pet.id == 1, fn.count(), value(1), sql("1")):
        with pytest.raises(TypeError, match="has no text for an f-string"):
            sql(f"{term} = 1")
        assert repr(term) in f"{term!r} says what it is"


def test_any_stands_at_the_right():
    for compared in (lambda: any_([1]) == pet.id, lambda: any_([1]) < 5):
        with pytest.raises(
            BuildError, match=re.escape("any_(…) stands at the right of a comparison: column == any_(…)")
        ):
            compared()


async def test_a_tuple_is_a_value_on_postgres_alone(db):
    both = tuple_(pet.species, pet.name)
    lacking = (UnsupportedError, "tuples as values")
    query = select_from(pet).select(pet.name).order_by(both).limit(2)
    compiles_to(
        query,
        spelled(
            'SELECT "pet"."name" FROM "pet" ORDER BY ("pet"."species", "pet"."name") LIMIT $1', (2,),
            mysql=lacking, mariadb=lacking, sqlite=lacking,
        ),
    )  # fmt: skip
    if db.dialect.name == "postgres":
        assert await db.fetch_column(query) == ["Amy", "Felix"]
    known = select_from(pet.as_("other")).select(pet.as_("other").species, pet.as_("other").name)
    assert len(await db.fetch_column(select_from(pet).select(pet.name).where(both.is_in(known)))) == 5


@pytest.mark.databases("postgres")
async def test_a_text_is_cast_to_an_array(db):
    assert await db.fetch_value(select(cast("{1,2,NULL}", list[int]).as_("a"))) == [1, 2, None]
    assert await db.fetch_value(select(cast("{{a},{b}}", list[list[str]]).as_("a"))) == [["a"], ["b"]]


def test_postgres_locks_no_rows_of_a_set_operation():
    locked = ids.for_update()
    for query in (locked.union(ids), ids.union(locked)):
        with pytest.raises(UnsupportedError, match="FOR UPDATE in a set operation"):
            query.compile("postgres")
