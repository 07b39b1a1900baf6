"""``sql``: the escape hatch. SQL as it is typed, with expressions and bound values put in."""

from __future__ import annotations

import string
from copy import copy
from typing import TYPE_CHECKING, Any, Self, TypeVar

from pypika.terms import Term

from querykit.builder.compiled import OutputColumn
from querykit.builder.expressions import Expression
from querykit.builder.operands import Keyword, operand
from querykit.builder.query import convert_sources
from querykit.builder.statement import Statement, adopt_statements
from querykit.builder.tables import Source, Table, checked_name, typed_column
from querykit.builder.value_types import value_type
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import LiteralString

    from querykit.builder.tables import Column

    Template = Any
    """string.templatelib.Template, which Python has since 3.14."""

T_co = TypeVar("T_co", covariant=True)


class Fragment(Expression[T_co]):
    """Raw SQL with expressions and values in it: an expression, a condition, or a whole statement.

    Attributes:
        parts: Text as it is typed, and the terms that stand between.
        is_trusted: Whether plugins that guard rows let it pass.
    """

    is_trusted: bool = False

    def __init__(self, parts: tuple[str | Term | Name, ...]) -> None:
        """Hold the parts in order."""
        self.parts = parts

    def trusted(self) -> Self:
        """Let it pass under `RowLevelSecurityPlugin`, which cannot see what it reads: you answer for that.

        ``sql("lower({})", person.email).trusted()``
        """
        trusted = copy(self)
        trusted.is_trusted = True
        return trusted

    def returns_rows(self, **columns: Any) -> RawStatement:
        """The fragment as a statement whose columns have these names and types, in this order.

        >>> from querykit import sql
        >>> sql("SELECT id, name FROM pet").returns_rows(id=int, name=str).output_columns()
        (OutputColumn(name='id', shape=<ValueType int>), OutputColumn(name='name', shape=<ValueType str>))
        """
        described = tuple([OutputColumn(name, value_type(type_)) for name, type_ in columns.items()])
        return RawStatement.of(self).replaced(described=described)

    def as_table(self, alias: str, columns: Mapping[str, Any] | None = None, *, renamed: bool = False) -> RawTable:
        """A function that gives rows, or other SQL that stands in FROM, as a table. It sees the tables before it.

        >>> from querykit import select_from, sql
        >>> numbers = sql("generate_series({}, {})", 1, 3).as_table("numbers", {"n": int}, renamed=True)
        >>> print(select_from(numbers).select(numbers.n).compile("postgres").sql)
        SELECT "numbers"."n" FROM generate_series($1, $2) AS "numbers"("n")

        Args:
            alias: What qualifies its columns.
            columns: The columns' names and types; without them any column goes, and its type is not known.
            renamed: Whether the names are given to the columns, not the ones that they have anyway.

        Raises:
            UnsupportedError: `renamed`, when compiled for SQLite, MySQL or MariaDB.
        """
        return RawTable(self, checked_name(alias, "an alias"), columns, renamed=renamed)


class RawTable(Source):
    """A fragment in FROM."""

    def __init__(
        self, fragment: Fragment[Any], alias: str, columns: Mapping[str, Any] | None = None, *, renamed: bool = False
    ) -> None:
        """Make the columns that are declared."""
        if renamed and not columns:
            raise BuildError("as_table(renamed=True) takes the names that the columns get")
        self._fragment = fragment
        self._alias: str | None = alias
        self._reference = alias
        self._is_open = columns is None
        self._is_renamed = renamed
        self._columns = {}
        for name, annotation in (columns or {}).items():
            self._columns[name] = typed_column(checked_name(name, "a column"), self, value_type(annotation))

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Column[Any]: ...


def _aliased_fragment(fragment: Fragment[Any]) -> RawTable:
    if fragment.alias is None:
        raise BuildError('SQL in FROM needs a name: sql("…").as_table("name")')
    return RawTable(fragment, fragment.alias)


