"""Which peers are which lines, and how many of them are up."""

import re
from collections.abc import Iterable
from functools import lru_cache

import attrs

from ....ports.units import LinePatterns, LineStats, Peer, PeerKind
from .pjsip import Contact, Endpoint
from .sip_peers import SipPeer

#: Longer names are no numbers of lines; patterns of people are not let loose on them.
_LONGEST = 200
_HOST = re.compile(r"sips?:(?:[^@]*@)?(\[[^\]]*\]|[^:;>]*)")


def kind_of(name: str, patterns: LinePatterns) -> PeerKind:
    """The first pattern that fits the whole name counts; what fits none is a SIP line."""
    for kind, pattern in _compiled(patterns):
        if pattern.fullmatch(name[:_LONGEST]):
            return kind
    return PeerKind.SIP


def peers_of(rows: Iterable[SipPeer], patterns: LinePatterns) -> tuple[Peer, ...]:
    """Rows of ``sip show peers``."""
    return tuple(
        Peer(row.name, kind_of(row.name, patterns), row.online, row.status, row.rtt_ms, row.host) for row in rows
    )


def peers_of_endpoints(rows: Iterable[Endpoint], patterns: LinePatterns) -> tuple[Peer, ...]:
    """Rows of ``pjsip show endpoints``: those that nobody registered are lines too."""
    return tuple(_peer(row.endpoint, row.contacts, patterns) for row in rows)


def peers_of_contacts(rows: Iterable[Contact], patterns: LinePatterns) -> tuple[Peer, ...]:
    """Rows of ``pjsip show contacts``; several contacts of a name are one line."""
    names: dict[str, list[Contact]] = {}
    for row in rows:
        names.setdefault(row.aor, []).append(row)
    return tuple(_peer(name, contacts, patterns) for name, contacts in names.items())


def stats_of(peers: Iterable[Peer]) -> LineStats:
    """The six counters; a line that lags is up."""
    total = dict.fromkeys(PeerKind, 0)
    online = dict.fromkeys(PeerKind, 0)
    for peer in peers:
        total[peer.kind] += 1
        online[peer.kind] += peer.online
    return LineStats(
        total[PeerKind.GSM], online[PeerKind.GSM], total[PeerKind.SIP], online[PeerKind.SIP],
        total[PeerKind.INTERNAL], online[PeerKind.INTERNAL],
    )  # fmt: skip


def host_of(uri: str) -> str | None:
    """The host in a SIP address."""
    found = _HOST.match(uri)
    return found[1].strip("[]") or None if found is not None else None


def _peer(name: str, contacts: Iterable[Contact], patterns: LinePatterns) -> Peer:
    kind = kind_of(name, patterns)
    #: The best of them: one that answers, one that is never asked, one that is gone.
    best = min(contacts, key=lambda contact: (True, None, False).index(contact.reachable), default=None)
    if best is None:
        return Peer(name, kind, online=False, status="Unavailable")
    return Peer(name, kind, best.reachable is not False, best.status, best.rtt_ms, host_of(best.uri))


@lru_cache(maxsize=256)
def _compiled(patterns: LinePatterns) -> tuple[tuple[PeerKind, re.Pattern[str]], ...]:
    """In the order they count; one that is no regular expression fits nothing."""
    found: list[tuple[PeerKind, re.Pattern[str]]] = []
    for kind in (PeerKind.EXCLUDED, PeerKind.GSM, PeerKind.INTERNAL):
        for pattern in attrs.asdict(patterns)[kind.value]:
            try:
                found.append((kind, re.compile(pattern)))
            except re.error:
                continue
    return tuple(found)
