"""Every exception of querykit.

QueryKitError
├── BuildError                    a query was put together wrongly
├── CompileError                  a query cannot be written as SQL
│   └── UnsupportedError          this database cannot do it
├── ConfigurationError            a wrong URL or option, a missing or unsuitable package or server
├── UsageError                    a handle used in a way or at a time it cannot be
│   ├── ConcurrentUseError        one connection, two tasks
│   └── ClosedError               used before it was opened or after it ended
├── InputError                    data from outside is not what a filter, an order or a page takes
├── PluginError                   a plugin failed, for a reason of its own
├── PolicyError                   a policy on rows does not let a statement pass
│   └── PolicyViolationError      a row that is written violates one; an IntegrityError too
├── DatabaseError                 the database or the way to it failed
│   ├── ConnectError              no connection could be made
│   │   └── AccessDeniedError     the server refuses the user, the password or the database
│   ├── ConnectionLostError       the connection ended while it was needed
│   │   └── CommitOutcomeUnknownError
│   ├── PoolTimeoutError          every connection stayed busy
│   ├── NotificationsLostError    they came faster than they were read
│   ├── CircuitOpenError          the database did not answer, and is not asked for a while
│   ├── QueryTimeoutError         a statement ran out of time
│   ├── QueryCanceledError        the server stopped a statement
│   ├── LockTimeoutError          a lock was not to be had in time
│   ├── DeadlockError             chosen as the victim of a deadlock
│   ├── SerializationError        concurrent transactions could not be serialized
│   ├── TooManyConnectionsError   the server takes no more clients
│   ├── StatementError            the server refused the text of the statement
│   │   ├── SQLSyntaxError
│   │   ├── UndefinedTableError
│   │   └── UndefinedColumnError
│   ├── PermissionDeniedError     the user may not do this
│   ├── DataError                 a value does not fit
│   ├── ReadOnlyError             a write where only reads are allowed
│   ├── DiskFullError             the server ran out of room
│   └── IntegrityError            a constraint was violated
│       ├── UniqueViolationError
│       ├── ForeignKeyViolationError
│       ├── NotNullViolationError
│       ├── CheckViolationError
│       ├── ExclusionViolationError
│       └── PolicyViolationError
└── ResultError                   the rows are not what was asked for
    ├── NoResultError             no row where one was asked for
    ├── MultipleResultsError      a second row where one was asked for
    ├── StaleRowError             a row was changed by others since it was read
    ├── TruncatedResultError      the server cut a nested list
    └── DecodeError               a value cannot be read as its type
"""

from __future__ import annotations

from typing import ClassVar


class QueryKitError(Exception):
    """The base of every exception that querykit raises on its own account."""


class BuildError(QueryKitError, ValueError):
    """A query was put together wrongly; raised by the method that was given the wrong thing."""


class CompileError(QueryKitError):
    """A query cannot be written as SQL, whatever the database."""


class UnsupportedError(CompileError):
    """A database cannot do what the query asks for.

    Attributes:
        dialect: The name of the database, such as ``"sqlite"``.
        feature: What it lacks, as SQL.
        hint: The nearest way to get there, or None.
    """

    def __init__(self, dialect: str, feature: str, hint: str | None = None) -> None:
        """Name the database, what it lacks and the nearest way."""
        super().__init__(f"{dialect} has no {feature}" + (f"; {hint}" if hint else ""))
        self.dialect = dialect
        self.feature = feature
        self.hint = hint


class ConfigurationError(QueryKitError):
    """A URL, an option, an installed package or a server that querykit cannot work with."""


class UsageError(QueryKitError, RuntimeError):
    """A handle was used in a way, or at a time, it cannot be."""


class ConcurrentUseError(UsageError):
    """Two tasks used one connection or transaction at the same time."""


class ClosedError(UsageError):
    """A database, connection or transaction was used before it was opened or after it ended."""


class InputError(QueryKitError, ValueError):
    """Data from outside is not what a filter, an order, a page or a repository takes: fit for an answer to the sender.

    Attributes:
        path: Where in the data it is: ``("or", 0, "age", "gte")``.
        reason: What is wrong with it; never a value.
    """

    def __init__(self, path: tuple[str | int, ...], reason: str) -> None:
        """Name the place and what is wrong there."""
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
        super().__init__(f"{place}: {reason}" if place else reason)
        self.path = path
        self.reason = reason


class PluginError(QueryKitError):
    """A plugin failed, for a reason of its own.

    Attributes:
        plugin: The name of the plugin.
        cause: What it raised; also chained.
    """

    def __init__(self, plugin: str, cause: BaseException) -> None:
        """Name the plugin and what it raised."""
        super().__init__(f"the plugin {plugin} failed: {type(cause).__name__}: {cause}")
        self.plugin = plugin
        self.cause = cause


class PolicyError(QueryKitError):
    """A policy on rows does not let a statement pass: what it reads cannot be seen, or is not to be read."""


