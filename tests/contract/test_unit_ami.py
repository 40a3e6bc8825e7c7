"""The manager's port: what units of 18 and 22 said on it, and what may go wrong there."""

import asyncio
import hashlib
import re
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineman.adapters.devices.units import AmiProbe
from lineman.adapters.devices.units.manager import Message, read_message
from lineman.adapters.devices.units.manager_lists import peers_of_entries, peers_of_lists
from lineman.ports.secrets import Secret
from lineman.ports.units import (
    CannotRestart,
    Cause,
    Checked,
    LinePatterns,
    LineStats,
    Outcome,
    UnitDenied,
    UnitGarbled,
    UnitSilent,
    UnitTarget,
)

from ..unit_hosts import PASSWORD, ManagerPort, listening

pytestmark = pytest.mark.anyio

PLENTY = 20.0

ACCEPTED = ["Response: Success\r\nMessage: Authentication accepted"]
DENIED = ["Response: Error\r\nMessage: Permission denied"]


def listed(*events: str, end: str = "ListComplete", items: int | None = None) -> list[str]:
    count = len(events) if items is None else items
    return [
        "Response: Success\r\nEventList: start",
        *events,
        f"Event: {end}\r\nEventList: Complete\r\nListItems: {count}",
    ]


PEER = "Event: PeerEntry\r\nObjectName: 0001363\r\nIPaddress: 192.0.2.50\r\nIPport: 5060\r\nStatus: OK (1 ms)"
WELL = {
    "Login": ACCEPTED,
    "SIPpeers": listed(PEER, end="PeerlistComplete"),
    "CoreStatus": ["Response: Success\r\nCoreStartupDate: 2026-11-21\r\nCoreCurrentCalls: 3"],
    "CoreSettings": ["Response: Success\r\nAsteriskVersion: 18.26.4"],
    "Command core show uptime seconds": [
        "Response: Success\r\nMessage: Command output follows\r\nOutput: System uptime: 7\r\nOutput: Last reload: 7"
    ],
}


def target(port: int, **changes: Any) -> UnitTarget:
    return attrs.evolve(UnitTarget("0367", "127.0.0.1", port, "monitor", Secret(PASSWORD), via="ami"), **changes)


async def check(manager: ManagerPort, *, deadline: float = PLENTY, limit: int = 1 << 20, **changes: Any) -> Checked:
    async with listening(manager.talk) as port:
        checked = await AmiProbe(limit).check(target(port, **changes), deadline=deadline)
    assert PASSWORD not in repr(checked)
    return checked


async def test_a_unit_in_good_health_is_read_without_its_password_on_the_wire() -> None:
    manager = ManagerPort(says=WELL)
    checked = await check(manager)
    assert (checked.outcome, checked.cause, checked.detail) == (Outcome.ONLINE, Cause.OK, "")
    assert checked.lines == LineStats(gsm_total=1, gsm_online=1)
    assert (checked.calls, checked.uptime_s, checked.version, checked.disk_percent) == (3, 7, "18.26.4", None)
    assert manager.actions == ["Challenge", "Login", "SIPpeers", "CoreStatus", "Command", "CoreSettings"]
    login = manager.asked[1]
    assert login["Key"] == hashlib.md5((str(manager.challenge) + PASSWORD).encode()).hexdigest()
    assert PASSWORD not in str(manager.asked)


async def test_where_there_is_no_challenge_the_password_itself_is_sent() -> None:
    manager = ManagerPort(says=WELL, challenge=None)
    assert (await check(manager)).outcome is Outcome.ONLINE
    assert manager.asked[1]["Secret"] == PASSWORD


async def test_a_list_whose_end_counts_more_is_asked_for_once_more_and_never_counted_short() -> None:
    manager = ManagerPort(says={**WELL, "SIPpeers": listed(PEER, items=2)})
    checked = await check(manager)
    assert (checked.outcome, checked.lines, manager.actions.count("SIPpeers")) == (Outcome.ONLINE, None, 2)


