"""UPDATE and DELETE say which rows they mean, or that they mean all of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from querykit.builder.comparisons import Comparison, DistinctTest, NullTest
from querykit.builder.logic import Logic, Negation
from querykit.builder.merge import Merge
from querykit.builder.operands import FALSE, NULL, Value
from querykit.builder.patterns import Like
from querykit.builder.pypika_nodes import BareColumn
from querykit.builder.raw import Fragment, Name
from querykit.builder.rewrite import walk
from querykit.builder.same import is_same
from querykit.builder.statement import as_statement
from querykit.builder.tables import Column
from querykit.builder.write import Restricted
from querykit.errors import BuildError, CompileError
from querykit.plugins.base import Plugin

if TYPE_CHECKING:
    from collections.abc import Callable

    from pypika.terms import Term

    from querykit.builder.statement import Statement
    from querykit.plugins.base import PluginContext

_TEXTS: Final = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_WORDS: Final = re.compile(r'["`\[]|[^\W\d]\w*')
"""Words, and what quotes a name."""
_NO_NAMES: Final = frozenset({"and", "or", "not", "is", "in", "between", "like", "null", "true", "false"})


class RequireWherePlugin(Plugin):
    """A condition of an UPDATE or DELETE that leaves no row out is none.

    Without any plugin, a statement that has no condition is refused when it is compiled, unless it says `all_rows`.
    With this one, so is a statement whose conditions hold for every row: ``1 = 1``, ``pet.id == pet.id``, a column that
    is never NULL and `is_not_null`, ``starts_with("")`` of an empty search, a condition about other tables alone. It
    looks at the statement as the program made it, before other plugins add conditions of theirs; at statements in
    CTEs, and at MERGE, too.

    >>> from querykit import Database, RequireWherePlugin, delete_from, everywhere, table
    >>> db = Database("sqlite:///:memory:", plugins=[RequireWherePlugin()])
    >>> pet = table("pet")
    >>> purged = everywhere(delete_from(pet))  # the same as delete_from(pet).all_rows()

    It reads what is built, and no meaning into it: ``pet.id > 0`` is a condition, and so is raw SQL that has a name in
    it. What raw SQL by itself writes, it does not see.

    Raises:
        CompileError: a statement means every row, and does not say so.
    """

    priority = 1_000_000
    """Before every other, which may add conditions."""

    def transform_query(self, query: Statement[Any, Any], context: PluginContext) -> Statement[Any, Any]:
        """The same query, unless it is refused."""
        for node in walk(query):
            if isinstance(node, Restricted) and not node.is_of_all_rows and not _is_restricted(node):
                raise _refused(type(node).__name__.upper(), node.table._name)
            if isinstance(node, Merge) and node.source is not None and not _is_matched(node):
                raise _refused("MERGE", node.table._name)
        return query


def everywhere(query: Any) -> Any:
    """An UPDATE or DELETE that means every row of its table, on purpose: `all_rows`, for queries of PyPika too.

    >>> from querykit import everywhere
    >>> from pypika import Query
    >>> print(everywhere(Query.from_("pet").delete()).compile("sqlite").sql)
    DELETE FROM "pet"

    Raises:
        BuildError: it is another statement.
    """
    statement = as_statement(query)
    if not isinstance(statement, Restricted):
        raise BuildError(f"everywhere() takes an UPDATE or DELETE, not {type(statement).__name__}")
    return statement.all_rows()


def _refused(verb: str, table: str) -> CompileError:
    return CompileError(
        f"{verb} of every row of {table!r}, whose conditions leave none out: mend them, or say all_rows() or "
        "everywhere(query) if that is what is meant"
    )


# -- conditions -----------------------------------------------------------------------------------------------------


def _is_restricted(statement: Restricted[Any, Any]) -> bool:
    if statement.row_limit is not None:
        return True
    joined = [each for join in statement.joins if join.kind == "INNER" for each in join.predicates]
    sources = (statement.table, *statement.sources, *[join.source for join in statement.joins])
    own = {source._reference for source in sources}
    return any(_may_fail(each, own) for each in (*statement.predicates, *joined))


def _is_matched(statement: Merge[Any, Any]) -> bool:
    """Whether the rows that a MERGE changes or deletes are those with a partner, or fulfil a condition."""
    own = {statement.table._reference}
    if any(_may_fail(each, own) for each in statement.join_predicates):
        return True
    return all(
        any(_may_fail(each, own) for each in branch.predicates)
        for branch in statement.branches
        if branch.action in ("UPDATE", "DELETE")
    )


def _may_fail(term: Any, own: set[str]) -> bool:
    """Whether a condition can be false for a row of the tables of these names, as far as it can be read."""
    if type(term) is Logic:
        found = [_may_fail(each, own) for each in term.terms]
        return any(found) if term.operator == "AND" else all(found) and not _is_a_or_not_a(term.terms)
    holds = _HOLDS.get(type(term))
    return not (holds is not None and holds(term)) and _is_about(term, own)


def _is_about(term: Any, own: set[str]) -> bool:
    """Whether a term refers to a column of the tables of these names; raw SQL, whether it has a name in it."""
    if term is FALSE or term is NULL:
        return True
    return any(
        (isinstance(node, Column) and node.reference in own)
        or isinstance(node, BareColumn | Name)
        or (isinstance(node, Fragment) and _has_name(node))
        for node in walk(term)
    )


def _has_name(fragment: Fragment[Any]) -> bool:
    text = _TEXTS.sub(" ", " ".join([part for part in fragment.parts if isinstance(part, str)]))
    return any(word.lower() not in _NO_NAMES for word in _WORDS.findall(text))


def _is_a_or_not_a(terms: tuple[Term, ...]) -> bool:
    """Whether the terms hold NULL tests of both kinds: ``a IS NULL OR a IS NOT NULL``."""
    tests = [each for each in terms if type(each) is NullTest]
    return any(one.is_negated > other.is_negated and is_same(one.term, other.term) for one in tests for other in tests)


def _is_never_null(term: Any) -> bool:
    return isinstance(term, Column) and term.value_type is not None and not term.value_type.is_nullable


def _is_anything(pattern: Any) -> bool:
    text = pattern.value if type(pattern) is Value else None
    return isinstance(text, str) and set(text) == {"%"}


_HOLDS: dict[type, Callable[[Any], bool]] = {
    Negation: lambda term: term.term is FALSE,
    Comparison: lambda term: term.operator in ("=", "<=", ">=") and is_same(term.left, term.right),
    DistinctTest: lambda term: term.is_negated and is_same(term.left, term.right),
    NullTest: lambda term: term.is_negated and _is_never_null(term.term),
    Like: lambda term: not term.is_negated and _is_anything(term.pattern),
}
"""Which conditions of a kind hold for every row that has a value there."""
