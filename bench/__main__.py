"""Every bench, one after the other: ``python -m bench``."""

from __future__ import annotations

import sys

from bench import compile as compiling
from bench import nested, wide

BENCHES = (compiling, wide, nested)

reached = [bench.main() for bench in BENCHES]
sys.exit(not all(reached))
