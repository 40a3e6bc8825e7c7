"""Plugs in our own network that have an HTTP interface of their own."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import attrs

from ....ports.errors import Declined, Garbled
from ....ports.power import Plug, PlugKind, PlugState, PowerSwitch, Startup, SwitchFailed
from .dialect import Dialect, check_outlet
from .shelly import shelly
from .tasmota import Tasmota
from .web import Web, place_of

#: Plugs of which it is remembered how they are.
_REMEMBERED = 4096


@attrs.define
class _Known:
    """What is known of one plug in this process."""

    dialect: Dialect | None = None
    outlets: int | None = None


class LocalSwitch(PowerSwitch):
    """Reads and switches Shelly and Tasmota plugs in our own network, without a login."""

    def __init__(self, reply_limit: int = 1 << 18) -> None:
        """``reply_limit`` is the most bytes that one answer may have."""
        self._web = Web(reply_limit)
        self._known: OrderedDict[tuple[PlugKind, str], _Known] = OrderedDict()

    async def state(self, plug: Plug, *, deadline: float) -> PlugState:
        """See ``PowerSwitch.state``; also ``Garbled`` and ``Declined``."""
        return await self._look(plug, _until(deadline))

    async def switch(self, plug: Plug, on: bool, *, deadline: float) -> None:
        """See ``PowerSwitch.switch``."""
        until = _until(deadline)
        known = self._of(plug)
        if known.outlets is None and not on:
            await self._look(plug, until)
        if known.outlets is not None:
            check_outlet(plug, known.outlets)
        dialect = await self._dialect(plug, until)
        answer = await self._web.order(place_of(plug.device_id), dialect.order(plug, on), until=until)
        try:
            dialect.check(answer, plug, on)
        except SwitchFailed:
            raise
        except Declined as error:
            raise SwitchFailed(error.detail, number="401") from error

    async def set_startup(self, plug: Plug, startup: Startup, *, deadline: float) -> None:
        """See ``PowerSwitch.set_startup``."""
        until = _until(deadline)
        await self._look(plug, until)
        dialect = await self._dialect(plug, until)
        await self._web.order(place_of(plug.device_id), dialect.startup(plug, startup), until=until)
        if (await self._look(plug, until)).startup is not startup:
            raise SwitchFailed(f"plug {plug.device_id} does not keep what it is to do when it gets power")

    async def _look(self, plug: Plug, until: float) -> PlugState:
        known = self._of(plug)
        dialect = await self._dialect(plug, until)
        try:
            state = await dialect.state(self._ask(plug, until), plug)
        except (Garbled, Declined):
            # Another device may have its address now.
            known.dialect = known.outlets = None
            raise
        known.outlets = state.channels or 1
        return state

    async def _dialect(self, plug: Plug, until: float) -> Dialect:
        known = self._of(plug)
        if known.dialect is None:
            known.dialect = Tasmota() if plug.kind is PlugKind.TASMOTA else await shelly(self._ask(plug, until), plug)
        return known.dialect

    def _ask(self, plug: Plug, until: float) -> "_Asking":
        return _Asking(self._web, plug, until)

    def _of(self, plug: Plug) -> _Known:
        key = (plug.kind, plug.device_id)
        known = self._known.setdefault(key, _Known())
        self._known.move_to_end(key)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return known


@attrs.frozen
class _Asking:
    """Asks one plug within one deadline."""

    web: Web
    plug: Plug
    until: float

    async def __call__(self, path: str) -> Mapping[str, Any]:
        return await self.web.ask(place_of(self.plug.device_id), path, until=self.until)


def _until(deadline: float) -> float:
    return asyncio.get_running_loop().time() + deadline
