"""What a query costs before the database sees it: building and compiling, against PyPika and SQLAlchemy Core.

All three write the nested query of the README for PostgreSQL, with one bound value. What can be made once stands
outside of what is timed: tables, PyPika's functions, SQLAlchemy's engine with its cache of compiled statements.

    python -m bench.compile          the figures
    python -m bench.compile --sql    and what each of them wrote
"""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version

import sqlalchemy as sa
from pypika import CustomFunction, Query
from pypika import Table as PyPikaTable
from pypika.terms import ListParameter, PseudoColumn

from bench.timing import side_by_side
from querykit import Column, CompiledQuery, Table, json_array_from, json_object_from, select_from

AT_LEAST = {"PyPika": 15, "SQLAlchemy": 10}
"""How many times faster querykit has to be."""
AT_MOST_AGAIN = 1e-6
"""Seconds that compiling the same query again may take."""

# -- querykit ----------------------------------------------------------------------------------------------------------


class Person(Table, name="person"):
    id: Column[int]
    first_name: Column[str]
    mother_id: Column[int | None]


class Pet(Table, name="pet"):
    id: Column[int]
    name: Column[str]
    owner_id: Column[int]


person, pet = Person(), Pet()
mother = person.as_("mother")


def querykit(above: int = 3) -> CompiledQuery:
    return (
        select_from(person)
        .select(
            person.id,
            person.first_name,
            json_array_from(
                select_from(pet).select(pet.id, pet.name).where(pet.owner_id == person.id).order_by(pet.name)
            ).as_("pets"),
            json_object_from(
                select_from(mother).select(mother.id, mother.first_name).where(mother.id == person.mother_id)
            ).as_("mother"),
        )
        .where(person.id > above)
        .order_by(person.id)
        .compile("postgres")
    )


# -- PyPika ------------------------------------------------------------------------------------------------------------

# `Query` is a tenth faster than `PostgreSQLQuery` and writes the same here.
p_person, p_pet = PyPikaTable("person"), PyPikaTable("pet")
p_mother = p_person.as_("mother")
json_agg, row_to_json = CustomFunction("JSON_AGG", ["rows"]), CustomFunction("ROW_TO_JSON", ["row"])
coalesce = CustomFunction("COALESCE", ["value", "otherwise"])
NESTED, EMPTY = PseudoColumn("nested"), PseudoColumn("'[]'")


def pypika(above: int = 3) -> tuple[str, list[object]]:
    pets = (
        Query.from_(p_pet)
        .select(p_pet.id, p_pet.name)
        .where(p_pet.owner_id == p_person.id)
        .orderby(p_pet.name)
        .as_("nested")
    )
    mothers = (
        Query.from_(p_mother)
        .select(p_mother.id, p_mother.first_name)
        .where(p_mother.id == p_person.mother_id)
        .as_("nested")
    )
    query = (
        Query.from_(p_person)
        .select(
            p_person.id,
            p_person.first_name,
            Query.from_(pets).select(coalesce(json_agg(row_to_json(NESTED)), EMPTY)).as_("pets"),
            Query.from_(mothers).select(row_to_json(NESTED)).as_("mother"),
        )
        .where(p_person.id > above)
        .orderby(p_person.id)
    )
    parameters = ListParameter(lambda position: f"${position + 1}")
    return query.get_sql(parameter=parameters), parameters.get_parameters()  # type: ignore[no-untyped-call]


# -- SQLAlchemy Core ---------------------------------------------------------------------------------------------------

metadata = sa.MetaData()
s_person = sa.Table(
    "person",
    metadata,
    sa.Column("id", sa.Integer),
    sa.Column("first_name", sa.Text),
    sa.Column("mother_id", sa.Integer),
)
s_pet = sa.Table(
    "pet", metadata, sa.Column("id", sa.Integer), sa.Column("name", sa.Text), sa.Column("owner_id", sa.Integer)
)
s_mother = s_person.alias("mother")
engine = sa.create_engine("postgresql+asyncpg://")  # connects to nothing until it is asked to


def sqlalchemy(above: int = 3) -> tuple[str, list[object]]:
    """What a Connection does to get at the text and its parameters; see `Connection._execute_clauseelement`."""
    pets = (
        sa.select(s_pet.c.id, s_pet.c.name)
        .where(s_pet.c.owner_id == s_person.c.id)
        .order_by(s_pet.c.name)
        .correlate(s_person)
        .subquery("nested_pets")
    )
    mothers = (
        sa.select(s_mother.c.id, s_mother.c.first_name)
        .where(s_mother.c.id == s_person.c.mother_id)
        .correlate(s_person)
        .subquery("nested_mother")
    )
    query = (
        sa.select(
            s_person.c.id,
            s_person.c.first_name,
            sa.select(sa.func.coalesce(sa.func.json_agg(sa.func.row_to_json(pets.table_valued())), sa.text("'[]'")))
            .scalar_subquery()
            .label("pets"),
            sa.select(sa.func.row_to_json(mothers.table_valued())).scalar_subquery().label("mother"),
        )
        .where(s_person.c.id > above)
        .order_by(s_person.c.id)
    )
    compiled, extracted, collected, _ = query._compile_w_cache(
        dialect=engine.dialect,
        compiled_cache=engine._compiled_cache,
        column_keys=[],
        linting=engine.dialect.compiler_linting,
    )
    values = compiled.construct_params(extracted_parameters=extracted, escape_names=False, _collected_params=collected)
    return compiled.string, [values[name] for name in compiled.positiontup]


# -- the figures -------------------------------------------------------------------------------------------------------


def main() -> bool:
    """Print the figures; whether all were reached."""
    if "--sql" in sys.argv:
        print(querykit().sql, *pypika(), *sqlalchemy(), sep="\n\n", end="\n\n")
    prebuilt = querykit().statement
    found = side_by_side({"querykit": querykit, "PyPika": pypika, "SQLAlchemy": sqlalchemy})
    again = side_by_side({"again": lambda: prebuilt.compile("postgres")}).times["again"]
    print(f"Building and compiling the nested query, Python {platform.python_version()}, medians side by side:")
    for name, time in found.times.items():
        print(f"  {name:<20} {time.median * 1e6:8.2f} µs ± {time.noise:.1%}")
    print(f"  {'querykit once more':<20} {again.median * 1e6:8.2f} µs ± {again.noise:.1%}")
    for name, least in AT_LEAST.items():
        ratio = found.ratios[name]
        print(
            f"querykit is {ratio.median:.1f} times faster than {name} {version(name)} "
            f"(half of the rounds: {ratio.low:.1f} to {ratio.high:.1f}; the goal is {least})"
        )
    missed = [name for name, least in AT_LEAST.items() if found.ratios[name].median < least]
    if missed or again.median > AT_MOST_AGAIN:
        print(f"Not reached: {', '.join(missed) or 'querykit once more'}")
    return not missed and again.median <= AT_MOST_AGAIN


if __name__ == "__main__":
    sys.exit(not main())
