"""Scans, looks, commands and live pages of gateways over HTTP: the whole house, and a simulated town on the wire."""

import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import anyio
import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from lineman.adapters.devices.gateways import GoipDriver
from lineman.adapters.devices.simulators.gateways import SimulatedGatewayTown, Times
from lineman.adapters.http.stream import Pace
from lineman.adapters.http.wire import ACTOR
from lineman.core.gateways import GatewayConfig, commanding
from lineman.core.identity import UserEdit
from lineman.ports.enterprises import NewEnterprise
from lineman.ports.identity import Actor, Role
from lineman.ports.secrets import Secret
from lineman.service import Service, opened_service, run
from lineman.settings import Settings

from .streams import listening

pytestmark = pytest.mark.anyio

ADMIN = Actor("anna", Role.ADMIN)
OF_17 = Actor("egor", Role.ENTERPRISE_ADMIN, enterprise_numbers=frozenset({"17"}))
NAMES = ["Vochi-Main", "a/b & Co", "Линия 2"]
PASSWORD = "correct horse battery"
#: A test waits so long for what must come, and no longer.
SOON = 30


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gateways are looked at again and again after a command, for these ones are quick."""
    defaults = GatewayConfig.__init__.__kwdefaults__
    assert defaults is not None
    for name in ("first_look", "look_every"):
        monkeypatch.setitem(defaults, name, timedelta(0))
    monkeypatch.setattr(commanding, "LINGERS", timedelta(seconds=0.5))
    driver = GoipDriver.__init__.__kwdefaults__
    assert driver is not None
    monkeypatch.setitem(driver, "off_for", 0.1)


@pytest.fixture
async def town(anyio_backend: str) -> AsyncGenerator[SimulatedGatewayTown]:
    """Three gateways of four lines: whoever comes one at a time finds all well."""
    times = Times(web_down_s=0.3, lines_down_s=0.2, module_s=0.1)
    async with SimulatedGatewayTown(3, mix={"goip4": 1}, names=NAMES, calm=True, times=times) as made:
        yield made
        assert made.overlaps == 0
        assert made.harm == []


@pytest.fixture
def settings(tmp_path: Path, town: SimulatedGatewayTown) -> Settings:
    return Settings(
        database=f"sqlite:///{tmp_path}/lineman.db", mftp_host="127.0.0.1", mftp_port=town.radmin.port,
        mftp_username="admin", mftp_password=Secret("radmin"), goip_username="admin", goip_password=Secret("goip"),
        goip_scan_timeout=15.0, port=0,
    )  # fmt: skip


@pytest.fixture
async def service(settings: Settings, impatient: None) -> AsyncGenerator[Service]:
    """The town's gateways are written down: the first two are of 17.  Nothing works by itself."""
    async with opened_service(settings, works=False) as made:
        made.streams.pace = Pace(tick=0.01, hurry=0.0, ping=0.2, recheck=0.0)
        made.house.live_gateways().looks.every = 0.0
        for number in ("17", "2"):
            await made.house.enterprise_store().add(NewEnterprise(number, f"Nr {number}"), at=datetime.now(UTC))
        async with client_of(made) as client:
            for name, number in zip(NAMES, ("17", "17", "2"), strict=True):
                body = {"gateway_name": name, "enterprise_number": number}
                assert (await client.post("/devices", json=body)).status_code == 201
        yield made


def acting(app: ASGIApp, actor: Actor) -> ASGIApp:
    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, ACTOR: actor}, receive, send)

    return asked


def client_of(service: Service, actor: Actor = ADMIN) -> httpx.AsyncClient:
    """A client of this actor's, of the gateways' system alone."""
    transport = httpx.ASGITransport(acting(service.application(["goip"]), actor))
    return httpx.AsyncClient(transport=transport, base_url="http://house")


@pytest.fixture
async def anna(service: Service) -> AsyncGenerator[httpx.AsyncClient]:
    async with client_of(service) as client:
        yield client


def device(name: str, rest: str = "") -> str:
    return f"/devices/{quote(name, safe='')}{rest}"


async def ended(service: Service, client: httpx.AsyncClient, command: dict[str, Any]) -> dict[str, Any]:
    """The command once nothing more becomes of it."""
    with anyio.fail_after(SOON):
        while command["status"] not in ("back", "failed"):
            await service.house.commands().tend()
            command = (await client.get(f"/commands/{command['id']}")).json()
            await anyio.sleep(0.05)
    return command


