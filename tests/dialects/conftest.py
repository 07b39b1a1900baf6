"""These tests read the rows of `tests.sample`."""

import pytest

from querykit import Database


@pytest.fixture
def db(db: Database, sample_tables: None) -> Database:
    """A connected database in which the sample tables stand."""
    return db
