"""The driver over the real wire: simulated miners of all kinds, and real ones with ``--device miners=HOST[:PORT]``."""

import json
from typing import Any

import anyio
import attrs
import pytest

from lineman.adapters.devices.miners import AsicDriver
from lineman.adapters.devices.simulators.miners import KINDS, SimulatedFarm, SimulatedMiner
from lineman.ports.errors import DeviceError
from lineman.ports.miners import (
    AccessDenied,
    Fingerprint,
    Maker,
    MinerDown,
    MinerDriver,
    NoReply,
    NotAMiner,
    NotJson,
    Reading,
    Refusing,
    ReplyTooLarge,
    State,
    Target,
    TimedOut,
    Truncated,
)
from lineman.ports.secrets import Secret

pytestmark = pytest.mark.anyio

#: Seconds that nothing here comes near, unless it is to be late.
PLENTY = 20.0
#: Which kind can be in which condition; one without fans has none to stop.
LIVES = [
    (name, condition)
    for name, kind in KINDS.items()
    for condition in ("healthy", "dead-board", "overheating", "sleeping", "bad-chips", "fan-stopped")
    if kind.hw.can(condition)
]


def farm_of(*kinds: str, **more: Any) -> SimulatedFarm:
    """One simulated miner of each kind, whose time stands still an hour after the start."""
    settings: dict[str, Any] = {"clock": lambda: 0.0, "started_at": 1.7e9}
    return SimulatedFarm(dict.fromkeys(kinds, 1), len(kinds), **(settings | more))


def target_of(miner: SimulatedMiner, *, login: bool = True, maker: bool = True) -> Target:
    name, password = miner.login
    return Target(
        miner.host,
        port=miner.port,
        web_port=miner.web_port,
        api3_port=miner.api3_port,
        maker=Maker(miner.maker) if maker else None,
        username=name if login else None,
        password=Secret(password) if login else None,
    )


def reads_as(reading: Reading, truth: dict[str, Any]) -> list[str]:
    """Where a reading is not the truth of its miner."""
    have = attrs.asdict(reading) | attrs.asdict(reading.shares) | {"maker": reading.vendor}
    wrong = []
    for key in (key for key in truth if key not in ("state", "mac", "serial", "boards")):
        value = list(have[key]) if isinstance(truth[key], list) else have[key]
        if value != (truth[key] if not isinstance(truth[key], float) else pytest.approx(truth[key], rel=1e-3)):
            wrong.append(f"{key}: {value} for {truth[key]}")
    if len(have["boards"]) != len(truth["boards"]):
        wrong.append(f"{len(have['boards'])} boards for {len(truth['boards'])}")
    for board, true in zip(have["boards"], truth["boards"], strict=False):
        for key in true:
            if true[key] is not None and board[key] != pytest.approx(true[key], rel=1e-3):
                wrong.append(f"board {true['slot']}, {key}: {board[key]} for {true[key]}")
    return wrong


@pytest.fixture
def driver() -> MinerDriver:
    return AsicDriver()


@pytest.mark.parametrize(("kind", "condition"), LIVES)
async def test_a_miner_of_any_kind_reads_as_it_is(driver: MinerDriver, kind: str, condition: str) -> None:
    async with farm_of(kind) as farm:
        (miner,) = farm.miners
        farm.set(0, condition=condition)
        truth = miner.truth()
        met = await driver.poll(target_of(miner))
        assert reads_as(met.reading, truth) == []
        # What warms up has a rate of 0 and a low uptime, on most wires nothing else.
        assert met.reading.state == truth["state"] or truth["state"] in ("starting", "fault")
        assert met.fingerprint.maker == miner.maker

        connections = miner.connections
        again = await driver.poll(target_of(miner), met.fingerprint)
        assert (again.reading, again.fingerprint) == (met.reading, met.fingerprint)
        # Identification is remembered.  A login costs a connection more, and so does the reason of sleep.
        assert miner.connections - connections <= len(met.fingerprint.plan) + 3
        assert json.loads(again.raw)
        assert farm.overlaps == 0


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.hw.maker != "Elphapex"])
async def test_the_wire_tells_the_maker_when_the_operator_does_not(driver: MinerDriver, kind: str) -> None:
    async with farm_of(kind) as farm:
        (miner,) = farm.miners
        met = await driver.poll(target_of(miner, maker=False))
        assert met.reading.vendor == miner.maker

        wrong = next(maker for maker in Maker if maker not in (miner.maker, Maker.ELPHAPEX))
        if miner.kind.api:
            told = attrs.evolve(target_of(miner), maker=wrong)
            assert (await driver.poll(told)).reading.vendor == miner.maker


