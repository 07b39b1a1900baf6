"""What a database driver does for querykit: the contract between dialects and execution."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol

from querykit.errors import ConfigurationError, ConnectError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
    from typing import TypeVar

    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.base import Dialect

    T = TypeVar("T")

IsolationLevel = Literal["read uncommitted", "read committed", "repeatable read", "serializable"]
ISOLATION_LEVELS: tuple[IsolationLevel, ...] = ("read uncommitted", "read committed", "repeatable read", "serializable")

Wanted = Literal["rows", "described rows", "effect", "many", "copy"]
"""What a statement is run for: rows of known columns, rows whose columns only the database knows, or what it does; once
for each of many sets of arguments; or to carry rows."""


class Decoded:
    """A place for rows that were decoded once, in a result that is given more than once.

    Attributes:
        decoder: What decoded them.
        rows: The rows, in a form that copies are made of; None as long as nobody asked twice.
    """

    __slots__ = ("decoder", "rows")

    def __init__(self) -> None:
        """Hold nothing yet."""
        self.decoder: object = None
        self.rows: Any = None


class DriverResult(NamedTuple):
    """What one statement gave back, as the driver has it.

    Attributes:
        rows: Every row, by position. Values are the driver's own.
        names: The columns' names as the server reports them; empty for a statement that returns no rows, and where
            nobody asked (`Connection.fetch`).
        json_columns: The positions of columns that the server reports as JSON and that arrive as text.
        rows_affected: How many rows a write matched, or None where the server does not say.
        insert_id: The value generated for an AUTO_INCREMENT or rowid column, or None.
        is_truncated: Whether the server warned that it cut an aggregate; None where it warned and does not say of what.
        decoded: Keeps what was decoded of it, where it is given more than once.
    """

    rows: Sequence[Sequence[object]]
    names: Sequence[str] = ()
    json_columns: Sequence[int] = ()
    rows_affected: int | None = None
    insert_id: int | None = None
    is_truncated: bool | None = False
    decoded: Decoded | None = None


class Notification(NamedTuple):
    """What a channel of the database carried.

    Attributes:
        channel: The channel's name.
        payload: The text that was sent; empty where there was none.
        process_id: The server process of who sent it.
    """

    channel: str
    payload: str
    process_id: int


class TransactionOptions(NamedTuple):
    """How a transaction is to run; None and False leave it to the server.

    Attributes:
        isolation_level: One of the four of the SQL standard.
        read_only: Whether writes are refused.
        deferrable: Whether it waits for a snapshot that cannot fail (PostgreSQL, serializable and read-only).
    """

    isolation_level: IsolationLevel | None = None
    read_only: bool = False
    deferrable: bool = False


@dataclass(frozen=True, kw_only=True)
class Target:
    """Which server to connect to, and how.

    Attributes:
        scheme: The URL's scheme, such as ``"postgresql"``.
        host: The name or address of the server; a path is a Unix socket's.
        port: Its port, or None for the driver's default.
        user: Who connects.
        password: Their password; never shown.
        database: The database's name, SQLite's file, or ``":memory:"``.
        options: Everything else, as text, under the names that the driver lists in `Driver.options`.
        connect_timeout: How long opening one connection may take, in seconds.
        show_values: Whether exceptions are chained to the driver's own, whose texts quote parameter values.
        label: What to call what the program connected itself, about which nothing else is known.
    """

    scheme: str
    host: str | None = None
    port: int | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    database: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    connect_timeout: float = 10.0
    show_values: bool = False
    label: str | None = None

    def __str__(self) -> str:
        """The URL without the password and the options."""
        if self.label is not None:
            return self.label
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{user}{self.host or ''}{port}/{self.database or ''}"

    def flag(self, name: str, default: bool) -> bool:
        """An option that is true or false."""
        text = self.options.get(name)
        if text is None:
            return default
        words = {
            "true": True,
            "on": True,
            "yes": True,
            "1": True,
            "false": False,
            "off": False,
            "no": False,
            "0": False,
        }
        if text.lower() not in words:
            raise ConfigurationError(f"the option {name!r} is true or false, not {text!r}")
        return words[text.lower()]

    def number(self, name: str, default: float) -> float:
        """An option that is a number, zero or more."""
        text = self.options.get(name)
        if text is None:
            return default
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        if not 0 <= number < float("inf"):
            raise ConfigurationError(f"the option {name!r} is a number, zero or more, not {text!r}")
        return number

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        """An option that is one of a few words."""
        text = self.options.get(name, default).lower()
        if text not in choices:
            raise ConfigurationError(f"the option {name!r} is one of {', '.join(choices)}, not {text!r}")
        return text


class Connection(Protocol):
    """One connection to a server. Used by one task at a time.

    Every method maps the driver's exceptions to those of `querykit.errors`. One that is cancelled has stopped the
    statement at the server before it lets the `CancelledError` out: a write has landed by then, or never will.
    Afterwards the connection is in order, or `is_closed`.
    """

    @property
    def dialect(self) -> Dialect:
        """What the server at the other end speaks; a MySQL driver finds MariaDB here."""
        ...

    @property
    def server_version(self) -> str:
        """The server's version, such as ``"15.4"``."""
        ...

    @property
    def driver_connection(self) -> Any:
        """The driver's own connection."""
        ...

    @property
    def is_closed(self) -> bool:
        """Whether it is known, without asking the server, to be of no more use."""
        ...

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, as the server last said."""
        ...

    async def fetch(self, compiled: CompiledQuery, arguments: Sequence[object]) -> DriverResult:
        """Run one statement whose columns the caller knows, and read its whole result, in one trip."""
        ...

    async def fetch_described(self, compiled: CompiledQuery, arguments: Sequence[object]) -> DriverResult:
        """The same with the columns' names, and which of them are JSON."""
        ...

    async def execute(self, compiled: CompiledQuery, arguments: Sequence[object]) -> DriverResult:
        """Run one statement for what it does; only `rows_affected` and `insert_id` are of interest."""
        ...

    async def execute_many(self, compiled: CompiledQuery, sets: Sequence[Sequence[object]]) -> DriverResult:
        """Run one statement once for each set of arguments, inside the transaction that the caller opened."""
        ...

    async def copy(self, copying: CompiledQuery, rows: Sequence[Sequence[object]]) -> DriverResult:
        """Send rows to the table and the columns of an INSERT, where the database has a way of its own for that.

        Raises:
            UnsupportedError: it has none.
        """
        ...

    def stream(
        self, compiled: CompiledQuery, arguments: Sequence[object], chunk_size: int
    ) -> AsyncGenerator[DriverResult, None]:
        """Run one statement and read its result in chunks of at most `chunk_size` rows, described."""
        ...

    async def run(self, sql: str) -> None:
        """Run one statement of ours without arguments: BEGIN, COMMIT, SAVEPOINT, SET."""
        ...

    async def commit(self) -> None:
        """Commit the open transaction.

        Raises:
            DatabaseError: nothing was kept, also where the server says so in a whisper (PostgreSQL, after an error).
        """
        ...

    def taint(self) -> None:
        """Know that raw SQL may have changed the session, until the next reset."""
        ...

    async def ping(self) -> None:
        """Ask the server whether it is there.

        Raises:
            DatabaseError: it is not.
        """
        ...

    async def reset(self) -> None:
        """Roll back and bring the session back to what it was when it was opened."""
        ...

    async def close(self) -> None:
        """End the connection politely."""
        ...

    async def abort(self) -> None:
        """Stop what another task does on it at the server, and end it."""
        ...

    def terminate(self) -> None:
        """End the connection at once, without waiting; what it does at the server may go on."""
        ...


