"""How a simulated miner lives.  Everything follows from a seed and the time, so nothing runs between two questions.

A miner has a boot every day or three, warms up, drifts and jitters a little,
finds shares, moves to its second pool for a while, and has one lasting
condition: most are healthy.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from .hardware import Hardware

_MASK = (1 << 64) - 1
#: Values stand still for so long: readers and ``truth`` can meet on one number.
TICK_S = 5.0
#: A board's rate wanders from one mark to the next in so long.
_DRIFT_S = 600.0
#: After a boot a miner hashes nothing for the first, and less than it could for the second.
_SILENT_S, _RAMP_S = 60.0, 60.0
#: An overheating miner works and cools down in turns.
_HOT_ON_S, _HOT_CYCLE_S = 35 * 60.0, 45 * 60.0
#: Of so many seconds of work the last are done for the second pool.
_POOL_CYCLE_S, _POOL_AWAY_S = 6 * 3600.0, 15 * 60.0


class Condition(StrEnum):
    """What is the matter with a miner."""

    HEALTHY = "healthy"
    DEAD_BOARD = "dead-board"
    OVERHEATING = "overheating"
    SLEEPING = "sleeping"
    BAD_CHIPS = "bad-chips"
    FAN_STOPPED = "fan-stopped"


@dataclass(frozen=True, slots=True)
class Past:
    """What was decided from outside and must not be forgotten, in seconds of the farm."""

    #: The last boot that was asked for.
    booted_at: float = -math.inf
    #: When the condition was changed last; ``-inf``: born with it.
    turned_at: float = -math.inf
    #: Seconds of work done up to then, since the boot before it.
    worked_s: float = 0.0
    #: Boots in regular intervals; 0: by nature.
    boot_every_s: float = 0.0
    #: The part of its rate that a limit of its power leaves.
    limit: float = 1.0


@dataclass(slots=True)
class BoardNow:
    """One hash board at one moment."""

    slot: int
    rate_hs: float
    temp_c: int
    chip_c: int
    chips_ok: int
    hw_errors: int
    accepted: int


@dataclass(slots=True)
class Moment:
    """All that can be read from one miner at one moment, in base units."""

    hw: Hardware
    index: int
    #: Epoch seconds, the miner's clock.
    when: int
    uptime_s: int
    #: ``mining``, ``starting``, ``sleeping`` or ``fault``.
    state: str
    boards: list[BoardNow]
    rate_hs: float
    #: Without the jitter of the last seconds.
    rate_calm_hs: float
    #: Since the boot.
    rate_avg_hs: float
    ambient_c: int
    temp_max_c: int
    chip_max_c: int
    fans: list[int]
    fan_pct: int
    power_w: int
    accepted: int
    rejected: int
    stale: int
    #: Of the accepted ones, those found for the second pool.
    accepted_second: int
    pool: int
    hw_errors: int
    seed: int
    #: Address, user, password, and ``Alive`` or ``Dead``; ``pool`` is one of them.
    pools: tuple[tuple[str, str, str, str], ...] = ()
    #: Whether it stays with its pool, since somebody chose one.
    fixed: bool = False
    #: Whether the light is on by which people find it.
    light: bool = False
    #: Watts that it may take.
    limit_w: int = 0
    #: Whether it takes no commands.
    locked: bool = False

    @property
    def mac(self) -> str:
        """A locally administered address, ``02:…``."""
        return "02:" + (self.seed >> 24).to_bytes(5, "big").hex(":")

    @property
    def serial(self) -> str:
        """Made up, 16 characters."""
        return f"LM{self.seed % 10**14:014d}"


def noise(seed: int, channel: int, step: int = 0) -> float:
    """Return a number in [0, 1) that only depends on its arguments, on every Python."""
    return (scramble(seed ^ (channel * 0x9E3779B97F4A7C15), step) >> 11) / 9007199254740992.0


def scramble(seed: int, step: int) -> int:
    """Return 64 bits that look like chance (the finish of splitmix64)."""
    x = (seed ^ (step * 0xD1B54A32D192ED03)) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


def _dice(bits: int, place: int) -> float:
    """Return one of the numbers in [0, 1) that can be read from 64 bits."""
    return (bits >> place * 11 % 57 & 255) / 256.0


def _drift(seed: int, channel: int, t: float, period: float) -> float:
    """Return a slow wander in [-1, 1)."""
    step, part = divmod(t / period, 1.0)
    a, b = noise(seed, channel, int(step)), noise(seed, channel, int(step) + 1)
    return 2.0 * (a + (b - a) * part) - 1.0


def boot_before(seed: int, t: float, past: Past) -> float:
    """Return when the miner's process last started, which may be long before the farm did."""
    every = past.boot_every_s or 86400.0 * (1.0 + 2.0 * noise(seed, 1))
    phase = noise(seed, 2) * every
    return max(math.floor((t + phase) / every) * every - phase, past.booted_at)


