"""Whether two nodes say the same."""

import pytest

from querykit import case, cte, exists, fn, json_array_from, param, select_from, sql, table, value, window
from querykit.builder.same import is_same
from tests.sample import Pet, person, pet, toy

MADE = {
    "a column": lambda: pet.name,
    "a comparison": lambda: pet.weight > 3.0,
    "logic": lambda: (pet.id == 1) | ~(pet.name == "Rex") & pet.species.is_in(["cat", "dog"]),
    "a function": lambda: fn.coalesce(pet.weight, 0.0),
    "a window": lambda: fn.count().over(window("w", partition_by=[pet.species], order_by=[pet.id])),
    "a case": lambda: case().when(pet.id == 1, "one").else_("other"),
    "raw SQL": lambda: sql("lower({}) = {}", pet.name, "rex"),
    "a parameter": lambda: pet.id == param("id", int),
    "a sub-query": lambda: exists(select_from(toy).select(toy.id).where(toy.pet_id == pet.id)),
    "nested rows": lambda: json_array_from(select_from(toy).select(toy.id).order_by(toy.name.desc())).as_("toys"),
    "an alias": lambda: (pet.id + 1).as_("next"),
    "a query": lambda: select_from(pet).select(pet.id).where(pet.id == 1).limit(3),
    "a derived table": lambda: select_from(pet).select(pet.id).as_("p"),
    "a CTE": lambda: cte("cats", select_from(pet).select(pet.id)),
    "a table": lambda: table("pet", schema="shop"),
    "an order": lambda: pet.name.desc(nulls="last"),
}


@pytest.mark.parametrize("name", MADE)
def test_what_is_made_alike_is_the_same_and_nothing_else_is(name):
    for other, make in MADE.items():
        assert is_same(MADE[name](), make()) == (other == name), other


def test_what_differs_in_a_detail_is_not_the_same():
    for one, other in (
        (pet.id == 1, pet.id == 2),
        (value(1), value(True)),
        (value(1), value(1.0)),
        (pet.id == 1, pet.id != 1),
        (pet.id == 1, person.id == 1),
        (pet.id, pet.as_("p").id),
        (pet.id, pet.id.as_("key")),
        (pet.name.asc(), pet.name.desc()),
        (pet.name.like("a"), pet.name.not_like("a")),
        (fn.count(pet.id), fn.count(pet.id).distinct()),
        (sql("a"), sql("b")),
    ):
        assert not is_same(one, other)


def test_tables_are_told_by_name():
    assert is_same(Pet().as_("p").id == 1, pet.as_("p").id == 1)
    assert not is_same(table("pet"), pet)
