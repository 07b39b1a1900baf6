"""The hand-written SQL: the form that each database's manual leads to, with lists in order."""

from __future__ import annotations

from typing import NamedTuple


class Texts(NamedTuple):
    """The statements for one database; `trees` by depth."""

    one: str
    page: str
    every: str
    trees: dict[int, str]


def texts(people: str, trees: dict[int, str], *placeholders: str) -> Texts:
    """Every statement, from the SELECT and FROM of people."""
    first, second = placeholders
    return Texts(
        f"{people} WHERE p.id = {first}",
        f"{people} WHERE p.id > {first} ORDER BY p.id LIMIT {second}",
        f"{people} ORDER BY p.id",
        trees,
    )


# -- PostgreSQL --------------------------------------------------------------------------------------------------------

_POSTGRES = """\
SELECT p.id, p.first_name, p.birth_year, (
  SELECT coalesce(json_agg(row_to_json(a.*)), '[]') FROM (
    SELECT b.id, b.name, b.species, (
      SELECT coalesce(json_agg(row_to_json(c.*)), '[]') FROM (
        SELECT t.id, t.name, t.price FROM toy t WHERE t.pet_id = b.id ORDER BY t.id) c) AS toys
    FROM pet b WHERE b.owner_id = p.id ORDER BY b.id) a) AS pets, (
  SELECT row_to_json(d.*) FROM (SELECT m.id, m.first_name FROM person m WHERE m.id = p.mother_id) d) AS mother
FROM person p"""


def _postgres_tree(depth: int, parent: str = "n0") -> str:
    """The columns of a node, with so many generations below it."""
    columns = f"{parent}.id, {parent}.name"
    if depth == 0:
        return columns
    child = f"n{depth}"
    return (
        f"{columns}, (SELECT coalesce(json_agg(row_to_json(a.*)), '[]') "
        f"FROM (SELECT {_postgres_tree(depth - 1, child)} FROM node {child} "
        f"WHERE {child}.parent_id = {parent}.id ORDER BY {child}.id) a) AS children"
    )


# -- SQLite ------------------------------------------------------------------------------------------------------------

_SQLITE = """\
SELECT p.id, p.first_name, p.birth_year, (
  SELECT json_group_array(json_object('id', a.id, 'name', a.name, 'species', a.species, 'toys', json(a.toys))) FROM (
    SELECT b.id, b.name, b.species, (
      SELECT json_group_array(json_object('id', c.id, 'name', c.name, 'price', c.price)) FROM (
        SELECT t.id, t.name, t.price FROM toy t WHERE t.pet_id = b.id ORDER BY t.id) c) AS toys
    FROM pet b WHERE b.owner_id = p.id ORDER BY b.id) a) AS pets, (
  SELECT json_object('id', m.id, 'first_name', m.first_name) FROM person m WHERE m.id = p.mother_id) AS mother
FROM person p"""


def _sqlite_tree(depth: int, parent: str = "n0") -> str:
    columns = f"{parent}.id, {parent}.name"
    if depth == 0:
        return columns
    child = f"n{depth}"
    pairs = "'id', a.id, 'name', a.name" + ("" if depth == 1 else ", 'children', json(a.children)")
    return (
        f"{columns}, (SELECT json_group_array(json_object({pairs})) FROM (SELECT {_sqlite_tree(depth - 1, child)} "
        f"FROM node {child} WHERE {child}.parent_id = {parent}.id ORDER BY {child}.id) a) AS children"
    )


# -- MySQL: without LIMIT it drops the order of a derived table --------------------------------------------------------

_ALL = "18446744073709551615"
_MYSQL = f"""\
SELECT p.id, p.first_name, p.birth_year, (
  SELECT coalesce(json_arrayagg(
    json_object('id', a.id, 'name', a.name, 'species', a.species, 'toys', a.toys)), json_array()) FROM (
    SELECT b.id, b.name, b.species, (
      SELECT coalesce(json_arrayagg(json_object('id', c.id, 'name', c.name, 'price', c.price)), json_array()) FROM (
        SELECT t.id, t.name, t.price FROM toy t WHERE t.pet_id = b.id ORDER BY t.id LIMIT {_ALL}) c) AS toys
    FROM pet b WHERE b.owner_id = p.id ORDER BY b.id LIMIT {_ALL}) a) AS pets, (
  SELECT json_object('id', m.id, 'first_name', m.first_name) FROM person m WHERE m.id = p.mother_id) AS mother
FROM person p"""


# -- MariaDB: a derived table cannot refer to the outer query, but aggregates take ORDER BY ----------------------------

_MARIADB = """\
SELECT p.id, p.first_name, p.birth_year, (
  SELECT json_arrayagg(json_object('id', b.id, 'name', b.name, 'species', b.species, 'toys', (
      SELECT json_arrayagg(json_object('id', t.id, 'name', t.name, 'price', t.price) ORDER BY t.id)
      FROM toy t WHERE t.pet_id = b.id)) ORDER BY b.id)
  FROM pet b WHERE b.owner_id = p.id) AS pets, (
  SELECT json_object('id', m.id, 'first_name', m.first_name) FROM person m WHERE m.id = p.mother_id) AS mother
FROM person p"""

_ROOTS = " FROM node n0 WHERE n0.parent_id IS NULL ORDER BY n0.id"
_DEPTHS = range(1, 5)

SQL = {
    "postgres": texts(_POSTGRES, {depth: f"SELECT {_postgres_tree(depth)}{_ROOTS}" for depth in _DEPTHS}, "$1", "$2"),
    "sqlite": texts(_SQLITE, {depth: f"SELECT {_sqlite_tree(depth)}{_ROOTS}" for depth in _DEPTHS}, "?", "?"),
    "mysql": texts(_MYSQL, {}, "%s", "%s"),
    "mariadb": texts(_MARIADB, {}, "%s", "%s"),
}
