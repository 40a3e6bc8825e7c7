"""Commands to miners over the wire: to simulated ones of every dialect, and to devices that mean harm."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest

from lineman.adapters.devices.miners.controls.control import AsicControl
from lineman.adapters.devices.miners.controls.md5crypt import md5crypt
from lineman.adapters.devices.miners.controls.table import CONTROLS
from lineman.adapters.devices.miners.driver import AsicDriver
from lineman.adapters.devices.miners.identify import DIALECTS
from lineman.adapters.devices.simulators.miners import SimulatedFarm, SimulatedMiner
from lineman.ports.errors import Declined, DeviceError
from lineman.ports.miners import (
    Accepted,
    AccessDenied,
    Action,
    ActionKind,
    Fingerprint,
    Light,
    Maker,
    NewPool,
    NotPossible,
    PowerLimit,
    Reading,
    Reboot,
    Refusing,
    Restart,
    Sleep,
    State,
    SwitchPool,
    Target,
    TimedOut,
    Unanswered,
    Wake,
    WritesDisabled,
    kind_of,
)
from lineman.ports.secrets import Secret

pytestmark = pytest.mark.anyio

#: Seconds that nothing here comes near, unless it is to be late.
PLENTY = 20.0

#: The kinds that take commands, by dialect.
TAKE = ("m30s", "m60s", "m66s", "s19pro", "s21", "l7", "a1246", "a1346", "dg1+", "dg1")
LIMITED = ("m30s", "m50s", "m66s")
POOL = NewPool("stratum+tcp://new.example.com:3333", "u.w1", Secret("hush-hush"))


@attrs.define
class Clock:
    """Seconds that pass when told to."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@attrs.frozen
class Bench:
    """One simulated miner, a driver to look at it and a control to tell it what to do."""

    farm: SimulatedFarm
    clock: Clock
    driver: AsicDriver
    control: AsicControl

    @property
    def miner(self) -> SimulatedMiner:
        return self.farm.miners[0]

    @property
    def target(self) -> Target:
        miner = self.miner
        return Target(
            miner.host, miner.port, miner.web_port, miner.api3_port, Maker(miner.maker), "root", Secret("root")
        )  # fmt: skip

    async def read(self) -> tuple[Reading, Fingerprint]:
        answer = await self.driver.poll(self.target)
        return answer.reading, answer.fingerprint

    async def act(self, action: Action, *, target: Target | None = None, deadline: float = 5.0) -> Accepted:
        _, known = await self.read()
        return await self.control.act(target or self.target, known, action, deadline=deadline)


@asynccontextmanager
async def bench(kind: str, **more: Any) -> AsyncGenerator[Bench]:
    clock = Clock()
    async with SimulatedFarm({kind: 1}, 1, clock=clock, started_at=1.7e9, **more) as farm:
        clock.now += 500_000  # old enough that nothing boots by itself meanwhile
        farm.reboot(0)
        clock.now += 5_000
        driver = AsicDriver()
        yield Bench(farm, clock, driver, AsicControl(driver, CONTROLS, now=lambda: farm.started_at + clock.now))
        assert farm.overlaps == 0


def test_md5crypt_agrees_with_everybody_elses() -> None:
    assert md5crypt("admin", "BQ5hoXV9") == "RxmaDUO33TS7O26yeMHZ81"
    assert md5crypt("averylongpasswordofmorethansixteen", "xy") == "7v4o42Tu5o8BWiXPnH.MX/"


def test_there_are_hands_for_every_dialect() -> None:
    assert CONTROLS.keys() == DIALECTS.keys()


@pytest.mark.parametrize("kind", TAKE)
async def test_a_reboot_starts_the_uptime_anew(kind: str) -> None:
    async with bench(kind) as at:
        before, _ = await at.read()
        accepted = await at.act(Reboot())
        assert "{" not in accepted.detail  # words for people, not the answer as it came
        at.clock.now += 20
        after, _ = await at.read()
        assert before.uptime_s is not None
        assert after.uptime_s is not None
        assert after.uptime_s <= 25 < before.uptime_s


@pytest.mark.parametrize("kind", TAKE)
async def test_a_miner_sleeps_and_wakes(kind: str) -> None:
    async with bench(kind) as at:
        await at.act(Sleep())
        at.clock.now += 20
        asleep, _ = await at.read()
        assert asleep.state is State.SLEEPING
        assert not asleep.hash_rate_hs
        await at.act(Wake())
        at.clock.now += 300
        awake, _ = await at.read()
        assert awake.state is State.MINING


@pytest.mark.parametrize("kind", TAKE)
async def test_the_light_goes_on_and_off_and_is_looked_at(kind: str) -> None:
    async with bench(kind) as at:
        assert (await at.act(Light(True))).seen is True
        assert at.miner.told.light
        assert (await at.act(Light(False))).seen is True
        assert not at.miner.told.light


