"""Braiins OS: what its port 4028 takes; the rest needs its own tools."""

from .....ports.miners import (
    Accepted,
    Action,
    ActionKind,
    Fingerprint,
    NotPossible,
    Sleep,
    SwitchPool,
    Target,
    Wake,
)
from .control import Control
from .line import Line, said

_ELSEWHERE = "Braiins OS does that over its own protocol (gRPC) or ssh, which lineman does not speak"
_LATER = "by number only: new pools are set up in Braiins OS itself"
_CAN = frozenset({ActionKind.SLEEP, ActionKind.WAKE, ActionKind.POOL})


def _refusals(known: Fingerprint, target: Target) -> dict[ActionKind, str]:
    return {kind: _ELSEWHERE for kind in ActionKind if kind not in _CAN}


async def _act(line: Line, known: Fingerprint, action: Action) -> Accepted:
    await line.ask("version")
    match action:
        case Sleep():
            return Accepted(said(await line.tell("pause")))
        case Wake():
            return Accepted(said(await line.tell("resume")))
        case SwitchPool(int() as index):
            return Accepted(said(await line.tell("switchpool", str(index))))
        case SwitchPool():
            raise NotPossible(f"{line.where}: {_LATER}")
        case _:
            raise NotPossible(f"{line.where}: {_ELSEWHERE}")


CONTROL = Control(_refusals, _act, {ActionKind.POOL: _LATER})
