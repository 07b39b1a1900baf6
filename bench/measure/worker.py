"""The other end of a contender's process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

NODE = Path(__file__).parent.parent / "node"
ROOT = NODE.parent.parent


def node() -> str:
    """The Node that was installed beside this Python, else the machine's."""
    beside = Path(sys.executable).with_name("node")
    return str(beside) if beside.exists() else "node"


class WorkerError(Exception):
    """A contender failed; the message is its own."""


class Timing(NamedTuple):
    """What one call took, in seconds: on the clock, and of the process's own work."""

    seconds: float
    cpu: float


class Worker:
    """A process with contenders in it, for ``with``."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = command
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    @cached_property
    def contenders(self) -> dict[str, list[str]]:
        """The cases that each contender has; the first question, so that many processes start at the same time."""
        found: dict[str, list[str]] = self.ask(do="list")
        return found

    @classmethod
    def of(cls, module: str, url: str, *options: str) -> Worker:
        """The process of a module: ``bench.readers.tortoise``, or ``reading_kysely.js`` for one that runs on Node."""
        if module.endswith(".js"):
            return cls([node(), str(NODE / "serve.js"), module, url])
        return cls([sys.executable, "-m", "bench.measure.serve", module, url, *options])

    def __enter__(self) -> Self:
        """Nothing more: it has started."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it."""
        self.end()

    def end(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()

    def ask(self, **request: object) -> Any:
        """Send a request; its answer.

        Raises:
            WorkerError: it failed there.
        """
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise WorkerError(f"{self.command} ended")
        found = json.loads(answer)
        if "error" in found:
            raise WorkerError(found["error"])
        return found

    def peak(self) -> float:
        """The most memory it had since `forget_peak`, in MiB."""
        return self._memory("VmHWM")

    def resident(self) -> float:
        """The memory it has now, in MiB."""
        return self._memory("VmRSS")

    def forget_peak(self) -> None:
        """Let `peak` begin anew, at what it has now."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def _memory(self, field: str) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition(f"{field}:")[2].split()[0]) / 1024
