"""What was, over HTTP: events of gateways and the courses of their lines."""

from datetime import datetime
from typing import Annotated

import attrs
import msgspec
from msgspec import Meta
from starlette.routing import Route

from ...core.gateways.past import GatewayPast
from ...ports.errors import Invalid, NotAllowed
from ...ports.gateways import LineLevel, LinePoint, UnknownGateway
from ...ports.identity import Permission
from .gateways_views import EventView, event_view
from .wire import Call, operation, route

Hours = Annotated[int, Meta(description="How far back", extra_json_schema={"minimum": 1})]


class HistoryQuery(msgspec.Struct, frozen=True, kw_only=True):
    hours: Hours = 24
    limit: Annotated[int, Meta(ge=1, le=1000, description="How many rows at most")] = 1000


class ChartQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Either the last ``hours`` (24), or ``since`` and, if not now, ``until``."""

    hours: Hours | None = None
    since: datetime | None = None
    until: datetime | None = None
    level: Annotated[
        str, Meta(description="How coarse; auto suits the span", extra_json_schema={"enum": ["auto", *LineLevel]})
    ] = "auto"


class SparksQuery(msgspec.Struct, frozen=True, kw_only=True):
    hours: Hours = 24


class LineChartView(msgspec.Struct, frozen=True, kw_only=True):
    """The course of a line, oldest first; an interval without scans has no point."""

    gateway_name: str
    line: int
    level: LineLevel
    since: datetime
    until: datetime
    points: tuple[LinePoint, ...]


class SparkView(msgspec.Struct, frozen=True, kw_only=True):
    """The mean RSSI of a gateway's lines by hour, as seconds since 1970 and figure."""

    gateway_name: str
    points: tuple[tuple[int, float | None], ...]


@attrs.frozen
class GatewayPastApi:
    """History."""

    past: GatewayPast

    @operation(
        returns=list[EventView], query=HistoryQuery, errors=(NotAllowed, UnknownGateway, Invalid), tag="gateways",
        needs=Permission.SEE_GATEWAYS,
    )  # fmt: skip
    async def history(self, call: Call, name: str, query: HistoryQuery) -> list[EventView]:
        """List what happened to a gateway and its lines, newest first."""
        events = await self.past.events(call.actor, name, hours=query.hours, limit=query.limit)
        return [event_view(event) for event in events]

    @operation(
        returns=LineChartView, query=ChartQuery, errors=(NotAllowed, UnknownGateway, Invalid), tag="gateways",
        needs=Permission.SEE_GATEWAYS,
    )  # fmt: skip
    async def chart(self, call: Call, name: str, line: int, query: ChartQuery) -> LineChartView:
        """Show the course of a line: signal, and the shares of scans that saw it registered and busy."""
        course = await self.past.line(
            call.actor, name, line, hours=query.hours, since=query.since, until=query.until, level=query.level
        )
        return LineChartView(
            gateway_name=course.gateway,
            line=course.line,
            level=course.level,
            since=course.since,
            until=course.until,
            points=tuple(course.points),
        )

    @operation(
        returns=list[SparkView], query=SparksQuery, errors=(NotAllowed, Invalid), tag="gateways",
        needs=Permission.SEE_GATEWAYS,
    )  # fmt: skip
    async def sparks(self, call: Call, query: SparksQuery) -> list[SparkView]:
        """Show the mean signal of each gateway's lines by hour."""
        return [
            SparkView(gateway_name=name, points=tuple(points))
            for name, points in (await self.past.sparks(call.actor, hours=query.hours)).items()
        ]

    def routes(self) -> list[Route]:
        """All of them, from the root of the gateways' system."""
        return [
            route("GET", "/devices/{name}/history", self.history),
            route("GET", "/devices/{name}/lines/{line:int}/chart", self.chart),
            route("GET", "/sparks", self.sparks),
        ]
