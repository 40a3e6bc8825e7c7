"""History in SQL: what charts are drawn from, and how it is kept in bounds."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from ...ports.miners.stores import SeriesStore
from ...ports.miners.watch import ContainerCourse, ContainerPoint, Level, Point, RatePoint, Sample
from .engine import Database, Statements
from .partitions import Partitions
from .retention import Retention, prune
from .rollup import roll_up
from .rows import EPOCH
from .series_time import HOUR, SLOT, day_of, hour_of, slot_of

SAMPLE = ", ".join(f"s.{field.name}" for field in attrs.fields(Sample))

#: A miner's rows in some groups: each is one seek in the key (group, miner, …).
OF_MINER = """
select {columns} from {table} s where {{groups}} and s.miner_id = cast(:miner_id as integer)
"""
HISTORY = OF_MINER.format(columns=SAMPLE, table="miner_sample") + (
    "and s.at between :since and :until order by s.at desc limit :limit"
)
RAW = (
    OF_MINER.format(
        columns="""s.at, case when s.error is null then 1 else 0 end as polls,
       case when s.error is null then 0 else 1 end as misses,
       s.hash_rate_hs, s.hash_rate_hs as hash_rate_min_hs, s.hash_rate_hs as hash_rate_max_hs,
       s.temperature as temperature_max, s.fan_speed as fan_speed_max, s.fan_speed as fan_speed_min, s.power_w,
       s.accepted_new as accepted, s.rejected_new as rejected, s.restarts_new as restarts,
       s.switches_new as pool_switches""",
        table="miner_sample",
    )
    + "and s.at between :since and :until order by s.at"
)
FIGURES = ", ".join(f"s.{field.name}" for field in attrs.fields(Point)[1:])
FIVE_MINUTES = (
    OF_MINER.format(columns=f"s.slot, {FIGURES}", table="miner_5m")
    + "and s.slot between :first and :last order by s.slot"
)
HOURS = (
    OF_MINER.format(columns=f"s.hour, {FIGURES}", table="miner_1h")
    + "and s.hour between :first and :last order by s.hour"
)
SUMS = ", ".join(field.name for field in attrs.fields(ContainerPoint)[1:])

#: A span of more groups than that is first cut to what there is.
MANY = 3000
#: No level has more: a sample of 1970 (the clock was wrong) must not make a chart of everything take seconds.
MOST = 120_000


class SqlSeries(SeriesStore):
    """Shares, restarts and pool switches of a point are those of its interval, at every level."""

    def __init__(self, db: Database, keep: Retention) -> None:
        self._db, self._keep = db, keep
        self._partitions = Partitions(db) if db.dialect == "postgresql" else None

    async def history(self, miner_id: int, *, since: datetime, until: datetime, limit: int) -> Sequence[Sample]:
        groups = await present(self._db, "miner_sample", "slot", slot_of(since), slot_of(until))
        return await self._db.fetch(
            Sample,
            HISTORY.format(groups=self._db.among("s.slot", "groups")),
            groups=groups, miner_id=miner_id, since=since, until=until, limit=limit,
        )  # fmt: skip

    async def chart(self, miner_id: int, *, since: datetime, until: datetime, level: Level) -> Sequence[Point]:
        match level:
            case Level.RAW:
                groups = await present(self._db, "miner_sample", "slot", slot_of(since), slot_of(until))
                return await self._db.fetch(
                    Point,
                    RAW.format(groups=self._db.among("s.slot", "groups")),
                    groups=groups, miner_id=miner_id, since=since, until=until,
                )  # fmt: skip
            case Level.FIVE_MINUTES:
                query = FIVE_MINUTES.format(groups=self._db.among("s.hour", "groups"))
                groups = await present(self._db, "miner_5m", "hour", hour_of(since), hour_of(until))
                first, last, width = slot_of(since), slot_of(until), SLOT
            case Level.HOUR:
                query = HOURS.format(groups=self._db.among("s.day", "groups"))
                groups = await present(self._db, "miner_1h", "day", day_of(since), day_of(until))
                first, last, width = hour_of(since), hour_of(until), HOUR
        rows: list[Any] = await self._db.fetch(tuple, query, groups=groups, miner_id=miner_id, first=first, last=last)
        return [Point(EPOCH + interval * width, *figures) for interval, *figures in rows]

    async def courses(
        self, miner_ids: Sequence[int], figures: Sequence[str], *, since: datetime, until: datetime, level: Level
    ) -> Mapping[int, Sequence[tuple[Any, ...]]]:
        if level is Level.RAW:
            charts = {number: await self.chart(number, since=since, until=until, level=level) for number in miner_ids}
            return {
                number: [(point.at.timestamp(), *(getattr(point, name) for name in figures)) for point in points]
                for number, points in charts.items()
            }
        by_hour = level is Level.HOUR
        table, group, key, width = ("miner_1h", "day", "hour", HOUR) if by_hour else ("miner_5m", "hour", "slot", SLOT)
        number_of = day_of if by_hour else hour_of
        groups = await present(self._db, table, group, number_of(since), number_of(until))
        # One question for all, and only what is drawn: a year of eight miners has 70,000 points.
        rows: list[Any] = await self._db.fetch(
            tuple,
            f"select s.miner_id, s.{key}, {', '.join(f's.{name}' for name in figures)} from {table} s "
            f"where {self._db.among(f's.{group}', 'groups')} and {self._db.among('s.miner_id', 'miners')} "
            f"and s.{key} between :first and :last order by s.miner_id, s.{key}",
            groups=groups, miners=list(miner_ids), first=(since - EPOCH) // width, last=(until - EPOCH) // width,
        )  # fmt: skip
        courses: dict[int, list[tuple[Any, ...]]] = {number: [] for number in miner_ids}
        seconds = width // timedelta(seconds=1)
        for miner_id, number, *found in rows:
            courses[miner_id].append((number * seconds, *found))
        return courses

    async def container_chart(
        self, container_ids: Iterable[int], *, since: datetime, until: datetime, level: Level
    ) -> Mapping[int, ContainerCourse]:
        by_hour = level is Level.HOUR
        suffix, interval, width = ("1h", "hour", HOUR) if by_hour else ("5m", "slot", SLOT)
        points: dict[int, list[ContainerPoint]] = {number: [] for number in container_ids}
        rates: dict[int, dict[str | None, list[RatePoint]]] = {number: {} for number in points}
        span = {"ids": sorted(points), "first": (since - EPOCH) // width, "last": (until - EPOCH) // width}
        chosen = f"where {self._db.among('container_id', 'ids')} and {interval} between :first and :last"
        async with self._db.snapshot() as db:
            rows: list[Any] = await db.fetch(
                tuple,
                f"select container_id, {interval}, {SUMS} from container_{suffix} {chosen} "
                f"order by container_id, {interval}",
                **span,
            )
            told: list[Any] = await db.fetch(
                tuple,
                f"select container_id, algorithm, {interval}, hash_rate_hs, hash_rate_nominal_hs "
                f"from container_rate_{suffix} {chosen} order by container_id, {interval}, algorithm",
                **span,
            )
        for container_id, number, *sums in rows:
            points[container_id].append(ContainerPoint(EPOCH + number * width, *sums))
        for container_id, algorithm, number, rate, nominal in told:
            course = rates[container_id].setdefault(algorithm or None, [])
            course.append(RatePoint(EPOCH + number * width, rate, nominal))
        return {number: ContainerCourse(points[number], rates[number]) for number in points}

    async def roll_up(self, *, now: datetime) -> int:
        if self._partitions is not None:
            await self._partitions.make(now)
        return await roll_up(self._db, now=now)

    async def prune(self, *, now: datetime) -> int:
        return await prune(self._db, self._keep, self._partitions, now=now)


async def present(db: Statements, table: str, group: str, first: int, last: int) -> list[int]:
    """The groups of a span, and of a long one only those in which there can be rows."""
    if last - first > MANY:
        [(oldest, newest)] = await db.fetch(tuple, f"select min({group}), max({group}) from {table}")
        if oldest is None:
            return []
        last = min(last, newest)
        first = max(first, oldest, last - MOST)
    return list(range(first, last + 1))
