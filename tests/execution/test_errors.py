"""One tree of errors for all drivers, which never shows a value."""

import asyncio
import traceback
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pymysql
import pytest

from querykit import param, sql, table
from querykit.dialects.mysql.errors import RULES as MYSQL_RULES
from querykit.dialects.postgres.errors import failure_of as postgres_failure
from querykit.errors import (
    CheckViolationError,
    DatabaseError,
    DataError,
    DiskFullError,
    ExclusionViolationError,
    ForeignKeyViolationError,
    IntegrityError,
    LockTimeoutError,
    MultipleResultsError,
    NotNullViolationError,
    PermissionDeniedError,
    QueryCanceledError,
    QueryKitError,
    QueryTimeoutError,
    ReadOnlyError,
    SQLSyntaxError,
    StatementError,
    TooManyConnectionsError,
    UndefinedColumnError,
    UndefinedTableError,
    UniqueViolationError,
)
from querykit.execution.database import Database
from tests.execution.conftest import raw

SECRET = "hunter2"
NUMBER = 777777


@pytest.fixture
async def shop(db: Database, database_name: str) -> AsyncIterator[Database]:
    """Two tables with every kind of constraint."""
    await drop(db)
    inno = sql.raw(" ENGINE=InnoDB" if database_name in {"mysql", "mariadb"} else "")
    await db.execute(sql(
        "CREATE TABLE owner (id INTEGER PRIMARY KEY, email VARCHAR(40) NOT NULL, city VARCHAR(10), age INTEGER,"
        " CONSTRAINT owner_age CHECK (age > 0), CONSTRAINT owner_email UNIQUE (email, city)){}", inno,
    ))  # fmt: skip
    await db.execute(sql(
        "CREATE TABLE animal (id INTEGER PRIMARY KEY, owner_id INTEGER NOT NULL,"
        " CONSTRAINT animal_owner FOREIGN KEY (owner_id) REFERENCES owner (id)){}", inno,
    ))  # fmt: skip
    await db.execute(sql("INSERT INTO owner (id, email, city) VALUES (1, {}, 'Oslo')", SECRET))
    await db.execute(sql("INSERT INTO animal VALUES (1, 1)"))
    yield db
    await drop(db)


async def drop(db: Database) -> None:
    for name in ("animal", "owner"):
        await db.execute(sql("DROP TABLE IF EXISTS {}", sql.id(name)))


async def failing(db: Database, query: Any) -> Any:
    """The error of a query, which says nothing of the values."""
    with pytest.raises(QueryKitError) as caught:
        await db.execute(query)
    shown = "".join(traceback.format_exception(caught.value))
    assert SECRET not in shown
    assert str(NUMBER) not in shown
    assert caught.value.__suppress_context__
    return caught.value


async def test_a_unique_constraint(shop: Database, database_name: str) -> None:
    error = await failing(shop, sql("INSERT INTO owner (id, email, city) VALUES (2, {}, {})", SECRET, "Oslo"))
    assert type(error) is UniqueViolationError
    assert isinstance(error, IntegrityError)
    assert error.driver_error is not None
    assert "INSERT INTO owner" in str(error)
    if database_name in {"sqlite", "postgres"}:
        assert (error.table, error.columns) == ("owner", ("email", "city"))
    if database_name != "sqlite":
        assert error.constraint == "owner_email"
        assert "owner_email" in str(error)


async def test_a_primary_key(shop: Database) -> None:
    assert type(await failing(shop, sql("INSERT INTO animal VALUES (1, 1)"))) is UniqueViolationError


async def test_a_foreign_key(shop: Database, database_name: str) -> None:
    child = await failing(shop, sql("INSERT INTO animal VALUES (2, {})", NUMBER))
    parent = await failing(shop, sql("DELETE FROM owner WHERE id = 1"))
    assert type(child) is type(parent) is ForeignKeyViolationError
    if database_name != "sqlite":
        assert (child.constraint, child.table, child.columns) == ("animal_owner", "animal", ("owner_id",))
        assert parent.constraint == "animal_owner"


async def test_not_null(shop: Database) -> None:
    error = await failing(shop, sql("INSERT INTO owner (id, email) VALUES (2, {})", None))
    assert type(error) is NotNullViolationError
    assert error.columns == ("email",)


