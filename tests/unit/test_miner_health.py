"""What counts as wrong with a miner that answers."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lineman.core.miners.health import Policy, doubts, faults
from lineman.ports.miners import Board, Maker, Reading, State

POLICY = Policy()
CAPTURED = Path(__file__).resolve().parents[3] / "shared/fixtures/miners"


def reasons(degraded: bool = False, **fields: Any) -> tuple[str, ...]:
    reading = Reading(**{"vendor": Maker.WHATSMINER, "state": State.MINING, **fields})
    return faults(reading) or doubts(reading, POLICY, degraded=degraded)


def rate(share: float, **fields: Any) -> dict[str, Any]:
    return {"hash_rate_hs": share * 1e14, "hash_rate_nominal_hs": 1e14, **fields}


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        (rate(0.8), ()),
        (rate(0.61), ("rate 61% of nominal",)),
        (rate(0.61, uptime_s=299), ()),
        (rate(0.61, uptime_s=300), ("rate 61% of nominal",)),
        (rate(0.61, state=State.SLEEPING), ()),
        (rate(0.0, state=State.STARTING), ()),
        # An Avalon controller's nominal is theory.
        (rate(0.4, vendor=Maker.AVALON, modules=50), ()),
        (rate(0.4, vendor=Maker.AVALON, modules=1), ("rate 40% of nominal",)),
        ({"hash_rate_hs": 1e12}, ()),
        ({"hash_rate_hs": 1e12, "hash_rate_nominal_hs": 0.0}, ()),
        ({"state": State.IDLE}, ("it answers but does not hash",)),
        ({"state": State.IDLE, "uptime_s": 20}, ()),
        ({"state": State.FAULT}, ("it reports a fault and does not hash",)),
        ({"boards": (Board(1, 1e13), Board(2, 0.0), Board(3, None))}, ("board 2 does not hash",)),
        ({"boards": (Board(1, 0.0), Board(2, 0.0))}, ()),
        ({"boards": (Board(0, 1e13),), "boards_expected": 3}, ("1 of 3 boards are there",)),
        # A firmware that says nothing of its boards.
        ({"boards": (), "boards_expected": 3}, ()),
        ({"fans_rpm": (5700, 0)}, ("fan 2 stands still",)),
        ({"fans_rpm": (0, 0)}, ()),
        ({"fans_rpm": (5280,), "fans_expected": 2}, ("1 of 2 fans turn",)),
        ({"fans_rpm": (5280, 0, 0, 5300), "vendor": Maker.ANTMINER}, ()),
        ({"fans_rpm": (5700, 0), "state": State.SLEEPING}, ()),
    ],
)
def test_only_what_is_wrong_is_named(fields: dict[str, Any], wanted: tuple[str, ...]) -> None:
    assert reasons(**fields) == wanted


@pytest.mark.shared
def test_of_all_captured_miners_only_the_broken_ones_are_degraded() -> None:
    found = {}
    for file in sorted(CAPTURED.glob("[aew]*/*/expected.json")):
        expected = {**json.loads(file.read_bytes()), "fan_pct": None}
        reading = msgspec.convert(expected, Reading)
        if wrong := faults(reading) or doubts(reading, POLICY, degraded=False):
            found[file.parent.name] = wrong
    assert found == {
        "AvalonQ-25052801-idle": ("it answers but does not hash",),
        "L3Plus-2017-08-25-nothashing": ("it answers but does not hash",),
        "M31S-20201202.22.REL": ("fan 2 stands still",),
        "S19Pro-2020-12-11-overheat": ("it reports a fault and does not hash",),
    }
