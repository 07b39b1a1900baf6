"""Migrations: files of changes that are made once, in order, by one runner at a time: `querykit[migrations]`."""

from querykit.migrations.errors import MigrationError
from querykit.migrations.migration import Migration, read_folder
from querykit.migrations.migrator import MigrationEvent, MigrationStatus, Migrator

__all__ = ["Migration", "MigrationError", "MigrationEvent", "MigrationStatus", "Migrator", "read_folder"]
