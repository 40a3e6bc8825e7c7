"""Shelly plugs: the first generation with its paths, the later ones with remote procedure calls."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import attrs

from ....ports.errors import Declined, Garbled
from ....ports.power import NotASwitch, Plug, PlugState, Startup
from .dialect import Ask, Dialect, check_outlet, mapping, number, watts
from .params import text

_STARTUPS_1 = {"on": Startup.ON, "off": Startup.OFF, "last": Startup.STAY}
_STARTUPS_2 = {"on": Startup.ON, "off": Startup.OFF, "restore_last": Startup.STAY}


async def shelly(ask: Ask, plug: Plug) -> Dialect:
    """Which generation answers there.

    Raises:
        Declined: It wants a login.
        NotASwitch: It is no Shelly.
    """
    told = await ask("/shelly")
    generation = told.get("gen")
    if told.get("auth") is True or told.get("auth_en") is True:
        raise Declined(f"plug {plug.device_id} wants a login, which is not supported: switch its login off")
    if isinstance(generation, int) and generation >= 2:
        model = text(told.get("model")) or text(told.get("app"))
        return Later(model, text(told.get("name")), text(told.get("ver")))
    if isinstance(told.get("type"), str):
        return First(text(told.get("type")), text(told.get("fw")))
    raise NotASwitch(f"what answers at {plug.device_id} is no Shelly plug")


@attrs.frozen
class First:
    """The first generation."""

    model: str | None
    firmware: str | None

    async def state(self, ask: Ask, plug: Plug) -> PlugState:
        told = await ask("/status")
        relays = told.get("relays")
        if not isinstance(relays, list) or not relays:
            raise NotASwitch(f"device {plug.device_id} has no relay")
        check_outlet(plug, len(relays))
        relay, meters = mapping(relays[number(plug)]), told.get("meters")
        on = relay.get("ison")
        if not isinstance(on, bool):
            raise Garbled(f"plug {plug.device_id} tells neither on nor off")
        meter = mapping(meters[number(plug)]) if isinstance(meters, list) and len(meters) > number(plug) else {}
        settings = await ask(f"/settings/relay/{number(plug)}")
        auto_off = watts(settings.get("auto_off"))
        return PlugState(
            on=on,
            online=True,
            name=text(settings.get("name")),
            model=self.model,
            channels=len(relays) if len(relays) > 1 else 0,
            startup=_STARTUPS_1.get(str(settings.get("default_state"))),
            # A timer that runs while it is on ends with OFF.
            pulse=bool(auto_off) or (on and relay.get("has_timer") is True),
            power_w=watts(meter.get("power")),
            firmware=self.firmware,
        )

    def order(self, plug: Plug, on: bool) -> str:
        return f"/relay/{number(plug)}?turn={'on' if on else 'off'}"

    def check(self, answer: Mapping[str, Any], plug: Plug, on: bool) -> None:
        if not isinstance(answer.get("ison"), bool):
            raise Garbled(f"plug {plug.device_id} does not say whether it took the command")

    def startup(self, plug: Plug, startup: Startup) -> str:
        words = {value: word for word, value in _STARTUPS_1.items()}
        return f"/settings/relay/{number(plug)}?default_state={words[startup]}"


@attrs.frozen
class Later:
    """The second generation and those after it."""

    model: str | None
    name: str | None
    firmware: str | None

    async def state(self, ask: Ask, plug: Plug) -> PlugState:
        told = await ask("/rpc/Shelly.GetStatus")
        outlets = sum(1 for key in told if key.startswith("switch:"))
        if not outlets:
            raise NotASwitch(f"device {plug.device_id} has no switch")
        check_outlet(plug, outlets)
        switch = mapping(told.get(f"switch:{number(plug)}"))
        on = switch.get("output")
        if not isinstance(on, bool):
            raise Garbled(f"plug {plug.device_id} tells neither on nor off")
        config = await ask(f"/rpc/Switch.GetConfig?id={number(plug)}")
        return PlugState(
            on=on,
            online=True,
            name=text(config.get("name")) or self.name,
            model=self.model,
            channels=outlets if outlets > 1 else 0,
            startup=_STARTUPS_2.get(str(config.get("initial_state"))),
            pulse=config.get("auto_off") is True or (on and "timer_duration" in switch),
            power_w=watts(switch.get("apower")),
            firmware=self.firmware,
        )

    def order(self, plug: Plug, on: bool) -> str:
        return f"/rpc/Switch.Set?id={number(plug)}&on={'true' if on else 'false'}"

    def check(self, answer: Mapping[str, Any], plug: Plug, on: bool) -> None:
        if not isinstance(answer.get("was_on"), bool):
            raise Garbled(f"plug {plug.device_id} does not say whether it took the command")

    def startup(self, plug: Plug, startup: Startup) -> str:
        words = {value: word for word, value in _STARTUPS_2.items()}
        config = quote(f'{{"initial_state":"{words[startup]}"}}', safe="")
        return f"/rpc/Switch.SetConfig?id={number(plug)}&config={config}"
