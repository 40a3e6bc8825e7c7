"""Alerts, rules, channels and maintenance over HTTP: who may see and set what, and no word of a channel's URL."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from dependency_injector import providers
from starlette.types import Receive, Scope, Send

from lineman.adapters.http.wire import ACTOR
from lineman.container import House
from lineman.ports.alerts import BadChannel, Facts, Message, NotDelivered, Notifier, Subject
from lineman.ports.identity import Actor, Role
from lineman.ports.miners import Availability, Maker, Observation, Reading, Sample, State, Watch
from lineman.ports.secrets import Secret
from lineman.service import Service, opened_service
from lineman.settings import Settings

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
OLGA, CARL = Actor("olga", Role.OPERATOR), Actor("carl", Role.CLIENT, container_ids=frozenset({1}))
ACCOUNTANT = Actor("anna", Role.ACCOUNTANT)
URL = "phone://canary-token/duty"


@attrs.define
class Phone(Notifier):
    got: list[Message] = attrs.field(factory=list)
    down: bool = False

    def check(self, url: Secret) -> str:
        if not url.reveal().startswith("phone://"):
            raise BadChannel("nobody knows that scheme")
        return "phone"

    async def send(self, url: Secret, message: Message, *, deadline: float) -> None:
        if self.down:
            raise NotDelivered("the line is dead")
        self.got.append(message)


@pytest.fixture
def phone() -> Phone:
    return Phone()


@pytest.fixture
async def service(tmp_path: Path, phone: Phone, anyio_backend: str) -> AsyncGenerator[Service]:
    settings = Settings(database=f"sqlite:///{tmp_path}/lineman.db")
    house = House(settings=settings)
    house.notifier.override(providers.Object(phone))
    async with opened_service(settings, works=False, house=house) as opened:
        yield opened


def asked_by(service: Service, actor: Actor, systems: tuple[str, ...] = ("miners",)) -> httpx.AsyncClient:
    app = service.application(systems)

    async def inside(scope: Scope, receive: Receive, send: Send) -> None:
        scope[ACTOR] = actor
        await app(scope, receive, send)

    return httpx.AsyncClient(transport=httpx.ASGITransport(inside), base_url="http://house")


@pytest.fixture
async def olga(service: Service) -> AsyncGenerator[httpx.AsyncClient]:
    """An operator, with the containers 1 and 2."""
    async with asked_by(service, OLGA) as client:
        for name in ("North", "South"):
            (await client.post("/api/containers", json={"name": name})).raise_for_status()
        yield client


async def work(service: Service, *values: tuple[int, float]) -> None:
    """What the working process would do: judge the chips of miners in the container of their number, and tell."""
    judging = service.house.judging()
    await judging.start()
    for _ in range(2):
        await judging.report(
            [
                Facts(Subject("miners", n, f"rig {n}", n), NOON, {"chip_c": chip, "reject_pct": 0.0})
                for n, chip in values
            ]
        )
    await service.house.dispatch().send()


async def hot(client: httpx.AsyncClient, **fields: Any) -> httpx.Response:
    return await client.post("/api/alerts/rules", json={"kind": "hot-chip", "name": "Very hot", "minutes": 0, **fields})


def fields_of(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["field"] for error in answer.json()["errors"]]


async def test_the_usual_rules_are_there_from_the_first_start_and_do_not_come_back(
    service: Service, olga: httpx.AsyncClient
) -> None:
    await service.house.rule_book().ensure_usual()
    kinds = (await olga.get("/api/alerts/kinds")).json()
    assert {"kind": "low-rate", "title": "Hash rate low", "unit": "%", "threshold": 80.0, "minutes": 15.0}.items() <= (
        next(kind for kind in kinds if kind["kind"] == "low-rate").items()
    )
    rules = (await olga.get("/api/alerts/rules")).json()
    assert len(rules) == len(kinds) - 1
    assert all(rule["is_active"] and rule["channel_ids"] == [] for rule in rules)
    for rule in rules:
        assert (await olga.delete(f"/api/alerts/rules/{rule['id']}")).status_code == 204
    await service.house.rule_book().ensure_usual()
    assert (await olga.get("/api/alerts/rules")).json() == []


async def test_an_alert_is_listed_told_acknowledged_and_over(
    service: Service, olga: httpx.AsyncClient, phone: Phone
) -> None:
    await olga.post("/api/alerts/channels", json={"name": "Duty", "url": URL})
    rule = (await hot(olga)).json()
    await work(service, (1, 104.5), (2, 90.0))
    listed = await olga.get("/api/alerts", params={"status": "firing"})
    assert listed.headers["x-total-count"] == "1"
    [alert] = listed.json()
    at = "2026-11-24T12:00:00Z"
    [told] = alert.pop("notifications")
    assert alert == {
        "id": 1, "rule_id": rule["id"], "rule": "Very hot", "kind": "hot-chip", "severity": "critical",
        "system": "miners", "subject_id": 1, "subject": "rig 1", "container_id": 1, "enterprise_number": None,
        "status": "firing", "value": 104.5, "unit": "°C", "detail": "104.5 °C, limit 100 °C", "since": at,
        "fired_at": at, "last_at": at, "recovered_at": None, "acknowledged_by": None, "acknowledged_at": None,
        "comment": None, "escalated_at": None, "muted": False,
    }  # fmt: skip
    assert {"channel": "Duty", "kind": "fired", "ok": True, "error": None, "attempts": 1}.items() <= told.items()
    assert [message.title for message in phone.got] == ["[CRITICAL] Very hot: rig 1 in North"]
    mine = (await olga.post("/api/alerts/1/acknowledge", json={"comment": " on my way "})).json()
    assert (mine["status"], mine["acknowledged_by"], mine["comment"]) == ("acknowledged", "olga", "on my way")
    await work(service, (1, 70.0))
    assert (await olga.get("/api/alerts/1")).json()["status"] == "recovered"
    over = await olga.post("/api/alerts/1/acknowledge", json={})
    assert (over.status_code, over.json()["code"]) == (409, "alert-over")
    assert (await olga.get("/api/alerts/9")).status_code == 404
    journal = (await olga.get("/api/journal", params={"action": "alerts."})).json()
    assert [(line["action"], line["subject"]) for line in journal] == [
        ("alerts.acknowledge", "alert 1"), ("alerts.add-rule", f"alert-rule {rule['id']}"),
        ("alerts.add-channel", "alert-channel 1"),
    ]  # fmt: skip


async def test_a_client_sees_the_alerts_of_his_containers_and_sets_nothing(
    service: Service, olga: httpx.AsyncClient
) -> None:
    await olga.post("/api/alerts/channels", json={"name": "Duty", "url": URL})
    await hot(olga, channel_ids=[1])
    await hot(olga, name="South only", container_ids=[2])
    await hot(olga, name="Both", container_ids=[1, 2])
    day = {"since": "2026-11-24T00:00:00Z", "until": "2026-11-25T00:00:00Z"}
    for scope in ({"container_ids": [2]}, {"container_ids": [1, 2]}, {"miner_ids": [7]}):
        (await olga.post("/api/maintenance", json={**day, **scope})).raise_for_status()
    await work(service, (1, 104.0), (2, 104.0))
    assert len((await olga.get("/api/alerts")).json()) == 5
    async with asked_by(service, CARL) as carl:
        listed = await carl.get("/api/alerts")
        assert {(alert["container_id"], alert["rule"]) for alert in listed.json()} == {(1, "Very hot"), (1, "Both")}
        assert all(alert["notifications"] == [] for alert in listed.json())
        assert (await carl.get("/api/alerts", params={"container_id": 2})).json() == []
        other = next(one for one in (await olga.get("/api/alerts")).json() if one["container_id"] == 2)
        assert (await carl.get(f"/api/alerts/{other['id']}")).status_code == 404
        rules = (await carl.get("/api/alerts/rules")).json()
        seen = [(rule["name"], rule["container_ids"], rule["channel_ids"]) for rule in rules]
        assert seen == [("Very hot", [], []), ("Both", [1], [])]
        assert (await carl.get("/api/alerts/rules/2")).status_code == 404
        assert [one["container_ids"] for one in (await carl.get("/api/maintenance")).json()] == [[1]]
        assert (await carl.get("/api/maintenance/3")).status_code == 404
    for actor in (CARL, ACCOUNTANT):
        async with asked_by(service, actor) as client:
            for method, path in (
                ("GET", "/api/alerts/channels"), ("GET", "/api/alerts/channels/1"),
                ("POST", "/api/alerts/channels/1/test"), ("DELETE", "/api/alerts/channels/1"),
                ("DELETE", "/api/alerts/rules/1"),
                ("DELETE", "/api/maintenance/1"), ("PUT", "/api/alerts/rules/1"), ("PUT", "/api/alerts/channels/1"),
                ("PUT", "/api/maintenance/1"), ("POST", "/api/alerts/1/acknowledge"),
            ):  # fmt: skip
                refused = await client.request(method, path, json={} if method in ("PUT", "POST") else None)
                assert refused.status_code == 403, (method, path)
            assert (await hot(client)).status_code == 403


TENANT = Actor("egor", Role.ENTERPRISE_ADMIN, enterprise_numbers=frozenset({"17"}))


async def test_an_enterprise_admin_sees_the_alerts_of_his_enterprises_and_a_client_none_of_gateways(
    service: Service, olga: httpx.AsyncClient
) -> None:
    for number in ("17", "2"):
        (await olga.post("/api/enterprises", json={"number": number, "name": "Box"})).raise_for_status()
    await olga.post("/api/alerts/channels", json={"name": "Duty", "url": URL})
    down = {"kind": "gateway-down", "minutes": 0, "channel_ids": [1]}
    for name, numbers in (("Down", []), ("Down 2", ["2"]), ("Down all", ["17", "2"])):
        body = {**down, "name": name, "enterprise_numbers": numbers}
        (await olga.post("/api/alerts/rules", json=body)).raise_for_status()
    await hot(olga)
    day = {"since": "2026-11-24T00:00:00Z", "until": "2026-11-25T00:00:00Z"}
    for scope in (
        {"enterprise_numbers": ["2"]}, {"enterprise_numbers": ["17", "2"]}, {"container_ids": [1]},
        {"system": "miners"}, {"system": "gateways"},
    ):  # fmt: skip
        (await olga.post("/api/maintenance", json={**day, **scope})).raise_for_status()
    await work(service, (1, 104.0))
    await service.house.judging().report(
        [
            Facts(Subject("gateways", n, f"GW {n}", enterprise_number=whose), NOON, {"up": 0.0})
            for n, whose in ((1, "17"), (2, "2"))
        ]
    )

    def told(alerts: list[dict[str, Any]]) -> set[tuple[str, str, str | None]]:
        return {(alert["rule"], alert["subject"], alert["enterprise_number"]) for alert in alerts}

    everything = (await olga.get("/api/alerts")).json()
    his = {("Down", "GW 1", "17"), ("Down all", "GW 1", "17")}
    others = {("Down", "GW 2", "2"), ("Down 2", "GW 2", "2"), ("Down all", "GW 2", "2")}
    assert told(everything) == his | others | {("Very hot", "rig 1", None)}
    assert told((await olga.get("/api/alerts", params={"enterprise_number": "2"})).json()) == others
    async with asked_by(service, TENANT) as egor:
        listed = await egor.get("/api/alerts")
        assert (told(listed.json()), listed.headers["x-total-count"]) == (his, "2")
        assert all(alert["notifications"] == [] for alert in listed.json())
        assert (await egor.get("/api/alerts", params={"enterprise_number": "2"})).json() == []
        for alert in everything:
            seen = alert["enterprise_number"] == "17"
            assert (await egor.get(f"/api/alerts/{alert['id']}")).status_code == (200 if seen else 404)
        assert (await egor.post(f"/api/alerts/{listed.json()[0]['id']}/acknowledge", json={})).status_code == 403
        rules = (await egor.get("/api/alerts/rules")).json()
        assert [(rule["name"], rule["enterprise_numbers"], rule["channel_ids"]) for rule in rules] == [
            ("Down", [], []), ("Down all", ["17"], []),
        ]  # fmt: skip
        for hidden in (2, 4):
            assert (await egor.get(f"/api/alerts/rules/{hidden}")).status_code == 404
        windows = (await egor.get("/api/maintenance")).json()
        assert [(one["system"], one["enterprise_numbers"]) for one in windows] == [("gateways", []), (None, ["17"])]
        assert {kind["system"] for kind in (await egor.get("/api/alerts/kinds")).json()} == {
            "gateways",
            "lines",
            "units",
        }
    async with asked_by(service, CARL) as carl:
        assert told((await carl.get("/api/alerts")).json()) == {("Very hot", "rig 1", None)}
        assert [rule["name"] for rule in (await carl.get("/api/alerts/rules")).json()] == ["Very hot"]
        assert [one["id"] for one in (await carl.get("/api/maintenance")).json()] == [4, 3]
        for alert in everything:
            if alert["enterprise_number"]:
                assert (await carl.get(f"/api/alerts/{alert['id']}")).status_code == 404


async def test_a_rule_is_changed_by_the_fields_that_are_named_and_by_nobody_twice(olga: httpx.AsyncClient) -> None:
    made = await olga.post("/api/alerts/rules", json={"kind": "low-rate"})
    assert (made.status_code, made.json()) == (
        201,
        {
            "id": 1, "name": "Hash rate low", "kind": "low-rate", "threshold": 80.0, "minutes": 15.0,
            "severity": "warning", "container_ids": [], "enterprise_numbers": [], "tags": [], "channel_ids": [],
            "escalate_after_minutes": None, "escalate_channel_ids": [], "is_active": True, "revision": 1,
        },
    )  # fmt: skip
    seen = {"If-Match": made.headers["etag"]}
    body = {"threshold": 70, "container_ids": [2, 1, 2], "tags": ["b", "a"], "escalate_after_minutes": 30}
    changed = await olga.put("/api/alerts/rules/1", json=body, headers=seen)
    assert changed.json() == made.json() | body | {"container_ids": [1, 2], "tags": ["a", "b"], "revision": 2}
    assert (await olga.put("/api/alerts/rules/1", json=body, headers=seen)).status_code == 412
    assert (await olga.put("/api/alerts/rules/1", json={"escalate_after_minutes": None})).json()["revision"] == 3
    assert (await olga.post("/api/alerts/rules", json={"kind": "low-rate"})).json()["code"] == "rule-exists"
    assert (await olga.get("/api/alerts/rules/7")).status_code == 404


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"kind": "nothing"}, ["kind"]),
        ({"kind": "offline", "threshold": 3}, ["threshold"]),
        ({"kind": "hot-chip", "name": " ", "minutes": -1, "tags": ["a\tb"]}, ["name", "minutes", "tags"]),
        ({"kind": "low-rate", "name": "never", "threshold": -5}, ["threshold"]),
        ({"kind": "no-data", "minutes": 1}, ["minutes"]),
        ({"kind": "hot-chip", "container_ids": [9]}, ["container_ids"]),
        ({"kind": "hot-chip", "enterprise_numbers": ["2"]}, ["enterprise_numbers"]),
        ({"kind": "gateway-down", "enterprise_numbers": ["9"]}, ["enterprise_numbers"]),
        ({"kind": "gateway-down", "container_ids": [1]}, ["container_ids"]),
        ({"kind": "gateway-down", "tags": ["x"]}, ["tags"]),
        ({"kind": "hot-chip", "channel_ids": [9]}, ["channel_ids"]),
        ({"kind": "hot-chip", "escalate_channel_ids": [9]}, ["escalate_channel_ids"]),
        ({"kind": "hot-chip", "escalate_after_minutes": 0, "colour": "red"}, ["colour"]),
        ({"kind": "hot-chip", "escalate_after_minutes": 0}, ["escalate_after_minutes"]),
    ],
)
async def test_every_wrong_field_of_a_rule_is_named(
    olga: httpx.AsyncClient, body: dict[str, Any], wrong: list[str]
) -> None:
    assert fields_of(await olga.post("/api/alerts/rules", json=body)) == wrong


async def test_an_escalation_to_channels_needs_the_minutes_after_which_it_comes(
    service: Service, olga: httpx.AsyncClient
) -> None:
    await olga.post("/api/alerts/channels", json={"name": "Boss", "url": URL})
    body = {"kind": "hot-chip", "escalate_channel_ids": [1]}
    refused = await olga.post("/api/alerts/rules", json=body)
    assert fields_of(refused) == ["escalate_after_minutes"]
    assert "or name none" in refused.json()["detail"]
    assert (await olga.post("/api/alerts/rules", json=body | {"escalate_after_minutes": 5})).status_code == 201
    never: dict[str, Any] = {"escalate_after_minutes": None}
    assert fields_of(await olga.put("/api/alerts/rules/1", json=never)) == ["escalate_after_minutes"]
    assert (await olga.put("/api/alerts/rules/1", json=never | {"escalate_channel_ids": []})).status_code == 200
    # A rule that was written before anybody looked can be changed in all else.
    store = service.house.rule_store()
    await store.change_rule(attrs.evolve(await store.rule(1), escalate_channel_ids=(1,)))
    assert (await olga.put("/api/alerts/rules/1", json={"threshold": 70})).json()["escalate_channel_ids"] == [1]


async def test_a_rules_kind_stays(olga: httpx.AsyncClient) -> None:
    await hot(olga)
    assert fields_of(await olga.put("/api/alerts/rules/1", json={"kind": "offline"})) == ["kind"]
    assert (await olga.put("/api/alerts/rules/1", json={"kind": "hot-chip"})).status_code == 200


async def test_a_channels_url_goes_in_and_never_comes_out(
    olga: httpx.AsyncClient, phone: Phone, service: Service
) -> None:
    made = await olga.post("/api/alerts/channels", json={"name": "Duty", "url": URL})
    assert made.json() == {
        "id": 1, "name": "Duty", "scheme": "phone", "is_active": True, "last_sent_at": None, "last_error": None,
        "revision": 1,
    }  # fmt: skip
    wrong = await olga.post("/api/alerts/channels", json={"name": "x", "url": "canary://x"})
    assert fields_of(wrong) == ["url"]
    tested = await olga.post("/api/alerts/channels/1/test")
    assert tested.json()["last_sent_at"] is not None
    assert phone.got[0].title == "lineman: a test"
    phone.down = True
    failed = await olga.post("/api/alerts/channels/1/test", json={})
    assert (failed.status_code, failed.json()["code"]) == (502, "not-delivered")
    assert failed.json()["detail"] == "Duty: the line is dead"
    shown = (await olga.get("/api/alerts/channels/1")).json()
    assert (shown["last_error"], shown["last_sent_at"]) == ("the line is dead", tested.json()["last_sent_at"])
    seen = {"If-Match": made.headers["etag"]}
    changed = await olga.put("/api/alerts/channels/1", json={"is_active": False}, headers=seen)
    assert (changed.json()["is_active"], changed.json()["revision"]) == (False, 2)
    assert (await olga.put("/api/alerts/channels/1", json={"name": "x"}, headers=seen)).status_code == 412
    assert (await service.house.rule_store().channel(1)).url == Secret(URL)
    everything = [wrong.text, failed.text]
    for path in ("/api/alerts/channels", "/api/alerts/channels/1", "/api/journal", "/stats"):
        everything.append((await olga.get(path)).text)
    assert "canary" not in "".join(everything)
    assert (await olga.post("/api/alerts/channels", json={"name": "Duty", "url": URL})).status_code == 409
    assert (await olga.delete("/api/alerts/channels/1")).status_code == 204
    assert (await olga.post("/api/alerts/channels/1/test")).status_code == 404


async def test_maintenance_is_planned_moved_and_ended(service: Service, olga: httpx.AsyncClient) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    made = await olga.post("/api/maintenance", json={"until": until.isoformat(), "miner_ids": [8, 7], "reason": "fans"})
    assert made.status_code == 201
    window = made.json()
    assert {
        "id": 1, "system": "miners", "container_ids": [], "miner_ids": [7, 8], "reason": "fans", "created_by": "olga",
    }.items() <= window.items()  # fmt: skip
    await hot(olga, minutes=0)
    await work(service, (7, 120.0), (1, 120.0))
    muted = {alert["subject_id"]: alert["muted"] for alert in (await olga.get("/api/alerts")).json()}
    assert muted == {7: True, 1: False}
    moved = await olga.put("/api/maintenance/1", json={"miner_ids": [], "container_ids": [1], "system": None})
    assert moved.headers["etag"] != made.headers["etag"]
    late = {"If-Match": made.headers["etag"]}
    assert (await olga.put("/api/maintenance/1", json={"reason": "late"}, headers=late)).status_code == 412
    assert (moved.json()["container_ids"], moved.json()["system"]) == ([1], None)
    for body, wrong in (
        ({"until": "2000-01-01T00:00:00Z"}, "until"), ({"until": "2100-01-01T00:00:00"}, "until"),
        ({"until": "2100-01-01T00:00:00Z", "container_ids": [9]}, "container_ids"),
        ({"until": "2100-01-01T00:00:00Z", "enterprise_numbers": ["9"]}, "enterprise_numbers"),
        ({"until": "2100-01-01T00:00:00Z", "system": "toasters"}, "system"),
    ):  # fmt: skip
        assert fields_of(await olga.post("/api/maintenance", json=body)) == [wrong]
    assert (await olga.get("/api/maintenance")).headers["x-total-count"] == "1"
    assert (await olga.delete("/api/maintenance/1")).status_code == 204
    assert (await olga.get("/api/maintenance/1")).status_code == 404


async def test_a_poll_that_is_missed_becomes_an_alert_once_it_is_stored(
    service: Service, olga: httpx.AsyncClient
) -> None:
    # Nothing listens at port 1.
    miner = {"name": "rig", "ip_address": "127.0.0.1", "port": 1, "manufacturer": "AntMiner", "container_id": 1}
    (await olga.post("/api/miners", json=miner)).raise_for_status()
    await olga.post("/api/alerts/rules", json={"kind": "offline", "minutes": 0})
    await service.house.judging().start()
    assert (await olga.post("/api/miners/1/poll")).status_code == 504
    [alert] = (await olga.get("/api/alerts")).json()
    assert (alert["subject"], alert["container_id"], alert["kind"]) == ("rig", 1, "offline")
    assert "refuses the connection" in alert["detail"]
    assert (await olga.get("/stats")).json()["alerts"]["unreported"] == 0


async def test_alerts_stand_at_the_root_and_under_every_system(service: Service, olga: httpx.AsyncClient) -> None:
    await hot(olga)
    async with asked_by(service, OLGA, ()) as client:
        for prefix in ("", "/miners"):
            for path in ("/api/alerts", "/api/alerts/kinds", "/api/alerts/rules/1", "/api/maintenance"):
                assert (await client.get(prefix + path)).status_code == 200, prefix + path
        assert (await client.get("/stats")).json()["alerts"]["firing"] == 0
        assert "lineman_alerts_firing 0.0" in (await client.get("/metrics")).text


async def test_a_container_that_draws_too_much_fires_and_one_that_is_removed_is_over(
    service: Service, olga: httpx.AsyncClient
) -> None:
    house = service.house
    miner = {"name": "rig", "ip_address": "10.0.0.1", "manufacturer": "AntMiner", "container_id": 1}
    (await olga.post("/api/miners", json=miner)).raise_for_status()
    await olga.post("/api/alerts/rules", json={"kind": "container-power", "threshold": 3, "minutes": 0})
    await house.judging().start()
    watch = Watch(1, availability=Availability.ONLINE, state=State.MINING, polled_at=NOON, seen_at=NOON)
    reading = Reading(vendor=Maker.ANTMINER, state=State.MINING, power_w=3500.0)
    await house.watch_store().keep([Observation(watch, Sample(1, NOON, power_w=3500.0), reading, container_id=1)])
    await house.reporting().containers()
    [alert] = (await olga.get("/api/alerts")).json()
    assert (alert["subject"], alert["container_id"], alert["detail"]) == ("North", 1, "3.5 kW, limit 3 kW")
    await olga.delete("/api/miners/1")
    await olga.delete("/api/containers/1")
    await house.reporting().containers()
    [alert] = (await olga.get("/api/alerts")).json()
    assert (alert["status"], alert["subject"]) == ("recovered", "North")
