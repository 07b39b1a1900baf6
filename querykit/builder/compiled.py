"""What compiling makes, and the seam to the dialects: the registry that they fill."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from querykit.builder.readable import readable
from querykit.errors import BuildError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from querykit.builder.statement import Statement
    from querykit.builder.value_types import ValueType


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
    supply: Callable[[], object] | None = None
    """A function that gives the value each time, where no caller does: the time, a new key."""

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


class QueryText:
    """A text of SQL, with all that is known of it, whatever the values of its parameters are.

    Attributes:
        sql: The text.
        dialect: The name of the dialect that wrote it.
        adapters: Which parameters the driver takes only in another form: place and function.
        has_named: Whether a parameter's value is given when it runs.
        is_clean: Whether it cannot change the state of the session.
        columns: The plan by which rows are decoded; False until somebody asked.
        knows_columns: Whether the plan has the name and the type of every column; None until somebody asked.
        late: The places of the named parameters; None until it ran.
        names: Their names.
        asked: Which of them the request gives, and which are supplied, kept by `plugins` from the first run on.
        decoder: How rows become Python's, kept by `execution` from the first run on.
    """

    __slots__ = (
        *(
            "adapters",
            "asked",
            "columns",
            "decoder",
            "dialect",
            "has_named",
            "is_clean",
            "knows_columns",
            "late",
            "names",
        ),
        "sql",
    )

    def __init__(
        self,
        sql: str,
        dialect: str,
        adapters: Sequence[tuple[int, Callable[[Any], object]]],
        *,
        has_named: bool,
        is_clean: bool,
    ) -> None:
        """Keep the text and what is needed to run it."""
        self.sql = sql
        self.dialect = dialect
        self.adapters = adapters
        self.has_named = has_named
        self.is_clean = is_clean
        self.columns: tuple[OutputColumn, ...] | Literal[False] | None = False
        self.knows_columns: bool | None = None
        self.late: list[tuple[int, LateValue]] | None = None
        self.names: set[str] = set()
        self.asked: Any = None
        self.decoder: Any = None


class CompiledQuery:
    """A statement as one database reads it.

    Attributes:
        sql: The text, with the placeholders of the database's driver.
        parameters: The values in the order of the placeholders, as the Python objects they were given as. A named
            parameter stands as its `Parameter`.
        statement: What was compiled.
        text: What it shares with statements that differ from it in nothing but their values.
    """

    __slots__ = ("parameters", "sql", "statement", "text")

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
        self.sql = sql
        self.parameters = parameters
        self.statement = statement
        self.text = QueryText(sql, dialect, adapters, has_named=has_named, is_clean=is_clean)

    @classmethod
    def of(cls, text: QueryText, parameters: tuple[object, ...], statement: Statement[Any, Any]) -> CompiledQuery:
        """A statement in a text that was written for another one."""
        compiled = object.__new__(cls)
        compiled.sql = text.sql
        compiled.parameters = parameters
        compiled.statement = statement
        compiled.text = text
        return compiled

    def shared_text(self) -> QueryText:
        """The text, to be kept without the statement and its values."""
        self.knows_columns  # noqa: B018 - which needs the statement
        return self.text

    @property
    def dialect(self) -> str:
        """The name of the dialect that wrote it."""
        return self.text.dialect

    @property
    def has_named(self) -> bool:
        """Whether a parameter's value is given when it runs."""
        return self.text.has_named

    @property
    def is_clean(self) -> bool:
        """Whether it cannot change the state of the session: it holds no raw SQL, and no function that might."""
        return self.text.is_clean

    @property
    def columns(self) -> tuple[OutputColumn, ...] | None:
        """The plan by which rows are decoded, by position; None where only the database knows the columns."""
        if self.text.columns is False:
            self.text.columns = self.statement.output_columns()
        return self.text.columns

    @property
    def knows_columns(self) -> bool:
        """Whether the plan has the name and the type of every column, so that the driver need not describe them."""
        found = self.text.knows_columns
        if found is None:
            columns = self.columns
            found = self.text.knows_columns = columns is not None and all(name and shape for name, shape in columns)
        return found

    def __str__(self) -> str:
        """The SQL with a line for each clause, for reading only."""
        return readable(self.sql)

    def arguments(self, named: Mapping[str, object] | None = None) -> tuple[object, ...]:
        """The parameters as the driver takes them, with the values of the named ones put in.

        Raises:
            BuildError: a named parameter has no value, a value no parameter, or a value the wrong type.
        """
        text = self.text
        values = self._with_named(named or {}) if text.has_named or named else self.parameters
        if not text.adapters:
            return values
        adapted = list(values)
        for position, adapt in text.adapters:
            if adapted[position] is not None:
                adapted[position] = adapt(adapted[position])
        return tuple(adapted)

    def with_comment(self, comment: str) -> CompiledQuery:
        """The same with a comment behind its text."""
        text = copy.copy(self.text)
        text.sql += comment
        return CompiledQuery.of(text, self.parameters, self.statement)

    def _with_named(self, named: Mapping[str, object]) -> tuple[object, ...]:
        text = self.text
        if text.late is None:
            text.late = [(place, item) for place, item in enumerate(self.parameters) if isinstance(item, LateValue)]
            text.names = {item.name for _, item in text.late}
        if type(named) is not dict or named.keys() != text.names:
            named = self._completed(named)
        values = list(self.parameters)
        for place, item in text.late:
            values[place] = item.checked(named[item.name])
        return tuple(values)

    def _completed(self, named: Mapping[str, object]) -> Mapping[str, object]:
        """The values with those that are supplied; refuses values for other names than those of the parameters."""
        if not isinstance(named, Mapping):
            raise BuildError(f"parameters are a mapping from name to value, not {type(named).__name__}")
        wanted = self.text.names
        supplies = {item.name: item.supply for _, item in self.text.late or () if item.supply is not None}
        named = {**{name: supply() for name, supply in supplies.items() if name not in named}, **named}
        if missing := sorted(wanted - named.keys()):
            raise BuildError(f"no value for the parameter {missing[0]!r}")
        if extra := sorted(named.keys() - wanted):
            raise BuildError(f"the query has no parameter {extra[0]!r}{did_you_mean(extra[0], wanted)}")
        return named

    def __repr__(self) -> str:
        """The text and the number of parameters; values are not shown."""
        return f"CompiledQuery({self.sql!r}, {len(self.parameters)} parameters, {self.dialect})"


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
