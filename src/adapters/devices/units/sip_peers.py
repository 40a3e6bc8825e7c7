"""``sip show peers``: a table of fixed columns, counted in bytes, whose widths differ by version.

The header tells where the columns are.  Blanks tell nothing: names may hold
them, the flags may be missing, a description may hold anything.
"""

import re

import attrs

from .printout import Found, lines_of, no_table, text

_TITLES = (
    b"Name/username", b"Host", b"Dyn", b"Nat", b"Forcerport", b"Comedia", b"ACL", b"Port", b"Status", b"Description",
    b"Realtime",
)  # fmt: skip
_NEEDED = frozenset({b"Host", b"Dyn", b"Port", b"Status"})
_STATUS = re.compile(rb"(OK|LAGGED) \((\d{1,9}) ms\)|UNREACHABLE|UNKNOWN|Unmonitored")
_PORT = re.compile(rb" *\d{1,5} *")
_SUMMARY = re.compile(
    rb"(\d{1,9}) sip peers \[Monitored: (\d{1,9}) online, (\d{1,9}) offline "
    rb"Unmonitored: (\d{1,9}) online, (\d{1,9}) offline\]"
)
#: Bytes that the name and the description are cut at.
NAME_WIDTH = 25
_DESCRIPTION_WIDTH = 32


@attrs.frozen
class Summary:
    """The last line: how many there are, by Asterisk's own count."""

    total: int
    monitored_online: int
    monitored_offline: int
    unmonitored_online: int
    unmonitored_offline: int


@attrs.frozen
class SipPeer:
    """One row."""

    #: As it stands there: ``name/username``, cut at 25 bytes.
    name_field: str
    #: Split at the first slash, which is a convention: names may hold one.
    name: str
    username: str | None
    name_field_truncated: bool
    host: str | None
    dynamic: bool
    acl: bool
    port: int
    #: ``OK``, ``LAGGED``, ``UNREACHABLE``, ``UNKNOWN`` or ``Unmonitored``.
    status: str
    rtt_ms: int | None
    description: str | None

    @property
    def online(self) -> bool:
        """As Asterisk counts it in its last line."""
        if self.status == "Unmonitored":
            return self.host is not None and self.port != 0
        return self.status in ("OK", "LAGGED")


@attrs.frozen
class SipPeers:
    """The table."""

    found: Found
    peers: tuple[SipPeer, ...] = ()
    summary: Summary | None = None

    @property
    def rows_missing(self) -> int | None:
        return None if self.summary is None else self.summary.total - len(self.peers)


def read_sip_peers(stdout: bytes, stderr: bytes = b"") -> SipPeers:
    """The table in an output; never raises."""
    lines = lines_of(stdout)
    columns, peers, summary = None, [], None
    for line in lines:
        if columns is None and line.startswith(_TITLES[0]):
            columns = _columns(line)
        elif (end := _SUMMARY.match(line)) is not None:
            summary = Summary(*map(int, end.groups()))
        elif columns is not None and (peer := _row(line, columns)) is not None:
            peers.append(peer)
    if columns is None and summary is None:
        return SipPeers(no_table(stdout, stderr))
    if columns is None or summary is None or len(peers) > summary.total:
        return SipPeers(Found.INCOMPLETE, tuple(peers))
    found = Found.OK if len(peers) == summary.total else Found.ROWS_MISSING
    return SipPeers(found, tuple(peers), summary)


def _columns(header: bytes) -> dict[bytes, int] | None:
    columns: dict[bytes, int] = {}
    position = 0
    for title in _TITLES:
        at = header.find(title, position)
        if at >= 0:
            columns[title] = at
            position = at + len(title)
    return columns if columns.keys() >= _NEEDED else None


def _row(line: bytes, columns: dict[bytes, int]) -> SipPeer | None:
    status_at = columns[b"Status"]
    status = _STATUS.match(line, status_at)
    port = line[columns[b"Port"] : status_at]
    if status is None or _PORT.fullmatch(port) is None:
        return None
    name = line[: columns[b"Host"]].rstrip()
    host = text(line[columns[b"Host"] : columns[b"Dyn"]].strip())
    field = text(name)
    own, slash, username = field.partition("/")
    return SipPeer(
        name_field=field,
        name=own,
        username=username if slash else None,
        name_field_truncated=len(name) >= NAME_WIDTH,
        host=None if host in ("", "(Unspecified)", "-none-") else host,
        dynamic=b"D" in line[columns[b"Dyn"] : columns[b"Dyn"] + 3],
        acl=b"ACL" in columns and b"A" in line[columns[b"ACL"] : columns[b"ACL"] + 3],
        port=int(port),
        status=text(status.group(1) or status.group()),
        rtt_ms=int(status.group(2)) if status.group(2) else None,
        description=_description(line, columns, status.end()),
    )


def _description(line: bytes, columns: dict[bytes, int], status_end: int) -> str | None:
    """What follows the status, which may be wider than its column and shifts what is behind it."""
    if b"Description" not in columns:
        return None
    rest = line[max(columns[b"Description"], status_end + 1) :]
    if b"Realtime" in columns:
        rest = rest[:_DESCRIPTION_WIDTH]
    return text(rest.strip()) or None
