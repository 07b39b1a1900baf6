"""Spans of OpenTelemetry, by its SDK's exporter in memory."""

import asyncio
import contextlib
import logging
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode

from querykit import Column, Table, json_array_from, param, select_from, sql, table, trace_to, value
from querykit.errors import ConfigurationError, ConnectError, DatabaseError, UndefinedTableError, UniqueViolationError
from querykit.execution.database import Database
from querykit.execution.log import LogEntry, log_to
from tests.execution.conftest import Item, Slow, item, raw
from tests.execution.test_brought import brought_to

SECRET = "s3cr3t-value"
SYSTEMS = {"sqlite": "sqlite", "postgres": "postgresql", "mysql": "mysql", "mariadb": "mariadb"}


class Note(Table, name="item", schema="other"):
    id: Column[int]


class Spans:
    """What was exported."""

    def __init__(self, **options: Any) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False, **options)
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = self.provider.get_tracer("test")

    def taken(self) -> list[ReadableSpan]:
        """Those that ended since the last time, without connections: when a pool opens one is its own affair."""
        return [span for span in self.all_taken() if not span.name.startswith("CONNECT")]

    def all_taken(self) -> list[ReadableSpan]:
        spans = list(self._exporter.get_finished_spans())
        self._exporter.clear()
        return spans

    def one(self) -> ReadableSpan:
        (span,) = self.taken()
        return span


@pytest.fixture
def spans() -> Spans:
    return Spans()


@pytest.fixture
async def traced(spans: Spans, urls: dict[str, str], database_name: str, items: Item) -> AsyncIterator[Database]:
    async with Database(urls[database_name], log=trace_to(spans.provider)) as traced:
        await traced.health()
        spans.taken()
        yield traced


def attributes(span: ReadableSpan) -> Mapping[str, Any]:
    assert span.attributes is not None
    return span.attributes


async def test_a_statement_is_a_span_by_the_conventions(
    traced: Database, spans: Spans, urls: dict[str, str], database_name: str
) -> None:
    await traced.insert_into(item).values([{"id": 1, "name": SECRET}, {"id": 2, "name": None}]).execute()
    insert = spans.one()
    assert insert.name == "INSERT item"
    assert insert.kind is SpanKind.CLIENT
    assert insert.status.status_code is StatusCode.UNSET
    query = traced.select_from(item).select(item.id).where(item.name == SECRET)
    assert await query.fetch_all() == [{"id": 1}]
    select = spans.one()
    assert select.name == "SELECT item"
    target = traced._life.driver.target
    expected = {
        "db.system.name": SYSTEMS[database_name],
        "db.operation.name": "SELECT",
        "db.collection.name": "item",
        "db.query.summary": "SELECT item",
        "db.query.text": query.compile(traced.dialect.name).sql,
        "db.namespace": "test.db" if database_name == "sqlite" else target.database,
        "db.response.returned_rows": 1,
        "server.address": target.host,
        "server.port": target.port,
    }
    assert attributes(select) == {name: value for name, value in expected.items() if value is not None}
    assert (database_name == "sqlite") == ("server.address" not in attributes(select))
    assert select.instrumentation_scope is not None
    assert select.instrumentation_scope.name == "querykit"


async def test_its_times_are_those_of_the_statement(traced: Database, spans: Spans, slow: Slow) -> None:
    before = time.time_ns()
    with pytest.raises(DatabaseError):
        await traced.fetch_all(slow.read, timeout=0.2)
    after = time.time_ns()
    span = spans.one()
    assert span.start_time is not None
    assert span.end_time is not None
    assert before - 1_000_000 <= span.start_time <= span.end_time <= after + 1_000_000
    assert span.end_time - span.start_time > 150_000_000


async def test_it_belongs_to_the_span_in_which_it_was_awaited(traced: Database, spans: Spans) -> None:
    query = traced.select_from(item).select(item.id)

    async def handle(name: str) -> None:
        with spans.tracer.start_as_current_span(name):
            await query.fetch_all()
            async for _ in query.stream():
                pass
            async with traced.transaction() as trx:
                await trx.fetch_all(query)

    await asyncio.gather(*[handle(f"request {number}") for number in range(5)])
    finished = spans.taken()
    requests = {span.context.span_id: span.name for span in finished if span.name.startswith("request")}
    assert len(requests) == 5
    for request in requests:
        children = [span.name for span in finished if span.parent is not None and span.parent.span_id == request]
        assert [name.split()[0] for name in children] in (
            ["SELECT", "SELECT", "BEGIN", "SELECT", "COMMIT"],
            ["SELECT", "SELECT", "START", "SELECT", "COMMIT"],
        )


