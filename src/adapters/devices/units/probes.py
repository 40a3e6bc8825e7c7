"""Both ways into a unit behind one port."""

from ....ports.units import Checked, UnitProbe, UnitTarget
from .ami import AmiProbe
from .dialing import Dialler
from .ssh import SshProbe


class Probes:
    """See ``UnitProbe``: by SSH, or by the manager's port where the unit says so.

    The caller gives each unit its turns: one conversation at a time.
    """

    def __init__(self, ssh: UnitProbe | None = None, ami: UnitProbe | None = None) -> None:
        dialler = Dialler()
        self._ssh = ssh or SshProbe(dialler=dialler)
        self._ami = ami or AmiProbe(dialler=dialler)

    async def check(self, target: UnitTarget, *, deadline: float) -> Checked:
        """See ``UnitProbe.check``."""
        return await self._by(target).check(target, deadline=deadline)

    async def calls(self, target: UnitTarget, *, deadline: float) -> int:
        """See ``UnitProbe.calls``."""
        return await self._by(target).calls(target, deadline=deadline)

    async def restart_service(self, target: UnitTarget, *, deadline: float) -> None:
        """See ``UnitProbe.restart_service``."""
        await self._by(target).restart_service(target, deadline=deadline)

    def _by(self, target: UnitTarget) -> UnitProbe:
        return self._ami if target.via == "ami" else self._ssh
