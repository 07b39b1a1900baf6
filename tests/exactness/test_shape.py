"""Lists and objects of nested rows: how many, of what, in which order; and where else a helper can stand."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from querykit import (
    Column,
    Database,
    Table,
    case,
    fn,
    insert_into,
    json_array_agg,
    json_array_from,
    json_build_object,
    json_map_from,
    json_object_from,
    select,
    select_from,
    sql,
    table,
    value,
)
from querykit.errors import BuildError, CompileError, MultipleResultsError, ResultError, UnsupportedError
from tests.exactness.same import exact


class Node(Table, name="shape_node"):
    id: Column[int]
    parent_id: Column[int | None]
    agg: Column[str | None]
    amount: Column[Decimal | None]


node = Node()
child, grandchild = node.as_("child"), node.as_("grandchild")
ROWS = [
    {"id": 1, "parent_id": None, "agg": "root", "amount": Decimal("1.10")},
    {"id": 2, "parent_id": 1, "agg": "b", "amount": Decimal("9.00")},
    {"id": 3, "parent_id": 1, "agg": "a", "amount": None},
    {"id": 4, "parent_id": 2, "agg": None, "amount": Decimal("10.00")},
]


@pytest.fixture
async def nodes(db: Database) -> AsyncIterator[Database]:
    """A root with two children, and a grandchild."""
    amount = "TEXT" if db.dialect.name == "sqlite" else "NUMERIC(10,2)"
    await db.execute(sql("DROP TABLE IF EXISTS shape_node"))
    await db.execute(
        sql.raw(f"CREATE TABLE shape_node (id INT PRIMARY KEY, parent_id INT, agg VARCHAR(20), amount {amount})")
    )
    await db.execute(insert_into(node).values(ROWS))
    yield db
    await db.execute(sql("DROP TABLE shape_node"))


def children(of: Any = node) -> Any:
    return select_from(child).select(child.id, child.agg).where(child.parent_id == of.id).order_by(child.id)


def by_id(query: Any) -> Any:
    return query.order_by(node.id)


async def test_no_row_is_an_empty_list_or_none(nodes: Database) -> None:
    query = (
        select_from(node)
        .select(json_array_from(children()).as_("list"), json_object_from(children().limit(1)).as_("first"))
        .where(node.id == 3)
    )
    assert await nodes.fetch_one(query) == {"list": [], "first": None}


async def test_a_row_of_nulls_is_an_object_of_nones(nodes: Database) -> None:
    nothing = select_from(child).select(child.agg, child.amount.as_("b")).where(child.id == 4)
    nothing = nothing.where(child.agg.is_null())
    query = select(
        json_object_from(select_from(child).select(child.agg, child.parent_id.as_("p")).where(child.id == 1)).as_(
            "root"
        ),
        json_array_from(select_from(child).select(child.agg).where(child.id == 4)).as_("rows"),
        json_object_from(select_from(child).select(child.agg).where(child.id == 4)).as_("row"),
    )
    assert await nodes.fetch_one(query) == {
        "root": {"agg": "root", "p": None},
        "rows": [{"agg": None}],
        "row": {"agg": None},
    }


async def test_a_second_row_of_an_object_is_the_same_error_everywhere(nodes: Database) -> None:
    object_ = json_object_from(children())
    for query in [
        select_from(node).select(object_.as_("o")),
        select(json_array_from(select_from(node).select(object_.as_("o"))).as_("rows")),
    ]:
        with pytest.raises(MultipleResultsError):
            await nodes.fetch_all(query)


async def test_columns_come_in_the_order_of_select_at_every_depth(nodes: Database) -> None:
    inner = select_from(grandchild).select(
        grandchild.parent_id, grandchild.agg.as_("z"), grandchild.id.as_("a long name")
    )
    outer = select_from(child).select(
        json_array_from(inner.where(grandchild.parent_id == child.id)).as_("zz"), child.id, child.agg.as_("a")
    )
    query = select(json_array_from(outer.where(child.id == 2)).as_("rows"), value(1).as_("a"))
    assert exact(await nodes.fetch_one(query)) == exact(
        {"rows": [{"zz": [{"parent_id": 2, "z": None, "a long name": 4}], "id": 2, "a": "b"}], "a": 1}
    )


@pytest.mark.parametrize("count", [1, 49, 50, 51, 63, 64, 100, 101, 500])
async def test_any_number_of_nested_columns(db: Database, count: int) -> None:
    columns = {f"c{number}": None if number % 3 == 0 else number for number in range(count)}
    terms = [value(each).as_(name) for name, each in columns.items()]
    query = select(
        json_array_from(select(*terms)).as_("array"),
        json_object_from(select(*terms)).as_("object"),
        json_build_object(**{name: value(each) for name, each in columns.items()}).as_("built"),
    )
    assert exact(await db.fetch_one(query)) == exact({"array": [columns], "object": columns, "built": columns})


@pytest.mark.parametrize(
    "name", ["agg", "obj", "t", "data", "key", "value", "nested", "plain", "single", "item", "row", "v0"]
)
async def test_columns_may_have_the_names_that_helpers_use(nodes: Database, name: str) -> None:
    nested = select_from(child).select(child.agg.as_(name), child.amount.as_("amount")).where(child.id == 1)
    row = {name: "root", "amount": Decimal("1.10")}
    query = select(json_array_from(nested).as_(name), json_object_from(nested).as_("o"))
    assert await nodes.fetch_one(query) == {name: [row], "o": row}


@pytest.mark.parametrize("name", ['"', "'", "`", "\\", "%s", "?", "$1", ":x", "{x}", "naïve ‽", "a b", "v0", "None"])
async def test_columns_may_have_any_name(db: Database, name: str) -> None:
    query = select(json_array_from(select(value(1).as_(name), value(2.5).as_("x"))).as_("rows"), value("y").as_(name))
    assert await db.fetch_all(query) == [{"rows": [{name: 1, "x": 2.5}], name: "y"}]


async def test_depth_ten(db: Database) -> None:
    deepest = db.dialect.features.max_nesting
    query: Any = select(value(0).as_("n"))
    for number in range(1, min(deepest, 10) + 1):
        query = select(value(number).as_("n"), json_array_from(query).as_("rows"))
    row = await db.fetch_one(query)
    for number in range(min(deepest, 10), 0, -1):
        assert row["n"] == number
        [row] = row["rows"]
    assert row == {"n": 0}


def test_deeper_than_the_database_goes_is_refused_when_compiled() -> None:
    query: Any = select(value(0).as_("n"))
    for _ in range(70):
        query = select(json_array_from(query).as_("rows"))
    for dialect in ("postgres", "mysql", "mariadb", "sqlite"):
        with pytest.raises(UnsupportedError, match="levels of nested rows"):
            query.compile(dialect)


# -- a helper elsewhere than in a select list --------------------------------------------------------------------------


async def test_in_case_and_coalesce(nodes: Database) -> None:
    nested = json_array_from(children())
    query = by_id(
        select_from(node).select(
            node.id,
            case().when(node.id == 1, nested).as_("cased"),
            fn.coalesce(json_object_from(children().limit(1)), json_build_object(id=node.id, agg=node.agg)).as_(
                "first"
            ),
        )
    )
    rows = [
        {"id": 1, "cased": [{"id": 2, "agg": "b"}, {"id": 3, "agg": "a"}], "first": {"id": 2, "agg": "b"}},
        {"id": 2, "cased": None, "first": {"id": 4, "agg": None}},
        {"id": 3, "cased": None, "first": {"id": 3, "agg": "a"}},
        {"id": 4, "cased": None, "first": {"id": 4, "agg": None}},
    ]
    assert await nodes.fetch_all(query) == rows
    assert await nodes.fetch_value(select(json_array_from(query).as_("rows"))) == rows


async def test_in_a_derived_table_that_finds_no_row(nodes: Database) -> None:
    lists = select_from(node).select(node.id, json_array_from(children()).as_("list")).where(node.id == 1).as_("lists")
    outside = node.as_("outside")
    query = select_from(outside).select(outside.id, lists.list).left_join(lists, lists.id == outside.id)
    query = query.where(outside.id < 3).order_by(outside.id)
    rows = [{"id": 1, "list": [{"id": 2, "agg": "b"}, {"id": 3, "agg": "a"}]}, {"id": 2, "list": None}]
    assert await nodes.fetch_all(query) == rows
    if nodes.dialect.name != "mariadb":  # where a derived table inside JSON is not to be had
        assert await nodes.fetch_value(select(json_array_from(query).as_("rows"))) == rows


async def test_a_partner_that_a_left_join_does_not_find(nodes: Database) -> None:
    """Helpers of a query have no row of NULLs to show; what is built of columns is what its columns are."""
    own = child.as_("own")
    lists = select_from(own).select(own.id).where(own.parent_id == node.id)
    built = json_build_object(id=child.id)
    joined = select_from(node).left_join(child, child.parent_id == node.id).where(node.id == 4)
    beside = joined.select(
        json_array_from(lists).as_("children"),
        json_object_from(lists.limit(1)).as_("first"),
        built.as_("built"),
        case().when(child.id.is_not_null(), built).as_("found"),
    )
    assert await nodes.fetch_all(beside) == [{"children": [], "first": None, "built": {"id": None}, "found": None}]
    assert await nodes.fetch_all(joined.select(json_array_agg(child.id).as_("all"))) == [{"all": [None]}]


async def test_in_both_branches_of_a_union(nodes: Database) -> None:
    one = select_from(node).select(node.id, json_array_from(children()).as_("list")).where(node.id == 2)
    two = select_from(node).select(node.id, json_array_from(children()).as_("list")).where(node.id == 3)
    query = one.union_all(two).order_by(node.id)
    assert await nodes.fetch_all(query) == [{"id": 2, "list": [{"id": 4, "agg": None}]}, {"id": 3, "list": []}]


async def test_beside_group_by_and_order_by(nodes: Database) -> None:
    query = (
        select_from(node)
        .select(node.id, fn.count(child.id).as_("n"), json_array_from(children(node).limit(1)).as_("first"))
        .left_join(child, child.parent_id == node.id)
        .group_by(node.id)
        .order_by(fn.count(child.id).desc(), node.id)
    )
    renamed = node.as_("first_child")
    first = select_from(renamed).select(renamed.id).where(renamed.parent_id == node.id).order_by(renamed.id).limit(1)
    query = query.clear_select().select(node.id, fn.count(child.id).as_("n"), json_array_from(first).as_("first"))
    assert await nodes.fetch_all(query) == [
        {"id": 1, "n": 2, "first": [{"id": 2}]},
        {"id": 2, "n": 1, "first": [{"id": 4}]},
        {"id": 3, "n": 0, "first": []},
        {"id": 4, "n": 0, "first": []},
    ]


# -- maps --------------------------------------------------------------------------------------------------------------


async def test_a_map_is_a_dict_by_a_column(nodes: Database) -> None:
    amounts = select_from(child).select(child.amount, child.id).where(child.amount.is_not_null())
    query = select(
        json_map_from(children(value_of(1)), key=child.id).as_("rows"),
        json_map_from(children(value_of(1)).scalars(), key="agg").as_("values"),
        json_map_from(amounts.scalars(), key=child.amount).as_("by_amount"),
        json_map_from(children(value_of(99)), key="id").as_("none"),
    )
    row = {
        "rows": {2: {"id": 2, "agg": "b"}, 3: {"id": 3, "agg": "a"}},
        "values": {"b": 2, "a": 3},
        "by_amount": {Decimal("1.10"): 1, Decimal("9.00"): 2, Decimal("10.00"): 4},
        "none": {},
    }
    assert exact(await nodes.fetch_one(query)) == exact(row)
    assert exact(await nodes.fetch_value(select(json_array_from(query).as_("l")))) == exact([row])


def value_of(number: int) -> Any:
    class Parent:
        id = value(number)

    return Parent


async def test_a_key_that_comes_twice_is_an_error(nodes: Database) -> None:
    with pytest.raises(MultipleResultsError, match="two rows have one key"):
        await nodes.fetch_all(
            select(json_map_from(select_from(child).select(child.id, value(1).as_("one")), key="one").as_("m"))
        )


@dataclass
class NodeOut:
    id: int
    agg: str | None


@dataclass
class Maps:
    rows: dict[int, NodeOut]
    names: dict[int, str | None]


async def test_a_map_into_typed_rows(nodes: Database) -> None:
    rows = children(value_of(1))
    query = select(json_map_from(rows, key="id").as_("rows"), json_map_from(rows.scalars(), key="id").as_("names"))
    assert await nodes.fetch_all(query.rows_as(Maps)) == [
        Maps({2: NodeOut(2, "b"), 3: NodeOut(3, "a")}, {2: "b", 3: "a"})
    ]


def test_what_can_be_no_key_is_refused() -> None:
    nested = select_from(node).select(node.id, json_array_from(children()).as_("list"))
    for query, key in [(children(), "agg "), (nested, "list"), (children().select(child.amount).scalars(), "id")]:
        with pytest.raises(BuildError, match="json_map_from"):
            json_map_from(query, key=key)


# -- aggregates and predicates have types ------------------------------------------------------------------------------


async def test_aggregates_come_as_their_types_at_every_depth(nodes: Database) -> None:
    columns = [
        fn.count().as_("count"),
        fn.sum(child.id).as_("sum"),
        fn.avg(child.id).as_("avg"),
        fn.max(child.amount).as_("max"),
        fn.min(child.amount).as_("min"),
        fn.sum(child.amount).as_("total"),
        (fn.count() > 1).as_("many"),
        fn.sum(child.id).filter_where(child.id > 99).as_("none"),
    ]
    row = {
        "count": 4,
        "sum": 10,
        "avg": 2.5,
        "max": Decimal("10.00"),
        "min": Decimal("1.10"),
        "total": Decimal("20.10"),
        "many": True,
        "none": None,
    }
    query = select_from(child).select(*columns)
    assert exact(await nodes.fetch_one(query)) == exact(row)
    assert exact(await nodes.fetch_value(select(json_object_from(query).as_("o")))) == exact(row)
    assert exact(await nodes.fetch_value(select(json_array_from(query).as_("l")))) == exact([row])


# -- bad input ---------------------------------------------------------------------------------------------------------


def test_two_columns_of_one_name_and_columns_without_a_name_are_refused() -> None:
    for query in [
        select_from(node).select(node.id, child.id).inner_join(child, child.parent_id == node.id),
        select_from(node).select(fn.count()),
        select_from(node).select(value(1)),
    ]:
        for helper in (json_array_from, json_object_from):
            with pytest.raises(BuildError):
                helper(query)
    with pytest.raises(CompileError, match="two columns of the result are named 'id'"):
        select_from(node).select(node.id, child.id).inner_join(child, child.parent_id == node.id).compile("sqlite")


async def test_a_result_of_raw_sql_with_two_columns_of_one_name_is_refused(db: Database) -> None:
    with pytest.raises(ResultError, match="two columns of the result are named 'a'"):
        await db.fetch_all(sql("SELECT 1 AS a, 2 AS a"))


async def test_a_star_that_only_the_database_knows(nodes: Database) -> None:
    every = table("shape_node")
    query = select(json_array_from(select_from(every).select_all().where(every.id == 1)).as_("rows"))
    if nodes.dialect.name == "postgres":
        assert await nodes.fetch_value(query) == [{"id": 1, "parent_id": None, "agg": "root", "amount": 1.1}]
    else:
        with pytest.raises(UnsupportedError, match="name the columns"):
            await nodes.fetch_value(query)


@pytest.mark.databases("postgres")
async def test_arrays_of_arrays_whose_items_json_changes_are_refused(db: Database) -> None:
    matrix = sql("SELECT ARRAY[[1.5::float8]] AS v").returns_rows(v=list[list[float]])
    assert await db.fetch_value(matrix) == [[1.5]]
    rows = sql("({})", sql("SELECT ARRAY[[1.5::float8]] AS v")).as_table("t", {"v": list[list[float]]})
    with pytest.raises(UnsupportedError, match="keep it in a JSON column"):
        await db.fetch_all(select(json_array_from(select_from(rows).select(rows["v"])).as_("rows")))


async def test_columns_of_the_names_that_our_sql_uses_change_nothing(db: Database) -> None:
    """In the tables around and inside, declared or not: a name that is found outside must not be taken for a row."""
    names = ("nested", "plain", "single", "value", "json", "record")
    await db.execute(sql("DROP TABLE IF EXISTS shape_names"))
    columns = ", ".join([f"{db.dialect.compiler.names[name]} VARCHAR(10)" for name in names])
    await db.execute(sql.raw(f"CREATE TABLE shape_names (id INT, {columns})"))
    outer, inner, deepest = table("shape_names"), table("shape_names").as_("inner"), table("shape_names").as_("deepest")
    row = {"id": 1} | {name: f"a {name}" for name in names}
    await db.execute(insert_into(outer).values(row))
    leaf = select_from(deepest).select(*[deepest[name] for name in row]).where(deepest.id == inner.id)
    tree = (
        select_from(inner)
        .select(inner.id, inner.nested, json_array_from(leaf).as_("leaf"), json_object_from(leaf).as_("value"))
        .where(inner.id == outer.id)
    )
    found = await db.fetch_all(select_from(outer).select(outer.nested, json_array_from(tree).as_("tree")))
    assert found == [
        {"nested": "a nested", "tree": [{"id": 1, "nested": "a nested", "leaf": [row], "value": row}]},
    ]
    await db.execute(sql("DROP TABLE shape_names"))


# -- what rows in rows refer to ---------------------------------------------------------------------------------------


def of_children(*columns: Any) -> Any:
    """The children of the root, with columns and the ids of their own children."""
    ids = select_from(grandchild).select(grandchild.id).where(grandchild.parent_id == child.id).scalars()
    return select_from(child).select(*columns, json_array_from(ids).as_("inner")).where(child.parent_id == node.id)


async def test_rows_in_rows_refer_to_columns_that_are_not_selected(nodes: Database) -> None:
    query = select_from(node).select(json_array_from(of_children(child.agg).order_by(child.agg)).as_("list"))
    assert await nodes.fetch_value(query.where(node.id == 1)) == [
        {"agg": "a", "inner": []},
        {"agg": "b", "inner": [4]},
    ]


@pytest.mark.parametrize("name", ["id", "parent_id", "INNER2", "amount"])
async def test_another_column_may_have_the_name_of_one_that_is_referred_to(nodes: Database, name: str) -> None:
    rows = of_children(child.agg.as_(name), (child.id * 10).as_("ten")).order_by(child.id)
    assert await nodes.fetch_value(select_from(node).select(json_array_from(rows).as_("list")).where(node.id == 1)) == [
        {name: "b", "ten": 20, "inner": [4]},
        {name: "a", "ten": 30, "inner": []},
    ]


async def test_a_name_in_other_letters_is_another_name(nodes: Database) -> None:
    rows = of_children(child.agg.as_("ID")).order_by(child.agg)
    assert await nodes.fetch_value(select_from(node).select(json_array_from(rows).as_("list")).where(node.id == 1)) == [
        {"ID": "a", "inner": []},
        {"ID": "b", "inner": [4]},
    ]


async def test_raw_sql_in_rows_in_rows_refers_to_what_it_names(nodes: Database) -> None:
    inner = select_from(grandchild).select(grandchild.id).where(sql("grandchild.parent_id = child.id"))
    rows = select_from(child).select(child.agg, json_array_from(inner.scalars()).as_("inner"))
    rows = rows.where(child.parent_id == node.id).order_by(child.agg)
    assert await nodes.fetch_value(select_from(node).select(json_array_from(rows).as_("list")).where(node.id == 1)) == [
        {"agg": "a", "inner": []},
        {"agg": "b", "inner": [4]},
    ]


async def test_limits_hold_for_rows_with_rows_in_them(nodes: Database) -> None:
    rows = of_children(child.agg).order_by(child.agg.desc())
    query = select_from(node).select(
        json_array_from(rows.limit(1)).as_("one"),
        json_array_from(rows.limit(5).offset(1)).as_("rest"),
        json_object_from(rows.limit(1)).as_("first"),
    )
    assert await nodes.fetch_one(query.where(node.id == 1)) == {
        "one": [{"agg": "b", "inner": [4]}],
        "rest": [{"agg": "a", "inner": []}],
        "first": {"agg": "b", "inner": [4]},
    }
    with pytest.raises(MultipleResultsError):
        await nodes.fetch_one(select_from(node).select(json_object_from(rows).as_("first")).where(node.id == 1))


@pytest.mark.parametrize("helper", [json_array_from, json_object_from])
@pytest.mark.parametrize("levels", range(2, 8))
async def test_a_chain_of_any_length_that_goes(nodes: Database, helper: Any, levels: int) -> None:
    """Each level has a row, which is its parent's only one."""
    await nodes.execute(sql("DELETE FROM shape_node"))
    await nodes.execute(insert_into(node).values([{"id": n, "parent_id": n - 1} for n in range(1, 12)]))
    tables = [node, *[node.as_(f"level_{number}") for number in range(1, levels + 1)]]
    query: Any = None
    for parent, table_of_level in zip(reversed(tables[:-1]), reversed(tables[1:]), strict=True):
        inner = query
        query = select_from(table_of_level).select(table_of_level.id, table_of_level.amount)
        if inner is not None:
            query = query.select(helper(inner).as_("inner"))
        query = query.where(table_of_level.parent_id == parent.id).order_by(table_of_level.id)
    found = await nodes.fetch_value(select_from(node).select(helper(query).as_("inner")).where(node.id == 1))
    for number in range(2, levels + 2):
        row = found[0] if helper is json_array_from else found
        assert (row["id"], row["amount"]) == (number, None)
        found = row.get("inner")
    assert found is None
