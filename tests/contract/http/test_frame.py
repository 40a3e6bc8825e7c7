"""What holds for every request and answer: ids, headers, bounds, health, figures, and where things are."""

import gzip
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import attrs
import httpx
import pytest
from prometheus_client import Counter
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import BaseRoute, Route

from lineman.adapters.http import health
from lineman.adapters.http.app import Faces, UnknownSystem, build_app
from lineman.adapters.http.health import Health
from lineman.adapters.http.wire import Call, operation, route
from lineman.ports.errors import LinemanError

pytestmark = pytest.mark.anyio


@attrs.frozen
class OddApi:
    """Endpoints that do what none should."""

    @operation(returns=dict[str, str], public=True)
    async def fail(self, call: Call) -> None:
        """Fall over."""
        raise RuntimeError("canary")

    @operation(returns=dict[str, str], public=True)
    async def ours(self, call: Call) -> None:
        """Raise what has no kind."""
        raise LinemanError("canary")

    @operation(returns=dict[str, str], public=True)
    async def hang(self, call: Call) -> None:
        """Take for ever."""
        await anyio.sleep_forever()

    @operation(returns=dict[str, str], public=True)
    async def large(self, call: Call) -> dict[str, str]:
        """Answer at length."""
        return {"text": "abc" * 1000}

    @operation(returns=dict[str, int], public=True)
    async def swallow(self, call: Call) -> dict[str, int]:
        """Read a body."""
        return {"bytes": len(await call.request.body())}

    @operation(media="text/event-stream", public=True)
    async def stream(self, call: Call) -> StreamingResponse:
        """Send events, longer than the deadline."""

        async def events() -> AsyncIterator[str]:
            for number in range(3):
                yield f"data: {number}{' ' * 2000}\n\n"
                await anyio.sleep(0.06)

        return StreamingResponse(events(), media_type="text/event-stream")

    def routes(self) -> list[BaseRoute]:
        return [
            route("GET", "/fail/{number:int}", self.fail_numbered),
            route("GET", "/fail", self.fail),
            route("GET", "/ours", self.ours),
            route("GET", "/hang", self.hang),
            route("GET", "/large", self.large),
            route("POST", "/swallow", self.swallow),
            route("GET", "/stream", self.stream),
        ]

    @operation(returns=dict[str, str], public=True)
    async def fail_numbered(self, call: Call, number: int) -> None:
        """Fall over at a number."""
        raise RuntimeError("canary")


@pytest.fixture
def deadline() -> float:
    return 60


@pytest.fixture
def app(faces: Faces, deadline: float) -> Starlette:
    return build_app(attrs.evolve(faces, deadline=deadline, body_limit=1000), systems={"odd": OddApi().routes()})


async def test_a_request_has_an_id_that_the_caller_may_choose(nobody: httpx.AsyncClient) -> None:
    assert (await nobody.get("/health", headers={"x-request-id": "abc-1"})).headers["x-request-id"] == "abc-1"
    for strange in ("", "a b", "x" * 65, "a\tb"):
        made = (await nobody.get("/health", headers={"x-request-id": strange})).headers["x-request-id"]
        assert made != strange
        assert len(made) == 16


async def test_a_request_leaves_one_line_in_the_log_without_its_query(
    nobody: httpx.AsyncClient, logged: list[dict[str, Any]]
) -> None:
    await nobody.get("/odd/large?token=canary", headers={"x-request-id": "abc", "accept-encoding": "identity"})
    [line] = logged
    assert (line["event"], line["log_level"], line["method"], line["path"], line["status"]) == (
        "request", "info", "GET", "/odd/large", 200,
    )  # fmt: skip
    assert (line["client"], line["request_id"], line["bytes"]) == ("192.0.2.7", "abc", 3011)


async def test_a_path_cannot_forge_lines_of_the_log(nobody: httpx.AsyncClient, logged: list[dict[str, Any]]) -> None:
    await nobody.get("/a%0a2026-01-01%1b[31m")
    assert logged[0]["path"] == "/a\\n2026-01-01\\x1b[31m"


@pytest.mark.parametrize(
    "credentials", [{"authorization": "Bearer old"}, {"authorization": "Basic eDp5"}, {"cookie": "lineman_session=old"}]
)
async def test_health_looks_at_no_credentials(nobody: httpx.AsyncClient, credentials: dict[str, str]) -> None:
    assert (await nobody.get("/health", headers=credentials)).status_code == 200
    assert (await nobody.get("/stats", headers=credentials)).status_code == 401


