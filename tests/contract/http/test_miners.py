"""Miners over HTTP: the specification's paths and fields, over a real database and a driver that answers as told."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import attrs
import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from lineman.adapters.db.containers import SqlContainers
from lineman.adapters.db.engine import Database
from lineman.adapters.db.journal import SqlJournal
from lineman.adapters.db.miners import SqlMiners
from lineman.adapters.db.retention import Retention
from lineman.adapters.db.series import SqlSeries
from lineman.adapters.db.watches import SqlWatches
from lineman.adapters.devices.miners.models import TomlCatalogue
from lineman.adapters.http.app import Faces, build_app
from lineman.adapters.http.miners import MinerApi
from lineman.adapters.http.wire import ACTOR
from lineman.core.miners import Backlog, Miners, Polling, Statistics
from lineman.ports.clock import Clock
from lineman.ports.errors import DeviceError
from lineman.ports.identity import Actor, Role
from lineman.ports.journal import Journal
from lineman.ports.miners import (
    Answer,
    Board,
    Fingerprint,
    Maker,
    MinerDriver,
    PowerKind,
    Reading,
    Shares,
    State,
    Target,
    TimedOut,
    Truncated,
)
from lineman.ports.secrets import Vault

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
ADMIN = Actor("anna", Role.ADMIN)
WHATSMINER = Reading(
    vendor=Maker.WHATSMINER,
    state=State.MINING,
    model="M50S_VH50",
    firmware="20230803.11.REL",
    algorithm="sha256",
    hash_rate_hs=1.2e14,
    hash_rate_nominal_hs=1.26e14,
    power_w=3300.0,
    power_kind=PowerKind.WALL,
    temp_board_max_c=70.0,
    temp_chip_max_c=81.5,
    fans_rpm=(5400, 5280),
    shares=Shares(1200, 3),
    hw_errors=0,
    uptime_s=86400,
    boards=(Board(0, 6e13), Board(1, 6e13)),
)
#: The example of the specification.
MINER_001 = {
    "name": "Miner-001", "ip_address": "192.168.1.100", "port": 4028, "manufacturer": "Whatsminer", "model": "M50",
    "is_active": True,
}  # fmt: skip


def _words(text: str) -> set[str]:
    return set(text.split())


MINER_FIELDS = _words(
    """id name ip_address port web_port api3_port manufacturer model container_id is_active created_at last_seen
    username has_password revision tags group_id row shelf slot hardware_id
    availability availability_since misses state state_since error error_detail
    reasons polled_at reading_age_s hash_rate hash_rate_unit hash_rate_hs hash_rate_nominal_hs rate_ratio temperature
    fan_speed power_consumption power_kind efficiency_j_th algorithm reported_manufacturer reported_model firmware
    uptime_s accepted_shares rejected_shares reject_ratio restarts pool_switches last_share_at last_share_age_s"""
)
STAT_FIELDS = _words(
    """miner_id timestamp hash_rate hash_rate_unit hash_rate_hs state accepted_shares rejected_shares pool_switches
    restarts temperature fan_speed power_consumption hw_errors uptime_s error summary_data stats_data reading"""
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
class Told(MinerDriver):
    """Answers as told."""

    says: Reading | DeviceError = WHATSMINER

    async def poll(self, target: Target, known: Fingerprint | None = None, *, deadline: float = 5.0) -> Answer:
        if isinstance(self.says, DeviceError):
            raise self.says
        raw = b'{"summary":{"SUMMARY":[{"Elapsed":86400}]},"devs":{"DEVS":[]}}'
        return Answer(self.says, Fingerprint(self.says.vendor, self.says.model, self.says.firmware), raw)


@attrs.frozen
class House:
    app: ASGIApp
    driver: Told
    clock: Time
    journal: Journal
    series: SqlSeries

    def client(self, actor: Actor = ADMIN) -> httpx.AsyncClient:
        """A client of this actor's."""

        async def acting(scope: Scope, receive: Receive, send: Send) -> None:
            await self.app({**scope, ACTOR: actor}, receive, send)

        return httpx.AsyncClient(transport=httpx.ASGITransport(app=acting), base_url="http://house")


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def house(store: Database, vault: Vault, faces: Faces, clock: Time) -> House:
    """The miners' system alone, as it is served."""
    driver, journal, series = Told(), SqlJournal(store), SqlSeries(store, Retention())
    containers, miners, watches = SqlContainers(store), SqlMiners(store, vault), SqlWatches(store, vault)
    inventory = Miners(containers, miners, watches, TomlCatalogue(), journal, clock)
    polling = Polling(driver, miners, watches, journal, clock, Backlog(watches, lambda miner, event: None))
    statistics = Statistics(containers, miners, watches, series, clock)
    api = MinerApi(inventory, statistics, polling.poll, clock)
    return House(build_app(faces, systems={"miners": api.routes()}, alone="miners"), driver, clock, journal, series)


