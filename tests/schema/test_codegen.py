"""Tables that were generated are those that the database was made of."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from querykit import Database, select_from, sql, table
from querykit.access import relations_of
from querykit.errors import ConfigurationError
from querykit.schema import create_enum, create_tables, create_view, drop_enum, drop_tables, drop_view
from querykit.schema.codegen import ColumnOverride, Overrides, TableOverride, generate, read_overrides
from querykit.schema.definition import definition_of
from querykit.schema.introspection import FoundColumn, FoundDatabase, FoundForeignKey, FoundTable, introspect
from tests.databases import DATABASES
from tests.schema.generated import TABLES

ROOT = Path(__file__).parent.parent.parent
NAMES = {each._name for each in TABLES}


def imported(source: str) -> types.ModuleType:
    """The module of a source, as if it had been imported."""
    module = types.ModuleType("generated_tables")
    sys.modules["generated_tables"] = module
    exec(compile(source, "generated_tables.py", "exec"), module.__dict__)  # noqa: S102 - it is what is tested
    return module


def own(found: FoundDatabase) -> FoundDatabase:
    """What was found of the tables of this file."""
    return FoundDatabase(
        tuple(each for each in found.tables if each.name in NAMES), tuple(e for e in found.enums if e.name == "mood")
    )


@pytest.fixture
async def zoo(db):
    async def clear():
        await drop_tables(*TABLES, if_exists=True).run(db)
        if db.dialect.name == "postgres":
            await db.execute(sql("DROP TYPE IF EXISTS mood"))

    await clear()
    await create_enum("mood", "calm", "it's wild").run(db)
    await create_tables(*TABLES).run(db)
    yield db
    await clear()


async def test_generated_tables_make_the_same_database_and_the_same_module(zoo):
    found = own(await introspect(zoo))
    source = generate(found, zoo.dialect.name)
    module = imported(source)
    assert [each._name for each in module.TABLES] == sorted(NAMES)
    await drop_tables(*TABLES).run(zoo)
    await create_tables(*module.TABLES).run(zoo)
    again = own(await introspect(zoo))
    for one, other in zip(found.tables, again.tables, strict=True):
        assert one == other
    assert found == again
    assert generate(again, zoo.dialect.name) == source


LOST = {
    "postgres": set(),
    "mysql": {"seen", "nap", "badge", "scores"},
    "mariadb": {"seen", "nap", "badge", "scores"},
    "sqlite": {"pay", "born", "rises", "hired", "seen", "nap", "badge", "profile", "scores", "mood"},
}
"""Columns of which the database does not keep what they are: these the overrides say."""
SAID = {
    "pay": "decimal",
    "born": "date",
    "rises": "time",
    "hired": "datetime",
    "seen": "instant",
    "nap": "timedelta",
    "badge": "uuid",
    "profile": "json",
    "scores": "list[int]",
    "mood": "tests.schema.generated.Mood",
}


async def test_definitions_are_the_declared_ones_with_what_the_database_does_not_keep_said(zoo):
    dialect = zoo.dialect.name
    said = {name: ColumnOverride(type=SAID[name]) for name in LOST[dialect]}
    overrides = Overrides({"keeper": TableOverride(columns=said)}, {"keeper_mood": "Mood"})
    module = imported(generate(own(await introspect(zoo)), dialect, overrides=overrides))
    for declared, made in zip(sorted(TABLES, key=lambda each: each._name), module.TABLES, strict=True):
        one, other = definition_of(declared), definition_of(made)
        assert [each.name for each in one.columns] == [each.name for each in other.columns]
        for ours, theirs in zip(one.columns, other.columns, strict=True):
            types_ = [str(table._columns[ours.name].value_type) for table in (declared, made)]
            assert types_[0] == types_[1], ours.name
            assert (ours.type.on(dialect), ours.is_nullable) == (theirs.type.on(dialect), theirs.is_nullable)
            assert ours.is_identity == theirs.is_identity or dialect == "sqlite"  # there every key of one INTEGER is
            assert (ours.default is None, ours.generated is None) == (theirs.default is None, theirs.generated is None)
            assert ours.comment == theirs.comment or dialect == "sqlite"
        assert (one.primary_key, set(one.uniques)) == (other.primary_key, set(other.uniques))
        assert {each.name for each in one.checks} == {each.name for each in other.checks}
        assert {(each.name, len(each.terms)) for each in one.indexes} == {
            (each.name, len(each.terms)) for each in other.indexes
        }
        assert set(one.foreign_keys) == set(other.foreign_keys)


async def test_relations_are_told_from_foreign_keys_and_read_rows(zoo):
    module = imported(generate(own(await introspect(zoo)), zoo.dialect.name))
    assert {each._name: list(relations_of(each)) for each in module.TABLES} == {
        "animal": ["cage", "passport", "keepers"],
        "cage": ["deputy", "keeper", "animal"],
        "fed": ["animal", "keeper"],
        "keeper": ["boss", "cages_by_deputy", "cages_by_keeper", "keepers_by_boss", "animals"],
        "passport": ["animal"],
    }
    keeper, animal = module.keeper, module.animal
    query = zoo.select_from(animal).select(animal.id, animal.keepers.include(keeper.id), animal.cage.include())
    await zoo.execute(sql("INSERT INTO animal (id) VALUES (7)"))
    assert await query.fetch_all() == [{"id": 7, "keepers": [], "cage": None}]
    query = zoo.select_from(keeper).select(keeper.keepers_by_boss.include(), keeper.boss.include())
    assert await query.fetch_all() == []


async def test_views_are_generated_apart_from_tables(zoo):
    keeper, view = TABLES[0], table("tall_keeper")
    await create_view(view, select_from(keeper).select(keeper.id, keeper.height)).run(zoo)
    module = imported(generate(await introspect(zoo), zoo.dialect.name, tables=[*NAMES, "tall_keeper"]))
    await drop_view(view).run(zoo)
    assert [each._name for each in module.VIEWS] == ["tall_keeper"]
    assert "tall_keeper" not in [each._name for each in module.TABLES]


def column_(name: str, type_: str = "bigint", **options: Any) -> FoundColumn:
    return FoundColumn(name, type_, options.pop("is_nullable", False), **options)


ODD = FoundDatabase(
    (
        FoundTable(
            "class",
            None,
            "table",
            (
                *map(column_, ["id", "from", "as_", "a b", "a-b", "_name", "column", "1st", "naïve", "None", "sql", "match"]),
                column_("tags", "text[]"),
                column_("place", "point"),
                column_("at", "time(3) without time zone"),
            ),
            ("id",),
        ),
        FoundTable("Column", None, "table", (column_("id"), column_("class_id"), column_("class")), ("id",), (), (), (
            FoundForeignKey("x", ("class_id",), "class", ("id",)),
        )),
        FoundTable("a table", None, "table", (column_("ownerId"), column_("parent id", is_nullable=True)), ("ownerId",), (), (), (
            FoundForeignKey("y", ("ownerId",), "Column", ("id",)),
            FoundForeignKey("z", ("parent id",), "a table", ("ownerId",)),
        ), comment='It\'s a "table" \\ of\nmany lines. ' + "x" * 90),
        FoundTable("tables", None, "view", (column_("id", is_nullable=True),)),
    )
)  # fmt: skip


def test_names_that_python_does_not_take_are_made_fit_and_keep_what_the_database_calls_them():
    source = generate(ODD, "postgres")
    module = imported(source)
    named = {
        each._name: {name: column.column_name for name, column in each._columns.items()}
        for each in (*module.TABLES, *module.VIEWS)
    }
    assert named == {
        "Column": {"id": "id", "class_id": "class_id", "class_": "class"},
        "a table": {"ownerId": "ownerId", "parent_id": "parent id"},
        "class": {
            "id": "id", "from_": "from", "as__": "as_", "a_b": "a b", "a_b_": "a-b", "name": "_name", "column_": "column",
            "n_1st": "1st", "naïve": "naïve", "None_": "None", "sql_": "sql", "match_": "match", "tags": "tags",
            "place": "place", "at": "at",
        },
        "tables": {"id": "id"},
    }  # fmt: skip
    assert [type(each).__name__ for each in module.TABLES] == ["ColumnTable", "ATable", "Class"]
    definition = {each.name: each for each in definition_of(module.class_).columns}
    assert definition["place"].type.on("postgres") == "point"
    assert not definition["place"].is_nullable
    assert definition["tags"].type.on("postgres") == "TEXT[]"
    assert list(relations_of(module.a_table)) == ["owner", "parent", "a_tables_by_parent"]
    query = module.a_table.parent.include()
    assert query is not None


OVERRIDES = """
[tables.keeper]
name = "Guard"
[tables.keeper.columns]
boss_id = { name = "chief_id" }
badge = { name = "code", type = "uuid" }
code = { name = "letters", hidden = true }
[tables.keeper.relations]
boss = "chief"
keepers_by_boss = ""
[tables.passport]
skip = true
[enums]
mood = "Feeling"
keeper_mood = "Feeling"
"""


async def test_a_second_file_says_other_names_and_types(zoo, tmp_path):
    (tmp_path / "tables.toml").write_text(OVERRIDES)
    found = own(await introspect(zoo))
    module = imported(generate(found, zoo.dialect.name, overrides=read_overrides(tmp_path / "tables.toml")))
    guard = module.guard
    assert type(guard).__name__ == "Guard"
    assert (guard.chief_id.column_name, guard.code.column_name) == ("boss_id", "badge")
    assert str(guard.code.value_type) == "UUID"
    assert guard._options("letters").hidden
    assert not hasattr(module, "passport")
    assert "chief" in relations_of(guard)
    assert "keepers_by_boss" not in relations_of(guard)
    if zoo.dialect.name != "sqlite":
        assert [each.value for each in module.Feeling] == ["calm", "it's wild"]
    assert await zoo.select_from(guard).select(guard.chief_id, guard.chief.include(guard.code)).fetch_all() == []


@pytest.mark.parametrize("text", ["x = 1", "[tables.a]\ncolour = 1", "[tables.a.columns]\nb = 1", "not toml"])
def test_overrides_that_say_nothing_known_are_refused(text, tmp_path):
    (tmp_path / "tables.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=r"tables\.toml"):
        read_overrides(tmp_path / "tables.toml")


async def test_generated_code_passes_the_checkers_and_the_formatter(urls, tmp_path):
    """All databases' code in one run: checkers take seconds to start."""
    sources = {"odd": generate(ODD, "postgres")}
    for name in [each for each in DATABASES if each in urls]:
        async with Database(urls[name]) as db:
            await drop_tables(*TABLES, if_exists=True).run(db)
            await create_enum("mood", "calm", "it's wild").run(db)
            await create_tables(*TABLES).run(db)
            sources[name] = generate(own(await introspect(db)), name)
            await drop_tables(*TABLES).run(db)
            await drop_enum("mood").run(db)
    for name, source in sources.items():
        (tmp_path / f"tables_of_{name}.py").write_text(source)
        (tmp_path / f"use_{name}.py").write_text(USE.replace("MODULE", f"tables_of_{name}") if name != "odd" else "")
    at = [sys.executable, "-m"]
    config = ["--config-file", str(ROOT / "pyproject.toml")]
    files = sorted(each.name for each in tmp_path.glob("tables_of_*.py"))
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "strict", "extraPaths": [str(ROOT)]}))
    for command in (
        [*at, "ruff", "format", "--check", "--isolated", "--line-length=88", *files],
        [
            *at,
            "ruff",
            "check",
            "--isolated",
            "--line-length=88",
            "--select=E,F,I,W,UP,B,D2,D3,D4,ANN,PIE,SIM,RUF",
            *files,
        ],
        [*at, "mypy", "--strict", "--follow-imports=silent", *config, "--cache-dir", str(tmp_path / "cache"), "."],
        [*at, "pyright", "--pythonpath", sys.executable, "."],
    ):
        done = await asyncio.to_thread(
            subprocess.run,
            command,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "MYPYPATH": str(ROOT)},
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


USE = """
from typing import assert_type

from querykit import select_from
from querykit import Column
from MODULE import Animal, animal, keeper

name = keeper.boss.table.name
query = select_from(keeper).select(keeper.id, keeper.cages_by_keeper.include(), keeper.boss.include(name))
assert_type(keeper.animals.table, Animal)
assert_type(animal.cage.table.keeper.table.animals.table.id, Column[int])
"""