async def test_another_miner_in_the_same_place_is_recognised_in_the_same_poll(driver: MinerDriver) -> None:
    async with farm_of("m30s") as farm:
        (miner,) = farm.miners
        known: Fingerprint | None = None
        for kind in ("m30s", "s9", "s19pro", "a1246", "m20s", "m66s", "a741"):
            farm.set(0, kind=kind)
            met = await driver.poll(attrs.evolve(target_of(miner), maker=None), known)
            assert reads_as(met.reading, miner.truth()) == []
            assert known is None or met.fingerprint != known
            known = met.fingerprint
        assert farm.overlaps == 0


async def test_a_miner_that_falls_asleep_and_wakes_is_followed(driver: MinerDriver) -> None:
    async with farm_of("m30s", "s21", "a1346", "m66s") as farm:
        for index, miner in enumerate(farm.miners):
            known: Fingerprint | None = None
            for condition in ("healthy", "sleeping", "healthy", "sleeping"):
                farm.set(index, condition=condition)
                met = await driver.poll(target_of(miner), known)
                assert reads_as(met.reading, miner.truth()) == []
                assert (met.reading.state is State.SLEEPING) == (condition == "sleeping")
                known = met.fingerprint


async def test_a_miner_that_sleeps_is_met_asleep(driver: MinerDriver) -> None:
    async with farm_of("m20s", "m50s", "m66s", "s21", "s19pro", "a1346") as farm:
        for index, miner in enumerate(farm.miners):
            farm.set(index, condition="sleeping")
            met = await driver.poll(target_of(miner))
            assert met.reading.state is State.SLEEPING, miner.kind.hw.kind
            farm.set(index, condition="healthy")
            woken = await driver.poll(target_of(miner), met.fingerprint)
            assert reads_as(woken.reading, miner.truth()) == []


async def test_without_a_login_the_web_is_asked_once_and_not_again(driver: MinerDriver) -> None:
    async with farm_of("s21") as farm:
        (miner,) = farm.miners
        farm.set(0, condition="sleeping")
        met = await driver.poll(target_of(miner, login=False))
        assert met.reading.state is State.IDLE
        connections = miner.connections
        await driver.poll(target_of(miner, login=False), met.fingerprint)
        assert miner.connections - connections == len([word for word in met.fingerprint.plan if word[0] != "-"]) + 1
        # A login that comes later is tried.
        assert (await driver.poll(target_of(miner), met.fingerprint)).reading.state is State.SLEEPING


async def test_a_web_miner_without_its_login_says_what_to_do(driver: MinerDriver) -> None:
    async with farm_of("dg1+") as farm:
        (miner,) = farm.miners
        with pytest.raises(AccessDenied, match=r"set the miner's username and password \(401, \w+ Configuration\)$"):
            await driver.poll(target_of(miner, login=False))
        with pytest.raises(AccessDenied, match="refuses the login") as caught:
            await driver.poll(attrs.evolve(target_of(miner), password=Secret("not-the-password")))
        assert "not-the-password" not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
async def test_broken_json_is_read_all_the_same(driver: MinerDriver, kind: str) -> None:
    async with farm_of(kind) as farm:
        (miner,) = farm.miners
        farm.set(0, garbled=True)
        met = await driver.poll(target_of(miner))
        assert reads_as(met.reading, miner.truth()) == []
        for _ in range(6):
            again = await driver.poll(target_of(miner), met.fingerprint)
            assert reads_as(again.reading, miner.truth()) == []
            assert json.loads(again.raw)