@pytest.fixture
async def anna(house: House) -> AsyncGenerator[httpx.AsyncClient]:
    """A client that may do everything, with a container 1 and the miner 1 in it."""
    async with house.client() as client:
        assert (await client.post("/api/containers", json={"name": "Port A"})).status_code == 201
        assert (await client.post("/api/miners", json={**MINER_001, "container_id": 1})).status_code == 201
        yield client


async def test_a_container_is_made_listed_shown_and_removed(house: House) -> None:
    async with house.client() as client:
        made = await client.post(
            "/api/containers", json={"name": "Контейнер 1", "description": "Морской контейнер", "location": "Одесса"}
        )
        assert made.status_code == 201
        container = made.json()
        assert set(container) == _words("id name description location created_at rows shelves slots revision")
        assert (container["name"], container["created_at"]) == ("Контейнер 1", "2026-11-01T12:00:00Z")
        listed = await client.get("/api/containers")
        assert (listed.json(), listed.headers["x-total-count"]) == ([container], "1")
        assert (await client.get("/api/containers/1")).json() == container
        assert (await client.delete("/api/containers/1")).status_code == 204
        assert (await client.get("/api/containers/1")).status_code == 404


async def test_a_container_with_miners_in_it_stays(anna: httpx.AsyncClient) -> None:
    refused = await anna.delete("/api/containers/1")
    assert (refused.status_code, refused.json()["code"]) == (409, "container-in-use")
    assert (await anna.delete("/api/miners/1")).status_code == 204
    assert (await anna.delete("/api/containers/1")).status_code == 204


async def test_a_miner_is_added_as_the_specification_has_it(anna: httpx.AsyncClient) -> None:
    added = await anna.post("/api/miners", json={**MINER_001, "ip_address": "127.0.0.1", "container_id": 1})
    assert added.status_code == 201
    view = added.json()
    assert set(view) == MINER_FIELDS
    assert {name: view[name] for name in MINER_001} == {**MINER_001, "ip_address": "127.0.0.1"}
    assert (view["id"], view["availability"], view["hash_rate"], view["hash_rate_unit"]) == (2, "unknown", None, "TH/s")
    one = (await anna.get("/api/miners/2")).json()
    assert one == {**view, "stats": None}


@pytest.mark.parametrize(
    ("maker", "named", "port"),
    [("Elhapex", "Elphapex", 80), ("elphapex", "Elphapex", 80), ("antminer", "AntMiner", 4028)],
)
async def test_a_maker_is_known_in_any_spelling_and_has_its_port(
    anna: httpx.AsyncClient, maker: str, named: str, port: int
) -> None:
    view = (await anna.post("/api/miners", json={"name": "m", "ip_address": "10.0.0.1", "manufacturer": maker})).json()
    assert (view["manufacturer"], view["port"]) == (named, port)


def _with(**fields: Any) -> dict[str, Any]:
    return {**MINER_001, "ip_address": "10.0.0.1", **fields}


