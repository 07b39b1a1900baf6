"""Asks a playground over its socket, as a browser would, or as one should not."""

from __future__ import annotations

import asyncio
import http.client
import json
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


async def ask(playground, question, content=None, *, method="POST", body=None, **headers) -> Answer:
    """A question of the page; headers are named with underscores, and None leaves one out."""
    given = {
        "host": urlsplit(playground.origin).netloc,
        "origin": playground.origin,
        "authorization": f"Bearer {playground.token}",
        "content-type": "application/json",
        "sec-fetch-site": "same-origin",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    path = question if question.startswith("/") else f"/api/{question}"
    sent = json.dumps(content if content is not None else {}).encode() if body is None else body
    return await asyncio.to_thread(_send, playground.origin, method, path, sent, given)


def _send(origin: str, method: str, path: str, body: bytes, headers: dict[str, str | None]) -> Answer:
    connection = http.client.HTTPConnection(urlsplit(origin).netloc, timeout=20)
    try:
        connection.putrequest(method, path, skip_host=True)
        for name, value in headers.items():
            if value is not None:
                connection.putheader(name, value)
        connection.putheader("content-length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def plain(node: Any) -> Any:
    """A tree as the lists, dicts and texts that it shows."""
    if "items" in node:
        return [plain(each) for each in node["items"]]
    if "fields" in node:
        return {name: plain(each) for name, each in node["fields"]}
    return None if node["type"] == "None" else node["text"]
