"""The life of a miner, poll by poll."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineman.core.miners.events import (
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
from lineman.core.miners.health import Policy
from lineman.core.miners.rules import observe
from lineman.ports.miners import (
    Answer,
    Availability,
    Board,
    Fingerprint,
    Maker,
    Pool,
    Reading,
    Sample,
    Shares,
    State,
    Target,
    Watch,
)

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
POLICY = Policy()
PRINT = Fingerprint(Maker.ANTMINER, "Antminer S19", "1.0", "antminer")
NEW = Watch(miner_id=7)


def seconds(count: float) -> datetime:
    return START + timedelta(seconds=count)


def good(fingerprint: Fingerprint = PRINT, **fields: Any) -> Answered:
    state = fields.pop("state", State.MINING)
    return Answered(Answer(Reading(vendor=fingerprint.maker, state=state, **fields), fingerprint))


def hashing(share: float) -> Answered:
    return good(hash_rate_hs=share * 100e12, hash_rate_nominal_hs=100e12)


def lived(*outcomes: Outcome, watch: Watch = NEW, policy: Policy = POLICY, every: float = 60) -> list[Watch]:
    """The watch after each outcome, a minute apart."""
    watches = []
    for number, outcome in enumerate(outcomes):
        watch, _, _ = observe(watch, outcome, at=seconds(number * every), policy=policy)
        watches.append(watch)
    return watches


def happened(*outcomes: Outcome, every: float = 60) -> list[Event]:
    """What the last of the outcomes brought about."""
    before = lived(*outcomes[:-1], every=every)[-1]
    return list(observe(before, outcomes[-1], at=seconds((len(outcomes) - 1) * every), policy=POLICY)[2])


MISS = Missed("timed-out", "10.0.0.7:4028 did not answer in 5 s")


def course(*outcomes: Outcome) -> list[str]:
    return [str(watch.availability) for watch in lived(*outcomes)]


def test_a_miner_that_falls_silent_is_stale_then_offline_and_back_with_one_answer() -> None:
    assert course(good(), MISS, MISS, MISS, MISS, good()) == [
        "online", "stale", "stale", "offline", "offline", "online",
    ]  # fmt: skip


def test_a_miner_never_seen_stays_unknown_until_it_is_offline() -> None:
    assert course(MISS, MISS, MISS) == ["unknown", "unknown", "offline"]


def test_a_missed_poll_keeps_what_is_known_and_writes_no_figure() -> None:
    seen = lived(good(state=State.SLEEPING, uptime_s=50, shares=Shares(5, 1)))[-1]
    after, sample, events = observe(seen, MISS, at=seconds(60), policy=POLICY)
    assert sample == Sample(miner_id=7, at=seconds(60), error="timed-out")
    assert (after.state, after.state_since, after.seen_at, after.uptime_s) == (State.SLEEPING, START, START, 50)
    assert (after.misses, after.error, after.polled_at) == (1, "timed-out", seconds(60))
    assert events == (AvailabilityChanged(Availability.ONLINE, Availability.STALE, (MISS.detail,)),)


def test_an_answer_ends_the_error_and_a_change_has_its_time() -> None:
    watches = lived(good(), MISS, good(state=State.IDLE), good(state=State.IDLE))
    assert (watches[2].misses, watches[2].error, watches[2].error_detail) == (0, None, None)
    assert watches[3].state_since == watches[2].state_since == seconds(120)
    assert watches[0].availability_since == START


@pytest.mark.parametrize(
    ("rates", "wanted"),
    [
        ([1, 0.6, 1, 0.6, 1], "online online online online online"),
        ([1, 0.6, 0.6, 1, 1], "online online degraded degraded online"),
        ([1, 0.6, 0.6, 1, 0.6, 1, 1], "online online degraded degraded degraded degraded online"),
        # Above the mark, but not far enough above it to recover.
        ([1, 0.6, 0.6, 0.82, 0.82, 0.9, 0.9], "online online degraded degraded degraded degraded online"),
        # The first reading ever has nothing to hold on to.
        ([0.6], "degraded"),
    ],
)
def test_between_online_and_degraded_a_second_look_decides(rates: list[float], wanted: str) -> None:
    assert course(*map(hashing, rates)) == wanted.split()


def test_a_stale_miner_remembers_that_it_was_degraded() -> None:
    watches = lived(hashing(0.5), MISS, hashing(1), hashing(1))
    assert [watch.availability for watch in watches[1:]] == ["stale", "degraded", "online"]
    assert watches[2].reasons == ("rate 50% of nominal",)
    assert watches[3].reasons == ()


def test_the_miners_own_word_of_a_fault_counts_at_once() -> None:
    fault = good(state=State.FAULT, errors=("110", "350"))
    assert course(good(), fault) == ["online", "degraded"]
    assert lived(good(), fault)[-1].reasons == ("it reports a fault (110, 350)",)


def uptimes(first: int, second: int, passed: float, accepted: tuple[int, int] = (10, 20)) -> list[Event]:
    counts = zip((first, second), accepted, strict=True)
    return happened(*(good(uptime_s=uptime, shares=Shares(count, 0)) for uptime, count in counts), every=passed)


@pytest.mark.parametrize(
    ("first", "second", "passed", "accepted", "restarted"),
    [
        (5000, 5060, 60, (10, 20), False),
        (5000, 30, 60, (10, 2), True),
        # Young before and young after: the fall alone is small, but time allows more.
        (40, 25, 60, (1, 0), True),
        # It came back within a long silence; only the counters fell.
        (40, 90, 600, (50, 3), True),
        # The miner's own clock was set back a little.
        (5000, 4995, 1, (10, 10), False),
        # Our clock was set ahead by an hour, or back by one.
        (5000, 5060, 3660, (10, 20), False),
        (5000, 5060, -3540, (10, 20), False),
        (5000, 30, -3540, (10, 2), True),
        # Shares were set to zero by a command.
        (5000, 5060, 60, (10, 2), False),
    ],
)
def test_a_restart_is_an_uptime_that_time_does_not_allow(
    first: int, second: int, passed: float, accepted: tuple[int, int], restarted: bool
) -> None:
    events = uptimes(first, second, passed, accepted)
    assert ([event for event in events if isinstance(event, Restarted)] == [Restarted(first, second)]) == restarted


def test_the_reject_ratio_is_of_one_interval_and_only_while_the_process_lives() -> None:
    polls = [(1000, 100, 0), (1060, 130, 10), (1120, 130, 10), (20, 4, 4), (80, 8, 4), (140, 5, 9)]
    watches = lived(*(good(uptime_s=up, shares=Shares(yes, no)) for up, yes, no in polls))
    #                      nothing before | 30:10 | no shares | restart | 4:0 | fell without one
    assert [watch.reject_ratio for watch in watches] == [None, 0.25, 0.25, 0.25, 0.0, 0.0]
    assert [watch.restarts for watch in watches] == [0, 0, 0, 1, 1, 1]


def pools(active: int | None, *, fee: int | None = None) -> Answered:
    known = tuple(Pool(number, f"stratum+tcp://pool{number}.example", "w", fee=number == fee) for number in range(3))
    return good(pools=known, active_pool=active)


def test_a_pool_switch_counts_between_pools_of_the_owner_only() -> None:
    watches = lived(pools(0), pools(1), pools(None), pools(1), pools(2, fee=2), pools(1), pools(0))
    assert [watch.pool_switches for watch in watches] == [0, 1, 1, 1, 1, 1, 2]
    assert PoolSwitched(0, 1) in happened(pools(0), pools(1))


def test_another_device_at_the_address_is_told_and_takes_no_counters_over() -> None:
    other = Fingerprint(Maker.AVALON, "1246", "21")
    before = good(uptime_s=9000, shares=Shares(900, 9), active_pool=0)
    after = good(other, uptime_s=10, shares=Shares(1, 1), active_pool=1)
    assert happened(before, after) == [Reidentified(PRINT, other)]
    watch = lived(before, after)[-1]
    assert (watch.restarts, watch.pool_switches, watch.reject_ratio, watch.uptime_s) == (0, 0, None, 10)


def test_new_firmware_is_the_same_device_restarted() -> None:
    newer = attrs.evolve(PRINT, firmware="1.1")
    assert happened(good(uptime_s=900), good(newer, uptime_s=10)) == [Restarted(900, 10), Reidentified(PRINT, newer)]


def test_a_word_it_did_not_say_before_is_no_other_device() -> None:
    assert happened(good(attrs.evolve(PRINT, model=None, firmware=None)), good()) == []


def shares(accepted: int | None, told: datetime | None = None) -> Answered:
    return good(uptime_s=None, shares=Shares(accepted), last_share_at=told)


@pytest.mark.parametrize(
    ("polls", "wanted"),
    [
        ([shares(5)], None),
        ([shares(5), shares(6), shares(6)], seconds(60)),
        ([shares(5, seconds(-9))], seconds(-9)),
        ([shares(5), shares(6, seconds(40))], seconds(40)),
        # The miner's clock is an hour ahead, or an hour behind.
        ([shares(5, seconds(3600))], START),
        ([shares(5), shares(6, seconds(-3600))], START),
        ([shares(None, seconds(-5)), shares(None)], seconds(-5)),
        ([shares(5), shares(6, datetime(2026, 11, 1))], seconds(60)),  # noqa: DTZ001 - such a driver is the case
    ],
)
def test_the_last_share_is_the_miners_word_held_to_its_counters(polls: list[Answered], wanted: datetime | None) -> None:
    assert lived(*polls)[-1].last_share_at == wanted


def test_each_change_is_told_once() -> None:
    assert happened(good(), good(state=State.SLEEPING)) == [StateChanged(State.MINING, State.SLEEPING)]
    assert happened(good(), good(state=State.SLEEPING), good(state=State.SLEEPING)) == []


numbers = st.none() | st.integers()
figures = st.none() | st.floats()
moments = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
boards = st.builds(Board, slot=st.integers(), hash_rate_hs=figures)
readings = st.builds(
    Reading,
    vendor=st.sampled_from(Maker),
    state=st.sampled_from(State),
    hash_rate_hs=figures,
    hash_rate_nominal_hs=figures,
    power_w=figures,
    temp_chip_max_c=figures,
    fans_rpm=st.lists(st.integers(), max_size=3).map(tuple),
    fans_expected=numbers,
    shares=st.builds(Shares, numbers, numbers, numbers),
    hw_errors=numbers,
    uptime_s=numbers,
    active_pool=numbers,
    boards=st.lists(boards, max_size=3).map(tuple),
    boards_expected=numbers,
    modules=numbers,
    last_share_at=st.none() | st.datetimes() | moments,
)
fingerprints = st.builds(Fingerprint, st.sampled_from(Maker), st.sampled_from([None, "S9", "M50"]))
outcomes = st.builds(Missed, st.just("timed-out")) | st.builds(Answered, st.builds(Answer, readings, fingerprints))


@settings(max_examples=60)
@given(st.lists(st.tuples(outcomes, moments), max_size=6))
def test_no_reading_and_no_clock_brings_the_machine_into_a_state_that_cannot_be(
    polls: list[tuple[Outcome, datetime]],
) -> None:
    watch = NEW
    for outcome, at in polls:
        before = watch
        watch, sample, events = observe(before, outcome, at=at, policy=POLICY)
        assert watch.misses == (before.misses + 1 if isinstance(outcome, Missed) else 0)
        assert watch.restarts >= before.restarts
        assert watch.pool_switches >= before.pool_switches
        counters = (sample.accepted, sample.rejected, sample.uptime_s, sample.hw_errors, sample.fan_speed)
        assert all(count is None or 0 <= count < 2**63 for count in counters)
        rates = (sample.hash_rate_hs, sample.power_w, sample.temperature)
        assert all(figure is None or math.isfinite(figure) for figure in rates)
        assert watch.reject_ratio is None or 0 <= watch.reject_ratio <= 1
        assert bool(watch.reasons) >= (watch.availability is Availability.DEGRADED)
        moved = any(isinstance(event, AvailabilityChanged) for event in events)
        assert moved == (watch.availability is not before.availability)
        if isinstance(outcome, Missed):
            assert (watch.state, watch.last_share_at) == (before.state, before.last_share_at)
            assert attrs.evolve(sample, error=None) == Sample(miner_id=7, at=at)
        else:
            assert watch.last_share_at is None or watch.last_share_at <= at


@pytest.mark.parametrize(
    ("host", "where"), [("10.0.0.7", "10.0.0.7:4028"), ("rig7", "rig7:4028"), ("fd00::7", "[fd00::7]:4028")]
)
def test_an_address_and_its_port_can_be_told_apart(host: str, where: str) -> None:
    assert Target(host).where == where
