"""The manager's port (AMI): lines of ``Name: value``, an empty line after each message, and lists told as events."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import attrs

from ....ports.secrets import Secret
from ....ports.units import Cause
from .dialing import Dialler, Progress, Step
from .printout import quoted, text
from .verdict import LookEnded, Verdict, broken

_GREETING = b"Asterisk Call Manager"
#: Up to version 13 a command's output has no names before its lines.
_RAW_START, _RAW_END = "Follows", "--END COMMAND--"


@attrs.frozen
class Message:
    """One message; names may come several times."""

    fields: tuple[tuple[str, str], ...]
    #: Lines without a name.
    raw: tuple[str, ...] = ()

    def get(self, name: str) -> str:
        """The first value of that name; empty when there is none."""
        return next((value for key, value in self.fields if key.lower() == name.lower()), "")

    @property
    def output(self) -> bytes:
        """What a command printed."""
        named = [value for key, value in self.fields if key == "Output"]
        return "\n".join([*named, *self.raw]).encode()


@attrs.frozen
class Answer:
    """What an action brought."""

    response: Message
    #: The events of its list, without the last one.
    events: tuple[Message, ...] = ()
    #: How many the last one counts; ``None`` = there was none.
    items: int | None = None

    @property
    def done(self) -> bool:
        return self.response.get("Response") in ("Success", _RAW_START, "Goodbye")

    @property
    def message(self) -> str:
        return self.response.get("Message")

    @property
    def denied(self) -> bool:
        return not self.done and self.message == "Permission denied"

    @property
    def unknown(self) -> bool:
        return not self.done and self.message.startswith("Invalid/unknown command")

    @property
    def whole(self) -> bool:
        return self.items is not None and self.items == len(self.events)


def read_message(lines: list[bytes]) -> Message:
    """A message of these lines; never raises."""
    fields: list[tuple[str, str]] = []
    raw: list[str] = []
    for line in map(text, lines):
        name, colon, value = line.partition(": ")
        if not colon and line.endswith(":"):
            name, colon, value = line[:-1], ":", ""
        if colon and name.replace("-", "").isalnum() and not raw:
            fields.append((name, value))
        elif line != _RAW_END:
            raw.append(line)
    return Message(tuple(fields), tuple(raw))


class Manager:
    """One login at the manager's port."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: int) -> None:
        self._reader = reader
        self._writer = writer
        self._room = limit
        self._actions = 0

    async def greet(self) -> None:
        """Read the greeting.  Raises ``LookEnded`` when it is none."""
        line = await self._line()
        if not line.startswith(_GREETING):
            raise LookEnded(Verdict.of(Cause.GARBLED, f"this is no manager's port: {quoted(line)}"))

    async def log_in(self, username: str, password: Secret) -> None:
        """Log in, without sending the password where the other side can do with a hash of it.

        Raises:
            LookEnded: It is not taken.
        """
        challenge = (await self.ask("Challenge", AuthType="MD5")).response.get("Challenge")
        if challenge:
            # What the protocol has; the password is at least not sent.
            key = hashlib.md5((challenge + password.reveal()).encode(), usedforsecurity=False).hexdigest()
            answer = await self.ask("Login", AuthType="MD5", Username=username, Key=key, Events="off")
        else:
            answer = await self.ask("Login", Username=username, Secret=password.reveal(), Events="off")
        if not answer.done:
            raise LookEnded(Verdict.of(Cause.DENIED, quoted(answer.message.encode())))

    async def ask(self, action: str, *, listed: bool = False, **values: str) -> Answer:
        """What an action brings; ``listed`` ones bring events after their response.

        Raises:
            LookEnded: The connection ended, or too much came.
        """
        self._actions += 1
        number = str(self._actions)
        lines = [f"{name}: {value}" for name, value in {"Action": action, "ActionID": number, **values}.items()]
        if any("\r" in line or "\n" in line for line in lines):
            raise LookEnded(Verdict.of(Cause.DENIED, "a name or a password holds an end of line"))
        try:
            self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
            await self._writer.drain()
        except OSError as error:
            raise LookEnded(broken(error)) from error
        response: Message | None = None
        events: list[Message] = []
        while True:
            message = await self._message()
            if message.get("ActionID") != number:
                continue
            if response is None:
                if not message.get("Response"):
                    continue
                response = message
                if not (listed and Answer(response).done):
                    return Answer(response)
            elif message.get("EventList") == "Complete" or message.get("Event").endswith("Complete"):
                items = message.get("ListItems")
                return Answer(response, tuple(events), int(items) if items.isdecimal() and len(items) < 9 else None)
            else:
                events.append(message)

    async def _message(self) -> Message:
        lines: list[bytes] = []
        raw = False
        while True:
            line = await self._line()
            if not line and not raw and lines:
                return read_message(lines)
            if line:
                lines.append(line)
            raw = (raw or line == f"Response: {_RAW_START}".encode()) and not line.endswith(_RAW_END.encode())

    async def _line(self) -> bytes:
        try:
            line = await self._reader.readline()
        except OSError as error:
            raise LookEnded(broken(error)) from error
        except ValueError:
            # A line that is longer than the reader takes.
            self._room = 0
            line = b"\n"
        self._room -= len(line)
        if self._room < 0:
            raise LookEnded(Verdict.of(Cause.GARBLED, "it sends more than is taken"))
        if not line.endswith(b"\n"):
            raise LookEnded(Verdict.of(Cause.CLOSED))
        return line.rstrip(b"\r\n")


@asynccontextmanager
async def managed(
    host: str, port: int, progress: Progress, dialler: Dialler, until: float, limit: int
) -> AsyncGenerator[Manager]:
    """A greeted conversation.

    Raises:
        LookEnded: It did not come to that.
    """

    async def connect(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        streams = await asyncio.open_connection(address, port)
        progress.connected()
        return streams

    reader, writer = await dialler.reach(host, port, progress, connect, until=until)
    try:
        manager = Manager(reader, writer, limit)
        await manager.greet()
        progress.step = Step.LOGGING_IN
        yield manager
    finally:
        writer.transport.abort()
