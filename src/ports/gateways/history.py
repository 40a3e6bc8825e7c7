"""What was: events of gateways and the series of their lines."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs

from .watch import GatewayEvent


class LineLevel(StrEnum):
    """How finely a series is read: single scans, hours, or days."""

    RAW = "raw"
    HOUR = "1h"
    DAY = "1d"


@attrs.frozen
class LinePoint:
    """A line over one interval.  Ratios are of the scans that knew the answer; ``None`` where none did."""

    at: datetime
    #: Scans in it.
    samples: int
    rssi: float | None
    rssi_min: int | None
    rssi_max: int | None
    gsm_ratio: float | None
    voip_ratio: float | None
    #: Share of scans in which a call went on.
    busy_ratio: float | None


class GatewayHistory(Protocol):
    """Reads history and keeps it in bounds."""

    async def events(
        self, gateway_id: int, *, since: datetime, until: datetime, limit: int = 1000
    ) -> Sequence[GatewayEvent]:
        """Newest first."""

    async def line(
        self, gateway_id: int, line: int, *, since: datetime, until: datetime, level: LineLevel
    ) -> Sequence[LinePoint]:
        """Oldest first.  An interval without scans has no point."""

    async def sparks(self, gateway_ids: Sequence[int], *, since: datetime) -> Sequence[tuple[int, int, float | None]]:
        """Gateway, seconds since 1970 and the mean RSSI of its lines, by hour, oldest first."""

    async def roll_up(self, *, now: datetime) -> int:
        """Fill hours and days from what came since; safe to repeat and to kill at any point."""

    async def prune(self, *, now: datetime) -> int:
        """Drop what is older than the settings keep."""
