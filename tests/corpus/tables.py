"""The tables that the statements of the corpus are about, and the type of what says one of them with querykit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from querykit import table

Spelled: TypeAlias = Callable[[], Any]
"""Makes the statement; a list of several, or a dict by dialect where the corpus says different things to each."""

person = table("person")
pet = table("pet")
toy = table("toy")
person_metadata = table("person_metadata")
camel_person = table("camel_person")
mammal = table("pet", schema="mammals")
staged_mammal = table("pet_staging", schema="mammals")
