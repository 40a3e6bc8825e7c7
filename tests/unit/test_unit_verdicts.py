"""What the end of a look counts as: every recorded end of OpenSSH's client, and a look over a shell that is made up."""

import asyncio
import errno
import json
from pathlib import Path
from typing import Any

import pytest

from lineman.adapters.devices.units.looking import (
    CHANNELS,
    CONTACTS,
    DISK,
    ENDPOINTS,
    SIP_PEERS,
    UPTIME,
    UPTIME_SECONDS,
    VERSION,
    Look,
    look_around,
)
from lineman.adapters.devices.units.printout import Printed
from lineman.adapters.devices.units.verdict import OUTCOMES, SAID, LookEnded, Verdict, broken, judge, raised
from lineman.ports.units import Cause, Checked, LinePatterns, LineStats, Outcome, UnitDenied, UnitGarbled, UnitSilent

pytestmark = pytest.mark.anyio

HEADER = b"Name/username             Host                                    Dyn Forcerport ACL Port     Status     \n"
ROW = b"0001363/s                 192.0.2.50                               D                 5060     OK (1 ms)  \n"
END = b"1 sip peers [Monitored: 1 online, 0 offline Unmonitored: 0 online, 0 offline]\n"
NONE = END.replace(b"1 ", b"0 ", 1)
NO_SUCH = b"No such command 'x' (type 'core show help x' for other possible commands)\n"
DOWN = Printed(1, b"", b"Unable to connect to remote asterisk (does /var/run/asterisk/asterisk.ctl exist?)\n")
DF = Printed(0, b"Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 100 97 3 97% /\n")

#: What a unit in good health prints.
WELL = {
    SIP_PEERS: Printed(0, HEADER + ROW + END),
    DISK: DF,
    CHANNELS: Printed(0, b""),
    UPTIME_SECONDS: Printed(0, b"System uptime: 7\n"),
    VERSION: Printed(0, b"Asterisk 18.26.4 built by root\n"),
}


class Ends:
    """An answer that is no answer: the connection ends."""


async def looked(*changes: tuple[str, Any], seconds: float = 5.0) -> tuple[Checked, list[str]]:
    """A look at a unit that prints this instead, one after another; the last one stays.  ``None`` = nothing, ever."""
    told: dict[str, list[Any]] = {command: [printed] for command, printed in WELL.items()}
    for command in {command for command, _ in changes}:
        told[command] = [printed for changed, printed in changes if changed == command]
    asked: list[str] = []

    async def run(command: str) -> Printed:
        asked.append(command)
        answers = told.get(command, [Printed(0, NO_SUCH)])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, Ends):
            raise LookEnded(Verdict.of(Cause.CLOSED))
        assert isinstance(answer, Printed)
        return answer

    look = Look(LinePatterns())
    try:
        async with asyncio.timeout(seconds):
            await look_around(run, look, until=asyncio.get_running_loop().time() + seconds)
    except TimeoutError:
        look.end(Verdict.of(Cause.TIMED_OUT))
    except LookEnded as ended:
        look.end(ended.verdict)
    return look.checked(host_key=None, took_ms=0), asked


async def test_a_unit_in_good_health_is_asked_each_thing_once() -> None:
    checked, asked = await looked()
    assert (checked.outcome, checked.cause, checked.detail) == (Outcome.ONLINE, Cause.OK, "")
    assert checked.lines == LineStats(gsm_total=1, gsm_online=1)
    assert (checked.disk_percent, checked.uptime_s, checked.calls, checked.version) == (97, 7, 0, "18.26.4")
    assert asked == [SIP_PEERS, DISK, CHANNELS, UPTIME_SECONDS, VERSION]


async def test_a_table_that_was_cut_is_asked_for_once_more_and_then_the_unit_is_online_without_lines() -> None:
    cut, whole = Printed(0, HEADER + ROW), WELL[SIP_PEERS]
    checked, _ = await looked((SIP_PEERS, cut), (SIP_PEERS, whole))
    assert (checked.outcome, checked.lines, checked.detail) == (Outcome.ONLINE, LineStats(1, 1), "")
    checked, asked = await looked((SIP_PEERS, cut))
    assert (checked.outcome, checked.lines, checked.peers) == (Outcome.ONLINE, None, ())
    assert "incomplete" in checked.detail
    assert asked.count(SIP_PEERS) == 2


