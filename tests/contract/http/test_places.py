"""Grids, maps, tags and groups over HTTP: fields that are wrong are named, secrets stay in, clients see their own."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from starlette.types import Receive, Scope, Send

from lineman.adapters.http.wire import ACTOR
from lineman.ports.identity import Actor, Role
from lineman.service import Service, opened_service
from lineman.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.fixture
async def service(tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Service]:
    async with opened_service(Settings(database=f"sqlite:///{tmp_path}/lineman.db"), works=False) as opened:
        yield opened


def asked_by(service: Service, actor: Actor) -> httpx.AsyncClient:
    app = service.application(["miners"])

    async def inside(scope: Scope, receive: Receive, send: Send) -> None:
        scope[ACTOR] = actor
        await app(scope, receive, send)

    return httpx.AsyncClient(transport=httpx.ASGITransport(inside), base_url="http://house")


@pytest.fixture
async def operator(service: Service) -> AsyncGenerator[httpx.AsyncClient]:
    async with asked_by(service, Actor("olga", Role.OPERATOR)) as client:
        yield client


async def added(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    body = {"name": "rig", "ip_address": "10.0.0.1", "manufacturer": "AntMiner", **fields}
    made: dict[str, Any] = (await client.post("/api/miners", json=body)).raise_for_status().json()
    return made


async def test_miners_swap_their_places_in_one_request_or_nothing_happens(
    service: Service, operator: httpx.AsyncClient
) -> None:
    await operator.post("/api/containers", json={"name": "North", "rows": 2, "shelves": 2, "slots": 4})
    for number in (1, 2, 3):
        at = {"container_id": 1, "row": 1, "shelf": 1, "slot": number}
        await added(operator, name=f"rig-{number}", ip_address=f"10.0.0.{number}", **at)
    await added(operator, ip_address="10.0.0.4")

    async def put(*places: tuple[int, int | None, int | None, int | None]) -> httpx.Response:
        body = [dict(zip(("miner_id", "row", "shelf", "slot"), place, strict=True)) for place in places]
        return await operator.put("/api/containers/1/places", json={"places": body})

    swapped = await put((1, 1, 1, 2), (2, 1, 1, 1), (3, None, None, None))
    assert swapped.status_code == 200
    assert [(cell["name"], cell["slot"]) for cell in swapped.json()["cells"]] == [("rig-2", 1), ("rig-1", 2)]
    assert [cell["name"] for cell in swapped.json()["unplaced"]] == ["rig-3"]
    wrong = await put((1, 2, 1, 1), (2, 2, 1, 1), (1, 3, 1, 1), (4, 1, 2, 1), (3, 1, None, None))
    assert (wrong.status_code, [each["field"] for each in wrong.json()["errors"]]) == (
        422, ["places[1].row", "places[2].miner_id", "places[2].row", "places[3].miner_id", "places[4].shelf"],
    )  # fmt: skip
    assert "row 2, shelf 1, slot 1 is given in places[0] already" in wrong.json()["detail"]
    taken = await put((1, 2, 1, 1), (3, 1, 1, 1))
    assert (taken.status_code, taken.json()["code"]) == (409, "place-taken")
    assert (await operator.get("/api/containers/1/map")).json() == swapped.json()
    assert (await put()).json() == swapped.json()
    lines = (await operator.get("/api/journal", params={"action": "containers.arrange"})).json()
    assert [(line["subject"], line["detail"]) for line in lines] == [
        ("container 1", "rig-1 to 1-1-2, rig-2 to 1-1-1, rig-3 to no place")
    ]
    async with asked_by(service, Actor("carl", Role.CLIENT, None, frozenset({1}))) as client:
        assert (await client.put("/api/containers/1/places", json={"places": []})).status_code == 403


async def test_who_names_no_revision_is_never_told_of_others_however_many_change_it_at_once(
    operator: httpx.AsyncClient,
) -> None:
    await operator.post("/api/containers", json={"name": "North"})
    await operator.post("/api/miners/groups", json={"name": "all"})
    await added(operator)
    for path in ("containers/1", "miners/groups/1", "miners/1"):
        before = (await operator.get(f"/api/{path}")).json()["revision"]
        statuses: list[int] = []

        async def rename(number: int, path: str = path, statuses: list[int] = statuses) -> None:
            statuses.append((await operator.put(f"/api/{path}", json={"name": f"name {number}"})).status_code)

        async with anyio.create_task_group() as people:
            for number in range(12):
                people.start_soon(rename, number)
        assert statuses == [200] * 12
        assert (await operator.get(f"/api/{path}")).json()["revision"] == before + 12


async def test_a_grid_is_set_seen_and_kept_from_being_changed_twice(operator: httpx.AsyncClient) -> None:
    made = await operator.post("/api/containers", json={"name": "North"})
    assert made.json() | {"created_at": None} == {
        "id": 1, "name": "North", "description": None, "location": None, "created_at": None,
        "rows": None, "shelves": None, "slots": None, "revision": 1,
    }  # fmt: skip
    seen = {"If-Match": made.headers["etag"]}
    changed = await operator.put("/api/containers/1", json={"rows": 2, "shelves": 3, "slots": 4}, headers=seen)
    assert (changed.status_code, changed.json()["slots"], changed.headers["etag"]) == (200, 4, '"2"')
    late = await operator.put("/api/containers/1", json={"rows": 9}, headers=seen)
    assert (late.status_code, late.json()["code"]) == (412, "stale")
    for body, field in (
        ({"rows": None}, "rows"), ({"rows": 0}, "rows"), ({"slots": 1001}, "slots"), ({"name": " "}, "name"),
        ({"colour": "red"}, "colour"),
    ):  # fmt: skip
        wrong = await operator.put("/api/containers/1", json=body)
        assert (wrong.status_code, [error["field"] for error in wrong.json()["errors"]]) == (422, [field])
    journal = await operator.get("/api/journal", params={"action": "containers.change"})
    assert [line["detail"] for line in journal.json()] == ["rows None -> 2, shelves None -> 3, slots None -> 4"]


@pytest.mark.parametrize(
    ("place", "field"),
    [
        ({"row": 3, "shelf": 1, "slot": 1}, "row"),
        ({"row": 1, "shelf": 1, "slot": 5}, "slot"),
        ({"row": 1, "slot": 1}, "shelf"),
        ({"row": 0, "shelf": 1, "slot": 1}, "row"),
        ({"row": 1, "shelf": 1, "slot": 1, "container_id": None}, "row"),
        ({"row": 1, "shelf": 1, "slot": 1, "container_id": 2}, "row"),
        ({"container_id": 9}, "container_id"),
        ({"group_id": 9}, "group_id"),
        ({"tags": ["a", "b,c"]}, "tags"),
    ],
)
async def test_a_place_is_inside_of_the_grid(operator: httpx.AsyncClient, place: dict[str, Any], field: str) -> None:
    await operator.post("/api/containers", json={"name": "North", "rows": 2, "shelves": 3, "slots": 4})
    await operator.post("/api/containers", json={"name": "no grid"})
    await added(operator, ip_address="10.0.0.9")
    body = {"name": "rig", "ip_address": "10.0.0.1", "manufacturer": "AntMiner", "container_id": 1, **place}
    for method, path in (("POST", "/api/miners"), ("PUT", "/api/miners/1")):
        wrong = await operator.request(method, path, json=body)
        assert (wrong.status_code, [error["field"] for error in wrong.json()["errors"]]) == (422, [field])


async def test_two_miners_cannot_stand_at_one_place_and_who_moves_out_leaves_his(operator: httpx.AsyncClient) -> None:
    for name in ("North", "South"):
        await operator.post("/api/containers", json={"name": name, "rows": 2, "shelves": 3, "slots": 4})
    place = {"container_id": 1, "row": 1, "shelf": 2, "slot": 3}
    await added(operator, **place)
    other = await added(operator, ip_address="10.0.0.2", tags=["B", "a", "b"])
    assert other["tags"] == ["a", "b"]
    taken = await operator.put(f"/api/miners/{other['id']}", json=place)
    assert (taken.status_code, taken.json()["code"], taken.json()["errors"][0]["field"]) == (409, "place-taken", "slot")
    shown = (await operator.get("/api/containers/1/map")).json()
    assert [(cell["miner_id"], cell["row"], cell["shelf"], cell["slot"]) for cell in shown["cells"]] == [(1, 1, 2, 3)]
    assert (shown["rows"], shown["unplaced"]) == (2, [])
    moved = (await operator.put("/api/miners/1", json={"container_id": 2})).json()
    assert [moved[name] for name in ("container_id", "row", "shelf", "slot")] == [2, None, None, None]
    assert (await operator.put(f"/api/miners/{other['id']}", json=place)).status_code == 200
    assert [cell["name"] for cell in (await operator.get("/api/containers/2/map")).json()["unplaced"]] == ["rig"]
    assert (await operator.get("/api/miners", params={"tag": "B"})).json()[0]["id"] == other["id"]
    assert (await operator.get("/api/miners/tags")).json() == [{"tag": "a", "miners": 1}, {"tag": "b", "miners": 1}]


async def test_a_groups_password_goes_in_and_never_comes_out(service: Service, operator: httpx.AsyncClient) -> None:
    made = await operator.post("/api/miners/groups", json={"name": "hall", "username": "root", "password": "canary-1"})
    assert (made.status_code, made.json()) == (
        201, {"id": 1, "name": "hall", "username": "root", "has_password": True, "miners": 0, "revision": 1},
    )  # fmt: skip
    await added(operator, group_id=1)
    assert (await service.house.miner_store().get(1)).login[0] == "root"
    changed = await operator.put("/api/miners/groups/1", json={"password": "canary-2"}, headers={"If-Match": '"1"'})
    assert (changed.json()["revision"], changed.json()["miners"]) == (2, 1)
    assert (await operator.put("/api/miners/groups/1", json={}, headers={"If-Match": '"1"'})).status_code == 412
    assert (await operator.delete("/api/miners/groups/1")).status_code == 409
    assert (await operator.post("/api/miners/groups", json={"name": "HALL"})).json()["code"] == "group-exists"
    everything = [
        (await operator.get(path)).text
        for path in ("/api/miners/groups", "/api/miners/groups/1", "/api/miners", "/api/miners/1", "/api/journal")
    ]
    assert "canary" not in "".join(everything)
    assert (await operator.get("/api/miners", params={"group_id": 1})).json()[0]["group_id"] == 1
    await operator.put("/api/miners/1", json={"group_id": None})
    assert (await operator.delete("/api/miners/groups/1")).status_code == 204
    assert (await operator.get("/api/miners/groups/1")).status_code == 404


async def test_a_client_sees_the_maps_and_tags_of_his_containers_and_no_groups(
    service: Service, operator: httpx.AsyncClient
) -> None:
    for name in ("his", "other"):
        await operator.post("/api/containers", json={"name": name})
    await added(operator, container_id=1, tags=["mine"])
    await added(operator, ip_address="10.0.0.2", container_id=2, tags=["theirs"])
    async with asked_by(service, Actor("carl", Role.CLIENT, container_ids=frozenset({1}))) as client:
        assert (await client.get("/api/containers/1/map")).status_code == 200
        assert (await client.get("/api/containers/2/map")).status_code == 404
        assert (await client.get("/api/miners/tags")).json() == [{"tag": "mine", "miners": 1}]
        assert (await client.get("/api/miners", params={"tag": "theirs"})).json() == []
        for method, path in (
            ("GET", "/api/miners/groups"), ("GET", "/api/miners/groups/1"), ("PUT", "/api/containers/1"),
        ):  # fmt: skip
            refused = await client.request(method, path, json={} if method == "PUT" else None)
            assert refused.status_code == 403
