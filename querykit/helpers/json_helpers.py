"""json_array_from, json_map_from, json_object_from, json_build_object, json_array_agg, json_object_agg."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.builder.json import (
    JsonArray,
    JsonArrayAggregate,
    JsonBuildObject,
    JsonMap,
    JsonObject,
    JsonObjectAggregate,
)
from querykit.builder.operands import operand, query_of
from querykit.builder.query import Query, ordering_of
from querykit.builder.tables import Table
from querykit.errors import BuildError

if TYPE_CHECKING:
    from querykit.builder.expressions import Expression


def json_array_from(query: Any) -> Expression[list[Any]]:
    """The rows of a correlated sub-query as a list, in its order; ``[]`` where there is none.

    Of ``query.scalars()``, the list of the one column's values.

    >>> from querykit import json_array_from, select_from, table
    >>> person, pet = table("person"), table("pet")
    >>> pets = select_from(pet).select(pet.name).where(pet.owner_id == person.id).order_by(pet.name)
    >>> query = select_from(person).select(person.name, json_array_from(pets).as_("pets"))
    >>> print(query.compile("mariadb").sql)  # doctest: +NORMALIZE_WHITESPACE
    SELECT `person`.`name`, (SELECT CASE WHEN COUNT(*) = 0 THEN JSON_ARRAY()
      ELSE JSON_ARRAYAGG(JSON_OBJECT('name', `pet`.`name`) ORDER BY `pet`.`name`) END
      FROM `pet` WHERE `pet`.`owner_id` = `person`.`id`) AS `pets` FROM `person`

    Args:
        query: A select of ours or of PyPika, which may refer to the tables of the queries around it.

    Raises:
        BuildError: a column of the query has no name, or two have the same.
        UnsupportedError: when compiled, where the database cannot nest such a query.
    """
    return JsonArray(query if isinstance(query, Query) else _query(query, "json_array_from"))


def json_map_from(query: Any, *, key: Any) -> Expression[dict[Any, Any]]:
    """The rows of a correlated sub-query as a dict by one of their columns; ``{}`` where there is none.

    Of ``query.scalars()``, whose columns are the key and one other, the dict holds that other column's values. Keys are
    of the column's type. The SQL is that of `json_array_from`. Running it raises `MultipleResultsError` where two rows
    have one key.

    >>> from querykit import json_map_from, select_from, table
    >>> person, pet = table("person"), table("pet")
    >>> pets = select_from(pet).select(pet.id, pet.name).where(pet.owner_id == person.id)
    >>> query = select_from(person).select(person.name, json_map_from(pets, key=pet.id).as_("pets"))

    Args:
        query: A select of ours or of PyPika, which may refer to the tables of the queries around it.
        key: The column, or its name.

    Raises:
        BuildError: the key is no column of the query, a column has no name, or two have the same.
    """
    return JsonMap(query if isinstance(query, Query) else _query(query, "json_map_from"), key)


def json_object_from(query: Any) -> Expression[dict[str, Any] | None]:
    """The only row of a correlated sub-query as an object, None where there is none.

    Running it raises `MultipleResultsError` where there is a second row, on every database.

    Args:
        query: A select of ours or of PyPika, which may refer to the tables of the queries around it.

    Raises:
        BuildError: a column of the query has no name, or two have the same.
    """
    return JsonObject(query if isinstance(query, Query) else _query(query, "json_object_from"))


def json_array_agg(term: Any, *, order_by: Any = ()) -> Expression[list[Any]]:
    """The values of the rows of a group as a list, NULLs too; ``[]`` where there is no row.

    >>> from querykit import json_array_agg, select_from, table
    >>> pet = table("pet")
    >>> names = json_array_agg(pet.name).as_("names")
    >>> print(select_from(pet).select(pet.species, names).group_by(pet.species).compile("postgres").sql)
    SELECT "pet"."species", COALESCE(JSON_AGG("pet"."name"), '[]') AS "names" FROM "pet" GROUP BY "pet"."species"

    Args:
        term: The values.
        order_by: A term, or several, that order the list. Without it the order is whatever the database comes by.

    Raises:
        UnsupportedError: `order_by`, when compiled for MySQL or SQLite; `json_array_from` keeps the order of a query.
    """
    keys = order_by if isinstance(order_by, list | tuple) else (order_by,)
    return JsonArrayAggregate(operand(term), tuple([ordering_of(each) for each in keys]))


def json_object_agg(key: Any, term: Any) -> Expression[dict[str, Any]]:
    """The values of the rows of a group as an object, by keys that are texts; ``{}`` where there is no row.

    >>> from querykit import json_object_agg, select_from, table
    >>> pet = table("pet")
    >>> print(select_from(pet).select(json_object_agg(pet.name, pet.species).as_("species")).compile("sqlite").sql)
    SELECT JSON_GROUP_OBJECT("pet"."name", "pet"."species") AS "species" FROM "pet"
    """
    return JsonObjectAggregate(operand(key), operand(term))


def json_build_object(**values: Any) -> Expression[dict[str, Any]]:
    """An object made of expressions and values.

    >>> from querykit import json_build_object, select_from, table
    >>> pet = table("pet")
    >>> print(select_from(pet).select(json_build_object(id=pet.id).as_("pet")).compile("sqlite").sql)
    SELECT JSON_OBJECT('id', "pet"."id") AS "pet" FROM "pet"

    Raises:
        BuildError: no value is given.
    """
    if not values:
        raise BuildError("json_build_object() takes at least one value")
    return JsonBuildObject(tuple([(name, operand(each)) for name, each in values.items()]))


def _query(query: Any, helper: str) -> Query[Any, Any]:
    if isinstance(query, Table):
        raise BuildError(f"{helper} takes a query, not a table: select_from({query._reference}).select_all()")
    found = query_of(query, helper)
    if not isinstance(found, Query):
        raise BuildError(f"{helper} takes a select, not a {type(found).__name__}")
    return found
