"""What a kind of local plug has to tell us: where its state is, and how it is switched."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from ....ports.power import ChannelMissing, ChannelRequired, Plug, PlugState, Startup

#: Asks the plug for a path.
Ask = Callable[[str], Awaitable[Mapping[str, Any]]]


class Dialect(Protocol):
    """How one kind of plug is spoken to.  Outlets are counted from 0; ``None`` is the only one."""

    async def state(self, ask: Ask, plug: Plug) -> PlugState:
        """Its state.  Raises ``NotASwitch``, ``ChannelRequired``, ``ChannelMissing``, ``Garbled``."""

    def order(self, plug: Plug, on: bool) -> str:
        """The path that switches it."""

    def check(self, answer: Mapping[str, Any], plug: Plug, on: bool) -> None:
        """Raises ``SwitchFailed`` or ``Garbled`` unless the answer says that it was taken."""

    def startup(self, plug: Plug, startup: Startup) -> str:
        """The path that sets what it does when it gets power."""


def number(plug: Plug) -> int:
    """The outlet's number."""
    return plug.outlet or 0


def check_outlet(plug: Plug, outlets: int) -> None:
    """Raises ``ChannelRequired`` or ``ChannelMissing`` if a plug with so many does not have the one that is meant."""
    if plug.outlet is None and outlets > 1:
        raise ChannelRequired(f"plug {plug.device_id} has {outlets} outlets: say which, from 0", field="outlet")
    if not 0 <= number(plug) < outlets:
        raise ChannelMissing(f"plug {plug.device_id} has no outlet {plug.outlet}, it has {outlets}", field="outlet")


def watts(value: object) -> float | None:
    """A power that makes sense."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e6 else None


def mapping(value: object) -> Mapping[str, Any]:
    """An object's fields; none if it is something else."""
    return value if isinstance(value, dict) else {}
