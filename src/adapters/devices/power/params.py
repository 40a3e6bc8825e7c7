"""What a cloud plug reports, and what has to be sent to it: decided by its report, never by its type number."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import attrs

from ....ports.power import ChannelMissing, ChannelRequired, NotASwitch, PlugState, Startup

#: Thermostats and Zigbee strips: they need more than a switch, and get no automatic power cycles.
REFUSED_TYPES = frozenset({15, 181, 2256, 3256, 4256})
#: Meters that count hundredths of a watt.
_HUNDREDTHS = frozenset({182, 190})
_WORDS = {"on": True, "off": False}
_LONGEST = 128


class Kind(StrEnum):
    """How a plug is switched."""

    TEXT = "text"
    #: It reports ``true`` and is answered in the same type.
    FLAG = "flag"
    LIST = "list"


@attrs.frozen
class Channels:
    """The outlets that a plug reports."""

    kind: Kind
    #: By number; the only one of a plug without numbers is ``None``.
    on: Mapping[int | None, bool]

    def named(self, outlet: int | None, device_id: str) -> int | None:
        """The outlet, if there is one of this number.

        Raises:
            ChannelRequired, ChannelMissing
        """
        numbers = ", ".join(str(number) for number in self.on)
        if self.kind is Kind.LIST and outlet is None:
            raise ChannelRequired(f"plug {device_id} has numbered outlets: say which of {numbers}", field="outlet")
        if outlet not in self.on:
            has = f"has {numbers}" if self.kind is Kind.LIST else "has only one, without a number"
            raise ChannelMissing(f"plug {device_id} has no outlet {outlet}, it {has}", field="outlet")
        return outlet

    def command(self, outlet: int | None, on: bool) -> dict[str, object]:
        """What to send to switch it."""
        if self.kind is Kind.FLAG:
            return {"switch": on}
        if self.kind is Kind.TEXT:
            return {"switch": word(on)}
        return {"switches": [{"switch": word(on), "outlet": outlet}]}

    def whole(self, outlet: int | None, on: bool) -> dict[str, object]:
        """The same with all outlets, the others as they are."""
        wanted = {**self.on, outlet: on}
        return {"switches": [{"switch": word(state), "outlet": number} for number, state in wanted.items()]}


def word(on: bool) -> str:
    """``on`` or ``off``."""
    return "on" if on else "off"


def guessed(outlet: int | None) -> Channels:
    """What a plug of which nothing was read yet must be like, by its binding."""
    return Channels(Kind.TEXT if outlet is None else Kind.LIST, {outlet: False})


def channels(params: Mapping[str, Any], device_id: str) -> Channels:
    """The outlets of a report.

    Raises:
        NotASwitch
    """
    switches, switch = params.get("switches"), params.get("switch")
    if isinstance(switches, Sequence) and not isinstance(switches, str):
        on = {number: state for entry in switches for number, state in _outlet(entry)}
        if on:
            return Channels(Kind.LIST, on)
    elif isinstance(switch, bool):
        return Channels(Kind.FLAG, {None: switch})
    elif isinstance(switch, str) and switch in _WORDS:
        return Channels(Kind.TEXT, {None: _WORDS[switch]})
    raise NotASwitch(f"device {device_id} reports no switch")


def check_type(thing: Mapping[str, Any], device_id: str) -> None:
    """Raises ``NotASwitch`` for types whose switch is no plain one."""
    if _type(thing) in REFUSED_TYPES:
        raise NotASwitch(
            f"device {device_id} is of type {_type(thing)}, a thermostat or Zigbee strip: use a plain plug"
        )


def state_of(thing: Mapping[str, Any], found: Channels, outlet: int | None) -> PlugState:
    """What a thing of the cloud's list tells of one outlet; without one, whether any of them is on."""
    params = _mapping(thing.get("params"))
    online = thing.get("online")
    return PlugState(
        on=any(found.on.values()) if outlet is None else found.on[outlet],
        online=online if isinstance(online, bool) else None,
        name=text(thing.get("name")),
        model=model_of(thing),
        channels=len(found.on) if found.kind is Kind.LIST else 0,
        startup=_startup(params, outlet, found.kind),
        pulse=_pulse(params, outlet, found.kind),
        power_w=_power(params.get("power"), _type(thing)),
        firmware=text(params.get("fwVersion")),
    )


def startup_command(params: Mapping[str, Any], found: Channels, outlet: int | None, startup: Startup) -> dict[str, Any]:
    """What to send to set what a plug does when it gets power; the other outlets keep theirs."""
    if found.kind is not Kind.LIST:
        return {"startup": startup.value}
    known = {number: _startup(params, number, Kind.LIST) for number in found.on}
    known[outlet] = startup
    told = [(number, value) for number, value in known.items() if value is not None]
    return {"configure": [{"startup": value.value, "outlet": number} for number, value in told]}


def model_of(thing: Mapping[str, Any]) -> str | None:
    """What it is sold as, else the name of its module."""
    return text(thing.get("productModel")) or text(_mapping(thing.get("extra")).get("model"))


def text(value: object) -> str | None:
    """A short text for people, without signs that print nothing."""
    if not isinstance(value, str):
        return None
    return "".join(sign if sign.isprintable() else " " for sign in value[: _LONGEST * 4]).strip()[:_LONGEST] or None


def _outlet(entry: object) -> list[tuple[int | None, bool]]:
    number, state = _mapping(entry).get("outlet"), _mapping(entry).get("switch")
    if isinstance(number, int) and not isinstance(number, bool) and isinstance(state, str) and state in _WORDS:
        return [(number, _WORDS[state])]
    return []


def _of_outlet(params: Mapping[str, Any], name: str, outlet: int | None) -> list[Mapping[str, Any]]:
    """The entries of a list that are of this outlet; of all, without one."""
    entries = params.get(name)
    found = [_mapping(entry) for entry in entries] if isinstance(entries, list) else []
    return [entry for entry in found if outlet is None or entry.get("outlet") == outlet]


def _startup(params: Mapping[str, Any], outlet: int | None, kind: Kind) -> Startup | None:
    if kind is Kind.LIST:
        said = next((entry.get("startup") for entry in _of_outlet(params, "configure", outlet)), None)
    else:
        said = params.get("startup")
    return Startup(said) if isinstance(said, str) and said in set(Startup) else None


def _pulse(params: Mapping[str, Any], outlet: int | None, kind: Kind) -> bool | None:
    said = [params.get("pulse")]
    if kind is Kind.LIST:
        said = [entry.get("pulse") for entry in _of_outlet(params, "pulses", outlet)]
    found = [_WORDS[one] for one in said if isinstance(one, str) and one in _WORDS]
    return any(found) if found else None


def _power(value: object, kind: int | None) -> float | None:
    if isinstance(value, str):
        try:
            watts = float(value)
        except ValueError:
            return None
    elif isinstance(value, int | float) and not isinstance(value, bool):
        watts = value / 100 if kind in _HUNDREDTHS else float(value)
    else:
        return None
    return watts if 0 <= watts < 1e6 else None


def _type(thing: Mapping[str, Any]) -> int | None:
    found = _mapping(thing.get("extra")).get("uiid")
    return found if isinstance(found, int) else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
