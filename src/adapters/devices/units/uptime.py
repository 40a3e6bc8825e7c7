"""``core show uptime`` and ``core show uptime seconds``."""

import re

import attrs

from .printout import lines_of

_LINE = re.compile(rb"(System uptime|Last reload): ([\w, ]{1,120})")
_PART = re.compile(rb"(\d{1,6}) (year|week|day|hour|minute|second)s?")
#: Seconds of each; Asterisk's year has 365 days.
_SECONDS = {b"year": 31_536_000, b"week": 604_800, b"day": 86_400, b"hour": 3600, b"minute": 60, b"second": 1}


@attrs.frozen
class Uptime:
    """Seconds since Asterisk started, and since it last read its configuration; ``None`` = not told."""

    uptime_s: int | None = None
    last_reload_s: int | None = None


def read_uptime(stdout: bytes) -> Uptime:
    """What an output tells, in words or in seconds; never raises."""
    told: dict[bytes, int | None] = {}
    for line in lines_of(stdout):
        if (row := _LINE.match(line)) is not None:
            told[row[1]] = _seconds(row[2].strip())
    return Uptime(told.get(b"System uptime"), told.get(b"Last reload"))


def _seconds(words: bytes) -> int | None:
    if words.isdigit() and len(words) < 12:
        return int(words)
    parts = words.split(b", ")
    found = [_PART.fullmatch(part.strip()) for part in parts]
    if None in found:
        return None
    return sum(int(part[1]) * _SECONDS[part[2]] for part in found if part is not None)
