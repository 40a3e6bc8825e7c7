"""What rules of alerts can be about, for units, their plugs and the cloud behind these: a table."""

from ...ports.alerts import Kind, Severity
from .config import DISK_CRITICAL, DISK_WARNING
from .surroundings import UNITS

#: The account behind the plugs: one subject.
CLOUD = "plug-cloud"

_WARNING, _CRITICAL = Severity.WARNING, Severity.CRITICAL

KINDS: tuple[Kind, ...] = (
    Kind(
        "unit-down", UNITS, "Unit down", "up",
        "So many looks running found it offline that the outage is confirmed; it ends with two good ones.",
        _CRITICAL, above=False, threshold=1.0, chosen=False, of_enterprises=True,
    ),
    Kind(
        "unit-unknown", UNITS, "Unit cannot be looked at", "looked",
        "Its password, its host key, its name or our own network is wrong: nobody knows how it is.",
        _WARNING, above=False, threshold=1.0, chosen=False, minutes=15, of_enterprises=True,
    ),
    Kind(
        "unit-lines", UNITS, "GSM lines down", "gsm_down", "So many GSM lines of a unit that is online are down.",
        _WARNING, threshold=0.0, minutes=5, of_enterprises=True,
    ),
    Kind(
        "unit-disk", UNITS, "Disk fills up", "disk", "The disk is fuller than this.",
        _WARNING, "%", threshold=float(DISK_WARNING), margin=0.03, of_enterprises=True,
    ),
    Kind(
        "unit-disk-full", UNITS, "Disk full", "disk",
        "The disk is fuller than this: a usual cause of a dead exchange, which no power cycle mends.",
        _CRITICAL, "%", threshold=float(DISK_CRITICAL), margin=0.02, of_enterprises=True,
    ),
    Kind(
        "unit-needs-person", UNITS, "Unit needs a person", "person",
        "It is down and lineman has done what it may.", _CRITICAL, threshold=0.0, chosen=False, of_enterprises=True,
    ),
    Kind(
        "power-stuck-off", UNITS, "Power could not be restored", "stuck",
        "A power cycle switched it off and its plug does not take ON; that is tried without end.",
        _CRITICAL, threshold=0.0, chosen=False, of_enterprises=True,
    ),
    Kind(
        "cloud-token", CLOUD, "Authorisation of the plugs ends", "days_left",
        "So few days are left until the owner of the account has to authorise again.",
        _WARNING, "d", above=False, threshold=7.0,
    ),
    Kind(
        "cloud-quota", CLOUD, "Quota of the plugs' cloud low", "calls_left",
        "So few calls are left in this month.", _WARNING, above=False, threshold=5000.0,
    ),
)  # fmt: skip
