"""What is remembered of a miner from one poll to the next, and what charts are drawn from."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import attrs

from .driver import Fingerprint
from .past import MinerEvent
from .reading import Reading, State


class Availability(StrEnum):
    """Whether a miner can be relied upon, by our own watching."""

    UNKNOWN = "unknown"
    ONLINE = "online"
    #: It answers, but hashes too little, or a board or a fan is missing.
    DEGRADED = "degraded"
    #: It missed a poll or two; its last reading stands.
    STALE = "stale"
    OFFLINE = "offline"


@attrs.frozen
class Watch:
    """The memory of the state machine ``core.miners.rules.observe``.  Small: one per miner stays in memory."""

    miner_id: int
    availability: Availability = Availability.UNKNOWN
    #: Polls missed since the last good one.
    misses: int = 0
    state: State | None = None
    fingerprint: Fingerprint | None = None
    #: The last attempt and the last good one.
    polled_at: datetime | None = None
    seen_at: datetime | None = None
    #: When ``availability`` and ``state`` last changed.
    availability_since: datetime | None = None
    state_since: datetime | None = None
    #: Code and detail of the last miss, ``None`` after a good poll.
    error: str | None = None
    error_detail: str | None = None
    #: Counters of the last good reading, to take deltas from.
    uptime_s: int | None = None
    accepted: int | None = None
    rejected: int | None = None
    active_pool: int | None = None
    #: The last moment at which ``accepted`` grew.
    last_share_at: datetime | None = None
    #: How often the process restarted and the active pool changed since the miner is known.
    restarts: int = 0
    pool_switches: int = 0
    #: Rejected / (accepted + rejected) of the last interval with shares in it.
    reject_ratio: float | None = None
    #: Why it is degraded, in words: ``rate 61 % of nominal``, ``fan 2 stands still``.
    reasons: tuple[str, ...] = ()
    #: Good readings in a row that speak against ``availability``.  It need not be stored: forgetting it costs one poll.
    doubts: int = 0


@attrs.frozen
class Snapshot:
    """What is known of a miner now: the watch and its last good reading."""

    watch: Watch
    reading: Reading | None = None


@attrs.frozen
class Sample:
    """One row of history.  A missed poll is a row whose ``error`` is set and whose figures are missing, never 0."""

    miner_id: int
    at: datetime
    state: State | None = None
    hash_rate_hs: float | None = None
    hash_rate_nominal_hs: float | None = None
    #: Counters since the process started.
    accepted: int | None = None
    rejected: int | None = None
    #: Since the miner is known.
    pool_switches: int | None = None
    restarts: int | None = None
    #: Hottest chip, else board, °C.
    temperature: float | None = None
    #: Highest rpm.
    fan_speed: int | None = None
    power_w: float | None = None
    hw_errors: int | None = None
    uptime_s: int | None = None
    #: Code of a missed poll, e.g. ``timed-out``.
    error: str | None = None


@attrs.frozen
class Observation:
    """All that one poll leaves behind; stored in one piece."""

    watch: Watch
    sample: Sample
    #: ``None`` after a miss: the last good one stands.
    reading: Reading | None = None
    raw: bytes | None = None
    #: The miner's place at that time, so that container sums are of that time.
    container_id: int | None = None
    #: Which device it is, where that was not known yet.
    hardware_id: str | None = None
    #: What it showed to have changed.
    events: tuple[MinerEvent, ...] = ()


class Level(StrEnum):
    """How coarse a series is."""

    RAW = "raw"
    FIVE_MINUTES = "5m"
    HOUR = "1h"


@attrs.frozen
class Point:
    """One point of a miner's chart: a raw sample, or what an interval that starts at ``at`` holds."""

    at: datetime
    #: Good polls and missed ones.
    polls: int
    misses: int
    hash_rate_hs: float | None = None
    hash_rate_min_hs: float | None = None
    hash_rate_max_hs: float | None = None
    temperature_max: float | None = None
    fan_speed_max: int | None = None
    fan_speed_min: int | None = None
    power_w: float | None = None
    accepted: int | None = None
    rejected: int | None = None
    restarts: int | None = None
    pool_switches: int | None = None


@attrs.frozen
class ContainerPoint:
    """One point of a container's chart: sums over its miners of their means, over those that were polled."""

    at: datetime
    miners: int
    #: How many gave a reading in the interval, and how many of those hashed.
    seen: int
    hashing: int
    power_w: float | None = None
    temperature_max: float | None = None
    temperature_avg: float | None = None
    accepted: int | None = None
    rejected: int | None = None


@attrs.frozen
class RatePoint:
    """What the miners of one algorithm in a container made: sums over their means."""

    at: datetime
    hash_rate_hs: float | None = None
    hash_rate_nominal_hs: float | None = None


@attrs.frozen
class ContainerCourse:
    """A container through a span, oldest first.  Rates of different algorithms are never added."""

    points: Sequence[ContainerPoint] = ()
    #: By algorithm, ``None`` for what no miner told; an interval in which none of them answered has no point.
    rates: Mapping[str | None, Sequence[RatePoint]] = attrs.field(factory=dict)


@attrs.frozen
class Totals:
    """The present of a container (``None``: of the miners without one), from the latest states."""

    container_id: int | None
    miners: int = 0
    active: int = 0
    #: How many by availability and by state.
    availability: Mapping[str, int] = attrs.field(factory=dict)
    states: Mapping[str, int] = attrs.field(factory=dict)
    #: H/s by algorithm: rates of different algorithms are never added.
    hash_rate_hs: Mapping[str, float] = attrs.field(factory=dict)
    hash_rate_nominal_hs: Mapping[str, float] = attrs.field(factory=dict)
    power_w: float | None = None
    temperature_max: float | None = None
    temperature_avg: float | None = None
    #: How many miners ``power_w`` is of: many do not say what they draw.
    power_miners: int = 0
