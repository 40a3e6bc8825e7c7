"""Directory and driver over the real wire: simulated gateways, and real ones with ``--device goip=HOST:PORT``."""

import asyncio
from typing import Any

import attrs
import pytest

from lineman.adapters.devices.gateways import GoipDriver, RadminDirectory
from lineman.adapters.devices.simulators.gateways import (
    PLATES,
    Calling,
    SimulatedGatewayTown,
    SimulatedGoip,
    SimulatedGoips,
    Times,
)
from lineman.ports.errors import DeviceError, Unreachable
from lineman.ports.gateways import (
    BadPage,
    Directory,
    DirectoryDenied,
    Forwards,
    ForwardState,
    GatewayDirectory,
    GatewayDriver,
    GatewayRefuses,
    GatewayTarget,
    GatewayTimedOut,
    LoginDenied,
    NoAnswer,
    NotADirectory,
    OtherDevice,
    PageCut,
    PageTooLarge,
    Reading,
    UnknownLine,
)
from lineman.ports.secrets import Secret

pytestmark = pytest.mark.anyio

STATUS = "/default/en_US/status.html?type=list"
XML = "/default/en_US/status.xml?type=list"
FAST = Times(web_down_s=0.3, lines_down_s=0.1, module_s=0.1, redial_s=0.001)
DEADLINE = 10


@pytest.fixture
def driver() -> GatewayDriver:
    return GoipDriver(retry_after=0.01, off_for=0.02)


@pytest.fixture
def directory() -> GatewayDirectory:
    return RadminDirectory(retry_after=0.01)


def units_of(*kinds: str, **more: Any) -> SimulatedGoips:
    still: dict[str, Any] = {"clock": lambda: 0.0, "started_at": 1.7e9, "calm": True, "times": FAST}
    return SimulatedGoips([*kinds], **(still | more))


def target_of(units: SimulatedGoips, index: int = 0, **more: Any) -> GatewayTarget:
    gateway = units.gateways[index]
    login: dict[str, Any] = {"username": gateway.login[0], "password": Secret(gateway.login[1])}
    return GatewayTarget(gateway.name, units.host, units.ports[index], **(login | more))


def list_of(town: SimulatedGatewayTown, password: str = "radmin") -> Directory:
    return Directory(0, "mftp", "127.0.0.1", town.radmin.port, "admin", Secret(password))


def shown(reading: Reading) -> dict[str, Any]:
    """A reading in the words of the simulator's truth."""
    ids = dict(reading.authentication_ids or ())
    forwards = dict(reading.forwards or ())
    who = attrs.asdict(reading.identity)
    return {
        name: who[name] for name in ("title", "serial", "firmware", "module_version", "uptime_s", "device_time")
    } | {
        "line_count": len(reading.lines),
        "lines": [
            {
                **{
                    name: getattr(line, name)
                    for name in ("line", "module", "sim", "gsm", "voip", "state", "peer", "rssi", "dbm", "operator")
                },
                "sim_remain": line.sim_remain,
                "calls": None if line.calls is None else f"{line.answered}/{line.calls}",
                "idle_min": line.idle_min,
                "forward": words(forwards[line.line]),
                "authentication_id": ids[line.line],
            }
            for line in reading.lines
        ],
    }


def words(found: Forwards) -> tuple[str, ...]:
    named = {ForwardState.OFF: "OFF", ForwardState.NOT_SET: "Not Set", ForwardState.UNKNOWN: ""}
    four = (found.unconditional, found.busy, found.no_reply, found.not_reachable)
    return tuple(one.number or named[one.state] for one in four)


def truth_of(gateway: SimulatedGoip) -> dict[str, Any]:
    truth = gateway.truth()
    lines = [{name: value for name, value in line.items() if name != "rssi_raw"} for line in truth["lines"]]
    left_out = ("model", "serial_last4", "lines")
    return {name: value for name, value in truth.items() if name not in left_out} | {"lines": lines}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kind", PLATES)
async def test_every_kind_reads_as_it_is_with_all_extras(driver: GatewayDriver, kind: str, seed: int) -> None:
    async with units_of(kind, calm=False, seed=seed) as units:
        gateway = units.gateways[0]
        reading = await driver.read(target_of(units), extras=True, deadline=DEADLINE)
        assert shown(reading) == truth_of(gateway)
        assert (reading.identity.model, reading.remarks) == (f"GoIP{gateway.plate.lines}", ())
        assert reading.identity.serial_last4 == gateway.serial[-4:]
        assert gateway.overlaps == 0


