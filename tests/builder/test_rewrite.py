"""walk and rewrite: every node is met, wherever it stands, and what does not change stays the same object."""

from pypika import functions as pypika_functions

from querykit import (
    case,
    cte,
    delete_from,
    exists,
    fn,
    insert_into,
    json_array_from,
    json_build_object,
    json_object_from,
    recursive_cte,
    rewrite,
    select,
    select_from,
    sql,
    update,
    value,
    walk,
    with_,
)
from querykit.builder.operands import Value
from querykit.builder.select import Select
from querykit.builder.tables import Table
from tests.sample import person, pet, toy

toys = select_from(toy).select(toy.name).where(toy.pet_id == pet.id)
cats = cte("cats", select_from(pet).select(pet.id, pet.owner_id).where(pet.species == "cat"))
tree = recursive_cte("tree", select_from(person).select(person.id), lambda tree: select_from(tree).select(tree.id))

EVERYWHERE = {
    "nested twice": select_from(person).select(
        json_array_from(
            select_from(pet).select(json_array_from(toys).as_("toys")).where(pet.owner_id == person.id)
        ).as_("pets")
    ),
    "an object": select_from(pet).select(json_object_from(toys.limit(1)).as_("toy")),
    "built": select(json_build_object(n=select_from(toy).select(fn.count().as_("n")))),
    "a derived table": select_from(toys.clear_where().as_("t")).select(value(1).as_("one")),
    "a join": select_from(pet).inner_join(toys.clear_where().as_("t"), exists(toys)).select(pet.id),
    "in a list": select_from(pet).select(pet.id).where(pet.name.is_in(toys)),
    "exists, negated": select_from(pet).select(pet.id).where(~exists(toys)),
    "a case": select_from(pet).select(case().when(exists(toys), 1).else_(0).as_("has")),
    "a filter": select_from(pet).select(fn.count().filter_where(exists(toys)).as_("n")),
    "an order": select_from(pet).select(pet.id).order_by(case().when(exists(toys), 1).else_(0).desc()),
    "raw SQL": select_from(pet).select(pet.id).where(sql("EXISTS ({})", toys)),
    "a function of PyPika": select_from(pet).select(
        pypika_functions.Coalesce(fn.max(pet.id), 0).as_("n"), toys.as_("t")
    ),
    "a set operation": select_from(pet).select(pet.name).union(toys.clear_where()),
    "a cte": with_(cte("t", toys.clear_where())).select_from(cats).select(cats.id),
    "an update": update(pet).set(name=toys.limit(1)).all_rows(),
    "a delete": delete_from(pet).where(exists(toys)),
    "an insert": insert_into(pet).values(name=toys.clear_where().limit(1)),
}


def test_a_table_is_met_wherever_it_stands():
    for where, statement in EVERYWHERE.items():
        assert any(isinstance(node, Table) and node._name == "toy" for node in walk(statement)), where


def test_a_rule_that_changes_nothing_gives_the_same_object():
    for statement in EVERYWHERE.values():
        assert rewrite(statement, lambda node: node) is statement


def test_a_filter_reaches_every_select_of_a_table():
    def only_cheap(node):
        if isinstance(node, Select) and toy in node.sources:
            return node.where(toy.price < 4)
        return node

    for where, statement in EVERYWHERE.items():
        compiled = rewrite(statement, only_cheap)
        if where == "a cte":
            compiled = compiled.replaced(ctes=(cats, *compiled.ctes))
        text = compiled.compile("sqlite").sql
        assert text.count('"toy"."price" < ?') == text.count('FROM "toy"'), where
        assert '"toy"."price" < ?' in text, where


def test_a_recursive_cte_is_gone_through_once():
    query = with_(tree).select_from(tree).select(tree.id)
    assert sum(isinstance(node, Table) for node in walk(query)) == 1
    changed = rewrite(
        query, lambda node: node.where(person.id == 1) if isinstance(node, Select) and person in node.sources else node
    )
    assert 'WHERE "person"."id" = ?' in changed.compile("sqlite").sql
    assert "WHERE" not in query.compile("sqlite").sql


async def test_rewritten_values_are_bound(db):
    query = select_from(pet).select(pet.name).where(pet.species.is_in([value("cat")])).where(pet.name == "Rex")
    changed = rewrite(query, lambda node: value("Felix") if isinstance(node, Value) and node.value == "Rex" else node)
    assert await db.fetch_column(changed) == ["Felix"]
