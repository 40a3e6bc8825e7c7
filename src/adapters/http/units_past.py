"""The past of units over HTTP."""

from typing import Annotated

import attrs
import msgspec
from msgspec import Meta
from starlette.routing import Route

from ...core.units import UnitPast, UnitReport, Units
from ...ports.errors import Invalid, NotAllowed
from ...ports.identity import Permission
from ...ports.units import UnknownUnit
from .units_views import HistoryView, LinesView, WhyView, history_view, peer_view, why_view
from .wire import Call, Limit, operation, route

Hours = Annotated[int, Meta(ge=1, le=24 * 400, description="How far back")]


class SpanQuery(msgspec.Struct, frozen=True, kw_only=True):
    hours: Hours = 24


class HistoryQuery(SpanQuery, frozen=True, kw_only=True):
    action_type: Annotated[str, Meta(max_length=64, description="Only these rows, such as status_change")] | None = None
    limit: Limit = 1000


class ReportQuery(msgspec.Struct, frozen=True, kw_only=True):
    weeks: Annotated[int, Meta(ge=1, le=52)] = 1


@attrs.frozen
class UnitPastApi:
    """Histories, lines, reasons and reports."""

    past: UnitPast
    units: Units

    @operation(
        returns=list[HistoryView], query=HistoryQuery, errors=(NotAllowed, UnknownUnit, Invalid), tag="units",
        needs=Permission.SEE_UNITS,
    )  # fmt: skip
    async def history(self, call: Call, enterprise_number: str, query: HistoryQuery) -> list[HistoryView]:
        """List what happened to a unit and its power, newest first: rows of `unit_status_history`."""
        rows = await self.past.history(
            call.actor, enterprise_number, hours=query.hours, action_type=query.action_type, limit=query.limit
        )
        return [history_view(row) for row in rows]

    @operation(
        returns=list[HistoryView], query=HistoryQuery, errors=(NotAllowed, Invalid), tag="units",
        needs=Permission.SEE_UNITS,
    )  # fmt: skip
    async def all_history(self, call: Call, query: HistoryQuery) -> list[HistoryView]:
        """List what happened to all units, and to plugs that belong to nobody, newest first."""
        rows = await self.past.history(
            call.actor, hours=query.hours, action_type=query.action_type, limit=query.limit
        )  # fmt: skip
        return [history_view(row) for row in rows]

    @operation(
        returns=LinesView, query=SpanQuery, errors=(NotAllowed, UnknownUnit, Invalid), tag="units",
        needs=Permission.SEE_UNITS,
    )  # fmt: skip
    async def lines(self, call: Call, enterprise_number: str, query: SpanQuery) -> LinesView:
        """Show a unit's lines as they were seen last, and how many were up when."""
        row = await self.units.get(call.actor, enterprise_number)
        counts = await self.past.lines(call.actor, enterprise_number, hours=query.hours)
        return LinesView(
            enterprise_number=enterprise_number,
            last_checked_at=row.watch.last_checked_at,
            line_stats=row.watch.line_stats,
            peers=[peer_view(peer) for peer in row.watch.peers],
            courses=[
                (
                    int(one.at.timestamp()), one.line_stats.gsm_online, one.line_stats.gsm_total,
                    one.line_stats.sip_online, one.line_stats.sip_total, one.line_stats.internal_online,
                    one.line_stats.internal_total, one.disk_usage_percent,
                )
                for one in counts
            ],
        )  # fmt: skip

    @operation(returns=WhyView, errors=(NotAllowed, UnknownUnit), tag="units")
    async def why(self, call: Call, enterprise_number: str) -> WhyView:
        """Say why a unit's power was or was not cut, and when it could be next."""
        return why_view(enterprise_number, await self.past.why(call.actor, enterprise_number))

    @operation(
        returns=list[UnitReport], query=ReportQuery, errors=(NotAllowed, Invalid), tag="units",
        needs=Permission.SEE_UNITS,
    )  # fmt: skip
    async def report(self, call: Call, query: ReportQuery) -> list[UnitReport]:
        """Sum up outages and power cycles by unit, and whether these helped."""
        return list(await self.past.report(call.actor, weeks=query.weeks))

    def routes(self) -> list[Route]:
        """All of them, from the root of the units' system."""
        one = "/units/{enterprise_number}"
        return [
            route("GET", f"{one}/history", self.history),
            route("GET", f"{one}/lines", self.lines),
            route("GET", f"{one}/why", self.why),
            route("GET", "/history", self.all_history),
            route("GET", "/report", self.report),
        ]
