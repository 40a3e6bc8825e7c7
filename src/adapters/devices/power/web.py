"""Requests to plugs that have a web server of their own: small JSON over plain HTTP, one connection each."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import attrs
import httpx
import msgspec

from ....ports.errors import Declined, DeviceError, Garbled, Invalid
from ....ports.power import PlugOffline, SwitchFailed, SwitchLost
from ..oneshot import WHERE, WRITTEN, Failures, OneShot
from .params import text

_HEADERS = {"accept": "*/*", "accept-encoding": "identity", "connection": "close"}
_PLACE = re.compile(
    r"(?P<host>[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(:(?P<port>\d{1,5}))?"
)
_FAILURES = Failures(
    no_connection=lambda where, error: PlugOffline(f"no connection to plug {where}: {error.strerror or error}"),
    silent=lambda where, error: PlugOffline(f"plug {where} closed the connection without a word"),
    cut=lambda where, size: Garbled(f"the answer of plug {where} was cut off after {size} bytes"),
    foreign=lambda where, why: Garbled(f"plug {where} does not answer as a plug does"),
    too_large=lambda where, limit: Garbled(f"plug {where} sends more than the {limit} bytes that an answer may have"),
)


@attrs.frozen
class Place:
    """Where a plug is."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def place_of(device_id: str) -> Place:
    """``host`` or ``host:port``; an IPv6 address stands in brackets.

    Raises:
        Invalid
    """
    found = _PLACE.fullmatch(device_id)
    port = int(found["port"] or 80) if found else 0
    if found is None or not 0 < port < 65536:
        raise Invalid(f"{text(device_id)!r} is no address of a plug: HOST or HOST:PORT is one", field="device_id")
    return Place(found["host"], port)


class Web:
    """Asks plugs.  One object serves any number of them at once."""

    def __init__(self, reply_limit: int) -> None:
        self._transport = OneShot(reply_limit, _FAILURES)

    async def ask(self, place: Place, path: str, *, until: float) -> Mapping[str, Any]:
        """What it answers.  ``until`` is in the loop's time.

        Raises:
            PlugOffline, Declined, Garbled
        """
        request = _request(place, path)
        try:
            async with asyncio.timeout_at(until):
                response = await self._transport.handle_async_request(request)
        except TimeoutError as error:
            raise PlugOffline(f"plug {place} did not answer in time") from error
        return _data(place, response)

    async def order(self, place: Place, path: str, *, until: float) -> Mapping[str, Any]:
        """The same for what has an effect.

        Raises:
            SwitchLost: It has left, and no answer came.
            SwitchFailed: Refused.
            PlugOffline, Garbled
        """
        request = _request(place, path)
        try:
            async with asyncio.timeout_at(until):
                response = await self._transport.handle_async_request(request)
        except (DeviceError, TimeoutError) as error:
            why = error.detail if isinstance(error, DeviceError) else f"plug {place} did not answer in time"
            if request.extensions.get(WRITTEN):
                raise SwitchLost(f"whether plug {place} was switched is not known: {why}") from error
            raise PlugOffline(why) from error
        try:
            return _data(place, response)
        except Declined as error:
            raise SwitchFailed(error.detail, number=str(response.status_code)) from error


def _request(place: Place, path: str) -> httpx.Request:
    return httpx.Request("GET", f"http://{place}{path}", headers=_HEADERS, extensions={WHERE: str(place)})


def _data(place: Place, response: httpx.Response) -> Mapping[str, Any]:
    if response.status_code in (401, 403):
        raise Declined(f"plug {place} wants a login, which is not supported: switch its login off")
    try:
        found = msgspec.json.decode(response.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Garbled(f"plug {place} answers with status {response.status_code} and no JSON") from error
    if not isinstance(found, dict):
        raise Garbled(f"plug {place} answers with something else than an object")
    code = found.get("code")
    if response.status_code != 200:
        said = text(found.get("message"))
        raise Declined(
            f"plug {place} refuses that (status {response.status_code}"
            + (f", {code}" if isinstance(code, int) else "")
            + (f": {said})" if said else ")")
        )
    return found
