"""Rows that a request may read and write: policies, by table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from querykit.builder.explain import Explain
from querykit.builder.expressions import Expression
from querykit.builder.functions import FunctionCall
from querykit.builder.insert import Insert
from querykit.builder.operands import FALSE, TRUE
from querykit.builder.raw import Fragment
from querykit.builder.rewrite import rewrite
from querykit.errors import ConfigurationError, PolicyError
from querykit.plugins.bytewise import bytewise
from querykit.plugins.tables import TableNames, TablePlugin, opened
from querykit.plugins.with_schema import WithSchemaPlugin
from querykit.plugins.written_rows import WrittenRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pypika.terms import Term

    from querykit.builder.tables import Table
    from querykit.dialects.base import Dialect
    from querykit.plugins.base import PluginContext, Request
    from querykit.plugins.tables import Marks, Writing

    Policy: TypeAlias = Callable[[Any, Any], Any]

SAFE_FUNCTIONS: Final = frozenset({
    "ABS", "ASCII", "AVG", "CEIL", "CHAR_LENGTH", "COALESCE", "CONCAT", "CONCAT_WS", "COUNT", "CUME_DIST", "DENSE_RANK",
    "EXP", "FIRST_VALUE", "FLOOR", "GREATEST", "IFNULL", "LAG", "LAST_VALUE", "LEAD", "LEAST", "LEFT", "LENGTH", "LN",
    "LOG10", "LOWER", "LPAD", "LTRIM", "MAX", "MIN", "MOD", "NOW", "NTH_VALUE", "NTILE", "NULLIF", "POW", "POWER",
    "RANK",
    "REPEAT", "REPLACE", "REVERSE", "RIGHT", "ROUND", "ROW_NUMBER", "RPAD", "RTRIM", "SIGN", "SQRT", "STD", "STDDEV",
    "STDDEV_POP", "STDDEV_SAMP", "SUBSTR", "SUBSTRING", "SUM", "TRIM", "TRUNC", "UPPER", "VARIANCE", "VAR_POP",
    "VAR_SAMP",
})  # fmt: skip
"""Functions of PyPika's that are as those of `fn`: they read what they are given, and nothing else."""

_SHARED: Final = "shared"


