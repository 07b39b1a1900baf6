"""Joins that were said twice are joined once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.builder.rewrite import rewrite
from querykit.builder.same import is_same
from querykit.builder.select import Select
from querykit.builder.write import Restricted
from querykit.plugins.base import Plugin

if TYPE_CHECKING:
    from querykit.builder.select import Join
    from querykit.builder.statement import Statement
    from querykit.plugins.base import PluginContext


class DeduplicateJoinsPlugin(Plugin):
    """Of equal joins, only the first is written, so that each of several conditions can bring the join that it needs.

    >>> from querykit import Database, select_from, table
    >>> from querykit.plugins import DeduplicateJoinsPlugin
    >>> db = Database("sqlite:///:memory:", plugins=[DeduplicateJoinsPlugin()])
    >>> person, pet = table("person"), table("pet")
    >>> def with_pets(query):
    ...     return query.inner_join(pet, pet.owner_id == person.id)
    >>> query = db.select_from(person).select(person.id)
    >>> both = query.pipe(with_pets).where(pet.name == "Rex").pipe(with_pets).where(pet.weight > 3)

    Equal are joins of one kind, of one table under one name, on equal conditions with equal values; the order of the
    others stays. Joins of one name that are not equal are an error, as without the plugin. In sub-queries, CTEs, nested
    helpers, UPDATE and DELETE alike.
    """

    def transform_query(self, query: Statement[Any, Any], context: PluginContext) -> Statement[Any, Any]:
        """The query without its superfluous joins."""
        return rewrite(query, _once)


def _once(node: Any) -> Any:
    if not isinstance(node, Select | Restricted):
        return node
    kept: list[Join] = []
    for join in node.joins:
        if not any(is_same(join, each) for each in kept):
            kept.append(join)
    return node if len(kept) == len(node.joins) else node.with_part("joins", tuple(kept))
