"""The probe on the wire: hosts in good health, ill, locked, frozen and hostile."""

import asyncio
import contextlib
import importlib
import socket
import struct
import subprocess
import sys
from typing import Any

import asyncssh
import attrs
import pytest

from lineman.adapters.devices.units import Probes, SshProbe
from lineman.adapters.devices.units.dialing import Dialler, Progress, Step
from lineman.adapters.devices.units.looking import DISK, ENDPOINTS, SIP_PEERS, VERSION
from lineman.adapters.devices.units.ssh import CALLS, RESTART, SERVICE_RESTARTS
from lineman.ports.secrets import Secret
from lineman.ports.units import (
    CannotRestart,
    Cause,
    Checked,
    LineStats,
    Outcome,
    UnitDenied,
    UnitGarbled,
    UnitSilent,
    UnitTarget,
)

from ..unit_hosts import DOWN, HEADER, NO_SUCH, PASSWORD, ROW, WELL, Host, Says, listening, served

pytestmark = pytest.mark.anyio

#: The service runs on uvloop, tests mostly on asyncio's own loop.
both_loops = pytest.mark.parametrize(
    "anyio_backend", [("asyncio", {"use_uvloop": uvloop}) for uvloop in (False, True)], ids=["asyncio", "uvloop"]
)

#: Seconds that nothing here comes near, unless it is to be late.
PLENTY = 20.0


def target(port: int, **changes: Any) -> UnitTarget:
    return attrs.evolve(UnitTarget("0367", "127.0.0.1", port, "root", Secret(PASSWORD)), **changes)


async def check(port: int, *, deadline: float = PLENTY, probe: SshProbe | None = None, **changes: Any) -> Checked:
    checked = await (probe or SshProbe()).check(target(port, **changes), deadline=deadline)
    assert PASSWORD not in repr(checked)
    return checked


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


@both_loops
async def test_a_unit_in_good_health_is_read_over_one_connection() -> None:
    async with served(Host()) as host:
        checked = await check(host.port)
    assert (checked.outcome, checked.cause, checked.detail) == (Outcome.ONLINE, Cause.OK, "")
    assert (checked.lines, len(checked.peers)) == (LineStats(gsm_total=1, gsm_online=1), 1)
    assert (checked.disk_percent, checked.uptime_s, checked.calls, checked.version) == (97, 7, 1, "18.26.4")
    assert checked.host_key == host.host_key
    assert host.host_key.startswith("SHA256:")
    assert (host.connections, host.users, host.commands) == (1, ["root"], list(WELL))


@pytest.mark.parametrize("method", ["password", "keyboard-interactive"])
async def test_a_password_is_given_in_the_way_the_host_wants_it(method: str) -> None:
    async with served(Host(methods=frozenset({method}))) as host:
        assert (await check(host.port)).outcome is Outcome.ONLINE
    assert host.tried == [PASSWORD]


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
async def test_a_private_key_is_enough(kind: str) -> None:
    key = asyncssh.generate_private_key(kind)
    async with served(Host(methods=frozenset({"publickey"}), authorized=key)) as host:
        secret = Secret(key.export_private_key().decode())
        checked = await check(host.port, key=secret, password=None)
        other = Secret(asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode())
        refused = await check(host.port, key=other, password=None)
    assert checked.outcome is Outcome.ONLINE
    assert (refused.outcome, refused.cause) == (Outcome.UNKNOWN, Cause.DENIED)


@pytest.mark.parametrize(
    "key",
    [
        "no key at all",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
        asyncssh.generate_private_key("ssh-ed25519").export_private_key("pkcs8-pem", "a passphrase").decode(),
        None,
    ],
)
async def test_without_a_key_that_can_be_used_nobody_is_called(key: str | None) -> None:
    async with served(Host()) as host:
        checked = await check(host.port, password=None, key=None if key is None else Secret(key))
    assert (checked.outcome, checked.cause, host.connections) == (Outcome.UNKNOWN, Cause.DENIED, 0)


async def test_a_wrong_password_is_tried_once_and_is_no_failure_of_the_unit() -> None:
    async with served(Host(password="changed")) as host:
        checked = await check(host.port)
        with pytest.raises(UnitDenied, match="0367"):
            await SshProbe().calls(target(host.port), deadline=PLENTY)
    assert (checked.outcome, checked.cause) == (Outcome.UNKNOWN, Cause.DENIED)
    assert host.tried == [PASSWORD] * 2
    assert host.commands == []


