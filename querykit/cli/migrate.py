"""The commands `querykit migrate …`."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from querykit import Database
from querykit.cli.diff import listed, takes_ignored, takes_schema, takes_shadow, takes_tables, with_shadow
from querykit.cli.found import as_json, find_setting, find_tables, find_url, run
from querykit.migrations import MigrationError, MigrationEvent, Migrator
from querykit.migrations.generated import migration_source, next_name, sql_source
from querykit.schema.codegen import tables_of
from querykit.schema.diff import Plan, differ

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_TEMPLATE: Final = '''"""What this migration is for."""

from typing import Any

from querykit import sql


async def upgrade(db: Any) -> None:
    await db.execute(sql("SELECT 1"))


async def downgrade(db: Any) -> None:
    await db.execute(sql("SELECT 1"))
'''


@click.group()
@click.option("--url", help="The database; unsaid, $QUERYKIT_URL or url in [tool.querykit] of pyproject.toml.")
@click.option("--folder", type=click.Path(path_type=Path), help="The migrations; unsaid, [tool.querykit] migrations.")
@click.option("--lock-timeout", default=60.0, show_default=True, help="Seconds to wait for another runner.")
@click.pass_context
def migrate(context: click.Context, url: str | None, folder: Path | None, lock_timeout: float) -> None:
    """Run migrations, take them back, or look at them."""
    context.obj = (url, folder or Path(find_setting("migrations") or "migrations"), lock_timeout)


@migrate.command()
@click.argument("steps", type=click.IntRange(min=1), required=False)
@as_json
@click.pass_obj
def up(settings: Any, steps: int | None, *, is_json: bool) -> None:
    """Apply what is pending, or the next STEPS of it."""
    _report(_with(settings, lambda migrator: migrator.up(steps)), is_json=is_json)


@migrate.command()
@click.argument("steps", type=click.IntRange(min=1), default=1)
@as_json
@click.pass_obj
def down(settings: Any, steps: int, *, is_json: bool) -> None:
    """Take back the last migration, or the last STEPS."""
    _report(_with(settings, lambda migrator: migrator.down(steps)), is_json=is_json)


@migrate.command()
@click.argument("name")
@as_json
@click.pass_obj
def to(settings: Any, name: str, *, is_json: bool) -> None:
    """Apply or take back until NAME is the last one applied; "none" takes back all."""
    _report(_with(settings, lambda migrator: migrator.to(None if name == "none" else name)), is_json=is_json)


@migrate.command()
@as_json
@click.pass_obj
def redo(settings: Any, *, is_json: bool) -> None:
    """Take back the last migration, and apply it again."""
    _report(_with(settings, lambda migrator: migrator.redo()), is_json=is_json)


@migrate.command()
@as_json
@click.pass_obj
def status(settings: Any, is_json: bool) -> None:
    """Print every migration, and what has become of it."""
    found = _with(settings, lambda migrator: migrator.status())
    if is_json:
        click.echo(json.dumps([{"name": each.name, "state": each.state} for each in found]))
        return
    for each in found:
        click.echo(f"{each.state:8} {each.name}")


@migrate.command()
@as_json
@click.pass_obj
def plan(settings: Any, *, is_json: bool) -> None:
    """Print the SQL of what is pending, without running it."""
    planned = _with(settings, lambda migrator: migrator.plan())
    if is_json:
        click.echo(json.dumps(planned))
        return
    for name, statements in planned.items():
        click.echo(f"-- {name}")
        for statement in statements:
            click.echo(f"{statement};")


@migrate.command()
@click.argument("name")
@click.option("--applied/--pending", required=True, help="Whether it counts as applied now, or is to run again.")
@click.pass_obj
def repair(settings: Any, name: str, applied: bool) -> None:
    """Say what has become of NAME, which failed half-way, once its rest was done or undone by hand."""
    _with(settings, lambda migrator: migrator.repair(name, applied=applied))


@migrate.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--sql", "is_sql", is_flag=True, help="Write a file of SQL, and one that takes it back.")
@click.pass_obj
def create(settings: Any, words: tuple[str, ...], is_sql: bool) -> None:
    """Write a new migration, named by a number and WORDS."""
    folder: Path = settings[1]
    folder.mkdir(parents=True, exist_ok=True)
    name = next_name(folder, " ".join(words))
    _write(folder, {f"{name}.sql": "", f"{name}.down.sql": ""} if is_sql else {f"{name}.py": _TEMPLATE})


@migrate.command()
@click.argument("words", nargs=-1, required=True)
@takes_tables
@takes_schema
@takes_ignored
@takes_shadow
@click.option("--sql", "is_sql", is_flag=True, help="Write a file of SQL, and one that takes it back.")
@click.pass_obj
def generate(  # noqa: PLR0917 - options, by name
    settings: Any,
    words: tuple[str, ...],
    tables: str | None,
    schema: str | None,
    ignore: str | None,
    shadow: str | None,
    *,
    is_sql: bool,
) -> None:
    """Write a new migration that gives the database the declared tables, named by a number and WORDS.

    It is made for the kind of database that it was compared with, which has to have all migrations that are there.
    """
    url, folder, _ = settings
    address, declared = find_url(url), find_tables(tables)
    folder.mkdir(parents=True, exist_ok=True)
    options: dict[str, Any] = {"schema": schema, "ignore": listed(ignore)}

    async def compared(db: Any, place: Any) -> tuple[Plan, Plan]:
        waiting = [each.name for each in await Migrator(db, folder).status() if each.state == "pending"]
        if waiting:
            raise MigrationError(f"{waiting[0]!r} is pending: bring the database up to date before it is compared")
        seen = await differ(declared, db, shadow=place, **options)
        return seen.forth(), seen.back(tables_of(seen.before, seen.dialect))

    forth, back = run(with_shadow(address, shadow, compared))
    if not forth:
        click.echo("no differences")
        return
    if is_sql and (forth.has_rebuilds or back.has_rebuilds):
        raise click.UsageError("SQLite makes tables anew here, which takes a migration in Python: leave out --sql")
    name = next_name(folder, " ".join(words))
    files = {f"{name}.sql": sql_source(forth), f"{name}.down.sql": sql_source(back)}
    _write(folder, files if is_sql else {f"{name}.py": migration_source(" ".join(words), forth, back)})
    click.echo(str(forth), err=True)


def _write(folder: Path, files: dict[str, str]) -> None:
    for file, text in files.items():
        (folder / file).write_text(text, encoding="utf-8")
        click.echo(folder / file)


def _with(settings: tuple[str | None, Path, float], work: Callable[[Migrator], Awaitable[Any]]) -> Any:
    url, folder, lock_timeout = settings

    async def run() -> Any:
        async with Database(find_url(url)) as db:
            return await work(Migrator(db, folder, on_event=_show, lock_timeout=lock_timeout))

    return asyncio.run(run())


def _show(event: MigrationEvent) -> None:
    words = {"begin": "…", "end": f"done in {event.duration:.2f} s", "fail": "failed"}
    line = f"{event.number}/{event.total} {event.direction} {event.name} {words[event.kind]}"
    click.echo(line, err=True)


def _report(names: list[str], *, is_json: bool) -> None:
    if is_json:
        click.echo(json.dumps(names))
        return
    click.echo("\n".join(names) if names else "nothing to do")
