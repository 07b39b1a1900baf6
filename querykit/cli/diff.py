"""The commands `querykit diff` and `querykit sync`."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import click

from querykit import Database
from querykit.cli.found import as_json, find_tables, find_url, run, takes_url, working
from querykit.cli.secrets import keep_secret
from querykit.schema.diff import Plan, diff, sync

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

takes_tables = click.option(
    "--tables", metavar="MODULE[:NAME]", help="The declared tables; unsaid, [tool.querykit] tables."
)
takes_shadow = click.option(
    "--shadow", metavar="URL", help="Another database of that kind, in which declared tables are made to be compared."
)
takes_ignored = click.option("--ignore", help="Tables that may be there without being declared, separated by commas.")
takes_schema = click.option("--schema", help="The schema; unsaid, the one in which tables are looked for.")


@click.command("diff")
@takes_url
@takes_tables
@takes_schema
@takes_ignored
@takes_shadow
@click.option("--sql", "is_sql", is_flag=True, help="Print the statements, too.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if there are differences.")
@as_json
def diff_command(
    url: str | None,
    tables: str | None,
    schema: str | None,
    ignore: str | None,
    shadow: str | None,
    *,
    is_sql: bool,
    exit_code: bool,
    is_json: bool,
) -> None:
    """Print what makes the database at URL have the declared tables, and what that would lose. Nothing is changed.

    Without URL: $QUERYKIT_URL, or `url` in the [tool.querykit] of pyproject.toml.
    """
    address, declared = find_url(url), find_tables(tables)
    options: dict[str, Any] = {"schema": schema, "ignore": listed(ignore)}
    plan: Plan = run(with_shadow(address, shadow, lambda db, place: diff(declared, db, shadow=place, **options)))
    if is_json:
        click.echo(json.dumps([_as_data(each) for each in plan.changes]))
    else:
        click.echo(_shown(plan, is_sql=is_sql))
    if plan and exit_code:
        raise click.exceptions.Exit(1)


@click.command("sync")
@takes_url
@takes_tables
@takes_schema
@takes_ignored
@takes_shadow
@click.option("--drop", is_flag=True, help="Change and drop what is there too, whatever is lost.")
@as_json
def sync_command(
    url: str | None,
    tables: str | None,
    schema: str | None,
    ignore: str | None,
    shadow: str | None,
    *,
    drop: bool,
    is_json: bool,
) -> None:
    """Create what the database at URL lacks of the declared tables, for development.

    What is there is neither changed nor dropped, unless --drop says so. Without URL: $QUERYKIT_URL, or `url` in the
    [tool.querykit] of pyproject.toml.
    """
    address, declared = find_url(url), find_tables(tables)
    options: dict[str, Any] = {"schema": schema, "ignore": listed(ignore), "drop": drop}
    done, left = run(with_shadow(address, shadow, lambda db, place: sync(declared, db, shadow=place, **options)))
    if is_json:
        told = {name: [_as_data(each) for each in plan.changes] for name, plan in (("done", done), ("left", left))}
        click.echo(json.dumps(told))
        return
    click.echo(str(done) if done else "nothing to create")
    if left:
        click.echo(f"left as it is:\n{left}", err=True)


async def with_shadow(url: str, shadow: str | None, work: Callable[[Any, Any], Awaitable[Any]]) -> Any:
    """Do work with a database, and with the one that is to stand in for it, or None."""
    async with AsyncExitStack() as stack:
        stack.enter_context(working("comparing"))
        db = await stack.enter_async_context(Database(url))
        place = None if shadow is None else await stack.enter_async_context(Database(keep_secret(shadow)))
        return await work(db, place)


def listed(names: str | None) -> list[str]:
    """Names between commas."""
    return [each.strip() for each in (names or "").split(",") if each.strip()]


def _as_data(change: Any) -> dict[str, Any]:
    return {"change": change.text, "sql": list(change.statements), "loss": change.loss, "risk": change.risk}


def _shown(plan: Plan, *, is_sql: bool) -> str:
    if not is_sql or not plan:
        return str(plan)
    parts = []
    for change in plan.changes:
        told = "\n".join([f"-- {line}" for line in str(change).splitlines()])
        parts.append("\n".join([told, *[f"{statement};" for statement in change.statements]]))
    return "\n".join(parts)
