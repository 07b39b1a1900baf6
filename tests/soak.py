"""A hundred tasks that read and write while their work is cancelled and their connections are killed.

python -m tests.soak [seconds] [databases]: by default ten minutes on each of the four, and through asyncmy, side by side.
Every write has a key, and its outcome is noted: what was kept must be there once, what was not must not, and only what
nobody can know may be either. What the process holds may not grow.
"""

import asyncio
import ctypes
import gc
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from querykit import Column, Table, json_array_from, sql
from querykit.errors import CommitOutcomeUnknownError, DatabaseError
from querykit.execution.database import Database
from tests.databases import DATABASES, database_urls, own_database, through_asyncmy

NAMES = (*DATABASES, "mysql+asyncmy", "mariadb+asyncmy")
SECONDS = 600.0
TASKS = 100
POOL_SIZE = 10
WRITES_PER_ACCOUNT = 20
CANCELLED = 0.15
"""The share of all work that is cancelled on its way."""
KILL_EVERY = 0.25
MAX_GROWTH = 4.0
"""How many MiB more a process may hold at the end than after a fifth of the time: the kept outcomes are one of them."""
PENDING, KEPT, UNDONE, UNKNOWN = range(4)


class Account(Table, name="soak_account"):
    id: Column[int]
    amount: Column[int]


class Entry(Table, name="soak_entry"):
    account_id: Column[int]
    amount: Column[int]


account, entry = Account(), Entry()

_KILL = {
    "postgres": "SELECT pg_terminate_backend({}) AS done",
    "mysql": "KILL {}",
}
_OTHERS = {
    "postgres": "SELECT pid AS id FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "mysql": "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()",
}


@dataclass
class Soak:
    """What happened.

    Attributes:
        outcomes: For each key what became of its write, as far as the program was told.
        counts: How often each kind of work was done, and each kind of error met.
        memory: What the process holds in MiB, after a fifth of the time and at the end.
    """

    name: str
    seconds: float
    outcomes: bytearray = field(default_factory=bytearray)
    counts: Counter[str] = field(default_factory=Counter)
    memory: list[float] = field(default_factory=list)
    landed: int = 0
    leaked: int = 0

    def new_key(self) -> int:
        self.outcomes.append(PENDING)
        return len(self.outcomes) - 1

    def __str__(self) -> str:
        kinds = Counter(self.outcomes)
        errors = ", ".join(f"{name} {count:,}" for name, count in sorted(self.counts.items()) if name[0].isupper())
        work = ", ".join(f"{count:,} {name}" for name, count in sorted(self.counts.items()) if not name[0].isupper())
        return (
            f"{self.name}: {self.seconds:.0f} s, {work}\n"
            f"  writes: {kinds[KEPT]:,} kept, {kinds[UNDONE]:,} undone, {kinds[UNKNOWN]:,} unknown "
            f"({self.landed:,} of them had landed); none lost, none doubled; {self.leaked} connections leaked\n"
            f"  errors: {errors or 'none'}\n"
            f"  memory: {' → '.join(f'{each:.1f}' for each in self.memory)} MiB"
        )


Disturb = Callable[[Database, Soak, float], Coroutine[Any, Any, None]]


async def soak(name: str, url: str, seconds: float, disturb: Disturb | None = None) -> Soak:
    """Run it on one database under kills, or what else disturbs it, for as long as that, and check every row then."""
    done = Soak(name, seconds)
    async with Database(url, pool_size=POOL_SIZE) as admin:
        await create(admin)
        async with Database(url, pool_size=POOL_SIZE) as db:
            ends = time.monotonic() + seconds
            killer = asyncio.create_task((disturb or kill)(admin, done, ends))
            goes_on = lambda: time.monotonic() < ends or not killer.done()  # noqa: E731
            workers = [asyncio.create_task(work(db, done, random.Random(n), goes_on)) for n in range(TASKS)]
            await asyncio.sleep(seconds / 5)
            done.memory.append(memory())
            await asyncio.gather(killer, *workers)
            done.memory.append(memory())
            await asyncio.sleep(1)  # resets run in the background
            assert db.pool.size == db.pool.idle <= POOL_SIZE, "a connection was not given back"
            assert db.pool.waiting == 0
            await check(db, done)
        done.leaked = await connections_beside(admin)
        assert not done.leaked, "the server has connections that nobody closed"
        await drop(admin)
    return done


