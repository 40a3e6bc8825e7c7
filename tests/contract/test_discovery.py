"""Discovery over the real wire: simulated miners on loopback, the real house, and what is offered is taken over."""

import errno
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio
import attrs
import httpx
import pytest

from lineman.adapters.devices.miners import AsicDriver
from lineman.adapters.devices.simulators.miners import SimulatedFarm
from lineman.core.miners import scan as scanning
from lineman.ports.errors import NotAllowed, Unavailable
from lineman.ports.identity import Actor, Role
from lineman.ports.miners import Find, FindStatus, JobStatus, Knocked, Maker, Miner, Target
from lineman.service import Service, opened_service
from lineman.settings import Settings

from .http.test_places import asked_by

pytestmark = pytest.mark.anyio

OLGA = Actor("olga", Role.OPERATOR)
KINDS = {"m30s": 1, "m66s": 1, "s21": 1, "s9": 1, "a1346": 1, "a741": 1, "dg1+": 1, "dg1": 1}
LOGIN = {"username": "root", "password": "root"}


@pytest.fixture
async def service(tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Service]:
    async with opened_service(Settings(database=f"sqlite:///{tmp_path}/lineman.db"), works=False) as opened:
        yield opened


@pytest.fixture
async def farm(anyio_backend: str) -> AsyncGenerator[SimulatedFarm]:
    async with SimulatedFarm(KINDS, 2 * len(KINDS), seed=7) as farm:
        yield farm


@pytest.fixture
async def operator(service: Service) -> AsyncGenerator[httpx.AsyncClient]:
    async with asked_by(service, OLGA) as client:
        yield client


def order(farm: SimulatedFarm, **more: Any) -> dict[str, Any]:
    """Look for a farm and its neighbours."""
    first = farm.miners[0]
    main = next(miner.port for miner in farm.miners if miner.maker != "Elphapex")
    ports = {"port": main, "web_port": first.web_port, "api3_port": first.api3_port}
    subnet = first.host.rpartition(".")[0] + ".0/24"
    return {"targets": [subnet], "credentials": LOGIN, "ports": ports, **more}