async def test_every_answer_has_the_security_headers(nobody: httpx.AsyncClient) -> None:
    for path in ("/health", "/nothing", "/odd/fail", "/docs", "/ui/"):
        headers = (await nobody.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "strict-transport-security" not in headers
        assert "server" not in headers


async def test_answers_of_the_api_are_not_kept_by_caches(nobody: httpx.AsyncClient) -> None:
    for path in ("/health", "/nothing", "/api/users"):
        assert (await nobody.get(path)).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/odd/fail", "/odd/ours"])
async def test_a_fault_shows_an_id_and_nothing_else(
    nobody: httpx.AsyncClient, logged: list[dict[str, Any]], path: str
) -> None:
    answer = await nobody.get(path, headers={"x-request-id": "abc"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "abc"
    assert "canary" not in answer.text
    assert any(line["log_level"] == "error" and line["request_id"] == "abc" and line["exc_info"] for line in logged)


@pytest.mark.parametrize("deadline", [0.1])
async def test_what_takes_too_long_is_given_up(nobody: httpx.AsyncClient) -> None:
    answer = await nobody.get("/odd/hang")
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "unavailable", "5")


@pytest.mark.parametrize("deadline", [0.1])
async def test_a_stream_of_events_outlives_the_deadline_uncompressed(nobody: httpx.AsyncClient) -> None:
    answer = await nobody.get("/odd/stream", headers={"accept-encoding": "gzip"})
    assert answer.text.count("data:") == 3
    assert "content-encoding" not in answer.headers


async def test_a_body_within_the_limit_is_read(nobody: httpx.AsyncClient) -> None:
    assert (await nobody.post("/odd/swallow", content=b"x" * 1000)).json() == {"bytes": 1000}


async def test_a_body_that_says_it_is_too_large_is_not_even_read(app: Starlette) -> None:
    async def never(*_: object) -> dict[str, Any]:
        raise AssertionError("the body was read")

    sent = await answered(app, [(b"content-length", b"1001")], never)
    assert sent[0]["status"] == 413
    assert (b"connection", b"close") in sent[0]["headers"]


async def test_a_body_that_grows_too_large_is_cut_off(nobody: httpx.AsyncClient) -> None:
    async def grow() -> AsyncGenerator[bytes]:
        for _ in range(11):
            yield b"x" * 100

    answer = await nobody.post("/odd/swallow", content=grow())
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"host", b"a"), (b"host", b"b")],
        [(b"host", b"")],
        [(b"host", b"a/b")],
        [(b"host", b"a b")],
        [(b"host", b"user@a")],
        [(b"host", b"a"), (b"content-length", b"ten")],
        [(b"host", b"a"), (b"content-length", b"-1")],
    ],
)
async def test_malformed_requests_are_refused(app: Starlette, headers: list[tuple[bytes, bytes]]) -> None:
    sent = await answered(app, headers, host=False)
    assert sent[0]["status"] == 400


async def answered(
    app: Starlette, headers: list[tuple[bytes, bytes]], receive: Any = None, *, host: bool = True
) -> list[Any]:
    """What a raw request is answered; httpx would not send such."""
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "path": "/odd/swallow",
        "raw_path": b"/odd/swallow", "query_string": b"", "root_path": "", "client": ("192.0.2.7", 1),
        "headers": [*([(b"host", b"house")] if host else []), *headers],
    }  # fmt: skip
    sent = []

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


async def test_large_answers_are_compressed_for_those_who_can_read_it(nobody: httpx.AsyncClient) -> None:
    for accept, encoding in (("gzip", "gzip"), ("identity", None)):
        async with nobody.stream("GET", "/odd/large", headers={"accept-encoding": accept}) as answer:
            raw = b"".join([part async for part in answer.aiter_raw()])
        assert answer.headers.get("content-encoding") == encoding
        assert len(gzip.decompress(raw) if encoding else raw) == 3011


