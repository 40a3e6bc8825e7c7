"""Scans: lists first, gateways in lanes, one talk at a time with each, and nothing lost that was seen."""

from collections.abc import Sequence

import anyio
import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineman.core.gateways import GatewayConfig, rounds
from lineman.ports.errors import NotAllowed, Unavailable, Unreachable
from lineman.ports.gateways import (
    BadPage,
    Directory,
    DirectoryDenied,
    GatewayTimedOut,
    Listed,
    LoginDenied,
    NoAnswer,
    NotADirectory,
    OtherDevice,
    PageCut,
    Reason,
    ScanStatus,
    Status,
    UnknownGateway,
)

from ..gateway_site import OF_17, OPERATOR, SERVER, Site, line, listed, reading

pytestmark = pytest.mark.anyio

NAMES = ("A", "B", "C", "D")
SECOND = Directory(1, "second", "203.0.113.99")


async def site_of(*names: str, config: GatewayConfig | None = None) -> Site:
    site = Site(config=config or GatewayConfig(directory=SERVER))
    await site.put(*names)
    site.board.lists[0] = listed(*names)
    return site


def states(site: Site) -> dict[str, str]:
    return {
        name: watch.status.value if watch.reason is None else watch.reason.value
        for name, watch in site.watches().items()
    }


async def test_a_scan_reads_the_list_first_and_then_each_gateway_on_the_configured_host() -> None:
    site = await site_of(*NAMES)
    scan = await site.scan()
    assert (scan.status, scan.total, scan.done, scan.active, scan.errors) == (ScanStatus.DONE, 4, 4, 4, 0)
    assert (scan.directories[0].ok, scan.directories[0].listed, scan.detail) == (True, 4, "")
    assert site.board.read == 1
    assert sorted(site.devices.asked) == [
        ("read", name, SERVER.host, 38000 + place) for place, name in enumerate(NAMES)
    ]
    outcomes, total = await site.scan_rows.outcomes(scan.id)
    assert [(one.gateway, one.status) for one in outcomes] == [(name, Status.ACTIVE) for name in NAMES]
    assert total == 4


@pytest.mark.parametrize(
    "error", [GatewayTimedOut("30 s"), DirectoryDenied("401"), NotADirectory("no title"), PageCut("no </html>")]
)
async def test_one_list_that_cannot_be_read_makes_no_gateway_inactive(error: Exception) -> None:
    site = await site_of(*NAMES)
    await site.scan()
    before = site.watches()
    site.board.lists[0] = error
    scan = await site.scan()
    assert (scan.status, scan.directories[0].ok) == (ScanStatus.FAILED, False)
    assert str(error) in scan.directories[0].detail
    assert site.watches() == {name: attrs.evolve(watch, stale=True) for name, watch in before.items()}
    assert len(site.devices.asked) == 4, "nothing was asked of gateways without a list"


async def test_each_kind_of_failure_has_its_reason() -> None:
    errors = {
        "auth": LoginDenied("401"), "silent": GatewayTimedOut("30 s"), "closed": NoAnswer("eof"),
        "cut": PageCut("no end"), "bad": BadPage("no ids"), "other": OtherDevice("ends with 9999"),
    }  # fmt: skip
    site = await site_of(*errors, "good")
    site.devices.readings.update(errors)
    scan = await site.scan()
    assert states(site) == {
        "auth": "auth", "silent": "unreachable", "closed": "unreachable", "cut": "bad_page", "bad": "bad_page",
        "other": "identity", "good": "active",
    }  # fmt: skip
    assert (scan.active, scan.errors) == (1, 6)
    stats = site.scanning.stats()
    assert (stats.scans, stats.probes, stats.failures, stats.lists_failed) == (1, 7, 6, 0)


async def test_after_a_restart_of_the_server_nothing_goes_inactive_at_the_first_scan() -> None:
    for left in ((), NAMES[:1]):
        site = await site_of(*NAMES)
        await site.scan()
        site.board.lists[0] = listed(*left)
        scan = await site.scan()
        assert set(states(site).values()) == {"active"}
        assert "one more scan" in scan.directories[0].detail
        await site.scan()
        assert list(states(site).values()).count("not_listed") == len(NAMES) - len(left)


