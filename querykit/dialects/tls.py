"""TLS by the words that libpq uses, for every server."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from querykit.errors import ConfigurationError

if TYPE_CHECKING:
    from querykit.dialects.driver import Target

OPTIONS = frozenset({"sslmode", "sslrootcert", "sslcert", "sslkey"})
MODES = ("disable", "prefer", "require", "verify-ca", "verify-full")


def tls_mode(target: Target, default: str) -> str:
    """What ``sslmode`` says."""
    return target.choice("sslmode", MODES, default)


def tls_context(target: Target, mode: str) -> ssl.SSLContext:
    """How the server is checked: not at all up to ``require``, its certificate from ``verify-ca`` on.

    Raises:
        ConfigurationError: a file of certificates cannot be read.
    """
    verifies = mode.startswith("verify")
    try:
        context = ssl.create_default_context(cafile=target.options.get("sslrootcert"))
        context.check_hostname = mode == "verify-full"
        if not verifies:
            context.verify_mode = ssl.CERT_NONE
        if certificate := target.options.get("sslcert"):
            context.load_cert_chain(certificate, target.options.get("sslkey"))
    except OSError as error:
        raise ConfigurationError(f"sslrootcert, sslcert or sslkey cannot be used: {error}") from None
    return context
