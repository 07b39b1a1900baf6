"""What is written down of each kind of write, on every database."""

from __future__ import annotations

from typing import Any

import pytest

from querykit import (
    DEFAULT,
    UniqueViolationError,
    delete_from,
    excluded,
    fn,
    insert_into,
    merge_into,
    param,
    select_from,
    table,
    update,
    values,
)
from tests.plugins.audit.conftest import NOON, Audited, card, log, seat
from tests.sample import person, pet, toy


def row(number: int, title: str, state: str = "new", points: int | None = None) -> dict[str, Any]:
    return {"id": number, "title": title, "state": state, "points": points}


async def filled(audited: Audited) -> None:
    """Three cards that nobody wrote down."""
    await (
        audited.plain.insert_into(card)
        .values([{"title": "a", "points": 1}, {"title": "b", "points": 2}, {"title": "c", "points": 3}])
        .execute()
    )


async def test_an_entry_says_who_when_what_and_where(audited: Audited) -> None:
    await audited.db.insert_into(card).values(title="a").execute()
    (entry,) = await audited.plain.fetch_all(select_from(log).select_all())
    assert entry == {
        "id": 1,
        "changed_at": NOON,
        "actor": "ada",
        "action": "insert",
        "table_name": "card",
        "row_key": {"id": 1},
        "old_values": None,
        "new_values": row(1, "a"),
    }


# -- INSERT ---------------------------------------------------------------------------------------------------------


async def test_one_row_and_many_with_defaults_and_keys_of_the_server(audited: Audited) -> None:
    result = await audited.db.insert_into(card).values(title="a").execute()
    assert result.rows_affected == 1
    if audited.plain.dialect.name != "postgres":
        assert result.insert_id == 1
    many = audited.db.insert_into(card).values([{"title": "b", "points": 5}, {"title": "c", "points": None}])
    assert (await many.execute()).rows_affected == 2
    assert await audited.entries() == [
        ("insert", {"id": 1}, None, row(1, "a")),
        ("insert", {"id": 2}, None, row(2, "b", points=5)),
        ("insert", {"id": 3}, None, row(3, "c")),
    ]


async def test_given_keys_and_others_in_one_insert(audited: Audited) -> None:
    if audited.plain.dialect.name == "sqlite":  # which has no word for a default
        rows = [{"id": 7, "title": "a"}, {"id": 8, "title": "b"}]
    else:
        rows = [{"id": 7, "title": "a"}, {"id": DEFAULT, "title": "b"}]
    await audited.db.insert_into(card).values(rows).execute()
    entries = await audited.entries()
    assert {entry[3]["title"] for entry in entries} == {"a", "b"}
    assert sorted(entry[1]["id"] for entry in entries) == [each["id"] for each in await audited.rows(card)]


async def test_rows_of_different_columns(audited: Audited) -> None:
    await audited.db.insert_into(card).values({"title": "a", "points": 1}, {"title": "b", "state": "old"}).execute()
    assert {entry[3]["title"]: entry[3] for entry in await audited.entries()} == {
        "a": row(1, "a", points=1),
        "b": row(2, "b", "old"),
    }


async def test_expressions_and_default_values(audited: Audited) -> None:
    await audited.db.insert_into(card).values(title=fn.upper("a"), points=fn.abs(-4)).execute()
    assert await audited.entries() == [("insert", {"id": 1}, None, row(1, "A", points=4))]


async def test_rows_of_a_query(audited: Audited) -> None:
    cats = (
        select_from(pet)
        .select(pet.name.as_("title"), pet.id.as_("points"))
        .where(pet.species == "cat")
        .order_by(pet.id)
    )
    result = await audited.db.insert_into(card).from_select(cats).execute()
    assert result.rows_affected == 3
    assert sorted((entry[3]["title"], entry[3]["points"]) for entry in await audited.entries()) == [
        ("Amy", 14),
        ("Felix", 11),
        ("Minka", 12),
    ]
    nobody = select_from(pet).select(pet.name.as_("title")).where(pet.id == -1)
    assert (await audited.db.insert_into(card).from_select(nobody).execute()).rows_affected == 0
    assert len(await audited.entries()) == 3