async def test_a_stream_is_one_span_until_its_reader_is_done(traced: Database, spans: Spans) -> None:
    await traced.insert_into(item).values([{"id": number} for number in range(10)]).execute()
    spans.taken()
    query = traced.select_from(item).select(item.id)
    async with query.stream(chunk_size=2) as rows:
        assert await anext(rows)
        await asyncio.sleep(0.05)
        assert not [span for span in spans.taken() if span.name == "SELECT item"]
    left_early = next(span for span in spans.taken() if span.name == "SELECT item")
    assert left_early.end_time - left_early.start_time > 40_000_000
    assert left_early.status.status_code is StatusCode.UNSET
    assert [row["id"] async for row in query.stream(chunk_size=3)] == list(range(10))
    whole = next(span for span in spans.taken() if span.name == "SELECT item")
    assert attributes(whole)["db.response.returned_rows"] == 10


async def test_transactions_savepoints_and_connections_are_spans(
    spans: Spans, urls: dict[str, str], database_name: str, items: Item
) -> None:
    async with Database(urls[database_name], log=trace_to(spans.provider)) as db:
        (connect,) = spans.all_taken()
        assert attributes(connect)["db.operation.name"] == "CONNECT"
        assert attributes(connect)["db.system.name"] in {"mysql", SYSTEMS[database_name]}
        assert "db.query.text" not in attributes(connect)
        with pytest.raises(ZeroDivisionError):
            async with db.transaction() as trx:
                async with trx.transaction() as inner:
                    await inner.insert_into(item).values(id=1).execute()
                raise ZeroDivisionError
        names = [attributes(span)["db.operation.name"] for span in spans.taken()]
    assert names[0] in {"BEGIN", "START TRANSACTION"}
    assert names[1:] == ["SAVEPOINT", "INSERT", "RELEASE", "ROLLBACK"]


async def test_several_tables_make_a_summary_and_no_collection(traced: Database, spans: Spans) -> None:
    inner = item.as_("inner_item")
    other = Note().as_("other_item")
    query = traced.select_from(item).select(
        item.id, json_array_from(traced.select_from(inner).select(inner.id).where(inner.id == item.id)).as_("same")
    )
    await query.fetch_all()
    assert attributes(spans.one())["db.collection.name"] == "item"  # twice the same
    with pytest.raises(DatabaseError):
        await traced.select_from(item, other).select(item.id).fetch_all()
    span = spans.one()
    assert span.name == attributes(span)["db.query.summary"] == "SELECT item other.item"
    assert "db.collection.name" not in attributes(span)
    await traced.insert_into(item).columns(item.id).from_select(select_from(inner).select(inner.id + 10)).execute()
    assert attributes(spans.one())["db.collection.name"] == "item"


async def test_a_long_summary_ends_with_a_whole_name(traced: Database, spans: Spans) -> None:
    tables = [table(f"table_number_{number}") for number in range(30)]
    with pytest.raises(UndefinedTableError):
        await traced.select_from(*tables).select(value(1).as_("one")).fetch_all()
    summary = spans.one().name
    assert 200 < len(summary) <= 255
    assert summary.split() == ["SELECT", *[each._name for each in tables]][: len(summary.split())]


async def test_raw_sql_is_named_by_its_first_word(traced: Database, spans: Spans) -> None:
    await traced.fetch_all(sql("/* a comment */ select {} AS one", SECRET))
    span = spans.one()
    assert attributes(span)["db.operation.name"] == "SELECT"
    assert span.name == f"SELECT {attributes(span)['db.namespace']}"
    assert "db.collection.name" not in attributes(span)
    assert "db.query.summary" not in attributes(span)


async def test_many_sets_are_a_batch(traced: Database, spans: Spans) -> None:
    insert = traced.insert_into(item).values(id=param("id", int))
    await traced.execute_many(insert, [{"id": number} for number in range(3)])
    (span,) = [span for span in spans.taken() if span.name == "INSERT item"]
    assert attributes(span)["db.operation.batch.size"] == 3
    await traced.execute_many(insert, [{"id": 10}])
    (span,) = [span for span in spans.taken() if span.name == "INSERT item"]
    assert "db.operation.batch.size" not in attributes(span)


@pytest.mark.databases("postgres")
async def test_copy_is_one_span(traced: Database, spans: Spans) -> None:
    await traced.copy_into(item, [{"id": 1}, {"id": 2}])
    assert "COPY item" in [span.name for span in spans.taken()]


async def test_an_error_is_told_without_values(traced: Database, spans: Spans, database_name: str) -> None:
    await traced.insert_into(item).values(id=1, name=SECRET).execute()
    spans.taken()
    with pytest.raises(UniqueViolationError) as caught:
        await traced.insert_into(item).values(id=2, name=SECRET).execute()
    span = spans.one()
    assert span.status.status_code is StatusCode.ERROR
    assert attributes(span)["error.type"] == "querykit.errors.UniqueViolationError"
    code = caught.value.sqlstate or str(caught.value.code)
    assert attributes(span)["db.response.status_code"] == code
    assert code in {"23505", "1062", "2067"}
    with pytest.raises(UndefinedTableError):
        await traced.fetch_all(sql("SELECT * FROM no_such_table"))
    assert attributes(spans.one())["error.type"] == "querykit.errors.UndefinedTableError"