async def create(db: Database) -> None:
    await drop(db)
    await db.execute(sql("CREATE TABLE soak_account (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL)"))
    # no primary key: a doubled write must be able to land, to be found
    await db.execute(sql("CREATE TABLE soak_entry (key_ INTEGER, account_id INTEGER, amount INTEGER)"))
    await db.execute(sql("CREATE INDEX soak_entry_account ON soak_entry (account_id)"))


async def drop(db: Database) -> None:
    await db.execute(sql("DROP TABLE IF EXISTS soak_entry"))
    await db.execute(sql("DROP TABLE IF EXISTS soak_account"))


# -- the work -----------------------------------------------------------------------------------------------------


async def work(db: Database, done: Soak, chance: random.Random, goes_on: Callable[[], bool]) -> None:
    kinds = [read_nested, read_nested, write_together, write_together, write_savepoint, write_alone, stream_a_little]
    while goes_on():
        kind = chance.choice(kinds)
        task = asyncio.create_task(kind(db, done, chance))
        is_cancelled = chance.random() < CANCELLED
        if is_cancelled:
            await asyncio.sleep(chance.random() * 0.05)
            task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            done.counts["Cancelled"] += 1
        except DatabaseError as error:
            done.counts[type(error).__name__] += 1
        done.counts[kind.__name__] += 1
        await asyncio.sleep(chance.random() * 0.01)


async def read_nested(db: Database, done: Soak, chance: random.Random) -> None:
    """An account is always the sum of its entries, in whatever moment it is read."""
    if not done.outcomes:
        return
    number = chance.randrange(len(done.outcomes)) // WRITES_PER_ACCOUNT
    row = await (
        db.select_from(account)
        .select(
            account.id,
            account.amount,
            json_array_from(
                db.select_from(entry).select(entry.amount, entry.account_id).where(entry.account_id == account.id)
            ).as_("entries"),
        )
        .where(account.id == number)
        .fetch_one_or_none()
    )
    if row is not None:
        assert row["id"] == number
        assert all(each["account_id"] == number for each in row["entries"])
        assert row["amount"] == sum(each["amount"] for each in row["entries"]), "a transaction was seen in half"


async def write_together(db: Database, done: Soak, chance: random.Random) -> None:
    key = done.new_key()
    await _kept_or_not(db, done, key, _write)


async def write_savepoint(db: Database, done: Soak, chance: random.Random) -> None:
    key = done.new_key()

    async def write(trx: Any, key: int) -> None:
        try:
            async with trx.transaction() as inner:
                await _write(inner, key)
                raise KeyError  # noqa: TRY301 - to undo the savepoint
        except KeyError:
            pass
        async with trx.transaction() as inner:
            await _write(inner, key)

    await _kept_or_not(db, done, key, write)


async def _kept_or_not(db: Database, done: Soak, key: int, write: Any) -> None:
    trx = db.transaction()
    try:
        async with trx:
            await write(trx, key)
    except CommitOutcomeUnknownError:
        done.outcomes[key] = UNKNOWN
        raise
    finally:
        if done.outcomes[key] == PENDING:
            done.outcomes[key] = KEPT if trx.is_committed else UNDONE


async def _write(trx: Any, key: int) -> None:
    number = key // WRITES_PER_ACCOUNT
    await trx.insert_into(account).values(id=number, amount=0).on_conflict(account.id).do_nothing().execute()
    await trx.execute(
        sql("INSERT INTO soak_entry (key_, account_id, amount) VALUES ({}, {}, {})", key, number, key % 7)
    )
    await trx.update(account).set(amount=account.amount + key % 7).where(account.id == number).execute()


async def write_alone(db: Database, done: Soak, chance: random.Random) -> None:
    """Without a transaction: cancelled or killed, it has landed or never will."""
    key = done.new_key()
    done.outcomes[key] = UNKNOWN
    await db.execute(sql("INSERT INTO soak_entry (key_, account_id, amount) VALUES ({}, {}, {})", key, -1, 0))
    done.outcomes[key] = KEPT


