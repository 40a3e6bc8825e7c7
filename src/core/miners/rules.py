"""The life of a miner as seen by its polls: everything that changes a ``Watch`` lives here.

    unknown --answer--> online <--> degraded        a second look at either side
       |                  |            |
       |                 miss         miss           the last reading stands
       |                  v            v
       |                    stale  --answer--> as before
       +------ offline_after misses ------> offline --answer--> online | degraded

A miss changes nothing else: ``state`` keeps its last value, counters stay
what they were, and the sample of the miss has no figures.
"""

from datetime import datetime, timedelta
from typing import assert_never

import attrs

from ...ports.miners import Answer, Availability, Fingerprint, Pool, Reading, Sample, Watch
from .events import (
    Answered,
    AvailabilityChanged,
    Event,
    Missed,
    Outcome,
    PoolSwitched,
    Reidentified,
    Restarted,
    StateChanged,
)
from .health import Policy, doubts, faults

#: What both databases can hold; a miner that says more says nothing.
LARGEST = 2**63 - 1


def observe(watch: Watch, outcome: Outcome, *, at: datetime, policy: Policy) -> tuple[Watch, Sample, tuple[Event, ...]]:
    """Take one poll into account.

    Total over any reading.  ``at`` may lie before the last poll (somebody set
    the clock): intervals then count as nothing, and nothing becomes negative.
    """
    match outcome:
        case Answered(answer):
            return _answered(watch, answer, at, policy)
        case Missed(code, detail):
            return _missed(watch, code, detail, at, policy)
        case _:
            assert_never(outcome)


def moved(watch: Watch) -> Watch:
    """The watch of a miner that is now to be found elsewhere: whatever answers there may be another one."""
    return attrs.evolve(
        watch,
        availability=Availability.UNKNOWN,
        availability_since=None,
        misses=0,
        doubts=0,
        reasons=(),
        error=None,
        error_detail=None,
        fingerprint=None,
        uptime_s=None,
        accepted=None,
        rejected=None,
        active_pool=None,
    )


def _missed(
    watch: Watch, code: str, detail: str, at: datetime, policy: Policy
) -> tuple[Watch, Sample, tuple[Event, ...]]:
    misses = watch.misses + 1
    known = watch.availability is not Availability.UNKNOWN
    if misses >= policy.offline_after or watch.availability is Availability.OFFLINE:
        availability = Availability.OFFLINE
    else:
        availability = Availability.STALE if known else Availability.UNKNOWN
    after = attrs.evolve(
        watch,
        availability=availability,
        availability_since=_since(watch.availability_since, at, same=availability is watch.availability),
        misses=misses,
        doubts=0,
        polled_at=at,
        error=code,
        error_detail=detail,
        # A stale miner remembers by them that it was degraded.
        reasons=() if availability is Availability.OFFLINE else watch.reasons,
    )
    return after, Sample(miner_id=watch.miner_id, at=at, error=code), _availability(watch, after, (detail or code,))


def _answered(watch: Watch, answer: Answer, at: datetime, policy: Policy) -> tuple[Watch, Sample, tuple[Event, ...]]:
    reading, fingerprint = answer.reading, answer.fingerprint
    other = _another_device(watch.fingerprint, fingerprint)
    known = attrs.evolve(watch, uptime_s=None, accepted=None, rejected=None, active_pool=None) if other else watch
    uptime, accepted, rejected = (
        _count(value) for value in (reading.uptime_s, reading.shares.accepted, reading.shares.rejected)
    )
    restarted = _restarted(known, uptime, accepted, at)
    pool = _owners_pool(reading)
    switched = pool is not None and known.active_pool is not None and pool != known.active_pool
    availability, reasons, doubting = _judged(watch, reading, policy)
    after = attrs.evolve(
        watch,
        availability=availability,
        availability_since=_since(watch.availability_since, at, same=availability is watch.availability),
        reasons=reasons,
        doubts=doubting,
        misses=0,
        error=None,
        error_detail=None,
        state=reading.state,
        state_since=_since(watch.state_since, at, same=reading.state is watch.state),
        fingerprint=fingerprint,
        polled_at=at,
        seen_at=at,
        uptime_s=uptime,
        accepted=accepted,
        rejected=rejected,
        active_pool=known.active_pool if pool is None else pool,
        last_share_at=_last_share(known, reading, accepted, at, restarted=restarted),
        restarts=watch.restarts + restarted,
        pool_switches=watch.pool_switches + switched,
        reject_ratio=_reject_ratio(known, uptime, accepted, rejected),
    )
    events: list[Event] = [*_availability(watch, after, reasons)]
    if reading.state is not watch.state:
        events.append(StateChanged(watch.state, reading.state))
    if restarted and known.uptime_s is not None and uptime is not None:
        events.append(Restarted(known.uptime_s, uptime))
    if switched and known.active_pool is not None and pool is not None:
        events.append(PoolSwitched(known.active_pool, pool))
    if watch.fingerprint is not None and (other or _changed(watch.fingerprint.firmware, fingerprint.firmware)):
        events.append(Reidentified(watch.fingerprint, fingerprint))
    return after, _sample(after, reading, at), tuple(events)


