"""The wire's promises, over a small app of its own."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Annotated

import attrs
import httpx
import msgspec
import pytest
from msgspec import UNSET, Meta, UnsetType
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from lineman.adapters.http.problems import on_error, on_http_exception
from lineman.adapters.http.routing import Switchboard
from lineman.adapters.http.wire import ACTOR, Call, Id, Limit, Page, operation, route
from lineman.ports.errors import LinemanError, NotFound, Stale, Unavailable
from lineman.ports.identity import Actor, Role
from lineman.ports.secrets import Secret

pytestmark = pytest.mark.anyio

BOSS = Actor("boss", Role.ADMIN)


@attrs.frozen
class Thing:
    name: str
    at: datetime
    port: int | None = None


class NewThing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=8)]
    port: Annotated[int, Meta(ge=1, le=65535)] | UnsetType | None = UNSET
    owners: tuple[Id, ...] = ()
    password: Secret | UnsetType | None = UNSET


class ThingQuery(msgspec.Struct, frozen=True, kw_only=True):
    active: bool | None = None
    limit: Limit = 100


class UnknownThing(NotFound):
    """There is no such thing here."""


@attrs.frozen
class ThingApi:
    made: list[NewThing] = attrs.field(factory=list)

    @operation(returns=Page[Thing], query=ThingQuery, public=True)
    async def all(self, call: Call, query: ThingQuery) -> Page[Thing]:
        """List things."""
        return Page([Thing(f"{query.active}", datetime(2026, 1, 2, tzinfo=UTC))] * min(query.limit, 2), 7)

    @operation(returns=Thing, body=NewThing, status=201)
    async def add(self, call: Call, body: NewThing) -> Thing:
        """Make a thing."""
        self.made.append(body)
        return Thing(body.name, datetime(2026, 1, 2, tzinfo=UTC), None if body.port is UNSET else body.port)

    @operation(returns=Thing, errors=(UnknownThing,), public=True)
    async def one(self, call: Call, thing_id: int) -> Thing:
        """Show a thing."""
        if thing_id == 3:
            raise Unavailable("The shelf is being moved.", retry_after=2.3)
        if thing_id != 1:
            raise UnknownThing(f"Thing {thing_id} is not here.")
        call.tag(4)
        return Thing("one", datetime(2026, 1, 2, tzinfo=UTC))

    @operation(status=204, errors=(Stale,), public=True)
    async def remove(self, call: Call, thing_id: int) -> None:
        """Throw a thing away."""
        call.expect(4)

    @operation(public=True)
    async def leak(self, call: Call) -> Secret:
        """Try to give a secret away."""
        return Secret("canary")


@pytest.fixture
def api() -> ThingApi:
    return ThingApi()


@pytest.fixture
async def client(api: ThingApi) -> AsyncGenerator[httpx.AsyncClient]:
    app = Starlette(
        routes=[
            route("GET", "/things", api.all),
            route("POST", "/things", api.add),
            route("GET", "/things/{thing_id:int}", api.one),
            route("DELETE", "/things/{thing_id:int}", api.remove),
            route("GET", "/leak", api.leak),
        ],
        exception_handlers={LinemanError: on_error, HTTPException: on_http_exception},
    )

    async def as_boss(scope: Scope, receive: Receive, send: Send) -> None:
        if (b"x-boss", b"1") in scope["headers"]:
            scope[ACTOR] = BOSS
        await app(scope, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(as_boss), base_url="http://localhost") as client:
        yield client


def assert_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert (document["status"], document["code"]) == (status, code)
    assert document["title"]
    assert document["detail"]


async def test_a_page_is_a_bare_array_with_its_total_beside_it(client: httpx.AsyncClient) -> None:
    answer = await client.get("/things", params={"active": "true", "limit": "1", "never-heard-of": "x"})
    assert answer.json() == [{"name": "True", "at": "2026-01-02T00:00:00Z", "port": None}]
    assert answer.headers["x-total-count"] == "7"


async def test_an_empty_parameter_counts_as_absent(client: httpx.AsyncClient) -> None:
    assert (await client.get("/things?active=&limit=")).json()[0]["name"] == "None"


@pytest.mark.parametrize(
    ("query", "field"), [("limit=1001", "limit"), ("limit=two", "limit"), ("active=perhaps", "active")]
)
async def test_a_wrong_parameter_is_named(client: httpx.AsyncClient, query: str, field: str) -> None:
    answer = await client.get(f"/things?{query}")
    assert_problem(answer, 422, "bad-query")
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("query", ["active=%00", "active=%ff", "&".join(f"a{n}=1" for n in range(200))])
async def test_a_strange_query_is_refused(client: httpx.AsyncClient, query: str) -> None:
    assert_problem(await client.get(f"/things?{query}"), 422, "bad-query")


async def test_an_empty_body_is_told_what_belongs_in_it(client: httpx.AsyncClient) -> None:
    answer = await client.post("/things", headers={"x-boss": "1"})
    assert_problem(answer, 422, "bad-body")
    assert answer.json()["detail"].startswith("The body is empty: send a JSON object with name, port, ")


async def test_all_wrong_fields_of_a_body_are_named_at_once(client: httpx.AsyncClient) -> None:
    body = {"port": 70000, "owners": [1, 0], "password": 5, "colour": "red"}
    answer = await client.post("/things", json=body, headers={"x-boss": "1"})
    assert_problem(answer, 422, "bad-body")
    assert {error["field"]: error["message"] for error in answer.json()["errors"]} == {
        "name": "is required",
        "port": "Expected `int` <= 65535",
        "owners[1]": "Expected `int` >= 1",
        "password": "Expected `str`",
        "colour": "is not known here",
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"name":"\xff"}',
        b'{"name":"\\ud800"}',
        b'{"name":"\\u0000"}',
        b"[" * 100_000,
        b'{"name":"a","x":' + b"[" * 100_000,
        b'{"name":"a"} trailing',
        b'{"name":"a","owners":[1e400]}',
    ],
)
async def test_a_body_that_is_none_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    assert_problem(await client.post("/things", content=body, headers={"x-boss": "1"}), 422, "bad-body")


async def test_an_absent_field_differs_from_null_and_a_password_does_not_show(
    client: httpx.AsyncClient, api: ThingApi
) -> None:
    for body in ({"name": "a"}, {"name": "a", "port": None, "password": "canary"}):
        assert (await client.post("/things", json=body, headers={"x-boss": "1"})).status_code == 201
    absent, null = api.made
    assert (absent.port, null.port, absent.password) == (UNSET, None, UNSET)
    assert null.password == Secret("canary")
    assert "canary" not in repr(null)


async def test_who_is_not_logged_in_is_told_so_before_his_mistakes(client: httpx.AsyncClient) -> None:
    answer = await client.post("/things", content=b"{")
    assert_problem(answer, 401, "not-logged-in")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_an_error_becomes_a_problem_of_its_kind(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/things/2"), 404, "unknown-thing")
    assert (await client.get("/things/2")).json()["title"] == "There is no such thing here"
    busy = await client.get("/things/3")
    assert_problem(busy, 503, "unavailable")
    assert busy.headers["retry-after"] == "3"


async def test_unknown_paths_and_methods_are_problems_too(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/nothing"), 404, "unknown-path")
    assert_problem(await client.get("/things/99999999999999999999"), 404, "not-found")
    answer = await client.put("/things/1")
    assert_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "DELETE, GET, HEAD"


@pytest.mark.parametrize(
    ("tags", "status"), [(None, 204), ("*", 204), ('"4"', 204), ('"1", W/"4"', 204), ('"3"', 412), ("nonsense", 412)]
)
async def test_if_match_keeps_one_from_overwriting_what_he_has_not_seen(
    client: httpx.AsyncClient, tags: str | None, status: int
) -> None:
    assert (await client.get("/things/1")).headers["etag"] == '"4"'
    answer = await client.delete("/things/1", headers={"if-match": tags} if tags else {})
    assert answer.status_code == status
    assert status == 204 or answer.json()["code"] == "stale"


async def test_a_secret_cannot_be_answered(client: httpx.AsyncClient) -> None:
    with pytest.raises(TypeError, match="Secret"):
        await client.get("/leak")


@attrs.frozen
class Echo:
    @operation(returns=list[str], public=True)
    async def one(self, call: Call, name: str) -> list[str]:
        """Tell a name."""
        return [name]

    @operation(returns=list[str], public=True)
    async def part(self, call: Call, name: str, number: int) -> list[str]:
        """Tell a part."""
        return [name, str(number)]


@pytest.mark.parametrize("prefix", ["", "/house"])
@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/a%2Fb", ["a/b"]),
        ("/a%2fparts%2F7", ["a/parts/7"]),
        ("/a%2Fb/parts/7", ["a/b", "7"]),
        ("/a%252Fb", ["a%2Fb"]),
        ("/%D0%AE%D0%B3%20%26%20Co%3F", ["Юг & Co?"]),
    ],
)
async def test_a_name_in_a_path_may_have_slashes_of_its_own(prefix: str, path: str, told: list[str]) -> None:
    echo = Echo()
    routes = [route("GET", "/{name}", echo.one), route("GET", "/{name}/parts/{number:int}", echo.part)]
    app = Switchboard([Mount("/house", Switchboard(routes))] if prefix else routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://house") as client:
        assert (await client.get(prefix + path)).json() == told
        assert (await client.get(f"{prefix}/a/b")).status_code == 404
