"""`RequireWherePlugin`: conditions that leave no row out are none; `everywhere` says on purpose that there is none."""

from __future__ import annotations

from typing import Any

import pytest
from pypika import Query
from pypika import Table as PypikaTable

from querykit import (
    BuildError,
    CompileError,
    Database,
    Plugin,
    RequireWherePlugin,
    and_,
    cte,
    delete_from,
    everywhere,
    exists,
    fn,
    insert_into,
    merge_into,
    not_,
    or_,
    param,
    rewrite,
    select_from,
    sql,
    table,
    update,
    value,
    with_,
)
from querykit.builder.delete import Delete
from querykit.builder.statement import as_statement
from tests.expected import compiles_to, spelled
from tests.sample import person, pet, toy

old = PypikaTable("pet")
note = table("note")

NO_CONDITIONS: dict[str, Any] = {
    "true": and_(),
    "one is one": value(1) == 1,
    "one is two": value(1) == 2,
    "a parameter": param("yes", bool),
    "raw SQL": sql("1 = 1"),
    "raw SQL about nothing": sql("NOT ({} IS NULL) OR 'pet.id' = 'a'", 7),
    "raw SQL with a comment": sql("1 = 1 -- pet.id"),
    "a column is itself": pet.id == pet.id,
    "a column is itself, NULL too": pet.weight.is_not_distinct_from(pet.weight),
    "at least itself": pet.id >= pet.id,
    "no value of a list is excluded": pet.id.not_in([]),
    "not false": ~pet.id.is_in([]),
    "what is never NULL": pet.name.is_not_null(),
    "NULL or not": or_(pet.weight == None, pet.weight != None),  # noqa: E711 - IS NULL
    "or true": (pet.id == 1) | (value(1) == 1),
    "all of these": and_(pet.id == pet.id, value("a") == "a"),
    "an empty search": pet.name.has_substring(""),
    "an empty prefix": pet.name.starts_with(""),
    "any text": pet.name.like("%%"),
    "about another table": exists(select_from(toy).select(toy.id).where(toy.price > 1)),
}
CONDITIONS: dict[str, Any] = {
    "a key": pet.id == 1,
    "a parameter beside a column": pet.id == param("id", int),
    "no value of a list": pet.id.is_in([]),
    "not itself": pet.id != pet.id,
    "what may be NULL": pet.weight.is_not_null(),
    "of an undeclared table": sql.ref("pet.name") != None,  # noqa: E711 - IS NOT NULL
    "either of two": (pet.id == 1) | (pet.name == "Rex"),
    "true and a key": and_(value(1) == 1, pet.id == 1),
    "not a key": ~(pet.id == 1),
    "not all": not_((pet.id == 1) & (pet.name == "Rex")),
    "a text": pet.name.like("R%"),
    "no text": pet.name.not_like("%"),
    "raw SQL": sql("id = 1"),
    "raw SQL with a name": sql("{} = 1", sql.id("id")),
    "quoted raw SQL": sql('"1" = 1'),
    "a correlated sub-query": exists(select_from(toy).select(toy.id).where(toy.pet_id == pet.id)),
    "of a sub-query": pet.owner_id.is_in(select_from(person).select(person.id).where(person.first_name == "Ada")),
    "a function": fn.length(pet.name) > 3,
}


def through(query: Any) -> Any:
    return RequireWherePlugin().transform_query(as_statement(query), None)  # type: ignore[arg-type]


def passes(query: Any) -> None:
    assert through(query) is query


@pytest.mark.parametrize("name", NO_CONDITIONS)
def test_what_leaves_no_row_out_is_refused(name: str) -> None:
    for query in (delete_from(pet), update(pet).set(name="x")):
        with pytest.raises(CompileError, match="of every row of 'pet', whose conditions leave none out"):
            through(query.where(NO_CONDITIONS[name]))
        passes(query.where(NO_CONDITIONS[name]).all_rows())


@pytest.mark.parametrize("name", CONDITIONS)
def test_what_may_leave_a_row_out_passes(name: str) -> None:
    for query in (delete_from(pet), update(pet).set(name="x")):
        passes(query.where(CONDITIONS[name]))


def test_no_condition_at_all_is_refused_with_the_plugin_and_without() -> None:
    for query in (
        delete_from(pet),
        update(pet).set(name="x"),
        Query.from_(old).delete(),
        Query.update(old).set("name", 1),
    ):
        with pytest.raises(CompileError, match="of every row of 'pet'"):
            through(query)
        with pytest.raises(CompileError, match="of every row of 'pet'"):
            as_statement(query).compile("sqlite")


