"""Gateways over HTTP: the specification's paths and fields, over a real database."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import attrs
import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from lineman.adapters.db.engine import Database
from lineman.adapters.db.enterprises import SqlEnterprises
from lineman.adapters.db.gateway_directories import SqlDirectories
from lineman.adapters.db.gateway_scans import SqlScans
from lineman.adapters.db.gateway_watches import SqlGatewayWatches
from lineman.adapters.db.gateways import SqlGateways
from lineman.adapters.db.journal import SqlJournal
from lineman.adapters.http.app import Faces, build_app
from lineman.adapters.http.gateways import GatewayApi
from lineman.adapters.http.gateways_bulk import GatewayTableApi
from lineman.adapters.http.gateways_directories import DirectoryApi
from lineman.adapters.http.wire import ACTOR
from lineman.core.gateways.config import GatewayConfig
from lineman.core.gateways.directories import Directories
from lineman.core.gateways.importing import GatewayImport
from lineman.core.gateways.inventory import Gateways
from lineman.core.gateways.scans import Scans
from lineman.ports.clock import Clock
from lineman.ports.enterprises import NewEnterprise
from lineman.ports.errors import DeviceError
from lineman.ports.gateways import (
    Directory,
    DirectoryDenied,
    GatewayDirectory,
    GatewayWatchStore,
    Health,
    Listed,
    Listing,
)
from lineman.ports.identity import Actor, Role
from lineman.ports.journal import Journal
from lineman.ports.secrets import Secret, Vault

from ...gateways import LINE_WATCH, WATCH, line, seen

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ADMIN = Actor("anna", Role.ADMIN)
OF_17 = Actor("egor", Role.ENTERPRISE_ADMIN, enterprise_numbers=frozenset({"17"}))
LISTING = Listing((Listed("Vochi-Main", "203.0.113.7", 38000), Listed("b", None, None)), "1.06")
#: What names may be.
ODD = ["Vochi-Main", "Линия 2 & Co", "a/b", "x/lines", "50 %2F?#", "中继 + 1", "..", 'q"<script>']


def _words(text: str) -> set[str]:
    return set(text.split())


DEVICE_FIELDS = _words(
    """gateway_name enterprise_number enterprise directory port last_port last_port_scan port_scan_status reason why
    detail since stale rebooting last_seen_listed last_ok public_address device_model title serial_last4 firmware
    module_version uptime_s device_time line_count lines username has_password created_at revision"""
)
LINE_FIELDS = _words(
    """gateway_name enterprise_number line health why health_since module sim gsm voip state peer busy rssi rssi_raw
    dbm weak operator lac cell acd_s asr answered calls idle_min last_call_at busy_status call_forward
    authentication_id remaining_minutes unlimited sms_server sim_bank seen_at"""
)


@attrs.define
class Time(Clock):
    """A clock that stands still until it is moved."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@attrs.define
class Lists(GatewayDirectory):
    """Lists what it is told to."""

    says: Listing | DeviceError = LISTING

    async def listing(self, directory: Directory, *, deadline: float) -> Listing:
        if isinstance(self.says, DeviceError):
            raise self.says
        return self.says


@attrs.frozen
class House:
    app: ASGIApp
    clock: Time
    journal: Journal
    watches: GatewayWatchStore
    lists: Lists

    def client(self, actor: Actor = ADMIN) -> httpx.AsyncClient:
        """A client of this actor's."""

        async def acting(scope: Scope, receive: Receive, send: Send) -> None:
            await self.app({**scope, ACTOR: actor}, receive, send)

        return httpx.AsyncClient(transport=httpx.ASGITransport(app=acting), base_url="http://house")


