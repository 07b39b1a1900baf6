"""Whatever JSON comes from outside, it is read or refused as `InputError`: nothing else goes wrong.

`QUERYKIT_EXAMPLES=20000 make test ARGS="tests/access/test_any_json.py"` looks longer.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querykit import Expression
from querykit.access import ReadRepository, Repository, find_query, parse_filter
from querykit.errors import InputError
from tests.access.tables import person
from tests.access.test_filter_rows import thing

EXAMPLES = int(os.environ.get("QUERYKIT_EXAMPLES", "150"))
KEYS = (
    "and or not some is every eq in between like is_null path where columns include order_by limit offset pets mother"
)
NAMES = st.sampled_from([*person._columns, *thing._columns, *KEYS.split(), ""])
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), NAMES, NAMES.map(lambda name: f"-{name}")
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=12
)
LISTS = st.lists(JSON, max_size=3)
OBJECTS = st.dictionaries(NAMES, JSON, max_size=3)


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=OBJECTS | JSON, table=st.sampled_from([person, thing]))
def test_a_filter(data, table):
    """An expression or an `InputError`, and nothing else: another error of ours, or Python's, would fail here."""
    with suppress(InputError):
        assert isinstance(parse_filter(table, data), Expression)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    where=st.none() | OBJECTS | JSON,
    columns=st.none() | LISTS | JSON,
    include=OBJECTS | LISTS | JSON,
    order_by=LISTS | JSON,
    limit=st.none() | JSON,
)
def test_a_find(where, columns, include, order_by, limit):
    asked = {"where": where, "columns": columns, "include": include, "order_by": order_by, "limit": limit}
    for find in (partial(find_query, person), ReadRepository(None, person).find_query):
        with suppress(InputError):
            compiled = find(**asked).compile("postgres")
            assert compiled.sql.startswith("SELECT ")
            assert isinstance(compiled.arguments(), tuple)


class NoDatabase(Exception):  # noqa: N818 - what the repositories below run on
    pass


class Nowhere:
    """A database that is never reached by what is refused."""

    def __getattr__(self, name):
        raise NoDatabase


@settings(max_examples=EXAMPLES, deadline=None)
@given(one=JSON, other=OBJECTS | JSON)
async def test_a_write(one, other):
    things = Repository(Nowhere(), thing)
    for call in (
        things.insert(other),
        things.insert_many(one if isinstance(one, list) else [one]),
        things.update(one, other),
        things.update_by_id(one, other),
        things.update_many(one if isinstance(one, list) else [other]),
        things.upsert(other),
        things.upsert_many(one if isinstance(one, list) else [other]),
        things.delete(other),
        things.delete_by_id(one),
        things.delete_by_ids(one),
        things.find_by_ids(one),
    ):
        with suppress(InputError, NoDatabase):
            assert await call in ([], 0), "nothing is done without a database but nothing"


@pytest.mark.parametrize("rows", [None, 7, "ab", {"id": 1}])
async def test_rows_that_are_no_list_are_refused(rows):
    things = Repository(Nowhere(), thing)
    for call in (things.insert_many(rows), things.update_many(rows), things.upsert_many(rows)):
        with pytest.raises(InputError, match="list of rows"):
            await call