#: Method, path, body; the status and, where it is 422, the fields that the problem names.
WRONG: list[tuple[str, str, Any, int, list[str] | None]] = [
    ("POST", "/api/miners", _with(container_id=77), 422, ["container_id"]),
    ("POST", "/api/miners", _with(container_id=2**70), 422, ["container_id"]),
    ("POST", "/api/miners", _with(port=70000), 422, ["port"]),
    ("POST", "/api/miners", _with(port="4028"), 422, ["port"]),
    ("POST", "/api/miners", _with(port=0, web_port=-1, api3_port=65536), 422, ["port", "web_port", "api3_port"]),
    ("POST", "/api/miners", _with(manufacturer="Bitfury"), 422, ["manufacturer"]),
    ("POST", "/api/miners", _with(ip_address="300.1.1.1", name=" "), 422, ["name", "ip_address"]),
    ("POST", "/api/miners", _with(name="x" * 201), 422, ["name"]),
    ("POST", "/api/miners", _with(name="x" * 900_000), 422, ["name"]),
    ("POST", "/api/miners", _with(name="x" * 1_100_000), 413, None),
    ("POST", "/api/miners", _with(model="two\nlines"), 422, ["model"]),
    ("POST", "/api/miners", _with(password="x" * 1025), 422, ["password"]),
    ("POST", "/api/miners", _with(password=5), 422, ["password"]),
    ("POST", "/api/miners", _with(is_active="yes"), 422, ["is_active"]),
    ("POST", "/api/miners", {}, 422, ["name", "ip_address", "manufacturer"]),
    ("POST", "/api/miners", [MINER_001], 422, []),
    ("POST", "/api/miners", "a text", 422, []),
    ("POST", "/api/miners", MINER_001, 409, None),
    ("POST", "/api/containers", {"name": ""}, 422, ["name"]),
    ("POST", "/api/containers", {"name": "x" * 201, "location": 5}, 422, ["location"]),
    ("POST", "/api/containers", {"name": "Port A"}, 409, None),
    ("PUT", "/api/miners/1", {"port": 70000}, 422, ["port"]),
    ("PUT", "/api/miners/1", {"container_id": 77}, 422, ["container_id"]),
    ("PUT", "/api/miners/1", {"name": None}, 422, ["name"]),
    ("PUT", "/api/miners/9", {"name": "n"}, 404, None),
    ("DELETE", "/api/miners/9", None, 404, None),
    ("DELETE", "/api/containers/9", None, 404, None),
    ("GET", "/api/miners/9", None, 404, None),
    ("GET", "/api/miners/one", None, 404, None),
    ("GET", "/api/miners/99999999999999999999", None, 404, None),
    ("POST", "/api/miners/9/poll", None, 404, None),
    ("GET", "/api/miners?sort=nonsense", None, 422, ["sort"]),
    ("GET", "/api/miners?order=up", None, 422, ["order"]),
    ("GET", "/api/miners?limit=0", None, 422, ["limit"]),
    ("GET", "/api/miners?limit=1001", None, 422, ["limit"]),
    ("GET", "/api/miners?offset=-1", None, 422, ["offset"]),
    ("GET", "/api/miners?container_id=x&is_active=perhaps", None, 422, ["container_id", "is_active"]),
    ("GET", "/api/miners?availability=gone&state=asleep", None, 422, ["availability", "state"]),
    ("GET", "/api/miners?manufacturer=Bitfury", None, 422, ["manufacturer"]),
    ("GET", "/api/miners/models/Bitfury", None, 404, None),
    ("GET", "/api/stats/miners/1?hours=-1", None, 422, ["hours"]),
    ("GET", "/api/stats/miners/1?hours=many", None, 422, ["hours"]),
    ("GET", "/api/stats/miners/1?limit=0", None, 422, ["limit"]),
    ("GET", "/api/stats/miners/9", None, 404, None),
    ("GET", "/api/stats/miners/1/chart?level=2h", None, 422, ["level"]),
    ("GET", "/api/stats/miners/1/chart?level=raw&hours=8760", None, 422, ["level"]),
    ("GET", "/api/stats/miners/1/chart?since=yesterday", None, 422, ["since"]),
    ("GET", "/api/stats/miners/1/chart?since=2026-11-01T00:00:00", None, 422, ["since"]),
    ("GET", "/api/stats/miners/1/chart?since=2027-01-01T00:00:00Z", None, 422, ["since"]),
    ("GET", "/api/stats/miners/1/chart?since=2026-11-01T00:00:00Z&hours=2", None, 422, ["hours"]),
    ("GET", "/api/stats/miners/1/chart?until=0001-01-01T00:00:00Z", None, 422, ["until"]),
    ("GET", "/api/stats/miners/1/chart?until=0001-01-01T00:00:00%2B14:00", None, 422, ["until"]),
    ("GET", "/api/stats/containers/1?hours=0", None, 422, ["hours"]),
    ("GET", "/api/stats/containers/9", None, 404, None),
]


