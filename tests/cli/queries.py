"""Queries that the command is told to look at."""

from querykit import json_array_from, select_from, sql, table

pet = table("pet")
named = select_from(pet).select(pet.id).where(pet.name == "it's")
locked = named.for_update()
kin = pet.as_("kin")
nested = select_from(pet).select(
    json_array_from(select_from(kin).select(kin.name).where(kin.owner_id == pet.id)).as_("x")
)
half = select_from(pet)
number = 7


def made():
    return named


def asked(name):
    return named.where(pet.name == name)


one = sql("SELECT 1 AS n").returns_rows(n=int)
