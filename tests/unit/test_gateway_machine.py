"""The state machine of gateways: every row of its table, and every mistake of those who had none."""

from datetime import datetime, timedelta

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineman.core.gateways.config import GatewayConfig
from lineman.core.gateways.events import (
    Absent,
    Event,
    ListedNoLink,
    ListFailed,
    Probed,
    ProbeFailed,
    RebootAccepted,
)
from lineman.core.gateways.health import rebooting
from lineman.core.gateways.machine import observe
from lineman.ports.gateways import (
    EventKind,
    Gateway,
    GatewayWatch,
    Health,
    Listed,
    Reason,
    Seen,
    Status,
    Watched,
)

from ..gateway_site import IDENTITY, START, line, reading

CONFIG = GatewayConfig()
AT = START
ROW = Listed("GW", "203.0.113.7", 38000)
NO_LINK = Listed("GW", "203.0.113.7", None)
GATEWAY = Gateway(1, "GW", "17", START)
NEW = Watched(GATEWAY, GatewayWatch(), {})


def step(watched: Watched, event: Event, at: datetime = AT) -> Seen:
    return observe(watched, event, at=at, config=CONFIG)


def after(watched: Watched, *events: Event, seconds: float = 300) -> Watched:
    """What is known after these, one each so many seconds."""
    for place, event in enumerate(events, 1):
        seen = step(watched, event, AT + timedelta(seconds=place * seconds))
        lines = watched.lines if seen.lines is None else {one.line.line: one for one in seen.lines}
        watched = attrs.evolve(watched, watch=seen.watch, lines=lines)
    return watched


def kinds(seen: Seen) -> list[EventKind]:
    return [event.kind for event in seen.events]


ACTIVE = after(NEW, Probed(reading(), ROW))
LATER = AT + timedelta(seconds=600)


def test_a_list_that_cannot_be_read_changes_nothing_but_that_all_is_stale() -> None:
    seen = step(ACTIVE, ListFailed("timed out"), LATER)
    assert seen.watch == attrs.evolve(ACTIVE.watch, stale=True)
    assert (seen.lines, seen.events) == (None, ())


def test_who_is_missing_on_a_list_of_under_half_its_size_waits_one_more_scan() -> None:
    waiting = after(ACTIVE, Absent(shrunk=True))
    assert (waiting.watch.status, waiting.watch.port, waiting.watch.missing) == (Status.ACTIVE, 38000, 1)
    gone = after(waiting, Absent(shrunk=False))
    assert (gone.watch.status, gone.watch.reason) == (Status.INACTIVE, Reason.NOT_LISTED)


def test_a_list_that_shrinks_twice_running_ends_the_wait_of_those_who_were_missing_before() -> None:
    assert after(ACTIVE, Absent(shrunk=True), Absent(shrunk=True)).watch.status is Status.INACTIVE


def test_who_comes_back_after_a_short_list_has_all_his_patience_again() -> None:
    back = after(ACTIVE, Absent(shrunk=True), Probed(reading(), ROW), Absent(shrunk=True))
    assert (back.watch.status, back.watch.missing) == (Status.ACTIVE, 1)


@pytest.mark.parametrize("shrunk", [True, False])
def test_a_check_by_hand_never_ends_the_wait(shrunk: bool) -> None:
    waiting = after(ACTIVE, Absent(shrunk=True))
    for _ in range(3):
        waiting = after(waiting, Absent(shrunk=shrunk, scan=False))
    assert (waiting.watch.status, waiting.watch.missing) == (Status.ACTIVE, 1)


def test_a_check_by_hand_that_finds_no_row_on_a_full_list_says_so_at_once() -> None:
    assert after(ACTIVE, Absent(scan=False)).watch.reason is Reason.NOT_LISTED


def test_a_good_look_with_no_serial_number_stored_is_active_and_pins_the_serial_number() -> None:
    seen = step(NEW, Probed(reading(), ROW))
    assert (seen.watch.status, seen.watch.reason, seen.watch.port) == (Status.ACTIVE, None, 38000)
    assert (seen.watch.serial_last4, seen.watch.ok_at, seen.watch.listed_at, seen.watch.scanned_at) == (
        "1234",
        *[AT] * 3,
    )
    assert (seen.watch.address, seen.watch.line_count, seen.watch.since) == ("203.0.113.7", 1, AT)
    assert kinds(seen) == [EventKind.STATUS, EventKind.IDENTITY]


