"""Random filters find the rows that a reading of them in Python finds, with SQL's three values of truth.

`QUERYKIT_EXAMPLES=2000 make test ARGS="tests/access/test_filter_meaning.py"` looks longer.
"""

from __future__ import annotations

import operator
import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from querykit.access import find_query
from tests.access.tables import person
from tests.sample import PEOPLE, PETS, TOYS

EXAMPLES = int(os.environ.get("QUERYKIT_EXAMPLES", "60"))
RELATED = {
    ("person", "pets"): ("pet", lambda row: [each for each in PETS if each["owner_id"] == row["id"]]),
    ("person", "cats"): (
        "pet",
        lambda row: [each for each in PETS if each["owner_id"] == row["id"] and each["species"] == "cat"],
    ),
    ("person", "children"): ("person", lambda row: [each for each in PEOPLE if each["mother_id"] == row["id"]]),
    ("person", "mother"): ("person", lambda row: [each for each in PEOPLE if each["id"] == row["mother_id"]]),
    ("pet", "owner"): ("person", lambda row: [each for each in PEOPLE if each["id"] == row["owner_id"]]),
    ("pet", "toys"): ("toy", lambda row: [each for each in TOYS if each["pet_id"] == row["id"]]),
}
COMPARED = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "between": lambda value, ends: ends[0] <= value <= ends[1],
    "contains": lambda value, text: text in value,
    "starts_with": lambda value, text: value.startswith(text),
    "ends_with": lambda value, text: value.endswith(text),
}


def both(truths: list[bool | None]) -> bool | None:
    return False if False in truths else None if None in truths else True


def opposite(truth: bool | None) -> bool | None:
    return None if truth is None else not truth


def compared(value: Any, name: str, given: Any) -> bool | None:
    """What an operator says of a value."""
    if name == "is_null":
        return (value is None) is given
    if given is None:
        return (value is None) is (name == "eq")
    if name in ("in", "not_in"):
        if value is None and given:
            return None
        return (value in given) is (name == "in")
    return None if value is None else COMPARED[name](value, given)


def asked(relation: tuple[str, str], name: str, inner: Any, row: dict[str, Any]) -> bool:
    """What a relation's operator says of a row."""
    table, rows = RELATED[relation][0], RELATED[relation][1](row)
    if inner is None:
        return (not rows) is (name == "is")
    met = [truth(table, inner, each) is True for each in rows]
    return {"some": any, "is": any, "every": all}.get(name, lambda met: not any(met))(met)


def truth(table: str, data: dict[str, Any], row: dict[str, Any]) -> bool | None:
    """What a filter says of a row."""
    found: list[bool | None] = []
    for key, part in data.items():
        if key == "and":
            found.append(both([truth(table, each, row) for each in part]))
        elif key == "or":
            found.append(opposite(both([opposite(truth(table, each, row)) for each in part])))
        elif key == "not":
            found.append(opposite(truth(table, part, row)))
        elif (table, key) in RELATED:
            found += [asked((table, key), name, inner, row) for name, inner in part.items()]
        else:
            said = part if isinstance(part, dict) else {"eq": part}
            found += [compared(row[key], name, operand) for name, operand in said.items()]
    return both(found)


NUMBERS = st.sampled_from([0, 1, 2, 4, 10, 11, 1950, 1975, 1978, 2001])
TEXTS = st.sampled_from(["Ada", "Bea", "Bee", "Dodo", "cat", "dog", "Rex", "ball", "x"])
PARTS = st.sampled_from(["", "a", "e", "o", "%", "_", "at", "zz"])


def operators(values: Any) -> Any:
    """A value, None, or operators of a column with values for them; texts are not ordered alike everywhere."""
    taken = dict.fromkeys(("eq", "ne"), values | st.none()) | {"is_null": st.booleans()}
    taken |= dict.fromkeys(("in", "not_in"), st.lists(values, max_size=3))
    if values is TEXTS:
        taken |= dict.fromkeys(("contains", "ends_with"), PARTS)
    else:
        taken |= dict.fromkeys(("gt", "gte", "lt", "lte"), values)
        taken["between"] = st.lists(values, min_size=2, max_size=2)
    return st.one_of(values, st.none(), st.fixed_dictionaries({}, optional=taken).filter(bool))


COLUMNS = {
    "person": {"id": NUMBERS, "birth_year": NUMBERS, "mother_id": NUMBERS, "first_name": TEXTS, "nickname": TEXTS},
    "pet": {"id": NUMBERS, "species": TEXTS, "name": TEXTS, "owner_id": NUMBERS},
    "toy": {"price": NUMBERS, "name": TEXTS},
}


def filters(table: str, depth: int) -> Any:
    """Filters of a table, so deep."""
    parts: dict[str, Any] = {name: operators(values) for name, values in COLUMNS[table].items()}
    if depth:
        inner = filters(table, depth - 1)
        parts |= {"and": st.lists(inner, max_size=2), "or": st.lists(inner, max_size=2), "not": inner}
        for (source, name), (target, _) in RELATED.items():
            if source == table:
                related = filters(target, depth - 1)
                is_one = name in ("mother", "owner")
                names = {"is": related | st.none(), "is_not": related | st.none()} if is_one else {}
                names |= {} if is_one else dict.fromkeys(("some", "none", "every"), related)
                parts[name] = st.sampled_from(sorted(names)).flatmap(
                    lambda key, names=names: st.fixed_dictionaries({key: names[key]})
                )
    chosen = st.lists(st.sampled_from(sorted(parts)), max_size=2, unique=True)
    return chosen.flatmap(lambda keys: st.fixed_dictionaries({key: parts[key] for key in keys}))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=filters("person", 2))
async def test_a_filter_finds_what_it_says(db, sample_tables, data):
    query = find_query(person, where=data, columns=["id"], order_by="id")
    expected = [row["id"] for row in PEOPLE if truth("person", data, row) is True]
    assert await db.fetch_column(query) == expected, data
