"""What reviews forget: layers, exports, docstrings, drivers, and that no kind of node is met without an answer."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import querykit
from querykit import errors
from querykit.builder.compiled import dialect_named
from querykit.builder.expressions import Expression
from querykit.builder.statement import Statement
from querykit.builder.tables import Source
from tests.databases import DATABASES

ROOT = Path(querykit.__file__).parent
LAYERS = ("errors", "builder", "helpers", "dialects", "plugins", "execution", "testing")
"""From the ground up: a file imports from its own layer and from those before it."""
OPT_IN = ("access", "schema", "migrations", "playground", "cli")
"""These stand on the public names alone, and on those of them that come before; nothing else imports them."""
PUBLIC = (
    "querykit",
    "querykit.plugins",
    "querykit.testing",
    "querykit.access",
    "querykit.schema",
    "querykit.migrations",
)
"""The packages that are imported from."""
REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
DRIVERS = ("asyncpg", "aiomysql", "asyncmy", "pymysql", "aiosqlite", "sqlite3")


def files() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def modules() -> list[ModuleType]:
    names = [found.name for found in pkgutil.walk_packages([str(ROOT)], "querykit.")]
    return [importlib.import_module(name) for name in names if not name.endswith("__main__")]


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    """Every import of a file, wherever it stands, with the full name of the module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports say the whole name"
            yield node, str(node.module)
            # what is imported may be a module too
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def layer(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


# -- layers -------------------------------------------------------------------------------------------------------


def test_every_file_belongs_to_a_layer():
    assert {layer(path) for path in files()} - {"__init__"} <= {*LAYERS, *OPT_IN}


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path):
    own = layer(path)
    if own == "__init__":
        return
    below = LAYERS[: LAYERS.index(own) + 1] if own in LAYERS else ()
    for node, name in imports(parsed(path)):
        package, *parts = name.split(".")
        if package != "querykit":
            continue
        if own in OPT_IN:
            others = OPT_IN[: OPT_IN.index(own) + 1]
            is_public = not parts or parts[0] in (*others, "errors", "testing") or parts[0] in querykit.__all__
            assert is_public, f"line {node.lineno}: {name} is not public"
        else:
            assert parts, f"line {node.lineno}: the core does not import the package that exports it"
            assert parts[0] in below, f"line {node.lineno}: {own} stands under {parts[0]}"


MADE_LATER = {"querykit.execution.replicated", "querykit.execution.replicated.ReplicatedDatabase"}
"""A subclass, that a class method of its base makes."""


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_drivers_are_imported_inside_functions(path):
    tree = parsed(path)
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node, name in imports(function):
                assert name.split(".")[0] in (*DRIVERS, "ssl") or name in MADE_LATER, f"line {node.lineno}: {name}"


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_driver_is_imported_at_the_top(path):
    top = ast.Module([node for node in parsed(path).body if not is_for_checkers(node)], [])
    for function in [node for node in ast.walk(top) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]:
        function.body = []
    # SQLite's codes and exceptions are Python's own
    assert {name.split(".")[0] for _, name in imports(top)} & {*DRIVERS} <= {"sqlite3"}


