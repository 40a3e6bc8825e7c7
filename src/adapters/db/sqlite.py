"""SQLite by aiosqlite: a file, one connection that writes and one that reads.

``synchronous=full``: users, passwords and (later) call events share the file
with the samples, and what was answered with success must outlive a power cut.
It costs one flush a batch of polls; ``benchmarks/series.py`` measures it.
"""

import os
import re
import sqlite3
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import anyio

from ...ports.errors import LinemanError, Unavailable
from .engine import Database, Statements, Transaction
from .migrate import Migration, load, migrate
from .rows import micros
from .sqlite_line import Line

T = TypeVar("T")

#: Kept by both connections; a page round of 10,000 miners fits.
CACHE = "pragma cache_size = -16384"
WRITER = (
    # Of a new file: a reading with its replies takes 2.5 KB, three of them fit a page (a third of the flush time).
    "pragma page_size = 8192",
    "pragma journal_mode = wal",
    "pragma synchronous = full",
    "pragma foreign_keys = on",
    "pragma temp_store = memory",
    "pragma wal_autocheckpoint = 4000",
    "pragma journal_size_limit = 67108864",
    CACHE,
)
READER = ("pragma query_only = on", "pragma temp_store = memory", CACHE)


class _Statements(Statements):
    dialect = "sqlite"

    def __init__(self, line: Line) -> None:
        self._line = line

    async def fetch(self, kind: type[T], sql: str, /, **values: object) -> list[T]:
        return await self._line.fetch(kind, sql, values)

    async def run(self, sql: str, /, **values: object) -> int:
        return await self._line.run(sql, values)

    def among(self, column: str, name: str) -> str:
        return f"{column} in (select value from json_each(:{name}))"


class _Transaction(_Statements, Transaction):
    async def bulk(
        self, table: str, columns: Sequence[str], types: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> None:
        marks = ", ".join("?" * len(columns))
        await self._many(f"insert into {table} ({', '.join(columns)}) values ({marks})", types, rows)

    async def pour(
        self, sql: str, columns: Sequence[str], types: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> None:
        await self._many(_row_by_row(sql, tuple(columns)), types, rows)

    async def _many(self, sql: str, types: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        times = [place for place, kind in enumerate(types) if kind == "timestamptz"]
        cursor = await self._line.call(lambda: self._line.connection.executemany(sql, _with_micros(rows, times)))
        await cursor.close()

    async def lock(self, name: str, *, shared: bool = False) -> None:
        """Nothing to do: the transaction began by taking the whole file."""

    async def script(self, text: str) -> None:
        for statement in statements(text):
            await self.run(statement)


class SqliteDatabase(_Statements, Database):
    """A database in one file, made 0600 when it is not there."""

    def __init__(self, path: Path, *, migrations: Sequence[Migration] | None = None, patience: float = 30.0) -> None:
        """``migrations`` are those to apply (all by default, none for ``()``), ``patience`` is seconds a statement."""
        self.path = Path(path)
        self._migrations = load("sqlite") if migrations is None else tuple(migrations)
        self._writer = Line(self.path, patience)
        super().__init__(Line(self.path, patience))

    async def __aenter__(self) -> Self:
        await anyio.to_thread.run_sync(_touch, self.path)
        try:
            await self._writer.open(WRITER)
            if self._migrations:
                async with self.transaction() as tx:
                    await migrate(tx, self._migrations)
            await self._line.open(READER)
        except BaseException:
            # Whatever it was: what was opened is closed.
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with anyio.CancelScope(shield=True):
            for line in (self._line, self._writer):
                await line.close()

    async def fetch(self, kind: type[T], sql: str, /, **values: object) -> list[T]:
        async with self._line.held():
            return await self._line.fetch(kind, sql, values)

    async def run(self, sql: str, /, **values: object) -> int:
        async with self._writer.held():
            return await self._writer.run(sql, values)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        line = self._writer
        async with line.held():
            try:
                await line.run("begin immediate", {})
                yield _Transaction(line)
                with anyio.CancelScope(shield=True):
                    await line.run("commit", {})
            except BaseException:
                # Also after a failed commit, and when "begin" was still on its way.
                with anyio.CancelScope(shield=True):
                    await line.connection.rollback()
                raise

    @asynccontextmanager
    async def snapshot(self) -> AsyncGenerator[Statements]:
        async with self._line.held():
            try:
                await self._line.run("begin", {})
                yield _Statements(self._line)
            finally:
                with anyio.CancelScope(shield=True):
                    await self._line.connection.rollback()


def _with_micros(rows: Iterable[Sequence[object]], times: Sequence[int]) -> Iterator[Sequence[object]]:
    for row in rows:
        values: list[Any] = list(row)
        for place in times:
            if values[place] is not None:
                values[place] = micros(values[place])
        yield values


@cache
def _row_by_row(sql: str, columns: tuple[str, ...]) -> str:
    places = {name: f"?{place}" for place, name in enumerate(columns, 1)}
    return re.sub(r"\bi\.(\w+)", lambda name: places[name[1]], sql.format(rows=""))


def _touch(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise Unavailable(f"The database {path} cannot be used: {error.strerror}", retry_after=5.0) from error


def statements(text: str) -> Iterator[str]:
    """The statements of a script, one by one, as a transaction needs them."""
    *parts, rest = text.split(";")
    gathered = ""
    for part in parts:
        gathered += f"{part};"
        if sqlite3.complete_statement(gathered):
            yield gathered
            gathered = ""
    if left := [line for line in (gathered + rest).splitlines() if line.strip() and not line.startswith("--")]:
        raise LinemanError(f"A migration ends in the middle of a statement: {left[0]}")
