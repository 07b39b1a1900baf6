"""Queries that are kept and run often, with named parameters."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, TypeVar

from querykit import Runner, param
from querykit.errors import BuildError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from querykit import Expression

CompiledT_co = TypeVar("CompiledT_co", covariant=True)

_OURS: Final = "querykit_value_"
_UNTYPED: Final[Any] = Any


class Compilable(Protocol[CompiledT_co]):
    """A query that can be compiled: a select, a delete, and an insert or update whose columns are named."""

    def compile(self) -> CompiledT_co:
        """The same, to be kept and run often."""
        ...


class Compiled:
    """What compiled queries have in common: what runs them."""

    __slots__ = ("_db",)

    def __init__(self, db: Runner) -> None:
        """Hold it."""
        self._db = db

    def for_transaction(self, trx: Runner) -> Self:
        """The same in a transaction, or on another database."""
        copied = copy(self)
        copied._db = checked_runner(trx)
        return copied

    @staticmethod
    def _refuse_none(parameters: Mapping[str, Any]) -> None:
        """Raise `InputError` for a parameter that is None, which is equal to nothing, and mostly a mistake."""
        for name, value in parameters.items():
            if value is None:
                raise InputError((name,), "null is no value of a parameter; a query of its own asks for it: .is_null()")


def checked_runner(given: Runner) -> Runner:
    """What runs statements; raises `BuildError` for anything else."""
    if not isinstance(given, Runner):
        raise BuildError(f"for_transaction() takes a transaction, connection or database, not {type(given).__name__}")
    return given


def parameter(name: str, annotation: Any = Any) -> Expression[Any]:
    """A named parameter; without a type, one of what it is compared with."""
    if isinstance(name, str) and name.startswith(_OURS):
        raise BuildError(f"names that begin with {_OURS} are taken")
    found: Expression[Any] = param(name, annotation)
    return found


def value_parameters(columns: Sequence[str]) -> dict[str, Any]:
    """A parameter for the value of each column: their names are no parameters' of the caller's."""
    return {column: param(f"{_OURS}{at}", _UNTYPED) for at, column in enumerate(columns)}


def value_arguments(columns: Sequence[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of those parameters."""
    return {f"{_OURS}{at}": values[column] for at, column in enumerate(columns)}


def same_kind(statement: Any, change: Callable[[Any], Any]) -> Any:
    """What a function makes of a statement.

    Raises:
        BuildError: it is no statement of the same kind.
    """
    changed = change(statement)
    if type(changed) is not type(statement):
        kind = type(statement).__name__
        raise BuildError(f"the function of modify() gives a {kind}, not {type(changed).__name__}")
    return changed
