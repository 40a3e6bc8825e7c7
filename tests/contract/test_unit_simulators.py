"""Simulated units: what foreign clients see of them, how they boot, and what our probes make of them."""

import asyncio
import csv
import hashlib
import io
import json
import shutil
import socket
import struct
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
import attrs
import pytest
from click.testing import CliRunner

from lineman.adapters.cli.main import cli
from lineman.adapters.devices.simulators.units import FAULTS, SimulatedPbxTown, SimulatedUnit, UnitKnobs, UnitTimes
from lineman.adapters.devices.simulators.units.peers import Peer, PeerSeen
from lineman.adapters.devices.simulators.units.tables import duration, pjsip_contacts, pjsip_endpoints, sip_peers
from lineman.adapters.devices.units import AmiProbe, NetOpinion, Probes, SshProbe
from lineman.ports.secrets import Secret
from lineman.ports.units import CannotRestart, Cause, Checked, Outcome, PeerKind, UnitDenied, UnitProbe, UnitTarget

from ..conftest import SHARED

pytestmark = pytest.mark.anyio
PLENTY = 20.0
#: Boots pass in a wink.
HASTE = UnitTimes().scaled(0.001)
PEERS, DISK = 'asterisk -rx "sip show peers"', "df -P /"


@attrs.define
class Clock:
    """Seconds that pass when somebody says so."""

    now: float = 1e7

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def unit_of(**knobs: Any) -> AsyncGenerator[SimulatedUnit]:
    async with SimulatedUnit(seed=7, knobs=UnitKnobs(**{"calls": 2, **knobs}), times=HASTE) as unit:
        yield unit


def target(unit: SimulatedUnit, via: str = "ssh", **changes: Any) -> UnitTarget:
    name, secret = unit.login if via == "ssh" else unit.manager_login
    port = unit.port if via == "ssh" else unit.manager_port
    return attrs.evolve(UnitTarget("1001", unit.host, port, name, Secret(secret), via=via), **changes)


async def check(unit: SimulatedUnit, via: str = "ssh", deadline: float = PLENTY, **changes: Any) -> Checked:
    return await Probes(SshProbe(), AmiProbe()).check(target(unit, via, **changes), deadline=deadline)


@attrs.define
class Client:
    """OpenSSH's client, with a home of its own."""

    home: Path
    options: tuple[str, ...] = ()

    async def run(self, unit: SimulatedUnit, command: str, password: str = "") -> tuple[int | None, str, str]:
        program = shutil.which("ssh")
        assert program, "these tests need OpenSSH's client: install the package openssh-client"
        asks = self.home / "asks"
        asks.write_text(f"#!/bin/sh\necho '{password}'\n")
        asks.chmod(0o700)
        process = await asyncio.create_subprocess_exec(
            program, "-F", "none", "-p", str(unit.port), "-o", f"UserKnownHostsFile={self.home / 'known'}",
            "-o", "StrictHostKeyChecking=accept-new", "-o", "ConnectTimeout=10", "-o", "NumberOfPasswordPrompts=1",
            "-o", "IdentityAgent=none", "-o", "IdentitiesOnly=yes", *self.options, f"root@{unit.host}", command,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={"SSH_ASKPASS": str(asks), "SSH_ASKPASS_REQUIRE": "force", "HOME": str(self.home), "PATH": "/usr/bin"},
        )  # fmt: skip
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(tmp_path)


async def test_openssh_logs_in_with_a_password_and_with_a_key_and_sees_the_same(client: Client) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    path = client.home / "key"
    path.write_bytes(key.export_private_key())
    path.chmod(0o600)
    async with SimulatedUnit(seed=7, authorized=key.export_public_key().decode()) as unit:
        code, table, _ = await client.run(unit, PEERS, unit.login[1])
        assert code == 0
        assert table.startswith("Name/username             Host ")
        assert table.rstrip().endswith("offline]")
        client.options = ("-i", str(path), "-o", "PasswordAuthentication=no")
        assert await client.run(unit, PEERS) == (0, table, "")
        code, disk, _ = await client.run(unit, DISK)
        assert disk.split("\n")[1].split()[4] == f"{unit.disk_percent()}%"
        assert unit.logins == ["root"] * 3
        assert unit.commands == {PEERS: 2, DISK: 1}


