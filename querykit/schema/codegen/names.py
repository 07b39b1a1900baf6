"""Names for Python, of names that databases have: any text may be one there."""

from __future__ import annotations

import keyword
import re
import unicodedata
from typing import TYPE_CHECKING

from querykit import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

_SAID = (
    "Any AwareDatetime Column Decimal Enum Json Table UUID belongs_to column dt has_many has_one many_to_many "
    "references sql check index unique primary_key foreign_key Array Binary Boolean Bytes Char Date DateTime Double "
    "Duration Enumeration Instant Integer AnyNumeric BigInt Native Numeric Real SmallInt Text Time Uuid Varchar "
    "bool bytes dict float int list object str tuple TABLES VIEWS"
)
USED = frozenset(_SAID.split())
"""What generated modules may import: nothing else there has these names."""

TAKEN = frozenset(name for name in dir(Table) if not name.startswith("_"))
"""What tables have beside columns."""


class Names:
    """Gives names that Python takes, each once."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        """Give none of those that are taken."""
        self._taken = set(taken)

    def give(self, wanted: str) -> str:
        """The name, or one like it that is free."""
        name, number = wanted, 1
        while name in self._taken or keyword.iskeyword(name) or keyword.issoftkeyword(name):
            number += 1
            name = f"{wanted}_" if number == 2 else f"{wanted}_{number - 1}"  # noqa: PLR2004 - the first try after
        self._taken.add(name)
        return name


def identifier(name: str, *, digit: str = "n") -> str:
    """A name that Python takes, of any text: what it does not take becomes ``_``."""
    plain = re.sub(r"\W", "_", unicodedata.normalize("NFKC", name)).strip("_") if not _is_fine(name) else name
    plain = plain or digit
    return plain if plain.isidentifier() else f"{digit}_{plain}"


def snake_case(name: str) -> str:
    """``OrderLine`` and ``order line`` as ``order_line``."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", identifier(name))
    return words.lower()


def class_name(name: str) -> str:
    """``order_line`` as ``OrderLine``."""
    return "".join([each[:1].upper() + each[1:] for each in identifier(name).split("_") if each])


def member_name(value: str) -> str:
    """``it's fine`` as ``IT_S_FINE``."""
    return re.sub("_+", "_", identifier(value, digit="V")).upper()


def plural(name: str) -> str:
    """``pet`` as ``pets``; what ends in an s is left."""
    if name.endswith("s"):
        return name
    if re.search("[^aeiou]y$", name):
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("x", "ch", "sh")) else f"{name}s"


def _is_fine(name: str) -> bool:
    is_normal = unicodedata.normalize("NFKC", name) == name
    return name.isidentifier() and is_normal and not name.startswith("_")
