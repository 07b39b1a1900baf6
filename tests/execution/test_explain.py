"""EXPLAIN: the plan of a query, and that analysing a write leaves nothing behind."""

import pytest

from querykit import delete_from, insert_into, param, select_from, sql, update
from querykit.builder.explain import explained
from querykit.errors import UnsupportedError, UsageError
from tests.expected import compiles_to
from tests.sample import person, pet

query = select_from(pet).select(pet.name).where(pet.name == param("name", str))


def test_the_words():
    plain = select_from(pet).select(pet.name)
    for analyze, form, words in (
        (False, None, ("EXPLAIN", "EXPLAIN", "EXPLAIN", "EXPLAIN QUERY PLAN")),
        (False, "JSON", ("EXPLAIN (FORMAT JSON)", "EXPLAIN FORMAT=JSON", "EXPLAIN FORMAT=JSON", None)),
        (True, None, ("EXPLAIN (ANALYZE)", "EXPLAIN ANALYZE", "ANALYZE", None)),
        (True, "json", ("EXPLAIN (ANALYZE, FORMAT JSON)", None, "ANALYZE FORMAT=JSON", None)),
        (False, "tree", (None, "EXPLAIN FORMAT=TREE", None, None)),
        (False, "yaml", ("EXPLAIN (FORMAT YAML)", None, None, None)),
        (False, "json) SELECT 1", (None, None, None, None)),
    ):
        expected = {
            name: UnsupportedError if word is None else f"{word} {plain.compile(name).sql}"
            for name, word in zip(("postgres", "mysql", "mariadb", "sqlite"), words, strict=True)
        }
        compiles_to(explained(plain, analyze=analyze, form=form), expected)


async def test_the_plan_of_a_query(db, sample_tables):
    rows = await db.explain(query, parameters={"name": "Rex"})
    assert rows
    assert "pet" in str(rows)
    assert await db.select_from(pet).select(pet.id).explain()
    assert await db.explain(sql("SELECT * FROM pet WHERE name = {}", "50%"))
    assert await db.explain(delete_from(pet).where(pet.name == "Rex"))


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_the_plan_as_json(db, sample_tables):
    (row,) = await db.explain(query, format="json", parameters={"name": "Rex"})
    assert isinstance(row["plan"], list | dict)


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_what_a_query_took(db, sample_tables):
    assert (
        "actual" in str(await db.explain(select_from(pet).select(pet.name), analyze=True))
        or db.dialect.name == "mariadb"
    )


@pytest.mark.databases("postgres", "mariadb")
async def test_analysing_a_write_leaves_nothing_behind(db, sample_tables):
    for write in (
        delete_from(pet).where(pet.id == 10),
        update(pet).set(name="x").where(pet.id == 10),
        insert_into(person).values(id=99, first_name="Zoe"),
        sql("DELETE FROM pet"),
    ):
        with pytest.raises(UsageError, match="rollback=True"):
            await db.explain(write, analyze=True)
        if db.dialect.name == "mariadb" and not isinstance(write, type(sql("x"))) and "INSERT" in str(write):
            continue  # ANALYZE INSERT … VALUES has no plan to show
        assert await db.explain(write, analyze=True, rollback=True)
        async with db.transaction() as trx:
            assert await trx.explain(write, analyze=True, rollback=True)
            assert await trx.fetch_value(select_from(pet).select(pet.name).where(pet.id == 10)) == "Rex"
    assert len(await db.fetch_all(select_from(pet).select(pet.id))) == 5
    with pytest.raises(UsageError, match="transaction"):
        async with db.transaction():
            await db.explain(delete_from(pet).all_rows(), analyze=True, rollback=True)