@pytest.mark.parametrize(
    ("knobs", "code", "said"),
    [
        ({"asterisk_down": True}, 1, "Unable to connect to remote asterisk"),
        ({"no_command": True}, 127, "asterisk: command not found"),
        ({"denied": True}, 255, "Permission denied"),
        ({"closed": True}, 255, "kex_exchange_identification: "),
        ({"refuse": True}, 255, "Connection refused"),
    ],
    ids=str,
)
async def test_openssh_tells_what_is_wrong_as_with_a_true_host(
    client: Client, knobs: dict[str, bool], code: int, said: str
) -> None:
    async with unit_of(**knobs) as unit:
        ended, out, err = await client.run(unit, PEERS, unit.login[1])
    assert (ended, out) == (code, "")
    assert said in err


async def test_openssh_gets_no_word_of_a_command_that_is_killed(client: Client) -> None:
    async with unit_of(killed=True) as unit:
        code, out, err = await client.run(unit, PEERS, unit.login[1])
    assert (code, out) == (255, "")
    assert "Warning: Permanently added" in err or not err


async def test_openssh_warns_of_a_host_key_that_is_another_one(client: Client) -> None:
    async with unit_of() as unit:
        assert (await client.run(unit, DISK, unit.login[1]))[0] == 0
        before = unit.host_key
        unit.turn(other_key=True)
        code, _, err = await client.run(unit, DISK, unit.login[1])
    assert code == 255
    assert "REMOTE HOST IDENTIFICATION HAS CHANGED" in err
    assert unit.host_key in err
    assert before != unit.host_key


SSH_CASES: list[tuple[dict[str, Any], Cause]] = [
    ({}, Cause.OK),
    ({"pjsip": True}, Cause.OK),
    ({"foreign": True}, Cause.OK),
    ({"cut": True}, Cause.OK),
    ({"hung": True}, Cause.TIMED_OUT),
    ({"dark": True}, Cause.TIMED_OUT),
    ({"refuse": True}, Cause.REFUSED),
    ({"closed": True}, Cause.CLOSED),
    ({"asterisk_down": True}, Cause.ASTERISK_DOWN),
    ({"no_socket": True}, Cause.ASTERISK_DOWN),
    ({"console_mute": True}, Cause.ASTERISK_DOWN),
    ({"denied": True}, Cause.DENIED),
    ({"no_command": True}, Cause.NO_COMMAND),
    ({"killed": True}, Cause.KILLED),
    ({"garbled": True}, Cause.GARBLED),
]


@pytest.mark.parametrize(("knobs", "cause"), SSH_CASES, ids=str)
async def test_the_probe_over_ssh_sees_each_trouble_for_what_it_is(knobs: dict[str, Any], cause: Cause) -> None:
    # A console that is mute takes its part of the time, and the login before it; the others need none, or all.
    deadline = 3.0 if "console_mute" in knobs else 0.5 if cause is Cause.TIMED_OUT else PLENTY
    async with unit_of(**knobs) as unit:
        checked = await check(unit, deadline=deadline)
    assert checked.cause is cause
    if cause is Cause.OK:
        assert (checked.calls, checked.disk_percent, checked.host_key) == (2, unit.disk_percent(), unit.host_key)


@pytest.mark.parametrize(
    ("knobs", "cause"),
    [
        ({}, Cause.OK),
        ({"pjsip": True}, Cause.OK),
        ({"foreign": True}, Cause.OK),
        ({"hung": True}, Cause.TIMED_OUT),
        ({"dark": True}, Cause.TIMED_OUT),
        ({"refuse": True}, Cause.REFUSED),
        ({"asterisk_down": True}, Cause.REFUSED),
        ({"closed": True}, Cause.CLOSED),
        ({"denied": True}, Cause.DENIED),
        ({"rights": ("command",)}, Cause.DENIED),
    ],
    ids=str,
)
async def test_the_probe_over_the_manager_sees_each_trouble_for_what_it_is(knobs: dict[str, Any], cause: Cause) -> None:
    async with unit_of(**knobs) as unit:
        checked = await check(unit, "ami", deadline=0.5 if cause is Cause.TIMED_OUT else PLENTY)
    assert checked.cause is cause
    assert checked.calls == (2 if cause is Cause.OK else None)