async def test_health_needs_no_login(nobody: httpx.AsyncClient) -> None:
    answer = await nobody.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok", "version": "1.2.3", "database": {"ok": True}, "scheduler": {"ok": True}, "lease": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("found", "status", "word"),
    [
        (Health(database_ok=True, scheduler_ok=False), 200, "degraded"),
        (Health(database_ok=False), 503, "degraded"),
        (None, 503, "degraded"),
    ],
)
async def test_health_is_bad_when_the_database_does_not_answer(
    faces: Faces, found: Health | None, status: int, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look() -> Health:
        if found is None:
            await anyio.sleep_forever()
            raise AssertionError
        return found

    monkeypatch.setattr(health, "DEADLINE", 0.01)
    app = build_app(attrs.evolve(faces, health=look), systems={})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://house") as client:
        answer = await client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (status, word)


async def test_metrics_count_by_route_and_hold_what_others_add(
    admin: httpx.AsyncClient, nobody: httpx.AsyncClient, faces: Faces
) -> None:
    Counter("lineman_polls", "Polls", registry=faces.registry).inc(3)
    for number in range(3):
        await nobody.get(f"/odd/fail/{number}")
    await nobody.get("/no/such/path")
    await nobody.request("BREW", "/odd/large")
    answer = await admin.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    lines = set(answer.text.splitlines())
    assert lines >= {
        'lineman_http_requests_total{method="GET",route="/odd/fail/{number:int}",status="500"} 3.0',
        'lineman_http_requests_total{method="GET",route="unknown",status="404"} 1.0',
        'lineman_http_requests_total{method="OTHER",route="/odd/large",status="405"} 1.0',
        'lineman_http_request_seconds_count{method="GET",route="/odd/fail/{number:int}"} 3.0',
        "lineman_polls_total 3.0",
    }


async def test_figures_of_the_whole_house_are_not_for_clients(
    admin: httpx.AsyncClient, nobody: httpx.AsyncClient
) -> None:
    assert (await admin.get("/stats")).json() == {"polls": 7}
    token = (await admin.post("/api/tokens", json={"name": "c", "role": "client"})).json()["token"]
    for path in ("/metrics", "/stats"):
        assert (await nobody.get(path)).status_code == 401
        assert (await nobody.get(path, headers={"authorization": f"Bearer {token}"})).status_code == 403


async def test_the_full_house_has_the_frame_at_the_root_and_under_each_name(admin: httpx.AsyncClient) -> None:
    for prefix in ("", "/odd"):
        for path in (
            "/health",
            "/metrics",
            "/stats",
            "/openapi.json",
            "/docs",
            "/api/auth/me",
            "/api/users",
            "/api/tokens",
        ):
            assert (await admin.get(prefix + path)).status_code == 200, prefix + path
    assert (await admin.get("/large")).status_code == 404
    assert (await admin.get("/odd/nothing")).json()["code"] == "unknown-path"


async def test_a_system_alone_has_its_own_paths_at_the_root(faces: Faces) -> None:
    systems: dict[str, list[BaseRoute]] = {"odd": OddApi().routes(), "other": [Route("/other", lambda request: None)]}
    app = build_app(faces, systems=systems, alone="odd")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://house") as client:
        assert (await client.get("/large")).status_code == 200
        for path in ("/odd/large", "/other"):
            assert (await client.get(path)).status_code == 404
        root = await client.get("/", headers={"accept": "application/json"})
        assert root.json() == {"name": "lineman odd", "version": "1.2.3", "docs": "/docs", "health": "/health"}
    with pytest.raises(UnknownSystem, match="odd, other"):
        build_app(faces, systems=systems, alone="gone")


async def test_the_root_leads_people_to_the_pages(faces: Faces) -> None:
    async def look(alone: str | None, accept: str) -> httpx.Response:
        app = build_app(faces, systems={"miners": []}, alone=alone)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://house") as client:
            return await client.get("/", headers={"accept": accept})

    for alone, accept in ((None, "*/*"), ("miners", "text/html,*/*;q=0.8")):
        answer = await look(alone, accept)
        assert (answer.status_code, answer.headers["location"]) == (307, "/ui/")
    assert (await look("miners", "*/*")).json()["name"] == "lineman miners"


async def test_a_lifespan_is_run_around_the_app(faces: Faces) -> None:
    seen = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[Mapping[str, Any]]:
        seen.append("up")
        yield {}
        seen.append("down")

    app = build_app(faces, systems={}, lifespan=lifespan)
    async with app.router.lifespan_context(app):
        assert seen == ["up"]
    assert seen == ["up", "down"]
