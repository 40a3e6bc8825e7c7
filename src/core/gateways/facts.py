"""What a look says of a gateway and its lines, in figures that rules of alerts can be about.  Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import attrs

from ...ports.alerts import Facts, Subject
from ...ports.gateways import DirectoryOutcome, Gateway, Health, LineWatch, Seen, Status
from .health import WEAK_BELOW, rebooting, why_line, why_not
from .kinds import DIRECTORIES, GATEWAYS, LINES
from .lines import voip_wanted

#: What a bad figure means.
_FAULTS: Mapping[str, Health] = {
    "sim": Health.NO_SIM,
    "gsm": Health.NOT_REGISTERED,
    "voip": Health.VOIP_NOT_REGISTERED,
    "rssi": Health.WEAK_SIGNAL,
}
#: Lines have the number of their gateway and their own.
_EACH = 100


@attrs.frozen
class Look:
    """What was seen of a gateway, with what it is called."""

    gateway: Gateway
    directory: str | None
    seen: Seen


def line_id(gateway_id: int, line: int) -> int:
    """A line's number among all subjects of its system."""
    return gateway_id * _EACH + line


def facts_of(look: Look) -> Iterator[Facts]:
    """All that one look says.  Where the list could not be read it says nothing."""
    if look.seen.watch.stale:
        return
    yield _gateway(look)
    for line in look.seen.lines or ():
        yield _line(look, line)


def fact_of_list(directory_id: int, outcome: DirectoryOutcome, *, at: datetime) -> Facts:
    """Whether a list could be read: while it cannot, nobody else says that its gateways are not looked at."""
    subject = Subject(DIRECTORIES, directory_id, outcome.directory)
    return Facts(subject, at, {"read": float(outcome.ok)}, {} if outcome.ok else {"read": outcome.detail})


def _gateway(look: Look) -> Facts:
    gateway, watch, at = look.gateway, look.seen.watch, look.seen.at
    subject = Subject(GATEWAYS, gateway.id, gateway.name, enterprise_number=gateway.enterprise_number)
    if rebooting(watch, at=at):
        return Facts(subject, at, {"up": None})
    match watch.status:
        case Status.ACTIVE:
            return Facts(subject, at, {"up": 1.0})
        case Status.INACTIVE | Status.ERROR:
            words = why_not(watch, gateway.name, look.directory, at=at)
            return Facts(subject, at, {"up": 0.0}, {"up": words})
        case Status.UNKNOWN:
            return Facts(subject, at, {})


def _line(look: Look, watch: LineWatch) -> Facts:
    """One fault at a time: what is worse explains the rest, which does not apply then."""
    gateway, line = look.gateway, watch.line
    subject = Subject(
        LINES,
        line_id(gateway.id, line.line),
        f"{gateway.name} line {line.line}",
        enterprise_number=gateway.enterprise_number,
    )
    values: dict[str, float | None] = {}
    served = line.module is not False
    _say(values, "sim", line.sim, applies=served)
    served = served and line.sim is not False
    _say(values, "gsm", line.gsm, applies=served)
    served = served and line.gsm is not False
    _say(values, "voip", line.voip, applies=served and voip_wanted(watch))
    if not served:
        values["rssi"] = None
    elif line.rssi is not None and line.gsm:
        values["rssi"] = float(line.rssi)
    if line.remaining_min is not None:
        values["minutes"] = float(line.remaining_min)
    elif line.unlimited:
        values["minutes"] = None
    if rebooting(look.seen.watch, at=look.seen.at):
        # What a reboot explains is not said.  It was not good either, and so ends nothing that was bad before.
        values = {metric: value for metric, value in values.items() if _is_good(metric, values)}
    bad = [metric for metric, value in values.items() if value is not None and not _is_good(metric, values)]
    words = {metric: why_line(_FAULTS[metric]) for metric in bad}
    return Facts(subject, look.seen.at, values, words)


def _say(values: dict[str, float | None], metric: str, is_so: bool | None, *, applies: bool) -> None:
    if not applies:
        values[metric] = None
    elif is_so is not None:
        values[metric] = float(is_so)


def _is_good(metric: str, values: Mapping[str, float | None]) -> bool:
    if metric == "minutes":
        return True
    value = values[metric]
    return value is not None and value >= (WEAK_BELOW if metric == "rssi" else 1.0)
