"""Tables of every kind of type, key and index, of which a database is made and read back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from querykit import AwareDatetime, Column, Json, Table, column, fn, references
from querykit.schema import (
    Binary,
    Char,
    Enumeration,
    Integer,
    Numeric,
    Real,
    SmallInt,
    Varchar,
    check,
    foreign_key,
    index,
    primary_key,
    unique,
)


class Mood(Enum):
    CALM = "calm"
    WILD = "it's wild"


class Keeper(Table, name="keeper"):
    id: Column[int] = column(primary_key=True, identity=True)
    name: Column[str] = column(type=Varchar(50), unique=True, default='it\'s \\ "q" {x} %s')
    boss_id: Column[int | None] = column(references=references("keeper", on_delete="set null"), index=True)
    is_here: Column[bool] = column(default=True)
    level: Column[int] = column(type=SmallInt, default=-3)
    age: Column[int | None] = column(type=Integer)
    weight: Column[float] = column(type=Real)
    height: Column[float] = column(default=1.5)
    pay: Column[Decimal] = column(type=Numeric(10, 2), default=Decimal("9.90"))
    about: Column[str | None]
    code: Column[str] = column(type=Char(3), comment='its "code"; it\'s short')
    photo: Column[bytes | None]
    hash: Column[bytes] = column(type=Binary(16))
    born: Column[dt.date] = column(default=dt.date(2020, 1, 2))
    rises: Column[dt.time]
    hired: Column[dt.datetime]
    seen: Column[AwareDatetime] = column(default=fn.now())
    nap: Column[dt.timedelta]
    badge: Column[UUID]
    profile: Column[Json]
    scores: Column[list[int]]
    mood: Column[Mood] = column(type=Enumeration("calm", "it's wild", name="mood"), default=Mood.CALM)
    shout: Column[str | None] = column(type=Varchar(100), generated=lambda keeper: fn.upper(keeper.name))

    def _constraints(self) -> list[Any]:
        return [
            unique(self.code, self.level),
            check(self.level > -10, name="level_is_low"),
            check(self.name.isin(["a", "b", "a name that makes the condition longer than a line of the module"])),
            index(self.level, self.age.desc()),
            index(self.age, name="by_age"),
        ]


class Cage(Table, name="cage"):
    house: Column[int]
    number: Column[int]
    keeper_id: Column[int] = column(references=references("keeper", on_delete="cascade"))
    deputy_id: Column[int | None] = column(references=references("keeper"))

    def _constraints(self) -> list[Any]:
        return [primary_key(self.number, self.house)]


class Animal(Table, name="animal"):
    id: Column[int] = column(primary_key=True, identity=True)
    house: Column[int | None]
    number: Column[int | None]

    def _constraints(self) -> list[Any]:
        return [
            foreign_key(self.number, self.house, table="cage", keys=["number", "house"], name="lives_in"),
            unique(self.house, self.number, name="one_each"),
        ]


class Fed(Table, name="fed"):
    keeper_id: Column[int] = column(primary_key=True, references=references("keeper", on_delete="cascade"))
    animal_id: Column[int] = column(primary_key=True, references=references("animal", on_delete="cascade"))


class Passport(Table, name="passport"):
    animal_id: Column[int] = column(primary_key=True, references=references("animal"))
    number: Column[str] = column(type=Varchar(20))


TABLES = [Keeper(), Cage(), Animal(), Fed(), Passport()]
