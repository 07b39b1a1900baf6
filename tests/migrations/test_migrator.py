"""Migrations are made once, in order, by one runner, and what goes wrong is told and can be repaired."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from querykit import Database, LockTimeoutError, sql
from querykit.migrations import MigrationError, Migrator, read_folder

FIRST = """
from querykit import Column, Table, column
from querykit.schema import Varchar, create_table, drop_table


class Animal(Table, name="animal"):
    id: Column[int] = column(primary_key=True)
    name: Column[str] = column(type=Varchar(50))


async def upgrade(db):
    await create_table(Animal()).run(db)


async def downgrade(db):
    await drop_table(Animal()).run(db)
"""
SECOND = """
-- animals; that are here already
INSERT INTO animal (id, name) VALUES (1, 'it''s; Rex');
INSERT INTO animal (id, name) VALUES (2, 'Minka');
"""
SECOND_DOWN = "DELETE FROM animal WHERE id IN (1, 2);"
THIRD = """
from querykit import sql


async def upgrade(db):
    await db.execute(sql("INSERT INTO animal (id, name) VALUES (3, 'Theo')"))
"""
BROKEN = """
from querykit import sql


async def upgrade(db):
    await db.execute(sql("CREATE TABLE half (id INT)"))
    await db.execute(sql("INSERT INTO nowhere VALUES (1)"))
