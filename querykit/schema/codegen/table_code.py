"""A table as a class: its columns with their options, its relations, its constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from querykit.schema.codegen.defaults import default_of, raw
from querykit.schema.codegen.layout import WIDTH, Call, Code, Text, call, laid_out, listed, on_one_line
from querykit.schema.codegen.types import ColumnType, is_kind
from querykit.schema.definition import made_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from querykit.schema.codegen.chosen import ChosenEnum, ChosenTable
    from querykit.schema.codegen.overrides import Overrides
    from querykit.schema.codegen.relations import Relation
    from querykit.schema.codegen.types import Types
    from querykit.schema.introspection import FoundColumn, FoundForeignKey, FoundIndex, FoundTerm

_INDENT: Final = " " * 4


class TableCode:
    """Writes the class of one table.

    Attributes:
        imports: What it needs besides `querykit` and `querykit.schema`: modules and names.
    """

    def __init__(
        self, table: ChosenTable, types: Types, enums: dict[str, ChosenEnum], overrides: Overrides, dialect: str
    ) -> None:
        """Hold what it is made of."""
        self._table = table
        self._found = table.found
        self._types = types
        self._enums = enums
        self._overrides = overrides
        self._dialect = dialect
        self.imports: set[tuple[str, str]] = set()
        self._functions: list[str] = []

    def source(self, relations: list[Relation], schema: str | None) -> str:
        """The class, behind the functions that its columns need."""
        options = {"name": Text(self._found.name)} | ({} if schema is None else {"schema": Text(schema)})
        head = laid_out(call(self._table.class_name, "Table", **options), indent=0, before="class ", after=":")
        body = [f'{_INDENT}"""{self._docstring()}"""', ""]
        body += [f"{_INDENT}{self._column(each)}" for each in self._found.columns]
        if relations:
            body.append("")
            body += [f"{_INDENT}{laid_out(each.code, indent=4, before=f'{each.name} = ')}" for each in relations]
        constraints = list(self._constraints())
        if constraints:
            body += ["", f"{_INDENT}def _constraints(self) -> list[Any]:"]
            body.append(f"{_INDENT * 2}{laid_out(listed(constraints), indent=8, before='return ')}")
            self.imports.add(("typing", "Any"))
        return "\n\n\n".join([*self._functions, "\n".join([head, *body])])

    def _docstring(self) -> str:
        kind = self._found.kind.capitalize()
        told = self._found.comment or ""
        plain = " ".join(told.replace("\\", "/").replace('"', "'").split())
        text = f"{kind} {self._table.name}." if not plain else f"{plain.rstrip('.')}."
        return text if len(text) <= WIDTH - 10 else f"{text[: WIDTH - 15].rstrip(' .')} …."

    # -- columns ------------------------------------------------------------------------------------------------------

    def _column(self, column: FoundColumn) -> str:
        name = self._table.columns[column.name]
        type_ = self._type(column)
        annotation = type_.annotation + " | None" * (column.is_nullable and type_.annotation != "Any")
        options = dict(self._options(column, type_))
        before = f"{name}: Column[{annotation}]"
        return laid_out(call("column", **options), indent=4, before=f"{before} = ") if options else before

    def _type(self, column: FoundColumn) -> ColumnType:
        """The type, as the database tells it or as it is said."""
        enum = self._enum(column)
        said = self._overrides.column(self._found.name, column.name).type
        if said is None and enum is not None:
            return ColumnType(enum.class_name, enum.name)
        if said is None or is_kind(said):
            return self._types.read(column.type, said)
        module, _, name = said.rpartition(".")
        if module:
            self.imports.add((module, name))
        return ColumnType(name, self._types.type_of(column.type))

    def _enum(self, column: FoundColumn) -> ChosenEnum | None:
        """The enumeration that only this column has, or that is a type of its own."""
        return self._enums.get(f"{self._found.name}.{column.name}") or self._enums.get(column.type)

    def _options(self, column: FoundColumn, type_: ColumnType) -> Iterator[tuple[str, Code]]:
        yield from self._said_of_type(column, type_)
        if column.name in self._table.declared_key:
            yield "primary_key", "True"
        if column.is_identity:
            yield "identity", "True"
        yield from self._alone(column)
        if column.default is not None and not column.is_identity:
            yield "default", self._default(column.default, column, type_)
        if column.generated is not None:
            yield "generated", self._generated(column)
        for option, told in (("comment", column.comment), ("collation", column.collation)):
            if told is not None:
                yield option, Text(told)
        if self._overrides.column(self._found.name, column.name).hidden:
            yield "hidden", "True"

    def _said_of_type(self, column: FoundColumn, type_: ColumnType) -> Iterator[tuple[str, Code]]:
        if self._table.columns[column.name] != column.name:
            yield "name", Text(column.name)
        if type_.type is not None:
            yield "type", type_.type
        if type_.annotation == "Any" and not column.is_nullable:
            yield "nullable", "False"

    def _default(self, text: str, column: FoundColumn, type_: ColumnType) -> Code:
        enum = self._enum(column)
        members = {} if enum is None else {value: f"{enum.class_name}.{each}" for value, each in enum.members.items()}
        return default_of(text, type_.annotation, self._dialect, members)

    def _generated(self, column: FoundColumn) -> Code:
        """A function of the table; one that is too long for its line gets a name."""
        expression = raw(column.generated or "")
        short = f"lambda _: {on_one_line(expression)}"
        if len(short) <= WIDTH - len("        generated=,"):
            return short
        name = f"_{self._table.name}_{self._table.columns[column.name]}"
        body = laid_out(expression, indent=4, before="return ")
        self._functions.append(f"def {name}(_: Any) -> Any:\n{_INDENT}{body}")
        self.imports.add(("typing", "Any"))
        return name

    def _alone(self, column: FoundColumn) -> Iterator[tuple[str, Code]]:
        """What keys and indexes say of this column alone."""
        if any(self._is_alone(each.columns, column, each.name, "key") for each in self._found.uniques):
            yield "unique", "True"
        if any(self._is_plain(each, column) for each in self._found.indexes):
            yield "index", "True"
        key = self._reference(column)
        if key is not None:
            yield "references", self._references(key)

    def _is_alone(self, columns: tuple[str, ...], column: FoundColumn, name: str, kind: str) -> bool:
        return columns == (column.name,) and name == made_name(self._found.name, columns, kind)

    def _is_plain(self, index: FoundIndex, column: FoundColumn) -> bool:
        """Whether ``column(index=True)`` says all of an index."""
        term = index.terms[0]
        is_more = index.is_unique or index.where or index.method or index.include or term.is_descending or term.nulls
        return not is_more and not term.is_expression and self._is_alone(index.columns, column, index.name, "idx")

    # -- keys ---------------------------------------------------------------------------------------------------------

    def _reference(self, column: FoundColumn) -> FoundForeignKey | None:
        """The foreign key that stands with a column."""
        for key in self._found.foreign_keys:
            named = not key.name or self._is_alone(key.columns, column, key.name, "fkey")
            if key.columns == (column.name,) and named and not key.is_deferred:
                return key
        return None

    def _references(self, key: FoundForeignKey) -> Call:
        keys: list[Code] = [Text(each) for each in key.keys if each]
        columns = [] if keys in ([Text("id")], []) else keys
        return call("references", Text(key.table), *columns, **self._said_of(key))

    def _said_of(self, key: FoundForeignKey) -> dict[str, Code]:
        schema = key.schema or self._overrides_schema
        told = {"schema": schema, "on_delete": key.on_delete, "on_update": key.on_update}
        return {name: Text(each) for name, each in told.items() if each not in (None, "no action")}

    _overrides_schema: str | None = None
    """The schema that foreign keys name, where tables name theirs."""

    def in_schema(self, schema: str | None) -> TableCode:
        """The same, with tables that name their schema."""
        self._overrides_schema = schema
        return self

    # -- constraints --------------------------------------------------------------------------------------------------

    def _constraints(self) -> Iterator[Code]:
        found, columns = self._found, {each.name: each for each in self._found.columns}
        if found.primary_key != self._table.declared_key:
            yield call("primary_key", *self._terms(found.primary_key))
        for unique in found.uniques:
            if not self._is_alone(unique.columns, columns[unique.columns[0]], unique.name, "key"):
                yield call("unique", *self._terms(unique.columns), **self._named(unique.name, unique.columns, "key"))
        for check in found.checks:
            yield call("check", raw(check.condition), **_name_of(check.name))
        for key in found.foreign_keys:
            first = columns[key.columns[0]]
            if self._reference(first) is not key:
                yield self._foreign_key(key)
        for index in found.indexes:
            term = columns.get(index.columns[0])
            if term is None or not self._is_plain(index, term):
                yield self._index(index)

    def _foreign_key(self, key: FoundForeignKey) -> Call:
        return call(
            "foreign_key",
            *self._terms(key.columns),
            table=Text(key.table),
            keys=listed([Text(each) for each in key.keys]),
            **self._said_of(key),
            **({"deferred": "True"} if key.is_deferred else {}),
            **self._named(key.name, key.columns, "fkey"),
        )

    def _index(self, index: FoundIndex) -> Call:
        terms: list[Code] = []
        for each in index.terms:
            suffix = _ordering(each)
            column = f"{'' if each.is_expression else self._term(each.text)}{suffix}"
            terms.append(Call("sql.raw", ((None, Text(each.text)),), suffix) if each.is_expression else column)
        columns = tuple([each.text for each in index.terms if not each.is_expression])
        return Call(
            "index", tuple([(None, each) for each in terms]) + tuple(self._index_options(index, columns).items())
        )

    def _index_options(self, index: FoundIndex, columns: tuple[str, ...]) -> dict[str, Code]:
        options: dict[str, Code] = self._named(index.name, columns, "idx")
        if index.is_unique:
            options["unique"] = "True"
        if index.where is not None:
            options["where"] = raw(index.where)
        if index.method is not None:
            options["method"] = Text(index.method)
        if index.include:
            options["include"] = listed(self._terms(index.include))
        return options

    def _terms(self, columns: tuple[str, ...]) -> list[Code]:
        return [self._term(each) for each in columns]

    def _term(self, column: str) -> str:
        return f"self.{self._table.columns[column]}"

    def _named(self, name: str, columns: tuple[str, ...], kind: str) -> dict[str, Code]:
        """The name, where it is not that which would be made."""
        return {} if not name or name == made_name(self._found.name, columns, kind) else {"name": Text(name)}


def _name_of(name: str) -> dict[str, Code]:
    return {"name": Text(name)} if name else {}


def _ordering(term: FoundTerm) -> str:
    """``.desc(nulls="last")``; nothing where it is the usual order."""
    nulls = "" if term.nulls is None else f'nulls="{term.nulls}"'
    if term.is_descending:
        return f".desc({nulls})"
    return f".asc({nulls})" if nulls else ""
