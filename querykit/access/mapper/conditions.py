"""What a mapper's filters mean: keys, objects, comparisons, functions of the table, and conditions themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from querykit import Condition, Expression, Table, and_, not_, param, sql
from querykit.access.fields import Place, did_you_mean, field_of, key_value, listed, shown, visible_columns
from querykit.access.filters import Limits, read_filter
from querykit.access.operators import OPERATORS
from querykit.access.repository import AllRows
from querykit.errors import BuildError, InputError

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Sequence
    from decimal import Decimal

    from querykit import Column
    from querykit.access.fields import Field
    from querykit.access.mapper.transforms import TableT

    Key: TypeAlias = str | int | Decimal | bytes | uuid.UUID | dt.date | dt.time | tuple[Any, ...]
    """The value of a key of one column; of one of several, or of one, a tuple in the order of `key_columns`."""
    Filter: TypeAlias = Key | Mapping[str, Any] | Expression[Any] | Callable[[TableT], Expression[bool]] | AllRows
    """Which rows: a key, values by column, a condition or raw SQL, a function of the table, or `all_rows()`."""

Operator: TypeAlias = Literal[
    "=", "!=", "<>", ">", ">=", "<", "<=", "between", "in", "not in", "is", "is not", "like", "not like", "ilike",
    "not ilike",
]  # fmt: skip
"""What stands between the two sides of a comparison."""

_MEANT: Final[dict[str, str]] = {
    "=": "eq",
    "!=": "ne",
    "<>": "ne",
    ">": "gt",
    ">=": "gte",
    "<": "lt",
    "<=": "lte",
    "not in": "not_in",
    **{word: word for word in ("between", "in", "like", "ilike")},
}
_KNOWN: Final = (*_MEANT, "is", "is not", "not like", "not ilike")
_FRAGMENT: Final = type(sql("1"))
_PARAMETER: Final = type(param("value", int))
_PATH: Final = ("filter",)
_FORMS: Final = "a key, a dict of values by column, a condition, a function of the table, or all_rows()"
READS: Final = Limits(conditions=2**31)
WRITES: Final = READS._replace(may_be_empty=False)


def condition_of(table: Table, key: Sequence[Column[Any]], asked: tuple[Any, ...], limits: Limits) -> Any:
    """The condition that a filter means; None for `all_rows()`.

    Args:
        table: The table.
        key: The columns that tell its rows apart.
        asked: The filter, or the three parts of a comparison.
        limits: How large a filter may be, and whether it may be empty.

    Raises:
        InputError: it is none that a mapper knows, or a value in it is not of its column's type.
    """
    if len(asked) == 3:  # noqa: PLR2004 - left side, operator, right side
        return _compared(table, *asked, limits)
    if len(asked) != 1:
        raise InputError(_PATH, f"takes one filter, or a column, an operator and a value, not {len(asked)} things")
    where = asked[0]
    if isinstance(where, AllRows):
        return None
    if isinstance(where, Mapping):
        return read_filter(table, _listed_in(table, where), Place.outermost(table), limits)
    if isinstance(where, Expression) and not isinstance(where, _PARAMETER):
        return _condition(where)
    if callable(where) and not isinstance(where, type | Expression):
        return _made(where(table))
    return _is_row(key, where)


def _listed_in(table: Table, where: Mapping[str, Any]) -> dict[str, Any]:
    """A list beside a column is what it is in."""
    return {
        name: {"in": each} if isinstance(each, list | tuple) and name in table._columns else each
        for name, each in where.items()
    }


def _condition(where: Expression[Any]) -> Expression[Any]:
    if not isinstance(where, Condition | _FRAGMENT) and field_of(where).kind != "bool":
        raise InputError(_PATH, f"takes {_FORMS}; {where!r} is a value")
    return where


def _made(condition: Any) -> Any:
    if not isinstance(condition, Expression) or isinstance(condition, _PARAMETER):
        raise BuildError(f"the function of a filter gives a condition, not {type(condition).__name__}")
    return condition


def _is_row(key: Sequence[Column[Any]], where: Any) -> Condition:
    if where is None or isinstance(where, list | set | frozenset):
        raise InputError(_PATH, f"takes {_FORMS}, not {shown(where)}")
    if not key:
        raise InputError(_PATH, "the mapper has no key_columns, by which a key could find a row")
    values = where if isinstance(where, tuple) else (where,)
    if len(values) != len(key):
        raise InputError(_PATH, f"takes a tuple of {listed(column.name for column in key)}, not {shown(where)}")
    return and_(*[column == key_value(column, each, _PATH) for column, each in zip(key, values, strict=True)])


def _compared(table: Table, left: Any, operator: Any, right: Any, limits: Limits) -> Condition:
    field = field_of(_left_side(table, left))
    path = (left,) if isinstance(left, str) else _PATH
    if isinstance(operator, _FRAGMENT):
        if right is None:
            raise InputError(path, "null is no value here")
        raw: Any = sql("{} {} {}", field.term, operator, right)
        return raw  # type: ignore[no-any-return]
    if not isinstance(operator, str) or operator not in _KNOWN:
        raise InputError(path, f"no such operator{did_you_mean(operator, _KNOWN)}")
    if operator in ("is", "is not"):
        return _told_apart(field, right, path, is_negated=operator == "is not")
    if right is None:
        raise InputError(path, f"null is no value of {operator}; is and is not ask for it")
    if operator in ("in", "not in") and not isinstance(right, list | tuple):
        found: Any = field.term
        condition: Condition = found.is_in(right) if operator == "in" else found.not_in(right)
        return condition
    if not limits.may_be_empty and isinstance(right, list | tuple) and not right:
        raise InputError(path, "is empty, and a write would reach every row by it")
    word = operator.removeprefix("not ") if operator.endswith("like") else operator
    meant = OPERATORS[_MEANT[word]]
    if field.kind and not meant.stands_on(field):
        raise InputError(path, f"{operator} does not stand beside this column")
    made = meant.condition(field, right, path)
    return made if word == operator else not_(made)


def _told_apart(field: Field, right: Any, path: tuple[str, ...], *, is_negated: bool) -> Condition:
    value = right if right is None else field.read(right, path)
    if value is None:
        return field.term.is_not_null() if is_negated else field.term.is_null()  # type: ignore[no-any-return]
    same: Condition = field.term.is_not_distinct_from(value)
    return not_(same) if is_negated else same


def _left_side(table: Table, left: Any) -> Any:
    if isinstance(left, str):
        return reference(table, left)
    if not isinstance(left, Expression) or isinstance(left, _PARAMETER):
        raise InputError(
            _PATH, f"a comparison begins with a column, by its name or as an expression, not {shown(left)}"
        )
    return left


def reference(table: Table, name: Any) -> Column[Any]:
    """The column of that name, which may come from outside.

    Raises:
        InputError: there is none, or it is hidden.
    """
    columns = visible_columns(table)
    if not isinstance(name, str) or name not in columns:
        raise InputError(_PATH, f"no such column{did_you_mean(name, columns)}")
    return columns[name]
