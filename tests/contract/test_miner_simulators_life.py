"""How simulated miners live: by their seed and the time alone."""

from itertools import pairwise
from typing import Any

import pytest

from lineman.adapters.devices.simulators.miners import KINDS, Condition, SimulatedFarm, SimulatedMiner

HOUR = 3600.0


class Clock:
    """Time that stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def one(kind: str, clock: Clock, **more: Any) -> SimulatedMiner:
    """A miner of that kind."""
    (miner,) = SimulatedFarm({kind: 1}, 1, clock=clock, started_at=1.7e9, **more).miners
    return miner


def settled(miner: SimulatedMiner, clock: Clock) -> None:
    """Move time to where the miner works and will not boot for a while."""
    while miner.truth()["uptime_s"] < HOUR or miner.truth(clock.now + 5 * HOUR)["uptime_s"] < HOUR:
        clock.now += HOUR


def test_the_same_seed_gives_the_same_miners_to_the_last_byte() -> None:
    def told(seed: int) -> list[Any]:
        miners = SimulatedFarm(count=60, seed=seed, clock=lambda: 5.0, started_at=1.7e9, conditions={"bad-chips": 0.2})
        texts = [m.kind.api.answer(m.moment(), b'{"command":"pools"}') for m in miners.miners if m.kind.api]
        return [[miner.truth(77.0) for miner in miners.miners], texts]

    assert told(3) == told(3)
    assert told(3) != told(4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_healthy_miner_works_near_its_plate_and_stands_still_within_a_tick(kind: str) -> None:
    clock = Clock()
    miner = one(kind, clock)
    settled(miner, clock)
    times = [clock.now + n * 61 for n in range(120)]
    seen = [miner.truth(now) for now in times]
    for now, truth in zip(times, seen, strict=True):
        assert truth["state"] == "mining"
        assert truth["hash_rate_hs"] == pytest.approx(miner.kind.hw.nominal_hs, rel=0.04)
        assert truth["hash_rate_hs"] == sum(board.rate_hs for board in miner.moment(now).boards)
        assert 60 < truth["temp_chip_max_c"] < 95
        assert all(2000 < rpm < 7000 for rpm in miner.moment(now).fans)
    assert len({truth["hash_rate_hs"] for truth in seen}) == len(seen)
    tick = clock.now // 5 * 5
    assert miner.truth(tick)["hash_rate_hs"] == miner.truth(tick + 4.9)["hash_rate_hs"]


@pytest.mark.parametrize("condition", Condition)
def test_counters_only_fall_when_the_process_starts_anew(condition: Condition) -> None:
    clock = Clock()
    miner = one("s19pro", clock, conditions={condition: 1.0})
    before = miner.truth()
    restarts = 0
    for _ in range(6000):
        clock.now += 97.0
        now = miner.truth()
        if now["uptime_s"] < before["uptime_s"]:
            restarts += 1
        else:
            for counter in ("accepted", "rejected", "stale", "hw_errors", "uptime_s"):
                assert now[counter] >= before[counter], (counter, clock.now)
        before = now
    assert 2 <= restarts <= 7, "a boot every day or three, and this was a week"


def test_a_reboot_takes_a_minute_without_work_and_another_one_to_get_up() -> None:
    clock = Clock()
    miner = one("m30s", clock)
    settled(miner, clock)
    miner.reboot()
    clock.now += 30
    young = miner.truth()
    assert (young["state"], young["uptime_s"], young["hash_rate_hs"], young["accepted"]) == ("starting", 30, 0, 0)
    clock.now += 60
    assert 0.3 < miner.truth()["hash_rate_hs"] / miner.kind.hw.nominal_hs < 0.95
    clock.now += 60
    assert miner.truth()["hash_rate_hs"] == pytest.approx(miner.kind.hw.nominal_hs, rel=0.04)


def test_reboots_come_as_often_as_the_knob_says() -> None:
    clock = Clock()
    miner = one("a1246", clock)
    miner.turn(reboot_minutes=10)
    uptimes = []
    for _ in range(60):
        clock.now += 60
        uptimes.append(miner.truth()["uptime_s"])
    assert max(uptimes) < 600
    assert sum(later < earlier for earlier, later in pairwise(uptimes)) in (5, 6)


def test_a_condition_can_come_and_go_and_no_counter_forgets() -> None:
    clock = Clock()
    miner = one("m50s", clock)
    settled(miner, clock)
    healthy = miner.truth()

    miner.turn(condition="dead-board")
    hurt = miner.truth()
    assert [board["chips_ok"] for board in hurt["boards"]] == [135, 135, 0]
    assert hurt["hash_rate_hs"] == pytest.approx(healthy["hash_rate_hs"] * 2 / 3, rel=0.03)
    assert hurt["accepted"] == healthy["accepted"]

    clock.now += 900
    miner.turn(condition="sleeping")
    asleep = miner.truth()
    assert (asleep["state"], asleep["hash_rate_hs"], asleep["fans_rpm"]) == ("sleeping", 0, [0, 0])
    assert asleep["accepted"] - hurt["accepted"] == pytest.approx(900 / 9 * 2 / 3, abs=1)
    clock.now += 900
    assert miner.truth()["accepted"] == asleep["accepted"]

    miner.turn(condition="overheating")
    hot = miner.truth()
    assert hot["state"] == "fault"
    assert hot["hash_rate_hs"] == 0
    assert hot["temp_chip_max_c"] > 90

    miner.turn(condition="healthy")
    assert miner.truth()["state"] == "mining"
    assert miner.truth()["accepted"] == asleep["accepted"]


def test_the_second_pool_is_worked_for_now_and_then_and_the_pools_share_all_shares() -> None:
    clock = Clock()
    miner = one("m30s", clock)
    settled(miner, clock)
    seen = set()
    for _ in range(300):
        clock.now += 60
        moment = miner.moment()
        seen.add(moment.pool)
        assert 0 <= moment.accepted_second <= moment.accepted
    assert seen == {0, 1}


def test_a_mix_is_kept_to_the_last_miner_and_faults_hit_their_part() -> None:
    farm = SimulatedFarm({"whatsminer": 40, "antminer": 40, "avalon": 10, "elphapex": 10}, 300, faults={"mute": 0.02})
    makers = [miner.maker for miner in farm.miners]
    assert {maker: makers.count(maker) for maker in set(makers)} == {
        "Whatsminer": 120,
        "AntMiner": 120,
        "Avalon": 30,
        "Elphapex": 30,
    }
    assert sum(miner.knobs.mute for miner in farm.miners) == 6
    assert makers[:40] != sorted(makers)[:40]
