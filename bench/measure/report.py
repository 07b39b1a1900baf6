"""What was found, as tables of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.measure.saved import Found
from bench.measure.spread import Spread

UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def report(found: Found, bench: str) -> str:
    """Every case of a bench: who took how long, and how many times the first of them."""
    return "\n\n".join([_case(found, bench, case) for case in found.samples.get(bench, ())]) + "\n"


def table(heading: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1) -> str:
    """A table that is legible as text, too: after the first columns, which hold words, numbers stand to the right."""
    lines = [list(heading), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]

    def row(cells: Sequence[str]) -> str:
        aligned = [
            cell.ljust(width) if place < words else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(aligned)} |"

    rule = ["-" * width if place < words else "-" * (width - 1) + ":" for place, width in enumerate(widths)]
    return "\n".join([row(lines[0]), row(rule), *map(row, lines[1:])])


def seconds(value: float) -> str:
    """A duration, to three digits."""
    for unit, name in UNITS:
        if value >= unit:
            return f"{value / unit:.3g} {name}"
    return "0"


def _case(found: Found, bench: str, case: str) -> str:
    contenders = found.samples[bench][case]
    first = next(iter(contenders))
    rows = []
    for name, quantities in contenders.items():
        cells = [name]
        for quantity in quantities:
            spread = found.spread(bench, case, name, quantity)
            cells.append(f"{_value(spread.median, quantity)} ± {spread.noise:.0%}")
        rows.append([*cells, _times(_ratio(found, bench, case, name, first))])
    heading = [f"{bench}: {case}", *[_title(each) for each in contenders[first]], f"× {first}"]
    return table(heading, rows)


def _ratio(found: Found, bench: str, case: str, name: str, first: str) -> Spread:
    quantity = next(iter(found.samples[bench][case][first]))
    return found.ratio(bench, case, name, first, quantity)


def _times(ratio: Spread) -> str:
    return f"{ratio.median:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"


def _title(quantity: str) -> str:
    return {"seconds": "time", "cpu": "client CPU", "rate": "per second"}.get(quantity, quantity)


def _value(value: float, quantity: str) -> str:
    if quantity in ("seconds", "cpu"):
        return seconds(value)
    return f"{value:,.0f}" if quantity == "rate" else f"{value:.3g}"
