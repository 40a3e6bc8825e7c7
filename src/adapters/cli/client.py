"""Commands speak to the API: over the network, or to the same application inside this process."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import wraps
from typing import TYPE_CHECKING, Any

import attrs
import click

from ...ports import errors
from ...ports.secrets import Secret
from ..http.told import NotLineman, told
from .errors import TERMINATED
from .frame import Frame, frame
from .local import Local, opened_locally

if TYPE_CHECKING:
    import httpx

    from ...ports.lease import Lease

#: Seconds that one answer may take, all in all.
DEADLINE = 30.0
#: Bytes of one answer: a chart of single readings over many days is the largest.
ANSWER_LIMIT = 1 << 26

#: Where the miners stand in every service; what belongs to no system stands there too.
MINERS = "/systems/miners"

Query = Mapping[str, object]
#: What gives the token for the next request.
Keys = Callable[[], Secret | None]


@attrs.frozen
class Raw:
    """A body that is sent as it is."""

    content: bytes
    media: str


@attrs.frozen
class Answer:
    """What the API said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def value(self) -> Any:
        """The body, decoded; ``None`` if it is empty."""
        return json.loads(self.body) if self.body else None

    @property
    def total(self) -> int | None:
        """How many things there are, of which this is a page."""
        found = self.headers.get("x-total-count", "")
        return int(found) if found.isdecimal() else None


@attrs.frozen
class Api:
    """The API of one service, or of this process when ``local`` is there."""

    http: "httpx.AsyncClient"
    #: Where the system stands below the address.
    prefix: str = ""
    local: Local | None = None

    def of(self, system: str) -> "Api":
        """The same service's API of another system."""
        return attrs.evolve(self, prefix=f"/systems/{system}")

    async def get(self, path: str, query: Query | None = None, *, deadline: float = DEADLINE) -> Answer:
        return await self.call("GET", path, query=query, deadline=deadline)

    async def post(
        self, path: str, body: object = None, *, query: Query | None = None, deadline: float = DEADLINE
    ) -> Answer:
        return await self.call("POST", path, query=query, body=body, deadline=deadline)

    async def put(self, path: str, body: object) -> Answer:
        return await self.call("PUT", path, body=body)

    async def delete(self, path: str) -> Answer:
        return await self.call("DELETE", path)

    async def pages(self, path: str, query: Query) -> AsyncIterator[Any]:
        """Every item of a list, page by page."""
        offset = 0
        while True:
            answer = await self.get(path, {**query, "limit": 1000, "offset": offset})
            items = answer.value
            for item in items:
                yield item
            offset += len(items)
            if not items or answer.total is None or offset >= answer.total:
                return

    async def call(
        self, method: str, path: str, *, query: Query | None = None, body: object = None, deadline: float = DEADLINE
    ) -> Answer:
        """Ask, and wait ``deadline`` seconds at most.

        Raises:
            LinemanError: Of the kind that the status says.
        """
        answer = await self.ask(method, path, query=query, body=body, deadline=deadline)
        if answer.status >= 300:
            raise problem(answer)
        if answer.body and "json" not in answer.headers.get("content-type", ""):
            raise NotLineman(f"{self.http.base_url} answers {path} with something else than JSON")
        return answer

    async def ask(
        self, method: str, path: str, *, query: Query | None = None, body: object = None, deadline: float = DEADLINE
    ) -> Answer:
        """Ask, and take any status for an answer."""
        import anyio
        import httpx

        headers = {}
        if isinstance(body, Raw):
            content, headers["content-type"] = body.content, body.media
        elif body is not None:
            content, headers["content-type"] = json.dumps(body, ensure_ascii=False).encode(), "application/json"
        else:
            content = None
        params = {name: _parameter(value) for name, value in (query or {}).items() if value is not None}
        try:
            with anyio.fail_after(deadline):
                async with self.http.stream(
                    method, self.prefix + path, params=params, content=content, headers=headers
                ) as response:
                    found = await _bounded(response)
                    return Answer(response.status_code, response.headers, found)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise errors.Invalid(f"{self.http.base_url}: {error}", field="url") from error
        except TimeoutError as error:
            raise errors.Unavailable(f"no answer to {method} {path} within {deadline:.0f} s") from error
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise errors.Unavailable(
                f"{self.http.base_url} does not answer ({reason}); is lineman serve running there?"
            ) from error


