"""Functions of texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from querykit.builder.expressions import Condition, Expression, known_type
from querykit.builder.functions import FunctionCall, known
from querykit.builder.operands import Value, operand
from querykit.builder.value_types import BOOL, INT, STR
from querykit.errors import BuildError

if TYPE_CHECKING:
    from pypika.terms import Term

_SAME_TEXT_EVERYWHERE: Final = frozenset({"str", "int", "total", "decimal", "date", "uuid"})


class Concat(Expression[str]):
    """Texts one after the other."""

    value_type = STR

    def __init__(self, terms: tuple[Term, ...]) -> None:
        """Hold the terms in order."""
        self.terms = terms


def concat(*terms: Any) -> Expression[str]:
    """The texts one after the other; NULL if one is NULL, on every database. `concat_ws` leaves NULLs out.

    >>> from querykit import fn, select_from, table
    >>> pet = table("pet")
    >>> for dialect in ("mysql", "sqlite"):
    ...     print(select_from(pet).select(fn.concat(pet.name, "!").as_("call")).compile(dialect).sql)
    SELECT CONCAT(`pet`.`name`, %s) AS `call` FROM `pet`
    SELECT ("pet"."name" || ?) AS "call" FROM "pet"

    Raises:
        BuildError: a term is of a type whose text differs from database to database: a bool, a float.
    """
    return Concat(texts_of(terms, "concat"))


def concat_ws(separator: Any, *terms: Any) -> FunctionCall[str]:
    """``CONCAT_WS``: the texts that are not NULL, with a separator between them."""
    return known("CONCAT_WS", [operand(separator), *texts_of(terms, "concat_ws")], STR)


def lower(term: Any) -> FunctionCall[str]:
    """``LOWER``. On SQLite only A to Z have another case."""
    return known("LOWER", [operand(term)], STR)


def upper(term: Any) -> FunctionCall[str]:
    """``UPPER``. On SQLite only a to z have another case."""
    return known("UPPER", [operand(term)], STR)


def length(term: Any) -> FunctionCall[int]:
    """The number of characters: ``LENGTH``, ``CHAR_LENGTH`` on MySQL and MariaDB, whose LENGTH counts bytes."""
    return known("LENGTH", [operand(term)], INT)


def octet_length(term: Any) -> FunctionCall[int]:
    """The number of bytes: ``OCTET_LENGTH``. Of a text, in the encoding of the database."""
    return known("OCTET_LENGTH", [operand(term)], INT)


def substring(term: Any, start: Any, length: Any = None) -> FunctionCall[str]:
    """``SUBSTR(x, start, length)``: a part of a text.

    Args:
        term: The text.
        start: Where it begins, counted from 1. Below 1, databases count in different ways.
        length: How many characters; None goes to the end.
    """
    args = [operand(term), _count(start, "substring", 1)]
    if length is not None:
        args.append(_count(length, "substring", 0))
    return known("SUBSTR" if length is None else "SUBSTR_OF", args, STR)


def left(term: Any, count: Any) -> FunctionCall[str]:
    """``LEFT(x, n)``: the first characters."""
    return known("LEFT", [operand(term), _count(count, "left", 0)], STR)


def right(term: Any, count: Any) -> FunctionCall[str]:
    """``RIGHT(x, n)``: the last characters."""
    return known("RIGHT", [operand(term), _count(count, "right", 0)], STR)


def trim(term: Any, character: str = " ") -> FunctionCall[str]:
    """``TRIM(BOTH ' ' FROM x)``: without spaces, or another character, at both ends."""
    return known("TRIM", [operand(term), _character(character)], STR)


def ltrim(term: Any, character: str = " ") -> FunctionCall[str]:
    """``TRIM(LEADING ' ' FROM x)``: without spaces, or another character, at the beginning."""
    return known("LTRIM", [operand(term), _character(character)], STR)


def rtrim(term: Any, character: str = " ") -> FunctionCall[str]:
    """``TRIM(TRAILING ' ' FROM x)``: without spaces, or another character, at the end."""
    return known("RTRIM", [operand(term), _character(character)], STR)


def replace(term: Any, old: Any, new: Any) -> FunctionCall[str]:
    """``REPLACE(x, old, new)``: every `old` in a text replaced; case counts."""
    return known("REPLACE", [operand(term), operand(old), operand(new)], STR)


def lpad(term: Any, width: Any, fill: Any = " ") -> FunctionCall[str]:
    """``LPAD(x, width, fill)``: filled at the left, or cut, to so many characters."""
    return known("LPAD", [operand(term), _count(width, "lpad", 0), _filling(fill)], STR)


def rpad(term: Any, width: Any, fill: Any = " ") -> FunctionCall[str]:
    """``RPAD(x, width, fill)``: filled at the right, or cut, to so many characters."""
    return known("RPAD", [operand(term), _count(width, "rpad", 0), _filling(fill)], STR)


def repeat(term: Any, count: Any) -> FunctionCall[str]:
    """``REPEAT(x, n)``: the text so many times."""
    return known("REPEAT", [operand(term), _count(count, "repeat", 0)], STR)


def reverse(term: Any) -> FunctionCall[str]:
    """``REVERSE(x)``: the characters backwards."""
    return known("REVERSE", [operand(term)], STR)


def position(needle: Any, term: Any) -> FunctionCall[int]:
    """``POSITION(needle IN x)``: where a text stands in another, counted from 1; 0 where it does not.

    Case counts as it does for ``=``: not in most collations of MySQL and MariaDB.
    """
    return known("POSITION", [operand(needle), operand(term)], INT)


def regexp_like(term: Any, pattern: Any, *, ignores_case: bool = False) -> Condition:
    r"""Whether a text matches a regular expression, somewhere in it: ``~``, ``REGEXP_LIKE``, ``REGEXP``.

    Case counts, unless `ignores_case`. What an expression means is the database's: POSIX with extensions on PostgreSQL,
    ICU on MySQL, PCRE on MariaDB, Python's on SQLite. They agree on ``.``, ``*``, ``+``, ``?``, ``|``, ``[a-z]``,
    ``(…)``, ``^``, ``$`` and ``{2,3}``.
    """
    return Matching(operand(term), operand(pattern), ignores_case=ignores_case)


class Matching(Condition):
    """``term ~ pattern``."""

    def __init__(self, term: Term, pattern: Term, *, ignores_case: bool, is_negated: bool = False) -> None:
        """Hold the term and the regular expression."""
        self.term = term
        self.pattern = pattern
        self.ignores_case = ignores_case
        self.is_negated = is_negated
        self.value_type = BOOL


def texts_of(terms: tuple[Any, ...], where: str) -> tuple[Term, ...]:
    """Terms that are put together to one text, and have the same text on every database.

    Raises:
        BuildError: there is none, or one is of another type.
    """
    if not terms:
        raise BuildError(f"{where}() takes at least one text")
    found = tuple([operand(each) for each in terms])
    for each in found:
        type_ = known_type(each)
        if type_ is not None and type_.stored_kind not in _SAME_TEXT_EVERYWHERE:
            raise BuildError(
                f"{where}() takes texts: that of {type_} differs from database to database; say how with case(), "
                "fn.round or cast(…, str)"
            )
    return found


def _count(number: Any, where: str, least: int) -> Term:
    """A number of characters: an int, below which databases count in different ways, or an expression."""
    if isinstance(number, int) and not isinstance(number, bool) and number >= least:
        return Value(number, INT)
    if isinstance(number, int | float | str) or number is None:
        raise BuildError(f"{where}() takes an int of at least {least} here, not {number!r}")
    return operand(number)


def _character(character: Any) -> Term:
    if not isinstance(character, str) or len(character) != 1:
        raise BuildError("trim takes one character: several are a word to MySQL and MariaDB, and a set to the others")
    return Value(character, STR)


def _filling(fill: Any) -> Term:
    if isinstance(fill, str) and not fill:
        raise BuildError("a text is filled with at least one character")
    return operand(fill)
