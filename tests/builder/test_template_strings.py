"""``sql(t"…")``, which Python has since 3.14."""

import sys
from typing import Any

import pytest

from querykit import select_from, sql
from querykit.errors import BuildError
from tests.expected import compiles_to, spelled
from tests.sample import person

pytestmark = pytest.mark.skipif(sys.version_info < (3, 14), reason="t-strings came with Python 3.14")


def template(source: str, **names: Any) -> Any:
    """A t-string out of text, for older versions must be able to read this file."""
    return eval(f"t{source!r}", names)  # noqa: S307 - the texts stand below


async def test_values_are_bound_and_expressions_written(db):
    test = sql(template("lower({column}) = {name} AND {column} <> '%s {{}}'", column=person.first_name, name="bea"))
    query = select_from(person).select(person.id).where(test)
    in_backticks = (
        "SELECT `person`.`id` FROM `person` WHERE lower(`person`.`first_name`) = %s "
        "AND `person`.`first_name` <> '%%s {}'"
    )
    compiles_to(
        query,
        spelled(
            'SELECT "person"."id" FROM "person" WHERE lower("person"."first_name") = $1 '
            'AND "person"."first_name" <> \'%s {}\'',
            ("bea",),
            mysql=(in_backticks, ("bea",)),
            mariadb=(in_backticks, ("bea",)),
        ),
    )
    assert await db.fetch_column(query) == [2]


async def test_fragments_and_queries_in_a_template(db):
    where = sql(template("id < {most}", most=3))
    inner = select_from(person).select(person.id).where(where)
    outer = sql(template("SELECT first_name FROM person WHERE id IN {inner} ORDER BY id", inner=inner))
    assert await db.fetch_column(outer) == ["Ada", "Bea"]


async def test_formats_and_arguments_are_refused():
    for source in ("{x!r}", "{x:>5}"):
        with pytest.raises(BuildError, match="format"):
            sql(template(source, x=1))
    with pytest.raises(BuildError, match="takes no arguments"):
        sql(template("{x}", x=1), 2)
