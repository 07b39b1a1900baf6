"""Rows straight into an HTTP response: the database writes the JSON, and Python hands the bytes on.

python recipes/json_response.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from schema import create, drop, person, pet

from querykit import Database, json_array_from, param, select_from

Send = Callable[[dict[str, Any]], Awaitable[None]]

pets = json_array_from(
    select_from(pet).select(pet.name, pet.species).where(pet.owner_id == person.id).order_by(pet.name)
)
PEOPLE = (
    select_from(person)
    .select(person.id, person.first_name, pets.as_("pets"))
    .where(person.id >= param("from_id", int))
    .order_by(person.id)
)


def application(db: Database) -> Callable[[Any, Any, Send], Awaitable[None]]:
    """An ASGI application: any server runs it."""

    async def respond(scope: Any, _receive: Any, send: Send) -> None:
        body = await db.fetch_json(PEOPLE, parameters={"from_id": int(scope["query_string"] or b"1")})
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return respond


async def main(url: str = "sqlite:///:memory:") -> list[Any]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async with Database(url) as db:
        await create(db)
        await application(db)({"type": "http", "query_string": b"2"}, None, send)
        await drop(db)
    start, body = sent
    print(start["headers"], body["body"].decode(), sep="\n")
    found: list[Any] = json.loads(body["body"])
    return found


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
