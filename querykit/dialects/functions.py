"""Writing calls of functions, CAST and CASE. What a database says differently stands in its tables of spellings."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from querykit.builder.expressions import known_type
from querykit.builder.functions import Case, Cast, FunctionCall
from querykit.builder.sequences import SequenceValue
from querykit.builder.texts import Concat, Matching
from querykit.dialects.expressions import ATOM, binding, visits
from querykit.dialects.operators import OperatorCompiler
from querykit.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from querykit.builder.value_types import ValueType


class Lacking(NamedTuple):
    """Stands in a table of spellings for what a database lacks.

    Attributes:
        feature: What it lacks, for the message.
        hint: The nearest way to do it.
    """

    feature: str
    hint: str | None = None


Spelling = str | Lacking
"""How a database writes a function: another name; or a template, in which ``{0}`` is an argument, ``{0:t}`` one with
its type where it is a bound value, ``{0:o}`` one as an operand, ``{0:s}`` a separator, ``{*}`` all of them,
``{distinct}`` and ``{order}`` what stands within the parentheses of an aggregate, and ``{over}`` what stands behind
them, else at the end."""

_FIELD = re.compile(r"\{(\w+|\*)(?::(\w+))?\}")


COMMON: dict[str | tuple[str, str], Spelling] = {
    "SUBSTR_OF": "SUBSTR",
    "LAG_DEFAULT": "LAG",
    "LEAD_DEFAULT": "LEAD",
    "STRING_AGG": "STRING_AGG({distinct}{0}, {1}{order})",
    "CARDINALITY": Lacking("arrays", "keep the items in rows, or in JSON"),
    "PG_NOTIFY": Lacking("NOTIFY", "write a row that the other side looks for"),
}
"""Spellings where a function has another name here than in SQL, because dialects part ways by its arguments."""
for _kind in ("INT4RANGE", "INT8RANGE", "NUMRANGE", "DATERANGE", "TSRANGE", "TSTZRANGE"):
    for _bounds in ("[)", "[]", "(]", "()"):
        COMMON[f"{_kind} {_bounds}"] = Lacking("ranges", "keep both ends in columns")


class FunctionCompiler(OperatorCompiler):
    """Writes functions."""

    functions: ClassVar[Mapping[str | tuple[str, str], Spelling]] = COMMON
    """Spellings by the function's name, or by its name and the kind of its first argument."""
    cast_types: ClassVar[dict[str, str]] = {}
    """What CAST calls a kind of type."""
    casts: ClassVar[Mapping[str | tuple[str, str], Spelling]] = {}
    """Templates for what is no CAST: by the kind of type to cast to, or by the kinds to cast from and to."""

    @visits(FunctionCall)
    def visit_function(self, node: FunctionCall[Any]) -> str:
        """``NAME(a, b) FILTER (WHERE …) OVER (…)``."""
        if not node.is_known:
            self.is_clean = False
            if not node.is_spelled:
                return self.called(node, node.name) + self.modifiers(node)
        spelling = self.spelling(self.functions, node.name, node.args)
        if isinstance(spelling, Lacking) and node.is_spelled:
            raise self.unsupported(*spelling)
        if not isinstance(spelling, str):
            spelling = node.name
        if "{" not in spelling and "(" not in spelling:
            return self.called(node, spelling) + self.modifiers(node)
        if not node.is_spelled:
            return self.called(node, node.name) + self.modifiers(node)
        return self.from_template(node, spelling)

    @visits(SequenceValue)
    def visit_sequence_value(self, node: SequenceValue) -> str:
        """Refuse sequences, which few databases have."""
        raise self.unsupported("sequences", "a column(identity=True) counts rows")

    @staticmethod
    def spelling(table: Mapping[Any, Spelling], name: str, args: tuple[Any, ...]) -> Spelling | None:
        """What a table has for a name, and for the type of the first argument before that."""
        if args and (type_ := known_type(args[0])) is not None and (found := table.get((name, type_.stored_kind))):
            return found
        return table.get(name)

    def called(self, node: FunctionCall[Any], name: str) -> str:
        """``NAME(DISTINCT a, b ORDER BY c)``."""
        args = ", ".join(self.arguments(node)) if node.args else ""
        if node.is_distinct or node.orderings:
            args = f"{self.distinct_word(node)}{args}{self.aggregate_order(node)}"
        return f"{name}({args})"

    def arguments(self, node: FunctionCall[Any]) -> list[str]:
        """The arguments of a function."""
        return [self.argument(node, place) for place in range(len(node.args))]

    def argument(self, node: FunctionCall[Any], place: int, how: str | None = None) -> str:
        """One argument, as a template asks for it."""
        term = node.args[place]
        if how is None:
            return self.visit(term)
        sql = self.typed(term) if "t" in how else self.visit(term)
        return self.enclosed(term, sql) if "o" in how else sql

    def from_template(self, node: FunctionCall[Any], template: str) -> str:
        """A call as a template has it. Each field is written when it is met, so that parameters stand in order."""
        sql, used = "", set()
        for text, name, how in parsed(template):
            sql += self.raw_text(text)
            used.add(name)
            if name is None:
                continue
            if name.isdigit():
                sql += self.argument(node, int(name), how)
            else:
                sql += self.template_field(node, name)
        if (node.is_distinct and "distinct" not in used) or (node.orderings and "order" not in used):
            raise self.unsupported(
                f"DISTINCT or ORDER BY in {node.name}", "aggregate a sub-query that is distinct or ordered"
            )
        return sql if "over" in used else sql + self.modifiers(node)

    def template_field(self, node: FunctionCall[Any], name: str) -> str:
        """A field of a template that is no argument."""
        match name:
            case "*":
                return ", ".join(self.arguments(node))
            case "distinct":
                return self.distinct_word(node)
            case "order":
                return self.aggregate_order(node)
            case _:
                return self.modifiers(node)

    def distinct_word(self, node: FunctionCall[Any]) -> str:
        """``DISTINCT``; no database has it in a window."""
        if not node.is_distinct:
            return ""
        if node.window is not None:
            raise self.unsupported(f"DISTINCT in {node.name} OVER", "select the distinct rows in a sub-query")
        return "DISTINCT "

    def aggregate_order(self, node: FunctionCall[Any]) -> str:
        """`` ORDER BY a`` within the parentheses of an aggregate."""
        return f" ORDER BY {self.keys(node.orderings)}" if node.orderings else ""

    def modifiers(self, node: FunctionCall[Any]) -> str:
        """What stands behind the parentheses; `WindowCompiler` writes it."""
        raise NotImplementedError

    def keys(self, orderings: tuple[Any, ...]) -> str:
        """The keys of an ORDER BY within an expression; `WindowCompiler` writes them."""
        raise NotImplementedError

    # -- texts --------------------------------------------------------------------------------------------------------

    @visits(Concat)
    def visit_concat(self, node: Concat) -> str:
        """``(a || b)``."""
        return self.concatenated([self.text_operand(each) for each in node.terms])

    @visits(Matching)
    def visit_matching(self, node: Matching) -> str:
        """A match of a regular expression, which has no standard form."""
        raise NotImplementedError

    # -- CAST, CASE ---------------------------------------------------------------------------------------------------

    @visits(Cast)
    def visit_cast(self, node: Cast[Any]) -> str:
        """``CAST(a AS type)``."""
        if node.type_name is not None:
            return f"CAST({self.typed(node.term)} AS {self.raw_text(node.type_name)})"
        type_ = node.value_type
        if type_ is None:
            raise CompileError("a CAST to no type")
        source = known_type(node.term)
        template = self.casts.get((source.stored_kind, type_.kind)) if source is not None else None
        template = template or self.casts.get(type_.kind)
        if isinstance(template, str):
            return self.from_template(FunctionCall("CAST", [node.term]), template)
        return f"CAST({self.typed(node.term)} AS {self.cast_type(type_)})"

    def cast_type(self, type_: ValueType | None) -> str:
        """What CAST calls a type."""
        if type_ is None or type_.kind not in self.cast_types:
            raise self.unsupported(f"CAST to {type_}")
        return self.cast_types[type_.kind]

    @visits(Case)
    def visit_case(self, node: Case[Any]) -> str:
        """``CASE WHEN a THEN b ELSE c END``."""
        if not node.branches:
            raise CompileError("a CASE needs at least one .when(condition, value)")
        subject = "" if node.subject is None else f" {self.typed(node.subject)}"
        test = self.visit if node.subject is None else self.compared_with(node.subject)
        sql = f"CASE{subject}"
        for when, then in node.branches:
            sql += f" WHEN {test(when)} THEN {self.typed(then)}"
        return f"{sql} END" if node.otherwise is None else f"{sql} ELSE {self.typed(node.otherwise)} END"

    def compared_with(self, subject: Any) -> Any:
        """What writes the values that the subject of a CASE is compared with."""
        return lambda value: self.beside_known(subject, value)

    def enclosed(self, term: Any, sql: str) -> str:
        """The SQL of a term as an operand of any operator."""
        return sql if binding(term) >= ATOM else f"({sql})"


@cache
def parsed(template: str) -> tuple[tuple[str, str | None, str | None], ...]:
    """A template as texts, each with the field behind it, if there is one, and how that is to be written."""
    parts, position = [], 0
    for field in _FIELD.finditer(template):
        parts.append((template[position : field.start()], field.group(1), field.group(2)))
        position = field.end()
    return (*parts, (template[position:], None, None))