class Channels(Protocol):
    """Channels to listen to."""

    @property
    def statements(self) -> Sequence[str]:
        """What makes the server send what they carry."""
        ...

    def hear(self, opened: Any, tell: Callable[[Notification | None], object]) -> Callable[[], None]:
        """Call `tell` with whatever comes on a driver's connection, and with None at its end; gives what stops that."""
        ...


class Driver(Protocol):
    """Opens connections to one server."""

    options: ClassVar[frozenset[str]]
    """The names of the options that a URL may carry."""

    @property
    def target(self) -> Target:
        """Where the server is."""
        ...

    @property
    def formats_text(self) -> bool:
        """Whether a ``%`` in the text of a statement with arguments is written twice."""
        ...

    @property
    def dialect_name(self) -> str:
        """What the URL says the server speaks."""
        ...

    @property
    def is_borrowed(self) -> bool:
        """Whether the connections belong to a pool of the program's own, and go back to it after every use."""
        ...

    @property
    def max_connections(self) -> int | None:
        """How many connections make sense, or None for any number: ``:memory:`` is one connection."""
        ...

    @property
    def has_one_writer(self) -> bool:
        """Whether the database takes one writer at a time, so that writes queue for one connection and reads do not."""
        ...

    async def connect(self, *, for_reading: bool = False) -> Connection:
        """Open a connection and set its session up.

        Raises:
            ConfigurationError: the server is too old, or the driver's package is missing or too old.
            ConnectError: the server cannot be reached or refuses the user.
        """
        ...

    def begin(self, options: TransactionOptions) -> Sequence[str]:
        """The statements that open a transaction.

        Raises:
            UnsupportedError: the database has no such transaction.
        """
        ...

    def after(self, options: TransactionOptions) -> Sequence[str]:
        """The statements that put back, after its end, what a transaction changed in the session; mostly none."""
        ...

    def channels(self, names: Sequence[str]) -> Channels:
        """Channels to listen to.

        Raises:
            UnsupportedError: the database, or what is before it, has none.
            BuildError: a name is none.
        """
        ...

    def changes_session(self, sql: str) -> bool:
        """Whether raw SQL may leave something behind in the session: a variable, a lock, a temporary table."""
        ...

    def only_reads(self, sql: str) -> bool:
        """Whether raw SQL certainly writes nothing."""
        ...


