"""Asterisk's tables, in bytes: columns are counted and cut in bytes, also inside a letter."""

import hashlib
from collections.abc import Iterable, Sequence

from .peers import Channel, PeerSeen

_WIDTHS = (25, 39, 3, 10, 10, 3)
_TITLES = ("Name/username", "Host", "Dyn", "Forcerport", "Comedia", "ACL", "Port", "Status", "Description")
_URI, _STATE = 46, 53


def sip_peers(seen: Sequence[PeerSeen]) -> bytes:
    """``sip show peers`` of 11 to 20; names that begin with a foreign letter are counted and not shown."""
    rows = [_row([title.encode() for title in _TITLES])]
    rows += [_peer(one) for one in seen if one.peer.name[:1].isascii()]
    monitored = [one.online for one in seen if one.peer.monitored]
    other = [one.online for one in seen if not one.peer.monitored]
    end = (
        f"{len(seen)} sip peers [Monitored: {sum(monitored)} online, {len(monitored) - sum(monitored)} offline "
        f"Unmonitored: {sum(other)} online, {len(other) - sum(other)} offline]\n"
    )
    return b"".join(rows) + end.encode()


def pjsip_contacts(seen: Sequence[PeerSeen]) -> bytes:
    """``pjsip show contacts``."""
    known = [one for one in seen if one.known]
    if not known:
        return b"No objects found.\n\n"
    head = f"\n  Contact:  {_title('Aor/ContactUri', _URI)} <Hash....> <Status> <RTT(ms)..>\n{'=' * 90}\n\n"
    rows = "".join(f"  Contact:  {_contact(one, _URI)}\n" for one in known)
    return f"{head}{rows}\nObjects found: {len(known)}\n\n".encode()


def pjsip_endpoints(seen: Sequence[PeerSeen], busy: Iterable[str] = ()) -> bytes:
    """``pjsip show endpoints``; those with a live call are in use though their contact is gone."""
    if not seen:
        return b"No objects found.\n\n"
    head = (
        f"\n Endpoint:  {_title('Endpoint/CID', _STATE - 2)}  <State.....>  <Channels.>\n"
        f"        Aor:  {_title('Aor', _STATE - 4)}  <MaxContact>\n"
        f"      Contact:  {_title('Aor/ContactUri', _URI - 4)} <Hash....> <Status> <RTT(ms)..>\n{'=' * 90}\n\n"
    )
    names = [*busy]
    rows: list[str] = []
    for one in seen:
        name, calls = one.peer.name, names.count(one.peer.name)
        state = "In use" if calls else "Not in use" if one.online else "Unavailable"
        rows.append(f" Endpoint:  {name:<{_STATE}}{state:<12}  {calls} of inf\n")
        rows.append(f"        Aor:  {name:<{_STATE - 2}}1\n")
        if one.known:
            rows.append(f"      Contact:  {_contact(one, _URI - 4)}\n")
        rows.append("\n")
    return f"{head}{''.join(rows)}\nObjects found: {len(seen)}\n\n".encode()


def concise(channels: Iterable[Channel]) -> bytes:
    """``core show channels concise``."""
    return "".join(
        "!".join(
            (one.name, one.context, one.exten, "1", "Up", one.application, one.data, one.caller, "", "", "3",
             str(one.seconds), one.bridge, one.uniqueid)
        )
        + "\n"
        for one in channels
    ).encode()  # fmt: skip


def channel_totals(channels: Sequence[Channel], calls: int) -> bytes:
    """``core show channels count``."""
    return (
        f"{len(channels)} active channel{'' if len(channels) == 1 else 's'}\n"
        f"{calls} active call{'' if calls == 1 else 's'}\n{calls} calls processed\n"
    ).encode()


def uri(one: PeerSeen) -> str:
    """Where a contact is."""
    return f"sip:{one.peer.username or one.peer.name}@{one.peer.host}:{one.peer.port}".replace(" ", "%20")


def contact_hash(one: PeerSeen) -> str:
    """What Asterisk calls a contact, 32 hexadecimal digits."""
    return hashlib.sha256(f"{one.peer.name}/{uri(one)}".encode()).hexdigest()[:32]


def contact_word(one: PeerSeen) -> str:
    """``Avail``, ``Unavail`` or ``NonQual``."""
    if not one.peer.monitored:
        return "NonQual"
    return "Avail" if one.online else "Unavail"


def duration(seconds: int) -> str:
    """``1 week, 2 days, 3 hours, 4 minutes, 19 seconds``; a year has 365 days."""
    found: list[str] = []
    for size, word in ((31_536_000, "year"), (604_800, "week"), (86_400, "day"), (3600, "hour"), (60, "minute")):
        many, seconds = divmod(seconds, size)
        if many:
            found.append(f"{many} {word}{'' if many == 1 else 's'}")
    if seconds or not found:
        found.append(f"{seconds} second{'' if seconds == 1 else 's'}")
    return ", ".join(found)


def _title(name: str, width: int) -> str:
    return f"<{name:.<{width - 2}}>"


def _contact(one: PeerSeen, width: int) -> str:
    rtt = "nan" if one.rtt_ms is None else f"{one.rtt_ms + 0.125:.3f}"
    where = f"{one.peer.name}/{uri(one)}"
    # A name that is too long pushes the columns; an address that is too long is cut.
    where = where if len(one.peer.name) + 1 > width else where[:width]
    return f"{where:<{width}} {contact_hash(one)[:10]} {contact_word(one):<7} {rtt:>11}"


def _peer(one: PeerSeen) -> bytes:
    peer = one.peer
    # A name that was learnt at a registration goes with it; a configured one stays.
    named = peer.username and (one.known or peer.username != peer.name)
    name = f"{peer.name}/{peer.username}" if named else peer.name
    return _row(
        [
            name.encode(), peer.host.encode() if one.known else b"(Unspecified)", b" D " if peer.dynamic else b"",
            b"Yes", b"Yes", b" A " if peer.acl else b"", str(peer.port if one.known else 0).encode(),
            one.status.encode(), peer.description.encode(),
        ]
    )  # fmt: skip


def _row(cells: Sequence[bytes]) -> bytes:
    fixed = [cell[:width].ljust(width) for cell, width in zip(cells, _WIDTHS, strict=False)]
    port, status, description = cells[6:]
    return b" ".join([*fixed, port.ljust(8), status.ljust(11), description[:32].ljust(32), b""]) + b"\n"
