"""Comments on people and on pets in one table: each kind of parent has its own, and each comment its own parent.

python recipes/polymorphic.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import pprint
import sys
from typing import Any

from schema import person, pet, village

from querykit import Column, Database, Expression, Table, json_array_from, json_object_from, select_from, sql


class Comment(Table, name="comment_on"):
    id: Column[int]
    text: Column[str]
    subject: Column[str]
    subject_id: Column[int]


comment = Comment()

COMMENTS = [
    {"id": 1, "text": "She bakes.", "subject": "person", "subject_id": 2},
    {"id": 2, "text": "He bites.", "subject": "pet", "subject_id": 2},
    {"id": 3, "text": "She keeps bees.", "subject": "person", "subject_id": 2},
]


def comments(subject: str, subject_id: Expression[int]) -> Expression[list[Any]]:
    """The comments of one kind of parent: the kind is part of the key."""
    found = (
        select_from(comment).select(comment.text).where(comment.subject == subject, comment.subject_id == subject_id)
    )
    return json_array_from(found.order_by(comment.id)).as_("comments")


def with_parents(db: Database) -> Any:
    """An object for each kind of parent: the one that it is, and None for the others."""
    a_person = select_from(person).select(person.first_name).where(person.id == comment.subject_id)
    a_pet = select_from(pet).select(pet.name, pet.species).where(pet.id == comment.subject_id)
    return (
        db.select_from(comment)
        .select(
            comment.text,
            json_object_from(a_person.where(comment.subject == "person")).as_("person"),
            json_object_from(a_pet.where(comment.subject == "pet")).as_("pet"),
        )
        .order_by(comment.id)
    )


async def main(url: str = "sqlite:///:memory:") -> list[dict[str, Any]]:
    async with village(url) as db:
        columns = "id INT, text VARCHAR(40), subject VARCHAR(10), subject_id INT"
        await db.execute(sql("CREATE TABLE comment_on ({})", sql.raw(columns)))
        await db.insert_into(comment).values(COMMENTS).execute()
        people = db.select_from(person).select(person.first_name, comments("person", person.id)).where(person.id == 2)
        rows: list[dict[str, Any]] = await people.fetch_all() + await with_parents(db).fetch_all()
        await db.execute(sql("DROP TABLE comment_on"))
    pprint.pp(rows, width=110)
    return rows


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
