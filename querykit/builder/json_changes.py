"""Functions of JSON documents: what one holds, and documents with one place changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from querykit.builder.expressions import Expression, known_type
from querykit.builder.json_paths import JsonExpression, JsonPath, document
from querykit.builder.json_values import JsonContains
from querykit.builder.operands import Value
from querykit.builder.value_types import JSON, type_of
from querykit.errors import BuildError

if TYPE_CHECKING:
    from pypika.terms import Term

    from querykit.builder.expressions import Condition


class JsonChange(JsonExpression):
    """A document with one place changed.

    Attributes:
        change: What is done: ``"set"``, ``"insert"``, ``"append"`` or ``"remove"``.
        place: Where.
        value: What is put there, as JSON; None where something is removed.
    """

    def __init__(
        self, change: Literal["set", "insert", "append", "remove"], place: JsonPath, value: Term | None
    ) -> None:
        """Hold the place and the value."""
        self.change = change
        self.place = place
        self.value = value


def json_contains(json: Any, part: Any) -> Condition:
    """Whether a JSON document holds `part`: an object with these keys and values, an array with these items.

    An array also holds a scalar that is one of its items. SQLite looks for scalars only.

    >>> from querykit import json_contains, select_from, table
    >>> person = table("person")
    >>> query = select_from(person).select(person.id).where(json_contains(person.profile["tags"], "admin"))
    >>> print(query.compile("mysql").sql)
    SELECT `person`.`id` FROM `person` WHERE JSON_CONTAINS(JSON_EXTRACT(`person`.`profile`, %s), CAST(%s AS JSON))

    Source: https://www.postgresql.org/docs/current/datatype-json.html#JSON-CONTAINMENT
    """
    return JsonContains(_json(json, "json_contains"), document(part))


def json_set(place: JsonPath, value: Any) -> JsonExpression:
    """The document with a value at a place: ``update(person).set(profile=json_set(person.profile["city"], "Basel"))``.

    The parent of the place has to be there, an object for a key and an array for an index; else the document stays as
    it is. A key that is missing is added; an index past the end appends.

    >>> from querykit import json_set, table, update
    >>> person = table("person")
    >>> move = update(person).set(profile=json_set(person.profile["city"], "Basel")).where(person.id == 1)
    >>> print(move.compile("mysql").sql)
    UPDATE `person` SET `profile` = JSON_SET(`person`.`profile`, %s, CAST(%s AS JSON)) WHERE `person`.`id` = %s

    Raises:
        BuildError: the place is no path, or its index counts from the end.
        UnsupportedError: when compiled for SQLite, where a key to be written holds a quote, a backslash or a control
            character, which its paths cannot say.
    """
    where = _place(place, "json_set")
    if isinstance(where.keys[-1], int) and where.keys[-1] < 0:
        raise BuildError("json_set takes an index from the start of the array")
    return JsonChange("set", where, document(value))


def json_insert(place: JsonPath, value: Any) -> JsonExpression:
    """The document with a key added, if it is missing; see `json_set`."""
    where = _place(place, "json_insert")
    if isinstance(where.keys[-1], int):
        raise BuildError("json_insert adds a key to an object; json_append adds an item to an array")
    return JsonChange("insert", where, document(value))


def json_append(array: Expression[Any], value: Any) -> JsonExpression:
    """The document with a value added to the end of an array in it; where there is no array, as it is."""
    json = _json(array, "json_append")
    return JsonChange("append", json if isinstance(json, JsonPath) else JsonPath(json, ()), document(value))


def json_remove(place: JsonPath) -> JsonExpression:
    """The document without the value at a place; where there is none, as it is."""
    return JsonChange("remove", _place(place, "json_remove"), None)


def _json(given: Any, where: str) -> Expression[Any]:
    if isinstance(given, dict | list | tuple):
        return Value(given, JSON)
    known = known_type(given)
    if isinstance(given, Expression) and (known is None or known.kind == "json"):
        return given
    raise BuildError(f"{where}() takes JSON, not {known or type_of(given) or type(given).__name__}")


def _place(given: Any, where: str) -> JsonPath:
    if isinstance(given, JsonPath):
        return given
    raise BuildError(
        f'{where}() takes a place in a document, such as person.profile["city"], not {type(given).__name__}'
    )
