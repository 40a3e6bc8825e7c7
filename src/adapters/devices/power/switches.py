"""The one switch that knows all kinds of plugs."""

from ....ports.power import Plug, PlugKind, PlugState, PowerSwitch, Startup


class Switches(PowerSwitch):
    """All plugs: each by its kind."""

    def __init__(self, cloud: PowerSwitch, local: PowerSwitch) -> None:
        self._cloud = cloud
        self._local = local

    async def state(self, plug: Plug, *, deadline: float) -> PlugState:
        """See ``PowerSwitch.state``."""
        return await self._of(plug).state(plug, deadline=deadline)

    async def switch(self, plug: Plug, on: bool, *, deadline: float) -> None:
        """See ``PowerSwitch.switch``."""
        await self._of(plug).switch(plug, on, deadline=deadline)

    async def set_startup(self, plug: Plug, startup: Startup, *, deadline: float) -> None:
        """See ``PowerSwitch.set_startup``."""
        await self._of(plug).set_startup(plug, startup, deadline=deadline)

    def _of(self, plug: Plug) -> PowerSwitch:
        return self._cloud if plug.kind is PlugKind.EWELINK else self._local
