"""A table and plain objects, mapped both ways: `TableMapper`, and `AbstractTableMapper` for mappers of one's own."""

from querykit.access.mapper.delete import CompiledDelete, DeleteQuery
from querykit.access.mapper.insert import CompiledInsert, InsertOfColumns, InsertQuery
from querykit.access.mapper.select import CompiledSelect, SelectQuery
from querykit.access.mapper.table_mapper import AbstractTableMapper, TableMapper
from querykit.access.mapper.transforms import EntireRowTransforms, Transforms
from querykit.access.mapper.update import CompiledUpdate, UpdateOfColumns, UpdateQuery

__all__ = [
    "AbstractTableMapper",
    "CompiledDelete",
    "CompiledInsert",
    "CompiledSelect",
    "CompiledUpdate",
    "DeleteQuery",
    "EntireRowTransforms",
    "InsertOfColumns",
    "InsertQuery",
    "SelectQuery",
    "TableMapper",
    "Transforms",
    "UpdateOfColumns",
    "UpdateQuery",
]
