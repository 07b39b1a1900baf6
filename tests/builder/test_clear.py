"""Every clause can be taken away again, and leaves the statement as it was before."""

import pytest

from querykit import cte, delete_from, fn, insert_into, select_from, sql, update, window, with_
from querykit.errors import CompileError
from tests.databases import DATABASES
from tests.sample import person, pet, toy

base = select_from(pet).select(pet.name).where(pet.id > 10)
raw = sql("/* here */")
w = window("w", order_by=pet.id)
changed = update(pet).set(name="x").where(pet.id == 10)
gone = delete_from(pet).where(pet.id == 10)
brought = insert_into(pet).values(id=1, name="x", species="cat", owner_id=1)

CLAUSES = {
    "clear_select": (base.clear_select().select(toy.id), base.clear_select()),
    "clear_distinct": (base.distinct().distinct_on(pet.species), base),
    "clear_modifiers": (base.modify_front(raw).modify_end(raw), base),
    "clear_from": (base.inner_join(toy, toy.pet_id == pet.id), base.clear_from()),
    "clear_joins": (base.inner_join(toy, toy.pet_id == pet.id).left_join(person, using=["id"]), base),
    "clear_where": (base.where(pet.species == "cat"), base.clear_where()),
    "clear_group_by": (base.group_by(pet.name), base),
    "clear_having": (base.having(fn.count() > 1), base),
    "clear_windows": (base.window(w), base),
    "clear_order_by": (base.order_by(pet.id), base),
    "clear_limit": (base.limit(3, with_ties=True), base),
    "clear_offset": (base.offset(3), base),
    "clear_lock": (base.for_update(of=pet, nowait=True), base),
    "clear_with": (with_(cte("c", base)).select_from(pet).select(pet.name).where(pet.id > 10), base),
}
CLAUSES_OF_WRITES = {
    "clear_where": (changed.all_rows(), update(pet).set(name="x").all_rows()),
    "clear_order_by": (changed.order_by(pet.id), changed),
    "clear_limit": (changed.limit(1), changed),
    "clear_returning": (gone.returning(pet.id), gone),
    "clear_modifiers": (brought.modify_end(raw), brought),
}


def spelled(query, dialect):
    try:
        compiled = query.compile(dialect)
    except CompileError as error:
        return str(error)
    return compiled.sql, compiled.parameters


@pytest.mark.parametrize("dialect", DATABASES)
@pytest.mark.parametrize("name", CLAUSES)
def test_a_clause_of_a_query_can_be_cleared(name, dialect):
    with_clause, without = CLAUSES[name]
    cleared = getattr(with_clause, name)()
    assert spelled(cleared, dialect) == spelled(without, dialect)
    assert spelled(with_clause, dialect) != spelled(cleared, dialect)


@pytest.mark.parametrize("dialect", DATABASES)
@pytest.mark.parametrize("name", CLAUSES_OF_WRITES)
def test_a_clause_of_a_write_can_be_cleared(name, dialect):
    with_clause, without = CLAUSES_OF_WRITES[name]
    cleared = getattr(with_clause, name)()
    assert spelled(cleared, dialect) == spelled(without, dialect)
    assert spelled(with_clause, dialect) != spelled(cleared, dialect)


async def test_another_table_after_clear_from(db):
    query = base.order_by(pet.id).clear_from().from_(pet).clear_where().where(pet.species == "dog")
    assert await db.fetch_column(query) == ["Rex", "Bella"]


def test_a_write_whose_condition_was_cleared_needs_all_rows():
    with pytest.raises(CompileError, match="UPDATE of every row of 'pet'"):
        changed.clear_where().compile("sqlite")
