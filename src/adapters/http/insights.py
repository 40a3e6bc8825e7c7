"""Statistics beyond one miner's course: comparisons, rankings, distributions and what happened."""

from datetime import datetime
from typing import Annotated

import attrs
import msgspec
from msgspec import Meta
from starlette.routing import Route

from ...core.miners.chronicle import Chronicle
from ...core.miners.comparisons import LONGEST_RANKING, MOST_RANKED, MOST_SERIES, Comparisons
from ...core.miners.ranks import By, Metric, Ranked
from ...core.spans import LONGEST, MOST_ROWS
from ...ports.errors import Invalid, NotAllowed
from ...ports.identity import Permission
from ...ports.miners import EventKind, Level, MinerEvent, UnknownContainer, UnknownMiner
from .decoding import numbers
from .miners import Hours, shown
from .wire import Call, operation, route

Numbers = Annotated[str, Meta(description=f"Ids, separated by commas, at most {MOST_SERIES}", examples=["1,2"])]


class CompareQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Either miners or containers; the span as in charts."""

    miners: Numbers | None = None
    containers: Numbers | None = None
    metric: Annotated[str, Meta(extra_json_schema={"enum": [m for m in Metric if m is not Metric.RATE_RATIO]})] = (
        Metric.HASH_RATE
    )
    hours: Hours | None = None
    since: datetime | None = None
    until: datetime | None = None


class RankingQuery(msgspec.Struct, frozen=True, kw_only=True):
    hours: Annotated[int, shown(1, LONGEST_RANKING, "How far back")] = 24
    by: Annotated[str, Meta(extra_json_schema={"enum": list(By)})] = By.RATE_RATIO
    n: Annotated[int, shown(1, MOST_RANKED, "How many at each end")] = 10


class DistributionQuery(msgspec.Struct, frozen=True, kw_only=True):
    metric: Annotated[str, Meta(extra_json_schema={"enum": list(Metric)})] = Metric.HASH_RATE


class EventsQuery(msgspec.Struct, frozen=True, kw_only=True):
    hours: Annotated[int, shown(1, LONGEST, "How far back")] = 168
    limit: Annotated[int, shown(1, MOST_ROWS, "How many rows at most")] = MOST_ROWS


class SeriesView(msgspec.Struct, frozen=True, kw_only=True):
    """One course: pairs of seconds since 1970 and the figure; null where nothing is known.

    Of rates, a container has one course for each algorithm; divide those by its
    own ``divisor`` to show them in its ``unit``.
    """

    id: int
    name: str
    algorithm: str | None
    unit: str
    divisor: float
    points: tuple[tuple[int, float | None], ...]


class ComparisonView(msgspec.Struct, frozen=True, kw_only=True):
    """Courses of one figure; ``unit`` and ``divisor`` are of the algorithm that most courses are of."""

    metric: Metric
    unit: str
    divisor: float
    level: Level
    since: datetime
    until: datetime
    series: tuple[SeriesView, ...]


class RankingView(msgspec.Struct, frozen=True, kw_only=True):
    """The greatest, falling, and the least, rising.

    Rates are in H/s, to be divided by ``divisor`` to show them in ``unit``;
    efficiency is in joules per customary unit.  Rates and efficiencies are those
    of the algorithm that most miners have; the others are ``unranked``.
    """

    by: By
    hours: int
    unit: str
    divisor: float
    ranked: int
    unranked: int
    top: tuple[Ranked, ...]
    bottom: tuple[Ranked, ...]


class DistributionView(msgspec.Struct, frozen=True, kw_only=True):
    """How a figure of now is spread over ``n`` miners, in ``unit``; rates are those of ``algorithm``."""

    metric: Metric
    unit: str
    algorithm: str | None
    n: int
    min: float | None
    p5: float | None
    p25: float | None
    p50: float | None
    p75: float | None
    p95: float | None
    max: float | None


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """What changed: availability, state, restart (uptimes in seconds), pool (the vendor's ids) or device."""

    at: datetime
    kind: EventKind
    before: str | None
    after: str | None
    detail: str


@attrs.frozen
class InsightApi:
    """Miners held against each other, and what happened to them."""

    comparisons: Comparisons
    chronicle: Chronicle

    @operation(
        returns=ComparisonView,
        query=CompareQuery,
        errors=(NotAllowed, UnknownMiner, UnknownContainer, Invalid),
        tag="statistics",
        needs=Permission.SEE_STATISTICS,
    )
    async def compare(self, call: Call, query: CompareQuery) -> ComparisonView:
        """Show the courses of several miners, or of several containers, beside each other.

        A null is the beginning of a gap.
        """
        found = await self.comparisons.compare(
            call.actor,
            miners=numbers("miners", query.miners),
            containers=numbers("containers", query.containers),
            metric=query.metric,
            hours=query.hours,
            since=query.since,
            until=query.until,
        )
        return ComparisonView(
            metric=found.metric,
            unit=found.unit.name,
            divisor=found.unit.divisor,
            level=found.level,
            since=found.since,
            until=found.until,
            series=tuple(
                SeriesView(
                    id=series.id,
                    name=series.name,
                    algorithm=series.algorithm,
                    unit=series.unit.name,
                    divisor=series.unit.divisor,
                    points=series.points,
                )
                for series in found.series
            ),
        )

    @operation(
        returns=RankingView,
        query=RankingQuery,
        errors=(NotAllowed, UnknownContainer, Invalid),
        tag="statistics",
        needs=Permission.SEE_STATISTICS,
    )
    async def ranking(self, call: Call, container_id: int, query: RankingQuery) -> RankingView:
        """Rank the miners of a container by what they did."""
        found = await self.comparisons.ranking(call.actor, container_id, by=query.by, hours=query.hours, n=query.n)
        return RankingView(
            by=found.by,
            hours=query.hours,
            unit=found.unit.name,
            divisor=found.unit.divisor,
            ranked=found.ranked,
            unranked=found.unranked,
            top=found.top,
            bottom=found.bottom,
        )

    @operation(
        returns=DistributionView,
        query=DistributionQuery,
        errors=(NotAllowed, UnknownContainer, Invalid),
        tag="statistics",
        needs=Permission.SEE_STATISTICS,
    )
    async def distribution(self, call: Call, container_id: int, query: DistributionQuery) -> DistributionView:
        """Show how a figure is spread over the miners of a container now."""
        found = await self.comparisons.distribution(call.actor, container_id, metric=query.metric)
        return DistributionView(**{**attrs.asdict(found, recurse=False), "unit": found.unit.name})

    @operation(
        returns=list[EventView],
        query=EventsQuery,
        errors=(NotAllowed, UnknownMiner, Invalid),
        tag="statistics",
        needs=Permission.SEE_STATISTICS,
    )
    async def events(self, call: Call, miner_id: int, query: EventsQuery) -> list[EventView]:
        """List what happened to a miner, newest first."""
        found = await self.chronicle.events(call.actor, miner_id, hours=query.hours, limit=query.limit)
        return [event_view(event) for event in found]

    def routes(self) -> list[Route]:
        """All of them, from the root of the miners' system."""
        container = "/api/stats/containers/{container_id:int}"
        return [
            route("GET", "/api/stats/compare", self.compare),
            route("GET", f"{container}/ranking", self.ranking),
            route("GET", f"{container}/distribution", self.distribution),
            route("GET", "/api/stats/miners/{miner_id:int}/events", self.events),
        ]


def event_view(event: MinerEvent) -> EventView:
    """A row of what happened."""
    return EventView(at=event.at, kind=event.kind, before=event.before, after=event.after, detail=event.detail)
