"""Units over HTTP: the specification's paths and fields, through the real container."""

import json
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from lineman.adapters.http.stream import Pace
from lineman.adapters.http.units_paths import path_of
from lineman.ports.enterprises import NewEnterprise
from lineman.ports.identity import Actor, Role
from lineman.ports.secrets import Secret

from ..streams import Heard, listening
from ..unit_house import DEAD, NOON, OF_17, OLEG, PLUG, UP, Site, unit

pytestmark = pytest.mark.anyio

#: What names of enterprises may be.
ODD = ["0-17", "a/b", "a/check", "50 %2F?#", "Линия 2 & Co", "..", 'q"<script>']


def _words(text: str) -> set[str]:
    return set(text.split())


UNIT_FIELDS = _words(
    """enterprise_number name host port username has_password has_key via parameter_option_2 may_restart_service
    parent host_key plug failure_threshold patterns second_opinion second_port paused_until paused_by last_status
    last_checked_at failure_counter last_error_message disk_usage_percent disk_level line_stats sip_peers
    ewelink_action_done outcome cause since uptime_s calls version gate why next_possible_at cycling cycle_step
    needs_person created_at revision"""
)
LINE_STATS = _words("gsm_total gsm_online sip_total sip_online internal_total internal_online")


async def test_a_unit_is_added_shown_and_listed_with_all_fields_of_the_specification(site: Site) -> None:
    async with site.client() as anna:
        added = await anna.post("/units", json=unit("17", parameter_option_2=True, key=None))
        view = added.json()
        assert (added.status_code, set(view), added.headers["etag"]) == (201, UNIT_FIELDS, '"1"')
        assert (view["name"], view["port"], view["username"], view["via"]) == ("Ящик", 22, "root", "ssh")
        assert (view["has_password"], view["has_key"], view["last_status"], view["plug"]) == (True, False, None, None)
        assert (await anna.get("/units/17")).json() == view
        await site.looks("17", UP)
        listed = await anna.get("/units")
        assert listed.headers["x-total-count"] == "1"
        [seen] = listed.json()
        assert (seen["last_status"], seen["outcome"], seen["cause"], seen["failure_counter"]) == (
            "online",
            "online",
            "ok",
            0,
        )
        assert set(seen["line_stats"]) == LINE_STATS
        assert (seen["sip_peers"], seen["disk_usage_percent"], seen["disk_level"]) == (14, 86, "warning")
        assert (seen["uptime_s"], seen["calls"], seen["version"]) == (9000, 0, "18.26.4")
        assert seen["last_checked_at"] == "2026-11-24T12:01:00Z"
        assert seen["host_key"] == UP.host_key, "the first that it shows is pinned"


@pytest.mark.parametrize("number", ODD)
async def test_a_unit_of_any_number_is_found_by_its_path(site: Site, number: str) -> None:
    await site.house.enterprise_store().add(NewEnterprise(number, "odd"), at=NOON)
    place = path_of(number)
    async with site.client() as anna:
        assert (await anna.post("/units", json=unit(number, host="h"))).status_code == 201
        assert (await anna.get(place)).json()["enterprise_number"] == number
        assert (await anna.post(f"{place}/check")).json()["last_status"] == "online"
        assert (await anna.delete(place)).status_code == 204
        assert (await anna.get(place)).status_code == 404


async def test_lists_are_searched_filtered_and_paged(site: Site, anna: httpx.AsyncClient) -> None:
    await site.looks("17", UP)
    await site.looks("2", DEAD)
    asked: list[tuple[str, list[str], str]] = [
        ("", ["2", "17"], "2"), ("?search=ЯЩ", ["17"], "1"), ("?search=192.0.2.2", ["2"], "1"),
        ("?status=offline", ["2"], "1"), ("?status=unknown", [], "0"), ("?limit=1&offset=1", ["17"], "2"),
    ]  # fmt: skip
    for query, numbers, total in asked:
        found = await anna.get(f"/units{query}")
        assert [one["enterprise_number"] for one in found.json()] == numbers, query
        assert found.headers["x-total-count"] == total
    for query in ("?status=lost", "?limit=0", "?limit=1001", "?offset=-1"):
        assert (await anna.get(f"/units{query}")).status_code == 422, query


