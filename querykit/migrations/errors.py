"""What goes wrong with migrations beyond the database's own errors."""

from querykit.errors import QueryKitError


class MigrationError(QueryKitError):
    """Migrations are not as they were, cannot be run in this order, or one of them failed."""
