"""What compilers keep between statements does not grow without end, and a query is freed when it is no longer used."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from querykit import cte, fn, json_array_from, select_from, table, with_
from querykit.dialects import dialect_named
from querykit.dialects.expressions import Written

DIALECTS = ("postgres", "mysql", "mariadb", "sqlite")


def test_what_is_written_is_kept_up_to_a_limit():
    written = Written(str.upper, limit=3)
    assert [written[name] for name in "abcabcd"] == list("ABCABCD")
    assert len(written) == 1
    assert written["a"] == "A"


@pytest.mark.parametrize("name", DIALECTS)
def test_aliases_made_for_each_query_are_forgotten(name):
    person = table("person")
    compiler = dialect_named(name).compiler  # type: ignore[attr-defined]
    for number in range(2_500):
        alias = person.as_(f"p{number}")
        query = select_from(alias).select(alias.id, alias.name).where(alias.id == 1).order_by(alias.age)
        assert f"p{number}" in query.compile(name).sql
    assert len(compiler.columns) <= 5_000
    assert len(compiler.tables) <= 1_000


@pytest.mark.parametrize("name", DIALECTS)
def test_a_compiled_query_is_freed_without_the_garbage_collector(name):
    person = table("person")
    gc.disable()
    try:
        query = select_from(person).select(person.id)
        compiled = query.compile(name)
        assert query.compile(name) is compiled
        assert compiled.statement.compile(name).sql == compiled.sql
        gone = weakref.ref(query)
        del query, compiled
        assert gone() is None
    finally:
        gc.enable()


def test_equal_columns_of_two_tables_are_told_apart():
    one, two = table("one"), table("two")
    first = select_from(one).select(one.id).compile("sqlite").sql
    second = select_from(two).select(two.id).compile("sqlite").sql
    assert (first, second) == ('SELECT "one"."id" FROM "one"', 'SELECT "two"."id" FROM "two"')


def test_one_query_is_compiled_by_many_threads_for_every_dialect_at_once():
    person, pet = table("person"), table("pet")
    pets = select_from(pet).select(pet.name).where(pet.owner_id == person.id, pet.weight > 3).order_by(pet.name)
    nth = fn.row_number().over(partition_by=person.mother_id, order_by=person.id)
    query = select_from(person).select(person.id, nth.as_("nth"), json_array_from(pets).as_("pets")).limit(5)
    alone = {name: query.with_part("row_limit", query.row_limit).compile(name) for name in DIALECTS}

    def compiled(number: int) -> bool:
        name = DIALECTS[number % len(DIALECTS)]
        again = (query if number % 3 else query.with_part("row_limit", query.row_limit)).compile(name)
        return (again.sql, again.parameters) == (alone[name].sql, alone[name].parameters)

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(compiled, range(2_000)))


@pytest.mark.parametrize("name", DIALECTS)
def test_a_compiled_query_with_a_cte_is_not_kept(name):
    person = table("person")
    old = cte("old", select_from(person).select(person.id).where(person.age > 60))
    sub = select_from(person).select(person.name, person.id).as_("sub")
    query = with_(old).select_from(old).inner_join(sub, sub.id == old.id).select(old.id, sub.name).order_by(sub.id)
    query.compile(name)
    seen = [weakref.ref(query), weakref.ref(old), weakref.ref(sub)]
    del query, old, sub
    gc.collect()
    assert [each() for each in seen] == [None, None, None]
