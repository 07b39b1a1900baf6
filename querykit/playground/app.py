"""The page and what it asks for, over HTTP."""

from __future__ import annotations

import asyncio
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from querykit.errors import DatabaseError, InputError, QueryKitError
from querykit.playground.description import read_description
from querykit.playground.guard import Guard

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from querykit.playground.session import Session

MAX_BODY: Final = 256 * 1024
"""How many bytes a request may bring."""
PAGE: Final = {
    "/": ("index.html", "text/html"),
    "/playground.css": ("playground.css", "text/css"),
    "/playground.js": ("playground.js", "text/javascript"),
    "/builder.js": ("builder.js", "text/javascript"),
    "/result.js": ("result.js", "text/javascript"),
    "/words.js": ("words.js", "text/javascript"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
"""What is served to anybody on this machine: it holds nothing of the database."""


def app_of(session: Session, token: str) -> ASGIApp:
    """The application: the page's files, and four questions that it asks of a session."""

    async def show(body: bytes) -> dict[str, Any]:
        return session.show(read_description(body))

    questions: dict[str, Callable[[bytes], Coroutine[Any, Any, dict[str, Any]]]] = {
        "tables": lambda _: session.look(),
        "show": show,
        "run": lambda body: session.run(read_description(body)),
        "plan": lambda body: session.plan(read_description(body)),
    }
    routes = [Route(path, _file(*each)) for path, each in PAGE.items()]
    routes += [Route(f"/api/{name}", _answer(ask), methods=["POST"]) for name, ask in questions.items()]
    app = Starlette(routes=routes, exception_handlers={Exception: _failed})
    app.router.redirect_slashes = False
    return Guard(app, token)


async def _failed(_: Request, __: Exception) -> Response:
    """What the page is told of a mistake of ours; the command's own output has the rest."""
    return JSONResponse({"error": "the playground failed: the terminal says how", "path": []}, status_code=500)


def _file(name: str, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    content = files("querykit.playground").joinpath("page", name).read_bytes()

    async def send(_: Request) -> Response:
        return Response(content, media_type=media_type)

    return send


def _answer(ask: Callable[[bytes], Coroutine[Any, Any, dict[str, Any]]]) -> Callable[[Request], Awaitable[Response]]:
    """What answers a question, or says calmly why not."""

    async def answer(request: Request) -> Response:
        try:
            body = await _body(request)
            return JSONResponse(await _while_connected(request, ask(body)))
        except InputError as error:
            return JSONResponse({"error": error.reason, "path": list(error.path)}, status_code=400)
        except QueryKitError as error:
            status = 503 if isinstance(error, DatabaseError) else 422
            # the page has the SQL already
            return JSONResponse({"error": str(error).partition("\nSQL: ")[0], "path": []}, status_code=status)

    return answer


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise InputError((), "the request is too large")
    return body


async def _while_connected(request: Request, work: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any]:
    """What the work gives; a browser that goes away stops it, on the server too."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
        return await task
    except asyncio.CancelledError:
        if not gone.done():  # not the browser, but the server goes
            raise
        return {}
    finally:
        task.cancel()
        gone.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
