"""Cursors: the keys of a row as an opaque text, signed, and good for one query alone."""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any, Final

import msgspec

from querykit import BuildError
from querykit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from querykit import CompiledQuery
    from querykit.access.keyset import Key

_SIGNATURE_BYTES: Final = 16
_INVALID: Final = "is no cursor of this list: it was changed, or is of another query, order or request"


class Cursors:
    """Writes and reads the cursors of one query in one order, for one request's context."""

    def __init__(
        self, secret: str | bytes, keys: Sequence[Key], compiled: CompiledQuery, context: Mapping[str, object]
    ) -> None:
        """Bind them to the query's SQL and parameters, which hold its order, and to the context's values.

        Raises:
            BuildError: the secret is empty.
        """
        if not secret:
            raise BuildError("cursors are signed with a secret that is not empty: secret=…")
        self._secret = secret.encode() if isinstance(secret, str) else secret
        self._decoder = msgspec.msgpack.Decoder(tuple[tuple([key.annotation for key in keys])])  # type: ignore[misc]
        parameters = [(type(each).__qualname__, repr(each)) for each in compiled.parameters]
        bound = (compiled.sql, parameters, sorted((name, repr(each)) for name, each in context.items()))
        self._bound = hashlib.sha256(repr(bound).encode()).digest()

    def write(self, values: Sequence[Any]) -> str:
        """The cursor of a row, by the values of its keys."""
        body = msgspec.msgpack.encode(tuple(values))
        return _written(self._signature(body) + body)

    def read(self, cursor: object, name: str) -> tuple[Any, ...]:
        """The values of the keys.

        Raises:
            InputError: it is no cursor that `write` made for this query, order and context.
        """
        try:
            data = urlsafe_b64decode(str(cursor).encode("ascii") + b"=" * (-len(str(cursor)) % 4))
        except (UnicodeEncodeError, binascii.Error):
            raise InputError((name,), _INVALID) from None
        signature, body = data[:_SIGNATURE_BYTES], data[_SIGNATURE_BYTES:]
        is_ours = hmac.compare_digest(signature, self._signature(body))
        if not is_ours or _written(data) != cursor:  # base64 reads several texts as the same bytes
            raise InputError((name,), _INVALID)
        values: tuple[Any, ...] = self._decoder.decode(body)
        return values

    def _signature(self, body: bytes) -> bytes:
        return hmac.digest(self._secret, self._bound + body, "sha256")[:_SIGNATURE_BYTES]


def _written(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
