"""What a look at an Asterisk unit tells, and the socket for looking (facts: section 2)."""

from enum import StrEnum
from typing import Protocol

import attrs

from ..errors import Declined, Garbled, Unreachable
from ..secrets import Secret


class Outcome(StrEnum):
    """What a look counts as.  Whatever may be our own fault is ``unknown``, and never counts."""

    ONLINE = "online"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


class Cause(StrEnum):
    """What exactly was seen."""

    OK = "ok"
    #: The unit answers nothing: no connection, no banner, our limit, the remote side's limit.
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    NO_ROUTE = "no_route"
    CLOSED = "closed"
    #: The host lives, its Asterisk does not.
    ASTERISK_DOWN = "asterisk_down"
    #: A person is needed, or it is our side.
    DENIED = "denied"
    HOST_KEY = "host_key"
    NO_COMMAND = "no_command"
    OUR_NETWORK = "our_network"
    NAME = "name"
    GARBLED = "garbled"
    KILLED = "killed"
    #: This process stood still meanwhile.
    STALLED = "stalled"


class PeerKind(StrEnum):
    """What a peer is by its name; ``excluded`` ones are not counted."""

    GSM = "gsm"
    SIP = "sip"
    INTERNAL = "internal"
    EXCLUDED = "excluded"


@attrs.frozen
class Peer:
    """One peer or contact."""

    name: str
    kind: PeerKind
    #: As Asterisk counts it: OK and LAGGED are online.
    online: bool
    #: ``OK``, ``LAGGED``, ``UNREACHABLE``, ``UNKNOWN``, ``Unmonitored``; ``Avail`` … of PJSIP.
    status: str
    rtt_ms: float | None = None
    host: str | None = None

    @property
    def degraded(self) -> bool:
        """It answers, but late."""
        return self.status == "LAGGED"


@attrs.frozen
class LineStats:
    """The six counters of ``line_stats``, as the specification names them."""

    gsm_total: int = 0
    gsm_online: int = 0
    sip_total: int = 0
    sip_online: int = 0
    internal_total: int = 0
    internal_online: int = 0

    @property
    def peers(self) -> int:
        """``sip_peers``: the sum of the totals."""
        return self.gsm_total + self.sip_total + self.internal_total


@attrs.frozen
class Checked:
    """One look at a unit."""

    outcome: Outcome
    cause: Cause
    #: In words, for people; never holds a secret.
    detail: str = ""
    #: ``None`` where the tables could not be read whole, though the unit is online.
    lines: LineStats | None = None
    peers: tuple[Peer, ...] = ()
    disk_percent: int | None = None
    uptime_s: int | None = None
    #: Calls in progress.
    calls: int | None = None
    version: str | None = None
    #: The host key that was shown, as ``SHA256:…``; pinned at first trust.
    host_key: str | None = None
    took_ms: int = 0


@attrs.frozen
class LinePatterns:
    """Which peers are which lines: regular expressions over whole names, the first that fits counts."""

    excluded: tuple[str, ...] = ("301", "302")
    gsm: tuple[str, ...] = ("000.{4}",)
    internal: tuple[str, ...] = ("[0-9]{3}",)


@attrs.frozen
class UnitTarget:
    """Where a unit is, and how to get in."""

    enterprise_number: str
    host: str
    port: int
    username: str
    #: A password, or a private key in OpenSSH's format, or both.
    password: Secret | None = None
    key: Secret | None = None
    #: The pinned host key; ``None`` = trust the first that is shown.
    host_key: str | None = None
    #: ``ssh`` or ``ami``.
    via: str = "ssh"
    patterns: LinePatterns = LinePatterns()


class UnitSilent(Unreachable):
    """The unit does not answer."""


class UnitDenied(Declined):
    """The unit does not take the login."""


class UnitGarbled(Garbled):
    """The unit's answer makes no sense."""


class CannotRestart(Declined):
    """The unit's Asterisk cannot be restarted this way."""


class UnitProbe(Protocol):
    """Looks at a unit."""

    async def check(self, target: UnitTarget, *, deadline: float) -> Checked:
        """Look within ``deadline`` seconds over all it takes.

        Never raises a ``DeviceError``: what was seen is the answer.
        """

    async def calls(self, target: UnitTarget, *, deadline: float) -> int:
        """How many calls are in progress.  Raises ``UnitSilent``, ``UnitDenied``, ``UnitGarbled``."""

    async def restart_service(self, target: UnitTarget, *, deadline: float) -> None:
        """Restart Asterisk, not the host.  Raises as ``calls``, and ``CannotRestart``."""


class SecondOpinion(Protocol):
    """Another way to see whether something lives, asked before power is cut, and of our own canaries."""

    async def answers(self, host: str, port: int, *, how: str = "tcp", deadline: float) -> bool:
        """Whether a port accepts (``tcp``) or a SIP OPTIONS is answered with anything (``sip``)."""
