"""Timing side by side: every contender in every round, so that a busy moment of the machine hits all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median, quantiles
from typing import NamedTuple

Contender = Callable[[], object]

ROUNDS = 151
SECONDS_PER_BATCH = 0.004


class Spread(NamedTuple):
    """A measured quantity: its median over the rounds, and the half of the rounds that lies around it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, samples: list[float]) -> Spread:
        low, _, high = quantiles(samples, n=4)
        return cls(median(samples), low, high)

    @property
    def noise(self) -> float:
        """How far the quartiles lie from the median, as a share of it."""
        return (self.high - self.low) / 2 / self.median


class Comparison(NamedTuple):
    """Times in seconds per call, and how many times longer each takes than the first."""

    times: dict[str, Spread]
    ratios: dict[str, Spread]


def side_by_side(contenders: Mapping[str, Contender], *, rounds: int = ROUNDS) -> Comparison:
    """Time calls in rounds of short batches; the garbage collector stays on, as it does in a program."""
    sizes = {name: _batch_size(call) for name, call in contenders.items()}
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    for _ in range(rounds):
        for name in names:
            samples[name].append(_seconds_per_call(contenders[name], sizes[name]))
        names.append(names.pop(0))  # so that nobody always runs after the same one
    first = next(iter(samples.values()))
    return Comparison(
        {name: Spread.of(times) for name, times in samples.items()},
        {
            name: Spread.of([one / other for one, other in zip(times, first, strict=True)])
            for name, times in samples.items()
        },
    )


def _batch_size(call: Contender) -> int:
    call()  # what the first call alone does, such as filling a cache, is nobody's usual cost
    size = 1
    while (taken := _seconds_per_call(call, size) * size) < SECONDS_PER_BATCH:
        size = max(size * 2, int(size * SECONDS_PER_BATCH / max(taken, 1e-9) / 2))
    return max(1, int(size * SECONDS_PER_BATCH / taken))


def _seconds_per_call(call: Contender, times: int) -> float:
    turns = range(times)
    begun = time.perf_counter()
    for _ in turns:
        call()
    return (time.perf_counter() - begun) / times