def is_seconds(value: object) -> bool:
    """Whether a value is a length of time: not NaN, which is never over, nor a bool."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


async def to_its_end(work: Awaitable[T]) -> T:
    """Await what must not stop half-way: a cancellation is delivered when it is done, unless it fails by itself."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    result = task.result()
    if cancelled is not None:
        raise cancelled
    return result


async def connect_in_time(target: Target, opening: Coroutine[object, object, T]) -> T:
    """Open a connection, within the target's time."""
    try:
        async with asyncio.timeout(target.connect_timeout):
            return await opening
    except TimeoutError:
        raise ConnectError(f"cannot connect to {target}: no answer within {target.connect_timeout:g} s") from None


def too_old(dialect: str, version: str, minimum: str) -> ConfigurationError:
    """The error for a server that cannot nest rows."""
    return ConfigurationError(f"the server is {dialect} {version}; querykit needs {minimum} or newer")


def no_copy(dialect: str) -> UnsupportedError:
    """The error for COPY where only PostgreSQL has it."""
    return UnsupportedError(
        dialect, "COPY", "insert_into(table).values(rows) takes any number of rows, and splits them where it must"
    )


def no_channels(dialect: str) -> UnsupportedError:
    """The error for LISTEN where only PostgreSQL has it."""
    return UnsupportedError(dialect, "LISTEN", "look for new rows every now and then")


def checked_deferrable(dialect: str, options: TransactionOptions) -> None:
    """Refuse DEFERRABLE where only PostgreSQL has it."""
    if options.deferrable:
        raise UnsupportedError(dialect, "DEFERRABLE transactions")
