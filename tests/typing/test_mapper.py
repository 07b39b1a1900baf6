"""What type checkers see of a mapper: mypy --strict and pyright strict read this file; only its last function is run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_type

from querykit import Column, Database, Table, column
from querykit.access import AbstractTableMapper, EntireRowTransforms, TableMapper, Transforms, all_rows
from querykit.access.mapper import CompiledDelete, CompiledInsert, CompiledSelect, CompiledUpdate


class PersonTable(Table, name="person"):
    id: Column[int] = column(primary_key=True)
    name: Column[str]


@dataclass
class Person:
    id: int
    name: str


@dataclass
class NewPerson:
    name: str


person = PersonTable()


def to_row(new: NewPerson, columns: tuple[str, ...]) -> dict[str, Any]:
    return {"name": new.name}


async def rows(db: Database) -> None:
    people = TableMapper(db, person)
    assert_type(await people.select().return_all(), list[dict[str, Any]])
    assert_type(await people.select(7).return_one(), dict[str, Any] | None)
    assert_type(await people.select({"name": "Ada"}).one(), dict[str, Any])
    assert_type(await people.select("id", ">", 7).return_one(), dict[str, Any] | None)
    assert_type(await people.select(lambda person: person.name == "Ada").return_one(), dict[str, Any] | None)
    assert_type(await people.insert().run({"name": "Ada"}), bool)
    assert_type(await people.insert().return_one({"name": "Ada"}), dict[str, Any])
    assert_type(await people.update(all_rows()).return_count({"name": "Ada"}), int)
    assert_type(await people.update(7).return_one({"name": "Ada"}), dict[str, Any] | None)
    assert_type(await people.delete(7).run(), bool)
    assert_type(await people.delete(7).return_count(), int)
    entire = people.with_transforms(EntireRowTransforms(["id"]))
    assert_type(await entire.insert().return_one({"name": "Ada"}), dict[str, Any])


async def objects(db: Database) -> None:
    people = TableMapper(db, person).with_transforms(
        Transforms(
            select=lambda row: Person(row["id"], row["name"]),
            insert=to_row,
            insert_return=lambda new, row: Person(row["id"], new.name),
            count=str,
        )
    )
    assert_type(await people.select().return_all(), list[Person])
    assert_type(await people.select().columns(["id"]).return_all(), list[dict[str, Any]])
    assert_type(await people.insert().return_one(NewPerson("Ada")), Person)
    assert_type(await people.insert().return_all([NewPerson("Ada")]), list[Person])
    assert_type(await people.update(7).return_count({"name": "Ada"}), str)
    assert_type(await people.delete(7).return_count(), str)
    async with db.transaction() as trx:
        assert_type(await people.for_transaction(trx).select(7).one(), Person)
        assert_type(await people.for_transaction(trx.with_context(tenant=7)).select(7).one(), Person)

    find = people.parameterize(lambda people, param: people.select({"name": param("name")}))
    assert_type(find, CompiledSelect[Person])
    assert_type(await find.return_one(name="Ada"), Person | None)
    add = people.insert().columns(["name"]).compile()
    assert_type(add, CompiledInsert[NewPerson, Person])
    rename = people.parameterize(lambda people, param: people.update(param("id")).columns(["name"]))
    assert_type(rename, CompiledUpdate[Mapping[str, Any], dict[str, Any], str])
    assert_type(people.delete(7).compile(), CompiledDelete[str])


class PersonMapper(AbstractTableMapper[PersonTable, Person, NewPerson, int]):
    def select_transform(self, row: dict[str, Any]) -> Person:
        return Person(row["id"], row["name"])

    def insert_transform(self, source: NewPerson, columns: tuple[str, ...]) -> dict[str, Any]:
        return {"name": source.name}

    def insert_return_transform(self, source: NewPerson, returns: dict[str, Any]) -> int:
        return int(returns["id"])


async def ones_own(db: Database) -> None:
    people = PersonMapper(db, person)
    assert_type(await people.select().return_all(), list[Person])
    assert_type(await people.insert().return_one(NewPerson("Ada")), int)
    assert_type(await people.update(7).return_one({"name": "Ada"}), dict[str, Any] | None)
    assert_type(await people.delete(7).return_count(), int)


def refused(db: Database) -> None:
    """Each line is an error to both checkers: were it none, the ignore would be one."""
    people = TableMapper(db, person)
    people.select(None)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    people.select([7])  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    people.update()  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    people.delete()  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    people.select("id", "~", 7)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    people.insert().compile()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


def test_the_file_is_read_by_the_checkers() -> None:
    assert [each.__name__ for each in (rows, objects, ones_own, refused)]