async def test_a_check(shop: Database) -> None:
    error = await failing(shop, sql("INSERT INTO owner (id, email, age) VALUES (2, {}, {})", SECRET + "b", -NUMBER))
    assert type(error) is CheckViolationError
    assert error.constraint == "owner_age"


@pytest.mark.databases("postgres")
async def test_an_exclusion(shop: Database) -> None:
    await shop.execute(sql("DROP TABLE IF EXISTS booking"))
    await shop.execute(sql("CREATE TABLE booking (span int4range, CONSTRAINT once EXCLUDE USING gist (span WITH &&))"))
    await shop.execute(sql("INSERT INTO booking VALUES (int4range(1, {}))", NUMBER))
    error = await failing(shop, sql("INSERT INTO booking VALUES (int4range(1, {}))", NUMBER))
    assert type(error) is ExclusionViolationError
    assert error.constraint == "once"
    await shop.execute(sql("DROP TABLE booking"))


_TEXTS: list[tuple[str, type[DatabaseError]]] = [
    ("SELEC 1", SQLSyntaxError),
    ("SELECT 'hunter2' FRO owner WHERE", SQLSyntaxError),
    ("SELECT * FROM no_such_table", UndefinedTableError),
    ("SELECT no_such_column FROM owner", UndefinedColumnError),
    ("INSERT INTO owner (no_such_column) VALUES (1)", UndefinedColumnError),
    ("SELECT no_such_function(1)", StatementError),
]


@pytest.mark.parametrize(("text", "kind"), _TEXTS)
async def test_a_wrong_text(shop: Database, text: str, kind: type[DatabaseError]) -> None:
    with pytest.raises(kind) as caught:
        await shop.execute(raw(text))
    assert caught.value.sql is not None
    assert "SQL:" in str(caught.value)


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_a_value_that_does_not_fit(shop: Database) -> None:
    error = await failing(shop, sql("INSERT INTO owner (id, email, city) VALUES (3, 'c', {})", SECRET * 10))
    assert type(error) is DataError


@pytest.mark.databases("postgres")
async def test_a_text_that_is_too_long_is_told_in_the_words_of_the_server(shop: Database) -> None:
    error = await failing(shop, sql("INSERT INTO owner (id, email, city) VALUES (3, 'c', {})", SECRET * 10))
    assert str(error).startswith("value too long for type character varying(10)\nSQL: INSERT")
    parent = await failing(shop, sql("DELETE FROM owner WHERE id = 1"))
    assert (parent.table, parent.columns) == ("animal", ())


owners = table("owner")
_TOO_LARGE = {
    "sqlite": "a value does not fit (column 'age', argument 3: int; SQLite takes None, int of 64 bits, ",
    "postgres": "a value does not fit (column 'age', argument 3: value out of int32 range)\nSQL: INSERT",
    "mysql": "Out of range value for column 'age' at row 1\nSQL: INSERT",
    "mariadb": "Out of range value for column 'age' at row 1\nSQL: INSERT",
}
_ODD = {
    "sqlite": "a value does not fit (column 'id', argument 1: complex; SQLite takes None, int of 64 bits, ",
    "postgres": "a value does not fit (column 'id', argument 1: 'complex' object cannot be interpreted as an integer)",
    "mysql": "a value does not fit (column 'id', argument 1: MySQL and MariaDB take no complex as a value)\nSQL: SELECT",
    "mariadb": "a value does not fit (column 'id', argument 1: MySQL and MariaDB take no complex as a value)\nSQL: SELECT",
}


async def test_a_value_that_does_not_fit_is_told_with_its_column(shop: Database, database_name: str) -> None:
    large = shop.insert_into(owners).values(id=3, email=SECRET, age=NUMBER * 10**20)
    odd = shop.select_from(owners).select(owners.id).where(owners.id == complex(NUMBER))
    for query, column, says in ((large, "age", _TOO_LARGE), (odd, "id", _ODD)):
        error = await failing(shop, query)
        assert type(error) is DataError
        assert error.columns == (column,)
        assert str(error).startswith(says[database_name])


