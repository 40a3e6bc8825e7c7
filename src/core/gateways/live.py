"""What changes while somebody watches: who asks again and again gets only what is new, and only what he may see.

It is read from the database, so that it does not matter which process scans.
All watchers who may see the same share one look at it.
"""

from collections.abc import Mapping, Sequence

import anyio
import attrs

from ...ports.clock import Clock
from ...ports.gateways import GatewayQuery, GatewayRow, Scan
from ...ports.identity import Actor
from ..permissions import enterprises_of
from .inventory import Gateways
from .scans import Scans

#: Gateways in one question, and in one turn.
PAGE, MOST = 1000, 200
#: Seconds after which a look that nobody shares any more is forgotten.
KEPT = 60.0


@attrs.frozen
class Look:
    """How all is at one moment."""

    at: float
    rows: Mapping[int, GatewayRow]
    scan: Scan | None


@attrs.frozen
class Turn:
    """What is new since the turn before."""

    rows: Sequence[GatewayRow] = ()
    #: ``None``: as before.
    scan: Scan | None = None
    #: Some gateways are gone: what is shown is to be read anew.
    lost: bool = False
    #: There is more already.
    more: bool = False


@attrs.define(eq=False)
class LiveGateways:
    """One look at the database for all watchers of this process who may see the same."""

    gateways: Gateways
    scans: Scans
    clock: Clock
    #: Seconds between two looks.
    every: float = 2.0

    _looks: dict[frozenset[str] | None, Look] = attrs.field(init=False, factory=dict)
    _looking: anyio.Lock = attrs.field(init=False, factory=anyio.Lock)

    async def follow(self, actor: Actor) -> "GatewayFollower":
        """Begin to watch, from now.  Raises ``NotAllowed``."""
        look = await self.look(actor)
        return GatewayFollower(self, dict(look.rows), look.scan)

    async def look(self, actor: Actor) -> Look:
        """How all is that the actor may see, as of a moment ago.  Raises ``NotAllowed``."""
        async with self._looking:
            now = self.clock.monotonic()
            self._looks = {seen: look for seen, look in self._looks.items() if now - look.at < KEPT}
            known = self._looks.get(enterprises_of(actor))
            if known is None or now - known.at >= self.every:
                rows = {row.gateway.id: row for row in await self._rows(actor)}
                scans = await self.scans.latest(actor, limit=1)
                known = self._looks[enterprises_of(actor)] = Look(now, rows, scans[0] if scans else None)
            return known

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
    _told: dict[int, GatewayRow]
    _scan: Scan | None

    async def turn(self, actor: Actor) -> Turn:
        """What is new, as the actor may see it now; a bounded piece of work."""
        look = await self.live.look(actor)
        gone = self._told.keys() - look.rows.keys()
        for number in gone:
            del self._told[number]
        new = [row for number, row in look.rows.items() if self._told.get(number) != row]
        for row in new[:MOST]:
            self._told[row.gateway.id] = row
        scan = look.scan if look.scan != self._scan else None
        self._scan = look.scan
        return Turn(new[:MOST], scan, lost=bool(gone), more=len(new) > MOST)