async def test_a_scan_is_asked_for_joined_followed_and_finds_each_gateway(
    service: Service, anna: httpx.AsyncClient, town: SimulatedGatewayTown
) -> None:
    asked = await anna.post("/scan", content=b"")
    assert (asked.status_code, asked.headers["location"]) == (202, "/scans/1")
    assert (asked.json()["scan_id"], asked.json()["status"], asked.json()["by"]) == (1, "queued", "anna")
    # Others may send what they like.
    joined = await anna.post("/scan", json={"full": True, "x" * 99: 1})
    assert joined.json()["scan_id"] == 1
    assert (await anna.post("/scan", content=b"all", headers={"content-type": "text/plain"})).status_code == 202
    assert await service.house.scanning().work()
    scan = (await anna.get("/scans/1")).json()
    assert (scan["status"], scan["total"], scan["done"], scan["active"], scan["errors"]) == ("done", 3, 3, 3, 0)
    assert scan["directories"] == [{"directory": "mftp", "ok": True, "listed": 3, "detail": ""}]
    assert {one["gateway_name"]: (one["status"], one["reason"]) for one in scan["outcomes"]} == dict.fromkeys(
        NAMES, ("active", None)
    )
    (listed,) = (await anna.get("/scans")).json()
    assert listed == {**scan, "outcomes": []}
    assert (await anna.get("/scans/1?limit=1&offset=1")).headers["x-total-count"] == "3"
    assert (await anna.get("/scans/2")).json()["code"] == "unknown-scan"
    assert (await anna.get("/")).json()["last_scan"]["scan_id"] == 1
    seen = (await anna.get(device("a/b & Co"))).json()
    truth = town.of("a/b & Co").truth()
    assert (seen["port_scan_status"], seen["why"], seen["serial_last4"]) == ("active", "", truth["serial"][-4:])
    assert [line["gsm"] for line in (await anna.get(device("Линия 2", "/lines"))).json()] == [True] * 4
    kinds = [one["kind"] for one in (await anna.get(device("Линия 2", "/history"))).json()]
    assert "status" in kinds
    chart = (await anna.get(device("Линия 2", "/lines/1/chart"))).json()
    assert (chart["gateway_name"], chart["level"], len(chart["points"])) == ("Линия 2", "raw", 1)
    await service.house.gateway_history().roll_up(now=datetime.now(UTC))
    sparks = (await anna.get("/sparks")).json()
    assert {one["gateway_name"] for one in sparks} == set(NAMES)
    assert (await anna.get(device("Линия 2", "/lines/33/chart"))).status_code == 422


async def test_a_scan_whose_list_cannot_be_read_fails_and_changes_no_gateway(
    service: Service, anna: httpx.AsyncClient, town: SimulatedGatewayTown
) -> None:
    await anna.post("/scan")
    await service.house.scanning().work()
    before = (await anna.get("/devices/Vochi-Main")).json()
    town.radmin.turn(cut=True)
    scan = (await anna.post("/scan")).json()
    await service.house.scanning().work()
    failed = (await anna.get(f"/scans/{scan['scan_id']}")).json()
    assert (failed["status"], failed["directories"][0]["ok"]) == ("failed", False)
    after = (await anna.get("/devices/Vochi-Main")).json()
    assert (after["port_scan_status"], after["port"], after["stale"]) == ("active", before["port"], True)
    assert "could not be read" in after["why"]
    checked = await anna.post("/devices/Vochi-Main/check")
    assert checked.status_code == 502


async def test_a_gateway_is_looked_at_by_hand_and_what_is_wrong_is_its_status(
    anna: httpx.AsyncClient, town: SimulatedGatewayTown
) -> None:
    found = await anna.post(device("a/b & Co", "/check"))
    assert (found.status_code, found.json()["port_scan_status"], found.headers["etag"]) == (200, "active", '"1"')
    lines = (await anna.get(device("a/b & Co", "/lines"))).json()
    assert all(line["call_forward"] is not None for line in lines)
    town.set("a/b & Co", denied=True)
    denied = (await anna.post(device("a/b & Co", "/check"))).json()
    assert (denied["port_scan_status"], denied["reason"]) == ("error", "auth")
    assert "password" in denied["why"]
    assert (await anna.post(device("a", "/check"))).json()["code"] == "unknown-gateway"


