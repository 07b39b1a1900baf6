"""Sequences, enumerations, views, temporary tables, comments and indexes: made, changed and dropped, or refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from querykit import (
    BuildError,
    CheckViolationError,
    Column,
    Database,
    DatabaseError,
    Table,
    UndefinedTableError,
    UniqueViolationError,
    UnsupportedError,
    column,
    fn,
    references,
    select,
    select_from,
    sql,
    table,
)
from querykit.schema import (
    Enumeration,
    Varchar,
    alter_enum,
    alter_sequence,
    alter_table,
    check,
    create_enum,
    create_index,
    create_schema,
    create_sequence,
    create_table,
    create_table_as,
    create_view,
    drop_enum,
    drop_index,
    drop_schema,
    drop_sequence,
    drop_table,
    drop_view,
    index,
    refresh_view,
    unique,
)
from querykit.schema.introspection import introspect
from tests.expected import compiles_to

LACKING = ("mysql", "sqlite")


class Ticket(Table, name="defined_ticket"):
    _comment = "tickets; it's \\ 1 */ first"

    id: Column[int] = column(primary_key=True, default=fn.nextval("ticket_number"))
    seat: Column[str | None] = column(type=Varchar(20))


class Seat(Table, name="defined_seat"):
    _comment = "seats; it's \\ 1 */ first"

    id: Column[int] = column(primary_key=True)
    word: Column[str | None] = column(type=Varchar(20))


ticket, seat = Ticket(), Seat()


@pytest.fixture
async def seats(db):
    await drop_table(seat, if_exists=True).run(db)
    await create_table(seat).run(db)
    await db.insert_into(seat).values({"id": 1, "word": "a"}, {"id": 2, "word": None}).execute()
    yield db
    await drop_table(seat, if_exists=True).run(db)


# -- sequences ---------------------------------------------------------------------------------------------------------


def test_values_of_sequences():
    compiles_to(
        select(fn.nextval("it's \"`", schema="a.b").as_("n"), fn.currval("x").as_("c")),
        {
            "postgres": """SELECT NEXTVAL('"a.b"."it''s ""`"') AS "n", CURRVAL('"x"') AS "c\"""",
            "mysql": (UnsupportedError, "sequences"),
            "mariadb": "SELECT NEXTVAL(`a.b`.`it's \"```) AS `n`, LASTVAL(`x`) AS `c`",
            "sqlite": (UnsupportedError, "sequences"),
        },
    )


async def test_sequences_count(db):
    if db.dialect.name in LACKING:
        for definition in (create_sequence("n"), alter_sequence("n", restart=1), drop_sequence("n")):
            with pytest.raises(UnsupportedError, match="sequences"):
                await definition.run(db)
        return
    await drop_table(ticket, if_exists=True).run(db)
    await drop_sequence("ticket_number", if_exists=True).run(db)
    await create_sequence("ticket_number", start=1000, increment=5, max_value=2000, cache=1, cycle=False).run(db)
    await create_sequence("ticket_number", if_not_exists=True).run(db)
    await create_table(ticket).run(db)
    await db.insert_into(ticket).values({"seat": "a"}, {"seat": "b"}).execute()
    assert await db.select_from(ticket).select(ticket.id).order_by(ticket.id).fetch_column() == [1000, 1005]
    async with db.connection() as connection:
        assert await connection.select(fn.nextval("ticket_number").as_("n")).fetch_value() == 1010
        assert await connection.select(fn.currval("ticket_number").as_("n")).fetch_value() == 1010
    (found,) = [each for each in (await introspect(db)).sequences if each.name == "ticket_number"]
    if db.dialect.name == "postgres":
        assert (found.start, found.increment, found.max_value, found.cycle) == (1000, 5, 2000, False)
    await alter_sequence("ticket_number", restart=7, increment=1, min_value=1, cycle=True).run(db)
    assert await db.select(fn.nextval("ticket_number").as_("n")).fetch_value() == 7
    await drop_table(ticket).run(db)
    await drop_sequence("ticket_number").run(db)
    with pytest.raises(DatabaseError):
        await db.select(fn.nextval("ticket_number").as_("n")).fetch_value()


