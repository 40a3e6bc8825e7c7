"""Whose turn it is at a device: it serves one client at a time, so polls and commands queue up here."""

from collections.abc import AsyncGenerator, Hashable
from contextlib import asynccontextmanager

import anyio
import attrs

from ..ports.errors import TooManyRequests

#: Polls by hand and commands that may wait for one device.
QUEUE = 3


@attrs.define
class Turn:
    """Who talks to a device, and who waits to."""

    lock: anyio.Lock = attrs.field(factory=lambda: anyio.Lock(fast_acquire=True))
    people: int = 0


@attrs.define(eq=False)
class Turns:
    """The turns of all devices that somebody talks to now."""

    #: What the devices are called, for people.
    noun: str = "miner"
    taken: dict[Hashable, Turn] = attrs.field(init=False, factory=dict)

    @asynccontextmanager
    async def alone(self, device: Hashable) -> AsyncGenerator[None]:
        """While the block lasts nobody else talks to the device.

        Raises:
            TooManyRequests: Several wait for it already.
        """
        turn = self.taken.setdefault(device, Turn())
        if turn.people > QUEUE:
            raise TooManyRequests(f"{turn.people} wait for their turn at {self.noun} {device}", retry_after=5.0)
        turn.people += 1
        try:
            async with turn.lock:
                yield
        finally:
            self.leave(device, turn)

    def leave(self, device: Hashable, turn: Turn) -> None:
        """Go; the last one takes the turn away."""
        turn.people -= 1
        if not turn.people:
            self.taken.pop(device, None)
