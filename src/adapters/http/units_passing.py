"""Questions to units find their way to the process that works."""

import attrs
import msgspec

from ...core.lease import Permit
from ...core.permissions import allow, enterprises_of
from ...core.units import Powering
from ...ports.identity import Actor, Permission
from ...ports.power import Plug
from ...ports.units import Cycle, UnitStore
from .passing import MANNERS, Holder
from .units_paths import path_of

SYSTEM = "units"
#: Seconds that a look at a unit may take at most.
PATIENCE = 45.0


class _Told(msgspec.Struct):
    """All that is needed of a power cycle which another process stored."""

    id: int


@attrs.frozen
class UnitActs:
    """Has units looked at and cycled wherever the work is done.

    Who asks is checked here, before anything is passed on: the holder takes it for an admin's.
    """

    powering: Powering
    unit_store: UnitStore
    permit: Permit
    holder: Holder

    async def check(self, actor: Actor, number: str) -> None:
        """Look at a unit now; returns once what was seen is stored.

        Raises as ``Powering.check``, and ``Unavailable`` if the process that works does not answer.
        """
        async with self.permit.borrowed() as other:
            if other is None:
                await self._here()
                await self.powering.check(actor, number)
                return
        await self._may(actor, Permission.CHECK_UNITS, number)
        await self.holder.post(other, actor, SYSTEM, path_of(number, "/check"), deadline=PATIENCE + MANNERS)

    async def rearm(self, actor: Actor, number: str) -> None:
        """Forget what was tried in this outage.  Raises as ``Powering.rearm``, and ``Unavailable``."""
        async with self.permit.borrowed() as other:
            if other is None:
                await self._here()
                await self.powering.rearm(actor, number)
                return
        await self._may(actor, Permission.CYCLE_POWER, number)
        await self.holder.post(other, actor, SYSTEM, path_of(number, "/rearm"), deadline=MANNERS)

    async def cycle(self, actor: Actor, number: str, *, confirmed: bool) -> Cycle:
        """Have a unit's power cut and given back; returns at once.

        Raises as ``Powering.cycle``, and ``Unavailable``.
        """
        async with self.permit.borrowed() as other:
            if other is None:
                return await self.powering.cycle(actor, number, confirmed=confirmed)
        await self._may(actor, Permission.CYCLE_POWER, number)
        body = msgspec.json.encode({"confirm": confirmed})
        answer = await self.holder.post(
            other, actor, SYSTEM, path_of(number, "/power-cycle"), body, deadline=PATIENCE + MANNERS
        )
        told = msgspec.json.decode(answer, type=_Told)
        return await self.powering.cycle_store.get(told.id, visible=enterprises_of(actor))

    async def toggle(self, actor: Actor, plug: Plug, on: bool) -> None:
        """Switch a plug.  Raises as ``Powering.toggle``, and ``Unavailable``."""
        async with self.permit.borrowed() as other:
            if other is None:
                await self.powering.toggle(actor, plug, on)
                return
        allow(actor, Permission.SWITCH_ON if on else Permission.SWITCH_OFF)
        body = msgspec.json.encode({"device_id": plug.device_id, "state": on, "outlet": plug.outlet, "kind": plug.kind})
        await self.holder.post(other, actor, "ewelink", "/toggle", body, deadline=PATIENCE + MANNERS)

    async def _here(self) -> None:
        """Who works only for a moment does not know the fleet yet."""
        if not self.permit.working:
            self.powering.watching.forget()
            await self.powering.watching.reload()

    async def _may(self, actor: Actor, permission: Permission, number: str) -> None:
        allow(actor, permission)
        await self.unit_store.get(number, visible=enterprises_of(actor))
