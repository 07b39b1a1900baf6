"""fetch_json: the same JSON from every database, that of `msgspec.json.encode` for the same rows."""

import math
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from querykit import Database, json_array_from, json_build_object, json_object_from, select, select_from
from querykit.errors import DecodeError
from tests.exactness.cases import Case, Point
from tests.exactness.test_matrix import case, declared, expected

__all__ = ["case"]


def in_json(value: Any) -> Any:
    """What a reader finds who knows no types. Decimals may have other digits behind the last that counts."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Point):
        return f"{value.x} {value.y}"
    if isinstance(value, dict):
        return {key: in_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [in_json(each) for each in value]
    return msgspec.json.decode(msgspec.json.encode(value))


def with_decimals(value: Any) -> Any:
    """JSON in which Decimals are texts, with Decimals: how zero is written is the database's."""
    if isinstance(value, dict):
        return {key: with_decimals(each) for key, each in value.items()}
    if isinstance(value, list):
        return [with_decimals(each) for each in value]
    return Decimal(value) if isinstance(value, str) else value


def writable(case: Case) -> Any:
    """The case's values that JSON has a form for, by their place."""
    return {
        place: value
        for place, value in enumerate(case.values)
        if not (isinstance(value, float | Decimal) and not math.isfinite(value))
    }


async def test_every_type_is_written_as_msgspec_writes_it(db: Database, case: Case) -> None:
    thing = declared(case)
    inner, deepest = thing.as_("inner"), thing.as_("deepest")
    places = [*writable(case), len(case.values)]
    built = select_from(deepest).select(json_build_object(v=deepest.v).as_("built")).where(deepest.id == inner.id)
    rows = select_from(inner).select(inner.id, inner.v, json_object_from(built).as_("one")).where(inner.id == thing.id)
    query = (
        select_from(thing)
        .select(
            thing.v,
            json_array_from(rows).as_("rows"),
            json_array_from(rows.clear_select().select(inner.v).scalars()).as_("values"),
        )
        .where(thing.id.is_in(places))
        .order_by(thing.id)
    )
    values = [in_json(expected(case, db)[place]) for place in places]
    wanted = [
        {"v": value, "rows": [{"id": place, "v": value, "one": {"built": {"v": value}}}], "values": [value]}
        for place, value in zip(places, values, strict=True)
    ]
    found = msgspec.json.decode(await db.fetch_json(query))
    assert (with_decimals(found) == with_decimals(wanted)) if "decimal" in case.name else (found == wanted)


async def test_what_json_cannot_say_is_refused(db: Database, case: Case) -> None:
    thing = declared(case)
    inner = thing.as_("inner")
    for place in set(range(len(case.values))) - set(writable(case)):
        query = select_from(thing).select(thing.id, thing.v).where(thing.id == place)
        with pytest.raises(DecodeError, match="column 'v' of row 1 has a value"):
            await db.fetch_json(query)
        rows = select_from(inner).select(inner.v).where(inner.id == place)
        with pytest.raises(DecodeError, match=r"column 'rows\.v' of row 1 has a value"):
            await db.fetch_json(select(json_array_from(rows).as_("rows")), decimals="number")
