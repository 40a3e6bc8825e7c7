"""One action's talk with one miner: questions first, then one command, once."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import attrs
import msgspec

from .....ports.errors import DeviceError, Unreachable
from .....ports.miners import BadRequest, Maker, NotJson, Target
from .....ports.miners.where import host_port
from ..conversation import Wires
from ..decode import document, single
from ..transports.web import Login, Web, login

Json = dict[str, Any]


@attrs.define(eq=False)
class Line:
    """Remembers whether the command has left, for whoever has to say what became of it."""

    target: Target
    wires: Wires
    web: Web
    limit: int
    #: Epoch seconds.
    now: Callable[[], float]
    #: Whether the command left, and whether it was answered.
    sent: bool = False
    answered: bool = False

    @property
    def where(self) -> str:
        """The main address, for people."""
        return self.target.where

    @property
    def password(self) -> str:
        """The miner's password, or nothing."""
        return self.target.password.reveal() if self.target.password else ""

    async def ask(self, command: str, parameter: str | None = None, *, key: str = "command") -> Json:
        """A question over the main port."""
        return single(await self._exchange(_request(key, command, parameter)), self.where).value

    async def tell(self, command: str, parameter: str | None = None) -> Json:
        """The command, over the main port.

        Raises:
            Declined: The miner says no.
        """
        return single(await self.tell_raw(_request("command", command, parameter)), self.where).value

    async def tell_raw(self, request: bytes) -> bytes:
        """The command, in bytes of the caller's own."""
        return await self._command(self._exchange(request))

    async def ask_api3(self, request: Mapping[str, object]) -> Json:
        """A question over Whatsminer's API 3."""
        return single(await self._converse(request), self._where_api3).value

    async def tell_api3(self, request: Mapping[str, object]) -> Json:
        """The command, over Whatsminer's API 3."""
        return single(await self._command(self._converse(request)), self._where_api3).value

    async def page(self, path: str) -> Json:
        """A page of the web server, as it is: with passwords, which must go back as they came."""
        return self._object(await self.web.get(self.target.host, self.web_port, path, self._login()), path)

    async def tell_page(self, path: str, body: object = None, *, headers: Mapping[str, str] | None = None) -> Json:
        """The command, as a page that is fetched or, with a body, as JSON that is posted.  No answer is one as well."""
        if body is None and headers is None:
            sending = self.web.get(self.target.host, self.web_port, path, self._login())
        else:
            sending = self._post(path, body, headers)
        data = await self._command(sending)
        if not data.strip(b"\0 \r\n\t"):
            return {}
        reply = document(data, self._page(path)).value
        if reply.get("stats") in ("error", "fail") or reply.get("success") is False or reply.get("error"):
            raise BadRequest(f"{self._page(path)}: {said(reply) or str(reply)[:200]}")
        return reply

    async def ask_page(self, path: str, body: object) -> Json:
        """A question that is posted, such as a log-in."""
        return self._object(await self._post(path, body, {}), path)

    @property
    def web_port(self) -> int:
        """An Elphapex has no other port, so the main one is it."""
        target = self.target
        return target.port if target.maker is Maker.ELPHAPEX else target.web_port or 80

    async def _command(self, sending: Awaitable[bytes]) -> bytes:
        self.sent = True
        try:
            data = await sending
        except Unreachable:
            # There was no connection, so nothing left.
            self.sent = False
            raise
        self.answered = True
        return data

    async def _exchange(self, request: bytes) -> bytes:
        return await self.wires.cgminer(self.target.host, self.target.port, request, self.limit)

    async def _converse(self, request: Mapping[str, object]) -> bytes:
        body = json.dumps(request, separators=(",", ":")).encode()
        framed = len(body).to_bytes(4, "little") + body
        target = self.target
        answers = await self.wires.api3(target.host, target.api3_port or 4433, [framed], self.limit)
        return answers[0]

    async def _post(self, path: str, body: object, headers: Mapping[str, str] | None) -> bytes:
        content = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
        auth = None if headers is not None else self._login()
        return await self.web.post(
            self.target.host, self.web_port, path, auth, content=content, headers=headers
        )  # fmt: skip

    def _login(self) -> Login | None:
        return login(self.target.username, self.target.password)

    @property
    def _where_api3(self) -> str:
        return host_port(self.target.host, self.target.api3_port or 4433)

    def _page(self, path: str) -> str:
        return f"{host_port(self.target.host, self.web_port)}{path}"

    def _object(self, data: bytes, path: str) -> Json:
        where = self._page(path)
        try:
            return msgspec.json.decode(data.strip(b"\0 \r\n\t"), type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise NotJson(f"{where}: the answer is no object in JSON") from error


async def seen(question: Awaitable[bool]) -> bool | None:
    """Whether the effect is there; ``None`` if the miner does not say.  For after the command."""
    try:
        return await question
    except (DeviceError, KeyError, IndexError, TypeError):
        return None


def said(answer: Json) -> str:
    """What a miner says to a command, in its own words, for people; nothing if it has none."""
    status = answer.get("STATUS")
    told = status[0] if isinstance(status, list) and status else answer
    if not isinstance(told, dict):
        return ""
    words = (told.get(name) for name in ("Msg", "msg", "message", "error", "code"))
    return next((word[:200] for word in words if isinstance(word, str) and word), "")


def _request(key: str, command: str, parameter: str | None) -> bytes:
    request = {key: command} if parameter is None else {key: command, "parameter": parameter}
    return json.dumps(request, separators=(",", ":")).encode()
