"""What compiling makes, and the two seams to the layers above: the registry of dialects and the Executor protocol."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, Self, TypeVar

from querykit.errors import BuildError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from types import TracebackType

    from querykit.builder.json_result import Decimals
    from querykit.builder.statement import Statement
    from querykit.builder.value_types import ValueType

    RowT = TypeVar("RowT")
    ValueT = TypeVar("ValueT")

StreamedT_co = TypeVar("StreamedT_co", covariant=True)


class Nested(NamedTuple):
    """The shape of a column that holds nested rows, made by a JSON helper.

    Attributes:
        kind: ``"array"`` is a list of rows, ``"object"`` a row or None, ``"scalars"`` a list of one column's values,
            ``"map"`` a dict of rows, or of values, by a column, ``"members"`` an object of values of the one column.
        columns: The columns of the nested rows; None where only the database knows them.
        is_nullable: Whether a list may be NULL: in a CASE, or in a column of a sub-query that is joined. Any other that
            is NULL was cut by the server.
        key: Of a map, the column whose values are the keys.
        value: Of a map, the column whose values it holds; None where it holds whole rows.
    """

    kind: Literal["array", "object", "scalars", "map", "members"]
    columns: tuple[OutputColumn, ...] | None
    is_nullable: bool = False
    key: str | None = None
    value: str | None = None


class OutputColumn(NamedTuple):
    """One column of a result.

    Attributes:
        name: The key of its value in a row; None for an expression without a name, which the database names.
        shape: Its `ValueType` where the type of the expression is known, a `Nested` for nested rows, else None.
    """

    name: str | None
    shape: ValueType | Nested | None


class LateValue:
    """Stands among the parameters for a value that is given when the query runs: `Parameter` is one."""

    name: str
    """What the value is given under."""

    def checked(self, value: object) -> object:
        """The value, if it is of the right type."""
        raise NotImplementedError


class ExecuteResult(NamedTuple):
    """What a statement that was run with `execute()` did.

    Attributes:
        rows_affected: The rows it matched (also those it left as they were), or None where the server does not say.
        insert_id: The value made for an AUTO_INCREMENT or rowid column by an INSERT, or None.
    """

    rows_affected: int | None
    insert_id: int | None


class Dialect(Protocol):
    """What a statement needs of a dialect: its name, and a way to write SQL."""

    @property
    def name(self) -> str:
        """``"postgres"``, ``"mysql"``, ``"mariadb"``, ``"sqlite"`` or a user's own."""
        ...

    def compile(self, statement: Statement[Any, Any]) -> CompiledQuery:
        """Write a statement as SQL."""
        ...


class CompiledQuery:
    """A statement as one database reads it.

    Attributes:
        sql: The text, with the placeholders of the database's driver.
        parameters: The values in the order of the placeholders, as the Python objects they were given as. A named
            parameter stands as its `Parameter`.
        dialect: The name of the dialect that wrote it.
        statement: What was compiled.
        is_clean: Whether it cannot change the state of the session: it holds no raw SQL and no function that is not
            known to be stateless.
        has_named: Whether a parameter's value is given when it runs.
    """

    __slots__ = ("_adapters", "_columns", "dialect", "has_named", "is_clean", "parameters", "sql", "statement")

    def __init__(
        self,
        sql: str,
        parameters: tuple[object, ...],
        dialect: str,
        statement: Statement[Any, Any],
        adapters: Sequence[tuple[int, Callable[[Any], object]]] = (),
        *,
        has_named: bool = False,
        is_clean: bool = True,
    ) -> None:
        """Keep the text and what is needed to run it."""
        self.is_clean = is_clean
        self.sql = sql
        self.parameters = parameters
        self.dialect = dialect
        self.statement = statement
        self._adapters = adapters
        self.has_named = has_named
        self._columns: tuple[OutputColumn, ...] | Literal[False] | None = False

    @property
    def columns(self) -> tuple[OutputColumn, ...] | None:
        """The plan by which rows are decoded, by position; None where only the database knows the columns."""
        if self._columns is False:
            self._columns = self.statement.output_columns()
        return self._columns

    def arguments(self, named: Mapping[str, object] | None = None) -> tuple[object, ...]:
        """The parameters as the driver takes them, with the values of the named ones put in.

        Raises:
            BuildError: a named parameter has no value, a value no parameter, or a value the wrong type.
        """
        values = self._named_values(named or {}) if self.has_named or named else self.parameters
        if not self._adapters:
            return values
        adapted = list(values)
        for position, adapt in self._adapters:
            if adapted[position] is not None:
                adapted[position] = adapt(adapted[position])
        return tuple(adapted)

    def _named_values(self, named: Mapping[str, object]) -> tuple[object, ...]:
        wanted = {item.name for item in self.parameters if isinstance(item, LateValue)}
        if missing := sorted(wanted - named.keys()):
            raise BuildError(f"no value for the parameter {missing[0]!r}")
        if extra := sorted(named.keys() - wanted):
            raise BuildError(f"the query has no parameter {extra[0]!r}{did_you_mean(extra[0], wanted)}")
        return tuple(
            item.checked(named[item.name]) if isinstance(item, LateValue) else item for item in self.parameters
        )

    def __repr__(self) -> str:
        """The text and the number of parameters; values are not shown."""
        return f"CompiledQuery({self.sql!r}, {len(self.parameters)} parameters, {self.dialect})"