async def test_a_look_is_two_requests_and_extras_are_two_more(driver: GatewayDriver) -> None:
    async with units_of("goip8") as units:
        gateway = units.gateways[0]
        plain = await driver.read(target_of(units), deadline=DEADLINE)
        assert dict(gateway.hits) == {f"GET {STATUS}": 1, f"GET {XML}": 1}
        assert (plain.forwards, plain.authentication_ids) == (None, None)
        gateway.hits.clear()
        await driver.read(target_of(units), extras=True, deadline=DEADLINE)
        assert gateway.hits.total() == gateway.connections - 2 == 4


@pytest.mark.parametrize("mode", ["SINGLE_MODE", "LINE_MODE", "TRUNK_GW_MODE", "GROUP_MODE", "H323"])
async def test_authentication_ids_are_those_of_the_mode_and_no_password_comes_along(
    driver: GatewayDriver, mode: str
) -> None:
    async with units_of("goip16", sip_stem="CANARY-SIP") as units:
        units.gateways[0].calling = Calling(mode, "goip", "CANARY-SIP", h323=mode == "H323")
        reading = await driver.read(target_of(units), extras=True, deadline=DEADLINE)
        assert dict(reading.authentication_ids or ()) == units.gateways[0].calling.ids(16)
        assert "CANARY" not in repr(reading)


@pytest.mark.parametrize(
    "knobs", [{"clock_1970": True}, {"no_uptime": True}, {"rssi": "99"}, {"rssi": ""}, {"rssi": "0"}, {"slow_ms": 50.0}]
)
async def test_oddities_cost_what_they_hide_and_no_more(driver: GatewayDriver, knobs: dict[str, Any]) -> None:
    async with units_of("goip4", "goip32") as units:
        for index, gateway in enumerate(units.gateways):
            gateway.turn(**knobs)
            reading = await driver.read(target_of(units, index), extras=True, deadline=DEADLINE)
            assert shown(reading) == truth_of(gateway)


async def test_script_in_a_page_is_text_without_tags(driver: GatewayDriver) -> None:
    async with units_of("goip4") as units:
        units.gateways[0].turn(hostile=True)
        reading = await driver.read(target_of(units), extras=True, deadline=DEADLINE)
        assert {line.operator for line in reading.lines} == {'alert("operator")'}
        assert "<" not in repr(reading.lines)


