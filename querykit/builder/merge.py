"""MERGE (PostgreSQL 15 and later)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, Literal, NamedTuple, Self, TypeVar

from pypika.terms import Term

from querykit.builder.logic import condition
from querykit.builder.query import as_source
from querykit.builder.select import conditions
from querykit.builder.statement import RowT, ValueT
from querykit.builder.tables import Source
from querykit.builder.write import Assignment, Write, assignments
from querykit.errors import BuildError

MatchKind = Literal["MATCHED", "NOT MATCHED", "NOT MATCHED BY SOURCE"]
Action = Literal["UPDATE", "DELETE", "INSERT", "DO NOTHING"]


class Branch(NamedTuple):
    """One WHEN of a MERGE.

    Attributes:
        kind: Which rows it is about.
        predicates: Further conditions, which are ANDed.
        action: What is done about them.
        assignments: What UPDATE sets or INSERT gives.
    """

    kind: MatchKind
    predicates: tuple[Term, ...]
    action: Action
    assignments: tuple[Assignment, ...] = ()


class Merge(Write[RowT, ValueT]):
    """A MERGE statement. `merge_into` starts one.

    >>> from querykit import merge_into, table
    >>> stock, delivery = table("stock"), table("delivery")
    >>> query = (
    ...     merge_into(stock)
    ...     .using(delivery, delivery.item == stock.item)
    ...     .when_matched().do_update(amount=stock.amount + delivery.amount)
    ...     .when_not_matched().do_insert(item=delivery.item, amount=delivery.amount)
    ... )
    >>> print(query.compile("postgres").sql)  # doctest: +NORMALIZE_WHITESPACE
    MERGE INTO "stock" USING "delivery" ON "delivery"."item" = "stock"."item"
    WHEN MATCHED THEN UPDATE SET "amount" = "stock"."amount" + "delivery"."amount"
    WHEN NOT MATCHED THEN INSERT ("item", "amount") VALUES ("delivery"."item", "delivery"."amount")

    MySQL, MariaDB and SQLite refuse it; `Insert.on_conflict` is what they have.

    Source: https://www.postgresql.org/docs/current/sql-merge.html

    Attributes:
        table: Where the rows go.
        source: Where they come from, or None as long as `using` has not said it.
        join_predicates: When a row of the one belongs to a row of the other; the conditions are ANDed.
        branches: The WHENs, of which the first that holds is done.
    """

    source: Source | None = None
    join_predicates: tuple[Term, ...] = ()
    branches: tuple[Branch, ...] = ()

    def using(self, source: Any, *on: Any) -> Self:
        """``USING source ON …``: a table, aliased query, CTE or values; conditions are ANDed."""
        if self.source is not None:
            raise BuildError("a MERGE has one source")
        return self.replaced(source=as_source(source), join_predicates=conditions(on, "using"))

    def when_matched(self, *criteria: Any) -> WhenMatched[Self]:
        """``WHEN MATCHED [AND …]``: about rows of the table that have a partner in the source."""
        return WhenMatched(self, "MATCHED", _further(criteria, "when_matched"))

    def when_not_matched(self, *criteria: Any) -> WhenNotMatched[Self]:
        """``WHEN NOT MATCHED [AND …]``: about rows of the source that have no partner in the table."""
        return WhenNotMatched(self, "NOT MATCHED", _further(criteria, "when_not_matched"))

    def when_not_matched_by_source(self, *criteria: Any) -> WhenMatched[Self]:
        """``WHEN NOT MATCHED BY SOURCE [AND …]``: about rows of the table without a partner (PostgreSQL 17)."""
        return WhenMatched(self, "NOT MATCHED BY SOURCE", _further(criteria, "when_not_matched_by_source"))

    def returning(self, *columns: Any) -> Merge[RowT, Any]:
        """``RETURNING`` (PostgreSQL 17): columns of the table and of the source, ``fn.call("merge_action")`` too."""
        return self._returning(columns)


MergeT = TypeVar("MergeT", bound=Merge[Any, Any])


class When(Generic[MergeT]):
    """A WHEN that waits for what is done."""

    def __init__(self, merge: MergeT, kind: MatchKind, predicates: tuple[Term, ...]) -> None:
        """Hold the statement, and which rows it is about."""
        self._merge = merge
        self._kind: MatchKind = kind
        self._predicates = predicates

    def do_nothing(self) -> MergeT:
        """``THEN DO NOTHING``: leave the rows alone, for later branches too."""
        return self._done("DO NOTHING")

    def _done(self, action: Action, changed: tuple[Assignment, ...] = ()) -> MergeT:
        branch = Branch(self._kind, self._predicates, action, changed)
        return self._merge.with_part("branches", (*self._merge.branches, branch))


class WhenMatched(When[MergeT]):
    """What is done about rows of the table."""

    def do_update(self, values: Mapping[Any, Any] | None = None, /, **columns: Any) -> MergeT:
        """``THEN UPDATE SET …``."""
        return self._done("UPDATE", assignments(self._merge.table, values, columns, where="do_update"))

    def do_delete(self) -> MergeT:
        """``THEN DELETE``."""
        return self._done("DELETE")


class WhenNotMatched(When[MergeT]):
    """What is done about rows of the source that the table does not have."""

    def do_insert(self, values: Mapping[Any, Any] | None = None, /, **columns: Any) -> MergeT:
        """``THEN INSERT (…) VALUES (…)``."""
        return self._done("INSERT", assignments(self._merge.table, values, columns, where="do_insert"))


def _further(criteria: tuple[Any, ...], where: str) -> tuple[Term, ...]:
    for each in criteria:
        condition(each, where)
    return criteria
