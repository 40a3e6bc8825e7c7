"""What a plug does with its outlets: orders, pulses, and power that comes back."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

#: What hangs on an outlet: it is told when power comes and goes.
Wire = Callable[[bool], None]


@dataclass(frozen=True, slots=True)
class Order:
    """A switch command that arrived."""

    at: float
    outlet: int
    on: bool


class Relay:
    """The outlets of one plug, from 0."""

    def __init__(
        self,
        outlets: int = 1,
        *,
        on: bool = True,
        startup: str = "on",
        pulse_s: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Put it up with all outlets on or off.

        Args:
            outlets: How many.
            on: Their state.
            startup: What they do when power comes back: ``on``, ``off`` or ``stay``.
            pulse_s: Each ON ends after so long; ``None``: it does not.
            clock: Seconds.
        """
        self.on = [on] * outlets
        self.startup = [startup] * outlets
        self.pulse_s: list[float | None] = [pulse_s] * outlets
        #: It takes orders and does nothing, as a relay that is welded together.
        self.stuck = False
        #: All that was ordered, and all that changed.
        self.orders: list[Order] = []
        self.changes: list[Order] = []
        self.has_mains = True
        self._clock = clock
        self._wires: list[list[Wire]] = [[] for _ in range(outlets)]
        self._timers: dict[int, asyncio.TimerHandle] = {}

    def wire(self, wire: Wire, outlet: int = 0) -> None:
        """Plug something in; it is told at once if there is no power."""
        self._wires[outlet].append(wire)
        if not self.gives(outlet):
            wire(False)

    def gives(self, outlet: int = 0) -> bool:
        """Whether there is power behind an outlet."""
        return self.has_mains and self.on[outlet]

    def order(self, outlet: int, on: bool) -> None:
        """Take a command to switch."""
        self.orders.append(Order(self._clock(), outlet, on))
        if not self.stuck:
            self._set(outlet, on)

    def mains(self, on: bool) -> None:
        """Take away the power of the plug itself, or give it back: then it does what its startup says."""
        if on == self.has_mains:
            return
        before = [self.gives(outlet) for outlet in range(len(self.on))]
        self.has_mains = on
        if on:
            for outlet, startup in enumerate(self.startup):
                self.on[outlet] = self.on[outlet] if startup == "stay" else startup == "on"
        for outlet, was in enumerate(before):
            self._tell(outlet, was)

    def close(self) -> None:
        """Let no pulse end any more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    @property
    def offs(self) -> int:
        """How often OFF was ordered."""
        return sum(not order.on for order in self.orders)

    @property
    def ons(self) -> int:
        """How often ON was ordered."""
        return sum(order.on for order in self.orders)

    def _set(self, outlet: int, on: bool) -> None:
        was, self.on[outlet] = self.gives(outlet), on
        self._tell(outlet, was)
        if timer := self._timers.pop(outlet, None):
            timer.cancel()
        pulse = self.pulse_s[outlet]
        if on and pulse is not None:
            self._timers[outlet] = asyncio.get_running_loop().call_later(pulse, self._set, outlet, False)

    def _tell(self, outlet: int, was: bool) -> None:
        gives = self.gives(outlet)
        if gives == was:
            return
        self.changes.append(Order(self._clock(), outlet, gives))
        for wire in self._wires[outlet]:
            wire(gives)
