"""What plugins ask of the rows of a table: conditions on those that are read, and on those that are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from querykit.builder.expressions import Condition, Expression, known_type

if TYPE_CHECKING:
    from pypika.terms import Term

    from querykit.builder.select import Select

T_co = TypeVar("T_co", covariant=True)


class RowFilter(Condition):
    """Conditions on the rows of one table, which are ANDed.

    Queries in them see the table and nothing else of the statement that it stands in.

    Attributes:
        terms: The conditions.
        reference: The name that qualifies the table's columns.
        reads: The names of the tables that queries in the conditions read.
    """

    def __init__(self, terms: tuple[Term, ...], reference: str, reads: frozenset[str] = frozenset()) -> None:
        """Hold the conditions, and the name under which the table stands."""
        self.terms = terms
        self.reference = reference
        self.reads = reads


class Bytes(Expression[T_co]):
    """A value that is compared byte by byte, where databases would compare it as a text of its collation."""

    def __init__(self, term: Term) -> None:
        """Hold the term."""
        self.term = term
        self.value_type = known_type(term)


class Bytewise(Condition):
    """A comparison that holds of texts only if they are equal byte by byte, whatever their collation.

    Attributes:
        test: A comparison with ``=``, ``<>``, IN or IS DISTINCT FROM.
        exact: The same, of bytes.
        is_of_text: Whether it is known to be one of texts. What only may be one is narrowed, never widened.
        is_positive: Whether it says that they are equal, so that what is exact is a part of what the test finds.
    """

    def __init__(self, test: Condition, exact: Condition, *, is_of_text: bool, is_positive: bool) -> None:
        """Hold both forms."""
        self.test = test
        self.exact = exact
        self.is_of_text = is_of_text
        self.is_positive = is_positive


class Enforced(Expression[T_co]):
    """A value that may be written only where a condition holds; the statement fails where it does not.

    Attributes:
        condition: What must be true.
        term: The value.
    """

    MARK: Final = "querykit: a row violates its policy"
    """What the servers' errors are known by."""
    MARK_NUMBER: Final = 9223372036854770123
    """The same for servers that have no error with a text of its own: a sum with it that is out of range."""

    def __init__(self, condition: Term, term: Term) -> None:
        """Hold the condition and the value."""
        self.condition = condition
        self.term = term
        self.value_type = known_type(term)


class Filters(Protocol):
    """What puts the conditions of plugins into a query when it is written; `querykit.plugins` has it."""

    def applied(self, query: Select[Any, Any]) -> Select[Any, Any]:
        """The query with the conditions of its tables and of those within."""
        ...
