"""The command, and its commands `sql`, `doctor` and `explain`; the others stand in files of their own."""

from __future__ import annotations

import json
from typing import Any

import click
from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table as Grid

from querykit import CompiledQuery, Database, Plan
from querykit.cli.codegen import codegen
from querykit.cli.completion import completion
from querykit.cli.diff import diff_command, sync_command
from querykit.cli.found import as_json, find_query, find_url, run, takes_url
from querykit.cli.migrate import migrate
from querykit.cli.playground import playground
from querykit.cli.probes import PROBES
from querykit.cli.repl import repl
from querykit.cli.secrets import Refusing
from querykit.errors import QueryKitError

DIALECTS = ("postgres", "mysql", "mariadb", "sqlite")


@click.group(cls=Refusing)
@click.version_option(package_name="querykit")
def querykit() -> None:
    """Look at queries and databases."""


@querykit.command()
@click.argument("query")
@click.option("--dialect", type=click.Choice(DIALECTS), help="For this database alone; unsaid, for all four.")
@as_json
def sql(query: str, dialect: str | None, is_json: bool) -> None:
    """Print the SQL and the parameters of QUERY, which is MODULE:NAME.

    NAME is a query, or a function without arguments that returns one.
    """
    found = find_query(query)
    written = {name: _compiled(found, name) for name in ([dialect] if dialect else DIALECTS)}
    if is_json:
        click.echo(json.dumps({name: _as_data(each) for name, each in written.items()}, default=repr))
        return
    console = Console()
    for name, each in written.items():
        console.rule(name, align="left")
        if isinstance(each, QueryKitError):
            console.print(str(each), style="yellow", markup=False)
            continue
        console.print(Syntax(str(each), "sql", word_wrap=True, background_color="default"))
        if each.parameters:
            console.print(f"parameters: {each.parameters!r}", markup=False, highlight=False)
    if all(isinstance(each, QueryKitError) for each in written.values()):
        raise click.exceptions.Exit(1)


@querykit.command()
@takes_url
@as_json
def doctor(url: str | None, is_json: bool) -> None:
    """Connect to URL, and print the server, what it can do, and what would not work there.

    Without URL: $QUERYKIT_URL, or `url` in the [tool.querykit] of pyproject.toml.
    """
    report = run(_examined(find_url(url)))
    if is_json:
        click.echo(json.dumps(report))
        return
    console = Console()
    console.print(f"[bold]{report['dialect']} {report['version']}[/] answered in {report['latency_ms']} ms")
    grid = Grid(box=None)
    for title in ("", "works", "why not"):
        grid.add_column(title)
    for name, refusal in report["features"].items():
        grid.add_row(name, "yes" if refusal is None else "no", refusal or "")
    console.print(grid)


@querykit.command()
@click.argument("query")
@takes_url
@click.option("--analyze", is_flag=True, help="Run the query, and show what it took.")
@as_json
def explain(query: str, url: str | None, *, analyze: bool, is_json: bool) -> None:
    """Print how the server at URL would run QUERY, which is MODULE:NAME, and warn of indexes that it lacks."""
    plan = run(_explained(find_url(url), find_query(query), analyze=analyze))
    if is_json:
        click.echo(json.dumps({"plan": list(plan), "warnings": list(plan.warnings)}, default=str))
        return
    for row in plan:
        click.echo("  ".join(str(each) for each in row.values()))
    for warning in plan.warnings:
        click.echo(f"warning: {warning}", err=True)


for command in (migrate, codegen, diff_command, sync_command, repl, playground, completion):
    querykit.add_command(command)


def _compiled(query: Any, dialect: str) -> CompiledQuery | QueryKitError:
    try:
        compiled: CompiledQuery = query.compile(dialect)
    except QueryKitError as error:
        return error
    return compiled


def _as_data(written: CompiledQuery | QueryKitError) -> dict[str, Any]:
    if isinstance(written, QueryKitError):
        return {"error": str(written)}
    return {"sql": written.sql, "parameters": list(written.parameters)}


async def _examined(url: str) -> dict[str, Any]:
    async with Database(url, pool_size=1) as db:
        health = await db.health()
        features = {name: _refusal(probe(), db.dialect.name) for name, probe in PROBES.items()}
        return {
            "dialect": health.dialect,
            "version": health.server_version,
            "latency_ms": round(health.latency * 1000, 1),
            "features": features,
        }


def _refusal(query: Any, dialect: str) -> str | None:
    found = _compiled(query, dialect)
    return str(found) if isinstance(found, QueryKitError) else None


async def _explained(url: str, query: Any, *, analyze: bool) -> Plan:
    async with Database(url, pool_size=1) as db:
        return await db.explain(query, analyze=analyze)
