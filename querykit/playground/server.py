"""The playground's server: on this machine alone, behind a token."""

from __future__ import annotations

import asyncio
import secrets
import socket
import tempfile
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import uvicorn

from querykit.errors import ConfigurationError
from querykit.playground.app import app_of
from querykit.playground.demo import create_demo
from querykit.playground.session import Limits, Session, opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

HOST = "127.0.0.1"


class Playground(NamedTuple):
    """A playground that runs.

    Attributes:
        origin: Where it answers: ``"http://127.0.0.1:8137"``.
        token: What a request has to bring.
        session: The database behind it.
        server: What serves it; it ends with the block.
    """

    origin: str
    token: str
    session: Session
    server: asyncio.Task[None]

    @property
    def address(self) -> str:
        """What to open in a browser. What stands behind the # is never sent to a server, nor to a log."""
        return f"{self.origin}/#{self.token}"


@asynccontextmanager
async def running(
    url: str | None = None,
    *,
    schema: str | None = None,
    port: int = 0,
    timeout: float = 10.0,
    max_rows: int = 500,
) -> AsyncIterator[Playground]:
    """Serve the page for the length of the block.

    Args:
        url: The database; None makes a village to play with.
        schema: The schema whose tables are offered; unsaid, the usual one.
        port: Where it listens, on the loopback interface alone; 0 takes any that is free.
        timeout: Seconds that a statement may run.
        max_rows: How many rows are shown at most.

    Raises:
        ConfigurationError: the port is taken, or the URL is wrong.
        ConnectError: the database cannot be reached.
    """
    with tempfile.TemporaryDirectory(prefix="querykit-playground-") as folder, _listening(port) as listening:
        limits = Limits(timeout, max_rows)
        opened_url = url or await create_demo(Path(folder))
        async with opened(opened_url, schema=schema, limits=limits, is_demo=url is None) as session:
            token = secrets.token_urlsafe(32)
            server = _Server(_settings(session, token))
            task = asyncio.create_task(server.serve([listening]))
            try:
                yield Playground(f"http://{HOST}:{listening.getsockname()[1]}", token, session, task)
            finally:
                server.should_exit = True
                await task


class _Server(uvicorn.Server):
    """One that leaves the signals of the program alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: what runs the block ends the server."""
        yield


def _settings(session: Session, token: str) -> uvicorn.Config:
    return uvicorn.Config(
        app_of(session, token),
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=64,
        timeout_graceful_shutdown=2,
    )


def _listening(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((HOST, port))
        made.listen(128)
    except OSError as error:
        made.close()
        raise ConfigurationError(f"cannot listen on port {port}: {error.strerror}") from None
    return made
