"""What the manager's port tells as lists: full names, where the console cuts them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import tables
from .peers import PeerSeen

if TYPE_CHECKING:
    from .unit import SimulatedUnit

_YES = {True: "yes", False: "no"}


@dataclass(frozen=True, slots=True)
class Events:
    """One list."""

    name: str
    end: str
    title: str
    rows: list[list[tuple[str, str]]]
    #: What is said in place of an empty list, where there is such a word.
    empty: str = ""


def _peers(unit: "SimulatedUnit") -> Events:
    rows = [
        [
            ("Channeltype", "SIP"), ("ObjectName", one.peer.name), ("ChanObjectType", "peer"),
            ("IPaddress", one.peer.host if one.known else "-none-"),
            ("IPport", str(one.peer.port if one.known else 0)), ("Dynamic", _YES[one.peer.dynamic]),
            ("Forcerport", "yes"), ("Comedia", "yes"), ("ACL", _YES[one.peer.acl]), ("Status", one.status),
            ("RealtimeDevice", "no"), ("Description", one.peer.description),
        ]
        for one in unit.seen()
    ]  # fmt: skip
    return Events("PeerEntry", "PeerlistComplete", "Peer status list will follow", rows)


def _endpoints(unit: "SimulatedUnit") -> Events:
    seen = unit.seen() if unit.knobs.pjsip else ()
    busy = [one.name.rpartition("-")[0].partition("/")[2] for one in unit.channels()]
    rows = [
        [
            ("ObjectType", "endpoint"), ("ObjectName", one.peer.name), ("Aor", one.peer.name),
            ("Contacts", f"{one.peer.name}/{tables.uri(one)}," if one.known else ""),
            ("DeviceState", _state(one, busy)), ("ActiveChannels", str(busy.count(one.peer.name))),
        ]
        for one in seen
    ]  # fmt: skip
    return Events("EndpointList", "EndpointListComplete", "A listing of Endpoints follows", rows, "No endpoints found")


def _contacts(unit: "SimulatedUnit") -> Events:
    words = {"Avail": "Reachable", "Unavail": "Unreachable", "NonQual": "NonQualified"}
    seen = [one for one in unit.seen() if one.known and one.peer.dynamic] if unit.knobs.pjsip else []
    rows = [
        [
            ("ObjectType", "contact"), ("ObjectName", f"{one.peer.name};@{tables.contact_hash(one)}"),
            ("Endpoint", one.peer.name), ("Uri", tables.uri(one)), ("Status", words[tables.contact_word(one)]),
            ("RoundtripUsec", "N/A" if one.rtt_ms is None else str(1000 * one.rtt_ms + 125)),
        ]
        for one in seen
    ]  # fmt: skip
    return Events("ContactList", "ContactListComplete", "A listing of Contacts follows", rows, "No Contacts found")


def _channels(unit: "SimulatedUnit") -> Events:
    rows = [
        [
            ("Channel", one.name), ("ChannelState", "6"), ("ChannelStateDesc", "Up"), ("Context", one.context),
            ("Exten", one.exten), ("Priority", "1"), ("Uniqueid", one.uniqueid), ("Application", one.application),
            ("ApplicationData", one.data),
            ("Duration", f"{one.seconds // 3600:02d}:{one.seconds // 60 % 60:02d}:{one.seconds % 60:02d}"),
            ("BridgeId", one.bridge),
        ]
        for one in unit.channels()
    ]  # fmt: skip
    return Events("CoreShowChannel", "CoreShowChannelsComplete", "Channels will follow", rows)


def _state(one: PeerSeen, busy: list[str]) -> str:
    if one.peer.name in busy:
        return "In use"
    return "Not in use" if one.online else "Unavailable"


#: By the action, in small letters.
LISTS: Mapping[str, Callable[["SimulatedUnit"], Events]] = {
    "sippeers": _peers,
    "pjsipshowendpoints": _endpoints,
    "pjsipshowcontacts": _contacts,
    "coreshowchannels": _channels,
}
