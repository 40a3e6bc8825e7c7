"""LuxOS: cgminer's port with commands of its own, most of which want a session that one client at a time can have."""

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

_NO_LIMIT = "LuxOS takes profiles, not a limit in watts"
_NO_POOL = "by number only: new pools are set up in LuxOS itself"


def _refusals(known: Fingerprint, target: Target) -> dict[ActionKind, str]:
    return {ActionKind.POWER_LIMIT: _NO_LIMIT}


async def _act(line: Line, known: Fingerprint, action: Action) -> Accepted:
    match action:
        case Reboot():
            return await _in_session(line, "rebootdevice")
        case Restart():
            return await _in_session(line, "resetminer")
        case Sleep():
            return await _in_session(line, "curtail", "sleep")
        case Wake():
            return await _in_session(line, "curtail", "wakeup")
        case Light(on):
            accepted = await _in_session(line, "ledset", "red", "blink" if on else "off")
            return Accepted(accepted.detail, shows=False)
        case SwitchPool(NewPool()):
            raise NotPossible(f"{line.where}: {_NO_POOL}")
        case SwitchPool(index):
            await line.ask("version")
            return Accepted(said(await line.tell("switchpool", str(index))))
        case PowerLimit():
            raise NotPossible(_NO_LIMIT)
        case _:
            assert_never(action)


async def _in_session(line: Line, command: str, *parameters: str) -> Accepted:
    told = (await line.ask("logon")).get("SESSION")
    first = told[0] if isinstance(told, list) and told else {}
    session = str(first.get("SessionID") or "") if isinstance(first, dict) else ""
    if not session:
        raise AccessDenied(f"{line.where} gives no session; another client may have it")
    try:
        return Accepted(said(await line.tell(command, ",".join((session, *parameters)))))
    finally:
        # It ends by itself after a while; until then nobody else could give commands.
        await seen(_logged_off(line, session))


async def _logged_off(line: Line, session: str) -> bool:
    await line.ask("logoff", session)
    return True


CONTROL = Control(_refusals, _act, {ActionKind.POOL: _NO_POOL})
