"""Declared tables, generated from what a database has."""

from querykit.schema.codegen.module import generate, tables_of
from querykit.schema.codegen.overrides import ColumnOverride, Overrides, TableOverride, read_overrides

__all__ = ["ColumnOverride", "Overrides", "TableOverride", "generate", "read_overrides", "tables_of"]