def test_sequences_count_in_integers():
    for wrong in ({"start": "1; DROP TABLE x"}, {"increment": 0}, {"cache": True}, {"max_value": 2**63}):
        with pytest.raises(BuildError, match="integers"):
            create_sequence("n", **wrong).sql("postgres")
    with pytest.raises(BuildError, match="nothing is altered"):
        alter_sequence("n").sql("postgres")


# -- enumerations ------------------------------------------------------------------------------------------------------


class Mood(Table, name="defined_mood"):
    id: Column[int] = column(primary_key=True)
    mood: Column[str] = column(type=Enumeration("it's fine", "sad", name="mood_state", schema="moods"))


class LaterMood(Table, name="defined_mood"):
    id: Column[int] = column(primary_key=True)
    mood: Column[str] = column(type=Enumeration("it's fine", "calm", "sad", name="mood_state"))


async def test_enumerations_get_values(db):
    mood, later = Mood(), LaterMood()
    await drop_table(mood, if_exists=True).run(db)
    change = alter_enum("mood_state", schema="moods").add_value("calm", before="sad")
    if db.dialect.name != "postgres":
        with pytest.raises(UnsupportedError, match="set_type"):
            await change.run(db)
        await create_table(mood).run(db)
        await alter_table(later).set_type(later.mood).run(db)
        await db.insert_into(later).values(id=1, mood="calm").execute()
        await drop_table(mood).run(db)
        return
    await create_schema("moods", if_not_exists=True).run(db)
    await drop_enum("mood_state", schema="moods", if_exists=True, cascade=True).run(db)
    await create_enum("mood_state", "it's fine", "sad", schema="moods").run(db)
    await create_table(mood).run(db)
    await db.insert_into(mood).values(id=1, mood="it's fine").execute()
    await change.add_value("sad", if_not_exists=True).add_value("it's over", after="sad").run(db)
    await alter_enum("mood_state", schema="moods").rename_value("it's fine", "fine").run(db)
    await db.insert_into(mood).values(id=2, mood="it's over").execute()
    assert await db.select_from(mood).select(mood.mood).order_by(mood.id).fetch_column() == ["fine", "it's over"]
    (found,) = [each for each in (await introspect(db, schema="moods")).enums if each.name == "mood_state"]
    assert found.values == ("fine", "calm", "sad", "it's over")
    await alter_enum("mood_state", schema="moods").rename_to("state").set_schema("public").run(db)
    await drop_enum("state", cascade=True).run(db)
    assert await db.select_from(mood).select(mood.id).order_by(mood.id).fetch_column() == [1, 2]
    await drop_table(mood).run(db)
    await drop_schema("moods").run(db)


def test_enumerations_are_changed_in_one_way():
    with pytest.raises(BuildError, match="not both"):
        alter_enum("mood").add_value("x", before="a", after="b")
    with pytest.raises(BuildError, match="nothing is altered"):
        alter_enum("mood").sql("postgres")


# -- views -------------------------------------------------------------------------------------------------------------


@pytest.mark.databases("postgres")
async def test_materialized_views_are_refreshed(seats):
    kept = table("kept_seat")
    query = select_from(seat).select(seat.id).where(seat.id < 9)
    await create_view(kept, query, materialized=True, with_data=False).run(seats)
    await create_view(kept, query, materialized=True, if_not_exists=True).run(seats)
    with pytest.raises(DatabaseError):
        await seats.select_from(kept).select(kept.id).fetch_all()
    await refresh_view(kept).run(seats)
    assert await seats.select_from(kept).select(fn.count()).fetch_value() == 2
    await create_index(kept, index(kept.id, unique=True)).run(seats)
    await seats.insert_into(seat).values(id=3).execute()
    await refresh_view(kept, concurrently=True).run(seats)
    assert await seats.select_from(kept).select(fn.count()).fetch_value() == 3
    await drop_view(kept, materialized=True, cascade=True).run(seats)


