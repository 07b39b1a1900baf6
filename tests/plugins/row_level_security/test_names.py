"""Which table a name is: by schema and case, under aliases, and where CTEs take names."""

from __future__ import annotations

from typing import Any

import pytest

from querykit import (
    BuildError,
    CompileError,
    PolicyError,
    PolicyViolationError,
    QueryKitError,
    RowLevelSecurityPlugin,
    UndefinedTableError,
    cte,
    exists,
    fn,
    insert_into,
    recursive_cte,
    select_from,
    sql,
    table,
    with_,
)
from tests.expected import spelled
from tests.plugins.filtered import filtered_to
from tests.plugins.row_level_security.world import POLICIES, World, policed
from tests.plugins.tenants import person, pet, species, toy

ids = select_from(person).select(person.id).order_by(person.id)


@pytest.mark.parametrize(
    "name",
    ["PERSON", "Person", "per\N{LATIN SMALL LETTER LONG S}on", '"person"', "`person`", "main.person", "person ", ""],
)
async def test_another_spelling_of_a_name_is_the_table_or_no_table(world: World, name: str) -> None:
    try:
        found = await world.first.fetch_column(select_from(other := table(name)).select(other.id).order_by(other.id))
    except (PolicyError, UndefinedTableError, BuildError):
        return
    assert found == [1, 2, 3]
    assert world.dialect == "sqlite"


async def test_a_policy_without_a_schema_holds_in_every_schema(world: World) -> None:
    schema = {"postgres": "public", "sqlite": "main"}.get(world.dialect)
    if schema is None:
        schema = await world.plain.fetch_value(sql("SELECT DATABASE()"))
    elsewhere = table("person", schema=schema)
    assert await world.first.fetch_column(select_from(elsewhere).select(elsewhere.id).order_by(elsewhere.id)) == [
        1,
        2,
        3,
    ]
    assert await world.first.with_schema(schema).fetch_column(ids) == [1, 2, 3]
    one = policed(world.plain, {f"{schema}.person": POLICIES["person"]}).with_context(tenant=1)
    assert await one.fetch_column(select_from(elsewhere).select(elsewhere.id).order_by(elsewhere.id)) == [1, 2, 3]
    with pytest.raises(BuildError, match="names no schema"):
        await one.fetch_column(ids)
    assert await one.with_schema(schema).fetch_column(ids) == [1, 2, 3]
    with pytest.raises(PolicyError):
        await one.fetch_column(select_from(other := table("person", schema="other")).select(other.id))


async def test_what_no_policy_knows_is_refused(world: World) -> None:
    for name in ("owner", "persons", "information_schema", "sqlite_master", "pg_class"):
        with pytest.raises(PolicyError, match=f"the table '{name}' has no policy and is not shared"):
            await world.first.fetch_all(select_from(table(name)).select_all())


# -- CTEs -------------------------------------------------------------------------------------------------------------

FAKE: Any = cte(
    "pet",
    select_from(species).select(
        (species.legs * 0 + 110).as_("id"), (species.legs * 0 + 1).as_("tenant_id"), species.legs.as_("owner_id")
    ),
)
"""What a policy that reads `pet` would read in its place: another tenant's pet as the first's own."""
counted = select_from(toy).select(fn.count().as_("n"))
own = recursive_cte(
    "pet", select_from(pet).select(pet.id), lambda pet: select_from(pet).select(pet.id).where(pet.id < 0)
)
forward = cte("forward", select_from(FAKE).select(FAKE.id))
under_alias = counted.as_("counted")

HIDING: dict[str, Any] = {
    "a read": with_(FAKE).select_from(toy).select(toy.id),
    "a sub-query": with_(FAKE).select_from(species).select(species.name).where(exists(counted)),
    "a write": with_(FAKE).update(toy).set(name="x").all_rows(),
    "a deletion": with_(FAKE).delete_from(toy).all_rows(),
    "a CTE around": with_(FAKE)
    .select_from(select_from(inner := cte("inner", counted)).replaced(ctes=(inner,)).select(inner.n).as_("outer"))
    .select(fn.count()),
    "a later CTE": with_(cte("first", counted), FAKE).select_from(species).select(species.name),
    "its own name, recursively": with_(own).select_from(own).select(own.id),
    "one object in two places": counted.union_all(with_(FAKE).select_from(under_alias).select(under_alias.n)),
    "one object in a CTE and beside it": with_(
        cte("pet", counted), cte("other", select_from(species).select(species.name))
    )
    .select_from(species)
    .select(species.name)
    .where(exists(counted)),
    "a CTE that is not there": select_from(FAKE).select(FAKE.id),
    "a CTE that comes later": with_(forward, FAKE).select_from(forward).select(forward.id),
    "a CTE of the other part": with_(FAKE)
    .select_from(FAKE)
    .select(FAKE.id)
    .union_all(select_from(FAKE).select(FAKE.id)),
    "a CTE in capitals": with_(cte("PET", select_from(species).select(species.name))).select_from(toy).select(toy.id),
}


@pytest.mark.parametrize("name", HIDING)
async def test_a_cte_hides_no_table_that_is_guarded_or_that_a_policy_reads(world: World, name: str) -> None:
    if name == "a CTE in capitals" and world.dialect == "postgres":
        assert await world.first.fetch_value(HIDING[name].clear_select().select(fn.count())) == 4
        return
    with pytest.raises(CompileError):
        await (world.first.execute if HIDING[name].is_write else world.first.fetch_all)(HIDING[name])


async def test_a_cte_hides_no_table_from_the_check_of_inserted_rows(world: World) -> None:
    before = await world.contents(2)
    new = {"id": 2000, "tenant_id": 2, "name": "x", "pet_id": 110}
    rows = select_from(species).select(species.legs, species.legs, species.name, species.legs)
    for statement in (
        with_(FAKE).insert_into(toy).values(new),
        with_(FAKE).insert_into(toy).values(new | {"id": 120}).on_conflict(toy.id).do_update(name="x"),
        with_(FAKE).insert_into(toy).columns("id", "tenant_id", "name", "pet_id").from_select(rows),
    ):
        with pytest.raises(QueryKitError) as caught:
            await world.first.execute(statement)
        assert isinstance(caught.value, CompileError | PolicyError), caught.value
    assert await world.contents(2) == before
    with pytest.raises(PolicyViolationError):
        await world.first.execute(insert_into(toy).values(new))


async def test_a_cte_of_a_guarded_name_is_not_the_table_where_nothing_else_is_meant(world: World) -> None:
    query = with_(found := cte("person", ids.clear_order_by())).select_from(found).select(found.id).order_by(found.id)
    filtered_to(
        RowLevelSecurityPlugin(POLICIES),
        query,
        spelled(
            'WITH "person" AS (SELECT "person"."id" FROM "person" WHERE "person"."tenant_id" = $1) '
            'SELECT "person"."id" FROM "person" ORDER BY "person"."id"',
            ("context.tenant",),
        ),
    )
    if world.dialect == "sqlite":  # says: circular reference
        return
    assert await world.first.fetch_column(query) == [1, 2, 3]


async def test_an_alias_that_a_policy_uses_is_refused(world: World) -> None:
    for alias in ("owned", "OWNED"):
        other = toy.as_(alias)
        try:
            assert await world.first.fetch_value(select_from(other).select(fn.count())) == 4
        except CompileError as error:
            assert "stands in the FROM of a query and of one around it" in str(error)  # noqa: PT017 - or the rows are right
