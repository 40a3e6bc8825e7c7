"""Who is let in: sessions and their CSRF tokens, foreign pages, trusted peers, passkeys, guessers."""

from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from lineman.adapters.db.engine import Database
from lineman.adapters.http.app import Faces, build_app
from lineman.adapters.http.security import check_bind
from lineman.adapters.http.wire import ACTOR
from lineman.core.identity import Passkeys
from lineman.ports.clock import Clock
from lineman.ports.identity import Actor, Role, TokenMint
from lineman.settings import BadSetting, Settings

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"
CREDENTIALS = {"username": "admin", "password": PASSWORD}
LogIn = Callable[[str, str], Awaitable[httpx.AsyncClient]]


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.fixture
async def browser(nobody: httpx.AsyncClient) -> httpx.AsyncClient:
    """Logged in by cookie, on a page of ours."""
    answer = await nobody.post("/api/auth/session", json=CREDENTIALS, headers={"origin": "http://house"})
    assert answer.status_code == 200
    nobody.headers.update({"origin": "http://house", "x-csrf-token": answer.json()["csrf"]})
    return nobody


async def test_a_session_is_a_cookie_that_scripts_cannot_read(nobody: httpx.AsyncClient, store: Database) -> None:
    answer = await nobody.post("/api/auth/session", json=CREDENTIALS)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("lineman_session=")
    assert cookie.partition("; ")[2] == "Path=/; Max-Age=43200; HttpOnly; SameSite=Lax"
    assert cookie.partition(";")[0].partition("=")[2] not in answer.text
    me = (await nobody.get("/api/auth/me")).json()
    assert (me["name"], me["csrf"]) == ("admin", answer.json()["csrf"])
    # A stolen copy of the database opens nothing: neither the key nor what guards it is in there.
    dump = str(await store.fetch(tuple, "select * from session"))
    assert me["csrf"] not in dump
    assert answer.cookies["lineman_session"] not in dump


async def test_behind_https_the_cookie_is_secure_and_browsers_stay_there(app: Starlette) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://house") as client:
        answer = await client.post("/api/auth/session", json=CREDENTIALS)
    assert answer.headers["set-cookie"].endswith("; Secure")
    assert answer.headers["strict-transport-security"].startswith("max-age=")


async def test_a_page_of_ours_may_write(browser: httpx.AsyncClient) -> None:
    assert (await browser.put("/api/users/1", json={"email": "a@b"})).status_code == 200


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"x-csrf-token": ""}, "bad-csrf-token"),
        ({"x-csrf-token": "guess"}, "bad-csrf-token"),
        ({"origin": "http://evil.example"}, "bad-origin"),
        ({"origin": "https://house"}, "bad-origin"),
        ({"origin": "http://house:81"}, "bad-origin"),
        ({"origin": "null"}, "bad-origin"),
        ({"origin": ""}, "bad-origin"),
        ({"origin": "", "referer": "http://evil.example/http://house/"}, "bad-origin"),
    ],
)
async def test_others_do_not_write_with_a_browsers_session(
    browser: httpx.AsyncClient, headers: dict[str, str], code: str
) -> None:
    answer = await browser.put("/api/users/1", json={"email": "a@b"}, headers=headers)
    assert problem(answer) == (403, code)


async def test_a_referer_stands_in_for_the_origin(browser: httpx.AsyncClient) -> None:
    headers = {"origin": "", "referer": "http://house:80/ui/users?x=1"}
    assert (await browser.put("/api/users/1", json={}, headers=headers)).status_code == 200


async def test_behind_a_proxy_the_public_address_is_ours_too(faces: Faces) -> None:
    app = build_app(attrs.evolve(faces, public_url="https://lineman.example/"), systems={})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://10.0.0.1:8000") as client:
        answer = await client.post("/api/auth/session", json=CREDENTIALS, headers={"origin": "https://lineman.example"})
    assert answer.status_code == 200
    assert answer.headers["set-cookie"].endswith("; Secure")


async def test_another_site_cannot_log_a_browser_in(nobody: httpx.AsyncClient) -> None:
    answer = await nobody.post("/api/auth/session", json=CREDENTIALS, headers={"origin": "http://evil.example"})
    assert problem(answer) == (403, "bad-origin")


async def test_logging_out_ends_the_session_on_the_server(browser: httpx.AsyncClient) -> None:
    kept = browser.cookies["lineman_session"]
    answer = await browser.delete("/api/auth/session")
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert "lineman_session" not in browser.cookies
    browser.cookies["lineman_session"] = kept
    assert problem(await browser.get("/api/auth/me")) == (401, "not-logged-in")
    assert (await browser.delete("/api/auth/session")).status_code == 204


