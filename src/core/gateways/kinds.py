"""What rules of alerts can be about, for gateways, their lines and the lists that they are on: a table."""

from ...ports.alerts import Kind, Severity
from .health import WEAK_BELOW

#: Systems of subjects.
GATEWAYS, LINES, DIRECTORIES = "gateways", "lines", "directories"

_WARNING, _CRITICAL = Severity.WARNING, Severity.CRITICAL

KINDS: tuple[Kind, ...] = (
    Kind(
        "gateway-down", GATEWAYS, "Gateway down", "up",
        "It is not on the list of its directory, or on it and does not answer as it should.",
        _CRITICAL, above=False, threshold=1.0, chosen=False, minutes=10, of_enterprises=True,
    ),
    Kind(
        "line-sim", LINES, "No SIM", "sim", "The module is on, and finds no SIM.",
        _WARNING, above=False, threshold=1.0, chosen=False, minutes=5, of_enterprises=True,
    ),
    Kind(
        "line-registration", LINES, "Line not registered", "gsm",
        "The SIM is not registered in the network.",
        _CRITICAL, above=False, threshold=1.0, chosen=False, minutes=5, of_enterprises=True,
    ),
    Kind(
        "line-voip", LINES, "Line not registered by VoIP", "voip",
        "The line was registered by VoIP before, or has an authentication id, and is not registered now.",
        _CRITICAL, above=False, threshold=1.0, chosen=False, minutes=5, of_enterprises=True,
    ),
    Kind(
        "line-weak", LINES, "Signal weak", "rssi", "The signal of a registered line is below this (RSSI, 0 to 31).",
        _WARNING, above=False, threshold=float(WEAK_BELOW), minutes=10, margin=0.2, of_enterprises=True,
    ),
    Kind(
        "line-minutes", LINES, "Minutes low", "minutes", "The SIM has fewer minutes left than this.",
        _WARNING, "min", above=False, threshold=20.0, minutes=0, margin=0.1, of_enterprises=True,
    ),
    Kind(
        "directory-unread", DIRECTORIES, "List of gateways cannot be read", "read",
        "The list of a directory cannot be read: what is known of its gateways is out of date, and none alerts.",
        _CRITICAL, above=False, threshold=1.0, chosen=False, minutes=10,
    ),
)  # fmt: skip
