"""Windows, aggregates and groupings: what they write, and what they give on every database."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from querykit import (
    Column,
    Interval,
    Table,
    case,
    cast,
    cube,
    fn,
    grouping_sets,
    groups,
    range_,
    rewrite,
    rollup,
    rows,
    select_from,
    sql,
    tuple_,
    value,
    walk,
    window,
)
from querykit.builder.operands import Value
from querykit.errors import BuildError, CompileError, UnsupportedError
from tests.expected import compiles_to, spelled
from tests.sample import person, pet, toy

cats_first = select_from(pet).order_by(pet.species, pet.id)


async def test_over_partitions_orders_and_frames(db):
    total = fn.sum(pet.id).over(partition_by=pet.species, order_by=[pet.weight.desc(), pet.id], frame=rows(-1, 0))
    query = cats_first.select(pet.id, total.as_("total"))
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "pet"."id", SUM("pet"."id") OVER (PARTITION BY "pet"."species" ORDER BY "pet"."weight" DESC, '
                '"pet"."id" ROWS BETWEEN $1 PRECEDING AND CURRENT ROW) AS "total" FROM "pet" '
                'ORDER BY "pet"."species", "pet"."id"',
                (1,),
            ),
            "mysql": (
                "SELECT `pet`.`id`, SUM(`pet`.`id`) OVER (PARTITION BY `pet`.`species` ORDER BY `pet`.`weight` DESC, "
                "`pet`.`id` ROWS BETWEEN %s PRECEDING AND CURRENT ROW) AS `total` FROM `pet` "
                "ORDER BY `pet`.`species`, `pet`.`id`",
                (1,),
            ),
            "mariadb": (
                "SELECT `pet`.`id`, SUM(`pet`.`id`) OVER (PARTITION BY `pet`.`species` ORDER BY `pet`.`weight` DESC, "
                "`pet`.`id` ROWS BETWEEN %s PRECEDING AND CURRENT ROW) AS `total` FROM `pet` "
                "ORDER BY `pet`.`species`, `pet`.`id`",
                (1,),
            ),
            "sqlite": (
                'SELECT "pet"."id", SUM("pet"."id") OVER (PARTITION BY "pet"."species" ORDER BY "pet"."weight" DESC, '
                '"pet"."id" ROWS BETWEEN ? PRECEDING AND CURRENT ROW) AS "total" FROM "pet" '
                'ORDER BY "pet"."species", "pet"."id"',
                (1,),
            ),
        },
    )
    found = {row["id"]: row["total"] for row in await db.fetch_all(query)}
    by_weight = fn.sum(pet.id).over(
        partition_by=pet.species, order_by=[pet.weight.desc(nulls="last"), pet.id], frame=rows(-1, 0)
    )
    placed = {row["id"]: row["total"] for row in await db.fetch_all(cats_first.select(pet.id, by_weight.as_("total")))}
    assert placed == {11: 11, 14: 25, 12: 26, 10: 10, 13: 23}
    assert all(type(each) is int for each in found.values())


async def test_named_windows(db):
    w = window("w", partition_by=pet.species, order_by=pet.id)
    query = cats_first.select(
        pet.id, fn.row_number().over(w).as_("n"), fn.count().over(w, frame=rows(None, None)).as_("all")
    ).window(w)
    quoted = (
        'SELECT "pet"."id", ROW_NUMBER() OVER "w" AS "n", '
        'COUNT(*) OVER ("w" ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS "all" FROM "pet" '
        'WINDOW "w" AS (PARTITION BY "pet"."species" ORDER BY "pet"."id") ORDER BY "pet"."species", "pet"."id"'
    )
    backticks = quoted.replace('"', "`")
    compiles_to(query, {"postgres": quoted, "mysql": backticks, "mariadb": backticks, "sqlite": quoted})
    assert await db.fetch_all(query) == [
        {"id": 11, "n": 1, "all": 3}, {"id": 12, "n": 2, "all": 3}, {"id": 14, "n": 3, "all": 3},
        {"id": 10, "n": 1, "all": 2}, {"id": 13, "n": 2, "all": 2},
    ]  # fmt: skip


def test_windows_must_be_declared_once():
    w = window("w", order_by=pet.id)
    with pytest.raises(CompileError, match="is not declared"):
        select_from(pet).select(fn.rank().over(w).as_("r")).compile("postgres")
    with pytest.raises(CompileError, match="two windows named 'w'"):
        select_from(pet).select(pet.id).window(w, w).compile("postgres")
    inner = select_from(toy).select(fn.rank().over(w).as_("r")).limit(1)
    with pytest.raises(CompileError, match="is not declared"):
        select_from(pet).select(inner.as_("r")).window(w).compile("postgres")
    with pytest.raises(BuildError, match="a window with a name"):
        fn.rank().over("w")  # type: ignore[arg-type]
    with pytest.raises(BuildError, match="has its window already"):
        fn.rank().over(w).over(w)


async def test_functions_of_windows(db):
    by_id = {"order_by": pet.id}
    query = select_from(pet).select(
        pet.id,
        fn.row_number().over(**by_id).as_("row_number"),
        fn.rank().over(order_by=pet.species).as_("rank"),
        fn.dense_rank().over(order_by=pet.species).as_("dense_rank"),
        fn.percent_rank().over(**by_id).as_("percent_rank"),
        fn.cume_dist().over(order_by=pet.species).as_("cume_dist"),
        fn.ntile(2).over(**by_id).as_("ntile"),
        fn.lag(pet.name).over(**by_id).as_("lag"),
        fn.lead(pet.id, 2).over(**by_id).as_("lead"),
        fn.first_value(pet.name).over(**by_id).as_("first"),
        fn.last_value(pet.name).over(**by_id, frame=rows(None, None)).as_("last"),
        fn.nth_value(pet.name, 2).over(**by_id, frame=rows(None, None)).as_("second"),
    ).order_by(pet.id).limit(2)  # fmt: skip
    first, second = await db.fetch_all(query)
    assert first == {
        "id": 10, "row_number": 1, "rank": 4, "dense_rank": 2, "percent_rank": 0.0, "cume_dist": 1.0, "ntile": 1,
        "lag": None, "lead": 12, "first": "Rex", "last": "Amy", "second": "Felix",
    }  # fmt: skip
    assert second == {
        "id": 11, "row_number": 2, "rank": 1, "dense_rank": 1, "percent_rank": 0.25, "cume_dist": 0.6, "ntile": 1,
        "lag": "Rex", "lead": 13, "first": "Rex", "last": "Amy", "second": "Felix",
    }  # fmt: skip
    assert type(first["percent_rank"]) is float


async def test_a_default_where_there_is_no_row_before(db):
    query = (
        select_from(pet)
        .select(fn.lag(pet.name, 1, "none").over(order_by=pet.id).as_("before"))
        .order_by(pet.id)
        .limit(1)
    )
    if db.dialect.name == "mariadb":
        with pytest.raises(UnsupportedError, match="LAG with a default"):
            query.compile("mariadb")
    else:
        assert await db.fetch_value(query) == "none"
    with pytest.raises(BuildError):
        fn.lag(pet.name, 1, 5)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (rows(), [10, 21, 33, 46, 60]),
        (rows(-1, 1), [21, 33, 36, 39, 27]),
        (rows(0, None), [60, 50, 39, 27, 14]),
        (rows(-2, -1), [None, 10, 21, 23, 25]),
        (rows(1, 2), [23, 25, 27, 14, None]),
        (range_(-2, 0), [10, 21, 33, 36, 39]),
        (range_(None, None), [60, 60, 60, 60, 60]),
    ],
)
async def test_frames(db, frame, expected):
    query = select_from(pet).select(fn.sum(pet.id).over(order_by=pet.id, frame=frame).as_("s")).order_by(pet.id)
    assert await db.fetch_column(query) == expected


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (groups(-1, 0), [37, 60]),
        (rows(None, None, exclude="current row"), None),
        (groups(None, None, exclude="group"), [23, 37]),
        (groups(None, None, exclude="ties"), None),
        (rows(None, None, exclude="no others"), [60, 60]),
    ],
)
async def test_groups_and_exclusions_where_they_exist(db, frame, expected):
    query = select_from(pet).select(fn.sum(pet.id).over(order_by=pet.species, frame=frame).as_("s")).distinct()
    if db.dialect.name in ("mysql", "mariadb"):
        with pytest.raises(UnsupportedError):
            query.compile(db.dialect.name)
        return
    found = await db.fetch_column(query)
    if expected is not None:
        assert sorted(found) == sorted(set(expected))


class Sale(Table, name="sale"):
    id: Column[int]
    day: Column[dt.date]
    at: Column[dt.datetime]
    amount: Column[Decimal]


sale = Sale()


@pytest.fixture
async def sales(db):
    types = {"sqlite": ("TEXT", "TEXT", "TEXT"), "postgres": ("date", "timestamp", "numeric(10, 2)")}
    day, at, amount = types.get(db.dialect.name, ("DATE", "DATETIME(6)", "DECIMAL(10, 2)"))
    await db.execute(sql("DROP TABLE IF EXISTS sale"))
    await db.execute(sql.raw(f"CREATE TABLE sale (id INTEGER, day {day}, at {at}, amount {amount})"))  # type: ignore[arg-type]
    for id_, days, amount_ in ((1, 0, "1.10"), (2, 1, "2.20"), (3, 5, "10.05"), (4, 40, "0.01")):
        moment = dt.datetime(2024, 1, 1, 12) + dt.timedelta(days=days)
        await db.execute(sql("INSERT INTO sale VALUES ({}, {}, {}, {})", id_, moment.date(), moment, Decimal(amount_)))
    yield db
    await db.execute(sql("DROP TABLE sale"))


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (range_(dt.timedelta(days=-1), 0), [1, 3, 3, 4]),
        (range_(dt.timedelta(days=-4), dt.timedelta(0)), [1, 3, 5, 4]),
        (range_(-Interval(months=1), 0), [1, 3, 6, 4]),
    ],
)
async def test_frames_of_durations_where_they_exist(sales, frame, expected):
    for key in (sale.day, sale.at):
        query = select_from(sale).select(fn.sum(sale.id).over(order_by=key, frame=frame).as_("s")).order_by(sale.id)
        if sales.dialect.name in ("mariadb", "sqlite"):
            with pytest.raises(UnsupportedError, match="durations"):
                query.compile(sales.dialect.name)
        else:
            assert await sales.fetch_column(query) == expected


async def test_dates_of_columns_add_up(sales):
    query = select_from(sale).select(
        (sale.day + dt.timedelta(days=30)).as_("day"),
        (sale.at - dt.timedelta(milliseconds=1)).as_("at"),
        (sale.day - dt.date(2024, 1, 1)).as_("since"),
        fn.extract("month", sale.day + dt.timedelta(days=31)).as_("month"),
        fn.date_trunc("month", sale.at).as_("begin"),
    ).where(sale.id == 2, sale.day > value(dt.date(2024, 1, 1)), sale.at - dt.datetime(2024, 1, 1) > dt.timedelta(days=1))  # fmt: skip
    assert await sales.fetch_one(query) == {
        "day": dt.date(2024, 2, 1),
        "at": dt.datetime(2024, 1, 2, 11, 59, 59, 999000),
        "since": dt.timedelta(days=1),
        "month": 2,
        "begin": dt.datetime(2024, 1, 1),
    }


async def test_aggregates_of_decimals_are_exact(sales):
    query = select_from(sale).select(
        fn.sum(sale.amount).as_("sum"), fn.min(sale.amount).as_("min"), fn.max(sale.amount).as_("max"),
        fn.sum(sale.amount * 2 + 1).as_("more"), fn.sum(sale.amount).filter_where(sale.id < 3).as_("some"),
    )  # fmt: skip
    assert await sales.fetch_one(query) == {
        "sum": Decimal("13.36"), "min": Decimal("0.01"), "max": Decimal("10.05"),
        "more": Decimal("30.72"), "some": Decimal("3.30"),
    }  # fmt: skip
    rounded = select_from(sale).select(fn.round(fn.avg(sale.amount), 2).as_("a"))
    assert await sales.fetch_value(rounded) == Decimal("3.34")
    running = select_from(sale).select(fn.sum(sale.amount).over(order_by=sale.id).as_("s")).order_by(sale.id)
    assert await sales.fetch_column(running) == [Decimal("1.10"), Decimal("3.30"), Decimal("13.35"), Decimal("13.36")]


async def test_aggregates_are_typed(db):
    query = select_from(pet).select(
        fn.count().as_("count"), fn.count(pet.weight).as_("weights"), fn.count(pet.species).distinct().as_("species"),
        fn.sum(pet.id).as_("sum"), fn.sum(pet.weight).as_("kg"), fn.avg(pet.weight).as_("mean"), fn.min(pet.name).as_("min"),
        fn.max(pet.id).as_("max"), fn.bool_and(pet.id > 10).as_("every"), fn.bool_or(pet.id > 10).as_("some"),
        fn.min(pet.id > 10).as_("least"),
    )  # fmt: skip
    found = await db.fetch_one(query)
    assert found == {
        "count": 5, "weights": 4, "species": 2, "sum": 60, "kg": 51.5, "mean": 12.875, "min": "Amy", "max": 14,
        "every": False, "some": True, "least": False,
    }  # fmt: skip
    assert [type(each) for each in found.values()] == [int, int, int, int, float, float, str, int, bool, bool, bool]
    assert (
        await db.fetch_value(select_from(pet).select(pet.species).group_by(pet.species).having(fn.sum(pet.id) > 30))
        == "cat"
    )


async def test_no_rows_have_no_sum(db):
    query = select_from(pet).select(
        fn.sum(pet.id).as_("s"), fn.avg(pet.id).as_("a"), fn.stddev(pet.id).as_("d"), fn.bool_or(pet.id > 1).as_("b")
    )
    assert await db.fetch_one(query.where(pet.id < 0)) == {"s": None, "a": None, "d": None, "b": None}


async def test_deviations_are_the_same_kind_everywhere(db):
    query = select_from(pet).select(
        fn.stddev(pet.id).as_("s"), fn.stddev_pop(pet.id).as_("p"), fn.variance(pet.id).as_("v"), fn.var_pop(pet.id).as_("w"),
    )  # fmt: skip
    found = await db.fetch_one(query)
    assert found == pytest.approx({"s": 2.5**0.5, "p": 2**0.5, "v": 2.5, "w": 2.0})
    assert all(type(each) is float for each in found.values())
    assert await db.fetch_value(select_from(pet).select(fn.stddev(pet.id).as_("s")).where(pet.id == 10)) is None
    over = (
        select_from(pet).select(fn.var_pop(pet.id).over(order_by=pet.id, frame=rows(-1, 0)).as_("v")).order_by(pet.id)
    )
    assert await db.fetch_column(over) == [0.0, 0.25, 0.25, 0.25, 0.25]


async def test_texts_of_rows_in_one(db):
    names = fn.string_agg(pet.name, "; ").order_by(pet.name)
    query = select_from(pet).select(pet.species, names.as_("names")).group_by(pet.species).order_by(pet.species)
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT "pet"."species", STRING_AGG("pet"."name", $1::text ORDER BY "pet"."name") AS "names" FROM "pet" '
                'GROUP BY "pet"."species" ORDER BY "pet"."species"',
                ("; ",),
            ),
            "mysql": (
                "SELECT `pet`.`species`, GROUP_CONCAT(`pet`.`name` ORDER BY `pet`.`name` SEPARATOR %s) AS `names` "
                "FROM `pet` GROUP BY `pet`.`species` ORDER BY `pet`.`species`",
                ("; ",),
            ),
            "mariadb": (
                "SELECT `pet`.`species`, GROUP_CONCAT(`pet`.`name` ORDER BY `pet`.`name` SEPARATOR %s) AS `names` "
                "FROM `pet` GROUP BY `pet`.`species` ORDER BY `pet`.`species`",
                ("; ",),
            ),
            "sqlite": (UnsupportedError, "aggregate a sub-query that is distinct or ordered"),
        },
    )
    if db.dialect.name != "sqlite":
        assert await db.fetch_column(query.clear_select().select(names.as_("n"))) == ["Amy; Felix; Minka", "Bella; Rex"]
    ordered = select_from(pet).select(pet.name).order_by(pet.name).as_("ordered")
    plain = select_from(ordered).select(fn.group_concat(ordered.name, "%").as_("names"))
    assert sorted((await db.fetch_value(plain)).split("%")) == ["Amy", "Bella", "Felix", "Minka", "Rex"]
    async with db.connection() as connection:
        await connection.execute(sql("SELECT 1"))  # texts are sent in another form to MySQL behind raw SQL
        joined = select_from(pet).select(fn.string_agg(pet.species, "é'→").as_("all")).where(pet.id < 12)
        assert await connection.fetch_value(joined) in ("dogé'→cat", "caté'→dog")
    some = select_from(pet).select(fn.string_agg(pet.name).filter_where(pet.species == "dog", pet.id < 12).as_("n"))
    assert await db.fetch_value(some) == "Rex"


async def test_a_separator_is_a_text(db):
    for separator in (None, 5, b"x"):
        with pytest.raises(BuildError, match="takes a text as the separator"):
            fn.string_agg(pet.name, separator)
    with pytest.raises(BuildError, match="that of float differs from database to database"):
        fn.string_agg(pet.weight)
    query = select_from(pet).select(fn.string_agg(pet.name, pet.species).as_("n")).where(pet.id == 10)
    lacking = (UnsupportedError, "a separator that is no text")
    compiles_to(
        query,
        spelled(
            'SELECT STRING_AGG("pet"."name", "pet"."species") AS "n" FROM "pet" WHERE "pet"."id" = $1',
            (10,),
            mysql=lacking,
            mariadb=lacking,
            sqlite=('SELECT GROUP_CONCAT("pet"."name", "pet"."species") AS "n" FROM "pet" WHERE "pet"."id" = ?', (10,)),
        ),
    )
    if db.dialect.name in ("postgres", "sqlite"):
        assert await db.fetch_value(query) == "Rex"


async def test_within_group(db):
    query = select_from(pet).select(
        fn.percentile_cont(0.5).within_group(pet.id).as_("median"),
        fn.percentile_disc(0.25).within_group(pet.name.desc()).as_("name"),
        fn.mode().within_group(pet.species).as_("mode"),
    )
    assert {each.kind for each in (column.shape for column in query.output_columns())} == {"float", "str"}
    compiles_to(
        query,
        {
            "postgres": (
                'SELECT PERCENTILE_CONT($1::double precision) WITHIN GROUP (ORDER BY "pet"."id") AS "median", '
                'PERCENTILE_DISC($2::double precision) WITHIN GROUP (ORDER BY "pet"."name" DESC) AS "name", '
                'MODE() WITHIN GROUP (ORDER BY "pet"."species") AS "mode" FROM "pet"',
                (0.5, 0.25),
            ),
            "mysql": UnsupportedError,
            "mariadb": UnsupportedError,
            "sqlite": UnsupportedError,
        },
    )
    if db.dialect.name == "postgres":
        assert await db.fetch_one(query) == {"median": 12.0, "name": "Minka", "mode": "cat"}
    with pytest.raises(CompileError, match="within_group"):
        select_from(pet).select(fn.mode().as_("m")).compile("postgres")


def test_what_no_database_has_is_refused():
    with pytest.raises(UnsupportedError, match="DISTINCT"):
        select_from(pet).select(fn.count(pet.id).distinct().over().as_("n")).compile("postgres")
    with pytest.raises(CompileError, match="filter_where"):
        select_from(pet).select(fn.rank().filter_where(pet.id > 1).over().as_("n")).compile("postgres")
    with pytest.raises(UnsupportedError, match="FILTER"):
        select_from(pet).select(fn.call("JSON_ARRAYAGG", pet.id).filter_where(pet.id > 1).as_("n")).compile("mysql")
    for build in (
        lambda: rows(1, -1),
        lambda: rows(0.5),
        lambda: rows(True),
        lambda: groups("1"),
        lambda: rows(exclude="me"),
        rollup,
        cube,
    ):
        with pytest.raises(BuildError):
            build()


async def test_an_empty_over_is_all_rows(db):
    query = (
        select_from(pet)
        .select(fn.count().over().as_("n"), fn.sum(pet.id).filter_where(pet.id > 12).over().as_("s"))
        .limit(1)
    )
    assert await db.fetch_one(query) == {"n": 5, "s": 27}


# -- groupings --------------------------------------------------------------------------------------------------------


async def test_rollup_sums_up(db):
    query = select_from(pet).select(pet.species, fn.count().as_("n")).group_by(rollup(pet.species))
    compiles_to(
        query,
        {
            "postgres": 'SELECT "pet"."species", COUNT(*) AS "n" FROM "pet" GROUP BY ROLLUP ("pet"."species")',
            "mysql": "SELECT `pet`.`species`, COUNT(*) AS `n` FROM `pet` GROUP BY `pet`.`species` WITH ROLLUP",
            "mariadb": "SELECT `pet`.`species`, COUNT(*) AS `n` FROM `pet` GROUP BY `pet`.`species` WITH ROLLUP",
            "sqlite": (UnsupportedError, "union_all"),
        },
    )
    if db.dialect.name != "sqlite":
        assert {row["species"]: row["n"] for row in await db.fetch_all(query)} == {"cat": 3, "dog": 2, None: 5}
    with pytest.raises(UnsupportedError, match="ORDER BY of a query with ROLLUP"):
        query.order_by(pet.species).compile("mariadb")


async def test_rollup_of_what_is_selected_with_parameters(db):
    size = fn.coalesce(pet.weight, 0.0).as_("size")
    query = select_from(pet).select(size, fn.count().as_("n")).group_by(rollup(size))
    if db.dialect.name != "sqlite":
        assert len(await db.fetch_all(query)) == 6


async def test_cubes_and_grouping_sets(db):
    cubed = select_from(pet).select(fn.count().as_("n")).group_by(cube(pet.species, pet.owner_id))
    sets = (
        select_from(pet)
        .select(pet.species, fn.grouping(pet.species).as_("all"), fn.count().as_("n"))
        .group_by(grouping_sets((pet.species, pet.owner_id), pet.species, ()))
        .order_by(fn.count().desc(), pet.species)
        .limit(2)
    )
    compiles_to(
        sets,
        {
            "postgres": (
                'SELECT "pet"."species", GROUPING("pet"."species") AS "all", COUNT(*) AS "n" FROM "pet" GROUP BY '
                'GROUPING SETS (("pet"."species", "pet"."owner_id"), ("pet"."species"), ()) '
                'ORDER BY COUNT(*) DESC, "pet"."species" LIMIT $1',
                (2,),
            ),
            "mysql": UnsupportedError,
            "mariadb": UnsupportedError,
            "sqlite": UnsupportedError,
        },
    )
    if db.dialect.name == "postgres":
        assert await db.fetch_all(sets) == [{"species": None, "all": 1, "n": 5}, {"species": "cat", "all": 0, "n": 3}]
        assert len(await db.fetch_all(cubed)) == 4 + 2 + 3 + 1
    with pytest.raises(UnsupportedError, match="CUBE"):
        cubed.compile("mysql")
    with pytest.raises(CompileError, match="group_by"):
        select_from(pet).select(rollup(pet.id).as_("r")).compile("postgres")


async def test_windows_over_groups(db):
    query = (
        select_from(person)
        .inner_join(pet, pet.owner_id == person.id)
        .select(person.first_name, fn.rank().over(order_by=fn.count(pet.id).desc()).as_("place"))
        .group_by(person.id, person.first_name)
        .order_by(fn.count(pet.id).desc(), person.first_name)
    )
    assert await db.fetch_all(query) == [
        {"first_name": "Bea", "place": 1}, {"first_name": "Cem", "place": 2}, {"first_name": "Dora", "place": 2},
    ]  # fmt: skip


def test_rules_reach_into_windows_frames_and_groupings():
    """A plugin's rule finds every value: in OVER, WINDOW, frames, FILTER, WITHIN GROUP, ROLLUP and CASE."""
    w = window("w", partition_by=fn.coalesce(pet.weight, 7.0), frame=rows(-7, 0))
    query = (
        select_from(pet)
        .select(
            fn.sum(pet.id)
            .filter_where(pet.id > 7)
            .over(partition_by=[pet.id + 7], order_by=[(pet.id - 7).desc()])
            .as_("a"),
            fn.count().over(w).as_("b"),
            fn.percentile_cont(0.5).within_group(pet.id * 7).as_("c"),
            fn.string_agg(pet.name, "x").order_by(pet.id % 7).as_("d"),
            (value(dt.date(2024, 1, 1)) + (pet.id - 7).returns(dt.timedelta)).as_("e"),
            case(pet.id).when(7, 7).else_(7).as_("f"),
            tuple_(pet.id, pet.weight).is_in([(7, 7)]).as_("g"),
            fn.concat(pet.name, cast(pet.id + 7, str)).as_("h"),
        )
        .group_by(rollup(pet.id + 7))
        .window(w)
    )
    found = rewrite(
        query, lambda node: Value(8, node.value_type) if isinstance(node, Value) and node.value == 7 else node
    )
    assert not [node for node in walk(found) if isinstance(node, Value) and node.value == 7]
    assert len([node for node in walk(found) if isinstance(node, Value) and node.value == 8]) == 17
    assert rewrite(query, lambda node: node) is query
