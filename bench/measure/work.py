"""What a contender does when it is its turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


def as_it_is(result: Any) -> Any:
    """For results that are lists and dicts already."""
    return result


class Work(NamedTuple):
    """Something to time.

    Attributes:
        run: Called with a key, which differs from call to call, and a number of rows. What it returns is awaited if it
            can be.
        plain: The result as lists and dicts, for the comparison with those of others; it is not timed.
    """

    run: Callable[[int, int], Any]
    plain: Callable[[Any], Any] = as_it_is


Contenders = Mapping[str, Mapping[str, Work]]
"""By the contender's name and the case's."""
