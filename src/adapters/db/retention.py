"""How long history is kept, and how it is let go."""

from datetime import datetime, timedelta

import attrs

from .engine import Database
from .events import prune_events
from .partitions import Partitions
from .series_time import HOURS_A_DAY, SLOTS_AN_HOUR, day_of, hour_of, slot_of


@attrs.frozen
class Retention:
    """How long each level lasts."""

    raw: timedelta = timedelta(days=7)
    five_minutes: timedelta = timedelta(days=90)
    hours: timedelta = timedelta(days=1095)
    events: timedelta = timedelta(days=365)


#: A clock that is further from where it was seen last has jumped, or we were away.
JUMP = timedelta(days=2)
#: A clock that has not jumped for so long is believed.
TRUST = timedelta(days=1)


@attrs.frozen
class _Series:
    """A table of a level, the number it is grouped by, and the first to be kept."""

    table: str
    group: str
    horizon: int


async def prune(db: Database, keep: Retention, partitions: Partitions | None, *, now: datetime) -> int:
    """Drop what has outlived its level; how many rows, or partitions.

    Nothing is dropped by a clock that jumped within the last day: one that was
    set wrong for an hour must not cost the history.
    """
    if not await trusted(db, "prune", now):
        return 0
    raw, five, hours = slot_of(now - keep.raw), hour_of(now - keep.five_minutes), day_of(now - keep.hours)
    await db.run("update counter set value = :raw where name = 'raw_gone'", raw=raw)
    gone = 0
    for series in (
        _Series("miner_sample", "slot", raw), _Series("miner_5m", "hour", five), _Series("miner_1h", "day", hours),
    ):  # fmt: skip
        if partitions is not None:
            gone += await partitions.drop(series.table, series.horizon)
        else:
            gone += await drop_groups(db, series.table, series.group, series.horizon)
    for table in ("container_5m", "container_rate_5m"):
        gone += await _delete_sums(db, table, "slot", five * SLOTS_AN_HOUR)
    gone += await prune_events(db, now - keep.events)
    for table in ("container_1h", "container_rate_1h", "container_use_1h"):
        gone += await _delete_sums(db, table, "hour", hours * HOURS_A_DAY)
    return gone


@attrs.frozen
class _Clock:
    seen: datetime
    since: datetime


async def trusted(db: Database, name: str, now: datetime) -> bool:
    """Whether the clock has run without a jump for a day, by those who asked for the same ``name``."""
    async with db.transaction() as tx:
        rows = await tx.fetch(_Clock, "select seen, since from clock_trust where name = :name", name=name)
        steady = bool(rows) and timedelta(0) <= now - rows[0].seen <= JUMP
        since = rows[0].since if steady else now
        await tx.run(
            "insert into clock_trust (name, seen, since) values (:name, :now, :since) "
            "on conflict (name) do update set seen = excluded.seen, since = excluded.since",
            name=name, now=now, since=since,
        )  # fmt: skip
    return now - since >= TRUST


async def drop_groups(db: Database, table: str, group: str, horizon: int) -> int:
    """Drop the groups before ``horizon``, one a transaction, so that polls are never held up for long."""
    gone = 0
    while True:
        [oldest] = await db.fetch(int, f"select min({group}) from {table} where {group} < :end", end=horizon)
        if oldest is None:
            return gone
        gone += await db.run(f"delete from {table} where {group} = :oldest", oldest=oldest)


async def _delete_sums(db: Database, table: str, interval: str, end: int) -> int:
    return await db.run(
        f"delete from {table} where container_id in (select id from container) and {interval} < :end", end=end
    )
