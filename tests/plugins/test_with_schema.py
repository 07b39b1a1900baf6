"""`db.with_schema`: tables are qualified wherever they stand, and what only looks like one is not."""

import pytest

from querykit import cte, delete_from, exists, fn, insert_into, json_array_from, select_from, sql, update, with_
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


async def test_writes_go_into_the_schema(restored_db):
    db = restored_db
    schema = await schema_of(db)
    view, q, r = db.with_schema(schema), pet.as_("q"), pet.as_("r")
    copied = select_from(pet).select((pet.id + 100).as_("id"), pet.name, pet.species, pet.weight, pet.owner_id)
    owner = select_from(person).select(person.first_name).where(person.id == pet.owner_id)
    known = select_from(q).select(q.id).where(q.species == "cat").union(select_from(r).select(r.id))
    for query in (
        insert_into(pet).from_select(copied),
        update(pet).set(name=owner).where(pet.id > 100),
        update(pet).inner_join(person, person.id == pet.owner_id).set(name=person.first_name).where(pet.id == 10),
        delete_from(pet).where(pet.id.is_in(known), exists(select_from(person).select(person.id)), pet.id > 100),
    ):
        assert (await view.execute(query)).rows_affected
    found = sql("SELECT COUNT(*) AS n FROM {} WHERE name = {}", sql.id(schema, "pet"), "Bea").returns_rows(n=int)
    assert await db.fetch_value(found) == 1
    with pytest.raises(DatabaseError, match="nowhere"):
        await db.with_schema("nowhere").execute(delete_from(pet).all_rows())
    assert await db.fetch_value(select_from(pet).select(fn.count().as_("n"))) == 5
