"""INSERT, REPLACE, UPDATE and DELETE."""

from __future__ import annotations

from typing import Any

from querykit import cte, delete_from, fn, insert_into, replace_into, select_from, sql, update, value, with_
from querykit.builder.query import AllColumns
from tests.corpus.tables import Spelled, person, pet, toy

per, p = person.as_("per"), pet.as_("p")


def owned() -> Any:
    return pet.owner_id == person.id


def played() -> Any:
    return toy.pet_id == pet.id


def bruce() -> Any:
    return insert_into(person).values(first_name="Bruce", last_name="Willis", gender="male")


def from_values() -> Any:
    rows = sql("(VALUES ({}, {}), ({}, {}))", "1", "foo", "2", "bar").as_table("t", {"a": str, "b": str}, renamed=True)
    query = insert_into(person).columns(person.first_name, person.gender)
    return query.from_select(select_from(rows).select(rows.a, rows.b)).returning(person.first_name, person.gender)


def to_jennifer() -> Any:
    found = select_from(person).select(person.id).where(person.first_name == "Jennifer").limit(1)
    jennifer = cte("jennifer_id", found)
    return with_(jennifer).update(pet).set(owner_id=select_from(jennifer).select(jennifer.id)).all_rows()


def female(statement: Any) -> Any:
    return statement.where(person.gender == "female")


def male() -> Any:
    return delete_from(person).where(person.gender == "male")


def first_man() -> Any:
    query = select_from(per).select(per.id).where(per.gender == "male")
    return query.order_by(per.first_name).limit(1)


def with_missing(one: dict[str, str], other: dict[str, str]) -> Any:
    """Rows of different columns: DEFAULT stands for what is missing, on SQLite NULL, as the corpus has it."""
    names = {**one, **other}
    filled = [{**dict.fromkeys(names), **row} for row in (one, other)]
    said = insert_into(person).values(one, other)
    return {"postgres": said, "mysql": said, "mariadb": said, "sqlite": insert_into(person).values(*filled)}


def with_pets(*others: Any) -> Any:
    return delete_from(person, *others).inner_join(pet, owned())


def replaced(**values: Any) -> Any:
    return replace_into(person).values(**values)


def both(one: Any, other: Any) -> Any:
    changed = {one.first_name: "Jennifer 2", other.name: "Doggo 2"}
    return update(one).cross_join(other).set(changed).where(one.first_name == "Jennifer", one.id == other.owner_id)


STATEMENTS: dict[str, Spelled] = {
    "v048": lambda: insert_into(person).on_conflict().do_nothing(),
    "v049": lambda: insert_into(person).on_conflict().do_update(gender="other"),
    "v050": lambda: update(person).set(gender="other").all_rows(),
    "v051": lambda: delete_from(person).all_rows(),
    "v052": bruce,
    "v053": male,
    "v057": lambda: female(delete_from(person)),
    "v058": lambda: delete_from(person).where((person.first_name == "Jennifer") | (person.first_name == "Arnold")),
    "v059": lambda: delete_from(person).where(person.first_name == "Nobody"),
    "v060": lambda: male().returning(person.first_name, person.last_name.as_("last")),
    "v061": lambda: female(delete_from(person)).returning(person.first_name, person.last_name),
    "v062": lambda: delete_from(person).using(pet).where(owned(), pet.species == "NO_SUCH_SPECIES"),
    "v063": lambda: delete_from(person).using(pet, toy).where(owned(), played(), toy.price == 0),
    "v064": lambda: [delete_from(pet).where(pet.species == "cat").returning(), male().returning()],
    "v065": lambda: (
        delete_from(toy)
        .using(pet, person)
        .where(played(), owned(), person.first_name == "Luffy")
        .returning(AllColumns(toy), AllColumns(pet))
    ),
    "v066": lambda: male().returning(AllColumns(person)),
    "v067": lambda: delete_from(person).all_rows().order_by(person.first_name).limit(2),
    "v068": lambda: delete_from(person).left_join(pet, owned()).where(pet.species == "NO_SUCH_SPECIES"),
    "v069": lambda: with_pets().left_join(toy, played()).where((pet.species == "NO_SUCH_SPECIES") | (toy.price == 0)),
    "v070": lambda: delete_from(person).cross_join(pet).left_join(toy, played()).where(toy.price == 0),
    "v071": lambda: with_pets(pet).where(person.id == 911),
    "v072": lambda: delete_from(person, pet).left_join(pet, owned()).where(person.id == 911),
    "v073": lambda: with_pets(pet).inner_join(toy, played()).where(toy.price == 1000),
    "v074": lambda: with_pets(pet, toy).inner_join(toy, played()).where(toy.price == 1000),
    "v075": lambda: with_pets(pet, toy).left_join(toy, played()).where(toy.price == 1000),
    # SQLite has ORDER BY and LIMIT here only if it was built so
    "v076": lambda: delete_from(person).where(person.id.is_in(first_man())).returning(person.id),
    "v091": from_values,
    "v092": lambda: insert_into(person).values(
        {"first_name": "Foo", "last_name": "Bar", "gender": "other"},
        {"first_name": "Baz", "last_name": "Spam", "gender": "other"},
    ),
    "v093": lambda: with_missing(
        {"first_name": "Foo", "gender": "other"},
        {"first_name": "Baz", "gender": "other", "last_name": "Spam", "middle_name": "Bo"},
    ),
    "v094": lambda: with_missing(
        {"first_name": "Foo", "last_name": "Spam", "middle_name": "Bo", "gender": "other"},
        {"first_name": "Baz", "gender": "other"},
    ),
    "v095": lambda: insert_into(person).or_rollback().values(first_name="foo", gender="other"),
    "v149": lambda: replaced(id=15, first_name="Foo", last_name="Barson", gender="other"),
    "v150": lambda: replaced(
        id=2500,
        first_name=select_from(pet).select(fn.max(pet.name).as_("max_name")),
        last_name=fn.concat("Bar", "son"),
        gender="other",
    ),
    "v151": lambda: (
        replace_into(person)
        .columns(person.first_name, person.gender)
        .from_select(select_from(pet).select(pet.name, value("other").as_("gender")))
    ),
    "v152": lambda: replaced(id=12, gender="male"),
    "v258": lambda: female(update(person).set(first_name="Foo", last_name="Barson")),
    "v259": lambda: female(update(person).set(first_name="Foo", last_name="Barson", gender="other")),
    "v260": lambda: (
        update(person).set(first_name=fn.concat(person.first_name, "2")).where(person.first_name == "Jennifer")
    ),
    "v261": lambda: (
        update(person)
        .from_(pet)
        .set(first_name=pet.name)
        .where(owned(), person.first_name == "Arnold")
        .returning(AllColumns(pet))
    ),
    "v262": to_jennifer,
    "v263": lambda: (
        update(person).set(gender="other").where(sql("{} -- this is a comment", person.first_name == "Jennifer"))
    ),
    "v264": lambda: update(person).set(first_name="Foo").all_rows().order_by(person.first_name).limit(2),
    "v265": lambda: both(person, pet),
    "v266": lambda: both(per, p),
}
