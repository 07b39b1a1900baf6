"""What compilers keep between statements does not grow without end, and a query is freed when it is no longer used."""

from __future__ import annotations

import gc
import weakref

import pytest

from querykit import select_from, table
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
