"""Telling the alerts what was seen: after it is stored, within a bound, and never in the way of the polling."""

from collections.abc import Collection, Sequence
from typing import Any

import anyio
import attrs

from ...ports.alerts import AlertSink, Facts
from ...ports.clock import Clock
from ...ports.errors import LinemanError
from ...ports.miners import ContainerStore, Miner, Observation, WatchStore
from .events import Event
from .facts import container_facts, facts_of, pace_facts
from .health import Policy
from .kinds import CONTAINERS, MINERS

#: Seconds that judging one batch may take.
PATIENCE = 20.0

Seen = tuple[Miner, Observation, Sequence[Event]]


@attrs.define(eq=False)
class Reporting:
    """Reports miners, containers and the poller itself.

    What cannot be judged now is counted and let go: the next poll says the
    same again.  A crash between the store and here loses as much.
    """

    sink: AlertSink
    container_store: ContainerStore
    watch_store: WatchStore
    clock: Clock
    policy: Policy = attrs.field(factory=Policy)
    #: Facts that could not be judged, and why the last ones could not.
    lost: int = attrs.field(init=False, default=0)
    error: str | None = attrs.field(init=False, default=None)

    async def polled(self, seen: Sequence[Seen]) -> None:
        """Report a batch of polls, without those of miners that nobody watches.  Never raises a ``LinemanError``."""
        watched = [one for one in seen if one[0].is_active]
        await self._report(
            [facts_of(miner, observation, events, self.policy) for miner, observation, events in watched]
        )

    async def containers(self) -> None:
        """Report every container as it is now.  Raises ``Unavailable`` if that cannot be read."""
        now = self.clock.now()
        totals = {part.container_id: part for part in await self.watch_store.totals()}
        containers = await self.container_store.all()
        await self.sink.present(CONTAINERS, [one.id for one in containers])
        await self._report([container_facts(one, totals[one.id], now) for one in containers if one.id in totals])

    async def pace(self, lag_s: float) -> None:
        """Report how late the poller is."""
        await self._report([pace_facts(lag_s, self.clock.now())])

    async def present(self, miner_ids: Collection[int]) -> None:
        """These are all the miners that are polled: alerts of others end.  Raises ``Unavailable``."""
        await self.sink.present(MINERS, miner_ids)

    async def _report(self, facts: Sequence[Facts]) -> None:
        reason: Any
        try:
            with anyio.fail_after(PATIENCE):
                await self.sink.report(facts)
        except LinemanError as error:
            reason = f"{error.code}: {error.detail}"
        except TimeoutError:
            reason = f"took longer than {PATIENCE:.0f} s"
        else:
            return
        self.lost += len(facts)
        self.error = reason
