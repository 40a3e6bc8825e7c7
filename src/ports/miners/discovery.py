"""Looking for miners: jobs, what they find, and the sockets for knocking and remembering."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs

from ..errors import Conflict, NotFound
from ..secrets import Secret
from .driver import Target
from .reading import Maker


class JobStatus(StrEnum):
    """How far a discovery is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class FindStatus(StrEnum):
    """What a find means for what is written down."""

    NEW = "new"
    KNOWN = "known"
    #: A miner that is known by its hardware answers at another address.
    MOVED = "moved"
    #: A miner that is polled does not answer, and was seen nowhere else.
    GONE = "gone"
    #: Another device, or one of another maker, answers where a miner is written down.
    CHANGED = "changed"
    #: Something there answers like a miner, but does not say which: it denies access, or its process is down.
    UNCLEAR = "unclear"


class Knocked(StrEnum):
    """What a port does with a connection."""

    OPEN = "open"
    REFUSED = "refused"
    SILENT = "silent"


@attrs.frozen
class Doors:
    """The ports to look at: the maker's main one, Whatsminer's API 3 and HTTP."""

    port: int = 4028
    api3_port: int = 4433
    web_port: int = 80


@attrs.frozen
class Find:
    """One find of a discovery."""

    host: str
    port: int
    status: FindStatus
    manufacturer: Maker | None = None
    model: str | None = None
    firmware: str | None = None
    hardware_id: str | None = None
    #: The miner that is written down, and for one that moved its address and port there.
    miner_id: int | None = None
    was: str | None = None
    detail: str | None = None


@attrs.frozen
class NewJob:
    targets: tuple[str, ...]
    addresses: int
    by: str
    doors: Doors = Doors()
    username: str | None = None
    password: Secret | None = None


@attrs.frozen
class Job:
    """One discovery: its order and its progress.  The row is the job: whoever works takes it from there."""

    id: int
    status: JobStatus
    targets: tuple[str, ...]
    #: How many addresses that makes, how many are done, have an open port, and are miners.
    addresses: int
    probed: int
    answered: int
    found: int
    #: Finds by status.
    tally: Mapping[str, int]
    doors: Doors
    by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None
    #: How often it was begun.
    attempts: int
    username: str | None
    password: Secret | None


class UnknownJob(NotFound):
    """There is no such discovery."""


class JobEnded(Conflict):
    """The discovery has ended already."""


class JobRuns(Conflict):
    """The discovery has not ended yet."""


class MinerProbe(Protocol):
    """Knocks at ports."""

    async def knock(self, device: Target, port: int, *, patience: float) -> Knocked:
        """See in ``patience`` seconds what a port does with a connection, which is closed at once.

        Waits while somebody talks to the device, so that there is never a second connection to it.
        """


class JobStore(Protocol):
    """Keeps discoveries, their passwords sealed."""

    async def add(self, new: NewJob, *, at: datetime) -> Job:
        """Queue a discovery."""

    async def get(self, job_id: int) -> Job:
        """Raises ``UnknownJob``."""

    async def all(self, *, limit: int) -> Sequence[Job]:
        """The newest first."""

    async def waiting(self) -> int:
        """How many have not ended."""

    async def finds(self, job_id: int) -> Sequence[Find]:
        """In the order in which they were kept."""

    async def begin(self, *, at: datetime) -> Job | None:
        """Take the oldest that is queued; it is running then."""

    async def resume(self, *, most: int, error: str, at: datetime) -> int:
        """Queue anew what runs in no process any more; what was begun ``most`` times has failed.  How many."""

    async def progress(self, job: Job, finds: Sequence[Find]) -> bool:
        """Keep a job's figures and add finds; false if it does not run any more, since somebody cancelled it."""

    async def end(self, job: Job, finds: Sequence[Find] | None = None) -> None:
        """Keep a job's status, end, error and figures, and if they are given all of its finds, unless it has ended."""

    async def cancel(self, job_id: int, *, at: datetime) -> Job:
        """Raises ``UnknownJob``, ``JobEnded``."""

    async def settle(self, job_id: int, finds: Sequence[Find]) -> None:
        """Replace the finds of these addresses and ports: they were accepted."""

    async def prune(self, *, before: datetime) -> int:
        """Remove what ended earlier; how many."""
