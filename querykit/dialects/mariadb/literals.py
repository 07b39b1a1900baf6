"""Values as MariaDB reads them in the text of a definition.

MariaDB keeps the expressions of a definition as text that it reads again: a hexadecimal literal with an introducer
comes back as a quoted one whose quotes are not escaped (10.11), so that none is written.
"""

from __future__ import annotations

from typing import Any

from querykit.dialects.mysql import literals
from querykit.errors import CompileError


def literal(value: Any) -> str:
    """A value as the text of a definition; backslashes escape in our sessions.

    Raises:
        CompileError: it cannot be written.
    """
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if not isinstance(value, str):
        return literals.literal(value)
    text = str.__str__(value)
    if "\0" in text:
        raise CompileError("a text in a definition cannot contain a NUL")
    return "'" + text.replace("\\", "\\\\").replace("'", "''").replace("%", "%%") + "'"
