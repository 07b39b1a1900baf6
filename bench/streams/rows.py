"""The rows that are streamed."""

from __future__ import annotations

from querykit import Column, Database, Table, sql

ROWS = 1_000_000
AT_ONCE = 1_000
"""How many rows each contender holds at a time."""


class Streamed(Table, name="streamed"):
    id: Column[int]
    name: Column[str]
    score: Column[float]


streamed = Streamed()

CREATE = "CREATE TABLE streamed (id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL, score DOUBLE PRECISION NOT NULL)"
INSERT = """\
INSERT INTO streamed
WITH digit AS (SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4
               UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9),
     number AS (SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d + 100000 * g.d + 1 AS n
                FROM digit a, digit b, digit c, digit e, digit f, digit g)
SELECT n, 'the name of a row', n / 2.0 FROM number ORDER BY n"""


async def fill(url: str) -> None:
    async with Database(url) as db:
        await db.execute(sql(CREATE))
        await db.execute(sql(INSERT))
