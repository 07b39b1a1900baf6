"""Migrations, and the folder that they are read from."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlparse

from querykit import sql
from querykit.migrations.errors import MigrationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path
    from types import ModuleType


@dataclass(frozen=True, slots=True)
class Migration:
    """A change of the database, made once.

    Attributes:
        name: Its name, by which it is ordered and remembered: ``"0001_people"``.
        upgrade: Makes the change; takes what runs statements.
        downgrade: Takes it back; None where it cannot be.
        checksum: Tells whether it was edited since.
        is_transactional: Whether it may run in a transaction; ``CREATE INDEX CONCURRENTLY`` may not.
    """

    name: str
    upgrade: Callable[[Any], Awaitable[None]]
    downgrade: Callable[[Any], Awaitable[None]] | None
    checksum: str
    is_transactional: bool = True


def read_folder(folder: Path) -> list[Migration]:
    """The migrations of a folder, in the order of their names.

    ``NAME.py`` has ``async def upgrade(db)``, and if it can be taken back ``async def downgrade(db)``; a line
    ``transactional = False`` keeps it out of a transaction. ``NAME.sql`` has statements, and ``NAME.down.sql`` those
    that take it back. Files that begin with an underscore are none.

    Raises:
        MigrationError: there is no such folder, two files have one name, or a file is none.
    """
    if not folder.is_dir():
        raise MigrationError(f"there is no folder {folder}")
    found: dict[str, Migration] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith("_") or path.suffix not in (".py", ".sql") or path.name.endswith(".down.sql"):
            continue
        if path.stem in found:
            raise MigrationError(f"{folder} has two migrations {path.stem}")
        found[path.stem] = _of_python(path) if path.suffix == ".py" else _of_sql(path)
    return [found[name] for name in sorted(found)]


def _of_python(path: Path) -> Migration:
    spec = importlib.util.spec_from_file_location(f"querykit_migration_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise MigrationError(f"{path} cannot be read")
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not hasattr(module, "upgrade"):
        raise MigrationError(f"{path.name} has no upgrade(db)")
    return Migration(
        path.stem,
        module.upgrade,
        getattr(module, "downgrade", None),
        _checksum(path),
        getattr(module, "transactional", True),
    )


def _of_sql(path: Path) -> Migration:
    down = path.with_name(f"{path.stem}.down.sql")
    return Migration(path.stem, _running(path), _running(down) if down.exists() else None, _checksum(path))


def _running(path: Path) -> Callable[[Any], Awaitable[None]]:
    statements: list[Any] = sqlparse.split(path.read_text(encoding="utf-8"))

    async def run(db: Any) -> None:
        for statement in statements:
            await db.execute(sql.raw(statement.rstrip(";")))

    return run


def _checksum(path: Path) -> str:
    text = path.read_bytes().replace(b"\r\n", b"\n")  # the same on every system
    return hashlib.sha256(text).hexdigest()
