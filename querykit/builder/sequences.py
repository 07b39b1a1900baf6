"""Values of sequences, which databases count by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from querykit.builder.functions import FunctionCall
from querykit.builder.tables import checked_name
from querykit.builder.value_types import INT

if TYPE_CHECKING:
    from querykit.builder.expressions import Expression


class SequenceValue(FunctionCall[Any]):
    """A value of a sequence.

    Attributes:
        sequence: Its name, behind its schema's if there is one.
    """

    def __init__(self, name: Literal["NEXTVAL", "CURRVAL"], sequence: str, schema: str | None) -> None:
        """Hold which value, and of what."""
        super().__init__(name, (), INT)
        checked = checked_name(sequence, "a sequence")
        self.sequence = (checked,) if schema is None else (checked_name(schema, "a schema"), checked)


def nextval(sequence: str, *, schema: str | None = None) -> Expression[int]:
    """The next value of a sequence, which nobody else gets.

    >>> from querykit import fn, select
    >>> print(select(fn.nextval("ticket_number").as_("number")).compile("postgres").sql)
    SELECT NEXTVAL('"ticket_number"') AS "number"
    >>> print(select(fn.nextval("ticket_number").as_("number")).compile("mariadb").sql)
    SELECT NEXTVAL(`ticket_number`) AS `number`

    Raises:
        UnsupportedError: when compiled for MySQL or SQLite, which have no sequences.
    """
    return SequenceValue("NEXTVAL", sequence, schema)


def currval(sequence: str, *, schema: str | None = None) -> Expression[int]:
    """The value that this session got last; PostgreSQL raises where it got none, MariaDB gives NULL.

    Raises:
        UnsupportedError: when compiled for MySQL or SQLite, which have no sequences.
    """
    return SequenceValue("CURRVAL", sequence, schema)
