"""SQLite's tables are rebuilt where its ALTER TABLE falls short: rows, numbers, indexes, triggers, views, keys stay."""

from __future__ import annotations

from typing import Any

import pytest

from querykit import (
    BuildError,
    Column,
    Database,
    ForeignKeyViolationError,
    IntegrityError,
    NotNullViolationError,
    Table,
    UsageError,
    column,
    references,
    sql,
    table,
)
from querykit.schema import BigInt, alter_table, check, foreign_key, primary_key, unique
from querykit.schema.table_text import table_text
from querykit.testing import RecordingDatabase

pytestmark = pytest.mark.databases("sqlite")

MADE = [
    """CREATE TABLE "the 'owner" (  -- who has pets, all of them
      id INTEGER PRIMARY KEY AUTOINCREMENT, "na""me" TEXT NOT NULL DEFAULT 'x, (y)' COLLATE NOCASE /* it's (a */,
      boss_id INTEGER REFERENCES "the 'owner" (id) ON DELETE SET NULL ON UPDATE SET DEFAULT NOT DEFERRABLE,
      [age] INT CONSTRAINT own_age CHECK (age > 0) DEFAULT NULL -- years
      , upper_name TEXT GENERATED ALWAYS AS (upper("na""me")) STORED,
      kind TEXT NOT NULL ON CONFLICT IGNORE DEFAULT ('a' || 'b'),
      CONSTRAINT "one, name" UNIQUE ("na""me", kind)
    ) STRICT_""".replace(" STRICT_", ""),
    """CREATE TABLE pet (id INTEGER PRIMARY KEY,
      owner_id INTEGER NOT NULL REFERENCES "the 'owner" (id) ON DELETE CASCADE)""",
    """CREATE TABLE log (what TEXT)""",
    """CREATE INDEX by_age ON "the 'owner" (age DESC, lower(kind)) WHERE age > 1""",
    """CREATE UNIQUE INDEX "by kind" ON "the 'owner" (kind, id)""",
    """CREATE TRIGGER noted AFTER UPDATE ON "the 'owner" BEGIN
      INSERT INTO log VALUES ('changed ' || old.id || ';'); END""",
    """CREATE TRIGGER from_pet AFTER INSERT ON pet BEGIN UPDATE "the 'owner" SET kind = kind WHERE id = new.owner_id; END""",
    """CREATE VIEW names AS SELECT id, "na""me" AS name, kind FROM "the 'owner" """,
    """INSERT INTO "the 'owner" (id, "na""me", boss_id, age) VALUES (3, 'Ada', NULL, 36), (9, 'Bob', 3, 7), (20, 'Cy', 9, 8)""",
    """DELETE FROM "the 'owner" WHERE id = 20""",
    """INSERT INTO pet VALUES (1, 3), (2, 9)""",
]
owner = table("the 'owner")


class Owner(Table, name="the 'owner"):
    id: Column[int] = column(primary_key=True, identity=True)
    age: Column[int | None]
    kind: Column[str]
    pets: Column[int] = column(default=sql("1 + 1"), references=references("log", "what"))


class Plain(Table, name="plain"):
    number: Column[int]
    word: Column[str | None]


async def run(db: Any, *statements: str) -> None:
    statement: Any
    for statement in statements:
        await db.execute(sql.raw(statement))


@pytest.fixture
async def owned(tmp_path):
    async with Database(f"sqlite:///{tmp_path}/rebuilt.db") as db:
        await run(db, *MADE)
        yield db


async def everything(db: Any) -> dict[str, Any]:
    """All rows, and what is made beside tables."""
    found: dict[str, Any] = {}
    for name in ("the 'owner", "pet", "names"):
        found[name] = await db.fetch_all(sql("SELECT * FROM {} ORDER BY 1", sql.id(name)))
    others = "SELECT type, name, sql FROM sqlite_master WHERE type <> 'table' AND sql IS NOT NULL ORDER BY name"
    found["others"] = await db.fetch_all(sql(others))
    found["broken"] = await db.fetch_all(sql("PRAGMA foreign_key_check"))
    found["held"] = await db.fetch_value(sql("PRAGMA foreign_keys"))
    found["tables"] = await db.fetch_column(sql("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"))
    found["sequence"] = await db.fetch_all(sql("SELECT name, seq FROM sqlite_sequence ORDER BY name"))
    return found


async def test_everything_stays_but_what_is_altered(owned):
    before = await everything(owned)
    await (
        alter_table(owner)
        .drop_not_null("kind")
        .drop_default("kind")
        .add(check(owner.age < 99, name="young"))
        .run(owned)
    )
    changed = table_text(await owned.fetch_value(sql("SELECT sql FROM sqlite_master WHERE name = {}", "the 'owner")))
    assert [str(each) for each in changed.column("kind").clauses] == []
    assert await everything(owned) == before
    await owned.execute(sql("""INSERT INTO "the 'owner" ("na""me", kind) VALUES ('Dee', NULL)"""))
    assert await owned.fetch_value(sql("""SELECT max(id) FROM "the 'owner" """)) == 21  # AUTOINCREMENT goes on
    for wrong in ("age = 100", "age = -1", "boss_id = 5"):
        with pytest.raises(IntegrityError):
            await run(owned, f"""UPDATE "the 'owner" SET {wrong}""")
    await run(owned, """UPDATE "the 'owner" SET age = 5 WHERE id = 3""", "INSERT INTO pet VALUES (3, 9)")
    assert await owned.fetch_column(sql("SELECT what FROM log")) == ["changed 3;", "changed 9;"] * 2
    await run(owned, """DELETE FROM "the 'owner" WHERE id = 9""")
    assert await owned.fetch_column(sql("SELECT id FROM pet")) == [1]