async def test_a_session_ends_in_time(browser: httpx.AsyncClient, advance: Callable[[float], None]) -> None:
    advance(12 * 3600 - 1)
    assert (await browser.get("/api/auth/me")).status_code == 200
    advance(1)
    assert problem(await browser.get("/api/auth/me")) == (401, "not-logged-in")


async def test_a_changed_password_renews_the_session_that_changed_it_and_ends_the_others(
    browser: httpx.AsyncClient, log_in: LogIn
) -> None:
    other = await log_in("", "")
    await other.post("/api/auth/session", json=CREDENTIALS)
    body = {"old_password": PASSWORD, "new_password": "another password"}
    assert (await browser.post("/api/auth/password", json=body)).status_code == 204
    # The new session has a token of its own, which pages ask for by themselves.
    assert problem(await browser.put("/api/users/1", json={})) == (403, "bad-csrf-token")
    browser.headers["x-csrf-token"] = (await browser.get("/api/auth/me")).json()["csrf"]
    assert (await browser.put("/api/users/1", json={})).status_code == 200
    assert problem(await other.get("/api/auth/me")) == (401, "not-logged-in")


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Bearer lm_x", "Basic YTpi", "Bearer \xff"]
)
async def test_credentials_that_are_good_for_nothing_are_refused_but_by_health_which_looks_at_none(
    nobody: httpx.AsyncClient, authorization: str
) -> None:
    headers = [(b"authorization", authorization.encode("latin-1"))]
    assert problem(await nobody.get("/api/auth/me", headers=headers)) == (401, "not-logged-in")
    assert (await nobody.get("/health", headers=headers)).status_code == 200


async def test_stale_credentials_do_not_keep_one_from_logging_in(nobody: httpx.AsyncClient) -> None:
    nobody.cookies["lineman_session"] = "old"
    headers = {"authorization": "Bearer old"}
    assert (await nobody.post("/api/auth/login", json=CREDENTIALS, headers=headers)).status_code == 200


async def test_a_jwt_of_another_kind_key_or_shape_opens_nothing(
    nobody: httpx.AsyncClient, mint: TokenMint, clock: Any
) -> None:
    clock.advance(60)
    claims: list[dict[str, object]] = [
        {}, {"kind": "login"}, {"kind": "login", "sub": "1", "rev": 9}, {"kind": "login", "sub": "x", "rev": 1},
        {"kind": "login", "sub": "99", "rev": 1}, {"kind": "link", "sub": "1", "rev": 1},
    ]  # fmt: skip
    for each in claims:
        token = mint.mint(each, expires_at=clock.now()).reveal()
        answer = await nobody.get("/api/auth/me", headers={"authorization": f"Bearer {token}"})
        assert problem(answer) == (401, "not-logged-in")


async def test_a_passkey_is_the_local_command_line(nobody: httpx.AsyncClient, mint: TokenMint, clock: Clock) -> None:
    nobody.headers["authorization"] = f"Bearer {Passkeys(mint, clock).mint().reveal()}"
    me = (await nobody.get("/api/auth/me")).json()
    assert (me["name"], me["role"], me["user"]) == ("cli", "admin", None)
    answer = await nobody.post("/api/auth/password", json={"old_password": "x", "new_password": "y" * 12})
    assert problem(answer) == (403, "not-allowed")


async def test_an_actor_from_within_the_process_is_believed(app: Starlette) -> None:
    async def inside(scope: Scope, receive: Receive, send: Send) -> None:
        scope[ACTOR] = Actor("cli", Role.ADMIN)
        await app(scope, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(inside), base_url="http://house") as client:
        assert (await client.get("/api/users")).status_code == 200


async def test_guessing_meets_a_wall_that_says_when_it_opens(
    nobody: httpx.AsyncClient, advance: Callable[[float], None], faces: Faces
) -> None:
    wrong = {"username": "admin", "password": "wrong password"}
    for _ in range(10):
        assert problem(await nobody.post("/api/auth/login", json=wrong)) == (401, "bad-login")
    for path in ("/api/auth/login", "/api/auth/session"):
        answer = await nobody.post(path, json=CREDENTIALS)
        assert problem(answer) == (429, "too-many-requests")
        assert answer.headers["retry-after"] == "6"
    advance(6)
    assert (await nobody.post("/api/auth/login", json=CREDENTIALS)).status_code == 200


LOCAL = {"host": "localhost:8000"}


