"""What is known of a gateway and its lines now, and the socket that keeps it (facts: section 3)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import attrs

from ..secrets import Secret
from .reading import Forwards, Line

if TYPE_CHECKING:
    from .inventory import Gateway


class Status(StrEnum):
    """The specification's four words."""

    UNKNOWN = "unknown"
    ACTIVE = "active"
    INACTIVE = "inactive"
    ERROR = "error"


class Reason(StrEnum):
    """Why a gateway is not active."""

    NOT_LISTED = "not_listed"
    NO_RADMIN = "no_radmin"
    AUTH = "auth"
    UNREACHABLE = "unreachable"
    BAD_PAGE = "bad_page"
    IDENTITY = "identity"


class Health(StrEnum):
    """What is wrong with a line first, in this order; ``unknown`` where nothing was read."""

    MODULE_OFF = "module_off"
    NO_SIM = "no_sim"
    NOT_REGISTERED = "not_registered"
    WEAK_SIGNAL = "weak_signal"
    VOIP_NOT_REGISTERED = "voip_not_registered"
    OK = "ok"
    UNKNOWN = "unknown"


@attrs.frozen
class GatewayWatch:
    """What is known of one gateway."""

    status: Status = Status.UNKNOWN
    reason: Reason | None = None
    #: What exactly was seen, in words.
    detail: str = ""
    since: datetime | None = None
    #: The port that it is on now; the last one that it was on.
    port: int | None = None
    last_port: int | None = None
    #: When the list was last read well and looked at for it; the specification's ``last_port_scan``.
    scanned_at: datetime | None = None
    listed_at: datetime | None = None
    ok_at: datetime | None = None
    #: The last list could not be read, so that all this may be out of date.
    stale: bool = False
    #: In how many good lists running it was missing.
    missing: int = 0
    #: Its public address, as the list says.
    address: str | None = None
    title: str | None = None
    model: str | None = None
    serial: str | None = None
    #: The digits that it showed when it was first seen well, or that the operator gave.
    serial_last4: str | None = None
    firmware: str | None = None
    module_version: str | None = None
    uptime_s: int | None = None
    device_time: str | None = None
    line_count: int | None = None
    #: Until when failures do not count, since a reboot was accepted.
    rebooting_until: datetime | None = None
    #: When call forwarding and authentication ids were last read.
    extras_at: datetime | None = None


@attrs.frozen
class LineWatch:
    """What is known of one line."""

    gateway_id: int
    gateway: str
    enterprise_number: str
    line: Line
    health: Health
    #: Since when it has this health.
    health_since: datetime | None
    seen_at: datetime
    #: Whether it was ever seen registered by VoIP: where SIP is not used, "no" is normal.
    voip_used: bool = False
    forwards: Forwards | None = None
    authentication_id: str | None = None
    #: Whether authentication ids were ever read.
    authentication_known: bool = False


class EventKind(StrEnum):
    """What can happen to a gateway or a line."""

    STATUS = "status"
    LINE = "line"
    PORT = "port"
    IDENTITY = "identity"
    RESTART = "restart"
    ORDER = "order"


@attrs.frozen
class GatewayEvent:
    """One thing that happened."""

    at: datetime
    kind: EventKind
    #: ``None`` = the whole gateway.
    line: int | None
    before: str | None
    after: str | None
    detail: str = ""


@attrs.frozen
class Seen:
    """What one scan leaves behind of one gateway: stored whole or not at all, and twice the same as once."""

    gateway_id: int
    at: datetime
    watch: GatewayWatch
    #: All of its lines, so that one that is not among them is forgotten.  ``None`` = its lines were not read; what is
    #: known of them stays.
    lines: tuple[LineWatch, ...] | None = None
    events: tuple[GatewayEvent, ...] = ()


@attrs.frozen
class Watched:
    """A gateway with all that a scan needs."""

    gateway: "Gateway"
    watch: GatewayWatch
    lines: Mapping[int, LineWatch]
    #: The login of its enterprise.
    enterprise_username: str | None = None
    enterprise_password: Secret | None = None


class GatewayWatchStore(Protocol):
    """Keeps what is known, and writes what scans leave behind."""

    async def all(self) -> Sequence[Watched]:
        """Every gateway."""

    async def one(self, gateway_id: int) -> Watched:
        """Raises ``UnknownGateway``."""

    async def keep(self, seen: Sequence[Seen]) -> None:
        """Store a batch in one transaction.  What was removed meanwhile is passed over.

        Lines that were read add a sample to the series, one a line and moment (``seen_at``).
        """
