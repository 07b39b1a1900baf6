"""Statements that such builders are expected to express, by their numbers, said with querykit.

`effects.py` runs them beside the SQL that they are to mean, for the tests and for `python -m bench.corpus`.
"""

from tests.corpus import aggregates, clauses, joins, json_and_raw, merges, plugins, schemas, selects, writes
from tests.corpus.tables import Spelled

STATEMENTS: dict[str, Spelled] = {
    number: spelled
    for area in (aggregates, clauses, joins, json_and_raw, merges, plugins, schemas, selects, writes)
    for number, spelled in area.STATEMENTS.items()
}

__all__ = ["STATEMENTS", "Spelled"]