async def test_what_the_program_asked_to_be_returned_it_gets(audited: Audited) -> None:
    insert = audited.db.insert_into(card).values([{"title": "a"}, {"title": "b"}])
    if audited.plain.dialect.name == "mysql":
        return
    rows = await insert.returning(card.title, fn.upper(card.title).as_("loud")).fetch_all()
    assert sorted(map(tuple, (each.values() for each in rows))) == [("a", "A"), ("b", "B")]
    assert await audited.db.insert_into(card).values(id=9, title="c").returning(card.id).fetch_value() == 9
    one = audited.db.insert_into(table("card")).values(title="d").returning(table("card").title)
    assert await one.fetch_all() == [{"title": "d"}]
    assert [entry[3]["title"] for entry in await audited.entries()] == ["a", "b", "c", "d"]


async def test_many_rows_are_written_down_one_by_one(audited: Audited) -> None:
    rows = [{"id": number, "title": f"card {number}"} for number in range(1, 1501)]
    await audited.db.insert_into(card).values(rows).execute()
    assert [entry[1]["id"] for entry in await audited.entries()] == list(range(1, 1501))
    await audited.db.execute(delete_from(card).where(card.id > 100))
    assert len(await audited.entries()) == 2900


async def test_an_insert_in_parts_is_written_down_whole(audited: Audited) -> None:
    rows = [{"id": number, "title": f"card {number}", "state": "x", "points": 1} for number in range(1, 10_001)]
    if audited.plain.dialect.name in ("mysql", "mariadb"):
        rows = rows[:500]
    await audited.db.insert_into(card).values(rows).execute()
    entries = select_from(log).select(fn.count().as_("n"))
    assert await audited.plain.fetch_value(entries) == len(rows)


# -- UPDATE, DELETE -------------------------------------------------------------------------------------------------


async def test_updated_rows_with_what_they_were_and_are(audited: Audited) -> None:
    await filled(audited)
    result = await audited.db.update(card).set(points=card.points * 10, state="old").where(card.points > 1).execute()
    assert result.rows_affected == 2
    assert await audited.entries() == [
        ("update", {"id": 2}, row(2, "b", points=2), row(2, "b", "old", 20)),
        ("update", {"id": 3}, row(3, "c", points=3), row(3, "c", "old", 30)),
    ]


async def test_rows_that_an_update_leaves_as_they_were_are_no_changes(audited: Audited) -> None:
    await filled(audited)
    await audited.db.update(card).set(points=2).all_rows().execute()
    assert [entry[1] for entry in await audited.entries()] == [{"id": 1}, {"id": 3}]
    await audited.db.update(card).set(points=9).where(card.id == -1).execute()
    assert len(await audited.entries()) == 2


async def test_updates_by_joins_and_sub_queries(audited: Audited) -> None:
    await filled(audited)
    joined = audited.db.update(card).from_(pet).set(title=pet.name).where(pet.id == card.id + 10, pet.species == "cat")
    await joined.execute()
    assert [(entry[1], entry[3]["title"]) for entry in await audited.entries()] == [
        ({"id": 1}, "Felix"),
        ({"id": 2}, "Minka"),
    ]
    chosen = (
        update(card)
        .set(state="x")
        .where(card.id.is_in(select_from(toy).select(toy.pet_id - 10).where(toy.pet_id > 12)))
    )
    await audited.db.execute(chosen)
    assert [entry[1] for entry in await audited.entries()][2:] == [{"id": 3}]


async def test_a_row_that_is_joined_to_many_is_written_down_once(audited: Audited) -> None:
    query = audited.db.update(pet).inner_join(toy, toy.pet_id == pet.id).set(species="wolf").where(pet.id == 10)
    await query.execute()
    assert [(entry[1], entry[2]["species"], entry[3]["species"]) for entry in await audited.entries()] == [
        ({"id": 10}, "dog", "wolf")
    ]


@pytest.mark.databases("mysql", "mariadb")
async def test_an_ordered_part_of_the_rows(audited: Audited) -> None:
    await filled(audited)
    await audited.db.execute(update(card).set(state="x").all_rows().order_by(card.points.desc()).limit(1))
    await audited.db.execute(delete_from(card).all_rows().order_by(card.points).limit(1))
    assert [(entry[0], entry[1]) for entry in await audited.entries()] == [("update", {"id": 3}), ("delete", {"id": 1})]


@pytest.mark.databases("sqlite", "postgres")
async def test_rows_that_an_update_returns(audited: Audited) -> None:
    await filled(audited)
    query = audited.db.update(card).set(points=0).where(card.id < 3).returning(card.title, card.points)
    assert sorted(each["title"] for each in await query.fetch_all()) == ["a", "b"]
    assert len(await audited.entries()) == 2


