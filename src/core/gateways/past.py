"""What was: the events of gateways, and the course of their lines."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from ...ports.clock import Clock
from ...ports.errors import Invalid
from ...ports.gateways import GatewayEvent, GatewayHistory, GatewayQuery, GatewayStore, LineLevel, LinePoint
from ...ports.identity import Actor, Permission
from ..permissions import allow, enterprises_of
from ..spans import MOST_ROWS, between, in_utc, span_of
from . import checks
from .config import GatewayConfig

#: Points that a course has at most if lineman chooses the level, and those that somebody may ask for.
POINTS, MOST_POINTS = 2100, 30_000
#: Hours that the sparks of all gateways may span: they are by hour.
LONGEST_SPARKS = 24 * 31
_STEPS: Mapping[LineLevel, float] = {LineLevel.HOUR: 3600.0, LineLevel.DAY: 86_400.0}


@attrs.frozen
class LineCourse:
    """A line's points, oldest first."""

    gateway: str
    line: int
    level: LineLevel
    since: datetime
    until: datetime
    points: Sequence[LinePoint]


@attrs.frozen(kw_only=True)
class GatewayPast:
    """What one can ask about the past of those gateways that one may see."""

    gateway_store: GatewayStore
    history: GatewayHistory
    clock: Clock
    config: GatewayConfig = attrs.field(factory=GatewayConfig)

    async def events(
        self, actor: Actor, name: str, *, hours: int | None = None, since: datetime | None = None, limit: int = 1000
    ) -> Sequence[GatewayEvent]:
        """What happened in the last ``hours`` (24), or from ``since`` on, newest first.

        Raises ``UnknownGateway``, ``Invalid``.
        """
        allow(actor, Permission.SEE_GATEWAYS)
        between("limit", limit, MOST_ROWS)
        now = self.clock.now()
        # A clock that was set back has left events ahead of now: they belong to the newest.
        until = now + timedelta(days=1)
        if since is None:
            since, _ = span_of(now, hours, None, None)
        elif hours is not None:
            raise Invalid("give either hours or since, not both", field="hours")
        row = await self.gateway_store.row(name, visible=enterprises_of(actor))
        found = in_utc("since", since) or since
        return await self.history.events(row.gateway.id, since=found, until=until, limit=limit)

    async def line(
        self,
        actor: Actor,
        name: str,
        line: int,
        *,
        hours: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        level: str = "auto",
    ) -> LineCourse:
        """A line's course: the last ``hours`` (24), or from ``since`` to ``until`` (now).

        ``auto`` is single scans up to two days, hours up to three months, then
        days; and never finer than what is still kept of that time.

        Raises:
            UnknownGateway
            Invalid: The span is none, the level is too fine for it, or there is no such line.
        """
        allow(actor, Permission.SEE_GATEWAYS)
        now = self.clock.now()
        since, until = span_of(now, hours, since, until)
        chosen = level_named(level, since, until, now=now, config=self.config)
        row = await self.gateway_store.row(name, visible=enterprises_of(actor))
        checks.line_number(line)
        points: Sequence[LinePoint] = ()
        # What began lately is there only in finer levels: an interval has its point when it has ended.
        for shown in _finer(chosen) if level == "auto" else (chosen,):
            points = await self.history.line(row.gateway.id, line, since=since, until=until, level=shown)
            if points:
                return LineCourse(name, line, shown, since, until, points)
        return LineCourse(name, line, chosen, since, until, points)

    async def sparks(
        self, actor: Actor, *, hours: int = 24, names: Sequence[str] = ()
    ) -> Mapping[str, Sequence[tuple[int, float | None]]]:
        """By gateway, seconds since 1970 and the mean RSSI of its lines, by hour, oldest first.

        Of those named, else of all.  A gateway of which nothing was read is not in it.
        """
        allow(actor, Permission.SEE_GATEWAYS)
        between("hours", hours, LONGEST_SPARKS)
        called: dict[int, str] = {}
        while True:
            query = GatewayQuery(
                visible=enterprises_of(actor), names=tuple(names), limit=checks.LARGEST_PAGE, offset=len(called)
            )
            rows, _ = await self.gateway_store.rows(query)
            called |= {row.gateway.id: row.gateway.name for row in rows}
            if len(rows) < checks.LARGEST_PAGE:
                break
        found: dict[str, list[tuple[int, float | None]]] = {}
        since = self.clock.now() - timedelta(hours=hours)
        for gateway_id, at, rssi in await self.history.sparks(list(called), since=since) if called else ():
            found.setdefault(called[gateway_id], []).append((at, rssi))
        return found


def level_for(since: datetime, until: datetime, *, now: datetime, config: GatewayConfig) -> LineLevel:
    """The finest level that fits on a chart and still reaches back to ``since``."""
    span, age = until - since, now - since
    if span <= timedelta(days=2) and age <= timedelta(days=config.raw_days) and _count(span, config) <= POINTS:
        return LineLevel.RAW
    if span <= timedelta(days=87) and age <= timedelta(days=config.hour_days):
        return LineLevel.HOUR
    return LineLevel.DAY


def level_named(text: str, since: datetime, until: datetime, *, now: datetime, config: GatewayConfig) -> LineLevel:
    """The level that somebody asks for, ``auto`` or by name.

    Raises:
        Invalid: It is none, or too fine for the span.
    """
    if text == "auto":
        return level_for(since, until, now=now, config=config)
    try:
        level = LineLevel(text)
    except ValueError:
        raise Invalid(f"{text[:50]!r} is none of auto, {', '.join(LineLevel)}", field="level") from None
    step = _STEPS.get(level, config.interval)
    if (until - since).total_seconds() / step > MOST_POINTS:
        raise Invalid(f"{level} is too fine for this span: at most {MOST_POINTS} points", field="level")
    return level


def _count(span: timedelta, config: GatewayConfig) -> float:
    return span.total_seconds() / config.interval


def _finer(level: LineLevel) -> tuple[LineLevel, ...]:
    """The level and those below."""
    levels = (LineLevel.DAY, LineLevel.HOUR, LineLevel.RAW)
    return levels[levels.index(level) :]
