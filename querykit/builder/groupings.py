"""Grouping of several levels at once: ROLLUP, CUBE, GROUPING SETS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from querykit.builder.expressions import Expression
from querykit.builder.query import grouping
from querykit.errors import BuildError

if TYPE_CHECKING:
    from pypika.terms import Term


class GroupingSets(Expression[Any]):
    """``ROLLUP (…)`` and its like, an item of GROUP BY.

    Attributes:
        kind: What it is called in SQL.
        sets: The items: each one or several terms, or none.
    """

    def __init__(self, kind: Literal["ROLLUP", "CUBE", "GROUPING SETS"], sets: tuple[tuple[Term, ...], ...]) -> None:
        """Hold the items in order."""
        self.kind = kind
        self.sets = sets


def rollup(*terms: Any) -> GroupingSets:
    """``ROLLUP (a, b)``: groups of a and b, of a, and of all; what a row sums up is NULL in it, see `fn.grouping`.

    >>> from querykit import fn, rollup, select_from, table
    >>> pet = table("pet")
    >>> query = select_from(pet).select(pet.species, fn.count().as_("n")).group_by(rollup(pet.species))
    >>> for dialect in ("postgres", "mysql"):
    ...     print(query.compile(dialect).sql)
    SELECT "pet"."species", COUNT(*) AS "n" FROM "pet" GROUP BY ROLLUP ("pet"."species")
    SELECT `pet`.`species`, COUNT(*) AS `n` FROM `pet` GROUP BY `pet`.`species` WITH ROLLUP

    Args:
        terms: The terms; several in a tuple are one level.

    Raises:
        UnsupportedError: when compiled for SQLite; for MySQL and MariaDB, where it stands beside other terms.
    """
    return GroupingSets("ROLLUP", _sets(terms, "rollup"))


def cube(*terms: Any) -> GroupingSets:
    """``CUBE (a, b)``: groups of every choice of the terms: a and b, a, b, and all. PostgreSQL has it.

    Raises:
        UnsupportedError: when compiled for MySQL, MariaDB or SQLite.
    """
    return GroupingSets("CUBE", _sets(terms, "cube"))


def grouping_sets(*sets: Any) -> GroupingSets:
    """``GROUPING SETS ((a, b), (a), ())``: each in a tuple (or a term alone), ``()`` for all. PostgreSQL has it.

    >>> from querykit import fn, grouping_sets, select_from, table
    >>> pet = table("pet")
    >>> query = select_from(pet).select(fn.count().as_("n")).group_by(grouping_sets((pet.species, pet.owner_id), ()))
    >>> print(query.compile("postgres").sql)
    SELECT COUNT(*) AS "n" FROM "pet" GROUP BY GROUPING SETS (("pet"."species", "pet"."owner_id"), ())

    Raises:
        UnsupportedError: when compiled for MySQL, MariaDB or SQLite; unite the groupings with `union_all`.
    """
    return GroupingSets("GROUPING SETS", _sets(sets, "grouping_sets", may_be_empty=True))


def _sets(sets: tuple[Any, ...], where: str, *, may_be_empty: bool = False) -> tuple[tuple[Term, ...], ...]:
    if not sets:
        raise BuildError(f"{where}() takes at least one term")
    found = tuple(
        [
            tuple([grouping(one, where) for one in (each if isinstance(each, list | tuple) else (each,))])
            for each in sets
        ]
    )
    if not may_be_empty and not all(found):
        raise BuildError(f"a level of {where}() has at least one term")
    return found