async def test_after_a_server_was_away_for_so_long_that_no_scan_tells_its_size_its_gateways_do() -> None:
    site = await site_of(*NAMES)
    await site.scan()
    site.scan_rows.scans.clear()
    site.board.lists[0] = ()
    await site.scan()
    assert set(states(site).values()) == {"active"}


async def test_who_alone_is_missing_on_a_full_list_is_inactive_at_once() -> None:
    site = await site_of(*NAMES)
    await site.scan()
    site.board.lists[0] = (*listed(*NAMES[:2]), Listed("C", None, None))
    scan = await site.scan()
    assert states(site) == {"A": "active", "B": "active", "C": "no_radmin", "D": "not_listed"}
    assert (scan.active, scan.inactive) == (2, 2)


async def test_names_are_compared_exactly() -> None:
    site = await site_of("Main")
    site.board.lists[0] = listed("main", "Main ", "MAIN")
    await site.scan()
    assert states(site) == {"Main": "not_listed"}


async def test_a_directory_that_fails_makes_only_its_own_gateways_stale() -> None:
    site = await site_of("A")
    site.servers.stored[1] = SECOND
    await site.put("B", directory_id=1)
    site.board.lists[1] = GatewayTimedOut("30 s")
    scan = await site.scan()
    assert scan.status is ScanStatus.DONE
    assert [(one.directory, one.ok) for one in scan.directories] == [("mftp", True), ("second", False)]
    assert (site.watch("A").stale, site.watch("B").stale) == (False, True)
    assert states(site) == {"A": "active", "B": "unknown"}
    site.board.lists[1] = listed("B", port=40000)
    await site.scan()
    assert site.devices.asked[-2:] == [("read", "A", SERVER.host, 38000), ("read", "B", SECOND.host, 40000)] or (
        site.devices.asked[-2:] == [("read", "B", SECOND.host, 40000), ("read", "A", SERVER.host, 38000)]
    )


async def test_a_directory_that_shrinks_says_nothing_of_another_ones_gateways() -> None:
    site = await site_of("A", "B")
    site.servers.stored[1] = SECOND
    await site.put("C", "D", directory_id=1)
    site.board.lists[1] = listed("C", "D")
    await site.scan()
    site.board.lists = {0: (), 1: listed("C")}
    await site.scan()
    assert states(site) == {"A": "active", "B": "active", "C": "active", "D": "not_listed"}


async def test_gateways_without_a_directory_or_of_one_that_is_off_are_not_looked_for() -> None:
    site = Site(config=GatewayConfig())
    await site.put("A")
    scan = await site.scan()
    assert (scan.status, site.watch("A").stale) == (ScanStatus.FAILED, True)
    assert "MFTP_HOST" in scan.detail
    site.servers.stored[1] = attrs.evolve(SECOND, is_active=False)
    assert (await site.scan()).status is ScanStatus.FAILED
    assert (site.board.read, site.devices.asked) == (0, [])


async def test_a_dead_gateway_takes_one_lane_and_no_more() -> None:
    site = await site_of(*NAMES, config=GatewayConfig(directory=SERVER, lanes=2))
    dead = site.devices.held["A"] = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(site.scan)
        while len([one for one in states(site).values() if one == "active"]) < 3:
            await anyio.lowlevel.checkpoint()
        assert site.devices.most <= 2
        dead.set()
    assert set(states(site).values()) == {"active"}


async def test_dead_gateways_make_room_for_others_once_they_were_silent_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rounds, "SILENT", 0.0)
    site = await site_of(*NAMES, config=GatewayConfig(directory=SERVER, lanes=1))
    dead = anyio.Event()
    site.devices.held |= dict.fromkeys("ABC", dead)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(site.scan)
        while states(site)["D"] != "active":
            await anyio.lowlevel.checkpoint()
        assert site.devices.most == 4
        dead.set()


