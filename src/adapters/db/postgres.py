"""PostgreSQL by psycopg and its pool.  Every wait ends: for a connection, a lock, a statement, the network."""

import re
import zlib
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from enum import Enum
from functools import cache
from types import TracebackType
from typing import Any, Self, TypeVar
from weakref import WeakKeyDictionary

import anyio
import psycopg
from psycopg import errors
from psycopg.rows import tuple_row
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from ...ports.errors import Invalid, Unavailable
from .engine import Dangling, Database, Statements, Taken, Transaction
from .migrate import Migration, load, migrate
from .rows import Decoders, read

T = TypeVar("T")
Connection = psycopg.AsyncConnection[tuple[Any, ...]]

DECODERS: Decoders = {}
NAME = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")
#: Keys of advisory locks are our own number and a lock's.
LOCKS = {"schema": 1, "samples": 2, "discovery": 3, "scans": 4}
OURS = 0x11E3A

#: A statement may take so many seconds; migrations, copies and roll-ups of a large site need their time.
STATEMENT = 120
LOCK = 30


@cache
def text(sql: str) -> str:
    """``:name`` as psycopg wants it."""
    return NAME.sub(r"%(\1)s", sql.replace("%", "%%"))


def translated(error: psycopg.Error) -> Exception:
    """Our word for an error of PostgreSQL; a mistake in a statement stays what it is."""
    match error:
        case errors.UniqueViolation():
            return Taken(str(error))
        case errors.ForeignKeyViolation():
            return Dangling(str(error))
        case errors.DiskFull():
            reason = "its disk is full; free some space"
        case errors.ReadOnlySqlTransaction():
            reason = "it is read-only; give the address of the primary server"
        case errors.InsufficientPrivilege():
            reason = "this user lacks a right; grant it"
        case errors.InvalidPassword() | errors.InvalidAuthorizationSpecification():
            reason = "it does not accept this user; see the password in LINEMAN_DATABASE"
        case errors.QueryCanceled():
            reason = "a statement took too long"
        case errors.LockNotAvailable() | errors.DeadlockDetected():
            reason = "another process keeps it locked; try again"
        case PoolTimeout():
            reason = "no connection was to be had in time; see whether the server runs and takes connections"
        case PoolClosed():
            reason = "it is closed"
        case psycopg.DataError():
            return Invalid(f"A value does not fit the database: {_first_line(error)}")
        case psycopg.OperationalError() | psycopg.InterfaceError():
            reason = "see whether the server runs and can be reached"
        case _:
            return error
    return Unavailable(f"The database cannot be used: {reason} ({_first_line(error)})", retry_after=5.0)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


