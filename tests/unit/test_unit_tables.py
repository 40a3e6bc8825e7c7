"""What units print: the captured outputs of Asterisk 18 and 22, some of our own, and whatever else may come."""

import json
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineman.adapters.devices.units.channels import read_channels, read_totals
from lineman.adapters.devices.units.df import read_df
from lineman.adapters.devices.units.lines import (
    kind_of,
    peers_of,
    peers_of_contacts,
    peers_of_endpoints,
    stats_of,
)
from lineman.adapters.devices.units.pjsip import read_contacts, read_endpoints
from lineman.adapters.devices.units.printout import Found, no_table, quoted
from lineman.adapters.devices.units.redirect import Redirected, read_dialplan, read_redirect
from lineman.adapters.devices.units.sip_peers import read_sip_peers
from lineman.adapters.devices.units.uptime import read_uptime
from lineman.adapters.devices.units.version import read_version
from lineman.ports.units import LinePatterns

OWN = LinePatterns()

#: Our own rows in the widths of versions 11 to 20.
WIDE = "%-25.25s %-39.39s %-3.3s %-10.10s %-10.10s %-3.3s %-8s %-11s %-32.32s %s\n"
HEADER = WIDE % (
    "Name/username", "Host", "Dyn", "Forcerport", "Comedia", "ACL", "Port", "Status", "Description", "",
)  # fmt: skip


def row(name: str, host: str = "192.0.2.7", port: int = 5060, status: str = "OK (7 ms)", said: str = "") -> str:
    return WIDE % (name, host, " D ", "Yes", "Yes", " A ", port, status, said, "")


def table(*rows: str, total: int | None = None) -> bytes:
    end = f"{len(rows) if total is None else total} sip peers [Monitored: 1 online, 0 offline Unmonitored: 0 online, "
    return (HEADER + "".join(rows) + end + "0 offline]\n").encode()


def test_columns_are_counted_from_the_header_so_that_no_word_in_a_name_or_description_counts() -> None:
    read = read_sip_peers(
        table(
            row("no OK (1 ms) here/a/b", said="OK (1 ms)", status="UNREACHABLE"),
            row("0001363", status="LAGGED (2104 ms)", said="behind a status that is too wide"),
            row("1,2 three four", "(Unspecified)", 0, "Unmonitored"),
        )
    )
    first, second, third = read.peers
    assert read.found is Found.OK
    assert (first.name, first.username, first.status, first.online) == (
        "no OK (1 ms) here",
        "a/b",
        "UNREACHABLE",
        False,
    )
    assert first.description == "OK (1 ms)"
    assert (second.status, second.rtt_ms, second.online) == ("LAGGED", 2104, True)
    assert second.description == "behind a status that is too wide"
    assert (third.host, third.port, third.online, third.dynamic, third.acl) == (None, 0, False, True, True)


def test_a_name_cut_inside_of_a_letter_moves_no_column() -> None:
    cut = "абвгдежзиклмн".encode()[:25]
    line = cut + b" " + row("x").encode()[26:]
    read = read_sip_peers(HEADER.encode() + line + table().split(b"\n")[-2].replace(b"0 sip", b"1 sip") + b"\n")
    assert [(peer.name, peer.host, peer.rtt_ms) for peer in read.peers] == [("абвгдежзиклм�", "192.0.2.7", 7)]
    assert read.peers[0].name_field_truncated


def test_the_narrow_table_of_versions_1_4_and_1_6_is_read_too() -> None:
    narrow = "%-25.25s  %-15.15s %-3.3s %-3.3s %-3.3s %-8s %-10s %-10s\n"
    text = narrow % ("Name/username", "Host", "Dyn", "Nat", "ACL", "Port", "Status", "Realtime")
    text += narrow % ("0001363/s", "192.0.2.50", " D ", " N ", "   ", 5060, "OK (3 ms)", "Cached RT")
    text += narrow % ("op", "(Unspecified)", "   ", "   ", " A ", 0, "UNKNOWN", "")
    text += "2 sip peers [Monitored: 1 online, 1 offline Unmonitored: 0 online, 0 offline]\n"
    first, second = read_sip_peers(text.encode()).peers
    assert (first.name, first.host, first.port, first.online, first.dynamic) == (
        "0001363", "192.0.2.50", 5060, True, True,
    )  # fmt: skip
    assert (second.host, second.acl, second.dynamic, second.description) == (None, True, False, None)


