"""A mapper against a dict that does the same: whatever comes in which order, both have the same rows."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tests.access.mapped import USERS, user, users

STEPS = 120
Rows = dict[int, dict[str, Any]]


class Steps:
    """Does the same to a table, by a mapper, and to a dict, and compares what comes back."""

    def __init__(self, people: Any, random: Random) -> None:
        self.people = people
        self.random = random
        self.rows: Rows = {row["id"]: dict(row) for row in USERS}
        self.names = iter(f"user {number}" for number in range(10_000))

    def filter(self) -> tuple[tuple[Any, ...], Any]:
        """A filter, and what it means in Python."""
        known = [*self.rows, 990_000, 990_001, 990_002]
        key, age = self.random.choice(known), self.random.randint(0, 60)
        keys = self.random.sample(known, 3)
        return self.random.choice(
            [
                ((key,), lambda row: row["id"] == key),
                (((key,),), lambda row: row["id"] == key),
                (({"id": keys},), lambda row: row["id"] in keys),
                (({"age": None},), lambda row: row["age"] is None),
                (({"age": {"gte": age}, "email": None},), lambda row: (row["age"] or -1) >= age and not row["email"]),
                (("age", "<", age), lambda row: row["age"] is not None and row["age"] < age),
                (("age", "is not", age), lambda row: row["age"] != age),
                (
                    (lambda user: (user.id > key) & user.email.is_not_null(),),
                    lambda row: row["id"] > key and row["email"],
                ),
                ((user.id.not_in(keys),), lambda row: row["id"] not in keys),
            ]
        )

    def new(self, key: int | None = None) -> dict[str, Any]:
        """The values of a new row."""
        made = {"name": next(self.names), "email": self.random.choice([None, "e@x.org"]), "age": self.age()}
        return made if key is None else {"id": key, **made}

    def age(self) -> int | None:
        return self.random.choice([None, self.random.randint(0, 60)])

    async def insert(self) -> None:
        key = max([*self.rows, 5000]) + 100  # far from the numbers that the database gives meanwhile
        given = [self.new(self.random.choice([None, key + 10 * number])) for number in range(self.random.randint(1, 4))]
        for source, back in zip(given, await self.people.insert().return_all(given), strict=True):
            assert back == {"id": back["id"], **source}
            assert back["id"] not in self.rows
            self.rows[back["id"]] = back

    async def update(self) -> None:
        asked, meant = self.filter()
        values = self.random.choice([{"age": self.age()}, {"email": "new"}, {"age": 7, "email": None}])
        changed = {key: {**row, **values} for key, row in self.rows.items() if meant(row)}
        query = self.people.update(*asked)
        if self.random.random() < 0.5:
            query = query.columns(list(values)).compile()
        if self.random.random() < 0.7:
            assert {row["id"]: row for row in await query.return_all(values)} == changed
        else:
            assert await query.return_count(values) == len(changed)
        self.rows |= changed

    async def delete(self) -> None:
        asked, meant = self.filter()
        gone = [key for key, row in self.rows.items() if meant(row)]
        assert await self.people.delete(*asked).return_count() == len(gone)
        for key in gone:
            del self.rows[key]

    async def select(self) -> None:
        asked, meant = self.filter()
        found = await self.people.select(*asked).return_all()
        assert {row["id"]: row for row in found} == {key: row for key, row in self.rows.items() if meant(row)}


@pytest.mark.parametrize("seed", range(3))
async def test_a_mapper_does_what_a_dict_does(mapped_db, seed):
    random = Random(seed)
    steps = Steps(users(mapped_db, insert_return_columns=["*"], update_return_columns=["*"]), random)
    for _ in range(STEPS):
        step = random.choice([steps.insert, steps.update, steps.update, steps.delete, steps.select])
        await step()
    rows = await steps.people.select().return_all()
    assert {row["id"]: row for row in rows} == steps.rows
