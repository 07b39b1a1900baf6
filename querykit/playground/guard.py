"""Who may ask: this machine's own browser, with the token, from the playground's own page."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS: Final = frozenset({"127.0.0.1", "localhost"})
"""The names by which a browser of this machine reaches it; another name is one that an attacker's DNS gives."""
HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Stands before an application: refuses strangers, and tells browsers what its pages may do."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        """Guard an application by a token."""
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send_guarded)
            return
        status, reason = refusal
        await JSONResponse({"error": reason}, status_code=status)(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _host_name(host) not in HOSTS:
            return 421, "the playground answers to 127.0.0.1 and localhost alone"
        if not _is_own_page(headers, host):
            return 403, "this page is not the playground's own"
        return self._refusal_of_question(headers) if scope["path"].startswith("/api/") else None

    def _refusal_of_question(self, headers: Headers) -> tuple[int, str] | None:
        given = headers.get("authorization", "").encode("latin-1")
        if not hmac.compare_digest(given, b"Bearer " + self._token):
            return 401, "the token is missing or wrong: open the address that the command printed"
        if headers.get("content-type", "") != "application/json":
            return 415, "requests bring application/json"
        return None


def _is_own_page(headers: Headers, host: str) -> bool:
    """Whether no browser says that another page asks."""
    is_own = headers.get("origin", f"http://{host}") == f"http://{host}"
    return is_own and headers.get("sec-fetch-site", "none") in ("same-origin", "none")


def _host_name(host: str) -> str | None:
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    return parts.hostname if host.rpartition("@")[1] == "" else None