async def test_the_first_host_key_is_trusted_a_pinned_one_compared_and_another_gets_no_password() -> None:
    async with served(Host()) as host:
        assert (await check(host.port, host_key=host.host_key)).outcome is Outcome.ONLINE
        host.tried.clear()
        checked = await check(host.port, host_key="SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    assert (checked.outcome, checked.cause) == (Outcome.UNKNOWN, Cause.HOST_KEY)
    assert host.host_key in checked.detail
    assert (checked.host_key, host.tried) == (host.host_key, [])


def test_what_speaks_ssh_is_not_imported_before_the_first_look() -> None:
    code = "import sys, lineman.adapters.devices.units; sys.exit('asyncssh' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


async def test_nothing_of_whoever_runs_this_is_used(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / ".ssh"
    folder.mkdir()
    own = asyncssh.generate_private_key("ssh-ed25519")
    (folder / "id_ed25519").write_bytes(own.export_private_key())
    (folder / "config").write_text("Host *\n  Hostname 192.0.2.1\n  User somebody\n  Port 1\n")
    (folder / "known_hosts").write_text(
        "* ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    with caplog.at_level("DEBUG"):
        async with served(Host(methods=frozenset({"publickey", "password"}), authorized=own)) as host:
            checked = await check(host.port)
    assert (checked.outcome, host.users, host.tried) == (Outcome.ONLINE, ["root"], [PASSWORD])
    assert PASSWORD not in caplog.text
    assert not [record for record in caplog.records if record.name.startswith("asyncssh")]


async def test_a_process_of_a_user_without_a_name_can_look_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    # Given back after the test, which sets it.
    monkeypatch.setenv("LOGNAME", "")

    def nobody(uid: int) -> Any:
        raise KeyError(uid)

    monkeypatch.setattr(importlib.import_module("pwd"), "getpwuid", nobody)
    async with served(Host()) as host:
        assert (await check(host.port)).outcome is Outcome.ONLINE


# Hosts that do not answer --------------------------------------------------------------------------------------------


@both_loops
async def test_a_refused_connection_is_the_units_own() -> None:
    checked = await check(free_port())
    assert (checked.outcome, checked.cause, checked.host_key) == (Outcome.OFFLINE, Cause.REFUSED, None)


async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"S")
        await asyncio.sleep(0.01)


async def a_greeting_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-frozen\r\n")
    await asyncio.Event().wait()


@pytest.mark.parametrize("talk", [nothing, drips, a_greeting_only])
async def test_a_frozen_host_costs_its_own_deadline_and_nobody_elses(talk: Any) -> None:
    probe = SshProbe()
    async with listening(talk) as port, served(Host()) as host:
        frozen = asyncio.ensure_future(check(port, deadline=10 * PLENTY, probe=probe))
        others = [await check(host.port, probe=probe) for _ in range(3)]
        assert not frozen.done()
        frozen.cancel()
        checked = await check(port, deadline=0.3, probe=probe)
    assert {other.outcome for other in others} == {Outcome.ONLINE}
    assert (checked.outcome, checked.cause) == (Outcome.OFFLINE, Cause.TIMED_OUT)
    assert checked.took_ms >= 300


async def test_a_host_that_takes_the_login_and_runs_nothing_is_late_as_well() -> None:
    says = {SIP_PEERS: Says(hangs=True), DISK: Says(hangs=True)}
    async with served(Host(says=says)) as host:
        checked = await check(host.port, deadline=2)
    assert (checked.outcome, checked.cause) == (Outcome.OFFLINE, Cause.TIMED_OUT)
    assert "logged in" in checked.detail


async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def hangs_up_after_greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-dying\r\n")
    await reader.read(10)


@both_loops
@pytest.mark.parametrize("talk", [hangs_up, resets, hangs_up_after_greeting])
async def test_a_host_that_hangs_up_is_offline(talk: Any) -> None:
    async with listening(talk) as port:
        checked = await check(port)
    assert (checked.outcome, checked.cause) == (Outcome.OFFLINE, Cause.CLOSED)


@pytest.mark.parametrize(
    "sent",
    [
        b"SSH-1.5-old\r\n",
        b"x" * 20_000,
        b"a line\r\n" * 5_000,
        b"SSH-2.0-x\r\n" + b"\xff" * 64,
        b"SSH-2.0-x\r\n" + b"\0\0\0\x0c\x04\x14" + b"\xff" * 10,
        b"SSH-2.0-x\r\n" + b"\0\0\0\x0c\x04\x1e" + b"\xff" * 10,
        b"SSH-2.0-\xff\xfe\r\n",
        b"SSH-2.0-x\r\n" + b"\0\0\0\x0c\x0a" + b"\0" * 40,
    ],
)
async def test_what_is_no_ssh_is_unknown(sent: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        await asyncio.Event().wait()

    async with listening(talk) as port:
        checked = await check(port)
    assert (checked.outcome, checked.cause) == (Outcome.UNKNOWN, Cause.GARBLED)


async def test_a_name_that_is_not_resolved_or_not_in_time_is_our_own_side(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: Any, **named: Any) -> Any:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    released = asyncio.Event()
    loop = asyncio.get_running_loop()

    def silent(*args: Any, **named: Any) -> Any:
        asyncio.run_coroutine_threadsafe(released.wait(), loop).result()
        return []

    for resolver in (unknown, silent):
        monkeypatch.setattr(socket, "getaddrinfo", resolver)
        checked = await check(22, host="unit-0367.invalid", deadline=0.3)
        assert (checked.outcome, checked.cause) == (Outcome.UNKNOWN, Cause.NAME)
    released.set()


async def test_the_address_of_a_name_that_answers_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def at(*addresses: str) -> None:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **named: found)

    async with served(Host()) as host:
        at("127.0.0.2", "127.0.0.1")
        assert (await check(host.port, host="unit-0367.invalid")).outcome is Outcome.ONLINE
        at("127.0.0.2", "127.0.0.3")
        assert (await check(host.port, host="unit-0367.invalid")).cause is Cause.REFUSED
        # One that was connected to is the host: no other address is tried.
        at("127.0.0.1", "127.0.0.2")
        assert (await check(host.port, host="unit-0367.invalid", host_key="SHA256:x")).cause is Cause.HOST_KEY


async def test_an_address_that_is_silent_takes_its_part_of_the_time_only(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in ("192.0.2.1", "192.0.2.2")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **named: found)
    progress = Progress()

    async def connect(address: str) -> str:
        if address == "192.0.2.1":
            await asyncio.Event().wait()
        progress.connected()
        return address

    until = asyncio.get_running_loop().time() + 0.2
    assert await Dialler().reach("unit-0367.invalid", 22, progress, connect, until=until) == "192.0.2.2"
    assert progress.step is Step.GREETING


# Hosts that answer, and not as they should ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "outcome", "cause"),
    [
        ({SIP_PEERS: Says(stderr=DOWN, code=1)}, Outcome.OFFLINE, Cause.ASTERISK_DOWN),
        ({SIP_PEERS: Says(code=3)}, Outcome.OFFLINE, Cause.ASTERISK_DOWN),
        ({SIP_PEERS: Says(stderr=b"bash: asterisk: command not found\n", code=127)}, Outcome.UNKNOWN, Cause.NO_COMMAND),
        ({SIP_PEERS: Says(signal="KILL", code=None)}, Outcome.UNKNOWN, Cause.KILLED),
        ({SIP_PEERS: Says(code=None)}, Outcome.UNKNOWN, Cause.KILLED),
        ({SIP_PEERS: Says(hangs_up=True)}, Outcome.OFFLINE, Cause.CLOSED),
        ({command: Says(b"Menu: 1) Status\n") for command in WELL}, Outcome.UNKNOWN, Cause.GARBLED),
        ({SIP_PEERS: Says(b"\xff\xfe" + HEADER + ROW.replace(b"s ", b"\xd0 "))}, Outcome.ONLINE, Cause.OK),
        ({VERSION: Says(hangs_up=True)}, Outcome.ONLINE, Cause.OK),
    ],
)
async def test_what_a_host_says_decides_not_its_exit_code(
    changes: dict[str, Says], outcome: Outcome, cause: Cause
) -> None:
    async with served(Host(says={**WELL, **changes})) as host:
        checked = await check(host.port)
    assert (checked.outcome, checked.cause) == (outcome, cause)


async def test_a_unit_with_pjsip_only_and_a_full_disk_is_online_and_says_both() -> None:
    endpoints = b" Endpoint:  0002001     Unavailable   0 of inf\n\nObjects found: 1\n"
    says = {**WELL, SIP_PEERS: Says(NO_SUCH), ENDPOINTS: Says(endpoints), DISK: Says(b"/dev/vda 9 9 0 100% /\n")}
    async with served(Host(says=says)) as host:
        checked = await check(host.port)
    assert (checked.outcome, checked.lines, checked.disk_percent) == (Outcome.ONLINE, LineStats(gsm_total=1), 100)


async def test_ten_megabytes_are_cut_and_the_unit_is_online_without_lines() -> None:
    flood = HEADER + ROW * (10_000_000 // len(ROW))
    async with served(Host(says={**WELL, SIP_PEERS: Says(flood)})) as host:
        checked = await check(host.port, deadline=60)
    assert (checked.outcome, checked.lines, checked.peers) == (Outcome.ONLINE, None, ())
    assert host.commands.count(SIP_PEERS) == 1
    assert checked.disk_percent == 97


async def test_a_host_that_runs_no_commands_needs_a_person() -> None:
    class Locked(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            return False

    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.create_server(Locked, "127.0.0.1", 0, server_host_keys=[key])
    checked = await check(server.get_port())
    server.close()
    await server.wait_closed()
    assert (checked.outcome, checked.cause) == (Outcome.UNKNOWN, Cause.DENIED)


@both_loops
async def test_a_look_that_is_cancelled_hangs_up() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun.set()
        with contextlib.suppress(OSError):
            while await reader.read(100):
                pass
        ended.set()

    async with listening(talk) as port:
        look = asyncio.ensure_future(check(port))
        await asyncio.wait_for(begun.wait(), PLENTY)
        look.cancel()
        with pytest.raises(asyncio.CancelledError):
            await look
        await asyncio.wait_for(ended.wait(), PLENTY)


# One thing at a time -------------------------------------------------------------------------------------------------


async def test_calls_in_progress_are_counted() -> None:
    async with served(Host()) as host:
        assert await SshProbe().calls(target(host.port), deadline=PLENTY) == 1
        assert host.commands == [CALLS]
        for says, error in (
            (Says(b""), None),
            (Says(stderr=DOWN, code=1), UnitSilent),
            (Says(b"Menu: 1) Status\n"), UnitGarbled),
            (Says(hangs=True), UnitSilent),
        ):
            host.says[CALLS] = says
            if error is None:
                assert await SshProbe().calls(target(host.port), deadline=PLENTY) == 0
                continue
            with pytest.raises(error, match="0367"):
                await SshProbe().calls(target(host.port), deadline=0.5)


async def test_asterisk_restarts_itself_where_its_console_answers() -> None:
    async with served(Host()) as host:
        host.says[RESTART] = Says(b"")
        await SshProbe().restart_service(target(host.port), deadline=PLENTY)
    assert host.commands == [RESTART]


@pytest.mark.parametrize("mute", [Says(stderr=DOWN, code=1), Says(hangs=True), Says(NO_SUCH)])
async def test_the_service_is_restarted_where_asterisk_does_not_answer(mute: Says) -> None:
    missing, there, _ = SERVICE_RESTARTS
    async with served(Host()) as host:
        host.says |= {RESTART: mute, missing: Says(stderr=b"sh: systemctl: not found\n", code=127), there: Says()}
        await SshProbe().restart_service(target(host.port), deadline=2.0)
    assert host.commands == [RESTART, missing, there]


async def test_a_service_that_cannot_be_restarted_says_why() -> None:
    failing = {command: Says(stderr=b"Unit asterisk.service not found.\n", code=5) for command in SERVICE_RESTARTS}
    async with served(Host(says={RESTART: Says(stderr=DOWN, code=1), **failing})) as host:
        with pytest.raises(CannotRestart, match=r"asterisk\.service not found"):
            await SshProbe().restart_service(target(host.port), deadline=PLENTY)
        with pytest.raises(CannotRestart, match="no command for it is configured"):
            await SshProbe(service_restarts=()).restart_service(target(host.port), deadline=PLENTY)
    with pytest.raises(UnitSilent):
        await SshProbe().restart_service(target(free_port()), deadline=PLENTY)


async def test_a_unit_is_looked_at_the_way_it_says() -> None:
    async def manager(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/7.0.3\r\n")

    probes = Probes()
    async with served(Host()) as host, listening(manager) as port:
        assert (await probes.check(target(host.port), deadline=PLENTY)).outcome is Outcome.ONLINE
        assert await probes.calls(target(host.port), deadline=PLENTY) == 1
        await probes.restart_service(target(host.port), deadline=PLENTY)
        by_manager = target(port, via="ami")
        assert (await probes.check(by_manager, deadline=PLENTY)).cause is Cause.CLOSED
        with pytest.raises(UnitSilent):
            await probes.calls(by_manager, deadline=PLENTY)
        with pytest.raises(UnitSilent):
            await probes.restart_service(by_manager, deadline=PLENTY)
