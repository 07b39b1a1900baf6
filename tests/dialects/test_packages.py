"""The packages of the drivers: which are refused, and what is said."""

import asyncio
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from querykit import Database
from querykit.dialects import packages
from querykit.dialects.mysql.aiomysql_driver import AiomysqlDriver
from querykit.dialects.mysql.asyncmy_driver import AsyncmyDriver
from querykit.dialects.postgres import asyncpg_driver
from querykit.dialects.sqlite import aiosqlite_driver
from querykit.errors import ConfigurationError

PACKAGES = [
    asyncpg_driver.PACKAGE,
    aiosqlite_driver.PACKAGE,
    AiomysqlDriver.package,
    AsyncmyDriver.package,
]
PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]


@pytest.fixture(autouse=True)
def unknown_yet() -> Iterator[None]:
    """Forget which packages were found to be new enough."""
    packages._refuse_old.cache_clear()
    yield
    packages._refuse_old.cache_clear()


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_what_is_refused_is_what_pip_would_not_install(package: packages.Package) -> None:
    required = PROJECT["dependencies"] if package.extra is None else PROJECT["optional-dependencies"][package.extra]
    (requirement,) = [each for each in required if re.match(rf"{package.name}\W", each)]
    found = re.match(rf"{package.name}>=([\d.]+)", requirement)
    assert found is not None
    assert tuple(map(int, found[1].split("."))) == package.minimum


@pytest.mark.parametrize(
    ("url", "installed", "message"),
    [
        (
            "postgresql://127.0.0.1:1/d",
            ("asyncpg", "0.29.0"),
            "asyncpg 0.29.0 is installed, and querykit needs 0.30 or newer: pip install --upgrade 'querykit[postgres]'",
        ),
        (
            "mysql://127.0.0.1:1/d",
            ("aiomysql", "0.3.1"),
            "aiomysql 0.3.1 is installed, and querykit needs 0.3.2 or newer: pip install --upgrade 'querykit[mysql]'",
        ),
        (
            "mariadb+asyncmy://127.0.0.1:1/d",
            ("asyncmy", "0.2.10rc1"),
            "asyncmy 0.2.10rc1 is installed, and querykit needs 0.2.18 or newer: "
            "pip install --upgrade 'querykit[asyncmy]'",
        ),
        (
            "sqlite://",
            ("aiosqlite", "0.22.0"),
            "aiosqlite 0.22.0 is installed, and querykit needs 0.22.1 or newer: pip install --upgrade querykit",
        ),
    ],
)
async def test_a_package_that_is_too_old_is_refused(
    url: str, installed: tuple[str, str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, version = installed
    said = tmp_path / f"{name}-{version}.dist-info"
    said.mkdir()
    (said / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert importlib.metadata.version(name) == version
    with pytest.raises(ConfigurationError) as caught:
        await Database(url).connect()
    assert str(caught.value) == message


async def test_a_missing_package_names_the_extra() -> None:
    program = (
        "import sys, asyncio\n"
        "sys.modules.update(dict.fromkeys(['asyncpg', 'aiomysql', 'asyncmy', 'aiosqlite']))\n"
        "from querykit import Database\n"
        "async def main(url):\n"
        "    try: await Database(url).connect()\n"
        "    except Exception as error: print(type(error).__name__, error)\n"
        "for url in ['postgresql://h/d', 'mysql://h/d', 'mysql+asyncmy://h/d', 'sqlite://']: asyncio.run(main(url))\n"
    )
    ran = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program], capture_output=True, text=True, timeout=20
    )
    assert ran.stdout.splitlines() == [
        "ConfigurationError the package asyncpg is not installed: pip install 'querykit[postgres]'",
        "ConfigurationError the package aiomysql is not installed: pip install 'querykit[mysql]'",
        "ConfigurationError the package asyncmy is not installed: pip install 'querykit[asyncmy]'",
        "ConfigurationError the package aiosqlite is not installed: pip install querykit",
    ], ran.stderr


async def test_a_package_that_a_driver_needs_is_named_itself() -> None:
    program = (
        "import sys, asyncio\n"
        "sys.modules['pymysql'] = None\n"
        "from querykit import Database\n"
        "try: asyncio.run(Database('mysql://h/d').connect())\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    ran = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program], capture_output=True, text=True, timeout=20
    )
    assert ran.stdout.strip().startswith("ConfigurationError the package pymysql"), ran.stderr
