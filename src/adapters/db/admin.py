"""What the command line asks of a database as a whole: its state, and its secrets.

``lineman db status`` opens the database with ``migrations=()``, so that asking
changes nothing; everything else opens it as always.
"""

from collections.abc import Sequence
from pathlib import Path

import anyio
import attrs

from ...ports.errors import Conflict
from ...ports.secrets import Sealed, Secret, Vault
from .catalogue import SEALED, tables
from .engine import Database
from .migrate import Migration, applied, load, pending
from .sqlite import SqliteDatabase

#: Rows are counted up to here: to count all samples of a large site takes minutes.
MOST = 1_000_000


@attrs.frozen
class TableStatus:
    """A table and its rows; ``more``: there are more than were counted."""

    name: str
    rows: int
    more: bool = False


@attrs.frozen
class Status:
    """The state of a database."""

    #: ``SQLite 3.40.1`` or ``PostgreSQL 15.18``.
    engine: str
    #: The last migration applied; ``None``: the database is empty.
    schema: int | None
    pending: Sequence[Migration]
    #: What speaks against using it: it is newer, or a migration was changed.
    problem: str | None
    size_bytes: int
    tables: Sequence[TableStatus]
    #: Tables that another program left here, or still uses.
    foreign: Sequence[str] = ()


async def foreign(db: Database) -> Sequence[str]:
    """The tables that are none of ours: such as those of a service that had this database before."""
    ours = {name for step in load(db.dialect) for name in step.makes} | {"schema_version"}
    return [table for table in await tables(db) if table not in ours]


async def status(db: Database) -> Status:
    """Look at a database, of any age."""
    done = await applied(db)
    problem, missing = None, tuple[Migration, ...]()
    try:
        missing = pending(load(db.dialect), done)
    except Conflict as error:
        problem = error.detail
    rows = []
    for table in await tables(db):
        [count] = await db.fetch(int, f"select count(*) from (select 1 from {table} limit {MOST + 1}) counted")
        rows.append(TableStatus(table, min(count, MOST), count > MOST))
    engine, size = await _engine(db)
    schema = done[-1].number if done else None
    return Status(engine, schema, missing, problem, size, rows, await foreign(db))


async def _engine(db: Database) -> tuple[str, int]:
    if isinstance(db, SqliteDatabase):
        [version] = await db.fetch(str, "select sqlite_version()")
        return f"SQLite {version}", await anyio.to_thread.run_sync(_size, db.path)
    [version] = await db.fetch(str, "select current_setting('server_version')")
    [size] = await db.fetch(int, "select pg_database_size(current_database())")
    return f"PostgreSQL {version}", size


def _size(path: Path) -> int:
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


async def check_key(db: Database, vault: Vault) -> None:
    """See at start that the keys at hand are those of this database; the first start notes them.

    Raises:
        Sealed: They are not.
    """
    stored = await db.fetch(str, "select word_sealed from key_check where name = 'vault'")
    if not stored:
        await db.run(
            "insert into key_check (name, word_sealed) values ('vault', :word) on conflict (name) do nothing",
            word=vault.seal(Secret("lineman")),
        )
        return
    try:
        vault.unseal(stored[0])
    except Sealed as error:
        raise Sealed(
            "The secret keys at hand are not those of this database, so that no device password can be read: put back "
            "the key file or LINEMAN_SECRET_KEYS that it was used with, or forget the passwords with "
            "`lineman db rotate-keys --forget`"
        ) from error


async def rotate(db: Database, vault: Vault, *, forget: bool = False) -> int:
    """Seal all secrets anew with the newest key, in one transaction; how many.

    ``forget`` gives up those that no key opens, instead of raising ``Sealed``.
    What another process replaces meanwhile stays as that process sealed it.
    """
    done = 0
    async with db.transaction() as tx:
        for table, key, column in SEALED:
            rows = await tx.fetch(tuple, f"select {key}, {column} from {table} where {column} is not null")
            for row, sealed in rows:
                try:
                    secret = vault.unseal(sealed)
                except Sealed as error:
                    if not forget:
                        raise Sealed(f"{column} of {table} {row} cannot be opened with the keys at hand") from error
                    await tx.run(_forgotten(table, key, column), row=row, was=sealed)
                    continue
                done += await tx.run(
                    f"update {table} set {column} = :sealed where {key} = :row and {column} = :was",
                    sealed=vault.seal(secret), row=row, was=sealed,
                )  # fmt: skip
    return done


def _forgotten(table: str, key: str, column: str) -> str:
    change = f"delete from {table}" if table == "key_check" else f"update {table} set {column} = null"
    return f"{change} where {key} = :row and {column} = :was"
