"""How MariaDB spells functions, where it differs from MySQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from querykit.dialects.functions import Lacking
from querykit.dialects.mysql.functions import CASTS
from querykit.dialects.mysql.functions import FUNCTIONS as MYSQL_FUNCTIONS

if TYPE_CHECKING:
    from querykit.dialects.functions import Spelling

__all__ = ["CASTS", "FUNCTIONS"]

FUNCTIONS: dict[str | tuple[str, str], Spelling] = {
    **MYSQL_FUNCTIONS,
    "LAG_DEFAULT": Lacking("LAG with a default", "coalesce(fn.lag(x).over(…), default), if x is never NULL"),
    "LEAD_DEFAULT": Lacking("LEAD with a default", "coalesce(fn.lead(x).over(…), default), if x is never NULL"),
    "GROUPING": Lacking("GROUPING", "test the columns of the rollup for NULL"),
}
# of integers they have four digits, of floats all
for _name in ("STDDEV_SAMP", "STDDEV_POP", "VAR_SAMP", "VAR_POP"):
    FUNCTIONS[_name] = f"{_name}({{distinct}}{{0:o}} * 1e0)"
