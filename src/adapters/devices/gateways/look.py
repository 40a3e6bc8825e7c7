"""One call's look at one device: what is asked, in which way, and what of it is remembered for the next.

Lines are read off ``status.xml``, which is regular; which device it is off the
status page, as only that one tells title, module version and the seconds since
its start.  Where one of the two is missing the other one serves for both.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import TypeVar

import attrs

from ....ports.errors import DeviceError
from ....ports.gateways import BadPage, Forwards, GatewayTarget, Identity, Line, OtherDevice, PageMissing
from . import status
from .calling import authentication_ids
from .markup import Fields, Page, html_fields, identity_fields, xml_fields
from .pages import Door, Pages

T = TypeVar("T")

#: Answers after which the same is looked for on another page.
_MISFITS = (PageMissing, BadPage)
_TREE = re.compile(r"/([A-Za-z0-9_-]{1,32})/en_US/")


class Way(Enum):
    """Which kind of page tells something."""

    XML = "xml"
    PAGE = "page"

    @property
    def other(self) -> "Way":
        return Way.PAGE if self is Way.XML else Way.XML


@attrs.define
class Known:
    """What works with one device."""

    identity: Way = Way.PAGE
    lines: Way = Way.XML
    forwards: Way = Way.XML
    #: The folder of its pages, which is the vendor's on some devices.
    tree: str = "default"

    def find_out_anew(self) -> None:
        """Try what is best first again."""
        self.identity, self.lines, self.forwards = Way.PAGE, Way.XML, Way.XML


class Look:
    """Asks one page after the other; all of it raises leaves of ``DeviceError``.  The caller bounds the time."""

    def __init__(self, pages: Pages, target: GatewayTarget, door: Door, known: Known, until: float) -> None:
        """``until`` is when it has to be over, in the loop's time."""
        self._pages = pages
        self._target = target
        self._known = known
        self.door = door
        self.until = until
        #: The whole status page, where it has been read already.
        self._page: Page | None = None

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self.until - asyncio.get_running_loop().time()

    def path(self, page: str) -> str:
        """Where a page of the device is."""
        return f"/{self._known.tree}/en_US/{page}"

    async def identity(self) -> Identity:
        """Which device it is.

        Raises:
            OtherDevice: Not the one that is meant.
        """
        try:
            identity = await self._found_identity()
        except PageMissing:
            if not await self._finds_tree():
                raise
            identity = await self._found_identity()
        expected, shown = self._target.serial_last4, identity.serial_last4
        if None not in (expected, shown) and expected != shown:
            raise OtherDevice(
                f"what answers at {self.door.where} is another device: "
                f"its serial number ends with {shown}, not with {expected}"
            )
        return identity

    async def sure_identity(self) -> Identity:
        """The identity, which must be the right one for an order.  Raises ``OtherDevice`` if nobody can tell."""
        identity = await self.identity()
        if self._target.serial_last4 is not None and identity.serial_last4 is None:
            raise OtherDevice(
                f"{self.door.where} does not show its serial number, "
                f"so that nobody can tell whether it is the one that ends with {self._target.serial_last4}"
            )
        return identity

    async def lines(self) -> tuple[Line, ...]:
        """All lines, one at least."""

        async def ask(way: Way) -> tuple[Line, ...]:
            if way is Way.XML:
                found = status.lines(await self._xml("list", status.LINE_NAMES))
            else:
                found = status.lines((await self._status_page()).fields)
            if not found:
                raise BadPage(f"{self.door.where} shows no lines")
            return found

        lines, self._known.lines = await _either(self._known.lines, ask)
        return lines

    async def forwards(self) -> tuple[tuple[int, Forwards], ...]:
        """What the SIM of each line does with calls."""

        async def ask(way: Way) -> tuple[tuple[int, Forwards], ...]:
            if way is Way.XML:
                found = status.forwards(await self._xml("callforward", status.FORWARD_NAMES))
            else:
                page = await self._ask("status.html?type=callforward", _forwards_of)
                found = status.forwards(page.fields)
            if not found:
                raise BadPage(f"{self.door.where} shows no call forwarding")
            return found

        forwards, self._known.forwards = await _either(self._known.forwards, ask)
        return forwards

    async def authentication_ids(self, lines: tuple[int, ...]) -> tuple[tuple[int, str | None], ...]:
        """By line."""
        return await self._ask("config.html?type=calling", lambda page, where: authentication_ids(page, where, lines))

    async def _found_identity(self) -> Identity:
        async def ask(way: Way) -> Identity:
            if way is Way.XML:
                fields = await self._xml("base", status.IDENTITY_NAMES)
                if not fields.get("sn"):
                    raise BadPage(f"{self.door.where} does not say which device it is")
                return status.identity(Page(fields))
            if self._known.lines is Way.PAGE:
                return status.identity(await self._status_page())
            return status.identity(await self._ask("status.html?type=list", _identity_of))

        identity, self._known.identity = await _either(self._known.identity, ask)
        if identity.serial is None:
            try:
                base = await ask(Way.XML)
            except _MISFITS:
                return identity
            return attrs.evolve(identity, serial=base.serial, serial_last4=base.serial_last4)
        return identity

    async def _status_page(self) -> Page:
        if self._page is None:
            self._page = await self._ask("status.html?type=list", _status_of)
        return self._page

    async def _xml(self, kind: str, names: frozenset[str]) -> Fields:
        return await self._ask(
            f"status.xml?type={kind}", lambda data, where: xml_fields(data, where, names.__contains__)
        )

    async def _ask(self, page: str, read: Callable[[bytes, str], T]) -> T:
        where = f"{page.partition('?')[0]} of {self.door.where}"
        return await self._pages.ask(self.door, self.path(page), lambda data: read(data, where), until=self.until)

    async def _finds_tree(self) -> bool:
        """Whether the device says of its first page that its pages are elsewhere: vendors name the folder."""
        response = await self._pages.get(self.door, "/")
        told = response.headers.get("location", "") + " " + response.content[:2048].decode("latin-1")
        found = _TREE.search(told)
        if found is None or found[1] == self._known.tree:
            return False
        self._known.tree = found[1]
        return True


async def _either(first: Way, ask: Callable[[Way], Awaitable[T]]) -> tuple[T, Way]:
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


def _forwards_of(data: bytes, where: str) -> Page:
    return html_fields(data, where, status.FORWARD_NAMES.__contains__)


def _gateways(page: Page, where: str) -> Page:
    if not page.has_lines and not page.fields.get("sn"):
        raise BadPage(f"{where} is not the status page of a gateway")
    return page