FAULTS: list[tuple[dict[str, Any], tuple[type[DeviceError], ...]]] = [
    ({"mute": True}, (TimedOut,)),
    ({"slow_ms": 30_000}, (TimedOut,)),
    ({"latency_ms": 30_000}, (TimedOut,)),
    ({"refuse": True}, (Refusing,)),
    ({"reset": True}, (NoReply,)),
    # A web page that is denied has a status for it.
    ({"denied": True}, (NoReply, AccessDenied)),
    ({"cut": True}, (Truncated,)),
    ({"huge": 300 << 20}, (ReplyTooLarge,)),
    ({"html": True}, (NotAMiner, NotJson)),
    ({"noise": True}, (NotAMiner, NotJson, ReplyTooLarge)),
    ({"deep": True}, (NotAMiner, NotJson)),
    ({"down": True}, (MinerDown, NotAMiner)),
]


@pytest.mark.parametrize(("fault", "kinds_of_error"), FAULTS, ids=[next(iter(fault)) for fault, _ in FAULTS])
async def test_a_faulty_miner_has_its_own_error_and_its_neighbours_are_unharmed(
    driver: MinerDriver, fault: dict[str, Any], kinds_of_error: tuple[type[DeviceError], ...]
) -> None:
    kinds = ("m30s", "s9", "s19pro", "a1246", "m66s", "dg1+")
    # Only what never answers has to take all its time.
    within = 0.7 if TimedOut in kinds_of_error else PLENTY
    async with farm_of(*kinds, *kinds) as farm:
        faulty = {miner.kind.hw.kind: miner for miner in farm.miners}
        known = {
            miner.host: (await driver.poll(target_of(miner), deadline=PLENTY)).fingerprint for miner in farm.miners
        }
        for miner in faulty.values():
            farm.set(miner.index, **fault)
        outcomes: dict[str, DeviceError | Reading] = {}

        async def poll(miner: SimulatedMiner, known: Fingerprint | None) -> None:
            bad = faulty[miner.kind.hw.kind] is miner
            try:
                met = await driver.poll(target_of(miner), known, deadline=within if bad else PLENTY)
                outcomes[miner.host] = met.reading
            except DeviceError as error:
                outcomes[miner.host] = error

        for fingerprints in (known, dict[str, Fingerprint]()):
            outcomes.clear()
            async with anyio.create_task_group() as group:
                for miner in farm.miners:
                    group.start_soon(poll, miner, fingerprints.get(miner.host))
            for miner in farm.miners:
                outcome = outcomes[miner.host]
                if faulty[miner.kind.hw.kind] is miner:
                    assert isinstance(outcome, kinds_of_error), (miner.kind.hw.kind, outcome)
                    assert miner.host in str(outcome)
                else:
                    assert isinstance(outcome, Reading), (miner.kind.hw.kind, outcome)
                    assert miner.overlaps == 0


async def test_polls_of_one_miner_wait_for_each_other(driver: MinerDriver) -> None:
    async with farm_of("s19pro", knobs=None) as farm:
        (miner,) = farm.miners
        farm.set(0, latency_ms=20)
        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(driver.poll, target_of(miner))
        assert farm.overlaps == 0


@pytest.fixture
def real_miners(request: pytest.FixtureRequest) -> list[Target]:
    """What ``--device miners=HOST[:PORT]`` names."""
    found = []
    for given in request.config.getoption("--device"):
        what, _, address = given.partition("=")
        host, _, port = address.partition(":")
        if what == "miners":
            found.append(Target(host, port=int(port or 4028), maker=Maker.ELPHAPEX if port == "80" else None))
    return found


async def test_real_miners_are_read_and_recognised_again(driver: MinerDriver, real_miners: list[Target]) -> None:
    for target in real_miners:
        met = await driver.poll(target, deadline=20)
        again = await driver.poll(target, met.fingerprint, deadline=20)
        assert (again.fingerprint.dialect, again.reading.model) == (met.fingerprint.dialect, met.reading.model)
        assert again.reading.hash_rate_hs is not None
        assert json.loads(again.raw)
