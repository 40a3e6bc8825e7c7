"""Pages over HTTP with Basic login: one connection a request, one request at a time, one more try for what was cut."""

import asyncio
import base64
import re
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

import attrs
import httpx

from ....ports.errors import DeviceError, Unreachable
from ....ports.secrets import Secret
from ..oneshot import WHERE, WRITTEN, Failures, OneShot

T = TypeVar("T")

#: Seconds before a GET is tried again: the device has to dial in anew for each connection.
RETRY_AFTER = 1.0
#: Logins whose bytes are remembered.
_REMEMBERED = 4096
#: Nothing that would make another URL of it.
_HOST = re.compile(r"[^\s/?#@\\]+")
_HEADERS = {"accept": "*/*", "accept-encoding": "identity", "connection": "close"}
_FORM = {**_HEADERS, "content-type": "application/x-www-form-urlencoded", "content-length": "0"}


@attrs.frozen
class Door:
    """Where pages are, what the device is called in errors, and how to get in."""

    where: str
    host: str
    port: int
    username: str | None = None
    password: Secret | None = None

    @property
    def charsets(self) -> tuple[str, ...]:
        """In which bytes the login may be meant: UTF-8 on some devices, Latin-1 on others."""
        login = self._login()
        if login.isascii():
            return ("utf-8",)
        return ("utf-8", "latin-1") if max(login) <= "\xff" else ("utf-8",)

    def authorization(self, charset: str) -> dict[str, str]:
        """The header of the login, if there is one."""
        if self.username is None and self.password is None:
            return {}
        return {"authorization": "Basic " + base64.b64encode(self._login().encode(charset)).decode("ascii")}

    def _login(self) -> str:
        return f"{self.username or ''}:{self.password.reveal() if self.password else ''}"


class Pages:
    """Gets and posts pages.  One object serves any number of devices at once."""

    def __init__(
        self,
        limit: int,
        failures: Failures,
        refused: Callable[[Door, int], DeviceError],
        retried: tuple[type[DeviceError], ...],
        *,
        retry_after: float = RETRY_AFTER,
    ) -> None:
        """``refused`` names the error of a status that is not 200; after ``retried`` errors a GET goes once more."""
        self._transport = OneShot(limit, failures)
        self._refused = refused
        self._retried = retried
        self._retry_after = retry_after
        #: Which logins are meant in Latin-1; the oldest are forgotten.
        self._latin: OrderedDict[tuple[str, int], None] = OrderedDict()

    async def ask(self, door: Door, path: str, read: Callable[[bytes], T], *, until: float) -> T:
        """What ``read`` makes of a page; tried once more if it was cut.  The caller bounds the time.

        Raises:
            DeviceError
        """
        try:
            return read(await self._page(door, path))
        except self._retried:
            if until - asyncio.get_running_loop().time() <= self._retry_after:
                raise
        await asyncio.sleep(self._retry_after)
        return read(await self._page(door, path))

    async def get(self, door: Door, path: str) -> httpx.Response:
        """Whatever answers, in the bytes of the login that are taken; never followed anywhere."""
        place = (door.host, door.port)
        charsets = door.charsets
        if place in self._latin:
            charsets = charsets[::-1]
        response = await self._send("GET", door, path, charsets[0], _HEADERS)
        if response.status_code == 401 and len(charsets) > 1:
            response = await self._send("GET", door, path, charsets[1], _HEADERS)
            if response.status_code != 401:
                self._remember(place, latin=charsets[1] == "latin-1")
        return response

    async def order(self, method: str, door: Door, path: str, *, until: float) -> int | None:
        """Send what has an effect, once and with nothing in it; the status of the answer.

        ``None``: it has left, and no answer came.

        Raises:
            DeviceError, TimeoutError: It has not left.
        """
        charset = "latin-1" if (door.host, door.port) in self._latin else "utf-8"
        request = self._request(method, door, path, charset, _FORM if method == "POST" else _HEADERS)
        try:
            async with asyncio.timeout_at(until):
                return (await self._transport.handle_async_request(request)).status_code
        except (DeviceError, TimeoutError):
            if WRITTEN not in request.extensions:
                raise
        return None

    async def _page(self, door: Door, path: str) -> bytes:
        response = await self.get(door, path)
        if response.status_code != 200:
            raise self._refused(door, response.status_code)
        return response.content

    async def _send(self, method: str, door: Door, path: str, charset: str, headers: dict[str, str]) -> httpx.Response:
        return await self._transport.handle_async_request(self._request(method, door, path, charset, headers))

    def _request(self, method: str, door: Door, path: str, charset: str, headers: dict[str, str]) -> httpx.Request:
        host = f"[{door.host}]" if ":" in door.host else door.host
        url = f"http://{host}:{door.port}{path}"
        if not _HOST.fullmatch(door.host):
            raise Unreachable(f"{door.where} has no address that can be looked up")
        try:
            # A name is encoded once more to be looked up, which fails for some that a URL may have.
            door.host.encode("idna")
            return httpx.Request(
                method, url, headers=headers | door.authorization(charset), extensions={WHERE: door.where}
            )
        except (httpx.InvalidURL, UnicodeError) as error:
            raise Unreachable(f"{door.where} has no address that can be looked up: {error}") from error

    def _remember(self, place: tuple[str, int], *, latin: bool) -> None:
        self._latin.pop(place, None)
        if latin:
            self._latin[place] = None
            if len(self._latin) > _REMEMBERED:
                self._latin.popitem(last=False)