class Name:
    """A name that `sql.id`, `sql.ref` or `sql.table` quotes."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple[str, ...]) -> None:
        """Hold the parts that dots join."""
        self.parts = parts


class RawStatement(Statement[dict[str, Any], Any]):
    """A fragment that is run as a statement.

    Attributes:
        fragment: The SQL.
        described: What `returns_rows` said of its columns, or None.
    """

    is_write = True
    fragment: Fragment[Any]
    described: tuple[OutputColumn, ...] | None = None

    @classmethod
    def of(cls, fragment: Fragment[Any]) -> RawStatement:
        """The statement of a fragment."""
        return cls().with_part("fragment", fragment)

    @property
    def returns_rows(self) -> bool | None:  # type: ignore[override]
        """True where the columns were described; else only the database knows."""
        return True if self.described is not None else None

    def output_columns(self) -> tuple[OutputColumn, ...] | None:
        """The columns that `returns_rows` described."""
        return self.described


class _Sql:
    """Raw SQL: ``sql("lower({}) = {}", person.email, address)``.

    Each ``{}`` takes an expression, a query, a fragment or a value, which is bound; ``{name}`` takes a keyword; ``{{``
    and ``}}`` are braces. All other text stands in the statement as it is typed: percent signs, question marks, colons,
    comments. Never put a value into it by other means.
    """

    def __call__(self, template: LiteralString | Template, /, *args: Any, **named: Any) -> Fragment[Any]:
        """A fragment: an expression that can stand anywhere, and that can be run. ``sql("")`` stands for nothing.

        On Python 3.14 ``sql(t"lower({person.email}) = {address}")`` says the same as with ``{}`` and arguments.

        >>> from querykit import select_from, sql, table
        >>> pet = table("pet")
        >>> query = select_from(pet).select(pet.id).where(sql("lower({}) = {}", pet.name, "felix"))
        >>> print(query.compile("postgres").sql)
        SELECT "pet"."id" FROM "pet" WHERE lower("pet"."name") = $1

        Raises:
            BuildError: a field has no argument, or an argument no field.
        """
        if isinstance(template, str):
            return Fragment(tuple(_parts(template, args, named)))
        return Fragment(tuple(_template_parts(template, args, named)))

    @staticmethod
    def id(*names: str) -> Fragment[Any]:
        """A quoted name, its parts joined by dots: ``sql.id("public", "pet")``."""
        return Fragment((Name(tuple([checked_name(each, "an identifier") for each in names])),))

    @staticmethod
    def ref(dotted: str) -> Fragment[Any]:
        """A column by its dotted name: ``sql.ref("pet.name")`` is ``"pet"."name"``."""
        return _Sql.id(*dotted.split("."))

    @staticmethod
    def table(dotted: str | Table) -> Fragment[Any]:
        """A table, or a table's dotted name: ``sql.table("public.pet")`` is ``"public"."pet"``.

        Raises:
            BuildError: the table has an alias, which stands nowhere without its name.
        """
        if isinstance(dotted, Table):
            if dotted._alias is not None:
                raise BuildError(
                    f"sql.table takes a table without an alias, not {dotted._alias!r}; sql.id(…) writes an alias"
                )
            return _Sql.id(*(name for name in (dotted._schema, dotted._name) if name is not None))
        return _Sql.id(*dotted.split("."))

    @staticmethod
    def lit(value: int | bool | None) -> Expression[Any]:
        """A literal in the text: an int, a bool or None. Everything else is bound.

        Raises:
            BuildError: it is of another type.
        """
        if value is None or isinstance(value, bool):
            return Keyword({None: "NULL", True: "TRUE", False: "FALSE"}[value])
        if type(value) is not int:
            raise BuildError(f"sql.lit takes an int, a bool or None, not {type(value).__name__}; put a value into {{}}")
        return Fragment((str(value),))

    @staticmethod
    def raw(text: LiteralString) -> Fragment[Any]:
        """Text as it is, braces too. The one place where a string becomes SQL: never give it input."""
        if not isinstance(text, str):
            raise BuildError(f"sql.raw takes a str, not {type(text).__name__}")
        return Fragment((text,))

    @staticmethod
    def join(items: Iterable[Any], separator: LiteralString = ", ") -> Fragment[Any]:
        """Expressions or values, with a separator between them."""
        parts: list[str | Term | Name] = []
        for item in items:
            if parts:
                parts.append(separator)
            parts.append(operand(item))
        if not parts:
            raise BuildError("sql.join takes at least one item")
        return Fragment(tuple(parts))


sql = _Sql()


def _template_parts(template: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Iterator[str | Term]:
    """The parts of a t-string: its texts as they are, its values as operands.

    Source: https://docs.python.org/3.14/library/string.templatelib.html
    """
    if type(template).__module__ != "string.templatelib":
        raise BuildError(f"sql takes a text with {{}} for values, not {type(template).__name__}")
    if args or named:
        raise BuildError("sql: a t-string holds its values itself, and takes no arguments")
    for part in template:
        if isinstance(part, str):
            yield part
            continue
        if part.conversion or part.format_spec:
            raise BuildError(f"sql: {{{part.expression}}} has a format, which a value does not take")
        yield operand(part.value)


def _parts(template: str, args: tuple[Any, ...], named: dict[str, Any]) -> Iterator[str | Term | Name]:
    position, used = 0, set()
    for text, field in _fields(template):
        if text:
            yield text
        if field is None:
            continue
        if field == "":
            if position >= len(args):
                raise BuildError(f"sql: the text has more {{}} than the {len(args)} arguments")
            yield operand(args[position])
            position += 1
        elif field in named:
            used.add(field)
            yield operand(named[field])
        else:
            raise BuildError(f"sql: no argument named {field!r} for {{{field}}}; a brace that is meant is doubled")
    if position < len(args):
        raise BuildError(f"sql: {len(args)} arguments for {position} fields; write {{}} where a value goes")
    if extra := named.keys() - used:
        raise BuildError(f"sql: the text has no field {{{min(extra)}}}; write it where the value goes")


def _fields(template: str) -> list[tuple[str, str | None]]:
    """The texts of a template, each with the field that follows it."""
    try:
        fields = list(string.Formatter().parse(template))
    except ValueError as error:
        raise BuildError(f"sql: {error}; a brace that is part of the SQL is written twice") from None
    for _, field, spec, conversion in fields:
        if spec or conversion:
            raise BuildError(f"sql: a field is {{}} or {{name}}, without format; {{{field}:{spec}}} has one")
    return [(text, field) for text, field, _, _ in fields]


adopt_statements(Fragment, RawStatement.of)
convert_sources(Fragment, _aliased_fragment)
