"""The hands for all miners: by what the device is known to be, and only if that has not changed."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

import attrs

from .....ports.errors import Declined, DeviceError
from .....ports.miners import (
    Ability,
    Accepted,
    Action,
    ActionKind,
    Fingerprint,
    MinerControl,
    MinerDown,
    NewPool,
    NoReply,
    NotPossible,
    Reboot,
    Restart,
    SwitchPool,
    Target,
    TimedOut,
    Unanswered,
    kind_of,
)
from ..conversation import Wires
from ..driver import AsicDriver
from ..transports.api3 import converse
from ..transports.cgminer import exchange
from ..transports.web import Web
from .line import Line

ARGUMENTS: Mapping[ActionKind, tuple[str, ...]] = MappingProxyType(
    {ActionKind.LIGHT: ("on",), ActionKind.POOL: ("pool",), ActionKind.POWER_LIMIT: ("watts",)}
)
UNKNOWN = "it is not known yet what answers there: poll the miner first"
NOT_WRITTEN = "lineman knows no commands of this firmware"


@attrs.frozen
class Control:
    """How one dialect is told to do something."""

    #: Why it cannot do what it cannot do.
    refusals: Callable[[Fingerprint, Target], Mapping[ActionKind, str]]
    #: Does what is left, over a line that is the device's alone.
    act: Callable[[Line, Fingerprint, Action], Awaitable[Accepted]]
    #: What one should know before.
    notes: Mapping[ActionKind, str] = MappingProxyType({})


class AsicControl(MinerControl):
    """Commands to miners of all makers.  Shares its turns at the devices with the driver."""

    def __init__(
        self,
        driver: AsicDriver,
        controls: Mapping[str, Control],
        *,
        reply_limit: int = 1 << 20,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._driver = driver
        self._controls = controls
        self._limit = reply_limit
        self._now = now
        self._web = Web(reply_limit)
        self._wires = Wires(exchange, converse, self._web.get)

    def abilities(self, known: Fingerprint | None, target: Target) -> tuple[Ability, ...]:
        """See ``MinerControl.abilities``."""
        control = self._controls.get(known.dialect) if known else None
        refusals: Mapping[ActionKind, str]
        if known is None or control is None:
            refusals = dict.fromkeys(ActionKind, UNKNOWN if known is None else NOT_WRITTEN)
        else:
            refusals = control.refusals(known, target)
        notes = control.notes if control else {}
        return tuple(
            Ability(kind, kind not in refusals, refusals.get(kind) or notes.get(kind, ""), ARGUMENTS.get(kind, ()))
            for kind in ActionKind
        )

    async def act(self, target: Target, known: Fingerprint | None, action: Action, *, deadline: float) -> Accepted:
        """See ``MinerControl.act``."""
        able = next(one for one in self.abilities(known, target) if one.action is kind_of(action))
        control = self._controls.get(known.dialect) if known else None
        if known is None or control is None or not able.possible:
            raise NotPossible(f"{target.where}: {able.reason}")
        line = Line(target, self._wires, self._web, self._limit, self._now)
        try:
            async with asyncio.timeout(deadline), self._driver.alone(target):
                return _scrubbed(await control.act(line, known, action), line, action)
        except TimeoutError as error:
            if line.answered:
                return Accepted("it took the command, and then answered no more questions")
            late = f"{line.where} did not answer within {deadline:g} s"
            raise (Unanswered(late) if line.sent else TimedOut(late)) from error
        except DeviceError as error:
            clean = type(error)(_without_secrets(error.detail, line, action))
            clean.__cause__ = error.__cause__
            return _unless_sent(line, action, clean)


def _unless_sent(line: Line, action: Action, error: DeviceError) -> Accepted:
    """What an error means for the command; mostly the error itself."""
    refused = isinstance(error, Declined) and not isinstance(error, MinerDown)
    if not line.sent or refused:
        raise error
    if isinstance(error, NoReply) and isinstance(action, Reboot | Restart):
        return Accepted("it hung up at once, as miners do that go down")
    raise Unanswered(error.detail) from error


def _scrubbed(accepted: Accepted, line: Line, action: Action) -> Accepted:
    return attrs.evolve(accepted, detail=_without_secrets(accepted.detail, line, action))


def _without_secrets(text: str, line: Line, action: Action) -> str:
    """A miner may repeat what it was told, and its words are kept and shown."""
    secrets = [line.password]
    if isinstance(action, SwitchPool) and isinstance(action.pool, NewPool) and action.pool.password:
        secrets.append(action.pool.password.reveal())
    for secret in secrets:
        if len(secret) > 1:
            text = text.replace(secret, "***")
    return text
