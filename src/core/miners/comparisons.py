"""Miners and containers beside each other: over time, in ranks, and as a distribution."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import attrs

from ...ports.clock import Clock
from ...ports.errors import Invalid
from ...ports.identity import Actor, Permission
from ...ports.miners import (
    ContainerPoint,
    ContainerStore,
    Level,
    MinerStore,
    RankingStore,
    RatePoint,
    SeriesStore,
    Totals,
    WatchStore,
)
from ..permissions import allow
from ..spans import between, span_of
from .derive import Unit, unit
from .levels import Detail, chief_algorithm, leading, level_for
from .ranks import RATIO, UNITS, By, Distribution, Metric, Ranking, chief, distribute, rank

#: Courses in one comparison: as many as can be told apart, and more.
MOST_SERIES = 20
#: Hours that a ranking spans: a quarter of a year.
LONGEST_RANKING = 2232
#: Miners at each end of a ranking.
MOST_RANKED = 100

#: The fields of a point that each course is made of.
FIGURES = {
    Metric.HASH_RATE: ("hash_rate_hs",),
    Metric.TEMPERATURE: ("temperature_max",),
    Metric.POWER: ("power_w",),
    Metric.FAN: ("fan_speed_max",),
    Metric.REJECT_RATIO: ("accepted", "rejected"),
}
#: Seconds and the figure; ``None`` where nothing is known.
Course = tuple[tuple[int, float | None], ...]
T = TypeVar("T")


@attrs.frozen
class Series:
    """One course of a comparison.  Of rates, a container has one for each algorithm; ``unit`` is what to show it in."""

    id: int
    name: str
    algorithm: str | None
    unit: Unit
    points: Course


@attrs.frozen
class Comparison:
    """Courses of one figure.  Rates are in H/s; ``unit`` is that of the algorithm that most courses are of."""

    metric: Metric
    level: Level
    since: datetime
    until: datetime
    unit: Unit
    series: tuple[Series, ...]


@attrs.frozen
class Comparisons:
    """What is asked for when miners or containers are held against each other."""

    container_store: ContainerStore
    miner_store: MinerStore
    watch_store: WatchStore
    series_store: SeriesStore
    ranking_store: RankingStore
    clock: Clock
    detail: Detail = attrs.field(factory=Detail)

    async def compare(
        self,
        actor: Actor,
        *,
        miners: Sequence[int] = (),
        containers: Sequence[int] = (),
        metric: str = Metric.HASH_RATE,
        hours: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Comparison:
        """Courses of some miners, or of some containers, at the level that suits the span.

        Rates of different algorithms are never added: a container has a course for each.

        Raises:
            UnknownMiner, UnknownContainer
            Invalid: Neither or both are named, too many, or the figure or the span is none.
        """
        allow(actor, Permission.SEE_STATISTICS)
        chosen = one_of(Metric, "metric", metric)
        now = self.clock.now()
        start, end = span_of(now, hours, since, until)
        level = level_for(start, end, now=now, detail=self.detail)
        if bool(miners) == bool(containers):
            raise Invalid("name either miners or containers", field="miners")
        if len(miners) + len(containers) > MOST_SERIES:
            raise Invalid(f"at most {MOST_SERIES} can be compared", field="miners" if miners else "containers")
        if chosen is Metric.RATE_RATIO or (containers and chosen is Metric.FAN):
            raise Invalid(f"{'containers' if containers else 'miners'} have no course of {chosen}", field="metric")
        if miners:
            found = await self._miners(actor, _once(miners), chosen, level, start, end)
        else:
            # Containers have no raw series: their miners are not polled at one moment.
            level = Level.FIVE_MINUTES if level is Level.RAW else level
            found = await self._containers(actor, _once(containers), chosen, level, start, end)
        shown = unit_of(chosen, chief(series.algorithm for series in found))
        return Comparison(chosen, level, start, end, shown, tuple(found))

    async def ranking(
        self, actor: Actor, container_id: int, *, by: str = By.RATE_RATIO, hours: int = 24, n: int = 10
    ) -> Ranking:
        """The miners of a container with the greatest and the least figures.

        Raises:
            UnknownContainer
            Invalid: ``by``, ``hours`` or ``n`` is none that can be had.
        """
        allow(actor, Permission.SEE_STATISTICS)
        order = one_of(By, "by", by)
        between("hours", hours, LONGEST_RANKING)
        between("n", n, MOST_RANKED)
        await self.container_store.get(container_id, visible=actor.container_ids)
        now = self.clock.now()
        standings = await self.ranking_store.through(container_id, since=now - timedelta(hours=hours), now=now)
        return rank(standings, order, n)

    async def distribution(self, actor: Actor, container_id: int, *, metric: str = Metric.HASH_RATE) -> Distribution:
        """How a figure is spread over the miners of a container that are there now.

        Raises:
            UnknownContainer
            Invalid: There is no such figure.
        """
        allow(actor, Permission.SEE_STATISTICS)
        chosen = one_of(Metric, "metric", metric)
        await self.container_store.get(container_id, visible=actor.container_ids)
        return distribute(await self.ranking_store.present(container_id), chosen)

    async def _miners(
        self, actor: Actor, numbers: Sequence[int], metric: Metric, level: Level, since: datetime, until: datetime
    ) -> list[Series]:
        miners = [await self.miner_store.get(number, visible=actor.container_ids) for number in numbers]
        figures = FIGURES[metric]
        courses = await self.series_store.courses(numbers, figures, since=since, until=until, level=level)
        found = []
        for miner in miners:
            reading = (await self.watch_store.get(miner.id)).reading
            course = [(at, figure(metric, *values)) for at, *values in courses[miner.id]]
            algorithm = reading.algorithm if reading else None
            shown = unit_of(metric, algorithm)
            found.append(Series(miner.id, miner.name, algorithm, shown, self._course(course, level)))
        return found

    async def _containers(
        self,
        actor: Actor,
        numbers: Sequence[int],
        metric: Metric,
        level: Level,
        since: datetime,
        until: datetime,
    ) -> list[Series]:
        containers = [await self.container_store.get(number, visible=actor.container_ids) for number in numbers]
        charts = await self.series_store.container_chart(numbers, since=since, until=until, level=level)
        totals = await self.watch_store.totals(visible=frozenset(numbers))
        present = {part.container_id: part for part in totals}
        found = []
        for container in containers:
            now, chart = present.get(container.id, Totals(container.id)), charts[container.id]
            courses: list[tuple[str | None, Sequence[ContainerPoint | RatePoint]]]
            if metric is Metric.HASH_RATE and chart.rates:
                courses = [(algorithm, chart.rates[algorithm]) for algorithm in leading(now, chart.rates)]
            else:
                courses = [(chief_algorithm(now), () if metric is Metric.HASH_RATE else chart.points)]
            for algorithm, points in courses:
                course = [
                    (point.at.timestamp(), figure(metric, *(getattr(point, name) for name in FIGURES[metric])))
                    for point in points
                ]
                shown = unit_of(metric, algorithm)
                found.append(Series(container.id, container.name, algorithm, shown, self._course(course, level)))
        return found

    def _course(self, course: Sequence[tuple[float, float | None]], level: Level) -> Course:
        if level is Level.RAW:
            # Polls jitter, and one may be missing because the process was busy.
            return with_gaps(course, self.detail.interval, patience=3)
        return with_gaps(course, 300 if level is Level.FIVE_MINUTES else 3600, patience=1)


def with_gaps(course: Sequence[tuple[float, float | None]], step: float, *, patience: float) -> Course:
    """Whole seconds, and a ``None`` where points are more than ``patience`` steps apart, so that no line spans it."""
    drawn: list[tuple[int, float | None]] = []
    # Nothing before the first point is a gap.
    last, known = float("inf"), False
    for moment, value in course:
        at = int(moment)
        if known and at - last > patience * step:
            drawn.append((int(last + step), None))
        drawn.append((at, value))
        last, known = at, value is not None
    return tuple(drawn)


def one_of(kind: type[T], field: str, text: str) -> T:
    """The member of an enumeration that somebody names.  Raises ``Invalid`` with the names there are."""
    try:
        return kind(text)  # type: ignore[call-arg]  # an enumeration takes a value
    except ValueError:
        raise Invalid(f"{text[:20]!r} is none of {', '.join(kind)}", field=field) from None  # type: ignore[arg-type]  # as above


def unit_of(metric: Metric, algorithm: str | None) -> Unit:
    """What a figure is shown in."""
    return unit(algorithm) if metric is Metric.HASH_RATE else UNITS.get(metric, RATIO)


def _once(numbers: Sequence[int]) -> list[int]:
    return list(dict.fromkeys(numbers))


def figure(metric: Metric, value: Any, other: Any = None) -> float | None:
    """One point of a course, from the fields that ``FIGURES`` names."""
    if metric is not Metric.REJECT_RATIO:
        return None if value is None else float(value)
    if value is None or other is None or not value + other:
        return None
    return float(other / (value + other))
