"""The sockets for hands: the remote administration server's list, and the gateways behind it."""

from typing import Protocol

import attrs

from ..errors import Conflict, Declined, Garbled, Unreachable
from ..secrets import Secret
from .reading import Identity, Reading


@attrs.frozen
class Directory:
    """A remote administration server (RADMIN), on whose ports the gateways are."""

    #: 0 for the one that the settings name; its row is kept for it.
    id: int
    name: str
    host: str
    port: int = 8086
    username: str | None = None
    password: Secret | None = None
    is_active: bool = True
    revision: int = 1


@attrs.frozen
class Listed:
    """One row of the list."""

    name: str
    #: The public address of its last dial-in.
    address: str | None
    #: The port of its web pages on the server; ``None`` if the row has no RADMIN link.
    port: int | None


@attrs.frozen
class Listing:
    """A whole, valid list: by name, the row that counts."""

    rows: tuple[Listed, ...]
    version: str | None = None
    #: What was odd, such as two rows of one name.
    remarks: tuple[str, ...] = ()


@attrs.frozen
class GatewayTarget:
    """Where a gateway's pages are, and how to get in."""

    name: str
    host: str
    port: int
    username: str | None = None
    password: Secret | None = None
    #: The last four digits that its serial number must have; ``None`` = not known yet.
    serial_last4: str | None = None


class DirectoryDenied(Declined):
    """The remote administration server does not take the login."""


class NotADirectory(Garbled):
    """What answers there is no remote administration server."""


class PageCut(Garbled):
    """The page was cut off."""


class BadPage(Garbled):
    """The page is not one of a GoIP gateway."""


class PageTooLarge(Garbled):
    """The page is larger than allowed."""


class LoginDenied(Declined):
    """The gateway does not take the login."""


class PageMissing(Declined):
    """The gateway has no such page."""


class NoAnswer(Unreachable):
    """The gateway closed the connection without a word."""


class GatewayTimedOut(Unreachable):
    """The gateway did not answer in time."""


class GatewayRefuses(Unreachable):
    """Nothing listens on the gateway's port."""


class OtherDevice(Conflict):
    """Another device answers on the gateway's port."""


class UnknownLine(Declined):
    """The gateway has no such line."""


@attrs.frozen
class Sent:
    """A command has left.

    ``answered`` is false if the connection broke afterwards: it may or may not have been taken,
    and is never sent twice.
    """

    answered: bool
    detail: str
    #: The device just before.
    before: Identity


class GatewayDirectory(Protocol):
    """Reads a remote administration server's list."""

    async def listing(self, directory: Directory, *, deadline: float) -> Listing:
        """The whole list, or an error.  No link of it is ever followed.

        Raises:
            DirectoryDenied, NotADirectory, PageCut, PageTooLarge, Unreachable
        """


class GatewayDriver(Protocol):
    """Reads a gateway's pages and presses its buttons: one request at a time, no connections to try."""

    async def read(self, target: GatewayTarget, *, extras: bool = False, deadline: float) -> Reading:
        """Identity and lines in two requests; with ``extras`` call forwarding and authentication ids in two more.

        A cut page is an error as a whole.  Extras that cannot be read are left out with a remark.
        A GET whose connection broke is tried once more after a second, within ``deadline``.

        Raises:
            OtherDevice: The serial number is another one's than ``target`` says.
            LoginDenied, PageCut, BadPage, PageTooLarge, Unreachable
        """

    async def reboot(self, target: GatewayTarget, *, deadline: float) -> Sent:
        """See that it is the right device, then post an empty form to ``reboot.html``; never twice.

        Raises as ``read``; whatever it raises, nothing was sent, or the device declined what was.
        """

    async def restart_line(self, target: GatewayTarget, line: int, *, deadline: float) -> Sent:
        """See that it is the right device, switch a module off, and on again after three seconds.

        Once OFF has left, ON is tried until it is answered or the deadline is over; ``answered`` tells of ON.

        Raises as ``read``, and ``UnknownLine``; whatever it raises, nothing was sent, or the device declined OFF.
        """
