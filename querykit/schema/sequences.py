"""Sequences: numbers that the database counts for whoever asks (PostgreSQL and MariaDB)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from querykit import BuildError
from querykit.schema.ddl import Definition

if TYPE_CHECKING:
    from querykit.schema.altering import AlteringWriter


@dataclass(frozen=True, slots=True)
class SequenceOptions:
    """How a sequence counts; None is what the database does by itself, or leaves."""

    start: int | None = None
    restart: int | None = None
    increment: int | None = None
    min_value: int | None = None
    max_value: int | None = None
    cache: int | None = None
    cycle: bool | None = None

    def written(self, no_cycle: str) -> str:
        """`` START WITH 1 INCREMENT BY 1``; `no_cycle` is what a database calls no cycle.

        Raises:
            BuildError: a number is none, or the step is 0.
        """
        words = {
            "START WITH": self.start,
            "RESTART WITH": self.restart,
            "INCREMENT BY": self.increment,
            "MINVALUE": self.min_value,
            "MAXVALUE": self.max_value,
            "CACHE": self.cache,
        }
        said = {word: number for word, number in words.items() if number is not None}
        wrong = [number for number in said.values() if type(number) is not int or abs(number) >= 2**63]
        if wrong or self.increment == 0:
            raise BuildError(f"a sequence counts in integers of 64 bits, by a step that is not 0, not {wrong or 0}")
        text = "".join([f" {word} {number}" for word, number in said.items()])
        return text if self.cycle is None else f"{text} {'CYCLE' if self.cycle else no_cycle}"


def create_sequence(
    name: str,
    *,
    schema: str | None = None,
    start: int | None = None,
    increment: int | None = None,
    min_value: int | None = None,
    max_value: int | None = None,
    cache: int | None = None,
    cycle: bool | None = None,
    if_not_exists: bool = False,
) -> Definition:
    """``CREATE SEQUENCE``; ``fn.nextval(name)`` gives its numbers, also as ``column(default=fn.nextval(name))``.

    >>> from querykit.schema import create_sequence
    >>> print(create_sequence("ticket_number", start=1000, cycle=False).sql("mariadb")[0])
    CREATE SEQUENCE `ticket_number` START WITH 1000 NOCYCLE

    Args:
        name: Its name.
        schema: Its schema, if it is to be named.
        start: Its first value.
        increment: The step from one to the next; below 0 it counts downwards.
        min_value: Its least value.
        max_value: Its greatest value.
        cache: How many values a session takes at once.
        cycle: Whether it begins anew after its last value.
        if_not_exists: Whether one of that name may be there, which stays as it is.

    Raises:
        UnsupportedError: when written for MySQL or SQLite, which have none.
        BuildError: when written, for a number that is none.
    """
    options = SequenceOptions(start, None, increment, min_value, max_value, cache, cycle)
    verb = "CREATE SEQUENCE" + " IF NOT EXISTS" * if_not_exists
    return Definition(lambda writer: writer.sequence(verb, name, schema, options))


def alter_sequence(
    name: str,
    *,
    schema: str | None = None,
    restart: int | None = None,
    increment: int | None = None,
    min_value: int | None = None,
    max_value: int | None = None,
    cache: int | None = None,
    cycle: bool | None = None,
) -> Definition:
    """``ALTER SEQUENCE``: the options of `create_sequence`, and `restart`, its next value.

    Raises:
        UnsupportedError: when written for MySQL or SQLite, which have none.
        BuildError: when written, where nothing is altered, or for a number that is none.
    """
    options = SequenceOptions(None, restart, increment, min_value, max_value, cache, cycle)

    def write(writer: AlteringWriter) -> list[str]:
        if options == SequenceOptions():
            raise BuildError(f"nothing is altered in the sequence {name!r}")
        return writer.sequence("ALTER SEQUENCE", name, schema, options)

    return Definition(write)


def drop_sequence(
    name: str, *, schema: str | None = None, if_exists: bool = False, cascade: bool = False
) -> Definition:
    """``DROP SEQUENCE``; `cascade` drops the defaults that use it too, on PostgreSQL."""
    return Definition(lambda writer: writer.drop_sequence(name, schema, if_exists=if_exists, cascade=cascade))
