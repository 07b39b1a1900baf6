"""What the corpus has plugins write: here it is what the builder writes by itself, or what is to be refused."""

from __future__ import annotations

from querykit import cast, select_from, sql, update
from tests.corpus.tables import Spelled, camel_person, person, pet, toy

camel_person2 = camel_person.as_("camel_person2")
by_name = select_from(person).select(person.first_name).group_by(person.first_name)
owners = select_from(person).inner_join(pet, pet.owner_id == person.id)
addresses = select_from(camel_person).select(camel_person.address_row_1).as_("original_query")


def nothing_of(query: object, text: object) -> object:
    """A select list without columns: PostgreSQL takes it, in raw SQL; the builder refuses it."""
    return {"postgres": text, "mysql": query, "mariadb": query, "sqlite": query}


STATEMENTS: dict[str, Spelled] = {
    "v038": lambda: (
        select_from(camel_person)
        .inner_join(camel_person2, camel_person2.id == camel_person.id)
        .select(camel_person.first_name)
        .order_by(camel_person.first_name)
    ),
    "v040": lambda: select_from(addresses).select_all(),
    "v055": lambda: nothing_of(
        owners,
        sql("SELECT FROM {} INNER JOIN {} ON {}", sql.id("person"), sql.id("pet"), sql("pet.owner_id = person.id")),
    ),
    "v056": lambda: nothing_of(
        owners.inner_join(toy, toy.pet_id == pet.id),
        sql("SELECT FROM person INNER JOIN pet ON pet.owner_id = person.id INNER JOIN toy ON toy.pet_id = pet.id"),
    ),
    "v083": lambda: by_name.having(person.first_name.is_in([])),
    "v084": lambda: by_name.having(person.first_name.not_in([])),
    "v085": lambda: select_from(person).select(
        person.first_name.is_in([]).as_("in"), person.first_name.not_in([]).as_("not_in")
    ),
    "v086": lambda: update(person).set(first_name="Tesla").where(person.first_name.is_in([])),
    "v087": lambda: update(person).set(first_name="John").where(person.first_name.not_in([])).all_rows(),
    # is_in([None]) means IS NULL; the corpus means no row
    "v088": lambda: select_from(person).select(person.first_name).where(sql("{} IN (NULL)", person.first_name)),
    "v089": lambda: by_name.having(cast(person.first_name, str).not_in(["__kysely_no_values_were_provided__"])),
    "v153": lambda: select_from(person).where(person.first_name != None),  # noqa: E711 - IS NOT NULL
    "v154": lambda: nothing_of(
        select_from(person).where(person.first_name != "Foo"),
        sql("SELECT FROM person WHERE first_name <> {}", "Foo"),
    ),
}
