"""Schemas of the program's own: what they make of data that comes in, and whether rows that go out are as they say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from querykit.errors import DecodeError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from querykit.access.fields import Path

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_OF_FIELDS = {"Object missing required field ": "is missing", "Object contains unknown field ": "no such field"}


def validated(schema: Any, data: Any, path: Path) -> Mapping[str, Any]:
    """What a schema makes of data: a mapping of the fields that were given.

    A field that is left out on purpose is one whose default is `msgspec.UNSET`, or that pydantic was not given.

    Raises:
        InputError: a schema of `msgspec`'s kinds refuses it. pydantic and functions raise what is theirs.
    """
    if not isinstance(schema, type):
        made: Mapping[str, Any] = schema(data)
        return made
    if hasattr(schema, "model_validate"):  # pydantic is no need of ours: its errors are its own
        dumped: Mapping[str, Any] = schema.model_validate(data).model_dump(exclude_unset=True)
        return dumped
    try:
        found: Any = msgspec.convert(data, schema)
    except msgspec.ValidationError as error:
        raise _refusal(str(error), path) from None
    fields = dict(found) if isinstance(found, dict) else {name: getattr(found, name) for name in _field_names(schema)}
    return {name: each for name, each in fields.items() if each is not msgspec.UNSET}


def _refusal(message: str, path: Path) -> InputError:
    """What msgspec says, ``Expected `int`, got `str` - at `$.pets[0].age` ``, with its place as a path.

    The key of a dict is not told (``[...]``): the path ends before it.
    """
    reason, _, place = message.replace("`", "").partition(" - at ")
    steps = [name or int(number) for name, number in _STEP.findall(place.partition("$")[2].partition("[...]")[0])]
    for beginning, instead in _OF_FIELDS.items():
        if reason.startswith(beginning):
            steps.append(reason.removeprefix(beginning))
            reason = instead
    return InputError((*path, *steps), reason[:1].lower() + reason[1:])


def _field_names(schema: Any) -> tuple[str, ...]:
    names: tuple[str, ...] = getattr(schema, "__struct_fields__", None) or tuple(schema.__dataclass_fields__)
    return names


def check_row(schema: Any, row: Mapping[str, Any], table: str) -> None:
    """See that a row of the database is as a schema says.

    Raises:
        DecodeError: a schema of `msgspec`'s kinds refuses it. pydantic and functions raise what is theirs.
    """
    try:
        validated(schema, row, ())
    except InputError as error:
        raise DecodeError(f"a row of {table} is not as {schema.__name__} says: {error}") from None
