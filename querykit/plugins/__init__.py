"""Plugins: what every query, result or run of a database goes through."""

from querykit.plugins.base import Call, Plugin, PluginContext, Result

__all__ = ["Call", "Plugin", "PluginContext", "Result"]
