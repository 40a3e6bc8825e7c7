"""One scan, from the lists to the last gateway."""

from collections.abc import Mapping, Sequence

import anyio
import attrs
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from ...ports.errors import DeviceError, LinemanError
from ...ports.gateways import (
    Directory,
    DirectoryOutcome,
    Scan,
    ScanOutcome,
    Seen,
    Status,
    UnknownGateway,
    Watched,
)
from .planning import home_of, listed_before, shrunk, turn_of
from .probing import NoList, Probing, Row

#: Seconds after which a gateway that is silent makes room for another, and how many times the lanes may do so:
#: one that is dead costs its own deadline, and nobody else's.
SILENT, MOST_TIMES = 5.0, 4
#: Characters of a detail that are kept.
LONGEST_DETAIL = 500


@attrs.frozen
class Errand:
    """A gateway to look at, with what its list says."""

    gateway_id: int
    found: Row | NoList


@attrs.define(eq=False)
class Round:
    """Reads all lists at once, and gateways in lanes as soon as their list is there.

    Only what was seen of a gateway is stored, by whoever looks at it; the
    figures here are for the scan's row.
    """

    probing: Probing
    directories: Sequence[Directory]
    #: By directory, how many rows its list had when it was last read well.
    sizes: Mapping[str, int]

    outcomes: list[ScanOutcome] = attrs.field(init=False, factory=list)
    lists: dict[int, DirectoryOutcome] = attrs.field(init=False, factory=dict)
    total: int = attrs.field(init=False, default=0)
    #: Gateways that are done with; those of them of which nothing could be stored, and why the last one could not.
    done: int = attrs.field(init=False, default=0)
    lost: int = attrs.field(init=False, default=0)
    error: LinemanError | None = attrs.field(init=False, default=None)
    probes: int = attrs.field(init=False, default=0)
    failures: int = attrs.field(init=False, default=0)
    _counts: dict[Status, int] = attrs.field(init=False, factory=dict)
    #: Of how many gateways call forwarding and authentication ids may still be read.
    _extras: int = attrs.field(init=False, default=0)

    async def run(self, watched: Sequence[Watched]) -> None:
        """Look at all of them."""
        self.total = len(watched)
        self._extras = self.probing.config.most_extras(len(watched))
        homes: dict[int | None, list[Watched]] = {one.id: [] for one in self.directories}
        for one in watched:
            home = home_of(one.gateway, self.directories)
            homes.setdefault(home.id if home else None, []).append(one)
        send, receive = anyio.create_memory_object_stream[Errand](0)
        async with send, receive, anyio.create_task_group() as tasks:
            tasks.start_soon(self._hand_out, receive)
            async with anyio.create_task_group() as lists:
                for directory in self.directories:
                    lists.start_soon(self._list, directory, homes[directory.id], send)
                lists.start_soon(self._homeless, homes.get(None, []), send)
            await send.aclose()

    def figures(self, scan: Scan) -> Scan:
        """The scan with what was counted so far."""
        return attrs.evolve(
            scan,
            total=self.total,
            done=self.done,
            active=self._counts.get(Status.ACTIVE, 0),
            inactive=self._counts.get(Status.INACTIVE, 0),
            errors=self._counts.get(Status.ERROR, 0),
            directories=tuple(self.lists[one.id] for one in self.directories if one.id in self.lists),
        )

    def words(self, limit: float) -> str:
        """What did not go as it should, in words."""
        said = []
        if not self.directories:
            said.append("there is no directory: set MFTP_HOST, or add one")
        elif not any(one.ok for one in self.lists.values()):
            said.append("no list could be read")
        if missing := self.total - self.done:
            said.append(
                f"{missing} of {self.total} gateways were not reached in {limit:g} s: the next scan begins with them"
            )
        if self.error is not None:
            said.append(f"{self.lost} gateways were passed over ({self.error.title}: {self.error.detail})")
        return "; ".join(said)

    async def _list(
        self, directory: Directory, watched: Sequence[Watched], send: MemoryObjectSendStream[Errand]
    ) -> None:
        """Read a list, and hand on its gateways with what it says of them."""
        if not directory.is_active:
            await self._all(watched, NoList(directory, "the directory is switched off"), send)
            return
        try:
            listing = await self.probing.listing(directory)
        except DeviceError as error:
            detail = f"{error.title}: {error.detail}"[:LONGEST_DETAIL]
            self.lists[directory.id] = DirectoryOutcome(directory.name, False, detail=detail)
            await self._all(watched, NoList(directory, detail), send)
            return
        rows = {row.name: row for row in listing.rows}
        before = self.sizes.get(directory.name, listed_before(watched))
        small = shrunk(len(listing.rows), before)
        remarks = [f"{len(listing.rows)} rows, of {before} before: who is missing waits one more scan"] * small
        detail = "; ".join([*remarks, *listing.remarks])[:LONGEST_DETAIL]
        self.lists[directory.id] = DirectoryOutcome(directory.name, True, len(listing.rows), detail)
        for one in sorted(watched, key=turn_of):
            await send.send(Errand(one.gateway.id, Row(directory, rows.get(one.gateway.name), small)))

    async def _homeless(self, watched: Sequence[Watched], send: MemoryObjectSendStream[Errand]) -> None:
        await self._all(watched, NoList(None, "its directory is not there"), send)

    async def _all(self, watched: Sequence[Watched], found: NoList, send: MemoryObjectSendStream[Errand]) -> None:
        for one in watched:
            await send.send(Errand(one.gateway.id, found))

    async def _hand_out(self, receive: MemoryObjectReceiveStream[Errand]) -> None:
        """Give each errand a lane, as soon as one is free."""
        lanes = self.probing.config.lanes
        free, most = anyio.Semaphore(lanes), anyio.Semaphore(lanes * MOST_TIMES)
        async with anyio.create_task_group() as tasks:
            async for errand in receive:
                await most.acquire()
                await free.acquire()
                tasks.start_soon(self._lane, errand, free, most)

    async def _lane(self, errand: Errand, free: anyio.Semaphore, most: anyio.Semaphore) -> None:
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_make_room, free)
                await self._visit(errand)
                tasks.cancel_scope.cancel()
        finally:
            most.release()

    async def _visit(self, errand: Errand) -> None:
        clock = self.probing.clock
        began = clock.monotonic()
        found = errand.found
        try:
            async with self.probing.alone(errand.gateway_id) as watched:
                if home_of(watched.gateway, self.directories) is found.directory:
                    extras = self._extras > 0 and self.probing.wants_extras(watched)
                    self._extras -= extras
                    seen = await self.probing.look(watched, found, extras=extras)
                else:
                    # What the list says that it was on says nothing of it any more.
                    found = NoList(found.directory, "it was given another directory meanwhile: the next scan looks")
                    seen = Seen(watched.gateway.id, clock.now(), watched.watch)
        except UnknownGateway:
            self.total -= 1  # It was removed meanwhile.
            return
        except LinemanError as error:
            # Others talk to it and will store what they see; or the store is away, and the next scan sees it again.
            self.done += 1
            self.lost += 1
            self.error = error
            return
        self._count(watched, seen, found, round((clock.monotonic() - began) * 1000))

    def _count(self, watched: Watched, seen: Seen, found: Row | NoList, took_ms: int) -> None:
        watch = seen.watch
        self.done += 1
        self._counts[watch.status] = self._counts.get(watch.status, 0) + 1
        if isinstance(found, Row) and found.listed is not None and found.listed.port is not None:
            self.probes += 1
            self.failures += seen.lines is None
        gateway = watched.gateway
        detail = found.detail if isinstance(found, NoList) else watch.detail
        self.outcomes.append(
            ScanOutcome(gateway.name, gateway.enterprise_number, watch.status, watch.reason, detail, took_ms)
        )


async def _make_room(free: anyio.Semaphore) -> None:
    """Give the lane back once its gateway is done with, or silent for too long."""
    try:
        await anyio.sleep(SILENT)
    finally:
        free.release()
