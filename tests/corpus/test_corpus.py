"""Every statement of the corpus is written, or refused with a reason; `bench/corpus.py` compares what they do."""

import pytest

from querykit.builder.statement import as_statement
from querykit.errors import CompileError
from tests.corpus import STATEMENTS
from tests.databases import DATABASES

REFUSED = {"v048", "v049", "v153"}
"""No SQL on any server: inserts of nothing, and a select of nothing with IS NOT beside a parameter."""


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