async def test_fields_are_changed_and_cleared_one_by_one_and_only_of_what_was_seen(anna: httpx.AsyncClient) -> None:
    body = {"failure_threshold": 5, "second_opinion": "sip", "second_port": 5060, "parent": "2"}
    changed = await anna.put("/units/17", json=body, headers={"if-match": '"2"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"3"')
    assert {name: changed.json()[name] for name in body} == body
    assert changed.json()["parameter_option_2"] is True
    stale = await anna.put("/units/17", json={"port": 2222}, headers={"if-match": '"2"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    gone = {"failure_threshold": None, "second_opinion": None, "second_port": None, "parent": None}
    cleared = await anna.put("/units/17", json=gone)
    assert {name: cleared.json()[name] for name in gone} == gone


async def test_another_host_has_its_key_learnt_anew_and_has_to_be_seen_online_before_its_power_is_cut(
    site: Site, anna: httpx.AsyncClient
) -> None:
    await site.looks("17", UP, UP)
    moved = await anna.put("/units/17", json={"host": "192.0.2.99"})
    assert moved.json()["host_key"] is None
    await site.house.watching().reload()
    await site.looks("17", DEAD, DEAD, DEAD)
    after = (await anna.get("/units/17")).json()
    assert (after["gate"], after["cycling"]) == ("never_seen_online", False)


async def test_what_is_wrong_with_a_unit_is_named_all_at_once(anna: httpx.AsyncClient) -> None:
    wrong = await anna.post("/units", json=unit("3", host="a b", via="telnet", second_opinion="icmp", host_key="x"))
    assert wrong.status_code == 422
    assert {one["field"] for one in wrong.json()["errors"]} == {"host", "via", "second_opinion", "host_key"}
    cases: list[tuple[dict[str, Any], str]] = [
        ({"port": 0}, "port"), ({"port": True}, "port"), ({"x": 1}, "x"), ({"host": None}, "host"),
        ({"enterprise_number": "99"}, "enterprise_number"), ({"parent": "99"}, "parent"), ({"parent": "3"}, "parent"),
        ({"password": None}, "password"), ({"password": None, "key": "no key"}, "key"),
        ({"second_port": 1}, "second_port"),
        ({"via": "ami", "password": None, "key": "-----BEGIN X PRIVATE KEY-----\nPRIVATE KEY-----"}, "password"),
        ({"patterns": {"gsm": ["("]}}, "patterns"), ({"patterns": {"fax": ["1"]}}, "patterns"),
        ({"patterns": {"gsm": ["(a|a)*b"]}}, "patterns"), ({"patterns": {"gsm": [".*.*.*.*a"]}}, "patterns"),
        ({"username": "a:b"}, "username"), ({"failure_threshold": 0}, "failure_threshold"),
        ({"password": "a\nb"}, "password"), ({"key": "x" * 16_385}, "key"),
    ]  # fmt: skip
    for fields, field in cases:
        wrong = await anna.post("/units", json=unit("3", **fields))
        assert (wrong.status_code, [one["field"] for one in wrong.json()["errors"]]) == (422, [field]), wrong.text
    twice = await anna.post("/units", json=unit("17"))
    assert (twice.status_code, twice.json()["code"]) == (409, "unit-exists")
    await anna.put("/units/2", json={"parent": "17"})
    ring = await anna.put("/units/17", json={"parent": "2"})
    assert (ring.status_code, [one["field"] for one in ring.json()["errors"]]) == (422, ["parent"])


async def test_a_long_private_key_is_taken(anna: httpx.AsyncClient) -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\n" + "QUJD\n" * 600 + "-----END OPENSSH PRIVATE KEY-----\n"
    added = await anna.post("/units", json=unit("3", password=None, key=key))
    assert (added.status_code, added.json()["has_key"]) == (201, True), added.text


async def test_an_unknown_unit_is_not_found_by_any_path(site: Site, anna: httpx.AsyncClient) -> None:
    asked: list[tuple[str, str, Any]] = [
        ("GET", "", None), ("PUT", "", {"port": 1}), ("DELETE", "", None), ("GET", "/history", None),
        ("GET", "/lines", None), ("POST", "/check", None), ("POST", "/power-cycle", {"confirm": True}),
        ("GET", "/cycles", None), ("POST", "/pause", {"minutes": 1}), ("DELETE", "/pause", None),
        ("POST", "/rearm", None), ("PUT", "/plug", {"kind": "ewelink", "device_id": "1000011002"}),
        ("DELETE", "/plug", None), ("GET", "/why", None),
    ]  # fmt: skip
    for method, rest, body in asked:
        answer = await anna.request(method, f"/units/3{rest}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-unit"), (method, rest, answer.text)
    async with site.client(OF_17) as egor:
        for method, rest, _ in asked:
            if method == "GET":
                assert (await egor.get(f"/units/2{rest}")).status_code == 404, rest


async def test_who_may_what(site: Site, anna: httpx.AsyncClient) -> None:
    asked: list[tuple[str, str, Any]] = [
        ("GET", "/units", None), ("GET", "/units/17", None), ("GET", "/units/17/history", None),
        ("GET", "/units/17/lines", None), ("GET", "/units/17/why", None), ("GET", "/units/17/cycles", None),
        ("GET", "/history", None), ("GET", "/report", None), ("GET", "/policy", None), ("GET", "/export", None),
    ]  # fmt: skip
    orders: list[tuple[str, str, Any]] = [
        ("POST", "/units", unit("3")), ("PUT", "/units/17", {"port": 22}), ("POST", "/units/17/check", None),
        ("POST", "/units/17/pause", {"minutes": 5}), ("DELETE", "/units/17/pause", None),
        ("POST", "/units/17/rearm", None), ("PUT", "/units/17/plug", {"kind": "ewelink", "device_id": PLUG}),
        ("PUT", "/policy", {"dry_run": False}), ("POST", "/import", []), ("DELETE", "/units/17/plug", None),
        ("POST", "/units/17/power-cycle", {"confirm": True}), ("DELETE", "/units/17", None),
    ]  # fmt: skip
    for role in (Role.CLIENT, Role.ACCOUNTANT):
        async with site.client(Actor("x", role)) as client:
            for method, path, body in (*asked, *orders):
                assert (await client.request(method, path, json=body)).status_code == 403, (role, method, path)
    async with site.client(None) as nobody:
        for method, path, body in (*asked, *orders):
            assert (await nobody.request(method, path, json=body)).status_code == 401, (method, path)
    async with site.client(OF_17) as egor:
        for _, path, _ in asked:
            assert (await egor.get(path)).status_code == 200, path
        for method, path, body in orders:
            assert (await egor.request(method, path, json=body)).status_code == 403, (method, path)
    async with site.client(OLEG) as oleg:
        for method, path, body in (*asked, *orders):
            expected = 409 if path.endswith("power-cycle") else None
            status = (await oleg.request(method, path, json=body)).status_code
            assert status == expected or (expected is None and status < 300), (method, path, status)


async def test_an_enterprise_admin_sees_his_own_only(site: Site, anna: httpx.AsyncClient) -> None:
    await site.looks("17", UP, DEAD)
    await site.looks("2", UP, DEAD)
    async with site.client(OF_17) as egor:
        listed = await egor.get("/units")
        assert ([one["enterprise_number"] for one in listed.json()], listed.headers["x-total-count"]) == (["17"], "1")
        assert {row["enterprise_number"] for row in (await egor.get("/history")).json()} == {"17"}
        assert [row["enterprise_number"] for row in (await egor.get("/report")).json()] == ["17"]
        exported = (await egor.get("/export?format=json")).json()
        assert [row["enterprise_number"] for row in exported] == ["17"]


async def test_one_who_sees_some_enterprises_does_not_stop_all(site: Site, anna: httpx.AsyncClient) -> None:
    confined = Actor("script", Role.OPERATOR, enterprise_numbers=frozenset({"17"}))
    async with site.client(confined) as script:
        assert (await script.put("/policy", json={"stopped": True})).status_code == 403
    assert (await anna.get("/policy")).json()["stopped"] is False


async def test_lines_are_shown_with_their_courses(site: Site, anna: httpx.AsyncClient) -> None:
    await site.looks("17", UP)
    lines = (await anna.get("/units/17/lines")).json()
    assert lines["line_stats"] == (await anna.get("/units/17")).json()["line_stats"]
    assert [(one["name"], one["kind"], one["online"], one["degraded"]) for one in lines["peers"]] == [
        ("0001363/s", "gsm", True, False), ("101", "internal", True, True),
    ]  # fmt: skip
    [course] = lines["courses"]
    assert course == [int(datetime.fromisoformat("2026-11-24T12:01:00+00:00").timestamp()), 5, 8, 2, 2, 3, 4, 86]


async def test_a_report_tells_of_outages_and_whether_cycles_helped(site: Site, anna: httpx.AsyncClient) -> None:
    await site.looks("17", UP, UP, DEAD, DEAD, UP, UP)
    [second, first] = (await anna.get("/report?weeks=1")).json()
    assert (second["enterprise_number"], second["outages"], first["outages"], first["down_s"]) == ("2", 0, 1, 120)
    assert (first["cycles"], first["helped"]) == (0, 0)
    assert (await anna.get("/report?weeks=53")).status_code == 422


async def test_the_history_of_a_unit_that_is_gone_stays(site: Site, anna: httpx.AsyncClient) -> None:
    await site.looks("17", UP, DEAD)
    assert (await anna.delete("/units/17")).status_code == 204
    rows = (await anna.get("/history")).json()
    assert [(row["enterprise_number"], row["action_type"]) for row in rows] == [("17", "status_change"), ("17", "bind")]


async def test_units_are_imported_and_what_is_exported_can_be_read_back_in(site: Site, anna: httpx.AsyncClient) -> None:
    table = (
        "number;host;password;parent;parameter_option_2\n3;192.0.2.3;canary-2;17;да\n99;h;x;;\n3;h;x;;\n2;192.0.2.2;;;1\n"
        "17;h;;3;\n"
    )
    for dry_run in (True, False):
        sent = await anna.post(
            f"/import?update=true&dry_run={dry_run}", content=table.encode(), headers={"content-type": "text/csv"}
        )
        report = sent.json()
        counts = (report["added"], report["changed"], report["same"], report["failed"])
        assert (sent.status_code, counts) == (200, (1, 1, 0, 3)), sent.text
        wrong = {row["row"]: row["errors"][0]["field"] for row in report["rows"] if row["status"] == "error"}
        assert wrong == {3: "enterprise_number", 4: "enterprise_number", 6: "parent"}
        assert (await anna.get("/units")).headers["x-total-count"] == ("2" if dry_run else "3")
    exported = await anna.get("/export")
    assert "canary" not in exported.text
    again = await anna.post("/import", content=exported.content, headers={"content-type": "text/csv"})
    assert [row["status"] for row in again.json()["rows"]] == ["same"] * 3, again.text
    assert ("anna", "units.import", "units", "1 added, 1 changed, 0 same, 3 error, of 5 rows") in await site.journal()


async def test_no_secret_leaves_by_any_way(site: Site, logged: list[dict[str, Any]]) -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\ncanary-key\n-----END OPENSSH PRIVATE KEY-----\n"
    said: list[str] = []
    async with site.client() as anna:
        for method, path, body in (
            ("POST", "/units", unit("17", password="canary-1", key=key)),
            ("POST", "/units", unit("2", password="canary-2", port="canary-3")),
            ("PUT", "/units/17", {"password": "canary-4\n"}),
            ("PUT", "/units/17", {"password": "canary-5", "host": "192.0.2.5"}),
            ("PUT", "/units/17", {"password": ["canary-6"]}),
            ("POST", "/import", [unit("17", password="canary-7"), unit("2", password="canary-8", key="canary-9")]),
            ("POST", "/units/17/check", None), ("GET", "/units", None), ("GET", "/units/17", None),
            ("GET", "/export", None), ("GET", "/units/17/history", None), ("GET", "/stats", None),
            ("GET", "/health", None), ("GET", "/api/journal", None), ("GET", "/units/17/why", None),
        ):  # fmt: skip
            said.append((await anna.request(method, path, json=body)).text)
        assert (await anna.get("/units/17")).json()["has_key"] is True
    said += [repr(logged), repr(await site.journal()), repr(site.probe.targets)]
    assert [text for text in said if "canary" in text] == []
    assert site.probe.targets[-1].password == Secret("canary-5"), "they are used all the same"
    stored = (site.folder / "lineman.db").read_bytes() + (site.folder / "lineman.db-wal").read_bytes()
    assert b"canary" not in stored


async def test_maintenance_windows_are_those_of_the_alerts(site: Site, anna: httpx.AsyncClient) -> None:
    window = {
        "since": NOON.isoformat(), "until": (NOON + timedelta(hours=2)).isoformat(), "system": "units",
        "enterprise_numbers": ["17"], "reason": "roof",
    }  # fmt: skip
    made = await anna.post("/api/maintenance", json=window)
    assert made.status_code == 201, made.text
    await site.looks("17", UP, UP, DEAD, DEAD, DEAD)
    assert (await anna.get("/units/17/why")).json()["gate"] == "maintenance"
    assert not await site.house.cycle_store().open()


async def test_the_document_names_every_path_of_the_issue(anna: httpx.AsyncClient) -> None:
    paths = (await anna.get("/openapi.json")).json()["paths"]
    one = "/units/{enterprise_number}"
    asked = {
        "/units": "get post", one: "get put delete", f"{one}/history": "get", f"{one}/lines": "get",
        f"{one}/check": "post", f"{one}/power-cycle": "post", f"{one}/cycles": "get", f"{one}/pause": "post delete",
        f"{one}/rearm": "post", f"{one}/plug": "put delete", f"{one}/why": "get", "/policy": "get put",
        "/report": "get", "/history": "get", "/import": "post", "/export": "get", "/stream": "get",
    }  # fmt: skip
    for path, methods in asked.items():
        assert set(methods.split()) <= paths[path].keys(), path
    assert '"writeOnly":true' in json.dumps(paths | (await anna.get("/openapi.json")).json(), separators=(",", ":"))


async def test_the_stream_tells_of_units_that_change_to_those_who_may_see_them(
    site: Site, anna: httpx.AsyncClient
) -> None:
    site.service.streams.pace = Pace(tick=0.01, hurry=0.0, ping=0.2, recheck=0.0)
    site.house.live_units().looks.every = 0.0
    async with (
        listening(site.app, path="/stream") as all_of_them,
        listening(site.app, path="/stream", actor=OF_17) as one,
    ):
        assert all_of_them.headers["content-type"] == "text/event-stream; charset=utf-8"
        await site.looks("2", DEAD)
        assert ("2", "offline") in await told(all_of_them, "offline")
        await site.looks("17", UP)
        assert ("17", "online") in await told(all_of_them, "online")
        assert {number for number, _ in await told(one, "online")} == {"17"}
        assert (await anna.delete("/units/2")).status_code == 204
        assert (await all_of_them.next("reload"))[0] == "reload"
        await site.looks("17", DEAD)
        assert {number for number, _ in await told(one, "offline", "reload")} == {"17"}
    async with listening(site.app, path="/stream", headers={"last-event-id": "0"}) as cut:
        assert (await cut.next("units", "reload", "ping"))[0] == "reload"
    assert (await anna.get("/stream?events=miners")).status_code == 422
    async with site.client(Actor("x", Role.CLIENT)) as client:
        assert (await client.get("/stream")).status_code == 403


async def told(heard: Heard, outcome: str, *never: str) -> set[tuple[str, str]]:
    """Whom a stream tells of until one is so, and how they are; nothing comes that never may."""
    found: set[tuple[str, str]] = set()
    while outcome not in {one for _, one in found}:
        name, views, _ = await heard.next("units", *never)
        assert name == "units"
        found |= {(view["enterprise_number"], view["outcome"]) for view in views}
    return found
