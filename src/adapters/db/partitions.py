"""PostgreSQL's partitions: made ahead, dropped whole.

A day of samples or 5-minute points (of samples of lines, too), and 30 days of
hourly ones, are a table of their own.  Partitions are made only for the present by the caller's clock;
a sample of another time (the clock jumped) waits in the default partition, and
moves when its time comes.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from .engine import Database, Statements
from .rows import EPOCH
from .series_time import HOURS_A_DAY, SLOTS_A_DAY


@attrs.frozen
class Partitioned:
    """A table, the number that it is partitioned by, how many make a day, and the days of a partition."""

    table: str
    key: str
    day: int
    days: int


TABLES = (
    Partitioned("miner_sample", "slot", SLOTS_A_DAY, 1),
    Partitioned("miner_5m", "hour", HOURS_A_DAY, 1),
    Partitioned("miner_1h", "day", 1, 30),
)
LINE_TABLES = (Partitioned("line_sample", "hour", HOURS_A_DAY, 1), Partitioned("line_1h", "day", 1, 30))

#: More would be made only by a clock that jumped.
MOST = 400

BOUNDS = """
select c.relname, pg_get_expr(c.relpartbound, c.oid)
from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = to_regclass(cast(:parent as text)) and pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT'
"""


class Partitions:
    def __init__(self, db: Database, tables: Sequence[Partitioned] = TABLES) -> None:
        self._db, self._tables = db, tables
        self._known: set[str] = set()

    async def make(self, now: datetime) -> None:
        """Have the partitions of now and of tomorrow (of the next 30 days)."""
        for table in self._tables:
            block = (now - EPOCH) // timedelta(days=table.days)
            for number in (block, block + 1):
                await self._have(table, number)

    async def cover(self, table: Partitioned, first: int, last: int) -> None:
        """Have the partitions for a span of keys, the newest ``MOST`` of them; what is older waits in the default."""
        width = table.days * table.day
        for number in range(max(first // width, last // width - MOST), last // width + 1):
            await self._have(table, number)

    async def _have(self, table: Partitioned, number: int) -> None:
        name = f"{table.table}_{EPOCH + number * timedelta(days=table.days):%Y%m%d}"
        if name not in self._known:
            await self._make(table, name, number * table.days * table.day)
            self._known.add(name)

    async def _make(self, table: Partitioned, name: str, low: int) -> None:
        high = low + table.days * table.day
        async with self._db.transaction() as tx:
            await tx.lock("samples")
            if await _exists(tx, name):
                return
            await tx.run(f"create table {name} (like {table.table} including defaults including constraints)")
            await tx.run(
                f"with moved as (delete from {table.table}_default "
                f"where {table.key} >= {low} and {table.key} < {high} returning *) "
                f"insert into {name} select * from moved"
            )
            # The key's index is made when the rows are in, by the parent's.
            await tx.run(f"alter table {table.table} attach partition {name} for values from ({low}) to ({high})")

    async def drop(self, table: str, end: int) -> int:
        """Drop what lies wholly before ``end``, and what waits in the default partition from before it."""
        gone = 0
        for name, bounds in await self._db.fetch(tuple, BOUNDS, parent=table):
            high = int(bounds.rpartition("(")[2].strip("')"))
            if high <= end:
                async with self._db.transaction() as tx:
                    await tx.lock("samples")
                    await tx.run(f"drop table if exists {name}")
                self._known.discard(name)
                gone += 1
        key = next(partitioned.key for partitioned in self._tables if partitioned.table == table)
        return gone + await self._db.run(f"delete from {table}_default where {key} < :end", end=end)


async def _exists(db: Statements, name: str) -> bool:
    return bool(await db.fetch(int, "select 1 from pg_class where oid = to_regclass(cast(:name as text))", name=name))
