"""Comparisons, rankings, events and reports over HTTP: figures, wrong questions, and who sees what."""

import csv
import io
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from lineman.adapters.http.wire import ACTOR
from lineman.ports.identity import Actor, Role
from lineman.ports.miners import (
    Availability,
    EventKind,
    Maker,
    MinerEvent,
    NewContainer,
    NewMiner,
    Observation,
    PowerKind,
    Reading,
    Sample,
    State,
    Watch,
)
from lineman.service import Service, opened_service
from lineman.settings import Settings

pytestmark = pytest.mark.anyio

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
#: The beginning of this hour.
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
SHA = Reading(Maker.AVALON, State.MINING, algorithm="sha256", hash_rate_nominal_hs=2e14, power_kind=PowerKind.WALL)
Clients = Callable[[Actor], httpx.AsyncClient]

ADMIN = Actor("anna", Role.ADMIN)
ACCOUNTANT = Actor("oleg", Role.ACCOUNTANT)
NORTH_ONLY = Actor("client", Role.CLIENT, container_ids=frozenset({1}))
NOTHING = Actor("newcomer", Role.CLIENT, container_ids=frozenset())
ENTERPRISE = Actor("boss", Role.ENTERPRISE_ADMIN, enterprise_numbers=frozenset({"1"}))


def poll(miner_id: int, at: datetime, rate: float | None) -> Observation:
    """A good poll, or a miss without a rate; miners 1 and 2 stand in container 1, 3 in 2."""
    container = 2 if miner_id == 3 else 1
    if rate is None:
        return Observation(
            Watch(miner_id, Availability.STALE), Sample(miner_id, at, error="timed-out"), container_id=container
        )
    sample = Sample(miner_id, at, State.MINING, rate, 2e14, accepted=int(at.timestamp()), rejected=0, restarts=0,
                    temperature=70.0 + miner_id, fan_speed=4000, power_w=3000.0, uptime_s=10**6)  # fmt: skip
    event = MinerEvent(miner_id, at, EventKind.POOL, "0", "1", "a → b")
    return Observation(
        Watch(miner_id, Availability.ONLINE, seen_at=at), sample, SHA, None, container, events=(event,)
    )  # fmt: skip


@pytest.fixture
async def service(tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Service]:
    """Two containers; their miners were polled every five minutes for four hours, all but the one before the last."""
    async with opened_service(Settings(database=f"sqlite:///{tmp_path}/lineman.db"), works=False) as made:
        house = made.house
        for name in ("North", "=South"):
            await house.container_store().add(NewContainer(name), at=NOW)
        for number, container in ((1, 1), (2, 1), (3, 2)):
            new = NewMiner(f"rig {number}", f"10.0.0.{number}", Maker.AVALON, 4028, container_id=container)
            await house.miner_store().add(new, at=NOW)
        for slot in range(48):
            at = NOW - 4 * HOUR + slot * 5 * MINUTE
            if not 24 <= slot < 36:
                rates = {1: 1e14, 2: 1.5e14 if slot < 12 else None, 3: 5e13}
                await house.watch_store().keep([poll(number, at, rate) for number, rate in rates.items()])
        await house.series_store().roll_up(now=NOW + MINUTE)
        yield made


@pytest.fixture
def clients(service: Service) -> Clients:
    app: ASGIApp = service.application(["miners"])

    def client(actor: Actor = ADMIN) -> httpx.AsyncClient:
        async def acting(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, ACTOR: actor}, receive, send)

        return httpx.AsyncClient(transport=httpx.ASGITransport(acting), base_url="http://house")

    return client


