"""The nodes that the JSON helpers make and the compilers write, each database in its own shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from querykit.builder.compiled import Nested, OutputColumn
from querykit.builder.expressions import Expression, checked_alias
from querykit.builder.query import AllColumns, output_name, refuse_unnamed, shape_of
from querykit.builder.select import Select
from querykit.errors import BuildError

if TYPE_CHECKING:
    from pypika.terms import Term

    from querykit.builder.expressions import Ordering
    from querykit.builder.query import Query
    from querykit.builder.value_types import ValueType


class JsonRows(Expression[Any]):
    """The rows of a correlated sub-query, nested into one column.

    Attributes:
        query: The sub-query.
    """

    helper: str
    """The function that makes it, for messages."""

    def __init__(self, query: Query[Any, Any]) -> None:
        """Check that every column of the nested rows has a name of its own."""
        refuse_unnamed(query, self.helper)
        self.query = query

    def as_(self, alias: str) -> Self:
        """The same rows under a name. Nearly all have one, so they are copied by hand, in half the time."""
        named = object.__new__(type(self))
        named.query = self.query
        named.value_type = self.value_type
        named.alias = alias if type(alias) is str and alias else checked_alias(alias)
        return named

    @property
    def columns(self) -> tuple[OutputColumn, ...] | None:
        """The columns of the nested rows; None where only the database knows them."""
        return self.query.output_columns()


class JsonArray(JsonRows):
    """Every row, as a list."""

    helper = "json_array_from"

    def __init__(self, query: Query[Any, Any]) -> None:
        """Give the one column of a list of values a name, which it need not have."""
        if query.is_scalar and isinstance(query, Select):
            column = query.columns[0] if len(query.columns) == 1 else None
            if column is None or isinstance(column, AllColumns):
                raise BuildError(f"scalars() is for a query of one column, not of {len(query.columns)}")
            if output_name(column) is None:
                query = query.replaced(columns=(column.as_("value"),))
        refuse_unnamed(query, self.helper)
        self.query = query

    @property
    def is_scalar(self) -> bool:
        """Whether the list holds the values of the one column, not rows."""
        return self.query.is_scalar

    @property
    def shape(self) -> ValueType | Nested | None:
        """A list of rows or of values."""
        return Nested("scalars" if self.is_scalar else "array", self.columns)


class JsonMap(JsonArray):
    """Every row, as a dict by one of its columns. The SQL is that of a list; the dict is made when it is decoded."""

    helper = "json_map_from"
    is_scalar = False  # pyright: ignore[reportAssignmentType] - it is asked of lists alone
    as_ = Expression.as_  # pyright: ignore[reportAssignmentType] - Self is the same

    def __init__(self, query: Query[Any, Any], key: Any) -> None:
        """Check that the key is a column of the query, of values that can be keys."""
        refuse_unnamed(query, self.helper)
        self.query = query
        self.key = key if isinstance(key, str) else output_name(key)
        self.value = None
        columns = {column.name: column.shape for column in self.columns or ()}
        if self.key not in columns:
            known = ", ".join(map(repr, columns)) or "which only the database knows"
            raise BuildError(f"{self.helper}: the key {self.key!r} is no column of the query: {known}")
        shape = columns[self.key]
        if isinstance(shape, Nested) or (shape is not None and shape.kind in {"json", "list"}):
            raise BuildError(f"{self.helper}: the column {self.key!r} holds what cannot be a key")
        if isinstance(query, Select) and query.is_scalar:
            self.value = self._only_value(list(columns))

    def _only_value(self, names: list[str | None]) -> str:
        others = [str(name) for name in names if name != self.key]
        if len(others) != 1:
            raise BuildError(
                f"{self.helper}: scalars() is for a query of the key and one more column, not {len(others)}"
            )
        return others[0]

    @property
    def shape(self) -> ValueType | Nested | None:
        """A dict of rows or of values."""
        return Nested("map", self.columns, key=self.key, value=self.value)


class JsonObject(JsonRows):
    """The only row, or NULL where there is none."""

    helper = "json_object_from"

    @property
    def shape(self) -> ValueType | Nested | None:
        """One row or None."""
        return Nested("object", self.columns)


class JsonAggregate(Expression[Any]):
    """An aggregate of values into JSON.

    Attributes:
        term: The values.
    """

    term: Term

    @property
    def columns(self) -> tuple[OutputColumn, ...]:
        """Its values, as the only column of a row."""
        return (OutputColumn("value", shape_of(self.term)),)


class JsonArrayAggregate(JsonAggregate):
    """The values of a group as a list; ``[]`` where there is none."""

    def __init__(self, term: Term, orderings: tuple[Ordering, ...]) -> None:
        """Hold the values and their order."""
        self.term = term
        self.orderings = orderings

    @property
    def shape(self) -> ValueType | Nested | None:
        """A list of values."""
        return Nested("scalars", self.columns)


class JsonObjectAggregate(JsonAggregate):
    """The values of a group as an object, by their keys; ``{}`` where there is none."""

    def __init__(self, key: Term, term: Term) -> None:
        """Hold the keys and the values."""
        self.key = key
        self.term = term

    @property
    def shape(self) -> ValueType | Nested | None:
        """An object of values."""
        return Nested("members", self.columns)


class JsonBuildObject(Expression[Any]):
    """An object made of expressions."""

    def __init__(self, pairs: tuple[tuple[str, Term], ...]) -> None:
        """Hold the keys and their values, in order."""
        self.pairs = pairs

    @property
    def columns(self) -> tuple[OutputColumn, ...]:
        """Its keys, as the columns of a row."""
        return tuple([OutputColumn(key, shape_of(term)) for key, term in self.pairs])

    @property
    def shape(self) -> ValueType | Nested | None:
        """One row that is always there."""
        return Nested("object", self.columns)
