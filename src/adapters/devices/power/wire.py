"""One request to the cloud and its answer: a connection each, a deadline, a cap, and nothing followed anywhere."""

import asyncio

import attrs
import httpx

from ....ports.errors import Unreachable
from ....ports.power import CloudFault
from .errors import AnswerLost

#: Seconds that a connection may take.
_CONNECT = 5.0
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@attrs.frozen
class Reply:
    """What came back."""

    status: int
    content: bytes = attrs.field(repr=False)


class Wire:
    """Carries requests.  Between two of them nothing is open: a connection kept would lose the next answer."""

    def __init__(self, limit: int, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """``limit`` is the most bytes that the body of an answer may have."""
        self._limit = limit
        self._transport = transport
        self._client: httpx.AsyncClient | None = None

    async def send(
        self, method: str, url: str, headers: dict[str, str], content: bytes | None, *, until: float
    ) -> Reply:
        """Send these bytes, once; ``until`` is in the loop's time.

        Raises:
            AnswerLost: It may have arrived.
            Unreachable: It has not left.
            CloudFault: The answer is none, or too large.
        """
        host = httpx.URL(url).host
        client = await self._opened(until)
        try:
            async with (
                asyncio.timeout_at(until),
                client.stream(method, url, headers=headers, content=content) as response,
            ):
                return Reply(response.status_code, await self._body(response, host))
        except TimeoutError as error:
            raise AnswerLost(f"{host} did not answer in time") from error
        except _UNSENT as error:
            raise Unreachable(f"no connection to {host}: {error or type(error).__name__}") from error
        except httpx.HTTPError as error:
            raise AnswerLost(f"the answer of {host} is lost: {error or type(error).__name__}") from error

    async def _opened(self, until: float) -> httpx.AsyncClient:
        """What sends; reading the authorities' certificates for it takes a while."""
        if self._client is None:
            try:
                async with asyncio.timeout_at(until):
                    self._client = await asyncio.to_thread(self._open)
            except TimeoutError as error:
                raise Unreachable("the authorities' certificates could not be read in time") from error
        return self._client

    def _open(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=self._transport,
            trust_env=False,
            timeout=httpx.Timeout(None, connect=_CONNECT),
            limits=httpx.Limits(max_connections=16, max_keepalive_connections=0),
            headers={"user-agent": "lineman", "accept": "application/json", "accept-encoding": "identity"},
        )

    async def _body(self, response: httpx.Response, host: str) -> bytes:
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise CloudFault(f"{host} sends a compressed answer, though none was asked for")
        found = bytearray()
        async for part in response.aiter_bytes():
            found += part
            if len(found) > self._limit:
                raise CloudFault(f"{host} sends more than the {self._limit} bytes that an answer may have")
        return bytes(found)
