"""The JSON Schema of filters takes what filters take, and refuses what they refuse.

`QUERYKIT_EXAMPLES=5000 make test ARGS="tests/access/test_filter_schema.py"` looks longer.
"""

from __future__ import annotations

import json
import os

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querykit import AwareDatetime, Column, Json, Table, column
from querykit.access import belongs_to, filter_schema, has_many, parse_filter
from querykit.access.operators import OPERATORS
from querykit.errors import InputError
from tests.access.tables import person
from tests.access.test_filters import KEY, Suit

EXAMPLES = int(os.environ.get("QUERYKIT_EXAMPLES", "150"))


class Card(Table, name="int"):
    """Its name is that of a type, which is to be no matter."""

    id: Column[int] = column(primary_key=True, comment="its number")
    suit: Column[Suit]
    words: Column[list[str]]
    deck_id: Column[int | None]
    pin: Column[str] = column(hidden=True)

    deck = belongs_to("Deck", by="deck_id", key="id")


class Deck(Table, name="deck"):
    id: Column[int] = column(primary_key=True)
    is_full: Column[bool]
    weight: Column[float]
    name: Column[str | None]
    made_at: Column[AwareDatetime]
    facts: Column[Json]

    cards = has_many(Card, by="deck_id")


deck, card = Deck(), Card()


def taken(table, data, **limits) -> bool:
    try:
        parse_filter(table, data, **limits)
    except InputError:
        return False
    return True


def is_valid(schema, data) -> bool:
    return jsonschema.Draft202012Validator(schema).is_valid(data)


def test_it_is_a_schema_of_the_columns_that_are_not_hidden():
    schema = filter_schema(card)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema
    properties = schema["$defs"]["int"]["properties"]
    assert list(properties) == ["id", "suit", "words", "deck_id", "deck", "and", "or", "not"]
    assert properties["id"] == {"$ref": "#/$defs/int-2", "description": "its number"}
    assert schema["$defs"]["Suit"]["anyOf"][0] == {"enum": ["hearts"]}
    assert "pin" not in json.dumps(schema)


@pytest.mark.parametrize(
    ("table", "data"),
    [
        (card, {}),
        (card, {"id": 1, "suit": "hearts", "words": ["a", "b"], "deck": {"is": None}}),
        (card, {"suit": {"in": ["hearts"], "ne": None}, "words": {"eq": None}}),
        (card, {"deck": {"is": {"cards": {"every": {"id": {"between": [1, 3]}}}}}}),
        (deck, {"facts": {"path": ["a", 0, "b"], "contains": "x", "ne": None}}),
        (deck, {"facts": {"is_null": True}, "made_at": {"lt": "2024-02-29T12:30:00.5+01:00"}}),
        (deck, {"or": [{"facts": None}, {"not": {"facts": {"path": ["x"], "in": [1, 2.5]}}}], "and": []}),
        (deck, {"cards": {"some": {}, "none": {"id": {"not_in": []}}}}),
    ],
)
def test_both_take_filters(table, data):
    assert taken(table, data)
    assert is_valid(filter_schema(table), data)


@pytest.mark.parametrize(
    ("table", "data"),
    [
        (card, None),
        (card, []),
        (card, {"pin": "x"}),
        (card, {"idd": 1}),
        (card, {"id": "1"}),
        (card, {"id": True}),
        (card, {"id": 1.5}),
        (card, {"id": {}}),
        (card, {"id": {"gt": None}}),
        (card, {"id": {"like": "1"}}),
        (card, {"id": {"in": [None]}}),
        (card, {"id": {"in": 1}}),
        (card, {"id": {"between": [1]}}),
        (card, {"suit": "spades"}),
        (card, {"suit": {"like": "h%"}}),
        (card, {"suit": {"gt": "hearts"}}),
        (card, {"words": [1]}),
        (card, {"deck": {}}),
        (card, {"deck": {"some": {}}}),
        (card, {"deck": None}),
        (deck, {"cards": {"some": None}}),
        (deck, {"is_full": {"gt": True}}),
        (deck, {"facts": {"a": 1}}),
        (deck, {"facts": {"path": ["a"]}}),
        (deck, {"facts": {"path": [], "eq": 1}}),
        (deck, {"facts": {"path": [-1], "eq": 1}}),
        (deck, {"facts": {"path": ["a"], "eq": []}}),
        (deck, {"facts": {"path": ["a"], "gt": True}}),
        (deck, {"facts": {"path": ["a"], "in": [1, "2"]}}),
        (deck, {"facts": {"path": ["a"], "contains": 1}}),
        (deck, {"made_at": "2024-02-29T12:30:00"}),
        (deck, {"and": {}}),
        (deck, {"not": None}),
        (deck, {"not": [{}]}),
    ],
)
def test_both_refuse_what_is_no_filter(table, data):
    assert not taken(table, data)
    assert not is_valid(filter_schema(table), data)


def test_both_know_how_deep_filters_go():
    for depth in range(1, 5):
        schema = filter_schema(person, max_depth=depth)
        for inner in range(6):
            for wrap in ("not", "and", "mother"):
                data: dict = {"id": 1}
                for _ in range(inner):
                    data = {"not": {"not": data}, "and": {"and": [data]}, "mother": {"mother": {"is": data}}}[wrap]
                assert is_valid(schema, data) == taken(person, data, max_depth=depth) == (inner < depth)
        assert is_valid(schema, {"mother": {"is": None}, "or": []})


SCALARS = st.one_of(
    st.sampled_from([None, True, False, 0, 1, -1, 1.5, 2.0, "", "a%", "hearts", KEY, "2024-02-29T12:30:00Z"]),
)
NAMES = ["id", "suit", "words", "deck_id", "pin", "deck", "is_full", "weight", "name", "made_at", "facts", "cards", "x"]
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=2))


def filters(inner):
    operators = st.dictionaries(st.sampled_from([*OPERATORS, "path", "gtt"]), VALUES, max_size=2)
    of_relation = st.dictionaries(
        st.sampled_from(["some", "none", "every", "is", "is_not"]), inner | st.none(), max_size=2
    )
    of_logic = st.dictionaries(st.sampled_from(["and", "or", "not"]), inner | st.lists(inner, max_size=2), max_size=2)
    of_columns = st.dictionaries(st.sampled_from(NAMES), VALUES | operators | of_relation, max_size=2)
    return st.one_of(of_columns, of_logic, st.builds(lambda one, other: {**one, **other}, of_columns, of_logic))


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.recursive(st.just({}), filters, max_leaves=6), table=st.sampled_from([deck, card]))
def test_both_agree(data, table):
    assert is_valid(SCHEMAS[table], data) == taken(table, data), data


SCHEMAS = {table: filter_schema(table) for table in (deck, card)}


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    column=st.sampled_from(sorted({*deck._columns, "words", "suit"})),
    operator=st.sampled_from(sorted(OPERATORS)),
    value=VALUES,
    has_path=st.booleans(),
)
def test_both_agree_on_every_operator(column, operator, value, has_path):
    table = deck if column in deck._columns else card
    data = {column: {operator: value} | ({"path": ["a"]} if has_path else {})}
    assert is_valid(SCHEMAS[table], data) == taken(table, data), data
