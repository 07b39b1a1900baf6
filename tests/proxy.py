"""A TCP proxy that fails on purpose."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

NEVER = b"\0never\0"


class Proxy:
    """Stands between clients and a server, and does to their bytes what networks do.

    Attributes:
        url: Where clients connect to.
        server: The host and port behind it.
        delay: Seconds that bytes take.
        cut_before: Close everything when a client sends these bytes, before the server gets them.
        cut_after: Close everything when the server has got these bytes and done what they say.
        late: Keep these bytes, and what the client sends after them, half a second on the way.
        lose_answer_to: Keep the connection, but lose the answer to these bytes and everything after it.
    """

    def __init__(self, server: tuple[str, int]) -> None:
        self.url = ""
        self.server = server
        self.delay = 0.0
        self.cut_before = self.cut_after = self.lose_answer_to = self.late = NEVER
        self._links: set[_Link] = set()
        self._held_back: list[Callable[[], None]] | None = None

    def stall(self) -> None:
        """Hold back the bytes of both directions."""
        self._held_back = []

    def go_on(self) -> None:
        """Let them pass again."""
        held_back, self._held_back = self._held_back or [], None
        for send in held_back:
            send()

    def cut(self) -> None:
        """Close every connection."""
        for link in list(self._links):
            link.close()

    def forward(self, send: Callable[[], None]) -> None:
        """Send bytes when it is their time."""
        if self._held_back is not None:
            self._held_back.append(send)
        elif self.delay:
            asyncio.get_running_loop().call_later(self.delay, send)
        else:
            send()


class _Link:
    """One client's way to the server and back."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.client: asyncio.Transport | None = None
        self.server: asyncio.Transport | None = None
        self._early: list[bytes] = []
        self._is_mute = self._is_late = False
        proxy._links.add(self)

    async def connect(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: _Side(self, is_client=False), *self.proxy.server)
        except OSError:
            self.close()

    def up(self, data: bytes) -> None:
        proxy = self.proxy
        if proxy.cut_before in data:
            proxy.cut()
            return
        self._is_mute = self._is_mute or proxy.lose_answer_to in data or proxy.cut_after in data
        if proxy.cut_after in data:
            asyncio.get_running_loop().call_later(0.2, proxy.cut)  # by then the server has done it
        if self._is_late or proxy.late in data:
            self._is_late = True
            asyncio.get_running_loop().call_later(0.5, self._pass_on, data)
        else:
            self._pass_on(data)

    def _pass_on(self, data: bytes) -> None:
        if self.server is None:
            self._early.append(data)
        else:
            self.server.write(data)

    def down(self, data: bytes) -> None:
        if self.client is not None and not self._is_mute:
            self.client.write(data)

    def opened(self, transport: asyncio.Transport, *, is_client: bool) -> None:
        if is_client:
            self.client = transport
            self.connecting = asyncio.ensure_future(self.connect())
            return
        self.server = transport
        if self not in self.proxy._links:
            transport.abort()
        for data in self._early:
            transport.write(data)

    def close(self) -> None:
        self.proxy._links.discard(self)
        for transport in (self.client, self.server):
            if transport is not None:
                transport.abort()


class _Side(asyncio.Protocol):
    def __init__(self, link: _Link, *, is_client: bool) -> None:
        self._link = link
        self._is_client = is_client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._link.opened(transport, is_client=self._is_client)

    def data_received(self, data: bytes) -> None:
        send = self._link.up if self._is_client else self._link.down
        self._link.proxy.forward(lambda: send(data))

    def connection_lost(self, exc: Exception | None) -> None:
        self._link.close()


@asynccontextmanager
async def proxy_to(url: str) -> AsyncIterator[Proxy]:
    """A proxy to the server at a URL."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    proxy = Proxy((parts.hostname, parts.port))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Side(_Link(proxy), is_client=True), "127.0.0.1", 0)
    user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    proxy.url = parts._replace(netloc=f"{user}127.0.0.1:{server.sockets[0].getsockname()[1]}").geturl()
    try:
        yield proxy
    finally:
        proxy.cut()
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0.01)  # for the aborted transports