def test_a_good_look_with_the_right_serial_number_is_active() -> None:
    said = attrs.evolve(NEW, gateway=attrs.evolve(GATEWAY, serial_last4="1234"))
    assert after(said, Probed(reading(), ROW)).watch.status is Status.ACTIVE


@pytest.mark.parametrize("reason", [Reason.AUTH, Reason.UNREACHABLE, Reason.BAD_PAGE])
def test_a_row_without_good_pages_is_an_error_on_that_port(reason: Reason) -> None:
    seen = step(ACTIVE, ProbeFailed(reason, "why", Listed("GW", None, 38001)), LATER)
    assert (seen.watch.status, seen.watch.reason, seen.watch.port) == (Status.ERROR, reason, 38001)
    assert (seen.watch.since, seen.watch.listed_at, seen.watch.ok_at) == (LATER, LATER, ACTIVE.watch.ok_at)
    assert seen.lines is None
    assert kinds(seen) == [EventKind.STATUS, EventKind.PORT]


def test_another_serial_number_is_an_error_and_nothing_of_it_is_taken_for_this_gateways() -> None:
    seen = step(ACTIVE, Probed(reading(line(rssi=3), uptime_s=5, last4="9999"), ROW), LATER)
    assert (seen.watch.status, seen.watch.reason, seen.watch.port) == (Status.ERROR, Reason.IDENTITY, 38000)
    assert (seen.watch.serial_last4, seen.watch.uptime_s, seen.lines) == ("1234", 1000, None)
    assert "9999" in seen.watch.detail
    assert kinds(seen) == [EventKind.STATUS]


def test_what_the_operator_says_of_the_serial_number_wins_over_what_was_learnt() -> None:
    said = attrs.evolve(ACTIVE, gateway=attrs.evolve(GATEWAY, serial_last4="9999"))
    assert after(said, Probed(reading(last4="9999"), ROW)).watch.serial_last4 == "9999"
    assert after(said, Probed(reading(), ROW)).watch.reason is Reason.IDENTITY


def test_a_serial_number_that_is_not_shown_this_time_is_no_other_one() -> None:
    seen = step(ACTIVE, Probed(reading(last4=None), ROW), LATER)
    assert (seen.watch.status, seen.watch.serial_last4) == (Status.ACTIVE, "1234")
    assert "serial" in seen.watch.detail


def test_a_row_without_a_link_is_inactive_and_its_port_is_cleared_but_remembered() -> None:
    seen = step(ACTIVE, ListedNoLink(NO_LINK), LATER)
    assert (seen.watch.status, seen.watch.reason) == (Status.INACTIVE, Reason.NO_RADMIN)
    assert (seen.watch.port, seen.watch.last_port, seen.watch.listed_at) == (None, 38000, LATER)


def test_no_row_is_inactive_and_the_port_is_cleared_but_remembered() -> None:
    seen = step(ACTIVE, Absent(), LATER)
    assert (seen.watch.status, seen.watch.reason) == (Status.INACTIVE, Reason.NOT_LISTED)
    assert (seen.watch.port, seen.watch.last_port, seen.watch.listed_at) == (None, 38000, ACTIVE.watch.listed_at)
    assert (seen.watch.scanned_at, seen.watch.missing) == (LATER, 1)


FAILURES: tuple[Event, ...] = (
    Absent(), Absent(shrunk=True), ListedNoLink(NO_LINK), ListFailed("cut"),
    *(ProbeFailed(reason, "why", ROW) for reason in (Reason.AUTH, Reason.UNREACHABLE, Reason.BAD_PAGE)),
)  # fmt: skip