@pytest.mark.parametrize(
    ("peer", "headers", "let_in"),
    [
        ("127.0.0.1", LOCAL, True),
        ("127.9.9.9", {"host": "127.0.0.1"}, True),
        ("::1", {"host": "[::1]:8000"}, True),
        ("::ffff:127.0.0.1", LOCAL, True),
        ("127.0.0.1", {**LOCAL, "origin": "http://localhost:8000", "sec-fetch-site": "same-origin"}, True),
        ("192.0.2.1", LOCAL, False),
        ("::ffff:192.0.2.1", LOCAL, False),
        ("127.0.0.1", {"host": "lineman.example"}, False),
        ("127.0.0.1", {"host": "localhost.evil.example"}, False),
        ("127.0.0.1", {**LOCAL, "origin": "http://localhost:9000"}, False),
        ("127.0.0.1", {**LOCAL, "origin": "null"}, False),
        ("127.0.0.1", {**LOCAL, "sec-fetch-site": "cross-site"}, False),
        ("127.0.0.1", {**LOCAL, "x-forwarded-for": "127.0.0.1"}, False),
        ("127.0.0.1", {**LOCAL, "forwarded": "for=127.0.0.1"}, False),
        ("127.0.0.1", {**LOCAL, "via": "1.1 proxy"}, False),
        ("127.0.0.1", {**LOCAL, "x-real-ip": ""}, False),
    ],
)
async def test_trust_local_lets_in_programs_of_this_host_and_nobody_else(
    faces: Faces, peer: str, headers: dict[str, str], let_in: bool
) -> None:
    app = build_app(attrs.evolve(faces, trust_local=True), systems={})
    transport = httpx.ASGITransport(app, client=(peer, 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        answer = await client.get("/api/auth/me", headers=headers)
        assert (await client.get("/health", headers=headers)).status_code == 200
    if let_in:
        assert (answer.json()["name"], answer.json()["role"]) == ("local", "operator")
    else:
        assert problem(answer) == (401, "not-logged-in")
        assert "Only programs on this host" in answer.json()["detail"]


async def test_without_trust_local_a_peer_on_this_host_is_a_stranger(app: Starlette) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        assert problem(await client.get("/api/auth/me")) == (401, "not-logged-in")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "lineman.example", "localhost.evil.example", ""])
def test_trust_local_does_not_start_where_others_reach_it(host: str) -> None:
    with pytest.raises(BadSetting, match="trust-local"):
        check_bind(Settings(auth="trust-local", host=host))
    check_bind(Settings(auth="login", host=host))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost", "LOCALHOST"])
def test_trust_local_starts_on_this_host(host: str) -> None:
    check_bind(Settings(auth="trust-local", host=host))


async def test_no_secret_shows_in_answers_logs_or_journal(
    admin: httpx.AsyncClient, nobody: httpx.AsyncClient, logged: list[dict[str, Any]], faces: Faces
) -> None:
    canary = "canary-in-a-cage"
    told = []
    for method, path, body in (
        ("POST", "/api/auth/login", {"username": "admin", "password": canary}),
        ("POST", "/api/auth/login", {"username": canary, "password": canary}),
        ("POST", "/api/auth/login", {"username": "admin", "password": [canary]}),
        ("POST", "/api/auth/session", {"username": "admin", "password": canary, "x": 1}),
        ("POST", "/api/auth/register", {"username": "anna", "password": canary, "role": "client"}),
        ("POST", "/api/auth/password", {"old_password": canary, "new_password": canary}),
        ("POST", "/api/users", {"username": "anna", "password": canary}),
        ("POST", "/api/users", {"username": canary, "password": canary}),
        ("POST", "/api/users/1/password", {"password": canary, "role": 1}),
        ("GET", f"/api/auth/me?token={canary}", None),
    ):
        answer = await admin.request(method, path, json=body, headers={"x-canary": canary})
        told.append(answer.text)
    told.append((await nobody.get("/api/auth/me", headers={"authorization": f"Bearer {canary}"})).text)
    told.append((await admin.get("/api/journal?limit=1000")).text)
    token = (await admin.post("/api/tokens", json={"name": "ci", "role": "client"})).json()["token"]
    jwt = admin.headers["authorization"].removeprefix("Bearer ")
    told += [(await admin.get(path)).text for path in ("/api/tokens", "/api/users", "/api/journal", "/metrics")]
    told += [str(line) for line in logged] + [repr(faces.identity)]
    for secret in (canary, token, jwt, PASSWORD):
        assert [text for text in told if secret in text] == []
