"""What differs between the servers that speak MySQL's protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from querykit.dialects.mysql import dialect

if TYPE_CHECKING:
    from querykit.dialects.base import Dialect

SQL_MODE = (
    "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
)
"""Fixed, because values stand in the text: under NO_BACKSLASH_ESCAPES or ANSI_QUOTES it would read differently."""

SESSION = {
    "sql_mode": f"'{SQL_MODE}'",
    "time_zone": "'+00:00'",
    "autocommit": "1",
    # GROUP_CONCAT, and MariaDB's JSON_ARRAYAGG, are cut there, on MySQL after 1,024 bytes if nobody says otherwise.
    # Not 1 GiB: where max_allowed_packet is that too, MariaDB 10.11 loses the ends of lists in lists.
    # Source: https://dev.mysql.com/doc/refman/8.4/en/aggregate-functions.html#function_group-concat
    # Source: https://mariadb.com/docs/server/reference/sql-functions/special-functions/json-functions/json_arrayagg
    "group_concat_max_len": "1073740800",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Server:
    """A kind of server.

    Attributes:
        dialect: What it speaks.
        product: Its name, for people.
        minimum: The first version that nests rows as we need it.
        session: The session variables that are set on every connection, as SQL.
    """

    dialect: Dialect
    product: str
    minimum: tuple[int, ...]
    session: dict[str, str]

    @property
    def set_up(self) -> str:
        """The statement that sets a session up. The character set is a matter of safety, see `SQL_MODE`."""
        return "SET NAMES utf8mb4, " + ", ".join([f"{name} = {value}" for name, value in self.session.items()])


MYSQL = Server(dialect=dialect, product="MySQL", minimum=(8, 0, 14), session=SESSION)
