"""Figures as people read them: rates with a prefix, times of the day, ages."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise

PREFIXES = ("", "k", "M", "G", "T", "P", "E", "Z")
BARS = "▁▂▃▄▅▆▇█"


def number(value: float) -> str:
    """About three digits, no exponent: ``0.042``, ``98.4``, ``1234``."""
    size = abs(value)
    if value == int(value) and size < 1e15:
        return str(int(value))
    return f"{value:.{0 if size >= 1000 else 1 if size >= 10 else 2 if size >= 1 else 3}f}"


def scaled(value: float, unit: str) -> str:
    """A figure with the prefix that suits it: ``98.4 TH/s``."""
    size, step = abs(value), 0
    while size >= 1000 and step < len(PREFIXES) - 1:
        size, step = size / 1000, step + 1
    return f"{number(value / 1000**step)} {PREFIXES[step]}{unit}"


def rate(value: float, algorithm: str | None = None) -> str:
    """A hash rate given in H/s (in Sol/s for equihash)."""
    return scaled(value, "Sol/s" if algorithm == "equihash" else "H/s")


def rates(by_algorithm: Mapping[str, float]) -> str | None:
    """Rates by algorithm, never added: ``1.2 PH/s sha256, 30 GH/s scrypt``."""
    return ", ".join(f"{rate(value, name)} {name}" for name, value in sorted(by_algorithm.items())) or None


def moment(when: str) -> str:
    """A time of the API in the time zone of this host: ``2026-05-01 12:00:00``."""
    return datetime.fromisoformat(when).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def ago(when: str, *, now: datetime | None = None) -> str:
    """How long ago: ``12 s``, ``3 min``, ``5 h``, ``9 d``."""
    seconds = ((now or datetime.now(UTC)) - datetime.fromisoformat(when)).total_seconds()
    return span(max(seconds, 0.0))


def span(seconds: float) -> str:
    """A length of time in its largest unit."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"


def counts(of: Mapping[str, int]) -> str | None:
    """``12 online, 3 offline``."""
    return ", ".join(f"{count} {name}" for name, count in of.items() if count) or None


def sparkline(values: Sequence[float | None], width: int, *, scale: tuple[float, float] | None = None) -> str:
    """The course of values in ``width`` characters at most; a gap is a blank.

    ``scale``: what the lowest and the highest bar stand for; without it, the least and the greatest value.
    """
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = scale or (min(known), max(known))
    span_of = (high - low) or 1.0
    return "".join(
        " " if mean is None else BARS[min(int((mean - low) / span_of * len(BARS)), len(BARS) - 1)]
        for mean in _buckets(values, width)
    )


def in_time(
    points: Sequence[tuple[float, float | None]], start: float, end: float, step: float, width: int
) -> list[float | None]:
    """Means of equal parts of the span, so that all courses have one scale; a part without points is a gap.

    A point stands for the ``step`` seconds that it begins.
    """
    parts: list[list[float]] = [[] for _ in range(width)]
    for at, value in points:
        if value is not None:
            first = min(max(int((at - start) / (end - start) * width), 0), width - 1)
            last = min(int((at + step - start) / (end - start) * width), width)
            for part in parts[first : max(last, first + 1)]:
                part.append(value)
    return [sum(part) / len(part) if part else None for part in parts]


def _buckets(values: Sequence[float | None], width: int) -> list[float | None]:
    count = min(width, len(values))
    edges = [index * len(values) // count for index in range(count + 1)]
    means: list[float | None] = []
    for start, end in pairwise(edges):
        known = [value for value in values[start:end] if value is not None]
        means.append(sum(known) / len(known) if known else None)
    return means
