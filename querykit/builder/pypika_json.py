"""PyPika's operators of JSON: as ours where every database can have them, else as PostgreSQL's."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Final

import msgspec
from pypika.enums import Equality, JSONOperators

from querykit.builder.arrays import ArrayItems
from querykit.builder.expressions import known_type
from querykit.builder.json_paths import JsonExpression, JsonPath, checked_key
from querykit.builder.json_values import JsonContains, JsonText
from querykit.builder.operands import Value
from querykit.builder.pypika_nodes import Operation
from querykit.builder.pypika_terms import refused
from querykit.builder.value_types import JSON, Json, value_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from querykit.builder.expressions import Condition, Expression

_COMPARED: Final[dict[Equality, Callable[[Any, Any], Any]]] = {
    Equality.eq: operator.eq,
    Equality.ne: operator.ne,
    Equality.lt: operator.lt,
    Equality.lte: operator.le,
    Equality.gt: operator.gt,
    Equality.gte: operator.ge,
}


def json_operation(comparator: JSONOperators, left: Any, right: Any) -> Expression[Any]:
    """``document -> key`` and its like."""
    value = right.value if type(right) is Value else None
    if comparator in (JSONOperators.GET_JSON_VALUE, JSONOperators.GET_TEXT_VALUE):
        found = JsonPath(left, (checked_key(right if value is None else value),))
        return found if comparator is JSONOperators.GET_JSON_VALUE else JsonText(found)
    if comparator is JSONOperators.CONTAINS and value is not None:
        return JsonContains(left, Value(_parsed(value), JSON))
    if comparator is JSONOperators.CONTAINED_BY and value is not None:
        return JsonContains(Value(_parsed(value), JSON), left if known_type(left) else left.returns(Json))
    if isinstance(right, ArrayItems) and right.whole is not None:
        right = ArrayItems((), Value(right.whole.value, value_type(list[str])))
    return Operation(comparator.value, left, right)


def compared_json(comparator: Equality, left: JsonExpression, value: Any) -> Condition:
    """JSON compared with a value; a text is JSON, as it is to PostgreSQL: ``== '"Basel"'``."""
    compared: Condition = _COMPARED[comparator](left, _parsed(value))
    return compared


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        raise refused(f"{value!r} beside JSON", "it is no JSON; get_text_value(…) gives texts") from None
