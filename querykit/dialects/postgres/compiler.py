"""PostgreSQL's SQL, for asyncpg."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from querykit.builder.comparisons import InList
from querykit.builder.compiled import Nested
from querykit.builder.expressions import known_type
from querykit.builder.operands import Keyword
from querykit.builder.patterns import Like
from querykit.builder.select import Select
from querykit.builder.sequences import SequenceValue
from querykit.builder.value_types import type_of
from querykit.dialects.expressions import BOUND, OTHER, is_value, visits
from querykit.dialects.locking import may_be_missing
from querykit.dialects.postgres.compared import PostgresCompared, compares
from querykit.dialects.postgres.json_paths import PostgresJsonCompiler
from querykit.dialects.postgres.operators import PostgresOperators, is_fractional
from querykit.dialects.postgres.records import RecordArray, with_records
from querykit.dialects.postgres.types import CAST_TYPES, JSON_ENCODINGS
from querykit.dialects.postgres.wire import WIRE_ENCODINGS
from querykit.dialects.postgres.writes import PostgresWrites
from querykit.dialects.wire import UNWRITABLE
from querykit.errors import CompileError

if TYPE_CHECKING:
    from querykit.builder.compiled import OutputColumn
    from querykit.builder.functions import FunctionCall
    from querykit.builder.json import JsonArray, JsonArrayAggregate, JsonMap, JsonObject, JsonObjectAggregate, JsonRows
    from querykit.builder.json_result import JsonResult
    from querykit.builder.locking import Lock
    from querykit.builder.query import Query
    from querykit.builder.raw import RawTable
    from querykit.builder.value_types import ValueType

NESTED = '"nested"'


class PostgresCompiler(PostgresCompared, PostgresWrites, PostgresOperators, PostgresJsonCompiler):
    """Writes PostgreSQL's SQL."""

    cast_types = CAST_TYPES
    json_encodings = JSON_ENCODINGS
    wire_encodings = WIRE_ENCODINGS

    has_materialized = True
    has_writing_ctes = True

    UNTYPED_ARGUMENTS: ClassVar = frozenset({"CONCAT", "CONCAT_WS", "FORMAT", "JSON_BUILD_OBJECT", "JSON_BUILD_ARRAY"})
    """Functions that take arguments of any type, so that a parameter's type cannot be told from its place."""
    LIKE_TYPED: ClassVar = frozenset({"COALESCE", "NULLIF", "GREATEST", "LEAST"})
    """Functions whose arguments are of one type, which the others tell."""
    MAX_NAME: ClassVar = 63
    MAX_PAIRS: ClassVar = 50

    @classmethod
    def quote(cls, name: str) -> str:
        """A quoted name; a longer one would be cut without an error, and the keys of nested rows with it.

        Source: https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
        """
        if len(name.encode()) > cls.MAX_NAME:
            raise CompileError(f"postgres cuts names after {cls.MAX_NAME} bytes, this one too: {name!r}")
        return super().quote(name)

    @classmethod
    def string_literal(cls, text: str) -> str:
        """A literal that means the same under every setting of standard_conforming_strings."""
        literal = super().string_literal(text)
        return "E" + literal.replace("\\", "\\\\") if "\\" in text else literal

    def renamed_columns(self, source: RawTable) -> str:
        """``("a", "b")``."""
        return f"({', '.join([self.names[each] for each in source._columns])})"

    @classmethod
    def placeholder(cls, position: int) -> str:
        """``$1``."""
        return f"${position}"

    # -- parameters whose type cannot be told from their place ---------------------------------------------------------

    def typed(self, term: Any) -> str:
        """A value with a cast to its type."""
        kind = type(term)
        sql = self.visitor_of[kind](self, term)
        if kind in BOUND and (cast_type := self.parameter_types[term.value_type]):
            return f"{sql}::{cast_type}"
        return sql

    def beside(self, left: Any, right: Any, at_least: int, right_at_least: int | None = None) -> tuple[str, str]:
        """Both operands; two values tell each other no type, nor does an unknown term tell a float that it is none."""
        if type(left) in BOUND or type(right) in BOUND:
            return self._beside(left, right, at_least), self._beside(right, left, right_at_least or at_least)
        return self.operand(left, at_least), self.operand(right, right_at_least or at_least)

    def beside_known(self, term: Any, value: Any) -> str:
        """An operand beside a term that was written before."""
        return self._beside(value, term, OTHER)

    def _beside(self, term: Any, other: Any, at_least: int) -> str:
        if is_value(term) and (
            is_value(other) or type(other) is Keyword or (known_type(other) is None and is_fractional(term.value_type))
        ):
            return self.typed(term)
        return self.operand(term, at_least)

    def arguments(self, node: FunctionCall[Any]) -> list[str]:
        """The arguments; values with their types where the function takes any."""
        if len(node.args) == 1:
            (only,) = node.args
            return [self.literal(only) if is_value(only) else self.visit(only)]
        name = node.name.upper()
        if name in self.UNTYPED_ARGUMENTS or all(is_value(each) for each in node.args):
            return [self.literal(each) for each in node.args]
        untold = ("float", "decimal") if name in self.LIKE_TYPED else ("float", "decimal", "int")
        return [
            self.literal(each) if is_value(each) and _is_of(each, untold) else self.visit(each) for each in node.args
        ]

    # -- clauses ------------------------------------------------------------------------------------------------------

    def select_words(self, query: Select[Any, Any]) -> str:
        """``SELECT DISTINCT ON (…)``."""
        if not query.distinct_terms:
            return super().select_words(query)
        if query.is_distinct:
            raise CompileError("a query has distinct() or distinct_on(…), not both")
        return f"SELECT DISTINCT ON ({self.listed(query.distinct_terms)}) "

    def lock_clause(self, lock: Lock, query: Select[Any, Any]) -> str:
        """`` FOR UPDATE OF a``; the rows must be rows of tables, and be there.

        Source: https://www.postgresql.org/docs/current/sql-select.html#SQL-FOR-UPDATE-SHARE
        """
        if query.groupings or query.group_predicates or query.is_distinct or query.distinct_terms:
            raise self.unsupported(
                f"FOR {lock.strength} with GROUP BY, HAVING or DISTINCT", "lock the rows in a query of their own"
            )
        missing = {source._reference for source in may_be_missing(query)}
        if missing and (not lock.sources or any(each._reference in missing for each in lock.sources)):
            raise self.unsupported(
                f"FOR {lock.strength} of rows that an outer join may not find ({', '.join(sorted(missing))})",
                "say which tables: for_update(of=…)",
            )
        return super().lock_clause(lock, query)

    def set_operand(self, query: Query[Any, Any]) -> str:
        """A query in a set operation, which locks no rows."""
        if query.lock is not None:
            raise self.unsupported(
                f"FOR {query.lock.strength} in a set operation", "lock the rows in queries of their own"
            )
        return super().set_operand(query)

    def limit_with_ties(self, query: Query[Any, Any]) -> str:
        """``OFFSET … ROWS FETCH FIRST … ROWS WITH TIES``."""
        return self.fetch_with_ties(query)

    # -- predicates ---------------------------------------------------------------------------------------------------

    def visit_like(self, node: Like) -> str:
        """``ILIKE`` where case does not count."""
        if not node.ignores_case:
            return super().visit_like(node)
        word = "NOT ILIKE" if node.is_negated else "ILIKE"
        escape = f" ESCAPE '{Like.ESCAPE}'" if node.has_escapes else ""
        return f"{self.operand(node.term, OTHER)} {word} {self.operand(node.pattern, OTHER)}{escape}"

    @visits(InList)
    def visit_in_list(self, node: InList) -> str:
        """``a = ANY($1)``: the whole list is one array, so the text is the same for every list."""
        item = known_type(node.term) or type_of(node.values[0])
        term = self.typed(node.term) if is_value(node.term) else self.operand(node.term, OTHER)
        adapter = self.dialect.values.adapters[item] if item is not None else None
        if adapter is not None:
            self.adapters.append((len(self.parameters), lambda values: [adapter(each) for each in values]))
        self.parameters.append(node.array)
        array = self.placeholder(len(self.parameters))
        if is_value(node.term) or (known_type(node.term) is None and is_fractional(item)):
            array += f"::{self.parameter_types[item]}[]"
        return f"{term} <> ALL({array})" if node.is_negated else f"{term} = ANY({array})"

    # -- nested rows --------------------------------------------------------------------------------------------------

    def json_array(self, node: JsonArray) -> str:
        """``ARRAY_TO_JSON(ARRAY(SELECT (nested.*)::record FROM (query) AS nested))``.

        JSON is made once, of records with all those in them: JSON_AGG at each level takes a tenth to a fifth more.
        """
        if node.query.is_scalar and node.is_scalar:
            (column,) = self.known_columns(node)
            value = self.as_json(self.value_of_derived(column), column.shape, node.query)
            return f"(SELECT COALESCE(JSON_AGG({value}), '[]') FROM ({self.query(node.query)}) AS {NESTED})"
        records = f"ARRAY(SELECT ({NESTED}.*)::record FROM ({self._rows(node)}) AS {NESTED})"
        return records if type(node) is RecordArray else f"ARRAY_TO_JSON({records})"

    def json_object(self, node: JsonObject) -> str:
        """``(SELECT ROW_TO_JSON(nested.*) FROM (query) AS nested)``; the server refuses a second row."""
        return f"(SELECT ROW_TO_JSON({NESTED}.*) FROM ({self._rows(node)}) AS {NESTED})"

    def visit_sequence_value(self, node: SequenceValue) -> str:
        """``NEXTVAL('"name"')``: the name is a text.

        Source: https://www.postgresql.org/docs/current/functions-sequence.html
        """
        return f"{node.name}({self.string_literal('.'.join([self.names[each] for each in node.sequence]))})"

    def json_map(self, node: JsonMap) -> str:
        """``JSON_OBJECT_AGG(key, ROW_TO_JSON(nested.*))``, unless two rows have one key, whatever the collation."""
        key = f"{NESTED}.{self.names[str(node.key)]}"
        item = f"ROW_TO_JSON({NESTED}.*)" if node.value is None else f"{NESTED}.{self.names[node.value]}"
        return (
            f'(SELECT CASE WHEN COUNT(DISTINCT {key}::text COLLATE "C") = COUNT(*) '
            f"THEN COALESCE(JSON_OBJECT_AGG({key}, {item}), '{{}}') ELSE CAST('{UNWRITABLE}' AS json) END "
            f"FROM ({self._rows(node)}) AS {NESTED})"
        )

    def json_result(self, node: JsonResult) -> str:
        """``SELECT ARRAY_TO_JSON(ARRAY(SELECT (nested.*)::record FROM (query) AS nested)) AS json``.

        One value, because the server sends rows as they come: to wake up for them took the client most of its time.
        """
        return (
            f'SELECT ARRAY_TO_JSON(ARRAY(SELECT ({NESTED}.*)::record FROM ({self._rows(node)}) AS {NESTED})) AS "json"'
        )

    def _rows(self, node: JsonRows | JsonResult) -> str:
        """The query, its columns put in forms that survive JSON by a query around it where one needs that."""
        query = with_records(node.query)
        sql = self.visitor_of[type(query)](self, query)
        if not self.needs_encoding(query):
            return sql
        plain = self.names["plain"]
        columns = ", ".join([self._row_column(plain, column, node.query) for column in self.known_columns(node)])
        return f"SELECT {columns} FROM ({sql}) AS {plain}"

    def changes(self, shape: ValueType | Nested | None, query: Query[Any, Any]) -> bool:
        """Whether values do not survive; nested rows do not where rows are compared, because there they are text."""
        return super().changes(shape, query) or (isinstance(shape, Nested) and compares(query))

    def encoding(self, shape: ValueType | Nested | None) -> str | None:
        """The form in which values of a type survive JSON; that of arrays is for a row of items."""
        found = super().encoding(shape)
        if found is not None and not isinstance(shape, Nested) and shape and shape.item and shape.item.item:
            raise self.unsupported(f"nested rows with {shape}, whose items JSON changes", "keep it in a JSON column")
        return found

    def _row_column(self, table: str, column: OutputColumn, query: Query[Any, Any]) -> str:
        name = self.names[str(column.name)]
        reference = f"{table}.{name}"
        encoded = self.as_json(self.encoded_column(reference, column.shape), column.shape, query)
        return reference if encoded is reference else f"{encoded} AS {name}"

    def visit_json_array_aggregate(self, node: JsonArrayAggregate) -> str:
        """``COALESCE(JSON_AGG(value ORDER BY …), '[]')``."""
        return f"COALESCE(JSON_AGG({self.encoded_term(node.term)}{self.json_aggregate_order(node)}), '[]')"

    def json_aggregate_order(self, node: JsonArrayAggregate) -> str:
        """`` ORDER BY …``."""
        return self.order_by_clause(Select[Any, Any]().replaced(orderings=node.orderings))

    def visit_json_object_aggregate(self, node: JsonObjectAggregate) -> str:
        """``COALESCE(JSON_OBJECT_AGG(key, value), '{}')``."""
        return f"COALESCE(JSON_OBJECT_AGG({self.typed(node.key)}, {self.encoded_term(node.term)}), '{{}}')"

    def json_pairs(self, pairs: list[tuple[str, str]]) -> str:
        """``JSON_BUILD_OBJECT``, put together from several where there are more pairs than it takes (100 arguments)."""
        objects = [
            "JSON_BUILD_OBJECT(" + ", ".join([f"{self.string_literal(key)}, {sql}" for key, sql in chunk]) + ")"
            for chunk in (pairs[start : start + self.MAX_PAIRS] for start in range(0, len(pairs), self.MAX_PAIRS))
        ]
        if len(objects) == 1:
            return objects[0]
        first, *others = [f"CAST({each} AS text)" for each in objects]
        # each without its last brace, and all but the first without their first one
        members = [f"LEFT({each}, -1)" for each in (first, *[f"SUBSTR({each}, 2)" for each in others])]
        return "CAST(" + " || ',' || ".join(members) + " || '}' AS json)"


def _is_of(value: Any, kinds: tuple[str, ...]) -> bool:
    """Whether a value is of one of these kinds."""
    return value.value_type is not None and value.value_type.kind in kinds