@pytest.fixture
async def house(store: Database, vault: Vault, faces: Faces) -> House:
    """The gateways' system alone, as it is served."""
    tenants = SqlEnterprises(store, vault)
    for number, called in (("17", "Ящик"), ("2", "Box")):
        await tenants.add(NewEnterprise(number, called), at=NOON)
    clock, journal, lists = Time(), SqlJournal(store), Lists()
    gateways, directories, watches = (
        SqlGateways(store, vault),
        SqlDirectories(store, vault),
        SqlGatewayWatches(store, vault),
    )
    config = GatewayConfig(
        directory=Directory(0, "mftp", "radmin.example", username="admin", password=Secret("canary-0"))
    )
    inventory = Gateways(
        gateway_store=gateways, directory_store=directories, watch_store=watches, enterprises=tenants,
        journal=journal, clock=clock, config=config,
    )  # fmt: skip
    scans = Scans(scan_store=SqlScans(store), journal=journal, clock=clock)
    listed = Directories(directory_store=directories, directory=lists, journal=journal, clock=clock, config=config)
    importing = GatewayImport(
        gateway_store=gateways, directory_store=directories, enterprises=tenants, journal=journal, clock=clock,
        config=config,
    )  # fmt: skip
    routes = [
        *GatewayApi(inventory, scans, clock, "1.2.3").routes(),
        *DirectoryApi(listed).routes(),
        *GatewayTableApi(inventory, importing, clock).routes(),
    ]
    return House(build_app(faces, systems={"goip": routes}, alone="goip"), clock, journal, watches, lists)


@pytest.fixture
async def anna(house: House) -> AsyncGenerator[httpx.AsyncClient]:
    """A client that may do everything, with ``Vochi-Main`` of 17 (id 1) and ``b`` of 2 (id 2)."""
    async with house.client() as client:
        for name, number in (("Vochi-Main", "17"), ("b", "2")):
            added = await client.post("/devices", json={"gateway_name": name, "enterprise_number": number})
            assert added.status_code == 201, added.text
        yield client


async def test_a_gateway_is_added_as_the_specification_names_it(anna: httpx.AsyncClient) -> None:
    body = {
        "gateway_name": "C", "enterprise_number": "17", "serial_last4": "0042", "directory": "mftp", "username": "root",
        "password": "canary-1",
    }  # fmt: skip
    added = await anna.post("/devices", json=body)
    view = added.json()
    assert (added.status_code, set(view), added.headers["etag"]) == (201, DEVICE_FIELDS, '"1"')
    assert (view["gateway_name"], view["serial_last4"], view["enterprise"]) == ("C", "0042", "Ящик")
    assert (view["has_password"], view["port_scan_status"], view["port"]) == (True, "unknown", None)
    assert "canary" not in added.text
    assert (await anna.get("/devices/C")).json() == view
    listed = await anna.get("/devices")
    assert [one["gateway_name"] for one in listed.json()] == ["b", "C", "Vochi-Main"]
    assert listed.headers["x-total-count"] == "3"


async def test_what_is_wrong_with_a_gateway_is_named_all_at_once(anna: httpx.AsyncClient) -> None:
    wrong = await anna.post(
        "/devices", json={"gateway_name": "a\u202eb", "enterprise_number": "17", "serial_last4": "12", "x": 1}
    )
    assert wrong.status_code == 422
    assert wrong.json()["errors"] == [{"field": "x", "message": "is not known here"}]
    wrong = await anna.post(
        "/devices", json={"gateway_name": "a\u202eb", "enterprise_number": "17", "serial_last4": 12}
    )
    assert [one["field"] for one in wrong.json()["errors"]] == ["serial_last4"]
    wrong = await anna.post(
        "/devices", json={"gateway_name": "a\u202eb", "enterprise_number": "17", "serial_last4": "12"}
    )
    assert [one["field"] for one in wrong.json()["errors"]] == ["gateway_name", "serial_last4"]
    for field, value in (("enterprise_number", "3"), ("directory", "nowhere")):
        wrong = await anna.post("/devices", json={"gateway_name": "c", "enterprise_number": "17", field: value})
        assert [one["field"] for one in wrong.json()["errors"]] == [field]
    twice = await anna.post("/devices", json={"gateway_name": "b", "enterprise_number": "17"})
    assert (twice.status_code, twice.json()["code"]) == (409, "gateway-exists")
    assert [one["field"] for one in twice.json()["errors"]] == ["gateway_name"]


