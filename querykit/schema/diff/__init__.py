"""Declared tables beside a database: what is different, and what makes it equal."""

from querykit.schema.diff.compare import Difference, compare
from querykit.schema.diff.diff import Synced, diff, differ, sync
from querykit.schema.diff.plan import Change, Plan
from querykit.schema.diff.rebuilding import run_with_rebuilds

__all__ = ["Change", "Difference", "Plan", "Synced", "compare", "diff", "differ", "run_with_rebuilds", "sync"]
