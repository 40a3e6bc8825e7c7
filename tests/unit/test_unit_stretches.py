"""What a unit was when, its outages, and the report of a week: what nobody saw is neither up nor down."""

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from lineman.core.units.past import UnitReport, report_of
from lineman.core.units.stretches import stretches
from lineman.ports.units import MachineState, Outcome, Unit, UnitEvent, UnitWatch

T0 = datetime(2026, 1, 1, tzinfo=UTC)
UNIT = Unit("0123", "192.0.2.7", T0 - timedelta(weeks=9))
STALE = timedelta(minutes=10)


def at(minute: float) -> datetime:
    return T0 + timedelta(minutes=minute)


def row(minute: float, action: str, **fields: Any) -> UnitEvent:
    return UnitEvent(at(minute), "0123", action_type=action, **fields)


def became(minute: float, new: str | None, prev: str | None = None) -> UnitEvent:
    return row(minute, "status_change", new_status=new, prev_status=prev)


def switched(minute: float, to: str, cycle: int, result: str = "success", by: str = "auto") -> UnitEvent:
    return row(
        minute, f"ewelink_toggle_{to}", action_result=result, user_initiator=by, extra_info={"cycle": cycle}
    )  # fmt: skip


def known(minute: float, outcome: Outcome = Outcome.ONLINE, status: Outcome = Outcome.ONLINE) -> UnitWatch:
    """As it was looked at last; it has been as it is for long."""
    return UnitWatch(
        MachineState(last_status=status), last_checked_at=at(minute), outcome=outcome, since=T0 - timedelta(days=30)
    )


def report(events: list[UnitEvent], minutes: float, watch: UnitWatch | None = None, unit: Unit = UNIT) -> UnitReport:
    return report_of(unit, watch or known(minutes), events, T0, at(minutes), STALE)


def test_a_week_is_summed_up() -> None:
    rows = [
        became(0, "off"), row(2, "power_cycle"), switched(2, "off", 1), switched(3, "on", 1), became(8, "on", "off"),
        # One whose process died after OFF, and one of which nothing was sent.
        became(60, "off", "on"), row(62, "power_cycle"), switched(63, "on", 2), row(65, "escalate"),
        row(170, "power_cycle"), row(170, "plug_not_usable"), became(180, "on", "off"),
        # One that was refused.
        became(200, "off", "on"), row(202, "power_cycle"), switched(202, "off", 3, "fail"),
    ]  # fmt: skip
    found = report(rows, 230)
    assert (found.outages, found.cycles, found.needed, found.helped, found.escalations) == (3, 2, 2, 1, 1)
    assert (found.down_s, found.unseen_s) == ((8 + 120 + 30) * 60, 0)
    assert found.hardware
    assert not report_of(UNIT, known(230), rows, T0, T0 + timedelta(weeks=2), timedelta(weeks=3)).hardware


def test_a_plug_that_was_never_seen_off_cut_nothing_and_helped_nobody() -> None:
    rows = [
        became(0, "off", "on"), switched(2, "off", 1, "fail"), switched(3, "on", 1), became(8, "on", "off"),
    ]  # fmt: skip
    found = report(rows, 60)
    assert (found.outages, found.cycles, found.needed, found.helped) == (1, 0, 0, 0)


def test_what_nobody_saw_is_neither_up_nor_down_and_no_outage_of_its_own() -> None:
    rows = [
        became(10, None, "on"), became(20, "on"), became(30, "off", "on"), became(33, None, "off"), became(43, "off"),
        became(50, "on", "off"),
    ]  # fmt: skip
    found = report(rows, 60)
    assert (found.outages, found.down_s, found.unseen_s, found.up_s) == (1, 10 * 60, 20 * 60, 30 * 60)
    spans = stretches(UNIT, known(60), rows, T0, at(60), STALE)
    assert [(one.status, one.lasted.seconds // 60) for one in spans] == [
        ("on", 10), (None, 10), ("on", 10), ("off", 3), (None, 10), ("off", 7), ("on", 10),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("watch", "outages", "down", "unseen"),
    [
        (known(60), 0, 0, 0),
        # It has been down for longer than the span reaches back.
        (known(60, Outcome.OFFLINE, Outcome.OFFLINE), 1, 60, 0),
        (known(60, Outcome.UNKNOWN), 0, 0, 60),
        # Nobody has looked since.
        (known(20), 0, 0, 40),
        (UnitWatch(), 0, 0, 60),
    ],
)
def test_without_a_row_it_is_as_it_is_known(watch: UnitWatch, outages: int, down: int, unseen: int) -> None:
    found = report([], 60, watch)
    assert (found.outages, found.down_s, found.unseen_s) == (outages, down * 60, unseen * 60)


def test_before_it_was_written_down_nobody_had_to_look() -> None:
    young = attrs.evolve(UNIT, created_at=at(50))
    assert report([became(52, "on")], 60, unit=young).unseen_s == 2 * 60


@pytest.mark.parametrize(
    ("back", "outages", "needed", "helped"),
    [(14, 0, 0, 0), (None, 0, 0, 0), (16, 1, 1, 1), (40, 1, 1, 0)],
    ids=["it boots", "it still boots", "it boots for too long", "it does not come back"],
)
def test_the_boot_of_a_well_unit_that_a_person_cycled_is_no_outage(
    back: int | None, outages: int, needed: int, helped: int
) -> None:
    rows = [switched(10, "off", 1, by="user"), became(10.2, "off", "on"), switched(10.5, "on", 1, by="user")]
    rows += [] if back is None else [became(back, "on", "off")]
    found = report(rows, (back or 12) + 1)
    assert (found.cycles, found.outages, found.needed, found.helped) == (1, outages, needed, helped)
    assert bool(found.down_s) is bool(outages)
    mine = report([attrs.evolve(one, user_initiator="auto") for one in rows], (back or 12) + 1)
    assert mine.outages == 1
