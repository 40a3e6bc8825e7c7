"""Days, weeks and months in somebody's time zone, as whole hours since 1970."""

import zoneinfo
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise

import attrs

from ...ports.errors import Invalid

HOUR = timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: The calendar ends with it.
LAST_YEAR = 9999
#: Periods of one report: ten years of weeks, a year and more of days.
MOST = 600


class Period(StrEnum):
    """How a span is cut."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    ALL = "all"


@attrs.frozen
class Piece:
    """From ``start`` to ``end``, and the hours that begin in it: ``first`` to ``last``, both within."""

    start: datetime
    end: datetime
    first: int
    last: int


def zone(name: str) -> tzinfo:
    """The time zone of that name.  Raises ``Invalid``."""
    if name.upper() in ("UTC", "Z"):
        return UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise Invalid(
            f"{name[:50]!r} is no time zone that this host knows; write one such as Europe/Berlin", field="tz"
        ) from None


def pieces(since: datetime, until: datetime, period: Period, where: tzinfo) -> Sequence[Piece]:
    """The periods from ``since`` to ``until``; the first and the last may be cut.

    An hour (of UTC) belongs to the period in which it begins.

    Raises:
        Invalid: There are too many of them.
    """
    try:
        edges, end = [since.astimezone(where)], until.astimezone(where)
    except OverflowError:
        raise Invalid("lies outside the calendar", field="since") from None
    for edge in _edges(edges[0], period, where):
        if edge >= until:
            break
        if edge.astimezone(UTC) <= edges[-1].astimezone(UTC):
            # A day that a zone left out, on its way over the date line.
            continue
        if len(edges) == MOST:
            raise Invalid(f"there are more than {MOST} of them here: ask for longer periods", field="period")
        edges.append(edge)
    edges.append(end)
    hours = [-((EPOCH - edge) // HOUR) for edge in edges]
    return [
        Piece(start, end, hours[number], hours[number + 1] - 1) for number, (start, end) in enumerate(pairwise(edges))
    ]


def _edges(start: datetime, period: Period, where: tzinfo) -> Iterator[datetime]:
    day = start.date()
    while period is not Period.ALL and day.year < LAST_YEAR:
        day = following(day, period)
        yield datetime(day.year, day.month, day.day, tzinfo=where)


def following(day: date, period: Period) -> date:
    """The first day of the next period; weeks begin on Monday."""
    if period is Period.MONTH:
        return date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return day + timedelta(days=1 if period is Period.DAY else 7 - day.weekday())


def month_start(moment: datetime, where: tzinfo) -> datetime:
    """When the month of a moment began there."""
    local = moment.astimezone(where)
    return datetime(local.year, local.month, 1, tzinfo=where)
