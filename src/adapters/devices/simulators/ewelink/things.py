"""A plug as the cloud knows it: what it reports, and what may be sent to it."""

import time
from collections.abc import Callable
from typing import Any

from .relay import Relay

_WORDS = {"on": True, "off": False}
#: What the list of a free application shows.
SHOWN = ("SONOFF", "coolkit")


class CloudPlug:
    """One device of the account."""

    def __init__(
        self,
        device_id: str,
        name: str,
        *,
        outlets: int = 1,
        style: str = "text",
        uiid: int | None = None,
        meter: bool = False,
        shared: bool = False,
        brand: str = "SONOFF",
        home: int = 0,
        on: bool = True,
        startup: str = "on",
        pulse_ms: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Put it into the account.

        Args:
            device_id: Ten characters.
            name: As its owner calls it.
            outlets: How many outlets it has.
            style: How it reports them: ``text``, ``flag`` (a boolean), or ``list`` (a strip, with numbers).
            uiid: Its type; ``None``: one that fits.
            meter: It measures power.
            shared: It belongs to another account.
            brand: Others than SONOFF are in no list of a free application.
            home: Of the homes of the account, from 0.
            on: The state of its outlets.
            startup: What it does when power comes back: ``on``, ``off`` or ``stay``.
            pulse_ms: It switches itself off after each ON, after so long.
            clock: Seconds.

        Raises:
            ValueError: Several outlets in a style that has one.
        """
        if style not in ("text", "flag", "list") or (style != "list" and outlets != 1):
            raise ValueError(f"a plug of {outlets} outlets does not report in the style {style!r}: say list")
        self.device_id = device_id
        self.name = name
        self.style = style
        self.uiid = uiid if uiid is not None else {"text": 5 if meter else 1, "flag": 226, "list": 4}[style]
        self.meter = meter
        self.shared = shared
        self.brand = brand
        self.home = home
        self.pulse_ms = pulse_ms
        pulse_s = None if pulse_ms is None else pulse_ms / 1000
        self.relay = Relay(outlets, on=on, startup=startup, pulse_s=pulse_s, clock=clock)
        #: Whether it is connected to the cloud, and whether the cloud has noticed.
        self.online = True
        self.shown_online: bool | None = None
        #: It obeys only lists with all its outlets.
        self.whole_lists = False
        #: Watts behind it, while there is power.
        self.load_w = 11.5
        #: Reported last; an offline one reports no more.
        self._reported: dict[str, Any] | None = None

    @property
    def item_type(self) -> int:
        """1 is an own one, 2 a shared one."""
        return 2 if self.shared else 1

    @property
    def listed(self) -> bool:
        """Whether a free application finds it in the list."""
        return self.brand in SHOWN

    def go(self, *, online: bool) -> None:
        """Lose or find the way to the cloud; its relay stays as it is."""
        if not online:
            self._reported = self._params()
        else:
            self._reported = None
        self.online = online

    def params(self) -> dict[str, Any]:
        """Return what it reported last."""
        return self._params() if self._reported is None else self._reported

    def item(self, index: int, family: str) -> dict[str, Any]:
        """Return its data in a list, with all that nobody should log."""
        item: dict[str, Any] = {
            "name": self.name,
            "deviceid": self.device_id,
            "apikey": "00000000-0000-4000-8000-0000000000aa",
            "devicekey": "00000000-0000-4000-8000-0000000000bb",
            "extra": {"model": "PSF-B01-GL", "uiid": self.uiid, "mac": "02:00:00:00:00:01", "manufacturer": ""},
            "brandName": self.brand,
            "productModel": "SIMPLUG",
            "family": {"familyid": family, "index": index},
            "shareTo": [],
            "online": self.online if self.shown_online is None else self.shown_online,
            "params": self.params(),
        }
        if self.shared:
            item["sharedBy"] = {"apikey": "00000000-0000-4000-8000-0000000000cc", "email": "owner@example.org"}
        return item

    def take(self, params: Any) -> bool:
        """Obey what is sent; whether it can be obeyed."""
        if not isinstance(params, dict) or not params:
            return False
        orders = self._orders(params)
        startups = self._startups(params)
        pulses = self._pulses(params)
        if None in (orders, startups, pulses) or not (orders or startups or pulses):
            return False
        for outlet, startup in startups or []:
            self.relay.startup[outlet] = startup
        if pulses:
            self.relay.pulse_s = [pulses[0]] * len(self.relay.on)
        for outlet, on in orders or []:
            self.relay.order(outlet, on)
        return True

    def _params(self) -> dict[str, Any]:
        relay = self.relay
        found: dict[str, Any]
        if self.style == "list":
            found = {
                "switches": [{"switch": _word(on), "outlet": number} for number, on in enumerate(relay.on)],
                "configure": [{"startup": word, "outlet": number} for number, word in enumerate(relay.startup)],
                "pulses": [
                    {"pulse": _word(pulse is not None), "width": int(1000 * (pulse or 0.5)), "outlet": number}
                    for number, pulse in enumerate(relay.pulse_s)
                ],
            }
        else:
            found = {
                "switch": relay.on[0] if self.style == "flag" else _word(relay.on[0]),
                "startup": relay.startup[0],
                "pulse": _word(relay.pulse_s[0] is not None),
                "pulseWidth": int(1000 * (relay.pulse_s[0] or 0.5)),
            }
        if self.meter:
            found |= {"power": f"{self.load_w if relay.gives() else 0:.2f}", "voltage": "228.30"}
        return found | {"rssi": -58, "fwVersion": "3.5.1", "timers": []}

    def _orders(self, params: dict[str, Any]) -> list[tuple[int, bool]] | None:
        if self.style == "list":
            return self._ordered_list(params) if "switches" in params else []
        if "switch" not in params:
            return [] if "switches" not in params else None
        told = params["switch"]
        if self.style == "flag":
            return [(0, told)] if isinstance(told, bool) else None
        return [(0, _WORDS[told])] if isinstance(told, str) and told in _WORDS else None

    def _ordered_list(self, params: dict[str, Any]) -> list[tuple[int, bool]] | None:
        found = _by_outlet(params["switches"], "switch", len(self.relay.on))
        if not found or any(word not in _WORDS for _, word in found):
            return None
        if self.whole_lists and len({number for number, _ in found}) < len(self.relay.on):
            return None
        # What is as it was is no order.
        return [(number, _WORDS[word]) for number, word in found
                if not self.whole_lists or _WORDS[word] != self.relay.on[number]]  # fmt: skip

    def _startups(self, params: dict[str, Any]) -> list[tuple[int, str]] | None:
        if self.style == "list":
            found = _by_outlet(params.get("configure", []), "startup", len(self.relay.on))
        else:
            found = [(0, params["startup"])] if "startup" in params else []
        return None if found is None or any(word not in ("on", "off", "stay") for _, word in found) else found

    def _pulses(self, params: dict[str, Any]) -> list[float | None] | None:
        if "pulse" not in params:
            return []
        width = params.get("pulseWidth", 500)
        right = params["pulse"] in _WORDS and isinstance(width, int) and 500 <= width <= 3_600_000
        return [width / 1000 if params["pulse"] == "on" else None] if right else None


def _by_outlet(entries: Any, name: str, outlets: int) -> list[tuple[int, str]] | None:
    if not isinstance(entries, list):
        return None
    found: list[tuple[int, str]] = []
    for entry in entries:
        number = entry.get("outlet") if isinstance(entry, dict) else None
        if not isinstance(number, int) or not 0 <= number < outlets or not isinstance(entry.get(name), str):
            return None
        found.append((number, entry[name]))
    return found


def _word(on: bool) -> str:
    return "on" if on else "off"
