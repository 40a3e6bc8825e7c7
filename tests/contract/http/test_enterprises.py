"""Enterprises over HTTP: everywhere, their secrets stay in, and an enterprise admin sees his own."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lineman.ports.enterprises import NewEnterprise
from lineman.ports.identity import Actor, Role
from lineman.ports.secrets import Secret
from lineman.service import Service, opened_service
from lineman.settings import Settings

from .test_places import asked_by

pytestmark = pytest.mark.anyio

ADMIN, OLGA = Actor("ada", Role.ADMIN), Actor("olga", Role.OPERATOR)
OF_17 = Actor("egor", Role.ENTERPRISE_ADMIN, enterprise_numbers=frozenset({"17"}))
CANARY = "canary-login"


@pytest.fixture
async def service(tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Service]:
    async with opened_service(Settings(database=f"sqlite:///{tmp_path}/lineman.db"), works=False) as opened:
        yield opened


@pytest.fixture
async def olga(service: Service) -> AsyncGenerator[httpx.AsyncClient]:
    async with asked_by(service, OLGA) as client:
        yield client


def fields_of(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["field"] for error in answer.json()["errors"]]


async def journal(client: httpx.AsyncClient) -> list[tuple[str, str, str]]:
    lines = (await client.get("/api/journal", params={"action": "enterprises."})).raise_for_status().json()
    return [(line["action"], line["subject"], line["detail"]) for line in reversed(lines)]


async def test_an_enterprise_is_added_changed_and_removed_and_the_journal_tells_of_it_without_the_secret(
    olga: httpx.AsyncClient,
) -> None:
    body = {"number": " 0367 ", "name": "Почта", "gateway_username": "root", "gateway_password": CANARY}
    made = await olga.post("/api/enterprises", json=body)
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    assert made.json() | {"created_at": None} == {
        "number": "0367", "name": "Почта", "gateway_username": "root", "has_gateway_password": True, "comment": "",
        "gateways": 0, "created_at": None, "revision": 1,
    }  # fmt: skip
    assert (await olga.get("/api/enterprises/0367")).json() == made.json()
    twice = await olga.post("/api/enterprises", json=body)
    assert (twice.status_code, twice.json()["code"]) == (409, "enterprise-exists")

    change = {"name": "Post", "gateway_password": f"{CANARY}-2", "number": "0367"}
    changed = await olga.put("/api/enterprises/0367", json=change, headers={"if-match": '"1"'})
    assert (changed.status_code, changed.json()["name"], changed.json()["revision"]) == (200, "Post", 2)
    late = await olga.put("/api/enterprises/0367", json={"name": "x"}, headers={"if-match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (412, "stale")
    gone = await olga.put("/api/enterprises/0367", json={"gateway_username": None, "gateway_password": None})
    assert (gone.json()["gateway_username"], gone.json()["has_gateway_password"]) == (None, False)
    assert (await olga.delete("/api/enterprises/0367")).status_code == 204
    for answer in (await olga.get("/api/enterprises/0367"), await olga.delete("/api/enterprises/0367")):
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-enterprise")
    assert await journal(olga) == [
        ("enterprises.add", "enterprise 0367", "Почта"),
        ("enterprises.change", "enterprise 0367", "name Почта -> Post, gateway_password changed"),
        ("enterprises.change", "enterprise 0367", "gateway_username root -> None, gateway_password changed"),
        ("enterprises.remove", "enterprise 0367", "Post"),
    ]
    assert CANARY not in json.dumps((await olga.get("/api/journal")).json()) + made.text + changed.text


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"number": "1 2", "name": " "}, ["number", "name"]),
        ({"number": "..", "name": "x"}, ["number"]),
        ({"number": "7" * 33, "name": "x"}, ["number"]),
        ({"number": "1\u202e", "name": "x\u200b"}, ["number", "name"]),
        ({"number": "1", "name": "x", "gateway_username": "a:b", "gateway_password": "a\nb"},
         ["gateway_username", "gateway_password"]),
        ({"number": "1", "name": "x", "comment": "y" * 2001}, ["comment"]),
        ({"number": "1", "name": "x", "colour": "red"}, ["colour"]),
        ({"name": "x"}, ["number"]),
    ],
)  # fmt: skip
async def test_every_wrong_field_is_named(olga: httpx.AsyncClient, body: dict[str, Any], fields: list[str]) -> None:
    assert fields_of(await olga.post("/api/enterprises", json=body)) == fields
    assert (await olga.get("/api/enterprises")).json() == []


async def test_a_number_stays_what_it_is_and_may_have_a_slash_and_be_called_import(olga: httpx.AsyncClient) -> None:
    for number in ("A/Ж", "import"):
        await olga.post("/api/enterprises", json={"number": number, "name": "Box"})
    assert (await olga.get("/api/enterprises/A%2F%D0%96")).json()["number"] == "A/Ж"
    assert (await olga.get("/api/enterprises/import")).json()["number"] == "import"
    assert (await olga.put("/api/enterprises/import", json={"name": "Other"})).json()["name"] == "Other"
    assert fields_of(await olga.put("/api/enterprises/import", json={"number": "2"})) == ["number"]


async def test_they_stand_everywhere_and_each_role_has_its_view(service: Service, olga: httpx.AsyncClient) -> None:
    for number in ("17", "2"):
        await olga.post("/api/enterprises", json={"number": number, "name": "Box"})
    async with asked_by(service, OF_17) as his:
        for prefix in ("", "/systems/miners"):
            mine = await his.get(f"{prefix}/api/enterprises")
            assert ([one["number"] for one in mine.json()], mine.headers["x-total-count"]) == (["17"], "1")
        assert (await his.get("/api/enterprises/2")).status_code == 404
        assert (await his.put("/api/enterprises/17", json={"name": "Mine"})).status_code == 403
        assert (await his.post("/api/enterprises/import", json=[])).status_code == 403
    async with asked_by(service, Actor("egon", Role.ENTERPRISE_ADMIN)) as nobodys:
        assert (await nobodys.get("/api/enterprises")).json() == []
    for role in (Role.CLIENT, Role.ACCOUNTANT):
        async with asked_by(service, Actor("carl", role)) as other:
            assert (await other.get("/api/enterprises")).status_code == 403
            assert (await other.get("/api/enterprises/17")).status_code == 403


async def test_users_and_tokens_are_confined_to_enterprises_that_are_there(
    service: Service, olga: httpx.AsyncClient
) -> None:
    await olga.post("/api/enterprises", json={"number": "17", "name": "Box"})
    async with asked_by(service, ADMIN) as admin:
        user = {"username": "egor", "password": "correct horse battery", "role": "enterprise_admin"}
        assert fields_of(await admin.post("/api/users", json=user | {"enterprise_numbers": ["17", "18"]})) == [
            "enterprise_numbers"
        ]
        made = await admin.post("/api/users", json=user | {"enterprise_numbers": ["17"]})
        assert (made.status_code, made.json()["enterprise_numbers"]) == (201, ["17"])
        path = f"/api/users/{made.json()['id']}"
        assert fields_of(await admin.put(path, json={"enterprise_numbers": ["18"]})) == ["enterprise_numbers"]
        script = {"name": "exchange", "role": "enterprise_admin", "enterprise_numbers": ["18"]}
        assert fields_of(await admin.post("/api/tokens", json=script)) == ["enterprise_numbers"]
        refused = await olga.delete("/api/enterprises/17")
        assert (refused.status_code, refused.json()["code"]) == (409, "enterprise-in-use")
        assert "user egor" in refused.json()["detail"]
        assert (await admin.put(path, json={"enterprise_numbers": []})).status_code == 200
        assert (await olga.delete("/api/enterprises/17")).status_code == 204


TABLE = f"""\
number;name;username;password;comment
0367;Почта;root;{CANARY};
2;Box;;;two
0367;Again;;;
3;;;;
4 5;x;;;
"""


async def test_a_table_is_tried_then_imported_row_by_row_and_changes_what_is_there_only_when_told(
    service: Service, olga: httpx.AsyncClient
) -> None:
    csv = {"content-type": "text/csv"}
    dry = (await olga.post("/api/enterprises/import?dry_run=true", content=TABLE.encode(), headers=csv)).json()
    assert (dry["dry_run"], dry["added"], dry["failed"]) == (True, 2, 3)
    assert (await olga.get("/api/enterprises")).json() == []
    done = (await olga.post("/api/enterprises/import", content=TABLE.encode("utf-16"), headers=csv)).json()
    assert {name: done[name] for name in ("dry_run", "added", "changed", "same", "failed")} == {
        "dry_run": False, "added": 2, "changed": 0, "same": 0, "failed": 3,
    }  # fmt: skip
    assert done["rows"][0] == {"row": 2, "status": "added", "number": "0367", "errors": []}
    assert [(row["row"], row["errors"][0]["field"]) for row in done["rows"][2:]] == [
        (4, "number"), (5, "name"), (6, "number"),
    ]  # fmt: skip
    stored = await service.house.enterprise_store().get("0367")
    assert (stored.gateway_username, stored.gateway_password) == ("root", Secret(CANARY))

    listed = (await olga.get("/api/enterprises")).json()
    same = (await olga.post("/api/enterprises/import", json=listed)).json()
    assert (same["same"], same["failed"]) == (2, 0)
    other = [{"number": "2", "name": "Box 2", "gateway_password": None}, {"number": "9", "name": "Nine"}]
    assert (await olga.post("/api/enterprises/import", json=other)).json()["rows"][0]["errors"][0]["field"] == "number"
    told = (await olga.post("/api/enterprises/import?update=true", json=other)).json()
    assert [row["status"] for row in told["rows"]] == ["changed", "same"]
    assert (await olga.get("/api/enterprises/2")).json()["comment"] == "two"
    assert (await journal(olga))[-1][2] == "0 added, 1 changed, 1 same, 0 error, of 2 rows"
    for raw in (b"name\nx", b"{}", b"number;colour\n1;red"):
        kind = "application/json" if raw == b"{}" else "text/csv"
        assert (
            await olga.post("/api/enterprises/import", content=raw, headers={"content-type": kind})
        ).status_code == 422


async def test_who_names_no_revision_is_not_told_of_others(service: Service, olga: httpx.AsyncClient) -> None:
    made = await service.house.enterprise_store().add(NewEnterprise("1", "Box"), at=service.house.clock().now())
    await service.house.enterprise_store().change(made)
    assert (await olga.put("/api/enterprises/1", json={"comment": "x"})).json()["revision"] == 3
    assert (await olga.put("/api/enterprises/1", json={"comment": " x "})).json()["revision"] == 3
