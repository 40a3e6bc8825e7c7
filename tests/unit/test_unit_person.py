"""Whether a unit waits for a person."""

from typing import Any

import pytest

from lineman.core.units.person import needs_person
from lineman.ports.units import Cause, MachineState, Outcome, UnitWatch

DOWN = MachineState(Outcome.OFFLINE, failure_counter=4, incident=True)


@pytest.mark.parametrize(
    ("watch", "waits"),
    [
        ({}, False),
        ({"state": MachineState(Outcome.OFFLINE, escalated=True)}, True),
        ({"disk_usage_percent": 94}, False),
        ({"disk_usage_percent": 95}, True),
        ({"outcome": Outcome.UNKNOWN, "cause": Cause.DENIED}, True),
        ({"outcome": Outcome.UNKNOWN, "cause": Cause.OUR_NETWORK}, False),
        ({"state": DOWN, "outcome": Outcome.OFFLINE, "gate": "no_device"}, True),
        ({"state": DOWN, "outcome": Outcome.OFFLINE, "gate": "cooldown"}, False),
        # Its power is being cut, or it boots: that nothing came of it is said when it is.
        ({"state": DOWN, "outcome": Outcome.OFFLINE, "gate": "attempts_exhausted"}, False),
        ({"state": DOWN, "outcome": Outcome.OFFLINE}, False),
        ({"state": MachineState(Outcome.ONLINE), "outcome": Outcome.ONLINE, "gate": "not_enabled"}, False),
    ],
)
def test_a_unit_waits_for_a_person_when_nothing_else_helps(watch: dict[str, Any], waits: bool) -> None:
    assert needs_person(UnitWatch(**watch)) is waits
