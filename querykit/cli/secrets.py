"""Passwords, which are never printed: neither in messages nor in tracebacks."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import click

from querykit.errors import QueryKitError

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEY = "querykit.secrets"


def keep_secret(url: str) -> str:
    """The URL; its password, in every spelling, is printed by no command from now on."""
    context = click.get_current_context(silent=True)
    password = _password(url)
    if context is not None and password:
        spellings = {password, unquote(password), quote(password, safe=""), quote(unquote(password), safe="")}
        context.meta.setdefault(_KEY, set()).update(spellings)
    return url


def _password(url: str) -> str:
    """What stands between the user's colon and the last at sign, even where the URL is none."""
    try:
        found = urlsplit(url).password
    except ValueError:
        found = None
    if found:
        return found
    _, _, rest = url.partition("://")
    user, at, _ = rest.rpartition("@")
    return user.partition(":")[2] if at else ""


def hidden(text: str, secrets: Iterable[str]) -> str:
    """The text with stars where a secret stands."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


class Refusing(click.Group):
    """Ends with a message and exit code 1 where something is refused or fails; passwords are in none."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            error.message = hidden(error.message, ctx.meta.get(_KEY, ()))  # type: ignore[misc]
            raise
        except QueryKitError as error:
            raise click.ClickException(hidden(str(error), ctx.meta.get(_KEY, ()))) from None
        except (click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours, or of a file that is run: seen whole, but for secrets
            lines = "".join(traceback.format_exception(error))
            click.echo(hidden(lines, ctx.meta.get(_KEY, ())), err=True)
            raise click.exceptions.Exit(1) from None
