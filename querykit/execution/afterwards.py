"""What is done when a transaction has ended: functions of the program's, and watchers of plugins."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from querykit.plugins.call import Watcher

WatcherT = TypeVar("WatcherT", bound="Watcher")


class Afterwards:
    """What one transaction leads to.

    Attributes:
        functions: To be called once it has been kept, those of its savepoints among them.
        watchers: By their owners, told before it is committed and when it has ended.
    """

    __slots__ = ("functions", "watchers")

    def __init__(self) -> None:
        """Nothing yet."""
        self.functions: list[Callable[[], object]] = []
        self.watchers: dict[object, Watcher] = {}

    def watched_by(self, owner: object, make: Callable[[], WatcherT]) -> WatcherT:
        """The watcher of an owner; the first time, what `make` gives."""
        if owner not in self.watchers:
            self.watchers[owner] = make()
        return cast("WatcherT", self.watchers[owner])

    async def before_commit(self) -> None:
        """Tell the watchers that COMMIT is about to be sent."""
        for watcher in self.watchers.values():
            await watcher.before_commit()

    async def tell_watchers(self, *, is_known: bool) -> None:
        """Tell the watchers, once, that it has ended."""
        watchers, self.watchers = self.watchers, {}
        for watcher in watchers.values():
            await watcher.after_end(is_known=is_known)

    async def call(self) -> None:
        """Call the functions, all of them; what they raise is told then."""
        functions, self.functions = self.functions, []
        errors: list[Exception] = []
        for function in functions:
            try:
                result = function()
                if inspect.isawaitable(result):
                    await result
            except Exception as error:  # noqa: BLE001 - told below, when all were called
                errors.append(error)
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise ExceptionGroup("functions given to after_commit failed", errors)
