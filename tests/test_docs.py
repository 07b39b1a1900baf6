"""The code of the documentation runs: the blocks of a file one after the other, with `db` an empty SQLite database."""

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from querykit import Database

DOCS = Path(__file__).parent.parent / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(path: Path) -> list[tuple[int, str]]:
    """The Python of a file, each block with the number of the line before its first."""
    text = path.read_text(encoding="utf-8")
    return [(text.count("\n", 0, found.start(1)), found[1]) for found in BLOCK.finditer(text)]


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda path: str(path.relative_to(DOCS)))
async def test_the_code_of_a_page_runs(path: Path) -> None:
    names: dict[str, Any] = {"__name__": path.stem}
    async with Database("sqlite:///:memory:") as names["db"]:
        for line, source in blocks(path):
            code = compile("\n" * line + source, str(path), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            result = eval(code, names)  # noqa: S307 - it is our own documentation
            if inspect.isawaitable(result):
                await result