def _hot_anchor(seed: int, past: Past) -> float:
    """An overheating miner's turns count from here; one that is told to overheat does so at once."""
    return past.turned_at - _HOT_ON_S if past.turned_at > -math.inf else -noise(seed, 3) * _HOT_CYCLE_S


def _dead_since(seed: int, past: Past) -> float:
    return past.turned_at if past.turned_at > -math.inf else (noise(seed, 4) - 0.7) * 7200.0


def _turns(since: float, until: float, cycle: float, on: float) -> float:
    """Return how much of ``[since, until]`` lies in the first ``on`` of each ``cycle``, counted from 0."""

    def total(x: float) -> float:
        whole, rest = divmod(x, cycle)
        return whole * on + min(rest, on)

    return total(until) - total(since)


def worked(hw: Hardware, seed: int, condition: Condition, t: float, past: Past, boot: float) -> float:
    """Return the seconds of full work since ``boot``, the last one; it never falls between two boots."""
    start = boot + _SILENT_S + _RAMP_S / 2
    bank = 0.0
    if past.turned_at > boot:
        start, bank = max(start, past.turned_at), past.worked_s
    if condition is Condition.SLEEPING or t <= start:
        return bank
    if condition is Condition.OVERHEATING:
        anchor = _hot_anchor(seed, past)
        return bank + _turns(start - anchor, t - anchor, _HOT_CYCLE_S, _HOT_ON_S)
    if condition is Condition.DEAD_BOARD:
        after = max(0.0, t - max(start, _dead_since(seed, past)))
        return bank + (t - start) - after / hw.boards
    return bank + t - start


def _phase(seed: int, condition: Condition, t: float, boot: float, past: Past) -> tuple[str, float]:
    """Return what the miner does and which part of its rate it makes."""
    if condition is Condition.SLEEPING:
        return "sleeping", 0.0
    if condition is Condition.OVERHEATING and (t - _hot_anchor(seed, past)) % _HOT_CYCLE_S >= _HOT_ON_S:
        return "fault", 0.0
    age = t - boot
    if age < _SILENT_S:
        return "starting", 0.0
    return "mining", min(1.0, 0.4 + 0.6 * (age - _SILENT_S) / _RAMP_S)


def _heat(seed: int, condition: Condition, t: float, past: Past) -> float:
    """Return the degrees that an overheating miner has too many: more and more, until it stops and cools down."""
    if condition is not Condition.OVERHEATING:
        return 0.0
    turn = (t - _hot_anchor(seed, past)) % _HOT_CYCLE_S
    if turn < _HOT_ON_S:
        return 14.0 * turn / _HOT_ON_S
    return 66.0 - 8.0 * (turn - _HOT_ON_S) / (_HOT_CYCLE_S - _HOT_ON_S)


