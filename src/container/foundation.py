"""What every other room stands on: settings, keys, the database, the journal and the lease."""

import os
import secrets
import socket

from dependency_injector import containers, providers

from ..adapters.clock import SystemClock
from ..adapters.crypto.keyfile import key_file, key_path
from ..adapters.crypto.keys import split_keys
from ..adapters.crypto.passwords import Argon2Hash
from ..adapters.crypto.tokens import JwtMint
from ..adapters.crypto.vault import FernetVault
from ..adapters.db.engine import Database
from ..adapters.db.journal import SqlJournal
from ..adapters.db.lease import SqlLease
from ..adapters.db.sqlite import SqliteDatabase
from ..core.identity import Passkeys
from ..core.journal import Journals
from ..core.lease import WorkingLease
from ..ports.secrets import Secret
from ..settings import BadSetting, Settings


def secret_keys(settings: Settings) -> tuple[Secret, ...]:
    """The keys for secrets at rest, newest first: from the settings, else the file beside the SQLite database.

    Raises:
        BadSetting: A PostgreSQL database, which has no beside, and no keys in the settings.
    """
    if settings.secret_keys is not None:
        return split_keys(settings.secret_keys)
    if settings.backend == "sqlite":
        return key_file(key_path(settings.sqlite_path))
    raise BadSetting(
        "LINEMAN_SECRET_KEYS is needed on PostgreSQL; make a key with `openssl rand -base64 32` and keep it apart",
        field="secret_keys",
    )


def postgres(dsn: str) -> Database:
    """A PostgreSQL database; psycopg is imported by those who use it."""
    from ..adapters.db.postgres import PostgresDatabase

    return PostgresDatabase(dsn)


def process_name() -> str:
    """A name that no other process has."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"


class Foundation(containers.DeclarativeContainer):
    """Below all systems."""

    settings = providers.Dependency(instance_of=Settings)

    clock = providers.Singleton(SystemClock)
    keys = providers.Singleton(secret_keys, settings)
    vault = providers.Singleton(FernetVault, keys)
    mint = providers.Singleton(JwtMint, keys)
    hasher = providers.Singleton(Argon2Hash)
    passkey = providers.Singleton(Passkeys, mint, clock)

    database = providers.Selector(
        settings.provided.backend,
        sqlite=providers.Singleton(SqliteDatabase, settings.provided.sqlite_path),
        postgresql=providers.Singleton(postgres, settings.provided.database),
    )
    journal = providers.Singleton(SqlJournal, database)
    journals = providers.Singleton(Journals, journal)
    lease_store = providers.Singleton(SqlLease, database)
    lease = providers.Factory(WorkingLease, store=lease_store, clock=clock)