async def get(clients: Clients, path: str, actor: Actor = ADMIN) -> Any:
    async with clients(actor) as client:
        answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_miners_are_compared_at_one_level_and_gaps_begin_with_a_null(clients: Clients) -> None:
    found = await get(clients, "/api/stats/compare?miners=1,2&hours=12")
    assert (found["metric"], found["unit"], found["divisor"], found["level"]) == ("hash_rate", "TH/s", 1e12, "5m")
    one, two = found["series"]
    assert (one["id"], one["name"], one["algorithm"], two["name"]) == (1, "rig 1", "sha256", "rig 2")
    start = int((NOW - 4 * HOUR).timestamp())
    assert one["points"][:2] == [[start, 1e14], [start + 300, 1e14]]
    gap = one["points"].index([start + 7200, None])
    assert one["points"][gap + 1][0] == start + 3 * 3600
    # Misses are known to be nothing: their own null is enough.
    assert [value for _, value in two["points"]] == [1.5e14] * 12 + [None] * 24
    assert len(one["points"]) == 37
    hours = await get(clients, "/api/stats/compare?containers=1,2&hours=8760&metric=power")
    assert (hours["level"], hours["unit"]) == ("1h", "W")
    assert [value for _, value in hours["series"][0]["points"]] == [6000.0, 3000.0, None, 3000.0]
    assert hours["series"][1]["name"] == "=South"


async def test_rates_of_different_algorithms_stay_apart_in_the_course_of_a_container(
    service: Service, clients: Clients
) -> None:
    doge = attrs.evolve(SHA, algorithm="scrypt")
    at = NOW - 2 * MINUTE
    polls = [poll(1, at, 1e14), attrs.evolve(poll(2, at, 9e9), reading=doge)]
    await service.house.watch_store().keep(polls)
    await service.house.series_store().roll_up(now=NOW + MINUTE)
    chart = await get(clients, "/api/stats/containers/1?hours=6")
    assert (chart["algorithm"], chart["unit"], chart["divisor"]) == ("sha256", "TH/s", 1e12)
    last = chart["points"][-1]
    assert (last["hash_rate_hs"], last["power_w"], last["miners"]) == (1e14, 6000.0, 2)
    assert [(each["algorithm"], each["unit"], each["divisor"]) for each in chart["algorithms"]] == [
        ("sha256", "TH/s", 1e12), ("scrypt", "GH/s", 1e9),
    ]  # fmt: skip
    assert chart["algorithms"][1]["points"] == [{"at": last["at"], "hash_rate_hs": 9e9, "hash_rate_nominal_hs": 2e14}]

    found = await get(clients, "/api/stats/compare?containers=1,2&hours=6")
    assert (found["unit"], found["divisor"]) == ("TH/s", 1e12)
    courses = [(each["id"], each["algorithm"], each["unit"], each["points"][-1][1]) for each in found["series"]]
    assert courses == [(1, "sha256", "TH/s", 1e14), (1, "scrypt", "GH/s", 9e9), (2, "sha256", "TH/s", 5e13)]
    power = await get(clients, "/api/stats/compare?containers=1,2&hours=6&metric=power")
    assert [(each["id"], each["unit"]) for each in power["series"]] == [(1, "W"), (2, "W")]


async def test_each_figure_has_its_course(clients: Clients) -> None:
    for metric, value in (("temperature", 71.0), ("power", 3000.0), ("fan", 4000), ("reject_ratio", 0.0)):
        found = await get(clients, f"/api/stats/compare?miners=1&hours=12&metric={metric}")
        assert found["series"][0]["points"][5][1] == value, metric


async def test_a_ranking_has_both_ends_and_tells_what_it_is_in(clients: Clients) -> None:
    found = await get(clients, "/api/stats/containers/1/ranking?hours=24&by=hash_rate&n=1")
    assert (found["unit"], found["divisor"], found["ranked"], found["unranked"]) == ("TH/s", 1e12, 2, 0)
    assert [(row["name"], row["value"]) for row in found["top"] + found["bottom"]] == [
        ("rig 2", 1.5e14),
        ("rig 1", 1e14),
    ]
    misses = await get(clients, "/api/stats/containers/1/ranking?by=misses")
    assert [(row["name"], row["value"]) for row in misses["top"]] == [("rig 2", 24), ("rig 1", 0)]
    ratio = await get(clients, "/api/stats/containers/2/ranking")
    assert [row["value"] for row in ratio["top"]] == [0.25]


