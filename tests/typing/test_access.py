"""What type checkers see of data access: mypy --strict and pyright strict read this file; only its last function is run."""

from typing import Any, NamedTuple, assert_type

from querykit import Column, Condition, Database, Expression, Table, column
from querykit.access import (
    CursorPage,
    Many,
    One,
    Page,
    ReadRepository,
    Repository,
    belongs_to,
    filter_schema,
    has_many,
    paginate,
    paginate_cursor,
    parse_filter,
)


class PersonTable(Table, name="person"):
    id: Column[int] = column(primary_key=True)
    name: Column[str]

    pets = has_many(lambda: PetTable, by="owner_id", order_by=lambda pet: pet.name)


class PetTable(Table, name="pet"):
    id: Column[int] = column(primary_key=True)
    name: Column[str]
    owner_id: Column[int]

    owner = belongs_to(PersonTable, by="owner_id")


class Named(NamedTuple):
    id: int
    name: str


person, pet = PersonTable(), PetTable()


def relations() -> None:
    assert_type(person.pets, Many[PetTable])
    assert_type(pet.owner, One[PersonTable])
    assert_type(person.pets.table.name, Column[str])
    assert_type(person.pets.any(pet.name == "Rex"), Condition)
    assert_type(person.pets.count(), Expression[int])
    assert_type(pet.owner.value(person.name), Expression[str])
    assert_type(person.pets.include(pet.name, limit=3), Expression[list[Any]])


async def data(db: Database) -> None:
    people = Repository(db, person)
    assert_type(await people.find(where={"name": "Ada"}), list[dict[str, Any]])
    assert_type(await people.find_deleted(columns=["id"], limit=3), list[dict[str, Any]])
    assert_type(await people.find_by_id(7), dict[str, Any] | None)
    assert_type(await people.insert({"name": "Ada"}), dict[str, Any])
    assert_type(await people.update({"id": 7}, {"name": "Ada"}), int)
    assert_type(people.using(db), Repository)
    assert_type(parse_filter(person, {"id": 7}), Condition)
    assert_type(filter_schema(person), dict[str, Any])
    assert_type(await paginate(people.find_query(order_by="id"), limit=3, db=db), Page[Any])
    assert_type(
        await paginate_cursor(people.find_query(), order_by=[person.id], limit=3, secret="s", db=db), CursorPage[Any]
    )
    names = db.select_from(person).select(person.id, person.name)
    assert_type(await paginate(names.order_by(person.id), limit=3), Page[dict[str, Any]])
    assert_type(await paginate_cursor(names, order_by=[person.id], limit=3, secret="s"), CursorPage[dict[str, Any]])
    assert_type(
        await paginate_cursor(names.rows_as(Named), order_by=[person.id], limit=3, secret="s"), CursorPage[Named]
    )


async def refused(db: Database) -> None:
    """Each line is an error to both checkers: were it none, the ignore would be one."""
    people = ReadRepository(db, person)
    await people.insert({"name": "Ada"})  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    await people.find_deleted(colums=["id"])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await people.find(limit="3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_the_file_is_read_by_the_checkers() -> None:
    assert [each.__name__ for each in (relations, data, refused)]
