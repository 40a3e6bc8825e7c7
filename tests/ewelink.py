"""The eWeLink cloud, what keeps its tokens, and time: all in memory."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import httpx

from lineman.adapters.devices.power import EwelinkAccount
from lineman.ports.errors import Stale, Unavailable
from lineman.ports.power.cloud import Application, CloudTokenStore, Tokens
from lineman.ports.secrets import Secret

NOW = datetime.fromtimestamp(1_700_000_000, UTC)
APP_SECRET = "not-a-real-secret-0000000000001"
APPLICATION = Application(
    "APPIDtest00000000000000000000001", Secret(APP_SECRET), "https://lineman.example.org/ewelink-callback/"
)
PLUG = "1000011001"


def pair(number: int = 1, region: str = "eu", revision: int = 1) -> Tokens:
    return Tokens(
        region,
        Secret(f"at-test-{number:04}"),
        Secret(f"rt-test-{number:04}"),
        NOW + timedelta(days=30),
        NOW + timedelta(days=60),
        NOW,
        revision,
    )


@attrs.define(eq=False)
class Clock:
    """Time that passes when somebody sleeps."""

    current: datetime = NOW
    slept: list[float] = attrs.field(factory=list)

    def now(self) -> datetime:
        return self.current

    def monotonic(self) -> float:
        return self.current.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.current += timedelta(seconds=seconds)
        await asyncio.sleep(0)


@attrs.define(eq=False)
class TokenStore(CloudTokenStore):
    """Keeps them as the database does: one pair, revisions, one refresh at a time."""

    tokens: Tokens | None = attrs.field(factory=pair)
    counts: Counter[tuple[str, str]] = attrs.field(factory=Counter)
    #: Nothing can be read or written; with ``silent`` nobody even says so.
    away: bool = False
    silent: bool = False
    #: So many writes fail.
    lost_writes: int = 0
    written: list[Tokens] = attrs.field(factory=list)
    lock: asyncio.Lock = attrs.field(factory=asyncio.Lock)

    def there(self) -> None:
        if self.away:
            raise Unavailable("the database is away")

    async def heard(self) -> None:
        await asyncio.sleep(3600 if self.silent else 0)

    async def get(self) -> Tokens | None:
        await self.heard()
        self.there()
        return self.tokens

    async def put(self, tokens: Tokens, *, expected: int | None) -> Tokens:
        await asyncio.sleep(0)
        self.there()
        if self.lost_writes:
            self.lost_writes -= 1
            raise Unavailable("the database is away")
        if expected != (None if self.tokens is None else self.tokens.revision):
            raise Stale("somebody was quicker")
        self.tokens = attrs.evolve(tokens, revision=(expected or 0) + 1)
        self.written.append(self.tokens)
        return self.tokens

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator[None]:
        self.there()
        async with self.lock:
            yield

    async def remember_state(self, state: str, *, by: str, expires_at: datetime) -> None:
        raise NotImplementedError

    async def take_state(self, state: str, *, now: datetime) -> bool:
        raise NotImplementedError

    async def count(self, *, month: str, region: str, calls: int = 1) -> int:
        await self.heard()
        self.there()
        self.counts[month, region] += calls
        return self.counts[month, region]


def answer(error: object = 0, data: dict[str, Any] | None = None, status: int = 200) -> httpx.Response:
    """As the cloud answers: errors come inside status 200."""
    return httpx.Response(status, json={"error": error, "msg": "", "data": data or {}})


def answering(error: object = 0, **options: Any) -> Callable[[httpx.Request], httpx.Response]:
    """Such an answer, whatever is asked."""
    return lambda request: answer(error, **options)


def lost(request: httpx.Request) -> httpx.Response:
    """An answer that never comes."""
    raise httpx.ReadTimeout("no answer", request=request)


def item(device_id: str = PLUG, online: bool | None = True, uiid: int = 1, **params: Any) -> dict[str, Any]:
    """A thing's data."""
    thing = {"name": "Unit 0123 plug", "deviceid": device_id, "extra": {"uiid": uiid}, "params": params}
    return thing if online is None else {**thing, "online": online}


