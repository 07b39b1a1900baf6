"""The matrix has no test for a column that a database does not have."""

import pytest

from tests.exactness.cases import Case


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    missing = [each for each in items if _is_missing(each)]
    config.hook.pytest_deselected(items=missing)
    items[:] = [each for each in items if each not in missing]


def _is_missing(item: pytest.Item) -> bool:
    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    case = parameters.get("case")
    return isinstance(case, Case) and parameters["database_name"] not in case.columns
