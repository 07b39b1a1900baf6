"""The playground: one page on this machine that builds queries of a database's tables and shows what they give.

Opt-in: ``pip install 'querykit[playground]'``, then ``querykit playground [URL]``. It only reads.
"""

from querykit.errors import ConfigurationError

try:
    from querykit.playground.server import Playground, running
except ModuleNotFoundError as error:
    if error.name not in ("starlette", "uvicorn"):
        raise
    raise ConfigurationError(
        f"the playground needs the package {error.name}: pip install 'querykit[playground]'"
    ) from None

__all__ = ["Playground", "running"]