async def test_a_scan_that_takes_too_long_ends_with_what_it_saw_and_the_next_begins_with_the_rest() -> None:
    site = await site_of(*NAMES, config=GatewayConfig(directory=SERVER, lanes=1, interval=0.2))
    site.devices.held["B"] = anyio.Event()
    scan = await site.scan()
    assert (scan.status, scan.done, scan.total) == (ScanStatus.DONE, 1, 4)
    assert "3 of 4 gateways were not reached" in scan.detail
    assert site.watch("A").status is Status.ACTIVE
    del site.devices.held["B"]
    site.clock.passed += 1
    await site.scan()
    assert [name for _, name, *_ in site.devices.asked[-4:]] == ["B", "C", "D", "A"]


async def test_a_gateway_whose_driver_forgets_its_deadline_is_given_up_all_the_same() -> None:
    site = await site_of("A")
    site.devices.readings["A"] = TimeoutError()
    await site.scan()
    assert site.watch("A").reason is Reason.UNREACHABLE
    assert "30 s" in site.watch("A").detail


async def test_gateways_added_changed_and_removed_during_a_scan_do_not_break_it() -> None:
    site = await site_of(*NAMES, config=GatewayConfig(directory=SERVER, lanes=1))
    held = site.devices.held["A"] = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(site.scan)
        while not site.devices.talking:
            await anyio.lowlevel.checkpoint()
        await site.shelf.remove("B")
        await site.shelf.remove("A")
        await site.put("E")
        changed = next(one for one in site.shelf.gateways.values() if one.name == "C")
        await site.shelf.change(attrs.evolve(changed, serial_last4="9999"))
        held.set()
    [scan] = site.scan_rows.scans.values()
    assert (scan.status, scan.done, scan.total) == (ScanStatus.DONE, 3, 3)
    assert [one for _, one, *_ in site.devices.asked] == ["A", "C", "D"]
    assert states(site) == {"C": "identity", "D": "active", "E": "unknown"}


async def test_a_gateway_that_gets_another_directory_during_a_scan_is_not_judged_by_the_list_of_the_old_one() -> None:
    site = await site_of("A", "B", "C", config=GatewayConfig(directory=SERVER, lanes=1))
    site.board.lists[0] = listed("A", "B")
    site.servers.stored[1] = SECOND
    site.board.lists[1] = listed("B", "C")
    held = site.devices.held["A"] = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(site.scan)
        while not site.devices.talking:
            await anyio.lowlevel.checkpoint()
        for gateway in list(site.shelf.gateways.values())[1:]:
            await site.shelf.change(attrs.evolve(gateway, directory_id=1))
        held.set()
    assert states(site) == {"A": "active", "B": "unknown", "C": "unknown"}
    assert [one for _, one, *_ in site.devices.asked] == ["A"], "no login went to a port of the old server"
    [scan] = site.scan_rows.scans.values()
    assert (scan.status, scan.done, scan.total) == (ScanStatus.DONE, 3, 3)
    await site.scan()
    assert states(site) == {"A": "active", "B": "active", "C": "active"}


async def test_a_scan_that_is_asked_for_meanwhile_joins_and_two_never_run() -> None:
    site = await site_of("A")
    *_, scans = site.use_cases()
    held = site.devices.held["A"] = anyio.Event()
    async with anyio.create_task_group() as tasks:
        first = await scans.request(OPERATOR)
        assert (await scans.request(OPERATOR)).id == first.id
        tasks.start_soon(site.scanning.work)
        while not site.devices.talking:
            await anyio.lowlevel.checkpoint()
        assert (await scans.request(OPERATOR)).id == first.id
        assert not await site.scanning.work()
        held.set()
    assert (await scans.get(OPERATOR, first.id)).status is ScanStatus.DONE
    assert (await scans.request(OPERATOR)).id != first.id
    assert [line.action for line in site.journal.lines] == ["gateways.scan"] * 4


async def test_timed_scans_come_at_once_and_then_each_interval_without_drift() -> None:
    site = await site_of("A")
    asked = []
    for second in range(0, 700, 7):
        site.clock.passed = second
        if await site.scanning.tick() is not None:
            asked.append(second)
        await site.scanning.work()
    assert asked == [0, 301, 602]
    await site.scanning.resume()
    assert await site.scanning.tick() is not None, "who has just begun to work scans at once"


