"""What a database has: tables, columns, keys, checks, indexes, enumerations and sequences, each kind by one query."""

from querykit.schema.introspection.found import (
    FoundCheck,
    FoundColumn,
    FoundDatabase,
    FoundEnum,
    FoundForeignKey,
    FoundIndex,
    FoundSequence,
    FoundTable,
    FoundTerm,
    FoundUnique,
)
from querykit.schema.introspection.introspect import introspect
from querykit.schema.introspection.schemas import schemas

__all__ = [
    "FoundCheck",
    "FoundColumn",
    "FoundDatabase",
    "FoundEnum",
    "FoundForeignKey",
    "FoundIndex",
    "FoundSequence",
    "FoundTable",
    "FoundTerm",
    "FoundUnique",
    "introspect",
    "schemas",
]
