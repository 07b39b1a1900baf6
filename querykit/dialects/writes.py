"""Writing UPDATE, DELETE and MERGE as ANSI SQL. A dialect overrides what its database says differently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.builder.delete import Delete
from querykit.builder.marks import refuse_unheard
from querykit.builder.merge import Merge
from querykit.builder.operands import TRUE
from querykit.builder.select import Join, Select
from querykit.builder.update import Update
from querykit.dialects.expressions import AND, visits
from querykit.dialects.inserts import InsertCompiler
from querykit.errors import CompileError

if TYPE_CHECKING:
    from pypika.terms import Term

    from querykit.builder.merge import Branch
    from querykit.builder.write import Restricted


class WriteCompiler(InsertCompiler):
    """Writes the statements that change rows."""

    @visits(Update)
    def visit_update(self, statement: Update[Any, Any]) -> str:
        """``UPDATE … SET … FROM … WHERE … RETURNING …``."""
        refuse_unheard(statement.marks)
        if not statement.assignments:
            raise CompileError(f"nothing is set in {statement.table._name!r}: add set(…)")
        refuse_unrestricted(statement, "UPDATE")
        self.refuse_order(statement, "UPDATE")
        outer = self.scope
        sql = self.with_clause(statement) if statement.ctes else ""
        self.scope = self.scope_of(written_from(statement))
        sql += f"UPDATE {self.table(statement.table)} SET {self.set_clause(statement.assignments, statement)}"
        sql += self.restriction(statement, "FROM", outer)
        self.scope = outer
        return sql

    @visits(Delete)
    def visit_delete(self, statement: Delete[Any, Any]) -> str:
        """``DELETE FROM … USING … WHERE … RETURNING …``."""
        refuse_unheard(statement.marks)
        if statement.others:
            raise self.unsupported("DELETE from several tables", "delete from each, in one transaction")
        refuse_unrestricted(statement, "DELETE")
        self.refuse_order(statement, "DELETE")
        outer = self.scope
        sql = self.with_clause(statement) if statement.ctes else ""
        self.scope = self.scope_of(written_from(statement))
        sql += f"DELETE FROM {self.table(statement.table)}{self.restriction(statement, 'USING', outer)}"
        self.scope = outer
        return sql

    def refuse_order(self, statement: Restricted[Any, Any], verb: str) -> None:
        """Refuse ORDER BY and LIMIT, where the database has none."""
        if statement.orderings or statement.row_limit is not None:
            raise self.unsupported(
                f"{verb} … ORDER BY … LIMIT",
                "say where(table.id.is_in(query)) with a query that is ordered and limited",
            )

    # -- other tables -------------------------------------------------------------------------------------------------

    def restriction(self, statement: Restricted[Any, Any], word: str, outer: frozenset[str]) -> str:
        """`` FROM … WHERE … RETURNING …``."""
        sql, predicates = self.other_tables(statement, word, outer)
        sql += self.where_clause(predicates + statement.predicates)
        return sql + self.end(statement)

    def other_tables(
        self, statement: Restricted[Any, Any], word: str, outer: frozenset[str]
    ) -> tuple[str, tuple[Term, ...]]:
        """The other tables, and the conditions of inner joins, which go into WHERE.

        There, unlike in ON, they can refer to the table that is written.
        """
        sources = list(statement.sources)
        joins: list[Join] = []
        predicates: tuple[Term, ...] = ()
        for join in statement.joins:
            if join.kind in ("INNER", "CROSS"):
                predicates += join.predicates
                if joins:
                    joins.append(Join("CROSS", join.source))
                else:
                    sources.append(join.source)
            elif sources:
                joins.append(join)
            else:
                raise self.unsupported(
                    f"{join.kind} JOIN of the table that is written",
                    "join a second alias of it by its key first, or take the values from sub-queries",
                )
        if not sources:
            return "", predicates
        if joins:  # a comma binds looser than JOIN, so that ON would not see all of the sources
            joins = [*(Join("CROSS", each) for each in sources[1:]), *joins]
            del sources[1:]
        inner, self.scope = self.scope, self.scope - {statement.table._reference}
        clause = self.from_clause(Select[Any, Any]().replaced(sources=tuple(sources), joins=tuple(joins)), outer)
        self.scope = inner
        return f" {word}{clause.removeprefix(' FROM')}", predicates

    # -- MERGE --------------------------------------------------------------------------------------------------------

    @visits(Merge)
    def visit_merge(self, statement: Merge[Any, Any]) -> str:
        """``MERGE INTO … USING … ON … WHEN MATCHED THEN … RETURNING …``."""
        refuse_unheard(statement.marks)
        if statement.source is None:
            raise CompileError("a MERGE needs using(source, condition)")
        if not statement.branches:
            raise CompileError("a MERGE needs a when_matched(…) or when_not_matched(…) with what is to be done")
        outer = self.scope
        sql = self.with_clause(statement) if statement.ctes else ""
        sql += f"MERGE INTO {self.table(statement.table)} USING {self.source(statement.source)}"
        pair = Select[Any, Any]().replaced(sources=(statement.table, statement.source))
        both = self.scope = self.scope_of(pair)
        sql += f" ON {self.all_of(statement.join_predicates)}"
        hidden = {"MATCHED": "", "NOT MATCHED": statement.table._reference}
        for branch in statement.branches:
            self.scope = both - {hidden.get(branch.kind, statement.source._reference)}
            sql += self.merge_branch(branch, statement)
        self.scope = both
        sql += self.end(statement)
        self.scope = outer
        return sql

    def merge_branch(self, branch: Branch, statement: Merge[Any, Any]) -> str:
        """`` WHEN MATCHED AND … THEN UPDATE SET …``."""
        conditions = "".join([f" AND {self.operand(each, AND)}" for each in branch.predicates])
        sql = f" WHEN {branch.kind}{conditions} THEN {branch.action}"
        if branch.action == "UPDATE":
            return f"{sql} SET {self.set_clause(branch.assignments, statement)}"
        if branch.action == "INSERT":
            columns = ", ".join([self.names[column.column_name] for column, _ in branch.assignments])
            values = ", ".join([self.assigned(value, column) for column, value in branch.assignments])
            return f"{sql} ({columns}) VALUES ({values})"
        return sql


def written_from(statement: Restricted[Any, Any]) -> Select[Any, Any]:
    """The tables of a write as those of a select: first the one that is written."""
    sources = [Join("CROSS", each) for each in statement.sources]
    return Select[Any, Any]().replaced(sources=(statement.table,), joins=(*sources, *statement.joins))


def refuse_unrestricted(statement: Restricted[Any, Any], verb: str) -> None:
    """Refuse a statement about every row, unless that was said.

    Raises:
        CompileError: it has no condition.
    """
    if statement.is_of_all_rows or statement.row_limit is not None:
        return
    is_joined = any(join.kind == "INNER" and join.predicates for join in statement.joins)
    if not is_joined and all(each is TRUE for each in statement.predicates):
        raise CompileError(
            f"{verb} of every row of {statement.table._name!r}: add where(…), or all_rows() if that is what is meant"
        )
