"""``ALTER TABLE``: what is done to a table that is there, one after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Self

from querykit import BuildError, Column, Table, UnsupportedError
from querykit.schema.alterations import (
    AddColumn,
    AddConstraint,
    ChangeColumn,
    CommentTable,
    DropColumn,
    DropConstraint,
    DropPrimaryKey,
    RenameColumn,
    RenameConstraint,
    RenameTable,
    SetSchema,
    ValidateConstraint,
)
from querykit.schema.constraints import Check, ForeignKey, PrimaryKey, Unique
from querykit.schema.ddl import Definition, writer_of
from querykit.schema.definition import Default, name_of
from querykit.schema.rebuild import Rebuild, run_steps
from querykit.schema.types import SqlType, sql_type

if TYPE_CHECKING:
    from querykit.schema.alterations import Alteration

_UNSAID: Final[Any] = object()


class AlterTable(Definition):
    """``ALTER TABLE``, made by `alter_table`; every method gives a new one, with one more alteration at its end."""

    def __init__(self, table: Table, alterations: tuple[Alteration, ...] = ()) -> None:
        """Hold the table, and what is done to it."""
        super().__init__(lambda writer: writer.alter_table(table, alterations))
        self.table = table
        self.alterations = alterations

    def _with(self, alteration: Alteration) -> Self:
        return type(self)(self.table, (*self.alterations, alteration))

    # -- running ------------------------------------------------------------------------------------------------------

    def sql(self, dialect: str) -> list[str]:
        """Its statements, in order.

        Raises:
            UnsupportedError: the database cannot do it; or SQLite can by rebuilding the table alone, whose statements
                depend on what is there: see `statements`.
            BuildError: there is no such dialect, or nothing is altered.
        """
        if not self.alterations:
            raise BuildError(f"nothing is altered in {self.table._name!r}")
        if self._is_rebuilt(dialect):
            raise UnsupportedError(
                dialect, "such ALTER TABLE", "run(db) rebuilds the table; await statements(db) shows how"
            )
        return super().sql(dialect)

    async def statements(self, db: Any) -> list[str]:
        """Its statements on a database, nothing of which is run. SQLite's are those of the table that is there.

        Raises:
            UnsupportedError: the database cannot do it.
            BuildError: there is no such table, column or constraint; or a table of SQLite's is to be rebuilt after
                other alterations, which are not there yet.
        """
        if not self._is_rebuilt(db.dialect.name):
            return self.sql(db.dialect.name)
        steps = self._steps(db.dialect.name)
        if len(steps) > 1:
            raise BuildError(
                "a rebuild is shown by itself: alter names, and add columns, in an alter_table of their own"
            )
        step: Any = steps[0]
        shown: list[str] = await step.statements(db)
        return shown

    async def run(self, db: Any) -> None:
        """Run it on a database, a connection or a transaction.

        On SQLite, what ALTER TABLE cannot do is done by the rebuild that its manual prescribes: a new table takes the
        rows, and then the name, of the old one; indexes and triggers are made again; all in one transaction, before
        whose end the foreign keys are checked.

        Raises:
            UsageError: a table of SQLite's that others refer to is to be rebuilt within a transaction, where its
                foreign keys cannot be let alone.
            ForeignKeyViolationError: rows of SQLite's would refer to nothing afterwards, and all stays as it was.

        Source: https://www.sqlite.org/lang_altertable.html#otheralter
        """
        name = db.dialect.name
        if not self._is_rebuilt(name):
            await super().run(db)
            return
        await run_steps(db, [each if isinstance(each, Rebuild) else each.sql(name) for each in self._steps(name)])

    def _is_rebuilt(self, dialect: str) -> bool:
        writer = writer_of(dialect)
        return any(writer.rebuilds(each, self.table) for each in self.alterations)

    def _steps(self, dialect: str) -> list[Rebuild | AlterTable]:
        """What the database does by itself, and what takes a rebuild, in order."""
        writer = writer_of(dialect)
        steps: list[Rebuild | AlterTable] = []
        name = self.table._name
        for each in self.alterations:
            if writer.rebuilds(each, self.table):
                last = steps[-1] if steps else None
                if isinstance(last, Rebuild):
                    last.alterations.append(each)
                else:
                    steps.append(Rebuild(self.table, name, [each]))
            else:
                at = self.table if name == self.table._name else _renamed(self.table, name)
                steps.append(AlterTable(at, (each,)))
                name = each.new_name if isinstance(each, RenameTable) else name
        return steps

    # -- columns ------------------------------------------------------------------------------------------------------

    def add_column(self, column: Column[Any], *, if_not_exists: bool = False) -> Self:
        """Add a column that the table declares, with its keys, checks and index.

        Args:
            column: The column.
            if_not_exists: Whether one of that name may be there (PostgreSQL and MariaDB).

        Raises:
            BuildError: it is no column that the table declares.
        """
        if not isinstance(column, Column) or column.name not in self.table._columns or self.table._is_open:
            raise BuildError("add_column() takes a column that the table declares, with its type: table.column")
        return self._with(AddColumn(self.table[column.name], if_not_exists))

    def drop_column(self, column: Column[Any] | str, *, if_exists: bool = False, cascade: bool = False) -> Self:
        """Drop a column, and the indexes that it stands in.

        Args:
            column: The column, or its name in the database.
            if_exists: Whether it may be gone (PostgreSQL and MariaDB).
            cascade: Whether what depends on it goes too (PostgreSQL).
        """
        return self._with(DropColumn(_name(column), if_exists, cascade))

    def rename_column(self, column: Column[Any] | str, new_name: str) -> Self:
        """Give a column another name."""
        return self._with(RenameColumn(_name(column), _text(new_name)))

    def set_type(self, column: Column[Any] | str, type: SqlType | None = None, *, using: Any = None) -> Self:  # noqa: A002
        """Give a column another type.

        Args:
            column: The column, or its name.
            type: The type; unsaid, the one that the column declares.
            using: The expression that makes the new values of the old (PostgreSQL and SQLite).

        Raises:
            BuildError: neither says the type.
        """
        declared = self._declared(column)
        if type is None:
            if declared is None:
                raise BuildError(f"set_type({_name(column)!r}, …) takes the type, as the table does not declare it")
            type = self.table._options(declared.name).type or sql_type(declared.value_type)  # noqa: A001
        if not isinstance(type, SqlType):
            raise BuildError("set_type() takes a type of querykit.schema, such as Varchar(50)")
        return self._with(ChangeColumn(_name(column), declared, type=type, using=using))

    def set_not_null(self, column: Column[Any] | str) -> Self:
        """Let no NULL stand in a column from now on; rows that have one refuse it."""
        return self._with(ChangeColumn(_name(column), self._declared(column), is_nullable=False))

    def drop_not_null(self, column: Column[Any] | str) -> Self:
        """Let NULL stand in a column."""
        return self._with(ChangeColumn(_name(column), self._declared(column), is_nullable=True))

    def set_default(self, column: Column[Any] | str, value: Any = _UNSAID) -> Self:
        """Give a column another default: a value or an expression; unsaid, the one that the column declares."""
        declared = self._declared(column)
        if value is _UNSAID:
            options = None if declared is None else self.table._options(declared.name)
            if options is None or not options.has_default:
                raise BuildError(f"set_default({_name(column)!r}, …) takes the default, as the table declares none")
            value = options.default
        return self._with(ChangeColumn(_name(column), declared, default=Default(value)))

    def drop_default(self, column: Column[Any] | str) -> Self:
        """Take a column's default away."""
        return self._with(ChangeColumn(_name(column), self._declared(column), drops_default=True))

    def comment_column(self, column: Column[Any] | str, comment: str) -> Self:
        """Describe a column; the empty text drops its description."""
        return self._with(ChangeColumn(_name(column), self._declared(column), comment=comment))

    # -- constraints --------------------------------------------------------------------------------------------------

    def add(self, constraint: PrimaryKey | Unique | Check | ForeignKey, *, not_valid: bool = False) -> Self:
        """Add a key or a check: ``.add(check(pet.age > 0))``. `create_index` adds an index.

        Args:
            constraint: What `primary_key`, `unique`, `check` or `foreign_key` gives.
            not_valid: Whether the rows that are there are not held to it until `validate` (PostgreSQL: foreign keys
                and checks).
        """
        if not isinstance(constraint, PrimaryKey | Unique | Check | ForeignKey):
            raise BuildError("add() takes a primary_key(…), unique(…), check(…) or foreign_key(…)")
        if not isinstance(constraint, PrimaryKey):
            constraint = replace(constraint, name=name_of(self.table, constraint))
        return self._with(AddConstraint(constraint, not not_valid))

    def drop(
        self,
        constraint: PrimaryKey | Unique | Check | ForeignKey | str,
        *,
        if_exists: bool = False,
        cascade: bool = False,
    ) -> Self:
        """Drop a key or a check, by its name or as it was declared.

        Args:
            constraint: The constraint, or its name.
            if_exists: Whether it may be gone (PostgreSQL, MariaDB and SQLite).
            cascade: Whether what depends on it goes too (PostgreSQL).
        """
        if isinstance(constraint, PrimaryKey):
            return self._with(DropPrimaryKey(constraint.name or f"{self.table._name}_pkey"))
        name = constraint if isinstance(constraint, str) else name_of(self.table, constraint)
        return self._with(DropConstraint(name, if_exists, cascade))

    def validate(self, constraint: Check | ForeignKey | str) -> Self:
        """Hold the rows that are there to a constraint that was added ``not_valid`` (PostgreSQL)."""
        name = constraint if isinstance(constraint, str) else name_of(self.table, constraint)
        return self._with(ValidateConstraint(name))

    def rename_constraint(self, name: str, new_name: str) -> Self:
        """Give a constraint another name (PostgreSQL and SQLite)."""
        return self._with(RenameConstraint(_text(name), _text(new_name)))

    # -- the table ----------------------------------------------------------------------------------------------------

    def rename_to(self, new_name: str) -> Self:
        """Give the table another name; what follows is done to the table of that name."""
        return self._with(RenameTable(_text(new_name)))

    def set_schema(self, schema: str) -> Self:
        """Move the table to another schema: a database, on MySQL and MariaDB."""
        return self._with(SetSchema(_text(schema)))

    def comment(self, comment: str) -> Self:
        """Describe the table; the empty text drops its description."""
        return self._with(CommentTable(comment))

    def _declared(self, column: Column[Any] | str) -> Column[Any] | None:
        name = _name(column)
        if self.table._is_open:
            return None
        return next((each for each in self.table._columns.values() if each.column_name == name), None)


