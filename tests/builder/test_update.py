"""UPDATE: with other tables, with sub-queries, in order, and what a database lacks."""

import pytest

from querykit import (
    DEFAULT,
    and_,
    case,
    cast,
    cte,
    delete_from,
    exists,
    fn,
    json_array_from,
    param,
    select_from,
    sql,
    table,
    update,
    value,
    with_,
)
from querykit.errors import BuildError, CompileError, UnsupportedError
from tests.builder.stock import item
from tests.expected import compiles_to, spelled
from tests.sample import person, pet

only_on_mysql = {"postgres": UnsupportedError, "sqlite": UnsupportedError}


async def rows(db):
    return await db.fetch_all(select_from(item).select(item.name, item.amount, item.note).order_by(item.id))


async def amounts(db):
    return [row["amount"] for row in await rows(db)]


async def test_values_and_expressions(stock):
    query = update(item).set({item.amount: item.amount * 2}, note=None).where(item.name != "nut")
    compiles_to(
        query,
        spelled(
            'UPDATE "item" SET "amount" = "item"."amount" * $1, "note" = $2 WHERE "item"."name" <> $3', (2, None, "nut")
        ),
    )
    assert (await stock.execute(query)).rows_affected == 2
    assert await amounts(stock) == [20, 20, 60]


async def test_a_row_that_does_not_change_counts(stock):
    assert (await stock.execute(update(item).set(amount=10).where(item.id == 1))).rows_affected == 1


async def test_a_default(stock):
    query = update(item).set(amount=DEFAULT).where(item.id == 1)
    compiles_to(
        query,
        spelled(
            'UPDATE "item" SET "amount" = DEFAULT WHERE "item"."id" = $1', (1,), sqlite=(UnsupportedError, "DEFAULT")
        ),
    )
    if stock.dialect.name != "sqlite":
        await stock.execute(query)
        assert await amounts(stock) == [7, 20, 30]


async def test_every_row_has_to_be_meant(stock):
    query = update(item).set(amount=1)
    for lost in (query, query.where(and_()), query.where(item.id.not_in([])), query.from_(pet), query.cross_join(pet)):
        for dialect in ("postgres", "mysql", "mariadb", "sqlite"):
            with pytest.raises(CompileError, match="all_rows"):
                lost.compile(dialect)
    compiles_to(query.all_rows(), spelled('UPDATE "item" SET "amount" = $1', (1,)))
    assert (await stock.execute(query.all_rows())).rows_affected == 3
    assert query.where(item.id == 1).clear_where().predicates == ()


async def test_another_table(stock):
    query = update(item).from_(pet).set(note=pet.name, amount=pet.id).where(pet.id == item.id + 9, pet.species == "dog")
    mysql = (
        "UPDATE `item` CROSS JOIN `pet` SET `item`.`note` = `pet`.`name`, `item`.`amount` = `pet`.`id` "
        "WHERE `pet`.`id` = `item`.`id` + %s AND `pet`.`species` = %s",
        (9, "dog"),
    )
    compiles_to(
        query,
        spelled(
            'UPDATE "item" SET "note" = "pet"."name", "amount" = "pet"."id" FROM "pet" '
            'WHERE "pet"."id" = "item"."id" + $1 AND "pet"."species" = $2',
            (9, "dog"),
            mysql=mysql,
            mariadb=mysql,
        ),
    )
    assert (await stock.execute(query)).rows_affected == 1
    assert (await rows(stock))[0] == {"name": "bolt", "amount": 10, "note": "Rex"}


async def test_joined_tables(stock):
    query = (
        update(item)
        .inner_join(pet, pet.id == item.id + 9)
        .inner_join(person, person.id == pet.owner_id)
        .set(note=person.first_name)
        .where(pet.species == "cat")
    )
    mysql = (
        "UPDATE `item` INNER JOIN `pet` ON `pet`.`id` = `item`.`id` + %s INNER JOIN `person` "
        "ON `person`.`id` = `pet`.`owner_id` SET `item`.`note` = `person`.`first_name` WHERE `pet`.`species` = %s",
        (9, "cat"),
    )
    compiles_to(
        query,
        spelled(
            'UPDATE "item" SET "note" = "person"."first_name" FROM "pet", "person" WHERE "pet"."id" = "item"."id" + $1 '
            'AND "person"."id" = "pet"."owner_id" AND "pet"."species" = $2',
            (9, "cat"),
            mysql=mysql,
            mariadb=mysql,
        ),
    )
    assert (await stock.execute(query)).rows_affected == 2
    assert [row["note"] for row in await rows(stock)] == [None, "Bea", "Cem"]


