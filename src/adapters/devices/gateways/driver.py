"""The driver for GoIP gateways.

Lines are read off ``status.xml``, which is regular; which device it is off the
status page, as only that one tells title, module version and the seconds since
its start.  Where one of the two is missing the other one serves for both.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import TypeVar

import attrs

from ....ports.errors import DeviceError
from ....ports.gateways import (
    BadPage,
    Forwards,
    GatewayTarget,
    GatewayTimedOut,
    Identity,
    Line,
    NoAnswer,
    OtherDevice,
    PageCut,
    PageMissing,
    Reading,
    Sent,
    UnknownLine,
)
from . import status
from .calling import authentication_ids
from .failures import GATEWAY_FAILURES, gateway_door, gateway_refused
from .markup import Fields, Page, html_fields, identity_fields, xml_fields
from .pages import RETRY_AFTER, Door, Pages

T = TypeVar("T")

#: Devices of which it is remembered what works with them.
_REMEMBERED = 16_384
#: Answers after which the same is looked for on another page.
_MISFITS = (PageMissing, BadPage)
#: Seconds between a module's OFF and ON.
OFF_FOR = 3.0
#: Seconds that OFF, or one try of ON, may take.
_SWITCH_PATIENCE = 10.0
_TREE = re.compile(r"/([A-Za-z0-9_-]{1,32})/en_US/")


class _Way(Enum):
    """Which kind of page tells something."""

    XML = "xml"
    PAGE = "page"

    @property
    def other(self) -> "_Way":
        return _Way.PAGE if self is _Way.XML else _Way.XML


@attrs.define
class _Known:
    """What works with one device."""

    identity: _Way = _Way.PAGE
    lines: _Way = _Way.XML
    forwards: _Way = _Way.XML
    #: The folder of its pages, which is the vendor's on some devices.
    tree: str = "default"


@attrs.define
class _Talk:
    """One call's talk with one device."""

    target: GatewayTarget
    door: Door
    known: _Known
    #: When it has to be over, in the loop's time.
    until: float
    #: The whole status page, where it has been read already.
    page: Page | None = None


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
        self._known: OrderedDict[tuple[str, str], _Known] = OrderedDict()
        #: Modules that are being switched: this goes on if nobody waits for it any more.
        self._switching: set[asyncio.Task[Sent]] = set()

    async def read(self, target: GatewayTarget, *, extras: bool = False, deadline: float) -> Reading:
        """See ``GatewayDriver.read``."""
        talk = self._talk(target, deadline)
        if extras:
            # Seldom enough to find out anew what works.
            talk.known.identity, talk.known.lines, talk.known.forwards = _Way.PAGE, _Way.XML, _Way.XML
        try:
            async with asyncio.timeout_at(talk.until):
                identity = await self._identity(talk)
                lines = await self._lines(talk)
        except TimeoutError as error:
            raise _timed_out(talk, deadline) from error
        reading = Reading(identity, lines)
        return await self._with_extras(talk, reading) if extras else reading

    async def reboot(self, target: GatewayTarget, *, deadline: float) -> Sent:
        """See ``GatewayDriver.reboot``."""
        talk = self._talk(target, deadline)
        try:
            async with asyncio.timeout_at(talk.until):
                before = await self._sure(talk)
            answer = await self._pages.order("POST", talk.door, _path(talk, "reboot.html"), until=talk.until)
        except TimeoutError as error:
            raise _timed_out(talk, deadline) from error
        if answer is None:
            return Sent(False, "the order has left, then the connection ended without an answer", before)
        if 400 <= answer < 500:
            raise gateway_refused(talk.door, answer)
        return Sent(True, f"the order was answered with status {answer}", before)

    async def restart_line(self, target: GatewayTarget, line: int, *, deadline: float) -> Sent:
        """See ``GatewayDriver.restart_line``."""
        talk = self._talk(target, deadline)
        try:
            async with asyncio.timeout_at(talk.until):
                before = await self._sure(talk)
                lines = {found.line for found in await self._lines(talk)}
        except TimeoutError as error:
            raise _timed_out(talk, deadline) from error
        if line not in lines:
            raise UnknownLine(f"{talk.door.where} has no line {line}, it has {len(lines)}")
        if _left(talk) < self._off_for + 2 * self._retry_after:
            raise GatewayTimedOut(
                f"{talk.door.where} answered too late to switch a module off and on in {deadline:g} s"
            )
        task = asyncio.create_task(self._off_and_on(talk, line, before))
        self._switching.add(task)
        task.add_done_callback(self._switching.discard)
        return await asyncio.shield(task)

    async def _off_and_on(self, talk: _Talk, line: int, before: Identity) -> Sent:
        off = _path(talk, f"status.html?type=list&down=1&line={line}")
        on = _path(talk, f"status.html?type=list&down=0&line={line}")
        loop = asyncio.get_running_loop()
        patience = min(_SWITCH_PATIENCE, _left(talk) / 3)
        try:
            answer = await self._pages.order("GET", talk.door, off, until=loop.time() + patience)
        except TimeoutError as error:
            raise _timed_out(talk, patience) from error
        if answer is not None and answer != 200:
            raise gateway_refused(talk.door, answer)
        await asyncio.sleep(self._off_for)
        tries = 0
        while _left(talk) > 0:
            tries += 1
            until = min(loop.time() + _SWITCH_PATIENCE, talk.until)
            try:
                answer = await self._pages.order("GET", talk.door, on, until=until)
            except (DeviceError, TimeoutError):
                answer = None
            if answer == 200:
                return Sent(True, f"the module of line {line} was switched off and on", before)
            await asyncio.sleep(min(self._retry_after, max(_left(talk), 0)))
        detail = f"the module of line {line} was switched off; none of {tries} orders to switch it on was answered"
        return Sent(False, detail, before)

    def _talk(self, target: GatewayTarget, deadline: float) -> _Talk:
        key = (target.host, target.name)
        known = self._known.pop(key, None) or _Known()
        self._known[key] = known
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return _Talk(target, gateway_door(target), known, asyncio.get_running_loop().time() + deadline)

    async def _sure(self, talk: _Talk) -> Identity:
        """The identity, which must be the right one to give an order."""
        identity = await self._identity(talk)
        if talk.target.serial_last4 is not None and identity.serial_last4 is None:
            raise OtherDevice(
                f"{talk.door.where} does not show its serial number, "
                f"so that nobody can tell whether it is the one that ends with {talk.target.serial_last4}"
            )
        return identity

    async def _identity(self, talk: _Talk) -> Identity:
        """Raises ``OtherDevice`` too."""
        try:
            identity = await self._found_identity(talk)
        except PageMissing:
            if not await self._finds_tree(talk):
                raise
            identity = await self._found_identity(talk)
        expected, shown = talk.target.serial_last4, identity.serial_last4
        if None not in (expected, shown) and expected != shown:
            raise OtherDevice(
                f"what answers at {talk.door.where} is another device: "
                f"its serial number ends with {shown}, not with {expected}"
            )
        return identity

    async def _found_identity(self, talk: _Talk) -> Identity:
        async def ask(way: _Way) -> Identity:
            if way is _Way.XML:
                fields = await self._xml(talk, "base", status.IDENTITY_NAMES)
                if not fields.get("sn"):
                    raise BadPage(f"{talk.door.where} does not say which device it is")
                return status.identity(Page(fields))
            if talk.known.lines is _Way.PAGE:
                return status.identity(await self._status_page(talk))
            page = await self._ask(talk, "status.html?type=list", _identity_of)
            return status.identity(page)

        identity, talk.known.identity = await _either(talk.known.identity, ask)
        if identity.serial is None:
            try:
                base = await ask(_Way.XML)
            except _MISFITS:
                return identity
            return attrs.evolve(identity, serial=base.serial, serial_last4=base.serial_last4)
        return identity

    async def _lines(self, talk: _Talk) -> tuple[Line, ...]:
        async def ask(way: _Way) -> tuple[Line, ...]:
            if way is _Way.XML:
                found = status.lines(await self._xml(talk, "list", status.LINE_NAMES))
            else:
                found = status.lines((await self._status_page(talk)).fields)
            if not found:
                raise BadPage(f"{talk.door.where} shows no lines")
            return found

        lines, talk.known.lines = await _either(talk.known.lines, ask)
        return lines

    async def _forwards(self, talk: _Talk) -> tuple[tuple[int, Forwards], ...]:
        async def ask(way: _Way) -> tuple[tuple[int, Forwards], ...]:
            if way is _Way.XML:
                found = status.forwards(await self._xml(talk, "callforward", status.FORWARD_NAMES))
            else:
                page = await self._ask(
                    talk,
                    "status.html?type=callforward",
                    lambda data, where: html_fields(data, where, status.FORWARD_NAMES.__contains__),
                )
                found = status.forwards(page.fields)
            if not found:
                raise BadPage(f"{talk.door.where} shows no call forwarding")
            return found

        forwards, talk.known.forwards = await _either(talk.known.forwards, ask)
        return forwards

    async def _with_extras(self, talk: _Talk, reading: Reading) -> Reading:
        """The reading with what need not be answered."""
        numbers = tuple(line.line for line in reading.lines)
        remarks = list(reading.remarks)

        async def tried(what: str, asked: Awaitable[T]) -> T | None:
            try:
                async with asyncio.timeout_at(talk.until):
                    return await asked
            except DeviceError as error:
                remarks.append(f"{what} not read: {error.detail}")
            except TimeoutError:
                remarks.append(f"{what} not read in time")
            return None

        forwards = await tried("call forwarding", self._forwards(talk))
        ids = await tried(
            "authentication ids",
            self._ask(talk, "config.html?type=calling", lambda page, where: authentication_ids(page, where, numbers)),
        )
        return attrs.evolve(reading, forwards=forwards, authentication_ids=ids, remarks=tuple(remarks))

    async def _status_page(self, talk: _Talk) -> Page:
        if talk.page is None:
            talk.page = await self._ask(talk, "status.html?type=list", _status_of)
        return talk.page

    async def _xml(self, talk: _Talk, kind: str, names: frozenset[str]) -> Fields:
        return await self._ask(
            talk, f"status.xml?type={kind}", lambda data, where: xml_fields(data, where, names.__contains__)
        )

    async def _ask(self, talk: _Talk, page: str, read: Callable[[bytes, str], T]) -> T:
        where = f"{page.partition('?')[0]} of {talk.door.where}"
        return await self._pages.ask(talk.door, _path(talk, page), lambda data: read(data, where), until=talk.until)

    async def _finds_tree(self, talk: _Talk) -> bool:
        """Whether the device says of its first page that its pages are elsewhere: vendors name the folder."""
        response = await self._pages.get(talk.door, "/")
        told = response.headers.get("location", "") + " " + response.content[:2048].decode("latin-1")
        found = _TREE.search(told)
        if found is None or found[1] == talk.known.tree:
            return False
        talk.known.tree = found[1]
        return True


async def _either(first: _Way, ask: Callable[[_Way], Awaitable[T]]) -> tuple[T, _Way]:
    """The answer of the first way, else of the other one, and which one gave it."""
    try:
        return await ask(first), first
    except _MISFITS as error:
        misfit: DeviceError = error
    try:
        return await ask(first.other), first.other
    except _MISFITS:
        raise misfit from None


def _identity_of(data: bytes, where: str) -> Page:
    return _gateways(identity_fields(data, where, status.IDENTITY_NAMES.__contains__), where)


def _status_of(data: bytes, where: str) -> Page:
    return _gateways(html_fields(data, where, status.ALL_NAMES.__contains__), where)


def _gateways(page: Page, where: str) -> Page:
    if not page.has_lines and not page.fields.get("sn"):
        raise BadPage(f"{where} is not the status page of a gateway")
    return page


def _path(talk: _Talk, page: str) -> str:
    return f"/{talk.known.tree}/en_US/{page}"


def _left(talk: _Talk) -> float:
    return talk.until - asyncio.get_running_loop().time()


def _timed_out(talk: _Talk, deadline: float) -> GatewayTimedOut:
    return GatewayTimedOut(f"{talk.door.where} did not answer within {deadline:g} s")
