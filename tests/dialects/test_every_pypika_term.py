"""Every term and function of PyPika is written by every dialect that has it, or refused by name: none is forgotten."""

# PyPika's annotations are narrower than what it takes, and what it answers to any name is no Field alone.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportOperatorIssue=false

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections import Counter
from collections.abc import Iterator
from enum import Enum
from types import ModuleType
from typing import Any

import pypika
import pytest
from pypika import DatePart, Query, Table, terms
from pypika.clickhouse import dates_and_times
from pypika.queries import QueryBuilder, _SetOperation

from querykit import select_from
from querykit.builder.pypika_tables import BUILDERS, FOREIGN, is_understood
from querykit.builder.statement import as_statement
from querykit.errors import BuildError, CompileError
from tests.databases import DATABASES

T = Table("pet")
OTHER = Table("toy")


class Encoding(Enum):
    UTF8 = "utf8mb4"


ARGUMENTS: dict[str, Any] = {
    "args": (),
    "as_type": "VARCHAR(20)",
    "comparator": pypika.enums.Equality.eq,
    "conditions": (T.a == 1, T.b),
    "container": Query.from_(OTHER).select(OTHER.a),
    "date_part": DatePart.day,
    "encoding": Encoding.UTF8,
    "field": T.a,
    "name": "name",
    "nested": T.c == 3,
    "nested_comparator": pypika.enums.Boolean.and_,
    "operator": pypika.enums.Arithmetic.add,
    "parameter": pypika.QmarkParameter(),
    "patterns": ["a"],
    "pattern": "a",
    "percentile": 0.5,
    "placeholder": "x",
    "value": 1,
    "values": (1, T.a),
    "zone": "UTC",
}
"""What is given for the arguments of constructors, by their names; anything else is a column."""

MADE: dict[type, Any] = {
    terms.BasicCriterion: T.a == 1,
    terms.ComplexCriterion: (T.a == 1) & (T.b == 2),
    terms.Case: pypika.Case().when(T.a == 1, "x").else_(T.b),
    terms.Field: T.a,
    terms.Interval: pypika.Interval(days=1),
    terms.Not: ~(T.a == 1),
    terms.JSON: pypika.JSON({"a": 1}),
    pypika.dialects.JiraField: pypika.dialects.JiraTable().status,
}

QUERIES = (QueryBuilder, _SetOperation)
BASES = {
    "Term",
    "Criterion",
    "RangeCriterion",
    "_AbstractArrayFunction",
    "_AbstractSearchString",
    "_AbstractMultiSearchString",
}
"""Bases of others, which PyPika itself cannot write."""

REFUSED = {
    # what stands in the SQL as text
    "terms.LiteralValue", "terms.PseudoColumn",
    # what has no value, or no meaning
    "terms.Parameter", "terms.ListParameter", "terms.DictParameter", "terms.QmarkParameter", "terms.NumericParameter",
    "terms.FormatParameter", "terms.NamedParameter", "terms.PyformatParameter", "terms.EmptyCriterion", "terms.Index",
    # what no database has so
    "terms.All", "terms.PeriodCriterion", "terms.SystemTimeValue", "functions.ApproximatePercentile",
    # what stands in GROUP BY, and in ON DUPLICATE KEY UPDATE
    "terms.Rollup", "terms.Values",
    # other products' own SQL
    "dialects.JiraField", "dialects.JiraEmptyCriterion", "dialects.JiraNotEmptyCriterion",
    "clickhouse.array.Array", "clickhouse.array.HasAny", "clickhouse.array.NotEmpty", "clickhouse.array.Empty",
    "clickhouse.array.Length", "clickhouse.search_string.Match", "clickhouse.search_string.Like",
    "clickhouse.search_string.NotLike", "clickhouse.search_string.MultiSearchAny",
    "clickhouse.search_string.MultiMatchAny", "clickhouse.type_conversion.ToFixedString",
}  # fmt: skip
ONLY_ON = {
    "terms.Array": {"postgres"},
    "terms.Tuple": {"postgres"},
    "terms.AtTimezone": {"postgres"},
    "terms.Interval": {"postgres", "mysql", "mariadb"},
    "functions.Convert": {"mysql", "mariadb"},
}
"""What the others refuse by name."""


def modules() -> list[ModuleType]:
    return [
        pypika,
        *(importlib.import_module(found.name) for found in pkgutil.walk_packages(pypika.__path__, "pypika.")),
    ]


def every_class() -> Iterator[tuple[str, type]]:
    """The classes of PyPika's terms, by the names of their modules and their own."""
    for module in modules():
        for name, each in vars(module).items():
            is_own = inspect.isclass(each) and each.__module__ == module.__name__
            if is_own and issubclass(each, terms.Term) and name not in BASES and not issubclass(each, QUERIES):
                yield f"{module.__name__.removeprefix('pypika.')}.{name}", each


def one_of(cls: type) -> Any:
    """An object of the class."""
    if cls in MADE:
        return MADE[cls]
    given: list[Any] = []
    for name, parameter in inspect.signature(cls).parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            given += ARGUMENTS.get(name, (T.a, T.b))
        elif parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
            given.append(ARGUMENTS.get(name, T[name]))
    return cls(*given)


EVERY = dict(every_class())


def outcome(node: Any, dialect: str) -> str:
    try:
        compiled = select_from(T).select(node).compile(dialect)
    except (BuildError, CompileError) as error:
        return f"refused: {error}"
    return compiled.sql


@pytest.mark.parametrize("dialect", DATABASES)
@pytest.mark.parametrize("name", EVERY)
def test_a_term_is_written_or_refused_by_name(name, dialect):
    found = outcome(one_of(EVERY[name]), dialect)
    if name in REFUSED:
        assert found.startswith("refused: "), found
        assert name == "terms.Values" or name.rpartition(".")[2] in found, "the message names it"
    elif dialect not in ONLY_ON.get(name, {dialect}):
        assert found.startswith(f"refused: {dialect} has no"), found
    else:
        assert found.startswith("SELECT "), found


def test_all_of_them_are_counted():
    # A new release of PyPika that adds one changes these numbers: decide what becomes of it.
    assert Counter("refused" if name in REFUSED else "written" for name in EVERY) == {"written": 119, "refused": 32}
    assert set(ONLY_ON) | REFUSED <= set(EVERY)


def test_every_builder_is_read_or_refused_by_name():
    builders = {each for module in modules() for name, each in vars(module).items() if name.endswith("Builder")}
    assert {each.__name__ for each in builders if is_understood(each)} == {each.__name__ for each in BUILDERS}
    for each in builders - set(BUILDERS):
        refusal = "cannot be run" if issubclass(each, tuple(FOREIGN)) else "a builder of your own"
        with pytest.raises(BuildError, match=f"{each.__name__} .*{refusal}"):
            as_statement(each())


@pytest.mark.parametrize("dialect", DATABASES)
def test_every_ready_made_object_is_written_or_refused(dialect):
    """What PyPika's modules hold: NULL, pseudo columns, and ClickHouse's functions, which are a name and values."""
    found = {name: each for module in modules() for name, each in vars(module).items() if isinstance(each, terms.Term)}
    assert Counter(outcome(each, dialect).partition(" ")[0] for each in found.values()) == {"SELECT": 1, "refused:": 7}
    functions = [each for each in vars(dates_and_times).values() if isinstance(each, pypika.CustomFunction)]
    assert len(functions) == 18
    for each in functions:
        call = each(*(each.params or ()))
        assert f"{each.name}(" in outcome(call, dialect)
