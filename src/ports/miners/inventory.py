"""What the operator says there is: containers and the miners in them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import attrs

from ..errors import Conflict, NotFound
from ..secrets import Secret
from .reading import Maker, State
from .watch import Availability, Snapshot
from .where import host_port

#: Row, shelf and slot, each from 1 on.
Spot = tuple[int, int, int]


@attrs.frozen
class NewContainer:
    name: str
    description: str | None = None
    location: str | None = None
    rows: int | None = None
    shelves: int | None = None
    slots: int | None = None


@attrs.frozen
class Container:
    """A shipping container, or any other place that holds miners."""

    id: int
    name: str
    description: str | None
    location: str | None
    created_at: datetime
    #: The grid that miners stand in: rows of racks, shelves of a rack, slots of a shelf.  All three, or none.
    rows: int | None = None
    shelves: int | None = None
    slots: int | None = None
    #: Grows with every change; the ETag of what people edit.
    revision: int = 1


@attrs.frozen
class NewMiner:
    name: str
    ip_address: str
    manufacturer: Maker
    port: int
    web_port: int | None = None
    api3_port: int | None = None
    model: str | None = None
    container_id: int | None = None
    is_active: bool = True
    username: str | None = None
    password: Secret | None = None
    tags: tuple[str, ...] = ()
    group_id: int | None = None
    row: int | None = None
    shelf: int | None = None
    slot: int | None = None
    hardware_id: str | None = None


@attrs.frozen
class Miner:
    """One miner, unique by address and port."""

    id: int
    name: str
    ip_address: str
    port: int
    web_port: int | None
    api3_port: int | None
    manufacturer: Maker
    model: str | None
    container_id: int | None
    is_active: bool
    created_at: datetime
    #: The last good reading.
    last_seen: datetime | None = None
    username: str | None = None
    password: Secret | None = None
    #: Grows with every change; the ETag of what people edit.
    revision: int = 1
    #: Words to find it by, in lower case, sorted.
    tags: tuple[str, ...] = ()
    group_id: int | None = None
    #: Where it stands in its container, each from 1 on.  All three, or none.
    row: int | None = None
    shelf: int | None = None
    slot: int | None = None
    #: MAC address (``aa:bb:cc:dd:ee:ff``) or serial number, by the device's own word; learnt, never typed.
    hardware_id: str | None = None
    #: The login of its group, which is changed there.
    group_username: str | None = None
    group_password: Secret | None = None

    @property
    def where(self) -> str:
        """The main address, for people."""
        return host_port(self.ip_address, self.port)

    @property
    def login(self) -> tuple[str | None, Secret | None]:
        """Name and password to get in with: its own, else its group's."""
        if self.username is not None or self.password is not None:
            return self.username, self.password
        return self.group_username, self.group_password


#: What lists can be sorted by.  Missing values come last either way.
SORTS = (
    "id", "name", "ip_address", "manufacturer", "model", "container_id", "last_seen",
    "availability", "state", "hash_rate_hs", "temperature", "fan_speed", "power_w",
)  # fmt: skip


@attrs.frozen
class MinerQuery:
    """Which miners, in which order.  ``visible`` is what the actor may see, so part of the query."""

    container_id: int | None = None
    is_active: bool | None = None
    manufacturer: Maker | None = None
    availability: Availability | None = None
    state: State | None = None
    #: Part of the name, address or model, in any case.
    search: str | None = None
    tag: str | None = None
    group_id: int | None = None
    #: One of ``SORTS``.
    sort: str = "id"
    descending: bool = False
    limit: int = 100
    offset: int = 0
    visible: frozenset[int] | None = None


@attrs.frozen
class MinerPage:
    """A page of miners, each with what is known of it now."""

    items: tuple[tuple[Miner, Snapshot], ...]
    total: int


class UnknownContainer(NotFound):
    """There is no such container."""


class UnknownMiner(NotFound):
    """There is no such miner."""


class MinerExists(Conflict):
    """A miner of this address and port exists already."""


class PlaceTaken(Conflict):
    """Another miner stands there."""


