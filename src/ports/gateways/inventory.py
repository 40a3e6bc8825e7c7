"""Gateways as they are written down, and the socket that keeps them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import attrs

from ..errors import Conflict, NotFound
from ..secrets import Secret
from .driver import Directory
from .watch import GatewayWatch, Health, LineWatch, Status


@attrs.frozen
class Gateway:
    """A GSM gateway.  Its name is its id on the remote administration server: compared exactly, never changed."""

    id: int
    name: str
    enterprise_number: str
    created_at: datetime
    #: What an operator says its serial number ends with.
    serial_last4: str | None = None
    #: Which directory lists it; ``None`` = the first.
    directory_id: int | None = None
    #: Its own login; without one its enterprise's counts, then the default of the settings.
    username: str | None = None
    password: Secret | None = None
    revision: int = 1


@attrs.frozen
class NewGateway:
    name: str
    enterprise_number: str
    serial_last4: str | None = None
    directory_id: int | None = None
    username: str | None = None
    password: Secret | None = None


@attrs.frozen
class LineCounts:
    """A gateway's lines by health."""

    total: int = 0
    ok: int = 0
    weak: int = 0
    #: All that are neither ok, weak nor unknown.
    down: int = 0
    busy: int = 0


@attrs.frozen
class GatewayRow:
    """A gateway with all that a list shows."""

    gateway: Gateway
    enterprise: str
    #: The name of its directory.  A store knows it only of those that it keeps, and where one is named;
    #: to people it is ``None`` only where there is none.
    directory: str | None
    watch: GatewayWatch
    lines: LineCounts


#: What a list of gateways can be sorted by.
SORTS = ("name", "status", "enterprise", "since", "last_ok", "lines_down")


@attrs.frozen(kw_only=True)
class GatewayQuery:
    """Which gateways.  ``visible`` is what the actor may see: numbers of enterprises; ``None`` = all."""

    visible: frozenset[str] | None = None
    names: tuple[str, ...] = ()
    status: Status | None = None
    enterprise_number: str | None = None
    #: With a line of this operator (parts count, any case), of this health, or with a weak signal.
    operator: str | None = None
    health: Health | None = None
    weak: bool | None = None
    #: Parts of the name, the serial number, the model.
    search: str | None = None
    #: One of ``SORTS``.
    sort: str = "name"
    descending: bool = False
    limit: int = 100
    offset: int = 0


@attrs.frozen(kw_only=True)
class LineQuery:
    """Which lines, of all gateways that the actor may see."""

    visible: frozenset[str] | None = None
    gateway_ids: tuple[int, ...] = ()
    enterprise_number: str | None = None
    operator: str | None = None
    health: Health | None = None
    weak: bool | None = None
    limit: int = 1000
    offset: int = 0


class UnknownGateway(NotFound):
    """There is no such gateway."""


class GatewayExists(Conflict):
    """A gateway of this name exists already."""


class UnknownDirectory(NotFound):
    """There is no such directory."""


class DirectoryExists(Conflict):
    """A directory of this name, or of this host and port, exists already."""


class DirectoryInUse(Conflict):
    """Gateways still stand in this directory."""


class GatewayStore(Protocol):
    """Keeps gateways, their passwords sealed."""

    async def rows(self, query: GatewayQuery) -> tuple[Sequence[GatewayRow], int]:
        """A page, and how many there are."""

    async def row(self, name: str, *, visible: frozenset[str] | None = None) -> GatewayRow:
        """Raises ``UnknownGateway``, also for what the actor may not see."""

    async def lines(self, query: LineQuery) -> tuple[Sequence[LineWatch], int]:
        """A page of lines by gateway and number, and how many there are."""

    async def add(self, new: NewGateway, *, at: datetime) -> Gateway:
        """Raises ``GatewayExists``, ``UnknownEnterprise``, ``UnknownDirectory``."""

    async def add_all(self, new: Sequence[NewGateway], *, at: datetime) -> Sequence[Gateway]:
        """All or none."""

    async def change(self, gateway: Gateway) -> Gateway:
        """Store the fields and raise the revision.  Raises ``Stale``, ``UnknownGateway``, and as ``add``."""

    async def remove(self, name: str) -> None:
        """With all that was recorded of it.  Raises ``UnknownGateway``."""


class DirectoryStore(Protocol):
    """Keeps directories, their passwords sealed.  The one of the settings has the id 0 and is not kept here."""

    async def all(self) -> Sequence[Directory]: ...

    async def get(self, directory_id: int) -> Directory:
        """Raises ``UnknownDirectory``."""

    async def add(self, directory: Directory, *, at: datetime) -> Directory:
        """The id given is ignored.  Raises ``DirectoryExists``."""

    async def change(self, directory: Directory) -> Directory:
        """Raises ``Stale``, ``UnknownDirectory``, ``DirectoryExists``."""

    async def remove(self, directory_id: int) -> None:
        """Raises ``UnknownDirectory``, ``DirectoryInUse``."""