async def test_without_a_directory_no_scan_is_ever_due() -> None:
    site = Site(config=GatewayConfig())
    site.servers.stored[1] = attrs.evolve(SECOND, is_active=False)
    assert await site.scanning.tick() is None
    assert site.scan_rows.scans == {}
    site.clock.passed = 9999
    assert site.scanning.stats().lag_s == 0


async def test_a_killed_scan_loses_only_what_was_under_way_and_is_begun_anew() -> None:
    site = await site_of(*NAMES, config=GatewayConfig(directory=SERVER, lanes=1))
    site.devices.held["C"] = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(site.scan)
        while "C" not in site.devices.talking:
            await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    assert states(site) == {"A": "active", "B": "active", "C": "unknown", "D": "unknown"}
    [scan] = site.scan_rows.scans.values()
    assert scan.status is ScanStatus.QUEUED
    site.devices.held.clear()
    assert await site.scanning.work()
    assert set(states(site).values()) == {"active"}


async def test_lanes_share_their_writes_and_progress_is_told_once_each() -> None:
    site = await site_of(*(f"g{number:03}" for number in range(100)))
    site.memory.steps = 30
    scan = await site.scan()
    assert len(site.memory.kept) < 50
    assert sum(map(len, site.memory.kept)) == 100
    outcomes, total = await site.scan_rows.outcomes(scan.id)
    assert total == len({one.gateway for one in outcomes}) == 100


async def test_what_cannot_be_stored_is_told_and_the_next_scan_sees_it_again() -> None:
    site = await site_of(*NAMES)
    site.memory.full = True
    scan = await site.scan()
    assert (scan.done, scan.active) == (4, 0)
    assert "4 gateways were passed over" in scan.detail
    site.memory.full = False
    await site.scan()
    assert set(states(site).values()) == {"active"}


async def test_a_scan_whose_end_cannot_be_stored_ends_before_the_next_begins() -> None:
    site = await site_of("A")
    await site.scan_rows.request(by="olga", at=site.clock.now())
    site.scan_rows.full = True
    with pytest.raises(Unavailable):
        await site.scanning.work()
    site.scan_rows.full = False
    assert not await site.scanning.work()
    [scan] = site.scan_rows.scans.values()
    assert scan.status in (ScanStatus.DONE, ScanStatus.FAILED)
    assert scan.finished_at is not None


async def test_a_fault_of_ours_ends_the_scan_and_is_told() -> None:
    site = await site_of("A")
    site.devices.readings["A"] = ZeroDivisionError("ours")
    await site.scan_rows.request(by="olga", at=site.clock.now())
    with pytest.raises(ExceptionGroup):
        await site.scanning.work()
    [scan] = site.scan_rows.scans.values()
    assert scan.status is ScanStatus.FAILED
    assert "ZeroDivisionError" in scan.detail
    site.devices.readings.clear()
    assert (await site.scan()).status is ScanStatus.DONE


async def test_extras_are_read_hourly_and_on_a_check_by_hand() -> None:
    site = await site_of("A")
    for seconds in (0, 300, 2700):
        site.clock.passed = seconds
        await site.scan()
    assert site.devices.extras == ["A"]
    site.clock.passed = 3600
    await site.scan()
    assert site.devices.extras == ["A", "A"]
    await site.scanning.check(OPERATOR, "A")
    assert site.devices.extras == ["A", "A", "A"]


async def test_extras_of_many_gateways_are_not_read_in_the_same_scan_for_ever() -> None:
    names = [f"g{number}" for number in range(20)]
    site = await site_of(*names)
    await site.scan()
    for seconds in (3000, 3300, 3600):
        site.clock.passed = seconds
        before = len(site.devices.extras)
        await site.scan()
        assert 0 < len(site.devices.extras) - before < 20
    assert sorted(site.devices.extras) == sorted(names * 2)