@pytest.mark.parametrize("name", ODD)
async def test_a_gateway_may_be_called_anything(anna: httpx.AsyncClient, name: str) -> None:
    await anna.delete("/devices/Vochi-Main")
    assert (await anna.post("/devices", json={"gateway_name": name, "enterprise_number": "2"})).status_code == 201
    path = f"/devices/{quote(name, safe='').replace('.', '%2E')}"
    assert (await anna.get(path)).json()["gateway_name"] == name
    assert (await anna.get(f"{path}/lines")).json() == []
    assert (await anna.put(path, json={"enterprise_number": "17"})).json()["enterprise_number"] == "17"
    assert (await anna.get(path.upper().replace("/DEVICES", "/devices") + "x")).status_code == 404
    assert (await anna.delete(path)).status_code == 204
    assert (await anna.get(path)).json()["code"] == "unknown-gateway"


async def test_a_change_names_fields_and_obeys_the_revision(anna: httpx.AsyncClient, house: House) -> None:
    kept = {"username": "root", "password": "canary-2"}
    changed = await anna.put("/devices/b", json=kept, headers={"if-match": '"1"'})
    assert (changed.status_code, changed.headers["etag"], changed.json()["has_password"]) == (200, '"2"', True)
    stale = await anna.put("/devices/b", json={"serial_last4": "1"}, headers={"if-match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (422, "invalid")
    stale = await anna.put("/devices/b", json={"serial_last4": "0001"}, headers={"if-match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert (await anna.put("/devices/b", json={"gateway_name": "c"})).status_code == 422
    cleared = (await anna.put("/devices/b", json={"password": None})).json()
    assert (cleared["username"], cleared["has_password"]) == ("root", False)
    told = " ".join(f"{entry}" for entry in await house.journal.read())
    assert "gateways.change" in told
    assert "canary" not in told
    assert (await anna.put("/devices/nobody", json={})).status_code == 404


async def test_what_is_known_of_a_gateway_is_told_with_the_reason_in_words(
    anna: httpx.AsyncClient, house: House
) -> None:
    await house.watches.keep([attrs.evolve(seen(1, LINE_WATCH), watch=WATCH)])
    view = (await anna.get("/devices/Vochi-Main")).json()
    assert (view["port"], view["last_port"], view["port_scan_status"], view["reason"]) == (
        40001, 40000, "error", "identity",
    )  # fmt: skip
    assert (view["device_model"], view["serial_last4"], view["firmware"]) == ("GoIP8", "1234", "GHSFVT-1.1-68-7")
    assert view["lines"] == {"total": 1, "ok": 0, "weak": 1, "down": 0, "busy": 1}
    assert (view["stale"], view["rebooting"]) == (True, True)
    house.clock.at += timedelta(minutes=4)
    view = (await anna.get("/devices/Vochi-Main")).json()
    assert (view["rebooting"], "Another device" in view["why"], "could not be read" in view["why"]) == (
        False, True, True,
    )  # fmt: skip


async def test_a_line_is_told_with_all_that_is_known_and_null_for_the_rest(
    anna: httpx.AsyncClient, house: House
) -> None:
    await house.watches.keep(
        [seen(1, LINE_WATCH, attrs.evolve(line(1, 2), line=attrs.evolve(line(1, 2).line, sim=None)))]
    )
    lines = await anna.get("/devices/Vochi-Main/lines")
    assert lines.headers["x-total-count"] == "2"
    first, second = lines.json()
    assert set(first) == LINE_FIELDS
    told = {
        "line": 1, "health": "weak_signal", "weak": True, "rssi": 7, "rssi_raw": "07", "dbm": -99, "voip": False,
        "state": "ALERTING", "peer": "+99912345", "busy": True, "operator": "Оператор & Co", "busy_status": "+99929",
        "authentication_id": "9001", "remaining_minutes": 120, "unlimited": False, "idle_min": 3,
    }  # fmt: skip
    assert {name: first[name] for name in told} == told
    assert first["call_forward"]["unconditional"] == {"state": "off", "number": None}
    since = datetime.fromisoformat(first["seen_at"]) - datetime.fromisoformat(first["last_call_at"])
    assert since == timedelta(minutes=3)
    assert (second["sim"], second["busy_status"], second["call_forward"], second["last_call_at"]) == (None,) * 4
    assert "antenna" in first["why"]


async def test_gateways_and_lines_are_found_and_ordered(anna: httpx.AsyncClient, house: House) -> None:
    await house.watches.keep(
        [
            seen(1, line(1, 1, operator="MegaCom"), line(1, 2, rssi=3, health=Health.WEAK_SIGNAL)),
            attrs.evolve(seen(2, line(2, 1, operator="Other")), watch=WATCH),
        ]
    )

    async def names(query: str) -> list[str]:
        return [one["gateway_name"] for one in (await anna.get(f"/devices?{query}")).json()]

    assert await names("status=active") == ["Vochi-Main"]
    assert await names("enterprise_number=2") == ["b"]
    assert await names("operator=mega") == ["Vochi-Main"]
    assert await names("weak=true") == await names("health=weak_signal") == ["Vochi-Main"]
    assert await names("search=1234") == ["b"]
    assert await names("sort=-gateway_name") == await names("sort=name&order=desc") == ["Vochi-Main", "b"]
    assert await names("limit=1&offset=1") == ["Vochi-Main"]
    found = await anna.get("/lines?limit=2")
    assert (len(found.json()), found.headers["x-total-count"]) == (2, "3")
    assert [one["line"] for one in (await anna.get("/lines?enterprise_number=17&weak=true")).json()] == [2]
    fleet = (await anna.get("/fleet")).json()
    assert (fleet["gateways"], fleet["lines"], fleet["by_health"]["weak_signal"], fleet["stale"]) == (2, 3, 1, 1)
    for wrong in ("status=lost", "sort=colour", "limit=0", "weak=perhaps"):
        assert (await anna.get(f"/devices?{wrong}")).status_code == 422


async def test_the_root_says_what_this_is_and_figures_only_to_those_who_may_see_them(
    anna: httpx.AsyncClient, house: House
) -> None:
    told = (await anna.get("/")).json()
    assert (told["service"], told["version"], told["devices"], told["last_scan"]) == ("goip", "1.2.3", 2, None)
    assert (await anna.get("/", headers={"accept": "text/html"})).headers["location"] == "/ui/gateways"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(house.app), base_url="http://house") as nobody:
        assert (await nobody.get("/")).json()["devices"] is None
        assert (await nobody.get("/devices")).status_code == 401
    async with house.client() as client:
        under = (await client.get("/systems/goip/", headers={"accept": "text/html"})).json()
        assert under["devices"] == 2


async def test_an_enterprise_admin_sees_his_gateways_and_no_others(anna: httpx.AsyncClient, house: House) -> None:
    await house.watches.keep([seen(1, line(1, 1)), seen(2, line(2, 1))])
    async with house.client(OF_17) as egor:
        listed = await egor.get("/devices")
        assert [one["gateway_name"] for one in listed.json()] == ["Vochi-Main"]
        assert listed.headers["x-total-count"] == "1"
        assert [one["gateway_name"] for one in (await egor.get("/lines")).json()] == ["Vochi-Main"]
        assert (await egor.get("/fleet")).json()["gateways"] == (await egor.get("/")).json()["devices"] == 1
        for path in ("/devices/b", "/devices/b/lines"):
            assert (await egor.get(path)).status_code == 404
        assert (await egor.post("/devices", json={})).status_code == 403
        assert (await egor.put("/devices/Vochi-Main", json={"serial_last4": "1234"})).status_code == 403
        assert (await egor.delete("/devices/Vochi-Main")).status_code == 403
        assert (await egor.get("/directories")).status_code == 403


@pytest.mark.parametrize("role", [Role.CLIENT, Role.ACCOUNTANT])
async def test_clients_and_accountants_have_nothing_to_do_with_gateways(house: House, role: Role) -> None:
    async with house.client(Actor("x", role)) as client:
        for path in ("/devices", "/devices/b", "/devices/b/lines", "/lines", "/fleet", "/directories"):
            assert (await client.get(path)).status_code == 403, path
        assert (await client.get("/")).json()["devices"] is None


async def test_directories_are_kept_with_their_passwords_and_that_of_the_settings_stays(
    anna: httpx.AsyncClient, house: House
) -> None:
    body = {"name": "hub", "host": "Hub.Example", "username": "u", "password": "canary-3"}
    added = await anna.post("/directories", json=body)
    assert (added.status_code, added.json()["port"], added.json()["has_password"]) == (201, 8086, True)
    number = added.json()["id"]
    first, second = (await anna.get("/directories")).json()
    assert (first["id"], first["name"], first["from_settings"], first["has_password"]) == (0, "mftp", True, True)
    assert second == added.json()
    path = f"/directories/{number}"
    assert (await anna.put(path, json={"port": 80}, headers={"if-match": '"1"'})).headers["etag"] == '"2"'
    assert (await anna.put(path, json={"port": 81}, headers={"if-match": '"1"'})).status_code == 412
    assert (await anna.put(path, json={"host": "10.0.0.256", "port": 0})).status_code == 422
    assert (await anna.post("/directories", json={**body, "port": 82})).json()["code"] == "directory-exists"
    assert (await anna.put("/directories/0", json={"port": 80})).status_code == 409
    await anna.put("/devices/b", json={"directory": "hub"})
    assert (await anna.delete(path)).json()["code"] == "directory-in-use"
    await anna.put("/devices/b", json={"directory": None})
    assert (await anna.delete(path)).status_code == 204
    assert (await anna.get(path)).status_code == 404
    assert "canary" not in added.text + (await anna.get("/directories")).text


async def test_a_directory_is_tried_and_nothing_is_changed_by_what_it_says(
    anna: httpx.AsyncClient, house: House
) -> None:
    tried = (await anna.post("/directories/0/test")).json()
    assert tried == {"listed": 2, "with_port": 1, "version": "1.06", "remarks": []}
    assert (await anna.get("/devices/Vochi-Main")).json()["port"] is None
    house.lists.says = DirectoryDenied("radmin.example does not take the login")
    refused = await anna.post("/directories/0/test")
    assert (refused.status_code, refused.json()["code"]) == (502, "directory-denied")


async def test_nothing_that_is_answered_is_not_in_the_document(anna: httpx.AsyncClient) -> None:
    told: dict[str, Any] = (await anna.get("/openapi.json")).json()
    assert {"/devices", "/devices/{name}", "/devices/{name}/lines", "/lines", "/fleet", "/directories"} <= set(
        told["paths"]
    )
    assert {"/", "/health"} <= set(told["paths"])


TABLE = """gateway_name;enterprise_number;serial_last4;password
Vochi-Main;17;;canary-4
Линия "Юг";2;0042;
x;3;;
'=1+1;2;;
"""


async def test_a_table_is_tried_imported_and_exported_without_passwords(anna: httpx.AsyncClient, house: House) -> None:
    csv = {"content-type": "text/csv"}
    dry = (await anna.post("/import?dry_run=true", content=TABLE, headers=csv)).json()
    assert [row["status"] for row in dry["rows"]] == ["error", "added", "error", "added"]
    assert (dry["dry_run"], dry["added"], dry["failed"]) == (True, 2, 2)
    assert (await anna.get("/devices")).headers["x-total-count"] == "2"
    done = (await anna.post("/import?update=true", content=TABLE, headers=csv)).json()
    assert [row["status"] for row in done["rows"]] == ["changed", "added", "error", "added"]
    assert done["rows"][2] == {
        "row": 4, "status": "error", "gateway_name": "x",
        "errors": [{"field": "enterprise_number", "message": "there is no enterprise 3"}],
    }  # fmt: skip
    out = await anna.get("/export?sort=-name")
    assert out.headers["content-disposition"] == 'attachment; filename="gateways.csv"'
    assert "canary" not in out.text
    assert "\n'=1+1,2," in out.text
    assert 'Линия ""Юг""' in out.text
    # They are shown in the first, and are read back as being in the first, whichever that is then.
    assert [one["directory"] for one in (await anna.get("/devices")).json()] == ["mftp"] * 4
    assert "mftp" not in out.text
    again = (await anna.post("/import", content=out.text, headers=csv)).json()
    assert (again["same"], again["failed"], again["added"]) == (4, 0, 0)
    rows = (await anna.get("/export?format=json&enterprise_number=17")).json()
    assert [(row["gateway_name"], row["has_password"], row["lines_ok"]) for row in rows] == [("Vochi-Main", True, 0)]
    async with house.client(OF_17) as egor:
        assert len((await egor.get("/export?format=json")).json()) == 1
        assert (await egor.post("/import", json=[])).status_code == 403
    assert (await anna.post("/import", content="a;b\n1;2\n", headers=csv)).status_code == 422
    assert (await anna.post("/import", content=b"x", headers={"content-type": "image/png"})).status_code == 422
    assert (await anna.get("/export?sort=colour")).status_code == 422
