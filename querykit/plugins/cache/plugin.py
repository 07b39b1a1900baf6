"""Results of reads are kept, and forgotten when what they were read from is written."""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from querykit.errors import (
    ConfigurationError,
    ConnectionLostError,
    DatabaseError,
    QueryCanceledError,
    QueryTimeoutError,
    UsageError,
)
from querykit.plugins.base import Plugin
from querykit.plugins.cache.keys import key_of_values
from querykit.plugins.cache.results import shared
from querykit.plugins.cache.statements import (
    EVERYTHING,
    Footprint,
    footprint,
    tags_of_names,
    tags_of_reads,
    with_all_dependents,
)
from querykit.plugins.cache.store import Found, Key, Lifetime, MemoryStore, Reading, Store
from querykit.plugins.reads_only import said_to_read

if TYPE_CHECKING:
    from querykit.builder.compiled import CompiledQuery
    from querykit.builder.statement import Statement
    from querykit.builder.tables import Table
    from querykit.dialects.driver import DriverResult
    from querykit.plugins.base import PluginContext
    from querykit.plugins.cache.store import Give
    from querykit.plugins.call import Call

NOTHING = Footprint(frozenset(), frozenset())
ALL = Footprint(frozenset(), EVERYTHING)
FOOTPRINTS_KEPT = 2000
"""Of how many texts it is kept what they touch, so that made-up queries cannot fill the memory."""


class CacheStats(NamedTuple):
    """What a cache did so far, in results.

    Attributes:
        hits: Those that were given without asking the database.
        shared: Those that another task was reading already, and that were waited for.
        misses: Those that the database was asked for.
        kept: Those misses that were kept. Others were overtaken by a write, or hold values that cannot be kept.
    """

    hits: int = 0
    shared: int = 0
    misses: int = 0
    kept: int = 0

    @property
    def hit_rate(self) -> float:
        """The share of results that the database was not asked for."""
        found = self.hits + self.shared
        return found / (found + self.misses) if found + self.misses else 0.0


