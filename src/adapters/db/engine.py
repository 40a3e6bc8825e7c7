"""What a database is to the stores: SQL with ``:name`` values in, nouns out.

The text of a statement is the same for both databases.  A column becomes the
field of its name, in the type that the class declares; times are aware and in
UTC.  Where the databases have to differ, the difference is a method here.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Literal, Protocol, Self, TypeVar

from ...ports.errors import Conflict, LinemanError

T = TypeVar("T")

Dialect = Literal["sqlite", "postgresql"]


class Taken(LinemanError):
    """A value that must be unique is there already."""


class Dangling(LinemanError):
    """A row refers to one that is not there, or is referred to."""


class NewerDatabase(Conflict):
    """The database is newer than this program."""


class ChangedMigration(Conflict):
    """A migration was changed after it ran."""


class ForeignTable(Conflict):
    """A table of another program is in the way."""


class Statements(Protocol):
    """Where statements can be sent."""

    dialect: Dialect

    async def fetch(self, kind: type[T], sql: str, /, **values: object) -> list[T]:
        """The rows as instances of an attrs class, as bare values of one column (``int``, ``str``), or as ``tuple``.

        Outside a transaction this only reads.
        """

    async def run(self, sql: str, /, **values: object) -> int:
        """Change something; how many rows."""

    def among(self, column: str, name: str) -> str:
        """The condition that ``column`` is one of the list of numbers ``:name``."""


class Transaction(Statements, Protocol):
    """Statements of which all count or none."""

    async def bulk(
        self, table: str, columns: Sequence[str], types: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> None:
        """Add many rows, as fast as the database can.  ``types`` are PostgreSQL's names."""

    async def pour(
        self, sql: str, columns: Sequence[str], types: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> None:
        """Run a statement for many rows, as fast as the database can.

        The statement names a row's columns ``i.column`` and starts its tables with
        ``from {rows} …``: on PostgreSQL that is a temporary table, filled by COPY
        and joined; on SQLite it is nothing, and the statement runs row by row.
        """

    async def lock(self, name: str, *, shared: bool = False) -> None:
        """Keep other holders of ``name`` out until the end of the transaction (SQLite has one writer anyway)."""

    async def script(self, text: str) -> None:
        """Run several statements without values."""


class Database(Statements, Protocol):
    """An open database.  ``async with`` opens it, applies what migrations are missing, and closes it."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """One writing transaction; rolled back when its block raises or is cancelled."""

    def snapshot(self) -> AbstractAsyncContextManager[Statements]:
        """Reading as of one moment."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


async def next_number(tx: Statements, name: str) -> int:
    """The next id of a table.  Numbers are never given out twice, not even those of removed rows."""
    [number] = await tx.fetch(int, "update counter set value = value + 1 where name = :name returning value", name=name)
    return number
