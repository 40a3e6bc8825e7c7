"""Switched power: plugs, what they report, and the socket through which they are switched (facts: section 1)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

import attrs

from ..errors import Conflict, Declined, Garbled, Invalid, LinemanError, NotFound, Overloaded, Unreachable


class PlugKind(StrEnum):
    """Who switches it.  The binding says so, never the length of a text."""

    EWELINK = "ewelink"
    #: Plugs with a local HTTP interface: Shelly, Tasmota.
    SHELLY = "shelly"
    TASMOTA = "tasmota"


@attrs.frozen
class Plug:
    """One outlet."""

    kind: PlugKind
    #: eWeLink: the ten characters of ``deviceid``; local plugs: ``host`` or ``host:port``.
    device_id: str
    #: The channel of a strip, from 0; ``None`` = the only one.
    outlet: int | None = None

    def __str__(self) -> str:
        return f"{self.kind}:{self.device_id}" + ("" if self.outlet is None else f"/{self.outlet}")


class Startup(StrEnum):
    """What a plug does when it gets power itself."""

    ON = "on"
    STAY = "stay"
    OFF = "off"


@attrs.frozen
class PlugState:
    """What a plug reported last."""

    on: bool
    #: ``None`` = not told.
    online: bool | None = None
    name: str | None = None
    model: str | None = None
    #: How many channels it reports; 0 = a single one without a number.
    channels: int = 0
    startup: Startup | None = None
    #: It switches itself off again after each ON: never to be used for a power cycle.
    pulse: bool | None = None
    power_w: float | None = None
    firmware: str | None = None


class UnknownPlug(NotFound):
    """There is no such plug."""


class NotASwitch(Invalid):
    """The device is no switch that can be cycled."""


class ChannelRequired(Invalid):
    """The plug has several channels: say which."""


class ChannelMissing(Invalid):
    """The plug has no such channel."""


class PlugOffline(Unreachable):
    """The plug is not connected."""


class SwitchLost(Unreachable):
    """The answer to a switch command is lost: whether it was done, only the plug's state tells."""


class SwitchFailed(Declined):
    """The plug did not take the command."""

    def __init__(self, detail: str, *, number: str = "") -> None:
        super().__init__(detail)
        #: What the plug or its cloud said, such as ``4002``.
        self.number = number


class ReauthoriseNeeded(Declined):
    """The cloud has to be authorised again."""


class CloudMisconfigured(Declined):
    """The cloud does not take our application."""


class NotAuthorised(Conflict):
    """The cloud account was never authorised."""


class NoApplication(Conflict):
    """No application is set for the cloud."""


class QuotaUsedUp(Overloaded):
    """The cloud's quota is used up."""


class CloudFault(Garbled):
    """The cloud's answer makes no sense."""


#: What the history calls them; others go by their ``code``.
NUMBERS: Mapping[type[LinemanError], str] = MappingProxyType(
    {
        PlugOffline: "plug_offline",
        SwitchLost: "timeout",
        ReauthoriseNeeded: "reauth_required",
        NotAuthorised: "reauth_required",
        QuotaUsedUp: "412",
        ChannelRequired: "channel_required",
        ChannelMissing: "channel_missing",
        NotASwitch: "not_a_switch",
    }
)


def number_of(error: LinemanError) -> str:
    """What the history calls an error of a switch: the cloud's number where it gave one."""
    return getattr(error, "number", "") or NUMBERS.get(type(error), error.code)


class PowerSwitch(Protocol):
    """Reads and switches plugs."""

    async def state(self, plug: Plug, *, deadline: float) -> PlugState:
        """What it reported last.

        Raises:
            UnknownPlug, NotASwitch, ChannelRequired, ChannelMissing, PlugOffline, ReauthoriseNeeded,
            CloudMisconfigured, QuotaUsedUp, CloudFault, Unreachable
        """

    async def switch(self, plug: Plug, on: bool, *, deadline: float) -> None:
        """Ask it to switch; returns when that was taken, which says nothing about whether it happened.

        ON may always be repeated.  Raises as ``state``, and:
            SwitchLost: No answer; read the state, then decide.
            SwitchFailed: Refused.
        """

    async def set_startup(self, plug: Plug, startup: Startup, *, deadline: float) -> None:
        """What it is to do when it gets power.  Raises as ``switch``."""


@attrs.frozen
class Listed:
    """A plug in the list of an account."""

    device_id: str
    name: str
    online: bool
    state: PlugState | None
    model: str | None = None
    shared_by: str | None = None


@attrs.frozen
class Grant:
    """What the owner of a cloud account granted us.  The two tokens are kept sealed."""

    region: str
    access_expires_at: datetime
    refresh_expires_at: datetime
    granted_at: datetime
    #: Grows with every exchange and refresh.
    revision: int = 1