def problem(answer: Answer) -> errors.LinemanError:
    """The error that an answer tells of."""
    if answer.status in range(300, 400):
        return NotLineman(f"it sends elsewhere, to {answer.headers.get('location', 'nowhere')}: use that address")
    return told(answer.status, answer.body)


def asks(command: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a command of a coroutine: its first argument is the API that the options name.

    SIGTERM ends it as Ctrl-C does, with 143.
    """

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        import asyncio
        import signal

        import anyio

        async def main() -> None:
            # As Ctrl-C does: what is held is given back, a search ended, a plug switched on.
            loop, task = asyncio.get_running_loop(), asyncio.current_task()
            with suppress(NotImplementedError, RuntimeError, ValueError):  # Windows, or not the main thread
                loop.add_signal_handler(signal.SIGTERM, task.cancel if task else loop.stop)
            async with opened() as api:
                await command(api, *args, **kwargs)

        try:
            anyio.run(main)
        except asyncio.CancelledError:
            raise click.exceptions.Exit(TERMINATED) from None

    return run


@asynccontextmanager
async def opened(called: Frame | None = None) -> AsyncIterator[Api]:
    """The API that the options and the environment name."""
    import httpx

    called = called or frame()
    settings = called.settings()
    if settings.url:
        async with network(settings.url, lambda: settings.token) as api:
            yield api
        return
    async with opened_locally(settings, debug=called.debug) as local:
        transport = httpx.ASGITransport(local.app, raise_app_exceptions=called.debug)
        async with _client("http://lineman", lambda: settings.token, transport=transport) as http:
            yield Api(http, MINERS, local)


@asynccontextmanager
async def network(url: str, token: Keys, *, trust_env: bool = True) -> AsyncIterator[Api]:
    """The API of a running service, whichever systems it serves.

    ``token`` is asked before each request, since some live only for a minute.
    """
    if "://" not in url:
        url = f"http://{url}"
    async with _client(url, token, trust_env=trust_env) as http:
        found = await Api(http, MINERS).ask("GET", "/health")
        if found.status == 401:
            # It is there and asks for no token, but does not take a wrong one.
            raise problem(found)
        yield Api(http, MINERS if is_health(found) else "")


def is_health(answer: Answer) -> bool:
    """Whether this is what ``/health`` of a lineman answers, well or not."""
    said = answer.value if answer.headers.get("content-type", "").startswith("application/json") else None
    return isinstance(said, dict) and {"status", "database"} <= said.keys()


@asynccontextmanager
async def working(api: Api) -> AsyncIterator["Lease | None"]:
    """Be the one who talks to devices while the block lasts (``None``), unless another is: then his lease.

    Polls that are sent to the API find their way to him in either case.
    """
    if api.local is None:
        yield None
        return
    async with api.local.service.permit.borrowed() as other:
        yield other
        if other is None:
            await api.local.tidy()


def _client(url: str, token: Keys, **kwargs: Any) -> "httpx.AsyncClient":
    import httpx

    from ... import __version__

    def sign(request: httpx.Request) -> httpx.Request:
        if (key := token()) is not None:
            request.headers["authorization"] = f"Bearer {key.reveal()}"
        return request

    headers = {"user-agent": f"lineman/{__version__}", "accept": "application/json"}
    # Each call has a deadline of its own, over all that it takes.
    return httpx.AsyncClient(base_url=url.rstrip("/"), headers=headers, auth=sign, timeout=None, **kwargs)  # noqa: S113


async def _bounded(response: "httpx.Response") -> bytes:
    found = bytearray()
    async for chunk in response.aiter_bytes():
        found += chunk
        if len(found) > ANSWER_LIMIT:
            raise errors.TooLarge(
                f"the answer has more than {ANSWER_LIMIT} bytes; ask for less with --limit or --hours"
            )
    return bytes(found)


def _parameter(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
