"""Looks at units through the manager's port: better data than the console's, and a user on every unit."""

import asyncio
import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from ....ports.units import CannotRestart, Cause, Checked, LineStats, UnitTarget
from .dialing import Dialler, Progress, Step
from .looking import Look
from .manager import Answer, Manager, managed
from .manager_lists import peers_of_entries, peers_of_lists
from .printout import quoted
from .uptime import read_uptime
from .verdict import LookEnded, Verdict, raised

#: The part of the time left that a question may take whose answer is not needed.
_PATIENCE = 0.5


class AmiProbe:
    """See ``UnitProbe``.  It never tells how full the disk is: the manager knows nothing of its host."""

    def __init__(self, reply_limit: int = 1 << 20, dialler: Dialler | None = None) -> None:
        """``reply_limit`` is the most bytes that are taken in one conversation."""
        self._limit = reply_limit
        self._dialler = dialler or Dialler()

    async def check(self, target: UnitTarget, *, deadline: float) -> Checked:
        """See ``UnitProbe.check``."""
        clock = asyncio.get_running_loop().time
        began = clock()
        progress, look = Progress(), Look(target.patterns)
        try:
            async with asyncio.timeout(deadline), self._logged_in(target, progress, began + deadline) as manager:
                look.end(await _lines(manager, look))
                for ask in (_status, _uptime, _version) if look.alive else ():
                    try:
                        async with asyncio.timeout(max(began + deadline - clock(), 0.0) * _PATIENCE):
                            await ask(manager, look)
                    except TimeoutError:
                        # What comes late would be taken for another answer's: numbers keep them apart.
                        continue
        except TimeoutError:
            look.end(progress.late())
        except LookEnded as ended:
            look.end(ended.verdict)
        return look.checked(host_key=None, took_ms=math.ceil((clock() - began) * 1000))

    async def calls(self, target: UnitTarget, *, deadline: float) -> int:
        """See ``UnitProbe.calls``."""
        async with self._for_one_thing(target, deadline) as manager:
            answer = await manager.ask("CoreStatus")
        calls = answer.response.get("CoreCurrentCalls")
        if not calls.isdecimal():
            cause = Cause.DENIED if answer.denied else Cause.GARBLED
            raise raised(Verdict.of(cause, quoted(answer.message.encode())), target.enterprise_number)
        return int(calls)

    async def restart_service(self, target: UnitTarget, *, deadline: float) -> None:
        """See ``UnitProbe.restart_service``."""
        async with self._for_one_thing(target, deadline) as manager:
            try:
                answer = await manager.ask("Command", Command="core restart now")
            except LookEnded as ended:
                if ended.verdict.cause is not Cause.CLOSED:
                    raise
                # It obeyed before it could answer.
                return
        if not answer.done or b"No such command" in answer.response.output:
            why = quoted(answer.message.encode()) if not answer.done else quoted(answer.response.output)
            raise CannotRestart(f"{target.enterprise_number}: its Asterisk could not be restarted: {why}")

    @asynccontextmanager
    async def _for_one_thing(self, target: UnitTarget, deadline: float) -> AsyncGenerator[Manager]:
        progress = Progress()
        until = asyncio.get_running_loop().time() + deadline
        try:
            async with asyncio.timeout_at(until), self._logged_in(target, progress, until) as manager:
                yield manager
        except TimeoutError as error:
            raise raised(progress.late(), target.enterprise_number) from error
        except LookEnded as ended:
            raise raised(ended.verdict, target.enterprise_number) from ended

    @asynccontextmanager
    async def _logged_in(self, target: UnitTarget, progress: Progress, until: float) -> AsyncGenerator[Manager]:
        if target.password is None:
            raise LookEnded(Verdict.of(Cause.DENIED, "the manager's port needs a password"))
        async with managed(target.host, target.port, progress, self._dialler, until, self._limit) as manager:
            await manager.log_in(target.username, target.password)
            progress.step = Step.ASKING
            yield manager


async def _lines(manager: Manager, look: Look) -> Verdict:
    """The lines.  A user that may not see them is a person's matter, though its Asterisk lives."""
    answer = await _listed(manager, "SIPpeers")
    if answer.denied:
        return Verdict.of(Cause.DENIED, "its manager's user may not read lists: it needs read = system,reporting")
    look.alive = answer.done or answer.unknown
    if answer.whole:
        look.count(peers_of_entries(answer.events, look.patterns))
    if answer.unknown or (answer.whole and not look.peers):
        endpoints = await _listed(manager, "PJSIPShowEndpoints")
        contacts = await _listed(manager, "PJSIPShowContacts")
        if endpoints.whole and (contacts.whole or not contacts.done):
            look.count(peers_of_lists(endpoints.events, contacts.events, look.patterns))
        elif endpoints.message.startswith("No "):
            look.lines = LineStats()
    if look.lines is None:
        look.remark = "its list of peers came incomplete" if answer.done else "it has neither chan_sip nor PJSIP"
    return Verdict(Cause.OK) if look.alive else Verdict.of(Cause.GARBLED, quoted(answer.message.encode()))


async def _listed(manager: Manager, action: str) -> Answer:
    """A list, asked for once more when its end does not count what came."""
    answer = await manager.ask(action, listed=True)
    return await manager.ask(action, listed=True) if answer.done and not answer.whole else answer


async def _status(manager: Manager, look: Look) -> None:
    calls = (await manager.ask("CoreStatus")).response.get("CoreCurrentCalls")
    look.calls = int(calls) if calls.isdecimal() and len(calls) < 9 else None


async def _uptime(manager: Manager, look: Look) -> None:
    """Only a command tells it: ``CoreStatus`` has the hour of the start, but not in which zone."""
    answer = await manager.ask("Command", Command="core show uptime seconds")
    look.uptime_s = read_uptime(answer.response.output).uptime_s


async def _version(manager: Manager, look: Look) -> None:
    look.version = (await manager.ask("CoreSettings")).response.get("AsteriskVersion") or None
