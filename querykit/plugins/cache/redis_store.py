"""Results kept in Redis, for programs of several processes: what one of them writes, all forget.

Every tag has a version, a word that a write replaces by another one, and a list of those who are writing. A result is
kept with the versions of its tags, and is given only as long as they are the same. Each step is one script, which Redis
runs as a whole.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from querykit.dialects.driver import to_its_end
from querykit.errors import ConfigurationError, PluginError
from querykit.plugins.cache.packed import packed, unpacked
from querykit.plugins.cache.store import UNSETTLED_SECONDS, Found

if TYPE_CHECKING:
    from querykit.dialects.driver import DriverResult
    from querykit.plugins.cache.store import Give, Key, Reading
    from querykit.plugins.call import Origin

log = logging.getLogger("querykit")

SILENT_SECONDS = 1.0
"""How long reads go straight to the database after Redis did not answer."""

_SHARED: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function state(count, word)
  local versions = {}
  for place = 1, count do
    if redis.call('ZCOUNT', KEYS[1 + count + place], now, '+inf') > 0 then return false end
    local version = redis.call('GET', KEYS[1 + place])
    if not version then
      version = word
      redis.call('SET', KEYS[1 + place], version)
    end
    versions[place] = version
  end
  return table.concat(versions, ' ')
end
local function ends(began, hits, ttl, longest)
  return began + math.min(longest, math.floor(ttl * (1 + math.log(hits + 1) / math.log(2))))
end
"""

# KEYS: the result, the versions of its tags, the writers of its tags. ARGV: how many tags, a new word, ttl, max_ttl.
_FIND: Final = (
    _SHARED
    + """
local found = state(tonumber(ARGV[1]), ARGV[2])
if not found then return {false, false, now} end
local kept = redis.call('HMGET', KEYS[1], 'state', 'began', 'hits', 'data')
if kept[1] == found and now < ends(kept[2], kept[3], ARGV[3], ARGV[4]) then
  local hits = redis.call('HINCRBY', KEYS[1], 'hits', 1)
  redis.call('PEXPIREAT', KEYS[1], ends(kept[2], hits, ARGV[3], ARGV[4]))
  return {kept[4], found, now}
end
return {false, found, now}
"""
)

# KEYS: as before. ARGV: as before, then the state when it was read, when that was, and the result.
_KEEP: Final = (
    _SHARED
    + """
if state(tonumber(ARGV[1]), ARGV[2]) ~= ARGV[5] then return 0 end
redis.call('HSET', KEYS[1], 'state', ARGV[5], 'began', ARGV[6], 'hits', 0, 'data', ARGV[7])
redis.call('PEXPIREAT', KEYS[1], ends(ARGV[6], 0, ARGV[3], ARGV[4]))
return 1
"""
)

# KEYS: the versions of the tags, the writers of the tags. ARGV: how many tags, a new word, how long a write may take.
_BEGIN: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local count = tonumber(ARGV[1])
for place = 1, count do
  local writers = KEYS[count + place]
  redis.call('SET', KEYS[place], ARGV[2])
  redis.call('ZREMRANGEBYSCORE', writers, '-inf', now)
  redis.call('ZADD', writers, now + ARGV[3], ARGV[2])
  redis.call('PEXPIRE', writers, 2 * ARGV[3])
end
"""

# KEYS: as before. ARGV: how many tags, a new word, the word that the write began with, or none to let it be.
_END: Final = """
local count = tonumber(ARGV[1])
for place = 1, count do
  redis.call('SET', KEYS[place], ARGV[2])
  if ARGV[3] ~= '' then redis.call('ZREM', KEYS[count + place], ARGV[3]) end