async def found(service: Service, operator: httpx.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    """The job after somebody worked it off."""
    queued = await operator.post("/api/miners/discover", json=body)
    assert (queued.status_code, queued.json()["status"]) == (202, "queued")
    assert await service.house.discovery().work()
    answer: dict[str, Any] = (await operator.get(queued.headers["location"])).raise_for_status().json()
    return answer


async def test_all_kinds_are_found_accepted_and_known_the_next_time(
    service: Service, operator: httpx.AsyncClient, farm: SimulatedFarm
) -> None:
    await operator.post("/api/containers", json={"name": "North"})
    job = await found(service, operator, order(farm))
    assert [job[name] for name in ("status", "addresses", "probed", "answered", "found", "new", "unclear")] == [
        "done", 254, 254, 16, 16, 16, 0,
    ]  # fmt: skip
    assert farm.overlaps == 0
    by_host = {item["host"]: item for item in job["items"]}
    for miner in farm.miners:
        item = by_host[miner.host]
        assert (item["manufacturer"], item["port"], item["status"]) == (miner.maker, miner.port, "new")
        assert item["hardware_id"] in (miner.truth()["mac"], None if miner.kind.hw.kind == "s9" else "-")
    taken = await operator.post(f"/api/miners/discover/{job['id']}/accept", json={"all": True, "container_id": 1})
    assert (len(taken.json()["added"]), taken.json()["errors"]) == (16, [])
    stored = await service.house.miner_store().all()
    assert {(one.ip_address, one.port, one.manufacturer, one.container_id) for one in stored} == {
        (one.host, one.port, one.maker, 1) for one in farm.miners
    }
    # They answer where they were put, with the login that they were found with.
    for kept in stored:
        assert (await operator.post(f"/api/miners/{kept.id}/poll")).status_code == 200
    again = await operator.post(f"/api/miners/discover/{job['id']}/accept", json={"all": True})
    assert again.json() == {"added": [], "moved": [], "changed": [], "deactivated": [], "errors": []}
    second = await found(service, operator, order(farm))
    assert (second["known"], second["new"], second["gone"]) == (16, 0, 0)
    lines = [line["action"] for line in (await operator.get("/api/journal", params={"action": "discovery"})).json()]
    assert Counter(lines) == {"discovery.start": 2, "discovery.accept": 2}


async def test_miners_that_answered_lately_are_not_disturbed(
    service: Service, operator: httpx.AsyncClient, farm: SimulatedFarm
) -> None:
    job = await found(service, operator, order(farm))
    await operator.post(f"/api/miners/discover/{job['id']}/accept", json={"all": True})
    miners = await service.house.miner_store().all()
    polled = miners[:8]
    for miner in polled:
        await operator.post(f"/api/miners/{miner.id}/poll")
    before = {one.host: one.connections for one in farm.miners}
    second = await found(service, operator, order(farm))
    assert (second["known"], second["answered"]) == (16, 16)
    asked = {one.host for one in farm.miners if one.connections > before[one.host]}
    assert asked == {miner.ip_address for miner in miners[8:]}


async def test_who_looks_like_a_miner_that_answers_elsewhere_is_new_and_has_moved_once_that_one_is_missed(
    service: Service, operator: httpx.AsyncClient, farm: SimulatedFarm
) -> None:
    job = await found(service, operator, order(farm))
    one, other = (next(one for one in farm.miners if one.kind.hw.kind == kind) for kind in ("m30s", "s21"))
    accepted = await operator.post(f"/api/miners/discover/{job['id']}/accept", json={"hosts": [one.host]})
    [number] = [row["miner_id"] for row in accepted.json()["added"]]
    await operator.post(f"/api/miners/{number}/poll")
    one.close()
    other.close()
    one.host = other.host
    one.open()
    there = {**order(farm), "targets": [one.host]}
    clone = await found(service, operator, there)
    assert [(item["status"], item["miner_id"]) for item in clone["items"]] == [("new", None)]
    await operator.post(f"/api/miners/{number}/poll")
    moved = await found(service, operator, there)
    assert [(item["status"], item["miner_id"]) for item in moved["items"]] == [("moved", number)]


async def test_who_moved_changed_or_went_is_told_and_set_right(
    service: Service, operator: httpx.AsyncClient, farm: SimulatedFarm
) -> None:
    job = await found(service, operator, order(farm))
    await operator.post(f"/api/miners/discover/{job['id']}/accept", json={"all": True})
    stored = {one.ip_address: one for one in await service.house.miner_store().all()}
    movers = [one for one in farm.miners if one.kind.hw.kind in ("m30s", "a1346")][:2]
    swapper, swapped = movers
    other = next(one for one in farm.miners if one.kind.hw.kind == "s21")
    dead = next(one for one in farm.miners if one.kind.hw.kind == "dg1")
    for one, host in ((swapper, swapped.host), (swapped, swapper.host)):
        one.close()
        one.host = host
    for one in (swapper, swapped):
        one.open()
    other.turn(kind="m50s")
    dead.turn(refuse=True)
    second = await found(service, operator, order(farm))
    told = {item["host"]: (item["status"], item["miner_id"], item["was"]) for item in second["items"]}
    ids = {host: miner.id for host, miner in stored.items()}
    assert told[swapper.host] == ("moved", ids[swapped.host], f"{swapped.host}:{swapped.port}")
    assert told[swapped.host] == ("moved", ids[swapper.host], f"{swapper.host}:{swapper.port}")
    assert told[other.host][:2] == ("changed", ids[other.host])
    assert told[dead.host][:2] == ("gone", ids[dead.host])
    assert (second["moved"], second["changed"], second["gone"], second["new"]) == (2, 1, 1, 0)
    some = await operator.post(f"/api/miners/discover/{second['id']}/accept", json={"hosts": [other.host, "10.9.9.9"]})
    assert (some.json()["changed"], some.json()["moved"]) == ([{"host": other.host, "miner_id": ids[other.host]}], [])
    assert some.json()["errors"] == [{"host": "10.9.9.9", "message": "was not found"}]
    rest = (await operator.post(f"/api/miners/discover/{second['id']}/accept", json={"all": True})).json()
    assert (len(rest["moved"]), len(rest["deactivated"]), rest["errors"]) == (2, 1, [])
    store = service.house.miner_store()
    assert (await store.get(ids[swapped.host])).ip_address == swapper.host
    assert (await store.get(ids[other.host])).manufacturer is Maker.WHATSMINER
    assert (await store.get(ids[dead.host])).is_active is False
    third = await found(service, operator, order(farm))
    assert (third["known"], third["new"], third["moved"], third["changed"], third["gone"]) == (15, 0, 0, 0, 0)


async def test_hung_and_shut_miners_are_unclear_and_what_is_no_miner_is_nothing(
    service: Service, operator: httpx.AsyncClient, farm: SimulatedFarm
) -> None:
    body = order(farm, credentials=None)
    for one in farm.miners:
        if one.kind.hw.kind == "a741":
            one.turn(cut=True)
    job = await found(service, operator, body)
    unclear = {item["host"]: item["detail"] for item in job["items"] if item["status"] == "unclear"}
    expected = {one.host for one in farm.miners if one.kind.hw.kind in ("a741", "dg1+")}
    assert set(unclear) == expected
    assert all(unclear.values())
    assert job["found"] == 16 - len(expected)


async def test_a_cancelled_discovery_stops_within_a_moment_and_keeps_what_it_found(
    service: Service, operator: httpx.AsyncClient, farm: SimulatedFarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lineman.core.miners.discovery.NOTE_EVERY", 0.05)
    held = anyio.Event()

    async def slow(self: AsicDriver, device: Target, port: int, *, patience: float) -> Knocked:
        if device.host.endswith((".200", ".201")):
            await held.wait()
        return await knock(self, device, port, patience=patience)

    knock = AsicDriver.knock
    monkeypatch.setattr(AsicDriver, "knock", slow)
    queued = (await operator.post("/api/miners/discover", json=order(farm))).json()
    path = f"/api/miners/discover/{queued['id']}"
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(service.house.discovery().work)
            while (running := (await operator.get(path)).json())["found"] < 16:
                await anyio.sleep(0.02)
            assert (running["status"], len(running["items"]), running["probed"] < 254) == ("running", 16, True)
            early = await operator.post(f"{path}/accept", json={"all": True})
            assert (early.status_code, early.json()["code"]) == (409, "job-runs")
            assert (await operator.delete(path)).json()["status"] == "cancelled"
    ended = (await operator.get(path)).json()
    assert (ended["status"], len(ended["items"]), ended["gone"]) == ("cancelled", 16, 0)
    assert (await operator.delete(path)).status_code == 409
    assert len((await operator.post(f"{path}/accept", json={"all": True})).json()["added"]) == 16


async def test_a_process_that_ends_leaves_the_job_to_the_next(
    service: Service, operator: httpx.AsyncClient, farm: SimulatedFarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = anyio.Event()
    queued = (await operator.post("/api/miners/discover", json=order(farm))).json()
    with monkeypatch.context() as patched:
        patched.setattr(scanning.Scan, "_lane", stuck_lane(held))
        with anyio.move_on_after(0.2):
            await service.house.discovery().work()
    assert (await operator.get(f"/api/miners/discover/{queued['id']}")).json()["status"] == "queued"
    # A kill -9 writes nothing: the row still runs, until somebody begins to work.
    killed = await service.house.job_store().begin(at=service.house.clock().now())
    assert killed is not None
    assert not await service.house.discovery().work()
    await service.house.discovery().resume()
    assert await service.house.discovery().work()
    done = (await operator.get(f"/api/miners/discover/{queued['id']}")).json()
    assert (done["status"], done["new"]) == ("done", 16)


async def test_a_host_without_free_files_fails_the_search_instead_of_missing_miners(
    service: Service, operator: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        def __init__(self, *_: object) -> None:
            raise OSError(errno.EMFILE, "Too many open files")

    queued = (await operator.post("/api/miners/discover", json={"targets": ["127.1.2.3"]})).json()
    with monkeypatch.context() as patched:
        patched.setattr("lineman.adapters.devices.miners.transports.knock.socket.socket", Full)
        with pytest.RaisesGroup(pytest.RaisesExc(Unavailable), allow_unwrapped=True, flatten_subgroups=True):
            await service.house.discovery().work()
    failed = (await operator.get(f"/api/miners/discover/{queued['id']}")).json()
    assert (failed["status"], "Too many open files" in failed["error"]) == ("failed", True)


async def test_a_device_that_our_driver_stumbles_over_is_unclear_and_the_others_are_found(
    service: Service, operator: httpx.AsyncClient, farm: SimulatedFarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = farm.miners[0].host
    poll = AsicDriver.poll

    async def stumbling(self: AsicDriver, target: Target, *known: Any, **more: Any) -> Any:
        if target.host == strange:
            raise ZeroDivisionError
        return await poll(self, target, *known, **more)

    monkeypatch.setattr(AsicDriver, "poll", stumbling)
    job = await found(service, operator, order(farm))
    assert (job["status"], job["found"], job["unclear"]) == ("done", 15, 1)
    assert "ZeroDivisionError" in next(item["detail"] for item in job["items"] if item["host"] == strange)


async def test_polls_and_a_search_at_the_same_time_are_never_two_at_one_miner(
    service: Service, operator: httpx.AsyncClient, farm: SimulatedFarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await found(service, operator, order(farm))
    await operator.post(f"/api/miners/discover/{job['id']}/accept", json={"all": True})
    polling = service.house.polling()
    await polling.reload()
    # As if none had answered lately, so that all are asked.
    monkeypatch.setattr("lineman.core.miners.discovery.FRESH", -1)

    async def again_and_again(miner_id: int) -> None:
        while True:
            await polling.visit(miner_id)

    async with anyio.create_task_group() as tasks:
        for miner_id in polling.watches():
            tasks.start_soon(again_and_again, miner_id)
        second = await found(service, operator, order(farm))
        tasks.cancel_scope.cancel()
    assert (second["known"], second["found"], farm.overlaps) == (16, 16, 0)


def stuck_lane(held: anyio.Event) -> Any:
    async def lane(self: scanning.Scan) -> None:
        await held.wait()

    return lane


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"targets": ["10.0.0.0/8"]}, 422, "16,777,214 addresses"),
        ({"targets": []}, 422, "say where"),
        ({"targets": ["10.0.0.9-1"]}, 422, "ends before"),
        ({"targets": "10.0.0.1"}, 422, "array"),
        ({"targets": ["10.0.0.1"], "ports": {"port": 70000}}, 422, "not a port"),
        ({"targets": ["10.0.0.1"], "ports": {"ssh": 22}}, 422, "not known"),
    ],
)
async def test_what_cannot_be_searched_is_refused_with_the_reason(
    operator: httpx.AsyncClient, body: dict[str, Any], status: int, words: str
) -> None:
    refused = await operator.post("/api/miners/discover", json=body)
    assert refused.status_code == status
    assert words in refused.text
    assert (await operator.get("/api/miners/discover")).json() == []


async def test_only_who_may_change_all_miners_discovers_and_only_some_wait(
    service: Service, operator: httpx.AsyncClient
) -> None:
    for actor in (
        Actor("anna", Role.ACCOUNTANT), Actor("carl", Role.CLIENT, container_ids=frozenset({1})),
        Actor("script", Role.OPERATOR, container_ids=frozenset({1})),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            await service.house.discovery().start(actor, ["10.0.0.1"])
        with pytest.raises(NotAllowed):
            await service.house.discovery().all(actor)
        with pytest.raises(NotAllowed):
            await service.house.accepting().run(actor, 1)
    body = {"targets": ["10.0.0.1"], "credentials": {"password": "canary"}}
    for _ in range(10):
        assert (await operator.post("/api/miners/discover", json=body)).status_code == 202
    full = await operator.post("/api/miners/discover", json=body)
    assert (full.status_code, "retry-after" in full.headers) == (429, True)
    assert "canary" not in (await operator.get("/api/miners/discover")).text
    assert "canary" not in (await operator.get("/api/miners/discover/1")).text


async def test_an_address_that_another_miner_holds_is_told_and_the_rest_is_taken(
    service: Service, operator: httpx.AsyncClient, farm: SimulatedFarm
) -> None:
    job = await found(service, operator, order(farm))
    first = farm.miners[0]
    store, jobs = service.house.miner_store(), service.house.job_store()
    await operator.post(
        "/api/miners", json={"name": "x", "ip_address": first.host, "port": first.port, "manufacturer": "Avalon"}
    )
    taken = (await operator.post(f"/api/miners/discover/{job['id']}/accept", json={"all": True})).json()
    assert (len(taken["added"]), [wrong["host"] for wrong in taken["errors"]]) == (15, [first.host])
    # Two moves of which one cannot be.
    miners: list[Miner] = list(await store.all())
    finds = [
        Find("127.1.1.1", 4028, FindStatus.MOVED, miner_id=miners[1].id),
        Find(miners[5].ip_address, miners[5].port, FindStatus.MOVED, miner_id=miners[2].id),
    ]
    await jobs.end(attrs.evolve(await again(service), status=JobStatus.DONE), finds)
    moved = (await operator.post("/api/miners/discover/2/accept", json={"all": True})).json()
    assert ([one["host"] for one in moved["moved"]], len(moved["errors"])) == (["127.1.1.1"], 1)


async def again(service: Service) -> Any:
    await service.house.discovery().start(OLGA, ["10.0.0.1"])
    return await service.house.job_store().begin(at=service.house.clock().now())
