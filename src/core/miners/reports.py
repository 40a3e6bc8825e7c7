"""What the accountant asks for: energy, mean rate and uptime, by container and period."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

import anyio.lowlevel
import attrs

from ...ports.clock import Clock
from ...ports.errors import Invalid
from ...ports.identity import Actor, Permission
from ...ports.miners import Container, ContainerStore, PowerKind, Use, UseStore
from ..permissions import allow
from ..spans import span_of
from .comparisons import one_of
from .derive import Unit, unit
from .periods import EPOCH, HOUR, Period, Piece, month_start, pieces, zone

SLOTS_AN_HOUR = 12
N = TypeVar("N", int, float)
#: Energy that was measured in several ways.
MIXED = "mixed"


@attrs.frozen
class ReportRow:
    """A container through a period, as far as it was watched: the miners of one algorithm.

    Rates of different algorithms are never added, so a container that mines two
    has two rows.  What was not measured is missing: the ratios say how much was.
    """

    container: Container
    start: datetime
    end: datetime
    algorithm: str | None
    unit: Unit
    #: The most in any one hour.
    miners: int
    #: As measured, by whatever kind of watts; and the part that was measured at the wall.
    energy_kwh: float | None
    energy_kind: str | None
    energy_wall_kwh: float | None
    #: Of the miners' time in which the container was watched, the part whose power is known.
    energy_coverage: float | None
    #: Of the period until now, the part in which the container was watched.
    watched_ratio: float
    #: Of the container, H/s, over the time in which it was watched.
    mean_rate_hs: float | None
    #: Of the miners' time in which they should have hashed, the part in which they did.
    uptime_ratio: float | None
    polls: int
    misses: int
    accepted: int | None
    rejected: int | None
    restarts: int | None
    pool_switches: int | None


@attrs.frozen
class Accounts:
    """Reports over what the roll-up wrote down by the hour; a client gets his containers only."""

    container_store: ContainerStore
    use_store: UseStore
    clock: Clock

    async def containers(
        self,
        actor: Actor,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        period: str = Period.MONTH,
        tz: str = "UTC",
        container_id: int | None = None,
    ) -> Sequence[ReportRow]:
        """By container and period, from ``since`` (the beginning of this month) to ``until`` (now).

        A container that was watched at no time of the span has no rows; in
        others, a period in which it was not has one without figures.  The hour
        under way is not in it yet.

        Raises:
            UnknownContainer
            Invalid: The span, the period or the time zone is none.
        """
        allow(actor, Permission.SEE_STATISTICS)
        where, cut, now = zone(tz), one_of(Period, "period", period), self.clock.now()
        if since is None and until is None:
            since = month_start(now, where)
        start, end = span_of(now, None, since, until)
        if since is None:
            raise Invalid("is needed beside until", field="since")
        parts = pieces(start, end, cut, where)
        if container_id is None:
            containers = await self.container_store.all(visible=actor.container_ids)
        else:
            containers = [await self.container_store.get(container_id, visible=actor.container_ids)]
        uses = await self.use_store.used(
            [container.id for container in containers], [(part.first, part.last) for part in parts]
        )
        by_place: dict[tuple[int, int], list[Use]] = {}
        for use in uses:
            by_place.setdefault((use.container_id, use.period), []).append(use)
        seen = {use.container_id for use in uses}
        found: list[ReportRow] = []
        for container in containers:
            if container.id in seen:
                for number, part in enumerate(parts):
                    found += rows(container, part, by_place.get((container.id, number), ()), now)
                await anyio.lowlevel.checkpoint()  # a year by day of many containers takes seconds
        return found


def rows(container: Container, piece: Piece, uses: Sequence[Use], now: datetime) -> Sequence[ReportRow]:
    """The rows of one container and period, one an algorithm; one without figures where there is nothing."""
    known = sorted({use.algorithm for use in uses if use.algorithm is not None})
    if len(known) == 1:
        # Miners that never said what they mine count with those that did.
        return [_row(container, piece, known[0], uses, now)]
    groups = {name: [use for use in uses if use.algorithm == name] for name in (*known, None)}
    return [
        _row(container, piece, name, group, now) for name, group in groups.items() if group or (not uses and not name)
    ]


def _row(container: Container, piece: Piece, algorithm: str | None, uses: Sequence[Use], now: datetime) -> ReportRow:
    slots = max((use.slots for use in uses), default=0)
    # The hour under way is not written down yet.
    hours = min(piece.last, (now - EPOCH) // HOUR - 1) - piece.first + 1
    miner_slots, awaited = sum(use.miner_slots for use in uses), sum(use.awaited for use in uses)
    energy = _sum(use.energy_wh for use in uses)
    wall = _sum(use.energy_wh for use in uses if use.power_kind == PowerKind.WALL)
    rate = _sum(use.rate_slots for use in uses)
    return ReportRow(
        container=container,
        start=piece.start,
        end=piece.end,
        algorithm=algorithm,
        unit=unit(algorithm),
        miners=sum(use.miners for use in uses),
        energy_kwh=None if energy is None else energy / 1000,
        energy_kind=_kind(uses),
        energy_wall_kwh=None if wall is None else wall / 1000,
        energy_coverage=sum(use.measured for use in uses) / miner_slots if miner_slots else None,
        watched_ratio=min(slots / (hours * SLOTS_AN_HOUR), 1.0) if hours > 0 else 0.0,
        mean_rate_hs=None if rate is None or not slots else rate / slots,
        uptime_ratio=min(sum(use.hashing for use in uses) / awaited, 1.0) if awaited else None,
        polls=sum(use.polls for use in uses),
        misses=sum(use.misses for use in uses),
        accepted=_sum(use.accepted for use in uses),
        rejected=_sum(use.rejected for use in uses),
        restarts=_sum(use.restarts for use in uses),
        pool_switches=_sum(use.pool_switches for use in uses),
    )


def _kind(uses: Iterable[Use]) -> str | None:
    kinds = {use.power_kind or "unknown" for use in uses if use.energy_wh is not None}
    return MIXED if len(kinds) > 1 else next(iter(kinds), None)


def _sum(values: Iterable[N | None]) -> N | None:
    known = [value for value in values if value is not None]
    return sum(known[1:], known[0]) if known else None
