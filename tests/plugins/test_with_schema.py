"""`db.with_schema`: tables are qualified wherever they stand, and what only looks like one is not."""

import pytest

from querykit import cte, fn, json_array_from, select_from, sql, with_
from querykit.errors import DatabaseError
from tests.sample import person, pet

SCHEMAS = {"sqlite": "SELECT 'main'", "postgres": "SELECT current_schema()"}


async def schema_of(db):
    return next(iter((await db.fetch_one(sql.raw(SCHEMAS.get(db.dialect.name, "SELECT DATABASE()")))).values()))


async def test_tables_are_qualified_in_every_position(db, sample_tables):
    view = db.with_schema(await schema_of(db))
    pets = select_from(pet).select(pet.name).where(pet.owner_id == person.id).order_by(pet.name)
    cats = cte("cats", select_from(pet).select(pet.owner_id).where(pet.species == "cat"))
    query = (
        with_(cats)
        .select_from(person)
        .select(person.first_name, json_array_from(pets.scalars()).as_("pets"))
        .where(person.id.is_in(select_from(cats).select(cats.owner_id)))
        .order_by(person.id)
    )
    assert await view.fetch_all(query) == await db.fetch_all(query)
    assert [row["first_name"] for row in await view.fetch_all(query)] == ["Bea", "Cem"]


async def test_a_schema_that_is_not_there_is_asked_for(db, sample_tables):
    view = db.with_schema("nowhere")
    with pytest.raises(DatabaseError, match="nowhere"):
        await view.fetch_value(select_from(pet).select(fn.count().as_("n")))
