"""The command line of every bench, and of all of them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.databases import Databases
from bench.goals import goals_table
from bench.measure.report import report
from bench.measure.rounds import FULL, QUICK
from bench.measure.run import Run
from bench.measure.saved import Found

Measure = Callable[[Run], None]


def run(benches: Mapping[str, Measure], *, is_quick: bool, path: Path | None) -> Found:
    """Run benches one after the other, and print what each finds; with a path, it is kept there, bench by bench."""
    found = Found.nothing()
    with Databases() as databases:
        for name, measure in benches.items():
            measure(Run(databases, QUICK if is_quick else FULL, found, is_quick))
            print(report(found, name), flush=True)
            if path is not None:
                found.save(path)
    print(goals_table(found))
    return found


def command(name: str, measure: Measure) -> None:
    """Run one bench from its command line."""
    parser = argparse.ArgumentParser(prog=f"python -m bench.{name}")
    add_options(parser)
    arguments = parser.parse_args()
    run({name: measure}, is_quick=arguments.quick, path=arguments.save)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quick", action="store_true", help="few short rounds: to see that it works, not for figures")
    parser.add_argument("--save", type=Path, help="keep what was measured in this file")