@pytest.mark.parametrize("event", FAILURES)
def test_for_three_minutes_after_an_accepted_reboot_failures_do_not_count(event: Event) -> None:
    told = attrs.evolve(ACTIVE, watch=step(ACTIVE, RebootAccepted(IDENTITY, ROW), LATER).watch)
    seen = step(told, event, LATER + timedelta(seconds=179))
    assert (seen.watch.status, seen.watch.port, seen.watch.since) == (Status.ACTIVE, 38000, ACTIVE.watch.since)
    assert rebooting(seen.watch, at=LATER + timedelta(seconds=179))
    assert seen.events == ()
    if not isinstance(event, ListFailed | Absent):
        late = step(told, event, LATER + timedelta(seconds=180))
        assert late.watch.status in (Status.ERROR, Status.INACTIVE)
        assert not rebooting(late.watch, at=LATER + timedelta(seconds=180))


def test_not_even_a_reboot_explains_another_device() -> None:
    told = attrs.evolve(ACTIVE, watch=step(ACTIVE, RebootAccepted(IDENTITY, ROW), LATER).watch)
    at = LATER + timedelta(seconds=60)
    assert step(told, ProbeFailed(Reason.IDENTITY, "why", ROW), at).watch.reason is Reason.IDENTITY
    assert step(told, Probed(reading(last4="9999"), ROW), at).watch.reason is Reason.IDENTITY


def test_a_reboot_is_over_once_the_device_has_started_anew_and_not_before() -> None:
    told = attrs.evolve(ACTIVE, watch=step(ACTIVE, RebootAccepted(IDENTITY, ROW), LATER).watch)
    still = step(told, Probed(reading(uptime_s=1004), ROW), LATER + timedelta(seconds=4))
    assert still.watch.rebooting_until == LATER + timedelta(seconds=180)
    anew = step(told, Probed(reading(uptime_s=12), ROW), LATER + timedelta(seconds=90))
    assert anew.watch.rebooting_until is None
    assert EventKind.RESTART in kinds(anew)


def test_a_gateway_that_took_a_reboot_was_there() -> None:
    seen = step(after(NEW, Absent()), RebootAccepted(IDENTITY, ROW), LATER)
    assert (seen.watch.status, seen.watch.port, seen.watch.ok_at) == (Status.ACTIVE, 38000, LATER)


def test_a_restart_that_nobody_ordered_is_in_the_history() -> None:
    [event] = step(ACTIVE, Probed(reading(uptime_s=3), ROW), LATER).events
    assert (event.kind, event.before, event.after) == (EventKind.RESTART, "1000", "3")


def test_a_port_that_moved_is_in_the_history_also_after_the_gateway_was_gone() -> None:
    gone = after(ACTIVE, Absent())
    events = step(gone, Probed(reading(uptime_s=2000), Listed("GW", None, 38007)), LATER).events
    assert [(one.kind, one.before, one.after) for one in events] == [
        (EventKind.STATUS, "inactive: not_listed", "active"),
        (EventKind.PORT, "38000", "38007"),
    ]


def test_the_first_port_and_the_first_look_at_lines_are_no_change() -> None:
    assert EventKind.PORT not in kinds(step(NEW, Probed(reading(), ROW)))
    assert EventKind.LINE not in kinds(step(NEW, Probed(reading(line(gsm=False)), ROW)))


def test_since_counts_from_when_the_status_or_its_reason_changed() -> None:
    unreachable = ProbeFailed(Reason.UNREACHABLE, "a", ROW)
    again = after(ACTIVE, unreachable, attrs.evolve(unreachable, detail="b"))
    assert (again.watch.since, again.watch.detail) == (AT + timedelta(seconds=300), "b")
    other = after(ACTIVE, unreachable, ProbeFailed(Reason.AUTH, "c", ROW))
    assert other.watch.since == AT + timedelta(seconds=600)


def test_a_line_is_remembered_with_what_was_seldom_read_of_it() -> None:
    extras = reading(line(1), line(2), authentication_ids=((1, "9001"), (2, None)))
    known = after(NEW, Probed(extras, ROW, extras=True), Probed(reading(line(1), line(2)), ROW))
    assert [known.lines[n].authentication_id for n in (1, 2)] == ["9001", None]
    assert all(known.lines[n].authentication_known for n in (1, 2))
    assert known.watch.extras_at == AT + timedelta(seconds=300)


