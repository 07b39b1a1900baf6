"""The folder that keeps what is downloaded and notes what is running."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


def _cache_folder() -> Path:
    if given := os.environ.get("QUERYKIT_SERVER_CACHE"):
        return Path(given).absolute()
    if os.geteuid() == 0:  # root's home is closed to the unprivileged user that the servers run as
        return Path("/var/cache/querykit-servers")
    return Path.home() / ".cache" / "querykit-servers"


CACHE = _cache_folder()


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Let one process at a time, of all that share the cache, do the thing of this name."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