async def test_a_cancelled_statement_is_told(traced: Database, spans: Spans, slow: Slow) -> None:
    task = asyncio.create_task(traced.fetch_all(slow.read))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    span = next(span for span in spans.taken() if "error.type" in attributes(span))
    assert attributes(span)["error.type"] == "asyncio.exceptions.CancelledError"


async def test_a_server_that_cannot_be_reached_is_a_span_too(spans: Spans) -> None:
    with pytest.raises(ConnectError):
        await Database(f"postgresql://u:{SECRET}@127.0.0.1:1/shop", log=trace_to(spans.provider)).connect()
    (span,) = spans.all_taken()
    assert span.name == "CONNECT shop"
    assert attributes(span)["error.type"] == "querykit.errors.ConnectError"
    assert attributes(span)["server.address"] == "127.0.0.1"
    assert attributes(span)["server.port"] == 1
    assert SECRET not in span.to_json()


@pytest.mark.parametrize("shows", [False, True])
async def test_values_are_in_no_span_unless_both_sides_say_so(
    spans: Spans, urls: dict[str, str], database_name: str, items: Item, shows: bool
) -> None:
    for on_database, on_hook in ((False, False), (False, True), (True, False), (True, True)):
        if (on_database and on_hook) is not shows:
            continue
        hook = trace_to(spans.provider, show_values=on_hook)
        async with Database(urls[database_name], log=hook, show_values=on_database) as db:
            await db.insert_into(item).values(id=1, name=SECRET).execute()
            with pytest.raises(UniqueViolationError):
                await db.insert_into(item).values(id=2, name=SECRET).execute()
            await db.fetch_all(sql("SELECT {} AS v", SECRET))
            await db.execute_many(db.update(item).set(name=param("n", str)).all_rows(), [{"n": SECRET}])
            assert [row async for row in db.stream(sql("SELECT {} AS v", SECRET))] == [{"v": SECRET}]
            with contextlib.suppress(DatabaseError):
                await db.fetch_all(select_from(item).select(item.id).where(item.name == SECRET, raw("nonsense")))
            await db.delete_from(item).all_rows().execute()
        text = "".join([span.to_json() for span in spans.taken()])
        assert (SECRET in text) is shows
        assert ("db.query.parameter.1" in text) is shows


async def test_what_is_not_sampled_is_not_made(urls: dict[str, str], database_name: str, items: Item) -> None:
    spans = Spans(sampler=ALWAYS_OFF)
    async with Database(urls[database_name], log=trace_to(spans.provider)) as db:
        await db.select_from(item).select(item.id).fetch_all()
    assert spans.taken() == []


async def test_several_hooks_hang_on_one_database(
    spans: Spans, urls: dict[str, str], database_name: str, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[LogEntry] = []

    def fails(entry: LogEntry) -> None:
        raise ZeroDivisionError

    caplog.set_level(logging.DEBUG, "querykit.sql")
    async with Database(urls[database_name], log=[fails, log_to(), trace_to(spans.provider), told.append]) as db:
        await db.fetch_all(sql("SELECT 1 AS one"))
    assert len(told) == len(spans.all_taken()) >= 2
    for logger in ("querykit.sql", "querykit"):
        assert sum(record.name == logger for record in caplog.records) == len(told)
    with pytest.raises(ConfigurationError, match="log is a function"):
        Database(urls[database_name], log=[told.append, "no function"])


async def test_what_the_program_brings_has_no_address(
    spans: Spans, urls: dict[str, str], database_name: str, items: Item
) -> None:
    async with (
        brought_to(database_name, urls[database_name]) as pool,
        Database(pool, log=trace_to(spans.provider)) as db,
    ):
        await db.select_from(item).select(item.id).fetch_all()
    span = next(span for span in spans.taken() if span.name == "SELECT item")
    assert attributes(span)["db.system.name"] == SYSTEMS[database_name]
    assert not {"server.address", "db.namespace"} & set(attributes(span))


async def test_without_the_package_one_message_says_so() -> None:
    program = (
        "import sys\n"
        "sys.modules['opentelemetry'] = None\n"
        "from querykit import trace_to\n"
        "try: trace_to()\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    ran = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program], capture_output=True, text=True, timeout=20
    )
    assert ran.stdout.strip() == (
        "ConfigurationError the package opentelemetry-api is not installed: pip install 'querykit[opentelemetry]'"
    ), ran.stderr
