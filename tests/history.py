"""A year of history that nobody lived through: the series as the roll-up would have left them, in seconds.

The same numbers every time, made by the database itself from row numbers.
Each miner has its level, its days and nights, hours in which it missed polls,
and a day in some months of which nothing is known.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from lineman.adapters.db.engine import Database, Transaction
from lineman.adapters.db.partitions import TABLES, Partitions
from lineman.adapters.db.series_time import SLOTS_AN_HOUR, hour_of

HASHES = "case when (hour + m.id) % 61 = 0 then null else 1 end"
#: Of an hour, or of a slot that lies in it: rates in H/s around 100 TH/s, from 98 to 102.
RATE = f"({HASHES}) * (9.8e13 + ((n * 37 + m.id * 101) % 401) * 1e10)"
TEMPERATURE = f"({HASHES}) * (60 + (hour % 24) * 0.5 + m.id % 7)"
POWER = f"({HASHES}) * (3200 + m.id % 50 * 2 + (hour % 24))"
#: A day of which nothing is known, at another time in each container.
KNOWN = "(hour / 24 + m.container_id * 5) % 53 <> 0"

MINERS = """
with recursive span (n) as (
  select cast(:first as integer) union all select n + 1 from span where n < :last
), slot as (select n, {hour} as hour from span)
insert into {table} ({group}, miner_id, {key}, polls, misses, hash_rate_hs, hash_rate_min_hs, hash_rate_max_hs,
                     temperature_max, fan_speed_max, fan_speed_min, power_w, accepted, rejected, restarts,
                     pool_switches{place})
select {grouped}, m.id, n, case when (hour + m.id) % 61 = 0 then 0 else {polls} end,
       case when (hour + m.id) % 61 = 0 then {polls} else 0 end, {rate}, {rate} * 0.9, {rate} * 1.1, {temperature},
       4200 + m.id % 100, 4100 + m.id % 100, {power}, {polls} * 8, (n + m.id) % 3,
       case when (hour + m.id) % 61 = 1 then 1 else 0 end, 0{placed}
from slot cross join miner m
where {known} and {chosen}
order by {grouped}, m.id, n
"""

CONTAINERS = """
with recursive span (n) as (
  select cast(:first as integer) union all select n + 1 from span where n < :last
), slot as (select n, {hour} as hour from span)
insert into {table} (container_id, {key}, miners, seen, hashing, power_w, temperature_max, temperature_avg, accepted,
                     rejected{more})
select m.container_id, n, :crowd, :crowd - 8, :crowd - 8, (:crowd - 8) * (3250 + hour % 24), 78 + (hour % 24) * 0.5,
       66 + (hour % 24) * 0.5, :crowd * {polls} * 8, :crowd{slots}
from slot cross join (select id as container_id from container) m
where {known}
order by m.container_id, n
"""

RATES = """
with recursive span (n) as (
  select cast(:first as integer) union all select n + 1 from span where n < :last
), slot as (select n, {hour} as hour from span)
insert into {table} (container_id, {key}, algorithm, hash_rate_hs, hash_rate_nominal_hs)
select m.container_id, n, 'sha256', (:crowd - 8) * (9.8e13 + (n * 37 % 401) * 1e10), :crowd * 1.1e14
from slot cross join (select id as container_id from container) m
where {known}
order by m.container_id, n
"""

USES = """
with recursive span (n) as (select cast(:first as integer) union all select n + 1 from span where n < :last)
insert into container_use_1h (container_id, hour, algorithm, power_kind, miners, miner_slots, awaited, hashing,
                              measured, energy_wh, rate_slots, polls, misses, accepted, rejected, restarts,
                              pool_switches)
select m.container_id, hour, 'sha256', 'wall', :crowd, :crowd * 12, :crowd * 12, (:crowd - 8) * 12,
       (:crowd - 8) * 12, (:crowd - 8) * (3250 + hour % 24), (:crowd - 8) * 12 * (9.8e13 + (hour * 37 % 401) * 1e10),
       (:crowd - 8) * 60, 8 * 60, :crowd * 480, :crowd, 8, 0
from (select n as hour from span) slot cross join (select id as container_id from container) m
where {known}
order by m.container_id, hour
"""


async def fill(
    db: Database,
    miner_ids: Sequence[int],
    *,
    until: datetime,
    crowd: int,
    hours: timedelta = timedelta(days=365),
    five_minutes: timedelta = timedelta(days=90),
    containers: bool = True,
) -> None:
    """Give these miners, and all containers (of ``crowd`` miners), a past that ends with ``until``."""
    last = hour_of(until) - 1
    first, first_slot = (
        last + 1 - hours // timedelta(hours=1),
        (last + 1) * SLOTS_AN_HOUR - five_minutes // timedelta(minutes=5),
    )
    last_slot = (last + 1) * SLOTS_AN_HOUR - 1
    if db.dialect == "postgresql":
        partitions = Partitions(db)
        for table in TABLES[1:]:
            keys = (first_slot // SLOTS_AN_HOUR, last) if table.table == "miner_5m" else (first // 24, last // 24)
            await partitions.cover(table, *keys)
    async with db.transaction() as tx:
        await _miners(tx, "miner_1h", "day", "hour", first, last, miner_ids)
        await _miners(tx, "miner_5m", "hour", "slot", first_slot, last_slot, miner_ids)
        if containers:
            await _containers(tx, "1h", "hour", first, last, crowd)
            await _containers(tx, "5m", "slot", first_slot, last_slot, crowd)
            await tx.run(USES.format(known=KNOWN), first=first, last=last, crowd=crowd)


async def _miners(
    tx: Transaction, table: str, group: str, key: str, first: int, last: int, miner_ids: Sequence[int]
) -> None:
    slots = key == "slot"
    await tx.run(
        MINERS.format(
            table=table, group=group, key=key, hour="n / 12" if slots else "n", grouped="hour" if slots else "n / 24",
            polls=5 if slots else 60, rate=RATE, temperature=TEMPERATURE, power=POWER, known=KNOWN,
            chosen=tx.among("m.id", "miners"), place=", container_id" if slots else "",
            placed=", m.container_id" if slots else "",
        ),
        first=first, last=last, miners=list(miner_ids),
    )  # fmt: skip


async def _containers(tx: Transaction, level: str, key: str, first: int, last: int, crowd: int) -> None:
    slots = key == "slot"
    hour = "n / 12" if slots else "n"
    await tx.run(
        CONTAINERS.format(
            table=f"container_{level}", key=key, hour=hour, polls=5 if slots else 60, known=KNOWN,
            more="" if slots else ", slots", slots="" if slots else ", 12",
        ),
        first=first, last=last, crowd=crowd,
    )  # fmt: skip
    await tx.run(
        RATES.format(table=f"container_rate_{level}", key=key, hour=hour, known=KNOWN),
        first=first, last=last, crowd=crowd,
    )  # fmt: skip
