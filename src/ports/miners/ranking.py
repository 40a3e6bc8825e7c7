"""The miners of a container beside each other: through a span of time, and now."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import attrs

from .reading import PowerKind


@attrs.frozen
class Standing:
    """What one miner did through a span; figures of a time without good polls are missing."""

    miner_id: int
    name: str
    #: By its last good reading.
    algorithm: str | None = None
    power_kind: PowerKind | None = None
    hash_rate_nominal_hs: float | None = None
    polls: int = 0
    misses: int = 0
    #: Means over the good polls, H/s and W.
    hash_rate_hs: float | None = None
    power_w: float | None = None
    #: °C
    temperature_max: float | None = None
    restarts: int | None = None


@attrs.frozen
class Present:
    """The last figures of one miner."""

    miner_id: int
    name: str
    algorithm: str | None = None
    hash_rate_hs: float | None = None
    hash_rate_nominal_hs: float | None = None
    #: °C, rpm, W
    temperature: float | None = None
    fan_speed: int | None = None
    power_w: float | None = None
    reject_ratio: float | None = None


class RankingStore(Protocol):
    """Reads figures of all active miners that stand in a container now."""

    async def through(self, container_id: int, *, since: datetime, now: datetime) -> Sequence[Standing]:
        """From ``since`` until what the roll-up has reached, wherever they stood then.

        More than six hours begin with the whole hour that ``since`` lies in.
        """

    async def present(self, container_id: int) -> Sequence[Present]:
        """Those that are online, degraded or stale."""
