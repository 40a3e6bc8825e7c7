"""Elphapex: web pages like an AntMiner's, under other names."""

from typing import assert_never

from .....ports.miners import (
    Accepted,
    Action,
    ActionKind,
    Fingerprint,
    Light,
    NotPossible,
    PowerLimit,
    Reboot,
    Restart,
    Sleep,
    SwitchPool,
    Target,
    Wake,
)
from .control import Control
from .line import Line, said, seen
from .webconf import Names, light_is, set_light, set_mode, set_pools

NAMES = Names(
    mode=("fc-work-mode", "miner-mode"),
    kept={"fc-fan-ctrl": "fc-fan-ctrl", "fc-fan-pwm": "fc-fan-pwm", "fc-freq-level": "fc-freq-level"},
)
_NO_RESTART = "its web pages can only reboot the whole miner"
_NO_LIMIT = "its firmware has no limit in watts"


def _refusals(known: Fingerprint, target: Target) -> dict[ActionKind, str]:
    return {ActionKind.RESTART: _NO_RESTART, ActionKind.POWER_LIMIT: _NO_LIMIT}


async def _act(line: Line, known: Fingerprint, action: Action) -> Accepted:
    match action:
        case Reboot():
            await line.page("/cgi-bin/get_system_info.cgi")
            return Accepted(said(await line.tell_page("/cgi-bin/reboot.cgi")))
        case Light(on):
            await line.page("/cgi-bin/get_blink_status.cgi")
            told = await set_light(line, on)
            return Accepted(str(told.get("code", "")), seen=await seen(light_is(line, on)), shows=False)
        case Sleep():
            return Accepted(str((await set_mode(line, NAMES, 1)).get("msg", "")))
        case Wake():
            return Accepted(str((await set_mode(line, NAMES, 0)).get("msg", "")))
        case SwitchPool():
            return Accepted(str((await set_pools(line, NAMES, action)).get("msg", "")))
        case Restart():
            raise NotPossible(_NO_RESTART)
        case PowerLimit():
            raise NotPossible(_NO_LIMIT)
        case _:
            assert_never(action)


CONTROL = Control(_refusals, _act)
