"""When a miner is polled next."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from lineman.core.miners.pacing import SLOWEST, next_due
from lineman.core.resilience import backoff, spread
from lineman.ports.miners import Watch

POLLED = datetime(2026, 11, 1, tzinfo=UTC)
times = st.floats(min_value=0, max_value=1e7)
intervals = st.floats(min_value=1, max_value=3600)


def due(misses: int, at: float = 1000.0, *, miner_id: int = 5, polled: bool = True, interval: float = 60) -> float:
    watch = Watch(miner_id=miner_id, misses=misses, polled_at=POLLED if polled else None)
    return next_due(watch, at, interval, offline_after=3)


@given(times, intervals, st.integers(1, 10**6), st.integers(0, 2))
def test_a_miner_keeps_its_place_in_the_interval(at: float, interval: float, miner_id: int, misses: int) -> None:
    first = due(misses, at, miner_id=miner_id, interval=interval)
    assert interval / 10 <= first - at + 1e-6
    assert first - at <= interval * 1.1 + 1e-6
    # However long the poll takes, and even if it was a little early.
    for moment in (first - interval / 100, first, first + interval / 3):
        following = due(misses, moment, miner_id=miner_id, interval=interval)
        assert abs(following - first - interval) < 1e-3


def test_ten_thousand_miners_are_spread_evenly() -> None:
    tenths = [0] * 10
    for miner_id in range(10_000):
        tenths[int((due(0, miner_id=miner_id) - 1000) % 60 // 6)] += 1
    assert 900 < min(tenths) <= max(tenths) < 1100


def test_an_offline_miner_is_asked_ever_more_seldom_but_never_given_up() -> None:
    waits = [due(misses) - 1000 for misses in range(3, 12)]
    assert all(0.75 * 60 * 2**step <= wait <= 1.25 * 60 * 2**step for step, wait in enumerate(waits[:3], 1))
    assert all(SLOWEST * 0.75 <= wait <= SLOWEST for wait in waits[3:])
    assert due(10**9) - 1000 <= SLOWEST


def test_an_interval_longer_than_the_slow_lane_stays_as_it_is() -> None:
    assert 2700 <= due(50, interval=3600) - 1000 <= 3600


def test_a_wait_has_jitter_without_chance() -> None:
    waits = {backoff(3, base=1, cap=60, seed=seed) for seed in range(100)}
    assert len(waits) > 90
    assert 3 <= min(waits) < max(waits) <= 5
    assert backoff(3, base=1, cap=60, seed="a") == backoff(3, base=1, cap=60, seed="a")
    assert all(0 <= spread(seed) < 1 for seed in range(1000))
    assert backoff(-5, base=2, cap=60, seed=1) <= 2.5
