"""Telling the alerts what was seen: after it is stored, within a bound, and never in the way of the polling."""

from collections.abc import Collection, Sequence

import attrs

from ...ports.clock import Clock
from ...ports.miners import ContainerStore, Miner, Observation, WatchStore
from ..reporting import Reporter
from .events import Event
from .facts import container_facts, facts_of, pace_facts
from .health import Policy
from .kinds import CONTAINERS, MINERS

Seen = tuple[Miner, Observation, Sequence[Event]]


@attrs.define(eq=False, kw_only=True)
class Reporting(Reporter):
    """Reports miners, containers and the poller itself."""

    container_store: ContainerStore
    watch_store: WatchStore
    clock: Clock
    policy: Policy = attrs.field(factory=Policy)

    async def polled(self, seen: Sequence[Seen]) -> None:
        """Report a batch of polls, without those of miners that nobody watches.  Never raises a ``LinemanError``."""
        watched = [one for one in seen if one[0].is_active]
        await self.report([facts_of(miner, observation, events, self.policy) for miner, observation, events in watched])

    async def containers(self) -> None:
        """Report every container as it is now.  Raises ``Unavailable`` if that cannot be read."""
        now = self.clock.now()
        totals = {part.container_id: part for part in await self.watch_store.totals()}
        containers = await self.container_store.all()
        await self.sink.present(CONTAINERS, [one.id for one in containers])
        await self.report([container_facts(one, totals[one.id], now) for one in containers if one.id in totals])

    async def pace(self, lag_s: float) -> None:
        """Report how late the poller is."""
        await self.report([pace_facts(lag_s, self.clock.now())])

    async def present(self, miner_ids: Collection[int]) -> None:
        """These are all the miners that are polled: alerts of others end.  Raises ``Unavailable``."""
        await self.sink.present(MINERS, miner_ids)
