"""Nested reads by Django's ORM: prefetch_related for lists, select_related for the mother. It is synchronous."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

import django
import pymysql
from django.conf import settings
from django.db import models
from django.db.models import Prefetch

from bench.measure.work import Contenders, Work
from bench.readers.objects import plain_people, plain_person

ENGINES = {"postgresql": "postgresql", "sqlite": "sqlite3", "mysql": "mysql"}


def set_up(url: str) -> None:
    """Tell Django of the database; on MySQL it runs on the driver that aiomysql is made of."""
    parts = urlsplit(url)
    pymysql.install_as_MySQLdb()
    database = {
        "ENGINE": f"django.db.backends.{ENGINES[parts.scheme]}",
        "NAME": parts.path.removeprefix("/"),
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "CONN_MAX_AGE": None,
    }
    settings.configure(DATABASES={"default": database}, DEFAULT_AUTO_FIELD="django.db.models.AutoField")
    django.setup()


def listed(related: Any) -> Any:
    return related.all()


async def opened(url: str) -> Contenders:
    set_up(url)

    class Person(models.Model):
        first_name = models.CharField(max_length=50)
        birth_year = models.IntegerField()
        mother = models.ForeignKey("self", models.DO_NOTHING, null=True, related_name="children")

        class Meta:
            app_label, db_table = "village", "person"

    class Pet(models.Model):
        name = models.CharField(max_length=50)
        species = models.CharField(max_length=20)
        owner = models.ForeignKey(Person, models.DO_NOTHING, related_name="pets")

        class Meta:
            app_label, db_table = "village", "pet"

    class Toy(models.Model):
        name = models.CharField(max_length=50)
        price = models.IntegerField()
        pet = models.ForeignKey(Pet, models.DO_NOTHING, related_name="toys")

        class Meta:
            app_label, db_table = "village", "toy"

    def people() -> Any:
        pets = Prefetch("pets", Pet.objects.order_by("id"))
        toys = Prefetch("pets__toys", Toy.objects.order_by("id"))
        return Person.objects.select_related("mother").prefetch_related(pets, toys)

    def one(key: int, _: int) -> Any:
        return people().get(id=key)

    def page(key: int, count: int) -> list[Any]:
        return list(people().filter(id__gt=key).order_by("id")[:count])

    def every(_: int, __: int) -> list[Any]:
        return list(people().order_by("id"))

    works = {
        "one": Work(one, lambda person: plain_person(person, listed)),
        "page": Work(page, lambda people: plain_people(people, listed)),
        "every": Work(every, lambda people: plain_people(people, listed)),
    }
    return {"Django": works}
