"""Expected SQL of what plugins make of a query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from querykit.builder.compiled import dialect_named
from querykit.builder.operands import Parameter
from querykit.builder.statement import as_statement
from querykit.plugins.chain import PluginChain
from tests.databases import DATABASES
from tests.expected import Expected


def filtered_to(plugins: Any, query: Any, expected: Mapping[str, Expected], *, parameters: bool = True) -> None:
    """Let a query through plugins for every dialect, and compare with what is expected of each.

    A parameter whose value comes later stands as its name. Without `parameters`, the text alone is compared.
    """
    __tracebackhide__ = True
    assert set(expected) == set(DATABASES), "the table names every dialect"
    chain = PluginChain(plugins if isinstance(plugins, list) else [plugins])
    for dialect, wanted in expected.items():
        error = wanted if isinstance(wanted, type) else wanted[0]
        if isinstance(error, type):
            with pytest.raises(error) as caught:
                _compiled(chain, query, dialect)
            assert isinstance(wanted, type) or str(wanted[1]) in str(caught.value), dialect
            continue
        text, values = (wanted, ()) if isinstance(wanted, str) else wanted
        compiled = _compiled(chain, query, dialect)
        assert compiled.sql == text, dialect
        if parameters:
            names = tuple([each.name if isinstance(each, Parameter) else each for each in compiled.parameters])
            assert names == values, dialect


def _compiled(chain: PluginChain, query: Any, dialect: str) -> Any:
    return chain.prepare(as_statement(query), dialect_named(dialect)).statement.compile(dialect)  # type: ignore[arg-type]
