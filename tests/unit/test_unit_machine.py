"""The state machine of a unit: the fact sheet's decision table, and what must hold for every story."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineman.core.units.gates import GATES, Config, Context, closed_gate, opens_at
from lineman.core.units.machine import CycleEnded, Event, Look, Rearmed, step
from lineman.ports.units import CycleResult, MachineState, Outcome

T0 = datetime(2026, 1, 1, tzinfo=UTC)
GUARDED = Config(parameter_option_2=True, bound=True)
SEED = attrs.evolve(GUARDED, guarded=False)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def told(config: Config, *events: Event, state: MachineState | None = None) -> tuple[MachineState, list[str]]:
    state = state or MachineState()
    said: list[str] = []
    for event in events:
        state, actions = step(config, state, event)
        said += actions
    return state, said


def down(start: int, count: int, **context: Any) -> list[Event]:
    return [Look(at(start + 60 * n), Outcome.OFFLINE, Context(**context)) for n in range(count)]


UP: list[Event] = [Look(at(0), Outcome.ONLINE), Look(at(60), Outcome.ONLINE)]


def test_three_failures_after_it_was_seen_cut_the_power_once() -> None:
    state, said = told(GUARDED, *UP, *down(120, 5))
    assert said == ["history_down", "notify_down", "power_cycle"]
    assert (state.ewelink_action_done, state.failure_counter) == (True, 3)


@pytest.mark.parametrize(
    ("context", "gate"),
    [
        ({"stopped": True}, "stopped"),
        ({"paused": True}, "paused"),
        ({"maintenance": True}, "maintenance"),
        ({"uplink_ok": False}, "own_uplink_down"),
        ({"parent_down": True}, "parent_down"),
        ({"fleet_offline": 6, "fleet_total": 12}, "mass_outage"),
        ({"second_opinion": True}, "second_opinion"),
        ({"dry_run": True}, "dry_run"),
    ],
)
def test_a_closed_gate_is_told_once_and_the_power_is_cut_when_it_opens(context: dict[str, Any], gate: str) -> None:
    state, said = told(GUARDED, *UP, *down(120, 6, **context))
    assert said == ["history_down", "notify_down", f"suppress:{gate}"]
    assert not state.ewelink_action_done
    _, said = told(GUARDED, *down(480, 1), state=state)
    assert said == ["power_cycle"]


def test_what_people_switched_off_by_hand_stays_off_without_guards_too() -> None:
    for context in ({"stopped": True}, {"paused": True}):
        assert told(SEED, *down(0, 9, **context))[1] == []
    assert told(SEED, *down(0, 9, maintenance=True, uplink_ok=False))[1] == ["power_cycle"]


def test_a_full_disk_calls_for_a_person_and_cuts_nothing() -> None:
    assert told(GUARDED, *UP, *down(120, 9, disk_full=True))[1] == [
        "history_down", "notify_down", "escalate:disk_full",
    ]  # fmt: skip


def test_a_host_that_lives_gets_its_service_restarted_first_and_its_power_cut_when_that_did_not_help() -> None:
    config = attrs.evolve(GUARDED, may_restart_service=True)
    _, said = told(config, *UP, *down(120, 9, asterisk_down=True))
    assert said == ["history_down", "notify_down", "restart_service", "power_cycle"]
    assert "restart_service" not in told(GUARDED, *UP, *down(120, 9, asterisk_down=True))[1]


def test_the_day_has_three_cycles_and_says_when_the_next_may_be() -> None:
    config = attrs.evolve(GUARDED, cooldown=timedelta(0), boot_grace=timedelta(0))
    events: list[Event] = []
    for outage in range(4):
        events += [Look(at(outage * 3600 + n), Outcome.ONLINE) for n in (0, 60)]
        events += down(outage * 3600 + 120, 3)
    state, said = told(config, *events)
    assert said.count("power_cycle") == 3
    assert said[-1] == "suppress:daily_limit"
    assert opens_at(config, state, "daily_limit") == at(240) + timedelta(hours=24)


def test_a_grace_that_a_clock_set_back_left_far_ahead_hides_no_outage() -> None:
    state, _ = told(GUARDED, *UP, CycleEnded(at(9_000_000), CycleResult.SUCCESS, by_hand=True))
    state, said = told(GUARDED, *down(120, 3), state=state)
    assert (state.failure_counter, "notify_down" in said, "power_cycle" in said) == (3, True, False)


def test_an_operator_lets_it_be_tried_again() -> None:
    state, _ = told(GUARDED, *UP, *down(120, 3), CycleEnded(at(260), CycleResult.SUCCESS), *down(600, 1))
    assert state.escalated
    _, said = told(GUARDED, Rearmed(at(700)), *down(2200, 1), state=state)
    assert said == ["power_cycle"]


def test_power_that_was_refused_or_is_off_still_is_told_at_once() -> None:
    state, _ = told(GUARDED, *UP, *down(120, 3))
    assert told(GUARDED, CycleEnded(at(260), CycleResult.FAILED_OFF), state=state)[1] == ["escalate:power_off_refused"]
    assert told(GUARDED, CycleEnded(at(260), CycleResult.PLUG_WAS_OFF), state=state)[1] == ["notify:plug_not_usable"]


contexts = st.builds(
    Context,
    maintenance=st.booleans(), uplink_ok=st.booleans(), parent_down=st.booleans(), disk_full=st.booleans(),
    asterisk_down=st.booleans(), stopped=st.booleans(), fleet_offline=st.integers(0, 9), fleet_total=st.just(9),
)  # fmt: skip
happenings = st.lists(
    st.tuples(st.integers(1, 2000), st.sampled_from([*Outcome, *CycleResult, None]), contexts), max_size=60
)


@given(happenings, st.booleans())
def test_no_story_cuts_power_twice_in_an_outage_or_for_what_may_be_our_own_fault(
    story: list[tuple[int, Outcome | CycleResult | None, Context]], enabled: bool
) -> None:
    config, state, now, sent = attrs.evolve(GUARDED, parameter_option_2=enabled), MachineState(), T0, 0
    for wait, what, context in story:
        now += timedelta(seconds=wait)
        if isinstance(what, Outcome):
            event: Event = Look(now, what, context)
        elif what is None or not state.ewelink_action_done:
            continue
        else:
            event = CycleEnded(now, what)
            sent -= what in (CycleResult.FAILED_PRECHECK, CycleResult.PLUG_WAS_OFF)
        before = state
        state, actions = step(config, state, event)
        if not state.incident:
            sent = 0
        if "power_cycle" in actions:
            sent += 1
            assert enabled
            assert isinstance(event, Look)
            assert event.outcome is Outcome.OFFLINE
            assert closed_gate(config, before, context, now) is None
            assert before.seen_online
            assert not context.maintenance
            assert context.uplink_ok
        if what is Outcome.UNKNOWN:
            assert (state, actions) == (before, ())
        assert sent <= 1


def test_every_gate_has_words_for_people() -> None:
    assert all(GATES.values())


def fixture_event(raw: dict[str, Any]) -> Event:
    moment = at(raw["t"])
    if raw["type"] == "check":
        context = dict(raw.get("context", {}))
        fleet = context.pop("fleet", {})
        return Look(
            moment,
            Outcome(raw["result"]),
            Context(fleet_offline=fleet.get("offline", 0), fleet_total=fleet.get("total", 0), **context),
        )
    return CycleEnded(moment, CycleResult(raw["outcome"])) if raw["type"] == "cycle_result" else Rearmed(moment)


CASES = Path(__file__).resolve().parents[3] / "shared/fixtures/ewelink/state_machine_cases.json"
TABLE: dict[str, Any] = json.loads(CASES.read_text()) if CASES.is_file() else {"cases": []}


@pytest.mark.shared
@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: case["name"])
def test_the_table_of_the_facts_is_followed_event_by_event(case: dict[str, Any]) -> None:
    config = Config(
        parameter_option_2=case["config"]["parameter_option_2"],
        bound=case["config"]["device_id"] is not None,
        guarded=case["mode"] == "guarded",
    )
    state = MachineState()
    for raw, expected in zip(case["events"], case["expected"], strict=True):
        state, actions = step(config, state, fixture_event(raw))
        assert {
            "last_status": state.last_status,
            "failure_counter": state.failure_counter,
            "ewelink_action_done": state.ewelink_action_done,
            "actions": list(actions),
        } == expected, raw


@pytest.mark.shared
def test_every_case_of_the_table_is_there() -> None:
    assert len(TABLE["cases"]) == 17
