"""Pages by number, with a total."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from querykit import BuildError, fn, select_from
from querykit.errors import InputError, UsageError

RowT = TypeVar("RowT")


@dataclass(frozen=True, slots=True)
class Page(Generic[RowT]):
    """A page by number.

    Attributes:
        items: The rows.
        total: How many rows the whole query has.
        page: The number of this page; the first is 1.
        limit: How many rows a page has at most.
    """

    items: list[RowT]
    total: int
    page: int
    limit: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-self.total // self.limit)

    @property
    def has_next(self) -> bool:
        """Whether a page follows."""
        return self.page < self.pages


class Pageable(Protocol[RowT]):
    """A query, as pages take it: a select, of rows of this type."""

    def fetch_all(self) -> Coroutine[Any, Any, list[RowT]]:
        """Its rows."""
        ...


async def paginate(
    query: Pageable[RowT], *, page: int = 1, limit: int, max_limit: int = 1000, db: Any = None
) -> Page[RowT]:
    """A page of a query by its number, and how many rows there are in all.

    The rows are counted by ``SELECT COUNT(*) FROM (query)``, so that DISTINCT, GROUP BY and set operations count as
    what they give. Both statements run one after the other: in a transaction of `REPEATABLE READ` they agree.

    Args:
        query: A query with an order, and no limit of its own.
        page: The page's number, from 1.
        limit: How many rows a page has.
        max_limit: The most that `limit` may be.
        db: What runs it; unsaid, what the query was started from.

    Raises:
        InputError: `page` or `limit` is out of its range.
        BuildError: the query has no order, or a limit of its own.
    """
    check_limit(limit, max_limit)
    if type(page) is not int or page < 1:
        raise InputError(("page",), "takes a whole number from 1")
    select: Any = query
    if not select.orderings:
        raise BuildError("pages of a query without ORDER BY would overlap: order_by(…), a unique key last")
    if select.row_limit is not None or select.row_offset is not None:
        raise BuildError("a query that is paged has no limit and no offset of its own")
    runs = runner_of(select, db)
    counted = select.clear_order_by().replaced(row_type=None).as_("counted")
    total = await runs.fetch_value(select_from(counted).select(fn.count()))
    items = await runs.fetch_all(select.limit(limit).offset((page - 1) * limit)) if total > (page - 1) * limit else []
    return Page(items, total, page, limit)


def runner_of(query: Any, db: Any) -> Any:
    """What runs a query: as said, or what it was started from.

    Raises:
        UsageError: neither is there.
    """
    runs = db if db is not None else query.executor
    if runs is None:
        raise UsageError("the query was started from no database: paginate(db.select_from(…)), or db=db")
    return runs


def check_limit(limit: object, max_limit: int) -> None:
    """Raise `InputError` for a page of no rows, or of too many."""
    if type(limit) is not int or not 1 <= limit <= max_limit:
        raise InputError(("limit",), f"takes a whole number from 1 to {max_limit}")
