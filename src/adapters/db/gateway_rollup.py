"""Roll-ups of lines: scans to hours, hours to days.

A batch of scans marks the hours that it wrote to (``pending_line_hour``); a
roll-up takes a mark and computes that hour anew from all its samples, in one
transaction.  So late samples are taken in, and a kill at any point loses and
doubles nothing.  The hour that still runs is computed as well, each time
something came; a day when it is over, or when something came late.
"""

from datetime import datetime

from .engine import Database, Transaction
from .series_time import HOURS_A_DAY, day_of, hour_of

#: Days of a group of days.
BLOCK = 30

FIGURES = (
    "samples", "rssi_sum", "rssi_known", "rssi_min", "rssi_max", "gsm_yes", "gsm_known", "voip_yes", "voip_known",
    "busy_yes", "busy_known",
)  # fmt: skip
SUMS = "sum(samples), sum(rssi_sum), sum(rssi_known), min(rssi_min), max(rssi_max), " + ", ".join(
    f"sum({name})" for name in FIGURES[5:]
)
COUNTS = "count(*), sum(rssi), count(rssi), min(rssi), max(rssi), " + ", ".join(
    f"coalesce(sum({name}), 0), count({name})" for name in ("gsm", "voip", "busy")
)
REPLACED = ", ".join(f"{name} = excluded.{name}" for name in FIGURES)

LINES_1H = f"""
insert into line_1h (day, gateway_id, line, hour, {", ".join(FIGURES)})
select cast(:day as integer), gateway_id, line, hour, {COUNTS}
from line_sample
where hour = :hour
group by hour, gateway_id, line
on conflict (day, gateway_id, line, hour) do update set {REPLACED}
"""
LINES_1D = f"""
insert into line_1d (block, gateway_id, line, day, {", ".join(FIGURES)})
select cast(:block as integer), gateway_id, line, day, {SUMS}
from line_1h
where day = :day
group by day, gateway_id, line
on conflict (block, gateway_id, line, day) do update set {REPLACED}
"""
GATEWAYS_1H = """
insert into gateway_1h (hour, gateway_id, rssi_sum, rssi_known)
select hour, gateway_id, coalesce(sum(rssi), 0), count(rssi)
from line_sample
where hour = :hour
group by hour, gateway_id
on conflict (hour, gateway_id) do update set rssi_sum = excluded.rssi_sum, rssi_known = excluded.rssi_known
"""
MARK_DAY = "insert into pending_line_day (day) values (:day) on conflict (day) do update set day = excluded.day"

#: A gateway's rows, in each group of time by its key.
FORGET = """
with recursive groups (number) as (
  select min({group}) from {table}
  union all
  select (select min({group}) from {table} where {group} > number) from groups where number is not null
)
delete from {table} where {group} in (select number from groups) and gateway_id = :gateway_id
"""
#: The tables of the series, and the number that each is grouped by.
GROUPED = (("line_sample", "hour"), ("line_1h", "day"), ("line_1d", "block"), ("gateway_1h", "hour"))

#: So many intervals are done in one call; the next call goes on.
MOST = 2000


async def roll_up(db: Database, *, now: datetime) -> int:
    """Compute the intervals that got samples; how many."""
    # The samples of an hour so old are gone: a few late ones must not take the place of all.
    await db.run("delete from pending_line_hour where hour < (select value from counter where name = 'line_gone')")
    done = 0
    # What the future brings waits for its time.
    for hour in await _marked(db, "pending_line_hour", "hour", hour_of(now) + 1):
        async with db.transaction() as tx:
            done += await _roll_hour(tx, hour)
    for day in await _marked(db, "pending_line_day", "day", day_of(now)):
        async with db.transaction() as tx:
            done += await _roll_day(tx, day)
    return done


async def _marked(db: Database, table: str, key: str, end: int) -> list[int]:
    return await db.fetch(
        int, f"select {key} from {table} where {key} < :end order by {key} limit :most", end=end, most=MOST
    )


async def _roll_hour(tx: Transaction, hour: int) -> int:
    await tx.lock("samples", shared=True)
    if not await tx.run("delete from pending_line_hour where hour = :hour", hour=hour):
        return 0
    day = hour // HOURS_A_DAY
    await tx.run(MARK_DAY, day=day)
    await tx.run(LINES_1H, hour=hour, day=day)
    await tx.run(GATEWAYS_1H, hour=hour)
    return 1


async def _roll_day(tx: Transaction, day: int) -> int:
    await tx.lock("samples", shared=True)
    if not await tx.run("delete from pending_line_day where day = :day", day=day):
        return 0
    await tx.run(LINES_1D, day=day, block=day // BLOCK)
    return 1


async def forget_series(tx: Transaction, gateway_id: int) -> None:
    """Remove a gateway's series."""
    for table, group in GROUPED:
        await tx.run(FORGET.format(table=table, group=group), gateway_id=gateway_id)