class Streamed(Protocol[StreamedT_co]):
    """Rows one after the other: ``async for row in rows``, in ``async with`` or without."""

    def __aiter__(self) -> Self:
        """The rows are read once."""
        ...

    def __anext__(self) -> Awaitable[StreamedT_co]:
        """The next row."""
        ...

    async def __aenter__(self) -> Self:
        """The stream itself."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let the connection go."""
        ...

    async def aclose(self) -> None:
        """Read no further, and let the connection go."""
        ...


class Executor(Protocol):
    """What runs a statement: a database, a connection or a transaction. Only `execution` implements it."""

    async def fetch_all(
        self,
        query: Statement[RowT, Any],
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> list[RowT]:
        """Every row."""
        ...

    async def fetch_one(
        self,
        query: Statement[RowT, Any],
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> RowT:
        """The only row."""
        ...

    async def fetch_one_or_none(
        self,
        query: Statement[RowT, Any],
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> RowT | None:
        """The only row, or None."""
        ...

    async def fetch_first(
        self,
        query: Statement[RowT, Any],
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> RowT | None:
        """The first row, or None."""
        ...

    async def fetch_value(
        self,
        query: Statement[Any, ValueT],
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> ValueT:
        """The value of the only column of the only row."""
        ...

    async def fetch_column(
        self,
        query: Statement[Any, ValueT],
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> list[ValueT]:
        """The values of the only column."""
        ...

    async def fetch_json(
        self,
        query: Statement[Any, Any],
        *,
        decimals: Decimals = "string",
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> bytes:
        """The whole result as JSON."""
        ...

    async def execute(
        self,
        query: Statement[Any, Any],
        *,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> ExecuteResult:
        """Run it for what it does."""
        ...

    async def explain(
        self,
        query: Statement[Any, Any],
        *,
        analyze: bool = False,
        format: str | None = None,  # noqa: A002 - as the SQL has it
        rollback: bool = False,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> list[dict[str, Any]]:
        """How the server would run it."""
        ...

    def stream(
        self,
        query: Statement[RowT, Any],
        *,
        chunk_size: int = 1000,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> Streamed[RowT]:
        """The rows one after the other."""
        ...


_dialects: dict[str, Dialect] = {}


def register_dialect(dialect: Dialect) -> None:
    """Let `compile(name)` find a dialect by its name."""
    _dialects[dialect.name] = dialect


def dialect_named(name: str) -> Dialect:
    """The registered dialect of that name.

    Raises:
        ConfigurationError: there is none.
    """
    try:
        return _dialects[name]
    except (KeyError, TypeError):
        known = ", ".join(sorted(_dialects))
        raise ConfigurationError(
            f"no dialect {name!r}{did_you_mean(str(name), _dialects)}; there are {known}"
        ) from None


def did_you_mean(word: str, known: Sequence[str] | set[str] | Mapping[str, object]) -> str:
    """``", did you mean 'x'?"`` for the nearest known word, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f", did you mean {near[0]!r}?" if near else ""
