"""Units, looks and power cycles for tests of the stores."""

from datetime import UTC, datetime, timedelta
from typing import Any

from lineman.ports.power import Plug, PlugKind
from lineman.ports.secrets import Secret
from lineman.ports.units import (
    Cause,
    Cycle,
    CycleResult,
    LinePatterns,
    LineStats,
    MachineState,
    Outcome,
    Peer,
    PeerKind,
    Step,
    Unit,
    UnitEvent,
    UnitWatch,
)

NOW = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLUG = Plug(PlugKind.EWELINK, "1000011001", 2)

#: Every field says something.
UNIT = Unit(
    "17", "198.51.100.7", NOW, 2222, "root", Secret("canary-unit"), Secret("canary-key\nof two lines"), "ami", True,
    True, None, "SHA256:abc", PLUG, 5, LinePatterns(("301",), ("000.{4}", "00.*"), ()), "sip", 5060, NOW + HOUR, "anna",
)  # fmt: skip
WATCH = UnitWatch(
    MachineState(
        Outcome.OFFLINE, 4, True, 0, True, True, NOW, 1, (NOW - HOUR, NOW), NOW, NOW + HOUR, NOW, ("maintenance",),
        True, True,
    ),
    NOW, Outcome.UNKNOWN, Cause.DENIED, "the login is not taken", 97, LineStats(3, 2, 5, 4, 7, 6),
    (Peer("0001363", PeerKind.GSM, True, "LAGGED", 2100.5, "192.0.2.7"), Peer("Ящик", PeerKind.SIP, False, "UNKNOWN")),
    2**40, 2, "Asterisk 18.26.4", NOW - HOUR, "cooldown", NOW + HOUR,
)  # fmt: skip
EVENT = UnitEvent(
    NOW, "17", "on", "off", 3, "timeout", "ewelink_toggle_off", "fail", NOW, "auto",
    {"device_id": "1000011001", "state": False, "by": {"деталь": [1, None]}},
)  # fmt: skip
CYCLE = Cycle(0, "17", PLUG, "auto", "scheduler", NOW)
ENDED: dict[str, Any] = {
    "step": Step.DONE, "step_at": NOW, "result": CycleResult.SUCCESS, "error": "4002", "on_tries": 3,
    "next_at": NOW + HOUR, "finished_at": NOW + HOUR,
}  # fmt: skip


def looked(at: datetime, lines: LineStats | None, disk: int | None = 7) -> UnitWatch:
    """A unit that was online at a look."""
    return UnitWatch(
        MachineState(Outcome.ONLINE), at, Outcome.ONLINE, Cause.OK, disk_usage_percent=disk, line_stats=lines
    )