@pytest.mark.parametrize("via", ["ssh", "ami"])
@pytest.mark.parametrize("pjsip", [False, True])
async def test_both_probes_count_lines_as_they_are(via: str, pjsip: bool) -> None:
    async with unit_of(pjsip=pjsip, lagged=0.2, unreachable=0.3) as unit:
        checked = await check(unit, via)
        seen = {one.peer.name: one for one in unit.seen()}
    assert {peer.name: peer.online for peer in checked.peers} == {name: one.online for name, one in seen.items()}
    assert {peer.name for peer in checked.peers if peer.kind is PeerKind.GSM} == {n for n in seen if n[:3] == "000"}
    assert checked.version == ("22.10.1" if pjsip else "18.26.4")
    late = {name for name, one in seen.items() if one.word == "LAGGED"}
    assert late
    assert pjsip or {peer.name for peer in checked.peers if peer.degraded} == late


async def test_names_in_another_script_are_cut_inside_a_letter_or_dropped_as_by_the_console() -> None:
    async with unit_of(foreign=True) as unit:
        over_ssh, over_ami = await check(unit), await check(unit, "ami")
    names = {peer.name for peer in over_ami.peers} - {peer.name for peer in over_ssh.peers}
    assert names == {"Склад-2", "Box Ящик номер один тут"}
    assert any(peer.name.endswith("\ufffd") for peer in over_ssh.peers)
    assert "1 of its peers" in over_ssh.detail


async def test_a_table_that_is_cut_once_is_asked_for_again() -> None:
    async with unit_of(cut=1) as unit:
        checked = await check(unit)
        assert (checked.detail, unit.commands[PEERS]) == ("", 2)
        unit.turn(cut=True)
        assert (await check(unit)).lines is None


async def test_a_pinned_host_key_that_is_no_more_is_for_a_person() -> None:
    async with unit_of() as unit:
        pinned = (await check(unit)).host_key
        unit.turn(other_key=True)
        checked = await check(unit, host_key=pinned)
    assert (checked.outcome, checked.cause) == (Outcome.UNKNOWN, Cause.HOST_KEY)


@pytest.mark.parametrize("knob", ["asterisk_down", "console_mute"])
async def test_a_restart_of_the_service_puts_asterisk_right(knob: str) -> None:
    async with unit_of(**{knob: True}) as unit:
        await SshProbe().restart_service(target(unit), deadline=3.0 if knob == "console_mute" else PLENTY)
        await until(lambda: unit.asterisk_runs)
        assert (await check(unit)).cause is Cause.OK
    assert unit.restarts == 1


async def test_a_restart_that_the_host_refuses_is_told() -> None:
    async with unit_of(asterisk_down=True, no_restart=True) as unit:
        with pytest.raises(CannotRestart, match="Access denied"):
            await SshProbe().restart_service(target(unit), deadline=PLENTY)
        assert not unit.asterisk_runs


@pytest.mark.parametrize(("via", "probe"), [("ssh", SshProbe()), ("ami", AmiProbe())])
async def test_calls_are_counted_before_power_is_cut(via: str, probe: UnitProbe) -> None:
    async with unit_of(calls=3) as unit:
        assert await probe.calls(target(unit, via), deadline=PLENTY) == 3
        unit.turn(denied=True)
        with pytest.raises(UnitDenied):
            await probe.calls(target(unit, via), deadline=PLENTY)


async def test_a_second_opinion_hears_a_living_port_and_not_a_dead_one() -> None:
    async with unit_of() as unit:
        assert await NetOpinion().answers(unit.host, unit.port, deadline=PLENTY)
        unit.power(False)
        assert not await NetOpinion().answers(unit.host, unit.port, deadline=0.2)


