"""What containers used, by the hour, algorithm and kind of watts: written by the roll-up, read by reports."""

from collections.abc import Sequence

import attrs

from ...ports.miners.report import Use, UseStore
from .engine import Database, Transaction
from .series_time import SLOTS_AN_HOUR

COUNTED = ("accepted", "rejected", "restarts", "pool_switches")

#: A miner that misses polls is asked ever more seldom: it is awaited in every slot in which its container was
#: watched, not only in those in which it was asked.  One that always answered is awaited when it was asked: it may
#: have come in the middle of the hour, or the polls may be far apart.
ACCOUNT = f"""
with watched as (
  select container_id, count(distinct slot) as slots
  from miner_5m where hour = :hour and container_id is not null
  group by container_id
), of_miner as (
  select container_id, miner_id, count(*) as asked, sum(polls) as polls, sum(misses) as misses,
         sum(case when hash_rate_hs > 0 then 1 else 0 end) as hashing, count(power_w) as measured,
         sum(power_w) as watts, sum(hash_rate_hs) as rate,
         {", ".join(f"sum({name}) as {name}" for name in COUNTED)}
  from miner_5m where hour = :hour and container_id is not null
  group by container_id, miner_id
)
insert into container_use_1h (container_id, hour, algorithm, power_kind, miners, miner_slots, awaited, hashing,
                              measured, energy_wh, rate_slots, polls, misses, {", ".join(COUNTED)})
select m.container_id, cast(:hour as integer), coalesce(l.algorithm, ''), coalesce(l.power_kind, ''), count(*),
       count(*) * max(w.slots), sum(case when m.misses = 0 then m.asked else w.slots end), sum(m.hashing),
       sum(m.measured), sum(m.watts) / {SLOTS_AN_HOUR}, sum(m.rate), sum(m.polls), sum(m.misses),
       {", ".join(f"sum(m.{name})" for name in COUNTED)}
from of_miner m join watched w on w.container_id = m.container_id left join miner_last l on l.miner_id = m.miner_id
group by m.container_id, coalesce(l.algorithm, ''), coalesce(l.power_kind, '')
"""

SUMS = (
    *("miner_slots", "awaited", "hashing", "measured", "energy_wh", "rate_slots", "polls", "misses"),
    # Sums of these would be numeric on PostgreSQL.
    *(f"cast(sum(u.{name}) as bigint) as {name}" for name in COUNTED),
)
USED = f"""
with period (number, first_hour, last_hour) as (values {{periods}})
select u.container_id, p.number as period, nullif(u.algorithm, '') as algorithm,
       nullif(u.power_kind, '') as power_kind, max(u.miners) as miners,
       {", ".join(name if "(" in name else f"sum(u.{name}) as {name}" for name in SUMS)}
from period p cross join container_use_1h u
where u.container_id = cast(:id as integer) and u.hour between p.first_hour and p.last_hour
  and exists (select 1 from container c where c.id = u.container_id)
group by u.container_id, p.number, u.algorithm, u.power_kind
order by u.container_id, p.number, u.algorithm, u.power_kind
"""
WATCHED = """
with period (number, first_hour, last_hour) as (values {periods})
select p.number as period, sum(h.slots) as slots
from period p cross join container_1h h
where h.container_id = cast(:id as integer) and h.hour between p.first_hour and p.last_hour
group by p.number
"""


async def account(tx: Transaction, hour: int) -> None:
    """Write the hour down anew: what was written of it before may be of other kinds."""
    await tx.run(
        "delete from container_use_1h where container_id in (select id from container) and hour = :hour", hour=hour
    )
    await tx.run(ACCOUNT, hour=hour)


@attrs.frozen
class _Watched:
    period: int
    slots: int


class SqlUses(UseStore):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def used(self, container_ids: Sequence[int], periods: Sequence[tuple[int, int]]) -> Sequence[Use]:
        if not container_ids or not periods:
            return ()
        # Whole numbers of our own making.
        rows = ", ".join(f"({number}, {first:d}, {last:d})" for number, (first, last) in enumerate(periods))
        found: list[Use] = []
        # One by one: then both planners seek each period in the key, and others read in between.
        for number in sorted(container_ids):
            async with self._db.snapshot() as db:
                uses = await db.fetch(Use, USED.format(periods=rows), id=number)
                watched = await db.fetch(_Watched, WATCHED.format(periods=rows), id=number) if uses else []
            slots = {row.period: row.slots for row in watched}
            found += [attrs.evolve(use, slots=slots.get(use.period, 0)) for use in uses]
        return found
