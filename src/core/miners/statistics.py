"""What was: histories and charts of miners and containers, and the totals of now."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from ...ports.clock import Clock
from ...ports.identity import Actor, Permission
from ...ports.miners import (
    Container,
    ContainerPoint,
    ContainerStore,
    Level,
    MinerStore,
    Point,
    RatePoint,
    Sample,
    SeriesStore,
    Totals,
    WatchStore,
)
from ..permissions import allow
from ..spans import LONGEST, MOST_ROWS, between, span_of
from .derive import Unit, unit
from .levels import Detail, chief_algorithm, finer, leading, level_for, level_named, together

__all__ = ["LONGEST", "MOST_ROWS", "Chart", "ContainerChart", "History", "Overview", "RateCourse", "Statistics"]


@attrs.frozen
class History:
    """Samples and misses, newest first, and what their rates are shown in."""

    samples: Sequence[Sample]
    algorithm: str | None


@attrs.frozen
class Chart:
    """A miner's points, oldest first, in H/s; ``unit`` is what to show them in."""

    miner_id: int
    level: Level
    since: datetime
    until: datetime
    unit: Unit
    points: Sequence[Point]


@attrs.frozen
class RateCourse:
    """What the miners of one algorithm made, oldest first, in H/s; ``unit`` is what to show them in."""

    algorithm: str | None
    unit: Unit
    points: Sequence[RatePoint]


@attrs.frozen
class ContainerChart:
    """A container's totals of now and its points, oldest first.

    ``rates`` is by algorithm, and never a sum over several; the first speaks
    for the container, and ``unit`` is its own.
    """

    container: Container
    hours: int
    level: Level
    unit: Unit
    totals: Totals
    points: Sequence[ContainerPoint]
    rates: Sequence[RateCourse]


@attrs.frozen
class Overview:
    """The totals of all that the actor may see, and of each container; ``None`` stands for no container."""

    at: datetime
    total: Totals
    containers: Sequence[tuple[Container | None, Totals]]


@attrs.frozen
class Statistics:
    """What one can ask about the past; a client gets his containers only, in sums too."""

    container_store: ContainerStore
    miner_store: MinerStore
    watch_store: WatchStore
    series_store: SeriesStore
    clock: Clock
    detail: Detail = attrs.field(factory=Detail)

    async def history(self, actor: Actor, miner_id: int, *, hours: int = 24, limit: int = MOST_ROWS) -> History:
        """The newest samples and misses of a miner.

        Raises:
            UnknownMiner
            Invalid: ``hours`` or ``limit`` is out of bounds.
        """
        allow(actor, Permission.SEE_STATISTICS)
        between("hours", hours, LONGEST)
        between("limit", limit, MOST_ROWS)
        await self.miner_store.get(miner_id, visible=actor.container_ids)
        now = self.clock.now()
        # A clock that was set back has left samples ahead of now: they belong to the newest.
        until = now + timedelta(days=1)
        samples = await self.series_store.history(
            miner_id, since=now - timedelta(hours=hours), until=until, limit=limit
        )
        return History(samples, await self._algorithm(miner_id))

    async def chart(
        self,
        actor: Actor,
        miner_id: int,
        *,
        hours: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        level: str = "auto",
    ) -> Chart:
        """A miner's course: the last ``hours`` (24), or from ``since`` to ``until`` (now).

        ``auto`` is raw up to 6 hours, 5 minutes up to a week, then hours; and
        never finer than what is still kept of that time.

        Raises:
            UnknownMiner
            Invalid: The span is none, or the level is too fine for it.
        """
        allow(actor, Permission.SEE_STATISTICS)
        now = self.clock.now()
        since, until = span_of(now, hours, since, until)
        chosen = level_named(level, since, until, now=now, detail=self.detail)
        await self.miner_store.get(miner_id, visible=actor.container_ids)
        shown, points = chosen, await self.series_store.chart(miner_id, since=since, until=until, level=chosen)
        for shown in finer(chosen) if level == "auto" and not points else ():
            points = await self.series_store.chart(miner_id, since=since, until=until, level=shown)
            if points:
                break
        return Chart(miner_id, shown, since, until, unit(await self._algorithm(miner_id)), points)

    async def container(self, actor: Actor, container_id: int, *, hours: int = 24) -> ContainerChart:
        """A container's totals of now and its course.

        Raises:
            UnknownContainer
            Invalid: ``hours`` is out of bounds.
        """
        allow(actor, Permission.SEE_STATISTICS)
        between("hours", hours, LONGEST)
        container = await self.container_store.get(container_id, visible=actor.container_ids)
        until = self.clock.now()
        since = until - timedelta(hours=hours)
        level = level_for(since, until, now=until, detail=self.detail)
        # Containers have no raw series: their miners are not polled at one moment.
        level = Level.FIVE_MINUTES if level is Level.RAW else level
        charts = await self.series_store.container_chart([container_id], since=since, until=until, level=level)
        if level is Level.HOUR and not charts[container_id].points:
            level = Level.FIVE_MINUTES
            charts = await self.series_store.container_chart([container_id], since=since, until=until, level=level)
        found = await self.watch_store.totals(visible=frozenset({container_id}))
        totals = next((part for part in found if part.container_id == container_id), Totals(container_id))
        course = charts[container_id]
        rates = [RateCourse(name, unit(name), course.rates[name]) for name in leading(totals, course.rates)]
        shown = rates[0].unit if rates else unit(chief_algorithm(totals))
        return ContainerChart(container, hours, level, shown, totals, course.points, rates)

    async def overview(self, actor: Actor) -> Overview:
        """The totals of now.  Containers without miners are listed as well; those without a container come last."""
        allow(actor, Permission.SEE_STATISTICS)
        containers = await self.container_store.all(visible=actor.container_ids)
        parts = {part.container_id: part for part in await self.watch_store.totals(visible=actor.container_ids)}
        rows: list[tuple[Container | None, Totals]] = [
            (container, parts.get(container.id, Totals(container.id))) for container in containers
        ]
        if None in parts:
            rows.append((None, parts[None]))
        return Overview(self.clock.now(), together(totals for _, totals in rows), rows)

    async def _algorithm(self, miner_id: int) -> str | None:
        reading = (await self.watch_store.get(miner_id)).reading
        return reading.algorithm if reading else None