def test_a_boot_takes_its_time_and_puts_right_what_it_can() -> None:
    clock = Clock()
    unit = SimulatedUnit(seed=7, clock=clock, knobs=UnitKnobs(hung=True, asterisk_down=True, denied=True))
    unit.power(False)
    assert (unit.has_power, unit.host_up, unit.asterisk_runs) == (False, False, False)
    clock.now += 10
    unit.power(True)
    assert unit.knobs == UnitKnobs(denied=True)
    assert not unit.host_up
    clock.now += 43
    assert (unit.host_up, unit.asterisk_runs) == (True, False)
    clock.now += 18
    assert (unit.asterisk_runs, unit.uptime_s()) == (True, 1)
    dynamic = [one for one in unit.seen() if one.peer.dynamic]
    clock.now += 30
    later = [one for one in unit.seen() if one.peer.dynamic]
    assert sum(one.known for one in dynamic) < sum(one.known for one in later)
    assert {one.known for one in later if not one.peer.idle} == {True}
    assert [on for _, on in unit.powered] == [False, True]


def test_a_stubborn_one_stays_as_it_is() -> None:
    unit = SimulatedUnit(seed=7, clock=Clock(), knobs=UnitKnobs(hung=True, stubborn=True))
    unit.power(False)
    unit.power(True)
    assert unit.knobs.hung


async def test_power_closes_ports_and_opens_the_same_ones_again() -> None:
    async with unit_of() as unit:
        ports = unit.port, unit.manager_port
        unit.power(False)
        for via in ("ssh", "ami"):
            assert (await check(unit, via, deadline=0.2)).cause is Cause.TIMED_OUT
        unit.power(True)
        await until(lambda: unit.asterisk_runs)
        for via in ("ssh", "ami"):
            assert (await check(unit, via)).cause is Cause.OK
        assert (unit.port, unit.manager_port) == ports


async def test_a_power_cut_ends_what_is_under_way() -> None:
    async with unit_of(console_mute=True) as unit:
        looking = asyncio.create_task(check(unit))
        await until(lambda: bool(unit.commands))
        unit.power(False)
        assert (await looking).outcome is not Outcome.ONLINE


@pytest.mark.parametrize("anyio_backend", [("asyncio", {"use_uvloop": uv}) for uv in (False, True)], ids=str)
async def test_clients_that_reset_early_and_power_that_comes_and_goes_do_no_harm(anyio_backend: Any) -> None:
    async with unit_of() as unit:
        for turn in range(40):
            for port in (unit.port, unit.manager_port):
                with socket.socket() as door:
                    door.setblocking(False)
                    door.connect_ex((unit.host, port))
                    await asyncio.sleep(0.001 * (turn % 3))
                    door.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            unit.power(turn % 5 != 0)
            unit.turn(hung=turn % 7 == 0, other_key=turn % 4 == 0)
        unit.turn(hung=False)
        await until(lambda: unit.asterisk_runs)
        for via in ("ssh", "ami"):
            assert (await check(unit, via)).cause is Cause.OK


async def talk(unit: SimulatedUnit, *actions: dict[str, str]) -> list[str]:
    """What the manager says to each action, the greeting first."""
    reader, writer = await asyncio.open_connection(unit.host, unit.manager_port)
    try:
        said = [(await reader.readline()).decode()]
        for action in actions:
            writer.write("".join(f"{name}: {value}\r\n" for name, value in action.items()).encode() + b"\r\n")
            said.append((await reader.readuntil(b"\r\n\r\n")).decode())
        return said
    finally:
        writer.close()
        await writer.wait_closed()


async def test_the_manager_lets_nobody_ask_before_a_login() -> None:
    async with unit_of() as unit:
        greeting, refused, wrong = await talk(
            unit, {"Action": "SIPpeers", "ActionID": "1"}, {"Action": "Login", "Username": "lineman", "Secret": "x"}
        )
    assert greeting == "Asterisk Call Manager/7.0.3\r\n"
    assert refused == "Response: Error\r\nActionID: 1\r\nMessage: Permission denied\r\n\r\n"
    assert "Authentication failed" in wrong


