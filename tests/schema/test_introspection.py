"""What a database was given by declarations is found in it again."""

from __future__ import annotations

from typing import Any

import pytest

from querykit import Column, Database, Table, column, fn, references, select_from, sql, table
from querykit.schema import (
    Numeric,
    Varchar,
    check,
    create_enum,
    create_tables,
    create_view,
    drop_enum,
    drop_tables,
    drop_view,
    foreign_key,
    index,
    primary_key,
    unique,
)
from querykit.schema.introspection import introspect, schemas
from querykit.schema.introspection.sqlite_text import clauses_of, index_condition, index_terms


class Garden(Table, name="garden"):
    id: Column[int] = column(primary_key=True, identity=True)
    name: Column[str] = column(type=Varchar(40), unique=True, comment="it's its name")
    size: Column[int | None] = column(default=3, check=lambda garden: garden.size > 0)


class Bed(Table, name="bed"):
    garden_id: Column[int] = column(references=references("garden", on_delete="cascade"))
    number: Column[int]
    soil: Column[str] = column(type=Varchar(20), default="loam, (dark) 'x'")
    cost: Column[Any] = column(type=Numeric(8, 2))
    label: Column[str | None] = column(type=Varchar(30), generated=lambda bed: fn.upper(bed.soil))

    def _constraints(self) -> list[Any]:
        return [
            primary_key(self.garden_id, self.number),
            unique(self.garden_id, self.soil, name="one_soil"),
            check(self.soil != ", (", name="some_soil"),
            index(self.soil, self.number.desc(), name="by_soil"),
        ]


class Plant(Table, name="plant"):
    id: Column[int] = column(primary_key=True)
    garden_id: Column[int | None]
    number: Column[int | None]

    def _constraints(self) -> list[Any]:
        return [
            foreign_key(self.garden_id, self.number, table="bed", keys=["garden_id", "number"], on_delete="set null")
        ]


garden, bed, plant, large = Garden(), Bed(), Plant(), table("large_garden")


@pytest.fixture
async def gardens(db):
    await drop_view(large, if_exists=True).run(db)
    await drop_tables(plant, bed, garden, if_exists=True).run(db)
    await create_tables(plant, bed, garden).run(db)
    await create_view(large, select_from(garden).select(garden.id, garden.name).where(garden.size > 10)).run(db)
    yield await introspect(db)
    await drop_view(large).run(db)
    await drop_tables(plant, bed, garden).run(db)


async def test_tables_and_views_are_found(gardens):
    names = {found.name: found.kind for found in gardens.tables}
    assert {name: names[name] for name in ("garden", "bed", "plant", "large_garden")} == {
        "garden": "table",
        "bed": "table",
        "plant": "table",
        "large_garden": "view",
    }
    assert [each.name for each in gardens.table("large_garden").columns] == ["id", "name"]
    assert "size" in (gardens.table("large_garden").definition or "")
    assert gardens.table("garden").definition is None


@pytest.mark.databases("sqlite")
async def test_a_key_that_numbers_the_rows_takes_no_null(db):
    await db.execute(sql("CREATE TABLE written_by_hand (id INTEGER PRIMARY KEY, word TEXT UNIQUE)"))
    found = (await introspect(db)).table("written_by_hand")
    assert [each.is_nullable for each in found.columns] == [False, True]
    await db.execute(sql("DROP TABLE written_by_hand"))


async def test_columns_are_found(gardens, db):
    found = gardens.table("garden")
    assert [(each.name, each.is_nullable, each.is_identity) for each in found.columns] == [
        ("id", False, True),
        ("name", False, False),
        ("size", True, False),
    ]
    assert found.primary_key == ("id",)
    assert "40" in found.column("name").type
    assert "3" in found.column("size").default
    assert found.column("name").default is None
    assert found.column("name").comment == (None if db.dialect.name == "sqlite" else "it's its name")
    soil, label = gardens.table("bed").column("soil"), gardens.table("bed").column("label")
    assert "loam, (dark)" in soil.default
    assert "soil" in label.generated.lower()
    assert label.default is None
    assert gardens.table("bed").primary_key == ("garden_id", "number")


