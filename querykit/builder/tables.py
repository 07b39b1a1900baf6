"""Tables and their columns: declared ones, which know their columns, and undeclared ones, which take any name."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn, Self, TypeVar, get_args, get_origin
from typing import cast as static_cast

from pypika.terms import Field

from querykit.builder.columns import PLAIN, ColumnOptions
from querykit.builder.compiled import did_you_mean
from querykit.builder.expressions import Condition, Expression
from querykit.builder.json_paths import JsonExpression, whole_document
from querykit.builder.operands import convert_operands
from querykit.builder.value_types import ValueType, value_type
from querykit.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

T_co = TypeVar("T_co", covariant=True)


class Column(Expression[T_co], Field):
    """A column of a table, of an aliased sub-query or of a CTE. Tables make them; annotate with ``Column[int]``.

    Attributes:
        name: Its name in Python, in results, and in the database if no other is said.
        column_name: Its name in the database: that of ``column(name=…)``, or the same.
        table: The table that it belongs to.
        reference: The name that qualifies it: its table's alias, or own name.
    """

    def __init__(self, name: str, table: Source, type_: ValueType | None = None) -> None:
        """Hold the name, the table that qualifies it, and the type of its values."""
        self.name = self.column_name = name
        self.table: Any = table
        self.reference = table._reference
        self.value_type = type_
        self.alias = None  # not left to the class: every column that is written is asked for it

    # -- a column of unknown type may hold JSON; see `JsonExpression` -------------------------------------------------

    def as_text(self) -> Expression[str]:
        """The text of a JSON document; see `JsonExpression.as_text`."""
        return whole_document(self).as_text()

    def has_key(self, key: str | int) -> Condition:  # type: ignore[override]
        """Whether a JSON document has that key or index; JSON null is a value."""
        return whole_document(self).has_key(key)

    def array_length(self) -> Expression[int]:
        """How many items a JSON array has; NULL where it is none."""
        return whole_document(self).array_length()

    def json_type(self) -> Expression[str]:
        """What a JSON document is; see `JsonExpression.json_type`."""
        return whole_document(self).json_type()

    def described(self) -> str:
        """What messages call it: ``person.age``."""
        return f"{self.reference}.{self.name}"

    def __repr__(self) -> str:
        """The column under its table."""
        return f"<Column {self.described()}>"

    __str__ = __repr__


class JsonColumn(JsonExpression, Column[Any]):  # type: ignore[misc]
    """A column that holds JSON, which can be stepped into: ``person.profile["auth"]["roles"][0]``."""


class RenamedColumn(Column[T_co]):
    """A column that has another name in the database: ``column(name="createdAt")``. Selected, it gets Python's name.

    It is a class of its own so that other columns are written without a look at whether they are renamed.
    """

    def __init__(self, name: str, table: Source, type_: ValueType | None, column_name: str) -> None:
        """Hold both names."""
        super().__init__(name, table, type_)
        self.column_name = column_name


class RenamedJsonColumn(JsonExpression, RenamedColumn[Any]):  # type: ignore[misc]
    """A column that holds JSON and has another name in the database."""


RENAMED: Final = frozenset({RenamedColumn, RenamedJsonColumn})


def typed_column(name: str, source: Source, type_: ValueType | None) -> Column[Any]:
    """A column of a table, of the class that its type asks for."""
    return (
        JsonColumn(name, source, type_) if type_ is not None and type_.kind == "json" else Column(name, source, type_)
    )


class Source:
    """What can stand in FROM and qualify columns: a table, an aliased sub-query, a CTE.

    Its attributes other than columns begin with an underscore, so that column names are free; a column whose name is
    taken all the same (``as_``) is reached by ``source["as_"]``.
    """

    _reference: str
    """The name that qualifies its columns: its alias, or its own."""
    _columns: dict[str, Column[Any]]
    """The columns met so far; all of them, where they are known."""
    _is_open: bool = False
    """Whether any other column name goes."""

    def __getitem__(self, name: str) -> Column[Any]:
        """The column of that name, whatever the name is."""
        try:
            return self._columns[name]
        except KeyError:
            return self._missing_column(name)
        except TypeError:
            raise BuildError(f"a column's name is a str, not {type(name).__name__}") from None

    def _missing_column(self, name: str) -> Column[Any]:
        if not self._is_open:
            raise BuildError(f"{self._reference!r} has no column {name!r}{did_you_mean(name, self._columns)}")
        column = self._columns[name] = Column(checked_name(name, "a column"), self)
        return column

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Column[Any]:
            if name.startswith("_"):  # Python's own questions (copying, pickling, notebooks) are not about columns
                raise AttributeError(
                    f"{type(self).__name__} has no attribute {name!r}; a column of that name is source[{name!r}]"
                )
            column = self._columns.get(name)
            if column is not None:
                return column
            try:
                return self._missing_column(name)
            except BuildError as error:
                raise UnknownColumnError(str(error)) from None

    def __repr__(self) -> str:
        """What it is, and under which name."""
        return f"<{type(self).__name__} {self._reference}>"


ALIASES_KEPT = 50
"""How many aliases a table keeps, so that made-up names cannot fill the memory."""


class UnknownColumnError(BuildError, AttributeError):
    """A column that a declared table does not have; an AttributeError too, as Python expects of a missing attribute."""


class Table(Source):
    """A table that declares its columns.

    >>> from querykit import Column, Table, select_from
    >>> class Person(Table, name="person"):
    ...     id: Column[int]
    ...     nickname: Column[str | None]
    >>> person = Person()
    >>> print(select_from(person).select(person.nickname).compile("postgres").sql)
    SELECT "person"."nickname" FROM "person"

    Args:
        name: The table's name in the database, given as a class argument.
        schema: The schema (database, on MySQL) that holds it, if it is to be named.
    """

    _table_name: ClassVar[str] = ""
    _table_schema: ClassVar[str | None] = None
    _declared: ClassVar[Mapping[str, ValueType | None] | None] = None
    _column_names: Mapping[str, str] = {}
    """The names in the database of the columns that have others there."""
    _factories: ClassVar[Mapping[str, Callable[[], object]]] = {}
    """What makes values for the columns that a new row leaves out."""

    def __init_subclass__(cls, name: str | None = None, schema: str | None = None, **options: Any) -> None:
        """Take the table's name from the class statement; without one, the class is a base for others."""
        super().__init_subclass__(**options)
        cls._declared = None
        if name is not None:
            cls._table_name = checked_name(name, "a table")
        if schema is not None:
            cls._table_schema = checked_name(schema, "a schema")

    def __init__(self) -> None:
        """Make the columns; one object of the class serves the whole program."""
        if not self._table_name:
            raise BuildError(f'{type(self).__name__} has no table name: class {type(self).__name__}(Table, name="…")')
        self._setup(self._table_name, self._table_schema, None, _declared_columns(type(self)))

    def _setup(
        self, name: str, schema: str | None, alias: str | None, declared: Mapping[str, ValueType | None]
    ) -> None:
        self._name = name
        self._schema = schema
        self._alias = alias
        self._reference = alias or name
        self._columns = {each: typed_column(each, self, type_) for each, type_ in declared.items()}
        if self._column_names:
            self._columns.update(_renamed_columns(self, declared))
        self.__dict__.update({each: column for each, column in self._columns.items() if each not in _TAKEN_NAMES})

    @property
    def _primary_key(self) -> tuple[Column[Any], ...]:
        """The columns of its primary key, in the order of their declaration; none, where none is declared."""
        return tuple(each for name, each in self._columns.items() if self._options(name).primary_key)

    def _column_named(self, column_name: str) -> Column[Any]:
        """The column of that name in the database."""
        for name, other in self._column_names.items():
            if other == column_name:
                return self[name]
        return self[column_name]

    def _options(self, name: str) -> ColumnOptions:
        """What `column` was told of the column of that name."""
        options = getattr(type(self), name, None)
        return options if isinstance(options, ColumnOptions) else PLAIN

    def as_(self, alias: str) -> Self:
        """The same table under another name, with columns of its own: needed where a table meets itself.

        Asked again, it gives the same object: to make its columns takes a fifth of the time of building a query.
        """
        kept = self.__dict__.setdefault("_aliases", {})
        aliased: Self | None = kept.get(alias) if type(alias) is str else None
        if aliased is not None and aliased._schema == self._schema:  # not so for those of a copy under a schema
            return aliased
        aliased = self._aliased(alias)
        if len(kept) < ALIASES_KEPT:
            kept[alias] = aliased
        return aliased

    def _aliased(self, alias: str) -> Self:
        aliased = object.__new__(type(self))
        types = {name: column.value_type for name, column in self._columns.items()}
        if self._column_names:
            aliased._column_names = self._column_names
        aliased._setup(self._name, self._schema, checked_name(alias, "an alias"), types)
        return aliased


