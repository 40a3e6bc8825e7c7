"""What a look at a gateway brings to light: a closed union."""

import attrs

from ...ports.gateways import Identity, Listed, Reading, Reason


@attrs.frozen
class ListFailed:
    """The list of its directory could not be read."""

    detail: str


@attrs.frozen
class Absent:
    """The list was read, and has no row of it."""

    #: The list is suddenly under half its size.
    shrunk: bool = False
    #: Whether this was a scan: a check by hand never ends a wait of one more scan.
    scan: bool = True


@attrs.frozen
class ListedNoLink:
    """Its row has no link to its pages."""

    listed: Listed


@attrs.frozen
class Probed:
    """Its pages were read."""

    reading: Reading
    #: Its row; ``None`` if the list was not read for this.
    listed: Listed | None = None
    #: Call forwarding and authentication ids were asked for.
    extras: bool = False


@attrs.frozen
class ProbeFailed:
    """Its row has a port, and its pages could not be read there."""

    reason: Reason
    detail: str
    listed: Listed


@attrs.frozen
class RebootAccepted:
    """A reboot has left for it, and just before it was seen to be the right device."""

    before: Identity
    listed: Listed


Event = ListFailed | Absent | ListedNoLink | Probed | ProbeFailed | RebootAccepted