@pytest.mark.parametrize(
    ("knobs", "kind"),
    [
        ({"mute": True}, GatewayTimedOut),
        ({"slow_ms": 20_000.0}, GatewayTimedOut),
        ({"cut": True}, PageCut),
        ({"garbled": True}, BadPage),
        ({"strange": True}, BadPage),
        ({"huge": True}, PageTooLarge),
        ({"closed": True}, NoAnswer),
        ({"refuse": True}, GatewayRefuses),
        ({"denied": True}, LoginDenied),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
async def test_every_failure_has_its_name_tells_the_gateway_and_costs_its_deadline_at_most(
    driver: GatewayDriver, knobs: dict[str, Any], kind: type[DeviceError]
) -> None:
    async with units_of("goip4") as units:
        units.gateways[0].turn(**knobs)
        target = target_of(units)
        # Only what never answers has to take all its time.
        deadline = 0.4 if kind is GatewayTimedOut else DEADLINE
        for order in (driver.read, driver.reboot):
            async with asyncio.timeout(DEADLINE):
                with pytest.raises(kind) as raised:
                    await order(target, deadline=deadline)
            assert type(raised.value) is kind
            assert target.name in raised.value.detail
            assert "goip" not in raised.value.detail.lower().replace(target.name.lower(), "")
        assert units.gateways[0].orders == []


async def test_another_serial_number_is_another_device_which_gets_no_order(driver: GatewayDriver) -> None:
    async with units_of("goip4") as units:
        gateway = units.gateways[0]
        target = target_of(units, serial_last4=gateway.serial[-4:])
        assert (await driver.read(target, deadline=DEADLINE)).identity.serial == gateway.serial
        gateway.turn(serial="4MCDRM00009999")
        for order in (driver.read, driver.reboot):
            with pytest.raises(OtherDevice, match="9999"):
                await order(target, deadline=DEADLINE)
        with pytest.raises(OtherDevice, match="9999"):
            await driver.restart_line(target, 1, deadline=DEADLINE)
        assert gateway.orders == []


@pytest.mark.parametrize("kind", PLATES)
async def test_a_reboot_is_one_empty_post_after_a_look_at_who_it_is(driver: GatewayDriver, kind: str) -> None:
    async with units_of(kind) as units:
        gateway = units.gateways[0]
        uptime = gateway.truth()["uptime_s"]
        sent = await driver.reboot(target_of(units, serial_last4=gateway.serial[-4:]), deadline=DEADLINE)
        assert (sent.before.serial, sent.before.uptime_s) == (gateway.serial, uptime)
        assert sent.answered is (gateway.plate.reboot != "cut")
        assert gateway.orders == ["reboot"]
        assert [label for label in gateway.hits if label.startswith("POST")] == ["POST /default/en_US/reboot.html"]
        assert gateway.harm == []


async def test_a_module_is_switched_off_and_on_and_only_that_one(driver: GatewayDriver) -> None:
    async with units_of("goip8") as units:
        sent = await driver.restart_line(target_of(units), 3, deadline=DEADLINE)
        assert sent.answered
        assert units.gateways[0].orders == ["module 3 off", "module 3 on"]
        with pytest.raises(UnknownLine):
            await driver.restart_line(target_of(units), 9, deadline=DEADLINE)
        assert len(units.gateways[0].orders) == 2


async def test_a_module_that_is_off_is_switched_on_though_nobody_waits_for_it_any_more(driver: GatewayDriver) -> None:
    async with units_of("goip4") as units:
        gateway = units.gateways[0]
        order = asyncio.create_task(driver.restart_line(target_of(units), 2, deadline=DEADLINE))
        async with asyncio.timeout(DEADLINE):
            while not gateway.orders:
                await asyncio.sleep(0.001)
            order.cancel()
            while len(gateway.orders) < 2:
                await asyncio.sleep(0.001)
        assert gateway.orders == ["module 2 off", "module 2 on"]


@pytest.mark.parametrize("away", ["closed", "refuse"])
async def test_on_is_tried_until_it_is_answered(driver: GatewayDriver, away: str) -> None:
    async with units_of("goip4") as units:
        gateway = units.gateways[0]
        order = asyncio.create_task(driver.restart_line(target_of(units), 2, deadline=DEADLINE))
        async with asyncio.timeout(DEADLINE):
            while not gateway.orders:
                await asyncio.sleep(0.001)
            gateway.turn(**{away: True})
            await asyncio.sleep(0.1)
            gateway.turn(**{away: False})
            assert (await order).answered
        assert gateway.orders == ["module 2 off", "module 2 on"]


@pytest.mark.parametrize("password", ["goip", "\u043f\u0430\u0440\u043e\u043b\u044c", "p\u00e4ss:w\u00f6rd"])
@pytest.mark.parametrize("kind", ["goip1", "goip4"])
async def test_passwords_work_whatever_signs_are_in_them(driver: GatewayDriver, password: str, kind: str) -> None:
    async with units_of(kind, login=("admin", password)) as units:
        assert (await driver.read(target_of(units), deadline=DEADLINE)).lines
        await driver.reboot(target_of(units), deadline=DEADLINE)
        assert units.gateways[0].orders == ["reboot"]


async def test_a_device_without_a_login_given_says_that_one_is_wanted(driver: GatewayDriver) -> None:
    async with units_of("goip1") as units:
        with pytest.raises(LoginDenied, match="wants a login"):
            await driver.read(target_of(units, username=None, password=None), deadline=DEADLINE)


async def test_the_list_opens_the_ports_and_every_gateway_is_read_through_its_tunnel(
    driver: GatewayDriver, directory: GatewayDirectory
) -> None:
    names = ["Shop & Cafe", "\u0421\u043a\u043b\u0430\u0434-3", "\u4ed3\u5e93", "Branch/7", "<b>x</b>"]
    async with SimulatedGatewayTown(6, names=names, legacy=1, calm=True, times=FAST) as town:
        listing = await directory.listing(list_of(town), deadline=DEADLINE)
        rows = {row.name: row for row in listing.rows}
        assert set(names[:4]) | {"x", "Legacy-01"} <= set(rows)
        assert rows["Legacy-01"].port is None
        for name in names[:4]:
            port = rows[name].port
            assert port is not None
            target = GatewayTarget(name, "127.0.0.1", port, "admin", Secret("goip"))
            async with asyncio.timeout(DEADLINE):
                assert (await driver.read(target, extras=True, deadline=DEADLINE)).identity.serial == town.of(
                    name
                ).serial
        assert (town.overlaps, town.harm) == (0, [])


async def test_a_port_is_closed_to_those_who_have_not_read_the_list(
    driver: GatewayDriver, directory: GatewayDirectory
) -> None:
    async with SimulatedGatewayTown(1, calm=True, times=FAST) as town:
        with pytest.raises(DirectoryDenied):
            await directory.listing(list_of(town, "wrong"), deadline=DEADLINE)
        row = (await directory.listing(list_of(town), deadline=DEADLINE)).rows[0]
        assert row.port is not None
        target = GatewayTarget(row.name, "127.0.0.1", row.port, "admin", Secret("goip"))
        assert (await driver.read(target, deadline=DEADLINE)).lines


@pytest.mark.parametrize(
    ("knobs", "kind"),
    [
        ({"mute": True}, Unreachable),
        ({"cut": True}, PageCut),
        ({"garbled": True}, NotADirectory),
        ({"strange": True}, NotADirectory),
        ({"huge": True}, PageTooLarge),
        ({"closed": True}, Unreachable),
        ({"refuse": True}, Unreachable),
        ({"denied": True}, DirectoryDenied),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
async def test_a_list_that_fails_is_an_error_and_never_a_short_list(
    directory: GatewayDirectory, knobs: dict[str, Any], kind: type[DeviceError]
) -> None:
    async with SimulatedGatewayTown(3, calm=True) as town:
        town.radmin.turn(**knobs)
        deadline = 0.4 if "mute" in knobs else DEADLINE
        async with asyncio.timeout(DEADLINE):
            with pytest.raises(kind) as raised:
                await directory.listing(list_of(town), deadline=deadline)
        assert "mftp" in raised.value.detail
        assert town.harm == []


async def test_an_empty_list_is_a_list(directory: GatewayDirectory) -> None:
    async with SimulatedGatewayTown(1) as town:
        town.radmin.turn(empty=True)
        assert (await directory.listing(list_of(town), deadline=DEADLINE)).rows == ()


@pytest.mark.parametrize("host", ["127.0.0.1/?del=x", "a b", "..", "x" * 70, "admin@127.0.0.1", "", "::x"])
async def test_a_host_that_is_none_is_an_error_of_its_own(
    driver: GatewayDriver, directory: GatewayDirectory, host: str
) -> None:
    with pytest.raises(Unreachable):
        await driver.read(GatewayTarget("shop", host, 80), deadline=DEADLINE)
    with pytest.raises(Unreachable):
        await directory.listing(Directory(1, "second", host), deadline=DEADLINE)


@pytest.fixture
def real_gateways(request: pytest.FixtureRequest) -> list[GatewayTarget]:
    """What ``--device goip=HOST:PORT`` names, with the login of ``--login``."""
    username, _, password = request.config.getoption("--login").partition(":")
    found = []
    for given in request.config.getoption("--device"):
        what, _, address = given.partition("=")
        host, _, port = address.removeprefix("http://").rstrip("/").partition(":")
        if what == "goip":
            found.append(GatewayTarget(address, host, int(port or 80), username or None, Secret(password)))
    return found


async def test_real_gateways_are_read(real_gateways: list[GatewayTarget]) -> None:
    for target in real_gateways:
        reading = await GoipDriver().read(target, extras=True, deadline=60)
        assert reading.identity.serial
        assert reading.lines
        assert reading.remarks == ()


@pytest.mark.destructive
async def test_real_gateways_take_the_order_to_reboot(real_gateways: list[GatewayTarget]) -> None:
    for target in real_gateways:
        driver = GoipDriver()
        reading = await driver.read(target, deadline=60)
        known = attrs.evolve(target, serial_last4=reading.identity.serial_last4)
        assert (await driver.reboot(known, deadline=60)).before.serial == reading.identity.serial
