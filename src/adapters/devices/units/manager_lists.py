"""What the manager's lists tell: full names, where the console cuts them."""

import re
from collections.abc import Iterable

from ....ports.units import LinePatterns, Peer
from .lines import host_of, kind_of
from .manager import Message

_STATUS = re.compile(r"(\w{1,20})(?: \((\d{1,9}) ms\))?")
#: The console's words for a contact.
_WORDS = {"Reachable": "Avail", "Unreachable": "Unavail", "NonQualified": "NonQual"}
#: One that answers, one that is never asked, and what is gone.
_RANK = {"Avail": 0, "NonQual": 1}


def peers_of_entries(events: Iterable[Message], patterns: LinePatterns) -> tuple[Peer, ...]:
    """``SIPpeers``; never raises."""
    return tuple(_entry(event, patterns) for event in events if event.get("Event") == "PeerEntry")


def peers_of_lists(
    endpoints: Iterable[Message], contacts: Iterable[Message], patterns: LinePatterns
) -> tuple[Peer, ...]:
    """``PJSIPShowEndpoints``, with what ``PJSIPShowContacts`` tells of their contacts; never raises.

    Contacts that are written down in the configuration are in no list of 18:
    there the state of the endpoint counts.
    """
    told: dict[str, list[Message]] = {}
    for event in contacts:
        told.setdefault(event.get("Endpoint"), []).append(event)
    return tuple(
        _endpoint(event, told.get(event.get("ObjectName"), []), patterns)
        for event in endpoints
        if event.get("Event") == "EndpointList"
    )


def _entry(event: Message, patterns: LinePatterns) -> Peer:
    name, host = event.get("ObjectName"), event.get("IPaddress")
    row = _STATUS.match(event.get("Status"))
    status = row[1] if row is not None else "UNKNOWN"
    address = None if host in ("", "-none-", "(null)") else host
    online = status in ("OK", "LAGGED")
    if status == "Unmonitored":
        online = address is not None and event.get("IPport") not in ("", "0")
    rtt = int(row[2]) if row is not None and row[2] else None
    return Peer(name, kind_of(name, patterns), online, status, rtt, address)


def _endpoint(event: Message, contacts: list[Message], patterns: LinePatterns) -> Peer:
    name, state = event.get("ObjectName"), event.get("DeviceState") or "Unknown"
    kind = kind_of(name, patterns)
    if not contacts:
        known = event.get("Contacts").split(",")[0].partition("/")[2]
        return Peer(name, kind, bool(known) and state not in ("Unavailable", "Invalid"), state, host=host_of(known))
    best = min(contacts, key=lambda contact: _RANK.get(_word(contact), 2))
    took = best.get("RoundtripUsec")
    rtt = int(took) / 1000 if took.isdecimal() and len(took) < 12 else None
    return Peer(name, kind, _word(best) in _RANK, _word(best), rtt, host_of(best.get("Uri")))


def _word(contact: Message) -> str:
    status = contact.get("Status")
    return _WORDS.get(status, status or "Unknown")
