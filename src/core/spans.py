"""The spans of time that questions may have.  Shared by all contexts."""

from datetime import UTC, datetime, timedelta

from ..ports.errors import Invalid

#: Hours that one question may span: ten years.
LONGEST = 87_840
#: Rows of one history.
MOST_ROWS = 1000


def span_of(
    now: datetime, hours: int | None, since: datetime | None, until: datetime | None
) -> tuple[datetime, datetime]:
    """From when to when: the last ``hours`` (24), or from ``since`` to ``until`` (now).

    Raises:
        Invalid: It is no span, or too long a one.
    """
    if since is not None and hours is not None:
        raise Invalid("give either hours or since, not both", field="hours")
    hours = 24 if hours is None else hours
    between("hours", hours, LONGEST)
    end = in_utc("until", until) or now
    try:
        start = in_utc("since", since) or end - timedelta(hours=hours)
    except OverflowError:
        raise Invalid("lies before the calendar begins", field="until") from None
    if start >= end:
        raise Invalid(f"{start.isoformat()} is not before the end of the span", field="since")
    if end - start > timedelta(hours=LONGEST):
        raise Invalid(f"lies more than {LONGEST} hours before the end", field="since")
    return start, end


def in_utc(field: str, moment: datetime | None) -> datetime | None:
    """The same moment in UTC.  Raises ``Invalid`` for one without a time zone."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise Invalid("needs a time zone, such as Z or +03:00", field=field)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise Invalid("lies outside the calendar", field=field) from None


def between(field: str, value: int, most: int) -> None:
    """Raises ``Invalid`` unless ``value`` is from 1 to ``most``."""
    if not 1 <= value <= most:
        raise Invalid(f"{value} is not between 1 and {most}", field=field)
