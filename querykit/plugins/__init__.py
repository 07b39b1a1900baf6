"""Plugins: what every query, result or run of a database goes through."""

from querykit.plugins.audit.documents import values_of
from querykit.plugins.audit.plugin import AuditPlugin, Unaudited
from querykit.plugins.audit.table import AuditTable
from querykit.plugins.base import Plugin, PluginContext, Result
from querykit.plugins.cache.plugin import CachePlugin, CacheStats
from querykit.plugins.cache.redis_store import RedisStore
from querykit.plugins.cache.store import MemoryStore
from querykit.plugins.call import Call
from querykit.plugins.camel_case import CamelCasePlugin
from querykit.plugins.circuit_breaker import CircuitBreakerPlugin
from querykit.plugins.deduplicate_joins import DeduplicateJoinsPlugin
from querykit.plugins.parse_json import ParseJSONResultsPlugin
from querykit.plugins.reads_only import ReadsOnly
from querykit.plugins.require_where import RequireWherePlugin, everywhere
from querykit.plugins.retry import RetryPlugin
from querykit.plugins.row_level_security import RowLevelSecurityPlugin
from querykit.plugins.soft_delete import SoftDeletePlugin
from querykit.plugins.tables import TablePlugin
from querykit.plugins.timestamps import TimestampsPlugin
from querykit.plugins.with_schema import WithSchemaPlugin

__all__ = [
    "AuditPlugin",
    "AuditTable",
    "CachePlugin",
    "CacheStats",
    "Call",
    "CamelCasePlugin",
    "CircuitBreakerPlugin",
    "DeduplicateJoinsPlugin",
    "MemoryStore",
    "ParseJSONResultsPlugin",
    "Plugin",
    "PluginContext",
    "ReadsOnly",
    "RedisStore",
    "RequireWherePlugin",
    "Result",
    "RetryPlugin",
    "RowLevelSecurityPlugin",
    "SoftDeletePlugin",
    "TablePlugin",
    "TimestampsPlugin",
    "Unaudited",
    "WithSchemaPlugin",
    "everywhere",
    "values_of",
]
