"""A tree: who descends from whom, by a recursive CTE, and then nested, a family for each mother.

python recipes/tree.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import pprint
import sys
from typing import Any

from schema import person, village

from querykit import Database, Expression, json_array_from, recursive_cte, select_from, value

child, grandchild = person.as_("child"), person.as_("grandchild")


def descendants(db: Database, ancestor: int) -> Any:
    """Everybody below somebody, however deep, with the depth."""
    first = select_from(person).select(person.id, person.first_name, value(0).as_("depth")).where(person.id == ancestor)

    def next_ones(found: Any) -> Any:
        return (
            select_from(child)
            .inner_join(found, child.mother_id == found.id)
            .select(child.id, child.first_name, found.depth + 1)
        )

    family = recursive_cte("family", first, next_ones)
    return (
        db.with_recursive(family)
        .select_from(family)
        .select(family.first_name, family.depth)
        .order_by(family.depth, family.id)
    )


def children(of: Any, called: Any, *more: Expression[Any]) -> Expression[list[Any]]:
    """The children of one generation; a table that meets itself needs a name for each meeting."""
    found = select_from(called).select(called.first_name, *more).where(called.mother_id == of.id)
    return json_array_from(found.order_by(called.id)).as_("children")


def families(db: Database) -> Any:
    """A known number of generations needs no recursion: each is nested in the one before."""
    below = children(person, child, children(child, grandchild))
    return db.select_from(person).select(person.first_name, below).where(person.mother_id.is_null())


async def main(url: str = "sqlite:///:memory:") -> list[dict[str, Any]]:
    async with village(url) as db:
        rows: list[dict[str, Any]] = await descendants(db, 1).fetch_all() + await families(db).fetch_all()
    pprint.pp(rows, width=110)
    return rows


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