def test_joins_and_limits_are_conditions_as_far_as_they_tell_rows_apart() -> None:
    owned = update(pet).set(name="x").inner_join(person, person.id == pet.owner_id)
    passes(owned)
    for query in (
        update(pet).set(name="x").inner_join(person, value(1) == 1),
        update(pet).set(name="x").left_join(person, person.id == pet.owner_id),
        delete_from(pet).using(person),
        update(pet).set(name="x").cross_join(person),
    ):
        with pytest.raises(CompileError, match="of every row"):
            through(query)
        passes(query.where(person.first_name == "Ada"))
    passes(delete_from(pet).limit(3))


def test_statements_within_others_are_seen() -> None:
    gone = cte("gone", delete_from(pet).where(value(1) == 1).returning(pet.id))
    with pytest.raises(CompileError, match="DELETE of every row of 'pet'"):
        through(with_(gone).select_from(gone).select(gone.id))
    merged = merge_into(pet).using(toy, toy.pet_id == pet.id).when_matched().do_delete()
    passes(merged)
    everything = merge_into(pet).using(toy, value(1) == 1)
    with pytest.raises(CompileError, match="MERGE of every row of 'pet'"):
        through(everything.when_matched().do_delete())
    passes(everything.when_matched(pet.id == 1).do_delete())
    passes(everything.when_not_matched().do_insert(id=toy.id))


def test_what_changes_no_rows_or_says_no_such_thing_passes() -> None:
    for query in (
        select_from(pet).select(pet.id),
        insert_into(pet).values(id=1),
        as_statement(sql("DELETE FROM pet")),
        select_from(pet).select(pet.id).where(pet.id == pet.id),
    ):
        passes(query)


# -- on purpose -----------------------------------------------------------------------------------------------------


def test_everywhere_says_it_of_any_query() -> None:
    compiles_to(everywhere(delete_from(note)), spelled('DELETE FROM "note"'))
    compiles_to(everywhere(Query.from_(PypikaTable("note")).delete()), spelled('DELETE FROM "note"'))
    renamed = everywhere(Query.update(PypikaTable("note")).set("body", "x"))
    compiles_to(renamed, spelled('UPDATE "note" SET "body" = $1', ("x",)))
    passes(renamed)
    meant = update(note).set(body="x")
    assert everywhere(meant).is_of_all_rows
    assert not meant.is_of_all_rows
    with pytest.raises(BuildError, match="takes an UPDATE or DELETE, not Select"):
        everywhere(select_from(note).select(note.id))


async def test_what_is_refused_does_not_run_and_what_is_meant_does(restored_db: Database) -> None:
    strict = restored_db.with_plugin(RequireWherePlugin())
    for runs in (
        lambda handle: handle.execute(delete_from(pet).where(pet.id == pet.id)),
        lambda handle: handle.execute(Query.from_(old).delete()),
        lambda handle: handle.delete_from(pet).where(sql("1 = 1")).execute(),
        lambda handle: handle.execute_many(update(pet).set(name=param("name", str)), [{"name": "x"}]),
    ):
        with pytest.raises(CompileError, match="of every row of 'pet'") as caught:
            await runs(strict)
        assert caught.value.__notes__ == ["in the plugin RequireWherePlugin"]
        async with strict.transaction() as trx:
            with pytest.raises(CompileError, match="of every row of 'pet'"):
                await runs(trx)
    assert await restored_db.fetch_value(select_from(pet).select(fn.count())) == 5
    assert (await strict.execute(update(pet).set(name="x").where(pet.id < 12))).rows_affected == 2
    async with strict.transaction() as trx:
        assert (await trx.execute(everywhere(Query.update(old).set("name", "y")))).rows_affected == 5
    assert (await strict.delete_from(pet).all_rows().execute()).rows_affected == 5


class OnlyCats(Plugin):
    """Deletes cats only."""

    def transform_query(self, query: Any, context: Any) -> Any:
        return rewrite(query, lambda node: node.where(pet.species == "cat") if isinstance(node, Delete) else node)


@pytest.mark.parametrize("plugins", [[OnlyCats(), RequireWherePlugin()], [RequireWherePlugin(), OnlyCats()]])
async def test_conditions_of_other_plugins_do_not_count(restored_db: Database, plugins: list[Plugin]) -> None:
    view = restored_db
    for each in plugins:
        view = view.with_plugin(each)
    with pytest.raises(CompileError, match="DELETE of every row of 'pet'"):
        await view.execute(delete_from(pet))
    assert (await view.execute(everywhere(delete_from(pet)))).rows_affected == 3
