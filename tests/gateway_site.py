"""A site of gateways in memory, for tests of what the core does: stores, a list, devices and a clock that obeys."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio.lowlevel
import attrs

from lineman.core.gateways import (
    Commands,
    Directories,
    GatewayConfig,
    GatewayImport,
    GatewayReports,
    Gateways,
    Keeping,
    Probing,
    Scanning,
    Scans,
)
from lineman.core.gateways.counting import counts_of
from lineman.core.turns import Turns
from lineman.ports.alerts import AlertSink, Facts
from lineman.ports.clock import Clock
from lineman.ports.enterprises import Enterprise, EnterpriseStore, NewEnterprise, UnknownEnterprise
from lineman.ports.errors import Stale, Unavailable
from lineman.ports.gateways import (
    Command,
    CommandStatus,
    CommandStore,
    CommandUnderWay,
    Directory,
    DirectoryStore,
    Gateway,
    GatewayDirectory,
    GatewayDriver,
    GatewayExists,
    GatewayQuery,
    GatewayRow,
    GatewayStore,
    GatewayTarget,
    GatewayWatch,
    GatewayWatchStore,
    Identity,
    Line,
    LineQuery,
    LineWatch,
    Listed,
    Listing,
    NewGateway,
    Reading,
    Scan,
    ScanOutcome,
    ScanStatus,
    ScanStore,
    Seen,
    Sent,
    UnknownCommand,
    UnknownDirectory,
    UnknownGateway,
    UnknownScan,
    Watched,
)
from lineman.ports.identity import Actor, Role
from lineman.ports.journal import Entry, Journal

START = datetime(2026, 11, 24, 12, tzinfo=UTC)
OPERATOR = Actor("olga", Role.OPERATOR)
OF_17 = Actor("egor", Role.ENTERPRISE_ADMIN, enterprise_numbers=frozenset({"17"}))
SERVER = Directory(0, "mftp", "198.51.100.8")
#: What ends, one way or the other.
ENDED = (CommandStatus.BACK, CommandStatus.FAILED)


@attrs.define
class Time(Clock):
    """Stands still until it is told to pass."""

    passed: float = 0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        self.passed += seconds


@attrs.define
class Book(Journal):
    lines: list[Entry] = attrs.field(factory=list)

    async def write(self, entry: Entry) -> None:
        self.lines.append(entry)

    async def read(
        self, *, action: str | None = None, subject: str | None = None, limit: int = 100, offset: int = 0
    ) -> Sequence[Entry]:
        return self.lines

    async def count(self, *, action: str | None = None, subject: str | None = None) -> int:
        return len(self.lines)

    async def prune(self, *, before: datetime, now: datetime) -> int:
        raise NotImplementedError


@attrs.define
class Tenants(EnterpriseStore):
    numbers: tuple[str, ...] = ("17", "18")

    async def all(
        self, *, search: str | None = None, visible: frozenset[str] | None = None, limit: int = 100, offset: int = 0
    ) -> tuple[Sequence[Enterprise], int]:
        raise NotImplementedError

    async def get(self, number: str, *, visible: frozenset[str] | None = None) -> Enterprise:
        if number not in self.numbers or (visible is not None and number not in visible):
            raise UnknownEnterprise(f"there is no enterprise {number}")
        return Enterprise(number, f"Enterprise {number}", START)

    async def add(self, new: NewEnterprise, *, at: datetime) -> Enterprise:
        raise NotImplementedError

    async def change(self, enterprise: Enterprise) -> Enterprise:
        raise NotImplementedError

    async def remove(self, number: str) -> None:
        raise NotImplementedError


@attrs.define
class Servers(DirectoryStore):
    stored: dict[int, Directory] = attrs.field(factory=dict)

    async def all(self) -> Sequence[Directory]:
        return list(self.stored.values())

    async def get(self, directory_id: int) -> Directory:
        if directory_id not in self.stored:
            raise UnknownDirectory(f"there is no directory {directory_id}")
        return self.stored[directory_id]

    async def add(self, directory: Directory, *, at: datetime) -> Directory:
        added = attrs.evolve(directory, id=len(self.stored) + 1)
        self.stored[added.id] = added
        return added

    async def change(self, directory: Directory) -> Directory:
        changed = attrs.evolve(directory, revision=directory.revision + 1)
        self.stored[directory.id] = changed
        return changed

    async def remove(self, directory_id: int) -> None:
        del self.stored[directory_id]


@attrs.define
class Shelf(GatewayStore):
    """Gateways, and what is known of them."""

    gateways: dict[int, Gateway] = attrs.field(factory=dict)
    watches: dict[int, GatewayWatch] = attrs.field(factory=dict)
    lines_of: dict[int, dict[int, LineWatch]] = attrs.field(factory=dict)
    last: int = 0

    async def rows(self, query: GatewayQuery) -> tuple[Sequence[GatewayRow], int]:
        found = [
            self._row(one)
            for one in sorted(self.gateways.values(), key=lambda one: one.name)
            if (query.visible is None or one.enterprise_number in query.visible)
            and (not query.names or one.name in query.names)
        ]
        return found[query.offset : query.offset + query.limit], len(found)

    async def row(self, name: str, *, visible: frozenset[str] | None = None) -> GatewayRow:
        for one in self.gateways.values():
            if one.name == name and (visible is None or one.enterprise_number in visible):
                return self._row(one)
        raise UnknownGateway(f"there is no gateway {name}")

    async def lines(self, query: LineQuery) -> tuple[Sequence[LineWatch], int]:
        found = [
            line
            for number, lines in sorted(self.lines_of.items())
            for line in lines.values()
            if (query.visible is None or line.enterprise_number in query.visible)
            and (not query.gateway_ids or number in query.gateway_ids)
        ]
        return found[query.offset : query.offset + query.limit], len(found)

    async def add(self, new: NewGateway, *, at: datetime) -> Gateway:
        if any(one.name == new.name for one in self.gateways.values()):
            raise GatewayExists(f"there is a gateway {new.name} already", field="gateway_name")
        self.last += 1
        added = Gateway(id=self.last, created_at=at, **attrs.asdict(new, recurse=False))
        self.gateways[added.id], self.watches[added.id], self.lines_of[added.id] = added, GatewayWatch(), {}
        return added

    async def add_all(self, new: Sequence[NewGateway], *, at: datetime) -> Sequence[Gateway]:
        if any(one.name in {old.name for old in self.gateways.values()} for one in new):
            raise GatewayExists("one of them is there already")
        return [await self.add(one, at=at) for one in new]

    async def change(self, gateway: Gateway) -> Gateway:
        if self.gateways[gateway.id].revision != gateway.revision:
            raise Stale("changed meanwhile")
        changed = attrs.evolve(gateway, revision=gateway.revision + 1)
        self.gateways[gateway.id] = changed
        return changed

    async def remove(self, name: str) -> None:
        [number] = [one.id for one in self.gateways.values() if one.name == name]
        del self.gateways[number], self.watches[number], self.lines_of[number]

    def _row(self, gateway: Gateway) -> GatewayRow:
        counts = counts_of(self.lines_of[gateway.id].values())
        return GatewayRow(gateway, f"Enterprise {gateway.enterprise_number}", "mftp", self.watches[gateway.id], counts)


@attrs.define
class Memory(GatewayWatchStore):
    shelf: Shelf
    kept: list[Sequence[Seen]] = attrs.field(factory=list)
    full: bool = False
    #: How long a write takes, in turns of the loop.
    steps: int = 1

    async def all(self) -> Sequence[Watched]:
        return [await self.one(number) for number in self.shelf.gateways]

    async def one(self, gateway_id: int) -> Watched:
        if gateway_id not in self.shelf.gateways:
            raise UnknownGateway(f"there is no gateway {gateway_id}")
        shelf = self.shelf
        return Watched(shelf.gateways[gateway_id], shelf.watches[gateway_id], dict(shelf.lines_of[gateway_id]))

    async def keep(self, seen: Sequence[Seen]) -> None:
        for _ in range(self.steps):
            await anyio.lowlevel.checkpoint()
        if self.full:
            raise Unavailable("the disk is full")
        self.kept.append(seen)
        for one in seen:
            if one.gateway_id in self.shelf.gateways:
                self.shelf.watches[one.gateway_id] = one.watch
                if one.lines is not None:
                    self.shelf.lines_of[one.gateway_id] = {line.line.line: line for line in one.lines}


@attrs.define
class ScanRows(ScanStore):
    scans: dict[int, Scan] = attrs.field(factory=dict)
    found: dict[int, list[ScanOutcome]] = attrs.field(factory=dict)
    full: bool = False

    async def request(self, *, by: str, at: datetime) -> Scan:
        for scan in self.scans.values():
            if scan.status in (ScanStatus.QUEUED, ScanStatus.RUNNING):
                return scan
        scan = Scan(len(self.scans) + 1, ScanStatus.QUEUED, by, at)
        self.scans[scan.id], self.found[scan.id] = scan, []
        return scan

    async def begin(self, *, at: datetime) -> Scan | None:
        for scan in self.scans.values():
            if scan.status is ScanStatus.QUEUED:
                self.scans[scan.id] = attrs.evolve(scan, status=ScanStatus.RUNNING, started_at=at)
                self.found[scan.id] = []
                return self.scans[scan.id]
        return None

    async def progress(self, scan: Scan, outcomes: Sequence[ScanOutcome]) -> None:
        self._check()
        self.scans[scan.id] = scan
        self.found[scan.id] += outcomes

    async def end(self, scan: Scan) -> None:
        self._check()
        self.scans[scan.id] = scan

    async def resume(self, *, at: datetime) -> None:
        for scan in self.scans.values():
            if scan.status is ScanStatus.RUNNING:
                self.scans[scan.id] = attrs.evolve(scan, status=ScanStatus.QUEUED)

    async def get(self, scan_id: int) -> Scan:
        if scan_id not in self.scans:
            raise UnknownScan(f"there is no scan {scan_id}")
        return self.scans[scan_id]

    async def latest(self, *, limit: int = 20) -> Sequence[Scan]:
        return sorted(self.scans.values(), key=lambda scan: -scan.id)[:limit]

    async def outcomes(
        self, scan_id: int, *, visible: frozenset[str] | None = None, limit: int = 1000, offset: int = 0
    ) -> tuple[Sequence[ScanOutcome], int]:
        found = [one for one in self.found[scan_id] if visible is None or one.enterprise_number in visible]
        return sorted(found, key=lambda one: one.gateway)[offset : offset + limit], len(found)

    async def prune(self, *, before: datetime) -> int:
        raise NotImplementedError

    def _check(self) -> None:
        if self.full:
            raise Unavailable("the disk is full")


@attrs.define
class Orders(CommandStore):
    commands: dict[int, Command] = attrs.field(factory=dict)
    full: bool = False

    async def add(self, command: Command) -> Command:
        if any(one.gateway_id == command.gateway_id and one.status not in ENDED for one in self.commands.values()):
            raise CommandUnderWay("another command is under way")
        added = attrs.evolve(command, id=len(self.commands) + 1)
        self.commands[added.id] = added
        return added

    async def save(self, command: Command) -> None:
        if self.full:
            raise Unavailable("the disk is full")
        if self.commands[command.id].status not in ENDED:
            self.commands[command.id] = command

    async def get(self, command_id: int, *, visible: frozenset[str] | None = None) -> Command:
        command = self.commands.get(command_id)
        if command is None or (visible is not None and command.enterprise_number not in visible):
            raise UnknownCommand(f"there is no command {command_id}")
        return command

    async def of_gateway(self, gateway_id: int, *, limit: int = 100, offset: int = 0) -> tuple[Sequence[Command], int]:
        found = [one for one in self.commands.values() if one.gateway_id == gateway_id]
        return found[::-1][offset : offset + limit], len(found)

    async def open(self) -> Sequence[Command]:
        return [one for one in self.commands.values() if one.status not in ENDED]

    async def prune(self, *, before: datetime) -> int:
        raise NotImplementedError


@attrs.define
class Board(GatewayDirectory):
    """The lists of all servers: by number, rows or what goes wrong."""

    lists: dict[int, Sequence[Listed] | Exception] = attrs.field(factory=dict)
    read: int = 0

    async def listing(self, directory: Directory, *, deadline: float) -> Listing:
        self.read += 1
        await anyio.lowlevel.checkpoint()
        found = self.lists.get(directory.id, ())
        if isinstance(found, Exception):
            raise found
        return Listing(tuple(found), "v1.06")


@attrs.define(eq=False)
class Devices(GatewayDriver):
    """Devices by name: a reading, what goes wrong, or what makes one of both.  Never two talks with one at once."""

    readings: dict[str, Reading | Exception | Callable[[], Any]] = attrs.field(factory=dict)
    #: What was asked, in order: what, of whom, where.
    asked: list[tuple[str, str, str, int]] = attrs.field(factory=list)
    targets: list[GatewayTarget] = attrs.field(factory=list)
    extras: list[str] = attrs.field(factory=list)
    answer: Sent | Exception | Callable[[], Any] | None = None
    #: What stands still until it is set, by name.
    held: dict[str, anyio.Event] = attrs.field(factory=dict)
    talking: set[str] = attrs.field(factory=set)
    most: int = 0

    async def read(self, target: GatewayTarget, *, extras: bool = False, deadline: float) -> Reading:
        if extras:
            self.extras.append(target.name)
        found = await self._talk("read", target, self.readings.get(target.name, reading()))
        assert isinstance(found, Reading)
        return found

    async def reboot(self, target: GatewayTarget, *, deadline: float) -> Sent:
        found = await self._talk("reboot", target, self.answer or Sent(True, "200", IDENTITY))
        assert isinstance(found, Sent)
        return found

    async def restart_line(self, target: GatewayTarget, line: int, *, deadline: float) -> Sent:
        found = await self._talk(f"restart {line}", target, self.answer or Sent(True, "200", IDENTITY))
        assert isinstance(found, Sent)
        return found

    def sent(self) -> list[str]:
        """All that was told."""
        return [what for what, *_ in self.asked if what != "read"]

    async def _talk(self, what: str, target: GatewayTarget, found: Any) -> Any:
        assert target.name not in self.talking, f"two talks with {target.name} at once"
        self.talking.add(target.name)
        self.most = max(self.most, len(self.talking))
        self.asked.append((what, target.name, target.host, target.port))
        self.targets.append(target)
        try:
            if target.name in self.held:
                await self.held[target.name].wait()
            await anyio.lowlevel.checkpoint()
            found = found() if callable(found) else found
            if isinstance(found, Exception):
                raise found
            return found
        finally:
            self.talking.discard(target.name)


@attrs.define
class Sink(AlertSink):
    facts: list[Facts] = attrs.field(factory=list)
    there: dict[str, Collection[int]] = attrs.field(factory=dict)
    full: bool = False

    async def report(self, facts: Sequence[Facts]) -> None:
        if self.full:
            raise Unavailable("the disk is full")
        self.facts += facts

    async def present(self, system: str, ids: Collection[int]) -> None:
        self.there[system] = ids


IDENTITY = Identity("GoIP-4", "GoIP4", "8MCDRM00001234", "1234", "GHSFVT-1.1-67", "M26FBR03A02", 1000, "2026-11-24")
GOOD = Line(1, module=True, sim=True, gsm=True, voip=True, state="IDLE", rssi_raw="20", rssi=20, operator="Operator")


def line(number: int = 1, **shown: Any) -> Line:
    """A line that is well but for what is named."""
    return attrs.evolve(GOOD, line=number, **shown)


def reading(*lines: Line, uptime_s: int | None = 1000, last4: str | None = "1234", **more: Any) -> Reading:
    """A good look at a gateway."""
    return Reading(attrs.evolve(IDENTITY, uptime_s=uptime_s, serial_last4=last4), lines or (line(),), **more)


def listed(*names: str, port: int = 38000) -> tuple[Listed, ...]:
    """Rows with ports of their own."""
    return tuple(Listed(name, "203.0.113.7", port + place) for place, name in enumerate(names))


@attrs.define(eq=False)
class Site:
    """All of it."""

    clock: Time = attrs.field(factory=Time)
    journal: Book = attrs.field(factory=Book)
    shelf: Shelf = attrs.field(factory=Shelf)
    servers: Servers = attrs.field(factory=Servers)
    tenants: Tenants = attrs.field(factory=Tenants)
    scan_rows: ScanRows = attrs.field(factory=ScanRows)
    orders: Orders = attrs.field(factory=Orders)
    board: Board = attrs.field(factory=Board)
    devices: Devices = attrs.field(factory=Devices)
    sink: Sink = attrs.field(factory=Sink)
    config: GatewayConfig = attrs.field(factory=lambda: GatewayConfig(directory=SERVER))
    memory: Memory = attrs.field(init=False)
    probing: Probing = attrs.field(init=False)
    scanning: Scanning = attrs.field(init=False)
    commands: Commands = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.memory = Memory(self.shelf)
        self.probing = Probing(
            watch_store=self.memory,
            directory_store=self.servers,
            directory=self.board,
            driver=self.devices,
            keeping=Keeping(self.memory, GatewayReports(self.sink)),
            turns=Turns("gateway"),
            clock=self.clock,
            config=self.config,
        )
        shared: dict[str, Any] = {
            "probing": self.probing, "gateway_store": self.shelf, "journal": self.journal, "clock": self.clock,
            "config": self.config,
        }  # fmt: skip
        self.scanning = Scanning(watch_store=self.memory, scan_store=self.scan_rows, **shared)
        self.commands = Commands(command_store=self.orders, **shared)

    def use_cases(self) -> tuple[Gateways, GatewayImport, Directories, Scans]:
        """What people ask for that needs no worker."""
        shared: dict[str, Any] = {
            "directory_store": self.servers, "journal": self.journal, "clock": self.clock, "config": self.config,
        }  # fmt: skip
        stores: dict[str, Any] = {"gateway_store": self.shelf, "enterprises": self.tenants}
        return (
            Gateways(watch_store=self.memory, **stores, **shared),
            GatewayImport(**stores, **shared),
            Directories(directory=self.board, **shared),
            Scans(scan_store=self.scan_rows, journal=self.journal, clock=self.clock),
        )

    async def put(self, *names: str, number: str = "17", **fields: Any) -> None:
        """Write gateways down."""
        for name in names:
            await self.shelf.add(NewGateway(name, number, **fields), at=START)

    async def scan(self) -> Scan:
        """Ask for a scan and run it."""
        asked = await self.scan_rows.request(by="olga", at=self.clock.now())
        assert await self.scanning.work()
        return self.scan_rows.scans[asked.id]

    def watch(self, name: str) -> GatewayWatch:
        """What is known of a gateway."""
        return self.watches()[name]

    def watches(self) -> Mapping[str, GatewayWatch]:
        return {one.name: self.shelf.watches[one.id] for one in self.shelf.gateways.values()}
