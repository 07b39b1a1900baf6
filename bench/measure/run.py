"""A run: the databases, how much effort is made, and what was found."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

from bench.databases import Databases
from bench.measure.rounds import Case, Effort, compare, side_by_side
from bench.measure.saved import Found
from bench.measure.worker import Worker


class Run(NamedTuple):
    """What a bench is given."""

    databases: Databases
    effort: Effort
    found: Found
    is_quick: bool

    def time(
        self,
        bench: str,
        processes: Sequence[tuple[str, ...]],
        cases: Mapping[str, Case],
        *,
        judged: Callable[[Case, Any], Any] | None = None,
        only: Sequence[str] = (),
        as_rate: bool = False,
    ) -> None:
        """Compare the results of all contenders, then time them side by side.

        Args:
            bench: Under which name the samples are kept.
            processes: The arguments of `Worker.of` for each process.
            cases: What is timed, by its title.
            judged: Makes of a result what must be the same.
            only: The contenders that take part; none means all who have the case.
            as_rate: Whether calls per second are said, too.
        """
        for number in range(self.effort.processes):
            with ExitStack() as stack:
                workers = [stack.enter_context(Worker.of(*each)) for each in processes]
                for title, case in cases.items():
                    contenders = having(workers, case, only)
                    print(f"{bench}: {title}, {number + 1} of {self.effort.processes}", file=sys.stderr)
                    if number == 0:
                        compare(contenders, case, judged)
                    for name, samples in side_by_side(contenders, case, self.effort).items():
                        seconds, cpu = zip(*samples, strict=True)
                        rate = {"rate": [1 / each for each in seconds]} if as_rate else {}
                        self.found.add(bench, title, name, seconds=seconds, cpu=cpu, **rate)


def having(workers: Sequence[Worker], case: Case, only: Sequence[str] = ()) -> dict[str, Worker]:
    """The contenders that have a case, by name; of `only`, where it names any."""
    return {
        name: worker
        for worker in workers
        for name, cases in worker.contenders.items()
        if case.name in cases and (not only or name in only)
    }
