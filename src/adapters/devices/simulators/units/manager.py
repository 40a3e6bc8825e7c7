"""The manager's port of a unit (AMI): messages of ``Name: value`` lines, lists as events."""

import asyncio
import contextlib
import hashlib
import random
import socket
from typing import TYPE_CHECKING

from . import console
from .manager_lists import LISTS, Events

if TYPE_CHECKING:
    from .unit import SimulatedUnit

_GREETINGS = {False: "Asterisk Call Manager/7.0.3", True: "Asterisk Call Manager/11.0.0"}
#: What an action needs; those that are not here need nothing.
_NEEDS = {"Command": "command", "Redirect": "call", "CoreStatus": "reporting", "CoreSettings": "reporting"}
_ACTIONS = ("ping", "corestatus", "coresettings", "command", "redirect", *LISTS)
_MOST, _LONGEST, _IDLE_S = 64, 16_384, 300.0
_UNKNOWN = "Invalid/unknown command: {}. Use Action: ListCommands to show available commands."

Message = list[tuple[str, str]]


class ManagerServer:
    """Serves the connections that come to one unit's manager port."""

    def __init__(self, unit: "SimulatedUnit") -> None:
        self._unit = unit
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, sock: socket.socket) -> asyncio.Server:
        """Serve who comes to a listening socket."""
        return await asyncio.start_server(self._serve, sock=sock, limit=_LONGEST, backlog=_MOST)

    def hang_up(self) -> None:
        """Break all connections off."""
        for task in [*self._tasks]:
            task.cancel()

    async def close(self) -> None:
        """Break all off, and wait until they have ended."""
        tasks = [*self._tasks]
        self.hang_up()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._tasks) >= _MOST:
            writer.transport.abort()
            return
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            # Somebody who leaves, says nothing, or says too much in one line; or the unit loses its power.
            with contextlib.suppress(OSError, TimeoutError, ValueError, asyncio.CancelledError):
                writer.write(f"{_GREETINGS[self._unit.knobs.pjsip]}\r\n".encode())
                await self._talk(reader, writer)
        finally:
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = Talk(self._unit)
        while not talk.over:
            async with asyncio.timeout(_IDLE_S):
                asked = await _asked(reader)
            if asked is None:
                return
            if not asked:
                continue
            if self._unit.knobs.slow_ms:
                await asyncio.sleep(self._unit.knobs.slow_ms / 1000)
            for message in talk.answer(asked):
                lines = [f"{name}: {value}\r\n" for name, value in message]
                writer.write(("".join(lines) + "\r\n").encode("utf-8", "surrogateescape"))
            await writer.drain()


class Talk:
    """One conversation."""

    def __init__(self, unit: "SimulatedUnit") -> None:
        self._unit = unit
        self._challenge = ""
        self._logged_in = False
        self.over = False

    def answer(self, asked: dict[str, str]) -> list[Message]:
        """Return what is said to one action."""
        action = asked.get("action", "")
        self._unit.actions[action] += 1
        number = [("ActionID", asked["actionid"])] if "actionid" in asked else []
        match action.lower():
            case "challenge":
                self._challenge = f"{random.randrange(10**8, 10**9)}"
                return [[("Response", "Success"), *number, ("Challenge", self._challenge)]]
            case "login":
                return [self._login(asked, number)]
            case "logoff":
                self.over = True
                return [[("Response", "Goodbye"), *number, ("Message", "Thanks for all the fish.")]]
            case _ if not self._logged_in:
                return [_error(number, "Permission denied")]
            case name if name not in _ACTIONS or (name == "sippeers" and self._unit.knobs.pjsip):
                return [_error(number, _UNKNOWN.format(action))]
            case name if not self._may(name):
                return [_error(number, "Permission denied")]
            case "ping":
                return [[("Response", "Success"), *number, ("Ping", "Pong"), ("Timestamp", "1700000000.000000")]]
            case "command":
                return [self._command(asked.get("command", ""), number)]
            case "redirect":
                return [_error(number, f"Channel does not exist: {asked.get('channel', '')}")]
            case "corestatus":
                return [[("Response", "Success"), *number, *self._status()]]
            case "coresettings":
                told = [("AMIversion", _GREETINGS[self._unit.knobs.pjsip].rpartition("/")[2])]
                told += [("AsteriskVersion", console.version_of(self._unit)), ("SystemName", "simulator")]
                return [[("Response", "Success"), *number, *told]]
            case name:
                return _listed(LISTS[name](self._unit), number)

    def _login(self, asked: dict[str, str], number: Message) -> Message:
        name, secret = self._unit.manager_login
        right = asked.get("secret") == secret
        if asked.get("authtype", "").lower() == "md5":
            wanted = hashlib.md5((self._challenge + secret).encode(), usedforsecurity=False).hexdigest()
            right = bool(self._challenge) and asked.get("key", "").lower() == wanted
        if self._unit.knobs.denied or asked.get("username") != name or not right:
            self.over = True
            return _error(number, "Authentication failed")
        self._logged_in = True
        return [("Response", "Success"), *number, ("Message", "Authentication accepted")]

    def _may(self, name: str) -> bool:
        rights = self._unit.knobs.rights
        need = {key.lower(): right for key, right in _NEEDS.items()}.get(name)
        if name in LISTS or need == "reporting":
            return "system" in rights or "reporting" in rights
        return need is None or need in rights

    def _command(self, command: str, number: Message) -> Message:
        done = console.known(self._unit, command)
        lines = console.typed(self._unit, command).decode("utf-8", "surrogateescape").splitlines()
        head = [("Response", "Success" if done else "Error"), *number, ("Message", "Command output follows")]
        return [*head, *(("Output", line) for line in lines)]

    def _status(self) -> Message:
        calls = self._unit.calls()
        return [("CoreCurrentCalls", str(calls)), ("CoreProcessedCalls", str(calls))]


def _listed(events: Events, number: Message) -> list[Message]:
    if not events.rows and events.empty:
        return [_error(number, events.empty)]
    start = [("Response", "Success"), *number, ("EventList", "start"), ("Message", events.title)]
    rows = [[("Event", events.name), *number, *row] for row in events.rows]
    end = [("Event", events.end), *number, ("EventList", "Complete"), ("ListItems", str(len(rows)))]
    return [start, *rows, end]


def _error(number: Message, message: str) -> Message:
    return [("Response", "Error"), *number, ("Message", message)]


async def _asked(reader: asyncio.StreamReader) -> dict[str, str] | None:
    """Return one action with its names in small letters; ``None``: they have gone."""
    asked: dict[str, str] = {}
    while line := await reader.readline():
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if not text:
            return asked
        name, _, value = text.partition(":")
        if len(asked) < 100:
            asked[name.strip().lower()] = value.strip()
    return None
