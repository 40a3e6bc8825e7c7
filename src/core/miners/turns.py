"""Whose turn it is at a miner: it serves one client at a time, so polls and commands queue up here."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import attrs

from ...ports.errors import TooManyRequests

#: Polls by hand and commands that may wait for one miner.
QUEUE = 3


@attrs.define
class Turn:
    """Who talks to a miner, and who waits to."""

    lock: anyio.Lock = attrs.field(factory=lambda: anyio.Lock(fast_acquire=True))
    people: int = 0


@attrs.define(eq=False)
class Turns:
    """The turns of all miners that somebody talks to now."""

    taken: dict[int, Turn] = attrs.field(init=False, factory=dict)

    @asynccontextmanager
    async def alone(self, miner_id: int) -> AsyncGenerator[None]:
        """While the block lasts nobody else talks to the miner.

        Raises:
            TooManyRequests: Several wait for it already.
        """
        turn = self.taken.setdefault(miner_id, Turn())
        if turn.people > QUEUE:
            raise TooManyRequests(f"{turn.people} wait for their turn at miner {miner_id}", retry_after=5.0)
        turn.people += 1
        try:
            async with turn.lock:
                yield
        finally:
            self.leave(miner_id, turn)

    def leave(self, miner_id: int, turn: Turn) -> None:
        """Go; the last one takes the turn away."""
        turn.people -= 1
        if not turn.people:
            self.taken.pop(miner_id, None)
