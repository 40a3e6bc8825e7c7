"""What a miner says of itself, in base units: H/s (Sol/s for equihash), W, °C, rpm, seconds."""

from datetime import datetime
from enum import StrEnum

import attrs


class Maker(StrEnum):
    """Who built the miner."""

    WHATSMINER = "Whatsminer"
    ANTMINER = "AntMiner"
    AVALON = "Avalon"
    ELPHAPEX = "Elphapex"


class State(StrEnum):
    """What a miner does, by its own word."""

    MINING = "mining"
    #: It answers, hashes nothing, and gives no reason.
    IDLE = "idle"
    #: Stopped on purpose.
    SLEEPING = "sleeping"
    STARTING = "starting"
    STOPPING = "stopping"
    #: It hashes nothing because something is wrong (overheat, dead boards).
    FAULT = "fault"


class PowerKind(StrEnum):
    """What a number of watts was measured at."""

    WALL = "wall"
    #: Direct current into the hash boards, without the loss of the power supply.
    DC_HASH_BOARDS = "dc_hash_boards"
    #: Third-party firmware's own estimate of the same.
    ESTIMATED_DC = "estimated_dc"


@attrs.frozen
class Shares:
    """Counters of the whole miner since its process started."""

    accepted: int | None = None
    rejected: int | None = None
    stale: int | None = None


@attrs.frozen
class Pool:
    """One configured pool.  ``index`` is the vendor's id, not a position."""

    index: int
    url: str
    user: str
    #: ``alive``, ``dead`` or the vendor's word in lower case.
    status: str | None = None
    priority: int | None = None
    active: bool | None = None
    accepted: int | None = None
    rejected: int | None = None
    stale: int | None = None
    #: An entry of the firmware's developers, not of the owner.
    fee: bool = False
    last_share_at: datetime | None = None


@attrs.frozen
class Board:
    """One hash board."""

    slot: int
    hash_rate_hs: float | None = None
    hash_rate_nominal_hs: float | None = None
    temp_board_c: float | None = None
    temp_chip_c: float | None = None
    chips_total: int | None = None
    chips_ok: int | None = None
    chips_bad: int | None = None
    freq_mhz: float | None = None
    hw_errors: int | None = None
    #: Avalon: the entry of the controller (``AV70``) and its module (``MM ID1``).
    module: str | None = None
    mm: str | None = None


@attrs.frozen
class Reading:
    """One whole normalised answer of a miner.

    ``None`` = the miner does not say; 0 = it says zero.  The meaning of every
    field is fixed by the captured answers in the contract tests.
    """

    vendor: Maker
    state: State
    model: str | None = None
    firmware: str | None = None
    #: ``sha256``, ``scrypt``, ``x11``, ``equihash``, ``ethash`` …
    algorithm: str | None = None
    #: The current rate; which of a vendor's figures that is, is the dialect's knowledge.
    hash_rate_hs: float | None = None
    #: All averaging windows given: ``5s 30s 1m 5m 15m 30m 24h av rt module_spd module_avg 5s_unreliable``.
    hash_rate_windows_hs: dict[str, float] = attrs.field(factory=dict)
    #: The miner's own nominal rate, else the model table's.
    hash_rate_nominal_hs: float | None = None
    power_w: float | None = None
    power_kind: PowerKind | None = None
    power_limit_w: float | None = None
    temp_env_c: float | None = None
    temp_board_max_c: float | None = None
    temp_chip_max_c: float | None = None
    fans_rpm: tuple[int, ...] = ()
    fans_expected: int | None = None
    fan_pct: tuple[float, ...] | None = None
    fan_psu_rpm: int | None = None
    shares: Shares = Shares()
    hw_errors: int | None = None
    #: Of the mining process.
    uptime_s: int | None = None
    #: Of the control board.
    system_uptime_s: int | None = None
    pools: tuple[Pool, ...] = ()
    active_pool: int | None = None
    #: Vendor error codes.
    errors: tuple[str, ...] = ()
    #: Vendor words that are not necessarily faults (Avalon ECHU, ECMM).
    vendor_flags: tuple[str, ...] = ()
    boards: tuple[Board, ...] = ()
    #: By the model table; ``None`` where it knows no such model.
    boards_expected: int | None = None
    #: Avalon: modules behind this address.
    modules: int | None = None
    last_share_at: datetime | None = None
