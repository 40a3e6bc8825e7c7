"""``lineman db``: the database as a whole, where it is; never over the network."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from ...ports import errors
from ...ports.journal import Entry
from ...settings import Settings, masked_url
from .asking import confirm, yes_option
from .frame import Group, frame
from .output import field, note, print_json, progress, show_fields, show_table

if TYPE_CHECKING:
    from ...container import House
    from ..db.admin import Status
    from ..db.engine import Database


class NoDatabase(errors.NotFound):
    """There is no database yet."""


class InUse(errors.Conflict):
    """A service works on this database."""


@click.group(cls=Group)
def db() -> None:
    """Look after the database: its state, backups, moving it, its keys.

    These commands open the database itself: run them where it is, without --url.
    """


def _keeps(command: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a command of a coroutine: its first argument is the settings, of somebody who may manage the database."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        import anyio

        from ..logs import configure

        settings = frame().settings()
        if settings.url:
            raise click.UsageError(f"this works on a database, not on the service at {settings.url}; leave --url out")
        configure("error", settings.log_format)

        async def main() -> None:
            await _allowed(settings)
            await command(settings, *args, **kwargs)

        anyio.run(main)

    return run


async def _allowed(settings: Settings) -> None:
    """Whoever can open the database may do all of this, unless a token narrows him."""
    if settings.token is None:
        return
    from ...core.permissions import allow
    from ...ports.identity import Permission

    async with _opened(settings) as house:
        visitor = await house.identity().by_bearer(settings.token.reveal())
        allow(visitor.actor, Permission.MANAGE_DATABASE)


@asynccontextmanager
async def _opened(settings: Settings) -> "AsyncIterator[House]":
    from ...container import House

    house = House(settings=settings)
    database: Any = house.database()
    async with database:
        yield house


async def _noted(house: "House", action: str, subject: str, detail: str) -> None:
    entry = Entry(house.clock().now(), "cli", f"database.{action}", subject, detail=detail)
    await house.journal().write(entry)


async def _refuse_in_use(house: "House") -> None:
    from ...core.lease import TERM

    if lease := await house.lease_store().current(now=house.clock().now()):
        raise InUse(f"{lease.holder} works on it; stop it first (after a crash, wait {TERM.seconds} s)")


@db.command()
@_keeps
async def status(settings: Settings) -> None:
    """Show the schema, the size and the rows; the exit code is 5 if the database does not fit this program.

    Nothing is changed by asking.
    """
    from ..db.admin import status as look

    async with _unchanged(settings) as database:
        found = await look(database)
    if frame().json:
        print_json(json.dumps(_as_json(settings, found), separators=(",", ":")).encode())
    else:
        _show(settings, found)
    if found.problem:
        raise click.exceptions.Exit(5)


def _unchanged(settings: Settings) -> "Database":
    from ..db.postgres import PostgresDatabase
    from ..db.sqlite import SqliteDatabase

    if settings.backend == "postgresql":
        return PostgresDatabase(settings.database, migrations=())
    if not settings.sqlite_path.is_file():
        raise NoDatabase(f"there is no file {settings.sqlite_path}; lineman db migrate makes it")
    return SqliteDatabase(settings.sqlite_path, migrations=())


def _as_json(settings: Settings, found: "Status") -> dict[str, Any]:
    return {
        "database": masked_url(settings.database),
        "engine": found.engine,
        "schema": found.schema,
        "pending": [step.name for step in found.pending],
        "problem": found.problem,
        "size_bytes": found.size_bytes,
        "tables": [attrs.asdict(table) for table in found.tables],
        "foreign_tables": list(found.foreign),
    }


def _show(settings: Settings, found: "Status") -> None:
    show_fields(
        {
            "database": masked_url(settings.database),
            "engine": found.engine,
            "schema": found.schema,
            "to be migrated": ", ".join(step.name for step in found.pending),
            "problem": found.problem,
            "not of lineman": ", ".join(found.foreign),
            "size": f"{found.size_bytes / (1 << 20):.1f} MiB",
        }
    )
    click.echo()
    rows = [{"table": one.name, "rows": f"{'>' * one.more}{one.rows}"} for one in found.tables]
    show_table((field("Table", "table"), field("Rows", "rows", right=True)), rows)


@db.command()
@_keeps
async def migrate(settings: Settings) -> None:
    """Bring the schema up to date, or make the database; every other command does so as well."""
    from ..db.admin import status as look

    before = None
    if settings.backend == "postgresql" or settings.sqlite_path.is_file():
        async with _unchanged(settings) as old:
            before = (await look(old)).schema
    async with _opened(settings) as house:
        after = (await look(house.database())).schema
        if before != after:
            await _noted(house, "migrate", "database", f"schema {before or 0} -> {after}")
    click.echo(f"schema {after}: " + ("nothing to do" if before == after else f"migrated from {before or 'nothing'}"))


@db.command()
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@_keeps
async def backup(settings: Settings, target: Path) -> None:
    """Copy an SQLite database to the new file TARGET, while it is in use.

    The secret keys are not in it: keep them apart.
    """
    import anyio

    from ..db.backup import KEY_APART
    from ..db.backup import backup as copy

    async with _opened(settings) as house:
        with progress("copying the database", None):
            await copy(house.database(), target)
        await _noted(house, "backup", "database", f"to {target}")
        size = (await anyio.Path(target).stat()).st_size
    click.echo(f"{target}: {size / (1 << 20):.1f} MiB")
    note(KEY_APART)


@db.command()
@click.option("--to", "target", required=True, metavar="URL", help="postgresql://…, without the password: see below.")
@_keeps
async def copy(settings: Settings, target: str) -> None:
    """Move an installation from SQLite to an empty PostgreSQL database.

    Stop the service first. Secrets are sealed anew for the target: set
    LINEMAN_SECRET_KEYS to the keys that it will be run with. Other users of this
    host can see arguments, so leave the password to PGPASSWORD or ~/.pgpass.
    """
    from ...container import secret_keys
    from ..crypto.keyfile import key_file, key_path
    from ..crypto.vault import FernetVault
    from ..db.copy import copy_all

    goal = attrs.evolve(settings, database=target)
    if settings.backend != "sqlite" or goal.backend != "postgresql":
        raise errors.Invalid("a copy goes from sqlite:///PATH to postgresql://…", field="to")
    if not settings.sqlite_path.is_file():
        raise NoDatabase(f"there is no file {settings.sqlite_path} to copy")
    new_keys = secret_keys(goal)
    beside = key_path(settings.sqlite_path)
    old_keys = (*(key_file(beside) if beside.is_file() else ()), *new_keys)
    async with _opened(settings) as house, _opened(goal) as new:
        await _refuse_in_use(house)
        with progress("copying", None) as advance:
            rows = await copy_all(
                house.database(),
                new.database(),
                lambda table, done, total: advance(done, total, f"copying {table}"),
                source_vault=FernetVault(old_keys),
                target_vault=FernetVault(new_keys),
            )
        await _noted(new, "copy", "database", f"{rows} rows from {settings.sqlite_path}")
    click.echo(f"{rows} rows copied to {masked_url(target)}; set LINEMAN_DATABASE to it and start the service")


@db.command("rotate-keys")
@click.option("--forget", is_flag=True, help="Give up the passwords that no key at hand opens.")
@yes_option
@_keeps
async def rotate_keys(settings: Settings, forget: bool, yes: bool) -> None:
    """Seal all secrets anew with a new key.

    With SQLite the new key is made and put first into the key file. With
    LINEMAN_SECRET_KEYS, first put a new key before the others there. Stop the
    service first. Keep the old keys as long as you keep backups from before.
    """
    from ...container import secret_keys
    from ..crypto.keyfile import add_key, key_path
    from ..crypto.vault import FernetVault
    from ..db.admin import rotate

    if forget:
        confirm("Forget all passwords that cannot be opened any more?", yes=yes)
    async with _opened(settings) as house:
        await _refuse_in_use(house)
        own = settings.secret_keys is not None or settings.backend != "sqlite"
        keys = secret_keys(settings) if own else add_key(key_path(settings.sqlite_path))
        count = await rotate(house.database(), FernetVault(keys), forget=forget)
        await _noted(house, "rotate-keys", "database", f"{count} secrets")
    click.echo(f"{count} secrets sealed with the newest of {len(keys)} keys")
