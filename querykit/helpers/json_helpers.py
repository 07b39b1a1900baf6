"""json_array_from, json_map_from, json_object_from, json_build_object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querykit.builder.expressions import operand, query_of
from querykit.builder.json import JsonArray, JsonBuildObject, JsonMap, JsonObject
from querykit.builder.query import Query
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
    found = query_of(query, helper)
    if not isinstance(found, Query):
        raise BuildError(f"{helper} takes a select, not a {type(found).__name__}")
    return found
