"""Moving an installation from SQLite to PostgreSQL: everything, in one transaction, or nothing."""

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

from ...ports.errors import Conflict, Invalid
from ...ports.secrets import Vault
from .catalogue import SEALED, Column, by_reference, columns, tables
from .engine import Database, Statements
from .partitions import LINE_TABLES, TABLES, Partitions
from .rows import from_micros

#: Called with a table, the rows done, and all its rows.
Progress = Callable[[str, int, int], None]

#: What a database has from the start, or makes anew.
OWN = frozenset({"schema_version", "counter", "key_check", "clock_trust", "lease"})
#: Of those, what the copy brings along.
BROUGHT = frozenset({"counter"})
BATCH = 20_000

#: PostgreSQL's types by the names that the migrations declare.
TYPES = {
    "integer": "int4", "bigint": "int8", "double precision": "float8", "timestamptz": "timestamptz", "boolean": "bool",
    "text": "text", "bytea": "bytea",
}  # fmt: skip


async def copy_all(
    source: Database, target: Database, progress: Progress, *, source_vault: Vault, target_vault: Vault
) -> int:
    """Copy all rows of an SQLite database into an empty PostgreSQL database of the same schema; how many.

    The source is read as of one moment; stop the service first, or what comes
    later stays behind.  Secrets are sealed anew for the target's keys.

    Raises:
        Invalid: The databases are not of these kinds.
        Conflict: The target holds data, or not all rows arrived.
        Sealed: A secret cannot be opened with the source's keys.
    """
    if (source.dialect, target.dialect) != ("sqlite", "postgresql"):
        raise Invalid("A copy goes from SQLite to PostgreSQL")
    await _refuse_data(target)
    copied = 0
    async with source.snapshot() as old:
        names = [name for name in await by_reference(old, await tables(old)) if name not in OWN - BROUGHT]
        await _make_partitions(old, target)
        async with target.transaction() as new:
            for name in BROUGHT:
                await new.run(f"delete from {name}")
            for name in names:
                table = await columns(old, name)
                [total] = await old.fetch(int, f"select count(*) from {name}")
                done = 0
                async for rows in _batches(old, name, table):
                    ready = _ready(name, table, rows, source_vault, target_vault)
                    kinds = [TYPES[column.type] for column in table]
                    await new.bulk(name, [column.name for column in table], kinds, ready)
                    done += len(rows)
                    progress(name, done, total)
                [arrived] = await new.fetch(int, f"select count(*) from {name}")
                if arrived != total:
                    raise Conflict(f"Of {total} rows of {name}, {arrived} arrived; nothing was copied")
                copied += total
    return copied


async def _refuse_data(target: Database) -> None:
    for name in await tables(target):
        if name not in OWN and await target.fetch(int, f"select 1 from {name} limit 1"):
            raise Conflict(f"The target database holds data already (in {name}); give an empty one")


async def _make_partitions(old: Statements, target: Database) -> None:
    partitions = Partitions(target)
    for table in (*TABLES, *LINE_TABLES):
        [(first, last)] = await old.fetch(tuple, f"select min({table.key}), max({table.key}) from {table.table}")
        if first is not None:
            await partitions.cover(table, first, last)


async def _batches(old: Statements, name: str, table: Sequence[Column]) -> AsyncGenerator[list[tuple[Any, ...]]]:
    """Batches in the order of the key, each from where the last one ended."""
    key = [column.name for column in sorted(table, key=lambda column: column.key) if column.key]
    places = [[column.name for column in table].index(part) for part in key]
    chosen = f"select {', '.join(column.name for column in table)} from {name}"
    order = f"order by {', '.join(key)} limit {BATCH}"
    after = f"({', '.join(key)}) > ({', '.join(f':key{number}' for number in range(len(key)))})"
    rows: list[tuple[Any, ...]] = await old.fetch(tuple, f"{chosen} {order}")
    while rows:
        yield rows
        last = {f"key{number}": rows[-1][place] for number, place in enumerate(places)}
        rows = await old.fetch(tuple, f"{chosen} where {after} {order}", **last)


def _ready(
    name: str, table: Sequence[Column], rows: Sequence[tuple[Any, ...]], source: Vault, target: Vault
) -> list[list[object]]:
    """Rows as PostgreSQL takes them."""
    sealed = {column for place, _, column in SEALED if place == name}

    def moved(text: str) -> str:
        return target.seal(source.unseal(text))

    changes: list[tuple[int, Callable[[Any], object]]] = []
    for place, column in enumerate(table):
        if column.type == "timestamptz":
            changes.append((place, from_micros))
        elif column.type == "boolean":
            changes.append((place, bool))
        elif column.name in sealed:
            changes.append((place, moved))
    ready = [list[object](row) for row in rows]
    for row in ready:
        for place, change in changes:
            if row[place] is not None:
                row[place] = change(row[place])
    return ready
