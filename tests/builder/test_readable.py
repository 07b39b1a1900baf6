"""SQL is shown with a line for each clause, and nothing in it is changed but the blanks."""

import re

import pytest

from querykit import excluded, exists, insert_into, json_array_from, select_from, sql, table, update
from querykit.builder.readable import readable
from tests.sample import person, pet

pets = select_from(pet).select(pet.name).where(pet.owner_id == person.id).order_by(pet.name)
NESTED = select_from(person).select(person.id, exists(pets).as_("any")).where(person.id.is_in([1, 2])).limit(3)

QUERIES = [
    NESTED,
    select_from(person).select(person.id).union_all(select_from(pet).select(pet.id)).order_by(person.id),
    insert_into(pet).values(id=1).on_conflict(pet.id).do_update(id=excluded(pet).id),
    update(pet).set(name="x").where(pet.id == 1),
    select_from(person).left_join(pet, pet.owner_id == person.id).select(person.id).group_by(person.id),
    select_from(table("FROM")).select(table("FROM")["WHERE x"]).where(sql("'it''s SELECT' <> 'FROM'")),
    select_from(person).select(json_array_from(pets).as_("pets")),
]


def test_a_line_for_each_clause():
    assert str(NESTED) == (
        'SELECT "person"."id", EXISTS (\n'
        '  SELECT "pet"."name"\n'
        '  FROM "pet"\n'
        '  WHERE "pet"."owner_id" = "person"."id"\n'
        '  ORDER BY "pet"."name"\n'
        ') AS "any"\n'
        'FROM "person"\n'
        'WHERE "person"."id" = ANY($1)\n'
        "LIMIT $2"
    )


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
@pytest.mark.parametrize("dialect", ["postgres", "mysql", "mariadb", "sqlite"])
def test_nothing_is_changed_but_blanks(query, dialect):
    text = query.compile(dialect).sql

    def without_blanks(written):
        return re.sub(r"\s+", "", written)

    assert without_blanks(readable(text)) == without_blanks(text)
    assert "it''s SELECT" not in text or "'it''s SELECT'" in readable(text)


def test_a_notebook_shows_the_same_with_nothing_in_it_taken_for_html():
    query = select_from(pet).select(pet.id).where(pet.id < 3)
    assert query._repr_html_() == (
        "<pre><code>SELECT &quot;pet&quot;.&quot;id&quot;\nFROM &quot;pet&quot;\n"
        "WHERE &quot;pet&quot;.&quot;id&quot; &lt; $1</code></pre>"
    )
