"""What a change may lose, and why it may fail, told before it is made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from querykit.schema.diff.compare import Difference
    from querykit.schema.introspection import FoundColumn

_WIDER: Final = (
    ("smallint", "int", "integer", "bigint"),
    ("smallint", "mediumint", "int", "bigint"),
    ("float", "double"),
    ("real", "double precision"),
    ("date", "timestamp without time zone"),
)
"""Types of which each holds all values of those before it."""
_TEXTS: Final = ("character varying", "varchar")
_LONG_TEXTS: Final = ("text", "longtext", "mediumtext")

_TEXT: Final = re.compile(r"character|varchar|text|char", re.IGNORECASE)
_NUMBER: Final = re.compile(r"(small|big)?int|numeric|real|double", re.IGNORECASE)


def loss(difference: Difference) -> str | None:
    """What is lost for good; None where nothing is."""
    if difference.kind == "table" and difference.after is None:
        return "its rows are lost"
    if difference.kind == "column":
        if difference.after is None:
            return None if difference.before.generated else "its values are lost"
        if difference.before is not None and _is_narrower(difference.before, difference.after):
            return f"values that do not fit {difference.after.type} make it fail, or are cut"
    return None


def risk(difference: Difference) -> str | None:
    """Why it may fail, or cost; None where nothing stands against it."""
    if difference.kind == "column" and difference.after is not None:
        return _risk_of_column(difference.before, difference.after)
    if difference.after is not None and difference.kind in ("unique key", "check", "foreign key", "primary key"):
        return "fails where rows do not meet it" if difference.table else None
    if difference.kind == "index" and difference.after is not None and difference.after.is_unique:
        return "fails where rows have the same values"
    return None


def _risk_of_column(before: FoundColumn | None, after: FoundColumn) -> str | None:
    must_have = not after.is_nullable and after.default is None and after.generated is None and not after.is_identity
    if before is None:
        return (
            "fails where the table has rows (MySQL gives them 0 or ''): it takes no NULL and has no default" * must_have
            or None
        )
    if before.is_nullable and not after.is_nullable:
        return "fails where rows have NULL"
    return None


def _is_narrower(before: FoundColumn, after: FoundColumn) -> bool:
    if before.type == after.type:
        return False
    old, new = _parts(before.type), _parts(after.type)
    for types in _WIDER:
        if old[0] in types and new[0] in types:
            return types.index(new[0]) < types.index(old[0])
    if old[0] in _TEXTS and new[0] in _LONG_TEXTS:
        return False
    if old[0] == new[0] and len(old[1]) == len(new[1]) and old[1]:
        whole = [lengths[0] - (lengths[1] if len(lengths) > 1 else 0) for lengths in (old[1], new[1])]
        return whole[1] < whole[0] or any(b < a for a, b in zip(old[1], new[1], strict=True))
    return True


def is_other_kind(before: FoundColumn, after: FoundColumn) -> bool:
    """Whether only a cast makes values of one type of the other: texts and numbers become their like by themselves.

    A cast would cut what is too long without a word; without one, it is an error.
    """
    kinds = [next((each for each in (_TEXT, _NUMBER) if each.match(of.type)), of.type) for of in (before, after)]
    return kinds[0] != kinds[1]


def _parts(type_: str) -> tuple[str, list[int]]:
    """``numeric(10,2)`` as its word and its lengths."""
    found = re.fullmatch(r"([^(]+)(?:\(([\d,\s]+)\))?(.*)", type_.lower())
    if found is None:
        return type_.lower(), []
    return (found[1] + found[3]).strip(), [int(each) for each in found[2].split(",")] if found[2] else []