async def stream_a_little(db: Database, done: Soak, chance: random.Random) -> None:
    async with db.select_from(entry).select(entry.account_id, entry.amount).limit(500).stream(chunk_size=50) as rows:
        async for row in rows:
            assert row["amount"] == 0 or row["account_id"] >= 0
            if chance.random() < 0.01:
                return


async def kill(admin: Database, done: Soak, ends: float) -> None:
    """End a connection at the server every now and then; SQLite has none."""
    name = admin.dialect.name
    if name == "sqlite":
        return
    family = "postgres" if name == "postgres" else "mysql"
    while time.monotonic() < ends:
        await asyncio.sleep(KILL_EVERY)
        victims = await admin.fetch_column(sql.raw(_OTHERS[family]))
        if victims:
            try:
                await admin.execute(sql.raw(_KILL[family].format(int(random.choice(victims)))))
                done.counts["kills"] += 1
            except DatabaseError:  # it went by itself
                pass


# -- the check ----------------------------------------------------------------------------------------------------


async def check(db: Database, done: Soak) -> None:
    found = Counter(await db.fetch_column(sql("SELECT key_ FROM soak_entry")))
    for key, outcome in enumerate(done.outcomes):
        count = found.pop(key, 0)
        assert count <= 1, f"the write {key} landed {count} times"
        assert outcome != PENDING
        assert outcome != KEPT or count == 1, f"the write {key} was kept, and is lost"
        assert outcome != UNDONE or count == 0, f"the write {key} was undone, and is there"
        done.landed += outcome == UNKNOWN and count == 1
    assert not found
    wrong = await db.fetch_all(
        sql(
            "SELECT a.id FROM soak_account AS a WHERE a.amount <> "
            "(SELECT COALESCE(SUM(e.amount), 0) FROM soak_entry AS e WHERE e.account_id = a.id)"
        )
    )
    assert not wrong, "half of a transaction was kept"


async def connections_beside(admin: Database) -> int:
    if admin.dialect.name == "sqlite":
        return 0
    family = "postgres" if admin.dialect.name == "postgres" else "mysql"
    own = admin.pool.size - 1
    for _ in range(100):
        count = len(await admin.fetch_column(sql.raw(_OTHERS[family]))) - own
        if count <= 0:
            return 0
        await asyncio.sleep(0.05)
    return count


def memory() -> float:
    """What this process holds now, in MiB, without the free memory that glibc keeps for later.

    That grows for a while as connections come and go, and says nothing of what is held.
    """
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def _main(name: str, url: str, seconds: float) -> None:
    done = await soak(name, url, seconds)
    sys.stdout.write(f"{done}\n")
    before, after = done.memory
    assert after - before <= MAX_GROWTH, f"{name}: the process holds {after - before:.1f} MiB more than at the start"


async def main(seconds: float, names: list[str]) -> int:
    """Soak every database in a process of its own, so that its memory is its own."""
    servers = {name.partition("+")[0] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        async with database_urls(sorted(servers), Path(folder)) as urls, AsyncExitStack() as stack:
            runs = []
            for name in names:
                url = await stack.enter_async_context(own_url(name, urls))
                command = [sys.executable, "-m", "tests.soak", str(seconds), name, url]
                runs.append(await asyncio.create_subprocess_exec(*command))
            return max([await run.wait() for run in runs])


@asynccontextmanager
async def own_url(name: str, urls: Mapping[str, str]) -> AsyncIterator[str]:
    """The URL of a database of its own, for the driver that a name asks for."""
    server, _, driver = name.partition("+")
    if server == "sqlite":
        yield urls[server]
        return
    async with own_database(server, urls[server]) as url:
        yield through_asyncmy(url) if driver else url


if __name__ == "__main__":
    given = sys.argv[1:]
    length = float(given[0]) if given else SECONDS
    if len(given) == 3:
        asyncio.run(_main(given[1], given[2], length))
    else:
        sys.exit(asyncio.run(main(length, given[1].split(",") if len(given) > 1 else list(NAMES))))
