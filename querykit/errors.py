"""Every exception of querykit.

QueryKitError
├── BuildError                    a query was put together wrongly
├── CompileError                  a query cannot be written as SQL
│   └── UnsupportedError          this database cannot do it
├── ConfigurationError            a wrong URL or option, a missing or unsuitable package or server
├── UsageError                    a handle used in a way or at a time it cannot be
│   ├── ConcurrentUseError        one connection, two tasks
│   └── ClosedError               used before it was opened or after it ended
├── PluginError                   a plugin failed, for a reason of its own
├── DatabaseError                 the database or the way to it failed
│   ├── ConnectError              no connection could be made
│   ├── ConnectionLostError       the connection ended while it was needed
│   │   └── CommitOutcomeUnknownError
│   ├── PoolTimeoutError          every connection stayed busy
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
│       └── ExclusionViolationError
└── ResultError                   the rows are not what was asked for
    ├── NoResultError             no row where one was asked for
    ├── MultipleResultsError      a second row where one was asked for
    ├── TruncatedResultError      the server cut a nested list
    └── DecodeError               a value cannot be read as its type
"""

from __future__ import annotations


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
    """

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


class ConnectionLostError(DatabaseError):
    """The connection ended while it was needed; what it was doing was rolled back."""


class CommitOutcomeUnknownError(ConnectionLostError):
    """The connection ended during COMMIT: the transaction may or may not have been kept. Never retried."""


class PoolTimeoutError(DatabaseError):
    """Every connection of the pool stayed busy for longer than the acquire timeout."""


class QueryTimeoutError(DatabaseError):
    """A statement ran out of time and was stopped."""


class QueryCanceledError(DatabaseError):
    """The server stopped a statement, at somebody else's wish."""


class LockTimeoutError(DatabaseError):
    """A lock was not to be had in time (also NOWAIT, and SQLite's busy database)."""


class DeadlockError(DatabaseError):
    """This transaction was chosen as the victim of a deadlock; run it again."""


class SerializationError(DatabaseError):
    """Concurrent transactions could not be serialized; run this one again."""


class TooManyConnectionsError(DatabaseError):
    """The server takes no more clients."""


class StatementError(DatabaseError):
    """The server refused the text of a statement."""


class SQLSyntaxError(StatementError):
    """The server cannot parse the statement."""


class UndefinedTableError(StatementError):
    """The statement names a table that does not exist."""


class UndefinedColumnError(StatementError):
    """The statement names a column that does not exist."""


class PermissionDeniedError(DatabaseError):
    """The user may not do this."""


class DataError(DatabaseError):
    """A value does not fit: out of range, too long, or no valid text of its type."""


class ReadOnlyError(DatabaseError):
    """A write where only reads are allowed."""


class DiskFullError(DatabaseError):
    """The server ran out of room."""


class IntegrityError(DatabaseError):
    """A constraint was violated."""


class UniqueViolationError(IntegrityError):
    """A unique constraint, unique index or primary key was violated."""


class ForeignKeyViolationError(IntegrityError):
    """A foreign key was violated."""


class NotNullViolationError(IntegrityError):
    """A NOT NULL column was given NULL."""


class CheckViolationError(IntegrityError):
    """A CHECK constraint was violated."""


class ExclusionViolationError(IntegrityError):
    """An exclusion constraint of PostgreSQL was violated."""


class ResultError(QueryKitError):
    """The rows are not what was asked for."""


class NoResultError(ResultError):
    """No row where one was asked for."""


class MultipleResultsError(ResultError):
    """A second row where one was asked for."""


class TruncatedResultError(ResultError):
    """The server cut a nested list short."""


class DecodeError(ResultError):
    """A value cannot be read as its type."""
