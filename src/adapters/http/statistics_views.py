"""What the world sees of many miners and of time: charts, containers, the overview."""

from collections.abc import Mapping
from datetime import datetime

import attrs
import msgspec

from ...core.miners.statistics import Chart, ContainerChart, Overview
from ...ports.miners import Container, ContainerPoint, Level, Point, RatePoint, Totals


class ChartView(msgspec.Struct, frozen=True, kw_only=True):
    """A miner's course; rates are in H/s, to be divided by ``divisor`` to show them in ``unit``."""

    miner_id: int
    level: Level
    since: datetime
    until: datetime
    unit: str
    divisor: float
    points: tuple[Point, ...]


class ContainerPointView(msgspec.Struct, frozen=True):
    """One point of a container: all its miners; the rates are only those of the chart's ``algorithm``."""

    at: datetime
    miners: int
    seen: int
    hashing: int
    hash_rate_hs: float | None
    hash_rate_nominal_hs: float | None
    power_w: float | None
    temperature_max: float | None
    temperature_avg: float | None
    accepted: int | None
    rejected: int | None


class RateCourseView(msgspec.Struct, frozen=True, kw_only=True):
    """What the miners of one algorithm made, in H/s; an ``algorithm`` of null is what no miner told.

    An interval in which none of them answered has no point.
    """

    algorithm: str | None
    unit: str
    divisor: float
    points: tuple[RatePoint, ...]


class ContainerChartView(msgspec.Struct, frozen=True, kw_only=True):
    """A container now, and its course; rates as in a miner's chart.

    Rates of different algorithms are never added: ``algorithms`` has the course
    of each.  Those in ``points`` are of ``algorithm`` alone, the largest one.
    """

    container_id: int
    name: str
    hours: int
    level: Level
    algorithm: str | None
    unit: str
    divisor: float
    totals: Totals
    points: tuple[ContainerPointView, ...]
    algorithms: tuple[RateCourseView, ...]


class ContainerTotalsView(msgspec.Struct, frozen=True, kw_only=True):
    """The totals of a container; an ``id`` of null stands for the miners without one."""

    id: int | None
    name: str | None
    location: str | None
    miners: int
    active: int
    availability: Mapping[str, int]
    states: Mapping[str, int]
    hash_rate_hs: Mapping[str, float]
    hash_rate_nominal_hs: Mapping[str, float]
    power_w: float | None
    temperature_max: float | None
    temperature_avg: float | None
    power_miners: int


class OverviewView(msgspec.Struct, frozen=True, kw_only=True):
    """The totals of now: of all miners that you may see, and by container."""

    at: datetime
    total: Totals
    containers: tuple[ContainerTotalsView, ...]


def chart_view(chart: Chart) -> ChartView:
    """A miner's course."""
    return ChartView(
        miner_id=chart.miner_id,
        level=chart.level,
        since=chart.since,
        until=chart.until,
        unit=chart.unit.name,
        divisor=chart.unit.divisor,
        points=tuple(chart.points),
    )


def container_chart_view(chart: ContainerChart) -> ContainerChartView:
    """A container's course."""
    chief = chart.rates[0] if chart.rates else None
    rates = {point.at: point for point in chief.points} if chief else {}
    return ContainerChartView(
        container_id=chart.container.id,
        name=chart.container.name,
        hours=chart.hours,
        level=chart.level,
        algorithm=chief.algorithm if chief else None,
        unit=chart.unit.name,
        divisor=chart.unit.divisor,
        totals=chart.totals,
        points=tuple(_container_point(point, rates.get(point.at)) for point in chart.points),
        algorithms=tuple(
            RateCourseView(
                algorithm=course.algorithm,
                unit=course.unit.name,
                divisor=course.unit.divisor,
                points=tuple(course.points),
            )
            for course in chart.rates
        ),
    )


def _container_point(point: ContainerPoint, rate: RatePoint | None) -> ContainerPointView:
    return ContainerPointView(
        point.at,
        point.miners,
        point.seen,
        point.hashing,
        rate.hash_rate_hs if rate else None,
        rate.hash_rate_nominal_hs if rate else None,
        point.power_w,
        point.temperature_max,
        point.temperature_avg,
        point.accepted,
        point.rejected,
    )


def overview_view(overview: Overview) -> OverviewView:
    """Everything at a glance."""
    return OverviewView(
        at=overview.at,
        total=overview.total,
        containers=tuple(_totals(container, totals) for container, totals in overview.containers),
    )


def _totals(container: Container | None, totals: Totals) -> ContainerTotalsView:
    figures = attrs.asdict(totals, recurse=False)
    del figures["container_id"]
    return ContainerTotalsView(
        id=container.id if container else None,
        name=container.name if container else None,
        location=container.location if container else None,
        **figures,
    )