async def test_what_a_user_may_not_see_needs_a_person() -> None:
    checked = await check(ManagerPort(says={**WELL, "SIPpeers": DENIED}))
    assert (checked.outcome, checked.cause) == (Outcome.UNKNOWN, Cause.DENIED)
    assert "reporting" in checked.detail
    rest = {name: DENIED for name in WELL if name not in ("Login", "SIPpeers")}
    checked = await check(ManagerPort(says={**WELL, **rest}))
    assert (checked.outcome, checked.lines, checked.calls, checked.uptime_s, checked.version) == (
        Outcome.ONLINE, LineStats(1, 1), None, None, None,
    )  # fmt: skip


async def test_pjsip_is_asked_where_there_is_no_chan_sip_and_contacts_say_who_answers() -> None:
    says = {name: told for name, told in WELL.items() if name != "SIPpeers"}
    says["PJSIPShowEndpoints"] = listed(
        "Event: EndpointList\r\nObjectName: 150\r\nContacts: 150/sip:150@192.0.2.7:5060,\r\nDeviceState: In use",
        "Event: EndpointList\r\nObjectName: 151\r\nContacts: \r\nDeviceState: Unavailable",
        "Event: EndpointList\r\nObjectName: op\r\nContacts: op/sip:1@192.0.2.9:5060,\r\nDeviceState: Not in use",
    )
    says["PJSIPShowContacts"] = listed(
        "Event: ContactList\r\nEndpoint: 150\r\nUri: sip:150@192.0.2.7:5060\r\nStatus: Unreachable\r\n"
        "RoundtripUsec: N/A"
    )
    checked = await check(ManagerPort(says=says))
    assert checked.lines == LineStats(sip_total=1, sip_online=1, internal_total=2)
    assert [(peer.name, peer.status, peer.host) for peer in checked.peers] == [
        ("150", "Unavail", "192.0.2.7"), ("151", "Unavailable", None), ("op", "Not in use", "192.0.2.9"),
    ]  # fmt: skip
    says["PJSIPShowContacts"] = ["Response: Error\r\nMessage: No Contacts found"]
    checked = await check(ManagerPort(says=says))
    assert checked.lines == LineStats(sip_total=1, sip_online=1, internal_total=2, internal_online=1)
    says["PJSIPShowEndpoints"] = ["Response: Error\r\nMessage: No endpoints found"]
    assert (await check(ManagerPort(says=says))).lines == LineStats()
    del says["PJSIPShowEndpoints"]
    checked = await check(ManagerPort(says=says))
    assert (checked.outcome, checked.lines) == (Outcome.ONLINE, None)


@pytest.mark.parametrize(
    ("manager", "outcome", "cause"),
    [
        (ManagerPort(greeting="220 mail.example.org ESMTP"), Outcome.UNKNOWN, Cause.GARBLED),
        (ManagerPort(greeting="x" * 200_000), Outcome.UNKNOWN, Cause.GARBLED),
        (ManagerPort(says=WELL, hangs_up_at="Challenge"), Outcome.OFFLINE, Cause.CLOSED),
        (ManagerPort(says=WELL, hangs_up_at="SIPpeers"), Outcome.OFFLINE, Cause.CLOSED),
        (ManagerPort(says=WELL, hangs_up_at="CoreStatus"), Outcome.ONLINE, Cause.OK),
        (ManagerPort(says={**WELL, "SIPpeers": ["Response: Error\r\nMessage: x"]}), Outcome.UNKNOWN, Cause.GARBLED),
        (ManagerPort(says={**WELL, "SIPpeers": [f"X: {'y' * 999}"] * 2000}), Outcome.UNKNOWN, Cause.GARBLED),
        (ManagerPort(says=WELL, mute=frozenset({"SIPpeers"})), Outcome.OFFLINE, Cause.TIMED_OUT),
        (ManagerPort(says=WELL, mute=frozenset({"Challenge"})), Outcome.OFFLINE, Cause.TIMED_OUT),
        (ManagerPort(says=WELL, mute=frozenset({"CoreStatus"})), Outcome.ONLINE, Cause.OK),
    ],
)
async def test_what_goes_wrong_counts_as_it_does_over_ssh(manager: ManagerPort, outcome: Outcome, cause: Cause) -> None:
    checked = await check(manager, deadline=1 if manager.mute else PLENTY)
    assert (checked.outcome, checked.cause) == (outcome, cause)
    assert checked.version == ("18.26.4" if "CoreStatus" in manager.mute else None)


