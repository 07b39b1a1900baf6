"""JSON documents: the way to a place in one, and the operators of what is found there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from querykit.builder.comparisons import Between, Comparison, DistinctTest, NullTest, membership
from querykit.builder.expressions import Condition, Expression, Nodes, known_type, name_of
from querykit.builder.json_values import JsonEquals, JsonLength, JsonText, JsonType, JsonValue, reading_beside
from querykit.builder.logic import and_, or_
from querykit.builder.operands import Value, operand
from querykit.builder.value_types import JSON, STR
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from pypika.terms import Term

    from querykit.builder.expressions import Operand
    from querykit.builder.json_values import Reading
    from querykit.builder.statement import Statement


Key = str | int
"""A step into a document: the key of an object, or the index of an array, from its end if it is negative."""


class JsonExpression(Expression[Any]):
    """An expression whose value is JSON.

    Compared with a Python value or a typed expression, it is read as a value of that type: with a str only JSON strings
    are equal, with a number only JSON numbers, with a bool only JSON booleans. What is of another kind, JSON null or
    missing is NULL to every comparison, on every database.
    """

    value_type = JSON

    # -- parts --------------------------------------------------------------------------------------------------------

    def __getitem__(self, key: Key) -> JsonPath:  # type: ignore[override]
        """The value at a key of an object, or at an index of an array; NULL where there is none.

        Any text is a key and matches that key alone; it is bound, never written. A negative index counts from the end
        (MariaDB has those since 10.9, and no key that begins with a hyphen).

        >>> from querykit import select_from, table
        >>> person = table("person")
        >>> query = select_from(person).select(person.profile["auth"]["roles"][1].as_("role"))
        >>> print(query.compile("postgres").sql)
        SELECT "person"."profile" -> $1::text -> $2::text -> $3::int AS "role" FROM "person"
        >>> print(query.compile("sqlite").sql, query.compile("sqlite").parameters)
        SELECT "person"."profile" -> ? AS "role" FROM "person" ('$."auth"."roles"[1]',)
        """
        return JsonPath(self, (checked_key(key),))

    def has_key(self, key: Key) -> Condition:
        """Whether there is a value at that key or index; JSON null is one."""
        return NullTest(self[key], is_negated=True)

    def array_length(self) -> Expression[int]:
        """How many items the array has; NULL where it is none."""
        return JsonLength(self)

    def json_type(self) -> Expression[str]:
        """What it is: ``object``, ``array``, ``string``, ``number``, ``boolean``, ``null``; NULL if it is missing."""
        return JsonType(self)

    # -- readings -----------------------------------------------------------------------------------------------------

    def as_text(self) -> Expression[str]:
        """Its text: of a string without the quotes, of everything else as JSON. JSON null is NULL.

        >>> from querykit import select_from, table
        >>> person = table("person")
        >>> query = select_from(person).select(person.id).where(person.profile["city"].as_text() == "Basel")
        >>> print(query.compile("postgres").sql)
        SELECT "person"."id" FROM "person" WHERE "person"."profile" ->> $1::text = $2
        """
        return JsonText(self)

    def as_json(self) -> JsonExpression:
        """Itself: it is JSON already."""
        return self

    def as_int(self) -> Expression[int]:
        """The whole part of the number; NULL where it is no JSON number."""
        return JsonValue(self, "int")

    def as_float(self) -> Expression[float]:
        """The number as a float; NULL where it is no JSON number."""
        return JsonValue(self, "float")

    def as_decimal(self) -> Expression[Decimal]:
        """The number as a Decimal; NULL where it is no JSON number."""
        return JsonValue(self, "decimal")

    def as_bool(self) -> Expression[bool]:
        """True or false; NULL where it is no JSON boolean."""
        return JsonValue(self, "bool")

    # -- comparisons --------------------------------------------------------------------------------------------------

    def _compared(self, operator: str, other: Any) -> Condition:
        right = operand(other)
        if is_document(other, right):
            if operator not in ("=", "<>"):
                raise BuildError("JSON documents are equal or not, neither less nor more: compare a value in them")
            return JsonEquals(self, document(other), is_negated=operator == "<>")
        return Comparison(operator, self._read_beside(right), right)

    def _read_beside(self, *others: Term) -> Expression[Any]:
        readings: set[Reading] = {reading_beside(each) for each in others}
        if readings == {"number", "float"}:
            readings = {"float"}
        if len(readings) != 1:
            raise BuildError("JSON is compared with values of one type")
        types = {known_type(each) for each in others}
        return JsonValue(self, readings.pop(), types.pop() if len(types) == 1 else None)

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]
        """Equal to a value of the same kind; `None` means `is_null`."""
        return self.is_null() if other is None else self._compared("=", other)

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]
        """A value of the same kind that is not equal; `None` means `is_not_null`."""
        return self.is_not_null() if other is None else self._compared("<>", other)

    __hash__ = object.__hash__

    def __lt__(self, other: Operand) -> Condition:  # type: ignore[override]
        """``<``, with a value of the same kind."""
        return self._compared("<", other)

    def __le__(self, other: Operand) -> Condition:  # type: ignore[override]
        """``<=``, with a value of the same kind."""
        return self._compared("<=", other)

    def __gt__(self, other: Operand) -> Condition:  # type: ignore[override]
        """``>``, with a value of the same kind."""
        return self._compared(">", other)

    def __ge__(self, other: Operand) -> Condition:  # type: ignore[override]
        """``>=``, with a value of the same kind."""
        return self._compared(">=", other)

    def between(self, lower: Operand, upper: Operand) -> Condition:  # type: ignore[override]
        """``BETWEEN lower AND upper``, both included, of values of the same kind."""
        low, high = operand(lower), operand(upper)
        return Between(self._read_beside(low, high), low, high)

    def is_distinct_from(self, other: Operand) -> Condition:
        """Not equal to a value of the same kind; what is of another kind, null or not there is distinct from any."""
        return self._distinct(other)

    def is_not_distinct_from(self, other: Operand) -> Condition:
        """Equal to a value of the same kind; with None, `is_null`."""
        return self._distinct(other, is_negated=True)

    def _distinct(self, other: Operand, *, is_negated: bool = False) -> Condition:
        if other is None:
            return self.is_null() if is_negated else self.is_not_null()
        right = operand(other)
        return DistinctTest(self._read_beside(right), right, is_negated=is_negated)

    def is_in(self, values: Iterable[Any] | Statement[Any, Any]) -> Condition:
        """``IN``: equal to one of the values, which are of one type; None among them means `is_null`."""
        return self._member(values)

    def not_in(self, values: Iterable[Any] | Statement[Any, Any]) -> Condition:
        """The opposite of `is_in`."""
        return self._member(values, is_negated=True)

    def _member(self, values: Any, *, is_negated: bool = False) -> Condition:
        if isinstance(values, str | bytes) or not hasattr(values, "__iter__"):
            raise BuildError("JSON is looked for among values; in a query, say .as_text() or .as_int() first")
        items = list(values)
        present = [each for each in items if each is not None]
        found = self._present_member(present, is_negated=is_negated)
        if len(present) == len(items):
            return found
        null = self.is_not_null() if is_negated else self.is_null()
        return and_(found, null) if is_negated else or_(found, null)

    def _present_member(self, values: list[Any], *, is_negated: bool) -> Condition:
        read = self._read_beside(*[operand(each) for each in values]) if values else self
        return membership(read, values, is_negated=is_negated)

    def like(self, pattern: Operand) -> Condition:  # type: ignore[override]
        """``LIKE``, of its text."""
        return self.as_text().like(pattern)

    def not_like(self, pattern: Operand) -> Condition:  # type: ignore[override]
        """``NOT LIKE``, of its text."""
        return self.as_text().not_like(pattern)

    def ilike(self, pattern: Operand) -> Condition:  # type: ignore[override]
        """``LIKE`` without regard to case, of its text."""
        return self.as_text().ilike(pattern)

    def not_ilike(self, pattern: Operand) -> Condition:  # type: ignore[override]
        """The opposite of `ilike`."""
        return self.as_text().not_ilike(pattern)

    def starts_with(self, text: str | Expression[str]) -> Condition:
        """Whether its text begins with `text`."""
        return self.as_text().starts_with(text)

    def ends_with(self, text: str | Expression[str]) -> Condition:
        """Whether its text ends with `text`."""
        return self.as_text().ends_with(text)

    def has_substring(self, text: str | Expression[str]) -> Condition:
        """Whether `text` stands somewhere in its text."""
        return self.as_text().has_substring(text)

    def _no_arithmetic(self, *_: object) -> NoReturn:
        raise BuildError("JSON has no arithmetic: say .as_int(), .as_float() or .as_text() first")

    __add__ = __radd__ = __sub__ = __rsub__ = _no_arithmetic  # pyright: ignore[reportAssignmentType]
    __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _no_arithmetic  # pyright: ignore[reportAssignmentType]
    __mod__ = __neg__ = _no_arithmetic  # pyright: ignore[reportAssignmentType]


class JsonPath(JsonExpression):
    """The value at a place in a document.

    Attributes:
        term: The document.
        keys: The steps into it.
    """

    def __init__(self, term: Term, keys: tuple[Key, ...]) -> None:
        """Hold the document and the steps."""
        self.term = term
        self.keys = keys

    def __getitem__(self, key: Key) -> JsonPath:  # type: ignore[override]
        """A step further; see `JsonExpression.__getitem__`."""
        return JsonPath(self.term, (*self.keys, checked_key(key)))

    def is_null(self) -> Condition:
        """Whether nothing is there, or JSON null; `has_key` tells the two apart."""
        return NullTest(JsonText(self))

    def is_not_null(self) -> Condition:
        """Whether something is there that is not JSON null."""
        return NullTest(JsonText(self), is_negated=True)


class JsonDocument(JsonExpression):
    """An expression that is told to be JSON: a text, which is parsed where the database has a type for JSON."""

    def __init__(self, term: Term) -> None:
        """Hold the text."""
        self.term = term


def checked_key(key: object) -> Key:
    """A key or an index.

    Raises:
        BuildError: it is neither.
    """
    if isinstance(key, str) or (isinstance(key, int) and not isinstance(key, bool)):
        return key
    raise BuildError(f"a place in JSON is a key (str) or an index (int), not {type(key).__name__}")


def is_document(given: object, term: Term) -> bool:
    """Whether something is a whole document, not a scalar."""
    if isinstance(given, dict | list | tuple):
        return True
    known = known_type(term)
    return known is not None and known.stored_kind == "json"


def document(given: Any) -> Term:
    """A Python value, or an expression, as JSON."""
    if isinstance(given, dict | list | tuple):
        return Value(given, JSON)
    if given is None:
        return JsonDocument(Value("null", STR))
    term = operand(given)
    if type(term) is Value:
        return Value(term.value, JSON)
    return term


def as_json(term: Expression[Any]) -> JsonExpression:
    """A text, or an expression of unknown type, that holds JSON.

    Raises:
        BuildError: it is of another type.
    """
    known = known_type(term)
    if known is None or known.kind in ("str", "json"):
        return JsonDocument(term)
    raise BuildError(f"as_json() is for texts that hold JSON, not for {known}")


def part_of(term: Expression[Any], key: Any) -> JsonPath:
    """A step into an expression whose type is not known, which is taken for JSON.

    Raises:
        BuildError: its type is known, and is not JSON.
    """
    if isinstance(key, slice):
        raise BuildError("an expression has no slices; write a.between(b, c)")
    return whole_document(term)[key]


def whole_document(term: Expression[Any]) -> JsonPath:
    """An expression that is JSON, or whose type is not known, as a document.

    Raises:
        BuildError: its type is known, and is not JSON.
    """
    known = known_type(term)
    if term.shape is None or (known is not None and known.kind == "json"):
        return JsonPath(term, ())
    raise BuildError(f"{name_of(term)} is {known or 'nested rows'}, not JSON; .as_json() is for a text that holds some")


Nodes.json_path, Nodes.json_document = part_of, as_json
