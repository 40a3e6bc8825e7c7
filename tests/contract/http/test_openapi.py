"""The OpenAPI document: valid, true, and enough to break nothing with."""

import re
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import checks
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks as conformance
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from lineman.adapters.http.wire import ACTOR
from lineman.core.permissions import PERMISSIONS
from lineman.ports.identity import Actor, Permission, Role
from lineman.service import opened_service
from lineman.settings import Settings

pytestmark = pytest.mark.anyio

#: Requests that are made up for each operation: right ones, and wrong ones.
EACH = 5
CHECKS = [
    checks.not_a_server_error,
    conformance.status_code_conformance,
    conformance.content_type_conformance,
    conformance.response_schema_conformance,
    conformance.response_headers_conformance,
]


@pytest.fixture
async def house(tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Starlette]:
    """All of lineman over an empty database; nothing is polled."""
    async with opened_service(Settings(database=f"sqlite:///{tmp_path}/lineman.db"), works=False) as service:
        yield service.application()


@pytest.fixture
async def cli(house: Starlette) -> AsyncGenerator[httpx.AsyncClient]:
    """Somebody who may do everything."""

    async def inside(scope: Scope, receive: Receive, send: Send) -> None:
        scope[ACTOR] = Actor("cli", Role.ADMIN)
        await house(scope, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(inside), base_url="http://house") as client:
        yield client


async def document(client: httpx.AsyncClient, prefix: str = "") -> dict[str, Any]:
    read: dict[str, Any] = (await client.get(f"{prefix}/openapi.json")).raise_for_status().json()
    return read


@pytest.mark.parametrize("prefix", ["", "/miners"])
async def test_the_document_is_valid_and_complete(cli: httpx.AsyncClient, prefix: str) -> None:
    told = await document(cli, prefix)
    OpenAPIV31SpecValidator(told).validate()
    names = [facts["operationId"] for methods in told["paths"].values() for facts in methods.values()]
    assert len(set(names)) == len(names)
    assert told["servers"] == [{"url": prefix or "/"}]
    miners = "/api/miners" if prefix else "/miners/api/miners"
    assert {"/api/auth/login", "/api/users/{user_id}", "/health", miners, f"{miners}/{{miner_id}}"} <= set(
        told["paths"]
    )
    for path, methods in told["paths"].items():
        for method, facts in methods.items():
            assert facts["summary"], f"{method} {path} has no docstring"
            assert facts["tags"], f"{method} {path} has no tag"
            assert "default" in facts["responses"]


async def test_an_operation_is_described_by_what_it_takes_and_gives(cli: httpx.AsyncClient) -> None:
    told = await document(cli)
    users = told["paths"]["/api/users"]["get"]
    assert [(parameter["name"], parameter["schema"]) for parameter in users["parameters"]] == [
        ("limit", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}),
        ("offset", {"type": "integer", "minimum": 0, "maximum": 2**31 - 1, "default": 0}),
    ]
    good = users["responses"]["200"]
    assert "X-Total-Count" in good["headers"]
    assert good["content"]["application/json"]["schema"] == {
        "type": "array", "items": {"$ref": "#/components/schemas/User"},
    }  # fmt: skip
    change = told["paths"]["/api/users/{user_id}"]["put"]
    assert [parameter["name"] for parameter in change["parameters"]] == ["user_id", "If-Match"]
    assert set(change["responses"]) == {"200", "401", "403", "404", "409", "412", "413", "422", "503", "default"}
    assert change["security"] == [{"bearer": []}, {"session": [], "csrf": []}]
    assert told["paths"]["/api/auth/login"]["post"]["security"] == []
    user = told["components"]["schemas"]["User"]
    assert user["properties"]["created_at"] == {"type": "string", "format": "date-time"}
    assert set(user["required"]) == set(user["properties"])
    password = told["components"]["schemas"]["Credentials"]["properties"]["password"]
    assert (password["format"], password["writeOnly"]) == ("password", True)


async def test_who_lacks_the_permission_is_told_that_before_his_mistakes(
    house: Starlette, cli: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Every role may do something somewhere; this one may do nothing.
    nothing: dict[Role, frozenset[Permission]] = {**PERMISSIONS, Role.ENTERPRISE_ADMIN: frozenset()}
    monkeypatch.setattr("lineman.core.permissions.PERMISSIONS", nothing)

    async def inside(scope: Scope, receive: Receive, send: Send) -> None:
        scope[ACTOR] = Actor("emil", Role.ENTERPRISE_ADMIN)
        await house(scope, receive, send)

    told, asked, answered = await document(cli), 0, set()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(inside), base_url="http://house") as nobody:
        for path, methods in told["paths"].items():
            for method, facts in methods.items():
                # What everybody may ask of himself is left out, and what asks for no login.
                if not facts["security"] or path.startswith("/api/auth/password"):
                    continue
                takes = {
                    each["name"]: each["schema"].get("type") for each in facts["parameters"] if each["in"] == "query"
                }
                wrong = {name: "x" for name, kind in takes.items() if kind == "integer"}
                if "requestBody" in facts or wrong:
                    asked += 1
                    place = re.sub(r"\{\w+\}", "1", path)
                    content = b"{" if "requestBody" in facts else None
                    answer = await nobody.request(method, place, params=wrong, content=content)
                    if answer.status_code != 403:
                        answered.add(f"{method} {path}: {answer.status_code}")
    assert asked > 30
    assert answered == set()


async def test_the_page_to_read_it_needs_nothing_from_elsewhere(cli: httpx.AsyncClient) -> None:
    page = await cli.get("/miners/docs")
    assert page.headers["content-type"].startswith("text/html")
    for part, kind in (("docs.js", "text/javascript"), ("docs.css", "text/css")):
        assert f'"docs/{part}"' in page.text
        answer = await cli.get(f"/miners/docs/{part}")
        assert answer.headers["content-type"].startswith(kind)
        assert "http://" not in answer.text
        assert "https://" not in answer.text
    assert "<style" not in page.text
    assert "onclick" not in page.text


async def test_made_up_requests_are_answered_as_the_document_says(cli: httpx.AsyncClient) -> None:
    told = await document(cli)
    # A poll or a plug would call upon addresses that were made up, a stream would not end.
    schema = schemathesis.openapi.from_dict(told).exclude(path_regex="/(poll|stream|plug)$")
    seen = set()
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        for case in made_up(operation):
            # Who asks is settled; what the schemes would add is not the question here.
            case.headers = {
                name: value
                for name, value in (case.headers or {}).items()
                if name.lower() not in {"authorization", "cookie", "x-csrf-token"}
            }
            sent = case.as_transport_kwargs(base_url="http://house")
            answer = await cli.request(
                sent["method"], sent["url"], params=sent.get("params"), headers=dict(sent.get("headers") or {}),
                json=sent.get("json"), content=sent.get("data"),
            )  # fmt: skip
            case.validate_response(answer, checks=CHECKS)
            seen.add(answer.status_code)
    assert seen >= {200, 201, 204, 401, 404, 422}


def made_up(operation: Any) -> list[Any]:
    """The same ones every time."""
    cases = []
    for mode in schemathesis.GenerationMode:

        @settings(
            max_examples=EACH, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(operation.as_strategy(generation_mode=mode))
        def gather(case: Any) -> None:
            cases.append(case)

        with suppress(Unsatisfiable):
            # Where nothing is taken, nothing can be wrong.
            gather()
    return cases
