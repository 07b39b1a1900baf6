"""What building and compiling costs, in calls: counted, because time depends on the machine.

A call is most of what Python costs here (`python -m bench.compile` has the times). Where a count rises, something new is
asked of every query: let only those pay for it that need it. Where it falls, lower the limit.
"""

from __future__ import annotations

import gc
import sys
from collections import Counter
from typing import TYPE_CHECKING

from querykit import Column, Table, json_array_from, json_object_from, select_from

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from querykit import CompiledQuery

PYTHON_CALLS = 85
"""Today 78."""
C_CALLS = 85
"""Today 77, on Python 3.11, which reports most of them."""


class Person(Table, name="person"):
    id: Column[int]
    first_name: Column[str]
    mother_id: Column[int | None]


class Pet(Table, name="pet"):
    id: Column[int]
    name: Column[str]
    owner_id: Column[int]


person, pet = Person(), Pet()
mother = person.as_("mother")


def nested_query() -> CompiledQuery:
    return (
        select_from(person)
        .select(
            person.id,
            person.first_name,
            json_array_from(
                select_from(pet).select(pet.id, pet.name).where(pet.owner_id == person.id).order_by(pet.name)
            ).as_("pets"),
            json_object_from(
                select_from(mother).select(mother.id, mother.first_name).where(mother.id == person.mother_id)
            ).as_("mother"),
        )
        .where(person.id > 3)
        .order_by(person.id)
        .compile("postgres")
    )


def calls(function: Callable[[], object]) -> dict[str, Counter[str]]:
    """The names of what is called while a function runs, those written in Python and those in C."""
    counts: dict[str, Counter[str]] = {"call": Counter(), "c_call": Counter()}

    def count(frame: FrameType, event: str, called: object) -> None:
        if event in counts:
            counts[event][frame.f_code.co_qualname if event == "call" else str(called)] += 1

    before = sys.getprofile()
    gc.disable()  # what it would call belongs to other tests
    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(before)
        gc.enable()
    return counts


def test_building_and_compiling_takes_few_calls():
    nested_query()  # writes names and tables for the first time
    counts = calls(nested_query)
    assert counts["call"].total() <= PYTHON_CALLS, counts["call"].most_common()
    assert counts["c_call"].total() <= C_CALLS, counts["c_call"].most_common()


def test_compiling_again_takes_one_call():
    query = select_from(pet).select(pet.id, pet.name)
    query.compile("postgres")
    counts = calls(lambda: query.compile("postgres"))
    assert set(counts["call"]) == {"Statement.compile", "test_compiling_again_takes_one_call.<locals>.<lambda>"}