async def test_a_reboot_is_told_once_with_an_empty_body_and_its_outcome_is_seen(
    service: Service, anna: httpx.AsyncClient, town: SimulatedGatewayTown
) -> None:
    path = device("a/b & Co", "/reboot")
    await anna.post(device("a/b & Co", "/check"))
    refused = await anna.post(path, json={"confirm": False})
    assert (refused.status_code, refused.json()["code"]) == (409, "confirmation-needed")
    told = await anna.post(path)
    command = told.json()
    assert (told.status_code, told.headers["location"]) == (202, f"/commands/{command['id']}")
    assert (command["gateway_name"], command["kind"], command["status"], command["by"]) == (
        "a/b & Co", "reboot", "accepted", "anna",
    )  # fmt: skip
    assert (await anna.get(device("a/b & Co"))).json()["rebooting"] is True
    again = await anna.post(path, json={"anything": "else"})
    assert (again.status_code, again.json()["code"]) == (409, "command-under-way")
    done = await ended(service, anna, command)
    assert done["status"] == "back", done
    listed = await anna.get(device("a/b & Co", "/commands"))
    assert (listed.json(), listed.headers["x-total-count"]) == ([done], "1")
    assert "order" in [one["kind"] for one in (await anna.get(device("a/b & Co", "/history"))).json()]
    assert town.orders == [("a/b & Co", "reboot")]
    assert (await anna.post(device("nobody", "/reboot"))).status_code == 404
    assert (await anna.get("/commands/99")).json()["code"] == "unknown-command"


async def test_a_line_is_restarted_only_with_a_word(
    service: Service, anna: httpx.AsyncClient, town: SimulatedGatewayTown
) -> None:
    await anna.post("/devices/Vochi-Main/check")
    for body, code in (({}, 409), ({"confirm": False}, 409), ({"confirm": True, "x": 1}, 422)):
        assert (await anna.post("/devices/Vochi-Main/lines/2/restart", json=body)).status_code == code
    assert (await anna.post("/devices/Vochi-Main/lines/9/restart", json={"confirm": True})).status_code == 422
    told = await anna.post("/devices/Vochi-Main/lines/2/restart", json={"confirm": True})
    assert (told.status_code, told.json()["kind"], told.json()["line"]) == (202, "restart-line", 2)
    done = await ended(service, anna, told.json())
    assert done["status"] == "back", done
    assert len(town.orders) == 2


async def test_another_device_on_the_port_gets_no_command(anna: httpx.AsyncClient, town: SimulatedGatewayTown) -> None:
    await anna.post("/devices/Vochi-Main/check")
    town.set("Vochi-Main", serial="GOIP99990001")
    for _ in range(2):
        refused = await anna.post("/devices/Vochi-Main/reboot")
        assert (refused.status_code, refused.json()["code"]) == (409, "other-device")
    assert (await anna.get("/devices/Vochi-Main")).json()["reason"] == "identity"
    assert [one["status"] for one in (await anna.get("/devices/Vochi-Main/commands")).json()] == ["failed"]
    assert town.orders == []


async def test_roles_reach_as_far_as_their_gateways(
    service: Service, anna: httpx.AsyncClient, town: SimulatedGatewayTown
) -> None:
    await anna.post("/scan")
    await service.house.scanning().work()
    command = (await anna.post(device("Линия 2", "/reboot"))).json()
    async with client_of(service, OF_17) as egor:
        scan = (await egor.get("/scans/1")).json()
        assert {one["gateway_name"] for one in scan["outcomes"]} == set(NAMES[:2])
        assert (scan["total"], scan["directories"]) == (2, [])
        await service.house.gateway_history().roll_up(now=datetime.now(UTC))
        assert {one["gateway_name"] for one in (await egor.get("/sparks")).json()} == set(NAMES[:2])
        for method, path in (("GET", "/history"), ("GET", "/commands"), ("GET", "/lines/1/chart"), ("POST", "/reboot")):
            assert (await egor.request(method, device("Линия 2", path))).status_code == 404
        assert (await egor.get(f"/commands/{command['id']}")).status_code == 404
        assert (await egor.post("/scan")).status_code == 403
        assert (await egor.post("/devices/Vochi-Main/check")).status_code == 403
        assert (await egor.post("/devices/Vochi-Main/reboot")).status_code == 202
    for role in (Role.CLIENT, Role.ACCOUNTANT):
        async with client_of(service, Actor("x", role)) as client:
            for path in ("/scans", "/scans/1", "/commands/1", "/sparks", "/stream", "/export"):
                assert (await client.get(path)).status_code == 403, path
            for path in ("/scan", "/devices/Vochi-Main/reboot", "/devices/Vochi-Main/check", "/import"):
                assert (await client.post(path)).status_code == 403, path


