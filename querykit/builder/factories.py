"""Values that the program makes for columns that a row leaves out: ``column(default_factory=uuid4)``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.builder.compiled import LateValue
from querykit.builder.operands import Parameter
from querykit.builder.tables import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from querykit.builder.tables import Table


def filled_row(table: Table, row: Mapping[Any, Any], number: int = 0) -> dict[Any, Any]:
    """A row with a value for every column that has a factory and is left out.

    Args:
        table: Where the row goes.
        row: Its values, by the names of columns or by columns.
        number: Which row of its statement it is.
    """
    named = {each.name if isinstance(each, Column) else each for each in row}
    filled = dict(row)
    for name, factory in table._factories.items():
        if name not in named:
            filled[name] = _made(table[name], factory, row.values(), number)
    return filled


def filled_tuple(
    table: Table, targets: tuple[Column[Any], ...], row: tuple[Any, ...], number: int, made: frozenset[str]
) -> tuple[Any, ...]:
    """A row of values in the order of columns, of which those in `made` are left out."""
    given = iter(row)
    return tuple(
        [
            _made(each, table._factories[each.name], row, number) if each.name in made else next(given)
            for each in targets
        ]
    )


def _made(column: Column[Any], factory: Callable[[], object], values: Iterable[Any], number: int) -> Any:
    """A value; beside named parameters, which say that the statement runs more than once, one for each run."""
    if not any(isinstance(each, LateValue) for each in values):
        return factory()
    made: Parameter[Any] = Parameter(f"made.{column.name}.{number}", column.value_type)
    made.supply = factory
    return made