async def test_deleted_rows_with_what_they_were(audited: Audited) -> None:
    await filled(audited)
    assert (await audited.db.delete_from(card).where(card.points < 3).execute()).rows_affected == 2
    assert await audited.entries() == [
        ("delete", {"id": 1}, row(1, "a", points=1), None),
        ("delete", {"id": 2}, row(2, "b", points=2), None),
    ]


@pytest.mark.databases("postgres", "mysql", "mariadb")
async def test_deletes_by_joins(audited: Audited) -> None:
    await filled(audited)
    await audited.db.execute(delete_from(card).using(pet).where(pet.id == card.id + 10, pet.species == "cat"))
    assert [entry[1] for entry in await audited.entries()] == [{"id": 1}, {"id": 2}]


@pytest.mark.databases("sqlite", "postgres", "mariadb")
async def test_rows_that_a_delete_returns(audited: Audited) -> None:
    await filled(audited)
    assert await audited.db.delete_from(card).where(card.id == 2).returning(card.title).fetch_column() == ["b"]
    assert len(await audited.entries()) == 1


async def test_an_alias_is_the_table(audited: Audited) -> None:
    other = person.as_("p")
    await audited.db.execute(update(other).set(nickname="x").where(other.id == 1))
    (entry,) = await audited.entries()
    assert (entry[1], entry[2]["nickname"], entry[3]["nickname"]) == ({"id": 1}, None, "x")


async def test_undeclared_tables_are_written_down_whole(audited: Audited) -> None:
    loose = table("card")
    await filled(audited)
    await audited.db.insert_into(loose).values(title="d").execute()
    await audited.db.update(loose).set(points=5).where(loose.title == "d").execute()
    await audited.db.delete_from(loose).where(loose.title == "d").execute()
    assert await audited.entries() == [
        ("insert", {"id": 4}, None, row(4, "d")),
        ("update", {"id": 4}, row(4, "d"), row(4, "d", points=5)),
        ("delete", {"id": 4}, row(4, "d", points=5), None),
    ]


# -- keys -----------------------------------------------------------------------------------------------------------


async def test_keys_of_several_columns(audited: Audited) -> None:
    await audited.db.insert_into(seat).values([{"hall": "A", "number": n, "guest": None} for n in (1, 2)]).execute()
    await audited.db.update(seat).set(guest="Bea").where(seat.number == 2).execute()
    await audited.db.delete_from(seat).where(seat.hall == "A").execute()
    first, second = {"hall": "A", "number": 1}, {"hall": "A", "number": 2}
    assert await audited.entries() == [
        ("insert", first, None, first | {"guest": None}),
        ("insert", second, None, second | {"guest": None}),
        ("update", second, second | {"guest": None}, second | {"guest": "Bea"}),
        ("delete", first, first | {"guest": None}, None),
        ("delete", second, second | {"guest": "Bea"}, None),
    ]


async def test_keys_that_change(audited: Audited) -> None:
    await audited.db.insert_into(seat).values(hall="A", number=1).execute()
    await audited.db.update(seat).set(number=seat.number + 10, guest="Bea").where(seat.hall == "A").execute()
    await audited.db.update(seat).set(hall="B").where(seat.hall == "A").execute()
    assert (await audited.entries())[1:] == [
        (
            "update",
            {"hall": "A", "number": 11},
            {"hall": "A", "number": 1, "guest": None},
            {"hall": "A", "number": 11, "guest": "Bea"},
        ),
        (
            "update",
            {"hall": "B", "number": 11},
            {"hall": "A", "number": 11, "guest": "Bea"},
            {"hall": "B", "number": 11, "guest": "Bea"},
        ),
    ]


# -- upserts, many sets, MERGE --------------------------------------------------------------------------------------


async def test_upserts_tell_what_was_there_from_what_was_not(audited: Audited) -> None:
    await filled(audited)
    rows = [{"id": 2, "title": "b", "points": 20}, {"id": 9, "title": "z", "points": 90}]
    upsert = audited.db.insert_into(card).values(rows).on_conflict(card.id).do_update(points=excluded.points)
    await upsert.execute()
    assert await audited.entries() == [
        ("update", {"id": 2}, row(2, "b", points=2), row(2, "b", points=20)),
        ("insert", {"id": 9}, None, row(9, "z", points=90)),
    ]


