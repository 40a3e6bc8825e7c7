"""Asterisk's console, as ``asterisk -rx`` and the manager's ``Command`` use it."""

from typing import TYPE_CHECKING

from . import tables

if TYPE_CHECKING:
    from .unit import SimulatedUnit

VERSIONS = {False: "18.26.4", True: "22.10.1"}
_RESTARTS = ("core restart now", "core restart gracefully", "core restart when convenient")
_TABLES = ("sip show peers", "pjsip show contacts", "pjsip show endpoints")


def typed(unit: "SimulatedUnit", command: str) -> bytes:
    """Return what the console prints; also that there is no such command."""
    words = " ".join(command.split())
    if words in _RESTARTS:
        unit.restart_asterisk()
        return b""
    printed = _printed(unit, words)
    if printed is None:
        return no_such_command(words).encode()
    if unit.knobs.garbled:
        return bytes(byte ^ 0xA5 for byte in printed) or b"\x00"
    if words in _TABLES and unit.cuts():
        return printed[: len(printed) * 3 // 5]
    return printed


def no_such_command(words: str) -> str:
    """Return what the console says of what it does not know."""
    topic = words.rpartition(" ")[0] or words
    return f"No such command '{words}' (type 'core show help {topic}' for other possible commands)\n"


def known(unit: "SimulatedUnit", command: str) -> bool:
    """Whether the console knows a command."""
    words = " ".join(command.split())
    return words in _RESTARTS or _printed(unit, words) is not None


def version_of(unit: "SimulatedUnit") -> str:
    """Return the version of its Asterisk."""
    return VERSIONS[unit.knobs.pjsip]


def _printed(unit: "SimulatedUnit", words: str) -> bytes | None:
    match words:
        case "sip show peers":
            return None if unit.knobs.pjsip else tables.sip_peers(unit.seen())
        case "pjsip show contacts":
            return tables.pjsip_contacts(unit.seen() if unit.knobs.pjsip else ())
        case "pjsip show endpoints":
            busy = [one.name.rpartition("-")[0].partition("/")[2] for one in unit.channels()]
            return tables.pjsip_endpoints(unit.seen() if unit.knobs.pjsip else (), busy)
        case "core show channels concise":
            return tables.concise(unit.channels())
        case "core show channels count":
            return tables.channel_totals(unit.channels(), unit.calls())
        case "core show uptime":
            lasted = tables.duration(unit.uptime_s())
            return f"System uptime: {lasted}\nLast reload: {lasted}\n".encode()
        case "core show uptime seconds":
            return f"System uptime: {unit.uptime_s()}\nLast reload: {unit.uptime_s()}\n".encode()
        case "core show version":
            return f"Asterisk {version_of(unit)} built by builder @ simulator on a x86_64 running Linux\n".encode()
        case _:
            return None
