"""What changes while somebody watches: who asks again and again gets only what is new, and only what he may see.

It is read from the database, so that it does not matter which process polls.
All watchers of a process share one look at it.
"""

from collections import deque
from collections.abc import Sequence

import anyio
import attrs

from ...ports.clock import Clock
from ...ports.identity import Actor, Permission
from ...ports.miners import Changes, ChangeStore, ContainerStore, Miner, MinerStore, Snapshot
from ..permissions import allow
from .statistics import Overview, Statistics

#: Miners that are looked up in one turn.
MOST = 500
#: Looks that are remembered, for watchers that are slow.
LOOKS = 120


@attrs.frozen
class Wish:
    """What somebody wants to watch: everything he may see, a container, or a miner."""

    miners: bool = True
    totals: bool = True
    container_id: int | None = None
    miner_id: int | None = None


@attrs.frozen
class Turn:
    """What is new since the turn before."""

    miners: Sequence[tuple[Miner, Snapshot]] = ()
    #: ``None``: as before.
    overview: Overview | None = None
    #: Some changes are forgotten: what is shown is to be read anew.
    lost: bool = False
    #: There is more already.
    more: bool = False


@attrs.define(eq=False)
class Live:
    """One look at the database for all watchers of this process."""

    change_store: ChangeStore
    container_store: ContainerStore
    miner_store: MinerStore
    statistics: Statistics
    clock: Clock
    #: Seconds between two looks, and between two additions of the totals.
    every: float = 1.0
    totals_every: float = 5.0

    _looks: deque[tuple[int, Changes]] = attrs.field(init=False, factory=lambda: deque(maxlen=LOOKS))
    _latest: int | None = attrs.field(init=False, default=None)
    _looked: float = attrs.field(init=False, default=float("-inf"))
    _looking: anyio.Lock = attrs.field(init=False, factory=anyio.Lock)
    _totals: dict[frozenset[int] | None, tuple[float, Overview]] = attrs.field(init=False, factory=dict)
    _adding: anyio.Lock = attrs.field(init=False, factory=anyio.Lock)

    async def follow(self, actor: Actor, wish: Wish, after: int | None = None) -> "Follower":
        """Begin to watch, from now or from the number that an earlier watcher had reached.

        Raises:
            UnknownContainer, UnknownMiner, NotAllowed
        """
        allow(actor, Permission.SEE_MINERS)
        allow(actor, Permission.SEE_STATISTICS)
        if wish.container_id is not None:
            await self.container_store.get(wish.container_id, visible=actor.container_ids)
        if wish.miner_id is not None:
            await self.miner_store.get(wish.miner_id, visible=actor.container_ids)
        return Follower(self, wish, await self.change_store.latest() if after is None else after)

    async def after(self, number: int) -> Changes:
        """What was polled after a number, as of a moment ago."""
        async with self._looking:
            now = self.clock.monotonic()
            if self._latest is None or now - self._looked >= self.every:
                before = await self.change_store.latest() if self._latest is None else self._latest
                found = await self.change_store.after(before)
                self._latest, self._looked = found.latest, now
                if not found.whole:
                    self._looks.clear()
                if found.miner_ids:
                    self._looks.append((before, found))
            latest = self._latest
        if number == latest:
            return Changes(latest)
        # What one look found is told as a whole: somebody in the middle of it hears a little twice.
        since = [(start, found) for start, found in self._looks if found.latest > number]
        if number > latest or not since or since[0][0] > number:
            return await self.change_store.after(number)
        order = dict.fromkeys(one for _, found in since for one in found.miner_ids)
        return Changes(latest, tuple(order))

    async def overview(self, actor: Actor, container_id: int | None) -> Overview:
        """The totals of a few seconds ago, of all that the actor may see or of one container."""
        visible = actor.container_ids
        if container_id is not None:
            visible = frozenset({container_id}) if visible is None else visible & {container_id}
        async with self._adding:
            now = self.clock.monotonic()
            self._totals = {
                seen: (at, found) for seen, (at, found) in self._totals.items() if now - at < self.totals_every
            }
            if visible not in self._totals:
                overview = await self.statistics.overview(attrs.evolve(actor, container_ids=visible))
                self._totals[visible] = now, overview
            return self._totals[visible][1]


@attrs.define(eq=False)
class Follower:
    """One who watches."""

    live: Live
    wish: Wish
    #: How far he has come.
    number: int
    _waiting: dict[int, None] = attrs.field(init=False, factory=dict)
    _told: tuple[object, ...] | None = attrs.field(init=False, default=None)

    async def turn(self, actor: Actor) -> Turn:
        """What is new, as the actor may see it now; a bounded piece of work."""
        changes = await self.live.after(self.number)
        self.number = changes.latest
        miners: Sequence[tuple[Miner, Snapshot]] = ()
        if self.wish.miners:
            self._note(changes.miner_ids)
            chosen = [number for number, _ in zip(self._waiting, range(MOST), strict=False)]
            for number in chosen:
                del self._waiting[number]
            if chosen:
                miners = await self.live.change_store.miners(
                    chosen, container_id=self.wish.container_id, visible=actor.container_ids
                )
        overview = await self._overview(actor) if self.wish.totals else None
        return Turn(miners, overview, lost=not changes.whole, more=bool(self._waiting))

    def _note(self, miner_ids: Sequence[int]) -> None:
        only = self.wish.miner_id
        for number in miner_ids:
            if only is None or number == only:
                self._waiting.setdefault(number)

    async def _overview(self, actor: Actor) -> Overview | None:
        found = await self.live.overview(actor, self.wish.container_id)
        told = (found.total, tuple(found.containers))
        if told == self._told:
            return None
        self._told = told
        return found
