"""What single values of a reply mean: numbers in any dress, and nothing out of bounds.

Firmware writes numbers as numbers or as text, and failed ones as ``nan``,
``""`` or ``-1``.  What cannot be is missing, so that a mad device neither
spoils a chart nor breaks the storing of its neighbours' readings.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

#: Units of hash rates, in H/s (Sol/s for equihash).
K, M, G, T = 1e3, 1e6, 1e9, 1e12

_MOST = 1 << 53
_TEXT = 200
#: Clocks of miners that are wrong stand near 1970; 2015 is before the oldest firmware here.
_FIRST_MOMENT = 1_420_070_400
_LAST_MOMENT = 4_102_444_800

Section = Mapping[str, Any]


def number(value: Any) -> float | None:
    """A finite number; text is read, truth values are none."""
    kind = type(value)
    if kind is float:
        return value if -1e300 < value < 1e300 else None  # nan fails too
    if kind is int:
        return value if -_MOST < value < _MOST else None
    if kind is str and 0 < len(value) < 64:
        try:
            found = float(value[:-1] if value[-1] == "%" else value)
        except ValueError:
            return None
        return found if -1e300 < found < 1e300 else None
    return None


# The first lines of the next ones spare a call for what comes most often: they are called a hundred times a poll.


def counter(value: Any) -> int | None:
    """A count or a duration: whole and not negative."""
    if type(value) is int:
        return value if 0 <= value < _MOST else None
    found = number(value)
    return int(found) if found is not None and 0 <= found < _MOST else None


def rate(value: Any, unit: float) -> float | None:
    """A hash rate in H/s from a figure in ``unit``."""
    if value is None:
        return None
    found = value if type(value) is float else number(value)
    return found * unit if found is not None and 0 <= found < 1e200 else None


def positive(value: Any) -> float | None:
    """A figure that says something only above zero: power, a nominal rate, a frequency."""
    if value is None:
        return None
    found = value if type(value) is float else number(value)
    return found if found is not None and 0 < found < 1e200 else None


def celsius(value: Any) -> float | None:
    """A temperature.  Dead sensors say 0, 255 or -83."""
    if value is None:
        return None
    found = value if type(value) is float else number(value)
    return found if found is not None and found != 0 and -40 <= found <= 150 else None


def hottest(values: Iterable[Any]) -> float | None:
    """The highest temperature that a working sensor gives."""
    highest = None
    for value in values:
        degrees = celsius(value)
        if degrees is not None and (highest is None or degrees > highest):
            highest = degrees
    return highest


def rpm(value: Any) -> int | None:
    found = number(value)
    return int(found) if found is not None and 0 <= found <= 100_000 else None


def text(value: Any) -> str | None:
    """A short text without control characters; ``None`` when there is none."""
    if type(value) is not str:
        return None
    if not value.isprintable():
        value = "".join(sign if sign.isprintable() else " " for sign in value[:_TEXT]).strip()
    return value[:_TEXT] or None


def moment(value: Any, now: Any) -> datetime | None:
    """A moment from an epoch, or from an age like ``0:00:23`` before ``now``, the miner's own clock."""
    if value == 0 or value == "0":
        return None
    seconds = number(value)
    if seconds is None and type(value) is str and 4 < len(value) < 16:
        seconds = _before(value, number(now))
    if seconds is None or not _FIRST_MOMENT < seconds < _LAST_MOMENT:
        return None
    return datetime.fromtimestamp(int(seconds), UTC)


def _before(age: str, now: float | None) -> float | None:
    parts = age.split(":")
    if now is None or len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    hours, minutes, seconds = (int(part) for part in parts)
    return now - (hours * 3600 + minutes * 60 + seconds)


def sections(reply: Section | None, name: str) -> list[dict[str, Any]]:
    """The objects in a list of a reply, whatever else is in it."""
    found = reply.get(name) if reply is not None else None
    if type(found) is list:
        for entry in found:
            if type(entry) is not dict:
                return [entry for entry in found if type(entry) is dict]
        return found
    return [found] if type(found) is dict else []


def first(reply: Section | None, name: str) -> dict[str, Any]:
    """The first object in a list of a reply, or an empty one."""
    found = reply.get(name) if reply is not None else None
    if type(found) is list and found and type(found[0]) is dict:
        return found[0]
    return found if type(found) is dict else {}