async def test_what_is_wrong_is_answered_with_a_problem_that_names_the_field(anna: httpx.AsyncClient) -> None:
    for method, path, body, status, fields in WRONG:
        answer = await anna.request(method, path, json=body)
        case = f"{method} {path} {str(body)[:60]} {answer.text[:200]}"
        assert answer.status_code == status, case
        assert answer.headers["content-type"] == "application/problem+json", case
        problem = answer.json()
        assert (problem["status"], bool(problem["title"]), bool(problem["detail"])) == (status, True, True), case
        if fields is not None:
            assert [error["field"] for error in problem["errors"]] == fields, case
    assert len((await anna.get("/api/miners")).json()) == 1


async def test_a_change_names_only_what_it_changes(anna: httpx.AsyncClient, house: House) -> None:
    before = (await anna.get("/api/miners/1")).json()
    changed = await anna.put("/api/miners/1", json={"container_id": None, "password": "canary", "colour": "red"})
    assert changed.status_code == 200
    view = changed.json()
    after = {**before, "container_id": None, "has_password": True, "revision": 2}
    assert view == {name: after[name] for name in MINER_FIELDS}
    assert "canary" not in changed.text + (await anna.get("/api/miners/1")).text
    lines = [(line.action, line.actor, line.detail) for line in await house.journal.read(subject="miner 1")]
    assert lines == [
        ("miners.change", "anna", "container_id 1 -> None, password changed"),
        ("miners.add", "anna", "Miner-001: Whatsminer at 192.168.1.100:4028"),
    ]


async def test_who_changes_what_he_did_not_see_is_stopped_if_he_asks(anna: httpx.AsyncClient) -> None:
    seen = (await anna.get("/api/miners/1")).headers["etag"]
    assert (await anna.put("/api/miners/1", json={"name": "first"})).headers["etag"] != seen
    stale = await anna.put("/api/miners/1", json={"name": "second"}, headers={"if-match": seen})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert (await anna.put("/api/miners/1", json={"name": "second"})).status_code == 200


async def test_changes_of_different_fields_at_once_all_count(anna: httpx.AsyncClient) -> None:
    wanted = {"name": "renamed", "model": "M50S", "username": "root"}
    async with anyio.create_task_group() as tasks:
        for field, value in wanted.items():
            tasks.start_soon(lambda body: anna.put("/api/miners/1", json=body), {field: value})
    view = (await anna.get("/api/miners/1")).json()
    assert {field: view[field] for field in wanted} == wanted
    assert view["revision"] == 4


async def test_a_miner_cannot_move_onto_another(anna: httpx.AsyncClient) -> None:
    await anna.post("/api/miners", json=_with())
    moved = await anna.put("/api/miners/2", json={"ip_address": MINER_001["ip_address"]})
    assert (moved.status_code, moved.json()["code"]) == (409, "miner-exists")


