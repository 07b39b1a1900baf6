"""`make wheel`: builds the wheel, installs it with each extra into an environment of its own, runs the tests against it.

The tests run in a folder without the sources, so that only what the wheel holds is found. Arguments go to pytest.
"""

import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TESTED = ("tests", "recipes", "bench", "docs", "README.md", "CHANGELOG.md", "pyproject.toml", "mkdocs.yml")

WORKS = {
    "": "from querykit import *; import querykit.access, querykit.schema, querykit.plugins, querykit.testing",
    "postgres": "import asyncpg; from querykit import Database; Database('postgresql://ada@localhost/shop')",
    "mysql": "import aiomysql, cryptography; from querykit import Database; Database('mysql://ada@localhost/shop')",
    "asyncmy": "import asyncmy; from querykit import Database; Database('mysql+asyncmy://ada@localhost/shop')",
    "migrations": "import querykit.migrations",
    "cli": "from querykit.cli import main; main(['--help'], standalone_mode=False)",
    "playground": "import importlib.resources as r, querykit.playground as p; r.files(p).joinpath('page/index.html').read_text()",
    "opentelemetry": "from querykit import trace_to; trace_to()",
    "redis": "import redis.asyncio; from querykit.plugins import RedisStore; RedisStore(redis.asyncio.Redis())",
    "all": "import querykit.cli, querykit.playground, asyncpg, aiomysql, asyncmy",
}
"""What each extra makes possible: a program that runs where it is installed."""


class Environment:
    """A virtual environment with the wheel in it, and nothing else of this project."""

    def __init__(self, folder: Path) -> None:
        run([sys.executable, "-m", "venv", folder])
        self.folder = folder

    def install(self, *requirements: str | Path) -> None:
        run([self.folder / "bin/python", "-m", "pip", "install", "--quiet", *requirements])

    def python(self, *arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run Python where no source of ours is: isolated from this folder and from PYTHONPATH."""
        command = [self.folder / "bin/python", *arguments]
        environment = {"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin", "HOME": str(self.folder)}
        return subprocess.run(
            command, cwd=cwd or self.folder, env=environment, capture_output=True, text=True, check=False
        )


def run(command: Sequence[str | Path]) -> None:
    """Run a program to its end.

    Raises:
        RuntimeError: it fails.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} exited {done.returncode}:\n{done.stdout}{done.stderr}")


def build(folder: Path) -> Path:
    """The wheel of the sources beside this file."""
    run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", f"--wheel-dir={folder}", ROOT])
    return next(folder.glob("querykit-*.whl"))


def wanted(wheel: Path, *extras: str) -> str:
    """The wheel with extras, as pip takes it."""
    chosen = [each for each in extras if each]
    return f"querykit[{','.join(chosen)}] @ {wheel.as_uri()}" if chosen else str(wheel)


def main() -> int:
    """Do all of it; gives the exit code of the tests."""
    with tempfile.TemporaryDirectory(prefix="querykit-wheel-") as made:
        folder = Path(made)
        wheel = build(folder)
        for extra, program in WORKS.items():
            environment = Environment(folder / f"with-{extra or 'nothing'}")
            environment.install(wanted(wheel, extra))
            done = environment.python("-c", program)
            print(
                f"{'ok' if done.returncode == 0 else 'FAILED'}  {wanted(wheel, extra).partition(' @')[0]}", flush=True
            )
            if done.returncode:
                print(done.stderr)
                return done.returncode
        environment = Environment(folder / "tests")
        environment.install(wanted(wheel, "all", "dev"))
        checkout = folder / "checkout"
        checkout.mkdir()
        for name in TESTED:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, checkout / name)
        return subprocess.run(
            [environment.folder / "bin/python", "-m", "pytest", "--ignore=tests/test_wheel.py", *sys.argv[1:]],
            cwd=checkout,
            check=False,
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
