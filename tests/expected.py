"""Expected SQL: one table for a query, which names every dialect."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

import pytest

from querykit.builder.statement import as_statement
from querykit.dialects import mariadb, mysql, postgres, sqlite
from tests.databases import DATABASES

DIALECTS = {each.dialect.name: each.dialect for each in (postgres, mysql, mariadb, sqlite)}
Expected: TypeAlias = str | tuple[str, tuple[Any, ...]] | type[Exception] | tuple[type[Exception], str]
"""The SQL with its parameters, the SQL alone where there are none, or the error, with a part of its message."""


def compiles_to(query: Any, expected: Mapping[str, Expected]) -> None:
    """Compile a query for every dialect, and compare with what is expected of each.

    Parameters must be of the expected types too: True is not 1, and 1 is not 1.0.
    """
    __tracebackhide__ = True
    assert set(expected) == set(DATABASES), "the table names every dialect"
    for dialect, wanted in expected.items():
        if isinstance(wanted, type):
            wanted = (wanted, "")  # noqa: PLW2901 - the same, in full
        if isinstance(wanted, tuple) and isinstance(wanted[0], type):
            with pytest.raises(wanted[0]) as caught:
                as_statement(query).compile(dialect)
            assert str(wanted[1]) in str(caught.value), dialect
            continue
        sql, parameters = (wanted, ()) if isinstance(wanted, str) else wanted
        compiled = as_statement(query).compile(dialect)
        written = DIALECTS[dialect].written(as_statement(query))  # not in the text of a query of the same shape
        assert (compiled.sql, compiled.parameters) == (written.sql, written.parameters), dialect
        assert compiled.columns == written.columns, dialect
        assert compiled.sql == sql, dialect
        assert compiled.parameters == parameters, dialect
        assert [type(each) for each in compiled.parameters] == [type(each) for each in parameters], dialect


def spelled(sql: str, parameters: tuple[Any, ...] = (), **others: Expected) -> dict[str, Expected]:
    """The same SQL in every dialect: PostgreSQL's text, with the others' quotes and placeholders put in.

    `others` are the dialects that say it differently, or refuse it.
    """
    backticks = re.sub(r"\$\d+(::[a-z ]+?)?(?=[ ,)]|$)", "%s", sql.replace('"', "`"))
    questions = re.sub(r"\$\d+(::[a-z ]+?)?(?=[ ,)]|$)", "?", sql)
    return {
        "postgres": (sql, parameters),
        "mysql": (backticks, parameters),
        "mariadb": (backticks, parameters),
        "sqlite": (questions, parameters),
        **others,
    }
