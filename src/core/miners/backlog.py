"""What waits to be stored: batches, and patience with a store that cannot be written."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import anyio
import attrs

from ...ports.errors import DeviceError
from ...ports.miners import Miner, Observation, WatchStore
from .events import Event


@attrs.frozen
class Polled:
    """One poll: what it leaves behind, what it brought about, and what went wrong, if anything."""

    miner: Miner
    observation: Observation
    events: tuple[Event, ...] = ()
    error: DeviceError | None = None


#: Told of what a poll brought about, once that is stored.
Tell = Callable[[Miner, Event], Any]
#: Told of everything that was stored, to judge it; keeps its errors.
Report = Callable[[Sequence[tuple[Miner, Observation, Sequence[Event]]]], Awaitable[None]]


class Reports:
    """Several who are told, one after the other."""

    def __init__(self, *reports: Report) -> None:
        self._reports = reports

    async def __call__(self, polls: Sequence[tuple[Miner, Observation, Sequence[Event]]]) -> None:
        for report in self._reports:
            await report(polls)


@attrs.define(eq=False)
class Backlog:
    """A queue before the store.  What does not fit is dropped, the oldest first, and counted."""

    store: WatchStore
    tell: Tell
    report: Report | None = None
    #: Observations in one transaction, and those that may wait.
    batch: int = 2000
    bound: int = 50_000
    kept: int = attrs.field(init=False, default=0)
    dropped: int = attrs.field(init=False, default=0)
    #: The last batch could not be stored, and nothing was since.
    failing: bool = attrs.field(init=False, default=False)

    _waiting: deque[Polled] = attrs.field(init=False, factory=deque)
    _storing: anyio.Lock = attrs.field(init=False, factory=anyio.Lock)

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, polled: Polled) -> None:
        """Queue a poll."""
        self._waiting.append(polled)
        self._shorten()

    async def flush(self) -> int:
        """Store what waits, then tell of it; how many observations.

        Raises:
            Unavailable: The store cannot be written now; everything waits for the next call.
        """
        before = self.kept
        async with self._storing:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(self.batch, len(self._waiting)))]
                stored = False
                try:
                    await self.store.keep([polled.observation for polled in batch])
                    stored = True
                finally:
                    self.failing = not stored
                    # However it failed, even by cancellation: storing one twice does no harm.
                    if not stored:
                        self._put_back(batch)
                self.kept += len(batch)
                for polled in batch:
                    for event in polled.events:
                        self.tell(polled.miner, event)
                if self.report is not None:
                    await self.report([(polled.miner, polled.observation, polled.events) for polled in batch])
        return self.kept - before

    def _put_back(self, batch: list[Polled]) -> None:
        """Wait again.  Of a miner's polls only the newest will be shown with all that it said, and that is large."""
        newest: set[int] = set()
        waiting: deque[Polled] = deque()
        for polled in (*reversed(self._waiting), *reversed(batch)):
            good = polled.observation.reading is not None
            waiting.appendleft(slim(polled) if good and polled.miner.id in newest else polled)
            if good:
                newest.add(polled.miner.id)
        self._waiting = waiting
        self._shorten()

    def _shorten(self) -> None:
        while len(self._waiting) > self.bound:
            self._waiting.popleft()
            self.dropped += 1


def slim(polled: Polled) -> Polled:
    """A poll without its bulk; its figures stay, since the deltas of the next one are taken from them."""
    observation = polled.observation
    if observation.reading is None or observation.raw is None:
        return polled
    reading = attrs.evolve(
        observation.reading, boards=(), pools=(), hash_rate_windows_hs={}, fans_rpm=(), errors=(), vendor_flags=()
    )
    return attrs.evolve(polled, observation=attrs.evolve(observation, reading=reading, raw=None))