class DatabaseError(QueryKitError):
    """The database, or the way to it, failed.

    The message holds the SQL and what is known of constraint, table and columns, never a parameter's value: drivers
    quote values in their texts, so theirs is kept at `driver_error` and not chained.

    Attributes:
        sql: The statement, or None where there was none.
        sqlstate: The five characters of the SQL standard, where the driver tells them.
        code: The driver's own code (MySQL's errno, SQLite's extended code), where it has one.
        constraint: The violated constraint's name, where known.
        table: The table's name, where known.
        columns: The columns' names, where known.
        driver_error: The driver's exception.
        summary: What went wrong, in a few words.
    """

    summary: ClassVar[str] = "the database reported an error"

    def __init__(
        self,
        message: str,
        *,
        sql: str | None = None,
        sqlstate: str | None = None,
        code: int | None = None,
        constraint: str | None = None,
        table: str | None = None,
        columns: tuple[str, ...] = (),
        driver_error: BaseException | None = None,
    ) -> None:
        """Say what failed; the facts are attributes too."""
        super().__init__(message)
        self.sql = sql
        self.sqlstate = sqlstate
        self.code = code
        self.constraint = constraint
        self.table = table
        self.columns = columns
        self.driver_error = driver_error


class ConnectError(DatabaseError):
    """No connection to the server could be made."""

    summary = "no connection could be made"


class AccessDeniedError(ConnectError):
    """The server is there, and refuses the user, the password or the database."""

    summary = "the server refuses the user, the password or the database"


class ConnectionLostError(DatabaseError):
    """The connection ended while it was needed; what it was doing was rolled back."""

    summary = "the connection to the database was lost"


class CommitOutcomeUnknownError(ConnectionLostError):
    """The connection ended during COMMIT: the transaction may or may not have been kept. Never retried."""


class PoolTimeoutError(DatabaseError):
    """Every connection of the pool stayed busy for longer than the acquire timeout."""


class NotificationsLostError(DatabaseError):
    """Notifications came faster than they were read, and some were dropped."""


class CircuitOpenError(DatabaseError):
    """The database did not answer, and a `CircuitBreakerPlugin` asks it nothing for a while.

    Attributes:
        retry_after: Seconds until it is asked again.
    """

    def __init__(self, retry_after: float) -> None:
        """Say how long it takes."""
        super().__init__(f"the circuit breaker is open: the database is not asked again for {retry_after:.3g} s")
        self.retry_after = retry_after


class QueryTimeoutError(DatabaseError):
    """A statement ran out of time and was stopped."""

    summary = "the statement ran out of time"


class QueryCanceledError(DatabaseError):
    """The server stopped a statement, at somebody else's wish."""

    summary = "the server stopped the statement"


class LockTimeoutError(DatabaseError):
    """A lock was not to be had in time (also NOWAIT, and SQLite's busy database)."""

    summary = "a lock was not to be had in time"


class DeadlockError(DatabaseError):
    """This transaction was chosen as the victim of a deadlock; run it again."""

    summary = "the transaction was the victim of a deadlock"


class SerializationError(DatabaseError):
    """Concurrent transactions could not be serialized; run this one again."""

    summary = "concurrent transactions could not be serialized"


class TooManyConnectionsError(DatabaseError):
    """The server takes no more clients."""

    summary = "the server takes no more clients"


class StatementError(DatabaseError):
    """The server refused the text of a statement."""

    summary = "the database refused the text of the statement"


class SQLSyntaxError(StatementError):
    """The server cannot parse the statement."""

    summary = "the database cannot parse the statement"


class UndefinedTableError(StatementError):
    """The statement names a table that does not exist."""

    summary = "the statement names a table that does not exist"


class UndefinedColumnError(StatementError):
    """The statement names a column that does not exist."""

    summary = "the statement names a column that does not exist"


class PermissionDeniedError(DatabaseError):
    """The user may not do this."""

    summary = "the user may not do this"


class DataError(DatabaseError):
    """A value does not fit: out of range, too long, or no valid text of its type."""

    summary = "a value does not fit"


class ReadOnlyError(DatabaseError):
    """A write where only reads are allowed."""

    summary = "a write where only reads are allowed"


class DiskFullError(DatabaseError):
    """The server ran out of room."""

    summary = "the database ran out of room"


class IntegrityError(DatabaseError):
    """A constraint was violated."""

    summary = "a constraint was violated"


class UniqueViolationError(IntegrityError):
    """A unique constraint, unique index or primary key was violated."""

    summary = "a unique constraint was violated"


class ForeignKeyViolationError(IntegrityError):
    """A foreign key was violated."""

    summary = "a foreign key was violated"


class NotNullViolationError(IntegrityError):
    """A NOT NULL column was given NULL."""

    summary = "a column that must not be NULL was given NULL"


class CheckViolationError(IntegrityError):
    """A CHECK constraint was violated."""

    summary = "a CHECK constraint was violated"


class ExclusionViolationError(IntegrityError):
    """An exclusion constraint of PostgreSQL was violated."""


class PolicyViolationError(PolicyError, IntegrityError):
    """A row that is written violates a policy on the rows of its table."""

    summary = "a row that is written violates the policy of its table"


class ResultError(QueryKitError):
    """The rows are not what was asked for."""

    summary: ClassVar[str] = "the rows are not what was asked for"


class NoResultError(ResultError):
    """No row where one was asked for."""


class MultipleResultsError(ResultError):
    """A second row where one was asked for."""

    summary = "a nested query that gives one row (json_object_from, or a scalar) found more"


class StaleRowError(ResultError):
    """A row is not of the version that a change was made for: others changed it since it was read."""


class TruncatedResultError(ResultError):
    """The server cut a nested list short."""

    summary = "the server would cut a nested list: raise its limit, or ask for fewer rows"


class DecodeError(ResultError):
    """A value cannot be read as its type."""
