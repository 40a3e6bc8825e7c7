"""Commands to miners over the wire: to simulated ones of every dialect, and to devices that mean harm."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
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
        await at.act(Reboot())
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
        await at.act(Restart())
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
            await at.control.act(at.target, known, Sleep(), deadline=0.5)
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
        with pytest.raises((error, NotPossible)) as caught:
            await at.control.act(at.target, known, Reboot(), deadline=0.3)
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


Answerer = Callable[[bytes], bytes]


@asynccontextmanager
async def scripted(answer: Answerer) -> AsyncGenerator[tuple[Target, list[bytes]]]:
    """A device whose answers a test makes up, and what it was sent."""
    heard = list[bytes]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.read(65536)
        if b"\r\n" in request:
            head, _, body = request.partition(b"\r\n\r\n")
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                ),
                0,
            )
            while len(body) < length:
                body += await reader.read(65536)
            request = head + b"\r\n\r\n" + body
        heard.append(request)
        writer.write(answer(request))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield Target("127.0.0.1", port, port, port, None, "root", Secret("root")), heard


async def told(dialect: str, answer: Answerer, action: Action) -> tuple[Accepted, list[bytes]]:
    async with scripted(answer) as (target, heard):
        control = AsicControl(AsicDriver(), CONTROLS)
        known = Fingerprint(Maker.ANTMINER, dialect=dialect)
        return await control.act(target, known, action, deadline=5), heard


def luxos(request: bytes) -> bytes:
    command = json.loads(request)["command"]
    more = {"SESSION": [{"SessionID": "hfGvqLxR"}]} if command == "logon" else {}
    return json.dumps({"STATUS": [{"STATUS": "S", "Code": 316, "Msg": "OK"}], **more, "id": 1}).encode()


@pytest.mark.parametrize(
    ("action", "command", "parameter"),
    [
        (Reboot(), "rebootdevice", "hfGvqLxR"),
        (Restart(), "resetminer", "hfGvqLxR"),
        (Sleep(), "curtail", "hfGvqLxR,sleep"),
        (Wake(), "curtail", "hfGvqLxR,wakeup"),
        (Light(True), "ledset", "hfGvqLxR,red,blink"),
    ],
)
async def test_luxos_gets_its_commands_in_a_session_that_is_given_back(
    action: Action, command: str, parameter: str
) -> None:
    _, heard = await told("luxos", luxos, action)
    sent = [json.loads(one) for one in heard]
    assert [one["command"] for one in sent] == ["logon", command, "logoff"]
    assert sent[1]["parameter"] == parameter


def http(body: Any) -> bytes:
    text = json.dumps(body).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(text) + text


def vnish(request: bytes) -> bytes:
    if b"/api/v1/unlock" in request:
        return http({"token": "t0ken"})
    return http({"find_miner": False} if b"/status" in request else {})


@pytest.mark.parametrize(
    ("action", "path"),
    [(Reboot(), "system/reboot"), (Restart(), "mining/restart"), (Sleep(), "mining/stop"), (Wake(), "mining/start")],
)
async def test_vnish_gets_its_commands_with_a_token(action: Action, path: str) -> None:
    _, heard = await told("vnish", vnish, action)
    assert [one.split(b" ")[1].decode() for one in heard] == ["/api/v1/unlock", f"/api/v1/{path}"]
    assert b'{"pw":"root"}' in heard[0]
    assert b"bearer t0ken" in heard[1].lower()


async def test_braiins_pauses_and_says_what_it_cannot() -> None:
    def answer(request: bytes) -> bytes:
        return b'{"STATUS":[{"STATUS":"S","Code":1,"Msg":"OK"}],"id":1}'

    _, heard = await told("braiins", answer, Sleep())
    assert [json.loads(one)["command"] for one in heard] == ["version", "pause"]
    with pytest.raises(NotPossible, match="gRPC"):
        await told("braiins", answer, Reboot())


async def test_a_whatsminer_that_gives_no_tokens_is_told_over_api_3() -> None:
    def framed(answer: Any) -> bytes:
        body = json.dumps(answer).encode()
        return len(body).to_bytes(4, "little") + body

    def answer(request: bytes) -> bytes:
        if request.startswith(b"{"):
            return b'{"STATUS":"E","When":1,"Code":14,"Msg":"invalid cmd","Description":""}'
        if b"get.device.info" in request:
            return framed({"code": 0, "when": 1, "msg": {"system": {"apiswitch": "1"}, "salt": "abc"}, "desc": ""})
        return framed({"code": 0, "when": 1, "msg": "ok", "desc": ""})

    accepted, heard = await told("whatsminer", answer, Sleep())
    assert accepted.detail == "ok"
    sent = json.loads(heard[-1][4:])
    assert (sent["cmd"], sent["param"], sent["account"], len(sent["token"])) == (
        "set.miner.service", "stop", "super", 8,
    )  # fmt: skip


async def test_an_avalon_is_told_by_its_own_clock() -> None:
    def answer(request: bytes) -> bytes:
        return b'{"STATUS":[{"STATUS":"S","When":10075,"Code":22,"Msg":"OK"}],"id":1}'

    _, heard = await told("avalon", answer, Sleep())
    assert json.loads(heard[-1])["parameter"] == "0,softoff,1:10080"


async def test_a_configuration_with_hidden_passwords_is_never_written_back() -> None:
    def answer(request: bytes) -> bytes:
        return http({"pools": [{"url": "a:1", "user": "u", "pass": "***"}], "bitmain-work-mode": "0"})

    with pytest.raises(NotPossible, match="hides the passwords"):
        await told("antminer", answer, Sleep())


async def test_a_miner_that_repeats_secrets_does_not_get_them_kept() -> None:
    def answer(request: bytes) -> bytes:
        said = "no: root,hush-hush" if b"setpool" in request else "OK"
        return json.dumps({"STATUS": [{"STATUS": "E" if said != "OK" else "S", "Code": 120, "Msg": said}]}).encode()

    with pytest.raises(Declined) as caught:
        await told("avalon", answer, SwitchPool(POOL))
    assert "***,***" in caught.value.detail


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