async def test_a_poll_answers_with_the_whole_reading(anna: httpx.AsyncClient) -> None:
    polled = await anna.post("/api/miners/1/poll")
    assert polled.status_code == 200
    stat = polled.json()
    assert set(stat) == STAT_FIELDS
    wanted = {
        "miner_id": 1, "timestamp": "2026-11-01T12:00:00Z", "hash_rate": 120.0, "hash_rate_unit": "TH/s",
        "hash_rate_hs": 1.2e14, "state": "mining", "accepted_shares": 1200, "rejected_shares": 3, "pool_switches": 0,
        "restarts": 0, "temperature": 81.5, "fan_speed": 5400, "power_consumption": 3300.0, "error": None,
        "summary_data": {"SUMMARY": [{"Elapsed": 86400}]}, "stats_data": {"DEVS": []},
    }  # fmt: skip
    assert {name: stat[name] for name in wanted} == wanted
    assert [board["hash_rate_hs"] for board in stat["reading"]["boards"]] == [6e13, 6e13]
    view = (await anna.get("/api/miners/1")).json()
    assert view["stats"] == stat
    assert (view["availability"], view["state"], view["reported_model"]) == ("online", "mining", "M50S_VH50")
    assert view["efficiency_j_th"] == pytest.approx(27.5)
    assert view["rate_ratio"] == pytest.approx(120 / 126)
    assert (view["manufacturer"], view["reported_manufacturer"]) == ("Whatsminer", "Whatsminer")
    # Whatever somebody writes down: the device goes on saying what it is.
    await anna.put("/api/miners/1", json={"manufacturer": "Avalon"})
    (listed,) = [one for one in (await anna.get("/api/miners")).json() if one["id"] == 1]
    assert (listed["manufacturer"], listed["reported_manufacturer"]) == ("Avalon", "Whatsminer")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (TimedOut("192.168.1.100:4028 did not answer in 5 s"), 504, "timed-out"),
        (Truncated("192.168.1.100:4028 sent 200 bytes that end in the middle"), 502, "truncated"),
    ],
)
async def test_a_failed_poll_is_a_problem_and_is_kept_as_a_miss(
    anna: httpx.AsyncClient, house: House, error: DeviceError, status: int, code: str
) -> None:
    await anna.post("/api/miners/1/poll")
    house.driver.says = error
    house.clock.at += timedelta(minutes=1)
    failed = await anna.post("/api/miners/1/poll")
    assert (failed.status_code, failed.json()["code"], failed.json()["detail"]) == (status, code, error.detail)
    view = (await anna.get("/api/miners/1")).json()
    assert (view["availability"], view["misses"], view["error"]) == ("stale", 1, code)
    # The last reading stands, with its age.
    assert (view["state"], view["hash_rate"], view["reading_age_s"]) == ("mining", 120.0, 60)
    missed, good = (await anna.get("/api/stats/miners/1")).json()
    assert missed == {
        **dict.fromkeys(STAT_FIELDS), "miner_id": 1, "timestamp": "2026-11-01T12:01:00Z", "hash_rate_unit": "TH/s",
        "error": code,
    }  # fmt: skip
    assert (good["hash_rate"], good["error"]) == (120.0, None)
    assert (good["summary_data"], good["stats_data"], good["reading"]) == (None, None, None)


async def _farm(client: httpx.AsyncClient, count: int) -> None:
    for number in range(2, count + 1):
        body = _with(name=f"m{number}", ip_address=f"10.0.0.{number}", container_id=None if number % 2 else 1)
        assert (await client.post("/api/miners", json=body)).status_code == 201


#: The query, the ids of the page, and how many there are.
LISTS = [
    ("", [1, 2, 3, 4], 4),
    ("?limit=2&offset=1", [2, 3], 4),
    ("?sort=-id&limit=1", [4], 4),
    ("?sort=id&order=desc&limit=1", [4], 4),
    ("?sort=hash_rate&order=desc", [1, 2, 3, 4], 4),
    ("?sort=-power_consumption&limit=1", [1], 4),
    ("?container_id=1", [1, 2, 4], 3),
    ("?is_active=true", [1, 2, 3], 3),
    ("?is_active=0", [4], 1),
    ("?search=M3", [3], 1),
    ("?search=192.168", [1], 1),
    ("?manufacturer=elhapex", [], 0),
    ("?availability=online", [1], 1),
    ("?availability=unknown&state=mining", [], 0),
    ("?state=mining", [1], 1),
    # Unknown and empty parameters are passed over.
    ("?colour=red&search=&container_id=", [1, 2, 3, 4], 4),
]


