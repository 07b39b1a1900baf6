"""From a checked description to the program that asks the same: the tables it needs, the query, and running it."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from querykit.schema.codegen.names import USED, Names, class_name, snake_case

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from querykit import Column, Table
    from querykit.playground.catalog import Catalog, CatalogTable
    from querykit.playground.checked import Comparison, Level

WIDTH: Final = 88
_INDENT: Final = "    "
_FROM_ENVIRONMENT: Final = 'os.environ["QUERYKIT_URL"]'
_OPERATORS: Final = {
    "eq": "{} == {}",
    "ne": "{} != {}",
    "gt": "{} > {}",
    "gte": "{} >= {}",
    "lt": "{} < {}",
    "lte": "{} <= {}",
    "between": "{}.between({}, {})",
    "in": "{}.is_in([{}])",
    "not_in": "{}.not_in([{}])",
    "is_null": "{}.is_null()",
    "is_not_null": "{}.is_not_null()",
    "like": "{}.like({})",
    "ilike": "{}.ilike({})",
    "contains": "{}.has_substring({})",
    "starts_with": "{}.starts_with({})",
    "ends_with": "{}.ends_with({})",
}
_MODULES: Final = {
    "Any": "typing",
    "Decimal": "decimal",
    "UUID": "uuid",
    "dt": "datetime",
    **dict.fromkeys(("AwareDatetime", "Json"), "querykit"),
}
"""Where the names come from that annotations and values begin with."""
_SAID = "query main row db os asyncio print Database select_from json_array_from json_object_from or_"
_RESERVED: Final = USED | frozenset(_SAID.split())


def program_of(level: Level, catalog: Catalog, *, url: str | None) -> str:
    """The program, as text.

    Args:
        level: The query.
        catalog: Where its tables are from.
        url: Where it runs, without a password; None leaves it to the environment.
    """
    return _Program(level, catalog, url).text()


class _Program:
    """Writes one program; remembers which names it needs."""

    def __init__(self, level: Level, catalog: Catalog, url: str | None) -> None:
        """Give every table its variable and its columns."""
        self._level, self._schema = level, catalog.schema
        self._url = _FROM_ENVIRONMENT if url is None else text_code(url)
        self._imports: dict[str, set[str]] = defaultdict(set)
        self._names = Names(_RESERVED)
        self._variables: dict[tuple[str, str], str] = {}
        self._classes: dict[str, str] = {}
        self._columns: dict[str, set[str]] = defaultdict(set)
        self._tables: dict[str, CatalogTable] = {}
        for each in level.walk():
            self._note(each, catalog.tables)

    def _note(self, level: Level, tables: Mapping[str, CatalogTable]) -> None:
        for each in (level.table, level.through):
            if each is not None:
                self._tables[each._name] = tables[each._name]
                self._classes.setdefault(each._name, "")
                self._variables.setdefault((each._name, each._name), "")
                self._variables.setdefault((each._name, each._reference), "")
        self._use(
            *level.columns, *[each.column for each in level.comparisons], *[each.column for each in level.order_by]
        )
        for pair in (*level.links, *level.through_links):
            self._use(*pair)

    def _use(self, *columns: Column[Any]) -> None:
        for each in columns:
            self._columns[each.table._name].add(each.name)

    def _name_all(self) -> None:
        for name in self._classes:
            self._classes[name] = self._free(class_name(name))
        for name, reference in self._variables:
            self._variables[name, reference] = self._free(snake_case(reference))

    def _free(self, name: str) -> str:
        return self._names.give(name)

    def text(self) -> str:
        """The whole program."""
        self._need("querykit", "Column", "Database", "Table", "select_from")
        self._name_all()
        classes = [self._declaration(name) for name in self._tables]
        lines = _called("query = ", _chain(self._query(self._level)))
        body = [*classes, self._variable_lines(), lines, _MAIN_OF(self._url)]
        head = [*self._import_lines()]
        return "\n".join(["\n".join(head), "", *_spaced(body)]).rstrip() + "\n"

    def _declaration(self, table: str) -> list[str]:
        """The class of a table, with the columns that the query uses."""
        of = self._tables[table]
        lines = [self._column_line(of, name) for name, own in of.names.items() if own in self._columns[table]]
        options = f"name={text_code(table)}" + (f", schema={text_code(self._schema)}" if self._schema else "")
        return [f"class {self._classes[table]}(Table, {options}):", *_indented(lines or ["pass"])]

    def _column_line(self, of: CatalogTable, name: str) -> str:
        annotation, own = of.annotations[name].code, of.names[name]
        self._need_of(annotation)
        if own == name:
            return f"{own}: Column[{annotation}]"
        self._need("querykit", "column")
        return f"{own}: Column[{annotation}] = column(name={text_code(name)})"

    def _variable_lines(self) -> list[str]:
        lines = []
        for (name, reference), variable in self._variables.items():
            if name == reference:
                lines.append(f"{variable} = {self._classes[name]}()")
            else:
                lines.append(f"{variable} = {self._variables[name, name]}.as_({text_code(reference)})")
        return lines

    # -- the query ----------------------------------------------------------------------------------------------------

    def _query(self, level: Level) -> list[list[str]]:
        """The calls of a chain, each as its lines."""
        selected = [[self._column(each)] for each in level.columns]
        calls = [[f"select_from({self._variable(level.table)})"]]
        if level.through is not None:
            pairs = [[f"{self._column(between)} == {self._column(own)}"] for between, own in level.through_links]
            calls.append(_call(".inner_join", [[self._variable(level.through)], *pairs]))
        calls.append(_call(".select", [*selected, *[self._nested(each) for each in level.nested]]))
        if criteria := self._criteria(level):
            calls.append(_call(".where", criteria))
        if level.order_by:
            keys = [self._column(each.column) + ".desc()" * each.is_descending for each in level.order_by]
            calls.append(_call(".order_by", [[each] for each in keys]))
        if level.limit is not None:
            calls.append([f".limit({level.limit})"])
        return calls

    def _nested(self, level: Level) -> list[str]:
        function = "json_array_from" if level.is_many else "json_object_from"
        self._need("querykit", function)
        lines = [f"{function}(", *_indented(_chain(self._query(level))), ")"]
        lines[-1] += f".as_({text_code(level.name)})"
        return lines

    def _criteria(self, level: Level) -> list[list[str]]:
        links = [[f"{self._column(own)} == {self._column(outer)}"] for own, outer in level.links]
        comparisons = [[self._comparison(each)] for each in level.comparisons]
        if level.is_any and len(comparisons) > 1:
            self._need("querykit", "or_")
            comparisons = [_call("or_", comparisons)]
        return [*links, *comparisons]

    def _comparison(self, comparison: Comparison) -> str:
        column, operator, values = comparison
        codes = [self._value(each) for each in values]
        if operator in ("in", "not_in"):
            codes = [", ".join(codes)]
        return _OPERATORS[operator].format(self._column(column), *codes)

    def _variable(self, table: Table) -> str:
        return self._variables[table._name, table._reference]

    def _column(self, column: Column[Any]) -> str:
        return f"{self._variable(column.table)}.{column.name}"

    def _value(self, value: Any) -> str:
        code = value_code(value)
        self._need_of(code.partition("(")[0])
        return code

    # -- imports ------------------------------------------------------------------------------------------------------

    def _need(self, module: str, *names: str) -> None:
        self._imports[module].update(names)

    def _need_of(self, code: str) -> None:
        """Import what an annotation or a value begins with, if that is not Python's own."""
        word = re.split(r"\W", code.removeprefix("list["))[0]
        if word in _MODULES:
            self._need(_MODULES[word], word)

    def _import_lines(self) -> list[str]:
        plain = ["import asyncio"]
        plain += ["import datetime as dt"] if self._imports.pop("datetime", None) else []
        plain += ["import os"] if self._url == _FROM_ENVIRONMENT else []
        own = sorted(self._imports.pop("querykit"), key=_import_order)
        standard = [f"from {module} import {', '.join(names)}" for module, names in sorted(self._imports.items())]
        line = f"from querykit import {', '.join(own)}"
        lines = (
            [line] if len(line) <= WIDTH else ["from querykit import (", *_indented([f"{each}," for each in own]), ")"]
        )
        return [*plain, *standard, "", *lines]


