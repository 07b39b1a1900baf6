"""Keyset pagination as predicates: the rows after a row, in an order of several keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from querykit import BuildError, Column, Condition, Expression, Table, and_, or_, walk
from querykit.access.fields import annotation_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Key(NamedTuple):
    """One key of an order.

    Attributes:
        term: What is compared.
        is_descending: Whether the greatest comes first.
        are_nulls_last: Whether NULLs come after all values.
        may_be_null: Whether there may be NULLs.
    """

    term: Expression[Any]
    is_descending: bool
    are_nulls_last: bool
    may_be_null: bool

    @property
    def annotation(self) -> Any:
        """The type of its values, as `msgspec` reads it."""
        return annotation_of(self.term.value_type) | None

    @property
    def reversed(self) -> Key:
        """The same key from the other end."""
        return self._replace(is_descending=not self.is_descending, are_nulls_last=not self.are_nulls_last)

    @property
    def ordering(self) -> Any:
        """The key in ORDER BY. Where NULLs stand is said wherever there may be some, since databases differ."""
        nulls: Any = None if not self.may_be_null else "last" if self.are_nulls_last else "first"
        return self.term.desc(nulls=nulls) if self.is_descending else self.term.asc(nulls=nulls)

    def same(self, value: Any) -> Condition:
        """The rows that have this value."""
        return self.term.is_null() if value is None else self.term == value

    def after(self, value: Any) -> Condition:
        """The rows that come after this value."""
        if value is None:
            return or_() if self.are_nulls_last else self.term.is_not_null()
        beyond: Condition = self.term < value if self.is_descending else self.term > value
        return beyond | self.term.is_null() if self.may_be_null and self.are_nulls_last else beyond


def rows_after(keys: Sequence[Key], values: Sequence[Any]) -> Condition:
    """The rows that come after the one with these values, in the order of these keys."""
    ways = [
        and_(*[key.same(value) for key, value in zip(keys[:at], values[:at], strict=True)], key.after(values[at]))
        for at, key in enumerate(keys)
    ]
    first, value = keys[0], values[0]
    if len(keys) == 1 or first.may_be_null:
        return or_(*ways)
    bound = first.term <= value if first.is_descending else first.term >= value
    return and_(bound, or_(*ways))  # of these, the bound alone tells an index where to begin


def keys_of(query: Any, order_by: Iterable[Any], *, is_unique: bool) -> list[Key]:
    """The keys of an order, with the primary key at their end where they may leave rows equal.

    Raises:
        BuildError: a key is hidden, of unknown type or no expression, or nothing tells equal rows apart.
    """
    keys = [_key(each) for each in order_by]
    if not is_unique:
        present = {(key.term.table, key.term.name) for key in keys if isinstance(key.term, Column)}
        keys += [_key(each) for each in _primary_key(query) if (each.table, each.name) not in present]
    return keys


def _key(term: Any) -> Key:
    is_ordered = hasattr(term, "direction")
    if not is_ordered and not isinstance(term, Expression):
        raise BuildError(f"a page is ordered by columns and other expressions, not {type(term).__name__}: person.id")
    ordering: Any = term if is_ordered else term.asc()
    term = ordering.term
    type_ = getattr(term, "value_type", None)
    if type_ is None or type_.stored_kind in ("json", "custom"):
        raise BuildError(f"a page is ordered by keys of a known type, which {term!r} is not; .returns(type) says it")
    hidden = next(_hidden_columns(term), None)
    if hidden is not None:
        raise BuildError(f"{hidden!r} is hidden: a page cannot be ordered by it, as cursors carry the values of keys")
    is_descending = ordering.direction == "DESC"
    may_be_null = type_.is_nullable or not isinstance(term, Column)
    return Key(term, is_descending, ordering.nulls == "last" or ordering.nulls is None, may_be_null)


def _hidden_columns(term: Any, seen: frozenset[int] = frozenset()) -> Iterator[Column[Any]]:
    """The hidden columns that a term takes its value from, be it through sub-queries and CTEs, once each."""
    for node in walk(term):
        if not isinstance(node, Column):
            continue
        if isinstance(node.table, Table):
            if node.table._options(node.name).hidden:
                yield node
        elif (query := getattr(node.table, "_query", None)) is not None and id(query) not in seen:
            yield from _hidden_outputs(query, node.name, seen | {id(query)})  # a recursive CTE is in itself


def _hidden_outputs(query: Any, name: str, seen: frozenset[int]) -> Iterator[Column[Any]]:
    names, outputs = query.output_names(), getattr(query, "columns", ())
    if names is None or len(names) != len(outputs):  # of a set operation any column may be the one
        yield from _hidden_columns(query, seen)
        return
    for output_name, output in zip(names, outputs, strict=True):
        if output_name == name:
            yield from _hidden_columns(output, seen)


def _primary_key(query: Any) -> tuple[Column[Any], ...]:
    source = query.sources[0] if len(query.sources) == 1 else None
    if isinstance(source, Table) and source._primary_key and not (query.joins or query.groupings):
        return source._primary_key
    raise BuildError(
        "rows that are equal in all keys could be missed or come twice: order by a unique key too and say "
        "is_unique=True; a primary key is added by itself to a query of one table that declares it"
    )