async def test_the_manager_takes_a_hash_in_place_of_the_secret_and_minds_the_rights() -> None:
    async with unit_of(pjsip=True, rights=("reporting",)) as unit:
        name, secret = unit.manager_login
        reader, writer = await asyncio.open_connection(unit.host, unit.manager_port)
        writer.write(b"Action: Challenge\r\nAuthType: MD5\r\n\r\n")
        told = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = hashlib.md5((told.split("Challenge: ")[1].strip() + secret).encode()).hexdigest()
        writer.write(f"Action: Login\r\nAuthType: MD5\r\nUsername: {name}\r\nKey: {key}\r\n\r\n".encode())
        assert b"Authentication accepted" in await reader.readuntil(b"\r\n\r\n")
        for asked, said in (
            (b"Command\r\nCommand: core show uptime", b"Permission denied"),
            (b"SIPpeers", b"Invalid/unknown command: SIPpeers."),
            (b"CoreStatus", b"CoreCurrentCalls: 2"),
        ):
            writer.write(b"Action: " + asked + b"\r\n\r\n")
            assert said in await reader.readuntil(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()


@pytest.mark.shared
def test_the_tables_are_those_of_a_true_asterisk_byte_for_byte() -> None:
    folder = SHARED / "fixtures" / "asterisk"
    cases = json.loads((folder / "cases.json").read_text())["cases"]
    done = 0
    for case in cases:
        expected = case.get("expected", {})
        if not case["file"].startswith("a18_sip_show_peers") or expected.get("outcome") != "ok":
            continue
        done += 1
        assert sip_peers([_as_seen(peer) for peer in expected["peers"]]) == (folder / case["file"]).read_bytes()
    assert done == 8
    peers = [PeerSeen(Peer("trunk-pj-dead", "", "203.0.113.14", 5060), "UNREACHABLE")]
    for file, ours in (
        ("a22_pjsip_show_contacts_ok.txt", pjsip_contacts(peers)),
        ("a18_pjsip_show_endpoints_ok.txt", pjsip_endpoints(peers)),
    ):
        theirs = (folder / file).read_text().splitlines()
        mine = ours.decode().splitlines()
        heads = [line for line in mine if "<" in line]
        assert heads
        assert set(heads) <= set(theirs)
        wanted = next(line for line in theirs if line.strip().startswith("Contact:  trunk-pj-dead/"))
        row = next(line for line in mine if "trunk-pj-dead/" in line)
        assert (len(row), row.index(" Unavail"), row[-3:]) == (len(wanted), wanted.index(" Unavail"), "nan")
    uptime = (folder / "a18_core_show_uptime_1y13w.txt").read_text().split("\n")[0]
    assert f"System uptime: {duration(31_536_000 + 13 * 604_800 + 6 * 86_400 + 23 * 3600 + 6 * 60 + 55)}" == uptime


def _as_seen(peer: dict[str, Any]) -> PeerSeen:
    known = peer["host"] is not None
    nature = Peer(
        peer["name"], peer["username"] or "", peer["host"] or "", peer["port"], peer["dynamic"], peer["acl"],
        peer["description"] or "", monitored=peer["status"] != "Unmonitored",
    )  # fmt: skip
    return PeerSeen(nature, peer["status"], peer["rtt_ms"], known=known)


def test_a_town_follows_from_its_seed_ports_apart() -> None:
    def told(seed: int) -> list[Any]:
        town = SimulatedPbxTown(30, seed=seed, clock=Clock(), faults={"hung": 0.1, "pjsip": 0.2})
        units = [(one.host_key, one.knobs, one.peers, one.uptime_s(), one.disk_percent()) for one in town.units]
        return [*units, *[(plug.device_id, plug.style, plug.meter) for plug in town.plugs], town.outlets]

    assert told(1) == told(1) != told(2)
    town = SimulatedPbxTown(30, faults={"hung": 0.1, "pjsip": 0.2})
    assert (sum(one.knobs.hung for one in town.units), sum(one.knobs.pjsip for one in town.units)) == (3, 6)
    assert {plug.style for plug in town.plugs} == {"text", "list"}
    assert len({plug.device_id for plug in town.plugs}) == 30
    assert {len(plug.device_id) for plug in town.plugs} == {10}


@pytest.mark.parametrize(
    "wrong",
    [{"count": 0}, {"faults": {"slow_ms": 0.5}}, {"faults": {"hung": 0.6, "dark": 0.6}}, {"host": "192.0.2.1"}],
    ids=str,
)
def test_a_town_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"at least|no knob|parts|loopback"):
        SimulatedPbxTown(**wrong)


