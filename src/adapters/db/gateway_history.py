"""History of gateways in SQL: events and the series of lines, read, and kept in bounds."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from ...ports.gateways.history import GatewayHistory, LineLevel, LinePoint
from ...ports.gateways.watch import GatewayEvent
from .engine import Database
from .gateway_rollup import BLOCK, roll_up
from .partitions import LINE_TABLES, Partitions
from .retention import drop_groups, trusted
from .rows import EPOCH
from .series import present
from .series_time import DAY, HOUR, HOURS_A_DAY, day_of, hour_of

EVENTS = """
select at, kind, nullif(line, 0) as line, before, after, detail from gateway_event e
where gateway_id = cast(:gateway_id as bigint) and at between :since and :until
order by at desc, e.line, kind, place limit :limit
"""
RAW = """
select at, rssi, gsm, voip, busy from line_sample
where {groups} and gateway_id = cast(:gateway_id as integer) and line = :line and at between :since and :until
order by at
"""
INTERVALS = """
select {key}, samples, rssi_sum, rssi_known, rssi_min, rssi_max, gsm_yes, gsm_known, voip_yes, voip_known, busy_yes,
       busy_known
from {table}
where {groups} and gateway_id = cast(:gateway_id as integer) and line = :line and {key} between :first and :last
order by {key}
"""
#: Rows that one transaction drops, so that scans are never held up for long.
PORTION = 5000


@attrs.frozen
class LineRetention:
    """How long each level lasts."""

    raw: timedelta = timedelta(days=7)
    hours: timedelta = timedelta(days=400)
    days: timedelta = timedelta(days=3660)
    events: timedelta = timedelta(days=365)


class SqlGatewayHistory(GatewayHistory):
    def __init__(self, db: Database, keep: LineRetention) -> None:
        self._db, self._keep = db, keep
        self._partitions = Partitions(db, LINE_TABLES) if db.dialect == "postgresql" else None

    async def events(
        self, gateway_id: int, *, since: datetime, until: datetime, limit: int = 1000
    ) -> Sequence[GatewayEvent]:
        return await self._db.fetch(GatewayEvent, EVENTS, gateway_id=gateway_id, since=since, until=until, limit=limit)

    async def line(
        self, gateway_id: int, line: int, *, since: datetime, until: datetime, level: LineLevel
    ) -> Sequence[LinePoint]:
        chosen = {"gateway_id": gateway_id, "line": line}
        match level:
            case LineLevel.RAW:
                groups = await present(self._db, "line_sample", "hour", hour_of(since), hour_of(until))
                samples = await self._db.fetch(
                    _Sample, RAW.format(groups=self._db.among("hour", "groups")),
                    groups=groups, since=since, until=until, **chosen,
                )  # fmt: skip
                return [_single(sample) for sample in samples]
            case LineLevel.HOUR:
                groups = await present(self._db, "line_1h", "day", day_of(since), day_of(until))
                query = INTERVALS.format(table="line_1h", key="hour", groups=self._db.among("day", "groups"))
                first, last, width = hour_of(since), hour_of(until), HOUR
            case LineLevel.DAY:
                blocks = day_of(since) // BLOCK, day_of(until) // BLOCK
                groups = await present(self._db, "line_1d", "block", *blocks)
                query = INTERVALS.format(table="line_1d", key="day", groups=self._db.among("block", "groups"))
                first, last, width = day_of(since), day_of(until), DAY
        rows: list[Any] = await self._db.fetch(tuple, query, groups=groups, first=first, last=last, **chosen)
        return [_point(EPOCH + number * width, *figures) for number, *figures in rows]

    async def sparks(self, gateway_ids: Sequence[int], *, since: datetime) -> Sequence[tuple[int, int, float | None]]:
        rows: list[tuple[int, int, int, int]] = await self._db.fetch(
            tuple,
            "select gateway_id, hour, rssi_sum, rssi_known from gateway_1h "
            f"where hour >= :first and {self._db.among('gateway_id', 'ids')} order by hour, gateway_id",
            first=hour_of(since), ids=list(gateway_ids),
        )  # fmt: skip
        seconds = HOUR // timedelta(seconds=1)
        return [(number, hour * seconds, _ratio(total, known)) for number, hour, total, known in rows]

    async def roll_up(self, *, now: datetime) -> int:
        if self._partitions is not None:
            await self._partitions.make(now)
        return await roll_up(self._db, now=now)

    async def prune(self, *, now: datetime) -> int:
        """As for miners: nothing is dropped by a clock that jumped within the last day."""
        if not await trusted(self._db, "lines", now):
            return 0
        keep = self._keep
        raw, hours, days = hour_of(now - keep.raw), day_of(now - keep.hours), day_of(now - keep.days) // BLOCK
        await self._db.run(
            "update counter set value = :gone where name = 'line_gone'", gone=max(raw, hours * HOURS_A_DAY)
        )
        gone = 0
        for table, group, horizon in (("line_sample", "hour", raw), ("line_1h", "day", hours)):
            if self._partitions is not None:
                gone += await self._partitions.drop(table, horizon)
            else:
                gone += await drop_groups(self._db, table, group, horizon)
        gone += await drop_groups(self._db, "line_1d", "block", days)
        gone += await drop_groups(self._db, "gateway_1h", "hour", hours * HOURS_A_DAY)
        return gone + await self._prune_events(now - keep.events)

    async def _prune_events(self, before: datetime) -> int:
        gone = 0
        while True:
            dropped = await self._db.run(
                "delete from gateway_event where (gateway_id, at, kind, line, place) in "
                "(select gateway_id, at, kind, line, place from gateway_event where at < :before order by at "
                "limit :portion)",
                before=before, portion=PORTION,
            )  # fmt: skip
            gone += dropped
            if dropped < PORTION:
                return gone


@attrs.frozen
class _Sample:
    at: datetime
    rssi: int | None
    gsm: int | None
    voip: int | None
    busy: int | None


def _single(sample: _Sample) -> LinePoint:
    rssi = sample.rssi
    ratios = (None if value is None else float(value) for value in (sample.gsm, sample.voip, sample.busy))
    return LinePoint(sample.at, 1, None if rssi is None else float(rssi), rssi, rssi, *ratios)


def _point(
    at: datetime, samples: int, total: int | None, known: int, lowest: int | None, highest: int | None, *counts: int
) -> LinePoint:
    gsm, voip, busy = (_ratio(yes, of) for yes, of in zip(counts[::2], counts[1::2], strict=True))
    return LinePoint(at, samples, _ratio(total or 0, known), lowest, highest, gsm, voip, busy)


def _ratio(part: int, known: int) -> float | None:
    return part / known if known else None
