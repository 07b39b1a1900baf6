"""WITH: common table expressions, recursive ones, and what a database lacks of them."""

import pytest

from querykit import cte, recursive_cte, select_from, update, value, with_, with_recursive
from querykit.errors import BuildError, CompileError, UnsupportedError
from tests.expected import compiles_to, spelled
from tests.sample import person, pet

cats = cte("cats", select_from(pet).select(pet.id, pet.name).where(pet.species == "cat"))


async def test_a_cte_is_a_table(db):
    query = with_(cats).select_from(cats).select(cats.name).where(cats.id > 11).order_by(cats.name)
    compiles_to(
        query,
        spelled(
            'WITH "cats" AS (SELECT "pet"."id", "pet"."name" FROM "pet" WHERE "pet"."species" = $1) '
            'SELECT "cats"."name" FROM "cats" WHERE "cats"."id" > $2 ORDER BY "cats"."name"',
            ("cat", 11),
        ),
    )
    assert await db.fetch_column(query) == ["Amy", "Minka"]


async def test_a_cte_can_refer_to_the_one_before_it_and_meet_itself(db):
    named = cte("order", select_from(cats).select(cats.id, cats.name), columns=["key", 'na`me"d'])
    other = named.as_("other")
    query = (
        with_(cats, named)
        .select_from(named)
        .inner_join(other, other.key < named.key)
        .select(named['na`me"d'].as_("one"), other['na`me"d'].as_("before"))
        .order_by(named.key, other.key)
    )
    assert await db.fetch_all(query) == [
        {"one": "Minka", "before": "Felix"},
        {"one": "Amy", "before": "Felix"},
        {"one": "Amy", "before": "Minka"},
    ]


async def test_a_recursive_cte_walks_a_tree(db):
    anchor = select_from(person).select(person.id, value(0).as_("depth")).where(person.mother_id.is_null())
    tree = recursive_cte(
        "tree",
        anchor,
        lambda tree: (
            select_from(person).inner_join(tree, tree.id == person.mother_id).select(person.id, tree.depth + 1)
        ),
    )
    query = with_(tree).select_from(tree).select(tree.id, tree.depth).order_by(tree.id)
    compiles_to(
        query,
        spelled(
            'WITH RECURSIVE "tree" AS (SELECT "person"."id", $1::bigint AS "depth" FROM "person" '
            'WHERE "person"."mother_id" IS NULL UNION ALL SELECT "person"."id", "tree"."depth" + $2 FROM "person" '
            'INNER JOIN "tree" ON "tree"."id" = "person"."mother_id") '
            'SELECT "tree"."id", "tree"."depth" FROM "tree" ORDER BY "tree"."id"',
            (0, 1),
        ),
    )
    rows = await db.fetch_all(query)
    assert [(row["id"], row["depth"]) for row in rows] == [(1, 0), (2, 1), (3, 1), (4, 2), (5, 0)]


async def test_a_recursive_cte_that_drops_rows_ends_in_a_cycle(db):
    counted = recursive_cte(
        "n",
        select_from(person).select(person.id).where(person.id == 1),
        lambda n: select_from(n).select(n.id),
        distinct=True,
    )
    assert await db.fetch_column(with_(counted).select_from(counted).select(counted.id)) == [1]


def test_recursive_comes_in_with_any_recursive_cte():
    tree = recursive_cte("tree", select_from(pet).select(pet.id), lambda tree: select_from(tree).select(tree.id))
    query = with_(cats).with_(tree).select_from(cats).select(cats.id)
    assert query.compile("postgres").sql.startswith('WITH RECURSIVE "cats" AS')
    ids = cte("ids", select_from(pet).select(pet.id))
    behind = with_(cats).with_recursive(tree).with_(ids).select_from(cats, ids).select(cats.id.as_("cat"), ids.id)
    sql = behind.compile("postgres").sql
    assert [sql.index(each) for each in ('WITH RECURSIVE "cats" AS', '"tree" AS', '"ids" AS')] == sorted(
        sql.index(each) for each in ('WITH RECURSIVE "cats" AS', '"tree" AS', '"ids" AS')
    )
    plain = with_recursive(cats).select_from(cats).select(cats.id)
    assert plain.compile("sqlite").sql.startswith('WITH RECURSIVE "cats" AS')


async def test_materialized_is_a_hint_where_there_is_one(db):
    kept = cte("kept", select_from(pet).select(pet.id), materialized=True)
    query = with_(kept).select_from(kept).select(kept.id)
    lacking = (UnsupportedError, "MATERIALIZED")
    compiles_to(
        query,
        spelled(
            'WITH "kept" AS MATERIALIZED (SELECT "pet"."id" FROM "pet") SELECT "kept"."id" FROM "kept"',
            mysql=lacking,
            mariadb=lacking,
        ),
    )
    if db.dialect.name in ("postgres", "sqlite"):  # the others refuse it, as the table says
        assert len(await db.fetch_all(query)) == 5


async def test_a_write_can_have_common_tables(restored_db):
    old = cte("old", select_from(person).select(person.id).where(person.birth_year < 1977))
    query = with_(old).update(pet).set(name="of the old").where(pet.owner_id.is_in(select_from(old).select(old.id)))
    compiles_to(
        query,
        spelled(
            'WITH "old" AS (SELECT "person"."id" FROM "person" WHERE "person"."birth_year" < $1) '
            'UPDATE "pet" SET "name" = $2 WHERE "pet"."owner_id" IN (SELECT "old"."id" FROM "old")',
            (1977, "of the old"),
            mariadb=(UnsupportedError, "WITH before UPDATE"),
        ),
    )
    if restored_db.dialect.name != "mariadb":  # refused there, as the table says
        assert (await restored_db.execute(query)).rows_affected == 3


@pytest.mark.databases("postgres")
async def test_a_cte_can_write_on_postgres(restored_db):
    moved = cte("moved", update(pet).set(owner_id=5).where(pet.species == "dog").returning(pet.name))
    query = with_(moved).select_from(moved).select(moved.name).order_by(moved.name)
    lacking = (UnsupportedError, "in WITH")
    compiles_to(
        query,
        {
            "postgres": (
                'WITH "moved" AS (UPDATE "pet" SET "owner_id" = $1 WHERE "pet"."species" = $2 RETURNING "pet"."name") '
                'SELECT "moved"."name" FROM "moved" ORDER BY "moved"."name"',
                (5, "dog"),
            ),
            "mysql": UnsupportedError,
            "mariadb": UnsupportedError,
            "sqlite": lacking,
        },
    )
    assert await restored_db.fetch_column(query) == ["Bella", "Rex"]


def test_mistakes_are_named():
    with pytest.raises(CompileError, match=r"the CTE 'cats' is used where no with_\(cats\) brings it in"):
        select_from(cats).select(cats.id).compile("postgres")
    with pytest.raises(BuildError, match="'cats' has no column 'nmae', did you mean 'name'"):
        cats["nmae"]
    with pytest.raises(BuildError, match="names 1 columns for a query of 2"):
        cte("x", select_from(pet).select(pet.id, pet.name), columns=["one"])
    with pytest.raises(BuildError, match="what cte"):
        with_(pet)
    with pytest.raises(CompileError, match="two CTEs named 'cats'"):
        with_(cats, cats).select_from(cats).select(cats.id).compile("mysql")
