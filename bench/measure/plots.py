"""Plots of what a run found: bars for each contender, or lines over a quantity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl

mpl.use("Agg")  # writes files, and needs no display

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.measure.report import seconds
from bench.measure.saved import Found

OURS, LIMIT, PEER = "#1f5fa8", "#7a7a7a", "#c9c9c9"
LIMITS = ("by hand", "querykit's SQL", "asyncpg", "aiomysql", "aiosqlite")
"""How the names of bare drivers begin."""
LINES = {
    "by hand, orjson": (LIMIT, "--"),
    "by hand, pool without reset": (LIMIT, "--"),
    "querykit": (OURS, "-"),
    "querykit, Structs": ("#6fa3d8", "-"),
    "SQLAlchemy, selectinload": ("#b3402a", "-"),
    "Tortoise": ("#d59a2b", "-"),
    "Piccolo": ("#5f9ea0", "-"),
    "Kysely": ("#3f8f5a", "-"),
    "Drizzle": ("#8a62a8", "-"),
}
"""Who is drawn as a line, in what colour and style."""
NOTE_INCHES = 0.17
"""How much room the note below takes."""
STYLE = {
    "font.size": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "figure.dpi": 130,
}


class Line(NamedTuple):
    """A panel of lines.

    Attributes:
        title: What stands above it.
        over: What stands below it.
        cases: The cases by their place on that axis.
        is_log: Whether places are powers of ten.
    """

    title: str
    over: str
    cases: Mapping[int, str]
    is_log: bool = False


def bar_panels(found: Found, bench: str, cases: Sequence[str], path: Path, *, quantity: str = "seconds") -> None:
    """Draw each case in a panel of its own, two beside each other."""
    rows = -(-len(cases) // 2)
    most = max(len(found.samples[bench][case]) for case in cases)
    size = (9.8, rows * (0.55 + 0.21 * most))
    with plt.rc_context(STYLE):
        figure, panels = plt.subplots(rows, 2, figsize=size, squeeze=False, layout="constrained")
        for panel in panels.flat[len(cases) :]:
            panel.set_visible(False)
        for panel, case in zip(panels.flat, cases, strict=False):
            panel.set_title(f"{bench}: {case}")
            _draw_bars(panel, found, bench, case, quantity)
        _save(figure, path, found, "medians; thin lines: half of the rounds; (×): of querykit")


def line_panels(found: Found, bench: str, panels: Sequence[Line], path: Path, *, quantity: str) -> None:
    """Draw lines over something, in panels beside each other."""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, len(panels), figsize=(10, 4), layout="constrained")
        for panel, line in zip(axes, panels, strict=True):
            panel.set(title=f"{bench}: {line.title}", xlabel=line.over, ylabel=_unit(quantity), yscale="log")
            panel.set_xscale("log" if line.is_log else "linear")
            panel.set_xticks(list(line.cases), [f"{each:,}" for each in line.cases], minor=False)
            panel.minorticks_off()
            _draw_lines(panel, found, bench, line.cases, quantity)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right upper", frameon=False, fontsize=7.5)
        _save(figure, path, found, "medians; shades: half of the rounds")


def _draw_bars(panel: Axes, found: Found, bench: str, case: str, quantity: str) -> None:
    """One bar for each contender, as long as what it took."""
    names = list(found.samples[bench][case])
    spreads = [found.spread(bench, case, name, quantity) for name in names]
    medians = [each.median for each in spreads]
    longest = max(each.high for each in spreads)
    errors = [[each.median - each.low for each in spreads], [each.high - each.median for each in spreads]]
    panel.barh(names, medians, color=[_color(name) for name in names], height=0.7)
    panel.errorbar(medians, names, xerr=errors, fmt="none", ecolor="#333333", elinewidth=0.8)
    for place, (name, spread) in enumerate(zip(names, spreads, strict=True)):
        words = _value(spread.median, quantity)
        if _color(name) != OURS:
            words += f"  ({spread.median / medians[names.index('querykit')]:.2g}×)"
        panel.text(spread.high + longest * 0.015, place, words, va="center", fontsize=7.5)
    panel.set_xlim(0, longest * 1.35)
    panel.invert_yaxis()
    panel.xaxis.set_visible(False)
    panel.spines["bottom"].set_visible(False)
    panel.tick_params(axis="y", length=0)


def _draw_lines(panel: Axes, found: Found, bench: str, cases: Mapping[int, str], quantity: str) -> None:
    places = list(cases)
    for name, (color, style) in LINES.items():
        if all(name in found.samples[bench][case] for case in cases.values()):
            spreads = [found.spread(bench, case, name, quantity) for case in cases.values()]
            medians = [each.median for each in spreads]
            panel.plot(places, medians, style, color=color, marker="o", markersize=3, label=name)
            lows, highs = [each.low for each in spreads], [each.high for each in spreads]
            panel.fill_between(places, lows, highs, color=color, alpha=0.12, lw=0)
    panel.grid(axis="y", color="#eeeeee")
    panel.set_axisbelow(True)


def _save(figure: Figure, path: Path, found: Found, words: str) -> None:
    machine = found.machine
    note = f"{words} · {machine['processor']}, {machine['cores']} cores, Python {machine['python']}, {machine['date']}"
    below = NOTE_INCHES / figure.get_figheight()
    figure.get_layout_engine().set(rect=(0, below, 1, 1 - below))
    figure.text(0.995, below / 4, note, ha="right", fontsize=6.5, color="#7a7a7a")
    figure.savefig(path)
    plt.close(figure)


def _color(name: str) -> str:
    if name.partition(",")[0] == "querykit":
        return OURS
    return LIMIT if name.startswith(LIMITS) else PEER


def _unit(quantity: str) -> str:
    return {"seconds": "seconds", "rate": "requests a second"}[quantity]


def _value(value: float, quantity: str) -> str:
    if quantity == "seconds":
        return seconds(value)
    return f"{value:,.0f} a second" if quantity == "rate" else f"{value:.3g} MiB"
