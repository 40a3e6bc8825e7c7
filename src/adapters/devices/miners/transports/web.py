"""HTTP of miners over httpx, one connection per request."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import attrs
import httpx

from .....ports.errors import DeviceError
from .....ports.miners import AccessDenied, MinerDown, NotJson, ReplyTooLarge, Truncated, UnknownCommand
from .....ports.miners.where import host_port
from .....ports.secrets import Secret
from ...oneshot import Failures, OneShot
from .failures import silent, unreachable

#: Servers whose challenge is remembered.
_REMEMBERED = 16_384
_HEADERS = {"accept": "application/json", "accept-encoding": "identity", "connection": "close"}


_FAILURES = Failures(
    no_connection=lambda where, error: unreachable(error, where),
    silent=silent,
    cut=lambda where, size: Truncated(f"{where}: the answer was cut off after {size} bytes"),
    foreign=lambda where, why: NotJson(f"{where} {why}"),
    too_large=lambda where, limit: ReplyTooLarge(f"{where} sends more than the {limit} bytes that a reply may have"),
)


@attrs.frozen
class Login:
    """A name and a password for a miner's web server."""

    username: str
    password: Secret


class Web:
    """Pages of miners, with a login where there is one."""

    def __init__(self, limit: int) -> None:
        self._transport = OneShot(limit, _FAILURES)
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
        what = f"{where} refuses the login" if with_login else f"{where} wants a login"
        who = _realm(response.headers.get("www-authenticate", ""))
        return AccessDenied(f"{what}; set the miner's username and password ({status}{who})")
    if status == 404:
        return UnknownCommand(f"{where} does not exist on this miner (404)")
    if status in (500, 502, 503, 504):
        return MinerDown(f"{where}: the web server answers {status}, the mining process behind it does not run")
    return NotJson(f"{where} answers with status {status}")


def _realm(challenge: str) -> str:
    """Whose login is wanted; the rest of a challenge is another one each time, and is for machines."""
    found = re.search(r'realm="([^"]{1,80})"', challenge)
    name = "".join(sign for sign in found[1] if sign.isprintable()) if found else ""
    return f", {name}" if name else ""