async def test_no_password_or_one_that_would_be_a_command_calls_nobody() -> None:
    manager = ManagerPort(says=WELL, challenge=None)
    assert (await check(manager, password=None)).cause is Cause.DENIED
    assert manager.asked == []
    assert (await check(manager, password=Secret("x\r\nAction: Command"))).cause is Cause.DENIED
    assert "Login" not in manager.actions


async def test_calls_and_restarts_go_by_the_manager_too() -> None:
    manager = ManagerPort(says=dict(WELL))
    probe = AmiProbe()
    async with listening(manager.talk) as port:
        assert await probe.calls(target(port), deadline=PLENTY) == 3
        manager.says["Command core restart now"] = ["Response: Success\r\nOutput: "]
        await probe.restart_service(target(port), deadline=PLENTY)
        manager.hangs_up_at = "Command core restart now"
        await probe.restart_service(target(port), deadline=PLENTY)
        manager.hangs_up_at = None
        manager.says |= {"Command core restart now": DENIED, "CoreStatus": DENIED}
        with pytest.raises(CannotRestart, match="Permission denied"):
            await probe.restart_service(target(port), deadline=PLENTY)
        with pytest.raises(UnitDenied, match="0367"):
            await probe.calls(target(port), deadline=PLENTY)
        manager.says["CoreStatus"] = ["Response: Success"]
        with pytest.raises(UnitGarbled):
            await probe.calls(target(port), deadline=PLENTY)
        manager.mute = frozenset({"CoreStatus"})
        with pytest.raises(UnitSilent):
            await probe.calls(target(port), deadline=0.3)
        manager.says["Login"] = ["Response: Error\r\nMessage: Authentication failed"]
        with pytest.raises(UnitDenied):
            await probe.restart_service(target(port), deadline=PLENTY)


async def test_the_output_of_old_versions_has_no_names_before_its_lines() -> None:
    sent = (
        b"Response: Follows\r\nPrivilege: Command\r\nActionID: 1\r\nSystem uptime: 7\n\nLast reload: 7\n"
        b"--END COMMAND--\r\n\r\n"
    )
    message = read_message([line.rstrip(b"\r") for line in sent.split(b"\n") if line.rstrip(b"\r")])
    assert message.output == b"System uptime: 7\nLast reload: 7"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/1.1\r\n")
        for number in range(1, 8):
            asked = (await reader.readuntil(b"\r\n\r\n")).decode()
            name = asked.split("\r\n")[0].removeprefix("Action: ")
            told = sent.replace(b"ActionID: 1", f"ActionID: {number}".encode())
            if name != "Command":
                told = "".join(f"{block}\r\nActionID: {number}\r\n\r\n" for block in WELL.get(name, DENIED)).encode()
            writer.write(told)

    async with listening(talk) as port:
        checked = await AmiProbe().check(target(port), deadline=PLENTY)
    assert (checked.uptime_s, checked.version) == (7, "18.26.4")


@given(st.lists(st.binary(max_size=40)))
def test_no_message_breaks_a_reader(lines: list[bytes]) -> None:
    message = read_message(lines)
    peers = peers_of_entries([message, Message((("Event", "PeerEntry"), *message.fields))], LinePatterns())
    assert len(peers) <= 2
    peers_of_lists([Message((("Event", "EndpointList"), *message.fields))], [message], LinePatterns())


# The captured conversations ------------------------------------------------------------------------------------------

FOLDER = Path(__file__).resolve().parents[3] / "shared/fixtures/asterisk"


def captured(name: str) -> ManagerPort:
    """A port that says what was captured."""
    text = (FOLDER / name).read_text()
    manager = ManagerPort(greeting=text.partition("\n")[0].removeprefix("< "), challenge=None)
    action = ""
    for block in re.split(r"\n<? ?\n+", text.partition("\n")[2]):
        lines = [line for line in block.splitlines() if line.strip("<> ")]
        sent = [re.sub(r"^>+ ", "", line) for line in lines if line.startswith(">")]
        if sent:
            fields = dict(line.partition(": ")[::2] for line in sent)
            action = fields["Action"] + (f" {fields['Command']}" if "Command" in fields else "")
            manager.says.setdefault(action, [])
        received = [line.removeprefix("< ") for line in lines if not line.startswith(">")]
        message = "\r\n".join(line for line in received if not line.startswith("ActionID: "))
        if message:
            manager.says[action].append(message)
    return manager