class UndeclaredTable(Table):
    """A table of which only the name is known; any column goes, and its type is not known."""

    _is_open = True

    def __init__(self, name: str, schema: str | None = None) -> None:
        """Hold the name."""
        self._setup(name, schema, None, {})

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Column[Any]: ...


def table(name: str, *, schema: str | None = None) -> UndeclaredTable:
    """A table by its name, with any column, unchecked and untyped.

    >>> from querykit import select_from, table
    >>> pet = table("pet")
    >>> print(select_from(pet).select(pet.name).compile("mysql").sql)
    SELECT `pet`.`name` FROM `pet`

    Args:
        name: The table's name, taken whole: a dot in it is part of the name.
        schema: The schema (database, on MySQL) that holds it.
    """
    return UndeclaredTable(checked_name(name, "a table"), None if schema is None else checked_name(schema, "a schema"))


def checked_name(name: str, what: str) -> str:
    """A name for the database: a str that is not empty. Compilers quote it and refuse what cannot be quoted.

    Raises:
        BuildError: it is something else.
    """
    if not isinstance(name, str) or not name:
        raise BuildError(f"the name of {what} is a str that is not empty, not {name!r}")
    return name


_TAKEN_NAMES = frozenset(
    name for name in (*dir(Table), "_name", "_schema", "_alias", "_aliases", "_reference", "_columns")
)


