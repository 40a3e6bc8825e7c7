"""Scans and orders: what was asked of the gateways, and what became of it."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs

from ..errors import Conflict, NotFound
from .watch import Reason, Status


class ScanStatus(StrEnum):
    """How far a scan is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    #: No list could be read.
    FAILED = "failed"


@attrs.frozen
class DirectoryOutcome:
    """How a directory's list was read."""

    directory: str
    ok: bool
    listed: int = 0
    detail: str = ""


@attrs.frozen
class Scan:
    """One look at all lists and gateways."""

    id: int
    status: ScanStatus
    by: str
    requested_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    #: Gateways to look at, and those that were.
    total: int = 0
    done: int = 0
    active: int = 0
    inactive: int = 0
    errors: int = 0
    directories: tuple[DirectoryOutcome, ...] = ()
    detail: str = ""


@attrs.frozen
class ScanOutcome:
    """What a scan found at one gateway."""

    gateway: str
    enterprise_number: str
    status: Status
    reason: Reason | None
    detail: str
    took_ms: int


class UnknownScan(NotFound):
    """There is no such scan."""


class ScanStore(Protocol):
    """Keeps scans; the row is the scan, whoever works takes it from there."""

    async def request(self, *, by: str, at: datetime) -> Scan:
        """The scan that is queued or running, else a new one that is queued: two never overlap."""

    async def begin(self, *, at: datetime) -> Scan | None:
        """Take the one that is queued; it is running then."""

    async def progress(self, scan: Scan, outcomes: Sequence[ScanOutcome]) -> None:
        """Keep figures and add outcomes."""

    async def end(self, scan: Scan) -> None:
        """Keep status, end and figures."""

    async def resume(self, *, at: datetime) -> None:
        """Queue anew what runs in no process any more."""

    async def get(self, scan_id: int) -> Scan:
        """Raises ``UnknownScan``."""

    async def latest(self, *, limit: int = 20) -> Sequence[Scan]:
        """The newest first."""

    async def outcomes(
        self, scan_id: int, *, visible: frozenset[str] | None = None, limit: int = 1000, offset: int = 0
    ) -> tuple[Sequence[ScanOutcome], int]:
        """By name, and how many there are."""

    async def prune(self, *, before: datetime) -> int:
        """Remove what ended earlier; how many."""


class CommandKind(StrEnum):
    """What a gateway can be told."""

    REBOOT = "reboot"
    RESTART_LINE = "restart-line"


class CommandStatus(StrEnum):
    """How far a command is.  ``accepted`` is: it has left; ``back``: the device was seen to have done it."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    BACK = "back"
    FAILED = "failed"


@attrs.frozen
class Command:
    """One order to one gateway."""

    id: int
    gateway_id: int
    gateway: str
    enterprise_number: str
    kind: CommandKind
    line: int | None
    by: str
    requested_at: datetime
    status: CommandStatus = CommandStatus.REQUESTED
    detail: str = ""
    #: Stored before the command leaves: without it nothing was sent.
    sent_at: datetime | None = None
    accepted_at: datetime | None = None
    finished_at: datetime | None = None
    #: Seconds since its start just before, to tell a restart from a gap.
    uptime_s: int | None = None
    #: It was seen not to answer since.
    gap_seen: bool = False
    #: Until when it is looked for.
    until: datetime | None = None


class UnknownCommand(NotFound):
    """There is no such command."""


class CommandUnderWay(Conflict):
    """Another command of this gateway is under way."""


class CommandStore(Protocol):
    """Keeps commands."""

    async def add(self, command: Command) -> Command:
        """The id given is ignored.  Raises ``CommandUnderWay``, ``UnknownGateway``."""

    async def save(self, command: Command) -> None:
        """Store what has become of it, unless it has ended otherwise."""

    async def get(self, command_id: int, *, visible: frozenset[str] | None = None) -> Command:
        """Raises ``UnknownCommand``, also for what the actor may not see."""

    async def of_gateway(self, gateway_id: int, *, limit: int = 100, offset: int = 0) -> tuple[Sequence[Command], int]:
        """Newest first, and how many there are."""

    async def open(self) -> Sequence[Command]:
        """Those that have not ended."""

    async def prune(self, *, before: datetime) -> int:
        """Remove what ended earlier; how many."""