@pytest.mark.shared
async def test_the_captured_peers_of_18_are_read_with_their_full_names() -> None:
    manager = captured("a18_ami_sippeers.txt")
    checked = await check(manager)
    assert (checked.outcome, len(checked.peers)) == (Outcome.ONLINE, 17)
    assert checked.lines == LineStats(
        gsm_total=5, gsm_online=3, sip_total=4, sip_online=3, internal_total=6, internal_online=4
    )
    names = {peer.name: peer for peer in checked.peers}
    assert names["trunk-with-a-very-long-name-2024"].rtt_ms == 40
    assert (names["0001366"].status, names["0001366"].host) == ("UNKNOWN", None)
    assert names["0001367"].degraded


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "lines", "calls"),
    [
        ("a18_ami_pjsip.txt", LineStats(2, 1, 4, 3, 3, 3), None),
        ("a22_ami_session.txt", LineStats(2, 1, 4, 3, 3, 3), 2),
    ],
)
async def test_the_captured_endpoints_are_read(name: str, lines: LineStats, calls: int | None) -> None:
    checked = await check(captured(name))
    assert (checked.outcome, checked.lines, checked.calls) == (Outcome.ONLINE, lines, calls)
    peers = {peer.name: peer for peer in checked.peers}
    assert (peers["160"].status, peers["162"].status) == ("Avail", "NonQual")
    assert (peers["0002002"].online, peers["trunk-pj-dead"].online, peers["trunk-pj6"].host) == (
        False, False, "2001:db8:88::150",
    )  # fmt: skip


@pytest.mark.shared
async def test_the_captured_core_tells_calls_and_version() -> None:
    manager = captured("a18_ami_core.txt")
    manager.says["SIPpeers"] = captured("a18_ami_sippeers.txt").says["SIPpeers"]
    checked = await check(manager)
    assert (checked.calls, checked.version, len(manager.says["CoreShowChannels"])) == (3, "18.26.4", 5)


@pytest.mark.shared
async def test_a_captured_command_is_printed_as_on_the_console() -> None:
    from lineman.adapters.devices.units.printout import Found, no_table
    from lineman.adapters.devices.units.sip_peers import read_sip_peers
    from lineman.adapters.devices.units.uptime import read_uptime

    says = captured("a18_ami_command.txt").says
    output = {
        name: read_message([line.encode() for line in told[0].split("\r\n")]).output for name, told in says.items()
    }
    table = read_sip_peers(output["Command sip show peers"])
    assert (table.found, len(table.peers)) == (Found.OK, 17)
    assert no_table(output["Command no such thing"]) is Found.NO_SUCH_COMMAND
    assert read_uptime(output["Command core show uptime"]).uptime_s == 213


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "denied"),
    [("a18_ami_badlogin.txt", "Authentication failed"), ("a18_ami_nologin.txt", "reporting")],
)
async def test_a_captured_refusal_is_unknown(name: str, denied: str) -> None:
    manager = captured(name)
    manager.says.setdefault("Login", ACCEPTED)
    checked = await check(manager)
    assert (checked.outcome, checked.cause) == (Outcome.UNKNOWN, Cause.DENIED)
    assert denied in checked.detail


@pytest.mark.shared
async def test_captured_rights_and_redirects_are_told_apart() -> None:
    manager = captured("a18_ami_permission_denied.txt")
    async with listening(manager.talk) as port:
        manager.says["Command core restart now"] = manager.says["Command sip show peers"]
        with pytest.raises(CannotRestart, match="Permission denied"):
            await AmiProbe().restart_service(target(port), deadline=PLENTY)
    assert captured("a18_ami_redirect.txt").says["Redirect"] == [
        "Response: Error\r\nMessage: Channel does not exist: SIP/nosuch-00000001",
        "Response: Success\r\nMessage: Redirect successful",
        "Response: Success\r\nMessage: Redirect successful",
        "Response: Error\r\nMessage: Channel does not exist: PJSIP/160-00000002",
        "Response: Error\r\nMessage: Channel not specified",
    ]
