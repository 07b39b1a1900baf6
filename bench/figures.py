"""The plots of a run, saved as PNG.

python -m bench.figures [FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path

from bench.growth import PEOPLE
from bench.measure.plots import Line, bar_panels, line_panels
from bench.measure.saved import SAVED, Found
from bench.throughput import TASKS
from bench.village import DEPTH


def draw(found: Found, folder: Path) -> None:
    """Draw the benches that the run has."""
    for bench, draw_bench in _DRAWING.items():
        if cases := list(found.samples.get(bench, ())):
            draw_bench(found, bench, cases, folder / f"{bench}.png")


def _draw_cases(found: Found, bench: str, cases: list[str], path: Path) -> None:
    bar_panels(found, bench, cases, path)


def _draw_databases(found: Found, bench: str, cases: list[str], path: Path) -> None:
    """A plot for each database."""
    for database in dict.fromkeys(case.partition(",")[0] for case in cases):
        own = [case for case in cases if case.startswith(database)]
        bar_panels(found, bench, own, path.with_stem(f"{path.stem}-{database}"))


def _draw_memory(found: Found, bench: str, cases: list[str], path: Path) -> None:
    bar_panels(found, bench, cases, path, quantity="MiB")


def _draw_streams(found: Found, bench: str, cases: list[str], path: Path) -> None:
    bar_panels(found, bench, [case for case in cases if "1,000,000" in case], path, quantity="rate")


def _draw_throughput(found: Found, bench: str, cases: list[str], path: Path) -> None:
    panels = [
        Line(what, "tasks", dict(zip(TASKS, [case for case in cases if case.endswith(what)], strict=True)))
        for what in ("one person", "page of 100")
    ]
    line_panels(found, bench, panels, path, quantity="rate")


def _draw_growth(found: Found, bench: str, cases: list[str], path: Path) -> None:
    people = dict(zip(PEOPLE, [case for case in cases if case.endswith("people")], strict=True))
    depths = dict(zip(range(1, DEPTH + 1), [case for case in cases if case.startswith("depth")], strict=True))
    panels = [
        Line("people with relations", "people", people, is_log=True),
        Line("a tree of 100 roots, 2 children each", "generations below the roots", depths),
    ]
    line_panels(found, bench, panels, path, quantity="seconds")


_DRAWING = {
    "compile": _draw_cases,
    "nested": _draw_databases,
    "throughput": _draw_throughput,
    "growth": _draw_growth,
    "memory": _draw_memory,
    "levels": _draw_cases,
    "streaming": _draw_streams,
    "bulk": _draw_cases,
}


if __name__ == "__main__":
    saved = Path(sys.argv[1]) if len(sys.argv) > 1 else SAVED
    draw(Found.load(saved), saved.parent)
