"""Tables as databases have them: created, altered and dropped from their declarations. Opt-in, of public names alone.

>>> from querykit import Column, Table, column, references
>>> from querykit.schema import Varchar, create_table
>>> class Pet(Table, name="pet"):
...     id: Column[int] = column(primary_key=True, identity=True)
...     name: Column[str] = column(type=Varchar(50), unique=True)
...     owner_id: Column[int | None] = column(references=references("person", on_delete="cascade"))
>>> print(create_table(Pet()).sql("sqlite")[0])
CREATE TABLE "pet" (
  "id" INTEGER PRIMARY KEY NOT NULL,
  "name" VARCHAR(50) NOT NULL,
  "owner_id" INTEGER,
  CONSTRAINT "pet_name_key" UNIQUE ("name"),
  CONSTRAINT "pet_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "person" ("id") ON DELETE CASCADE
)
"""

from querykit.schema.alter import AlterTable, alter_table
from querykit.schema.constraints import check, foreign_key, index, primary_key, unique
from querykit.schema.ddl import (
    Definition,
    create_index,
    create_schema,
    create_table,
    create_table_as,
    create_tables,
    create_view,
    drop_index,
    drop_schema,
    drop_table,
    drop_tables,
    drop_view,
    refresh_view,
)
from querykit.schema.enums import AlterEnum, alter_enum, create_enum, drop_enum
from querykit.schema.mixins import ChangedBy, Identity, SoftDelete, Timestamps, UuidIdentity
from querykit.schema.sequences import alter_sequence, create_sequence, drop_sequence
from querykit.schema.types import (
    AnyNumeric,
    Array,
    BigInt,
    Binary,
    Boolean,
    Bytes,
    Char,
    Date,
    DateTime,
    Double,
    Duration,
    Enumeration,
    Instant,
    Integer,
    Json,
    Native,
    Numeric,
    Real,
    SmallInt,
    SqlType,
    Text,
    Time,
    Uuid,
    Varchar,
)

__all__ = [
    "AlterEnum",
    "AlterTable",
    "AnyNumeric",
    "Array",
    "BigInt",
    "Binary",
    "Boolean",
    "Bytes",
    "ChangedBy",
    "Char",
    "Date",
    "DateTime",
    "Definition",
    "Double",
    "Duration",
    "Enumeration",
    "Identity",
    "Instant",
    "Integer",
    "Json",
    "Native",
    "Numeric",
    "Real",
    "SmallInt",
    "SoftDelete",
    "SqlType",
    "Text",
    "Time",
    "Timestamps",
    "Uuid",
    "UuidIdentity",
    "Varchar",
    "alter_enum",
    "alter_sequence",
    "alter_table",
    "check",
    "create_enum",
    "create_index",
    "create_schema",
    "create_sequence",
    "create_table",
    "create_table_as",
    "create_tables",
    "create_view",
    "drop_enum",
    "drop_index",
    "drop_schema",
    "drop_sequence",
    "drop_table",
    "drop_tables",
    "drop_view",
    "foreign_key",
    "index",
    "primary_key",
    "refresh_view",
    "unique",
]