async def test_more_than_is_taken_is_not_asked_for_again() -> None:
    checked, asked = await looked((SIP_PEERS, Printed(0, HEADER + ROW * 1000, cut=True)))
    assert (checked.outcome, checked.lines, asked.count(SIP_PEERS)) == (Outcome.ONLINE, None, 1)


async def test_pjsip_is_asked_where_there_is_no_chan_sip_or_nothing_in_it() -> None:
    endpoint = Printed(0, b" Endpoint:  150     Unavailable   0 of inf\n\nObjects found: 1\n")
    for empty in (Printed(0, NO_SUCH), Printed(0, HEADER + NONE)):
        checked, asked = await looked((SIP_PEERS, empty), (ENDPOINTS, endpoint))
        assert checked.lines == LineStats(internal_total=1)
        assert CONTACTS not in asked


async def test_contacts_stand_in_for_endpoints_that_do_not_come_whole() -> None:
    contact = b"  Contact:  0002001/sip:a@192.0.2.1:5080    702a6f3ed1 Avail        13.264\n"
    checked, asked = await looked(
        (SIP_PEERS, Printed(0, NO_SUCH)),
        (ENDPOINTS, Printed(0, b"=========\n Endpoint:  150     Unavailable   0 of inf\n")),
        (CONTACTS, Printed(0, contact + b"\nObjects found: 1\n")),
    )
    assert (checked.lines, asked.count(ENDPOINTS)) == (LineStats(1, 1), 2)


async def test_an_asterisk_without_any_sip_is_online_all_the_same() -> None:
    checked, _ = await looked((SIP_PEERS, Printed(0, NO_SUCH)))
    assert (checked.outcome, checked.lines) == (Outcome.ONLINE, None)
    assert "neither" in checked.detail


async def test_a_host_without_its_asterisk_still_tells_how_full_its_disk_is() -> None:
    checked, asked = await looked((SIP_PEERS, DOWN))
    assert (checked.outcome, checked.cause, checked.disk_percent) == (Outcome.OFFLINE, Cause.ASTERISK_DOWN, 97)
    assert asked == [SIP_PEERS, DISK]


async def test_a_console_that_is_mute_on_a_host_that_answers_is_a_matter_for_its_service() -> None:
    checked, _ = await looked((SIP_PEERS, None), seconds=0.2)
    assert (checked.outcome, checked.cause, checked.disk_percent) == (Outcome.OFFLINE, Cause.ASTERISK_DOWN, 97)
    checked, _ = await looked((SIP_PEERS, None), (DISK, None), seconds=0.2)
    assert (checked.outcome, checked.cause) == (Outcome.OFFLINE, Cause.TIMED_OUT)


@pytest.mark.parametrize("trouble", [None, Ends()])
async def test_what_was_seen_before_the_trouble_stands(trouble: Ends | None) -> None:
    checked, _ = await looked((DISK, trouble), (CHANNELS, trouble), seconds=0.4)
    assert (checked.outcome, checked.lines, checked.disk_percent) == (Outcome.ONLINE, LineStats(1, 1), None)
    assert checked.uptime_s == (7 if trouble is None else None)
    checked, _ = await looked((SIP_PEERS, Printed(0, NO_SUCH)), (ENDPOINTS, trouble), seconds=0.2)
    assert (checked.outcome, checked.lines) == (Outcome.ONLINE, None)


async def test_words_that_are_no_table_are_unknown_unless_asterisk_speaks_elsewhere() -> None:
    strange = Printed(0, b"Welcome to the router\n")
    checked, _ = await looked((SIP_PEERS, strange), (UPTIME_SECONDS, strange), (UPTIME, strange))
    assert (checked.outcome, checked.cause) == (Outcome.UNKNOWN, Cause.GARBLED)
    assert "Welcome to the router" in checked.detail
    for nothing in (strange, Printed(0, b"")):
        checked, _ = await looked(
            (SIP_PEERS, nothing), (UPTIME_SECONDS, strange), (UPTIME, Printed(0, b"System uptime: 1 hour\n"))
        )
        assert (checked.outcome, checked.lines, checked.uptime_s) == (Outcome.ONLINE, None, 3600)


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (errno.ECONNREFUSED, Cause.REFUSED),
        (errno.ETIMEDOUT, Cause.TIMED_OUT),
        (errno.EHOSTUNREACH, Cause.NO_ROUTE),
        (errno.ECONNRESET, Cause.CLOSED),
        (errno.ENETUNREACH, Cause.OUR_NETWORK),
        (errno.ENETDOWN, Cause.OUR_NETWORK),
        (errno.EMFILE, Cause.OUR_NETWORK),
        (errno.EADDRNOTAVAIL, Cause.OUR_NETWORK),
        (errno.EPERM, Cause.OUR_NETWORK),
    ],
)
def test_an_error_of_a_connection_says_whose_fault_it_is(number: int, cause: Cause) -> None:
    assert broken(OSError(number, "said")).cause is cause


