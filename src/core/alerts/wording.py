"""What people read: of one alert, and of many at once."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from ...ports.alerts import Due, Message, NoticeKind
from .rules import Check

#: Alerts that a message names; of the others it tells the number.
NAMED = 10
#: Containers of which it says how many of the others are in them.
PLACES = 5
LONGEST = 500


def detail_of(check: Check, value: float | None, words: str) -> str:
    """Why an alert fires: in the reporter's words, and the figure beside its limit."""
    kind = check.kind
    if kind.silence:
        return plain(f"nothing was heard of it for {number(check.rule.minutes)} minutes")
    if not kind.chosen or value is None:
        return plain(words or kind.title)
    unit = f" {kind.unit}" if kind.unit else ""
    figure = f"{number(value)}{unit}, limit {number(check.limit)}{unit}"
    return plain(f"{words.removesuffix('.')}; {figure}" if words else figure)


def message_of(dues: Sequence[Due]) -> Message:
    """One message for notices of one rule and kind."""
    first = dues[0]
    kind, alert = first.notice.kind, first.alert
    worst = max((due.alert.severity for due in dues), key=("info", "warning", "critical").index)
    match kind:
        case NoticeKind.FIRED:
            sign = worst.upper()
        case NoticeKind.ESCALATED:
            sign = f"{worst.upper()}, NOT ACKNOWLEDGED"
        case NoticeKind.RECOVERED:
            sign = "RECOVERED"
        case _:
            assert_never(kind)
    more = len(dues) - 1
    title = f"[{sign}] {alert.rule}: {_whose(first)}" + (f" and {more:,} more" if more else "")
    lines = [_line(due, kind) for due in dues[:NAMED]]
    if len(dues) > NAMED:
        lines.append(_rest(dues[NAMED:]))
    return Message(plain(title), "\n".join(lines), worst, good=kind is NoticeKind.RECOVERED)


def number(value: float) -> str:
    """As short as can be: ``80``, ``61.5``."""
    return f"{value:.4g}" if abs(value) < 10_000 else f"{value:.0f}"


def plain(text: str) -> str:
    """One line without control characters: devices may say anything."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def _line(due: Due, kind: NoticeKind) -> str:
    alert, whose = due.alert, _whose(due)
    if kind is NoticeKind.RECOVERED:
        return plain(f"{whose}: from {_moment(alert.since)} to {_moment(alert.recovered_at or alert.last_at)}")
    return plain(f"{whose}: {alert.detail} (since {_moment(alert.since)})")


def _whose(due: Due) -> str:
    """Who it is and where: a container is itself, and not in itself."""
    subject = due.alert.subject
    return f"{subject} in {due.container}" if due.container and due.container != subject else subject


def _rest(dues: Sequence[Due]) -> str:
    """How many more there are, and where most of them."""
    places = Counter(due.container for due in dues if due.container).most_common(PLACES)
    return plain(
        f"and {len(dues):,} more" + (": " if places else "") + ", ".join(f"{n:,} in {name}" for name, n in places)
    )


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