@pytest.mark.databases("postgres")
async def test_a_value_among_many_that_does_not_fit_is_told_with_its_set(shop: Database) -> None:
    query = sql("UPDATE owner SET age = {} WHERE id = {}", param("age", Any), param("id", Any))
    with pytest.raises(DataError, match=r"\(column 'age', argument 1: .*an integer, in set 1\)") as caught:
        await shop.execute_many(query, [{"age": 5, "id": 1}, {"age": SECRET, "id": 1}])
    assert SECRET not in str(caught.value)
    with pytest.raises(DataError, match=r"^a value does not fit \(TypeError\)\nSQL: COPY"):
        await shop.copy_into(owners, [{"id": SECRET, "email": "a"}])
    array = await failing(shop, sql("SELECT id FROM owner WHERE id = ANY({})", [1, SECRET]))
    assert "argument 1: invalid array element at index 1: 'str' object" in str(array)


async def test_a_number_that_is_too_large(shop: Database, database_name: str) -> None:
    large = NUMBER * 10**20
    text = "UPDATE owner SET age = {}::int" if database_name == "postgres" else "UPDATE owner SET age = {}"
    with pytest.raises(DataError) as caught:
        await shop.execute(sql(text, large))
    assert str(NUMBER) not in "".join(traceback.format_exception(caught.value))


async def test_a_type_that_no_driver_takes(db: Database) -> None:
    class Odd:
        def __repr__(self) -> str:
            return SECRET

    with pytest.raises(QueryKitError) as caught:
        await db.execute(sql("SELECT {}", Odd()))
    assert SECRET not in "".join(traceback.format_exception(caught.value))


async def test_a_lone_surrogate(shop: Database) -> None:
    error = await failing(shop, sql("INSERT INTO owner (id, email) VALUES (3, {})", SECRET + "\ud800"))
    assert type(error) is DataError
    await shop.fetch_all(sql("SELECT 1 AS one"))


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_two_rows_where_one_can_be(shop: Database) -> None:
    await shop.execute(sql("INSERT INTO owner (id, email) VALUES (9, 'x')"))
    with pytest.raises(MultipleResultsError):
        await shop.fetch_all(sql("SELECT (SELECT id FROM owner) AS id"))


@pytest.mark.own_session
async def test_a_lock(shop: Database, urls: dict[str, str], database_name: str) -> None:
    statement = {
        "sqlite": ("SELECT 1", "UPDATE owner SET age = 2"),
        "postgres": ("SET lock_timeout = '50ms'", "UPDATE owner SET age = 2"),
        "mysql": ("SET innodb_lock_wait_timeout = 1", "UPDATE owner SET age = 2"),
    }
    prepare, update = statement.get(database_name, statement["mysql"])
    url = urls[database_name] + ("?busy_timeout=0.3" if database_name == "sqlite" else "")
    async with Database(url) as other, shop.transaction() as trx:
        await trx.execute(sql("UPDATE owner SET age = 1"))
        async with other.connection() as connection:
            await connection.execute(raw(prepare))
            with pytest.raises(LockTimeoutError):
                await connection.execute(raw(update))


@pytest.mark.own_session
@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_a_statement_that_the_server_stops(shop: Database, database_name: str) -> None:
    limit, query = {
        "postgres": ("SET statement_timeout = '50ms'", "SELECT pg_sleep(5)"),
        "mysql": (
            "SET max_execution_time = 50",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900), m AS (SELECT 1 FROM n) "
            "SELECT count(*) FROM m a, m b, m c",
        ),
        "mariadb": ("SET max_statement_time = 0.05", "SELECT SLEEP(5)"),
    }[database_name]  # fmt: skip
    async with shop.connection() as connection:
        await connection.execute(raw(limit))
        with pytest.raises(QueryTimeoutError):
            await connection.fetch_all(raw(query))


@pytest.mark.databases("postgres")
async def test_a_statement_that_somebody_cancels(db: Database) -> None:
    async with db.connection() as connection:
        pid = await connection.fetch_value(sql("SELECT pg_backend_pid()"))
        task = asyncio.create_task(connection.fetch_all(sql("SELECT pg_sleep(5)")))
        await asyncio.sleep(0.1)
        await db.outside().fetch_all(sql("SELECT pg_cancel_backend({})", pid))
        with pytest.raises(QueryCanceledError):
            await task


