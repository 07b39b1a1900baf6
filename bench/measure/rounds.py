"""Timing side by side: every contender in every round, so that a busy moment of the machine hits all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from bench.measure.worker import Timing, Worker

Samples = Mapping[str, Sequence[Timing]]
"""By the contender's name, one for each round."""


class Case(NamedTuple):
    """What all contenders do in their turn.

    Attributes:
        name: The name under which contenders have it.
        size: How many rows it is about.
        keys: Keys are taken from one to this.
        tasks: How many tasks do it at a time.
        shown: The keys with which results are compared.
    """

    name: str
    size: int = 1
    keys: int = 1
    tasks: int = 1
    shown: tuple[int, ...] = (1,)


class Effort(NamedTuple):
    """How long is measured.

    Attributes:
        processes: How many times every contender's process is started anew: what lies where in memory is luck.
        rounds: How many rounds there are at most, in each of them.
        least_rounds: How many there are at least.
        seconds: When no more rounds are begun after the least.
        batch: How long one contender's turn is, in seconds.
    """

    processes: int
    rounds: int
    least_rounds: int
    seconds: float
    batch: float


FULL = Effort(processes=3, rounds=17, least_rounds=3, seconds=12, batch=0.05)
QUICK = Effort(processes=1, rounds=9, least_rounds=1, seconds=1, batch=0.01)


class DifferentResultError(Exception):
    """Two contenders gave different results, so that their times say nothing."""


def compare(contenders: Mapping[str, Worker], case: Case, judged: Callable[[Case, Any], Any] | None = None) -> None:
    """See that all contenders give the same.

    Args:
        contenders: Who has the case, by name.
        case: What they do.
        judged: Makes of a result what must be the same.

    Raises:
        DifferentResultError: one does not.
    """
    for key in case.shown:
        expected: tuple[str, Any] | None = None
        for name, worker in contenders.items():
            found = worker.ask(do="show", of=name, case=case.name, key=key, count=case.size)["result"]
            found = judged(case, found) if judged else found
            if expected is None:
                expected = name, found
            elif found != expected[1]:
                one, other = _difference(expected[1], found)
                raise DifferentResultError(
                    f"{case.name} {key}: {expected[0]} gave\n{one!s:.500}\nand {name}\n{other!s:.500}"
                )


def _difference(one: Any, other: Any) -> tuple[Any, Any]:
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return next(pair for pair in zip(one, other, strict=True) if pair[0] != pair[1])
    return one, other


def side_by_side(contenders: Mapping[str, Worker], case: Case, effort: Effort) -> dict[str, list[Timing]]:
    """Time all contenders in rounds of short turns; garbage is collected as in any program."""
    sizes = {name: _turn_size(worker, name, case, effort.batch) for name, worker in contenders.items()}
    samples: dict[str, list[Timing]] = {name: [] for name in contenders}
    names = list(contenders)
    began = time.perf_counter()
    for done in range(effort.rounds):
        if done >= effort.least_rounds and time.perf_counter() - began > effort.seconds:
            break
        for name in names:
            samples[name].append(_turn(contenders[name], name, case, sizes[name]))
        names.append(names.pop(0))  # so that nobody always runs after the same one
    return samples


def _turn(worker: Worker, name: str, case: Case, times: int) -> Timing:
    found = worker.ask(
        do="time", of=name, case=case.name, count=case.size, keys=case.keys, tasks=case.tasks, times=times
    )
    return Timing(found["seconds"] / times, found["cpu"] / times)


def _turn_size(worker: Worker, name: str, case: Case, seconds: float) -> int:
    """How many calls fill a turn; what the first calls alone do, such as filling a cache, is done then."""
    size = case.tasks
    while (taken := _turn(worker, name, case, size).seconds * size) < seconds:
        size = max(size * 2, int(size * seconds / max(taken, 1e-9) / 2))
    return max(case.tasks, int(size * seconds / taken))
