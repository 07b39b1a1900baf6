"""The tables of a saved run, as the Markdown that is committed beside it.

python -m bench.results [FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path

from bench.goals import goals_table
from bench.measure.report import report
from bench.measure.saved import SAVED, Found


def written(found: Found) -> str:
    """Everything that a run found."""
    machine = found.machine
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    parts = [
        "# Results of `make bench`",
        (
            f"{machine['date']}, {machine['processor']}, {machine['cores']} cores, {machine['system']}, "
            f"Python {machine['python']}, Node {machine['node']}; {packages}."
        ),
        (
            "Each figure is the median of its rounds, and ± is how far the quartiles lie from it. Ratios are taken in "
            "each round; in parentheses stands the half of the rounds around the median."
        ),
        "## Goals",
        goals_table(found),
        *[f"## {bench.capitalize()}\n\n{report(found, bench)}".rstrip() for bench in found.samples],
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else SAVED
    print(written(Found.load(path)), end="")
