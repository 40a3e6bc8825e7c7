"""The sockets for memory: what is known of each miner now, and what was."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from .inventory import Miner
from .watch import ContainerCourse, Level, Observation, Point, Sample, Snapshot, Totals, Watch


class WatchStore(Protocol):
    """Keeps the latest of each miner, and writes what polls leave behind."""

    async def active(self) -> Sequence[tuple[Miner, Watch]]:
        """All miners that are to be polled."""

    async def keep(self, observations: Sequence[Observation]) -> None:
        """Store a batch in one transaction: latest states, raw replies, samples and events, all or nothing.

        Storing one observation twice leaves one sample and each event once.  A miner that was
        removed meanwhile is passed over.
        """

    async def get(self, miner_id: int) -> Snapshot:
        """An empty snapshot for a miner never polled."""

    async def raw(self, miner_id: int) -> Mapping[str, Any]:
        """The latest raw replies by command; empty when there are none."""

    async def totals(self, *, visible: frozenset[int] | None = None) -> Sequence[Totals]:
        """One a container that holds miners, and one for those without."""


class SeriesStore(Protocol):
    """Reads history and keeps it in bounds."""

    async def history(self, miner_id: int, *, since: datetime, until: datetime, limit: int) -> Sequence[Sample]:
        """Raw samples and misses, newest first."""

    async def chart(self, miner_id: int, *, since: datetime, until: datetime, level: Level) -> Sequence[Point]:
        """A miner's points, oldest first.  An interval without polls has no point."""

    async def courses(
        self, miner_ids: Sequence[int], figures: Sequence[str], *, since: datetime, until: datetime, level: Level
    ) -> Mapping[int, Sequence[tuple[Any, ...]]]:
        """Some figures of several miners, oldest first: seconds since 1970 and the named fields of ``Point``."""

    async def container_chart(
        self, container_ids: Iterable[int], *, since: datetime, until: datetime, level: Level
    ) -> Mapping[int, ContainerCourse]:
        """The course of each container (``RAW`` is answered with five minutes)."""

    async def roll_up(self, *, now: datetime) -> int:
        """Fill 5-minute and hourly series from what came since the last call; how many intervals.

        Safe to repeat and to kill at any point: nothing is doubled or lost.
        """

    async def prune(self, *, now: datetime) -> int:
        """Drop what is older than the settings keep; how many rows or partitions."""