class CachePlugin(Plugin):
    """Keeps the results of reads, and forgets them when their tables are written through the same database.

    >>> from querykit import Database
    >>> from querykit.plugins import CachePlugin
    >>> cache = CachePlugin(ttl=30, max_ttl=600, dependents={"person": ["pet"]})
    >>> db = Database("sqlite:///shop.db", plugins=[cache])
    >>> cache.stats.hit_rate
    0.0

    A result is found by the database, the dialect, the SQL after all plugins, and the type and value of each parameter.
    It is never older than a write to one of its tables that was committed through this database, in this process. Which
    tables those are is known from the structure of the queries, nested ones included. Writes that no statement shows
    are said in `dependents`. Raw SQL, and functions that are not in `fn`, may write anything: after them everything is
    forgotten, unless `ReadsOnly` says otherwise.

    Reads in transactions, on pinned connections and in streams go to the database, and so do reads that lock rows or
    ask for the time or for random numbers.

    Args:
        ttl: How many seconds a result is kept that nobody asks for again. It grows with use, by
            ``ttl × (1 + log2(hits + 1))``.
        max_ttl: How many seconds a result is kept at most: the age of what others wrote, past this cache.
        max_entries: How many results are kept; the ones that nobody asked for the longest make room.
        dependents: What changes together with a table, by its name: tables that cascades and triggers write, and views.
        clock: Says the time in seconds.
        store: Keeps the results instead of this process: a `RedisStore`. It has a clock and a size of its own.
    """

    priority = -2000
    """Innermost, so that what other plugins write beside a statement is seen too."""
    reads_latest = True
    """A replica may be behind, and what it said would be kept."""

    def __init__(
        self,
        *,
        ttl: float = 60.0,
        max_ttl: float = 300.0,
        max_entries: int | None = None,
        dependents: Mapping[str, Iterable[str]] | None = None,
        clock: Callable[[], float] | None = None,
        store: Store | None = None,
    ) -> None:
        """Begin empty."""
        if not 0 < ttl <= max_ttl:
            raise ConfigurationError(f"ttl and max_ttl are seconds, ttl not above max_ttl: {ttl}, {max_ttl}")
        if store is not None and not (max_entries is None and clock is None):
            raise ConfigurationError("max_entries and clock are of results in this process; the store has its own")
        if store is None:
            store = MemoryStore(
                max_entries=10_000 if max_entries is None else max_entries, clock=clock or time.monotonic
            )
        self.store = store
        self._lifetime = Lifetime(ttl, max_ttl)
        self._dependents = with_all_dependents(dependents or {})
        self._flights: dict[tuple[Key, Hashable], asyncio.Future[_Outcome]] = {}
        self._counts = dict.fromkeys(CacheStats._fields, 0)
        self._footprints: dict[tuple[str, str], Footprint] = {}

    @property
    def stats(self) -> CacheStats:
        """What it did so far."""
        return CacheStats(**self._counts)

    async def forget(self, *tables: Table | str) -> None:
        """Forget what was read from tables, for writes that went past this database; without tables, everything."""
        tags = tags_of_names(tables, self._dependents) if tables else EVERYTHING
        await self.store.end_write(tags, await self.store.begin_write(tags))

    # -- running ------------------------------------------------------------------------------------------------------

    async def around_execute(self, call: Call, query: Statement[Any, Any], context: PluginContext) -> DriverResult:
        """Give a kept result, or run the statement, and keep or forget."""
        reads, writes = self._footprint(call, context)
        if writes:
            return await self._write(call, writes)
        if not reads or call.origin is None or call.wanted not in ("rows", "described rows"):
            return await call.proceed()
        values = key_of_values(call.arguments)
        if values is None:
            return await self._read_alone(call)
        self.store.check(call.origin)
        compiled = call.compiled
        key = Key(call.origin, compiled.dialect, compiled.sql, call.wanted, values, call.origin.opened)
        return await self._read(call, Reading(key, reads, self._lifetime))

    def before_stream(self, call: Call) -> None:
        """Refuse what may write: nobody would know when it did."""
        if not call.compiled.is_clean and not call.only_reads and said_to_read(call) is None:
            raise UsageError("raw SQL, and functions that are not in fn, may write, and are not streamed past a cache")

    def _footprint(self, call: Call, context: PluginContext) -> Footprint:
        if not call.compiled.is_clean:
            said = said_to_read(call)
            if said is not None:
                return Footprint(tags_of_reads(said.tables), frozenset())
            return NOTHING if call.only_reads else ALL
        found: Footprint | None = context.data.get("footprint")
        if found is None:
            found = context.data["footprint"] = self._footprint_of(call.compiled)
        return found

    def _footprint_of(self, compiled: CompiledQuery) -> Footprint:
        """What a text touches: all its tables and functions stand in it, so that one text is one footprint."""
        key = compiled.dialect, compiled.sql
        found = self._footprints.get(key)
        if found is None:
            if len(self._footprints) >= FOOTPRINTS_KEPT:
                self._footprints.clear()
            found = self._footprints[key] = footprint(compiled.statement, self._dependents)
        return found

    # -- writing ------------------------------------------------------------------------------------------------------

    async def _write(self, call: Call, tags: frozenset[str]) -> DriverResult:
        """Run a write. What it changes shows to others when it ends, or when its transaction is committed."""
        if call.transaction is not None:
            call.transaction.watched_by(self, lambda: _Writes(self.store)).tags |= tags
            if tags is not EVERYTHING:
                return await call.proceed()
        # raw SQL shows at once in a transaction too: it may be a COMMIT
        begun = await self.store.begin_write(tags)
        is_known = True
        try:
            return await call.proceed()
        except ConnectionLostError:
            is_known = False  # the server may go on, and keep it
            raise
        finally:
            await self.store.end_write(tags, begun, is_known=is_known)

    # -- reading ------------------------------------------------------------------------------------------------------

    async def _read(self, call: Call, reading: Reading) -> DriverResult:
        """Find a result, wait for the task that reads it, or be that task."""
        while True:
            found = await self.store.find(reading)
            if found.give is not None:
                self._counts["hits"] += 1
                return found.give()
            flight = self._flights.get((reading.key, found.version))
            if flight is None:
                return await self._read_for_all(call, reading, found)
            outcome = await _landed(flight, call.timeout)
            if outcome.give is not None:
                self._counts["shared"] += 1
                return outcome.give()
            if outcome.error is not None:
                raise copy.copy(outcome.error)
            if not outcome.is_unfinished:
                return await self._read_alone(call)
            # it was cancelled, or ran out of its own time: somebody else's turn

    async def _read_for_all(self, call: Call, reading: Reading, found: Found) -> DriverResult:
        """Ask the database, for every task that wants the same at the same time."""
        if found.version is None:
            return await self._read_alone(call)
        flight = self._flights[reading.key, found.version] = asyncio.get_running_loop().create_future()
        outcome = _Outcome(is_unfinished=True)
        try:
            result = await self._read_alone(call)
            give = shared(result) if result.is_truncated is False else None
            outcome = _Outcome(give)
        except (QueryTimeoutError, QueryCanceledError):
            raise
        except DatabaseError as error:
            outcome = _Outcome(error=error)
            raise
        finally:
            del self._flights[reading.key, found.version]
            flight.set_result(outcome)
        if give is None:
            return result
        if await self.store.keep(reading, found, result, give):
            self._counts["kept"] += 1
        return give()

    async def _read_alone(self, call: Call) -> DriverResult:
        self._counts["misses"] += 1
        return await call.proceed()


class _Outcome(NamedTuple):
    """What came of a reading that others wait for: a result for all, an error for all, or neither."""

    give: Give | None = None
    error: DatabaseError | None = None
    is_unfinished: bool = False


async def _landed(flight: asyncio.Future[_Outcome], timeout: float | None) -> _Outcome:
    """What another task's reading came to. To be cancelled here does not stop that task."""
    if not (await asyncio.wait([flight], timeout=timeout))[0]:
        raise QueryTimeoutError(f"another task was reading this, which did not end within {timeout} s")
    return flight.result()


class _Writes:
    """What was written in a transaction: until COMMIT is sent, others rightly get what was there before."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.tags: frozenset[str] = frozenset()
        self._begun: tuple[frozenset[str], object] | None = None

    async def before_commit(self) -> None:
        """Forget what was read of these tables, and keep nothing of them until the end."""
        self._begun = (self.tags, await self._store.begin_write(self.tags))

    async def after_end(self, *, is_known: bool) -> None:
        """Keep what is read from now on."""
        if self._begun is None:  # rolled back: only a server that shows what is not committed was ever asked for it
            await self._store.forget(self.tags)
        else:
            await self._store.end_write(*self._begun, is_known=is_known)
