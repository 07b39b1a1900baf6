"""Books and their authors, by a table between the two: nested from either side, with what that table knows.

python recipes/many_to_many.py [URL]     (without a URL: SQLite in memory)
"""

import asyncio
import pprint
import sys
from typing import Any

from querykit import Column, Database, Table, json_array_from, select_from, sql


class Book(Table, name="book"):
    id: Column[int]
    title: Column[str]


class Author(Table, name="author"):
    id: Column[int]
    name: Column[str]


class Authorship(Table, name="authorship"):
    book_id: Column[int]
    author_id: Column[int]
    share: Column[int]


book, author, authorship = Book(), Author(), Authorship()


def books(db: Database) -> Any:
    """The join stands inside the helper, so that a book without authors stays."""
    authors = (
        select_from(author)
        .inner_join(authorship, authorship.author_id == author.id)
        .select(author.name, authorship.share)
        .where(authorship.book_id == book.id)
        .order_by(authorship.share.desc(), author.name)
    )
    return db.select_from(book).select(book.title, json_array_from(authors).as_("authors")).order_by(book.id)


def authors(db: Database) -> Any:
    """From the other side, as a list of plain values."""
    titles = (
        select_from(book)
        .inner_join(authorship, authorship.book_id == book.id)
        .select(book.title)
        .where(authorship.author_id == author.id)
        .order_by(book.title)
    )
    return (
        db.select_from(author).select(author.name, json_array_from(titles.scalars()).as_("titles")).order_by(author.id)
    )


async def main(url: str = "sqlite:///:memory:") -> list[dict[str, Any]]:
    async with Database(url) as db:
        for made in ("book (id INT, title VARCHAR(40))", "author (id INT, name VARCHAR(40))"):
            await db.execute(sql("CREATE TABLE {}", sql.raw(made)))
        await db.execute(sql("CREATE TABLE authorship (book_id INT, author_id INT, share INT)"))
        await db.insert_into(book).values({"id": 1, "title": "Gardens"}, {"id": 2, "title": "Bees"}).execute()
        await db.insert_into(author).values({"id": 1, "name": "Agnes"}, {"id": 2, "name": "Casimir"}).execute()
        await (
            db.insert_into(authorship).columns("book_id", "author_id", "share").values((1, 1, 40), (1, 2, 60)).execute()
        )
        rows: list[dict[str, Any]] = await books(db).fetch_all() + await authors(db).fetch_all()
        for name in ("authorship", "author", "book"):
            await db.execute(sql("DROP TABLE {}", sql.id(name)))
    pprint.pp(rows, width=110)
    return rows


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
