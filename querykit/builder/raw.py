"""``sql``: the escape hatch. SQL as it is typed, with expressions and bound values put in."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any, TypeVar

from pypika.terms import Term

from querykit.builder.compiled import OutputColumn
from querykit.builder.expressions import Expression, Keyword, operand
from querykit.builder.statement import Statement, adopt_statements
from querykit.builder.tables import checked_name
from querykit.builder.value_types import value_type
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import LiteralString

T_co = TypeVar("T_co", covariant=True)


class Fragment(Expression[T_co]):
    """Raw SQL with expressions and values in it: an expression, a condition, or a whole statement.

    Attributes:
        parts: Text as it is typed, and the terms that stand between.
    """

    def __init__(self, parts: tuple[str | Term | Name, ...]) -> None:
        """Hold the parts in order."""
        self.parts = parts

    def returns_rows(self, **columns: Any) -> RawStatement:
        """The fragment as a statement whose columns have these names and types, in this order.

        >>> from querykit import sql
        >>> sql("SELECT id, name FROM pet").returns_rows(id=int, name=str).output_columns()
        (OutputColumn(name='id', shape=<ValueType int>), OutputColumn(name='name', shape=<ValueType str>))
        """
        described = tuple([OutputColumn(name, value_type(type_)) for name, type_ in columns.items()])
        return RawStatement(self).replaced(described=described)


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

    def __init__(self, fragment: Fragment[Any]) -> None:
        """Hold the SQL."""
        self.__dict__["fragment"] = fragment

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

    def __call__(self, template: LiteralString, /, *args: Any, **named: Any) -> Fragment[Any]:
        """A fragment: an expression that can stand anywhere, and that can be run.

        >>> from querykit import select_from, sql, table
        >>> pet = table("pet")
        >>> query = select_from(pet).select(pet.id).where(sql("lower({}) = {}", pet.name, "felix"))
        >>> print(query.compile("postgres").sql)
        SELECT "pet"."id" FROM "pet" WHERE lower("pet"."name") = $1

        Raises:
            BuildError: a field has no argument, or an argument no field.
        """
        return Fragment(tuple(_parts(template, args, named)))

    @staticmethod
    def id(*names: str) -> Fragment[Any]:
        """A quoted name, its parts joined by dots: ``sql.id("public", "pet")``."""
        return Fragment((Name(tuple([checked_name(each, "an identifier") for each in names])),))

    @staticmethod
    def ref(dotted: str) -> Fragment[Any]:
        """A column by its dotted name: ``sql.ref("pet.name")`` is ``"pet"."name"``."""
        return _Sql.id(*dotted.split("."))

    @staticmethod
    def table(dotted: str) -> Fragment[Any]:
        """A table by its dotted name: ``sql.table("public.pet")`` is ``"public"."pet"``."""
        return _Sql.id(*dotted.split("."))

    @staticmethod
    def lit(value: int | bool | None) -> Expression[Any]:  # noqa: FBT001 - the value is the point
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


def _parts(template: str, args: tuple[Any, ...], named: dict[str, Any]) -> Iterable[str | Term | Name]:
    if not isinstance(template, str):
        raise BuildError(f"sql takes a text with {{}} for values, not {type(template).__name__}")
    position, used = 0, set()
    try:
        fields = list(string.Formatter().parse(template))
    except ValueError as error:
        raise BuildError(f"sql: {error}; a brace that is part of the SQL is written twice") from None
    for text, field, spec, conversion in fields:
        if text:
            yield text
        if field is None:
            continue
        if spec or conversion:
            raise BuildError(f"sql: a field is {{}} or {{name}}, without format; {{{field}:{spec}}} has one")
        if field == "":
            if position >= len(args):
                raise BuildError(f"sql: the text has more {{}} than the {len(args)} arguments")
            yield operand(args[position])
            position += 1
        elif field in named:
            used.add(field)
            yield operand(named[field])
        else:
            raise BuildError(f"sql: no argument named {field!r}")
    if position < len(args):
        raise BuildError(f"sql: {len(args)} arguments for {position} fields")
    if extra := named.keys() - used:
        raise BuildError(f"sql: the text has no field {{{sorted(extra)[0]}}}")


adopt_statements(Fragment, RawStatement)
