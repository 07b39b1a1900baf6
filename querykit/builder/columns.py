"""What a declared table says of a column beyond its type: its keys, its default, its constraints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable

ReferentialAction: TypeAlias = Literal["no action", "restrict", "cascade", "set null", "set default"]

_ACTIONS: Final = ("no action", "restrict", "cascade", "set null", "set default")


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key of one column: the table and column that its values must be found in. Made by `references`."""

    table: str
    column: str
    schema: str | None
    on_delete: ReferentialAction
    on_update: ReferentialAction


def references(
    table: str,
    column: str = "id",
    *,
    schema: str | None = None,
    on_delete: ReferentialAction = "no action",
    on_update: ReferentialAction = "no action",
) -> Reference:
    """A foreign key, named by table and column, so that tables may refer to each other in any order.

    Args:
        table: The table's name in the database.
        column: The column in it, a primary key or unique.
        schema: The schema that holds the table, if it is to be named.
        on_delete: What becomes of a row when the row that it refers to is deleted.
        on_update: Likewise, when the key that it refers to changes.

    Raises:
        BuildError: an action is none of SQL's.
    """
    for action in (on_delete, on_update):
        if action not in _ACTIONS:
            raise BuildError(f"a referential action is one of {', '.join(map(repr, _ACTIONS))}, not {action!r}")
    return Reference(table, column, schema, on_delete, on_update)


class _NoDefault:
    def __repr__(self) -> str:
        return "NO_DEFAULT"


NO_DEFAULT: Final[Any] = _NoDefault()
"""Stands for «no default»: None is a value, and means NULL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnOptions:
    """What `column` was told: for relations, for what faces the outside, and for those who make tables."""

    name: str | None = None
    type: Any = None
    primary_key: bool = False
    identity: bool = False
    unique: bool = False
    index: bool = False
    default: Any = NO_DEFAULT
    default_factory: Callable[[], object] | None = None
    check: Callable[[Any], Any] | None = None
    references: Reference | None = None
    generated: Callable[[Any], Any] | None = None
    comment: str | None = None
    collation: str | None = None
    nullable: bool | None = None
    hidden: bool = False

    @property
    def has_default(self) -> bool:
        """Whether the database gives a value where a row names none."""
        return self.default is not NO_DEFAULT


PLAIN: Final = ColumnOptions()
"""The options of a column that was given none."""


def column(
    *,
    name: str | None = None,
    type: Any = None,  # noqa: A002 - the word of SQL and of every such library
    primary_key: bool = False,
    identity: bool = False,
    unique: bool = False,
    index: bool = False,
    default: Any = NO_DEFAULT,
    default_factory: Callable[[], object] | None = None,
    check: Callable[[Any], Any] | None = None,
    references: Reference | None = None,
    generated: Callable[[Any], Any] | None = None,
    comment: str | None = None,
    collation: str | None = None,
    nullable: bool | None = None,
    hidden: bool = False,
) -> Any:
    """Say more of a column of a declared table than its type.

    >>> from querykit import Column, Table, column, references
    >>> class Pet(Table, name="pet"):
    ...     id: Column[int] = column(primary_key=True, identity=True)
    ...     name: Column[str] = column(index=True)
    ...     owner_id: Column[int] = column(references=references("person", on_delete="cascade"))

    Args:
        name: Its name in the database, where that is another than Python's, which queries, rows and results use.
        type: The database's type, where the annotation alone would choose another.
        primary_key: Whether it is the table's primary key, or part of it.
        identity: Whether the database numbers the rows by it.
        unique: Whether no two rows may have the same value.
        index: Whether it has an index of its own.
        default: What a row gets that names no value: a value, or an expression that the database evaluates.
        default_factory: A function of the program that gives the value instead: ``uuid4``. It is called once for each
            row that `values` is given without the column; for a row with named parameters, once for each run. Rows of
            `from_select`, of MERGE and of raw SQL do not pass the program, and get what the database has.
        check: A function that takes the table and gives the condition that every row meets.
        references: The foreign key.
        generated: A function that takes the table and gives the expression that the column is computed from.
        comment: What the database keeps as the column's description.
        collation: The collation of its text, by the database's name for it.
        nullable: Whether NULL may stand in it, where the annotation does not say so: ``Column[Any]``.
        hidden: Whether what faces the outside leaves it out: `querykit.access` never selects it there, nor lets data
            from outside filter or sort by it. Queries of one's own take it as any other.

    Raises:
        BuildError: a factory is no function, or stands beside another default, an identity or an expression.
    """
    if default_factory is not None:
        if not callable(default_factory):
            raise BuildError(f"default_factory is a function without arguments, not {default_factory!r}")
        if identity or generated is not None or default is not NO_DEFAULT:
            raise BuildError("a column has one source of values: default_factory, default, identity or generated")
    return ColumnOptions(
        name=name,
        type=type,
        primary_key=primary_key,
        identity=identity,
        unique=unique,
        index=index,
        default=default,
        default_factory=default_factory,
        check=check,
        references=references,
        generated=generated,
        comment=comment,
        collation=collation,
        nullable=nullable,
        hidden=hidden,
    )
