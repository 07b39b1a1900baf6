"""Rows as objects of a class: every kind of class, nested, on every database; and what is refused at once."""

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple, NotRequired, TypedDict

import attrs
import msgspec
import pydantic
import pytest

from querykit import (
    Column,
    Database,
    Table,
    insert_into,
    json_array_from,
    json_object_from,
    select_from,
    sql,
    table,
)
from querykit.errors import BuildError, DecodeError


class Owner(Table, name="typed_owner"):
    id: Column[int]
    name: Column[str]
    joined: Column[dt.date]


class Animal(Table, name="typed_animal"):
    id: Column[int]
    owner_id: Column[int | None]
    name: Column[str]
    weight: Column[float]
    price: Column[Decimal | None]


owner, animal = Owner(), Animal()


class AnimalStruct(msgspec.Struct):
    name: str
    weight: float
    price: Decimal | None


class NameStruct(msgspec.Struct, frozen=True):
    name: str


class OwnerStruct(msgspec.Struct):
    id: int
    joined: dt.date
    animals: list[AnimalStruct]
    names: list[NameStruct]
    first: NameStruct | None
    note: str = "none"


@dataclass(frozen=True, slots=True)
class AnimalData:
    name: str
    weight: float
    price: Decimal | None


@dataclass
class NameData:
    name: str


@dataclass(kw_only=True)
class OwnerData:
    id: int
    joined: dt.date
    animals: list[AnimalData]
    names: list[NameData]
    first: "NameData | None"
    note: str = "none"
    tags: list[str] = field(default_factory=list)


class AnimalTuple(NamedTuple):
    name: str
    weight: float
    price: Decimal | None


class NameTuple(NamedTuple):
    name: str


class OwnerTuple(NamedTuple):
    id: int
    joined: dt.date
    animals: list[AnimalTuple]
    names: list[NameTuple]
    first: NameTuple | None
    note: str = "none"


class AnimalDict(TypedDict):
    name: str
    weight: float
    price: Decimal | None


class NameDict(TypedDict):
    name: str


class OwnerDict(TypedDict):
    id: int
    joined: dt.date
    animals: list[AnimalDict]
    names: list[NameDict]
    first: NameDict | None
    note: NotRequired[str]


@attrs.frozen
class AnimalAttrs:
    name: str
    weight: float
    price: Decimal | None


@attrs.define
class NameAttrs:
    name: str


@attrs.define
class OwnerAttrs:
    id: int
    joined: dt.date
    animals: list[AnimalAttrs]
    names: list[NameAttrs]
    first: NameAttrs | None
    note: str = "none"


class AnimalModel(pydantic.BaseModel):
    name: str
    weight: float
    price: Decimal | None


class NameModel(pydantic.BaseModel):
    name: str


class OwnerModel(pydantic.BaseModel):
    id: int
    joined: dt.date
    animals: list[AnimalModel]
    names: list[NameModel]
    first: NameModel | None
    note: str = "none"


KINDS = [
    (OwnerStruct, AnimalStruct, NameStruct),
    (OwnerData, AnimalData, NameData),
    (OwnerTuple, AnimalTuple, NameTuple),
    (OwnerDict, AnimalDict, NameDict),
    (OwnerAttrs, AnimalAttrs, NameAttrs),
    (OwnerModel, AnimalModel, NameModel),
]


def owners() -> Any:
    own = select_from(animal).where(animal.owner_id == owner.id).order_by(animal.id)
    return (
        select_from(owner)
        .select(
            owner.id,
            owner.joined,
            json_array_from(own.select(animal.name, animal.weight, animal.price)).as_("animals"),
            json_array_from(own.select(animal.name)).as_("names"),
            json_object_from(own.select(animal.name).limit(1)).as_("first"),
        )
        .order_by(owner.id)
    )


@pytest.fixture
async def pets(db: Database) -> AsyncIterator[Database]:
    """Two owners, one of them with two animals."""
    price = "TEXT" if db.dialect.name == "sqlite" else "NUMERIC(10,2)"
    date = "TEXT" if db.dialect.name == "sqlite" else "DATE"
    await db.execute(sql("DROP TABLE IF EXISTS typed_owner"))
    await db.execute(sql("DROP TABLE IF EXISTS typed_animal"))
    await db.execute(sql.raw(f"CREATE TABLE typed_owner (id INT PRIMARY KEY, name VARCHAR(20), joined {date})"))
    await db.execute(
        sql.raw(
            "CREATE TABLE typed_animal (id INT PRIMARY KEY, owner_id INT, name VARCHAR(20), "
            f"weight DOUBLE PRECISION, price {price})"
        )
    )
    await db.execute(
        insert_into(owner).values(
            {"id": 1, "name": "Ada", "joined": dt.date(2020, 1, 2)},
            {"id": 2, "name": "Bo", "joined": dt.date(2021, 3, 4)},
        )
    )
    await db.execute(
        insert_into(animal).values(
            {"id": 1, "owner_id": 1, "name": "Rex", "weight": 0.1 + 0.2, "price": Decimal("1.10")},
            {"id": 2, "owner_id": 1, "name": "Tom", "weight": 4.0, "price": None},
        )
    )
    yield db
    await db.execute(sql("DROP TABLE typed_owner"))
    await db.execute(sql("DROP TABLE typed_animal"))


