"""These tests read the rows of `tests.sample`, which are put back after those that write."""

import pytest

from querykit import Database


@pytest.fixture
def db(db: Database, sample_tables: None) -> Database:
    """A connected database in which the sample tables stand."""
    return db
