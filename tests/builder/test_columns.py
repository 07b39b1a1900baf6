"""What `column` says of a column stands beside its type, and changes no query."""

import pytest

from querykit import BuildError, Column, Table, column, references, select_from


class Membership(Table, name="membership"):
    note: Column[str | None]
    person_id: Column[int] = column(primary_key=True, references=references("person", on_delete="cascade"))
    club_id: Column[int] = column(primary_key=True, default=1)


membership = Membership()


def test_columns_with_options_are_columns_like_others():
    query = select_from(membership).select(membership.club_id, membership["note"]).where(membership.person_id == 1)
    assert query.compile("sqlite").sql == (
        'SELECT "membership"."club_id", "membership"."note" FROM "membership" WHERE "membership"."person_id" = ?'
    )


def test_the_primary_key_is_in_the_order_of_declaration_and_follows_an_alias():
    assert [each.name for each in membership._primary_key] == ["person_id", "club_id"]
    assert [each.reference for each in membership.as_("m")._primary_key] == ["m", "m"]


def test_a_table_without_a_declared_key_has_none():
    class Note(Table, name="note"):
        id: Column[int]

    assert Note()._primary_key == ()


def test_options_are_found_by_the_columns_name():
    reference = membership._options("person_id").references
    assert (reference.table, reference.column, reference.on_delete) == ("person", "id", "cascade")
    assert membership._options("note").references is None


def test_a_base_class_gives_its_options_too():
    class Numbered(Table):
        id: Column[int] = column(primary_key=True)

    class Tag(Numbered, name="tag"):
        label: Column[str]

    assert [each.name for each in Tag()._primary_key] == ["id"]


def test_an_action_that_sql_does_not_have_is_refused():
    with pytest.raises(BuildError, match="'set null'"):
        references("person", on_delete="nullify")
