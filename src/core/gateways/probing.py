"""Looking at one gateway: in its turn, by what stands in the store at that moment, and stored before the turn ends."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import assert_never

import anyio
import attrs

from ...ports.clock import Clock
from ...ports.errors import Declined, DeviceError, Garbled
from ...ports.gateways import (
    Directory,
    DirectoryStore,
    GatewayDirectory,
    GatewayDriver,
    GatewayTimedOut,
    GatewayWatchStore,
    Listed,
    Listing,
    LoginDenied,
    OtherDevice,
    Reading,
    Reason,
    Seen,
    Status,
    Watched,
)
from ..resilience import spread
from ..turns import Turns
from .config import GatewayConfig
from .directories import read_list
from .events import Absent, Event, ListedNoLink, ListFailed, Probed, ProbeFailed
from .facts import Look
from .keeping import Keeping
from .machine import observe
from .planning import directories_of, target_of


@attrs.frozen
class Row:
    """What a list that was read well says of one gateway; ``None`` if it has no row of it."""

    directory: Directory
    listed: Listed | None
    #: The list is suddenly under half its size.
    shrunk: bool = False


@attrs.frozen
class NoList:
    """The list could not be read, and why; or there is none."""

    directory: Directory | None
    detail: str


@attrs.frozen(kw_only=True)
class Probing:
    """One look at a gateway.  Shared by scans, checks by hand and commands, so that there is one turn and one memory.

    What was seen is stored while the gateway's turn is still held: a crash
    before that loses the look, and nothing else.
    """

    watch_store: GatewayWatchStore
    directory_store: DirectoryStore
    directory: GatewayDirectory
    driver: GatewayDriver
    keeping: Keeping
    turns: Turns
    clock: Clock
    config: GatewayConfig = attrs.field(factory=GatewayConfig)

    async def directories(self) -> tuple[Directory, ...]:
        """All of them, the first one first."""
        return directories_of(self.config, await self.directory_store.all())

    async def listing(self, directory: Directory) -> Listing:
        """The list of a directory.  Raises ``DeviceError``."""
        return await read_list(self.directory, directory, self.config.patience)

    @asynccontextmanager
    async def alone(self, gateway_id: int) -> AsyncGenerator[Watched]:
        """A gateway's turn, and what is known of it then.

        Raises:
            UnknownGateway: It was removed.
            TooManyRequests: Several wait for it already.
        """
        async with self.turns.alone(gateway_id):
            yield await self.watch_store.one(gateway_id)

    async def look(self, watched: Watched, found: Row | NoList, *, extras: bool = False, scan: bool = True) -> Seen:
        """Look at a gateway by what its list says, and store what is known then.  For who has its turn.

        ``extras``: read call forwarding and authentication ids as well.

        Raises:
            Unavailable: It cannot be stored now.
        """
        event: Event
        match found:
            case NoList(_, detail):
                event = ListFailed(detail)
            case Row(directory, listed, shrunk):
                if listed is None:
                    event = Absent(shrunk, scan)
                else:
                    event = await self._probe(watched, directory, listed, extras)
            case _:
                assert_never(found)
        return await self.keep(watched, found.directory, event)

    async def read(self, watched: Watched, directory: Directory, port: int, *, extras: bool = False) -> Reading:
        """Read its pages at that port.  Raises ``DeviceError``, ``OtherDevice``."""
        target, timeout = target_of(watched, directory, port, self.config), self.config.patience
        try:
            # The driver keeps the deadline; this is for the day on which one does not.
            with anyio.fail_after(timeout + 1):
                return await self.driver.read(target, extras=extras, deadline=timeout)
        except TimeoutError as error:
            raise GatewayTimedOut(f"{target.name} did not answer in {timeout:g} s") from error

    async def keep(self, watched: Watched, directory: Directory | None, event: Event) -> Seen:
        """Store what an event makes of a gateway, and tell the alerts.  Raises ``Unavailable``."""
        seen = observe(watched, event, at=self.clock.now(), config=self.config)
        await self.keeping.keep(Look(watched.gateway, directory.name if directory else None, seen))
        return seen

    async def _probe(self, watched: Watched, directory: Directory, listed: Listed, extras: bool) -> Event:
        if listed.port is None:
            return ListedNoLink(listed)
        try:
            return Probed(await self.read(watched, directory, listed.port, extras=extras), listed, extras)
        except (DeviceError, OtherDevice) as error:
            return ProbeFailed(reason_of(error), error.detail, listed)

    def wants_extras(self, watched: Watched) -> bool:
        """Whether call forwarding and authentication ids are due; what did not answer has to answer first."""
        if watched.watch.status in (Status.ERROR, Status.INACTIVE):
            return False
        read, now = watched.watch.extras_at, self.clock.now()
        # Each a little sooner than others, so that not all are read in the same scan for ever.
        every = self.config.extras_every * (1 - spread(watched.gateway.id) / 4)
        # A clock that was set back has left a moment ahead of now.
        return read is None or not now - every < read <= now


def reason_of(error: DeviceError | OtherDevice) -> Reason:
    """What is wrong with a gateway whose pages could not be read."""
    match error:
        case OtherDevice():
            return Reason.IDENTITY
        case LoginDenied():
            return Reason.AUTH
        case Garbled() | Declined():
            return Reason.BAD_PAGE
        case _:
            return Reason.UNREACHABLE
