"""What a run found: kept in memory, and saved as JSON for tables and plots."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench.measure.spread import Spread
from bench.measure.worker import node

SAVED = Path(__file__).parent.parent.parent / "docs" / "figures" / "run.json"
"""Where a whole run is saved."""


class Found:
    """Samples by bench, case, contender and quantity; those of one case were taken in the same rounds.

    Quantities: ``seconds`` on the clock, ``cpu`` seconds of the contender's process, ``rate`` per second, ``MiB``.
    """

    def __init__(self, machine: Mapping[str, Any], samples: dict[str, Any]) -> None:
        self.machine = machine
        self.samples: dict[str, dict[str, dict[str, dict[str, list[float]]]]] = samples

    @classmethod
    def nothing(cls) -> Found:
        return cls(_machine(), {})

    @classmethod
    def load(cls, path: Path = SAVED) -> Found:
        saved = json.loads(path.read_text())
        return cls(saved["machine"], saved["samples"])

    def save(self, path: Path = SAVED) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"machine": self.machine, "samples": self.samples}, indent=1) + "\n")

    def add(self, bench: str, case: str, contender: str, **quantities: Sequence[float]) -> None:
        """More samples of what is there already, or of something new."""
        there = self.samples.setdefault(bench, {}).setdefault(case, {}).setdefault(contender, {})
        for quantity, samples in quantities.items():
            there.setdefault(quantity, []).extend([float(f"{each:.4g}") for each in samples])

    def spread(self, bench: str, case: str, contender: str, quantity: str = "seconds") -> Spread:
        """What was measured of one quantity.

        Raises:
            KeyError: nothing was.
        """
        return Spread.of(self.samples[bench][case][contender][quantity])

    def ratio(self, bench: str, case: str, contender: str, other: str, quantity: str = "seconds") -> Spread:
        """How many times more of a quantity a contender has than another.

        Raises:
            KeyError: one of them was not measured.
        """
        found = self.samples[bench][case]
        return Spread.of_ratios(found[contender][quantity], found[other][quantity])


PACKAGES = (
    *("querykit", "asyncpg", "aiomysql", "aiosqlite", "asyncmy", "msgspec", "orjson", "uvloop", "PyPika"),
    *("pypika-tortoise", "SQLAlchemy", "peewee", "piccolo", "sqlglot", "tortoise-orm", "Django", "psycopg"),
)


def _machine() -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": len(_cores()),
        "node": _output(node(), "--version"),
        "packages": {name: _version(name) for name in PACKAGES} | _node_packages(),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _cores() -> list[str]:
    return [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("processor")]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _node_packages() -> dict[str, str]:
    packages: dict[str, str] = json.loads((Path(__file__).parent.parent / "node" / "package.json").read_text())[
        "dependencies"
    ]
    return packages
