"""What many measurements of one thing say: the middle, and how far the others lie around it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median, quantiles
from typing import NamedTuple


class Spread(NamedTuple):
    """A measured quantity: its median over the rounds, and the half of the rounds that lies around it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> Spread:
        low, _, high = (
            quantiles(samples, n=4, method="inclusive") if len(samples) > 1 else [*samples, *samples, *samples]
        )
        return cls(median(samples), low, high)

    @classmethod
    def of_ratios(cls, samples: Sequence[float], others: Sequence[float]) -> Spread:
        """How many times more each is than the other of the same round, which met the same busy moments."""
        return cls.of([one / other for one, other in zip(samples, others, strict=True)])

    @property
    def noise(self) -> float:
        """How far the quartiles lie from the median, as a share of it."""
        return (self.high - self.low) / 2 / self.median if self.median else 0.0