def _declared_columns(cls: type[Table]) -> Mapping[str, ValueType | None]:
    declared = cls.__dict__.get("_declared")
    if declared is None:
        declared = cls._declared = _in_order(cls, dict(_read_annotations(cls)))
        cls._column_names = _read_column_names(cls, declared)
        cls._factories = dict(_read_factories(cls, declared))
    return static_cast("Mapping[str, ValueType | None]", declared)


def _read_annotations(cls: type[Table]) -> Iterator[tuple[str, ValueType | None]]:
    for base in reversed(cls.__mro__):
        if base in (Table, Source):
            continue
        for name, hint in _annotations(base).items():
            if get_origin(hint) is Column:
                try:
                    yield name, value_type(get_args(hint)[0])
                except BuildError as error:
                    raise BuildError(f"{cls.__name__}.{name}: {error}") from None
            elif hint is Column:
                yield name, None


def _in_order(cls: type[Table], declared: dict[str, ValueType | None]) -> dict[str, ValueType | None]:
    """Columns in the order of their declaration, but for those of bases that want to stand last."""
    last = [
        name
        for base in reversed(cls.__mro__)
        if base.__dict__.get("_columns_last")
        for name in inspect.get_annotations(base)
        if name in declared
    ]
    return {name: declared[name] for name in sorted(declared, key=last.__contains__)} if last else declared


def _read_column_names(cls: type[Table], declared: Mapping[str, ValueType | None]) -> dict[str, str]:
    """The names in the database of the columns that have others there.

    Raises:
        BuildError: two columns have one name, or a name is none.
    """
    names: dict[str, str] = {}
    for name in declared:
        options = getattr(cls, name, None)
        given = options.name if isinstance(options, ColumnOptions) else None
        names[name] = name if given is None else checked_name(given, f"the column {cls.__name__}.{name}")
    for name, column_name in names.items():
        twice = next((other for other in names if other != name and names[other] == column_name), None)
        if twice is not None:
            raise BuildError(f"{cls.__name__}.{name} and {cls.__name__}.{twice} are both the column {column_name!r}")
    return {name: column_name for name, column_name in names.items() if name != column_name}


def _read_factories(cls: type[Table], declared: Iterable[str]) -> Iterator[tuple[str, Callable[[], object]]]:
    for name in declared:
        options = getattr(cls, name, None)
        if isinstance(options, ColumnOptions) and options.default_factory is not None:
            yield name, options.default_factory


def _renamed_columns(table: Table, declared: Mapping[str, ValueType | None]) -> Iterator[tuple[str, Column[Any]]]:
    for name, column_name in table._column_names.items():
        type_ = declared[name]
        kind = RenamedJsonColumn if type_ is not None and type_.kind == "json" else RenamedColumn
        yield name, kind(name, table, type_, column_name)


def _annotations(cls: type) -> dict[str, Any]:
    try:
        return inspect.get_annotations(cls, eval_str=True)
    except NameError as error:
        raise BuildError(
            f"{cls.__name__}: {error}; the types of columns must be importable from the module that declares the table"
        ) from None


def _no_value(source: Source) -> NoReturn:
    raise BuildError(
        f"{source._reference!r} is a table, not a value: name a column of it; in raw SQL sql.table(…) writes its name"
    )


convert_operands(Source, _no_value)
