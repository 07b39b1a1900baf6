"""Correlation: the columns by which a query inside another one is tied to the rows of that one.

Such a query is run for each row of the query around it: cheap where an index finds its rows, and a scan of the whole
table each time where none does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from querykit.builder.comparisons import Comparison
from querykit.builder.logic import Logic
from querykit.builder.rewrite import walk
from querykit.builder.select import Select
from querykit.builder.statement import Statement
from querykit.builder.tables import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Correlated(NamedTuple):
    """A table of a query inside another one.

    Attributes:
        table: The table.
        columns: Those of its columns that must equal something of the query around, in the order of the conditions.
        fixed: Those that must equal a value.
    """

    table: Table
    columns: tuple[str, ...]
    fixed: frozenset[str] = frozenset()

    def is_found_by(self, index: Iterable[str]) -> bool:
        """Whether an index of these columns finds the rows: by one of `columns`, behind none but fixed ones.

        >>> from querykit import table
        >>> pets = Correlated(table("pet"), ("owner_id",), frozenset({"species"}))
        >>> [pets.is_found_by(each) for each in (["owner_id", "name"], ["species", "owner_id"], ["name", "owner_id"])]
        [True, True, False]
        """
        columns = {each.lower() for each in self.columns}
        fixed = {each.lower() for each in self.fixed}
        for column in index:
            if column.lower() in columns:
                return True
            if column.lower() not in fixed:
                return False
        return False


def correlated_tables(statement: Statement[Any, Any]) -> list[Correlated]:
    """Every table that a query inside the statement, at any depth, looks up for the rows of one around it; once each.

    >>> from querykit import json_array_from, select_from, table
    >>> person, pet = table("person"), table("pet")
    >>> pets = select_from(pet).select(pet.name).where(pet.owner_id == person.id)
    >>> query = select_from(person).select(json_array_from(pets).as_("pets"))
    >>> [(found.table, found.columns) for found in correlated_tables(query)]
    [(<UndeclaredTable pet>, ('owner_id',))]
    """
    found: dict[Any, Correlated] = {}
    for node in walk(statement):
        if isinstance(node, Select):
            for each in _tables_of(node):
                found.setdefault((each.table._schema, each.table._name, each.columns, each.fixed), each)
    return list(found.values())


def _tables_of(query: Select[Any, Any]) -> Iterator[Correlated]:
    """Those of a query's tables that are tied to a query around it."""
    tables = {each._reference: each for each in query._tables()}
    columns: dict[str, dict[str, None]] = {}
    fixed: dict[str, set[str]] = {}
    for column, other in _equations(query):
        references = {each.reference for each in walk(other) if isinstance(each, Column)}
        if column.reference not in tables or not tables.keys().isdisjoint(references):
            continue
        if references and not any(isinstance(each, Statement) for each in walk(other)):
            columns.setdefault(column.reference, {})[column.name] = None
        else:
            fixed.setdefault(column.reference, set()).add(column.name)
    for reference, names in columns.items():
        table = tables[reference]
        if isinstance(table, Table):
            yield Correlated(table, tuple(names), frozenset(fixed.get(reference, ())))


def _equations(query: Select[Any, Any]) -> Iterator[tuple[Column[Any], Any]]:
    """Each column that must equal something, with that, from WHERE and from ON."""
    for condition in _joined([*query.predicates, *[each for join in query.joins for each in join.predicates]]):
        if isinstance(condition, Comparison) and condition.operator == "=":
            for column, other in ((condition.left, condition.right), (condition.right, condition.left)):
                if isinstance(column, Column):
                    yield column, other


def _joined(conditions: Iterable[Any]) -> Iterator[Any]:
    """Conditions that all must hold, those that AND joins one by one."""
    for each in conditions:
        if isinstance(each, Logic) and each.operator == "AND":
            yield from _joined(each.terms)
        else:
            yield each
