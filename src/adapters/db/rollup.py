"""Roll-ups: samples to 5 minutes, 5 minutes to hours, miners to containers.

A batch of polls marks the slots that it wrote to (``pending_slot``); a roll-up
takes the mark of a slot that has ended and computes the slot anew from all its
samples, in one transaction.  So late samples are taken in, a kill at any point
loses and doubles nothing, and a clock that jumps leaves marks, not gaps:
a slot in the future waits for its time.  An interval without polls has no row.
"""

from datetime import datetime

from .engine import Database, Transaction
from .series_time import SLOTS_AN_HOUR, hour_of, slot_of
from .uses import account


def _replaced(key: str, *columns: str) -> str:
    return f"on conflict ({key}) do update set " + ", ".join(f"{name} = excluded.{name}" for name in columns)


MINER = (
    "polls", "misses", "hash_rate_hs", "hash_rate_min_hs", "hash_rate_max_hs", "temperature_max", "fan_speed_max",
    "fan_speed_min", "power_w", "accepted", "rejected", "restarts", "pool_switches",
)  # fmt: skip
#: Of 5 minutes only; one that was moved meanwhile counts in one of its places.
PLACED = (*MINER, "container_id")
CONTAINER = (
    "miners", "seen", "hashing", "power_w", "temperature_max", "temperature_avg", "accepted", "rejected",
)  # fmt: skip
RATES = ("hash_rate_hs", "hash_rate_nominal_hs")

MINERS_5M = f"""
insert into miner_5m (hour, miner_id, slot, {", ".join(PLACED)})
select cast(:hour as integer), miner_id, slot, count(*) - count(error), count(error),
       avg(hash_rate_hs), min(hash_rate_hs), max(hash_rate_hs), max(temperature), max(fan_speed), min(fan_speed),
       avg(power_w), sum(accepted_new), sum(rejected_new), sum(restarts_new), sum(switches_new), max(container_id)
from miner_sample
where slot = :slot
group by slot, miner_id
{_replaced("hour, miner_id, slot", *PLACED)}
"""

#: A miner counts where it was when it was polled.
CONTAINERS_5M = f"""
with of_miner as (
  select container_id, miner_id, count(*) - count(error) as polls, avg(hash_rate_hs) as rate,
         avg(power_w) as power, max(temperature) as hottest, avg(temperature) as warm,
         sum(accepted_new) as accepted, sum(rejected_new) as rejected
  from miner_sample
  where slot = :slot and container_id is not null
  group by container_id, miner_id
)
insert into container_5m (container_id, slot, {", ".join(CONTAINER)})
select container_id, cast(:slot as integer), count(*), sum(case when polls > 0 then 1 else 0 end),
       sum(case when rate > 0 then 1 else 0 end), sum(power), max(hottest), avg(warm), sum(accepted), sum(rejected)
from of_miner
where true
group by container_id
{_replaced("container_id, slot", *CONTAINER)}
"""

#: Rates of different algorithms are never added.  Samples do not tell which; a device seldom changes it.
RATES_5M = f"""
with of_miner as (
  select container_id, miner_id, avg(hash_rate_hs) as rate, avg(hash_rate_nominal_hs) as nominal
  from miner_sample
  where slot = :slot and container_id is not null and (hash_rate_hs is not null or hash_rate_nominal_hs is not null)
  group by container_id, miner_id
)
insert into container_rate_5m (container_id, slot, algorithm, {", ".join(RATES)})
select m.container_id, cast(:slot as integer), coalesce(l.algorithm, ''), sum(m.rate), sum(m.nominal)
from of_miner m left join miner_last l on l.miner_id = m.miner_id
group by m.container_id, coalesce(l.algorithm, '')
"""