async def test_the_text_of_a_table_is_put_together_again(owned):
    text = table_text(MADE[0])
    again = table_text(text.written('"x"'))
    assert again == text
    assert [(each.name, each.type) for each in text.columns] == [
        ("id", "INTEGER"),
        ('na"me', "TEXT"),
        ("boss_id", "INTEGER"),
        ("age", "INT"),
        ("upper_name", "TEXT"),
        ("kind", "TEXT"),
    ]
    assert [str(each) for each in text.column("boss_id").clauses] == [
        'REFERENCES "the \'owner" (id) ON DELETE SET NULL ON UPDATE SET DEFAULT NOT DEFERRABLE'
    ]
    assert [(each.kind, each.name) for each in text.column("age").clauses] == [("CHECK", "own_age"), ("DEFAULT", None)]
    assert [each.kind for each in text.column("kind").clauses] == ["NOT", "DEFAULT"]
    assert [each.kind for each in text.column('na"me').clauses] == ["NOT", "DEFAULT", "COLLATE"]


async def test_a_column_goes_with_what_is_its_own(owned):
    await alter_table(owner).drop("own_age").drop_column("age").run(owned)
    found = await everything(owned)
    assert [each["name"] for each in found["others"]] == ["by kind", "from_pet", "names", "noted"]
    assert list(found["the 'owner"][0]) == ["id", 'na"me', "boss_id", "upper_name", "kind"]
    with pytest.raises(BuildError, match="one, name"):
        await alter_table(owner).drop_column('na"me').run(owned)
    with pytest.raises(BuildError, match="trigger 'from_pet'"):
        await alter_table(owner).drop("one, name").drop_column("kind").run(owned)
    await run(owned, "DROP TRIGGER from_pet")
    with pytest.raises(BuildError, match="view 'names'"):
        await alter_table(owner).drop("one, name").drop_column("kind").run(owned)
    with pytest.raises(BuildError, match="upper_name"):
        await alter_table(owner).drop("one, name").drop_column('na"me').run(owned)
    with pytest.raises(BuildError, match="no column"):
        await alter_table(owner).drop_column("nothing").run(owned)
    await alter_table(owner).drop_column("nothing", if_exists=True).drop("nothing", if_exists=True).run(owned)


async def test_rows_that_would_break_leave_all_as_it_was(owned):
    before = await everything(owned)
    for wrong, error in (
        (alter_table(owner).set_not_null("boss_id"), NotNullViolationError),
        (alter_table(owner).add(check(owner.age > 7)), IntegrityError),
        (alter_table(owner).add(unique(owner.kind)), IntegrityError),
        (alter_table(owner).add(foreign_key(owner.age, table="pet", keys=["id"])), ForeignKeyViolationError),
        (alter_table(owner).rename_column("kind", "sort").drop("nothing"), BuildError),
        (alter_table(table("nobody")).drop("nothing"), BuildError),
    ):
        with pytest.raises(error):
            await wrong.run(owned)
        assert await everything(owned) == before


async def test_keys_that_were_broken_before_hinder_nothing(owned):
    async with owned.connection() as connection:
        await run(connection, "PRAGMA foreign_keys = OFF", "INSERT INTO pet VALUES (8, 77)", "PRAGMA foreign_keys = ON")
    await alter_table(owner).drop_default("kind").run(owned)
    assert len((await everything(owned))["broken"]) == 1


async def test_columns_that_sqlite_cannot_add_are_added(owned):
    await run(owned, "CREATE UNIQUE INDEX one_what ON log (what)", "INSERT INTO log VALUES (2)")
    await alter_table(Owner()).add_column(Owner().pets).run(owned)
    assert await owned.fetch_column(sql("""SELECT pets FROM "the 'owner" """)) == [2, 2]
    with pytest.raises(BuildError, match="already"):
        await alter_table(Owner()).add_column(Owner().pets).run(owned)
    await alter_table(Owner()).add_column(Owner().pets, if_not_exists=True).run(owned)