async def test_a_left_join_behind_another_table(stock):
    mother = person.as_("mother")
    query = (
        update(item)
        .from_(pet)
        .inner_join(person, person.id == pet.owner_id)
        .left_join(mother, mother.id == person.mother_id, mother.first_name == "Bea")
        .set(note=fn.coalesce(mother.first_name, "nobody"))
        .where(pet.id == item.id + 10)
    )
    compiles_to(
        query,
        spelled(
            'UPDATE "item" SET "note" = COALESCE("mother"."first_name", $1) FROM "pet" CROSS JOIN "person" '
            'LEFT JOIN "person" AS "mother" ON "mother"."id" = "person"."mother_id" AND "mother"."first_name" = $2 '
            'WHERE "person"."id" = "pet"."owner_id" AND "pet"."id" = "item"."id" + $3',
            ("nobody", "Bea", 10),
            **dict.fromkeys(
                ("mysql", "mariadb"),
                (
                    "UPDATE `item` CROSS JOIN `pet` INNER JOIN `person` ON `person`.`id` = `pet`.`owner_id` "
                    "LEFT JOIN `person` AS `mother` ON `mother`.`id` = `person`.`mother_id` AND "
                    "`mother`.`first_name` = %s "
                    "SET `item`.`note` = COALESCE(`mother`.`first_name`, %s) WHERE `pet`.`id` = `item`.`id` + %s",
                    ("Bea", "nobody", 10),
                ),
            ),
        ),
    )
    await stock.execute(query)
    assert [row["note"] for row in await rows(stock)] == ["nobody", "nobody", "Bea"]


async def test_a_left_join_of_the_table_itself(stock):
    query = update(item).left_join(pet, pet.id == item.id + 9, pet.species == "dog").set(note=pet.name).all_rows()
    compiles_to(
        query,
        {
            **only_on_mysql,
            "mysql": (
                "UPDATE `item` LEFT JOIN `pet` ON `pet`.`id` = `item`.`id` + %s AND `pet`.`species` = %s "
                "SET `item`.`note` = `pet`.`name`",
                (9, "dog"),
            ),
            "mariadb": (
                "UPDATE `item` LEFT JOIN `pet` ON `pet`.`id` = `item`.`id` + %s AND `pet`.`species` = %s "
                "SET `item`.`note` = `pet`.`name`",
                (9, "dog"),
            ),
        },
    )
    if stock.dialect.name in ("mysql", "mariadb"):
        await stock.execute(query)
        assert [row["note"] for row in await rows(stock)] == ["Rex", None, None]


async def test_a_derived_table_and_a_cte(stock):
    counted = select_from(pet).select(pet.owner_id, fn.count().as_("n")).group_by(pet.owner_id).as_("counted")
    await stock.execute(update(item).from_(counted).set(amount=counted.n).where(counted.owner_id == item.id))
    assert await amounts(stock) == [10, 3, 1]
    cats = cte("cats", select_from(pet).select(pet.id, pet.name).where(pet.species == "cat"))
    query = with_(cats).update(item).set(note=select_from(cats).select(fn.min(cats.name))).where(item.id == 1)
    compiles_to(
        query,
        spelled(
            'WITH "cats" AS (SELECT "pet"."id", "pet"."name" FROM "pet" WHERE "pet"."species" = $1) '
            'UPDATE "item" SET "note" = (SELECT MIN("cats"."name") FROM "cats") WHERE "item"."id" = $2',
            ("cat", 1),
            mariadb=UnsupportedError,
        ),
    )
    if stock.dialect.name != "mariadb":
        await stock.execute(query)
        assert (await rows(stock))[0]["note"] == "Amy"


async def test_sub_queries_that_read_the_table_itself(stock):
    other = item.as_("other")
    largest = select_from(other).select(fn.max(other.amount))
    later = select_from(other).select(other.id).where(other.id > item.id)
    query = update(item).set(amount=largest).where(exists(later))
    compiles_to(
        query,
        spelled(
            'UPDATE "item" SET "amount" = (SELECT MAX("other"."amount") FROM "item" AS "other") '
            'WHERE EXISTS (SELECT "other"."id" FROM "item" AS "other" WHERE "other"."id" > "item"."id")',
            mysql=(
                "UPDATE `item` SET `amount` = (SELECT * FROM (SELECT MAX(`other`.`amount`) FROM `item` AS `other` "
                "LIMIT 18446744073709551615) AS `read`) WHERE EXISTS (SELECT * FROM (SELECT "
                "`other`.`id` FROM `item` AS "
                "`other` WHERE `other`.`id` > `item`.`id` LIMIT 18446744073709551615) AS `read`)"
            ),
        ),
    )
    assert (await stock.execute(query)).rows_affected == 2
    assert await amounts(stock) == [30, 30, 30]


