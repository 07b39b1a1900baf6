"""Pages between cursors: keyset pagination, which stays right while rows come and go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from querykit import BuildError, Column
from querykit.access.cursors import Cursors
from querykit.access.keyset import keys_of, rows_after
from querykit.access.pages import check_limit, runner_of
from querykit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from querykit.access.keyset import Key
    from querykit.access.pages import Pageable

RowT = TypeVar("RowT")


@dataclass(frozen=True, slots=True)
class CursorPage(Generic[RowT]):
    """A page between two cursors.

    Attributes:
        items: The rows.
        next: What `after` takes for the rows that follow; None at the end.
        previous: What `before` takes for the rows that went before; None at the beginning.
    """

    items: list[RowT]
    next: str | None
    previous: str | None


async def paginate_cursor(
    query: Pageable[RowT],
    *,
    order_by: Sequence[Any],
    limit: int,
    secret: str | bytes,
    after: str | None = None,
    before: str | None = None,
    is_unique: bool = False,
    max_limit: int = 1000,
    db: Any = None,
) -> CursorPage[RowT]:
    """The rows after a cursor, or before it, in an order of several keys (keyset pagination).

    A cursor holds the values of the keys of a row, readable and signed. It is good for this query with these
    parameters, this order and these values of `with_context` alone. Walking forth and back meets every row once that
    is there all the while; a row that comes or goes meanwhile is met if it is there when its page is read.

    NULLs come last unless a key says ``nulls="first"``.

    Args:
        query: A select without ORDER BY, limit, DISTINCT and GROUP BY; one that has them goes in as a table:
            ``select_from(query.as_("q"))``.
        order_by: Columns, or other expressions of known type, each as it is or with ``.desc()``.
        limit: How many rows the page has at most.
        secret: What cursors are signed with.
        after: The page goes on after this cursor.
        before: The page ends before this cursor.
        is_unique: Whether no two rows are equal in all keys. Unsaid, the primary key is added to them.
        max_limit: The most that `limit` may be.
        db: What runs it; unsaid, what the query was started from.

    Raises:
        InputError: a cursor is not of this query, order and context, both are given, or `limit` is out of its range.
        BuildError: rows cannot be told apart, or the query or a key is none that can be paged by.
    """
    check_limit(limit, max_limit)
    if after is not None and before is not None:
        raise InputError(("before",), "a page is after a cursor or before one, not both")
    select: Any = query
    _check_plain(select)
    runs = runner_of(select, db)
    keys = keys_of(select, order_by, is_unique=is_unique)
    ordered = select.order_by(*[key.ordering for key in keys])
    cursors = Cursors(secret, keys, ordered.compile(runs.dialect), runs.context)
    is_back = before is not None
    if is_back:
        keys = [key.reversed for key in keys]
        ordered = select.order_by(*[key.ordering for key in keys])
    cursor, name = (before, "before") if is_back else (after, "after")
    if cursor is not None:
        ordered = ordered.where(rows_after(keys, cursors.read(cursor, name)))
    reader = _KeyReader(ordered, keys)
    rows = await runs.fetch_all(reader.query.limit(limit + 1))
    has_more = len(rows) > limit
    marked = [(reader.values(row), reader.cleaned(row)) for row in rows[:limit]]
    if is_back:
        marked.reverse()
    first, last = (cursors.write(marked[0][0]), cursors.write(marked[-1][0])) if marked else (None, None)
    goes_on = has_more if not is_back else True
    came_from = has_more if is_back else after is not None
    return CursorPage([row for _, row in marked], last if goes_on else None, first if came_from else None)


class _KeyReader:
    """Reads the values of keys from rows: where they are selected already, or in columns added at the end."""

    def __init__(self, query: Any, keys: Sequence[Key]) -> None:
        """Add what is not selected.

        Raises:
            BuildError: the rows are objects of a class that has no place for an added column.
        """
        outputs = query.columns
        self._places: list[int] = []
        self._added = 0
        self._names = query.output_names() or []
        for key in keys:
            place = next((at for at, each in enumerate(outputs) if self._is(each, key.term)), None)
            if place is None or not self._names:
                if query.row_type is not None:
                    raise BuildError(
                        f"rows_as({query.row_type.__name__}): pages are told apart by {key.term!r}: select it too, and "
                        "give the class a field for it"
                    )
                query = query.select(key.term.as_(f"querykit_key_{self._added}"))
                self._added += 1
                place = -self._added
            self._places.append(place)
        self._places = [place if place >= 0 else -self._added - 1 - place for place in self._places]
        self.query = query

    @staticmethod
    def _is(output: Any, term: Any) -> bool:
        return (
            isinstance(output, Column)
            and isinstance(term, Column)
            and output.alias is None
            and (output.table is term.table and output.name == term.name)
        )

    def values(self, row: Any) -> list[Any]:
        """The values of the keys."""
        if isinstance(row, dict):
            every = list(row.values())
            return [every[place] for place in self._places]
        return [getattr(row, str(self._names[place])) for place in self._places]

    def cleaned(self, row: Any) -> Any:
        """The row without what was added."""
        for _ in range(self._added):
            row.popitem()
        return row


def _check_plain(query: Any) -> None:
    if not hasattr(query, "orderings"):
        raise BuildError(
            f"pages are of a query that is built, not {type(query).__name__}: raw SQL is sql(…).as_table(…)"
        )
    if not hasattr(query, "predicates"):
        raise BuildError('a set operation is paged as a table: select_from(query.as_("q"))')
    if query.orderings or query.row_limit is not None or query.row_offset is not None:
        raise BuildError("a query that is paged by cursors has no order, limit or offset of its own: order_by=, limit=")
    if query.is_distinct or query.distinct_terms or query.groupings:
        raise BuildError('a query with DISTINCT or GROUP BY is paged as a table: select_from(query.as_("q"))')
