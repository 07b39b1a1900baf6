"""Migrations that are written from what is different."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from querykit.schema.diff import Change, Plan

_INDENT = "    "


def next_name(folder: Path, words: str) -> str:
    """The name of a folder's next migration: a number, and words."""
    numbers = [int(found[0]) for path in folder.iterdir() if (found := re.match(r"\d+", path.name))]
    plain = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_") or "changes"
    return f"{max(numbers, default=0) + 1:04}_{plain}"


def migration_source(title: str, forth: Plan, back: Plan) -> str:
    """A file with `upgrade` and `downgrade`, of two plans."""
    has_rebuilds = forth.has_rebuilds or back.has_rebuilds
    imports = ["from querykit.schema.diff import run_with_rebuilds"] if has_rebuilds else ["from querykit import sql"]
    head = [
        f'"""{title}. Made from a comparison: read it before it runs."""',
        "",
        "from typing import Any",
        "",
        *imports,
    ]
    if has_rebuilds:
        head += ["", "transactional = False  # tables are made anew, with foreign keys let alone"]
    parts = ["\n".join(head)]
    for name, told, plan in (("upgrade", "Make the change.", forth), ("downgrade", "Take it back.", back)):
        body = list(_rebuilt(plan) if has_rebuilds else _executed(plan))
        parts.append("\n".join([f"async def {name}(db: Any) -> None:", f'{_INDENT}"""{told}"""', *body]))
    return "\n\n\n".join(parts) + "\n"


def sql_source(plan: Plan) -> str:
    """A file of SQL."""
    parts = []
    for change in plan.changes:
        told = [f"-- {line}" for line in str(change).splitlines()]
        parts.append("\n".join([*told, *[f"{statement};" for statement in change.statements]]))
    return "\n".join(parts) + "\n"


def _executed(plan: Plan) -> Iterator[str]:
    for change in plan.changes:
        yield from _told(change, _INDENT)
        for statement in change.statements:
            yield f"{_INDENT}await db.execute(sql.raw({_quoted(statement)}))"


def _rebuilt(plan: Plan) -> Iterator[str]:
    yield f"{_INDENT}await run_with_rebuilds("
    yield f"{_INDENT * 2}db,"
    yield f"{_INDENT * 2}["
    for change in plan.changes:
        yield from _told(change, _INDENT * 3)
        for statement in change.statements:
            yield f"{_INDENT * 3}{_quoted(statement)},"
    yield f"{_INDENT * 2}],"
    yield f"{_INDENT})"


def _told(change: Change, indent: str) -> Iterator[str]:
    yield from [f"{indent}# {line}" for line in str(change).splitlines()]
    if not change.statements:
        yield f'{indent}raise NotImplementedError("write here what no statement does by itself")'


def _quoted(statement: str) -> str:
    """A string of Python, over several lines where the statement is."""
    plain = statement.replace("\\", "\\\\")
    if '"' not in plain and "\n" not in plain:
        return f'"{plain}"'
    ends = plain.replace('"""', '\\"\\"\\"')
    return f'"""{ends[:-1]}\\""""' if ends.endswith('"') else f'"""{ends}"""'
