"""What the gateways of one town share: its clock, and how long things take in it."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields


@dataclass(frozen=True, slots=True)
class Times:
    """How long things take, in seconds; nobody wrote it down, so these are what people tell."""

    #: After the order to reboot the pages are away …
    web_down_s: float = 60.0
    #: … and from then on the last line is in its network again after so long.
    lines_down_s: float = 45.0
    #: A module that is switched on finds its network in.
    module_s: float = 20.0
    #: A unit whose tunnel was used dials in again after.
    redial_s: float = 0.03
    #: A unit that lost the server starts anew, and tries again, after.
    lost_s: float = 10.0
    #: A unit that no longer dials in stays on the list for.
    ghost_s: float = 1800.0
    #: Who looked at the list may come to the units' ports for.
    allowed_s: float = 86_400.0
    #: The server is away after a crash for.
    restart_s: float = 10.0

    def scaled(self, factor: float) -> "Times":
        """Return the times made shorter or longer; who looked at the list is let in for as long as before."""
        scaled = {item.name: getattr(self, item.name) * factor for item in fields(self)}
        return Times(**scaled | {"allowed_s": self.allowed_s})


@dataclass(slots=True)
class World:
    """One town's time and chance."""

    clock: Callable[[], float] = time.monotonic
    #: What the units' clocks say at the start, epoch seconds.
    started_at: float = field(default_factory=time.time)
    times: Times = field(default_factory=Times)
    #: Nothing happens by itself: no calls, no wander, no lost networks.
    calm: bool = False
    chance: random.Random = field(default_factory=random.Random)
    origin: float = field(init=False)

    def __post_init__(self) -> None:
        self.origin = self.clock()

    def now(self) -> float:
        """Return the seconds since the start."""
        return self.clock() - self.origin
