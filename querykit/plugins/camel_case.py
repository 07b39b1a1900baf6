"""snake_case in the database, camelCase in rows."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from querykit.builder.compiled import Nested, OutputColumn
from querykit.errors import ResultError
from querykit.plugins.base import Plugin

if TYPE_CHECKING:
    from collections.abc import Callable

    from querykit.builder.statement import Statement
    from querykit.plugins.base import PluginContext, Result

PLANS_KEPT = 4096
_UNDERSCORE = re.compile(r"(?<=[a-z0-9])_([a-z])")
"""One between two words. Others stay, so that ``_id``, ``id_`` and ``a__b`` are told from ``id`` and ``a_b``."""
_BEFORE_DIGITS = re.compile(r"(?<=[a-z0-9])_([0-9])")


class _Renaming(NamedTuple):
    """The columns under their new names, and what gives the rows those names; None where all names stay."""

    columns: tuple[OutputColumn, ...]
    rename: Callable[[list[Any]], list[Any]] | None


class CamelCasePlugin(Plugin):
    """The keys of rows, and of nested rows, are written in camelCase: ``first_name`` is ``row["firstName"]``.

    >>> from querykit import Database
    >>> from querykit.plugins import CamelCasePlugin
    >>> db = Database("sqlite:///:memory:", plugins=[CamelCasePlugin()])
    >>> CamelCasePlugin().camel("home_address_2"), CamelCasePlugin().camel("_id")
    ('homeAddress2', '_id')

    Queries name columns as the database does. Renamed are columns and the keys of nested rows, never the keys inside a
    JSON document, nor those of `json_map_from` and `json_object_agg`, which are values. Objects that `rows_as` makes
    keep the fields of their class. `fetch_json`, whose keys the database writes, is refused.

    Args:
        upper_case: Whether the database's names are in UPPER_CASE: ``FIRST_NAME`` is ``firstName`` too.
        underscore_before_digits: Whether an underscore before a digit stays: ``row_1`` is ``row_1``, not ``row1``.
        nested: Whether the keys of nested rows are renamed too.

    Raises:
        ResultError: two columns of a row would have one name, such as ``a_b`` and ``aB``.
    """

    priority = 500
    """Results go through it after other plugins, which name columns as queries do."""

    def __init__(
        self, *, upper_case: bool = False, underscore_before_digits: bool = False, nested: bool = True
    ) -> None:
        """Take the options."""
        self._upper_case = upper_case
        self._keeps_digits_apart = underscore_before_digits
        self._nested = nested
        self._renaming = lru_cache(PLANS_KEPT)(self._made)

    def camel(self, name: str) -> str:
        """A name in camelCase; override it for rules of your own."""
        if self._upper_case and name == name.upper():
            name = name.lower()
        if not self._keeps_digits_apart:
            name = _BEFORE_DIGITS.sub(r"\1", name)
        return _UNDERSCORE.sub(lambda found: found[1].upper(), name)

    def transform_query(self, query: Statement[Any, Any], context: PluginContext) -> Statement[Any, Any]:
        """The same query, refused before it runs if it is known that two names would be one."""
        columns = query.output_columns() if query.returns_rows and query.row_type is None else None
        if columns is not None and all(column.name is not None for column in columns):
            self._renaming(columns)
        return query

    def transform_result(self, result: Result, context: PluginContext) -> Result:
        """The rows under the new names."""
        if result.row_type is not None:
            return result
        columns, rename = self._renaming(result.columns)
        return result if rename is None else result._replace(rows=rename(result.rows), columns=columns)

    # -- names --------------------------------------------------------------------------------------------------------

    def _columns(self, columns: tuple[OutputColumn, ...], within: str | None = None) -> tuple[OutputColumn, ...]:
        """The columns under their new names.

        Raises:
            ResultError: two would have one.
        """
        renamed = tuple([OutputColumn(self.camel(str(name)), self._shape(name, shape)) for name, shape in columns])
        names = [column.name for column in renamed]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            both = [repr(old.name) for old, new in zip(columns, renamed, strict=True) if new.name == twice]
            where = f" of {within!r}" if within is not None else ""
            raise _clash(both, where, twice)
        return renamed

    def _shape(self, name: str | None, shape: Any) -> Any:
        """The shape of a column, with new names for the columns of its nested rows."""
        if not self._nested or not isinstance(shape, Nested) or shape.columns is None:
            return shape
        if shape.kind in {"scalars", "members"}:
            (value,) = shape.columns
            return shape._replace(columns=(value._replace(shape=self._shape(name, value.shape)),))
        columns = self._columns(shape.columns, name)
        new = {old.name: each.name for old, each in zip(shape.columns, columns, strict=True)}
        return shape._replace(columns=columns, key=new.get(shape.key), value=new.get(shape.value))

    # -- the source of what renames -----------------------------------------------------------------------------------

    def _made(self, columns: tuple[OutputColumn, ...]) -> _Renaming:
        renamed = self._columns(columns)
        row = self._row(columns, renamed, "row", 1)
        if row is None:
            return _Renaming(columns, None)
        source = f"lambda rows: [{row} for row in rows]"  # names stand in it as literals that repr wrote
        return _Renaming(renamed, eval(source, {"of_unknown": self._of_unknown}))  # noqa: S307 - see above

    def _row(
        self, columns: tuple[OutputColumn, ...], renamed: tuple[OutputColumn, ...], row: str, depth: int
    ) -> str | None:
        """The source of a row under its new names; None where it stays as it is."""
        values = [f"{row}[{column.name!r}]" for column in columns]
        changed = [self._value(old.shape, value, depth) for old, value in zip(columns, values, strict=True)]
        names = [column.name for column in renamed]
        if changed == values and names == [column.name for column in columns]:
            return None
        return "{" + ", ".join([f"{name!r}: {value}" for name, value in zip(names, changed, strict=True)]) + "}"

    def _value(self, shape: Any, value: str, depth: int) -> str:
        """The source of a value with new names in its nested rows; the same where nothing changes."""
        if not self._nested or not isinstance(shape, Nested):
            return value
        row = f"row{depth}"
        item = self._item(shape, row, depth + 1)
        if item is None:
            return value
        if shape.kind == "object":
            return f"(None if ({row} := {value}) is None else {item})"
        if shape.kind in {"members", "map"}:
            source = f"{{key{depth}: {item} for key{depth}, {row} in {value}.items()}}"
        else:
            source = f"[{item} for {row} in {value}]"
        return f"(None if {value} is None else {source})" if shape.is_nullable else source

    def _item(self, shape: Nested, row: str, depth: int) -> str | None:
        """The source of one of the nested rows or values; None where it stays as it is."""
        if shape.columns is None:
            return f"of_unknown({row})"
        if shape.kind in {"array", "object"} or (shape.kind == "map" and shape.value is None):
            return self._row(shape.columns, self._columns(shape.columns), row, depth)
        column = next(each for each in shape.columns if each.name == shape.value or shape.kind != "map")
        changed = self._value(column.shape, row, depth)
        return None if changed == row else changed

    def _of_unknown(self, row: dict[str, Any] | None) -> dict[str, Any] | None:
        """A row of which only the database knows the columns, under its new names."""
        if row is None:
            return None
        renamed = {self.camel(name): value for name, value in row.items()}
        if len(renamed) < len(row):
            names = {name: self.camel(name) for name in row}
            twice = next(new for new in names.values() if list(names.values()).count(new) > 1)
            raise _clash([repr(name) for name, new in names.items() if new == twice], "", twice)
        return renamed


def _clash(both: list[str], where: str, name: str | None) -> ResultError:
    return ResultError(f"the columns {' and '.join(both)}{where} would both be {name!r}: rename one with .as_(…)")