async def test_a_distribution_is_of_those_that_are_there(clients: Clients) -> None:
    found = await get(clients, "/api/stats/containers/1/distribution?metric=hash_rate")
    assert (found["unit"], found["algorithm"], found["n"]) == ("TH/s", "sha256", 2)
    assert (found["min"], found["p50"], found["max"]) == (100.0, 125.0, 150.0)


async def test_events_are_told_newest_first(clients: Clients) -> None:
    found = await get(clients, "/api/stats/miners/1/events?limit=2")
    assert [event["at"] for event in found] == [
        (NOW - minutes * MINUTE).strftime("%Y-%m-%dT%H:%M:%SZ") for minutes in (5, 10)
    ]
    assert {name: found[0][name] for name in ("kind", "before", "after", "detail")} == {
        "kind": "pool", "before": "0", "after": "1", "detail": "a → b",
    }  # fmt: skip
    # The hours are counted back from this very minute, which may be one of the next hour.
    assert 12 <= len(await get(clients, "/api/stats/miners/1/events?hours=3")) <= 24


def span(**more: str) -> str:
    given = {"since": (NOW - 4 * HOUR).isoformat(), "until": NOW.isoformat(), "period": "all", **more}
    return f"/api/reports/containers?{httpx.QueryParams(given)}"


async def test_a_report_adds_up_what_was_measured_and_says_how_much_was(clients: Clients) -> None:
    north, south = await get(clients, span())
    assert (north["container"], north["algorithm"], north["unit"], north["miners"]) == ("North", "sha256", "TH/s", 2)
    assert (north["energy_kwh"], north["energy_kind"], north["energy_wall_kwh"]) == (12.0, "wall", 12.0)
    # Of four hours one was not watched; in two of the others one miner of two was silent.
    assert (north["watched_ratio"], north["energy_coverage"]) == (0.75, pytest.approx(4 / 6))
    assert north["uptime_ratio"] == pytest.approx(4 / 6)
    assert north["mean_rate"] == pytest.approx((250 + 100 + 100) / 3)
    assert (north["polls"], north["misses"], north["restarts"]) == (48, 24, 0)
    assert (south["energy_kwh"], south["uptime_ratio"], south["mean_rate"]) == (9.0, 1.0, 50.0)
    days = await get(clients, span(period="day", tz="Europe/Berlin"))
    assert sum(row["energy_kwh"] or 0 for row in days) == pytest.approx(21.0)
    [only] = await get(clients, span(container_id="2"))
    assert only == south


async def test_a_report_for_a_spreadsheet_has_units_beside_values_and_no_formulas(clients: Clients) -> None:
    async with clients(ACCOUNTANT) as client:
        answer = await client.get(span(format="csv"))
        excel = await client.get(span(format="csv", excel="true"))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="containers.csv"' in answer.headers["content-disposition"]
    north, south = csv.DictReader(io.StringIO(answer.text))
    assert (north["energy"], north["energy_unit"], north["mean_rate_unit"]) == ("12.0", "kWh", "TH/s")
    assert south["container"] == "'=South"
    assert excel.text.startswith("\ufeffcontainer_id;container;")