#: Means weigh by polls, and only intervals that know the figure.
MINERS_1H = f"""
insert into miner_1h (day, miner_id, hour, {", ".join(MINER)})
select cast(:day as integer), miner_id, hour, sum(polls), sum(misses),
       sum(hash_rate_hs * polls) / nullif(sum(case when hash_rate_hs is not null then polls end), 0),
       min(hash_rate_min_hs), max(hash_rate_max_hs), max(temperature_max), max(fan_speed_max), min(fan_speed_min),
       sum(power_w * polls) / nullif(sum(case when power_w is not null then polls end), 0),
       sum(accepted), sum(rejected), sum(restarts), sum(pool_switches)
from miner_5m
where hour = :hour
group by hour, miner_id
{_replaced("day, miner_id, hour", *MINER)}
"""

#: Sums are means over the hour's intervals, counts the most that were there at once.
CONTAINERS_1H = f"""
insert into container_1h (container_id, hour, {", ".join(CONTAINER)}, slots)
select p.container_id, cast(:hour as integer), max(p.miners), max(p.seen), max(p.hashing), avg(p.power_w),
       max(p.temperature_max), avg(p.temperature_avg), sum(p.accepted), sum(p.rejected), count(*)
from container c cross join container_5m p
where p.container_id = c.id and p.slot between :first and :last
group by p.container_id
{_replaced("container_id, hour", *CONTAINER, "slots")}
"""

RATES_1H = f"""
insert into container_rate_1h (container_id, hour, algorithm, {", ".join(RATES)})
select p.container_id, cast(:hour as integer), p.algorithm, avg(p.hash_rate_hs), avg(p.hash_rate_nominal_hs)
from container c cross join container_rate_5m p
where p.container_id = c.id and p.slot between :first and :last
group by p.container_id, p.algorithm
"""
#: What was written before may be of other algorithms.
FORGET_RATES = "delete from {table} where container_id in (select id from container) and {interval} = :number"

#: So many intervals are done in one call; the next call goes on.
MOST = 2000


async def roll_up(db: Database, *, now: datetime) -> int:
    """Compute the intervals that have ended and got samples; how many."""
    # The samples of a slot so old are gone: a few late ones must not take the place of all.
    await db.run("delete from pending_slot where slot < (select value from counter where name = 'raw_gone')")
    done = 0
    for slot in await _marked(db, "pending_slot", "slot", slot_of(now)):
        async with db.transaction() as tx:
            done += await _roll_slot(tx, slot)
    for hour in await _marked(db, "pending_hour", "hour", hour_of(now)):
        async with db.transaction() as tx:
            done += await _roll_hour(tx, hour)
    return done


async def _marked(db: Database, table: str, group: str, current: int) -> list[int]:
    return await db.fetch(
        int,
        f"select {group} from {table} where {group} < :current order by {group} limit :most",
        current=current,
        most=MOST,
    )


async def _roll_slot(tx: Transaction, slot: int) -> int:
    # The mark goes first: a batch that writes to this slot meanwhile waits for this row, and sets it again.
    if not await tx.run("delete from pending_slot where slot = :slot", slot=slot):
        return 0
    hour = slot // SLOTS_AN_HOUR
    await tx.run(
        "insert into pending_hour (hour) values (:hour) on conflict (hour) do update set hour = excluded.hour",
        hour=hour,
    )
    await tx.run(MINERS_5M, slot=slot, hour=hour)
    await tx.run(CONTAINERS_5M, slot=slot)
    await tx.run(FORGET_RATES.format(table="container_rate_5m", interval="slot"), number=slot)
    await tx.run(RATES_5M, slot=slot)
    return 1


async def _roll_hour(tx: Transaction, hour: int) -> int:
    if not await tx.run("delete from pending_hour where hour = :hour", hour=hour):
        return 0
    await tx.run(MINERS_1H, hour=hour, day=hour // 24)
    first = hour * SLOTS_AN_HOUR
    await tx.run(CONTAINERS_1H, hour=hour, first=first, last=first + SLOTS_AN_HOUR - 1)
    await tx.run(FORGET_RATES.format(table="container_rate_1h", interval="hour"), number=hour)
    await tx.run(RATES_1H, hour=hour, first=first, last=first + SLOTS_AN_HOUR - 1)
    await account(tx, hour)
    return 1
