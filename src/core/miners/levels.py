"""How coarse a chart is, and what several containers make together."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from ...ports.errors import Invalid
from ...ports.miners import Availability, Level, RatePoint, Totals


@attrs.frozen
class Detail:
    """What the store keeps, and how many points make a chart."""

    #: Seconds between two polls of one miner.
    interval: float = 60.0
    raw_days: int = 7
    five_minutes_days: int = 90
    #: Points that a chart has at most if lineman chooses the level: a week of 5 minutes and a little.
    points: int = 2100
    #: Points that somebody may ask for by naming the level.
    most_points: int = 30_000

    def count(self, level: Level, span: timedelta) -> float:
        """About how many points ``span`` has."""
        step = {Level.RAW: self.interval, Level.FIVE_MINUTES: 300.0, Level.HOUR: 3600.0}[level]
        return span.total_seconds() / step


def level_for(since: datetime, until: datetime, *, now: datetime, detail: Detail) -> Level:
    """The finest level that fits on a chart and still reaches back to ``since``."""
    span, age = until - since, now - since
    if (
        span <= timedelta(hours=6)
        and age <= timedelta(days=detail.raw_days)
        and detail.count(Level.RAW, span) <= detail.points
    ):
        return Level.RAW
    if (
        span <= timedelta(days=14)
        and age <= timedelta(days=detail.five_minutes_days)
        and detail.count(Level.FIVE_MINUTES, span) <= detail.points
    ):
        return Level.FIVE_MINUTES
    return Level.HOUR


def finer(level: Level) -> tuple[Level, ...]:
    """The levels below, for what began lately: an interval has its point only when it has ended."""
    return {Level.HOUR: (Level.FIVE_MINUTES, Level.RAW), Level.FIVE_MINUTES: (Level.RAW,), Level.RAW: ()}[level]


def level_named(text: str, since: datetime, until: datetime, *, now: datetime, detail: Detail) -> Level:
    """The level that somebody asks for, ``auto`` or by name.

    Raises:
        Invalid: It is none, or too fine for the span.
    """
    if text == "auto":
        return level_for(since, until, now=now, detail=detail)
    try:
        level = Level(text)
    except ValueError:
        raise Invalid(f"{text[:20]!r} is none of auto, {', '.join(Level)}", field="level") from None
    # Hours are the coarsest: there is no way out to offer.
    if level is not Level.HOUR and detail.count(level, until - since) > detail.most_points:
        raise Invalid(
            f"{level} gives more than {detail.most_points} points here: ask for less time or a coarser level",
            field="level",
        )
    return level


def together(parts: Iterable[Totals]) -> Totals:
    """One total of several.  Rates stay apart by algorithm; the mean temperature weighs the miners that are present."""
    miners = active = measured = 0
    availability: Counter[str] = Counter()
    states: Counter[str] = Counter()
    rates: dict[str, float] = {}
    nominal: dict[str, float] = {}
    power: list[float] = []
    hottest: list[float] = []
    heat = weight = 0.0
    for part in parts:
        miners += part.miners
        active += part.active
        measured += part.power_miners
        availability.update(part.availability)
        states.update(part.states)
        for sums, addends in ((rates, part.hash_rate_hs), (nominal, part.hash_rate_nominal_hs)):
            for algorithm, rate in addends.items():
                sums[algorithm] = sums.get(algorithm, 0.0) + rate
        power += [] if part.power_w is None else [part.power_w]
        hottest += [] if part.temperature_max is None else [part.temperature_max]
        if part.temperature_avg is not None:
            present = max(sum(part.availability.get(name, 0) for name in PRESENT), 1)
            heat += part.temperature_avg * present
            weight += present
    return Totals(
        container_id=None,
        miners=miners,
        active=active,
        availability=dict(availability),
        states=dict(states),
        hash_rate_hs=rates,
        hash_rate_nominal_hs=nominal,
        power_w=sum(power) if power else None,
        temperature_max=max(hottest, default=None),
        temperature_avg=heat / weight if weight else None,
        power_miners=measured,
    )


#: Those whose last figures count as the present.
PRESENT = (Availability.ONLINE, Availability.DEGRADED, Availability.STALE)


def chief_algorithm(totals: Totals) -> str | None:
    """The algorithm with the largest rate."""
    rates = totals.hash_rate_hs or totals.hash_rate_nominal_hs
    return max(rates, key=lambda algorithm: rates[algorithm], default=None)


def leading(totals: Totals, rates: Mapping[str | None, Sequence[RatePoint]]) -> list[str | None]:
    """The algorithms of a course: first the one that speaks for the container, then by name, unknown ones last.

    That is the largest of now, else the largest at the end of the course.
    """
    now = chief_algorithm(totals)
    last = {algorithm: (points[-1].at, points[-1].hash_rate_hs or 0.0) for algorithm, points in rates.items() if points}
    chief = now if now in last else max(last, key=lambda algorithm: last[algorithm], default=None)
    return sorted(rates, key=lambda algorithm: (algorithm != chief, algorithm is None, algorithm or ""))
