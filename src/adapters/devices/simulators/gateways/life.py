"""How a line lives: its signal wanders, calls come and go, minutes run out, and now and then it loses its network.

Everything follows from a seed and the time.  Time is cut into slots, and a hash
says what happens in each; counters are carried from slot to slot.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

_MASK = (1 << 64) - 1
#: A line has at most one call in so many seconds, and at most one loss of its network.
CALL_SLOT_S, LOSS_SLOT_S, DRIFT_S = 240.0, 3600.0, 300.0
#: A line that was not looked at for longer skips what it did before.
_CATCH_UP_S = 2 * 86_400.0
_RINGING = ("DIALING", "ALERTING")


class Condition(StrEnum):
    """What is the matter with a line."""

    HEALTHY = "healthy"
    NO_SIM = "no-sim"
    UNREGISTERED = "unregistered"
    WEAK = "weak"
    NO_VOIP = "no-voip"
    #: Few minutes are left on its SIM.
    LOW = "low-minutes"


def scramble(*numbers: int) -> int:
    """Mix numbers into one of 64 bits."""
    mixed = 0x9E3779B97F4A7C15
    for number in numbers:
        mixed = (mixed ^ number) * 0xBF58476D1CE4E5B9 & _MASK
        mixed = (mixed ^ mixed >> 31) * 0x94D049BB133111EB & _MASK
        mixed ^= mixed >> 29
    return mixed


def chance(*numbers: int) -> float:
    """Return a number in [0, 1) that these numbers always give."""
    return scramble(*numbers) / 2.0**64


@dataclass(frozen=True, slots=True)
class Call:
    """A call, in seconds from the start of its slot."""

    starts: float
    rings: float
    talks: float
    incoming: bool
    peer: str

    @property
    def ends(self) -> float:
        """When it is over."""
        return self.starts + self.rings + self.talks


@dataclass(slots=True)
class Counters:
    """What a line has counted since its counters began."""

    dialed: int = 0
    answered: int = 0
    talked_s: float = 0.0
    used_s: float = 0.0
    last_end: float = 0.0


class Line:
    """One line; times are seconds since it was put up."""

    __slots__ = (
        "_slot",
        "busy",
        "calm",
        "condition",
        "counters",
        "free_min",
        "module_on",
        "number",
        "off_till",
        "seed",
        "strength",
    )

    def __init__(
        self, seed: int, number: int, condition: Condition, *, module_on: bool = True, calm: bool = False
    ) -> None:
        self.seed = scramble(seed, number)
        self.number = number
        self.condition = condition
        self.module_on = module_on
        #: Nothing happens by itself.
        self.calm = calm
        #: Its network is found again at this time.
        self.off_till = -math.inf
        self.strength = 3.5 + 4.0 * self.part(1) if condition is Condition.WEAK else 14.0 + 15.0 * self.part(2)
        self.busy = 0.15 + 0.4 * self.part(3)
        #: Minutes that its SIM has; ``None``: no limit.
        self.free_min: int | None = None
        if condition is Condition.LOW:
            self.free_min = 4 + int(12 * self.part(4))
        elif self.part(5) < 0.3:
            self.free_min = 300 + int(2700 * self.part(6))
        self.counters = Counters(last_end=-60.0 * int(2 + 400 * self.part(7) ** 3))
        if self.works:
            self.counters.dialed = int(300 * self.part(8))
            self.counters.answered = int(self.counters.dialed * (0.3 + 0.3 * self.part(9)))
            self.counters.talked_s = self.counters.answered * (30 + 60 * self.part(10))
        self._slot = 0

    def part(self, *numbers: int) -> float:
        """Return a number in [0, 1) of this line's own."""
        return chance(self.seed, *numbers)

    @property
    def works(self) -> bool:
        """Whether it could make calls."""
        return self.module_on and self.condition not in (Condition.NO_SIM, Condition.UNREGISTERED)

    def registered(self, t: float) -> bool:
        """Whether it is in its network."""
        if not self.works or t < self.off_till:
            return False
        if self.calm:
            return True
        slot, at = divmod(t, LOSS_SLOT_S)
        if self.part(20, int(slot)) >= 0.03:
            return True
        starts = 3000.0 * self.part(21, int(slot))
        return not starts <= at < starts + 120 + 360 * self.part(22, int(slot))

    def signal(self, t: float) -> int:
        """Return the signal, 1 to 31."""
        if self.calm:
            return round(self.strength)
        slot, at = divmod(t, DRIFT_S)
        one, two = self.part(30, int(slot)), self.part(30, int(slot) + 1)
        wander = 5.0 * (one + (two - one) * at / DRIFT_S - 0.5)
        return min(31, max(1, round(self.strength + wander)))

    def minutes(self) -> int | None:
        """Return the minutes that are left on its SIM."""
        return None if self.free_min is None else max(0, self.free_min - int(self.counters.used_s // 60))

    def call(self, t: float) -> tuple[str, str] | None:
        """Return the word and the number of the call that is going on, and count those that have ended."""
        if self.calm or not self.works:
            return None
        slot, at = divmod(t, CALL_SLOT_S)
        self._catch_up(int(slot))
        call = self._call_in(int(slot))
        if call is None or not call.starts <= at < call.ends or not self.registered(t) or self.minutes() == 0:
            return None
        if at < call.starts + call.rings:
            word = "INCOMING" if call.incoming else _RINGING[int(at - call.starts) * 2 // math.ceil(call.rings) % 2]
        else:
            word = "CONNECTED"
        return word, call.peer

    def reset_minutes(self) -> None:
        """Begin the minutes of its SIM anew."""
        self.counters.used_s = 0.0

    def _catch_up(self, slot: int) -> None:
        for past in range(max(self._slot, slot - int(_CATCH_UP_S / CALL_SLOT_S)), slot):
            call = self._call_in(past)
            if call is None or self.minutes() == 0:
                continue
            counters = self.counters
            counters.last_end = past * CALL_SLOT_S + call.ends
            if not call.incoming:
                counters.dialed += 1
                counters.answered += call.talks > 0
                counters.talked_s += call.talks
                counters.used_s += call.talks
        self._slot = max(self._slot, slot)

    def _call_in(self, slot: int) -> Call | None:
        if self.part(40, slot) >= self.busy:
            return None
        incoming = self.part(41, slot) < 0.25
        peer = f"{'+' if incoming or self.part(42, slot) < 0.5 else ''}99929{int(1e7 * self.part(43, slot)):07d}"
        talks = 15 + 170 * self.part(44, slot) ** 2 if self.part(45, slot) < 0.55 else 0.0
        return Call(2 + 30 * self.part(46, slot), 4 + 10 * self.part(47, slot), talks, incoming, peer)


def condition_of(seed: int, number: int) -> tuple[Condition, bool]:
    """Return a line's condition by nature, and whether its module is on."""
    drawn = chance(seed, number, 90)
    for part, condition in (
        (0.03, Condition.NO_SIM),
        (0.05, Condition.UNREGISTERED),
        (0.09, Condition.WEAK),
        (0.11, Condition.NO_VOIP),
        (0.13, Condition.LOW),
    ):
        if drawn < part:
            return condition, True
    return Condition.HEALTHY, drawn < 0.97
