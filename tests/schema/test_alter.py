"""Tables that are there are altered, with rows in them, by every database or refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from querykit import (
    BuildError,
    CheckViolationError,
    Column,
    IntegrityError,
    NotNullViolationError,
    Table,
    UniqueViolationError,
    UnsupportedError,
    column,
    fn,
    references,
    sql,
    table,
)
from querykit.schema import (
    BigInt,
    Varchar,
    alter_table,
    check,
    create_index,
    create_schema,
    create_tables,
    drop_schema,
    drop_table,
    drop_tables,
    foreign_key,
    index,
    primary_key,
    unique,
)
from querykit.schema.introspection import introspect
from tests.databases import DATABASES


class House(Table, name="alter_house"):
    id: Column[int] = column(primary_key=True, identity=True)
    name: Column[str] = column(type=Varchar(20))


class Guest(Table, name="alter_guest"):
    id: Column[int] = column(primary_key=True, identity=True)
    name: Column[str] = column(type=Varchar(20), comment="it's")
    age: Column[int | None] = column(default=7)
    code: Column[str | None] = column(type=Varchar(10))
    house_id: Column[int | None] = column(references=references("alter_house", on_delete="cascade"))

    def _constraints(self) -> list[Any]:
        return [check(self.age > 0, name="old_enough"), index(self.code, name="by_code")]


class Later(Guest, name="alter_guest"):
    """The same table as it will be."""

    nick: Column[str] = column(type=Varchar(20), default="it's \\ new", unique=True)
    seen: Column[int | None] = column(check=lambda later: later.seen > 1)
    level: Column[int] = column(name="theLevel", default=1, index=True, comment="how 'high'")
    boss_id: Column[int | None] = column(references=references("alter_guest"))
    shout: Column[str | None] = column(type=Varchar(20), generated=lambda later: fn.upper(later.code))


house, guest, later = House(), Guest(), Later()
people = table("alter_guest")


@pytest.fixture
async def hotel(db):
    await drop_table(table("alter_people"), if_exists=True).run(db)
    await drop_tables(guest, house, if_exists=True).run(db)
    await create_tables(guest, house).run(db)
    await db.insert_into(house).values(name="Inn").execute()
    await (
        db.insert_into(guest)
        .values({"id": 3, "name": "Ada", "age": 36, "code": "12", "house_id": 1}, {"id": 7, "name": "Bob", "code": "7"})
        .execute()
    )
    yield db
    await drop_table(table("alter_people"), if_exists=True).run(db)
    await drop_tables(guest, house, if_exists=True).run(db)


def on(dialect: str, **answers: Any) -> Any:
    """What is expected of a dialect: its own answer, or that of all others."""
    return answers.get(dialect, answers["others"])


async def test_columns_are_added_with_what_they_declare(hotel):
    unlike_nicks = later.seen
    await alter_table(later).add_column(unlike_nicks).add_column(later.level).add_column(later.boss_id).run(hotel)
    await alter_table(later).add_column(later.shout).run(hotel)
    rows = (
        await hotel.select_from(later)
        .select(later.id, later.level, later.seen, later.shout)
        .order_by(later.id)
        .fetch_all()
    )
    assert rows == [
        {"id": 3, "level": 1, "seen": None, "shout": "12"},
        {"id": 7, "level": 1, "seen": None, "shout": "7"},
    ]
    found = (await introspect(hotel)).table(guest._name)
    assert [each.name for each in found.columns][-4:] == ["seen", "theLevel", "boss_id", "shout"]
    assert {each.columns for each in found.indexes} >= {("code",), ("theLevel",)}
    assert {(each.columns, each.table) for each in found.foreign_keys} == {
        (("house_id",), "alter_house"),
        (("boss_id",), "alter_guest"),
    }
    with pytest.raises(CheckViolationError):
        await hotel.update(later).set(seen=1).all_rows().execute()
    with pytest.raises(IntegrityError):
        await hotel.update(later).set(boss_id=99).all_rows().execute()


async def test_a_unique_column_holds_its_rows_to_it(hotel):
    await hotel.delete_from(guest).where(guest.id == 7).execute()
    await alter_table(later).add_column(later.nick).run(hotel)
    assert await hotel.select_from(later).select(later.nick).fetch_column() == ["it's \\ new"]
    with pytest.raises(UniqueViolationError):
        await hotel.insert_into(later).values(name="Cy").execute()


async def test_columns_go_with_their_indexes_and_keys(hotel):
    await alter_table(guest).drop_column(guest.code).run(hotel)
    if hotel.dialect.name in ("mysql", "mariadb"):  # which let no column go that a key is on
        await alter_table(guest).drop("alter_guest_house_id_fkey").run(hotel)
    await alter_table(guest).drop_column("house_id").run(hotel)
    found = (await introspect(hotel)).table(guest._name)
    assert [each.name for each in found.columns] == ["id", "name", "age"]
    assert (found.indexes, found.foreign_keys) == ((), ())
    rows = await hotel.select_from(guest).select(guest.id, guest.name).order_by(guest.id).fetch_all()
    assert rows == [{"id": 3, "name": "Ada"}, {"id": 7, "name": "Bob"}]


async def test_names_change(hotel):
    if hotel.dialect.name == "mysql":  # which renames no column that a check reads
        await alter_table(guest).drop("old_enough").run(hotel)
    await alter_table(guest).rename_column(guest.age, 'a"g`e').rename_to("alter_people").run(hotel)
    other = table("alter_people")
    assert await hotel.select_from(other).select(other['a"g`e']).where(other.id == 3).fetch_value() == 36
    if hotel.dialect.name != "mysql":
        with pytest.raises(CheckViolationError):
            await hotel.update(other).set({'a"g`e': -1}).all_rows().execute()
    await alter_table(other).rename_to("alter_guest").rename_column('a"g`e', "age").run(hotel)
    assert await hotel.select_from(guest).select(guest.age).where(guest.id == 3).fetch_value() == 36


async def test_types_defaults_and_nullability_change(hotel):
    change = alter_table(guest).set_type("name", Varchar(30)).set_default(guest.name, "Eve's").drop_default(guest.age)
    await change.drop_not_null(guest.name).run(hotel)
    await hotel.insert_into(guest).values(id=8).execute()
    await hotel.insert_into(guest).values(id=9, name=None).execute()
    rows = (
        await hotel.select_from(guest).select(guest.name, guest.age).where(guest.id > 7).order_by(guest.id).fetch_all()
    )
    assert rows == [{"name": "Eve's", "age": None}, {"name": None, "age": None}]
    await hotel.delete_from(guest).where(guest.id > 7).execute()
    await alter_table(guest).set_not_null(guest.name).set_default(guest.age).run(hotel)
    with pytest.raises(NotNullViolationError):
        await hotel.insert_into(guest).values(id=9, name=None).execute()
    await hotel.insert_into(guest).values(id=10, name="Cy").execute()
    assert await hotel.select_from(guest).select(guest.age).where(guest.id == 10).fetch_value() == 7
    found = (await introspect(hotel)).table(guest._name)
    assert found.column("name").comment == on(hotel.dialect.name, sqlite=None, others="it's")


@pytest.mark.databases("postgres", "sqlite")
async def test_a_type_changes_by_an_expression(hotel):
    await alter_table(guest).set_type(guest.code, BigInt, using=sql("CAST({} AS BIGINT) + 1", guest.code)).run(hotel)
    assert await hotel.fetch_column(sql("SELECT code FROM alter_guest ORDER BY id")) == [13, 8]
    assert [each.name for each in (await introspect(hotel)).table(guest._name).indexes] == ["by_code"]


async def test_constraints_come_and_go(hotel):
    one_name, adult = unique(guest.name, name="one_name"), check(guest.age < 150, name="not_too_old")
    await alter_table(guest).add(one_name).add(adult).drop("old_enough").run(hotel)
    with pytest.raises(UniqueViolationError):
        await hotel.insert_into(guest).values(name="Ada").execute()
    with pytest.raises(CheckViolationError):
        await hotel.insert_into(guest).values(name="Cy", age=200).execute()
    await hotel.insert_into(guest).values(id=20, name="Cy", age=-1).execute()
    await alter_table(guest).drop(one_name).drop(adult).run(hotel)
    await hotel.insert_into(guest).values(id=21, name="Ada", age=200).execute()
    own = foreign_key(guest.age, table="alter_house", keys=["id"], name="age_is_house")
    with pytest.raises(IntegrityError):
        await alter_table(guest).add(own).run(hotel)
    await hotel.update(guest).set(age=1).all_rows().execute()
    await alter_table(guest).add(own).run(hotel)
    assert {each.name for each in (await introspect(hotel)).table(guest._name).foreign_keys} >= {"age_is_house"}
    await alter_table(guest).drop(own).run(hotel)


class Loose(Table, name="alter_loose"):
    a: Column[int]
    b: Column[int]


async def test_primary_keys_come_and_go(db):
    loose = Loose()
    await drop_table(loose, if_exists=True).run(db)
    await create_tables(loose).run(db)
    await db.insert_into(loose).values({"a": 1, "b": 1}, {"a": 1, "b": 2}).execute()
    await alter_table(loose).add(primary_key(loose.a, loose.b)).run(db)
    assert (await introspect(db)).table("alter_loose").primary_key == ("a", "b")
    with pytest.raises(UniqueViolationError):
        await db.insert_into(loose).values(a=1, b=2).execute()
    await alter_table(loose).drop(primary_key(loose.a, loose.b)).run(db)
    await db.insert_into(loose).values(a=1, b=2).execute()
    assert await db.select_from(loose).select(fn.count()).fetch_value() == 3
    await drop_table(loose).run(db)


@pytest.mark.databases("postgres")
async def test_constraints_are_validated_later(hotel):
    adult = check(guest.age >= 18, name="adult")
    change = alter_table(guest).add(adult, not_valid=True)
    assert change.sql("postgres") == ['ALTER TABLE "alter_guest" ADD CONSTRAINT "adult" CHECK ("age" >= 18) NOT VALID']
    await change.run(hotel)
    with pytest.raises(CheckViolationError):
        await alter_table(guest).validate(adult).run(hotel)
    await hotel.delete_from(guest).where(guest.id == 7).execute()
    await alter_table(guest).validate("adult").run(hotel)


@pytest.mark.databases("postgres", "sqlite")
async def test_constraints_get_other_names(hotel):
    await alter_table(guest).rename_constraint("old_enough", "grown up").run(hotel)
    assert [each.name for each in (await introspect(hotel)).table(guest._name).checks] == ["grown up"]


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_tables_move_to_other_schemas(hotel):
    await create_schema("alter_elsewhere", if_not_exists=True).run(hotel)
    await alter_table(guest).set_schema("alter_elsewhere").run(hotel)
    moved = table("alter_guest", schema="alter_elsewhere")
    assert await hotel.select_from(moved).select(fn.count()).fetch_value() == 2
    await drop_table(moved).run(hotel)
    await drop_schema("alter_elsewhere").run(hotel)


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_descriptions_change(hotel):
    await alter_table(guest).comment("it's \\ here").comment_column(guest.age, "years; it's '\\'").run(hotel)
    found = (await introspect(hotel)).table(guest._name)
    assert (found.comment, found.column("age").comment) == ("it's \\ here", "years; it's '\\'")
    assert "7" in found.column("age").default
    await alter_table(guest).comment("").comment_column(guest.age, "").run(hotel)
    found = (await introspect(hotel)).table(guest._name)
    assert (found.comment, found.column("age").comment) == (None, None)


def test_the_sql_of_alterations():
    change = (
        alter_table(guest)
        .add_column(guest.age)
        .set_type(guest.name, Varchar(9))
        .drop_not_null(guest.name)
        .set_default("age", 1)
        .drop("old_enough")
        .rename_column("code", "sign")
        .drop_column("sign")
        .rename_to("other")
        .add(unique(guest.name))
    )
    assert change.sql("postgres") == [
        'ALTER TABLE "alter_guest" ADD COLUMN "age" BIGINT DEFAULT (7), ALTER COLUMN "name" TYPE VARCHAR(9), '
        'ALTER COLUMN "name" DROP NOT NULL, ALTER COLUMN "age" SET DEFAULT (1), DROP CONSTRAINT "old_enough"',
        'ALTER TABLE "alter_guest" RENAME COLUMN "code" TO "sign"',
        'ALTER TABLE "alter_guest" DROP COLUMN "sign"',
        'ALTER TABLE "alter_guest" RENAME TO "other"',
        'ALTER TABLE "other" ADD CONSTRAINT "alter_guest_name_key" UNIQUE ("name")',
    ]
    assert change.sql("mysql") == [
        "ALTER TABLE `alter_guest` ADD COLUMN `age` BIGINT DEFAULT (7), MODIFY COLUMN `name` VARCHAR(9) COMMENT 'it''s', "
        "ALTER COLUMN `age` SET DEFAULT (1), DROP CONSTRAINT `old_enough`",
        "ALTER TABLE `alter_guest` RENAME COLUMN `code` TO `sign`",
        "ALTER TABLE `alter_guest` DROP COLUMN `sign`",
        "ALTER TABLE `alter_guest` RENAME TO `other`",
        "ALTER TABLE `other` ADD CONSTRAINT `alter_guest_name_key` UNIQUE (`name`)",
    ]
    assert change.sql("mariadb") == change.sql("mysql")
    with pytest.raises(UnsupportedError, match="statements"):
        change.sql("sqlite")
    simple = alter_table(later).add_column(later.level).rename_column("code", "sign")
    assert simple.sql("sqlite") == [
        'ALTER TABLE "alter_guest" ADD COLUMN "theLevel" INTEGER NOT NULL DEFAULT (1) /* how \'high\' */',
        'CREATE INDEX "alter_guest_theLevel_idx" ON "alter_guest" ("theLevel")',
        'ALTER TABLE "alter_guest" RENAME COLUMN "code" TO "sign"',
    ]


MYSQL = ("mysql", "mariadb")


@pytest.mark.parametrize(
    ("change", "dialects", "message"),
    [
        (alter_table(people).set_type("age", BigInt), MYSQL, "declares it"),
        (alter_table(guest).set_type("code", BigInt, using=sql("1")), MYSQL, "USING"),
        (alter_table(guest).rename_constraint("a", "b"), MYSQL, "RENAME CONSTRAINT"),
        (alter_table(guest).add(check(guest.age > 0), not_valid=True), (*MYSQL, "sqlite"), "NOT VALID"),
        (alter_table(guest).validate("a"), (*MYSQL, "sqlite"), "VALIDATE"),
        (alter_table(guest).drop_column("a", cascade=True), MYSQL, "CASCADE"),
        (alter_table(guest).drop_column("a", if_exists=True), ("mysql",), "IF EXISTS"),
        (alter_table(guest).add_column(guest.age, if_not_exists=True), ("mysql",), "IF NOT EXISTS"),
        (alter_table(guest).comment("x"), ("sqlite",), "COMMENT"),
        (alter_table(guest).comment_column("age", "x"), ("sqlite",), "COMMENT"),
        (alter_table(guest).set_schema("x"), ("sqlite",), "SCHEMA"),
    ],
)
def test_what_a_database_lacks_is_refused(change, dialects, message):
    for dialect in DATABASES:
        if dialect in dialects:
            with pytest.raises(UnsupportedError, match=message):
                change.sql(dialect)
        elif dialect != "sqlite":
            assert change.sql(dialect)


def test_what_says_nothing_is_refused():
    for wrong, message in (
        (lambda: alter_table(guest).sql("postgres"), "nothing is altered"),
        (lambda: alter_table(people).add_column(people.age), "declares"),
        (lambda: alter_table(people).set_type("age"), "takes the type"),
        (lambda: alter_table(people).set_default("age"), "takes the default"),
        (lambda: alter_table(guest).set_type("age", "text"), "type of querykit"),  # type: ignore[arg-type]
        (lambda: alter_table(guest).add(index(guest.age)), "primary_key"),  # type: ignore[arg-type]
        (lambda: alter_table(guest).rename_to(""), "not empty"),
    ):
        with pytest.raises(BuildError, match=message):
            wrong()


async def test_an_index_is_added_beside(hotel):
    await create_index(guest, index(guest.age)).run(hotel)
    assert {each.columns for each in (await introspect(hotel)).table(guest._name).indexes} >= {("age",), ("code",)}
