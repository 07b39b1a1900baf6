"""Queries that the command is told to look at."""

from querykit import select_from, table

pet = table("pet")
named = select_from(pet).select(pet.id).where(pet.name == "it's")
locked = named.for_update()
half = select_from(pet)
number = 7


def made():
    return named


def asked(name):
    return named.where(pet.name == name)
