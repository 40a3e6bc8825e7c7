"""Reports over HTTP: what containers used, as an array or as CSV."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import anyio.lowlevel
import attrs
import msgspec
from msgspec import Meta
from starlette.responses import Response
from starlette.routing import Route

from ...core.miners.periods import Period
from ...core.miners.reports import Accounts, ReportRow
from ...core.miners.table import write_csv
from ...ports.errors import Invalid, NotAllowed
from ...ports.identity import Permission
from ...ports.miners import UnknownContainer
from .tables import CSV, MARK
from .wire import Call, Id, operation, route

#: Rows after which others have their turn.
BREATH = 500
#: Of a CSV: a unit stands beside each value that has one.
COLUMNS = (
    "container_id", "container", "period_start", "period_end", "algorithm", "miners", "energy", "energy_unit",
    "energy_kind", "energy_wall", "energy_wall_unit", "energy_coverage", "watched_ratio", "mean_rate",
    "mean_rate_unit", "uptime_ratio", "polls", "misses", "accepted", "rejected", "restarts", "pool_switches",
)  # fmt: skip


class ReportQuery(msgspec.Struct, frozen=True, kw_only=True):
    since: Annotated[datetime, Meta(description="Without both: the beginning of this month")] | None = None
    until: Annotated[datetime, Meta(description="Without it: now")] | None = None
    period: Annotated[str, Meta(extra_json_schema={"enum": list(Period)})] = Period.MONTH
    tz: Annotated[str, Meta(description="Where days begin at midnight", examples=["Europe/Berlin"])] = "UTC"
    container_id: Annotated[Id, Meta(description="Only this container")] | None = None
    format: Literal["json", "csv"] = "json"
    excel: Annotated[bool, Meta(description="CSV with semicolons and a byte order mark")] = False


class ReportView(msgspec.Struct, frozen=True, kw_only=True):
    """A container through a period: the miners of one algorithm, since rates of several are never added.

    What was not measured is missing, and the ratios tell how much was:
    `watched_ratio` is the part of the period in which the container was polled,
    `energy_coverage` the part of its miners' time in it whose power is known,
    `uptime_ratio` the part in which they hashed. `energy_kind` is what the
    watts were measured at (`wall`, `mixed` …), `energy_wall_kwh` the part of
    the energy that was measured at the wall. `mean_rate` is in `unit`.
    """

    container_id: int
    container: str
    period_start: datetime
    period_end: datetime
    algorithm: str | None
    miners: int
    energy_kwh: float | None
    energy_kind: str | None
    energy_wall_kwh: float | None
    energy_coverage: float | None
    watched_ratio: float
    mean_rate_hs: float | None
    mean_rate: float | None
    unit: str
    uptime_ratio: float | None
    polls: int
    misses: int
    accepted: int | None
    rejected: int | None
    restarts: int | None
    pool_switches: int | None


@attrs.frozen
class ReportApi:
    """Figures for accounts."""

    accounts: Accounts

    @operation(
        returns=list[ReportView],
        query=ReportQuery,
        also=(CSV,),
        errors=(NotAllowed, UnknownContainer, Invalid),
        tag="statistics",
        needs=Permission.SEE_STATISTICS,
    )
    async def containers(self, call: Call, query: ReportQuery) -> list[ReportView] | Response:
        """Report what containers used and did, by period.

        Periods begin at midnight in the time zone `tz`, weeks on Monday; the
        first and the last are cut to the span. Whole hours are counted, each in
        the period in which it begins; the hour under way is not in it yet.
        """
        rows = await self.accounts.containers(
            call.actor,
            since=query.since,
            until=query.until,
            period=query.period,
            tz=query.tz,
            container_id=query.container_id,
        )
        views: list[ReportView] = []
        for place, row in enumerate(rows):
            if place % BREATH == 0:
                await anyio.lowlevel.checkpoint()
            views.append(report_view(row))
        if query.format == "json":
            return views
        headers = {"content-disposition": 'attachment; filename="containers.csv"', "cache-control": "no-store"}
        return Response(await _csv(views, excel=query.excel), media_type=f"{CSV}; charset=utf-8", headers=headers)

    def routes(self) -> list[Route]:
        """All of them, from the root of the miners' system."""
        return [route("GET", "/api/reports/containers", self.containers)]


def report_view(row: ReportRow) -> ReportView:
    """A row as the world sees it."""
    return ReportView(
        container_id=row.container.id,
        container=row.container.name,
        period_start=row.start,
        period_end=row.end,
        algorithm=row.algorithm,
        miners=row.miners,
        energy_kwh=row.energy_kwh,
        energy_kind=row.energy_kind,
        energy_wall_kwh=row.energy_wall_kwh,
        energy_coverage=row.energy_coverage,
        watched_ratio=row.watched_ratio,
        mean_rate_hs=row.mean_rate_hs,
        mean_rate=None if row.mean_rate_hs is None else row.mean_rate_hs / row.unit.divisor,
        unit=row.unit.name,
        uptime_ratio=row.uptime_ratio,
        polls=row.polls,
        misses=row.misses,
        accepted=row.accepted,
        rejected=row.rejected,
        restarts=row.restarts,
        pool_switches=row.pool_switches,
    )


async def _csv(views: Sequence[ReportView], *, excel: bool) -> str:
    separator = ";" if excel else ","
    text = [MARK if excel else "", write_csv((), separator=separator, columns=COLUMNS)]
    for place in range(0, len(views), BREATH):
        await anyio.lowlevel.checkpoint()
        lines = [_line(view) for view in views[place : place + BREATH]]
        text.append(write_csv(lines, header=False, separator=separator, columns=COLUMNS))
    return "".join(text)


def _line(view: ReportView) -> dict[str, object]:
    figures = msgspec.structs.asdict(view)
    energy, wall = figures.pop("energy_kwh"), figures.pop("energy_wall_kwh")
    return {
        **figures,
        "energy": energy,
        "energy_unit": None if energy is None else "kWh",
        "energy_wall": wall,
        "energy_wall_unit": None if wall is None else "kWh",
        "mean_rate_unit": None if view.mean_rate is None else view.unit,
    }
