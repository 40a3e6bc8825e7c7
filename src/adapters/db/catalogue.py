"""What a database holds, by its own catalogue."""

from collections.abc import Sequence

import attrs

from .engine import Statements

TABLES = {
    "sqlite": "select name from sqlite_master where type = 'table' and name not like 'sqlite%' order by name",
    "postgresql": "select cast(c.relname as text) from pg_class c "
    "where c.relnamespace = (select oid from pg_namespace where nspname = current_schema()) "
    "and c.relkind in ('r', 'p') and not c.relispartition order by 1",
}

#: Columns that hold secrets, sealed: table, key, column.
SEALED = (
    ("miner", "id", "password_sealed"),
    ("miner_group", "id", "password_sealed"),
    ("discovery", "id", "password_sealed"),
    ("alert_channel", "id", "url_sealed"),
    ("enterprise", "number", "gateway_password_sealed"),
    ("directory", "id", "password_sealed"),
    ("gateway", "id", "password_sealed"),
    ("unit", "id", "password_sealed"),
    ("unit", "id", "key_sealed"),
    ("cloud_token", "id", "access_sealed"),
    ("cloud_token", "id", "refresh_sealed"),
    ("key_check", "name", "word_sealed"),
)


async def tables(db: Statements) -> list[str]:
    """The names of all tables; partitions are part of theirs."""
    return await db.fetch(str, TABLES[db.dialect])


@attrs.frozen
class Column:
    """A column of an SQLite table: the type that it was declared with, and its place in the key (0: none)."""

    name: str
    type: str
    key: int


async def columns(db: Statements, table: str) -> Sequence[Column]:
    """The columns of an SQLite table, in order."""
    return await db.fetch(
        Column, "select name, lower(type) as type, pk as key from pragma_table_info(:table) order by cid", table=table
    )


async def by_reference(db: Statements, names: Sequence[str]) -> list[str]:
    """SQLite tables, each after those that it refers to."""
    refers = {
        name: set(await db.fetch(str, 'select "table" from pragma_foreign_key_list(:name)', name=name))
        for name in names
    }
    ordered: list[str] = []
    while len(ordered) < len(names):
        ordered += [name for name in names if name not in ordered and refers[name] <= set(ordered)]
    return ordered
