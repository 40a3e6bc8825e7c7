"""What changes of gateways while somebody watches: who asks again gets only what is new, and only what he may see.

It is read from the database, so that it does not matter which process scans.
"""

from collections.abc import Mapping, Sequence

import attrs

from ...ports.clock import Clock
from ...ports.gateways import GatewayQuery, GatewayRow, Scan
from ...ports.identity import Actor
from ..following import Looks, Told
from ..following import Turn as RowTurn
from .inventory import Gateways
from .scans import Scans

#: Gateways in one question.
PAGE = 1000


@attrs.frozen
class Look:
    """How all is at one moment."""

    rows: Mapping[int, GatewayRow]
    scan: Scan | None


@attrs.frozen
class Turn(RowTurn[GatewayRow]):
    """What is new since the turn before."""

    #: ``None``: as before.
    scan: Scan | None = None


@attrs.define(eq=False)
class LiveGateways:
    """One look at the database for all watchers of this process who may see the same."""

    gateways: Gateways
    scans: Scans
    clock: Clock
    looks: Looks[Look] = attrs.field(init=False, default=attrs.Factory(lambda live: Looks(live.clock), takes_self=True))

    async def follow(self, actor: Actor) -> "GatewayFollower":
        """Begin to watch, from now.  Raises ``NotAllowed``."""
        look = await self.look(actor)
        return GatewayFollower(self, Told(dict(look.rows)), look.scan)

    async def look(self, actor: Actor) -> Look:
        """How all is that the actor may see, as of a moment ago.  Raises ``NotAllowed``."""
        return await self.looks.of(actor, self._look)

    async def _look(self, actor: Actor) -> Look:
        rows = {row.gateway.id: row for row in await self._rows(actor)}
        scans = await self.scans.latest(actor, limit=1)
        return Look(rows, scans[0] if scans else None)

    async def _rows(self, actor: Actor) -> Sequence[GatewayRow]:
        found: list[GatewayRow] = []
        while True:
            page, total = await self.gateways.list(actor, GatewayQuery(limit=PAGE, offset=len(found)))
            found += page
            if not page or len(found) >= total:
                return found


@attrs.define(eq=False)
class GatewayFollower:
    """One who watches."""

    live: LiveGateways
    _told: Told[int, GatewayRow]
    _scan: Scan | None

    async def turn(self, actor: Actor) -> Turn:
        """What is new, as the actor may see it now; a bounded piece of work."""
        look = await self.live.look(actor)
        new = self._told.turn(look.rows)
        scan = look.scan if look.scan != self._scan else None
        self._scan = look.scan
        return Turn(new.rows, new.lost, new.more, scan)
