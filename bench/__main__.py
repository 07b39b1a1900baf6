"""Every bench in one run, then the goals, the tables and the plots: ``python -m bench [--quick] [NAME …]``.

A whole run also counts the statements of the corpus, and is saved in docs/figures: run.json has every sample,
results.md the tables, and the PNG files the plots.
"""

from __future__ import annotations

import argparse
import sys

from bench import (
    access,
    bulk,
    cache,
    choices,
    compile,  # noqa: A004 - ours
    corpus,
    growth,
    levels,
    mapper,
    memory,
    nested,
    plugins,
    schema,
    streaming,
    throughput,
)
from bench.command import add_options, run
from bench.figures import draw
from bench.measure.saved import SAVED
from bench.results import written

BENCHES = {
    each.NAME: each.measure
    for each in (
        compile,
        nested,
        throughput,
        growth,
        memory,
        levels,
        streaming,
        bulk,
        cache,
        plugins,
        access,
        mapper,
        schema,
        choices,
    )
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(BENCHES)}; none means all")
    add_options(parser)
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHES):
        parser.error(f"no such bench: {', '.join(sorted(unknown))}")
    chosen = {name: BENCHES[name] for name in arguments.names or BENCHES}
    is_whole = not arguments.names and not arguments.quick
    found = run(chosen, is_quick=arguments.quick, path=arguments.save or (SAVED if is_whole else None))
    if is_whole:
        (SAVED.parent / "results.md").write_text(written(found))
        draw(found, SAVED.parent)
        sys.exit(not corpus.main())


if __name__ == "__main__":
    main()
