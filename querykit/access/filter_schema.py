"""The grammar of filters as a JSON Schema, for API documents."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from querykit.access.fields import DECIMAL, GREATEST_INDEX, field_of, visible_columns
from querykit.access.filters import TO_MANY, TO_ONE
from querykit.access.operators import OPERATORS, ORDERED, TEXT
from querykit.access.related import One
from querykit.access.relations import relations_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from querykit import Column, Table
    from querykit.access.operators import Operator

Schema = dict[str, Any]

_DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME: Final = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
_HEX: Final = "[0-9a-fA-F]"
_BASE64: Final = "[A-Za-z0-9+/]"

VALUES: Final[dict[str, Schema]] = {
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "decimal": {"anyOf": [{"type": "number"}, {"type": "string", "pattern": f"^{DECIMAL}$"}]},
    "str": {"type": "string"},
    "bytes": {
        "type": "string",
        "contentEncoding": "base64",
        "pattern": f"^({_BASE64}{{4}})*({_BASE64}{{2}}==|{_BASE64}{{3}}=)?$",
    },
    "date": {"type": "string", "format": "date", "pattern": f"^{_DAY}$"},
    "time": {"type": "string", "pattern": f"^{_TIME}$"},
    "datetime": {"type": "string", "pattern": f"^{_DAY}[Tt ]{_TIME}$"},
    "instant": {
        "type": "string",
        "format": "date-time",
        "pattern": f"^{_DAY}[Tt ]{_TIME}([Zz]|[+-][0-9]{{2}}:[0-9]{{2}})$",
    },
    "timedelta": {"type": "string", "format": "duration"},
    "uuid": {"type": "string", "pattern": f"^({_HEX}{{32}}|{_HEX}{{8}}(-{_HEX}{{4}}){{3}}-{_HEX}{{12}})$"},
}
"""What JSON writes for a value, by the kind of its type."""
_SCALAR: Final[Schema] = {"type": ["string", "number", "boolean"]}


def filter_schema(table: Table, *, max_depth: int = 8, max_conditions: int = 100) -> Schema:
    """A JSON Schema (2020-12) of what `parse_filter` takes for a table, with the same limits.

    It names the declared columns that are not hidden with the operators of their types, and the relations. What no
    schema can say: that a filter has no more than `max_conditions` in all, and which dates there are.

    >>> from querykit.access import filter_schema
    >>> from recipes.schema import pet
    >>> schema = filter_schema(pet, max_depth=1)
    >>> sorted(schema["$defs"])
    ['int', 'pet', 'str']

    Args:
        table: The table.
        max_depth: As in `parse_filter`.
        max_conditions: As in `parse_filter`.
    """
    made = _Maker(max_depth, max_conditions)
    outermost = made.filter_of(table, 1)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **outermost, "$defs": made.definitions}


class _Maker:
    """Makes the definitions, each once."""

    def __init__(self, max_depth: int, max_conditions: int) -> None:
        """Begin with none."""
        self._max_depth = max_depth
        self._max_conditions = max_conditions
        self._names: dict[Any, str] = {}
        self.definitions: dict[str, Schema] = {}

    def filter_of(self, table: Table, depth: int) -> Schema:
        """A reference to what filters of a table are, so deep in others."""
        wanted = table._name if depth == 1 else f"{table._name}.{depth}"
        return self._defined((type(table), depth), wanted, lambda: self._object(self._parts(table, depth)))

    def _defined(self, key: Any, wanted: str, make: Callable[[], Schema]) -> Schema:
        """A reference to a definition, under the name that is wanted or one like it."""
        if key not in self._names:
            words = re.sub(r"[^\w.]+", "_", wanted)
            names = (words, *[f"{words}-{number}" for number in range(2, len(self.definitions) + 3)])
            name = self._names[key] = next(each for each in names if each not in self.definitions)
            self.definitions[name] = {}  # so that it is not made again inside of itself
            self.definitions[name] = make()
        return {"$ref": f"#/$defs/{self._names[key]}"}

    def _parts(self, table: Table, depth: int) -> dict[str, Schema]:
        parts = {name: self._column(each, table) for name, each in visible_columns(table).items()}
        for name, relation in relations_of(table).items():
            related = relation.reached_from(table)
            asked = self._asked(related.table, depth, is_one=isinstance(related, One))
            if asked:
                parts.setdefault(name, self._object(asked, minProperties=1))
        inner = self.filter_of(table, depth + 1) if depth < self._max_depth else None
        some: Schema = {"maxItems": 0} if inner is None else {"items": inner, "maxItems": self._max_conditions}
        logic: dict[str, Schema] = {"and": {"type": "array", **some}, "or": {"type": "array", **some}}
        return parts | logic | ({} if inner is None else {"not": inner})

    def _asked(self, table: Table, depth: int, *, is_one: bool) -> dict[str, Schema]:
        none: list[Schema] = [{"type": "null"}] if is_one else []
        kinds = none + ([self.filter_of(table, depth + 1)] if depth < self._max_depth else [])
        asked: Schema = {"anyOf": kinds} if len(kinds) > 1 else dict(*kinds)
        return dict.fromkeys(TO_ONE if is_one else TO_MANY, asked) if kinds else {}

    def _column(self, column: Column[Any], table: Table) -> Schema:
        type_, comment = column.value_type, table._options(column.name).comment
        make = self._document if field_of(column).is_document else partial(self._operators, column)
        found = self._defined((type_, "type"), "any" if type_ is None else str(type_), make)
        return found if comment is None else {**found, "description": comment}

    def _operators(self, column: Column[Any]) -> Schema:
        field, value = field_of(column), _value(column.value_type)
        operators = {name: self._operand(each, value) for name, each in OPERATORS.items() if each.stands_on(field)}
        return {"anyOf": [value, {"type": "null"}, self._object(operators, minProperties=1)]}

    def _operand(self, operator: Operator, value: Any) -> Schema:
        taken: dict[str, Schema] = {
            "value": value,
            "values": {"type": "array", "items": value, "maxItems": self._max_conditions},
            "pair": {"type": "array", "items": value, "minItems": 2, "maxItems": 2},
            "text": {"type": "string"},
            "flag": {"type": "boolean"},
        }
        found = taken[operator.takes]
        return found if operator.of_null is None else {"anyOf": [found, {"type": "null"}]}

    def _document(self) -> Schema:
        """Of a column of JSON: a path and operators beside it, or whether it is NULL."""
        step: Schema = {"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 0, "maximum": GREATEST_INDEX}]}
        path: Schema = {"type": "array", "items": step, "minItems": 1, "maxItems": self._max_conditions}
        operators = {name: self._of_place(each) for name, each in OPERATORS.items()}
        beside = self._object({"path": path, **operators}, required=["path"], minProperties=2)
        return {"anyOf": [{"type": "null"}, self._object({"is_null": {"type": "boolean"}}, minProperties=1), beside]}

    def _of_place(self, operator: Operator) -> Schema:
        kinds = ("str", "float") if operator.kinds is ORDERED else ("str",) if operator.kinds is TEXT else _PLACES
        if operator.takes in ("text", "flag"):
            return self._operand(operator, {})
        return {"anyOf": [self._operand(operator, VALUES[kind]) for kind in kinds]}

    @staticmethod
    def _object(properties: dict[str, Schema], **more: Any) -> Schema:
        return {"type": "object", "properties": properties, "additionalProperties": False, **more}


_PLACES: Final = ("str", "float", "bool")
"""The kinds of values that places in JSON are compared with."""


def _value(type_: Any) -> Any:
    """What JSON writes for a value of a type; False where it writes none."""
    if type_ is None:
        return _SCALAR
    if type_.kind == "enum":
        return {"enum": [each.value for each in type_.python]}
    if type_.item is not None:
        return {"type": "array", "items": _value(type_.item)}
    return VALUES.get(type_.kind, False)