async def test_a_list_is_filtered_sorted_and_paged(anna: httpx.AsyncClient) -> None:
    await _farm(anna, 4)
    await anna.put("/api/miners/4", json={"is_active": False})
    await anna.post("/api/miners/1/poll")
    for query, ids, total in LISTS:
        listed = await anna.get(f"/api/miners{query}")
        assert listed.status_code == 200, query
        assert ([row["id"] for row in listed.json()], listed.headers["x-total-count"]) == (ids, str(total)), query
        assert all(set(row) == MINER_FIELDS for row in listed.json()), query


async def test_a_client_sees_his_containers_only_in_lists_and_in_sums(anna: httpx.AsyncClient, house: House) -> None:
    await _farm(anna, 3)
    await anna.post("/api/containers", json={"name": "Port B"})
    await anna.put("/api/miners/2", json={"container_id": 2})
    for number in (1, 2, 3):
        await anna.post(f"/api/miners/{number}/poll")
    async with house.client(Actor("carl", Role.CLIENT, container_ids=frozenset({2}))) as carl:
        assert [row["id"] for row in (await carl.get("/api/containers")).json()] == [2]
        assert [row["id"] for row in (await carl.get("/api/miners")).json()] == [2]
        assert [row["id"] for row in (await carl.get("/api/miners?container_id=1")).json()] == []
        for path in ("miners/1", "containers/1", "stats/miners/1", "stats/miners/3/chart", "stats/containers/1"):
            assert (await carl.get(f"/api/{path}")).status_code == 404, path
        overview = (await carl.get("/api/stats/overview")).json()
        assert ([row["id"] for row in overview["containers"]], overview["total"]["miners"]) == ([2], 1)
        assert overview["total"]["hash_rate_hs"] == {"sha256": 1.2e14}
        for method, path in (
            ("POST", "miners"), ("PUT", "miners/2"), ("DELETE", "miners/2"), ("POST", "miners/2/poll"),
            ("POST", "containers"), ("DELETE", "containers/2"),
        ):  # fmt: skip
            assert (await carl.request(method, f"/api/{path}", json=_with())).status_code == 403, path
    async with house.client(Actor("nobody", Role.CLIENT, container_ids=frozenset())) as nobody:
        assert (await nobody.get("/api/miners")).json() == []
        assert (await nobody.get("/api/stats/overview")).json()["total"]["miners"] == 0


async def test_an_accountant_reads_and_an_enterprise_admin_does_not(anna: httpx.AsyncClient, house: House) -> None:
    paths = ("miners", "miners/1", "containers", "stats/overview", "stats/miners/1", "stats/containers/1")
    for role, status in ((Role.ACCOUNTANT, 200), (Role.ENTERPRISE_ADMIN, 403)):
        async with house.client(Actor("x", role)) as client:
            assert {(await client.get(f"/api/{path}")).status_code for path in paths} == {status}


async def test_the_overview_counts_everything_once_and_empty_containers_too(anna: httpx.AsyncClient) -> None:
    await _farm(anna, 3)
    await anna.post("/api/containers", json={"name": "Port B", "location": "Oslo"})
    for number in (1, 3):
        await anna.post(f"/api/miners/{number}/poll")
    overview = (await anna.get("/api/stats/overview")).json()
    assert overview["at"] == "2026-11-01T12:00:00Z"
    rows = {row["id"]: row for row in overview["containers"]}
    assert [(row["id"], row["name"], row["miners"]) for row in overview["containers"]] == [
        (1, "Port A", 2),
        (2, "Port B", 0),
        (None, None, 1),
    ]
    assert rows[1]["availability"] == {"online": 1, "unknown": 1}
    total = overview["total"]
    assert (total["container_id"], total["miners"], total["availability"]) == (None, 3, {"online": 2, "unknown": 1})
    assert (total["hash_rate_hs"], total["power_w"], total["power_miners"]) == ({"sha256": 2.4e14}, 6600.0, 2)
    assert (rows[1]["power_w"], rows[1]["power_miners"]) == (3300.0, 1)
    assert total["temperature_avg"] == pytest.approx(81.5)


