"""WITH: common table expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from querykit.builder.query import Query, column_of
from querykit.builder.statement import Statement, as_statement
from querykit.builder.tables import Source, checked_name
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from querykit.builder.compiled import OutputColumn
    from querykit.builder.tables import Column


class CommonTable(Source):
    """A query with a name, written once in WITH and then a table. `cte` and `recursive_cte` make them.

    A `CommonTable` can stand in FROM wherever `with_` has brought it in; ``.as_("other")`` gives it another name.
    """

    def __init__(
        self, name: str, query: Statement[Any, Any], columns: tuple[str, ...], *, materialized: bool | None
    ) -> None:
        """Hold the query, and make a column for each it gives."""
        self._name = checked_name(name, "a CTE")
        self._alias: str | None = None
        self._reference = self._name
        self._query = query
        self._listed = columns
        self._materialized = materialized
        self._is_recursive = False
        self._name_columns(query.output_columns())

    def _name_columns(self, known: tuple[OutputColumn, ...] | None) -> None:
        if self._listed and known is not None and len(self._listed) != len(known):
            raise BuildError(f"the CTE {self._name!r} names {len(self._listed)} columns for a query of {len(known)}")
        self._is_open = known is None and not self._listed
        shapes = [None] * len(self._listed) if known is None else [column.shape for column in known]
        names = self._listed or [column.name for column in known or ()]
        self._columns = {}
        for name, shape in zip(names, shapes, strict=True):
            if name is not None:
                self._columns[name] = column_of(name, self, shape)

    def as_(self, alias: str) -> Self:
        """The same rows under another name, for a CTE that meets itself."""
        aliased = object.__new__(type(self))
        aliased.__dict__.update(self.__dict__)
        aliased._alias = aliased._reference = checked_name(alias, "an alias")
        aliased._name_columns(self._query.output_columns())
        return aliased

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Column[Any]: ...


def cte(name: str, query: Any, *, columns: Sequence[str] = (), materialized: bool | None = None) -> CommonTable:
    """A common table expression: bring it in with `with_`, and select from it.

    >>> from querykit import cte, select_from, table, with_
    >>> pet = table("pet")
    >>> cats = cte("cats", select_from(pet).select(pet.name).where(pet.species == "cat"))
    >>> print(with_(cats).select_from(cats).select(cats.name).compile("postgres").sql)  # doctest: +NORMALIZE_WHITESPACE
    WITH "cats" AS (SELECT "pet"."name" FROM "pet" WHERE "pet"."species" = $1)
    SELECT "cats"."name" FROM "cats"

    Args:
        name: Its name.
        query: A select, raw SQL, or on PostgreSQL a write with RETURNING.
        columns: Names for its columns, in order; without them they have the query's.
        materialized: ``MATERIALIZED`` or ``NOT MATERIALIZED``; PostgreSQL and SQLite have it.
    """
    return CommonTable(name, as_statement(query), tuple(columns), materialized=materialized)


def recursive_cte(
    name: str,
    anchor: Any,
    step: Callable[[CommonTable], Any],
    *,
    columns: Sequence[str] = (),
    distinct: bool = False,
) -> CommonTable:
    """A recursive common table expression: the anchor's rows, and what the step makes of each round's rows.

    >>> from querykit import recursive_cte, select_from, table, with_
    >>> person = table("person")
    >>> anchor = select_from(person).select(person.id).where(person.mother_id == None)
    >>> tree = recursive_cte("tree", anchor, lambda tree: (
    ...     select_from(person).select(person.id).inner_join(tree, tree.id == person.mother_id)))
    >>> print(with_(tree).select_from(tree).select(tree.id).compile("sqlite").sql)  # doctest: +NORMALIZE_WHITESPACE
    WITH RECURSIVE "tree" AS (SELECT "person"."id" FROM "person" WHERE "person"."mother_id" IS NULL
    UNION ALL SELECT "person"."id" FROM "person" INNER JOIN "tree" ON "tree"."id" = "person"."mother_id")
    SELECT "tree"."id" FROM "tree"

    Args:
        name: Its name.
        anchor: The rows to begin with.
        step: Called with the CTE; gives the query of one more round.
        columns: Names for its columns, in order; without them they have the anchor's.
        distinct: ``UNION`` instead of ``UNION ALL``: rows that were there already are dropped, which ends cycles.
    """
    first = as_statement(anchor)
    if not isinstance(first, Query):
        raise BuildError(f"the anchor of a recursive CTE is a select, not a {type(first).__name__}")
    common = CommonTable(name, first, tuple(columns), materialized=None)
    more = step(common)
    common._query = first.union(more) if distinct else first.union_all(more)
    common._is_recursive = True
    return common


def common_tables(tables: tuple[Any, ...]) -> tuple[CommonTable, ...]:
    """What `with_` was given.

    Raises:
        BuildError: nothing, something that is no CTE, or two of one name.
    """
    if not tables:
        raise BuildError("with_() takes at least one CTE; cte(name, query) makes one")
    for each in tables:
        if not isinstance(each, CommonTable):
            raise BuildError(f"with_() takes what cte(name, query) makes, not {type(each).__name__}")
    return tables
