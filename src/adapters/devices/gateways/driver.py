"""The driver for GoIP gateways: looks at them, and presses two buttons."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable
from typing import TypeVar

import attrs

from ....ports.errors import DeviceError
from ....ports.gateways import (
    GatewayTarget,
    GatewayTimedOut,
    Identity,
    NoAnswer,
    PageCut,
    Reading,
    Sent,
    UnknownLine,
)
from .failures import GATEWAY_FAILURES, gateway_door, gateway_refused
from .look import Known, Look
from .pages import RETRY_AFTER, Pages

T = TypeVar("T")

#: Devices of which it is remembered what works with them.
_REMEMBERED = 16_384
#: Seconds between a module's OFF and ON.
OFF_FOR = 3.0
#: Seconds that OFF, or one try of ON, may take.
_SWITCH_PATIENCE = 10.0


class GoipDriver:
    """Reads gateways and presses their buttons.  One object serves any number of them at once."""

    def __init__(
        self, reply_limit: int = 1 << 20, *, retry_after: float = RETRY_AFTER, off_for: float = OFF_FOR
    ) -> None:
        """Take limits.

        Args:
            reply_limit: The most bytes that one page may have.
            retry_after: Seconds before what was cut is asked for, or switched on, again.
            off_for: Seconds that a module stays off when it is restarted.
        """
        retried = (NoAnswer, PageCut)
        self._pages = Pages(reply_limit, GATEWAY_FAILURES, gateway_refused, retried, retry_after=retry_after)
        self._retry_after = retry_after
        self._off_for = off_for
        self._known: OrderedDict[tuple[str, str], Known] = OrderedDict()
        #: Modules that are being switched: this goes on if nobody waits for it any more.
        self._switching: set[asyncio.Task[Sent]] = set()

    async def read(self, target: GatewayTarget, *, extras: bool = False, deadline: float) -> Reading:
        """See ``GatewayDriver.read``."""
        look, known = self._look(target, deadline)
        if extras:
            # Seldom enough to find out anew what works.
            known.find_out_anew()
        try:
            async with asyncio.timeout_at(look.until):
                reading = Reading(await look.identity(), await look.lines())
        except TimeoutError as error:
            raise _timed_out(look, deadline) from error
        return await _with_extras(look, reading) if extras else reading

    async def reboot(self, target: GatewayTarget, *, deadline: float) -> Sent:
        """See ``GatewayDriver.reboot``."""
        look, _ = self._look(target, deadline)
        try:
            async with asyncio.timeout_at(look.until):
                before = await look.sure_identity()
            answer = await self._pages.order("POST", look.door, look.path("reboot.html"), until=look.until)
        except TimeoutError as error:
            raise _timed_out(look, deadline) from error
        if answer is None:
            return Sent(False, "the order has left, then the connection ended without an answer", before)
        if 400 <= answer < 500:
            raise gateway_refused(look.door, answer)
        return Sent(True, f"the order was answered with status {answer}", before)

    async def restart_line(self, target: GatewayTarget, line: int, *, deadline: float) -> Sent:
        """See ``GatewayDriver.restart_line``."""
        look, _ = self._look(target, deadline)
        try:
            async with asyncio.timeout_at(look.until):
                before = await look.sure_identity()
                lines = {found.line for found in await look.lines()}
        except TimeoutError as error:
            raise _timed_out(look, deadline) from error
        if line not in lines:
            raise UnknownLine(f"{look.door.where} has no line {line}, it has {len(lines)}")
        if look.left < self._off_for + 2 * self._retry_after:
            raise GatewayTimedOut(
                f"{look.door.where} answered too late to switch a module off and on in {deadline:g} s"
            )
        # A module that is off must come on again though the one who asked for it goes away.
        task = asyncio.create_task(self._off_and_on(look, line, before))
        self._switching.add(task)
        task.add_done_callback(self._switched)
        return await asyncio.shield(task)

    def _switched(self, task: asyncio.Task[Sent]) -> None:
        self._switching.discard(task)
        if not task.cancelled():
            # Nobody may be left who looks at it.
            task.exception()

    async def _off_and_on(self, look: Look, line: int, before: Identity) -> Sent:
        loop = asyncio.get_running_loop()
        off, on = (look.path(f"status.html?type=list&down={down}&line={line}") for down in (1, 0))
        patience = min(_SWITCH_PATIENCE, look.left / 3)
        try:
            answer = await self._pages.order("GET", look.door, off, until=loop.time() + patience)
        except TimeoutError as error:
            raise _timed_out(look, patience) from error
        if answer is not None and 400 <= answer < 500:
            raise gateway_refused(look.door, answer)
        # Whatever else was answered, such as an error of its own: the module may be off.
        await asyncio.sleep(self._off_for)
        tries = 0
        while look.left > 0:
            tries += 1
            until = min(loop.time() + _SWITCH_PATIENCE, look.until)
            try:
                answer = await self._pages.order("GET", look.door, on, until=until)
            except (DeviceError, TimeoutError):
                answer = None
            if answer == 200:
                return Sent(True, f"the module of line {line} was switched off and on", before)
            await asyncio.sleep(min(self._retry_after, max(look.left, 0)))
        detail = f"the module of line {line} was switched off; none of {tries} orders to switch it on was answered"
        return Sent(False, detail, before)

    def _look(self, target: GatewayTarget, deadline: float) -> tuple[Look, Known]:
        key = (target.host, target.name)
        known = self._known.pop(key, None) or Known()
        self._known[key] = known
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        until = asyncio.get_running_loop().time() + deadline
        return Look(self._pages, target, gateway_door(target), known, until), known


async def _with_extras(look: Look, reading: Reading) -> Reading:
    """The reading with what need not be answered."""
    remarks = list(reading.remarks)

    async def tried(what: str, asked: Awaitable[T]) -> T | None:
        try:
            async with asyncio.timeout_at(look.until):
                return await asked
        except DeviceError as error:
            remarks.append(f"{what} not read: {error.detail}")
        except TimeoutError:
            remarks.append(f"{what} not read in time")
        return None

    forwards = await tried("call forwarding", look.forwards())
    numbers = tuple(line.line for line in reading.lines)
    ids = await tried("authentication ids", look.authentication_ids(numbers))
    return attrs.evolve(reading, forwards=forwards, authentication_ids=ids, remarks=tuple(remarks))


def _timed_out(look: Look, deadline: float) -> GatewayTimedOut:
    return GatewayTimedOut(f"{look.door.where} did not answer within {deadline:g} s")
