"""A database with replicas: which statement runs where."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Literal, Self

from querykit.builder.query import Query
from querykit.builder.rewrite import walk
from querykit.builder.sequences import SequenceValue
from querykit.builder.statement import Statement
from querykit.dialects.driver import is_seconds
from querykit.errors import ConfigurationError, ConnectError, PoolTimeoutError, TooManyConnectionsError
from querykit.execution.database import Database
from querykit.execution.replicas import HELPLESS, Replicas, ReplicaState
from querykit.execution.runner import Runner
from querykit.execution.stream import Chunks

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from querykit.builder.compiled import CompiledQuery
    from querykit.dialects.driver import DriverResult, Wanted

NOT_SENT = (ConnectError, PoolTimeoutError, TooManyConnectionsError)
"""What is raised where there was no connection to send a statement on."""


class ReplicatedDatabase(Database):
    """A primary and its replicas as one database; `Database.replicated` makes it and says what goes where."""

    _goes_to: Literal["", "primary", "replicas"] = ""
    """Where its statements run; by default, where they may."""

    def __init__(
        self,
        primary: str | Database,
        replicas: Sequence[str | Database],
        *,
        read_your_writes: bool | float = True,
        check_every: float = 5.0,
    ) -> None:
        """Describe both; nothing is connected yet."""
        if isinstance(replicas, str) or not replicas:
            raise ConfigurationError("replicas is a list of URLs or of databases, one or more")
        if type(read_your_writes) is not bool and not is_seconds(read_your_writes):
            raise ConfigurationError(
                f"read_your_writes is True, False or a number of seconds, not {read_your_writes!r}"
            )
        if not is_seconds(check_every) or not check_every:
            raise ConfigurationError(f"check_every is a number of seconds, more than zero, not {check_every!r}")
        whole = _disconnected(primary)
        Runner.__init__(self, whole._timeout, whole._plugged)
        self._life, self._commit_timeout = whole._life, whole._commit_timeout
        members = [_disconnected(each) for each in replicas]
        if any(each._plugged is not None for each in members):
            raise ConfigurationError("plugins belong to the primary; what they give runs on the replicas too")
        self._replicas = Replicas(self, members, read_your_writes, check_every)

    def __repr__(self) -> str:
        """The primary's URL, and how many replicas there are."""
        return f"{super().__repr__()[:-1]} with {len(self._replicas.members)} replicas>"

    async def connect(self) -> Self:
        """Connect the primary and those of the replicas that are there.

        Raises:
            ConnectError: the primary cannot be reached.
            ConfigurationError: the replicas are of another kind.
            UnsupportedError: ``read_your_writes=True``, and the database does not tell how far a replica is.
        """
        await super().connect()
        try:
            await self._replicas.connect()
        except BaseException:
            await self.close()
            raise
        return self

    async def close(self) -> None:
        """Close the replicas, then the primary."""
        try:
            await self._replicas.close()
        finally:
            await super().close()

    @property
    def replicas(self) -> list[ReplicaState]:
        """How each of the replicas does."""
        return [ReplicaState(each.database, each.is_healthy, each.error) for each in self._replicas.members]

    def on_primary(self) -> Self:
        """The same database, for reads that must be from the primary."""
        return self._seen_at("primary")

    def on_replicas(self) -> Self:
        """The same database, for raw SQL that only reads: everything goes to replicas, which refuse what writes.

        Only when none is there, to the primary.
        """
        return self._seen_at("replicas")

    def _seen_at(self, place: Literal["primary", "replicas"]) -> Self:
        view = copy.copy(self)
        view._goes_to = place
        return view

    # -- running ------------------------------------------------------------------------------------------------------

    def _goes_to_replicas(self, compiled: CompiledQuery, *, is_read: bool) -> bool:
        if self._goes_to:
            return self._goes_to == "replicas"
        plugins = () if self._plugged is None else self._plugged.chain.plugins
        return is_read and not any(each.reads_latest for each in (*plugins, *compiled.statement.plugins))

    async def _run(self, compiled: CompiledQuery, wanted: Wanted, arguments: tuple[object, ...]) -> DriverResult:
        is_read, replicas = _only_reads(compiled), self._replicas
        if self._goes_to_replicas(compiled, is_read=is_read):
            self._refuse_misuse()
            changes = replicas.seen_changes()
            for replica in replicas.in_turn():
                if not await replicas.may_give(replica, changes):
                    continue
                try:
                    result = await replica.database._run(compiled, wanted, arguments)
                except HELPLESS as error:
                    replica.failed(error)
                else:
                    if replicas.could_give(replica, changes):
                        return result
        try:
            return await super()._run(compiled, wanted, arguments)
        except NOT_SENT:
            is_read = True  # nothing was written
            raise
        finally:
            if not is_read:
                replicas.note_change()

    def _stream(self, compiled: CompiledQuery, arguments: tuple[object, ...], chunk_size: int) -> Chunks:
        if not self._goes_to_replicas(compiled, is_read=_only_reads(compiled)):
            return super()._stream(compiled, arguments, chunk_size)
        inner: list[Chunks] = []
        chunks = self._chunks(compiled, arguments, chunk_size, inner)
        return Chunks(chunks, lambda: inner[-1].abandon() if inner else None)

    async def _chunks(
        self, compiled: CompiledQuery, arguments: tuple[object, ...], chunk_size: int, inner: list[Chunks]
    ) -> AsyncGenerator[DriverResult, None]:
        """The rows of a replica; of another, only as long as none of them was given."""
        self._refuse_misuse()
        replicas = self._replicas
        changes = replicas.seen_changes()
        for replica in replicas.in_turn():
            if not await replicas.may_give(replica, changes):
                continue
            inner.append(replica.database._stream(compiled, arguments, chunk_size))
            is_begun = False
            try:
                async for chunk in inner[-1].read:
                    if not is_begun and not replicas.could_give(replica, changes):
                        break
                    is_begun = True
                    yield chunk
            except HELPLESS as error:
                replica.failed(error)
                if is_begun:
                    raise
            else:
                if is_begun or replicas.could_give(replica, changes):
                    return
            finally:
                await inner[-1].read.aclose()
        inner.append(super()._stream(compiled, arguments, chunk_size))
        try:
            async for chunk in inner[-1].read:
                yield chunk
        finally:
            await inner[-1].read.aclose()


def _disconnected(database: str | Database) -> Database:
    if isinstance(database, str):
        return Database(database)
    if not isinstance(database, Database) or isinstance(database, ReplicatedDatabase):
        raise ConfigurationError(f"a URL or a Database is expected, not {database!r}")
    if database.is_connected:
        raise ConfigurationError(f"{database!r} is connected; the whole connects its parts")
    return database


def _only_reads(compiled: CompiledQuery) -> bool:
    """Whether a statement writes nothing and locks nothing: raw SQL, unknown functions and sequences may."""
    return compiled.is_clean and not any(map(_writes_or_locks, walk(compiled.statement)))


def _writes_or_locks(node: Any) -> bool:
    if isinstance(node, SequenceValue):
        return True
    return isinstance(node, Statement) and (node.is_write or (isinstance(node, Query) and node.lock is not None))
