"""What building, compiling, running and decoding cost, in calls: counted, because time depends on the machine.

A call is most of what Python costs here (`python -m bench.compile` has the times). Where a count rises, something new is
asked of every query: let only those pay for it that need it. Where it falls, lower the limit.
"""

from __future__ import annotations

import gc
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import querykit
from bench.statements.querykit import nested_query
from bench.village import person, pet
from querykit import Database, Plugin, RowLevelSecurityPlugin, SoftDeletePlugin, param, select_from, sql
from querykit.access import TableMapper
from querykit.dialects.postgres import dialect
from querykit.execution.decoding import rows_decoder
from querykit.plugins.chain import PluginChain

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

OURS = str(Path(querykit.__file__).parent)

BUILT = 44
"""Calls of Python that building the nested query takes. Today 42."""
COMPILED = 25
"""What compiling it takes more, after another query of its shape. Today 23."""
WRITTEN = 104
"""What compiling it takes the first time, with planning how rows are read. Today 100."""
C_CALLS = 75
"""Calls of C for building and compiling. Today 66, on Python 3.11, which reports most of them."""
RUN = 42
"""What running a prepared query takes on SQLite, on the side of the loop. Today 38."""
FILTERED = 29
"""What the nested query takes through soft deletion and row-level security, compiling included. Today 26."""
RUN_THROUGH = 50
"""What running a prepared query through both takes. Today 46."""

PLUGINS = (
    SoftDeletePlugin("gone_at", ["person", "pet"]),
    RowLevelSecurityPlugin({name: lambda table, ctx: table.tenant_id == ctx.tenant for name in ("person", "pet")}),
)


def calls(function: Callable[[], object]) -> dict[str, Counter[str]]:
    """The names of what is called while a function runs, those written in Python and those in C."""
    counts: dict[str, Counter[str]] = {"call": Counter(), "c_call": Counter()}

    def count(frame: FrameType, event: str, called: object) -> None:
        if event in counts and frame.f_code.co_filename.startswith(OURS):
            counts[event][frame.f_code.co_qualname if event == "call" else str(called)] += 1

    before = sys.getprofile()
    gc.disable()  # what it would call belongs to other tests
    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(before)
        gc.enable()
    return counts


def test_building_and_compiling_takes_few_calls() -> None:
    nested_query(1).compile(dialect)  # writes names and tables for the first time
    built = calls(lambda: nested_query(2))
    assert built["call"].total() <= BUILT, built["call"].most_common()
    query = nested_query(3)
    compiled = calls(lambda: query.compile(dialect))
    assert compiled["call"].total() <= COMPILED, compiled["call"].most_common()
    assert (built["c_call"] + compiled["c_call"]).total() <= C_CALLS


def test_the_first_query_of_its_shape_takes_few_calls_too() -> None:
    nested_query(1).compile(dialect)
    dialect.shapes.clear()
    query = nested_query(2)
    written = calls(lambda: query.compile(dialect))
    assert written["call"].total() <= WRITTEN, written["call"].most_common()


def test_an_alias_that_was_asked_for_takes_one_call() -> None:
    person.as_("again")
    assert set(calls(lambda: person.as_("again"))["call"]) == {"Table.as_"}


def test_compiling_again_takes_one_call() -> None:
    query = select_from(pet).select(pet.id, pet.name)
    query.compile("postgres")
    assert set(calls(lambda: query.compile("postgres"))["call"]) == {"Statement.compile"}


def test_decoding_takes_no_call_of_python_for_a_row() -> None:
    columns = nested_query(1).compile(dialect).columns
    assert columns is not None
    decoder = rows_decoder(columns, dialect)
    row = (1, "Ada", '[{"id":1,"name":"Rex"},{"id":2,"name":"Amy"}]', '{"id":2,"first_name":"Eva"}')
    assert decoder.rows([row])[0]["pets"][1] == {"id": 2, "name": "Amy"}
    counts = [calls(lambda rows=rows: decoder.rows(rows))["call"].total() for rows in ([row], [row] * 100)]  # type: ignore[misc]
    assert counts[0] == counts[1] == 0  # the generated code is no file of ours


def test_plugins_about_tables_take_few_calls_of_a_shape_that_was_met() -> None:
    chain = PluginChain(PLUGINS)
    chain.prepare(nested_query(1), dialect)
    query = nested_query(2)
    filtered = calls(lambda: chain.prepare(query, dialect).statement.compile(dialect))
    assert filtered["call"].total() <= FILTERED, filtered["call"].most_common()


@pytest.mark.parametrize("plugins", [(), PLUGINS], ids=["no plugins", "plugins about tables"])
async def test_running_a_prepared_query_takes_few_calls(plugins: tuple[Plugin, ...]) -> None:
    async with Database("sqlite:///:memory:") as db:
        await db.execute(sql("CREATE TABLE person (id INT, first_name TEXT, gone_at TEXT, tenant_id INT)"))
        view: Any = db
        for each in plugins:
            view = view.with_plugin(each)
        view = view.with_context(tenant=1) if plugins else view
        query = select_from(person).select(person.id, person.first_name).where(person.id == param("id", int))
        find = view.prepare(query)
        for number in range(3):
            assert await find.fetch_all(id=number) == []
        counts: Counter[str] = Counter()

        def count(frame: FrameType, event: str, _: Any) -> None:
            if event == "call" and frame.f_code.co_filename.startswith(OURS):
                counts[frame.f_code.co_qualname] += 1

        running = find.fetch_all(id=7)
        sys.setprofile(count)
        try:
            await running
        finally:
            sys.setprofile(None)
        assert counts.total() <= (RUN_THROUGH if plugins else RUN), counts.most_common()


async def test_a_mappers_compiled_read_takes_one_call_more_than_a_prepared_query() -> None:
    async with Database("sqlite:///:memory:") as db:
        await db.execute(sql("CREATE TABLE person (id INT, first_name TEXT)"))
        people = TableMapper(db, person, key_columns=["id"], selected_columns=["id", "first_name"])
        compiled = people.parameterize(lambda people, param: people.select(param("id")))
        prepared = db.prepare(compiled.statement)
        for number in range(3):
            assert await compiled.return_all(id=number) == await prepared.fetch_all(id=number) == []
        counts: list[Counter[str]] = []
        for run in (compiled.return_all, prepared.fetch_all):
            counts.append(found := Counter())

            def count(frame: FrameType, event: str, _: Any, found: Counter[str] = found) -> None:
                if event == "call" and frame.f_code.co_filename.startswith(OURS):
                    found[frame.f_code.co_qualname] += 1

            sys.setprofile(count)
            try:
                await run(id=7)
            finally:
                sys.setprofile(None)
        assert counts[0].total() <= counts[1].total() + 1, counts[0] - counts[1]
