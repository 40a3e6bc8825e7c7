"""What happened to a miner, and when."""

from collections.abc import Sequence
from datetime import timedelta

import attrs

from ...ports.clock import Clock
from ...ports.identity import Actor, Permission
from ...ports.miners import EventStore, MinerEvent, MinerStore
from ..permissions import allow
from ..spans import LONGEST, MOST_ROWS, between


@attrs.frozen
class Chronicle:
    """The events of miners; a client gets those of his containers only."""

    miner_store: MinerStore
    event_store: EventStore
    clock: Clock

    async def events(
        self, actor: Actor, miner_id: int, *, hours: int = 168, limit: int = MOST_ROWS
    ) -> Sequence[MinerEvent]:
        """What happened to a miner in the last ``hours``, newest first.

        Raises:
            UnknownMiner
            Invalid: ``hours`` or ``limit`` is out of bounds.
        """
        allow(actor, Permission.SEE_STATISTICS)
        between("hours", hours, LONGEST)
        between("limit", limit, MOST_ROWS)
        await self.miner_store.get(miner_id, visible=actor.container_ids)
        now = self.clock.now()
        # What was seen while the clock was ahead belongs to the newest.
        return await self.event_store.of(
            miner_id, since=now - timedelta(hours=hours), until=now + timedelta(days=1), limit=limit
        )
