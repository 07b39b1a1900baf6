"""`querykit diff`, `sync` and `migrate generate`: from declared tables to a database, by hand or by files."""

import asyncio
import json
import re
import sys

import pytest
from click.testing import CliRunner

from querykit import Database, sql
from querykit.cli import main

TABLES = """
from querykit import Column, Table, column, references
from querykit.schema import SmallInt, Varchar


class Owner(Table, name="owner"):
    id: Column[int] = column(primary_key=True, identity=True)
    name: Column[str] = column(type=Varchar(40), default='it\\'s "x"')


class Pet(Table, name="pet"):
    id: Column[int] = column(primary_key=True, identity=True)
    name: Column[str] = column(type=Varchar(20), index=True)
    owner_id: Column[int | None] = column(references=references("owner"))


owner, pet = Owner(), Pet()
"""
LATER = TABLES.replace("type=Varchar(20)", "type=Varchar(90)") + (
    "\n\nclass Toy(Table, name='toy'):\n    id: Column[int] = column(primary_key=True)\n"
)


@pytest.fixture
async def run(tmp_path, monkeypatch, own_url):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.querykit]\nmigrations = "changes"\ntables = "declared"\n')
    (tmp_path / "declared.py").write_text(TABLES)

    async def clear():
        async with Database(own_url) as db:
            for name in ("querykit_migrations", "toy", "pet", "owner"):
                await db.execute(sql("DROP TABLE IF EXISTS {}", sql.id(name)))

    async def run(*arguments):
        sys.modules.pop("declared", None)
        environment = {"QUERYKIT_URL": own_url}
        return await asyncio.to_thread(CliRunner().invoke, main, [*arguments], env=environment)

    await clear()
    yield run
    await clear()


async def test_what_differs_is_told_with_a_code_and_created(run):
    done = await run("diff", "--exit-code", "--sql")
    assert done.exit_code == 1, done.output
    assert done.stdout.startswith("-- + table owner\nCREATE TABLE")
    assert [each["change"] for each in json.loads((await run("diff", "--json")).stdout)] == [
        "+ table owner",
        "+ table pet",
    ]
    done = await run("sync")
    assert (done.exit_code, done.stdout) == (0, "+ table owner\n+ table pet\n")
    assert (await run("diff", "--exit-code")).stdout == "no differences\n"
    done = await run("diff", "--exit-code", "--tables", "declared:nothing")
    assert (done.exit_code, "declared has no nothing" in done.stderr) == (2, True)
    assert (await run("diff", "--tables", "nowhere")).exit_code == 2


async def test_a_migration_is_generated_applied_and_taken_back_with_rows(run, tmp_path, own_url):
    done = await run("migrate", "generate", "first", "tables")
    assert (done.exit_code, done.stdout) == (0, "changes/0001_first_tables.py\n"), done.output
    assert (await run("migrate", "generate", "more")).stderr.count("'0001_first_tables' is pending") == 1
    done = await run("migrate", "up")
    assert done.exit_code == 0, done.output
    assert (await run("migrate", "generate", "more")).stdout == "no differences\n"
    async with Database(own_url) as db:
        await db.execute(sql("INSERT INTO owner (id) VALUES (1)"))
        await db.execute(sql("INSERT INTO pet (id, name, owner_id) VALUES (7, 'Rex', 1)"))

        (tmp_path / "declared.py").write_text(LATER)
        done = await run("migrate", "generate", "longer", "names")
        assert done.exit_code == 0, done.output
        source = (tmp_path / "changes/0002_longer_names.py").read_text()
        assert re.search(r"# +DATA LOSS: its rows are lost|# *! DATA LOSS: its rows are lost", source)
        done = await run("migrate", "plan")
        assert done.exit_code == 0, done.output
        done = await run("migrate", "up")
        assert done.exit_code == 0, done.output
        assert await db.fetch_value(sql("SELECT name FROM pet WHERE owner_id = 1")) == "Rex"
        assert (await run("diff", "--exit-code")).exit_code == 0
        done = await run("migrate", "down")
        assert done.exit_code == 0, done.output
        assert await db.fetch_value(sql("SELECT name FROM pet WHERE owner_id = 1")) == "Rex"
        (tmp_path / "declared.py").write_text(TABLES)
        assert (await run("diff", "--exit-code")).stdout == "no differences\n"
        assert (await run("migrate", "redo")).exit_code == 0
    assert (await run("diff", "--exit-code")).stdout == "no differences\n"
