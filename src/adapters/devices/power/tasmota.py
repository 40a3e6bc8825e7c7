"""Plugs with Tasmota: commands in the address, answers in JSON.  It counts its outlets from 1."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import attrs

from ....ports.errors import Declined, Garbled
from ....ports.power import NotASwitch, Plug, PlugState, Startup, SwitchFailed
from .dialect import Ask, check_outlet, mapping, number, watts
from .params import text

_STARTUPS = {0: Startup.OFF, 1: Startup.ON, 3: Startup.STAY, 4: Startup.ON, 5: Startup.ON}
_WORDS = {"ON": True, "OFF": False}
_POWER = re.compile(r"POWER(\d{1,2})?")
_LEADING = re.compile(r"\d+")
#: With this PowerOnState a pulse ends with ON.
_INVERTED = 5


@attrs.frozen
class Tasmota:
    """All of them speak alike."""

    async def state(self, ask: Ask, plug: Plug) -> PlugState:
        told = await ask(_command("Status 0"))
        _check_login(told, plug)
        status, now = mapping(told.get("Status")), mapping(told.get("StatusSTS"))
        outlets = {int(found[1] or 1) - 1: value for key, value in now.items() if (found := _POWER.fullmatch(key))}
        if not outlets:
            raise NotASwitch(f"what answers at {plug.device_id} is no plug with Tasmota")
        check_outlet(plug, len(outlets))
        on = _WORDS.get(str(outlets.get(number(plug))))
        if on is None:
            raise Garbled(f"plug {plug.device_id} calls its states otherwise than ON and OFF; set its StateText back")
        start = status.get("PowerOnState")
        names, sensed = status.get("FriendlyName"), mapping(mapping(told.get("StatusSNS")).get("ENERGY")).get("Power")
        pulse = _pulse(await ask(_command(f"PulseTime{number(plug) + 1}")))
        return PlugState(
            on=on,
            online=True,
            name=_nth(names, number(plug)) or text(status.get("DeviceName")),
            model="Tasmota",
            channels=len(outlets) if len(outlets) > 1 else 0,
            startup=_STARTUPS.get(start) if isinstance(start, int) else None,
            pulse=False if start == _INVERTED else pulse,
            power_w=watts(sensed),
            firmware=text(mapping(told.get("StatusFWR")).get("Version")),
        )

    def order(self, plug: Plug, on: bool) -> str:
        return _command(f"Power{number(plug) + 1} {'ON' if on else 'OFF'}")

    def check(self, answer: Mapping[str, Any], plug: Plug, on: bool) -> None:
        _check_login(answer, plug)
        if answer.get("Command") in ("Unknown", "Error"):
            raise SwitchFailed(f"plug {plug.device_id} does not know the command", number="unknown_command")
        told = _WORDS.get(str(answer.get(f"POWER{number(plug) + 1}", answer.get("POWER"))))
        if told is None:
            raise Garbled(f"plug {plug.device_id} does not say whether it took the command")
        if told is not on:
            raise SwitchFailed(f"plug {plug.device_id} stays {'on' if told else 'off'}: it is locked", number="locked")

    def startup(self, plug: Plug, startup: Startup) -> str:
        """It is one for all outlets."""
        return _command(f"PowerOnState {({Startup.OFF: 0, Startup.ON: 1, Startup.STAY: 3})[startup]}")


def _command(words: str) -> str:
    return f"/cm?cmnd={quote(words, safe='')}"


def _check_login(answer: Mapping[str, Any], plug: Plug) -> None:
    if "WARNING" in answer:
        raise Declined(f"plug {plug.device_id} wants a login, which is not supported: switch its login off")


def _pulse(answer: Mapping[str, Any]) -> bool | None:
    """``{"PulseTime1": {"Set": 0, …}}``, or ``"0 (Disabled)"`` on older ones."""
    told = next((value for key, value in answer.items() if key.startswith("PulseTime")), None)
    if isinstance(told, dict):
        told = told.get("Set")
    if isinstance(told, str):
        found = _LEADING.match(told)
        told = int(found[0]) if found else None
    return told > 0 if isinstance(told, int) else None


def _nth(names: object, index: int) -> str | None:
    if isinstance(names, list):
        return text(names[index]) if index < len(names) else None
    return text(names) if index == 0 else None