async def test_the_first_rows_of_an_order(stock):
    query = update(item).set(amount=0).order_by(item.amount.desc()).limit(2)
    text = "UPDATE `item` SET `amount` = %s ORDER BY `item`.`amount` DESC LIMIT %s"
    compiles_to(query, {**only_on_mysql, "mysql": (text, (0, 2)), "mariadb": (text, (0, 2))})
    other = item.as_("other")
    if stock.dialect.name not in ("mysql", "mariadb"):
        first = select_from(other).select(other.id).order_by(other.amount.desc()).limit(2)
        query = update(item).set(amount=0).where(item.id.is_in(first))
    assert (await stock.execute(query)).rows_affected == 2
    assert await amounts(stock) == [10, 0, 0]


async def test_ordered_rows_by_a_sub_query_everywhere(stock):
    other = item.as_("other")
    first = select_from(other).select(other.id).order_by(other.amount.desc()).limit(2)
    assert (await stock.execute(update(item).set(amount=0).where(item.id.is_in(first)))).rows_affected == 2
    assert await amounts(stock) == [10, 0, 0]


async def test_columns_of_several_tables(stock):
    other = item.as_("other")
    query = update(item).inner_join(other, other.id == item.id + 1).set({item.note: "one", other.note: "two"})
    text = (
        "UPDATE `item` INNER JOIN `item` AS `other` ON `other`.`id` = `item`.`id` + %s "
        "SET `item`.`note` = %s, `other`.`note` = %s WHERE `item`.`id` = %s"
    )
    compiles_to(
        query.where(item.id == 1),
        {**only_on_mysql, "mysql": (text, (1, "one", "two", 1)), "mariadb": (text, (1, "one", "two", 1))},
    )
    if stock.dialect.name in ("mysql", "mariadb"):
        await stock.execute(query.where(item.id == 1))
        assert [row["note"] for row in await rows(stock)] == ["one", "two", None]


async def test_every_value_sees_the_row_as_it_was(stock):
    query = (
        update(item)
        .set(
            amount=item.amount + 1,
            note=case().when(item.amount == 10, "ten").else_(item.name),
            name=cast(item.amount, str),
        )
        .where(item.id < param("last", int))
    )
    compiled = query.compile("mysql")
    assert compiled.sql == (
        "UPDATE `item` SET `note` = CASE WHEN `item`.`amount` = %s THEN %s ELSE `item`.`name` END, "
        "`name` = CAST(`item`.`amount` AS CHAR), `amount` = `item`.`amount` + %s WHERE `item`.`id` < %s"
    )
    assert compiled.parameters[:3] == (10, "ten", 1)
    await stock.execute(query, parameters={"last": 3})
    assert await rows(stock) == [
        {"name": "10", "amount": 11, "note": "ten"},
        {"name": "20", "amount": 21, "note": "nut"},
        {"name": "washer", "amount": 30, "note": None},
    ]


async def test_columns_that_change_places(stock):
    query = update(item).set(name=item.note, note=item.name).where(item.id == 2)
    compiles_to(
        query,
        spelled(
            'UPDATE "item" SET "name" = "item"."note", "note" = "item"."name" WHERE "item"."id" = $1',
            (2,),
            mysql=(UnsupportedError, "read one another"),
            mariadb=(UnsupportedError, "read one another"),
        ),
    )
    if stock.dialect.name in ("postgres", "sqlite"):
        await stock.execute(query)
        assert (await rows(stock))[1] == {"name": "M8", "amount": 20, "note": "nut"}


async def test_returning_columns_of_an_alias(stock):
    stored = item.as_("stored")
    pets = json_array_from(select_from(pet).select(pet.name).where(pet.id == stored.id))
    query = update(stored).set(amount=5).where(stored.id == 2).returning(stored.id, stored.amount, pets.as_("pets"))
    lacking = (UnsupportedError, "RETURNING")
    compiles_to(
        query.replaced(returned=query.returned[:2]),
        spelled(
            'UPDATE "item" AS "stored" SET "amount" = $1 WHERE "stored"."id" = $2 RETURNING "stored"."id", "stored"."amount"',
            (5, 2),
            sqlite=(
                'UPDATE "item" AS "stored" SET "amount" = ? WHERE "stored"."id" = ? RETURNING "item"."id", "item"."amount"',
                (5, 2),
            ),
            mysql=lacking,
            mariadb=lacking,
        ),
    )
    if stock.dialect.name in ("postgres", "sqlite"):
        assert await stock.fetch_all(query) == [{"id": 2, "amount": 5, "pets": []}]
        gone = delete_from(stored).where(stored.id == 2).returning(stored.name)
        assert await stock.fetch_value(gone) == "nut"


