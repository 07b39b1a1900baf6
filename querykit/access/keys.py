"""Which columns of two tables find each other's rows: as said, or as `references` of the columns declare it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from querykit import BuildError, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Keys: TypeAlias = "str | Sequence[str]"
"""The name of a column, or of several that make one key together."""
Pairs: TypeAlias = "tuple[tuple[str, str], ...]"
"""Names of columns of two tables that are equal in rows that belong together."""


def foreign_key(child: Table, parent: Table, by: Keys | None, key: Keys | None, what: str) -> Pairs:
    """The columns of `child` that hold a key of `parent`, each with the column that it refers to.

    Args:
        child: The table with the foreign key.
        parent: The table that it refers to.
        by: The columns of `child`; None takes the only ones that are declared to refer to `parent`.
        key: The columns of `parent`; None takes those that are referred to, or its primary key.
        what: The relation, for messages.

    Raises:
        BuildError: there is no such column, no key or foreign key is declared, or there are several foreign keys.
    """
    if by is None:
        return _declared(child, parent, what)
    columns = _names(by)
    keys = _names(key) if key is not None else tuple([each.name for each in parent._primary_key])
    if not keys:
        raise BuildError(f"{what}: {parent._name} declares no primary key; say which columns are referred to: key=…")
    if len(columns) != len(keys):
        raise BuildError(f"{what}: {_listed(columns)} of {child._name} cannot hold {_listed(keys)} of {parent._name}")
    pairs = tuple(zip(columns, keys, strict=True))
    for column, referred in pairs:  # a name that is not there raises here, not in the first query
        child[column]
        parent[referred]
    return pairs


def _declared(child: Table, parent: Table, what: str) -> Pairs:
    found = list(_references(child, parent))
    if len(found) != 1:
        how_many = "several columns that refer" if found else "no column that refers"
        raise BuildError(f"{what}: {child._name} declares {how_many} to {parent._name}; say which: by=…")
    return tuple(found)


def _references(child: Table, parent: Table) -> Iterator[tuple[str, str]]:
    for name in child._columns:
        reference = child._options(name).references
        if reference is not None and (reference.table, reference.schema) == (parent._name, parent._schema):
            yield name, parent._column_named(reference.column).name


def _names(keys: Keys) -> tuple[str, ...]:
    return (keys,) if isinstance(keys, str) else tuple(keys)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names)
