"""What is wrong with a line, and how to say what is wrong with a gateway: pure."""

from datetime import datetime
from typing import assert_never

from ...ports.gateways import GatewayRow, GatewayWatch, Health, Line, Reason, Status

#: RSSI below this is weak.
WEAK_BELOW = 10

_MISSING = "It was not on the last list, which had just begun anew: the next scan tells."
_STALE = "The list of its directory could not be read, or that is switched off, so that this may be out of date."


def health_of(line: Line, *, voip_wanted: bool) -> Health:
    """What is wrong with a line first; ``unknown`` where nobody knows whether it is registered.

    ``voip_wanted``: the line is registered by VoIP at times, or has an id for
    it; where SIP is not used "no" is normal.
    """
    if line.module is False:
        return Health.MODULE_OFF
    if line.sim is False:
        return Health.NO_SIM
    if line.gsm is False:
        return Health.NOT_REGISTERED
    if line.gsm and line.rssi is not None and line.rssi < WEAK_BELOW:
        return Health.WEAK_SIGNAL
    if line.voip is False and voip_wanted:
        return Health.VOIP_NOT_REGISTERED
    return Health.OK if line.gsm else Health.UNKNOWN


def why_line(health: Health) -> str:
    """What is wrong with a line, and what to do, in one sentence."""
    match health:
        case Health.MODULE_OFF:
            return "The module is switched off: restart the line, or switch it on at the gateway."
        case Health.NO_SIM:
            return "No SIM is found: see that one is in its place and not blocked."
        case Health.NOT_REGISTERED:
            return "The SIM is not registered in the network: see to the antenna, and that it is paid for."
        case Health.WEAK_SIGNAL:
            return f"The signal is below {WEAK_BELOW} of 31: see to the antenna, or move the gateway."
        case Health.VOIP_NOT_REGISTERED:
            return (
                "The line is not registered by VoIP: see its login there, and whether the telephone exchange answers."
            )
        case Health.OK:
            return ""
        case Health.UNKNOWN:
            return "Whether it is registered is not known: the gateway did not say."
        case _:
            assert_never(health)


def rebooting(watch: GatewayWatch, *, at: datetime) -> bool:
    """Whether a reboot was accepted a moment ago, and has not been seen to be over."""
    return watch.rebooting_until is not None and at < watch.rebooting_until


def why(row: GatewayRow, *, at: datetime) -> str:
    """Why a gateway is not active, and what to do, in plain words; empty if nothing is to be said."""
    return why_not(row.watch, row.gateway.name, row.directory, at=at)


def why_not(watch: GatewayWatch, name: str, directory: str | None, *, at: datetime) -> str:
    """The same of what is known of a gateway by name."""
    said = _said(watch, name, directory, at)
    return f"{said} {_STALE}".strip() if watch.stale else said


def _said(watch: GatewayWatch, name: str, directory: str | None, at: datetime) -> str:
    if rebooting(watch, at=at) and watch.rebooting_until is not None:
        return f"It was told to reboot, and has until {watch.rebooting_until:%H:%M:%S} UTC to come back."
    match watch.status:
        case Status.ACTIVE:
            return _MISSING if watch.missing else ""
        case Status.UNKNOWN:
            if watch.missing:
                return _MISSING
            return "No scan has looked at it yet: wait for the next one, or start one."
        case Status.ERROR if watch.missing:
            return f"{_reason(watch, name, directory or 'its directory')} {_MISSING}"
        case Status.INACTIVE | Status.ERROR:
            return _reason(watch, name, directory or "its directory")
        case _:
            assert_never(watch.status)


def _reason(watch: GatewayWatch, name: str, directory: str) -> str:
    seen = f" ({watch.detail})" if watch.detail else ""
    match watch.reason:
        case Reason.NOT_LISTED:
            return (
                f"It is not on the list of {directory}, so it has not called there for half an hour: see that it has"
                f" power and internet, and that its RADMIN id is exactly {name!r}."
            )
        case Reason.NO_RADMIN:
            return (
                f"It is on the list of {directory}, but without a link to its pages: switch on remote control of"
                " the web pages (RADMIN) at the gateway."
            )
        case Reason.AUTH:
            return (
                f"It does not take the user name and password{seen}: put in the right ones here or at its enterprise."
            )
        case Reason.UNREACHABLE:
            return (
                f"It is on the list of {directory}, but does not answer{seen}: it may have lost power or internet"
                " less than half an hour ago; if it stays so, see to both."
            )
        case Reason.BAD_PAGE:
            return (
                f"It answers, but not with whole pages of a GoIP gateway{seen}: check it again; if it stays so, open"
                " its pages in a browser or reboot it."
            )
        case Reason.IDENTITY:
            return (
                f"Another device answers on its port{seen}: if the gateway was replaced, put in the new serial"
                " number; until then it gets no commands."
            )
        case None:
            return f"It is not there{seen}."
        case _:
            assert_never(watch.reason)
