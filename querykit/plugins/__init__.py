"""Plugins: what every query, result or run of a database goes through."""

from querykit.plugins.base import Call, Plugin, PluginContext, Result
from querykit.plugins.with_schema import WithSchemaPlugin

__all__ = ["Call", "Plugin", "PluginContext", "Result", "WithSchemaPlugin"]