def _MAIN_OF(url: str) -> list[str]:  # noqa: N802 - the template of a program's end
    return [
        "async def main() -> None:",
        f"{_INDENT}async with Database({url}) as db:",
        f"{_INDENT * 2}for row in await db.fetch_all(query):",
        f"{_INDENT * 3}print(row)",
        "",
        "",
        "asyncio.run(main())",
    ]


def _spaced(blocks: list[list[str]]) -> list[str]:
    """Classes and functions with two empty lines around them, other statements with one."""
    lines: list[str] = []
    after_definition = False
    for block in blocks:
        is_definition = block[0].startswith(("class ", "async def "))
        lines += ["", *block] if after_definition or is_definition else block
        if is_definition or block is not blocks[-1]:
            lines.append("")
        after_definition = is_definition
    return lines


def _import_order(name: str) -> tuple[int, str]:
    return (1 if name[0].isupper() else 2, name)


def _call(name: str, arguments: list[list[str]]) -> list[str]:
    """A call on one line, if it fits there; else with a line for each argument."""
    if all(len(each) == 1 for each in arguments):
        line = f"{name}({', '.join([each[0] for each in arguments])})"
        if len(line) <= WIDTH - 2 * len(_INDENT):
            return [line]
    lines = [f"{name}("]
    for each in arguments:
        lines += _indented([*each[:-1], f"{each[-1]},"])
    return [*lines, ")"]


def _chain(calls: list[list[str]]) -> list[str]:
    """A chain of calls: on one line, if it is short."""
    line = "".join([each[0] for each in calls])
    if all(len(each) == 1 for each in calls) and len(line) <= WIDTH - 6 * len(_INDENT):
        return [line]
    return [line for call in calls for line in call]


def _called(start: str, chain: list[str]) -> list[str]:
    return [f"{start}{chain[0]}"] if len(chain) == 1 else [f"{start}(", *_indented(chain), ")"]


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"{_INDENT}{each}" for each in lines]


def text_code(text: str) -> str:
    """A text as Python writes it, in double quotes where it can."""
    code = repr(text)
    return f'"{code[1:-1]}"' if code[0] == "'" and '"' not in code and "\\'" not in code else code


def value_code(value: Any) -> str:
    """A value as a program writes it."""
    write = next((write for types, write in _VALUES if isinstance(value, types)), repr)
    return write(value)


def _float_code(value: float) -> str:
    code = repr(value)
    return code if code[-1].isdigit() else f'float("{code}")'


_VALUES: Final[tuple[tuple[Any, Callable[[Any], str]], ...]] = (
    (str, text_code),
    (float, _float_code),
    ((Decimal, UUID), lambda value: f'{type(value).__name__}("{value}")'),
    ((dt.datetime, dt.time), lambda value: f'dt.{type(value).__name__}.fromisoformat("{value.isoformat()}")'),
    ((dt.date, dt.timedelta), lambda value: f"dt.{repr(value).removeprefix('datetime.')}"),
)
