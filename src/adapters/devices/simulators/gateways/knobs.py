"""What can be made wrong with a simulated gateway, or with the list that names it, while they run."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Self

#: Ten megabytes, as a page that never ends.
HUGE = 10 * 1024 * 1024
#: A page that stands in the way, as a captive portal's does.
STRANGE = b"<html><head><title>Login</title></head><body><h1>Please log in</h1></body></html>\n"


@dataclass(frozen=True, slots=True)
class _Wire:
    """What can be wrong with anybody's answers; all at rest by default."""

    #: Milliseconds before an answer, and as much more at most, by chance.
    latency_ms: float = 0.0
    jitter_ms: float = 0.0
    #: An answer takes so many milliseconds to drip out, in ten pieces.
    slow_ms: float = 0.0
    #: Accepts and never answers.
    mute: bool = False
    #: Pages end in the middle.
    cut: bool = False
    #: Pages are noise between their first and their last line.
    garbled: bool = False
    #: Pages go on for so many bytes; 0: they end as they should.
    huge: int = 0
    #: Accepts, then closes without a word.
    closed: bool = False
    #: Nothing listens: connections are refused.
    refuse: bool = False
    #: Answers every question with a page of somebody else.
    strange: bool = False
    #: The password was changed: nobody gets in with the old one.
    denied: bool = False

    def turned(self, **changes: Any) -> Self:
        """Return the knobs with some of them turned; a knob that is not there is a ``TypeError``."""
        unknown = set(changes) - {item.name for item in fields(self)}
        if unknown:
            raise TypeError(f"there is no knob {', '.join(sorted(unknown))}")
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Knobs(_Wire):
    """The knobs of one gateway."""

    #: Another serial number than its own, as if its port were another device's now.
    serial: str = ""
    #: Its clock was never set.
    clock_1970: bool = False
    #: The script line of the uptime has no digits.
    no_uptime: bool = False
    #: What all lines show as signal (``"99"``, ``"0"``, ``""`` …); ``None``: what it is.
    rssi: str | None = None
    #: Operators, numbers and the title carry script tags.
    hostile: bool = False
    #: How it answers the order to reboot: ``wait`` (a page), ``short``, ``cut`` (no byte); ``""``: by nature.
    reboot: str = ""
    #: Its XML is UTF-8 although it declares gb2312, as firmware with UTF-8 pages may well do.
    mixed_up: bool = False
    #: Takes the order to reboot and does nothing.
    stubborn: bool = False


@dataclass(frozen=True, slots=True)
class ListKnobs(_Wire):
    """The knobs of the remote administration server."""

    #: Only every second gateway is on the list.
    half: bool = False
    #: Nobody is on the list.
    empty: bool = False


#: Knobs of on and off that a share of the gateways can have.
FAULTS = (*(item.name for item in fields(Knobs) if item.type is bool), "huge")


def spoilt(knobs: Knobs | ListKnobs, page: bytes) -> bytes:
    """Return a page as the knobs leave it."""
    if knobs.strange:
        return STRANGE
    if knobs.garbled:
        first, _, rest = page.partition(b"\n")
        page = first + b"\n" + random.Random(len(page)).randbytes(len(rest)) + b"</html>\n"
    return page[: len(page) * 3 // 5] if knobs.cut else page


def pieces(knobs: Knobs | ListKnobs, head: bytes, page: bytes) -> Iterator[bytes]:
    """Yield an answer as it goes over the wire."""
    if knobs.huge:
        yield head + page[: len(page) // 2]
        row = b"<tr><td>0</td></tr>\n" * 3200
        for _ in range(0, knobs.huge, len(row)):
            yield row
    elif knobs.slow_ms:
        whole = head + page
        size = max(1, -(-len(whole) // 10))
        for at in range(0, len(whole), size):
            yield whole[at : at + size]
    else:
        yield head + page