def _judged(watch: Watch, reading: Reading, policy: Policy) -> tuple[Availability, tuple[str, ...], int]:
    """Availability, reasons and doubts after a good reading.

    What the miner says itself counts at once, what we conclude must be seen
    ``policy.confirm`` times in a row, in both directions: rates jump.  The
    first reading after silence decides by itself, since there is nothing to
    hold on to.
    """
    degraded = watch.availability is Availability.DEGRADED or (
        watch.availability is Availability.STALE and bool(watch.reasons)
    )
    said = faults(reading)
    reasons = said or doubts(reading, policy, degraded=degraded)
    settled = Availability.DEGRADED if reasons else Availability.ONLINE
    fresh = watch.availability in (Availability.UNKNOWN, Availability.OFFLINE)
    if fresh or said or bool(reasons) is degraded or watch.doubts + 1 >= policy.confirm:
        return settled, reasons, 0
    before = Availability.DEGRADED if degraded else Availability.ONLINE
    return before, watch.reasons if degraded else (), watch.doubts + 1


def _restarted(before: Watch, uptime: int | None, accepted: int | None, at: datetime) -> bool:
    """Whether the process runs for less than time allows.

    A set clock alone makes it seem so as well; therefore the uptime, or the
    count of shares, must have fallen too.  The slack is for uptimes that are
    counted by the miner's own clock.
    """
    if before.uptime_s is None or uptime is None:
        return False
    passed = _seconds(before.seen_at, at)
    late = uptime + 10 + passed / 20 < before.uptime_s + passed
    fewer = before.accepted is not None and accepted is not None and accepted < before.accepted
    return late and (uptime < before.uptime_s or fewer)


def _reject_ratio(before: Watch, uptime: int | None, accepted: int | None, rejected: int | None) -> float | None:
    """Of the last interval with shares in it; only within one life of the process."""
    if before.uptime_s is None or before.accepted is None or before.rejected is None:
        return before.reject_ratio
    if uptime is None or accepted is None or rejected is None or uptime <= before.uptime_s:
        return before.reject_ratio
    good, bad = accepted - before.accepted, rejected - before.rejected
    return bad / (good + bad) if good >= 0 and bad >= 0 and good + bad else before.reject_ratio


def _last_share(
    before: Watch, reading: Reading, accepted: int | None, at: datetime, *, restarted: bool
) -> datetime | None:
    """The miner's word, held to what the counters show: its clock may be wrong, and never leads ours."""
    known = before.last_share_at and min(before.last_share_at, at)
    told = _aware(reading.last_share_at)
    told = told and min(told, at)
    if before.accepted is None or accepted is None:
        return max((moment for moment in (known, told) if moment), default=None)
    if accepted > (0 if restarted else before.accepted):
        since = min(before.seen_at or at, at)
        return max(told or at, since)
    return known or told


def _owners_pool(reading: Reading) -> int | None:
    """The active pool, unless it is one of the firmware's developers, who mine a minute in each hour."""
    active: Pool | None = next((pool for pool in reading.pools if pool.index == reading.active_pool), None)
    return None if active is not None and active.fee else reading.active_pool


def _another_device(before: Fingerprint | None, after: Fingerprint) -> bool:
    return before is not None and (before.maker is not after.maker or _changed(before.model, after.model))


def _changed(before: str | None, after: str | None) -> bool:
    return before is not None and after is not None and before != after


def _availability(before: Watch, after: Watch, reasons: tuple[str, ...]) -> tuple[AvailabilityChanged, ...]:
    if before.availability is after.availability:
        return ()
    return (AvailabilityChanged(before.availability, after.availability, reasons),)


def _sample(watch: Watch, reading: Reading, at: datetime) -> Sample:
    return Sample(
        miner_id=watch.miner_id,
        at=at,
        state=reading.state,
        hash_rate_hs=_figure(reading.hash_rate_hs),
        hash_rate_nominal_hs=_figure(reading.hash_rate_nominal_hs),
        accepted=watch.accepted,
        rejected=watch.rejected,
        pool_switches=watch.pool_switches,
        restarts=watch.restarts,
        temperature=temperature(reading),
        fan_speed=fan_speed(reading),
        power_w=_figure(reading.power_w),
        hw_errors=_count(reading.hw_errors),
        uptime_s=watch.uptime_s,
    )


def temperature(reading: Reading) -> float | None:
    """°C of the hottest chip, else of the hottest board."""
    hottest = reading.temp_chip_max_c if reading.temp_chip_max_c is not None else reading.temp_board_max_c
    return hottest if hottest is not None and abs(hottest) < 1000 else None


def fan_speed(reading: Reading) -> int | None:
    """The highest rpm."""
    return _count(max(reading.fans_rpm, default=None))


def _count(value: int | None) -> int | None:
    return value if value is not None and 0 <= value <= LARGEST else None


def _figure(value: float | None) -> float | None:
    # Not a number compares false, so that it goes the same way as what is below 0 or infinite.
    return value if value is not None and 0 <= value <= 1e30 else None


def _seconds(before: datetime | None, at: datetime) -> float:
    return max(at - before, timedelta()).total_seconds() if before else 0.0


def _since(before: datetime | None, at: datetime, *, same: bool) -> datetime:
    return before if same and before else at


def _aware(moment: datetime | None) -> datetime | None:
    return moment if moment is not None and moment.tzinfo is not None else None
