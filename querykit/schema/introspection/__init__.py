"""What a database has: tables, views, columns, keys, checks, indexes and enumerations, each kind by one query."""

from querykit.schema.introspection.found import (
    FoundCheck,
    FoundColumn,
    FoundDatabase,
    FoundEnum,
    FoundForeignKey,
    FoundIndex,
    FoundTable,
    FoundTerm,
    FoundUnique,
)
from querykit.schema.introspection.introspect import introspect

__all__ = [
    "FoundCheck",
    "FoundColumn",
    "FoundDatabase",
    "FoundEnum",
    "FoundForeignKey",
    "FoundIndex",
    "FoundTable",
    "FoundTerm",
    "FoundUnique",
    "introspect",
]