class GridInUse(Conflict):
    """Miners stand outside of this grid."""


class ContainerExists(Conflict):
    """A container of this name exists already."""


class ContainerInUse(Conflict):
    """There are miners in this container."""


class ContainerStore(Protocol):
    """Keeps containers.  ``visible`` limits every question to what the actor may see."""

    async def all(self, *, visible: frozenset[int] | None = None) -> Sequence[Container]: ...

    async def get(self, container_id: int, *, visible: frozenset[int] | None = None) -> Container:
        """Raises ``UnknownContainer``, also for what the actor may not see."""

    async def add(self, new: NewContainer, *, at: datetime) -> Container:
        """Raises ``ContainerExists``."""

    async def change(self, container: Container) -> Container:
        """Store the container's fields and raise its revision.

        Raises:
            Stale: ``container.revision`` is not the stored one.
            GridInUse: Miners stand outside of the new grid.
            UnknownContainer, ContainerExists
        """

    async def remove(self, container_id: int) -> None:
        """Raises ``UnknownContainer``, ``ContainerInUse``."""


class MinerStore(Protocol):
    """Keeps miners."""

    async def find(self, query: MinerQuery) -> MinerPage: ...

    async def all(self) -> Sequence[Miner]:
        """Every miner, in the order of their ids; for work on all of them, since it asks for no more."""

    async def numbers(self, query: MinerQuery) -> Sequence[int]:
        """The ids of all that a query finds, in its order; ``limit`` and ``offset`` do not count."""

    async def some(self, miner_ids: Sequence[int]) -> Sequence[tuple[Miner, Snapshot]]:
        """These miners in the order given, each with what is known of it now; those that are gone are left out."""

    async def get(self, miner_id: int, *, visible: frozenset[int] | None = None) -> Miner:
        """Raises ``UnknownMiner``, also for what the actor may not see."""

    async def add(self, new: NewMiner, *, at: datetime) -> Miner:
        """Raises ``MinerExists``, ``PlaceTaken``, ``UnknownContainer``, ``UnknownGroup``."""

    async def write(self, new: Sequence[NewMiner], changed: Sequence[Miner], *, at: datetime) -> Sequence[int]:
        """Add and change many in one transaction, all or nothing; the ids of the new ones in order.

        Raises as ``add`` and ``change``, without saying of which.
        """

    async def change(self, miner: Miner) -> Miner:
        """Store the miner's fields and raise its revision.

        A new address, port or maker forgets the fingerprint.

        Raises:
            Stale: ``miner.revision`` is not the stored one.
            UnknownMiner, MinerExists, PlaceTaken, UnknownContainer, UnknownGroup
        """

    async def relocate(self, moves: Sequence[tuple[int, str, int]]) -> None:
        """Give miners (ids) other addresses and ports in one transaction, so that two can change places.

        Fingerprints are forgotten, revisions grow.  Raises ``UnknownMiner``, ``MinerExists``.
        """

    async def arrange(self, container_id: int, places: Mapping[int, Spot | None]) -> None:
        """Give miners (ids) of a container other places in one transaction, so that two can change places.

        Revisions grow.  All or nothing.

        Raises:
            UnknownMiner: One is not in the container any more.
            PlaceTaken: One that is not moved stands there.
        """

    async def identified(self, miner_id: int, hardware_id: str | None) -> None:
        """Note which device stands there now.  Another one than before: its fingerprint is forgotten."""

    async def tags(self, *, visible: frozenset[int] | None = None) -> Mapping[str, int]:
        """All tags, and how many miners have each."""

    async def remove(self, miner_id: int) -> None:
        """Remove the miner with its history.  Raises ``UnknownMiner``."""

    async def remove_many(self, miner_ids: Sequence[int], *, visible: frozenset[int] | None = None) -> frozenset[int]:
        """Remove those of these miners that are there and may be seen, with their history; their ids.

        One transaction, all or nothing, and nobody else writes meanwhile: for a hundred, not for thousands.
        """

    async def version(self) -> int:
        """Grows with every change of miners or containers by any process: cheap to ask each second."""
