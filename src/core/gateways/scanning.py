"""Scanning: the worker's side of scans, and the look by hand."""

from collections.abc import Mapping
from contextlib import suppress

import anyio
import attrs

from ...ports.clock import Clock
from ...ports.errors import DeviceError, LinemanError
from ...ports.gateways import (
    Directory,
    GatewayRow,
    GatewayStore,
    GatewayWatchStore,
    NotADirectory,
    Scan,
    ScanStatus,
    ScanStore,
    Watched,
)
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ..permissions import allow, enterprises_of
from .config import GatewayConfig
from .planning import home_of, last_sizes, listed_before, placed, shrunk
from .probing import NoList, Probing, Row
from .rounds import LONGEST_DETAIL, Round

#: Seconds between two notes of a scan's progress.
NOTE_EVERY = 1.0
#: Scans that are asked for the sizes of lists.
REMEMBERED = 20
#: Who asks for timed scans.
SCHEDULER = "scheduler"


@attrs.frozen
class ScanningStats:
    """How the scanning goes, since the process started."""

    scans: int
    #: Gateways whose pages were asked for, and those of which none could be read.
    probes: int
    failures: int
    #: Lists that could not be read.
    lists_failed: int
    #: Seconds that the last scan took, and when it ended, in seconds since 1970; 0 before the first.
    last_scan_s: float
    last_scan_at: float
    #: Seconds by which the timed scan is late.
    lag_s: float