@pytest.mark.own_session
@pytest.mark.databases("postgres")
async def test_a_forbidden_thing(db: Database) -> None:
    async with db.connection() as connection:
        await connection.execute(sql("SET ROLE pg_monitor"))
        with pytest.raises(PermissionDeniedError):
            await connection.execute(sql("CREATE TABLE pg_catalog.mine (id INTEGER)"))


@pytest.mark.databases("sqlite")
async def test_a_read_only_file(urls: dict[str, str], shop: Database) -> None:
    async with Database(urls["sqlite"] + "?mode=ro") as db:
        assert await db.fetch_value(sql("SELECT count(*) FROM owner")) == 1
        with pytest.raises(ReadOnlyError):
            await db.execute(sql("DELETE FROM owner"))


@pytest.mark.own_session
@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_a_server_that_takes_no_more_clients(db: Database, urls: dict[str, str], database_name: str) -> None:
    made, dropped = {
        "postgres": ("CREATE ROLE querykit_few LOGIN PASSWORD 'few' CONNECTION LIMIT 1", "DROP ROLE IF EXISTS querykit_few"),
    }.get(
        database_name,
        (
            "CREATE USER querykit_few IDENTIFIED BY 'few' WITH MAX_USER_CONNECTIONS 1",
            "DROP USER IF EXISTS querykit_few",
        ),
    )  # fmt: skip
    await db.execute(raw(dropped))
    await db.execute(raw(made))
    if database_name != "postgres":
        await db.execute(sql("GRANT ALL ON *.* TO querykit_few"))
    try:
        async with Database(urls[database_name], user="querykit_few", password="few") as few, few.connection() as held:
            with pytest.raises(TooManyConnectionsError, match="cannot connect to"):
                await few.fetch_all(sql("SELECT 1 AS one"))
            assert await held.fetch_all(sql("SELECT 1 AS one")) == [{"one": 1}]
    finally:
        await db.execute(raw(dropped))


@pytest.mark.own_session
@pytest.mark.databases("sqlite", "mysql", "mariadb")
async def test_a_full_disk(db: Database, database_name: str) -> None:
    """The server's own limit stands for the disk: a number of pages, the size of a table in memory."""
    limit = {"sqlite": "PRAGMA max_page_count = 1"}.get(database_name, "SET max_heap_table_size = 16384")
    engine = {"sqlite": ""}.get(database_name, " ENGINE=MEMORY")
    await db.execute(sql("DROP TABLE IF EXISTS large"))
    if database_name == "sqlite":
        await db.execute(sql("VACUUM"))  # pages that other tests have left free would hold the rows
    async with db.connection() as connection:
        await connection.execute(raw(limit))
        with pytest.raises(DiskFullError):
            await connection.execute(raw(f"CREATE TABLE large (text CHAR(200)){engine}"))
            for _ in range(1000):
                await connection.execute(sql("INSERT INTO large VALUES ({})", SECRET * 20))
        if database_name == "sqlite":
            await connection.execute(sql("PRAGMA max_page_count = 4294967294"))
    await db.execute(sql("DROP TABLE IF EXISTS large"))


def test_a_full_disk_of_postgres_is_mapped() -> None:
    assert postgres_failure(asyncpg.DiskFullError("could not extend file")).kind is DiskFullError


async def test_values_are_shown_on_request(shop: Database, urls: dict[str, str], database_name: str) -> None:
    async with Database(urls[database_name], show_values=True) as db:
        with pytest.raises(UniqueViolationError) as caught:
            await db.execute(sql("INSERT INTO owner (id, email, city) VALUES (2, {}, 'Oslo')", SECRET))
        assert caught.value.__cause__ is caught.value.driver_error is not None


def test_every_integrity_error_of_postgres_is_mapped() -> None:
    for name in dir(asyncpg):
        kind = getattr(asyncpg, name)
        if isinstance(kind, type) and issubclass(kind, asyncpg.IntegrityConstraintViolationError):
            assert issubclass(postgres_failure(kind("")).kind, IntegrityError), name


def test_every_integrity_error_of_pymysql_is_mapped() -> None:
    for code, kind in pymysql.err.error_map.items():
        if kind is pymysql.err.IntegrityError:
            assert code in MYSQL_RULES, code
