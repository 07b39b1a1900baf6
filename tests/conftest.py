"""What every test can ask for."""

import asyncio
from argparse import ArgumentTypeError
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from querykit.execution.database import Database
from tests.copying import copy_before_compiling
from tests.databases import DATABASES, UnavailableError, database_urls, fetch_row, own_database, through_asyncmy
from tests.sample import create_sample, drop_sample, restore_sample
from tests.servers import PrivateServer
from tests.servers.pgbouncer import BEHIND
from tests.servers.postgres import NEWEST, WHEEL


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--databases",
        type=_names,
        default=DATABASES,
        metavar="NAMES",
        help=f"databases to test on, separated by commas (default: {','.join(DATABASES)})",
    )
    parser.addoption(
        "--newest-postgres",
        action="store_true",
        help=f"run every test of PostgreSQL on {NEWEST}, not only those of what it has and older ones have not",
    )
    parser.addoption("--pgbouncer", action="store_true", help="reach PostgreSQL through PgBouncer in transaction mode")
    parser.addoption("--asyncmy", action="store_true", help="reach MySQL and MariaDB through asyncmy, not aiomysql")
    parser.addoption(
        "--copying-plugin",
        action="store_true",
        help="compile a copy of every statement, made by rewrite(), to prove that it reaches and forgets nothing",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Let every statement be copied, node by node, before it is compiled."""
    if config.option.copying_plugin:
        copy_before_compiling()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot be so behind PgBouncer, and the counts of calls where copies take hundreds of their own."""
    if addresses := [item.nodeid for item in items if " at 0x" in item.nodeid]:
        raise pytest.UsageError(f"a test is named by an object's address, another one in each process: {addresses[0]}")
    left_out = []
    if config.option.pgbouncer:
        left_out += [item for item in items if item.get_closest_marker("own_session")]
    if config.option.copying_plugin:
        left_out += [item for item in items if item.path.name == "test_call_counts.py"]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `database_name`, itself or through a fixture, once for each database of the run."""
    if "database_name" not in metafunc.fixturenames:
        return
    names = _chosen(metafunc.config)
    if "newest_postgres" in metafunc.fixturenames:
        names = [name for name in names if name == "postgres"]
    for marker in metafunc.definition.iter_markers("databases"):
        names = [name for name in names if name in marker.args]
    metafunc.parametrize("database_name", names, scope="session")


@pytest.fixture(scope="session")
def driven(pytestconfig: pytest.Config) -> Callable[[str], str]:
    """Gives the URL of a server its scheme for the driver of this run."""
    return through_asyncmy if pytestconfig.option.asyncmy else str


@pytest.fixture(scope="session")
async def urls(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory, driven: Callable[[str], str]
) -> AsyncIterator[dict[str, str]]:
    """The URL of each database of the run, by name; all servers are up while this fixture is."""
    try:
        options = pytestconfig.option
        folder = tmp_path_factory.mktemp("sqlite")
        async with database_urls(options.databases, folder, has_newest_postgres=options.newest_postgres) as found:
            urls = {name: driven(url) for name, url in found.items()}
            if not options.pgbouncer:
                yield urls
                return
            with PrivateServer("pgbouncer", **{BEHIND: urls["postgres"]}) as bouncer:
                url = await asyncio.to_thread(bouncer.url)
                yield urls | {"postgres": f"{url}?pgbouncer=true"}
    except UnavailableError as error:
        pytest.exit(str(error), returncode=1)  # a missing server fails the run, once


@pytest.fixture(scope="session")
async def newest_postgres(database_name: str, urls: dict[str, str]) -> AsyncIterator[str]:
    """The URL of an empty database of the newest PostgreSQL; a test that asks for it runs where PostgreSQL does.

    It is started for the first test that asks, if that of the run is an older one.
    """
    (version,) = await fetch_row("postgres", urls["postgres"].partition("?")[0], "SHOW server_version_num")
    if int(version) // 10_000 >= int(NEWEST.partition("==")[2].partition(".")[0]):
        yield urls["postgres"]
        return
    with PrivateServer("postgres", **{WHEEL: NEWEST}) as server:
        yield await asyncio.to_thread(server.url)


@pytest.fixture(scope="module")
async def own_url(
    database_name: str, urls: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """The URL of a database that holds the tables of one module alone, for what looks at all of a database."""
    if database_name == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('own') / 'own.db'}"
        return
    async with own_database(database_name, urls[database_name].partition("?")[0]) as url:
        yield url


@pytest.fixture
async def db(database_name: str, urls: dict[str, str]) -> AsyncIterator[Database]:
    """A connected database, for each of the run."""
    async with Database(urls[database_name]) as database:
        yield database


@pytest.fixture(scope="module")
async def sample_tables(database_name: str, urls: dict[str, str]) -> AsyncIterator[None]:
    """The tables of `tests.sample`, made anew for each module, since recipes make tables of the same names."""
    async with Database(urls[database_name]) as database:
        await create_sample(database)
        yield
        await drop_sample(database)


@pytest.fixture
async def restored_db(db: Database, sample_tables: None) -> AsyncIterator[Database]:
    """A connected database with the rows of `tests.sample`, which are put back after the test."""
    yield db
    await restore_sample(db)


def _chosen(config: pytest.Config) -> Sequence[str]:
    names: Sequence[str] = config.option.databases
    return names


def _names(given: str) -> list[str]:
    names = given.split(",")
    if unknown := [name for name in names if name not in DATABASES]:
        raise ArgumentTypeError(f"{', '.join(unknown)}: there are {', '.join(DATABASES)}")
    return names
