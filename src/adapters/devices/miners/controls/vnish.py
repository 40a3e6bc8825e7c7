"""VNish: its own interface on the web server, behind a password that gives a token."""

from typing import assert_never

from .....ports.miners import (
    Accepted,
    AccessDenied,
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

_API = "/api/v1"
_LACKING = "VNish takes commands with the password of its web pages; set the miner's password"
_NO_LIMIT = "VNish takes presets, not a limit in watts"
_NO_POOL = "pools are set up on the miner's web pages"


def _refusals(known: Fingerprint, target: Target) -> dict[ActionKind, str]:
    missing = {} if target.password else dict.fromkeys(ActionKind, _LACKING)
    return {**missing, ActionKind.POWER_LIMIT: _NO_LIMIT, ActionKind.POOL: _NO_POOL}


async def _act(line: Line, known: Fingerprint, action: Action) -> Accepted:
    match action:
        case Reboot():
            return await _tell(line, "system/reboot")
        case Restart():
            return await _tell(line, "mining/restart")
        case Sleep():
            return await _tell(line, "mining/stop")
        case Wake():
            return await _tell(line, "mining/start")
        case Light(on):
            return await _light(line, on)
        case SwitchPool(NewPool()) | SwitchPool():
            raise NotPossible(_NO_POOL)
        case PowerLimit():
            raise NotPossible(_NO_LIMIT)
        case _:
            assert_never(action)


async def _tell(line: Line, path: str, body: object = None) -> Accepted:
    told = await line.ask_page(f"{_API}/unlock", {"pw": line.password})
    token = told.get("token")
    if not isinstance(token, str) or not token.isprintable() or not token.isascii():
        raise AccessDenied(f"{line.where} gives no token; the password is not that of its web pages")
    headers = {"authorization": f"Bearer {token}"}
    return Accepted(said(await line.tell_page(f"{_API}/{path}", body, headers=headers)))


async def _light(line: Line, on: bool) -> Accepted:
    """Some builds turn the light over whatever is said, so that a light that is right is left alone."""
    if await seen(_light_is(line, on)):
        return Accepted("it is so already", seen=True)
    accepted = await _tell(line, "find-miner", {"on": on})
    return Accepted(accepted.detail, seen=await seen(_light_is(line, on)), shows=False)


async def _light_is(line: Line, on: bool) -> bool:
    return bool((await line.page(f"{_API}/status"))["find_miner"]) is on


CONTROL = Control(_refusals, _act)