def test_the_last_line_proves_that_a_table_is_whole() -> None:
    whole = table(row("150"), row("151"))
    assert read_sip_peers(table(row("150"), total=2)).found is Found.ROWS_MISSING
    assert read_sip_peers(table(row("150"), total=2)).rows_missing == 1
    assert read_sip_peers(table(row("150"), row("151"), total=1)).found is Found.INCOMPLETE
    assert read_sip_peers(b"".join(whole.splitlines(keepends=True)[1:])).found is Found.INCOMPLETE
    for end in range(len(HEADER), whole.rindex(b"]")):
        assert read_sip_peers(whole[:end]).found is Found.INCOMPLETE, end


def test_what_is_no_table_says_what_it_is() -> None:
    down = b"Unable to connect to remote asterisk (does /var/run/asterisk/asterisk.ctl exist?)\n"
    assert no_table(b"", down) is no_table(down) is Found.NOT_RUNNING
    assert no_table(b"No such command 'sip show peers' (type 'core show help sip')\n") is Found.NO_SUCH_COMMAND
    assert no_table(b" \n") is Found.EMPTY
    assert no_table(b"Welcome to the router\n") is Found.UNRECOGNISED
    assert read_sip_peers(b"Welcome to the router\n").found is Found.UNRECOGNISED
    assert quoted(b"\n\x1b[31m\xff red\x07\n") == "� red?"
    assert len(quoted(b"a" * 5000)) == 160


def test_noise_around_a_table_costs_nothing() -> None:
    noise = "No ethernet interface found for seeding global EID. You will have to set it manually.\n"
    read = read_sip_peers(noise.encode() + b"\x1b[0m" + table(row("150"), "  == Parsing 'x'\n", total=1))
    assert (read.found, len(read.peers)) == (Found.OK, 1)


def test_patterns_are_configuration_and_the_first_that_fits_the_whole_name_counts() -> None:
    kinds = [kind_of(name, OWN) for name in ("0001363", "00013630", "150", "301", "302", "3010", "trunk", "")]
    assert kinds == ["gsm", "sip", "internal", "excluded", "excluded", "sip", "sip", "sip"]
    other = LinePatterns(excluded=("[", "trunk.*"), gsm=("gsm-.+",), internal=())
    assert [kind_of(name, other) for name in ("trunk-1", "gsm-1", "150")] == ["excluded", "gsm", "sip"]


def test_an_endpoint_that_nobody_registered_is_a_line_that_is_down() -> None:
    text = b"""
 Endpoint:  0002001                                              Not in use    0 of inf
        Aor:  0002001                                            2
      Contact:  0002001/sip:a@192.0.2.1:5080               702a6f3ed1 Unavail         nan
      Contact:  0002001/sip:a@192.0.2.2:5080               702a6f3ed2 Avail         1.500

 Endpoint:  0002002/375170000001                                 Unavailable   0 of inf

 Endpoint:  160                                                  In use        1 of inf
      Contact:  160/sip:160@[2001:db8::7]:5060             5785dc0487 Unavail         nan

Objects found: 3
"""
    read = read_endpoints(text)
    peers = peers_of_endpoints(read.endpoints, OWN)
    assert read.found is Found.OK
    assert [(peer.name, peer.online, peer.status, peer.rtt_ms, peer.host) for peer in peers] == [
        ("0002001", True, "Avail", 1.5, "192.0.2.2"),
        ("0002002", False, "Unavailable", None, None),
        ("160", False, "Unavail", None, "2001:db8::7"),
    ]
    assert read_endpoints(text.replace(b"Objects found: 3", b"")).found is Found.INCOMPLETE
    contacts = read_contacts(text.replace(b"found: 3", b"found: 4"))
    assert contacts.found is Found.ROWS_MISSING
    assert [(peer.name, peer.online) for peer in peers_of_contacts(contacts.contacts, OWN)] == [
        ("0002001", True), ("160", False),
    ]  # fmt: skip


def test_data_of_an_application_may_hold_the_separator() -> None:
    line = b"SIP/150-1!internal!600!1!Up!System!echo a!b!!c!150!!!3!12!(None)!u-1.1\n"
    read = read_channels(line)
    (channel,) = read.channels
    assert (channel.data, channel.callerid, channel.duration_s, channel.bridge) == ("echo a!b!!c", "150", 12, None)
    assert read_channels(line + b"SIP/151-2!inter").found is Found.INCOMPLETE
    assert read_channels(b"Welcome\n" + line) == read_channels(line)
    assert read_channels(b"Welcome\n").found is Found.UNRECOGNISED
    assert read_channels(b"No such command 'core show channels concise'\n").found is Found.NO_SUCH_COMMAND


