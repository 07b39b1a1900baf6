"""What is different between two databases, as data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from querykit.schema.introspection import FoundColumn, FoundDatabase, FoundTable


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is other than it is to be.

    Attributes:
        kind: ``"table"``, ``"enumeration"``, ``"column"``, ``"primary key"``, ``"unique key"``, ``"check"``,
            ``"foreign key"`` or ``"index"``.
        table: The table; of an enumeration, None.
        name: What it is called where it is.
        before: What is there; None where nothing is.
        after: What is to be there; None where nothing is.
    """

    kind: str
    table: str | None
    name: str
    before: Any = None
    after: Any = None


def compare(before: FoundDatabase, after: FoundDatabase) -> list[Difference]:
    """What makes the second of the first. Names of keys and checks, and the order of columns, make no difference."""
    found = {each.name: each for each in before.tables if each.kind == "table"}
    wanted = {each.name: each for each in after.tables}
    differences = list(_by_name("enumeration", None, _enums(before), _enums(after)))
    for name in [*wanted, *[each for each in found if each not in wanted]]:
        if name in found and name in wanted:
            differences += _of_table(found[name], wanted[name])
        else:
            differences.append(Difference("table", name, name, found.get(name), wanted.get(name)))
    return differences


def _enums(database: FoundDatabase) -> dict[str, tuple[str, ...]]:
    return {each.name: each.values for each in database.enums}


def _of_table(before: FoundTable, after: FoundTable) -> Iterator[Difference]:
    name = after.name
    columns = [{each.name: each for each in table.columns} for table in (before, after)]
    yield from _by_name("column", name, columns[0], columns[1])
    if before.primary_key != after.primary_key:
        keys = [each.primary_key or None for each in (before, after)]
        yield Difference("primary key", name, ", ".join(after.primary_key or before.primary_key), *keys)
    for kind, attribute, same in _PARTS:
        yield from _by_content(kind, name, getattr(before, attribute), getattr(after, attribute), same)


def _by_name(kind: str, table: str | None, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Difference]:
    for name in [*after, *[each for each in before if each not in after]]:
        if before.get(name) != after.get(name):
            yield Difference(kind, table, name, before.get(name), after.get(name))


def _by_content(
    kind: str, table: str, before: Sequence[Any], after: Sequence[Any], same: Callable[[Any], Any]
) -> Iterator[Difference]:
    """What one side alone has; the name of a thing says nothing."""
    left = {same(each): each for each in before}
    right = {same(each): each for each in after}
    for key, each in left.items():
        if key not in right:
            yield Difference(kind, table, each.name, before=each)
    for key, each in right.items():
        if key not in left:
            yield Difference(kind, table, each.name, after=each)


def _nameless(thing: Any) -> Any:
    return replace(thing, name="")


_PARTS: Final[tuple[tuple[str, str, Callable[[Any], Any]], ...]] = (
    ("unique key", "uniques", _nameless),
    ("check", "checks", _nameless),
    ("foreign key", "foreign_keys", _nameless),
    ("index", "indexes", _nameless),
)


def described(column: FoundColumn) -> str:
    """A column as a line tells of it: ``name character varying(50) NOT NULL``."""
    parts = [column.name, column.type]
    if not column.is_nullable:
        parts.append("NOT NULL")
    if column.default is not None:
        parts.append(f"DEFAULT {column.default}")
    if column.generated is not None:
        parts.append(f"AS {column.generated}")
    return " ".join(parts)
