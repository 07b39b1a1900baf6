"""`python -m tests.servers start NAME… | status | stop [NAME…]`: servers by hand, for a debugger or a SQL shell."""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.servers.process import ServerError, report
from tests.servers.server import DATABASES, LAUNCHERS, restart, running, start, stop


def _start(names: list[str]) -> None:
    with ThreadPoolExecutor() as pool:
        for server in pool.map(start, names or DATABASES):
            print(server.url)


def _status(names: list[str]) -> None:
    for server in running():
        if not names or server.name in names:
            print(f"{server.url}  pid {server.pid}  {server.folder}")


def _stop(names: list[str]) -> None:
    for server in running():
        if not names or server.name in names:
            stop(server)


def _hold(names: list[str]) -> None:
    (name,) = names
    server = start(name)
    try:
        print(server.url, flush=True)
        for _ in sys.stdin:  # every line asks for a restart, until the end
            server = restart(server)
            print(server.url, flush=True)
    finally:
        stop(server)


def main() -> None:
    """Do what the command line asks."""
    commands = {"start": _start, "status": _status, "stop": _stop, "hold": _hold}
    parser = argparse.ArgumentParser(
        prog="python -m tests.servers",
        description="Private database servers. `start` leaves them running; `hold` stops at the end of standard input.",
    )
    parser.add_argument("command", choices=commands)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(LAUNCHERS)}; none means every database")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.names if name not in LAUNCHERS]:
        parser.error(f"no such server: {', '.join(unknown)}")
    try:
        commands[arguments.command](arguments.names)
    except ServerError as error:
        report(str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
