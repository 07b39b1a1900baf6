"""Writing expressions as ANSI SQL: names, parameters, operators, and the dispatch by type of node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pypika.terms import Term

from querykit.builder.arithmetic import Arithmetic, Negative
from querykit.builder.comparisons import Between, Comparison, DistinctTest, Exists, InList, InQuery, InTerms, NullTest
from querykit.builder.expressions import known_type
from querykit.builder.json_paths import JsonPath
from querykit.builder.json_values import JsonContains, JsonEquals, JsonText
from querykit.builder.logic import Logic, Negation
from querykit.builder.operands import Keyword, Parameter, Subquery, Value
from querykit.builder.patterns import Collated, Like
from querykit.builder.pypika_terms import OWN_SQL
from querykit.builder.query import AllColumns, NestedColumn
from querykit.builder.raw import Fragment, Name
from querykit.builder.tables import Column, Table
from querykit.builder.value_types import type_of
from querykit.errors import CompileError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from querykit.builder.expressions import Expression
    from querykit.builder.statement import Statement
    from querykit.builder.value_types import ValueType
    from querykit.dialects.base import Dialect

    Visitor = Callable[[Any, Any], str]

    MethodT = TypeVar("MethodT", bound=Visitor)

KeyT = TypeVar("KeyT")
ItemT = TypeVar("ItemT")

# How tightly operators bind, loosest first. An operand that binds looser than its operator asks for is put in
# parentheses. Bit operators, || and JSON operators bind differently from database to database: they all stand at OTHER,
# whose operands must be atoms.
OR, AND, NOT, COMPARISON, OTHER, SUM, PRODUCT, SIGN, ATOM = range(1, 10)

BINDING: dict[type, int | Callable[[Any], int]] = {
    Logic: lambda term: AND if term.operator == "AND" else OR,
    Negation: NOT,
    **dict.fromkeys((Comparison, NullTest, DistinctTest, Between, Like, InList, InTerms, InQuery), COMPARISON),
    Collated: OTHER,
    Arithmetic: lambda term: {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "%": PRODUCT}.get(term.operator, OTHER),
    Negative: SIGN,
    JsonPath: OTHER,
    JsonText: OTHER,
    JsonContains: OTHER,
    JsonEquals: COMPARISON,
    Fragment: lambda term: ATOM if len(term.parts) == 1 and isinstance(term.parts[0], Name) else 0,
}
"""How tightly nodes bind: all of a class, or each by what it is asked for; those of other classes are atoms."""


def binding(term: Any) -> int:
    """How tightly a term binds."""
    how = BINDING.get(type(term), ATOM)
    return how if isinstance(how, int) else how(term)


def visits(*types: type) -> Callable[[MethodT], MethodT]:
    """Mark a method of a compiler as the one that writes nodes of these types."""

    def mark(method: MethodT) -> MethodT:
        method.visited = types  # type: ignore[attr-defined]
        return method

    return mark


class Visitors(dict[type, "Visitor"]):
    """Which function writes which type of node; types that are met the first time are looked up by their bases."""

    def __missing__(self, node: type) -> Visitor:
        for base in node.__mro__:
            if base in self:
                found = self[node] = dict.__getitem__(self, base)
                return found
            if written := [name for name in OWN_SQL if name in base.__dict__]:
                raise CompileError(
                    f"{node.__module__}.{node.__qualname__} writes SQL of its own "
                    f"({base.__name__}.{written[0]}), which querykit does not run; "
                    f"register a visitor: querykit.dialects.register_visitor({node.__name__}, function)"
                )
        raise CompileError(
            f"querykit does not know how to write {node.__module__}.{node.__qualname__}; "
            f"register a visitor: querykit.dialects.register_visitor({node.__name__}, function)"
        )


class Written(dict[KeyT, ItemT]):
    """What is written the same way every time: names and tables, each written once."""

    def __init__(self, write: Callable[[KeyT], ItemT], limit: int = 10_000) -> None:
        """Take what writes one, and how many are kept, so that made-up names cannot fill the memory."""
        super().__init__()
        self._write = write
        self._limit = limit

    def __missing__(self, key: KeyT) -> ItemT:
        if len(self) >= self._limit:
            self.clear()
        written = self[key] = self._write(key)
        return written


class WrittenColumns(Written[Column[Any], str]):
    """Columns of tables; those of sub-queries and CTEs are not kept, which would keep whole queries."""

    def __missing__(self, key: Column[Any]) -> str:
        return super().__missing__(key) if isinstance(key.table, Table) else self._write(key)


class ExpressionCompiler:
    """Writes terms. One object compiles one statement and is thrown away.

    Attributes:
        dialect: Whose SQL is written.
        parameters: The values met so far, in the order of their placeholders.
        adapters: Which of them the driver takes only in another form: position and function.
        scope: The names of the tables that columns can refer to here.
        from_scope: Those that functions in the FROM that is being written can refer to.
    """

    visitors: Visitors = Visitors()
    names: Written[str, str]
    columns: Written[Column[Any], str]
    """Columns under the names of their tables."""
    placeholders: Written[int, str]
    """The marks of parameters by their positions, counted from one."""

    scope: frozenset[str] = frozenset()
    from_scope: frozenset[str] = frozenset()
    has_named: bool = False
    is_clean: bool = True

    def __init_subclass__(cls) -> None:
        """Collect the visitors: those of the base, with the methods of this class in their place."""
        super().__init_subclass__()
        cls.visitors = Visitors(cls.visitors)
        for base in reversed(cls.__mro__):
            for name, method in vars(base).items():
                for node in getattr(method, "visited", ()):
                    cls.visitors[node] = getattr(cls, name)
        cls.names = Written(cls.quote)
        cls.columns = WrittenColumns(cls.qualified, limit=5_000)  # each keeps its table
        cls.placeholders = Written(cls.placeholder)

    def __init__(self, dialect: Dialect) -> None:
        """Start with nothing written."""
        self.dialect = dialect
        self.parameters: list[object] = []
        self.adapters: list[tuple[int, Callable[[Any], object]]] = []
        # Under names of their own, because these are read in a third of the time: a name that the class has too, for
        # something of a class written in Python, is looked up anew at each use.
        self.visitor_of = self.visitors
        self.column_sql = self.columns
        self.adapter_of = dialect.values.adapters

    # -- names and text -----------------------------------------------------------------------------------------------

    @classmethod
    def quote(cls, name: str) -> str:
        """A name between quotes, with the quotes in it doubled."""
        cls.refuse_nul(name, "a name")
        return '"' + name.replace('"', '""') + '"'

    @staticmethod
    def refuse_nul(text: str, what: str) -> None:
        """Refuse the one character that no database takes in a name or a literal."""
        if "\0" in text:
            raise CompileError(f"{what} cannot hold the character NUL: {text!r}")

    @classmethod
    def string_literal(cls, text: str) -> str:
        """A text of the statement itself (a JSON key that is a column's name), never of a value."""
        cls.refuse_nul(text, "a key")
        return "'" + text.replace("'", "''") + "'"

    @classmethod
    def raw_text(cls, text: str) -> str:
        """Text of a fragment as the driver wants it."""
        return text

    def unsupported(self, feature: str, hint: str | None = None) -> UnsupportedError:
        """The error for what this database lacks."""
        return UnsupportedError(self.dialect.name, feature, hint)

    # -- dispatch -----------------------------------------------------------------------------------------------------

    def visit(self, node: Any) -> str:
        """The SQL of a node."""
        return self.visitor_of[type(node)](self, node)

    def operand(self, term: Any, at_least: int) -> str:
        """The SQL of an operand, in parentheses where it binds looser than `at_least`."""
        kind = type(term)
        sql = self.visitor_of[kind](self, term)
        how = BINDING.get(kind, ATOM)
        if not isinstance(how, int):
            how = how(term)
        return sql if how >= at_least else f"({sql})"

    def listed(self, terms: Iterable[Any]) -> str:
        """The SQL of terms with commas between."""
        sql = ""
        for each in terms:
            sql += f", {self.visit(each)}" if sql else self.visit(each)
        return sql

    def all_of(self, predicates: tuple[Any, ...]) -> str:
        """Conditions joined by AND."""
        if len(predicates) == 1:
            return self.visitor_of[type(predicates[0])](self, predicates[0])
        sql = ""
        for each in predicates:  # a comprehension is a call, which takes longer
            sql += f" AND {self.operand(each, AND)}" if sql else self.operand(each, AND)
        return sql

    # -- parameters ---------------------------------------------------------------------------------------------------

    def bind(self, value: object, type_: ValueType | None) -> str:
        """The placeholder of a value."""
        parameters = self.parameters
        if type_ is not None and (adapter := self.adapter_of[type_]) is not None:
            self.adapters.append((len(parameters), adapter))
        parameters.append(value)
        return self.placeholders[len(parameters)]

    @classmethod
    def placeholder(cls, position: int) -> str:
        """How the driver writes the parameter at a position, counted from one."""
        return "?"

    @visits(Value)
    def visit_value(self, node: Value[Any]) -> str:
        """A placeholder."""
        return self.bind(node.value, node.value_type)

    @visits(Parameter)
    def visit_parameter(self, node: Parameter[Any]) -> str:
        """A placeholder whose value comes later; one of any type is adapted by the type that it then has."""
        self.has_named = True
        if node.value_type is None:
            self.adapters.append((len(self.parameters), self.dialect.values.adapted))
        return self.bind(node, node.value_type)

    def typed(self, term: Any) -> str:
        """A term where the database cannot tell a parameter's type from its place."""
        return self.visit(term)

    def assigned(self, value: Any, column: Column[Any]) -> str:
        """What a column is set to: a value as it was given, or a term."""
        if isinstance(value, Term):
            return self.visit(value)
        return self.bind(value, column.value_type or type_of(value))

    # -- leaves -------------------------------------------------------------------------------------------------------

    @visits(Column, NestedColumn)
    def visit_column(self, node: Column[Any]) -> str:
        """A column under the name of its table."""
        if node.reference not in self.scope:
            raise self.out_of_scope(node.reference, node.name)
        return self.column_sql[node]

    @classmethod
    def qualified(cls, column: Column[Any]) -> str:
        """``"table"."column"``."""
        return f"{cls.names[column.reference]}.{cls.names[column.column_name]}"

    def out_of_scope(self, reference: str, column: str) -> CompileError:
        """The error for a column whose table stands in no FROM around it."""
        there = ", ".join(sorted(self.scope)) or "no table"
        return CompileError(
            f"{reference}.{column} is used where {reference!r} is not in scope (there is {there}): "
            "add the table to the FROM or the joins of this query or of one around it"
        )

    @visits(Keyword)
    def visit_keyword(self, node: Keyword[Any]) -> str:
        """The word itself."""
        return node.word

    @visits(AllColumns)
    def visit_all_columns(self, node: AllColumns) -> str:
        """``*`` or ``table.*``."""
        return "*" if node.source is None else self.names[node.source._reference] + ".*"

    @visits(Fragment)
    def visit_fragment(self, node: Fragment[Any]) -> str:
        """Raw text, with its terms in between; a comment at its end does not take what follows into it."""
        self.is_clean = False
        sql = "".join([self.raw_text(part) if isinstance(part, str) else self.visit(part) for part in node.parts])
        last = node.parts[-1] if node.parts else ""
        return f"{sql}\n" if isinstance(last, str) and "--" in last.rpartition("\n")[2] else sql

    @visits(Name)
    def visit_name(self, node: Name) -> str:
        """A quoted name."""
        return ".".join([self.names[part] for part in node.parts])

    @visits(Subquery)
    def visit_subquery(self, node: Subquery[Any]) -> str:
        """A query in parentheses."""
        return f"({self.query(node.query)})"

    def query(self, query: Statement[Any, Any]) -> str:
        """A query inside another; the statement compiler writes it."""
        raise NotImplementedError

    # -- operators ----------------------------------------------------------------------------------------------------

    @visits(Comparison)
    def visit_comparison(self, node: Comparison) -> str:
        """``a = b``."""
        left, right = node.left, node.right
        if type(left) is Column:  # nearly all conditions are of these two forms, which take half the time of others
            if type(right) is Column and left.reference in self.scope and right.reference in self.scope:
                return f"{self.column_sql[left]} {node.operator} {self.column_sql[right]}"
            if type(right) is Value and left.value_type is not None and left.reference in self.scope:
                return f"{self.column_sql[left]} {node.operator} {self.bind(right.value, right.value_type)}"
        one, other = self.beside(left, right, OTHER)
        return f"{one} {node.operator} {other}"

    @visits(Arithmetic)
    def visit_arithmetic(self, node: Arithmetic[Any]) -> str:
        """``a + b``; the right side is kept together: of floats, ``a + (b + c)`` is not always ``a + b + c``."""
        own = binding(node)
        if own == OTHER:
            left, right = self.beside(node.left, node.right, ATOM)
        else:
            left, right = self.beside(node.left, node.right, own, own + 1)
        return f"{left} {self.raw_text(node.operator)} {right}"

    def beside(self, left: Any, right: Any, at_least: int, right_at_least: int | None = None) -> tuple[str, str]:
        """Both operands of an operator, either of which tells the database the type of the other.

        A column of a known type beside a value does not come here: it needs nothing.
        """
        return self.operand(left, at_least), self.operand(right, right_at_least or at_least)

    @visits(Negative)
    def visit_negative(self, node: Negative[Any]) -> str:
        """``-a``; two minus signs would begin a comment."""
        return f"-{self.typed(node.term) if is_value(node.term) else self.operand(node.term, ATOM)}"

    @visits(NullTest)
    def visit_null_test(self, node: NullTest) -> str:
        """``a IS NULL``."""
        term = self.typed(node.term) if type(node.term) is Value else self.operand(node.term, OTHER)
        return f"{term} IS {'NOT ' if node.is_negated else ''}NULL"

    @visits(DistinctTest)
    def visit_distinct_test(self, node: DistinctTest) -> str:
        """``a IS DISTINCT FROM b``."""
        left, right = self.beside(node.left, node.right, OTHER)
        return f"{left} IS {'NOT ' if node.is_negated else ''}DISTINCT FROM {right}"

    @visits(Between)
    def visit_between(self, node: Between) -> str:
        """``a BETWEEN b AND c``."""
        term, lower = self.beside(node.term, node.lower, OTHER)
        return f"{term} BETWEEN {lower} AND {self.beside_known(node.term, node.upper)}"

    def beside_known(self, term: Any, value: Any) -> str:
        """An operand beside a term that was written before."""
        return self.operand(value, OTHER)

    @visits(Like)
    def visit_like(self, node: Like) -> str:
        """``a LIKE b``."""
        term, pattern = self.operand(node.term, OTHER), self.operand(node.pattern, OTHER)
        if node.ignores_case:
            term, pattern = f"LOWER({term})", f"LOWER({pattern})"
        escape = f" ESCAPE '{Like.ESCAPE}'" if node.has_escapes else ""
        return f"{term} {'NOT ' if node.is_negated else ''}LIKE {pattern}{escape}"

    @visits(InList)
    def visit_in_list(self, node: InList) -> str:
        """``a IN (?, ?)``: the last value is repeated up to the next power of two, so that few texts serve all."""
        term = self.operand(node.term, OTHER)
        known = known_type(node.term)
        padded = node.values + (node.values[-1],) * ((1 << (len(node.values) - 1).bit_length()) - len(node.values))
        values = ", ".join([self.bind(each, known or type_of(each)) for each in padded])
        return f"{term} {'NOT ' if node.is_negated else ''}IN ({values})"

    @visits(InTerms)
    def visit_in_terms(self, node: InTerms) -> str:
        """``a IN (b, c)``."""
        term = self.operand(node.term, OTHER)
        return f"{term} {'NOT ' if node.is_negated else ''}IN ({self.among(node)})"

    def among(self, node: InTerms) -> str:
        """The items of an IN of which some are expressions."""
        return ", ".join([self.beside_known(node.term, each) for each in node.items])

    @visits(InQuery)
    def visit_in_query(self, node: InQuery) -> str:
        """``a IN (SELECT …)``."""
        return f"{self.looked_for(node.term)} {'NOT ' if node.is_negated else ''}IN ({self.query(node.query)})"

    def looked_for(self, term: Any) -> str:
        """What stands before IN (SELECT …)."""
        return self.operand(term, OTHER)

    @visits(Exists)
    def visit_exists(self, node: Exists) -> str:
        """``EXISTS (SELECT …)``."""
        return f"{'NOT ' if node.is_negated else ''}EXISTS ({self.query(node.query)})"

    @visits(Logic)
    def visit_logic(self, node: Logic) -> str:
        """Conditions joined by AND or OR."""
        tighter = (AND if node.operator == "AND" else OR) + 1
        return f" {node.operator} ".join([self.operand(each, tighter) for each in node.terms])

    @visits(Negation)
    def visit_negation(self, node: Negation) -> str:
        """``NOT a``."""
        return f"NOT {self.operand(node.term, ATOM)}"


BOUND = frozenset({Value, Parameter})
"""What is bound, so that its place must tell the database its type."""


def is_value(term: Expression[Any] | Term | AllColumns) -> bool:
    """Whether a term is a bound value."""
    return type(term) in BOUND