@pytest.mark.parametrize(("whole", "part", "name"), KINDS, ids=lambda kind: kind.__name__)
async def test_rows_and_nested_rows_are_objects(pets: Database, whole: Any, part: Any, name: Any) -> None:
    animals = [
        part(name="Rex", weight=0.1 + 0.2, price=Decimal("1.10")),
        part(name="Tom", weight=4.0, price=None),
    ]
    names = [name(name="Rex"), name(name="Tom")]
    assert await pets.fetch_all(owners().rows_as(whole)) == [
        whole(id=1, joined=dt.date(2020, 1, 2), animals=animals, names=names, first=names[0]),
        whole(id=2, joined=dt.date(2021, 3, 4), animals=[], names=[], first=None),
    ]


async def test_rows_of_raw_sql_are_checked_when_they_come(pets: Database) -> None:
    assert await pets.fetch_all(
        sql("SELECT name FROM typed_animal WHERE id = 1").returns_rows(name=str).rows_as(NameData)
    ) == [NameData("Rex")]
    every = table("typed_animal")
    with pytest.raises(BuildError, match="NameData has no field for the column 'id'"):
        await pets.fetch_all(select_from(every).select_all().rows_as(NameData))


async def test_a_null_where_the_field_takes_none(pets: Database) -> None:
    class Priced(msgspec.Struct):
        price: Decimal

    nested = json_array_from(select_from(animal).select(animal.price)).as_("rows")

    @dataclass
    class Rows:
        rows: list[Priced]

    with pytest.raises(DecodeError, match=r"Priced.price takes no None"):
        await pets.fetch_all(select_from(animal).select(animal.price).rows_as(Priced))
    with pytest.raises(DecodeError):
        await pets.fetch_all(select_from(owner).select(nested).rows_as(Rows))


async def test_a_model_that_refuses_a_row_shows_no_value(pets: Database) -> None:
    class Light(pydantic.BaseModel):
        name: str = pydantic.Field(max_length=2)

    with pytest.raises(DecodeError) as caught:
        await pets.fetch_all(select_from(animal).select(animal.name).rows_as(Light))
    assert "name" in str(caught.value)
    assert "Rex" not in str(caught.value)


async def test_a_model_has_aliases_and_its_own_conversions(pets: Database) -> None:
    class Cased(pydantic.BaseModel):
        first_name: str = pydantic.Field(alias="name")
        weight: str

        @pydantic.field_validator("weight", mode="before")
        @classmethod
        def shown(cls, weight: float) -> str:
            return f"{weight:.1f} kg"

    query = select_from(animal).select(animal.name, animal.weight).where(animal.id == 1)
    assert await pets.fetch_one(query.rows_as(Cased)) == Cased(name="Rex", weight=0.3)  # type: ignore[arg-type]


@dataclass
class Missing:
    id: int
    nam: str


@dataclass
class Wrong:
    id: str


@dataclass
class NoList:
    animals: NameData


@dataclass
class NoRow:
    animals: list[str]


@dataclass
class Deep:
    animals: list[Wrong]


@dataclass
class Scalars:
    animals: list[int]


@dataclass
class Unresolved:
    id: "Nowhere"  # type: ignore[name-defined]  # noqa: F821 - that it is nowhere is the test


NAMES = select_from(animal).select(animal.id)


@pytest.mark.parametrize(
    ("query", "row", "message"),
    [
        (
            select_from(owner).select(owner.id, owner.name),
            Missing,
            r"no column fills the field 'nam', did you mean 'name'\?",
        ),
        (select_from(owner).select(owner.id, owner.name), NameData, "NameData has no field for the column 'id'"),
        (select_from(owner).select(owner.id), Wrong, r"rows_as\(Wrong\).id is a str, and its column a int"),
        (select_from(owner).select(json_array_from(NAMES).as_("animals")), NoList, "make the field a list"),
        (select_from(owner).select(json_array_from(NAMES).as_("animals")), NoRow, "its column holds nested rows"),
        (
            select_from(owner).select(json_array_from(NAMES).as_("animals")),
            Deep,
            r"animals.id is a str, and its column a int",
        ),
        (
            select_from(owner).select(
                json_array_from(select_from(animal).select(animal.name).scalars()).as_("animals")
            ),
            Scalars,
            "animals is a int, and its column a str",
        ),
        (select_from(owner).select(owner.id), Unresolved, "name 'Nowhere' is not defined"),
        (select_from(owner).select(owner.id), dict, "rows_as takes a dataclass"),
        (select_from(owner).select(owner.id), int, "rows_as takes a dataclass"),
    ],
)
def test_what_does_not_fit_is_refused_at_once(query: Any, row: Any, message: str) -> None:
    with pytest.raises(BuildError, match=message):
        query.rows_as(row)