@pytest.mark.parametrize(
    ("printed", "cause"),
    [
        (Printed(255, b"", b"ssh_exchange_identification: read: Connection reset by peer\n"), Cause.CLOSED),
        (Printed(255, b"", b"Unable to negotiate with 192.0.2.1: no matching host key type found\n"), Cause.GARBLED),
        (Printed(255, b"", b"something that nobody has seen\n"), Cause.GARBLED),
        (Printed(126, b"", b"bash: /usr/sbin/asterisk: Permission denied\n"), Cause.NO_COMMAND),
        (Printed(137, b"", b"Killed\n"), Cause.KILLED),
        (Printed(1, b"This account is currently not available.\n"), Cause.GARBLED),
        (Printed(0, DOWN.stderr), Cause.ASTERISK_DOWN),
        (Printed(0, b"", b"a warning that does not matter\n"), Cause.OK),
    ],
)
def test_ends_that_were_not_recorded_are_never_offline_without_a_reason(printed: Printed, cause: Cause) -> None:
    assert judge(printed).cause is cause


def test_every_cause_has_an_outcome_and_words() -> None:
    assert OUTCOMES.keys() == SAID.keys() == set(Cause)


@pytest.mark.parametrize(
    ("cause", "kind"),
    [(Cause.DENIED, UnitDenied), (Cause.HOST_KEY, UnitDenied), (Cause.GARBLED, UnitGarbled), (Cause.NAME, UnitSilent)],
)
def test_who_asks_for_one_thing_gets_an_error_with_the_units_name(cause: Cause, kind: type[Exception]) -> None:
    error = raised(Verdict.of(cause, "why"), "0367")
    assert type(error) is kind
    assert error.detail.startswith("0367: ")


RECORDED = Path(__file__).resolve().parents[3] / "shared/fixtures/asterisk/ssh_outcomes.json"
CASES: list[dict[str, Any]] = json.loads(RECORDED.read_text())["cases"] if RECORDED.is_file() else []

#: What each recorded end is, exactly.
CAUSES = {
    "refused": Cause.REFUSED,
    "dns": Cause.NAME,
    "no_route": Cause.OUR_NETWORK,
    "denied_key": Cause.DENIED,
    "sshpass_wrong": Cause.DENIED,
    "cmd_not_found": Cause.NO_COMMAND,
    "remote_timeout": Cause.TIMED_OUT,
    "hostkey_changed": Cause.HOST_KEY,
    "hostkey_strict": Cause.HOST_KEY,
    "closed_before_banner": Cause.CLOSED,
    "banner_timeout": Cause.TIMED_OUT,
    "asterisk_down": Cause.ASTERISK_DOWN,
    "ok_echo": Cause.OK,
    "remote_killed": Cause.KILLED,
    "remote_exit3": Cause.ASTERISK_DOWN,
    "connect_timed_out": Cause.TIMED_OUT,
    "no_route_to_host": Cause.NO_ROUTE,
    "local_budget_exceeded": Cause.TIMED_OUT,
}


@pytest.mark.shared
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_a_recorded_end_counts_as_the_facts_say(case: dict[str, Any]) -> None:
    verdict = judge(Printed(case["exit_code"], case["stdout"].encode(), case["stderr"].encode()))
    assert (verdict.outcome.value, verdict.cause) == (case["proposed_class"], CAUSES[case["case"]])


@pytest.mark.shared
def test_every_recorded_end_is_there() -> None:
    assert len(CASES) == 18
