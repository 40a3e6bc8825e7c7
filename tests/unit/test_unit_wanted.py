"""What a person does, and what happens meanwhile, keeps power from being cut when nobody wants that any more."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import attrs
import pytest

from lineman.core.units import Wanted
from lineman.core.units.checks import UNIT, plug
from lineman.core.units.gates import Config
from lineman.core.units.machine import CycleEnded, Look, step
from lineman.core.units.past import sentence_of
from lineman.core.units.sequence import call_off
from lineman.ports.errors import Invalid
from lineman.ports.power import Plug, PlugKind
from lineman.ports.units import (
    Cause,
    Cycle,
    CycleResult,
    MachineState,
    Outcome,
    PowerPolicy,
    Step,
    Unit,
    UnitWatch,
    UnknownUnit,
)

pytestmark = pytest.mark.anyio
T0 = datetime(2026, 1, 1, tzinfo=UTC)
PLUG = Plug(PlugKind.EWELINK, "1000011001")
AUTO = Cycle(1, "17", PLUG, "auto", "scheduler", T0)
BY_HAND = attrs.evolve(AUTO, initiator="user", by="anna")
UNIT_17 = Unit("17", "192.0.2.7", T0, parameter_option_2=True, plug=PLUG)
DOWN = UnitWatch(state=MachineState(last_status=Outcome.OFFLINE))
CONFIG = Config(parameter_option_2=True, bound=True)


@attrs.define(eq=False)
class World:
    """Everything that is looked at right before OFF."""

    policy: PowerPolicy = attrs.field(factory=PowerPolicy)
    unit: Unit | None = UNIT_17
    known: UnitWatch = DOWN
    at: datetime = T0
    maintenance: bool = False
    guarded: bool = True

    def now(self) -> datetime:
        return self.at

    async def get(self, number: str = "") -> Any:
        if not number:
            return self.policy
        if self.unit is None:
            raise UnknownUnit(number)
        return self.unit

    async def watch(self, number: str) -> UnitWatch:
        return self.known

    async def windows(self) -> tuple[()]:
        return ()

    def wanted(self) -> Wanted:
        anything = cast("Any", self)
        return Wanted(
            unit_store=anything, watch_store=anything, policy_store=anything, clock=anything, rule_store=anything,
            in_maintenance=lambda windows, subject, at: self.maintenance, guarded=self.guarded,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "why", "by_hand"),
    [
        ({}, None, None),
        ({"policy": PowerPolicy(stopped=True)}, "stopped", "stopped"),
        ({"at": T0 + timedelta(minutes=11)}, "too_late", "too_late"),
        ({"policy": PowerPolicy(dry_run=True)}, "dry_run", None),
        ({"at": T0 - timedelta(minutes=11)}, "too_late", "too_late"),
        ({"unit": None}, "unit_removed", "unit_removed"),
        ({"unit": attrs.evolve(UNIT_17, plug=None)}, "other_plug", "other_plug"),
        ({"unit": attrs.evolve(UNIT_17, parameter_option_2=False)}, "not_enabled", None),
        ({"unit": attrs.evolve(UNIT_17, paused_until=T0 + timedelta(hours=1))}, "paused", None),
        ({"unit": attrs.evolve(UNIT_17, paused_until=T0)}, None, None),
        ({"maintenance": True}, "maintenance", None),
        ({"maintenance": True, "guarded": False}, None, None),
        ({"known": UnitWatch(state=MachineState(last_status=Outcome.ONLINE))}, "came_back", None),
        ({"known": attrs.evolve(DOWN, outcome=Outcome.UNKNOWN)}, "not_seen", None),
    ],
)
async def test_what_changed_while_a_cycle_waited_calls_it_off(
    changed: dict[str, Any], why: str | None, by_hand: str | None
) -> None:
    wanted = World(**changed).wanted()
    assert (await wanted(AUTO), await wanted(BY_HAND)) == (why, by_hand)


def test_a_cycle_that_was_called_off_sent_nothing_and_is_written_down() -> None:
    move = call_off(AUTO, "came_back")
    assert (move.next, move.run.cycle.step, move.run.cycle.result) == (None, Step.DONE, CycleResult.CALLED_OFF)
    assert [(audit.action_type, audit.success, audit.error) for audit in move.audits] == [
        ("ewelink_toggle", False, "came_back")
    ]


def test_one_that_was_called_off_is_no_attempt_and_nobody_has_to_look_at_the_plug() -> None:
    state = MachineState(ewelink_action_done=True, attempts=1, cycles=(T0,), last_cycle_at=T0)
    after, actions = step(CONFIG, state, CycleEnded(T0, CycleResult.CALLED_OFF))
    assert (after.ewelink_action_done, after.attempts, after.cycles, actions) == (False, 0, (), ())
    assert after.retry_at == T0 + CONFIG.precheck_retry


@pytest.mark.parametrize("result", [CycleResult.FAILED_PRECHECK, CycleResult.PLUG_WAS_OFF, CycleResult.FAILED_OFF])
def test_a_persons_cycle_that_fails_gives_the_machine_no_second_attempt(result: CycleResult) -> None:
    state = MachineState(ewelink_action_done=True, attempts=1, cycles=(T0,), last_cycle_at=T0, incident=True)
    assert step(CONFIG, state, CycleEnded(T0, result, by_hand=True)) == (state, ())


def test_after_a_persons_cycle_the_unit_may_boot_and_is_left_alone_for_a_while() -> None:
    state = MachineState(last_status=Outcome.ONLINE, seen_online=True)
    state, _ = step(CONFIG, state, CycleEnded(T0, CycleResult.SUCCESS, by_hand=True))
    during, _ = step(CONFIG, state, Look(T0 + timedelta(seconds=299), Outcome.OFFLINE))
    assert during.failure_counter == 0
    actions: tuple[str, ...] = ()
    for minute in range(6, 9):
        state, actions = step(CONFIG, state, Look(T0 + timedelta(minutes=minute), Outcome.OFFLINE))
    assert actions == ("notify_down", "suppress:cooldown")
    assert state.attempts == 0


def test_a_persons_cycle_that_is_stuck_calls_for_everybody() -> None:
    after, actions = step(CONFIG, MachineState(), CycleEnded(T0, CycleResult.STUCK_OFF, by_hand=True))
    assert (after.escalated, actions) == (True, ("ensure_on", "escalate:power_still_off"))


def test_at_another_address_a_unit_has_to_be_seen_online_first() -> None:
    here, there = (attrs.evolve(CONFIG, address=f"192.0.2.{host} 22") for host in (1, 2))
    state = MachineState()
    for minute in range(2):
        state, _ = step(here, state, Look(T0 + timedelta(minutes=minute), Outcome.ONLINE))
    actions: tuple[str, ...] = ()
    for minute in range(2, 5):
        state, actions = step(there, state, Look(T0 + timedelta(minutes=minute), Outcome.OFFLINE))
    assert actions == ("notify_down", "suppress:never_seen_online")


def test_a_unit_that_nobody_can_look_at_is_not_said_to_be_well() -> None:
    watch = UnitWatch(outcome=Outcome.UNKNOWN, cause=Cause.DENIED, last_checked_at=T0, last_error_message="no login")
    assert sentence_of(UNIT_17, watch).startswith("How unit 17 is cannot be seen (no login)")


@pytest.mark.parametrize(
    "pattern",
    [
        "(a|a)*b",
        "(a+)+",
        "([a-z]+)*x",
        ".*.*.*.*a",
        "(?=a)b",
        r"(a)\1",
        "(?P<n>a)",
        "(",
        "[a",
        "a{1,2}b*c+d*",
        "x" * 101,
        7,
    ],
)
def test_patterns_that_could_take_for_ever_are_refused(pattern: Any) -> None:
    with pytest.raises(Invalid):
        UNIT["patterns"]({"gsm": [pattern]})


@pytest.mark.parametrize("pattern", ["000.{4}", "[0-9]{3}", "30[12]", r"\(x\)*", "[)*+{]+", "(?:gsm|sim).*", "a*b*c*"])
def test_patterns_that_people_write_are_taken(pattern: str) -> None:
    assert UNIT["patterns"]({"gsm": [pattern]}).gsm == (pattern,)


@pytest.mark.parametrize(
    ("kind", "device_id", "found"),
    [
        ("ewelink", " 1000011001 ", "1000011001"), ("shelly", "Plug.Example:80", "plug.example:80"),
        ("shelly", "192.0.2.9", "192.0.2.9"), ("tasmota", "192.0.2.9:8080", "192.0.2.9:8080"),
    ],
)  # fmt: skip
def test_plugs_are_named_in_one_way(kind: str, device_id: str, found: str) -> None:
    assert plug(kind, device_id).device_id == found


@pytest.mark.parametrize(
    ("kind", "device_id"),
    [
        ("ewelink", "12345"), ("ewelink", "1000011001/x"), ("shelly", ""), ("shelly", "a b"), ("shelly", "h:0"),
        ("shelly", "h:x"), ("shelly", "h/x"), ("shelly", "u@h"), ("goip", "1000011001"), (None, "x"),
    ],
)  # fmt: skip
def test_what_is_no_plug_is_refused(kind: Any, device_id: str) -> None:
    with pytest.raises(Invalid):
        plug(kind, device_id)
