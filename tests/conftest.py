"""What every test can ask for."""

import asyncio
from argparse import ArgumentTypeError
from collections.abc import AsyncIterator, Sequence

import pytest

from querykit.execution.database import Database
from tests.copying import copy_before_compiling
from tests.databases import DATABASES, UnavailableError, database_urls
from tests.sample import create_sample, drop_sample, restore_sample
from tests.servers import PrivateServer
from tests.servers.pgbouncer import BEHIND


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--databases",
        type=_names,
        default=DATABASES,
        metavar="NAMES",
        help=f"databases to test on, separated by commas (default: {','.join(DATABASES)})",
    )
    parser.addoption("--pgbouncer", action="store_true", help="reach PostgreSQL through PgBouncer in transaction mode")

    parser.addoption(
        "--copying-plugin",
        action="store_true",
        help="compile a copy of every statement, made by rewrite(), to prove that it reaches and forgets nothing",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Let every statement be copied, node by node, before it is compiled."""
    if config.option.copying_plugin:
        copy_before_compiling()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `database_name`, itself or through a fixture, once for each database of the run."""
    if "database_name" not in metafunc.fixturenames:
        return
    names = _chosen(metafunc.config)
    for marker in metafunc.definition.iter_markers("databases"):
        names = [name for name in names if name in marker.args]
    metafunc.parametrize("database_name", names, scope="session")


@pytest.fixture(scope="session")
async def urls(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, str]]:
    """The URL of each database of the run, by name; all servers are up while this fixture is."""
    try:
        async with database_urls(_chosen(pytestconfig), tmp_path_factory.mktemp("sqlite")) as urls:
            if not pytestconfig.option.pgbouncer:
                yield urls
                return
            with PrivateServer("pgbouncer", **{BEHIND: urls["postgres"]}) as bouncer:
                url = await asyncio.to_thread(bouncer.url)
                yield urls | {"postgres": f"{url}?pgbouncer=true"}
    except UnavailableError as error:
        pytest.exit(str(error), returncode=1)  # a missing server fails the run, once


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
