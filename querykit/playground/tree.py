"""Rows as the page shows them: each value as a text and the name of its type, so that a browser cannot change it."""

from __future__ import annotations

from typing import Any, Final

MAX_NODES: Final = 20_000
"""How many values the page is sent in all."""
MAX_TEXT: Final = 4_000
"""How many characters of one value."""
MAX_DEPTH: Final = 200
"""How deep documents are shown."""


class Tree:
    """Makes the tree of one result, and cuts what is too large for a page.

    Attributes:
        is_cut: Whether anything was left out.
    """

    def __init__(self, *, max_nodes: int = MAX_NODES, max_text: int = MAX_TEXT) -> None:
        """Start with an empty tree."""
        self._left = max_nodes
        self._max_text = max_text
        self.is_cut = False

    def node(self, value: Any, depth: int = 0) -> dict[str, Any]:
        """A value: ``{"items": […]}``, ``{"fields": [[key, …], …]}``, or ``{"type": "int", "text": "7"}``.

        What was left out is counted in ``"more"``.
        """
        self._left -= 1
        if isinstance(value, dict):
            fields = [[str(name), self.node(each, depth + 1)] for name, each in value.items() if self._has_room(depth)]
            return self._counted({"fields": fields}, len(value) - len(fields))
        if isinstance(value, list | tuple):
            items = [self.node(each, depth + 1) for each in value if self._has_room(depth)]
            return self._counted({"items": items}, len(value) - len(items))
        return self._scalar(value)

    def _has_room(self, depth: int) -> bool:
        return self._left > 0 and depth < MAX_DEPTH

    def _scalar(self, value: Any) -> dict[str, Any]:
        if value is None:
            return {"type": "None", "text": "None"}
        text = _text(value)
        # what is no Unicode cannot be sent as JSON
        shown = text[: self._max_text].encode("utf-8", "backslashreplace").decode()
        return self._counted({"type": type(value).__name__, "text": shown}, max(0, len(text) - self._max_text))

    def _counted(self, node: dict[str, Any], more: int) -> dict[str, Any]:
        if more:
            node["more"] = more
            self.is_cut = True
        return node


def _text(value: Any) -> str:
    if isinstance(value, bytes | bytearray):
        return repr(value)
    try:
        return str(value)
    except ValueError:  # Python refuses to write integers of thousands of digits
        return hex(value)
