"""What follows from a reading: pure functions, nothing is remembered."""

from datetime import datetime

import attrs

from ...ports.miners import PowerKind, Reading
from .health import rate_ratio
from .rules import fan_speed, temperature

__all__ = ["Unit", "age", "efficiency", "fan_speed", "in_unit", "rate_ratio", "temperature", "unit"]


@attrs.frozen
class Unit:
    """How people speak of a hash rate."""

    name: str
    #: H/s (Sol/s for equihash) in one such unit.
    divisor: float


_TERA = Unit("TH/s", 1e12)

#: What the makers print on the box today.  Scrypt is in GH/s since the L7 (9.5 GH/s) and the Elphapex
#: DG1 (11 GH/s); only the old L3+ was sold as 504 MH/s.
_UNITS = {
    "sha256": _TERA,
    "scrypt": Unit("GH/s", 1e9),
    "x11": Unit("GH/s", 1e9),
    "ethash": Unit("MH/s", 1e6),
    "equihash": Unit("kSol/s", 1e3),
    "kheavyhash": _TERA,
    "kadena": _TERA,
    "eaglesong": _TERA,
    "handshake": _TERA,
    "blake256": _TERA,
}


def unit(algorithm: str | None) -> Unit:
    """The customary unit of an algorithm; TH/s for one that is not known."""
    return _UNITS.get(algorithm or "sha256", _TERA)


def in_unit(rate_hs: float | None, algorithm: str | None) -> float | None:
    """A rate in the algorithm's customary unit."""
    return None if rate_hs is None else rate_hs / unit(algorithm).divisor


def efficiency(reading: Reading) -> float | None:
    """Joules per customary unit (J/TH for sha256): watts by rate.

    Only where the watts are measured at the wall: figures behind the power
    supply lack its loss and would make a miner look better than its neighbour.
    """
    rate = in_unit(reading.hash_rate_hs, reading.algorithm)
    if reading.power_kind is not PowerKind.WALL or not reading.power_w or not rate:
        return None
    return reading.power_w / rate


def age(moment: datetime | None, now: datetime) -> float | None:
    """Seconds since ``moment``; 0 for one that lies ahead, because somebody set the clock."""
    return None if moment is None else max((now - moment).total_seconds(), 0.0)
