"""A copy of an SQLite database while it is in use."""

import os
import sqlite3
from pathlib import Path

import anyio

from ...ports.errors import Invalid, Unavailable
from .engine import Database
from .sqlite import SqliteDatabase
from .sqlite_line import translated

#: To be shown with every backup.
KEY_APART = (
    "The secret keys are not in the backup: keep the key file (or LINEMAN_SECRET_KEYS) apart from it. "
    "Without them the device passwords in it cannot be read; with them, whoever has both can."
)


async def backup(db: Database, target: Path) -> None:
    """Copy the whole database to a new 0600 file, as of one moment, and check the copy.

    Polls go on meanwhile.  ``KEY_APART`` is to be told to whoever asked.

    Raises:
        Invalid: ``target`` is there already, or the database is PostgreSQL.
        Unavailable: The copy cannot be written, or is not sound.
    """
    if not isinstance(db, SqliteDatabase):
        raise Invalid(
            "PostgreSQL is backed up by its own tools: `pg_dump --format=custom --file=lineman.dump NAME`; "
            f"`pg_restore` brings it back. {KEY_APART}"
        )
    await anyio.to_thread.run_sync(_backup, db.path, target)


def _backup(path: Path, target: Path) -> None:
    draft = target.with_name(f"{target.name}.part")
    try:
        if target.exists():
            raise Invalid(f"{target} is there already; give another name", field="target")
        draft.unlink(missing_ok=True)
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            _copy(path, draft)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise Unavailable(f"The backup {target} cannot be written: {error.strerror}", retry_after=5.0) from error


def _copy(path: Path, draft: Path) -> None:
    source, copy = sqlite3.connect(path), sqlite3.connect(draft)
    try:
        # In one step: a copy in several starts over whenever somebody writes, so it might never end.
        source.backup(copy)
        copy.execute("pragma journal_mode = delete")
        found = [row[0] for row in copy.execute("pragma integrity_check(10)")]
    except sqlite3.Error as error:
        raise translated(error, draft) from error
    finally:
        copy.close()
        source.close()
    if found != ["ok"]:
        raise Unavailable(f"The database {path} is damaged, the backup was not kept: {'; '.join(found)}")
