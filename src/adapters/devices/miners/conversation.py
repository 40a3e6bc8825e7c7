"""One poll's talk with one miner: what was asked, what came, and what was refused.

A question is put once; asking again gives the same answer.  So identification
and reading share replies, and there is never more than one connection.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import attrs

from ....ports.errors import DeviceError
from ....ports.miners import Maker, NoReply, Target, UnknownCommand
from ....ports.miners.where import host_port
from .decode import Reply, joined, single
from .textmode import is_text_mode
from .transports.web import Login, login
from .words import Ask, Way, ask_of

_HEARD = 4096


@attrs.frozen
class Wires:
    """The transports.  Each takes host and port first, and raises leaves of ``DeviceError``."""

    cgminer: Callable[[str, int, bytes, int], Awaitable[bytes]]
    api3: Callable[[str, int, Sequence[bytes], int], Awaitable[list[bytes]]]
    web: Callable[[str, int, str, Login | None], Awaitable[bytes]]


class Conversation:
    """Puts words of a plan to a miner and keeps the answers by command."""

    __slots__ = ("_asked", "_auth", "_limit", "_wires", "errors", "heard", "raws", "replies", "target", "vain")

    def __init__(self, target: Target, wires: Wires, limit: int) -> None:
        self.target = target
        self._wires = wires
        self._limit = limit
        self._auth = login(target.username, target.password)
        self._asked: dict[str, DeviceError | None] = {}
        #: Good answers by command, as objects and as strict JSON.
        self.replies: dict[str, dict[str, Any]] = {}
        self.raws: dict[str, bytes] = {}
        #: Commands that the miner refused, alone or within others.
        self.errors: dict[str, DeviceError] = {}
        #: Questions that need not be answered, and were not.
        self.vain: set[str] = set()
        #: The beginning of the last answer over the main port, also of one that is an error.
        self.heard = b""

    async def ask(self, word: str) -> None:
        """Put a question.

        Raises:
            DeviceError: It was not answered, or refused as a whole.
        """
        if word in self._asked:
            error = self._asked[word]
            if error is not None:
                raise error
            return
        ask = ask_of(word)
        try:
            if ask.way is Way.API3:
                await self._ask_api3(ask)
            elif ask.way is Way.WEB:
                await self._ask_web(ask)
            else:
                target = self.target
                port = 4028 if target.maker is Maker.ELPHAPEX else target.port
                data = await self._wires.cgminer(target.host, port, ask.requests[0], self._limit)
                self._take(data, ask.names, host_port(target.host, port))
        except DeviceError as error:
            self._asked[word] = error
            for name in ask.names:
                self.errors[name] = error
            raise
        self._asked[word] = None

    async def tries(self, word: str) -> bool:
        """Put a question that need not be answered; whether it was."""
        try:
            await self.ask(word)
        except DeviceError:
            return False
        return all(name in self.replies for name in ask_of(word).names)

    @property
    def where(self) -> str:
        """The main address, for people."""
        return self.target.where

    @property
    def web_port(self) -> int:
        target = self.target
        # An Elphapex has no other port, so the main one is it.
        return target.port if target.maker is Maker.ELPHAPEX else target.web_port or 80

    async def _ask_web(self, ask: Ask) -> None:
        target = self.target
        path = ask.requests[0].decode()
        port = self.web_port
        data = await self._wires.web(target.host, port, path, self._auth)
        self._keep(ask.names[0], single(data, f"http://{host_port(target.host, port)}{path}"))

    async def _ask_api3(self, ask: Ask) -> None:
        host, port = self.target.host, self.target.api3_port or 4433
        where = host_port(host, port)
        answers = await self._wires.api3(host, port, ask.requests, self._limit)
        for place, name in enumerate(ask.names):
            if place >= len(answers):
                raise NoReply(f"{where} closed the connection after {place} of {len(ask.names)} answers")
            self._keep(name, single(answers[place], where))

    def _take(self, data: bytes, names: Sequence[str], where: str) -> None:
        self.heard = data[:_HEARD]
        if len(names) == 1:
            self._keep(names[0], single(data, where))
            return
        for name, reply in joined(data, names, where).items():
            if isinstance(reply, DeviceError):
                self.errors[name] = reply
            else:
                self._keep(name, reply)

    def _keep(self, name: str, reply: Reply) -> None:
        self.replies[name] = reply.value
        self.raws[name] = reply.raw
        if self.errors:
            self.errors.pop(name, None)

    @property
    def in_text_mode(self) -> bool:
        """Whether the miner answered in text mode, so that it has to be asked in it."""
        return is_text_mode(self.heard)

    def refusal(self, names: Iterable[str]) -> DeviceError:
        """Why none of these commands was answered."""
        for name in names:
            if name in self.errors:
                return self.errors[name]
        return UnknownCommand(f"{self.where}: the miner answers none of {', '.join(names)}")

    def raw(self) -> bytes:
        """All good answers as one JSON object keyed by command."""
        return b"{" + b",".join([b'"' + name.encode() + b'":' + raw for name, raw in self.raws.items()]) + b"}"