@attrs.define(eq=False, kw_only=True)
class Scanning:
    """Scans gateways, for the one process that works.

    A scan is a row that is queued first and taken from there.  What is seen of
    a gateway is stored at once: a crash loses only the looks under way, and
    leaves the scan running in no process; the next to work begins it anew.
    The journal's line of a check is written after it is stored: a crash
    between the two loses the line.
    """

    probing: Probing
    gateway_store: GatewayStore
    watch_store: GatewayWatchStore
    scan_store: ScanStore
    journal: Journal
    clock: Clock
    config: GatewayConfig = attrs.field(factory=GatewayConfig)

    #: When the next timed scan is due, by the clock that never jumps.
    _due: float | None = attrs.field(init=False, default=None)
    #: The scan that ends here and could not be stored so.
    _unended: Scan | None = attrs.field(init=False, default=None)
    _running: bool = attrs.field(init=False, default=False)
    _scans: int = attrs.field(init=False, default=0)
    _probes: int = attrs.field(init=False, default=0)
    _failures: int = attrs.field(init=False, default=0)
    _lists_failed: int = attrs.field(init=False, default=0)
    _last_scan_s: float = attrs.field(init=False, default=0.0)
    _last_scan_at: float = attrs.field(init=False, default=0.0)

    async def resume(self) -> None:
        """Queue anew what a process that is gone left running.  For who has just begun to work; a scan is due then."""
        await self.scan_store.resume(at=self.clock.now())
        self._due = None

    def forget(self) -> None:
        """Leave the work to another process: nothing is due here any more."""
        self._due = None

    async def tick(self) -> Scan | None:
        """Ask for a scan if one is due; to be called each second.  Without a directory none is ever due."""
        now = self.clock.monotonic()
        if self._due is not None and now < self._due:
            return None
        if not any(one.is_active for one in await self.probing.directories()):
            self._due = None
            return None
        scan = await self.scan_store.request(by=SCHEDULER, at=self.clock.now())
        kept = self._due is not None and now - self._due < self.config.interval
        self._due = (self._due if kept and self._due is not None else now) + self.config.interval
        return scan

    async def work(self) -> bool:
        """Take the scan that is queued, if any, and run it to its end; whether there was one.

        Only for who may talk to gateways, and never twice at once.  One that is
        cancelled here, because the process ends, is queued for the next to work.
        """
        if self._running:
            return False
        self._running = True
        try:
            if self._unended is not None:
                await self._end(self._unended)
            scan = await self.scan_store.begin(at=self.clock.now())
            if scan is None:
                return False
            await self._carry_out(scan)
        finally:
            self._running = False
        return True

    async def check(self, actor: Actor, name: str) -> GatewayRow:
        """Look at one gateway now: its directory's list, its pages, call forwarding and authentication ids.

        What is wrong with the gateway is in what is known of it then, and no error.

        Raises:
            UnknownGateway, NotAllowed
            DeviceError: The list cannot be read.
            TooManyRequests: Several wait for the gateway already.
            Unavailable: It cannot be stored now.
        """
        allow(actor, Permission.SCAN_GATEWAYS)
        row = await self.gateway_store.row(name, visible=enterprises_of(actor))
        directories = await self.probing.directories()
        sizes = last_sizes(await self.scan_store.latest(limit=REMEMBERED))
        async with self.probing.alone(row.gateway.id) as watched:
            home = home_of(watched.gateway, directories)
            try:
                found = await self._row_of(watched, home, sizes)
            except DeviceError as error:
                await self.probing.look(watched, NoList(home, error.detail))
                await self._note(actor, name, "failed", f"{error.code}: {error.detail}")
                raise
            seen = await self.probing.look(watched, found, extras=True, scan=False)
        await self._note(actor, name, "ok", " ".join(filter(None, (seen.watch.status, seen.watch.reason))))
        return placed(await self.gateway_store.row(name, visible=enterprises_of(actor)), directories)

    async def prune(self) -> int:
        """Forget scans that ended long ago; how many."""
        return await self.scan_store.prune(before=self.clock.now() - self.config.scans_kept)

    def stats(self) -> ScanningStats:
        """How it goes."""
        late = 0.0 if self._due is None else max(self.clock.monotonic() - self._due, 0.0)
        return ScanningStats(
            scans=self._scans,
            probes=self._probes,
            failures=self._failures,
            lists_failed=self._lists_failed,
            last_scan_s=round(self._last_scan_s, 3),
            last_scan_at=self._last_scan_at,
            lag_s=round(late, 3),
        )

    async def _row_of(self, watched: Watched, home: Directory | None, sizes: Mapping[str, int]) -> Row:
        if home is None:
            raise NotADirectory(f"{watched.gateway.name} has no directory: set MFTP_HOST, or add one")
        if not home.is_active:
            raise NotADirectory(f"directory {home.name} is switched off")
        listing = await self.probing.listing(home)
        rows = {row.name: row for row in listing.rows}
        before = sizes.get(home.name, listed_before([watched]))
        return Row(home, rows.get(watched.gateway.name), shrunk(len(listing.rows), before))

    async def _carry_out(self, scan: Scan) -> None:
        began = self.clock.monotonic()
        try:
            ended = await self._scan(scan)
        except Exception as fault:  # the top of a scan: whoever waits for it is told, and the log has the rest
            detail = f"lineman failed: {fault!r}"[:LONGEST_DETAIL]
            await self._end(attrs.evolve(scan, status=ScanStatus.FAILED, detail=detail, finished_at=self.clock.now()))
            raise
        except BaseException:
            # The end of the process: the next to work begins it anew.
            with anyio.CancelScope(shield=True), anyio.move_on_after(2):
                await self.scan_store.resume(at=self.clock.now())
            raise
        self._scans += 1
        self._last_scan_s = self.clock.monotonic() - began
        self._last_scan_at = self.clock.now().timestamp()
        await self._end(ended)

    async def _scan(self, scan: Scan) -> Scan:
        watched = await self.watch_store.all()
        sizes = last_sizes(await self.scan_store.latest(limit=REMEMBERED))
        round_ = Round(self.probing, await self.probing.directories(), sizes)
        notes = _Notes(self.scan_store, scan, round_)
        try:
            with anyio.move_on_after(self.config.scan_limit):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(notes.keep_on)
                    await round_.run(watched)
                    notes.finished.set()
            await notes.write()
            await self.probing.keeping.reports.read(round_.lists, at=self.clock.now())
        finally:
            self._probes += round_.probes
            self._failures += round_.failures
            self._lists_failed += sum(not one.ok for one in round_.lists.values())
        return attrs.evolve(
            round_.figures(scan),
            status=ScanStatus.DONE if any(one.ok for one in round_.lists.values()) else ScanStatus.FAILED,
            detail=round_.words(self.config.scan_limit)[:LONGEST_DETAIL],
            finished_at=self.clock.now(),
        )

    async def _end(self, scan: Scan) -> None:
        """Store that a scan ended; what cannot be stored now is tried again before the next one begins."""
        self._unended = scan
        await self.scan_store.end(scan)
        self._unended = None

    async def _note(self, actor: Actor, name: str, outcome: str, detail: str) -> None:
        entry = Entry(
            self.clock.now(), actor.name, "gateways.check", f"gateway {name}", outcome, detail[:LONGEST_DETAIL]
        )
        await self.journal.write(entry)


@attrs.define(eq=False)
class _Notes:
    """Writes down how far a scan is, at most each second, and each outcome once."""

    scan_store: ScanStore
    scan: Scan
    round: Round
    finished: anyio.Event = attrs.field(init=False, factory=anyio.Event)
    _told: int = attrs.field(init=False, default=0)

    async def keep_on(self) -> None:
        """Until the scan is finished."""
        while not self.finished.is_set():
            with anyio.move_on_after(NOTE_EVERY):
                await self.finished.wait()
                return
            with suppress(LinemanError):  # the store is away: the next note tells it
                await self.write()

    async def write(self) -> None:
        """Note what is new.  Raises ``Unavailable``."""
        new = self.round.outcomes[self._told :]
        # Not to be cut off half-way, after which nobody would know what is written.
        with anyio.CancelScope(shield=True):
            await self.scan_store.progress(self.round.figures(self.scan), new)
        self._told += len(new)