async def test_views_that_are_there_and_views_of_a_session(seats):
    name, dialect = table("some_seat"), seats.dialect.name
    one, two = (select_from(seat).select(seat.id).where(seat.id == number) for number in (1, 2))
    await drop_view(name, if_exists=True).run(seats)
    await create_view(name, one).run(seats)
    if dialect in ("postgres", "mysql"):
        with pytest.raises(UnsupportedError, match="IF NOT EXISTS"):
            await create_view(name, two, if_not_exists=True).run(seats)
    else:
        await create_view(name, two, if_not_exists=True).run(seats)
        assert await seats.select_from(name).select(name.id).fetch_column() == [1]
    await create_view(name, two, or_replace=True).run(seats)
    assert await seats.select_from(name).select(name.id).fetch_column() == [2]
    await drop_view(name).run(seats)
    if dialect in ("mysql", "mariadb"):
        with pytest.raises(UnsupportedError, match="temporary views"):
            await create_view(name, two, temporary=True).run(seats)
        return
    async with seats.connection() as connection:
        await create_view(name, two, temporary=True).run(connection)
        assert await connection.select_from(name).select(name.id).fetch_column() == [2]
        await drop_view(name).run(connection)


def test_options_of_views_that_contradict_each_other():
    view, query = table("v"), select_from(seat).select(seat.id)
    for wrong in (
        {"or_replace": True, "materialized": True},
        {"or_replace": True, "if_not_exists": True},
        {"with_data": False},
    ):
        with pytest.raises(BuildError, match="materialized"):
            create_view(view, query, **wrong).sql("postgres")
    with pytest.raises(BuildError, match="with data"):
        refresh_view(view, concurrently=True, with_data=False)
    for dialect in ("mysql", "mariadb", "sqlite"):
        for lacking in (create_view(view, query, materialized=True), refresh_view(view)):
            with pytest.raises(UnsupportedError, match="materialized"):
                lacking.sql(dialect)


# -- tables ------------------------------------------------------------------------------------------------------------


class Draft(Table, name="draft"):
    id: Column[int] = column(primary_key=True)


draft = Draft()


async def test_temporary_tables_are_the_connections_own(db):
    async with db.connection() as connection:
        await create_table(draft, temporary=True, if_not_exists=True).run(connection)
        await connection.insert_into(draft).values(id=1).execute()
        assert await connection.select_from(draft).select(draft.id).fetch_column() == [1]
        if db.dialect.name in ("mysql", "mariadb"):
            await drop_table(draft, temporary=True).run(connection)
        else:
            with pytest.raises(UnsupportedError, match="TEMPORARY"):
                await drop_table(draft, temporary=True).run(connection)
            await drop_table(draft).run(connection)
    with pytest.raises(UndefinedTableError):
        await db.select_from(draft).select(draft.id).fetch_all()


async def test_temporary_tables_end_with_the_transaction(db):
    gone = create_table(draft, temporary=True, on_commit="drop")
    if db.dialect.name != "postgres":
        with pytest.raises(UnsupportedError, match="ON COMMIT DROP"):
            await gone.run(db)
        return
    async with db.connection() as connection:
        async with connection.transaction() as trx:
            await gone.run(trx)
            await trx.insert_into(draft).values(id=1).execute()
        with pytest.raises(UndefinedTableError):
            await connection.select_from(draft).select(draft.id).fetch_all()
    for wrong in ({"on_commit": "drop"}, {"on_commit": "x; DROP TABLE y", "temporary": True}):
        with pytest.raises(BuildError, match="on_commit"):
            create_table(draft, **wrong)


async def test_a_table_of_a_query_has_its_rows(seats):
    copy = table("copied_seat")
    await drop_table(copy, if_exists=True).run(seats)
    query = select_from(seat).select(seat.id, seat.word).where(seat.word == "a")
    await create_table_as(copy, query).run(seats)
    await create_table_as(copy, query, if_not_exists=True).run(seats)
    assert await seats.select_from(copy).select(copy.id, copy.word).fetch_all() == [{"id": 1, "word": "a"}]
    await drop_table(copy).run(seats)


async def test_tables_are_described(seats):
    found = (await introspect(seats)).table(seat._name)
    if seats.dialect.name == "sqlite":  # which keeps it in the SQL, also when the table is rebuilt
        await alter_table(seat).set_default(seat.word, "x").run(seats)
        text = await seats.fetch_value(sql("SELECT sql FROM sqlite_master WHERE name = {}", seat._name))
        assert "( /* seats; it's \\ 1 * / first */" in text
    else:
        assert found.comment == seat._comment


def test_a_default_that_sqlite_would_not_take_is_refused():
    class Numbered(Table, name="numbered"):
        id: Column[int] = column(primary_key=True, default=5)

    with pytest.raises(UnsupportedError, match="default of an integer"):
        create_table(Numbered()).sql("sqlite")
    assert "DEFAULT (5)" in create_table(Numbered()).sql("postgres")[0]


