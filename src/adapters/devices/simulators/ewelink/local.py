"""Plugs with a web server of their own: Shelly of both kinds, and Tasmota."""

import json
from collections import Counter
from types import TracebackType
from typing import Any, Self

from .relay import Relay
from .web import Reply, Request, WebServer, as_json

KINDS = ("gen1", "gen2", "tasmota")
_POWER_ON = {"off": 0, "on": 1, "stay": 3}


class SimulatedPlug:
    """``async with SimulatedPlug("gen2") as plug: plug.device_id, plug.relay.orders``."""

    def __init__(
        self,
        kind: str = "gen2",
        name: str = "Plug",
        *,
        relay: Relay | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """Set it up; nothing listens yet.

        Raises:
            ValueError: There is no such kind, or the address is not one of loopback.
        """
        if kind not in KINDS:
            raise ValueError(f"there is no plug {kind!r}: say one of {', '.join(KINDS)}")
        if not host.startswith("127."):
            raise ValueError(f"{host} is not a loopback address (127.0.0.0/8)")
        self.kind = kind
        self.name = name
        self.relay = relay or Relay()
        #: It wants a login; it takes orders and answers nothing; it answers nothing at all.
        self.wants_login = False
        self.loses_answers = False
        self.mute = False
        #: Requests by their path.
        self.calls: Counter[str] = Counter()
        self._web = WebServer(host, port, self._answer)

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            OSError: The port is taken or may not be used.
        """
        await self._web.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up and listen no more."""
        await self._web.close()
        self.relay.close()

    @property
    def device_id(self) -> str:
        """How it is bound: its address."""
        return f"{self._web.host}:{self._web.port}"

    async def _answer(self, request: Request) -> Reply:
        self.calls[request.path] += 1
        if self.mute or not self.relay.has_mains:
            return Reply(mute=True)
        if self.wants_login and request.path != "/shelly":
            return as_json({}, 401)
        speaks = {"gen1": self._first, "gen2": self._later, "tasmota": self._tasmota}[self.kind]
        orders = len(self.relay.orders)
        said = speaks(request.path, request.query)
        if self.loses_answers and len(self.relay.orders) > orders:
            return Reply(drop=True)
        return (
            as_json({"code": 404, "message": f"No handler for {request.path}"}, 404) if said is None else as_json(said)
        )

    def _first(self, path: str, query: dict[str, str]) -> Any:
        relay = self.relay
        if path == "/shelly":
            return {"type": "SHPLG-S", "mac": "020000000001", "auth": self.wants_login, "fw": "v1.14.0"}
        if path == "/status":
            relays = [{"ison": on, "has_timer": relay.pulse_s[place] is not None} for place, on in enumerate(relay.on)]
            return {"relays": relays, "meters": [{"power": 11.5 if on else 0.0} for on in relay.on]}
        place = _place(path.rpartition("/")[2])
        if place is None or place >= len(relay.on):
            return None
        if path.startswith("/settings/relay/"):
            words = {"last": "stay", "on": "on", "off": "off"}
            relay.startup[place] = words.get(query.get("default_state", ""), relay.startup[place])
            told = {word: known for known, word in words.items()}[relay.startup[place]]
            return {"name": self.name, "default_state": told, "auto_off": relay.pulse_s[place] or 0.0}
        if not path.startswith("/relay/"):
            return None
        if query.get("turn") in ("on", "off"):
            relay.order(place, query["turn"] == "on")
        return {"ison": relay.on[place], "has_timer": relay.pulse_s[place] is not None}

    def _later(self, path: str, query: dict[str, str]) -> Any:
        relay = self.relay
        place = _place(query.get("id", "0"))
        match path:
            case "/shelly":
                return {"name": self.name, "model": "SNPL-00112EU", "gen": 2, "ver": "1.4.4",
                        "app": "PlusPlugS", "auth_en": self.wants_login}  # fmt: skip
            case "/rpc/Shelly.GetStatus":
                return {"sys": {}} | {
                    f"switch:{number}": {"id": number, "output": on, "apower": 11.5 if on else 0.0}
                    for number, on in enumerate(relay.on)
                }
            case _ if place is None or place >= len(relay.on):
                return None
            case "/rpc/Switch.GetConfig":
                word = "restore_last" if relay.startup[place] == "stay" else relay.startup[place]
                return {"id": place, "name": self.name, "initial_state": word,
                        "auto_off": relay.pulse_s[place] is not None}  # fmt: skip
            case "/rpc/Switch.SetConfig":
                word = str(_object(query.get("config", "")).get("initial_state"))
                words = {"restore_last": "stay", "on": "on", "off": "off"}
                relay.startup[place] = words.get(word, relay.startup[place])
                return {"restart_required": False}
            case "/rpc/Switch.Set" if query.get("on") in ("true", "false"):
                was = relay.on[place]
                relay.order(place, query["on"] == "true")
                return {"was_on": was}
            case _:
                return None

    def _tasmota(self, path: str, query: dict[str, str]) -> Any:
        relay = self.relay
        if path != "/cm":
            return None
        command, _, value = query.get("cmnd", "").partition(" ")
        several = len(relay.on) > 1
        names = [f"POWER{place + 1}" if several else "POWER" for place in range(len(relay.on))]
        if command == "Status":
            return {
                "Status": {"FriendlyName": [self.name] * len(names), "PowerOnState": _POWER_ON[relay.startup[0]]},
                "StatusFWR": {"Version": "14.2.0(simulated)"},
                "StatusSNS": {"ENERGY": {"Power": 11.5 if relay.gives() else 0}},
                "StatusSTS": {name: "ON" if on else "OFF" for name, on in zip(names, relay.on, strict=True)},
            }
        if command.startswith("PulseTime"):
            pulse = relay.pulse_s[(_place(command.removeprefix("PulseTime")) or 1) - 1]
            return {command: {"Set": 0 if pulse is None else max(1, round(10 * pulse)), "Remaining": 0}}
        if command == "PowerOnState":
            word = {"0": "off", "1": "on", "3": "stay"}.get(value)
            relay.startup = [word or known for known in relay.startup]
            return {"PowerOnState": _POWER_ON[relay.startup[0]]}
        number = _place(command.removeprefix("Power") or "1")
        if not command.startswith("Power") or number is None or not 0 < number <= len(relay.on):
            return {"Command": "Unknown"}
        if value in ("ON", "OFF"):
            relay.order(number - 1, value == "ON")
        return {names[number - 1]: "ON" if relay.on[number - 1] else "OFF"}


def _place(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 3 else None


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
