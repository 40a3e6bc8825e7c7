"""Orders to gateways find their way to the process that works."""

from typing import Any

import attrs
import msgspec

from ...core.gateways.commands import Commands
from ...core.gateways.inventory import Gateways
from ...core.gateways.scanning import Scanning
from ...core.lease import Permit
from ...core.permissions import allow
from ...ports.gateways import Command, CommandKind, GatewayRow
from ...ports.identity import Actor, Permission
from .gateways_paths import path_of
from .passing import MANNERS, Holder

SYSTEM = "goip"


class _Told(msgspec.Struct):
    """All that is needed of a command which another process stored."""

    id: int


@attrs.frozen
class GatewayActs:
    """Has gateways told and looked at wherever the work is done.

    Who asks is checked here, before anything is passed on: the holder takes it for an admin's.
    """

    commands: Commands
    scanning: Scanning
    gateways: Gateways
    permit: Permit
    holder: Holder
    #: Seconds that a gateway may take over one command or one look.
    patience: float = 30.0

    async def reboot(self, actor: Actor, name: str, *, confirmed: bool) -> Command:
        """Have a gateway reboot; returns once it was told.

        Raises as ``Commands.may_order`` and ``Commands.order``, and ``Unavailable``.
        """
        return await self._order(actor, name, CommandKind.REBOOT, None, "/reboot", confirmed=confirmed)

    async def restart_line(self, actor: Actor, name: str, line: int, *, confirmed: bool) -> Command:
        """Have a module switched off and on again; returns once it was told.  Raises as ``reboot``."""
        path = f"/lines/{line}/restart"
        return await self._order(actor, name, CommandKind.RESTART_LINE, line, path, confirmed=confirmed)

    async def check(self, actor: Actor, name: str) -> GatewayRow:
        """Look at a gateway now; returns what was found, once it is stored.

        Raises as ``Scanning.check``, and ``Unavailable`` if the process that works does not answer.
        """
        async with self.permit.borrowed() as other:
            if other is None:
                return await self.scanning.check(actor, name)
        allow(actor, Permission.SCAN_GATEWAYS)
        await self.gateways.get(actor, name)
        await self.holder.post(other, actor, SYSTEM, path_of(name, "/check"), deadline=2 * self.patience + MANNERS)
        return await self.gateways.get(actor, name)

    async def _order(
        self, actor: Actor, name: str, kind: CommandKind, line: int | None, path: str, *, confirmed: bool
    ) -> Command:
        row = await self.commands.may_order(actor, name, kind, line, confirmed=confirmed)
        async with self.permit.borrowed() as other:
            if other is None:
                if not self.permit.working:
                    # Whoever works all the time did so when he began.
                    await self.commands.recover()
                return await self.commands.order(actor, row, kind, line)
        body: dict[str, Any] = {"confirm": True}
        answer = await self.holder.post(
            other, actor, SYSTEM, path_of(name, path), msgspec.json.encode(body), deadline=2 * self.patience + MANNERS
        )
        return await self.commands.get(actor, msgspec.json.decode(answer, type=_Told).id)