async def test_returning(stock):
    query = update(item).set(amount=item.amount + 1).where(item.id > 1).returning(item.id, item.amount.as_("now"))
    compiles_to(
        query,
        spelled(
            'UPDATE "item" SET "amount" = "item"."amount" + $1 WHERE "item"."id" > $2 '
            'RETURNING "item"."id", "item"."amount" AS "now"',
            (1, 1),
            mysql=UnsupportedError,
            mariadb=(UnsupportedError, "UPDATE … RETURNING"),
        ),
    )
    joined = update(item).from_(pet).set(note=pet.name).where(pet.id == 10, item.id == 1).returning(item.id, pet.name)
    assert joined.compile("postgres").sql.endswith('RETURNING "item"."id", "pet"."name"')
    with pytest.raises(CompileError, match="not in scope"):
        joined.compile("sqlite")
    if stock.dialect.name in ("postgres", "sqlite"):
        found = await stock.fetch_all(query)
        assert sorted(found, key=lambda row: row["id"]) == [{"id": 2, "now": 21}, {"id": 3, "now": 31}]
        pets = select_from(pet).select(pet.name).where(pet.owner_id == item.id).order_by(pet.name)
        nested = update(item).set(amount=1).where(item.id == 2).returning(item.id, json_array_from(pets).as_("pets"))
        assert await stock.fetch_all(nested) == [
            {"id": 2, "pets": [{"name": "Amy"}, {"name": "Felix"}, {"name": "Rex"}]}
        ]
    if stock.dialect.name == "postgres":
        assert await stock.fetch_all(joined) == [{"id": 1, "name": "Rex"}]


async def test_an_alias_of_the_table(stock):
    other = item.as_("i")
    query = update(other).set(amount=other.amount + 1).where(other.id == 1)
    compiles_to(query, spelled('UPDATE "item" AS "i" SET "amount" = "i"."amount" + $1 WHERE "i"."id" = $2', (1, 1)))
    await stock.execute(query)
    assert await amounts(stock) == [11, 20, 30]


async def test_a_fraction_is_never_cut_where_the_column_is_not_known(stock):
    undeclared = table("item")
    await stock.execute(update(undeclared).set(amount=17.9).where(undeclared.id == 1))
    amount = await stock.fetch_value(select_from(item).select(item.amount.returns(float)).where(item.id == 1))
    assert amount == (17.9 if stock.dialect.name == "sqlite" else 18)


def test_what_means_nothing_is_refused():
    query = update(item)
    with pytest.raises(BuildError, match="at least one column"):
        query.set({})
    with pytest.raises(BuildError, match="set twice"):
        query.set(amount=1).set({item.amount: 2})
    with pytest.raises(BuildError, match="takes int"):
        query.set(amount="1")
    with pytest.raises(BuildError, match="did you mean"):
        query.set(amout=1)
    with pytest.raises(BuildError, match="a mapping"):
        query.set("amount")
    with pytest.raises(BuildError, match="at least one condition"):
        query.set(amount=1).where()
    with pytest.raises(BuildError, match="cross_join"):
        query.inner_join(pet)
    with pytest.raises(CompileError, match="nothing is set"):
        query.where(item.id == 1).compile("sqlite")
    for dialect in ("postgres", "mysql", "mariadb", "sqlite"):
        with pytest.raises(CompileError, match="stands twice"):
            query.from_(item).set(amount=1).where(item.id == 1).compile(dialect)
        with pytest.raises(CompileError, match="not in scope"):
            query.set(amount=pet.id).where(item.id == 1).compile(dialect)
        with pytest.raises(CompileError):
            query.set({pet.name: "x"}).where(item.id == 1).compile(dialect)
    assert query.set(amount=value(1)).assignments


async def test_raw_sql_at_the_end(stock):
    query = update(item).set(amount=1).where(item.id == 1).modify_end(sql("/* {} */ -- why", sql.raw("because")))
    for dialect in ("postgres", "mysql", "mariadb", "sqlite"):
        assert query.compile(dialect).sql.rstrip("\n").endswith(" /* because */ -- why")
    await stock.execute(query)
    with pytest.raises(BuildError, match="raw SQL"):
        query.modify_end("-- why")


def test_two_columns_of_one_name_do_not_come_back():
    query = update(item).from_(pet).set(note=pet.name).where(pet.id == item.id).returning(item.id, pet.id)
    with pytest.raises(CompileError, match="two columns of the result are named 'id'"):
        query.compile("postgres")
    assert query.replaced(returned=()).returning(item.id, pet.id.as_("pet_id")).compile("postgres")


async def test_joined_tables_and_sub_queries_that_read_the_table_itself(stock):
    other = item.as_("other")
    largest = select_from(other).select(fn.max(other.amount))
    query = update(item).inner_join(pet, pet.id == item.id + 9).set(amount=largest).where(pet.species == "cat")
    await stock.execute(query)
    assert await amounts(stock) == [10, 30, 30]