"""

ROLLS_BACK = ("postgres", "sqlite")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "0001_animals.py").write_text(FIRST)
    (tmp_path / "0002_first_animals.sql").write_text(SECOND)
    (tmp_path / "0002_first_animals.down.sql").write_text(SECOND_DOWN)
    (tmp_path / "_notes.py").write_text("")
    (tmp_path / "README.md").write_text("")
    return tmp_path


@pytest.fixture
async def empty(db):
    async def clear():
        for name in ("querykit_migrations", "animal", "half"):
            await db.execute(sql("DROP TABLE IF EXISTS {}", sql.id(name)))

    await clear()
    yield db
    await clear()


async def names(db) -> list[Any]:
    return await db.fetch_column(sql("SELECT name FROM animal ORDER BY id"))


async def states(migrator) -> dict[str, str]:
    return {each.name: each.state for each in await migrator.status()}


async def test_what_is_pending_is_applied_in_order_and_once(empty, folder):
    migrator = Migrator(empty, folder)
    assert await states(migrator) == {"0001_animals": "pending", "0002_first_animals": "pending"}
    assert await migrator.up() == ["0001_animals", "0002_first_animals"]
    assert await names(empty) == ["it's; Rex", "Minka"]
    assert await migrator.up() == []
    assert set((await states(migrator)).values()) == {"applied"}
    assert all(each.applied_at.tzinfo is not None for each in await migrator.status())


async def test_migrations_are_taken_back_with_the_data_that_is_there(empty, folder):
    migrator = Migrator(empty, folder)
    await migrator.up()
    assert await migrator.down() == ["0002_first_animals"]
    assert await names(empty) == []
    assert await migrator.redo() == ["0001_animals", "0001_animals"]
    assert await migrator.to("0002_first_animals") == ["0002_first_animals"]
    assert await migrator.to("0001_animals") == ["0002_first_animals"]
    assert await migrator.to(None) == ["0001_animals"]
    assert set((await states(migrator)).values()) == {"pending"}


async def test_a_step_at_a_time_and_a_hook_that_sees_each(empty, folder):
    seen = []
    migrator = Migrator(empty, folder, on_event=seen.append)
    assert await migrator.up(1) == ["0001_animals"]
    assert await migrator.up(5) == ["0002_first_animals"]
    assert [(each.kind, each.direction, each.name, each.number, each.total) for each in seen] == [
        (kind, "up", name, 1, 1) for name in ("0001_animals", "0002_first_animals") for kind in ("begin", "end")
    ]


async def test_what_cannot_be_taken_back_says_so_before_anything_is(empty, folder):
    (folder / "0003_theo.py").write_text(THIRD)
    migrator = Migrator(empty, folder)
    await migrator.up()
    with pytest.raises(MigrationError, match="'0003_theo' cannot be taken back"):
        await migrator.down(3)
    assert await names(empty) == ["it's; Rex", "Minka", "Theo"]


async def test_the_sql_of_what_is_pending_is_shown_without_running_it(empty, folder):
    migrator = Migrator(empty, folder)
    plan = await migrator.plan()
    assert list(plan) == ["0001_animals", "0002_first_animals"]
    assert plan["0001_animals"][0].startswith("CREATE TABLE")
    assert plan["0002_first_animals"][1] == "INSERT INTO animal (id, name) VALUES (2, 'Minka')"
    assert set((await states(migrator)).values()) == {"pending"}


async def test_a_migration_that_fails_is_undone_or_is_remembered_as_failed(empty, folder):
    (folder / "0003_broken.py").write_text(BROKEN)
    migrator = Migrator(empty, folder)
    with pytest.raises(MigrationError, match=r"'0003_broken' failed \(up\)"):
        await migrator.up()
    if empty.dialect.name in ROLLS_BACK:
        assert (await states(migrator))["0003_broken"] == "pending"
        await empty.execute(sql("CREATE TABLE half (id INT)"))  # it is not there: the migration was undone
        return
    assert (await states(migrator))["0003_broken"] == "failed"
    with pytest.raises(MigrationError, match="failed half-way"):
        await migrator.up()
    with pytest.raises(MigrationError, match="has not failed"):
        await migrator.repair("0001_animals", applied=True)
    await empty.execute(sql("DROP TABLE half"))
    await migrator.repair("0003_broken", applied=False)
    assert (await states(migrator))["0003_broken"] == "pending"
    (folder / "0003_broken.py").write_text(THIRD)
    assert await Migrator(empty, folder).up() == ["0003_broken"]


async def test_a_runner_that_is_killed_half_way_leaves_no_half_of_a_migration_unseen(empty, folder):
    slow = BROKEN.replace('await db.execute(sql("INSERT INTO nowhere VALUES (1)"))', "await asyncio.sleep(60)")
    (folder / "0003_slow.py").write_text(f"import asyncio\n{slow}")
    migrator = Migrator(empty, folder)
    task = asyncio.create_task(migrator.up())
    await asyncio.sleep(1.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    state = (await states(migrator))["0003_slow"]
    assert state == ("pending" if empty.dialect.name in ROLLS_BACK else "running")
    if state == "running":
        with pytest.raises(MigrationError, match="did not come to its end"):
            await migrator.up()


async def test_two_runners_at_once_make_each_change_once(empty, folder, urls, database_name):
    (folder / "0003_theo.py").write_text(THIRD)
    async with Database(urls[database_name]) as other:
        await Migrator(empty, folder).status()
        done = await asyncio.gather(Migrator(empty, folder).up(), Migrator(other, folder).up())
    assert sorted(name for each in done for name in each) == ["0001_animals", "0002_first_animals", "0003_theo"]
    assert await names(empty) == ["it's; Rex", "Minka", "Theo"]


async def test_two_runners_at_once_without_transactions(empty, folder, urls, database_name):
    slow = THIRD.replace("from querykit", "import asyncio\n\nfrom querykit").replace(
        "):\n", "):\n    await asyncio.sleep(0.5)\n"
    )
    (folder / "0003_theo.py").write_text(f"transactional = False\n{slow}")
    (folder / "0004_next.sql").write_text("UPDATE animal SET name = 'Theodor' WHERE name = 'Theo';")
    await Migrator(empty, folder).up(2)
    async with Database(urls[database_name]) as other:
        done = await asyncio.gather(Migrator(empty, folder).up(), Migrator(other, folder).up())
    assert sorted(name for each in done for name in each) == ["0003_theo", "0004_next"]
    assert await names(empty) == ["it's; Rex", "Minka", "Theodor"]


async def test_a_process_that_is_killed_leaves_no_lock_and_no_half_unseen(empty, folder, urls, database_name):
    marker = folder / "_half"
    wait = f"await asyncio.sleep(60) if pathlib.Path({str(marker)!r}).write_text('') == 0 else None"
    slow = BROKEN.replace('await db.execute(sql("INSERT INTO nowhere VALUES (1)"))', wait)
    (folder / "0003_slow.py").write_text(f"import asyncio\nimport pathlib\n{slow}")
    program = "from querykit.cli import main; main()"
    arguments = ["migrate", "--url", urls[database_name], "--folder", str(folder), "up"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, *arguments, env=os.environ | {"PYTHONPATH": str(Path.cwd())}
    )
    try:
        async with asyncio.timeout(30):
            while not marker.exists():  # noqa: ASYNC110 - another process makes it
                await asyncio.sleep(0.05)
    finally:
        process.kill()
        await process.wait()
    migrator = Migrator(empty, folder, lock_timeout=20)
    state = (await states(migrator))["0003_slow"]
    assert state == ("pending" if empty.dialect.name in ROLLS_BACK else "running")
    if state == "running":
        with pytest.raises(MigrationError, match="did not come to its end"):
            await migrator.up()
        await empty.execute(sql("DROP TABLE half"))
        await migrator.repair("0003_slow", applied=False)
    (folder / "0003_slow.py").write_text(THIRD)
    assert await Migrator(empty, folder, lock_timeout=20).up() == ["0003_slow"]
    assert await names(empty) == ["it's; Rex", "Minka", "Theo"]


async def test_a_runner_waits_no_longer_than_it_is_told(empty, folder, urls, database_name):
    slow = FIRST.replace(
        "async def upgrade(db):", "async def upgrade(db):\n    import asyncio\n    await asyncio.sleep(3)"
    )
    (folder / "0001_animals.py").write_text(slow)
    task = asyncio.create_task(Migrator(empty, folder).up())
    await asyncio.sleep(0.5)
    async with Database(urls[database_name]) as other:
        with pytest.raises(LockTimeoutError):
            await Migrator(other, folder, lock_timeout=1).up()
    assert await task == ["0001_animals", "0002_first_animals"]


async def test_an_edited_and_a_missing_migration_are_told(empty, folder):
    await Migrator(empty, folder).up()
    (folder / "0002_first_animals.sql").write_text(SECOND + "\n")
    with pytest.raises(MigrationError, match="'0002_first_animals' was edited"):
        await Migrator(empty, folder).up()
    assert (await states(Migrator(empty, folder)))["0002_first_animals"] == "edited"
    (folder / "0002_first_animals.sql").unlink()
    with pytest.raises(MigrationError, match="'0002_first_animals' was applied, and its file is gone"):
        await Migrator(empty, folder).down()


async def test_line_ends_are_no_edit(empty, folder):
    await Migrator(empty, folder).up()
    path = folder / "0002_first_animals.sql"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert (await states(Migrator(empty, folder)))["0002_first_animals"] == "applied"


async def test_a_migration_that_comes_too_late_is_told_or_allowed(empty, folder):
    await Migrator(empty, folder).up()
    (folder / "0001_b_theo.py").write_text(THIRD)
    with pytest.raises(MigrationError, match="'0001_b_theo' is pending, and '0002_first_animals' behind it"):
        await Migrator(empty, folder).up()
    assert await Migrator(empty, folder, out_of_order=True).up() == ["0001_b_theo"]


async def test_a_gap_between_numbers_is_told_or_allowed(empty, folder):
    (folder / "0004_theo.py").write_text(THIRD)
    with pytest.raises(MigrationError, match="no migration 0003 between '0002_first_animals' and '0004_theo'"):
        await Migrator(empty, folder).up()
    assert (await Migrator(empty, folder, out_of_order=True).up())[-1] == "0004_theo"


async def test_a_name_that_is_not_there_is_refused(empty, folder):
    with pytest.raises(MigrationError, match="no migration 'x'"):
        await Migrator(empty, folder).to("x")


@pytest.mark.databases("postgres")
async def test_a_migration_can_stay_out_of_transactions(empty, folder):
    (folder / "0003_index.py").write_text(
        "from querykit import sql\ntransactional = False\n\n\nasync def upgrade(db):\n"
        '    await db.execute(sql("CREATE INDEX CONCURRENTLY by_name ON animal (name)"))\n'
    )
    assert (await Migrator(empty, folder).up())[-1] == "0003_index"


def test_a_folder_that_is_none_and_files_that_are_none_are_told(tmp_path):
    with pytest.raises(MigrationError, match="no folder"):
        read_folder(tmp_path / "nowhere")
    (tmp_path / "0001.py").write_text("x = 1")
    with pytest.raises(MigrationError, match=r"no upgrade\(db\)"):
        read_folder(tmp_path)
    (tmp_path / "0001.py").write_text(THIRD)
    (tmp_path / "0001.sql").write_text("SELECT 1")
    with pytest.raises(MigrationError, match="two migrations 0001"):
        read_folder(tmp_path)
