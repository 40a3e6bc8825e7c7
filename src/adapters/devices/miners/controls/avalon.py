"""Avalon: ``ascset`` and the privileged commands of cgminer, which the maker leaves open to everybody."""

import re
from typing import assert_never

from .....ports.miners import (
    Accepted,
    Action,
    ActionKind,
    Fingerprint,
    Light,
    NewPool,
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

#: Seconds from now at which it is to stop or to start; it refuses a moment that has passed.
_SOON = 5
#: The controllers of these take boards of several machines, and know only the oldest commands.
_OLD = re.compile(r"\b(?:Avalon ?)?[789]\d\d\b", re.IGNORECASE)
_TOO_OLD = "controllers of the 7, 8 and 9 series do not know that; restart works"
_NO_LIMIT = "an Avalon has work levels, not a limit in watts"
_NO_LOGIN = "a new pool is written with the miner's web login, then it reboots; set the miner's username and password"


def _refusals(known: Fingerprint, target: Target) -> dict[ActionKind, str]:
    old = {}
    if known.model and _OLD.search(known.model):
        old = dict.fromkeys((ActionKind.REBOOT, ActionKind.SLEEP, ActionKind.WAKE), _TOO_OLD)
    return {**old, ActionKind.POWER_LIMIT: _NO_LIMIT}


async def _act(line: Line, known: Fingerprint, action: Action) -> Accepted:
    clock = _clock(await line.ask("version")) or int(line.now())
    match action:
        case Reboot():
            return await _set(line, "0,reboot,0")
        case Restart():
            return Accepted(said(await line.tell("restart")))
        case Light(on):
            accepted = await _set(line, f"0,led,1-{int(on)}")
            return Accepted(accepted.detail, seen=await seen(_light_is(line, on)), shows=False)
        case Sleep():
            return await _set(line, f"0,softoff,1:{clock + _SOON}")
        case Wake():
            return await _set(line, f"0,softon,1:{clock + _SOON}")
        case SwitchPool(NewPool() as pool):
            return await _new_pool(line, pool)
        case SwitchPool(index):
            return Accepted(said(await line.tell("switchpool", str(index))))
        case PowerLimit():
            raise NotPossible(_NO_LIMIT)
        case _:
            assert_never(action)


async def _new_pool(line: Line, pool: NewPool) -> Accepted:
    """Write the first pool anew; the miner looks at it only when it boots."""
    username = line.target.username
    if not username or not line.password:
        raise NotPossible(f"{line.where}: {_NO_LOGIN}")
    password = pool.password.reveal() if pool.password else "x"
    await line.tell("setpool", f"{username},{line.password},0,{pool.url},{pool.user},{password}")
    accepted = await _set(line, "0,reboot,0")
    return Accepted(f"its first pool is written anew, and it reboots. {accepted.detail}")


async def _set(line: Line, parameter: str) -> Accepted:
    return Accepted(said(await line.tell("ascset", parameter)))


def _clock(answer: dict[str, object]) -> int | None:
    """The miner's own time, which need not be the right one."""
    status = answer.get("STATUS")
    when = status[0].get("When") if isinstance(status, list) and status and isinstance(status[0], dict) else None
    return when if isinstance(when, int) and when > 0 else None


async def _light_is(line: Line, on: bool) -> bool:
    return f"LED[{int(on)}]" in said(await line.ask("ascset", "0,led,1-255"))


CONTROL = Control(_refusals, _act, {ActionKind.POOL: "a new pool replaces the first one, and the miner reboots for it"})
