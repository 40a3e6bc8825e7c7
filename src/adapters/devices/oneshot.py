"""HTTP with small devices: a transport for httpx of one connection per request.

Devices' web servers are small: they get one request at a time, keep-alive is
not trusted, redirects are not followed and nothing compressed is taken, for a
compressed reply has no size that could be capped.
"""

import asyncio
from collections.abc import Callable
from typing import cast

import attrs
import h11
import httpx

from ...ports.errors import DeviceError

#: Set in a request's extensions once it has been written: from then on the device may act on it.
WRITTEN = "written"
#: What a request's extensions may call the device in errors, instead of its address.
WHERE = "where"


@attrs.frozen
class Failures:
    """What a context calls that which goes wrong on the wire.  Each takes the device or its address first."""

    no_connection: Callable[[str, OSError], DeviceError]
    #: It ended before anything came, with an error or without.
    silent: Callable[[str, Exception | None], DeviceError]
    #: It ended after so many bytes of an answer that announced more.
    cut: Callable[[str, int], DeviceError]
    #: What came is not what was asked for, and why.
    foreign: Callable[[str, str], DeviceError]
    #: More than so many bytes came.
    too_large: Callable[[str, int], DeviceError]


class _Carrier(asyncio.Protocol):
    """One request and its response as h11 events."""

    def __init__(self, request: bytes, connection: h11.Connection, limit: int, extensions: dict[str, object]) -> None:
        self._request = request
        self._connection = connection
        self._limit = limit
        self._extensions = extensions
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.size = 0
        self.response: h11.Response | None = None
        self.body: list[bytes] = []
        self.lost: Exception | None = None
        self.speaks_http = False
        self.ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._extensions[WRITTEN] = True
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self.speaks_http = self.speaks_http if self.size else data.startswith(b"HTTP/")
        self.size += len(data)
        if self.size > self._limit:
            self._transport.abort()
            return
        self._take(data)

    def eof_received(self) -> None:
        self.ended = True
        self._take(b"")

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = exc
        if not self.done.done():
            self.done.set_result(None)

    def _take(self, data: bytes) -> None:
        if self.done.done():
            return
        try:
            self._connection.receive_data(data)
            self._next()
        except h11.RemoteProtocolError as error:
            self.done.set_exception(error)

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
                if not self.done.done():
                    self.done.set_result(None)
                return


class OneShot(httpx.AsyncBaseTransport):
    """A connection per request, closed after it."""

    def __init__(self, limit: int, failures: Failures) -> None:
        """``limit`` is the most bytes that head and body of an answer may have."""
        self._limit = limit
        self._failures = failures

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host, port = request.url.host, request.url.port or 80
        where = str(request.extensions.get(WHERE) or (f"[{host}]:{port}" if ":" in host else f"{host}:{port}"))
        connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 16)
        head = connection.send(
            h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
        )
        content = await request.aread()
        body = connection.send(h11.Data(data=content)) if content else None
        end = connection.send(h11.EndOfMessage())
        carrier = _Carrier(
            b"".join((head or b"", body or b"", end or b"")), connection, self._limit, request.extensions
        )
        try:
            transport, _ = await asyncio.get_running_loop().create_connection(lambda: carrier, host, port)
        except OSError as error:
            raise self._failures.no_connection(where, error) from error
        failed: str | None = None
        try:
            await carrier.done
        except h11.RemoteProtocolError as error:
            failed = str(error)
        finally:
            transport.abort()
        # Raised here, out of reach of h11's error: that one holds what the device said.
        if carrier.size > self._limit:
            raise self._failures.too_large(where, self._limit)
        if failed is not None and (carrier.response is not None or (carrier.ended and carrier.speaks_http)):
            raise self._failures.cut(where, carrier.size)
        if failed is not None and carrier.size:
            raise self._failures.foreign(where, f"does not speak HTTP: {failed}")
        if carrier.response is None:
            raise self._failures.silent(where, carrier.lost)
        headers = list(carrier.response.headers)
        if any(name == b"content-encoding" and value.lower() != b"identity" for name, value in headers):
            raise self._failures.foreign(where, "sends a compressed answer, though none was asked for")
        return httpx.Response(carrier.response.status_code, headers=headers, content=b"".join(carrier.body))