#: A path and the field that its problem names, or a status.
WRONG: list[tuple[str, str | int]] = [
    ("/api/stats/compare", "miners"),
    ("/api/stats/compare?miners=1&containers=1", "miners"),
    ("/api/stats/compare?miners=one", "miners"),
    ("/api/stats/compare?miners=-1", "miners"),
    (f"/api/stats/compare?miners={'9' * 30}", "miners"),
    (f"/api/stats/compare?miners={','.join(map(str, range(21)))}", "miners"),
    ("/api/stats/compare?miners=1&metric=noise", "metric"),
    ("/api/stats/compare?miners=1&metric=rate_ratio", "metric"),
    ("/api/stats/compare?containers=1&metric=fan", "metric"),
    ("/api/stats/compare?miners=1&hours=0", "hours"),
    ("/api/stats/compare?miners=1,99", 404),
    ("/api/stats/compare?containers=99", 404),
    ("/api/stats/containers/1/ranking?by=luck", "by"),
    ("/api/stats/containers/1/ranking?hours=99999", "hours"),
    ("/api/stats/containers/1/ranking?n=0", "n"),
    ("/api/stats/containers/9/ranking", 404),
    ("/api/stats/containers/1/distribution?metric=noise", "metric"),
    ("/api/stats/containers/9/distribution", 404),
    ("/api/stats/miners/1/events?hours=0", "hours"),
    ("/api/stats/miners/1/events?limit=1001", "limit"),
    ("/api/stats/miners/9/events", 404),
    (span(period="year"), "period"),
    (span(tz="Mars"), "tz"),
    (span(tz="../../etc/passwd"), "tz"),
    (span(since="2020-01-01T00:00:00"), "since"),
    (span(since="2999-01-01T00:00:00Z"), "since"),
    (span(since="2020-01-01T00:00:00Z", period="day"), "period"),
    ("/api/reports/containers?until=2026-01-01T00:00:00Z", "since"),
    (span(format="pdf"), "format"),
    (span(container_id="99"), 404),
    ("/api/stream?events=weather", "events"),
    ("/api/stream?container_id=99", 404),
    ("/api/stream?miner_id=99", 404),
]


async def test_a_wrong_question_is_told_what_is_wrong_with_it(clients: Clients) -> None:
    async with clients(ADMIN) as client:
        for path, wanted in WRONG:
            answer = await client.get(path)
            problem = answer.json()
            if isinstance(wanted, int):
                assert answer.status_code == wanted, path
            else:
                assert answer.status_code == 422, path
                assert [wrong["field"] for wrong in problem["errors"]] == [wanted], path


OWN = ["/api/stats/compare?miners=1,2", "/api/stats/compare?containers=1", "/api/stats/containers/1/ranking",
       "/api/stats/containers/1/distribution", "/api/stats/miners/1/events", span(container_id="1")]  # fmt: skip
OTHERS = ["/api/stats/compare?miners=1,3", "/api/stats/compare?containers=1,2", "/api/stats/containers/2/ranking",
          "/api/stats/containers/2/distribution", "/api/stats/miners/3/events", span(container_id="2"),
          "/api/stream?container_id=2", "/api/stream?miner_id=3"]  # fmt: skip


async def test_a_client_sees_his_containers_and_an_accountant_all_and_changes_nothing(clients: Clients) -> None:
    async def statuses(actor: Actor, paths: list[str]) -> set[int]:
        async with clients(actor) as client:
            return {(await client.get(path)).status_code for path in paths}

    assert await statuses(ACCOUNTANT, [*OWN, *OTHERS[:-2]]) == {200}
    assert await statuses(NORTH_ONLY, OWN) == {200}
    assert await statuses(NORTH_ONLY, OTHERS) == await statuses(NOTHING, [*OWN, *OTHERS]) == {404}
    assert await statuses(ENTERPRISE, [*OWN, *OTHERS]) == {403}
    assert [row["container"] for row in await get(clients, span(), NORTH_ONLY)] == ["North"]
    assert await get(clients, span(), NOTHING) == []
    async with clients(ACCOUNTANT) as client:
        assert (await client.delete("/api/miners/1")).status_code == 403
        assert (await client.post("/api/miners/1/poll")).status_code == 403
    # In sums and in exports as well.
    mine = await get(clients, "/api/stats/overview", NORTH_ONLY)
    assert (mine["total"]["miners"], [one["name"] for one in mine["containers"]]) == (2, ["North"])
    assert [miner["id"] for miner in await get(clients, "/api/miners/export?format=json", NORTH_ONLY)] == [1, 2]
