"""How many statements of the corpus compile and run on each server, and do the same as what says them with querykit.

python -m bench.corpus [--databases sqlite,postgres] [--verbose]

The corpus is `tests/corpus/corpus.jsonl`, what we say to it stands beside it, and the tests run it too.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from tests.corpus.effects import OUTCOMES, connected, judged, statements
from tests.databases import DATABASES, database_urls


async def run(name: str, url: str, *, verbose: bool) -> Counter[str]:
    counted, told = Counter[str](), defaultdict[str, list[str]](list)
    async with connected(name, url) as server:
        for statement in statements(name):
            outcome, reason = await judged(server, statement)
            counted[outcome] += 1
            if outcome != "same":
                told[outcome].append(f"    {statement.id} {statement.area}: {reason}")
    print(f"  {name:<9} {counted['same']} of {counted.total()} {OUTCOMES['same']}")
    for outcome, words in OUTCOMES.items():
        if counted[outcome] and outcome != "same":
            is_told = verbose or outcome in ("differ", "fail", "missing")
            print(f"            {counted[outcome]} {words}", *(told[outcome] if is_told else ()), sep="\n")
    return counted


async def run_all(names: Sequence[str], *, verbose: bool) -> bool:
    counted = Counter[str]()
    print("Statements of the corpus, beside the SQL that they are to mean:")
    with tempfile.TemporaryDirectory() as folder:
        async with database_urls(names, Path(folder)) as urls:
            for name, url in urls.items():
                counted += await run(name, url, verbose=verbose)
    print(f"  all       {counted['same']} of {counted.total()} {OUTCOMES['same']}")
    return not (counted["differ"] or counted["fail"] or counted["missing"])


def main(names: Sequence[str] = DATABASES, *, verbose: bool = False) -> bool:
    return asyncio.run(run_all(names, verbose=verbose))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--databases", default=",".join(DATABASES))
    parser.add_argument("--verbose", action="store_true", help="tell of the statements that are refused, too")
    arguments = parser.parse_args()
    sys.exit(not main(arguments.databases.split(","), verbose=arguments.verbose))
