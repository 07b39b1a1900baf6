"""The tables that the corpus is about, with a few rows in them."""

from __future__ import annotations

import json
from collections.abc import Sequence

PROFILES = [
    {"auth": {"roles": ["admin", "user"], "login_count": 12}, "tags": ["a", "b"], "auth.login_count": "leaked"},
    {"auth": {"roles": [], "login_count": 9}, "tags": ["c"]},
]
EXPERIENCE = [[{"establishment": "The University of Life"}], []]
SCHEDULE = [[[{"name": "Gym", "time": "12:15"}]], [[["nap"]]]]

PEOPLE = [
    (1, "Jennifer", None, "Aniston", "female", "divorced", 0),
    (2, "Arnold", None, "Schwarzenegger", "male", "divorced", 3),
    (3, "Sylvester", "Rocky", "Stallone", "male", "married", 5),
    (4, "Luffy", "D.", "Monkey", "other", "single", 3),
    (5, "Nami", None, None, "female", None, 3),
    (6, "Rex", "Lucky", "Rex", "female", "single", 4),
]
PETS = [
    (1, "Catto", 1, "cat"),
    (2, "Doggo", 2, "dog"),
    (3, "Hammo", 3, "hamster"),
    (4, "Rex", 6, "dog"),
    (5, "Puck", 4, "cat"),
]
SECOND_PET = (6, "Lucky", 6, "cat")
TOYS = [(1, "Ball", 1.5, 1), (2, "Bone", 1000, 2), (3, "Wheel", 3.25, 3), (4, "Bell", 0, 5)]
OWNERS = [(1, "Jennifer", "x street 1"), (2, "Arnold", "y street 2")]

KEYS = {
    "postgres": "SERIAL PRIMARY KEY",
    "mysql": "INTEGER AUTO_INCREMENT PRIMARY KEY",
    "mariadb": "INTEGER AUTO_INCREMENT PRIMARY KEY",
    "sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT",
}
JSON = {"postgres": "JSONB", "mysql": "JSON", "mariadb": "JSON", "sqlite": "TEXT"}


ODD_NAMES = ('last_name"`', 'last_name""``')


def prepared(name: str, *, has_pairs: bool) -> list[str]:
    """What makes the tables anew on a server; `has_pairs` says whether someone has two pets."""
    quote = "`" if name in ("mysql", "mariadb") else '"'
    odd = ", ".join([f"{quote}{each.replace(quote, quote * 2)}{quote} VARCHAR(20)" for each in ODD_NAMES])
    key, document = KEYS[name], JSON[name]
    tables = {
        "person": f"id {key}, first_name VARCHAR(50), middle_name VARCHAR(50), last_name VARCHAR(50), "
        f"gender VARCHAR(10), marital_status VARCHAR(10), children INTEGER DEFAULT 0, {odd}",
        "pet": f"id {key}, name VARCHAR(50), owner_id INTEGER, species VARCHAR(20)",
        "toy": f"id {key}, name VARCHAR(50), price DOUBLE PRECISION, pet_id INTEGER",
        "camel_person": f"id {key}, first_name VARCHAR(50), address_row_1 VARCHAR(50)",
        "person_metadata": f"person_id INTEGER, website {document}, nicknames {document}, profile {document}, "
        f"experience {document}, schedule {document}",
    }
    made = [f"DROP TABLE IF EXISTS {table}" for table in tables]
    made += [f"CREATE TABLE {table} ({columns})" for table, columns in tables.items()]
    made += filled("person (id, first_name, middle_name, last_name, gender, marital_status, children)", PEOPLE)
    made += filled("pet (id, name, owner_id, species)", [*PETS, *([SECOND_PET] if has_pairs else [])])
    made += filled("toy (id, name, price, pet_id)", TOYS)
    made += filled("camel_person (id, first_name, address_row_1)", OWNERS)
    for person_id, (profile, experience, schedule) in enumerate(zip(PROFILES, EXPERIENCE, SCHEDULE, strict=True), 1):
        values = [{"url": "https://x.example"}, ["Al", "Bo"], profile, experience, schedule]
        made += filled("person_metadata", [(person_id, *[json.dumps(each) for each in values])])
    if name == "postgres":
        made += [f"SELECT setval('{table}_id_seq', 100)" for table in ("person", "pet", "toy")]
        made += ["DROP SCHEMA IF EXISTS mammals CASCADE", "CREATE SCHEMA mammals"]
        for table in ("pet", "pet_staging"):
            made.append(f"CREATE TABLE mammals.{table} (id INTEGER PRIMARY KEY, name VARCHAR(50), owner_id INTEGER)")
            made += filled(f"mammals.{table}", [(1, "Catto", 1), (2, "Doggo", 2)])
    return made


def filled(table: str, rows: Sequence[tuple[object, ...]]) -> list[str]:
    return [f"INSERT INTO {table} VALUES ({', '.join([literal(each) for each in row])})" for row in rows]


def literal(value: object) -> str:
    """These texts are ours, and hold no quote."""
    return "NULL" if value is None else str(value) if isinstance(value, int | float) else f"'{value}'"
