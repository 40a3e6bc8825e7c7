"""AntMiner with the maker's firmware: its web pages, and what little port 4028 takes."""

from typing import assert_never

from .....ports.errors import Unreachable
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
    mode=("bitmain-work-mode", "miner-mode"),
    kept={
        "bitmain-fan-ctrl": "bitmain-fan-ctrl",
        "bitmain-fan-pwm": "bitmain-fan-pwm",
        "bitmain-freq-level": "freq-level",
        "bitmain-hashrate-percent": "bitmain-hashrate-percent",
    },
)
_NO_LOGIN = "it is done on the miner's web pages; set the miner's username and password"
_NO_LIMIT = "the maker's firmware has no limit in watts"
_WEB = (ActionKind.REBOOT, ActionKind.LIGHT, ActionKind.SLEEP, ActionKind.WAKE, ActionKind.POOL)


def _refusals(known: Fingerprint, target: Target) -> dict[ActionKind, str]:
    missing = {} if target.username and target.password else dict.fromkeys(_WEB, _NO_LOGIN)
    return {**missing, ActionKind.POWER_LIMIT: _NO_LIMIT}


async def _act(line: Line, known: Fingerprint, action: Action) -> Accepted:
    try:
        return await _acted(line, action)
    except Unreachable as error:
        if line.sent or isinstance(action, Restart):
            raise
        raise NotPossible(f"{error.detail}; it is done on the miner's web pages, and none answer") from error


async def _acted(line: Line, action: Action) -> Accepted:
    match action:
        case Reboot():
            await line.page("/cgi-bin/get_system_info.cgi")
            return Accepted(said(await line.tell_page("/cgi-bin/reboot.cgi")))
        case Restart():
            await line.ask("version")
            return Accepted(said(await line.tell("restart")))
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
        case PowerLimit():
            raise NotPossible(_NO_LIMIT)
        case _:
            assert_never(action)


CONTROL = Control(
    _refusals, _act, {ActionKind.RESTART: "most firmware of the maker refuses it: its api-allow lets nobody write"}
)
