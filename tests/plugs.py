"""Plugs with a web server of their own, in memory behind real sockets."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs


@attrs.define(eq=False)
class LocalPlug:
    """One of a kind: ``gen1``, ``gen2`` or ``tasmota``."""

    kind: str
    on: list[bool] = attrs.field(factory=lambda: [True])
    startup: str = "on"
    pulse: bool = False
    locked: bool = False
    login: bool = False
    #: Sent as they are, in place of an answer; ``b""`` = it hangs up.
    raw: bytes | None = None
    #: It takes the command and says nothing.
    mute: bool = False
    asked: list[str] = attrs.field(factory=list)

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[str]:
        """Its address."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            host, port = server.sockets[0].getsockname()
            yield f"{host}:{port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            target = head.split(b" ")[1].decode()
            self.asked.append(target)
            if self.raw is not None:
                writer.write(self.raw)
                await writer.drain()
                return
            status, body = self._answer(target)
            if self.mute:
                await reader.read()
                return
            content = json.dumps(body).encode()
            writer.write(b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n%s" % (status, len(content), content))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _answer(self, target: str) -> tuple[int, Any]:
        if self.login and target != "/shelly":
            return 401, {}
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        said = {"gen1": self._first, "gen2": self._later, "tasmota": self._tasmota}[self.kind](parts.path, query)
        return (200, said) if said is not None else (404, {"code": 404, "message": f"No handler for {parts.path}"})

    def _first(self, path: str, query: dict[str, str]) -> Any:
        number = int(path.rpartition("/")[2]) if path[-1].isdigit() else 0
        if path == "/shelly":
            return {"type": "SHPLG-S", "mac": "000000000001", "auth": self.login, "fw": "v1.14"}
        if path == "/status":
            relays = [{"ison": on, "has_timer": False} for on in self.on]
            return {"relays": relays, "meters": [{"power": 23.5} for _ in self.on]}
        if number >= len(self.on):
            return None
        if path.startswith("/settings/relay/"):
            self.startup = query.get("default_state", self.startup)
            return {"name": "Unit 0123", "default_state": self.startup, "auto_off": 5.0 if self.pulse else 0.0}
        self.on[number] = query["turn"] == "on"
        return {"ison": self.on[number], "has_timer": False}

    def _later(self, path: str, query: dict[str, str]) -> Any:
        number = int(query.get("id", 0))
        match path:
            case "/shelly":
                return {"name": "Unit 0123", "model": "SNPL-00112EU", "gen": 2, "ver": "1.4", "auth_en": self.login}
            case "/rpc/Shelly.GetStatus":
                return {"sys": {}} | {
                    f"switch:{place}": {"id": place, "output": on, "apower": 23.5} for place, on in enumerate(self.on)
                }
            case _ if number >= len(self.on):
                return None
            case "/rpc/Switch.GetConfig":
                word = "restore_last" if self.startup == "last" else self.startup
                return {"id": number, "name": None, "initial_state": word, "auto_off": self.pulse}
            case "/rpc/Switch.SetConfig":
                self.startup = json.loads(query["config"])["initial_state"]
                return {"restart_required": False}
            case "/rpc/Switch.Set":
                was, self.on[number] = self.on[number], query["on"] == "true"
                return {"was_on": was}
            case _:
                return None

    def _tasmota(self, path: str, query: dict[str, str]) -> Any:
        if path != "/cm":
            return None
        command, _, value = query["cmnd"].partition(" ")
        several = len(self.on) > 1
        states = {
            f"POWER{place + 1}" if several else "POWER": "ON" if on else "OFF" for place, on in enumerate(self.on)
        }
        if command == "Status":
            return {
                "Status": {"FriendlyName": ["Unit 0123"], "PowerOnState": {"off": 0, "on": 1, "last": 3}[self.startup]},
                "StatusFWR": {"Version": "14.2.0(tasmota)"},
                "StatusSNS": {"ENERGY": {"Power": 23.5}},
                "StatusSTS": states,
            }
        if command.startswith("PulseTime"):
            return {command: {"Set": 50 if self.pulse else 0, "Remaining": 0}}
        if command == "PowerOnState":
            self.startup = {"0": "off", "1": "on", "3": "last"}[value]
            return {"PowerOnState": int(value)}
        number = int(command.removeprefix("Power") or 1) - 1
        if number >= len(self.on):
            return {"Command": "Unknown"}
        if not self.locked:
            self.on[number] = value == "ON"
        return {f"POWER{number + 1}" if several else "POWER": "ON" if self.on[number] else "OFF"}