@pytest.mark.parametrize("kind", TAKE)
async def test_a_new_pool_is_mined_for_and_others_stay(kind: str) -> None:
    async with bench(kind) as at:
        accepted = await at.act(SwitchPool(POOL))
        at.clock.now += 300
        reading, _ = await at.read()
        active = next(pool for pool in reading.pools if pool.index == reading.active_pool)
        assert (active.url, active.user) == (POOL.url, POOL.user)
        assert at.miner.told.pools[0][2] == "hush-hush"
        assert len(at.miner.told.pools) == 3
        assert "hush" not in accepted.detail


@pytest.mark.parametrize("kind", TAKE)
async def test_a_known_pool_is_switched_to_by_its_number(kind: str) -> None:
    async with bench(kind) as at:
        before, _ = await at.read()
        wanted = before.pools[1]
        await at.act(SwitchPool(wanted.index))
        at.clock.now += 300
        after, _ = await at.read()
        active = next(pool for pool in after.pools if pool.index == after.active_pool)
        assert (active.url, active.user) == (wanted.url, wanted.user)
        with pytest.raises(Declined, match="77"):
            await at.act(SwitchPool(77))


@pytest.mark.parametrize("kind", LIMITED)
async def test_a_limit_lowers_rate_and_power_and_is_told(kind: str) -> None:
    async with bench(kind) as at:
        before, _ = await at.read()
        await at.act(PowerLimit(2000))
        at.clock.now += 600
        after, _ = await at.read()
        assert after.power_limit_w == 2000
        assert after.power_w is not None
        assert before.power_w is not None
        assert after.power_w < 2150 < before.power_w
        assert after.hash_rate_hs is not None
        assert before.hash_rate_hs is not None
        assert after.hash_rate_hs < 0.8 * before.hash_rate_hs


@pytest.mark.parametrize("kind", ["m30s", "m66s", "a1346"])
async def test_the_mining_process_starts_anew(kind: str) -> None:
    async with bench(kind) as at:
        assert "{" not in (await at.act(Restart())).detail
        at.clock.now += 20
        after, _ = await at.read()
        assert after.uptime_s is not None
        assert after.uptime_s <= 25


@pytest.mark.parametrize("kind", ["m30s", "m66s", "s19pro", "dg1+"])
@pytest.mark.parametrize("action", [Reboot(), Sleep(), Light(True), SwitchPool(POOL)])
async def test_a_wrong_password_is_refused_and_does_nothing(kind: str, action: Action) -> None:
    async with bench(kind) as at:
        before, _ = await at.read()
        wrong = attrs.evolve(at.target, password=Secret("wr0ng-word"))
        with pytest.raises(AccessDenied) as caught:
            await at.act(action, target=wrong)
        assert "wr0ng" not in caught.value.detail
        at.clock.now += 20
        after, _ = await at.read()
        assert after.state is before.state
        assert after.uptime_s is not None
        assert after.uptime_s > 4000
        assert not at.miner.told.pools
        assert not at.miner.told.light


@pytest.mark.parametrize("kind", TAKE)
async def test_a_miner_that_takes_no_commands_says_so(kind: str) -> None:
    async with bench(kind) as at:
        at.farm.set(0, locked=True)
        with pytest.raises(Declined) as caught:
            await at.act(Reboot())
        if kind.startswith("m"):
            assert isinstance(caught.value, WritesDisabled)
            assert "WhatsMinerTool" in caught.value.detail
        assert at.miner.truth()["uptime_s"] > 4000


@pytest.mark.parametrize(
    ("kind", "action", "why"),
    [
        ("s19pro", PowerLimit(3000), "no limit in watts"),
        ("s19pro", Restart(), "Access denied"),
        ("s9", Reboot(), "none answer"),
        ("s9", Restart(), "Access denied"),
        ("m20s", Reboot(), "takes no commands"),
        ("a741", Sleep(), "7, 8 and 9 series"),
        ("a1346", PowerLimit(3000), "work levels"),
        ("dg1", Restart(), "only reboot"),
        ("dg1", PowerLimit(3000), "no limit"),
    ],
)
async def test_what_the_wire_does_not_allow_is_declined_with_its_reason(kind: str, action: Action, why: str) -> None:
    async with bench(kind) as at:
        with pytest.raises(Declined, match=why):
            await at.act(action)
        assert at.miner.truth()["uptime_s"] > 4000


