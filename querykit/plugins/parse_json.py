"""JSON that arrives as text is decoded: by column, never by what a text looks like."""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any

from querykit.builder.compiled import Nested
from querykit.builder.expressions import Expression, Ordering
from querykit.builder.json import JsonAggregate, JsonBuildObject, JsonRows
from querykit.builder.query import AliasedQuery, SetOperation, output_name, shape_of
from querykit.builder.rewrite import children, copied, rewrite
from querykit.builder.select import Select
from querykit.builder.statement import Statement
from querykit.builder.value_types import JSON, ValueType
from querykit.errors import ConfigurationError
from querykit.plugins.base import Plugin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from querykit.builder.compiled import OutputColumn
    from querykit.plugins.base import PluginContext

    Path = tuple[str, ...]
    """The names that lead to a column: ``("pets", "profile")`` is a column of the nested rows ``pets``."""


class ParseJSONResultsPlugin(Plugin):
    """JSON of columns that no table declares is decoded, where the driver gives it as text.

    Every `Database` has one, which decodes what the driver reports as JSON (on PostgreSQL and MySQL): in raw SQL, in
    ``*`` and in columns of undeclared tables. A declared ``Column[Json]`` needs none, and what is declared as anything
    else is never touched. Where the driver reports nothing (SQLite, MariaDB), and for texts that hold JSON, say which:

    >>> from querykit import Database
    >>> from querykit.plugins import ParseJSONResultsPlugin
    >>> db = Database("sqlite:///:memory:", plugins=[ParseJSONResultsPlugin(["profile", "pets.tags"])])

    It takes the place of the one that is there by default. ``ParseJSONResultsPlugin(reported=False)`` leaves every text
    as it is, and so does ``db.without_plugins()``.

    Args:
        columns: Names of columns in results: ``"profile"`` at any depth, ``"pets.tags"`` (or ``("pets", "tags")``) only
            within the nested rows ``pets``.
        matches: Whether a column is JSON, by its path: ``lambda path: path[-1].endswith("_json")``. It is asked about
            columns, and never sees a value.
        decoder: What makes a Python value of the text, such as ``json.loads`` with options of your own; by default
            msgspec, which keeps integers of any size.
        reported: Whether to decode what the driver reports as JSON.
    """

    priority = -900
    """After those that change what is selected."""

    def __init__(
        self,
        columns: Iterable[str | Sequence[str]] = (),
        *,
        matches: Callable[[Path], bool] | None = None,
        decoder: Callable[[str], Any] | None = None,
        reported: bool = True,
    ) -> None:
        """Take what tells the columns."""
        if isinstance(columns, str):
            raise ConfigurationError(f"ParseJSONResultsPlugin takes a list of names: [{columns!r}]")
        self._paths = {tuple(each.split(".")) if isinstance(each, str) else tuple(each) for each in columns}
        self._matches = matches
        self._reported = reported
        self._type = JSON if decoder is None else ValueType("json", object, decode=decoder)

    def transform_query(self, query: Statement[Any, Any], context: PluginContext) -> Statement[Any, Any]:
        """The query whose selected columns of those names have the type JSON, so that they are nested as it too."""
        if not self._paths and self._matches is None:
            return query
        query = rewrite(query, self._in_derived_table)
        ctes = _each(query.ctes, lambda table: _changed(table, _query=self._typed(table._query, ())))
        return self._typed(_changed(query, ctes=ctes), ())  # type: ignore[no-any-return]

    def transform_columns(
        self, columns: tuple[OutputColumn, ...], as_json: Sequence[int], context: PluginContext
    ) -> tuple[OutputColumn, ...]:
        """The columns, of which those of those names and those that the driver reports are JSON."""
        reported = as_json if self._reported else ()
        return tuple(
            [
                each._replace(shape=self._type)
                if each.shape is None and (place in reported or self._is_json((str(each.name),)))
                else each
                for place, each in enumerate(columns)
            ]
        )

    def _is_json(self, path: Path) -> bool:
        return path in self._paths or path[-1:] in self._paths or (self._matches is not None and self._matches(path))

    # -- columns that the query knows ---------------------------------------------------------------------------------

    def _in_derived_table(self, node: Any) -> Any:
        return _changed(node, _query=self._typed(node._query, ())) if isinstance(node, AliasedQuery) else node

    def _typed(self, statement: Any, path: Path, names: Sequence[str | None] | None = None) -> Any:
        """A statement with types for what it selects; `path` leads to its rows, `names` are those of its columns."""
        if isinstance(statement, SetOperation):
            names = names or statement.output_names()
            left, right = [self._typed(each, path, names) for each in (statement.left, statement.right)]
            return _changed(statement, left=left, right=right)
        listed = "columns" if isinstance(statement, Select) else "returned"
        before: tuple[Any, ...] = getattr(statement, listed, ())
        names = names if names and len(names) == len(before) else [output_name(each) for each in before]
        after = tuple([self._term(each, (*path, str(name))) for each, name in zip(before, names, strict=True)])
        if all(map(is_, after, before)):
            return statement
        # ORDER BY and its like know what is selected by its being the same object
        new = {id(old): each for old, each in zip(before, after, strict=True)}
        repeating = _REPEATING if listed == "columns" else ()
        clauses = {name: _each(getattr(statement, name), lambda each: _exchanged(each, new)) for name in repeating}
        return statement.replaced(**{listed: after}, **clauses)

    def _term(self, term: Any, path: Path) -> Any:
        """A selected term with its type, or with types for the columns of its nested rows."""
        if isinstance(term, JsonRows):
            return _changed(term, query=self._typed(term.query, path))
        if isinstance(term, JsonAggregate):
            return _changed(term, term=self._term(term.term, path))
        if isinstance(term, JsonBuildObject):
            return _changed(term, pairs=_each(term.pairs, lambda pair: _each(pair, self._pair_of(pair[0], path))))
        if isinstance(shape_of(term), Nested):  # a CASE, say, around nested rows
            helpers = {id(each): self._term(each, path) for each in _outermost(term)}
            return rewrite(term, lambda node: helpers.get(id(node), node))
        is_unknown = isinstance(term, Expression) and term.shape is None
        return copied(term, value_type=self._type) if is_unknown and self._is_json(path) else term

    def _pair_of(self, key: str, path: Path) -> Callable[[Any], Any]:
        return lambda each: each if each is key else self._term(each, (*path, key))


_REPEATING = ("orderings", "groupings", "distinct_terms")
"""The clauses of a select that may say again what is selected."""


def _exchanged(item: Any, new: dict[int, Any]) -> Any:
    """An item of a clause, or the new one of what is selected."""
    if isinstance(item, Ordering):
        return Ordering(new[id(item.term)], item.direction, item.nulls) if id(item.term) in new else item
    return new.get(id(item), item)


def _outermost(term: Any) -> Iterator[Any]:
    """The helpers in a term that stand in no other."""
    for each in children(term):
        if isinstance(each, JsonRows | JsonBuildObject | JsonAggregate):
            yield each
        else:
            yield from _outermost(each)


def _each(items: tuple[Any, ...], function: Callable[[Any], Any]) -> tuple[Any, ...]:
    """What a function makes of the items; the same tuple if it changes none."""
    found = tuple([function(each) for each in items])
    return items if all(map(is_, found, items)) else found


def _changed(node: Any, **parts: Any) -> Any:
    """A node with other parts; the same one if they are the same."""
    if all(getattr(node, name) is part for name, part in parts.items()):
        return node
    return node.replaced(**parts) if isinstance(node, Statement) else copied(node, **parts)