def test_a_leg_that_was_dialled_is_no_call_of_its_own_but_somebody_talks() -> None:
    dialled = b"SIP/151-2!internal!!1!Up!AppDial!(Outgoing Line)!151!!!3!3!b!u-1.3\n"
    assert read_channels(dialled).calls == 1
    assert read_channels(b"SIP/150-1!internal!151!1!Up!Dial!SIP/151,30!!!!3!4!b!u-1.2\n" + dialled).calls == 1
    assert read_channels(b"").calls == 0


@pytest.mark.parametrize(
    ("text", "percent", "mount"),
    [
        (b"/dev/mapper/a--very--long--name\n                 8.0M  8.0M     0 100% /\n", 100, "/"),
        (b"my 50% /disk     100M   83M   17M  83% /mnt/a b\n", 83, "/mnt/a b"),
        (b"proc  0  0  0  - /proc\n", None, None),
        (b"x 1 1 1 101% /\n", None, None),
        (b"", None, None),
    ],
)
def test_the_disk_is_the_last_percentage_before_a_path(text: bytes, percent: int | None, mount: str | None) -> None:
    read = read_df(text)
    assert (read.percent, read.mount) == (percent, mount)


def test_uptime_and_version_are_not_guessed() -> None:
    assert read_uptime(b"System uptime: 5 fortnights\n").uptime_s is None
    assert read_uptime(b"System uptime: \n").uptime_s is None
    assert read_version(b"Asterisk certified/18.9-cert4 built by root @ x on a y\n") == "18.9-cert4"
    assert read_version(b"No such command 'core show version'\n") is None


READERS = (
    read_sip_peers, read_contacts, read_endpoints, read_channels, read_totals, read_df, read_uptime, read_version,
    read_redirect, read_dialplan, quoted,
)  # fmt: skip
ENDINGS = st.sampled_from([b"", table(), table(row("150"), row("0001363")), b"Objects found: 99999999999999999999\n"])
JUNK = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.sampled_from(
            [
                HEADER.encode(), row("150").encode(), row("ж" * 30).encode(), b"!" * 20, b"   Contact:  a/b  Avail nan",
                b" Endpoint:  a   Not in use    0 of inf\n", b"System uptime: 1 year", b" 28% /\n",
                b"99999999999 sip peers [", b"a!b!c!\xb2!e!f!g!h!i!j!\xb9!l!m!n\n",
            ]
        ),
    ),
    max_size=12,
).map(b"".join)  # fmt: skip


@given(JUNK, ENDINGS, st.integers(0, 400))
def test_no_output_breaks_a_reader(junk: bytes, ending: bytes, cut: int) -> None:
    for output in (junk + ending, (ending + junk)[cut:], (junk + ending)[:cut]):
        for reader in READERS:
            reader(output)
        read = read_sip_peers(output)
        stats = stats_of(peers_of(read.peers, OWN))
        assert stats.gsm_online <= stats.gsm_total
        if read.found is Found.OK:
            assert read.summary is not None
            assert read.summary.total == len(read.peers)