@pytest.mark.parametrize("kind", TAKE)
async def test_abilities_say_what_is_possible_and_why_not(kind: str) -> None:
    async with bench(kind) as at:
        _, known = await at.read()
        able = {one.action: one for one in at.control.abilities(known, at.target)}
        assert able.keys() == set(ActionKind)
        assert all(one.possible or one.reason for one in able.values())
        assert able[ActionKind.LIGHT].arguments == ("on",)
        bare = attrs.evolve(at.target, username=None, password=None)
        reboot = next(one for one in at.control.abilities(known, bare) if one.action is ActionKind.REBOOT)
        assert reboot.possible is (kind.startswith(("a", "dg")))
        assert not any(one.possible for one in at.control.abilities(None, at.target))
        with pytest.raises(NotPossible, match="poll the miner first"):
            await at.control.act(at.target, None, Reboot(), deadline=1)


@pytest.mark.parametrize("kind", ["m30s", "m66s", "s19pro", "a1346", "dg1+"])
async def test_a_lost_answer_is_unknown_and_the_command_goes_out_once(kind: str) -> None:
    async with bench(kind) as at:
        _, known = await at.read()
        at.farm.set(0, hush=True)
        served = at.miner.served
        with pytest.raises(Unanswered):
            await at.control.act(at.target, known, Sleep(), deadline=1)
        assert at.miner.moment().state == "sleeping"
        assert at.miner.served - served <= 6  # questions, one challenge of the login, and one command


@pytest.mark.parametrize("kind", ["m30s", "m66s", "s19pro", "a1346", "dg1+"])
@pytest.mark.parametrize(
    ("knob", "error"), [({"refuse": True}, Refusing), ({"mute": True}, TimedOut), ({"denied": True}, DeviceError)]
)
async def test_one_that_does_not_answer_questions_gets_no_command(
    kind: str, knob: dict[str, Any], error: type[DeviceError]
) -> None:
    async with bench(kind) as at:
        _, known = await at.read()
        at.farm.set(0, **knob)
        deadline = 0.3 if error is TimedOut else PLENTY
        with pytest.raises((error, NotPossible)) as caught:
            await at.control.act(at.target, known, Reboot(), deadline=deadline)
        assert not isinstance(caught.value, Unanswered)
        assert at.miner.truth()["uptime_s"] > 4000


@pytest.mark.parametrize("kind", ["m30s", "m66s", "s19pro", "a1346", "dg1+", "dg1"])
@pytest.mark.parametrize("knob", ["cut", "html", "noise", "deep", "down", "huge", "reset", "garbled"])
async def test_hostile_answers_are_errors_of_the_device_and_nothing_else(kind: str, knob: str) -> None:
    async with bench(kind) as at:
        _, known = await at.read()
        value: Any = 1 << 22 if knob == "huge" else True
        at.farm.set(0, **{knob: value})
        said = []
        for action in (Reboot(), Light(True), Sleep(), SwitchPool(POOL), SwitchPool(1)):
            try:
                await at.control.act(at.target, known, action, deadline=2)
            except DeviceError as error:
                said.append(error.detail)
        assert not any(secret in detail for detail in said for secret in ("root", "hush"))


async def test_a_poll_and_a_command_never_meet_at_the_device() -> None:
    async with bench("a1346", knobs=None) as at:
        at.farm.set(0, latency_ms=30)
        _, known = await at.read()
        await asyncio.gather(
            at.driver.poll(at.target, known),
            at.control.act(at.target, known, Light(True), deadline=5),
            at.driver.poll(at.target, known),
        )


def test_every_action_has_a_name() -> None:
    actions: list[Action] = [Reboot(), Restart(), Light(True), Sleep(), Wake(), SwitchPool(1), PowerLimit(1)]
    assert {kind_of(action) for action in actions} == set(ActionKind)


@pytest.fixture
def real_miners(request: pytest.FixtureRequest) -> list[Target]:
    """What ``--device miners=HOST[:PORT]`` names, with the login that ``--login USER:PASSWORD`` gives."""
    username, _, password = request.config.getoption("--login").partition(":")
    found = []
    for given in request.config.getoption("--device"):
        what, _, address = given.partition("=")
        host, _, port = address.partition(":")
        if what == "miners":
            maker = Maker.ELPHAPEX if port == "80" else None
            found.append(Target(host, int(port or 4028), None, None, maker, username or None, Secret(password)))
    return found


@pytest.mark.destructive
async def test_real_miners_show_their_light_and_reboot(real_miners: list[Target]) -> None:
    driver = AsicDriver()
    control = AsicControl(driver, CONTROLS)
    for target in real_miners:
        known = (await driver.poll(target, deadline=20)).fingerprint
        able = {one.action: one.possible for one in control.abilities(known, target)}
        for action in (Light(True), Light(False), Reboot()):
            if able[kind_of(action)]:
                accepted = await control.act(target, known, action, deadline=20)
                assert accepted.seen is not False
