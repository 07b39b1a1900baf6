"""Writing what PyPika's terms need beyond ours: intervals, operators, and its terms themselves.

Terms of PyPika become ours where they enter a statement (`querykit.builder.pypika_terms`). One meets the compiler all
the same when a visitor that a user registered visits the terms within its own: it is turned into ours here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pypika.queries import _SetOperation

from querykit.builder import from_pypika as _from_pypika  # noqa: F401 - registers what it converts
from querykit.builder.pypika_nodes import (
    AtTimeZone,
    BareColumn,
    Extraction,
    IntervalParts,
    Operation,
    Transcoding,
)
from querykit.builder.pypika_tables import BUILDERS
from querykit.builder.pypika_terms import Terms, translated_classes
from querykit.dialects.expressions import ATOM, BINDING, COMPARISON, OTHER, binding, visits
from querykit.dialects.windows import WindowCompiler

if TYPE_CHECKING:
    from collections.abc import Mapping


_PREDICATES = frozenset({"GLOB", "REGEXP", "RLIKE"})

BINDING[Operation] = lambda term: COMPARISON if term.operator in _PREDICATES else OTHER
BINDING[AtTimeZone] = OTHER


class PyPikaCompiler(WindowCompiler):
    """Writes the expressions that only PyPika's terms become."""

    operations: ClassVar[Mapping[str, str]] = {}
    """What the database calls the operators of `Operation` that it has."""

    @visits(*translated_classes(), *BUILDERS, _SetOperation)
    def visit_pypika(self, node: Any) -> str:
        """A term of PyPika's: what it is as ours."""
        return self.visit(_translated(node))

    @visits(BareColumn)
    def visit_bare_column(self, node: BareColumn[Any]) -> str:
        """The column's name alone."""
        return self.names[node.name]

    @visits(Operation)
    def visit_operation(self, node: Operation[Any]) -> str:
        """``a REGEXP b``, where the database has the operator."""
        operator = self.operations.get(node.operator)
        if operator is None:
            raise self.unsupported(f"operator {node.operator}", "sql(…) takes what it has instead")
        at_least = OTHER if node.operator in _PREDICATES else ATOM
        left, right = self.beside(node.left, node.right, at_least)
        return f"{left} {operator} {right}"

    @visits(IntervalParts)
    def visit_interval_parts(self, node: IntervalParts[Any]) -> str:
        """An interval, where the database has any."""
        raise self.unsupported("intervals", "compute the date in Python, or write its own function through sql(…)")

    @visits(AtTimeZone)
    def visit_at_time_zone(self, node: AtTimeZone[Any]) -> str:
        """``a AT TIME ZONE zone``, where the database has it."""
        raise self.unsupported("AT TIME ZONE", "convert the time in Python")

    @visits(Transcoding)
    def visit_transcoding(self, node: Transcoding[Any]) -> str:
        """``CONVERT(a USING encoding)``, where the database has it."""
        raise self.unsupported("CONVERT(… USING …)")

    @visits(Extraction)
    def visit_extraction(self, node: Extraction[Any]) -> str:
        """``EXTRACT(part FROM a)``."""
        return f"EXTRACT({node.part} FROM {self.typed(node.term)})"


def _translated(node: Any) -> Any:
    terms = Terms()
    return terms.term(node) if isinstance(node, (*BUILDERS, _SetOperation)) else terms.translated(node)


def _binding(node: Any) -> int:
    """How tightly what a term of PyPika's becomes binds."""
    return binding(_translated(node))


for _class in translated_classes():
    BINDING[_class] = _binding
