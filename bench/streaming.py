"""A million rows read one after the other, on each database: rows per second, and how much the process grows.

python -m bench.streaming [rows]: each database is read by a process of its own, so that its memory is its own.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from querykit import Column, Database, Table, sql
from tests.databases import DATABASES, database_urls

ROWS = 1_000_000


class Streamed(Table, name="bench_streamed"):
    id: Column[int]
    name: Column[str]
    score: Column[float]


streamed = Streamed()


async def fill(db: Database, rows: int) -> None:
    await db.execute(sql("DROP TABLE IF EXISTS bench_streamed"))
    await db.execute(sql("CREATE TABLE bench_streamed (id INTEGER PRIMARY KEY, name VARCHAR(50), score FLOAT)"))
    for start in range(0, rows, 50_000):
        numbers = range(start, min(start + 50_000, rows))
        await (
            db.insert_into(streamed)
            .values([{"id": n, "name": f"the name of row {n}", "score": n / 2} for n in numbers])
            .execute()
        )


async def read(url: str) -> dict[str, float]:
    async with Database(url) as db:
        query = db.select_from(streamed).select_all().order_by(streamed.id)
        await query.limit(1).fetch_all()
        before, began, count, total = peak(), time.perf_counter(), 0, 0
        async for row in query.stream():
            count += 1
            total += row["id"]
        seconds = time.perf_counter() - began
        assert total == count * (count - 1) // 2
        return {"rows": count, "seconds": seconds, "grown": peak() - before, "peak": peak()}


def peak() -> float:
    """The most memory this program ever had, in MiB."""
    # ru_maxrss would be that of the process that started this one, if that had more
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


async def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with database_urls(DATABASES, Path(folder)) as urls:
            for name, url in urls.items():
                async with Database(url) as db:
                    await fill(db, rows)
                command = [sys.executable, "-m", "bench.streaming", url]
                done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
                read = json.loads(done.stdout)
                rate = read["rows"] / read["seconds"]
                print(
                    f"{name:9} {read['rows']:>9,} rows in {read['seconds']:5.1f} s, {rate:>9,.0f} rows/s, "
                    f"grown by {read['grown']:.1f} MiB to {read['peak']:.0f} MiB"
                )


if __name__ == "__main__":
    given = sys.argv[1] if len(sys.argv) > 1 else str(ROWS)
    if given.isdecimal():
        asyncio.run(main(int(given)))
    else:
        print(json.dumps(asyncio.run(read(given))))
