"""What makes rows that are written meet the policies of their tables.

A value that a policy compares with the request is looked at before the statement is sent. Everything else the server
looks at: a value is written as ``Enforced``, which fails the statement where the policy does not hold of the new row.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn, TypeGuard
from uuid import UUID

from pypika.terms import Term

from querykit.builder.comparisons import Comparison
from querykit.builder.functions import FunctionCall
from querykit.builder.insert import Insert
from querykit.builder.logic import Logic, and_
from querykit.builder.merge import Merge
from querykit.builder.operands import DEFAULT, NULL, TRUE, Parameter, Value, operand
from querykit.builder.query import AliasedQuery, AllColumns, SetOperation
from querykit.builder.rewrite import copied, rewrite, walk
from querykit.builder.row_filters import Bytewise, Enforced
from querykit.builder.select import Select
from querykit.builder.statement import Statement
from querykit.builder.tables import Column, Table
from querykit.builder.update import Update
from querykit.builder.upsert import ExcludedColumn
from querykit.builder.value_types import type_of
from querykit.builder.values_table import ValuesQuery
from querykit.errors import PolicyError, PolicyViolationError, UsageError
from querykit.plugins.base import CONTEXT
from querykit.plugins.tables import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from querykit.builder.merge import Branch
    from querykit.builder.value_types import ValueType
    from querykit.builder.write import Assignment
    from querykit.plugins.base import Check, PluginContext
    from querykit.plugins.tables import Writing

    PolicyOf = Callable[[Table], tuple[Table, Term] | None]

_NUMBERS: Final = (int, float, Decimal)


class Guarded(NamedTuple):
    """The policy of a table that is written.

    Attributes:
        table: The table, to which the columns in the policy belong.
        terms: The conditions of the policy, which are ANDed.
        compared: Those of them that say that a column equals what the request says: place, column, name of the value.
        columns: All columns of the table that the policy reads, by their folded names.
    """

    table: Table
    terms: tuple[Term, ...]
    compared: tuple[tuple[int, Column[Any], str], ...]
    columns: Mapping[str, Column[Any]]


class WrittenRows:
    """Checks the rows of one statement."""

    def __init__(self, statement: Writing, policy_of: PolicyOf, context: PluginContext) -> None:
        """Take the statement, what gives the policies, and where checks are kept."""
        self._statement = statement
        self._policy_of = policy_of
        self._context = context

    def checked(self) -> Any:
        """The statement with what makes its rows meet their policies."""
        statement = self._statement
        if isinstance(statement, Insert):
            return self._insert(statement)
        if isinstance(statement, Update):
            return self._update(statement)
        return self._merge(statement) if isinstance(statement, Merge) else statement

    def _guarded(self, table: Table) -> Guarded | None:
        policy = self._policy_of(table)
        if policy is None or policy[1] is TRUE:
            return None
        made, term = policy
        terms = term.terms if isinstance(term, Logic) and term.operator == "AND" else (term,)
        columns = {
            self._folded(each.column_name): each
            for each in walk(term)
            if isinstance(each, Column) and each.table is made
        }
        compared = [(place, *found) for place, each in enumerate(terms) if (found := _of_request(each, made))]
        return Guarded(made, terms, tuple(compared), columns)

    def _folded(self, name: str) -> str:
        return folded(name, self._context.dialect)

    # -- INSERT -------------------------------------------------------------------------------------------------------

    def _insert(self, statement: Insert[Any, Any]) -> Insert[Any, Any]:
        guarded = self._guarded(statement.table)
        if guarded is None:
            return statement
        self._refuse_unseen(statement, guarded)
        places = self._places([each.column_name for each in statement.targets], guarded)
        if statement.query is not None:
            made = statement.with_part("query", self._inserted_query(statement.query, places, guarded))
        else:
            made = statement.with_part("rows", self._rows(statement.rows, places, guarded))
        if made.conflict is None or not made.conflict.assignments:
            return made
        changed = made.conflict._replace(assignments=self._assignments(made.conflict.assignments, guarded))
        return made.with_part("conflict", changed)

    def _refuse_unseen(self, statement: Insert[Any, Any], guarded: Guarded) -> None:
        """Refuse rows of which it is not known what they hold, and what changes others whosever they are."""
        name = guarded.table._name
        if statement.is_positional or statement.is_of_defaults:
            raise PolicyError(f"an INSERT into {name!r} names its columns, so that its policy can be looked at")
        if statement.resolution == "REPLACE":
            raise PolicyError(f"REPLACE deletes rows of {name!r} whosever they are: say on_conflict(…).do_update(…)")
        conflict = statement.conflict
        if conflict is None or not conflict.assignments or self._context.dialect.features.filters_upserts:
            return
        targets = {self._folded(each.column_name) for each in conflict.targets if isinstance(each, Column)}
        needed = {self._folded(column.column_name): column.name for _, column, _ in guarded.compared}
        if not needed or not targets.issuperset(needed):
            key = ", ".join(needed.values()) or "a column compared with the request"
            raise PolicyError(
                f"ON DUPLICATE KEY UPDATE of {name!r} may meet a row of another request: name the columns of a unique "
                f"key in on_conflict(…) that holds {key}"
            )
        if statement.returned:
            raise PolicyError(f"ON DUPLICATE KEY UPDATE … RETURNING shows rows of {name!r} that it leaves alone")

    def _places(self, names: Sequence[str], guarded: Guarded) -> dict[str, int]:
        """Where in a row the columns stand that the policy reads."""
        places = {self._folded(name): place for place, name in enumerate(names)}
        for name, column in guarded.columns.items():
            if name not in places:
                raise PolicyError(
                    f"an INSERT into {guarded.table._name!r} leaves out {column.name!r}, which its policy reads"
                )
        return {name: places[name] for name in guarded.columns}

    def _left(self, guarded: Guarded, cells_of: Callable[[str], Sequence[Any] | None]) -> tuple[Term, ...]:
        """What of a policy the server has to look at: the rest is looked at before the statement is sent."""
        seen = {
            place
            for place, column, key in guarded.compared
            if (cells := cells_of(self._folded(column.column_name))) is not None and self._expect(cells, key, column)
        }
        return tuple([each for place, each in enumerate(guarded.terms) if place not in seen])

    def _rows(
        self, rows: tuple[tuple[Any, ...], ...], places: dict[str, int], guarded: Guarded
    ) -> tuple[tuple[Any, ...], ...]:
        """Rows of values."""
        left = self._left(guarded, lambda name: [row[places[name]] for row in rows])
        return tuple([self._enforced_row(row, places, left, guarded) for row in rows]) if left else rows

    def _enforced_row(
        self, row: tuple[Any, ...], places: dict[str, int], left: tuple[Term, ...], guarded: Guarded
    ) -> tuple[Any, ...]:
        cells = {name: self._cell(row[place], guarded.columns[name]) for name, place in places.items()}
        place = min(places.values(), default=0)
        value = row[place] if isinstance(row[place], Term) else self._value(row[place], None)
        if value is DEFAULT:
            raise PolicyError(f"a row that is written into {guarded.table._name!r} begins with a value, not a default")
        return (*row[:place], self._enforced(left, cells, guarded, value), *row[place + 1 :])

    def _inserted_query(self, query: Statement[Any, Any], places: dict[str, int], guarded: Guarded) -> Any:
        """A query whose rows are inserted."""
        items = _items(query)
        left = self._left(guarded, lambda name: [_plain(row[places[name]]) for row in items])
        if not left:
            return query
        for name, place in places.items():
            for row in items:
                self._cell(row[place], guarded.columns[name])
        return self._around(query, places, left, guarded)

    def _around(
        self, query: Statement[Any, Any], places: dict[str, int], left: tuple[Term, ...], guarded: Guarded
    ) -> Select[Any, Any]:
        """A query around one, in which its rows are what they will be: behind its LIMIT, its groups and its parts."""
        names = [each.name for each in query.output_columns() or ()]
        if isinstance(query, Select) and (None in names or len(set(names)) < len(names)):
            names = [f"c{place}" for place in range(len(names))]
            named = [copied(each, alias=name) for each, name in zip(query.columns, names, strict=True)]
            query = query.replaced(columns=tuple(named))
        source = AliasedQuery(query, "written")
        columns: list[Term] = [source[str(name)] for name in names]
        cells = {name: columns[place] for name, place in places.items()}
        first = min(places.values(), default=0)
        enforced = self._enforced(left, cells, guarded, columns[first])
        columns[first] = enforced.as_(str(names[first]))
        return Select[Any, Any]().replaced(sources=(source,), columns=tuple(columns))

    # -- UPDATE, MERGE ------------------------------------------------------------------------------------------------

    def _update(self, statement: Update[Any, Any]) -> Update[Any, Any]:
        """An UPDATE, perhaps of several tables."""
        sources = (statement.table, *statement.sources, *[join.source for join in statement.joins])
        tables = {each._reference: each for each in sources if isinstance(each, Table)}
        assignments = statement.assignments
        for reference in dict.fromkeys([column.reference for column, _ in assignments]):
            if reference in tables and (guarded := self._guarded(tables[reference])) is not None:
                assignments = self._assignments(assignments, guarded)
        return statement.with_part("assignments", assignments)

    def _assignments(self, assignments: tuple[Assignment, ...], guarded: Guarded) -> tuple[Assignment, ...]:
        """What an UPDATE sets in a table."""
        own = {
            self._folded(column.column_name): place
            for place, (column, _) in enumerate(assignments)
            if column.reference == guarded.table._reference and self._folded(column.column_name) in guarded.columns
        }
        left = self._left(guarded, lambda name: [assignments[own[name]][1]] if name in own else None)
        if not any(self._reads(each, own, guarded) for each in left):
            return assignments
        cells = {name: self._cell(assignments[place][1], guarded.columns[name]) for name, place in own.items()}
        name, place = next(iter(own.items()))
        enforced = (assignments[place][0], self._enforced(left, cells, guarded, cells[name]))
        return (*assignments[:place], enforced, *assignments[place + 1 :])

    def _reads(self, term: Term, names: Mapping[str, int], guarded: Guarded) -> bool:
        return any(
            isinstance(each, Column) and each.table is guarded.table and self._folded(each.column_name) in names
            for each in walk(term)
        )

    def _merge(self, statement: Merge[Any, Any]) -> Merge[Any, Any]:
        guarded = self._guarded(statement.table)
        if guarded is None:
            return statement
        return statement.replaced(branches=tuple([self._branch(each, guarded) for each in statement.branches]))

    def _branch(self, branch: Branch, guarded: Guarded) -> Branch:
        if branch.action == "UPDATE":
            return branch._replace(assignments=self._assignments(branch.assignments, guarded))
        if branch.action != "INSERT":
            return branch
        columns = [column for column, _ in branch.assignments]
        places = self._places([column.column_name for column in columns], guarded)
        (row,) = self._rows((tuple([value for _, value in branch.assignments]),), places, guarded)
        return branch._replace(assignments=tuple(zip(columns, row, strict=True)))

    # -- cells --------------------------------------------------------------------------------------------------------

    @staticmethod
    def _value(value: Any, type_: ValueType | None) -> Term:
        return NULL if value is None else Value(value, type_ or type_of(value))

    def _cell(self, value: Any, column: Column[Any]) -> Term:
        """What a column that a policy reads is set to: evaluated twice, it is the same.

        Raises:
            PolicyError: it is an expression, a default, or a query.
        """
        if not isinstance(value, Term):
            return self._value(value, column.value_type)
        if not isinstance(value, Value | Parameter | Column | ExcludedColumn) and value is not NULL:
            raise PolicyError(
                f"{column.name!r}, which the policy of its table reads, takes a value or a column, not an expression"
            )
        return copied(value, alias=None) if value.__dict__.get("alias") is not None else value

    def _enforced(
        self, terms: tuple[Term, ...], cells: Mapping[str, Term], guarded: Guarded, value: Term
    ) -> Enforced[Any]:
        """A value that is written only where a policy holds of the new row.

        Raises:
            PolicyError: a column of a sub-query may be another each time it is read.
        """
        if any(isinstance(each, FunctionCall) and each.name.upper() == "RANDOM" for each in walk(self._statement)):
            raise PolicyError(f"rows of {guarded.table._name!r} that are written with fn.random() cannot be checked")

        def rule(node: Any) -> Any:
            if isinstance(node, Column) and node.table is guarded.table:
                return cells.get(self._folded(node.column_name), node)
            return _typed(node) if isinstance(node, Comparison) else node

        return Enforced(rewrite(and_(*terms), rule), value)

    def _expect(self, cells: Sequence[Any], key: str, column: Column[Any]) -> bool:
        """Whether all values of a column can be compared with the request before the statement runs; then they are.

        Raises:
            PolicyViolationError: they are several, or NULL, so that they cannot all be the request's.
        """
        kinds = set(map(type, cells))
        if any(issubclass(each, Term) and each is not Parameter for each in kinds):
            written = self._statement.table
            return all(
                type(each) is ExcludedColumn and written[each.name].column_name == column.column_name for each in cells
            )
        names = (
            frozenset([each.name for each in cells if type(each) is Parameter]) if Parameter in kinds else frozenset()
        )
        values = [each for each in cells if type(each) is not Parameter] if names else cells
        if any(not _is_same(values[0], each) for each in values):
            _violate(column)
        self._context.checks.append(_check(key, values[:1], names, column))
        return True


def _check(key: str, values: Sequence[Any], names: frozenset[str], column: Column[Any]) -> Check:
    """A look at what a column is given, and at named parameters, that must be what the request says."""

    def check(request: Mapping[str, object], given: Mapping[str, object]) -> None:
        if key not in request:
            raise UsageError(f"the query needs {key!r} of the request's context: run it on db.with_context({key}=…)")
        found = [*values, *[given[name] for name in names if name in given]]
        found += [request.get(name.removeprefix(CONTEXT)) for name in names if name.startswith(CONTEXT)]
        if not all(_is_same(request[key], each) for each in found):
            _violate(column)

    return check


def _violate(column: Column[Any]) -> NoReturn:
    raise PolicyViolationError(
        f"a row that is written violates the policy of {column.table._name!r}: {column.name!r} is not the request's",
        table=column.table._name,
        columns=(column.name,),
    )


def _is_same(one: Any, other: Any) -> bool:
    """Whether two values are certainly one to the database; a class of somebody's own may call anything equal."""
    if one is None or other is None:
        return False
    if isinstance(one, UUID) and isinstance(other, UUID):
        return one.int == other.int
    is_comparable = type(one) is type(other) or (type(one) in _NUMBERS and type(other) in _NUMBERS)
    return is_comparable and bool(one == other)