def is_for_checkers(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def test_importing_and_compiling_import_no_driver():
    program = """
import sys
from querykit import *
from querykit import Table, Column, select_from, json_array_from, json_object_from
class Pet(Table, name="pet"):
    id: Column[int]
pet = Pet()
for name in ("postgres", "mysql", "mariadb", "sqlite"):
    select_from(pet.as_("p")).select(json_array_from(select_from(pet).select(pet.id)).as_("x")).compile(name)
Database("postgresql://localhost/shop"), Database("mysql://localhost/shop"), Database("sqlite://")
drivers = {"asyncpg", "aiomysql", "asyncmy", "pymysql", "aiosqlite"}
print(sorted({module.split(".")[0] for module in sys.modules} & drivers))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT.parent)
    assert done.stdout.strip() == "[]"


def test_nothing_asks_which_dialect_it_is():
    for path in files():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Compare):
                said = ast.unparse(node)
                names = [f"'{name}'" for name in DATABASES]
                assert not ("dialect" in said and any(name in said for name in names)), f"{path}:{node.lineno}: {said}"


def test_functions_fit_in_the_head():
    for path in files():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = int(node.end_lineno or 0) - node.lineno - docstring_length(node)
                assert length <= 60, f"{path}:{node.lineno}: {node.name} has {length} lines"


def docstring_length(node: Any) -> int:
    first = node.body[0]
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return int(first.end_lineno or 0) - first.lineno + 1 if is_text else 0


# -- names --------------------------------------------------------------------------------------------------------


def test_all_names_are_exported_and_sorted():
    public = {
        name for name, found in vars(querykit).items() if not name.startswith("_") and not inspect.ismodule(found)
    }
    assert sorted(querykit.__all__, key=ruff_order) == querykit.__all__
    assert set(querykit.__all__) == public


def ruff_order(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, as RUF022 has it."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def test_what_the_design_names_is_exported():
    named = (
        "Database Table table Column Expression Condition Json AwareDatetime CompiledQuery ExecuteResult "
        "select_from select insert_into update delete_from sql fn case cast exists and_ or_ not_ value param "
        "json_array_from json_object_from json_build_object"
    )
    assert set(named.split()) <= set(querykit.__all__)


def test_the_reference_holds_every_public_name():
    shown = {
        name
        for page in REFERENCE.glob("*.md")
        for name in re.findall(r"^::: ([\w.]+)", page.read_text("utf-8"), re.MULTILINE)
    }
    missing = []
    for package in map(importlib.import_module, PUBLIC):
        for name in package.__all__:
            module = getattr(getattr(package, name), "__module__", "")
            if not {*(f"{each}.{name}" for each in PUBLIC), f"{module}.{name}", module} & shown:
                missing.append(f"{package.__name__}.{name}")
    assert not missing


def test_every_error_is_exported():
    classes = [
        found for found in vars(errors).values() if inspect.isclass(found) and issubclass(found, errors.QueryKitError)
    ]
    assert len(classes) > 30
    for each in classes:
        assert getattr(querykit, each.__name__, None) is each
        assert each.__name__ in str(errors.__doc__)


def test_no_other_error_of_ours_exists():
    for module in modules():
        for name, found in vars(module).items():
            if inspect.isclass(found) and issubclass(found, Exception) and found.__module__.startswith("querykit"):
                assert issubclass(found, errors.QueryKitError), f"{module.__name__}.{name}"


def documented() -> Iterator[tuple[str, Any]]:
    """Every public module, class, function and method."""
    for module in modules():
        yield module.__name__, module
        for name, found in vars(module).items():
            if name.startswith("_") or getattr(found, "__module__", None) != module.__name__:
                continue
            if inspect.isclass(found):
                yield f"{module.__name__}.{name}", found
                for method_name, method in vars(found).items():
                    function = getattr(method, "__func__", method)
                    if not method_name.startswith("_") and (
                        inspect.isfunction(function) or isinstance(function, property)
                    ):
                        yield f"{module.__name__}.{name}.{method_name}", function
            elif inspect.isfunction(found):
                yield f"{module.__name__}.{name}", found


def test_every_public_name_has_a_docstring():
    assert [name for name, found in documented() if not (found.__doc__ or "").strip()] == []


# -- nodes --------------------------------------------------------------------------------------------------------


def subclasses(base: type) -> Iterator[type]:
    for each in base.__subclasses__():
        if each.__module__.startswith("querykit."):
            yield each
            yield from subclasses(each)


ABSTRACT = {"Condition", "JsonAggregate", "JsonExpression", "JsonRows", "Query", "Restricted", "Table", "Write"}
"""Bases of others, of which no object is made."""
NOT_IN_FROM = {"ExcludedRow"}
"""What qualifies columns and is refused in FROM."""


@pytest.mark.parametrize("dialect", DATABASES)
@pytest.mark.parametrize("base", [Expression, Statement, Source])
def test_every_dialect_has_an_answer_for_every_node(dialect, base):
    modules()
    visitors = dialect_named(dialect).compiler.visitors  # type: ignore[attr-defined]
    nodes = {each for each in subclasses(base) if each.__name__ not in ABSTRACT | NOT_IN_FROM}
    assert len(nodes) > 2
    assert [node.__name__ for node in nodes if not any(parent in visitors for parent in node.__mro__)] == []
