"""MySQL's SQL, for drivers that take ``%s``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.builder.comparisons import DistinctTest, InQuery
from querykit.builder.operands import Subquery
from querykit.builder.query import AliasedQuery, Query, SetOperation
from querykit.builder.raw import RawStatement
from querykit.builder.row_filters import Bytes, Bytewise, Enforced
from querykit.dialects.expressions import AND, OTHER, is_value, visits
from querykit.dialects.mysql.operators import MySQLOperators
from querykit.dialects.mysql.text_rows import MySQLTextRows
from querykit.dialects.mysql.types import CAST_TYPES, JSON_ENCODINGS
from querykit.dialects.mysql.wire import WIRE_ENCODINGS
from querykit.dialects.mysql.writes import MySQLWrites
from querykit.dialects.operators import kind_of
from querykit.dialects.wire import UNWRITABLE
from querykit.errors import CompileError

if TYPE_CHECKING:
    from pypika.terms import Term

    from querykit.builder.expressions import Ordering
    from querykit.builder.json import JsonArray, JsonMap, JsonObject
    from querykit.builder.json_result import JsonResult
    from querykit.builder.query import AllColumns
    from querykit.builder.select import Join
    from querykit.builder.statement import Statement
    from querykit.builder.tuples import Quantified


class MySQLCompiler(MySQLWrites, MySQLOperators, MySQLTextRows):
    """Writes MySQL's SQL."""

    cast_types = CAST_TYPES
    json_encodings = JSON_ENCODINGS
    wire_encodings = WIRE_ENCODINGS

    @classmethod
    def quote(cls, name: str) -> str:
        """A name between backticks; percent signs are doubled, as the driver formats the text."""
        cls.refuse_nul(name, "a name")
        if not name.isascii() and max(name) > "\uffff":
            raise CompileError(f"MySQL and MariaDB keep names in three bytes a character, and {name!r} has one of four")
        return cls.raw_text("`" + name.replace("`", "``") + "`")

    @classmethod
    def raw_text(cls, text: str) -> str:
        """Text in which the driver finds no placeholder of its own."""
        return text.replace("%", "%%")

    @classmethod
    def string_literal(cls, text: str) -> str:
        """A literal that means the same under NO_BACKSLASH_ESCAPES: with a quote or backslash, it is written in hex."""
        cls.refuse_nul(text, "a key")
        if "'" in text or "\\" in text:
            return f"_utf8mb4 X'{text.encode().hex()}'"
        return cls.raw_text(f"'{text}'")

    def output(self, column: Term | AllColumns) -> str:
        """One item of the select list; blanks before its alias are dropped by the server, and its name would not be it.

        Source: https://dev.mysql.com/doc/mysql-errors/en/server-error-reference.html#error_er_removed_spaces
        """
        alias = column.__dict__.get("alias")
        if alias is not None and alias[0] <= " ":
            raise self.unsupported(f"alias {alias!r}, which begins with a blank", "the server would drop the blank")
        return super().output(column)

    @classmethod
    def placeholder(cls, position: int) -> str:
        """``%s``."""
        return "%s"

    def finished(self, sql: str) -> str:
        """The text; without parameters the driver does not format it, and percent signs are single."""
        return sql if self.parameters else sql.replace("%%", "%")

    # -- clauses ------------------------------------------------------------------------------------------------------

    def join_words(self, join: Join) -> str:
        """The join's words; there is no FULL JOIN."""
        if join.kind == "FULL":
            raise self.unsupported("FULL JOIN", "unite a LEFT JOIN with the rows that only the right side has")
        return super().join_words(join)

    def limit_clause(self, query: Query[Any, Any]) -> str:
        """``LIMIT … OFFSET …``; an OFFSET needs a LIMIT."""
        if query.row_limit is None and query.row_offset is not None:
            return f" LIMIT {self.ALL_ROWS} OFFSET {self.row_count(query.row_offset)}"
        return super().limit_clause(query)

    def row_count(self, term: Term) -> str:
        """The number of LIMIT or OFFSET, which must not be computed."""
        if not is_value(term):
            raise self.unsupported("LIMIT or OFFSET of an expression", "compute the number before")
        return super().row_count(term)

    def placed_nulls(self, sql: str, ordering: Ordering) -> str:
        """``name IS NULL, name DESC``: where NULLs stand is a key of its own."""
        descending = f"{sql} DESC" if ordering.direction == "DESC" else sql
        if ordering.nulls is None:
            return descending
        return f"{sql} {'IS NOT NULL' if ordering.nulls == 'first' else 'IS NULL'}, {descending}"

    def ordering(self, ordering: Ordering, query: Query[Any, Any] | None) -> str:
        """One key of ORDER BY; where NULLs stand is a key of its own before it."""
        sql = ""
        if ordering.nulls is not None:
            test = "IS NOT NULL" if ordering.nulls == "first" else "IS NULL"
            sql = f"{self.ordered_term(ordering.term, query, OTHER)} {test}, "
        sql += self.ordered_term(ordering.term, query)
        return f"{sql} DESC" if ordering.direction == "DESC" else sql

    # -- expressions --------------------------------------------------------------------------------------------------

    @visits(DistinctTest)
    def visit_distinct_test(self, node: DistinctTest) -> str:
        """``NOT (a <=> b)``."""
        left, right = self.beside(node.left, node.right, OTHER)
        return f"{left} <=> {right}" if node.is_negated else f"NOT ({left} <=> {right})"

    @visits(InQuery)
    def visit_in_query(self, node: InQuery) -> str:
        """``a IN (SELECT …)``; a LIMIT is taken only within a derived table (error 1235).

        Source: https://dev.mysql.com/doc/refman/8.4/en/subquery-restrictions.html
        """
        if not _has_limit(node.query):
            return super().visit_in_query(node)
        derived = self.visit_aliased_query(AliasedQuery(node.query, "limited"))
        return f"{self.looked_for(node.term)} {'NOT ' if node.is_negated else ''}IN (SELECT * FROM {derived})"

    def visit_quantified(self, node: Quantified) -> str:
        """``ANY (SELECT …)``; a LIMIT is taken only within a derived table, as in IN."""
        if not isinstance(node.term, Subquery) or not _has_limit(node.term.query):
            return super().visit_quantified(node)
        return f"{node.word} (SELECT * FROM {self.visit_aliased_query(AliasedQuery(node.term.query, 'limited'))})"

    @visits(Bytewise)
    def visit_bytewise(self, node: Bytewise) -> str:
        """Both forms of a comparison: the usual one finds rows by an index, the other looks at them closer."""
        usual = f"{self.operand(node.test, AND)} AND " if node.is_positive else ""
        return usual + self.operand(node.exact, AND)

    @visits(Bytes)
    def visit_bytes(self, node: Bytes[Any]) -> str:
        """``CAST(a AS BINARY)``; what is known to be a text, in the character set of the connection."""
        sql = self.visit(node.term)
        is_text = kind_of(node.term) == "str"
        return f"CAST({f'CONVERT({sql} USING utf8mb4)' if is_text else self.as_text(sql)} AS BINARY)"

    def as_text(self, sql: str) -> str:
        """A value of unknown type before its bytes are taken."""
        return sql

    @visits(Enforced)
    def visit_enforced(self, node: Enforced[Any]) -> str:
        """A sum that is out of range where the condition does not hold: no error here has a text of its own."""
        test = f"{node.MARK_NUMBER} + CASE WHEN {self.visit(node.condition)} THEN 0 ELSE 999999 END > 0"
        return f"CASE WHEN {test} THEN {self.typed(node.term)} END"

    # -- nested rows --------------------------------------------------------------------------------------------------

    def json_array(self, node: JsonArray) -> str:
        """``JSON_ARRAYAGG`` over a derived table; COUNT tells no rows from a list that the server cut to NULL."""
        columns = self.known_columns(node)
        item = self.value_of_derived(columns[0]) if node.is_scalar else self.object_of_derived(columns)
        return (
            f"(SELECT CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY() ELSE JSON_ARRAYAGG({item}) END "
            f"FROM ({self.ordered(node.query)}) AS {self.names[self.NESTED]})"
        )

    def json_map(self, node: JsonMap) -> str:
        """``JSON_OBJECTAGG`` over a derived table, unless two rows have one key, whatever the collation."""
        key = f"{self.names[self.NESTED]}.{self.names[str(node.key)]}"
        return (
            "(SELECT CASE WHEN COUNT(*) = 0 THEN JSON_OBJECT() "
            f"WHEN COUNT(DISTINCT CAST({key} AS BINARY)) = COUNT(*) "
            f"THEN JSON_OBJECTAGG({key}, {self.item_of_map(node)}) "
            f"ELSE CAST('{UNWRITABLE}' AS JSON) END FROM ({self.query(node.query)}) AS {self.names[self.NESTED]})"
        )

    def json_result(self, node: JsonResult) -> str:
        """``SELECT JSON_OBJECT('id', nested.id, …) AS json FROM (query) AS nested``."""
        if isinstance(node.query, RawStatement):  # the order that it may have cannot be kept
            raise self.unsupported("fetch_json() of raw SQL", "build the query, or encode what fetch_all() gives")
        item = self.object_of_derived(self.known_columns(node))
        return f"SELECT {item} AS `json` FROM ({self.ordered(node.query)}) AS {self.names[self.NESTED]}"

    def ordered(self, query: Query[Any, Any]) -> str:
        """A derived table that keeps its order: without LIMIT, MySQL merges it and drops ORDER BY."""
        sql = self.query(query)
        is_bare = query.orderings and query.row_limit is None and query.row_offset is None
        return f"{sql} LIMIT {self.ALL_ROWS}" if is_bare else sql

    def json_object(self, node: JsonObject) -> str:
        """``JSON_OBJECT`` over a derived table; the server refuses a second row."""
        item = self.object_of_derived(self.known_columns(node))
        return f"(SELECT {item} FROM ({self.query(node.query)}) AS {self.names[self.NESTED]})"


def _has_limit(query: Statement[Any, Any]) -> bool:
    """Whether a query, or one that a set operation joins, has a LIMIT."""
    if isinstance(query, SetOperation) and (_has_limit(query.left) or _has_limit(query.right)):
        return True
    return isinstance(query, Query) and (query.row_limit is not None or query.row_offset is not None)