def test_a_line_without_an_id_stays_and_so_does_one_whose_signal_is_unknown() -> None:
    known = after(NEW, Probed(reading(line(1, rssi=None, rssi_raw="99"), authentication_ids=((1, ""),)), ROW))
    assert (known.lines[1].authentication_id, known.lines[1].line.rssi_raw) == (None, "99")
    assert known.lines[1].health is Health.OK


def test_a_line_that_falls_ill_is_in_the_history_and_its_health_has_a_beginning() -> None:
    ill = step(ACTIVE, Probed(reading(line(gsm=False)), ROW), LATER)
    assert ill.lines is not None
    assert [(one.kind, one.line, one.before, one.after) for one in ill.events] == [
        (EventKind.LINE, 1, "ok", "not_registered")
    ]
    assert ill.lines[0].health_since == LATER


def test_voip_that_was_once_registered_is_missed_and_one_that_never_was_is_not() -> None:
    assert after(NEW, Probed(reading(line(voip=False)), ROW)).lines[1].health is Health.OK
    assert after(ACTIVE, Probed(reading(line(voip=False)), ROW)).lines[1].health is Health.VOIP_NOT_REGISTERED


def test_nothing_of_a_device_is_forgotten_because_it_does_not_say_it_this_time_but_for_its_uptime() -> None:
    bare = attrs.evolve(
        reading(uptime_s=None), identity=attrs.evolve(IDENTITY, title=None, firmware=None, uptime_s=None)
    )
    watch = step(ACTIVE, Probed(bare, ROW), LATER).watch
    assert (watch.title, watch.firmware, watch.uptime_s) == ("GoIP-4", "GHSFVT-1.1-67", None)


def test_what_devices_say_is_bounded() -> None:
    assert len(step(ACTIVE, ProbeFailed(Reason.BAD_PAGE, "x" * 9999, ROW), LATER).watch.detail) == 500


EVENTS = st.one_of(
    st.builds(ListFailed, st.just("cut")),
    st.builds(Absent, st.booleans(), st.booleans()),
    st.just(ListedNoLink(NO_LINK)),
    st.builds(Probed, st.sampled_from([reading(), reading(uptime_s=5), reading(last4="9999"), reading(last4=None)]),
              st.just(ROW)),
    st.builds(ProbeFailed, st.sampled_from([Reason.AUTH, Reason.UNREACHABLE, Reason.BAD_PAGE, Reason.IDENTITY]),
              st.just("why"), st.just(ROW)),
    st.just(RebootAccepted(IDENTITY, ROW)),
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.tuples(EVENTS, st.integers(1, 400)), max_size=30))
def test_whatever_happens_all_that_is_known_fits_together(course: list[tuple[Event, int]]) -> None:
    watched, at = NEW, AT
    for event, seconds in course:
        at += timedelta(seconds=seconds)
        seen = step(watched, event, at)
        before, now = watched.watch, seen.watch
        assert (now.port is None) is (now.status in (Status.INACTIVE, Status.UNKNOWN))
        assert (now.reason is None) is (now.status in (Status.ACTIVE, Status.UNKNOWN))
        assert now.stale is isinstance(event, ListFailed)
        assert (now.since == before.since) or (now.since == at and seen.events)
        assert bool([one for one in seen.events if one.kind is EventKind.STATUS]) is (
            (before.status, before.reason) != (now.status, now.reason)
        )
        if isinstance(event, ListFailed):
            assert (now.status, now.port, now.since) == (before.status, before.port, before.since)
        if isinstance(event, Absent) and event.shrunk and not before.missing:
            assert (now.status, now.port) == (before.status, before.port)
        if before.last_port is not None:
            assert now.last_port is not None
        watched = attrs.evolve(watched, watch=now)


@settings(deadline=None)
@given(st.lists(st.tuples(EVENTS, st.integers(1, 400)), max_size=10), EVENTS)
def test_the_same_look_twice_is_the_same_as_once(course: list[tuple[Event, int]], last: Event) -> None:
    watched, at = NEW, AT
    for event, seconds in course:
        at += timedelta(seconds=seconds)
        watched = attrs.evolve(watched, watch=step(watched, event, at).watch)
    if isinstance(last, Absent):
        return
    once = step(watched, last, at).watch
    assert step(attrs.evolve(watched, watch=once), last, at).watch == once
