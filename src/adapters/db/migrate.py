"""The schema: numbered SQL files, each applied once, in order, under a lock.

``0003_series.sql`` is for both databases; ``0003_series.sqlite.sql`` and
``0003_series.postgresql.sql`` go before it where one text will not do.
"""

import hashlib
import re
from collections.abc import Sequence
from importlib import resources
from importlib.resources.abc import Traversable

import attrs

from ...ports.errors import LinemanError
from .catalogue import tables
from .engine import ChangedMigration, Dialect, ForeignTable, NewerDatabase, Statements, Transaction

TABLE = (
    "create table if not exists schema_version (number integer primary key, name text not null, digest text not null)"
)
NAME = re.compile(r"(\d+)_(\w+)(?:\.(sqlite|postgresql))?\.sql")
MADE = re.compile(r"(?im)^create (?:unlogged )?table (?:if not exists )?(\w+)")


@attrs.frozen
class Migration:
    """One step of the schema."""

    number: int
    name: str
    text: str = attrs.field(repr=False)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def makes(self) -> frozenset[str]:
        """The tables that it makes."""
        return frozenset(MADE.findall(self.text))


@attrs.frozen
class Applied:
    """A step that a database has taken."""

    number: int
    name: str
    digest: str


def load(dialect: Dialect, folder: Traversable | None = None) -> tuple[Migration, ...]:
    """The steps for one kind of database, in order.

    Raises:
        LinemanError: Two steps have one number, for whatever kind of database.
    """
    files: dict[int, dict[str | None, Traversable]] = {}
    names: dict[int, str] = {}
    for file in (folder or resources.files(__package__) / "migrations").iterdir():
        match = NAME.fullmatch(file.name)
        if match is None:
            continue
        number, name, kind = int(match[1]), match[2], match[3]
        of_number = files.setdefault(number, {})
        if names.setdefault(number, name) != name or kind in of_number:
            others = ", ".join(sorted(other.name for other in of_number.values()))
            raise LinemanError(f"Migration {file.name} has the number of {others}; give it another one")
        of_number[kind] = file
    chosen = ((number, files[number].get(dialect) or files[number].get(None)) for number in sorted(files))
    return tuple(Migration(number, names[number], file.read_text("utf-8")) for number, file in chosen if file)


def pending(known: Sequence[Migration], applied: Sequence[Applied]) -> tuple[Migration, ...]:
    """What is still to be done.

    Raises:
        NewerDatabase: The database has steps that this program does not know.
        ChangedMigration: A step that ran reads otherwise now.
    """
    by_number = {step.number: step for step in known}
    for step in applied:
        if step.number not in by_number:
            raise NewerDatabase(
                f"The database has migration {step.number} ({step.name}), this program knows "
                f"{max(by_number, default=0)} of them; run the newer program, or restore a backup from before it"
            )
        if by_number[step.number].digest != step.digest:
            raise ChangedMigration(
                f"Migration {step.number} ({step.name}) is not the one that made this database; "
                "install the program unchanged"
            )
    done = {step.number for step in applied}
    return tuple(step for step in known if step.number not in done)


async def applied(db: Statements) -> list[Applied]:
    """What the database has, in order; nothing when it is empty."""
    catalogue = (
        "select name from sqlite_master where name = 'schema_version'"
        if db.dialect == "sqlite"
        else "select relname from pg_class where oid = to_regclass('schema_version')"
    )
    if not await db.fetch(str, catalogue):
        return []
    return await db.fetch(Applied, "select number, name, digest from schema_version order by number")


async def migrate(tx: Transaction, known: Sequence[Migration]) -> int:
    """Apply what is missing; how many.  The caller's transaction makes it all or nothing.

    Raises:
        ForeignTable: Another program's table bears a name that we need.
        NewerDatabase, ChangedMigration
    """
    await tx.lock("schema")
    await tx.run(TABLE)
    done = await applied(tx)
    steps = pending(known, done)
    await _refuse_foreign(tx, known, done)
    for step in steps:
        await tx.script(step.text)
        await tx.run(
            "insert into schema_version (number, name, digest) values (:number, :name, :digest)",
            number=step.number, name=step.name, digest=step.digest,
        )  # fmt: skip
    return len(steps)


async def _refuse_foreign(tx: Transaction, known: Sequence[Migration], done: Sequence[Applied]) -> None:
    """See that what is still to be made is not there: the services before us had tables of such names."""
    numbers = {step.number for step in done}
    ours = frozenset().union(*(step.makes for step in known if step.number in numbers))
    missing = frozenset().union(*(step.makes for step in known if step.number not in numbers)) - ours
    if found := sorted(missing.intersection(await tables(tx))) if missing else []:
        raise ForeignTable(
            f"The database has a table {found[0]} of another program, and lineman needs that name; "
            "give lineman a database, or on PostgreSQL a schema, of its own"
        )