def _of_request(term: Any, table: Table) -> tuple[Column[Any], str] | None:
    """The column, and the name of the request's value, of a condition that says they are equal."""
    if isinstance(term, Bytewise):
        term = term.test
    if not isinstance(term, Comparison) or term.operator != "=":
        return None
    for column, other in ((term.left, term.right), (term.right, term.left)):
        if isinstance(column, Column) and column.table is table and _is_of_request(other):
            return column, other.name.removeprefix(CONTEXT)
    return None


def _is_of_request(term: Any) -> TypeGuard[Parameter[Any]]:
    return type(term) is Parameter and term.name.startswith(CONTEXT)


def _plain(item: Any) -> Any:
    return item.value if type(item) is Value else item


def _typed(comparison: Comparison) -> Comparison:
    """A comparison in which a parameter of the request has the type of the value beside it."""
    for side, other in (("left", "right"), ("right", "left")):
        parameter, value = comparison.__dict__[side], comparison.__dict__[other]
        if type(parameter) is Parameter and parameter.value_type is None:
            return copied(comparison, **{side: operand(parameter, value)})
    return comparison


def _items(query: Statement[Any, Any]) -> list[tuple[Any, ...]]:
    """The select lists whose rows a query gives.

    Raises:
        PolicyError: they are not known.
    """
    if isinstance(query, ValuesQuery):
        return list(query.rows)
    if isinstance(query, SetOperation):
        return [*_items(query.left), *_items(query.right)]
    if isinstance(query, Select) and AllColumns not in map(type, query.columns):
        return [query.columns]
    raise PolicyError("the rows of a query that are inserted are named column by column, so that they can be checked")
