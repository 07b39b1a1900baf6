"""Private, throw-away PostgreSQL, MySQL and MariaDB servers for the tests.

Standard library only, and no root needed: a program that the machine lacks is unpacked into a cache folder, each server
keeps its data in a temporary folder and listens on a free port of this machine. As root, servers run as `nobody`.

`python -m tests.servers start mysql` starts one by hand and prints its URL; `status` and `stop` do the rest.
"""

from tests.servers.private import PrivateServer
from tests.servers.process import ServerError

__all__ = ["PrivateServer", "ServerError"]