async def test_another_process_that_works_is_told(
    settings: Settings, service: Service, anna: httpx.AsyncClient, town: SimulatedGatewayTown
) -> None:
    urls: list[str] = []
    stop, ready = anyio.Event(), anyio.Event()

    def tell(url: str) -> None:
        urls.append(url)
        ready.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: run(settings, works=True, stop=stop, ready=tell))
        with anyio.fail_after(SOON):
            await ready.wait()
            while (await anna.get("/scans")).json() == []:  # the other works, and scans once it does
                await anyio.sleep(0.05)
            checked = await anna.post(device("a/b & Co", "/check"))
            assert checked.json()["port_scan_status"] == "active"
            told = (await anna.post(device("a/b & Co", "/reboot"))).json()
            assert (told["status"], told["by"]) == ("accepted", "anna")
            while (command := (await anna.get(f"/commands/{told['id']}")).json())["status"] == "accepted":
                await anyio.sleep(0.05)
            assert command["status"] == "back"
            async with client_of(service, OF_17) as egor:
                assert (await egor.post(device("Линия 2", "/reboot"))).status_code == 404
            town.set("Vochi-Main", denied=True)
            told = (await anna.post("/devices/Vochi-Main/lines/1/restart", json={"confirm": True})).json()
            assert (told["kind"], told["line"], told["status"]) == ("restart-line", 1, "failed")
        stop.set()


async def test_changed_gateways_and_scans_are_heard_at_once_by_those_who_may(service: Service) -> None:
    app = service.application(["goip"])
    async with (
        listening(app, path="/stream") as anna,
        listening(app, path="/stream", actor=OF_17) as egor,
        listening(app, "events=scan", path="/systems/goip/stream") as scans,
    ):
        assert (anna.status, anna.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        async with client_of(service) as client:
            await client.post("/scan")
            assert (await scans.next("scan", "devices"))[1]["status"] == "queued"
            await service.house.scanning().work()
            heard: set[str] = set()
            while heard != set(NAMES):
                heard |= {one["gateway_name"] for one in (await anna.next("devices"))[1]}
            his: set[str] = set()
            while his != set(NAMES[:2]):
                his |= {one["gateway_name"] for one in (await egor.next("devices"))[1]}
            while (await scans.next("scan"))[1]["status"] != "done":
                pass
            await client.delete(device("Линия 2"))
            assert (await anna.next("reload", "devices"))[0] == "reload"
        await egor.next("ping")
    async with listening(app, path="/stream", headers={"last-event-id": "0"}) as cut:
        assert (await cut.next("reload", "ping"))[0] == "reload"
    async with client_of(service) as client:
        assert (await client.get("/stream?events=miners")).status_code == 422


async def test_who_is_shut_out_hears_no_more(service: Service) -> None:
    identity, users = service.house.identity(), service.house.users()
    await identity.ensure_admin(Secret(PASSWORD))
    edit = UserEdit(role=Role.ENTERPRISE_ADMIN, enterprise_numbers=("17",))
    egor = await users.add(ADMIN, "egor", Secret(PASSWORD), edit)
    login = await identity.log_in("egor", Secret(PASSWORD), client="192.0.2.7")
    headers = {"authorization": f"Bearer {login.token.reveal()}"}
    async with listening(service.application(["goip"]), path="/stream", actor=None, headers=headers) as heard:
        await heard.next("ping")
        await users.change(ADMIN, egor.id, UserEdit(is_active=False))
        assert (await heard.next("end"))[1] == {"code": "not-logged-in"}
        await heard.ended()


async def test_no_password_of_any_page_gets_out(
    service: Service, anna: httpx.AsyncClient, town: SimulatedGatewayTown
) -> None:
    await anna.post("/scan")
    await service.house.scanning().work()
    for name in NAMES:
        await anna.post(device(name, "/check"))
    told = [
        (await anna.get(path)).text
        for path in (
            "/devices",
            "/lines",
            "/scans/1",
            "/export",
            "/directories",
            "/fleet",
            device("a/b & Co", "/history"),
        )
    ]
    told.append(json.dumps([f"{entry}" for entry in await service.house.journal().read()]))
    assert "sip-secret" not in "".join(told)
    assert 'radmin"' not in "".join(told)
