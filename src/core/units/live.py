"""What changes of units while somebody watches: who asks again gets only what is new, and only what he may see.

It is read from the database, so that it does not matter which process watches them.
"""

from collections.abc import Mapping

import attrs

from ...ports.clock import Clock
from ...ports.identity import Actor
from ..following import Looks, Told, Turn
from .inventory import UnitRow, Units


@attrs.define(eq=False)
class LiveUnits:
    """One look at the database for all watchers of this process who may see the same."""

    units: Units
    clock: Clock
    looks: Looks[Mapping[str, UnitRow]] = attrs.field(
        init=False, default=attrs.Factory(lambda live: Looks(live.clock), takes_self=True)
    )

    async def follow(self, actor: Actor) -> "UnitFollower":
        """Begin to watch, from now.  Raises ``NotAllowed``."""
        return UnitFollower(self, Told(dict(await self.look(actor))))

    async def look(self, actor: Actor) -> Mapping[str, UnitRow]:
        """How all is that the actor may see, by number, as of a moment ago.  Raises ``NotAllowed``."""
        return await self.looks.of(actor, self._look)

    async def _look(self, actor: Actor) -> Mapping[str, UnitRow]:
        return {row.unit.enterprise_number: row for row in await self.units.list(actor)}


@attrs.define(eq=False)
class UnitFollower:
    """One who watches."""

    live: LiveUnits
    _told: Told[str, UnitRow]

    async def turn(self, actor: Actor) -> Turn[UnitRow]:
        """What is new, as the actor may see it now; a bounded piece of work."""
        return self._told.turn(await self.live.look(actor))