def alter_table(table: Table) -> AlterTable:
    """Start an ALTER TABLE; its methods say what is altered, and it is run as other definitions are.

    >>> from querykit import table
    >>> from querykit.schema import BigInt, alter_table, unique
    >>> pet = table("pet")
    >>> change = alter_table(pet).set_type("age", BigInt).drop_not_null("age").add(unique(pet.name))
    >>> print(change.sql("postgres")[0])  # doctest: +NORMALIZE_WHITESPACE
    ALTER TABLE "pet" ALTER COLUMN "age" TYPE BIGINT, ALTER COLUMN "age" DROP NOT NULL,
    ADD CONSTRAINT "pet_name_key" UNIQUE ("name")

    MySQL and MariaDB write a column anew to change its type, whether it takes NULL, or its comment: the table has to
    declare it, and the rest of it is as declared.
    """
    return AlterTable(table)


def _name(column: Column[Any] | str) -> str:
    return column.column_name if isinstance(column, Column) else _text(column)


def _text(name: str) -> str:
    if not isinstance(name, str) or not name:
        raise BuildError(f"a name is a str that is not empty, not {name!r}")
    return name


def _renamed(table: Table, name: str) -> Table:
    made = object.__new__(type(table))
    made.__dict__.update(table.__dict__, _name=name)
    return made
