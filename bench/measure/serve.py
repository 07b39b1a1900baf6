"""The process of a contender: it does what it is asked on its standard input, and answers how long that took.

A process of its own keeps one contender's garbage, patches and event loop out of another's figures.
`bench/node/serve.js` is the same for Node.

    python -m bench.measure.serve MODULE URL [--uvloop]
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import inspect
import json
import os
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from typing import Any

import uvloop

from bench.measure.work import Contenders, Work

STRIDE = 7919
"""Keys are taken this far from each other: a prime, so that all have their turn before the first comes again."""


class Server:
    """Answers requests, one after the other."""

    def __init__(self, contenders: Contenders, runner: asyncio.Runner, suffix: str) -> None:
        self.contenders = {f"{name}{suffix}": works for name, works in contenders.items()}
        self.runner = runner
        self.calls = 0

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["do"] == "list":
            return {name: list(works) for name, works in self.contenders.items()}
        work = self.contenders[request["of"]][request["case"]]
        if request["do"] == "show":
            found = work.run(request["key"], request["count"])
            return {"result": work.plain(self.runner.run(found) if inspect.iscoroutine(found) else found)}
        keys = self.keys(request["keys"], request["times"])
        if inspect.iscoroutinefunction(work.run):
            return self.runner.run(timed_tasks(work, request["count"], keys, request["tasks"]))
        return timed(work, request["count"], keys)

    def keys(self, number: int, times: int) -> list[int]:
        """The next keys between one and a number."""
        first = self.calls
        self.calls += times
        return [each * STRIDE % number + 1 for each in range(first, first + times)]


def timed(work: Work, count: int, keys: Sequence[int]) -> dict[str, float]:
    """Do the work for each key: the seconds that it took, and those that this process was busy."""
    run = work.run
    busy, began = time.process_time(), time.perf_counter()
    for key in keys:
        run(key, count)
    return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - busy}


async def timed_tasks(work: Work, count: int, keys: Sequence[int], tasks: int) -> dict[str, float]:
    """The same for what is awaited, by a number of tasks."""
    remaining = iter(keys)
    busy, began = time.process_time(), time.perf_counter()
    if tasks == 1:
        await _all_of(work, count, remaining)
    else:
        await asyncio.gather(*[_all_of(work, count, remaining) for _ in range(tasks)])
    return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - busy}


async def _all_of(work: Work, count: int, keys: Iterator[int]) -> None:
    run = work.run
    for key in keys:
        await run(key, count)


def suffix(arguments: argparse.Namespace) -> str:
    """What tells these contenders from the same ones elsewhere."""
    driver = ", asyncmy" if "+asyncmy" in arguments.url else ""
    return f"{driver}, uvloop" if arguments.uvloop else driver


def main() -> None:
    """Serve until the input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("module")
    parser.add_argument("url")
    parser.add_argument("--uvloop", action="store_true")
    arguments = parser.parse_args()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what contenders print is no answer
    module = importlib.import_module(arguments.module)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if arguments.uvloop else None) as runner:
        server: Server | None = None
        for line in sys.stdin:
            try:
                if server is None:
                    contenders = runner.run(module.opened(arguments.url))
                    server = Server(contenders, runner, suffix(arguments))
                found = server.answer(json.loads(line))
            except Exception:  # noqa: BLE001 - whatever it is, the other side reports it
                found = {"error": traceback.format_exc()}
            print(json.dumps(found), file=answers, flush=True)
        os._exit(0)  # drivers whose connections are open would keep the process


if __name__ == "__main__":
    main()
