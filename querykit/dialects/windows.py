"""Writing windows: OVER, FILTER, WITHIN GROUP, frames, and the clause WINDOW."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from querykit.builder.windows import Window
from querykit.dialects.expressions import visits
from querykit.dialects.functions import FunctionCompiler
from querykit.errors import CompileError

if TYPE_CHECKING:
    from querykit.builder.expressions import Ordering
    from querykit.builder.functions import FunctionCall
    from querykit.builder.windows import Edge, Frame

OF_WINDOWS = frozenset(
    {
        "ROW_NUMBER",
        "RANK",
        "DENSE_RANK",
        "PERCENT_RANK",
        "CUME_DIST",
        "NTILE",
        "LAG",
        "LAG_DEFAULT",
        "LEAD",
        "LEAD_DEFAULT",
        "FIRST_VALUE",
        "LAST_VALUE",
        "NTH_VALUE",
    }
)
"""Functions that mean something only in a window."""
IN_GROUPS = frozenset({"PERCENTILE_CONT", "PERCENTILE_DISC", "MODE"})
"""Functions that mean something only with WITHIN GROUP."""


NEEDING_MORE = OF_WINDOWS | IN_GROUPS


class WindowCompiler(FunctionCompiler):
    """Writes windows.

    Attributes:
        windows: The names that the clause WINDOW declares here.
    """

    windows: frozenset[str] = frozenset()

    frame_units: ClassVar[frozenset[str]] = frozenset({"ROWS", "RANGE"})
    """By what the frames of windows can be measured."""
    has_frame_exclusion: ClassVar[bool] = False
    """Whether a frame can EXCLUDE rows."""
    has_within_group: ClassVar[bool] = False
    """Whether aggregates can be asked for rows in an order: WITHIN GROUP."""

    def modifiers(self, node: FunctionCall[Any]) -> str:
        """``WITHIN GROUP (ORDER BY …) FILTER (WHERE …) OVER (…)``."""
        name = node.name
        if node.window is None and not (node.filter_predicates or node.group_orderings or name in NEEDING_MORE):
            return ""
        if node.is_spelled and name in OF_WINDOWS:
            if node.window is None:
                raise CompileError(f"{name} is a function of a window: add .over(…)")
            if node.filter_predicates:
                raise CompileError(f"{name} takes no filter_where: it belongs to aggregates")
        if node.is_spelled and name in IN_GROUPS and not node.group_orderings:
            raise CompileError(f"{name} needs .within_group(…): the values whose order it looks at")
        sql = ""
        if node.group_orderings:
            if not self.has_within_group:
                raise self.unsupported(
                    f"{name} … WITHIN GROUP",
                    "number the rows with row_number() in a sub-query and select by the number",
                )
            sql = f" WITHIN GROUP (ORDER BY {self.keys(node.group_orderings)})"
        if node.filter_predicates:
            sql += self.filter_clause(node)
        return sql if node.window is None else f"{sql} OVER {self.over(node.window)}"

    def filter_clause(self, node: FunctionCall[Any]) -> str:
        """`` FILTER (WHERE …)``."""
        return f" FILTER (WHERE {self.all_of(node.filter_predicates)})"

    def keys(self, orderings: tuple[Ordering, ...]) -> str:
        """The keys of an ORDER BY within an expression, where aliases of the select list mean nothing."""
        sql = ""
        for each in orderings:
            sql += f", {self.ordering(each, None)}" if sql else self.ordering(each, None)
        return sql

    def ordering(self, ordering: Ordering, query: Any) -> str:
        """A key of ORDER BY; `SelectCompiler` writes it."""
        raise NotImplementedError

    def over(self, window: Window) -> str:
        """What stands after OVER: the name of a window, or one in parentheses."""
        if window.base is None:
            return self.windowed(window)
        if window.base.name not in self.windows:
            raise CompileError(f"the window {window.base.name!r} is not declared by this query: add .window(…)")
        return self.names[str(window.base.name)] if window.is_reference else self.windowed(window)

    @visits(Window)
    def windowed(self, window: Window) -> str:
        """``(PARTITION BY … ORDER BY … ROWS BETWEEN … AND …)``."""
        parts = []
        if window.base is not None:
            parts.append(self.names[str(window.base.name)])
        if window.partitions:
            parts.append(f"PARTITION BY {self.listed(window.partitions)}")
        if window.orderings:
            parts.append(f"ORDER BY {self.keys(window.orderings)}")
        if window.frame is not None:
            parts.append(self.frame_clause(window.frame, window))
        return f"({' '.join(parts)})"

    def window_clause(self, windows: tuple[Window, ...]) -> str:
        """`` WINDOW a AS (…), b AS (…)``."""
        return " WINDOW " + ", ".join([f"{self.names[str(each.name)]} AS {self.windowed(each)}" for each in windows])

    def frame_clause(self, frame: Frame, window: Window) -> str:
        """``ROWS BETWEEN 2 PRECEDING AND CURRENT ROW EXCLUDE TIES``."""
        if frame.unit not in self.frame_units:
            raise self.unsupported(f"frames of {frame.unit}", "dense_rank() in a sub-query numbers the groups")
        if frame.exclude is not None and not self.has_frame_exclusion:
            raise self.unsupported("EXCLUDE in the frame of a window")
        sql = f"{frame.unit} BETWEEN {self.frame_edge(frame.start, window)} AND {self.frame_edge(frame.end, window)}"
        return sql if frame.exclude is None else f"{sql} EXCLUDE {frame.exclude.upper()}"

    def frame_edge(self, edge: Edge, window: Window) -> str:
        """``2 PRECEDING``."""
        if edge.direction == "CURRENT ROW":
            return edge.direction
        if edge.offset is None:
            return f"UNBOUNDED {edge.direction}"
        return f"{self.frame_offset(edge.offset, window)} {edge.direction}"

    def frame_offset(self, offset: Any, window: Window) -> str:
        """How far the frame of a window reaches."""
        return self.visit(offset)