class RowLevelSecurityPlugin(TablePlugin):
    """Every read and write of a table is one of the rows that its policy lets the request have.

    >>> from querykit import Database, RowLevelSecurityPlugin, select_from, table
    >>> policies = {"person": lambda table, ctx: table.tenant_id == ctx.tenant}
    >>> db = Database("sqlite://", plugins=[RowLevelSecurityPlugin(policies, shared=["country"])])
    >>> request = db.with_context(tenant=7)

    A policy is a function of the table, or alias, that a query names, and of the request: ``ctx.tenant`` is a parameter
    that ``db.with_context(tenant=7)`` fills when the query runs, so that one statement serves all tenants. Without it,
    running raises UsageError; None equals nothing. The policy holds in every position where the table is read, and of
    rows that are updated or deleted. Its own queries, and raw SQL in it, stand as they are. It is called once for a
    table, not once for a request: what it takes from elsewhere than ``ctx`` stays as it was then.

    In a policy texts are equal byte by byte, with ``==``, ``!=``, IN and IS DISTINCT FROM; LIKE, BETWEEN and ``<`` go
    by the collation. Declare the columns that it compares: only then is a value of another type refused, and only then
    does PostgreSQL compare bytes. What may be a text and cannot be compared so, in CASE or as a value, raises
    `ConfigurationError`. Say who sees a row, not who does not: ``NOT EXISTS`` holds for None too.

    Rows that are written must meet the policy too, or `PolicyViolationError` is raised and nothing is written: rows
    that are inserted, those of INSERT … SELECT, MERGE and upserts, and what UPDATE makes of rows. Columns that a policy
    reads are given values or other columns, not expressions.

    What cannot be looked into raises `PolicyError`: raw SQL in any position, functions outside `fn`, PyPika's custom
    functions, terms with a visitor of their own, tables and views with no policy that are not `shared`, EXPLAIN, and
    `copy_into`. ``.trusted()`` on the fragment, the call or the statement lets it pass; policies of the tables that are
    seen hold all the same. REPLACE, and ON DUPLICATE KEY UPDATE unless the key that is named holds the column that the
    policy compares with the request (with RETURNING, never), are refused. Only ``db.without_plugins()`` goes past the
    policies.

    Outside of it are what the server does by itself (foreign keys and their cascades, triggers, rewrite rules), what
    errors and times tell (a unique key that another's row holds, a division by zero), and handles on the driver. It
    guards against queries that forget a filter or are put together from a client's wishes, not against Python code, and
    not against users with access of their own to the database.

    Args:
        policies: By the table's name, ``"person"`` in every schema or ``"shop.person"`` in one: a function that is
            given the table and the request and gives a condition. True and False stand for all rows and none.
        shared: Tables and views that every request may read and write whole.
    """

    priority = -10_000
    """The last to see a query: what other plugins bring in is guarded too."""
    words = frozenset({"trusted"})

    def __init__(self, policies: Mapping[str, Policy], *, shared: Iterable[str] = ()) -> None:
        """Check the names and the policies."""
        if isinstance(shared, str):
            raise ConfigurationError(f"shared is a list of names, not {shared!r}")
        for name, policy in policies.items():
            if not callable(policy):
                raise ConfigurationError(f"the policy of {name!r} is a function of the table and the request")
        both = [name for name in shared if name in policies]
        if both:
            raise ConfigurationError(f"{both[0]!r} has a policy, and is shared")
        known: dict[str, Any] = {**policies, **dict.fromkeys(shared, _SHARED)}
        self._known: TableNames[Any] = TableNames(known, "the policies")

    def guards(self, table: Table, dialect: Dialect) -> bool:
        """Whether a table has a policy; one that is shared has none."""
        return self._known.find(table, dialect) not in (None, _SHARED)

    def condition(self, table: Table, marks: Marks, context: PluginContext) -> Term | None:
        """The policy of a table.

        Raises:
            PolicyError: it has none, and is not shared.
        """
        policy = self._known.find(table, context.dialect)
        if policy is None and not _is_trusted(marks):
            raise PolicyError(
                f"the table {table._name!r} has no policy and is not shared: give it a policy, name it in shared=[…], "
                "or say trusted()"
            )
        return None if policy in (None, _SHARED) else self._of(policy, table, context.request)

    def _of(self, policy: Policy, table: Table, request: Request) -> Term:
        found = policy(table, request)
        if isinstance(found, bool):
            return TRUE if found else FALSE
        type_ = found.value_type if isinstance(found, Expression) else None
        if not isinstance(found, Expression) or (type_ is not None and type_.stored_kind != "bool"):
            raise ConfigurationError(f"the policy of {table._name!r} gave a {type(found).__name__}, not a condition")
        if table._schema is not None:  # as with_schema() has it for the query
            found = rewrite(found, WithSchemaPlugin(table._schema)._qualified)
        return bytewise(found)

    def met(self, node: Any, marks: Marks, context: PluginContext) -> None:
        """Refuse what cannot be looked into, unless somebody answers for it."""
        inner = node.statement.marks if isinstance(node, Explain) else ()
        if _is_trusted((*marks, *inner)) or (isinstance(node, Fragment | FunctionCall) and node.is_trusted):
            return
        if isinstance(node, FunctionCall) and node.is_known and node.name.upper() in SAFE_FUNCTIONS:
            return
        raise PolicyError(f"{_described(node)} cannot be looked into for tables: say .trusted() if it reads none")

    def written(self, statement: Writing, marks: Marks, context: PluginContext) -> Writing:
        """The write with what makes its rows meet their policies.

        Raises:
            PolicyError: whether they do cannot be told.
            PolicyViolationError: they do not, whatever the request.
        """
        if isinstance(statement, Insert) and statement.is_copied and not _is_trusted(marks):
            raise PolicyError("copy_into() goes past the policies: insert the rows, or copy on db.without_plugins()")
        rows = WrittenRows(statement, lambda table: self._term(table, marks, context), context)
        return rows.checked()  # type: ignore[no-any-return]

    def _term(self, table: Table, marks: Marks, context: PluginContext) -> tuple[Table, Term] | None:
        """A table with its policy, made anew: its columns are those of this table."""
        made = opened(table)
        term = self.condition(made, marks, context)
        return None if term is None else (made, term)


def _is_trusted(marks: Marks) -> bool:
    return any(mark.word == "trusted" for mark in marks)


def _described(node: Any) -> str:
    if isinstance(node, Fragment):
        return "raw SQL"
    if isinstance(node, FunctionCall):
        return f"the function {node.name!r}"
    if isinstance(node, Explain):
        return "EXPLAIN, which counts the rows of others,"
    return f"a {type(node).__module__}.{type(node).__qualname__}"