async def test_a_scan_reads_extras_of_no_more_gateways_than_it_has_time_for_and_the_dead_take_no_place() -> None:
    names = [f"g{number:03}" for number in range(100)]
    site = await site_of(*names)
    dead = set(names[:30])
    for name in dead:
        site.devices.readings[name] = Unreachable("gone")
    for seconds, most in ((0, 64), (300, 64), (600, 64)):
        site.clock.passed = seconds
        before = len(site.devices.extras)
        await site.scan()
        assert len(site.devices.extras) - before <= most
    assert sorted(set(site.devices.extras) - dead) == sorted(set(names) - dead)
    assert len(site.devices.extras) <= 100
    assert GatewayConfig(interval=300.0).most_extras(600) == 100
    # Where scans are seldom, each reads all.
    assert GatewayConfig(interval=3600.0).most_extras(600) >= 600


def test_a_list_and_a_dead_gateway_fit_into_one_scan_however_short_the_interval_is() -> None:
    for interval, timeout in ((300.0, 30.0), (10.0, 30.0), (10.0, 300.0)):
        config = GatewayConfig(interval=interval, timeout=timeout)
        assert 2 * config.patience < config.scan_limit < config.interval


async def test_a_check_reads_the_list_and_one_gateway_and_tells_what_is_wrong_as_its_status() -> None:
    site = await site_of(*NAMES)
    site.devices.readings["B"] = LoginDenied("401")
    row = await site.scanning.check(OPERATOR, "B")
    assert (row.watch.status, row.watch.reason) == (Status.ERROR, Reason.AUTH)
    assert (site.board.read, [name for _, name, *_ in site.devices.asked]) == (1, ["B"])
    assert [(one.action, one.subject, one.detail) for one in site.journal.lines] == [
        ("gateways.check", "gateway B", "error auth")
    ]


async def test_a_check_whose_list_cannot_be_read_says_so_and_makes_it_stale() -> None:
    site = await site_of("A")
    await site.scan()
    site.board.lists[0] = DirectoryDenied("401")
    with pytest.raises(DirectoryDenied):
        await site.scanning.check(OPERATOR, "A")
    assert (site.watch("A").status, site.watch("A").stale) == (Status.ACTIVE, True)
    assert site.journal.lines[-1].outcome == "failed"


async def test_checks_during_a_restart_of_the_server_make_nothing_inactive() -> None:
    site = await site_of(*NAMES)
    await site.scan()
    site.board.lists[0] = ()
    await site.scanning.check(OPERATOR, "A")
    await site.scan()
    for _ in range(2):
        assert (await site.scanning.check(OPERATOR, "A")).watch.status is Status.ACTIVE


async def test_only_those_may_check_who_may_scan_and_see() -> None:
    site = await site_of("A")
    with pytest.raises(NotAllowed):
        await site.scanning.check(OF_17, "A")
    with pytest.raises(UnknownGateway):
        await site.scanning.check(OPERATOR, "B")
    assert site.board.read == 0


async def test_a_check_and_a_scan_never_talk_to_one_gateway_at_once() -> None:
    site = await site_of("A")
    held = site.devices.held["A"] = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(site.scan)
        tasks.start_soon(site.scanning.check, OPERATOR, "A")
        tasks.start_soon(site.scanning.check, OPERATOR, "A")
        for _ in range(50):
            await anyio.lowlevel.checkpoint()
        held.set()
    assert [what for what, *_ in site.devices.asked] == ["read"] * 3, "the fake device fails at two talks at once"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(["scan", "check", "list fails", "list back", "empty", "full", "dead", "alive"]), max_size=12
    )
)
async def test_whatever_is_done_at_once_a_failed_list_changes_no_status(course: Sequence[str]) -> None:
    site = await site_of("A", "B", config=GatewayConfig(directory=SERVER, lanes=2))
    for step in course:
        before, failing = states(site), isinstance(site.board.lists[0], Exception)
        site.clock.passed += 60
        match step:
            case "scan" | "check":
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(site.scan)
                    if step == "check" and not failing:
                        tasks.start_soon(site.scanning.check, OPERATOR, "A")
                if failing:
                    assert states(site) == before
            case "list fails":
                site.board.lists[0] = GatewayTimedOut("30 s")
            case "list back" | "full":
                site.board.lists[0] = listed("A", "B")
            case "empty":
                site.board.lists[0] = ()
            case "dead":
                site.devices.readings["A"] = NoAnswer("eof")
            case "alive":
                site.devices.readings["A"] = reading(line(gsm=False))
