"""The generated module."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from querykit import BuildError, Table, schema
from querykit.schema.codegen.chosen import Chooser
from querykit.schema.codegen.layout import WIDTH, Call, Text, call, laid_out
from querykit.schema.codegen.names import USED
from querykit.schema.codegen.overrides import Overrides
from querykit.schema.codegen.relations import Relations
from querykit.schema.codegen.table_code import TableCode
from querykit.schema.codegen.types import Types
from querykit.schema.types import Enumeration

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from querykit.schema.codegen.chosen import ChosenEnum, ChosenTable
    from querykit.schema.introspection import FoundDatabase, FoundTable

_ACCESS: Final = ("belongs_to", "has_many", "has_one", "many_to_many")
_CORE: Final = ("AwareDatetime", "Column", "Json", "Table", "column", "references", "sql")
_SCHEMA: Final = tuple([each for each in schema.__all__ if each in USED and each != "Json"])
_STANDARD: Final = (("decimal", "Decimal"), ("enum", "Enum"), ("typing", "Any"), ("uuid", "UUID"))
_ENUM: Final = re.compile(r"enum\((.*)\)", re.IGNORECASE | re.DOTALL)


def generate(
    found: FoundDatabase,
    dialect: str,
    *,
    schema: str | None = None,
    tables: Collection[str] = (),
    overrides: Overrides | None = None,
) -> str:
    """A module of declared tables, of what a database has; the same text for the same database.

    Args:
        found: What the database has, from `introspect`.
        dialect: Its dialect.
        schema: The schema that the tables are to name; None names none.
        tables: The tables to take; nothing takes all.
        overrides: What is said of names and types.
    """
    return _Module(found, dialect, schema, tables, overrides or Overrides()).source()


def tables_of(found: FoundDatabase, dialect: str) -> list[Table]:
    """The tables of a database as declared ones, without a file."""
    names: dict[str, Any] = {"__name__": "querykit.generated"}
    exec(compile(generate(found, dialect), "<generated tables>", "exec", dont_inherit=True), names)  # noqa: S102 - it is our own text
    return list(names["TABLES"])


class _Module:
    def __init__(
        self, found: FoundDatabase, dialect: str, schema: str | None, tables: Collection[str], overrides: Overrides
    ) -> None:
        self._dialect, self._schema, self._overrides = dialect, schema, overrides
        taken = [table for table in found.tables if _is_wanted(table, tables, overrides)]
        chooser = Chooser(overrides)
        self._tables = chooser.tables(sorted(taken, key=lambda table: table.name))
        self._enums = chooser.enums(found.enums)
        self._enums |= {name: chooser.enum(made, values) for name, made, values in _inline_enums(taken)}
        self._types = Types(dialect, {each.type_name: (each.class_name, each.name) for each in self._enums.values()})

    def source(self) -> str:
        relations = Relations(self._tables, self._overrides)
        writers = [self._writer(table) for table in self._tables]
        written = [
            writer.source(relations.of(table), self._schema)
            for table, writer in zip(self._tables, writers, strict=True)
        ]
        body = "\n\n\n".join([*self._enum_sources("\n".join(written)), *written, "\n".join(self._objects())])
        said = {each for writer in writers for each in writer.imports}
        head = f'"""Tables made by `querykit codegen` from {self._dialect}: edit its overrides."""'
        return "\n".join([head, "", *self._imports(body, said), "", "", body, ""])

    def _writer(self, table: ChosenTable) -> TableCode:
        return TableCode(table, self._types, self._enums, self._overrides, self._dialect).in_schema(self._schema)

    def _enum_sources(self, written: str) -> Iterator[str]:
        for enum in self._enums.values():
            if re.search(rf"\b{enum.name}\b", written):
                yield _enum_source(enum)

    def _objects(self) -> Iterator[str]:
        """The tables as objects, and lists of them."""
        if self._tables:
            yield from [f"{each.name} = {each.class_name}()" for each in self._tables]
            yield ""
        are_tables = [each for each in self._tables if each.found.kind == "table"]
        for name, of_kind in (
            ("TABLES", are_tables),
            ("VIEWS", [each for each in self._tables if each not in are_tables]),
        ):
            if of_kind or name == "TABLES":
                items = Call("", tuple([(None, each.name) for each in of_kind]))
                yield (
                    laid_out(items, indent=0, before=f"{name} = ")
                    if len(of_kind) != 1
                    else f"{name} = ({of_kind[0].name},)"
                )

    def _imports(self, body: str, said: set[tuple[str, str]]) -> Iterator[str]:
        body = _code(body)
        names = set(re.findall(r"\b\w+\b", body))
        standard = [f"from {module} import {name}" for module, name in _STANDARD if _is_used(name, body)]
        standard = ["import datetime as dt", *standard] if "dt." in body and "dt" in names else standard
        if standard:
            yield from [*standard, ""]
        others = sorted(said - set(_STANDARD))
        own = [_import("querykit", [each for each in _CORE if _is_used(each, body)])]
        own += [_import("querykit.access", [each for each in _ACCESS if _is_used(each, body)])]
        own += [_import("querykit.schema", [each for each in _SCHEMA if _is_used(each, body)])]
        yield from [each for each in own if each]
        yield from [f"from {module} import {name}" for module, name in others]


def _is_wanted(table: FoundTable, tables: Collection[str], overrides: Overrides) -> bool:
    is_ours = table.name == "querykit_migrations"
    return not overrides.table(table.name).skip and (table.name in tables if tables else not is_ours)


def _code(body: str) -> str:
    """The code without its texts."""
    return re.sub(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'", '""', body)


def _is_used(name: str, code: str) -> bool:
    """Whether the code says a name: called, in an annotation, or as a type."""
    return re.search(rf"(?<![\w.]){name}(?=[(\[\],). |\n])(?!:)", code) is not None


def _import(module: str, names: list[str]) -> str:
    """An import, its names as formatters sort them: constants, classes, the rest."""
    if not names:
        return ""
    ordered = sorted(names, key=lambda name: (not name.isupper() and not name[0].isupper(), name))
    line = f"from {module} import {', '.join(ordered)}"
    return line if len(line) <= WIDTH else f"from {module} import (\n    " + ",\n    ".join(ordered) + ",\n)"


def _inline_enums(tables: Iterable[FoundTable]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Enumerations that stand with their column: where they stand, a name made up for them, and their values."""
    for table in sorted(tables, key=lambda table: table.name):
        for column in table.columns:
            values = _ENUM.fullmatch(column.type)
            if values is not None and (read := _values(values[1])) and _can_be_declared(read):
                yield f"{table.name}.{column.name}", f"{table.name}_{column.name}", read


def _values(listed: str) -> tuple[str, ...]:
    return tuple([each.replace("''", "'") for each in re.findall(r"'((?:[^']|'')*)'", listed)])


def _can_be_declared(values: tuple[str, ...]) -> bool:
    try:
        Enumeration(*values, name="any")
    except BuildError:
        return False
    return True


def _enum_source(enum: ChosenEnum) -> str:
    lines = [f"class {enum.class_name}(Enum):", f'    """Enumeration {enum.class_name}."""', ""]
    lines += [f"    {name} = {laid_out(Text(value), indent=4)}" for value, name in enum.members.items()]
    made = call("Enumeration", *[Text(each) for each in enum.members], name=Text(enum.type_name))
    return "\n".join([*lines, "", "", laid_out(made, indent=0, before=f"{enum.name} = ")])
