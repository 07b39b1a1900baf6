"""The command `querykit`: looks at queries and databases from a shell. Opt-in: ``pip install 'querykit[cli]'``."""

import sys

try:
    from querykit.cli.commands import querykit as main
except ModuleNotFoundError as error:
    if error.name not in ("click", "rich", "sqlparse"):
        raise
    sys.exit(f"the command needs the package {error.name}: pip install 'querykit[cli]'")

__all__ = ["main"]