def kind_of(request: httpx.Request) -> str:
    """What a request does, in the words of the fact sheet's scripts."""
    body = json.loads(request.content) if request.content else {}
    match request.url.path:
        case "/v2/user/refresh":
            return "refresh"
        case "/v2/user/oauth/token":
            return "exchange"
        case "/v2/device/thing" if request.method == "POST":
            return "get_status"
        case "/v2/device/thing":
            return "list"
        case "/v2/family":
            return "homes"
        case "/v2/device/thing/status" if request.method == "POST":
            params = body["params"]
            if "startup" in params or "configure" in params:
                return "set_startup"
            said = params["switch"] if "switch" in params else params["switches"][0]["switch"]
            return "set_on" if said in ("on", True) else "set_off"
        case "/v2/device/thing/status":
            return "status"
        case path:
            raise AssertionError(f"nobody asks for {path}")


def merged(before: list[dict[str, Any]], told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A list by outlets, with those that were told."""
    return list({entry["outlet"]: entry for entry in (*before, *told)}.values())


Answering = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]


@attrs.define(eq=False)
class Cloud:
    """Answers as the cloud does, with one account and its things; or as a test says."""

    access: str = "at-test-0001"
    refresh: str = "rt-test-0001"
    things: dict[str, dict[str, Any]] = attrs.field(factory=lambda: {PLUG: item(switch="on")})
    #: Answers that come first, one a request; ``None`` = as usual.
    first: list[Answering | None] = attrs.field(factory=list)
    requests: list[httpx.Request] = attrs.field(factory=list)
    pairs: int = 1

    @property
    def calls(self) -> list[str]:
        return [kind_of(request) for request in self.requests]

    @property
    def last(self) -> Any:
        return json.loads(self.requests[-1].content)

    async def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        await asyncio.sleep(0)
        said = self.first.pop(0) if self.first else None
        if said is None:
            return self.usual(request)
        response = said(request)
        return response if isinstance(response, httpx.Response) else await response

    def usual(self, request: httpx.Request) -> httpx.Response:
        kind = kind_of(request)
        body = json.loads(request.content) if request.content else {}
        if kind in ("refresh", "exchange"):
            return self.renewed(kind, body)
        if request.headers["authorization"] != f"Bearer {self.access}":
            return answer(401)
        if kind == "get_status":
            [wanted] = body["thingList"]
            found = self.things.get(wanted["id"])
            shown = [] if found is None else [{"itemType": 1, "itemData": found, "index": 0}]
            return answer(data={"thingList": shown if wanted["itemType"] == 1 else []})
        if kind == "status":
            found = self.things.get(request.url.params["id"])
            return answer(405) if found is None else answer(data={"params": found["params"]})
        if kind.startswith("set_"):
            params = self.things[body["id"]]["params"]
            for name, value in body["params"].items():
                params[name] = merged(params[name], value) if isinstance(value, list) else value
        return answer()

    def renewed(self, kind: str, body: dict[str, Any]) -> httpx.Response:
        if kind == "refresh" and body["rt"] != self.refresh:
            return answer(405)
        self.pairs += 1
        self.access, self.refresh = f"at-test-{self.pairs:04}", f"rt-test-{self.pairs:04}"
        return answer(data={"at": self.access, "rt": self.refresh})


def account(
    cloud: Callable[[httpx.Request], Any],
    store: CloudTokenStore | None = None,
    clock: Clock | None = None,
    **options: Any,
) -> EwelinkAccount:
    """One process's account at such a cloud."""
    return EwelinkAccount(
        store or TokenStore(), clock or Clock(), options.pop("application", APPLICATION),
        transport=httpx.MockTransport(cloud), **options,
    )  # fmt: skip