end
"""


class RedisStore:
    """Keeps the results of a `CachePlugin` in Redis: ``pip install 'querykit[redis]'``.

    >>> import redis.asyncio
    >>> from querykit.plugins import CachePlugin, RedisStore
    >>> store = RedisStore(redis.asyncio.from_url("redis://localhost", socket_timeout=2))
    >>> cache = CachePlugin(ttl=60, max_ttl=600, store=store)

    All processes that write to the database have the plugin with the same Redis and the same `prefix`; then none gives
    what is older than a write that any of them committed. Where Redis cannot be reached, reads go to the database, and
    writes fail before anything is written: others would go on giving what is old. A process that dies in the middle of
    a write keeps the others from keeping anything of its tables for a minute.

    Results are MessagePack, found by a digest, so that no parameter's value stands in a key. Redis drops them when they
    are too old; let it drop others when it is full by ``maxmemory-policy allkeys-lru``.

    Args:
        client: A client of ``redis.asyncio``, which stays yours to close. Give it a `socket_timeout`.
        prefix: Begins all keys. What stands in braces keeps them on one node of a cluster.
        database: A name for the database, where it is reached through a pool of your own, or from several hosts by
            different names.
        write_timeout: How long a write takes at most, in seconds: whose end nobody told of counts as over after that.
    """

    def __init__(
        self,
        client: Any,
        *,
        prefix: str = "{querykit}:",
        database: str | None = None,
        write_timeout: float = UNSETTLED_SECONDS,
    ) -> None:
        """Hold the client; nothing is asked yet.

        Raises:
            ConfigurationError: the client decodes what it reads as text.
        """
        if client.get_encoder().decode_responses:
            raise ConfigurationError("results in Redis are bytes: the client must not have decode_responses=True")
        self._prefix = prefix
        self._database = database
        self._write_milliseconds = int(write_timeout * 1000)
        self._find = client.register_script(_FIND)
        self._keep = client.register_script(_KEEP)
        self._begin = client.register_script(_BEGIN)
        self._end = client.register_script(_END)
        self._places: dict[Origin, str] = {}
        self._silent_until = 0.0

    def check(self, origin: Origin) -> None:
        """Refuse databases of this process alone.

        Raises:
            ConfigurationError: it is in memory, or behind a pool that the program brought, without a name.
        """
        if origin not in self._places:
            self._places[origin] = self._database or _place(origin)

    async def find(self, reading: Reading) -> Found:
        """A result; asking for it makes it live longer."""
        if monotonic() < self._silent_until:
            return Found(None, None, 0.0)
        try:
            data, state, began = await self._find(keys=self._keys_of(reading), args=_arguments(reading))
        except Exception as error:  # noqa: BLE001 - whatever a client raises means that there is no cache now
            self._note_silence(error)
            return Found(None, None, 0.0)
        return Found(None if data is None else lambda: unpacked(data), state, began)

    async def keep(self, reading: Reading, found: Found, result: DriverResult, give: Give) -> bool:
        """Keep a result, if its values can be read back from bytes."""
        if found.version is None or (data := packed(result)) is None:
            return False
        arguments = [*_arguments(reading), found.version, int(found.began), data]
        try:
            return bool(await self._keep(keys=self._keys_of(reading), args=arguments))
        except Exception as error:  # noqa: BLE001 - see above
            self._note_silence(error)
            return False

    async def begin_write(self, tags: frozenset[str]) -> object:
        """Let no process give or keep what is read from these tables.

        Raises:
            PluginError: Redis cannot be told.
        """
        word = _word()
        try:
            await self._begin(keys=self._keys_of_tags(tags), args=[len(tags), word, self._write_milliseconds])
        except Exception as error:
            raise PluginError("CachePlugin", error) from error
        return word

    async def forget(self, tags: frozenset[str]) -> None:
        """Make what was read from these tables of no use."""
        await to_its_end(self._end_write(tags, ""))

    async def end_write(self, tags: frozenset[str], begun: object, *, is_known: bool = True) -> None:
        """Let them be given again."""
        await to_its_end(self._end_write(tags, begun if is_known else ""))

    async def _end_write(self, tags: frozenset[str], begun: object) -> None:
        try:
            await self._end(keys=self._keys_of_tags(tags), args=[len(tags), _word(), begun])
        except Exception as error:  # noqa: BLE001 - that the write began is known: it counts as over after a while
            self._note_silence(error)

    def _note_silence(self, error: Exception) -> None:
        """Let reads go to the database for a moment, without waiting for Redis each time."""
        self._silent_until = monotonic() + SILENT_SECONDS
        log.warning("the cache does not answer: %s; reads go to the database", type(error).__name__)

    def _keys_of(self, reading: Reading) -> list[str]:
        return [f"{self._prefix}result:{self._digest(reading.key)}", *self._keys_of_tags(reading.tags)]

    def _keys_of_tags(self, tags: frozenset[str]) -> list[str]:
        names = sorted(tags)
        return [f"{self._prefix}{kind}:{name}" for kind in ("version", "writers") for name in names]

    def _digest(self, key: Key) -> str:
        text = repr((self._places[key.origin], key.dialect, key.sql, key.wanted, key.values))
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def _arguments(reading: Reading) -> list[Any]:
    _, tags, lifetime = reading
    return [len(tags), _word(), int(lifetime.ttl * 1000), int(lifetime.max_ttl * 1000)]


def _word() -> str:
    """A word that nobody had before."""
    return secrets.token_hex(8)


def _place(origin: Origin) -> str:
    """Where a database is, as other processes know it too."""
    driver = origin.driver
    target = driver.target
    if driver.is_borrowed or driver.max_connections is not None:
        raise ConfigurationError(
            "results in Redis are for databases that other processes can reach: one in memory they cannot; one behind "
            "a pool of your own needs a name, RedisStore(…, database=…)"
        )
    database = str(Path(str(target.database)).absolute()) if driver.has_one_writer else target.database
    options = sorted(target.options.items())
    return repr((target.scheme, target.host, target.port, target.user, database, options))
