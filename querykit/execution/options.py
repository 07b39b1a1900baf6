"""The numbers of a database: sizes and times, by keyword or in its URL, and what each may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from querykit.dialects.driver import is_seconds
from querykit.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Unset:
    """Stands for an option that the program leaves to the URL, or to the default."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final[Any] = _Unset()


class Options(NamedTuple):
    """Sizes and times of a database, with their defaults. Times are in seconds; `Database` says what each means."""

    pool_size: int = 10
    acquire_timeout: float | None = 30.0
    connect_timeout: float = 10.0
    timeout: float | None = None
    commit_timeout: float = 30.0
    close_timeout: float = 10.0
    max_lifetime: float | None = 1800.0
    check_after: float = 30.0

    @classmethod
    def of(cls, given: Mapping[str, object], in_url: Mapping[str, str]) -> Self:
        """What the program gives, else what the URL says, else the defaults.

        Raises:
            ConfigurationError: a value is not what its option takes.
        """
        options: dict[str, Any] = {name: _read(text) for name, text in in_url.items() if name in cls._fields}
        options |= {name: value for name, value in given.items() if value is not UNSET}
        for name, value in options.items():
            if not _fits(name, value):
                raise ConfigurationError(f"{name} is {_takes(name)}, not {value!r}")
        return cls(**options)


_MAY_BE_NONE = frozenset({"acquire_timeout", "timeout", "max_lifetime"})
_MAY_BE_ZERO = frozenset({"acquire_timeout", "close_timeout", "max_lifetime", "check_after"})


def _fits(name: str, value: object) -> bool:
    if value is None:
        return name in _MAY_BE_NONE
    if name == "pool_size":
        return type(value) is int and value >= 1
    return is_seconds(value) and (value != 0 or name in _MAY_BE_ZERO)


def _takes(name: str) -> str:
    if name == "pool_size":
        return "a number of connections, one or more"
    least = "zero or more" if name in _MAY_BE_ZERO else "more than zero"
    return f"a number of seconds, {least}{', or None for no limit' if name in _MAY_BE_NONE else ''}"


def _read(text: str) -> object:
    """The value of an option of a URL; a text that is no number is refused as such."""
    if text.lower() == "none":
        return None
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            pass
    return text


def checked_timeout(timeout: object) -> float:
    """The time limit of one call.

    Raises:
        UsageError: it is not a number of seconds.
    """
    if not is_seconds(timeout):
        raise UsageError(f"timeout is a number of seconds, zero or more, not {timeout!r}; None takes the database's")
    return timeout  # type: ignore[return-value]
