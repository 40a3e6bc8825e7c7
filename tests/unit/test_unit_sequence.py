"""The power-cycle sequence: the fact sheet's scripts, and that every way leads to ON."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineman.core.units.sequence import Answer, Audit, Command, Limits, Lost, Move, Refused, Saw, Taken, advance, begin
from lineman.ports.power import Plug, PlugKind, PlugState
from lineman.ports.units import Cycle, CycleResult, Step

CASES = Path(__file__).resolve().parents[3] / "shared/fixtures/ewelink/power_cycle_cases.json"
SCRIPTS = [
    # What the cloud's adapter does by itself (one refresh, one repeat) is a test of the adapter.
    case
    for case in (json.loads(CASES.read_text())["cases"] if CASES.is_file() else ())
    if not any(call["call"] == "refresh" for call in case["script"])
]
PLUG = Plug(PlugKind.EWELINK, "1000011001")
CYCLE = Cycle(1, "0123", PLUG, "auto", "scheduler", datetime(2026, 1, 1, tzinfo=UTC))
ON, OFF = Saw(PlugState(True, True)), Saw(PlugState(False, True))
LIMITS = Limits()


def answer_of(call: dict[str, Any], outlet: int | None) -> Answer:
    said = call["answer"]
    if said["error"] == "timeout":
        return Lost("timeout")
    if said["error"]:
        return (Lost if call["call"] == "get_status" else Refused)(str(said["error"]))
    if call["call"] != "get_status":
        return Taken()
    params = said["params"]
    on = params["switch"] if outlet is None else params["switches"][outlet]["switch"]
    return Saw(PlugState(on == "on", said.get("online")))


def play(move: Move, answers: list[Answer]) -> tuple[Move, list[Command], list[Audit]]:
    """Answer as the script says; holds take no answer of it.  Ends with the script."""
    done: list[Command] = []
    audits = list(move.audits)
    while move.next is not None:
        if move.next.command is not Command.HOLD and not answers:
            break
        done.append(move.next.command)
        move = advance(move.run, Taken() if move.next.command is Command.HOLD else answers.pop(0), LIMITS)
        audits += move.audits
    assert not answers
    return move, done, audits


@pytest.mark.shared
@pytest.mark.parametrize("case", SCRIPTS, ids=lambda case: case["name"])
def test_the_scripts_of_the_facts_are_played_call_by_call(case: dict[str, Any]) -> None:
    start = attrs.evolve(CYCLE, step=Step(case["input"].get("phase", "precheck")))
    outlet = case["input"].get("outlet")
    move, calls, audits = play(begin(start), [answer_of(call, outlet) for call in case["script"]])
    expected = case["expected"]
    assert calls == expected["calls"]
    assert move.run.cycle.result == expected["outcome"]
    assert [
        {"action_type": row.action_type, "action_result": "success" if row.success else "fail"}
        | ({} if row.error is None else {"error": row.error})
        for row in audits
    ] == expected["audit"]


@pytest.mark.shared
def test_every_script_is_there() -> None:
    assert len(SCRIPTS) == 10


def test_off_that_was_never_seen_ends_with_on_and_says_so() -> None:
    move, calls, audits = play(begin(CYCLE), [ON, Taken(), ON, Lost("timeout"), ON, Taken(), ON])
    assert calls[-2:] == [Command.ON, Command.LOOK]
    assert move.run.cycle.result is CycleResult.FAILED_OFF
    assert [row.action_type for row in audits] == ["ewelink_toggle_off", "ewelink_toggle_on"]


def test_a_plug_that_pulses_is_not_touched() -> None:
    move, calls, [row] = play(begin(CYCLE), [Saw(PlugState(True, True, pulse=True))])
    assert (calls, row.error, move.run.cycle.result) == ([Command.LOOK], "pulse_on", CycleResult.FAILED_PRECHECK)


@pytest.mark.parametrize("step", [Step.OFF_SENT, Step.OFF_SEEN, Step.HOLD, Step.ON_SENT])
def test_a_cycle_taken_up_again_begins_with_on(step: Step) -> None:
    move = begin(attrs.evolve(CYCLE, step=step))
    assert move.next is not None
    assert (move.next.command, move.next.pause) == (Command.ON, 0.0)


answers = st.lists(st.sampled_from([ON, OFF, Taken(), Refused("4002"), Lost("timeout"), Lost("500")]), max_size=60)


@given(answers)
def test_whatever_is_answered_off_leaves_once_and_nothing_ends_before_on_was_seen(said: list[Answer]) -> None:
    move, sent_off, pauses, last = begin(CYCLE), 0, [0.0], None
    for answer in said:
        if move.next is None:
            break
        sent_off += move.next.command is Command.OFF
        if move.next.command is Command.OFF:
            assert move.run.cycle.step is Step.OFF_SENT, "stored before it is sent"
        if move.next.command is Command.ON:
            pauses.append(move.next.pause)
        last = move.next.command, answer
        move = advance(move.run, Taken() if move.next.command is Command.HOLD else answer, LIMITS)
    assert sent_off <= 1
    assert pauses == sorted(pauses)
    assert max(pauses) <= LIMITS.on_slowest
    cycle = move.run.cycle
    if move.next is None:
        assert cycle.result is not None
        if sent_off and cycle.result is CycleResult.SUCCESS:
            assert (last, cycle.error) == ((Command.LOOK, ON), None)
        if sent_off and cycle.result is CycleResult.FAILED_OFF:
            assert last == (Command.LOOK, ON)
    elif cycle.step is Step.ON_SENT:
        assert (cycle.result is CycleResult.STUCK_OFF) == (cycle.on_tries >= LIMITS.on_tries)