async def test_it_is_shown_before_it_is_run(owned):
    change = alter_table(owner).set_type("age", BigInt)
    before = await everything(owned)
    shown = await change.statements(owned)
    assert await everything(owned) == before
    assert [each.split("(")[0].strip() for each in shown] == [
        "PRAGMA foreign_keys = OFF",
        "BEGIN IMMEDIATE",
        'CREATE TABLE "main"."querykit_new_the \'owner"',
        'INSERT INTO "main"."querykit_new_the \'owner"',
        "DELETE FROM \"main\".sqlite_sequence WHERE name = 'querykit_new_the ''owner'",
        'INSERT INTO "main".sqlite_sequence',
        'DROP TABLE "main"."the \'owner"',
        "PRAGMA legacy_alter_table = ON",
        'ALTER TABLE "main"."querykit_new_the \'owner" RENAME TO "the \'owner"',
        "PRAGMA legacy_alter_table = OFF",
        'CREATE INDEX "main".by_age ON "the \'owner"',
        'CREATE UNIQUE INDEX "main"."by kind" ON "the \'owner"',
        'CREATE TRIGGER "main".noted AFTER UPDATE ON "the \'owner" BEGIN\n      INSERT INTO log VALUES',
        'PRAGMA "main".foreign_key_check',
        "COMMIT",
        "PRAGMA foreign_keys = ON",
    ]
    with pytest.raises(BuildError, match="by itself"):
        await alter_table(owner).rename_column("age", "years").set_type("years", BigInt).statements(owned)
    simple = alter_table(owner).rename_column("age", "years")
    assert await simple.statements(owned) == simple.sql("sqlite")


async def test_a_preview_without_a_database_tells_of_it():
    recording = RecordingDatabase("sqlite")
    odd = table("a*/b")
    await alter_table(odd).rename_column("age", "years").set_not_null("years").drop("key").run(recording)
    assert [each.sql for each in recording.statements] == [
        'ALTER TABLE "a*/b" RENAME COLUMN "age" TO "years"',
        '/* the table "a* /b" is rebuilt: change column, drop constraint */',
    ]


async def test_within_a_transaction_only_what_nothing_refers_to_is_rebuilt(owned):
    async with owned.transaction() as trx:
        with pytest.raises(UsageError, match="foreign keys refer to it"):
            await alter_table(owner).drop_default("kind").run(trx)
        await alter_table(table("pet")).add(check(table("pet").id < 5, name="few")).run(trx)
    assert (await everything(owned))["pet"] == [{"id": 1, "owner_id": 3}, {"id": 2, "owner_id": 9}]
    async with owned.connection() as connection:
        await alter_table(owner).drop_default("kind").run(connection)
        assert await connection.fetch_value(sql("PRAGMA foreign_keys")) == 1
    assert (await everything(owned))["held"] == 1


async def test_rows_keep_their_numbers(owned):
    plain = Plain()
    await run(
        owned, "CREATE TABLE plain (number INT NOT NULL, word TEXT)", "INSERT INTO plain VALUES (1, 'a'), (2, 'b')"
    )
    await run(owned, "DELETE FROM plain WHERE number = 1")
    await alter_table(plain).set_not_null(plain.word).set_default(plain.word, "it's").run(owned)
    assert await owned.fetch_all(sql("SELECT rowid, * FROM plain")) == [{"rowid": 2, "number": 2, "word": "b"}]
    await alter_table(plain).add(primary_key(plain.number)).run(owned)
    await run(owned, "INSERT INTO plain (number) VALUES (5)")
    assert await owned.fetch_column(sql("SELECT word FROM plain ORDER BY number")) == ["b", "it's"]
    await alter_table(plain).drop(primary_key(plain.number)).run(owned)
    with pytest.raises(BuildError, match="no primary key"):
        await alter_table(plain).drop(primary_key(plain.number)).run(owned)


async def test_strict_tables_and_those_without_numbers_stay_so(owned):
    await run(
        owned,
        "CREATE TABLE tight (key TEXT, note TEXT DEFAULT 'key', PRIMARY KEY (key)) STRICT, WITHOUT ROWID",
        "INSERT INTO tight VALUES ('a', 'b')",
    )
    tight = table("tight")
    await alter_table(tight).set_default("note", "x").rename_column("note", "word").drop_default("word").run(owned)
    with pytest.raises(Exception, match="rowid"):
        await owned.fetch_all(sql("SELECT rowid FROM tight"))
    assert await owned.fetch_all(sql("SELECT * FROM tight")) == [{"key": "a", "word": "b"}]
    await run(owned, "CREATE VIRTUAL TABLE words USING fts5 (word)")
    with pytest.raises(BuildError, match="virtual"):
        await alter_table(table("words")).drop_column("word").run(owned)


async def test_tables_of_attached_files_are_rebuilt(owned, tmp_path):
    async with owned.connection() as connection:
        await run(connection, f"ATTACH DATABASE '{tmp_path}/other.db' AS other")
        await run(connection, "CREATE TABLE other.pet (id INTEGER PRIMARY KEY, name TEXT)")
        await run(connection, "CREATE INDEX other.by_name ON pet (name)", "INSERT INTO other.pet VALUES (1, 'x')")
        away = table("pet", schema="other")
        await alter_table(away).set_not_null("name").run(connection)
        assert await connection.fetch_all(sql("SELECT * FROM other.pet")) == [{"id": 1, "name": "x"}]
        assert await connection.fetch_column(sql("SELECT name FROM other.sqlite_master WHERE type = 'index'")) == [
            "by_name"
        ]
    assert len((await everything(owned))["pet"]) == 2
