"""Data access on top of the builder: relations that are declared once. Opt-in, and made of the public names alone.

It is no ORM: rows are plain values, nothing is loaded behind a program's back, and every call is one statement.

>>> from querykit import Column, Table, column, references, select_from
>>> from querykit.access import belongs_to, has_many
>>> class Person(Table, name="person"):
...     id: Column[int] = column(primary_key=True)
...     pets = has_many(lambda: Pet, order_by=lambda pet: pet.name)
>>> class Pet(Table, name="pet"):
...     name: Column[str]
...     owner_id: Column[int] = column(references=references("person"))
...     owner = belongs_to(Person)
>>> person, pet = Person(), Pet()
>>> query = select_from(person).select(person.id, person.pets.include(pet.name, limit=3))  # {"id": …, "pets": [{…}, …]}
>>> query.compile("sqlite").parameters
(3,)
>>> petless = select_from(person).select(person.id).where(person.pets.none())
>>> print(petless.compile("sqlite").sql)  # doctest: +NORMALIZE_WHITESPACE
SELECT "person"."id" FROM "person" WHERE NOT EXISTS
(SELECT "pet"."name" FROM "pet" WHERE "pet"."owner_id" = "person"."id")

Filters come as data from outside:

>>> from querykit.access import parse_filter
>>> vets = parse_filter(person, {"id": {"gte": 18}, "pets": {"some": {"name": {"contains": "an"}}}})
>>> select_from(person).select(person.id).where(vets).compile("sqlite").parameters
(18, '%an%')
"""

from querykit.access.cursor_pages import CursorPage, paginate_cursor
from querykit.access.filter_schema import filter_schema
from querykit.access.filters import parse_filter
from querykit.access.find import find_query
from querykit.access.mapper import AbstractTableMapper, EntireRowTransforms, TableMapper, Transforms
from querykit.access.pages import Page, paginate
from querykit.access.read_repository import ReadRepository
from querykit.access.related import Many, One, Related
from querykit.access.relations import belongs_to, has_many, has_one, many_to_many, relations_of
from querykit.access.repository import Repository, all_rows

__all__ = [
    "AbstractTableMapper",
    "CursorPage",
    "EntireRowTransforms",
    "Many",
    "One",
    "Page",
    "ReadRepository",
    "Related",
    "Repository",
    "TableMapper",
    "Transforms",
    "all_rows",
    "belongs_to",
    "filter_schema",
    "find_query",
    "has_many",
    "has_one",
    "many_to_many",
    "paginate",
    "paginate_cursor",
    "parse_filter",
    "relations_of",
]
