"""HTTP of miners over httpx, with a transport of one connection per request.

Miners' web servers are small: they get one request at a time, keep-alive is
not trusted, redirects are not followed and nothing compressed is taken, for a
compressed reply has no size that could be capped.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, cast

import attrs
import h11
import httpx

from .....ports.errors import DeviceError
from .....ports.miners import AccessDenied, MinerDown, NoReply, NotJson, ReplyTooLarge, Truncated, UnknownCommand
from .....ports.miners.where import host_port
from .....ports.secrets import Secret
from .failures import silent, unreachable

#: Servers whose challenge is remembered.
_REMEMBERED = 16_384
_HEADERS = {"accept": "application/json", "accept-encoding": "identity", "connection": "close"}


class _Carrier(asyncio.Protocol):
    """One request and its response as h11 events."""

    def __init__(self, request: bytes, connection: h11.Connection, limit: int, done: asyncio.Future[None]) -> None:
        self._request = request
        self._connection = connection
        self._limit = limit
        self._done = done
        self.size = 0
        self.response: h11.Response | None = None
        self.body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._limit:
            self._transport.abort()
            return
        self._take(data)

    def eof_received(self) -> None:
        self._take(b"")

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(None)

    def _take(self, data: bytes) -> None:
        if self._done.done():
            return
        try:
            self._connection.receive_data(data)
            self._next()
        except h11.RemoteProtocolError as error:
            self._done.set_exception(error)

    def _next(self) -> None:
        while True:
            event = self._connection.next_event()
            if event is h11.NEED_DATA or event is h11.PAUSED:
                return
            if isinstance(event, h11.Response):
                self.response = event
            elif isinstance(event, h11.Data):
                self.body.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
                if not self._done.done():
                    self._done.set_result(None)
                return


class OneShot(httpx.AsyncBaseTransport):
    """A connection per request, closed after it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host, port = request.url.host, request.url.port or 80
        where = host_port(host, port)
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 16)
        head = connection.send(
            h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
        )
        content = await request.aread()
        body = connection.send(h11.Data(data=content)) if content else None
        end = connection.send(h11.EndOfMessage())
        carrier = _Carrier(b"".join((head or b"", body or b"", end or b"")), connection, self._limit, done)
        try:
            transport, _ = await loop.create_connection(lambda: carrier, host, port)
        except OSError as error:
            raise unreachable(error, where) from error
        try:
            await done
        except h11.RemoteProtocolError as error:
            if carrier.response is not None:
                raise Truncated(f"{where}: the answer was cut off after {carrier.size} bytes") from error
            if carrier.size:
                raise NotJson(f"{where} does not speak HTTP: {error}") from error
            raise silent(where, error) from error
        finally:
            transport.abort()
        if carrier.size > self._limit:
            raise ReplyTooLarge(f"{where} sends more than the {self._limit} bytes that a reply may have")
        if carrier.response is None:
            raise NoReply(f"{where} closed the connection without a word")
        headers = list(carrier.response.headers)
        if any(name == b"content-encoding" and value.lower() != b"identity" for name, value in headers):
            raise NotJson(f"{where} sends a compressed answer, though none was asked for")
        return httpx.Response(carrier.response.status_code, headers=headers, content=b"".join(carrier.body))


@attrs.frozen
class Login:
    """A name and a password for a miner's web server."""

    username: str
    password: Secret


class Web:
    """Pages of miners, with a login where there is one."""

    def __init__(self, limit: int) -> None:
        self._transport = OneShot(limit)
        #: The last challenge of each server, so that only its first request is asked twice; the oldest are forgotten.
        self._challenged: OrderedDict[tuple[str, int, Login], httpx.Auth] = OrderedDict()

    async def get(self, host: str, port: int, path: str, auth: Login | None) -> bytes:
        """The body of a page.  The caller bounds the time.

        Raises:
            AccessDenied: The miner wants a login, or another one.
            UnknownCommand: There is no such page.
            MinerDown: The web server works, what is behind it does not.
            DeviceError: What the transport says.
        """
        return await self._answer("GET", host, port, path, auth)

    async def post(
        self,
        host: str,
        port: int,
        path: str,
        auth: Login | None,
        *,
        content: bytes,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """The answer to JSON that is sent to a page.  Raises as ``get``."""
        more = {"content-type": "application/json", **(headers or {})}
        return await self._answer("POST", host, port, path, auth, content=content, headers=more)

    async def _answer(self, method: str, host: str, port: int, path: str, auth: Login | None, **more: Any) -> bytes:
        where = f"http://{host_port(host, port)}{path}"
        headers = _HEADERS | more.pop("headers", {})
        try:
            digest = None if auth is None else self._digest(host, port, auth)
            response = await self._send(httpx.Request(method, where, headers=headers, **more), digest)
        except (httpx.InvalidURL, httpx.HTTPError) as error:
            raise NotJson(f"{where}: {error}") from error
        if response.is_success:
            return response.content
        raise _refused(response, where, with_login=auth is not None)

    def _digest(self, host: str, port: int, login: Login) -> httpx.Auth:
        found = self._challenged.pop((host, port, login), None)
        auth = found or httpx.DigestAuth(login.username, login.password.reveal())
        self._challenged[host, port, login] = auth
        if len(self._challenged) > _REMEMBERED:
            self._challenged.popitem(last=False)
        return auth

    async def _send(self, request: httpx.Request, auth: httpx.Auth | None) -> httpx.Response:
        """What ``httpx.AsyncClient.send`` does, less cookies, redirects and hooks: two thirds of its time."""
        flow = auth.sync_auth_flow(request) if auth else None
        asked = next(flow) if flow else request
        while True:
            response = await self._transport.handle_async_request(asked)
            response.request = asked
            if flow is None:
                return response
            try:
                asked = flow.send(response)
            except StopIteration:
                return response


def login(username: str | None, password: Secret | None) -> Login | None:
    """The login of a miner, if somebody gave one."""
    return Login(username or "", password or Secret("")) if username or password else None


def _refused(response: httpx.Response, where: str, *, with_login: bool) -> DeviceError:
    status = response.status_code
    if status in (401, 403):
        realm = _printable(response.headers.get("www-authenticate", ""))
        if with_login:
            return AccessDenied(f"{where} refuses the login; set the miner's username and password ({status} {realm})")
        return AccessDenied(f"{where} wants a login; set the miner's username and password ({status} {realm})")
    if status == 404:
        return UnknownCommand(f"{where} does not exist on this miner (404)")
    if status in (500, 502, 503, 504):
        return MinerDown(f"{where}: the web server answers {status}, the mining process behind it does not run")
    return NotJson(f"{where} answers with status {status}")


def _printable(value: Any) -> str:
    return "".join(sign for sign in str(value)[:80] if sign.isprintable())
