"""What all statements have in common: they never change, they compile, and bound ones run."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypeVar

from querykit.builder.compiled import dialect_named
from querykit.builder.marks import Mark
from querykit.builder.operands import Subquery, convert_operands
from querykit.builder.prepared import PreparedQuery
from querykit.builder.readable import readable
from querykit.builder.row_types import check_rows
from querykit.errors import BuildError, CompileError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from typing import Concatenate, ParamSpec

    from querykit.builder.compiled import CompiledQuery, Dialect, ExecuteResult, OutputColumn
    from querykit.builder.cte import CommonTable
    from querykit.builder.executor import Executor, Streamed
    from querykit.builder.explain import Plan
    from querykit.builder.json_result import Decimals
    from querykit.builder.tables import Table

    P = ParamSpec("P")

RowT = TypeVar("RowT")
ValueT = TypeVar("ValueT")
ResultT = TypeVar("ResultT")
RowClassT = TypeVar("RowClassT")


class Statement(Generic[RowT, ValueT]):
    """A statement of SQL, as data. Methods return new statements and leave this one as it is.

    `RowT` is the type of one row, `ValueT` that of the value of its only column.

    Attributes:
        executor: The database, connection or transaction it was started from, which runs it by default.
    """

    _compiled: dict[Any, Any] | None = None
    """What was made of it: its compiled form, by dialect, and more."""

    executor: Executor | None = None
    ctes: tuple[CommonTable, ...] = ()
    """What WITH brings in."""
    is_recursive: bool = False
    """Whether RECURSIVE stands after WITH on purpose; a recursive CTE brings it in by itself."""
    is_write: bool = False
    """Whether it changes data."""
    returns_rows: bool | None = True
    """Whether it gives rows; None where only the database knows."""
    row_type: type[Any] | None = None
    """The class that its rows are made of, or None for dicts."""
    plugins: tuple[Any, ...] = ()
    """The plugins that it goes through when it is run, after those of the database."""
    marks: tuple[Mark, ...] = ()
    """What was said to plugins about it and all that stands in it, the latest last."""

    def with_part(self, name: str, part: object) -> Self:
        """A copy with one other part: the one way a statement is made from another."""
        copied = type(self)()
        parts = copied.__dict__
        parts |= self.__dict__
        if "_compiled" in parts:
            del parts["_compiled"]
        parts[name] = part
        return copied

    def replaced(self, **parts: Any) -> Self:
        """A copy with several other parts."""
        copied = self.with_part("_compiled", None)
        copied.__dict__.update(parts)
        return copied

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: statements do not change."""
        raise AttributeError(f"a {type(self).__name__} does not change; its methods return a new one")

    def __bool__(self) -> NoReturn:
        """Refuse: whether a query has rows is a question to the database."""
        raise TypeError(f"a {type(self).__name__} has no truth value in Python; use exists(query)")

    def pipe(self, function: Callable[Concatenate[Self, P], ResultT], /, *args: P.args, **kwargs: P.kwargs) -> ResultT:
        """Call ``function(query, …)``: for a step that several queries share."""
        return function(self, *args, **kwargs)

    def if_(self, condition: bool, then: Callable[[Self], ResultT]) -> Self | ResultT:
        """``then(query)`` if `condition` holds, else the query as it is. A fact of your program, not of the rows.

        Raises:
            BuildError: `condition` is an expression; conditions about rows belong into `where` or `case`.
        """
        if not isinstance(condition, bool):
            raise BuildError(
                f"if_ takes a Python bool, not {type(condition).__name__}; conditions on rows go into where()"
            )
        return then(self) if condition else self

    def clear_with(self) -> Self:
        """The statement without WITH."""
        return self.replaced(ctes=(), is_recursive=False)

    # -- plugins ------------------------------------------------------------------------------------------------------

    def with_plugin(self, plugin: Any) -> Self:
        """The statement, to go through one more plugin when it is run. One inside another goes through the outer's."""
        return self.with_part("plugins", (*self.plugins, plugin))

    def marked(self, word: str, *tables: Table) -> Self:
        """Say a word to plugins about the statement and all that stands in it: about tables, or about all of them."""
        return self.with_part("marks", (*self.marks, Mark(word, tables)))

    def with_deleted(self, *tables: Table) -> Self:
        """Read rows that `SoftDeletePlugin` holds for deleted too, of these tables or of all; in sub-queries also.

        >>> from querykit import Database, SoftDeletePlugin, select_from, table
        >>> db = Database("sqlite://", plugins=[SoftDeletePlugin(column="deleted_at", tables=["pet"])])
        >>> pet = table("pet")
        >>> everyone = select_from(pet).select(pet.name).with_deleted()
        """
        return self.marked("with_deleted", *tables)

    def only_deleted(self, *tables: Table) -> Self:
        """Read only rows that `SoftDeletePlugin` holds for deleted, of these tables or of all; in sub-queries also.

        Raises:
            CompileError: when compiled without that plugin, for it would give every row.
        """
        return self.marked("only_deleted", *tables)

    def trusted(self) -> Self:
        """Let raw SQL, unknown functions and unlisted tables stand in it under `RowLevelSecurityPlugin`.

        The policies of the tables that it names hold all the same; what raw SQL reads, you answer for.
        """
        return self.marked("trusted")

    # -- compiling ----------------------------------------------------------------------------------------------------

    def compile(self, dialect: str | Dialect) -> CompiledQuery:
        """The statement as SQL with its parameters. The result is kept: compiling again costs nothing.

        Args:
            dialect: ``"postgres"``, ``"mysql"``, ``"mariadb"``, ``"sqlite"`` or a `Dialect`.

        Raises:
            UnsupportedError: the database cannot do what the statement asks for.
            CompileError: it cannot be written as SQL at all.
        """
        kept = self._compiled
        if kept is not None and dialect in kept:
            found: CompiledQuery = kept[dialect]
            return found
        writer = dialect_named(dialect) if isinstance(dialect, str) else dialect
        # A copy is compiled, because the compiled form refers to what it was made of: a statement that kept such a form
        # of itself would be a circle, which only the garbage collector frees. That took a tenth of the time.
        try:
            compiled = writer.compile(self.with_part("_compiled", None))
        except RecursionError:
            raise CompileError(
                "the statement is nested too deeply to be written: give and_(…) and or_(…) many conditions at once"
            ) from None
        self.__dict__["_compiled"] = {**kept, dialect: compiled} if kept else {dialect: compiled}
        return compiled

    def output_columns(self) -> tuple[OutputColumn, ...] | None:
        """The columns of its rows; None where only the database knows them."""
        return None

    def rows_as(self, row_type: type[RowClassT]) -> Statement[RowClassT, ValueT]:
        """The same statement, whose rows are objects of a class; nested rows too, where its fields say so.

        Args:
            row_type: A dataclass, msgspec.Struct, TypedDict, NamedTuple, attrs class or pydantic model. Its fields are
                filled by the columns of their names: ``pets: list[PetOut]`` by a `json_array_from`,
                ``mother: PersonRef | None`` by a `json_object_from`.

        Raises:
            BuildError: a required field has no column, a column no field, or a field's type does not fit its column.
        """
        columns = self.output_columns()
        if columns is not None:
            check_rows(row_type, columns)
        return self.replaced(row_type=row_type)  # type: ignore[return-value]

    def __str__(self) -> str:
        """SQL with a line for each clause, for reading only: of PostgreSQL, or of the next database that can do it."""
        for name in ("postgres", "mysql", "mariadb", "sqlite"):
            try:
                return readable(self.compile(name).sql)
            except Exception as error:  # noqa: BLE001 - print() of a half-built query says what is missing
                reason = error
        return f"<{type(self).__name__}: {reason}>"

    def _repr_html_(self) -> str:
        """The same in a notebook."""
        return f"<pre><code>{escape(str(self))}</code></pre>"

    def __repr__(self) -> str:
        """Which kind of statement; `print` shows its SQL."""
        return f"<{type(self).__name__}>"

    # -- running ------------------------------------------------------------------------------------------------------
    # Most of these are no coroutines themselves: each coroutine takes its part of the time of a short query.

    def _bound(self) -> Executor:
        if self.executor is None:
            raise UsageError(
                f"this {type(self).__name__} belongs to no database: start it from one (db.select_from(…)) "
                "or hand it over (await db.fetch_all(query))"
            )
        return self.executor

    def prepare(self, *, timeout: float | None = None) -> PreparedQuery[RowT, ValueT]:
        """The statement to be run often, by the values of its named parameters: compiled once, checked every time.

        ``find = db.select_from(person).select(person.name).where(person.id == param("id", int)).prepare()``, then
        ``await find.fetch_one(id=7)``.

        Args:
            timeout: The seconds that each run may take; None takes the database's default.

        Raises:
            UsageError: the statement was started from no database.
        """
        return PreparedQuery(self, self._bound(), timeout)

    def fetch_all(
        self, *, parameters: Mapping[str, object] | None = None, timeout: float | None = None
    ) -> Coroutine[Any, Any, list[RowT]]:
        """Every row.

        Args:
            parameters: Values for the query's named parameters.
            timeout: Seconds after which the statement is stopped; None takes the database's default.
        """
        return self._bound().fetch_all(self, parameters=parameters, timeout=timeout)

    def fetch_one(
        self, *, parameters: Mapping[str, object] | None = None, timeout: float | None = None
    ) -> Coroutine[Any, Any, RowT]:
        """The only row.

        Raises:
            NoResultError: there is none.
            MultipleResultsError: there is a second one.
        """
        return self._bound().fetch_one(self, parameters=parameters, timeout=timeout)

    def fetch_one_or_none(
        self, *, parameters: Mapping[str, object] | None = None, timeout: float | None = None
    ) -> Coroutine[Any, Any, RowT | None]:
        """The only row, or None where there is none.

        Raises:
            MultipleResultsError: there is a second one.
        """
        return self._bound().fetch_one_or_none(self, parameters=parameters, timeout=timeout)

    def fetch_first(
        self, *, parameters: Mapping[str, object] | None = None, timeout: float | None = None
    ) -> Coroutine[Any, Any, RowT | None]:
        """Run the query and read its first row, or None where there is none. A select is run with ``LIMIT 1``.

        SQL's clause ``FETCH FIRST n ROWS WITH TIES`` is written by ``limit(n, with_ties=True)``.
        """
        return self._bound().fetch_first(self, parameters=parameters, timeout=timeout)

    def fetch_value(
        self, *, parameters: Mapping[str, object] | None = None, timeout: float | None = None
    ) -> Coroutine[Any, Any, ValueT]:
        """The value of the only column of the only row.

        Raises:
            NoResultError: there is no row.
            MultipleResultsError: there is a second row.
            ResultError: the query has more than one column.
        """
        return self._bound().fetch_value(self, parameters=parameters, timeout=timeout)

    def fetch_column(
        self, *, parameters: Mapping[str, object] | None = None, timeout: float | None = None
    ) -> Coroutine[Any, Any, list[ValueT]]:
        """The values of the only column, in the order of the rows.

        Raises:
            ResultError: the query has more than one column.
        """
        return self._bound().fetch_column(self, parameters=parameters, timeout=timeout)

    def execute(
        self, *, parameters: Mapping[str, object] | None = None, timeout: float | None = None
    ) -> Coroutine[Any, Any, ExecuteResult]:
        """Run it for what it does, and say how many rows it matched."""
        return self._bound().execute(self, parameters=parameters, timeout=timeout)

    async def explain(
        self,
        *,
        analyze: bool = False,
        format: str | None = None,  # noqa: A002 - as the SQL has it
        rollback: bool = False,
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> Plan:
        """How the server would run it: the rows of its EXPLAIN, with `warnings` of indexes that nested queries lack.

        Args:
            analyze: Run it, and show what it took; of a write only together with `rollback`.
            format: ``"json"`` gives one row with the `plan` decoded; other words are the server's own.
            rollback: Undo what an analysed write did.
            parameters: Values for the query's named parameters.
            timeout: Seconds after which the statement is stopped; None takes the database's default.
        """
        return await self._bound().explain(
            self, analyze=analyze, format=format, rollback=rollback, parameters=parameters, timeout=timeout
        )

    def stream(
        self, *, chunk_size: int = 1000, parameters: Mapping[str, object] | None = None, timeout: float | None = None
    ) -> Streamed[RowT]:
        """The rows one after the other, read from the server `chunk_size` at a time."""
        return self._bound().stream(self, chunk_size=chunk_size, parameters=parameters, timeout=timeout)

    def fetch_json(
        self,
        *,
        decimals: Decimals = "string",
        parameters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, bytes]:
        """The whole result as a JSON array of objects, composed by the database: bytes for an HTTP response.

        Values are written as `msgspec.json.encode` writes them: dates and times as ISO 8601, instants in UTC with a Z,
        durations as ``P1DT2.5S``, bytes in base64, UUIDs as text, enums by their values, None as null. What has no such
        form is refused: NaN, infinite numbers and dates. Columns of unknown type are as the database's JSON is. MySQL
        sorts the keys of objects.

        Args:
            decimals: Decimals as ``"string"``, which every reader keeps exactly, or as ``"number"``.
            parameters: Values for the query's named parameters.
            timeout: Seconds after which the statement is stopped; None takes the database's default.

        Raises:
            BuildError: a column has no name, or the query has `rows_as`.
            UnsupportedError: the database cannot make JSON of it: raw SQL on MySQL and MariaDB, a map by dates.
            TruncatedResultError: the server cut a nested list.
            DecodeError: a value has no form in JSON, or is not of its column's type.
        """
        return self._bound().fetch_json(self, decimals=decimals, parameters=parameters, timeout=timeout)


_adopters: list[tuple[type, Callable[[Any], Statement[Any, Any]]]] = []


def adopt_statements(of_type: type, with_: Callable[[Any], Statement[Any, Any]]) -> None:
    """Let objects of a type stand where a statement can, and, as a sub-query, where an expression can."""
    _adopters.append((of_type, with_))
    convert_operands(of_type, lambda found: Subquery(with_(found)))


def as_statement(query: Any) -> Statement[Any, Any]:
    """A statement of ours, a raw statement or a PyPika query as our statement.

    Raises:
        BuildError: it is none of those.
    """
    if isinstance(query, Statement):
        return query
    for of_type, adopt in _adopters:
        if isinstance(query, of_type):
            return adopt(query)
    hint = '; raw SQL goes through sql("…")' if isinstance(query, str) else ""
    raise BuildError(f"a query is expected, not {type(query).__name__}{hint}")


convert_operands(Statement, Subquery)
