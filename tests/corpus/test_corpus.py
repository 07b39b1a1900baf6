"""Every statement of the corpus does what its SQL does, on every server, or is refused with a reason."""

import pytest

from querykit.builder.statement import as_statement
from querykit.errors import CompileError
from tests.corpus import STATEMENTS
from tests.corpus.effects import connected, judged, statements
from tests.databases import DATABASES

REFUSED = {"v048", "v049", "v153"}
"""No SQL on any server: inserts of nothing, and a select of nothing with IS NOT beside a parameter."""

NO_SQL = {
    "postgres": REFUSED | {"v144"},  # a collation that the server may not have
    "mysql": REFUSED | {"v055", "v056", "v154"},
    "sqlite": REFUSED | {"v055", "v056", "v154"},
    "mariadb": REFUSED | {"v055", "v056", "v103", "v104", "v105", "v154", "v262"},
}
"""What the server does not understand as the corpus has it; we refuse it, or it fails the same."""

SINCE_POSTGRES_17 = {"v123"}
"""MERGE … RETURNING."""


@pytest.mark.parametrize("number", STATEMENTS)
def test_a_statement_is_written_or_refused(number):
    written = 0
    said = STATEMENTS[number]()
    for dialect in DATABASES:
        of_dialect = said.get(dialect) if isinstance(said, dict) else said
        for each in of_dialect if isinstance(of_dialect, list) else [of_dialect] if of_dialect is not None else []:
            try:
                written += bool(as_statement(each).compile(dialect).sql)
            except CompileError as error:
                assert str(error)  # noqa: PT017 - that it is told why
    assert bool(written) == (number not in REFUSED)


async def refused(name, url):
    """What is refused; everything else does the same, or runs where the corpus's own SQL does not."""
    found = set()
    async with connected(name, url) as server:
        for statement in statements(name):
            outcome, reason = await judged(server, statement)
            assert outcome in ("same", "refused", "ours only"), (outcome, statement, reason)
            if outcome == "refused":
                found.add(statement.id)
    return found


async def test_every_statement_does_what_its_sql_does(database_name, urls):
    wanted = NO_SQL[database_name] | (SINCE_POSTGRES_17 if database_name == "postgres" else set())
    assert await refused(database_name, urls[database_name]) ^ wanted <= SINCE_POSTGRES_17 | {"v144"}


async def test_every_statement_does_what_its_sql_does_on_the_newest_postgres(newest_postgres):
    assert await refused("postgres", newest_postgres) <= NO_SQL["postgres"]
