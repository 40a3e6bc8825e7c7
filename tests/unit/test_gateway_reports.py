"""What scans tell the alerts: what is bad, once a streak, and never what is only out of date."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import attrs
import pytest

from lineman.core.alerts.rules import CLEAR, Fired, Recovered, State, check_of, judge
from lineman.core.gateways import KINDS, GatewayConfig
from lineman.core.gateways.events import Absent, Event, ListFailed, Probed, ProbeFailed, RebootAccepted
from lineman.core.gateways.facts import Look, facts_of, line_id
from lineman.core.gateways.machine import observe
from lineman.ports.alerts import Facts, Rule
from lineman.ports.gateways import Directory, DirectoryDenied, NoAnswer, Reason, Watched

from ..gateway_site import IDENTITY, START, Site, line, listed, reading

pytestmark = pytest.mark.anyio

[ROW] = listed("GW")
UNREACHABLE = ProbeFailed(Reason.UNREACHABLE, "eof", ROW)


async def told(*events: Event, seconds: float = 300) -> list[Facts]:
    """All that was said of a gateway to which these happened."""
    site = Site()
    await site.put("GW")
    watched = await site.memory.one(1)
    said: list[Facts] = []
    for place, event in enumerate(events):
        at = START + timedelta(seconds=place * seconds)
        seen = observe(watched, event, at=at, config=GatewayConfig())
        said += facts_of(Look(watched.gateway, "mftp", seen))
        lines = watched.lines if seen.lines is None else {one.line.line: one for one in seen.lines}
        watched = Watched(watched.gateway, seen.watch, lines)
    return said


async def values(*events: Event, system: str = "lines") -> dict[str, float | None]:
    """What was said last."""
    return dict([facts for facts in await told(*events) if facts.subject.system == system][-1].values)


def course(kind: str, facts: Sequence[Facts]) -> list[str]:
    """When an alert of this kind fires and recovers."""
    [found] = [one for one in KINDS if one.kind == kind]
    check = check_of(Rule(1, kind, kind, None, found.minutes, found.severity), found)
    state: State = CLEAR
    happened = []
    for one in [one for one in facts if one.subject.system == found.system]:
        state, effects = judge(check, state, one, (one.at - START).total_seconds())
        happened += [type(effect).__name__ for effect in effects if isinstance(effect, Fired | Recovered)]
    return happened


async def test_a_gateway_that_is_down_fires_once_and_recovers_once() -> None:
    bad = [UNREACHABLE] * 4
    assert course("gateway-down", await told(*bad, *[Probed(reading(), ROW)] * 2)) == ["Fired", "Recovered"]
    assert course("gateway-down", await told(*bad[:2], Probed(reading(), ROW))) == []
    assert course("gateway-down", await told(*[Absent()] * 4)) == ["Fired"]


async def test_a_list_that_cannot_be_read_says_nothing_of_anybody() -> None:
    assert await told(ListFailed("cut")) == []
    assert course("gateway-down", await told(UNREACHABLE, *[ListFailed("cut")] * 9)) == []


async def test_whether_a_gateway_is_down_does_not_matter_while_it_reboots() -> None:
    said = await told(RebootAccepted(IDENTITY, ROW), *[UNREACHABLE] * 3, seconds=50)
    assert [one.values for one in said] == [{"up": None}] * 4


async def test_what_a_reboot_explains_is_not_said_and_ends_no_alert_that_fired_before() -> None:
    ill, well = reading(line(gsm=False)), reading(line())
    fresh = await told(Probed(well, ROW), RebootAccepted(IDENTITY, ROW), *[Probed(ill, ROW)] * 3, seconds=40)
    assert course("line-registration", fresh) == []
    old = await told(*[Probed(ill, ROW)] * 3, RebootAccepted(IDENTITY, ROW), *[Probed(ill, ROW)] * 4, seconds=300)
    assert course("line-registration", old) == ["Fired"]


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ({}, {"sim": 1.0, "gsm": 1.0, "voip": 1.0, "rssi": 20.0}),
        # One fault at a time: what is worse explains the rest.
        ({"module": False, "sim": False, "gsm": False}, dict.fromkeys(("sim", "gsm", "voip", "rssi"))),
        ({"sim": False, "gsm": False}, {"sim": 0.0, "gsm": None, "voip": None, "rssi": None}),
        ({"gsm": False, "rssi": 3}, {"sim": 1.0, "gsm": 0.0, "voip": None, "rssi": None}),
        ({"voip": False, "rssi": 3}, {"sim": 1.0, "gsm": 1.0, "voip": 0.0, "rssi": 3.0}),
        # What is unknown is not said, and so changes nothing.
        ({"rssi": None, "voip": None}, {"sim": 1.0, "gsm": 1.0}),
        ({"sim": None, "gsm": None, "voip": None}, {}),
        ({"sim_remain": "19", "remaining_min": 19}, {"minutes": 19.0}),
        ({"sim_remain": "NO LIMIT"}, {"minutes": None}),
    ],
)
async def test_what_is_said_of_a_line(shown: dict[str, Any], said: dict[str, float | None]) -> None:
    found = await values(Probed(reading(), ROW), Probed(reading(line(**shown)), ROW))
    assert said.items() <= found.items()
    assert "minutes" in said or "minutes" not in found
    if not said:
        assert found == {}


async def test_voip_is_missed_only_where_it_was_once_there_or_has_an_id() -> None:
    without, never = reading(line(voip=False)), None
    assert (await values(Probed(without, ROW)))["voip"] is never
    named = attrs.evolve(without, authentication_ids=((1, "9001"),))
    assert (await values(Probed(named, ROW)))["voip"] == 0.0


async def test_alerts_of_lines_fire_below_their_limits_and_recover_above_with_a_margin() -> None:
    for kind, field, figures in (
        ("line-weak", "rssi", (9, 9, 9, 9, 11, 12)), ("line-minutes", "remaining_min", (20, 19, 21, 22)),
    ):  # fmt: skip
        shown: list[dict[str, Any]] = [{"sim_remain": "x", field: figure} for figure in figures]
        looks = [Probed(reading(line(**one)), ROW) for one in shown]
        assert course(kind, await told(*looks[:-1])) == ["Fired"]
        assert course(kind, await told(*looks)) == ["Fired", "Recovered"]


async def test_each_bad_figure_of_a_line_has_its_own_words() -> None:
    [_, facts] = await told(Probed(reading(line(rssi=3, voip=False), authentication_ids=((1, "9001"),)), ROW))
    assert set(facts.words) == {"rssi", "voip"}
    assert "VoIP" in facts.words["voip"]


async def test_subjects_are_named_by_gateway_and_line_and_are_their_enterprises() -> None:
    said = await told(Probed(reading(line(32)), ROW))
    assert [(one.subject.system, one.subject.id, one.subject.name) for one in said] == [
        ("gateways", 1, "GW"), ("lines", 132, "GW line 32"),
    ]  # fmt: skip
    assert {one.subject.enterprise_number for one in said} == {"17"}
    assert line_id(7, 32) == 732


async def test_a_gateway_that_is_down_says_why_and_what_to_do() -> None:
    [facts] = await told(Absent())
    assert "power" in facts.words["up"]


def test_every_kind_has_a_name_of_its_own_and_words() -> None:
    assert len({one.kind for one in KINDS}) == len(KINDS)
    assert all(one.doc.endswith(".") and one.threshold is not None for one in KINDS)


async def test_scans_report_what_they_stored_and_an_alert_that_cannot_be_judged_holds_nobody_up() -> None:
    site = Site()
    await site.put("GW", "X")
    site.board.lists[0] = listed("GW", "X")
    site.devices.readings["X"] = NoAnswer("eof")
    await site.scan()
    assert sorted((one.subject.name, one.values.get("up", 9)) for one in site.sink.facts) == [
        ("GW", 1.0), ("GW line 1", 9), ("X", 0.0), ("mftp", 9),
    ]  # fmt: skip
    site.sink.full = True
    await site.scan()
    reports = site.probing.keeping.reports
    assert (reports.lost, reports.error) == (4, "unavailable: the disk is full")


async def test_a_list_that_cannot_be_read_alerts_once_and_recovers_though_none_of_its_gateways_says_a_word() -> None:
    site = Site()
    await site.put("GW")
    denied = DirectoryDenied("wants a login")
    for good in (True, False, False, False, False, True):
        site.board.lists[0] = listed("GW") if good else denied
        await site.scan()
        site.clock.passed += 300
    unread = [one for one in site.sink.facts if one.subject.system == "directories"]
    assert [one.values["read"] for one in unread] == [1.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    assert "wants a login" in unread[1].words["read"]
    assert course("directory-unread", site.sink.facts) == ["Fired", "Recovered"]


async def test_alerts_of_what_was_removed_end() -> None:
    site = Site()
    await site.put("GW", "X")
    site.board.lists[0] = listed("GW", "X")
    await site.scan()
    await site.shelf.remove("GW")
    site.servers.stored = {1: Directory(1, "there", "192.0.2.1"), 2: Directory(2, "off", "192.0.2.2", is_active=False)}
    await site.probing.keeping.reports.present(await site.memory.all(), await site.probing.directories())
    assert site.sink.there == {"gateways": {2}, "lines": {201}, "directories": {0, 1}}