@pytest.mark.parametrize(
    "piece",
    [
        b" ",
        b"\n",
        b"a",
        b"! ",
        b"  28% /",
        row("150").encode(),
        b"Contact: a ",
        b"Endpoint: a Not in use 1 of ",
        b"\x1b[",
    ],
)
def test_a_flood_is_read_to_its_end_and_is_no_table(piece: bytes) -> None:
    # What backtracks over a megabyte takes hours.
    flood = piece * ((1 << 20) // len(piece))
    for reader in READERS:
        reader(HEADER.encode() + flood)
    assert read_sip_peers(HEADER.encode() + flood).found is Found.INCOMPLETE
    assert not read_contacts(flood).found.whole
    assert not read_endpoints(flood).found.whole


# The captured outputs ------------------------------------------------------------------------------------------------

FOLDER = Path(__file__).resolve().parents[3] / "shared/fixtures/asterisk"
INDEX: list[dict[str, Any]] = json.loads((FOLDER / "cases.json").read_text())["cases"] if FOLDER.is_dir() else []
#: Those that are conversations with the manager's port are read in test_unit_ami.py.
PRINTED = [case for case in INDEX if "expected" in case]


def sip_peers(stdout: bytes, stderr: bytes) -> dict[str, Any]:
    read = read_sip_peers(stdout, stderr)
    found: dict[str, Any] = {
        "outcome": read.found.value,
        "summary": None if read.summary is None else attrs.asdict(read.summary),
        "peers": [
            attrs.asdict(peer)
            | {
                "kind": kind_of(peer.name, OWN).value,
                "online_seed": peer.status == "OK",
                "online_asterisk": peer.online,
            }
            for peer in read.peers
        ],
        "rows": len(read.peers),
        "rows_missing": read.rows_missing,
    }
    if read.found.whole:
        peers = peers_of(read.peers, OWN)
        seed = tuple(attrs.evolve(peer, online=peer.status == "OK") for peer in peers)
        found["line_stats_asterisk"] = attrs.asdict(stats_of(peers))
        found["line_stats_seed"] = attrs.asdict(stats_of(seed))
        found["sip_peers_total"] = stats_of(peers).peers
        assert read.summary is not None
        assert (
            sum(peer.online for peer in read.peers) == read.summary.monitored_online + read.summary.unmonitored_online
        )
    return found


def channels(stdout: bytes, stderr: bytes) -> dict[str, Any]:
    read = read_channels(stdout, stderr)
    assert read.found is Found.OK
    return {"channels": [attrs.asdict(channel) for channel in read.channels], "count": read.count}


def contacts(stdout: bytes, stderr: bytes) -> dict[str, Any]:
    read = read_contacts(stdout, stderr)
    return {
        "outcome": read.found.value,
        "contacts": [attrs.asdict(contact) | {"reachable": contact.reachable} for contact in read.contacts],
        "objects_found": read.objects_found,
    }


def endpoints(stdout: bytes, stderr: bytes) -> dict[str, Any]:
    read = read_endpoints(stdout, stderr)
    found: dict[str, Any] = {
        "outcome": read.found.value,
        "endpoints": [
            {
                "endpoint": row.endpoint,
                "state": row.state,
                "channels": row.channels,
                "contacts": [{"status": contact.status, "rtt_ms": contact.rtt_ms} for contact in row.contacts],
                "kind": kind_of(row.endpoint, OWN).value,
            }
            for row in read.endpoints
        ],
    }
    return found | ({"objects_found": read.objects_found} if read.found.whole else {})


def redirect(stdout: bytes, stderr: bytes) -> dict[str, Any]:
    read = attrs.asdict(read_redirect(stdout))
    return read if read["result"] is Redirected.OK else {"result": read["result"]}


def disk(stdout: bytes, stderr: bytes) -> dict[str, Any]:
    read = read_df(stdout)
    return {"disk_usage_percent": read.percent} | ({} if read.mount is None else {"mount": read.mount})


KINDS: dict[str, Any] = {
    "sip_peers": sip_peers,
    "core_show_channels_concise": channels,
    "core_show_channels_totals": lambda out, err: attrs.asdict(read_totals(out)),
    "core_show_uptime": lambda out, err: attrs.asdict(read_uptime(out)),
    "core_show_version": lambda out, err: {"version": read_version(out)},
    "pjsip_contacts": contacts,
    "pjsip_endpoints": endpoints,
    "channel_redirect": redirect,
    "dialplan_exists": lambda out, err: {"exists": read_dialplan(out)},
    "df": disk,
    "any": lambda out, err: {"outcome": no_table(out, err).value},
}


@pytest.mark.shared
@pytest.mark.parametrize("case", PRINTED, ids=lambda case: case["file"])
def test_a_captured_output_is_read_field_by_field(case: dict[str, Any]) -> None:
    expected = dict(case["expected"])
    stdout = (FOLDER / case["file"]).read_bytes()
    assert KINDS[expected.pop("kind")](stdout, case.get("stderr", "").encode()) == expected


@pytest.mark.shared
def test_calls_are_those_that_asterisk_itself_counts() -> None:
    for version in ("a18", "a22"):
        concise = read_channels((FOLDER / f"{version}_core_show_channels_concise_calls.txt").read_bytes())
        totals = read_totals((FOLDER / f"{version}_core_show_channels_calls.txt").read_bytes())
        assert (concise.count, concise.calls) == (totals.active_channels, totals.active_calls)


@pytest.mark.shared
def test_every_captured_output_is_there() -> None:
    assert (len(INDEX), len(PRINTED)) == (69, 60)
