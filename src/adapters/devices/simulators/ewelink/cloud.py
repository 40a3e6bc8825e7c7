"""The simulated eWeLink cloud: its paths, who may call them how often, and its plugs."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from .account import Account, Lives, Pair
from .answers import Instead, Waiting
from .page import RegisteredApplication, back, fault_in, form, nonce_fits, refused
from .things import CloudPlug
from .web import Reply, Request, WebServer, as_json, as_page

#: Calls in five minutes from one address.
_WINDOW_S, WINDOW_CALLS, QUOTA = 300.0, 300, 50_000
_BEFORE_ALL = -9_999_999
_MOST_THINGS, _MOST_TIMEOUT_MS = 10, 8000
#: What a list says of the type of a thing: a group is none to be switched.
_GROUP = 3
_OFFLINE = 4002, "控制失败"

_Said = dict[str, Any] | tuple[int, str]


class SimulatedEwelink:
    """``async with SimulatedEwelink([CloudPlug("1000011001", "Plug")]) as cloud: cloud.url``."""

    def __init__(
        self,
        plugs: Sequence[CloudPlug] = (),
        *,
        application: RegisteredApplication | None = None,
        seed: int = 1,
        region: str = "eu",
        homes: int = 1,
        host: str = "127.0.0.1",
        port: int = 0,
        lives: Lives | None = None,
        quota: int = QUOTA,
        window_calls: int | None = WINDOW_CALLS,
        offline_s: float = 5.0,
        inclusive_pages: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Set the cloud up; nothing listens yet.

        Args:
            plugs: The devices of the account.
            application: What is registered.
            seed: Its codes and tokens follow from it.
            region: Where the account lives.
            homes: How many it has.
            host: Where it listens, a loopback address.
            port: 0 is any free one.
            lives: How long codes and tokens are taken.
            quota: Calls that may be made in all.
            window_calls: Calls in five minutes; ``None``: any number.
            offline_s: Seconds until the cloud says that a plug is offline.
            inclusive_pages: A page begins with the index that is asked for, not behind it.
            clock: Epoch seconds.

        Raises:
            ValueError: The address is not one of loopback, two plugs have one id, or a plug has no home.
        """
        if not host.startswith("127."):
            raise ValueError(f"{host} is not a loopback address (127.0.0.0/8)")
        self.plugs = {plug.device_id: plug for plug in plugs}
        if len(self.plugs) < len(plugs):
            raise ValueError("two plugs have one id")
        if any(not 0 <= plug.home < homes for plug in plugs):
            raise ValueError(f"a plug is in a home that is none of the {homes}")
        self.application = application or RegisteredApplication()
        self.region = region
        self.account = Account(seed, clock, lives or Lives())
        self.homes = [f"6000000000000000000000f{number + 1}" for number in range(homes)]
        self.quota = quota
        self.window_calls = window_calls
        self.offline_s = offline_s
        self.inclusive_pages = inclusive_pages
        #: Calls by method and path, and the numbers that they were answered with.
        self.calls: Counter[str] = Counter()
        self.errors: Counter[int] = Counter()
        #: All in their order, with the time.
        self.log: list[tuple[float, str]] = []
        self._clock = clock
        self._waiting: list[Waiting] = []
        self._recent: deque[float] = deque()
        self._web = WebServer(host, port, self._answer)
        self._paths: dict[tuple[str, str], Callable[[Request], Awaitable[_Said]]] = {
            ("GET", "/v2/family"): self._families,
            ("GET", "/v2/device/thing"): self._list,
            ("POST", "/v2/device/thing"): self._some,
            ("GET", "/v2/device/thing/status"): self._read,
            ("POST", "/v2/device/thing/status"): self._switch,
            ("POST", "/v2/device/thing/batch-status"): self._batch,
            ("DELETE", "/v2/user/oauth/token"): self._unbind,
        }

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            OSError: The port is taken or may not be used.
        """
        await self._web.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up and listen no more."""
        await self._web.close()
        for plug in self.plugs.values():
            plug.relay.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._web.port

    @property
    def url(self) -> str:
        """What stands in place of the cloud's address."""
        return f"http://{self._web.host}:{self._web.port}"

    @property
    def spent(self) -> int:
        """How many calls have counted."""
        return sum(number for label, number in self.calls.items() if " /v2/" in label)

    def instead(self, *answers: Instead, path: str = "", method: str = "", times: int = 1) -> None:
        """Give these answers, one after the other, to the next calls of a path; each so many times."""
        self._waiting += [Waiting(answer, path, method, times) for answer in answers]

    def relent(self) -> None:
        """Give right answers again."""
        self._waiting.clear()

    def grant(self) -> Pair:
        """Hand out a pair of tokens without asking anybody."""
        return self.account.new()

    def approve(self, authorise_url: str) -> str:
        """Say yes as a person at the page would, and return the address to which that leads.

        Raises:
            ValueError: The page would have refused.
        """
        asked = {name: values[0] for name, values in parse_qs(urlsplit(authorise_url).query).items()}
        if why := fault_in(self.application, asked):
            raise ValueError(why)
        return back(self.application, self.account.code(), self.region, asked["state"])

    async def _answer(self, request: Request) -> Reply:
        label = f"{request.method} {request.path}"
        self.calls[label] += 1
        self.log.append((self._clock(), label))
        if not request.path.startswith("/v2/"):
            return self._page(request)
        instead = self._instead_of(request)
        if instead is not None:
            if instead.delay_s:
                await asyncio.sleep(instead.delay_s)
            said = await self._call(request) if instead.obeyed or instead.reply is None else {}
            return instead.reply or self._wrapped(said)
        if self._too_often():
            return Reply(403)
        if self.spent > self.quota:
            return self._wrapped((412, "invoke too much"))
        return self._wrapped(await self._call(request))

    def _wrapped(self, said: _Said) -> Reply:
        error, message, data = (0, "", said) if isinstance(said, dict) else (*said, {})
        self.errors[error] += 1
        return as_json({"error": error, "msg": message, "data": data})

    def _instead_of(self, request: Request) -> Instead | None:
        for waiting in self._waiting:
            if waiting.fits(request.method, request.path):
                waiting.given += 1
                if waiting.given >= waiting.times:
                    self._waiting.remove(waiting)
                return waiting.instead
        return None

    def _too_often(self) -> bool:
        now = self._clock()
        while self._recent and self._recent[0] <= now - _WINDOW_S:
            self._recent.popleft()
        if self.window_calls is not None and len(self._recent) >= self.window_calls:
            return True
        self._recent.append(now)
        return False

    def _page(self, request: Request) -> Reply:
        asked = request.form if request.method == "POST" else request.query
        if (request.method, request.path) not in (("GET", "/oauth/index.html"), ("POST", "/oauth/authorise")):
            return as_page("Simulated eWeLink", "<h1>Not found</h1>", 404)
        if why := fault_in(self.application, asked):
            return refused(why)
        if request.method == "GET":
            return form(asked)
        to = back(self.application, self.account.code(), self.region, asked["state"])
        return Reply(302, headers=(("Location", to),))

    async def _call(self, request: Request) -> _Said:
        if "x-ck-nonce" in request.headers and not nonce_fits(request.headers["x-ck-nonce"]):
            return 400, "params error"
        match request.method, request.path:
            case "POST", "/v2/user/oauth/token":
                return self._signed(request) or self._exchange(request.json())
            case "POST", "/v2/user/refresh":
                return self._signed(request) or self._refresh(request.json())
            case "POST", "/v2/user/login":
                return 407, f"the path of request is not allowed with appid:{self.application.app_id}"
        handler = self._paths.get((request.method, request.path))
        if handler is None:
            return 403, "api not found"
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer":
            return 406, "access denied"
        return self.account.error_of(token) or await handler(request)

    def _signed(self, request: Request) -> tuple[int, str] | None:
        if request.headers.get("x-ck-appid") != self.application.app_id:
            return 407, f"the path of request is not allowed with appid:{request.headers.get('x-ck-appid', '')}"
        scheme, _, signature = request.headers.get("authorization", "").partition(" ")
        if scheme != "Sign" or not self.application.signed(request.body, signature):
            return 400, "sign verification failed"
        return None if isinstance(request.json(), dict) else (400, "params error")

    def _exchange(self, body: dict[str, Any]) -> _Said:
        if body.get("grantType") != "authorization_code" or body.get("redirectUrl") != self.application.redirect_url:
            return 400, "params error"
        pair = self.account.exchange(str(body.get("code")))
        if pair is None:
            return 405, "invalid code"
        return {
            "accessToken": pair.access,
            "atExpiredTime": round(pair.access_ends * 1000),
            "refreshToken": pair.refresh,
            "rtExpiredTime": round(pair.refresh_ends * 1000),
        }

    def _refresh(self, body: dict[str, Any]) -> _Said:
        pair = self.account.refresh(str(body.get("rt")))
        # It says nothing of how long they live.
        return (
            (405, "can't find the account with this rt!") if pair is None else {"at": pair.access, "rt": pair.refresh}
        )

    async def _unbind(self, request: Request) -> _Said:
        self.account.forget()
        return {}

    async def _families(self, request: Request) -> _Said:
        homes = [
            {"id": home, "apikey": "00000000-0000-4000-8000-0000000000aa", "name": f"Home {place + 1}",
             "index": place, "roomList": []}
            for place, home in enumerate(self.homes)
        ]  # fmt: skip
        return {"familyList": homes, "currentFamilyId": self.homes[0]}

    async def _list(self, request: Request) -> _Said:
        query = request.query
        home = query.get("familyid", self.homes[0])
        try:
            many, begin = int(query.get("num", "30")), int(query.get("beginIndex", str(_BEFORE_ALL)))
        except ValueError:
            return 400, "params error"
        if home not in self.homes or many < 0:
            return 400, "params error"
        things = self._things(home)
        left = [one for one in things if one["index"] > begin or (self.inclusive_pages and one["index"] == begin)]
        shown = [one for one in left if not self._hidden(one)]
        # What is not shown counts all the same.
        return {"thingList": shown[:many] if many else shown, "total": len(things)}

    async def _some(self, request: Request) -> _Said:
        body = request.json()
        wanted = body.get("thingList") if isinstance(body, dict) else None
        if not isinstance(wanted, list) or not 1 <= len(wanted) <= _MOST_THINGS:
            return 400, "params error"
        found: list[dict[str, Any]] = []
        for entry in wanted:
            plug = self.plugs.get(str(entry.get("id"))) if isinstance(entry, dict) else None
            if plug is not None and entry.get("itemType") == plug.item_type:
                found += [
                    one
                    for one in self._things(self.homes[plug.home])
                    if one["itemData"].get("deviceid") == plug.device_id
                ]
        return {"thingList": found}

    async def _read(self, request: Request) -> _Said:
        plug = self.plugs.get(request.query.get("id", ""))
        if plug is None or request.query.get("type") != "1":
            return 405, "device not found"
        params = plug.params()
        if wanted := request.query.get("params"):
            params = {name: params[name] for name in wanted.split("|") if name in params}
        return {"params": params}

    async def _switch(self, request: Request) -> _Said:
        body = request.json()
        if not isinstance(body, dict):
            return 400, "params error"
        return await self._sent(body) or {}

    async def _batch(self, request: Request) -> _Said:
        body = request.json()
        things = body.get("thingList") if isinstance(body, dict) else None
        timeout = body.get("timeout", 0) if isinstance(body, dict) else None
        if not isinstance(things, list) or not isinstance(timeout, int) or not 0 <= timeout <= _MOST_TIMEOUT_MS:
            return 400, "params error"
        if not 1 <= len(things) <= _MOST_THINGS or len({_id(one) for one in things}) < len(things):
            return 400, "params error"
        answers: list[dict[str, Any]] = []
        for one in things:
            error = await self._sent(one, wait=False) if isinstance(one, dict) else (400, "")
            number = 0 if error is None or not timeout else 30022 if error == _OFFLINE else error[0]
            answers.append({"type": 1, "id": _id(one), "error": number})
        return {"respList": answers}

    async def _sent(self, body: dict[str, Any], *, wait: bool = True) -> tuple[int, str] | None:
        plug = self.plugs.get(str(body.get("id")))
        if body.get("type") != 1 or not isinstance(body.get("params"), dict):
            return 400, "params error"
        if plug is None:
            return 405, "device not found"
        if not (plug.online and plug.relay.has_mains):
            if wait:
                await asyncio.sleep(self.offline_s)
            return _OFFLINE
        return None if plug.take(body["params"]) else _OFFLINE

    def _things(self, home: str) -> list[dict[str, Any]]:
        """Return what is in a home, with places that begin below zero, and a group at the end."""
        here = [plug for plug in self.plugs.values() if self.homes[plug.home] == home]
        first = -2 if len(here) > 2 else 0
        things = [
            {"itemType": plug.item_type, "itemData": plug.item(first + place, home), "index": first + place}
            for place, plug in enumerate(here)
        ]
        if here:
            place = first + len(here)
            group = {"id": f"5f0000000000000000000{self.homes.index(home):03d}", "name": "All plugs",
                     "mainDeviceId": here[0].device_id, "params": {"switch": "on"}}  # fmt: skip
            things.append({"itemType": _GROUP, "itemData": group, "index": place})
        return things

    def _hidden(self, thing: dict[str, Any]) -> bool:
        plug = self.plugs.get(thing["itemData"].get("deviceid", ""))
        return plug is not None and not plug.listed


def _id(thing: Any) -> str:
    return str(thing.get("id")) if isinstance(thing, dict) else ""
