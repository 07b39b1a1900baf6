"""The command `querykit codegen`."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

import click

from querykit import Database
from querykit.cli.found import as_json, find_url, run, takes_url, working
from querykit.schema.codegen import Overrides, generate, read_overrides
from querykit.schema.introspection import introspect

_MARK = '"""Tables made by `querykit codegen`'


@click.command()
@takes_url
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file; unsaid, it is printed.")
@click.option("--schema", help="The schema; unsaid, the one in which tables are looked for.")
@click.option("--tables", help="Take these tables only, separated by commas.")
@click.option(
    "--overrides",
    type=click.Path(path_type=Path, exists=True),
    help="A TOML file of other names and types; unsaid, OUTPUT with .toml behind its name, if it is there.",
)
@click.option(
    "--check", is_flag=True, help="Write nothing; exit with 1, and show the difference, if OUTPUT would change."
)
@click.option("--force", is_flag=True, help="Write over a file that was not generated.")
@as_json
def codegen(  # noqa: PLR0917 - options, by name
    url: str | None,
    output: Path | None,
    schema: str | None,
    tables: str | None,
    overrides: Path | None,
    check: bool,
    force: bool,
    is_json: bool,
) -> None:
    """Write the tables of the database at URL as declared tables of a Python module.

    Without URL: $QUERYKIT_URL, or `url` in the [tool.querykit] of pyproject.toml.
    """
    if check and output is None:
        raise click.UsageError("--check compares with a file: say which, with --output")
    wanted = [each.strip() for each in (tables or "").split(",") if each.strip()]
    address, said = find_url(url), _overrides(overrides, output)
    with working("reading the database"):
        source, number = run(_generated(address, schema, wanted, said))
    if output is None:
        click.echo(json.dumps({"tables": number, "source": source}) if is_json else source, nl=is_json)
        return
    before = output.read_text(encoding="utf-8") if output.exists() else ""
    if is_json:
        click.echo(json.dumps({"file": str(output), "tables": number, "changed": before != source}))
    if check:
        _checked(output, before, source, is_quiet=is_json)
        return
    if before and not before.startswith(_MARK) and not force:
        raise click.ClickException(f"{output} was not generated: --force writes over it")
    if before != source:
        output.write_text(source, encoding="utf-8")
    click.echo(f"{output}: {number} tables{'' if before != source else ', as they were'}", err=True)


async def _generated(url: str, schema: str | None, tables: list[str], overrides: Overrides) -> tuple[str, int]:
    async with Database(url, pool_size=1) as db:
        found = await introspect(db, schema=schema)
        missing = sorted(set(tables) - {table.name for table in found.tables})
        if missing:
            raise click.BadParameter(f"there is no table {', '.join(missing)}")
        source = generate(found, db.dialect.name, schema=schema, tables=tables, overrides=overrides)
    return source, source.count("(Table, name=")


def _overrides(said: Path | None, output: Path | None) -> Overrides:
    beside = None if output is None else output.with_suffix(".toml")
    path = beside if said is None and beside is not None and beside.exists() else said
    return Overrides() if path is None else read_overrides(path)


def _checked(output: Path, before: str, source: str, *, is_quiet: bool) -> None:
    if before == source:
        return
    if not is_quiet:
        lines = difflib.unified_diff(
            before.splitlines(), source.splitlines(), str(output), "the database", lineterm="", n=1
        )
        click.echo("\n".join(lines))
    raise click.exceptions.Exit(1)
