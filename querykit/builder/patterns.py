"""How texts are compared: the patterns of LIKE, and collations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from querykit.builder.expressions import Condition, Expression, Nodes
from querykit.builder.operands import Value, operand
from querykit.builder.value_types import STR
from querykit.errors import BuildError

if TYPE_CHECKING:
    from pypika.terms import Term

T_co = TypeVar("T_co", covariant=True)


class Like(Condition):
    """``term [NOT] LIKE pattern``."""

    ESCAPE: Final = "!"
    """The escape character of patterns that querykit makes: the backslash means something else to each database."""

    def __init__(
        self,
        term: Term,
        pattern: Term,
        *,
        ignores_case: bool = False,
        has_escapes: bool = False,
        is_negated: bool = False,
    ) -> None:
        """Hold the term and the pattern; `has_escapes` says that `ESCAPE` stands before literal % and _."""
        self.term = term
        self.pattern = pattern
        self.ignores_case = ignores_case
        self.has_escapes = has_escapes
        self.is_negated = is_negated


class EscapedPattern(Expression[str]):
    """A pattern of LIKE in which the text of an expression stands for itself."""

    value_type = STR

    def __init__(self, term: Term, before: str, after: str) -> None:
        """Hold the term, and the wildcards around it."""
        self.term = term
        self.before = before
        self.after = after


class Collated(Expression[T_co]):
    """``term COLLATE name``."""

    def __init__(self, term: Expression[T_co], name: str) -> None:
        """Hold the term and the name of the collation."""
        if not isinstance(name, str) or not name:
            raise BuildError(f"a collation is a name that is not empty, not {name!r}")
        self.term = term
        self.name = name
        self.value_type = term.value_type


def escaped(text: Any, beside: Expression[Any], *, before: str = "", after: str = "") -> Term:
    """A pattern in which a text stands for itself."""
    if isinstance(text, str):
        literal = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        return Value(before + literal + after, beside.value_type)
    term = operand(text)
    if isinstance(term, Value):
        raise BuildError(
            f"starts_with, ends_with and has_substring take a str or an expression, not {type(text).__name__}"
        )
    return EscapedPattern(term, before, after)


Nodes.like, Nodes.escaped, Nodes.collated = Like, escaped, Collated