@pytest.fixture
async def course(anna: httpx.AsyncClient, house: House) -> None:
    """Twenty minutes of polls, one a minute, of which the last five are missed."""
    for minute in range(20):
        if minute == 15:
            house.driver.says = TimedOut("silent")
        await anna.post("/api/miners/1/poll")
        house.clock.at += timedelta(minutes=1)
    await house.series.roll_up(now=house.clock.at)


@pytest.mark.usefixtures("course")
async def test_charts_have_the_level_that_suits_their_span(anna: httpx.AsyncClient) -> None:
    raw = (await anna.get("/api/stats/miners/1/chart?hours=2")).json()
    assert (raw["level"], raw["unit"], raw["divisor"], len(raw["points"])) == ("raw", "TH/s", 1e12, 20)
    assert [point["hash_rate_hs"] for point in raw["points"][14:16]] == [1.2e14, None]
    day = (await anna.get("/api/stats/miners/1/chart")).json()
    assert (day["level"], len(day["points"])) == ("5m", 4)
    assert [(point["polls"], point["misses"]) for point in day["points"]] == [(5, 0), (5, 0), (5, 0), (0, 5)]
    span = "since=2026-11-01T12:00:00Z&until=2026-11-01T15:09:30%2B03:00"
    part = (await anna.get(f"/api/stats/miners/1/chart?{span}&level=raw")).json()
    assert (part["since"], part["until"], len(part["points"])) == ("2026-11-01T12:00:00Z", "2026-11-01T12:09:30Z", 10)
    # An hour has its point when it has ended; until then a year shows what there is.
    year = (await anna.get("/api/stats/miners/1/chart?hours=9000")).json()
    assert (year["level"], len(year["points"])) == ("5m", 4)
    named = (await anna.get("/api/stats/miners/1/chart?hours=9000&level=1h")).json()
    assert (named["level"], named["points"]) == ("1h", [])
    assert (await anna.get("/api/stats/containers/1?hours=9000")).json()["level"] == "5m"

    chart = (await anna.get("/api/stats/containers/1?hours=6")).json()
    assert (chart["container_id"], chart["name"], chart["hours"], chart["level"]) == (1, "Port A", 6, "5m")
    assert (chart["totals"]["miners"], chart["totals"]["availability"]) == (1, {"offline": 1})
    assert [point["hash_rate_hs"] for point in chart["points"]] == [1.2e14, 1.2e14, 1.2e14, None]
    [rates] = chart["algorithms"]
    assert (chart["algorithm"], rates["algorithm"], rates["unit"], rates["divisor"]) == (
        "sha256",
        "sha256",
        "TH/s",
        1e12,
    )
    assert [point["hash_rate_hs"] for point in rates["points"]] == [1.2e14, 1.2e14, 1.2e14]

    rows = (await anna.get("/api/stats/miners/1?limit=3")).json()
    assert [row["timestamp"] for row in rows] == [f"2026-11-01T12:{minute}:00Z" for minute in (19, 18, 17)]


async def test_makers_and_models_are_told(anna: httpx.AsyncClient) -> None:
    assert (await anna.get("/api/miners/manufacturers")).json() == ["Whatsminer", "AntMiner", "Avalon", "Elphapex"]
    for maker, model in (("Whatsminer", "M50"), ("antminer", "S19"), ("Elhapex", "DG1")):
        assert model in (await anna.get(f"/api/miners/models/{maker}")).json()


async def test_what_cannot_be_told_is_null_and_not_zero(anna: httpx.AsyncClient, house: House) -> None:
    house.driver.says = Reading(vendor=Maker.ANTMINER, state=State.SLEEPING)
    stat = (await anna.post("/api/miners/1/poll")).json()
    figures = ("hash_rate", "temperature", "fan_speed", "power_consumption", "accepted_shares", "uptime_s")
    assert [stat[name] for name in figures] == [None] * len(figures)
