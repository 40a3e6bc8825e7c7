"""What the operator says there is: containers and the miners in them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import attrs

from ..errors import Conflict, NotFound
from ..secrets import Secret
from .reading import Maker, State
from .watch import Availability, Snapshot


@attrs.frozen
class NewContainer:
    name: str
    description: str | None = None
    location: str | None = None


@attrs.frozen
class Container:
    """A shipping container, or any other place that holds miners."""

    id: int
    name: str
    description: str | None
    location: str | None
    created_at: datetime


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

    async def remove(self, container_id: int) -> None:
        """Raises ``UnknownContainer``, ``ContainerInUse``."""


class MinerStore(Protocol):
    """Keeps miners."""

    async def find(self, query: MinerQuery) -> MinerPage: ...

    async def get(self, miner_id: int, *, visible: frozenset[int] | None = None) -> Miner:
        """Raises ``UnknownMiner``, also for what the actor may not see."""

    async def add(self, new: NewMiner, *, at: datetime) -> Miner:
        """Raises ``MinerExists``, ``UnknownContainer``."""

    async def change(self, miner: Miner) -> Miner:
        """Store the miner's fields and raise its revision.

        A new address, port or maker forgets the fingerprint.

        Raises:
            Stale: ``miner.revision`` is not the stored one.
            UnknownMiner, MinerExists, UnknownContainer
        """

    async def remove(self, miner_id: int) -> None:
        """Remove the miner with its history.  Raises ``UnknownMiner``."""

    async def version(self) -> int:
        """Grows with every change of miners or containers by any process: cheap to ask each second."""
