"""Looks at units over SSH: one connection a look, one command after another in it."""

import asyncio
import importlib
import math
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import anyio.to_thread

from ....ports.units import CannotRestart, Cause, Checked, UnitTarget
from .channels import read_channels
from .dialing import Dialler, Progress
from .looking import Look, look_around
from .printout import Found, Printed, quoted
from .verdict import LookEnded, Verdict, judge, raised

CALLS = 'asterisk -rx "core show channels concise"'
RESTART = 'asterisk -rx "core restart now"'
#: What restarts the service where Asterisk itself does not answer, tried in this order.
SERVICE_RESTARTS = ("systemctl restart asterisk", "service asterisk restart", "/etc/init.d/asterisk restart")

#: The part of the time that Asterisk may take to restart itself before it is restarted from outside.
_OWN_RESTART = 0.4

#: The only module that imports asyncssh, which takes half a second: not before the first look.
_WIRE = f"{__package__}.shell"


class Shell(Protocol):
    """One login."""

    async def run(self, command: str) -> Printed:
        """Run one command to its end.  Raises ``LookEnded`` when the connection ends before it does."""


#: Logs in, at the latest at a moment of the loop's time, with a limit of bytes for each answer.
Login = Callable[[UnitTarget, Progress, Dialler, float, int], AbstractAsyncContextManager[Shell]]


class SshProbe:
    """See ``UnitProbe``.  One object serves any number of units at once; the caller gives each its turns."""

    def __init__(
        self,
        reply_limit: int = 1 << 20,
        dialler: Dialler | None = None,
        service_restarts: tuple[str, ...] = SERVICE_RESTARTS,
    ) -> None:
        """``reply_limit`` is the most bytes that are taken of what one command prints."""
        self._limit = reply_limit
        self._dialler = dialler or Dialler()
        self._service_restarts = service_restarts
        self._importing = asyncio.Lock()
        self._login: Login | None = None

    async def check(self, target: UnitTarget, *, deadline: float) -> Checked:
        """See ``UnitProbe.check``."""
        await self._ready()
        clock = asyncio.get_running_loop().time
        began = clock()
        progress, look = Progress(), Look(target.patterns)
        try:
            async with asyncio.timeout(deadline), self._logged_in(target, progress, began + deadline) as shell:
                await look_around(shell.run, look, until=began + deadline)
        except TimeoutError:
            look.end(progress.late())
        except LookEnded as ended:
            look.end(ended.verdict)
        return look.checked(host_key=progress.host_key, took_ms=math.ceil((clock() - began) * 1000))

    async def calls(self, target: UnitTarget, *, deadline: float) -> int:
        """See ``UnitProbe.calls``."""
        async with self._for_one_thing(target, deadline) as shell:
            printed = await shell.run(CALLS)
        if (verdict := judge(printed)).cause is not Cause.OK:
            raise raised(verdict, target.enterprise_number)
        channels = read_channels(printed.stdout, printed.stderr)
        if channels.found is not Found.OK:
            raise raised(Verdict.of(Cause.GARBLED, quoted(printed.stdout)), target.enterprise_number)
        return channels.calls

    async def restart_service(self, target: UnitTarget, *, deadline: float) -> None:
        """See ``UnitProbe.restart_service``."""
        async with self._for_one_thing(target, deadline) as shell:
            try:
                async with asyncio.timeout(deadline * _OWN_RESTART):
                    printed = await shell.run(RESTART)
            except TimeoutError:
                pass
            else:
                if judge(printed).cause is Cause.OK and b"No such command" not in printed.stdout:
                    return
            said: list[str] = []
            for command in self._service_restarts:
                printed = await shell.run(command)
                if printed.exit_code == 0:
                    return
                said.append(quoted(printed.stderr) or quoted(printed.stdout) or f"code {printed.exit_code}")
        why = "; ".join(dict.fromkeys(said)) or "no command for it is configured"
        raise CannotRestart(f"{target.enterprise_number}: its Asterisk could not be restarted: {why}")

    @asynccontextmanager
    async def _for_one_thing(self, target: UnitTarget, deadline: float) -> AsyncGenerator[Shell]:
        await self._ready()
        progress = Progress()
        until = asyncio.get_running_loop().time() + deadline
        try:
            async with asyncio.timeout_at(until), self._logged_in(target, progress, until) as shell:
                yield shell
        except TimeoutError as error:
            raise raised(progress.late(), target.enterprise_number) from error
        except LookEnded as ended:
            raise raised(ended.verdict, target.enterprise_number) from ended

    def _logged_in(self, target: UnitTarget, progress: Progress, until: float) -> AbstractAsyncContextManager[Shell]:
        if self._login is None:
            raise RuntimeError("a login needs _ready() before it")
        return self._login(target, progress, self._dialler, until, self._limit)

    async def _ready(self) -> None:
        """Import what speaks SSH, in a thread, so that others are answered meanwhile."""
        if self._login is not None:
            return
        async with self._importing:
            if self._login is None:
                wire = await anyio.to_thread.run_sync(importlib.import_module, _WIRE)
                wire.hush()
                self._login = wire.logged_in