async def test_upserts_by_another_key(audited: Audited) -> None:
    await filled(audited)
    rows = [{"title": "b", "points": 5}, {"title": "z", "points": 6}, {"title": "z", "points": 7}]
    upsert = (
        audited.db.insert_into(card)
        .values(rows)
        .on_conflict(card.title)
        .do_update(points=card.points + excluded.points)
    )
    await upsert.execute()
    entries = await audited.entries()
    number = entries[1][1]["id"]
    assert entries == [
        ("update", {"id": 2}, row(2, "b", points=2), row(2, "b", points=7)),
        ("insert", {"id": number}, None, row(number, "z", points=6)),
        ("update", {"id": number}, row(number, "z", points=6), row(number, "z", points=13)),
    ]


async def test_conflicts_that_do_nothing_are_no_changes(audited: Audited) -> None:
    await filled(audited)
    rows = [{"title": "b"}, {"title": "z"}]
    await audited.db.insert_into(card).values(rows).on_conflict(card.title).do_nothing().execute()
    assert [(entry[0], entry[3]["title"]) for entry in await audited.entries()] == [("insert", "z")]


@pytest.mark.databases("sqlite", "postgres")
async def test_conditions_and_returned_rows_of_upserts(audited: Audited) -> None:
    await filled(audited)
    start = audited.db.insert_into(card).values(
        [{"title": "a", "points": 5}, {"title": "c", "points": 5}, {"title": "z"}]
    )
    upsert = start.on_conflict(card.title).do_update(points=excluded.points, where=card.points > 1)
    assert sorted(await upsert.returning(card.title).fetch_column()) == ["c", "z"]
    assert [(entry[0], entry[3]["title"]) for entry in await audited.entries()] == [("update", "c"), ("insert", "z")]


async def test_upserts_of_a_query(audited: Audited) -> None:
    await filled(audited)
    query = select_from(pet).select((pet.id - 10).as_("id"), pet.name.as_("title")).where(pet.id.between(11, 14))
    await audited.db.insert_into(card).from_select(query).on_conflict(card.id).do_update(card.title).execute()
    assert sorted((entry[0], entry[1]["id"], entry[3]["title"]) for entry in await audited.entries()) == [
        ("insert", 4, "Amy"),
        ("update", 1, "Felix"),
        ("update", 2, "Minka"),
        ("update", 3, "Bella"),
    ]


async def test_a_conflict_in_another_key_is_an_error(audited: Audited) -> None:
    await filled(audited)
    with pytest.raises(UniqueViolationError):
        await audited.db.insert_into(card).values(id=9, title="a").on_conflict(card.id).do_update(points=1).execute()
    assert await audited.entries() == []
    assert len(await audited.rows(card)) == 3


async def test_each_of_many_sets_is_written_down(audited: Audited) -> None:
    await filled(audited)
    result = await audited.db.execute_many(
        update(card).set(points=param("points", int)).where(card.id == param("id", int)),
        [{"id": number, "points": number * 100} for number in (1, 2, 3, 99)],
    )
    assert result.rows_affected == 3
    assert [(entry[1]["id"], entry[2]["points"], entry[3]["points"]) for entry in await audited.entries()] == [
        (1, 1, 100),
        (2, 2, 200),
        (3, 3, 300),
    ]
    await audited.db.execute_many(insert_into(card).values(title=param("title", str)), [{"title": "x"}, {"title": "y"}])
    assert [entry[3]["title"] for entry in (await audited.entries())[3:]] == ["x", "y"]


async def test_named_parameters_stand_in_every_place(audited: Audited) -> None:
    await filled(audited)
    query = update(card).set(points=card.points + param("more", int)).where(card.title.is_in([param("one", str), "c"]))
    await audited.db.execute(query, parameters={"more": 7, "one": "a"})
    assert [(entry[1]["id"], entry[3]["points"]) for entry in await audited.entries()] == [(1, 8), (3, 10)]


@pytest.mark.databases("postgres")
async def test_merges_insert_update_and_delete(audited: Audited) -> None:
    await filled(audited)
    news = values([{"id": 1, "points": 10}, {"id": 2, "points": 0}, {"id": 8, "points": 80}]).as_("news")
    query = (
        merge_into(card)
        .using(news, news.id == card.id)
        .when_matched(news.points == 0)
        .do_delete()
        .when_matched()
        .do_update(points=news.points)
        .when_not_matched()
        .do_insert(id=news.id, title="new", points=news.points)
    )
    await audited.db.execute(query)
    assert sorted(await audited.entries()) == [
        ("delete", {"id": 2}, row(2, "b", points=2), None),
        ("insert", {"id": 8}, None, row(8, "new", points=80)),
        ("update", {"id": 1}, row(1, "a", points=1), row(1, "a", points=10)),
    ]