def observe(
    hw: Hardware, seed: int, index: int, condition: Condition, t: float, past: Past, started_at: float
) -> Moment:
    """Return the miner at ``t`` seconds of the farm, which began at epoch ``started_at``."""
    boot = boot_before(seed, t, past)
    work = worked(hw, seed, condition, t, past, boot)
    state, part = _phase(seed, condition, t, boot, past)
    tick = int(t // TICK_S)
    quiet = tick * TICK_S
    born, now = scramble(seed, 1), scramble(seed ^ 1, tick)
    ambient = 25.0 + 3.0 * math.sin(quiet / 13750.0) + 4.0 * _dice(born, 0) + _drift(seed, 6, quiet, 900.0)
    heat = _heat(seed, condition, t, past)
    dead = condition is Condition.DEAD_BOARD and t >= _dead_since(seed, past)
    accepted = int(work / hw.share_every_s)

    each = hw.nominal_hs / hw.boards
    step, way = divmod(quiet / _DRIFT_S, 1.0)
    before, after = scramble(seed ^ 2, int(step)), scramble(seed ^ 2, int(step) + 1)
    boards: list[BoardNow] = []
    rate = calm = 0.0
    errors = 0
    for slot in range(hw.boards):
        health, chips, clumsy = 1.0, hw.chips, 0.002
        if slot == hw.boards - 1 and dead:
            health, chips = 0.0, 0
        elif slot == 0 and condition is Condition.BAD_CHIPS:
            chips -= 2 + int(_dice(born, 1) * 6)
            health, clumsy = chips / hw.chips, 0.05
        wander = _dice(before, slot) + (_dice(after, slot) - _dice(before, slot)) * way
        steady = each * part * past.limit * health * (0.985 + 0.04 * wander)
        made = steady * (0.992 + 0.016 * _dice(now, slot))
        load = made / each
        temp = ambient + heat + 3.0 + 29.0 * load + 2.0 * (slot % 4) + 1.5 * _dice(now, 7 - slot)
        chip = temp + 2.0 + 14.0 * load
        found = int(work * clumsy * (0.5 + _dice(born, 7 - slot)))
        boards.append(BoardNow(slot, made, int(temp), int(chip), chips, found, accepted // hw.boards))
        rate += made
        calm += steady
        errors += found
    chip_max = max([board.chip_c for board in boards])
    asleep = state == "sleeping"
    pct = 10 if asleep else min(100, max(25, int((chip_max - 48) * 2.4)))
    fans = [0 if asleep else (1000 + pct * 52 + (now >> fan & 3) * 30) // 30 * 30 for fan in range(hw.fans)]
    if condition is Condition.FAN_STOPPED and fans:
        fans[-1] = 0
    turns = _dice(born, 2) * _POOL_CYCLE_S
    second = work - _turns(turns, turns + work, _POOL_CYCLE_S, _POOL_CYCLE_S - _POOL_AWAY_S)
    uptime = int(t - boot)
    return Moment(
        hw=hw,
        seed=seed,
        index=index,
        when=int(started_at + t),
        uptime_s=uptime,
        state=state,
        boards=boards,
        rate_hs=rate,
        rate_calm_hs=calm,
        rate_avg_hs=hw.nominal_hs * min(1.0, work / max(uptime, 1)),
        ambient_c=int(ambient),
        temp_max_c=max([board.temp_c for board in boards]),
        chip_max_c=chip_max,
        fans=fans,
        fan_pct=pct,
        power_w=int(25 + hw.power_w * rate / hw.nominal_hs * (0.98 + 0.04 * _dice(born, 3))),
        accepted=accepted,
        rejected=int(accepted * (0.0005 + 0.004 * _dice(seed, 4))),
        stale=int(accepted * 0.0004),
        accepted_second=int(second / hw.share_every_s),
        pool=int((turns + work) % _POOL_CYCLE_S >= _POOL_CYCLE_S - _POOL_AWAY_S),
        hw_errors=errors,
    )
