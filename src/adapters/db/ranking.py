"""The miners of a container beside each other, in SQL."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from ...ports.miners.ranking import Present, RankingStore, Standing
from .engine import Database
from .series_time import HOURS_A_DAY, SLOTS_AN_HOUR, hour_of, slot_of
from .totals import PRESENT

#: So long a span is read in 5 minutes alone.
SHORT = timedelta(hours=6)

MINERS = """
select m.id as miner_id, m.name, l.algorithm, l.power_kind, l.hash_rate_nominal_hs
from miner m left join miner_last l on l.miner_id = m.id
where m.container_id = cast(:container_id as bigint) and m.is_active
order by m.id
"""
NOW = """
select m.id as miner_id, m.name, l.algorithm, l.hash_rate_hs, l.hash_rate_nominal_hs, l.temperature, l.fan_speed,
       l.power_w, w.reject_ratio
from miner m join miner_last l on l.miner_id = m.id join miner_watch w on w.miner_id = m.id
where m.container_id = cast(:container_id as bigint) and m.is_active and w.availability in ({present})
order by m.id
"""

FIGURES = "s.miner_id, s.polls, s.misses, s.hash_rate_hs, s.power_w, s.temperature_max, s.restarts"
#: Each pair of group and miner is one seek.  The hours that may not be rolled up yet are read in 5 minutes.
THROUGH = f"""
with part as (
  select {FIGURES} from miner_1h s where {{days}} and {{miners}} and s.hour between :first_hour and :last_hour
  union all
  select {FIGURES} from miner_5m s where {{hours}} and {{miners}} and s.slot between :first_slot and :last_slot
)
select miner_id, sum(polls) as polls, sum(misses) as misses,
       sum(hash_rate_hs * polls) / nullif(sum(case when hash_rate_hs is not null then polls end), 0) as hash_rate_hs,
       sum(power_w * polls) / nullif(sum(case when power_w is not null then polls end), 0) as power_w,
       max(temperature_max) as temperature_max, sum(restarts) as restarts
from part
group by miner_id
"""


@attrs.frozen
class _Sums:
    miner_id: int
    polls: int
    misses: int
    hash_rate_hs: float | None
    power_w: float | None
    temperature_max: float | None
    restarts: int | None


class SqlRanking(RankingStore):
    def __init__(self, db: Database) -> None:
        self._db = db

    async def through(self, container_id: int, *, since: datetime, now: datetime) -> Sequence[Standing]:
        this = hour_of(now)
        # From here on in 5 minutes: of the hour before this one the roll-up may lack a moment.
        split = hour_of(since) if now - since <= SHORT else max(this - 1, hour_of(since))
        first_slot = max(slot_of(since), split * SLOTS_AN_HOUR)
        db = self._db
        query = THROUGH.format(
            days=db.among("s.day", "days"), hours=db.among("s.hour", "hours"), miners=db.among("s.miner_id", "miners")
        )
        miners = {
            miner.miner_id: miner for miner in await db.fetch(Standing, MINERS, container_id=container_id)
        }  # fmt: skip
        sums = await db.fetch(
            _Sums, query, miners=list(miners),
            days=list(range(hour_of(since) // HOURS_A_DAY, (split - 1) // HOURS_A_DAY + 1)),
            hours=list(range(split, this + 1)), first_hour=hour_of(since), last_hour=split - 1,
            first_slot=first_slot, last_slot=slot_of(now),
        )  # fmt: skip
        for row in sums:
            miners[row.miner_id] = attrs.evolve(miners[row.miner_id], **attrs.asdict(row))
        return list(miners.values())

    async def present(self, container_id: int) -> Sequence[Present]:
        # The names are our own.
        present = ", ".join(f"'{name}'" for name in sorted(PRESENT))
        return await self._db.fetch(Present, NOW.format(present=present), container_id=container_id)
