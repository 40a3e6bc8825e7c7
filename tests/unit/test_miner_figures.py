"""What follows from a reading."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lineman.core.miners.derive import age, efficiency, fan_speed, in_unit, temperature, unit
from lineman.ports.miners import Maker, PowerKind, Reading, State

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def reading(**fields: Any) -> Reading:
    return Reading(vendor=Maker.ANTMINER, state=State.MINING, **fields)


@pytest.mark.parametrize(
    ("algorithm", "rate_hs", "shown"),
    [
        ("sha256", 1.1e14, "110 TH/s"),
        ("scrypt", 9.5e9, "9.5 GH/s"),
        ("x11", 1.77e12, "1770 GH/s"),
        ("ethash", 1.9e8, "190 MH/s"),
        ("equihash", 142_000, "142 kSol/s"),
        ("kheavyhash", 9.4e12, "9.4 TH/s"),
        (None, 1e12, "1 TH/s"),
        ("tomorrow", 1e12, "1 TH/s"),
    ],
)
def test_a_rate_is_shown_as_people_speak_of_it(algorithm: str | None, rate_hs: float, shown: str) -> None:
    rate = in_unit(rate_hs, algorithm)
    assert f"{rate:g} {unit(algorithm).name}" == shown


@pytest.mark.parametrize(
    ("power_w", "kind", "rate_hs", "wanted"),
    [
        (3250.0, PowerKind.WALL, 1e14, 32.5),
        (3250.0, PowerKind.DC_HASH_BOARDS, 1e14, None),
        (3250.0, PowerKind.ESTIMATED_DC, 1e14, None),
        (3250.0, None, 1e14, None),
        (3250.0, PowerKind.WALL, 0.0, None),
        (None, PowerKind.WALL, 1e14, None),
    ],
)
def test_efficiency_is_of_watts_at_the_wall_only(
    power_w: float | None, kind: PowerKind | None, rate_hs: float, wanted: float | None
) -> None:
    given = reading(algorithm="sha256", power_w=power_w, power_kind=kind, hash_rate_hs=rate_hs)
    assert efficiency(given) == wanted


def test_the_hottest_chip_wins_over_the_board_and_the_fastest_fan_over_the_rest() -> None:
    assert temperature(reading(temp_chip_max_c=71.0, temp_board_max_c=80.0)) == 71.0
    assert temperature(reading(temp_board_max_c=60.0)) == 60.0
    assert temperature(reading()) is None
    assert fan_speed(reading(fans_rpm=(3000, 6120, 0))) == 6120
    assert fan_speed(reading()) is None


def test_nothing_is_younger_than_now() -> None:
    assert age(NOON - timedelta(minutes=2), NOON) == 120
    assert age(NOON + timedelta(hours=1), NOON) == 0
    assert age(None, NOON) is None