async def test_a_taken_port_is_said_and_nothing_stays_open() -> None:
    async with SimulatedUnit() as unit:
        with pytest.raises(OSError, match="in use"):
            await SimulatedPbxTown(2, port=unit.port).__aenter__()
        with pytest.raises(OSError, match="in use"):
            await SimulatedUnit(manager_port=unit.port).__aenter__()
        with pytest.raises(TypeError, match="hang"):
            unit.turn(hang=True)


async def test_a_unit_hangs_on_its_own_plug_and_on_no_other() -> None:
    async with SimulatedPbxTown(12, seed=3, times=HASTE) as town:
        for number, plug, outlet in zip(town.numbers, town.plugs, town.outlets, strict=True):
            others = [at for at in range(len(plug.relay.on)) if at != (outlet or 0)]
            for other in others:
                plug.relay.order(other, on=False)
            assert town.of(number).has_power
            plug.relay.order(outlet or 0, on=False)
            assert [one.has_power for one in town.units].count(False) == 1
            assert not town.of(number).has_power
            plug.relay.order(outlet or 0, on=True)
        assert town.figures()["without_power"] == 0
        assert any(outlet for outlet in town.outlets)


async def test_many_units_are_looked_at_side_by_side() -> None:
    async with SimulatedPbxTown(24, seed=5, faults={"hung": 0.05}) as town:
        probe = Probes(SshProbe(), AmiProbe())
        lanes = asyncio.Semaphore(20)

        async def look(unit: SimulatedUnit) -> Checked:
            async with lanes:
                return await probe.check(target(unit), deadline=1.0 if unit.knobs.hung else PLENTY)

        seen = await asyncio.gather(*(look(unit) for unit in town.units))
        assert [one.outcome is Outcome.ONLINE for one in seen] == [not unit.knobs.hung for unit in town.units]
        assert len({one.host_key for one in seen}) == 23
        assert (town.figures()["logins"], town.figures()["offs"]) == (22, 0)


def test_the_command_writes_what_post_units_takes_and_says_where_the_cloud_is(tmp_path: Path) -> None:
    taken = ["simulate", "unit", "--count", "4", "--port", "0", "--for", "0", "--pjsip", "50%"]
    result = CliRunner().invoke(cli, [*taken, "--csv", "-"])
    assert result.exit_code == 0, result.stderr
    found = [*csv.DictReader(io.StringIO(result.stdout))]
    assert [*found[0]] == ["enterprise_number", "host", "port", "username", "password", "via"]
    assert [row["enterprise_number"] for row in found] == ["1001", "1002", "1003", "1004"]
    assert "setting ewelink_api" in result.stderr
    shown = CliRunner().invoke(cli, taken)
    assert shown.stdout.count("pjsip") == 2
    assert CliRunner().invoke(cli, [*taken, "--login", "nobody"]).exit_code == 2
    cloud = CliRunner().invoke(
        cli, ["--json", "simulate", "ewelink", "--count", "2", "--cloud-port", "0", "--for", "0"]
    )
    assert [json.loads(line)["port"] > 0 for line in cloud.stdout.splitlines()] == [True, True]


def test_every_knob_of_on_and_off_is_an_option_of_the_command() -> None:
    told = CliRunner().invoke(cli, ["simulate", "unit", "--help"]).stdout
    hidden = {"no_socket"}
    assert {name for name in FAULTS if f"--{name.replace('_', '-')} " not in told} == hidden


async def until(ready: Callable[[], bool]) -> None:
    """Wait for something that comes soon."""
    async with asyncio.timeout(PLENTY):
        while not ready():
            await asyncio.sleep(0.005)