# -- indexes and keys --------------------------------------------------------------------------------------------------


async def test_nulls_are_one_value_where_that_is_asked(seats):
    one, other = unique(seat.word, nulls_not_distinct=True), index(seat.word, unique=True, nulls_not_distinct=True)
    if seats.dialect.name != "postgres":
        for lacking in (alter_table(seat).add(one), create_index(seat, other)):
            with pytest.raises(UnsupportedError, match="NULLS NOT DISTINCT"):
                await lacking.run(seats)
        return
    await alter_table(seat).add(one).run(seats)
    await create_index(seat, other).run(seats)
    with pytest.raises(UniqueViolationError):
        await seats.insert_into(seat).values(id=3, word=None).execute()


@pytest.mark.databases("postgres")
async def test_indexes_by_a_method_with_other_columns_while_others_write(seats):
    made = index(seat.word.desc(nulls="last"), include=[seat.id], method="btree", where=seat.id > 0, name="wide")
    await create_index(seat, made, concurrently=True, if_not_exists=True).run(seats)
    text = await seats.fetch_value(sql("SELECT pg_get_indexdef('wide'::regclass)"))
    assert "btree (word DESC NULLS LAST) INCLUDE (id) WHERE (id > 0)" in text
    await drop_index(seat, made, concurrently=True, if_exists=True).run(seats)
    await create_index(seat, index(seat.word, method="hash", name="hashed")).run(seats)
    await drop_index(seat, "hashed", cascade=True).run(seats)


def test_what_indexes_lack_is_refused():
    for dialect in ("mysql", "mariadb", "sqlite"):
        for options, message in (({"concurrently": True}, "CONCURRENTLY"), ({"cascade": True}, "CASCADE")):
            with pytest.raises(UnsupportedError, match=message):
                drop_index(seat, "x", **options).sql(dialect)


async def test_columns_have_collations(db):
    collations = {"postgres": "C", "mysql": "utf8mb4_bin", "mariadb": "utf8mb4_bin", "sqlite": "NOCASE"}
    wanted = collations[db.dialect.name]
    options = {"name": column(type=Varchar(20), collation=wanted), "__annotations__": {"name": Column[str]}}
    made = type("Made", (Table,), options, name="collated")()
    await drop_table(made, if_exists=True).run(db)
    await create_table(made).run(db)
    assert (await introspect(db)).table("collated").column("name").collation == wanted
    await drop_table(made).run(db)


def test_a_circle_is_closed_by_a_key_that_is_added():
    class Hen(Table, name="hen"):
        id: Column[int] = column(primary_key=True)
        egg_id: Column[int] = column(references=references("egg"))

    hen = Hen()
    assert "REFERENCES" in alter_table(hen).add_column(hen.egg_id).sql("postgres")[0]


# -- literals ----------------------------------------------------------------------------------------------------------

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=texts, number=st.integers(-(2**63), 2**63 - 1))
async def test_texts_in_definitions_are_what_they_are(urls, database_name, text, number):
    class Written(Table, name="written_texts"):
        _comment = text[:8]
        id: Column[int] = column(default=number, comment=text)
        word: Column[str | None] = column(type=Varchar(20), default=text)

        def _constraints(self) -> list[Any]:
            return [check(self.word != text + "!", name="another")]

    written = Written()
    async with Database(urls[database_name]) as db:
        if db.dialect.name in ("mysql", "mariadb") and max(text, default="") > "\uffff":
            with pytest.raises(BuildError, match="U\\+FFFF"):
                await create_table(written).run(db)
            return
        await drop_table(written, if_exists=True).run(db)
        await create_table(written).run(db)
        await db.insert_into(written).default_values().execute()
        assert await db.select_from(written).select_all().fetch_one() == {"id": number, "word": text}
        with pytest.raises(CheckViolationError):
            await db.insert_into(written).values(id=1 if number != 1 else 2, word=text + "!").execute()
        if db.dialect.name != "sqlite":
            found = (await introspect(db)).table("written_texts")
            assert (found.comment or "", found.column("id").comment or "") == (text[:8], text)
        await drop_table(written).run(db)