class _Transaction(Transaction):
    dialect = "postgresql"

    def __init__(self, connection: Connection, inboxes: frozenset[str] = frozenset()) -> None:
        """``inboxes``: the temporary tables that the connection has."""
        self._connection, self._inboxes = connection, inboxes
        self.made: set[str] = set()
        self._filled: set[str] = set()

    async def fetch(self, kind: type[T], sql: str, /, **values: object) -> list[T]:
        return await _fetch(self._connection, kind, sql, values)

    async def run(self, sql: str, /, **values: object) -> int:
        return await _run(self._connection, sql, values)

    def among(self, column: str, name: str) -> str:
        return f"{column} = any(:{name})"

    async def bulk(
        self, table: str, columns: Sequence[str], types: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> None:
        sql = f"copy {table} ({', '.join(columns)}) from stdin (format binary)"
        async with self._connection.cursor() as cursor, cursor.copy(sql) as copy:
            copy.set_types(types)
            for row in rows:
                await copy.write_row(row)

    async def pour(
        self, sql: str, columns: Sequence[str], types: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> None:
        fields = ", ".join(f"{name} {kind}" for name, kind in zip(columns, types, strict=True))
        inbox = f"inbox_{zlib.crc32(fields.encode()):08x}"
        if inbox not in self._inboxes | self.made:
            await self.run(f"create temp table {inbox} ({fields}) on commit delete rows")
            self.made.add(inbox)
        if inbox in self._filled:
            await self.run(f"delete from pg_temp.{inbox}")
        self._filled.add(inbox)
        await self.bulk(f"pg_temp.{inbox}", columns, types, rows)
        await self.run(sql.format(rows=f"pg_temp.{inbox} i cross join"))

    async def lock(self, name: str, *, shared: bool = False) -> None:
        kind = "_shared" if shared else ""
        await self.run(f"select pg_advisory_xact_lock{kind}({OURS}, {LOCKS[name]})")

    async def script(self, text: str) -> None:
        await self._connection.execute(text, prepare=False)


class PostgresDatabase(Database):
    """A database on a server; its schema is the first of the connection's ``search_path``."""

    dialect = "postgresql"

    def __init__(
        self,
        dsn: str,
        *,
        migrations: Sequence[Migration] | None = None,
        connections: int = 8,
        patience: float = 10.0,
    ) -> None:
        """``migrations``: those to apply (all by default, none for ``()``); ``patience``: seconds for a connection."""
        self._migrations = load("postgresql") if migrations is None else tuple(migrations)
        self._dsn, self._patience = dsn, patience
        self._inboxes: WeakKeyDictionary[Connection, frozenset[str]] = WeakKeyDictionary()
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            dsn,
            open=False,
            min_size=1,
            max_size=connections,
            max_waiting=1000,
            timeout=patience,
            # A server that was started anew is noticed before a statement is lost to it.
            check=AsyncConnectionPool.check_connection,
            kwargs={
                "autocommit": True,
                "row_factory": tuple_row,
                "connect_timeout": max(2, round(patience)),
                "application_name": "lineman",
                "keepalives_idle": 30,
                "keepalives_interval": 10,
                "keepalives_count": 3,
                "tcp_user_timeout": 60_000,
            },
            configure=_configure,
        )

    async def __aenter__(self) -> Self:
        async with _edge():
            try:
                await self._reach()
                if self._migrations:
                    async with self.transaction() as tx:
                        await migrate(tx, self._migrations)
            except BaseException:
                # Whatever it was: what was opened is closed.
                await self.__aexit__(None, None, None)
                raise
        return self

    async def _reach(self) -> None:
        try:
            await self._pool.open(wait=True, timeout=self._patience)
        except PoolTimeout:
            # The pool keeps the reason for its log: ask once more, to tell it.
            connection = await psycopg.AsyncConnection.connect(self._dsn, connect_timeout=2)
            await connection.close()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with anyio.CancelScope(shield=True):
            await self._pool.close()

    async def fetch(self, kind: type[T], sql: str, /, **values: object) -> list[T]:
        async with _edge(), self._pool.connection() as connection:
            return await _fetch(connection, kind, sql, values)

    async def run(self, sql: str, /, **values: object) -> int:
        async with _edge(), self._pool.connection() as connection:
            return await _run(connection, sql, values)

    def among(self, column: str, name: str) -> str:
        return f"{column} = any(:{name})"

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        async with _edge(), self._pool.connection() as connection:
            inboxes = self._inboxes.get(connection, frozenset())
            tx = _Transaction(connection, inboxes)
            async with connection.transaction():
                yield tx
            self._inboxes[connection] = inboxes | tx.made

    @asynccontextmanager
    async def snapshot(self) -> AsyncGenerator[Statements]:
        async with _edge(), self._pool.connection() as connection:
            await connection.execute("begin isolation level repeatable read, read only")
            try:
                yield _Transaction(connection)
            finally:
                with anyio.CancelScope(shield=True):
                    await connection.rollback()


async def _configure(connection: Connection) -> None:
    await connection.execute("set time zone 'UTC'")
    await connection.execute(f"set statement_timeout = '{STATEMENT}s'")
    await connection.execute(f"set lock_timeout = '{LOCK}s'")
    await connection.execute(f"set idle_in_transaction_session_timeout = '{STATEMENT}s'")


@asynccontextmanager
async def _edge() -> AsyncGenerator[None]:
    """Beyond here there are no errors of psycopg."""
    try:
        yield
    except psycopg.Error as error:
        raise translated(error) from error


async def _fetch(connection: Connection, kind: type[T], sql: str, values: dict[str, object]) -> list[T]:
    async with connection.cursor(binary=True) as cursor:
        await _execute(cursor, sql, values)
        rows = await cursor.fetchall()
        columns = [column.name for column in cursor.description or ()]
    return read(kind, columns, DECODERS, rows)


async def _run(connection: Connection, sql: str, values: dict[str, object]) -> int:
    async with connection.cursor() as cursor:
        await _execute(cursor, sql, values)
        return cursor.rowcount


async def _execute(cursor: psycopg.AsyncCursor[tuple[Any, ...]], sql: str, values: dict[str, object]) -> None:
    given = {name: value.value if isinstance(value, Enum) else value for name, value in values.items()}
    statement = text(sql) if given else sql
    with anyio.fail_after(STATEMENT + 10):
        await cursor.execute(statement, given or None)
