"""Texts of queries with the conditions of plugins, by the shapes of the queries as programs make them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from querykit.builder.compiled import CompiledQuery
from querykit.builder.operands import Parameter, Value
from querykit.builder.rewrite import walk
from querykit.builder.row_filters import RowFilter
from querykit.dialects.shapes import SHAPES_KEPT, ShapeReader
from querykit.plugins.prepared import Prepared

if TYPE_CHECKING:
    from querykit.builder.compiled import QueryText
    from querykit.builder.select import Select
    from querykit.builder.statement import Statement
    from querykit.plugins.filtering import Filtering


class FilteredText(NamedTuple):
    """A text that is kept.

    Attributes:
        text: The text.
        places: Where its parameters stand among the values of the shape, with those of the conditions behind them.
        own: The values of the conditions, which are the same for all queries of the shape.
    """

    text: QueryText
    places: tuple[int, ...]
    own: tuple[object, ...]


class FilteredTexts:
    """The texts that were written for a chain of plugins on one dialect."""

    def __init__(self, filtering: Filtering) -> None:
        """Start with none."""
        self._filtering = filtering
        self._kept: dict[tuple[Any, ...], FilteredText] = {}

    def found(self, query: Select[Any, Any]) -> Statement[Any, Any] | None:
        """A query that knows its text; None where it has no shape, so that it has to be gone through."""
        reader = ShapeReader(self._filtering.dialect.features.takes_arrays)
        try:
            reader.select(query)
        except LookupError:
            return None
        key, values = tuple(reader.key), reader.values
        kept = self._kept.get(key)
        if kept is None:
            return self._written(query, key, values)
        text, places, own = kept
        values += own
        filtered = query.with_part("filtering", self._filtering)
        compiled = CompiledQuery.of(text, tuple([values[place] for place in places]), filtered)
        # a copy, because the compiled form refers to the other, which would be a circle
        return filtered.with_part("_compiled", {self._filtering.dialect: compiled})

    def _written(self, query: Select[Any, Any], key: tuple[Any, ...], values: list[Any]) -> Statement[Any, Any]:
        """A query in a shape that is met for the first time, whose text is kept if it is certain what stands where."""
        dialect = self._filtering.dialect
        filtered = self._filtering.whole(Prepared(query, dialect))
        compiled = filtered.compile(dialect)
        own = _own_values(filtered)
        pool = [*values, *own]
        place_of = {id(value): place for place, value in enumerate(pool)}
        places = [place_of.get(id(each), -1) for each in compiled.parameters]
        # each value is an object of its own, and stands among the parameters, which hold nothing else
        is_certain = len(place_of) == len(pool) and -1 not in places and set(range(len(values))) <= set(places)
        if is_certain:
            if len(self._kept) >= SHAPES_KEPT:
                self._kept.clear()
            self._kept[key] = FilteredText(compiled.shared_text(), tuple(places), tuple(own))
        return filtered


def _own_values(filtered: Statement[Any, Any]) -> list[object]:
    """The values and parameters of the conditions in a statement, each once."""
    found: dict[int, object] = {}
    for each in walk(filtered):
        if isinstance(each, RowFilter):
            for node in walk(each):
                value = node.value if type(node) is Value else node if type(node) is Parameter else None
                if value is not None:
                    found[id(value)] = value
    return list(found.values())
