"""JSON traversal, raw SQL, and texts that try to become SQL."""

from __future__ import annotations

from typing import Any

from querykit import cte, fn, select_from, sql, table, update, with_
from tests.corpus.tables import Spelled, person, person_metadata

profile = person_metadata.profile
login_count = profile["auth"]["login_count"]


def of_metadata(expression: Any, name: str) -> Any:
    return select_from(person_metadata).select(expression.as_(name))


def twelve_logins() -> Any:
    return select_from(person_metadata).select_all().where(login_count == 12)


def key_that_ends_the_query(quote: str) -> Any:
    key = f"first' as {quote}first{quote} from {quote}people{quote}; drop table {quote}pet{quote} -- "
    people = cte("people", select_from(person).select(fn.call("json_object", "first", person.first_name).as_("data")))
    return with_(people).select_from(people).select(people["data"][key].as_("first"))


def text_that_ends_the_query(quote: str) -> Any:
    text = f"\\'; drop table {quote}person{quote}; -- "
    return select_from(person).select_all().where(person.first_name == text)


def by_dialect(make: Any) -> Any:
    return {"mysql": make("`"), "mariadb": make("`"), "sqlite": make('"')}


def odd_name(name: str) -> Any:
    return update(person).set({person.first_name: "foo", person[name]: "bar"}).all_rows()


STATEMENTS: dict[str, Spelled] = {
    "v106": lambda: of_metadata(person_metadata.website["url"], "website_url"),
    "v107": lambda: of_metadata(profile["auth"]["roles"], "roles"),
    "v108": lambda: of_metadata(profile["tags"][0], "main_tag"),
    "v109": lambda: of_metadata(person_metadata.experience[0]["establishment"], "establishment"),
    "v110": lambda: of_metadata(person_metadata.nicknames[-1], "nickname"),
    "v111": twelve_logins,
    "v112": lambda: select_from(person_metadata).select_all().order_by(login_count.as_int().desc()),
    "v113": lambda: of_metadata(profile["auth"]["roles"], "roles"),
    "v114": lambda: of_metadata(profile["tags"][0], "main_tag"),
    "v115": lambda: of_metadata(person_metadata.experience[0]["establishment"], "establishment"),
    "v116": twelve_logins,
    "v117": lambda: of_metadata(profile["auth"]["roles"].as_text(), "roles"),
    "v118": lambda: of_metadata(person_metadata.schedule[0][0].as_text(), "january_1st_schedule"),
    "v119": twelve_logins,
    "v120": lambda: of_metadata(person_metadata.website["url"].as_text(), "website_url"),
    "v121": lambda: of_metadata(profile["auth"]["roles"].as_text(), "roles"),
    "v122": twelve_logins,
    "v145": lambda: select_from(person).select_all().where(sql("first_name between {} and {}", "A", "B")),
    "v146": lambda: (
        select_from(person)
        .select_all()
        .where(sql("{} between {} and {}", sql.ref("public.person.first_name"), "A", "B"))
    ),
    "v147": lambda: select_from(table("person", schema="public").as_("person")).select_all(),
    "v148": lambda: (
        select_from(person)
        .select_all()
        .where(sql("first_name in ({}::varchar,{}::varchar,{})", "Jennifer", "Arnold", "Sylvester"))
    ),
    "v155": lambda: odd_name('last_name"`'),
    "v156": lambda: odd_name('last_name""``'),
    "v254": lambda: by_dialect(key_that_ends_the_query),
    "v255": lambda: by_dialect(text_that_ends_the_query),
    "v256": lambda: of_metadata(profile["auth.login_count"], "exfiltrated"),
    "v257": lambda: of_metadata(profile['auth"."login_count'], "exfiltrated"),
}
