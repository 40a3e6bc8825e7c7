"""``pjsip show contacts`` and ``pjsip show endpoints``: what has PJSIP instead of ``sip show peers``.

Long names push the columns to the right and addresses are cut, so rows are
read from their end.
"""

import re

import attrs

from .printout import Found, lines_of, no_table, text

_CONTACT_STATES = frozenset({"Avail", "Unavail", "NonQual", "Unknown", "Created", "Removed"})
_STATES = (
    "Not in use", "In use", "Unavailable", "Unknown", "Busy", "Invalid", "Ringing", "Ring+Inuse", "On Hold",
)  # fmt: skip
_HASH = re.compile(r"[0-9a-f]{10}")
_RTT = re.compile(r"nan|\d{1,9}(?:\.\d{1,9})?")
_COUNT = re.compile(r"Objects found: (\d{1,9})")

#: Whether a contact can be reached; ``None`` = nobody asks it.
_REACHABLE = {"Avail": True, "NonQual": None}


@attrs.frozen
class Contact:
    """One address that somebody registered or that was written down."""

    aor: str
    #: May be cut.
    uri: str
    hash: str | None
    #: ``Avail``, ``Unavail``, ``NonQual``; up to version 13 ``Unknown`` and ``Created`` too.
    status: str
    rtt_ms: float | None

    @property
    def reachable(self) -> bool | None:
        return _REACHABLE.get(self.status, False)


@attrs.frozen
class Contacts:
    """The table of contacts."""

    found: Found
    contacts: tuple[Contact, ...] = ()
    objects_found: int | None = None


@attrs.frozen
class Endpoint:
    """One endpoint and where it can be reached."""

    endpoint: str
    #: ``Not in use``, ``In use``, ``Unavailable`` …; with a live call it stays ``In use`` when its contact is gone.
    state: str
    channels: int
    contacts: tuple[Contact, ...] = ()

    @property
    def online(self) -> bool:
        """A contact answers, or is there and is never asked: as Asterisk counts a peer that is not monitored."""
        return any(contact.reachable is not False for contact in self.contacts)


@attrs.frozen
class Endpoints:
    """The table of endpoints."""

    found: Found
    endpoints: tuple[Endpoint, ...] = ()
    objects_found: int | None = None


def read_contacts(stdout: bytes, stderr: bytes = b"") -> Contacts:
    """The table in an output; never raises."""
    contacts: list[Contact] = []
    count: int | None = None
    for line in map(text, lines_of(stdout)):
        if (contact := _contact(line)) is not None:
            contacts.append(contact)
        elif (end := _end(line)) is not None:
            count = end
    return Contacts(_found(count, len(contacts), stdout, stderr), tuple(contacts), count)


def read_endpoints(stdout: bytes, stderr: bytes = b"") -> Endpoints:
    """The table in an output; never raises."""
    endpoints: list[Endpoint] = []
    contacts: list[Contact] = []
    count: int | None = None
    for line in map(text, lines_of(stdout)):
        if (endpoint := _endpoint(line)) is not None:
            contacts = []
            endpoints.append(endpoint)
        elif endpoints and (contact := _contact(line)) is not None:
            contacts.append(contact)
            endpoints[-1] = attrs.evolve(endpoints[-1], contacts=tuple(contacts))
        elif (end := _end(line)) is not None:
            count = end
    return Endpoints(_found(count, len(endpoints), stdout, stderr), tuple(endpoints), count)


def _contact(line: str) -> Contact | None:
    label, _, rest = line.partition("Contact:")
    row = rest.rsplit(None, 2)
    if label.strip() or len(row) < 3 or row[1] not in _CONTACT_STATES or not _RTT.fullmatch(row[2]):
        return None
    where, known_by = row[0].strip(), None
    head, _, tail = where.rpartition(" ")
    if head and _HASH.fullmatch(tail):
        where, known_by = head.strip(), tail
    aor, _, uri = where.partition("/")
    return Contact(aor, uri, known_by, row[1], None if row[2] == "nan" else float(row[2]))


def _endpoint(line: str) -> Endpoint | None:
    label, _, rest = line.partition("Endpoint:")
    row = rest.rsplit(None, 3)
    if label.strip() or len(row) < 4 or row[2] != "of" or not (row[1].isascii() and row[1].isdigit()):
        return None
    told = row[0].strip()
    state = next((state for state in _STATES if told.endswith(f" {state}")), None)
    if state is None or len(row[1]) > 9:
        return None
    return Endpoint(told[: -len(state)].strip().partition("/")[0], state, int(row[1]))


def _end(line: str) -> int | None:
    if line.startswith("No objects found."):
        return 0
    row = _COUNT.match(line)
    return int(row[1]) if row is not None else None


def _found(count: int | None, rows: int, stdout: bytes, stderr: bytes) -> Found:
    if count is None:
        return Found.INCOMPLETE if rows or b"==========" in stdout else no_table(stdout, stderr)
    if rows > count:
        return Found.INCOMPLETE
    return Found.OK if rows == count else Found.ROWS_MISSING
