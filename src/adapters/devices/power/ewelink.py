"""Plugs of the eWeLink cloud.

How a plug is switched is learnt from what it reported last.  Only ON may go to
one that nothing was read of in this process: after a crash that is the first
act, and its binding tells enough.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import attrs

from ....ports.power import (
    CloudFault,
    Plug,
    PlugState,
    PowerSwitch,
    Startup,
    SwitchFailed,
    SwitchLost,
    UnknownPlug,
)
from .account import EwelinkAccount
from .errors import AnswerLost, Call
from .params import Channels, Kind, channels, check_type, guessed, startup_command, state_of

_THING = "/v2/device/thing"
_STATUS = "/v2/device/thing/status"
#: Under which item type the cloud gives a plug: our own, or one that is shared with us.
_OWN, _SHARED = 1, 2
#: Plugs of which it is remembered how they are.
_REMEMBERED = 4096
#: What a strip may answer that wants all its outlets at once.
_WHOLE_WANTED = "4002"


@attrs.define
class _Known:
    """What is known of one plug in this process."""

    item_type: int | None = _OWN
    found: Channels | None = None
    #: ON has left and was not looked at yet: the look may use the reserve.
    unconfirmed: bool = False


class EwelinkSwitch(PowerSwitch):
    """Reads and switches them.  One object serves any number of plugs at once."""

    def __init__(self, account: EwelinkAccount) -> None:
        self._account = account
        self._known: OrderedDict[str, _Known] = OrderedDict()

    async def state(self, plug: Plug, *, deadline: float) -> PlugState:
        """See ``PowerSwitch.state``."""
        thing, found = await self._look(plug, _until(deadline))
        return state_of(thing, found, found.named(plug.outlet, plug.device_id))

    async def switch(self, plug: Plug, on: bool, *, deadline: float) -> None:
        """See ``PowerSwitch.switch``."""
        until = _until(deadline)
        known = self._of(plug)
        if known.found is None and not on:
            await self._look(plug, until)
        # A strip that is bound has the number of its outlet in the binding.
        found = known.found or guessed(plug.outlet)
        outlet = found.named(plug.outlet, plug.device_id)
        known.unconfirmed |= on
        try:
            await self._set(plug, found.command(outlet, on), vital=on, until=until)
        except SwitchFailed as error:
            if error.number != _WHOLE_WANTED or found.kind is not Kind.LIST or len(found.on) < 2:
                raise
            await self._whole(plug, on, until, error)

    async def set_startup(self, plug: Plug, startup: Startup, *, deadline: float) -> None:
        """See ``PowerSwitch.set_startup``."""
        until = _until(deadline)
        thing, found = await self._look(plug, until)
        outlet = found.named(plug.outlet, plug.device_id)
        await self._set(plug, startup_command(_params(thing), found, outlet, startup), vital=False, until=until)

    async def _whole(self, plug: Plug, on: bool, until: float, refused: SwitchFailed) -> None:
        """Some strips want all their outlets at once: once more, with the others as just read."""
        thing, found = await self._look(plug, until, vital=on)
        if thing.get("online") is not True or found.on.get(plug.outlet) is on:
            raise refused
        await self._set(plug, found.whole(plug.outlet, on), vital=on, until=until)

    async def _set(self, plug: Plug, params: Mapping[str, object], *, vital: bool, until: float) -> None:
        body = {"type": 1, "id": plug.device_id, "params": params}
        try:
            await self._account.ask(Call.SWITCH, "POST", _STATUS, body=body, vital=vital, until=until)
        except AnswerLost as error:
            raise SwitchLost(f"whether plug {plug} was switched is not known: {error.detail}") from error

    async def _look(self, plug: Plug, until: float, *, vital: bool = False) -> tuple[Mapping[str, Any], Channels]:
        """The plug's item in the cloud, and its outlets, which are remembered."""
        known = self._of(plug)
        vital, known.unconfirmed = vital or known.unconfirmed, False
        thing = await self._thing(plug, known, vital, until)
        check_type(thing, plug.device_id)
        known.found = None
        known.found = found = channels(_params(thing), plug.device_id)
        return thing, found

    async def _thing(self, plug: Plug, known: _Known, vital: bool, until: float) -> Mapping[str, Any]:
        """By the item type that worked before, then by the others; plugs that are in no list have a status still."""
        ways = [known.item_type, *(way for way in (_OWN, _SHARED, None) if way != known.item_type)]
        for way in ways:
            try:
                found = await self._by(way, plug.device_id, vital, until)
            except UnknownPlug:
                continue
            if found is not None:
                known.item_type = way
                return found
        raise UnknownPlug(f"the cloud account has no plug {plug.device_id}")

    async def _by(self, way: int | None, device_id: str, vital: bool, until: float) -> Mapping[str, Any] | None:
        if way is None:
            query = (("type", "1"), ("id", device_id))
            status = await self._account.ask(Call.READ, "GET", _STATUS, query=query, vital=vital, until=until)
            return status if isinstance(status.get("params"), dict) else None
        body = {"thingList": [{"itemType": way, "id": device_id}]}
        data = await self._account.ask(Call.READ, "POST", _THING, body=body, vital=vital, until=until)
        return _listed(data, device_id)

    def _of(self, plug: Plug) -> _Known:
        known = self._known.setdefault(plug.device_id, _Known())
        self._known.move_to_end(plug.device_id)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return known


def _listed(data: Mapping[str, Any], device_id: str) -> Mapping[str, Any] | None:
    things = data.get("thingList")
    if not isinstance(things, list):
        raise CloudFault("the cloud's answer holds no list of things")
    for thing in things:
        item = thing.get("itemData") if isinstance(thing, dict) else None
        if isinstance(item, dict) and item.get("deviceid") == device_id:
            return item
    return None


def _params(thing: Mapping[str, Any]) -> Mapping[str, Any]:
    found = thing.get("params")
    return found if isinstance(found, dict) else {}


def _until(deadline: float) -> float:
    return asyncio.get_running_loop().time() + deadline
