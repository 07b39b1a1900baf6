"""`docs/coverage.md` leaves out no row of what was read of other libraries, and the tests that it names are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "coverage.md"
ROWS = {
    "KM": range(1, 49),
    "WKM": range(1, 15),
    "KY": range(134, 152),
    "WKY": (26, 27),
    "KS": (*range(70, 93), *range(113, 118)),
    "WKS": (*range(11, 17), *range(19, 23), 24),
    "IG": range(1, 38),
    "WIG": range(1, 14),
    "HD": range(1, 41),
    "WHD": range(1, 20),
}
"""The numbers of the rows, by library."""
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


@pytest.mark.parametrize("library", ROWS)
def test_no_row_is_left_out(library):
    told = re.findall(rf"^\| {library}-(\d+) \|(.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(int(number) for number, _ in told) == list(ROWS[library])
    for number, line in told:
        assert NAMED.search(line) or re.search(r"not built.*\buse\b", line, re.IGNORECASE), f"{library}-{number}"


def test_the_tests_that_it_names_are_there():
    named = set(NAMED.findall(PAGE.read_text(encoding="utf-8")))
    assert len(named) > 30
    for path, name in named:
        assert f"def {name}(" in (TESTS / path).read_text(encoding="utf-8"), f"{path}::{name}"
