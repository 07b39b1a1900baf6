"""Where results are kept. A store knows which tables they came from, and forgets them when those are written."""

from __future__ import annotations

import math
import time
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, NamedTuple, Protocol

from querykit.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from querykit.dialects.driver import DriverResult
    from querykit.plugins.call import Origin

    Give = Callable[[], DriverResult]
    """Gives a result to one who asks for it."""


UNSETTLED_SECONDS = 60.0
"""How long nothing is kept of a table after a write of which nobody knows when, or whether, it shows."""


class Lifetime(NamedTuple):
    """How long a result is kept: ``ttl × (1 + log2(hits + 1))`` seconds after it was read, at most `max_ttl`.

    The age counts from when the reading began, so that even what is asked for all the time is read anew at last.
    """

    ttl: float
    max_ttl: float

    def after(self, hits: int) -> float:
        """The age at which a result ends that was asked for so often again."""
        return min(self.max_ttl, self.ttl * (1 + math.log2(hits + 1)))


class Key(NamedTuple):
    """What tells one result from all others.

    Attributes:
        origin: The database.
        dialect: What it speaks.
        sql: The text, after the plugins.
        wanted: What it was run for.
        values: The type and value of each parameter.
        opened: What is another each time that the database is connected, for a store in this process.
    """

    origin: Origin
    dialect: str
    sql: str
    wanted: str
    values: tuple[object, ...]
    opened: object


class Reading(NamedTuple):
    """A read, as a store knows it.

    Attributes:
        key: What tells its result from all others.
        tags: The tables that it reads.
        lifetime: How long its result is kept.
    """

    key: Key
    tags: frozenset[str]
    lifetime: Lifetime


class Found(NamedTuple):
    """What a store says of a read.

    Attributes:
        give: Gives its result, or None where it is not kept.
        version: Which state of the tables a reading that begins now is of; None while one of them is being written.
        began: When that is, by the store's clock.
    """

    give: Give | None
    version: Hashable | None
    began: float


class Store(Protocol):
    """A place for results. Tags say what a result was read from, and what a write changes."""

    def check(self, origin: Origin) -> None:
        """See whether results of a database can be kept here.

        Raises:
            ConfigurationError: they cannot.
        """
        ...

    async def find(self, reading: Reading) -> Found:
        """A result, if it is kept, and no table of it was written since."""
        ...

    async def keep(self, reading: Reading, found: Found, result: DriverResult, give: Give) -> bool:
        """Keep what was read since `found`, unless a table of it was written meanwhile; whether it was kept."""
        ...

    async def forget(self, tags: frozenset[str]) -> None:
        """Forget what was read from tables. It must not raise."""
        ...

    async def begin_write(self, tags: frozenset[str]) -> object:
        """Forget what was read from tables, and keep nothing of them until `end_write` is given what this gives."""
        ...

    async def end_write(self, tags: frozenset[str], begun: object, *, is_known: bool = True) -> None:
        """Know that a write has ended. It must not raise.

        Args:
            tags: The tables.
            begun: What `begin_write` gave.
            is_known: Whether it is known what became of it. If not, it may still show, and nothing is kept for a while.
        """
        ...


class MemoryStore:
    """Keeps results in this process; the ones that nobody asked for the longest make room.

    Args:
        max_entries: How many results it keeps at most.
        clock: Says the time in seconds, from any moment on.
    """

    def __init__(self, *, max_entries: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin empty."""
        if type(max_entries) is not int or max_entries < 1:
            raise ConfigurationError(f"max_entries is a number of results, one or more, not {max_entries!r}")
        self._max_entries = max_entries
        self._clock = clock
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        self._keys: dict[str, set[Key]] = {}
        self._versions: Counter[str] = Counter()
        self._writers: Counter[str] = Counter()
        self._unsettled: dict[str, float] = {}
        self.evicted = 0

    def __len__(self) -> int:
        """How many results are kept."""
        return len(self._entries)

    def check(self, origin: Origin) -> None:
        """Those of every database can."""

    async def find(self, reading: Reading) -> Found:
        """A result; asking for it makes it live longer."""
        now = self._clock()
        key = reading.key
        entry = self._entries.get(key)
        if entry is not None:  # then no writer is at its tables: it would have been forgotten
            if now - entry.began < reading.lifetime.after(entry.hits):
                entry.hits += 1
                self._entries.move_to_end(key)
                return Found(entry.give, None, now)
            self._drop(key)
        return Found(None, self._version(reading.tags), now)

    async def keep(self, reading: Reading, found: Found, result: DriverResult, give: Give) -> bool:
        """Keep a result in the place of the one that nobody asked for the longest."""
        key, tags, _ = reading
        if found.version is None or found.version != self._version(tags):
            return False
        if key in self._entries:
            self._drop(key)
        self._entries[key] = _Entry(give, tags, found.began)
        for tag in tags:
            self._keys.setdefault(tag, set()).add(key)
        while len(self._entries) > self._max_entries:
            self._drop(next(iter(self._entries)))
            self.evicted += 1
        return True

    async def forget(self, tags: frozenset[str]) -> None:
        """Forget, and make what is being read of no use."""
        self._versions.update(tags)
        for tag in tags:
            for key in tuple(self._keys.get(tag, ())):
                self._drop(key)

    async def begin_write(self, tags: frozenset[str]) -> object:
        """Forget, and note that somebody writes."""
        self._writers.update(tags)
        await self.forget(tags)
        return None

    async def end_write(self, tags: frozenset[str], begun: object, *, is_known: bool = True) -> None:
        """Make what was being read meanwhile of no use."""
        self._versions.update(tags)
        self._writers.subtract(tags)
        for tag in tags:
            if not self._writers[tag]:
                del self._writers[tag]
            if not is_known:
                self._unsettled[tag] = self._clock() + UNSETTLED_SECONDS

    def _version(self, tags: Iterable[str]) -> int | None:
        """A number that grows with every write to one of the tables; None while one is written."""
        if self._writers and not self._writers.keys().isdisjoint(tags):
            return None
        if self._unsettled and self._is_unsettled(tags):
            return None
        versions = self._versions
        return sum([versions[tag] for tag in tags])

    def _is_unsettled(self, tags: Iterable[str]) -> bool:
        now = self._clock()
        self._unsettled = {tag: until for tag, until in self._unsettled.items() if now < until}
        return not self._unsettled.keys().isdisjoint(tags)

    def _drop(self, key: Key) -> None:
        for tag in self._entries.pop(key).tags:
            keys = self._keys[tag]
            keys.remove(key)
            if not keys:
                del self._keys[tag]


class _Entry:
    """A result that is kept."""

    __slots__ = ("began", "give", "hits", "tags")

    def __init__(self, give: Give, tags: frozenset[str], began: float) -> None:
        self.give = give
        self.tags = tags
        self.began = began
        self.hits = 0
