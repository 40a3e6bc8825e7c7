"""The socket for hands that talk to miners."""

from typing import Protocol

import attrs

from ..errors import Declined, Garbled, Invalid, Unreachable
from ..secrets import Secret
from .reading import Maker, Reading
from .where import host_port


@attrs.frozen
class Target:
    """Where a miner is, and how to get in."""

    host: str
    #: The maker's main port: 4028, or 80 for Elphapex.
    port: int = 4028
    #: HTTP; ``None`` = 80.
    web_port: int | None = None
    #: Whatsminer API 3; ``None`` = 4433.
    api3_port: int | None = None
    #: What the operator said it is; identification starts there, and trusts only the wire.
    maker: Maker | None = None
    username: str | None = None
    password: Secret | None = None

    @property
    def where(self) -> str:
        """The main address, for people."""
        return host_port(self.host, self.port)


@attrs.frozen
class Fingerprint:
    """What is remembered of one device between two polls, so that a poll asks only what works.

    It is stored as JSON; ``plan`` belongs to the driver and means nothing to anybody else.
    """

    maker: Maker
    model: str | None = None
    firmware: str | None = None
    #: Which file of the drivers knows it: ``antminer``, ``whatsminer-api3`` …
    dialect: str = ""
    #: The commands that work here, in the driver's own words.
    plan: tuple[str, ...] = ()
    #: MAC address or serial number, if the wire gave one when the device was identified.
    hardware_id: str | None = None


@attrs.frozen
class Answer:
    """A good poll."""

    reading: Reading
    fingerprint: Fingerprint
    #: The replies, repaired where broken, as one JSON object keyed by command: ``{"summary": …, "stats": …}``.
    raw: bytes = b"{}"


class TimedOut(Unreachable):
    """The miner did not answer in time."""


class Refusing(Unreachable):
    """The miner refuses the connection."""


class NoReply(Garbled):
    """The miner closed the connection without a word."""


class Truncated(Garbled):
    """The miner's answer was cut off."""


class NotJson(Garbled):
    """The miner's answer is not in its protocol."""


class ReplyTooLarge(Garbled):
    """The miner's answer is larger than allowed."""


class UnknownCommand(Declined):
    """The miner does not know the command."""


class BadRequest(Declined):
    """The miner did not understand the request."""


class AccessDenied(Declined):
    """The miner denies access."""


class MinerDown(Declined):
    """The miner's mining process is down."""


class NotAMiner(Garbled):
    """What answers there is no miner that lineman knows."""


class UnknownMaker(Invalid):
    """There is no such maker."""


class MinerDriver(Protocol):
    """Reads a miner, whatever its make."""

    async def poll(self, target: Target, known: Fingerprint | None = None, *, deadline: float = 5.0) -> Answer:
        """Ask one miner for a whole reading, within ``deadline`` seconds over all it takes.

        Without ``known``, or when the device no longer answers like it, the
        device is identified first.  Never opens a second connection to the same
        miner while one is open.

        Raises:
            DeviceError: One of the leaves above; the detail names the address and what was seen.
        """


class ModelCatalogue(Protocol):
    """What is known of models.  A model's name is text from the device, not an enum."""

    def makers(self) -> tuple[Maker, ...]: ...

    def models(self, maker: Maker) -> tuple[str, ...]:
        """Names that an operator may pick from; any other text is as good."""