async def test_constraints_are_found_by_their_names(gardens):
    found = gardens.table("bed")
    assert [(each.name, each.columns) for each in found.uniques] == [("one_soil", ("garden_id", "soil"))]
    assert [each.name for each in found.checks] == ["some_soil"]
    assert "soil" in found.checks[0].condition
    (key,) = found.foreign_keys
    assert (key.name, key.columns, key.table, key.keys) == ("bed_garden_id_fkey", ("garden_id",), "garden", ("id",))
    assert key.on_delete == "cascade"
    (pair,) = gardens.table("plant").foreign_keys
    assert (pair.columns, pair.table, pair.keys) == (("garden_id", "number"), "bed", ("garden_id", "number"))
    assert pair.on_delete == "set null"
    assert gardens.table("garden").uniques[0].columns == ("name",)


async def test_indexes_are_found_and_those_of_constraints_are_not(gardens):
    assert [(each.name, each.columns, each.is_unique) for each in gardens.table("bed").indexes] == [
        ("by_soil", ("soil", "number"), False)
    ]


@pytest.mark.databases("postgres", "sqlite")
async def test_conditions_and_expressions_of_indexes_are_found(gardens, db):
    await db.execute(sql('CREATE UNIQUE INDEX "few" ON garden (lower(name), size DESC) WHERE size > 1'))
    (found,) = (await introspect(db)).table("garden").indexes
    assert (found.name, found.columns[1], found.is_unique) == ("few", "size", True)
    assert "lower" in found.columns[0]
    assert "size > 1" in found.where


async def test_schemas_are_found(db):
    found = await schemas(db)
    own = {"postgres": "public", "sqlite": "main"}.get(db.dialect.name, "test")
    assert own in found
    assert not {"information_schema", "pg_catalog", "mysql", "sys", "temp"} & set(found)


@pytest.mark.databases("postgres")
async def test_enumerations_are_found(db):
    await create_enum("mood", "calm", "it's fine").run(db)
    assert [(each.name, each.values) for each in (await introspect(db)).enums if each.name == "mood"] == [
        ("mood", ("calm", "it's fine"))
    ]
    await drop_enum("mood").run(db)


async def test_the_number_of_queries_does_not_grow_with_the_tables(db, urls, database_name):
    seen = []
    async with Database(urls[database_name], log=seen.append) as watched:
        await introspect(watched)
        assert len([each for each in seen if each.kind == "query"]) <= 8


def test_the_text_of_a_definition_is_read_whatever_stands_in_it():
    text = """CREATE TABLE "we""ird (" (
      a INTEGER CHECK (a > 0 AND ')' <> '(') COLLATE NOCASE, -- a comment, with ( and ,
      "b,)" TEXT CONSTRAINT own UNIQUE, /* another ) */
      [c] TEXT GENERATED ALWAYS AS (upper("b,)") || ',') STORED,
      CONSTRAINT "k 1" CHECK ((a + 1) * 2 > 0), FOREIGN KEY (a, [c]) REFERENCES x (y, z)
    )"""
    found = [(each.kind, each.text, each.name, each.column, each.columns) for each in clauses_of(text)]
    assert found == [
        ("CHECK", "a > 0 AND ')' <> '('", None, "a", ()),
        ("COLLATE", "NOCASE", None, "a", ()),
        ("UNIQUE", "", "own", "b,)", ("b,)",)),
        ("AS", "upper(\"b,)\") || ','", None, "c", ()),
        ("CHECK", "(a + 1) * 2 > 0", "k 1", None, ()),
        ("FOREIGN KEY", "a, [c]", None, None, ("a", "c")),
    ]
    made = "CREATE INDEX i ON t (lower(\"a,b\"), c DESC) WHERE c > 'WHERE'"
    assert (index_terms(made), index_condition(made)) == (['lower("a,b")', "c"], "c > 'WHERE'")
