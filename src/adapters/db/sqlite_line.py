"""One connection to an SQLite file: a statement at a time, each with a deadline, errors in our words."""

import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TypeVar

import aiosqlite
import anyio

from ...ports.errors import Invalid, Unavailable
from .engine import Dangling, Taken
from .rows import Decoders, from_micros, micros, read, to_text

T = TypeVar("T")

DECODERS: Decoders = {datetime: from_micros, bool: bool}
LARGEST = 2**63 - 1
PLAIN = frozenset({int, float, str, bytes, bool, type(None)})
#: What went wrong by SQLite's own word, and the way out.
REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full; free some space",
    sqlite3.SQLITE_IOERR: "the disk fails; see the system's log",
    sqlite3.SQLITE_READONLY: "it cannot be written; give this user the right to write to the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; see whether its folder is there and this user may write to it",
    sqlite3.SQLITE_PERM: "it cannot be opened; give this user the right to read and write it",
    sqlite3.SQLITE_BUSY: "another process keeps it locked; try again, or stop that process",
    sqlite3.SQLITE_LOCKED: "it is locked; try again",
    sqlite3.SQLITE_INTERRUPT: "the statement took too long",
    sqlite3.SQLITE_NOMEM: "there is not enough memory",
    sqlite3.SQLITE_CORRUPT: "it is damaged; restore a backup",
    sqlite3.SQLITE_NOTADB: "it is no SQLite database; give another path, or restore a backup",
}


def translated(error: sqlite3.Error, path: Path) -> Exception:
    """Our word for an error of SQLite; a mistake in a statement stays what it is."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return Dangling(str(error))
    if code in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY):
        return Taken(str(error))
    if reason := REASONS.get(code & 0xFF):
        return Unavailable(f"The database {path} cannot be used: {reason} ({error})", retry_after=5.0)
    return error


class Line:
    """One connection.  A statement that nobody waits for any more is interrupted."""

    def __init__(self, path: Path, patience: float) -> None:
        self.path, self.patience = path, patience
        self.lock = anyio.Lock()
        self.columns: dict[str, tuple[str, ...]] = {}
        self.connection: aiosqlite.Connection

    async def open(self, pragmas: Sequence[str]) -> None:
        self.connection = await self.call(
            lambda: aiosqlite.connect(
                self.path, isolation_level=None, timeout=0.8 * self.patience, cached_statements=256
            )
        )
        for pragma in pragmas:
            await self.call(partial(self.connection.execute_fetchall, pragma))

    async def call(self, work: Callable[[], Awaitable[T]]) -> T:
        try:
            with anyio.fail_after(self.patience):
                return await work()
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        except TimeoutError as error:
            await self._interrupt()
            raise Unavailable(
                f"The database {self.path} did not answer within {self.patience:g} s", retry_after=5.0
            ) from error
        except anyio.get_cancelled_exc_class():
            await self._interrupt()
            raise

    async def _interrupt(self) -> None:
        if hasattr(self, "connection"):
            await self.connection.interrupt()

    async def close(self) -> None:
        if hasattr(self, "connection"):
            await self.connection.close()

    @asynccontextmanager
    async def held(self) -> AsyncGenerator[None]:
        try:
            with anyio.fail_after(self.patience):
                await self.lock.acquire()
        except TimeoutError as error:
            raise Unavailable(f"The database {self.path} was busy for {self.patience:g} s", retry_after=5.0) from error
        try:
            yield
        finally:
            self.lock.release()

    async def fetch(self, kind: type[T], sql: str, values: dict[str, object]) -> list[T]:
        given = {name: _stored(value) for name, value in values.items()}
        columns = self.columns.get(sql)
        if columns is None:
            # A cursor of our own: one that a cancelled statement leaves to nobody stays open with its first row,
            # and as long as it does SQLite interrupts all that comes after it, the rollback first.
            cursor = await self.call(lambda: self.connection.cursor())
            try:
                await self.call(lambda: cursor.execute(sql, given))
                rows = await self.call(cursor.fetchall)
                columns = self.columns[sql] = tuple(name for name, *_ in cursor.description)
            finally:
                await cursor.close()
        else:
            rows = await self.call(lambda: self.connection.execute_fetchall(sql, given))
        return read(kind, columns, DECODERS, list(rows))

    async def run(self, sql: str, values: dict[str, object]) -> int:
        given = {name: _stored(value) for name, value in values.items()}
        cursor = await self.call(lambda: self.connection.execute(sql, given))
        try:
            return cursor.rowcount
        finally:
            await cursor.close()


def _stored(value: object) -> object:
    if type(value) in PLAIN:
        if type(value) is int and not -LARGEST <= value <= LARGEST:
            raise Invalid(f"A value does not fit the database: {value} is too large a number")
        return value
    if isinstance(value, datetime):
        return micros(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return to_text(value)
    raise TypeError(f"SQLite keeps no {type(value).__name__}")
