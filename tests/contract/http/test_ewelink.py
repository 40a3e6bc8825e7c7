"""The plugs and their cloud account over HTTP: the paths of the service that lineman replaces and a cloud."""

import re
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import attrs
import httpx
import pytest

from lineman.adapters.devices.simulators.ewelink import CloudPlug, RegisteredApplication, SimulatedEwelink
from lineman.adapters.devices.simulators.ewelink.answers import Instead
from lineman.adapters.devices.simulators.ewelink.web import as_page
from lineman.ports.errors import Unavailable
from lineman.ports.identity import Actor, Role
from lineman.ports.power import Plug, PlugKind, PlugOffline, SwitchFailed, SwitchLost
from lineman.ports.secrets import Secret
from lineman.ports.units import CycleResult, Step, UnitEvent

from .unit_house import ANNA, NOON, OF_17, OLEG, PLUG, Site, opened_site, unit

pytestmark = pytest.mark.anyio

APPLICATION = RegisteredApplication(secret="canary-secret-00000000000000001")
TOKEN_FIELDS = [
    "authorised",
    "region",
    "access_days_left",
    "refresh_days_left",
    "calls_this_month",
    "quota",
    "application_ends",
    "warning",
]


@pytest.fixture
async def cloud(anyio_backend: str) -> AsyncGenerator[SimulatedEwelink]:
    """An account with two plugs; the cloud's clock is moved with ours."""
    plugs = [CloudPlug(PLUG, "Box 17"), CloudPlug("1000011002", "Spare", on=False)]
    async with SimulatedEwelink(plugs, application=APPLICATION, clock=lambda: cloud_time[0], offline_s=0.01) as made:
        yield made


#: Epoch seconds at the cloud.
cloud_time = [NOON.timestamp()]


@attrs.frozen
class Account:
    """A site and the cloud that it is to use."""

    site: Site
    cloud: SimulatedEwelink

    def wait(self, seconds: float) -> None:
        self.site.clock.at += timedelta(seconds=seconds)
        cloud_time[0] = self.site.clock.at.timestamp()

    async def authorise(self, anna: httpx.AsyncClient) -> None:
        asked = (await anna.get("/ewelink-auth-url")).json()["auth_url"]
        done = await anna.get(f"/ewelink-callback/?{urlsplit(self.cloud.approve(asked)).query}")
        assert done.status_code == 200, done.text


@pytest.fixture
async def account(tmp_path: Path, cloud: SimulatedEwelink) -> AsyncGenerator[Account]:
    """The plugs' system alone, as it is served, and not authorised yet."""
    cloud_time[0] = NOON.timestamp()
    async with opened_site(
        tmp_path, ["ewelink"], real_switch=True, ewelink_app_id=APPLICATION.app_id,
        ewelink_app_secret=Secret(APPLICATION.secret), ewelink_redirect_url=APPLICATION.redirect_url,
        ewelink_app_expires="2027-06-30", ewelink_api=cloud.url,
    ) as site:  # fmt: skip
        yield Account(site, cloud)


@pytest.fixture
async def anna(account: Account) -> AsyncGenerator[httpx.AsyncClient]:
    async with account.site.client() as client:
        yield client


@pytest.fixture
async def site(tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Site]:
    """The whole house, with plugs that do as they are told; 17 has one of them."""
    async with opened_site(tmp_path, []) as found:
        async with found.client() as anna:
            for number in ("17", "2"):
                assert (await anna.post("/units/units", json=unit(number))).status_code == 201
            assert (await anna.put("/units/units/17/plug", json={"device_id": PLUG})).status_code == 200
        yield found


async def test_the_owner_authorises_and_the_callback_exchanges_by_itself(
    account: Account, anna: httpx.AsyncClient
) -> None:
    before = (await anna.get("/ewelink-token")).json()
    assert list(before) == TOKEN_FIELDS
    assert (before["authorised"], before["access_days_left"], before["quota"]) == (False, None, 50_000)
    assert "/ewelink-auth-url" in before["warning"]
    told = (await anna.get("/ewelink-auth-url")).json()
    assert list(told) == ["auth_url"]
    asked = {name: value[0] for name, value in parse_qs(urlsplit(told["auth_url"]).query).items()}
    assert (asked["clientId"], asked["grantType"]) == (APPLICATION.app_id, "authorization_code")
    assert asked["redirectUrl"] == APPLICATION.redirect_url
    back = urlsplit(account.cloud.approve(told["auth_url"])).query
    # The owner's browser is not logged in here.
    async with account.site.client(None) as nobody:
        done = await nobody.get(f"/ewelink-callback/?{back}")
    assert (done.status_code, done.json()["success"]) == (200, True), done.text
    assert "2027-01-23" in done.json()["message"]
    after = (await anna.get("/ewelink-token")).json()
    assert (after["authorised"], after["region"], after["access_days_left"], after["refresh_days_left"]) == (
        True, "eu", 30.0, 60.0,
    )  # fmt: skip
    assert (after["warning"], after["application_ends"], after["calls_this_month"]) == (None, "2027-06-30", 1)
    assert [entry[:3] for entry in await account.site.journal()] == [
        ("anna", "power.authorise", "eWeLink account"), ("ewelink", "power.authorised", "eWeLink account"),
    ]  # fmt: skip


async def test_a_state_is_taken_once_in_time_and_only_if_we_gave_it_out(
    account: Account, anna: httpx.AsyncClient
) -> None:
    async def url() -> str:
        found: str = (await anna.get("/ewelink-auth-url")).json()["auth_url"]
        return found

    async def back(**changed: str) -> httpx.Response:
        query = {name: value[0] for name, value in parse_qs(urlsplit(account.cloud.approve(await url())).query).items()}
        return await anna.get("/ewelink-callback/", params=query | changed)

    for forged in ("x", "", "x" * 43):
        refused = await back(state=forged)
        assert (refused.status_code, refused.json()["code"]) == (401, "bad-state"), forged
    assert (await anna.get("/ewelink-callback/")).status_code == 401
    used = urlsplit(account.cloud.approve(await url())).query
    assert (await anna.get(f"/ewelink-callback/?{used}")).status_code == 200
    assert (await anna.get(f"/ewelink-callback/?{used}")).json()["code"] == "bad-state"
    late = urlsplit(account.cloud.approve(await url())).query
    account.wait(15 * 60 + 1)
    assert (await anna.get(f"/ewelink-callback/?{late}")).json()["code"] == "bad-state"
    exchanged = account.cloud.calls["POST /v2/user/oauth/token"]
    assert exchanged == 1, "a state that is none of ours costs no call"


async def test_codes_that_are_used_or_late_and_regions_that_are_none_are_refused(
    account: Account, anna: httpx.AsyncClient
) -> None:
    for region in ("de", "eu.evil.example", "EU", "", "eu-apia.coolkit.cc/#"):
        asked = (await anna.get("/ewelink-auth-url")).json()["auth_url"]
        query = {name: value[0] for name, value in parse_qs(urlsplit(account.cloud.approve(asked)).query).items()}
        wrong = await anna.get("/ewelink-callback/", params=query | {"region": region})
        assert wrong.status_code == 422, (region, wrong.text)
    assert account.cloud.calls["POST /v2/user/oauth/token"] == 0
    asked = (await anna.get("/ewelink-auth-url")).json()["auth_url"]
    query_of_late = urlsplit(account.cloud.approve(asked)).query
    account.wait(31)
    late = await anna.get(f"/ewelink-callback/?{query_of_late}")
    assert (late.status_code, late.json()["code"]) == (502, "reauthorise-needed"), late.text
    code = parse_qs(query_of_late)["code"][0]
    again = await anna.post("/ewelink-exchange", json={"code": code, "region": "eu"})
    assert again.status_code == 502
    assert (await anna.get("/ewelink-token")).json()["authorised"] is False


async def test_a_browser_gets_a_page_that_shows_nothing_it_was_sent(account: Account, anna: httpx.AsyncClient) -> None:
    evil = quote("<script>alert(1)</script>", safe="")
    page = await anna.get(
        f"/ewelink-callback/?code={evil}&region={evil}&state={evil}", headers={"accept": "text/html,*/*"}
    )
    assert (page.status_code, page.headers["content-type"]) == (422, "application/problem+json"), "a region is short"
    page = await anna.get(f"/ewelink-callback/?code={evil}&region=eu&state={evil}", headers={"accept": "text/html,*/*"})
    assert (page.status_code, page.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert "<script" not in page.text
    assert page.headers["cache-control"] == "no-store"
    asked = (await anna.get("/ewelink-auth-url")).json()["auth_url"]
    query = {name: value[0] for name, value in parse_qs(urlsplit(account.cloud.approve(asked)).query).items()}
    page = await anna.get("/ewelink-callback/", params=query | {"region": "<b>"}, headers={"accept": "text/html"})
    assert (page.status_code, "<b>" in page.text) == (422, False)
    asked = (await anna.get("/ewelink-auth-url")).json()["auth_url"]
    page = await anna.get(
        f"/ewelink-callback/?{urlsplit(account.cloud.approve(asked)).query}", headers={"accept": "text/html"}
    )
    assert (page.status_code, "<h1>Authorised</h1>" in page.text) == (200, True)
    assert "default-src 'self'" in page.headers["content-security-policy"]


async def test_the_authorisation_is_renewed_by_one_request(account: Account, anna: httpx.AsyncClient) -> None:
    nothing = await anna.post("/ewelink-refresh-token/")
    assert nothing.status_code in {409, 502}, nothing.text
    await account.authorise(anna)
    account.wait(25 * 86400)
    assert (await anna.get("/ewelink-token")).json()["access_days_left"] == 5.0
    renewed = await anna.post("/ewelink-refresh-token/")
    assert (renewed.status_code, renewed.json()["success"], renewed.json()["days_left"]) == (200, True, 60.0)
    assert ("anna", "power.renew", "eWeLink account", "until 2027-02-17") in await account.site.journal()
    account.wait(54 * 86400)
    assert "renew it" in (await anna.get("/ewelink-token")).json()["warning"]


async def test_the_cloud_that_answers_html_is_a_clear_error(account: Account, anna: httpx.AsyncClient) -> None:
    await account.authorise(anna)
    account.cloud.instead(Instead(as_page("Oops", "<html>", 200)), times=20)
    broken = await anna.get("/devices")
    assert (broken.status_code, broken.json()["code"]) == (502, "cloud-fault")
    assert "<html" not in broken.text


async def test_plugs_are_listed_read_and_switched_as_before(account: Account, anna: httpx.AsyncClient) -> None:
    await account.authorise(anna)
    listed = (await anna.get("/devices")).json()
    assert [(one["device_id"], one["name"], one["online"], one["status"], one["bound_to"]) for one in listed] == [
        (PLUG, "Box 17", True, "on", None), ("1000011002", "Spare", True, "off", None),
    ]  # fmt: skip
    status = (await anna.get(f"/status/{PLUG}")).json()
    assert (status["device_id"], status["status"], status["online"]) == (PLUG, "on", True)
    off = await anna.post("/toggle", json={"device_id": PLUG, "state": False})
    assert (off.status_code, off.json()["success"], set(off.json())) == (200, True, {"success", "message"})
    assert account.cloud.plugs[PLUG].relay.on == [False]
    assert (await anna.get(f"/status/{PLUG}")).json()["status"] == "off"
    assert (await anna.post("/toggle", json={"device_id": PLUG, "state": True})).status_code == 200
    assert account.cloud.plugs[PLUG].relay.on == [True]
    for answer in (
        await anna.get("/status/1000019999"),
        await anna.post("/toggle", json={"device_id": "1000019999", "state": False}),
    ):
        assert answer.status_code == 404, answer.text
    past = await account.site.house.unit_watch_store().history(
        since=NOON, until=NOON + timedelta(days=1), action_type="ewelink_toggle"
    )
    assert [(row.enterprise_number, row.action_result, row.extra_info["device_id"]) for row in past] == [
        (None, "fail", "1000019999"), (None, "success", PLUG), (None, "success", PLUG),
    ], "also of plugs that are nobody's"  # fmt: skip
    assert past[1].extra_info["state"] is True
    assert (past[1].user_initiator, past[1].extra_info["by"], past[1].action_time) == ("api", "anna", NOON)


async def test_an_offline_plug_is_told_as_that(account: Account, anna: httpx.AsyncClient) -> None:
    await account.authorise(anna)
    account.cloud.plugs[PLUG].go(online=False)
    refused = await anna.post("/toggle", json={"device_id": PLUG, "state": False})
    assert refused.status_code in {502, 504}, refused.text
    assert account.cloud.plugs[PLUG].relay.on == [True]


async def test_nothing_secret_leaves_by_any_way(
    account: Account, anna: httpx.AsyncClient, logged: list[dict[str, Any]]
) -> None:
    said = [(await anna.get("/ewelink-auth-url")).text]
    back = urlsplit(account.cloud.approve(re.findall(r'"auth_url":"([^"]+)"', said[0])[0])).query
    code, state = parse_qs(back)["code"][0], parse_qs(back)["state"][0]
    said = [(await anna.get(f"/ewelink-callback/?{back}")).text, (await anna.get(f"/ewelink-callback/?{back}")).text]
    pair = account.cloud.account.pair
    assert pair is not None
    secrets = [code, state, pair.access, pair.refresh, APPLICATION.secret, "00000000-0000-4000-8000-0000000000aa"]
    for method, path in (
        ("GET", "/devices"), ("GET", f"/status/{PLUG}"), ("GET", "/ewelink-token"), ("POST", "/ewelink-refresh-token/"),
        ("GET", "/stats"), ("GET", "/health"), ("GET", "/api/journal"),
    ):  # fmt: skip
        said.append((await anna.request(method, path)).text)
    said += [repr(logged), repr(await account.site.journal())]
    pair = account.cloud.account.pair
    assert pair is not None
    for secret in (*secrets, pair.access, pair.refresh):
        assert [text for text in said if secret in text] == [], secret
    stored = (account.site.folder / "lineman.db").read_bytes() + (account.site.folder / "lineman.db-wal").read_bytes()
    assert not [secret for secret in (*secrets[1:], pair.access, pair.refresh) if secret.encode() in stored]


async def test_without_an_application_it_says_what_is_missing(site: Site) -> None:
    async with site.client() as anna:
        answer = await anna.get("/ewelink/ewelink-auth-url")
        assert answer.status_code in {409, 502}, answer.text
        assert "app_id" in answer.text


async def test_who_may_what(site: Site) -> None:
    asked = ["/ewelink/ewelink-auth-url", "/ewelink/devices", "/ewelink/ewelink-token", f"/ewelink/status/{PLUG}"]
    on, off = ({"device_id": PLUG, "state": state} for state in (True, False))
    for role in (Role.CLIENT, Role.ACCOUNTANT):
        async with site.client(Actor("x", role)) as client:
            assert [(await client.get(path)).status_code for path in asked] == [403] * 4
            assert (await client.post("/ewelink/toggle", json=on)).status_code == 403
    async with site.client(None) as nobody:
        assert [(await nobody.get(path)).status_code for path in asked] == [401] * 4
        assert (await nobody.post("/ewelink/toggle", json=on)).status_code == 401
        assert (await nobody.post("/ewelink/ewelink-refresh-token/")).status_code == 401
        assert (await nobody.post("/ewelink/ewelink-exchange", json={"code": "x", "region": "eu"})).status_code == 401
    async with site.client(OLEG) as oleg:
        assert (await oleg.post("/ewelink/toggle", json=on)).status_code == 200
        refused = await oleg.post("/ewelink/toggle", json=off)
        assert (refused.status_code, "power:off" in refused.text) == (403, True)
    assert site.plugs.orders == [(f"ewelink:{PLUG}", True)]
    async with site.client(OF_17) as egor:
        assert (await egor.post("/ewelink/toggle", json=on)).status_code == 403
        assert (await egor.get("/ewelink/devices")).status_code == 403
        assert (await egor.get(f"/ewelink/status/{PLUG}")).json()["status"] == "on"
        for path in ("1000011002", "127.0.0.1:22?kind=shelly", "192.0.2.1?kind=tasmota"):
            assert (await egor.get(f"/ewelink/status/{path}")).status_code == 404, path
    assert site.plugs.asked[1:] == [f"ewelink:{PLUG}"], "nobody tries addresses in our network"


async def test_nobody_tries_addresses_in_our_network_by_way_of_plugs(site: Site) -> None:
    async with site.client() as anna:
        for kind in ("shelly", "tasmota"):
            assert (await anna.get(f"/ewelink/status/127.0.0.1:22?kind={kind}")).status_code == 404
            body = {"device_id": "127.0.0.1:22", "state": True, "kind": kind}
            assert (await anna.post("/ewelink/toggle", json=body)).json()["code"] == "unknown-plug"
    assert (site.plugs.orders, site.plugs.asked) == ([], [f"ewelink:{PLUG}"])


async def test_one_who_sees_some_enterprises_switches_their_plugs_only(site: Site) -> None:
    async with site.client(Actor("script", Role.OPERATOR, enterprise_numbers=frozenset({"2"}))) as script:
        refused = await script.post("/ewelink/toggle", json={"device_id": PLUG, "state": True})
        assert refused.status_code == 404, refused.text
    assert site.plugs.orders == []


async def test_off_is_refused_under_the_red_switch_and_on_never(site: Site) -> None:
    async with site.client() as anna:
        await anna.put("/units/policy", json={"stopped": True})
        stopped = await anna.post("/ewelink/toggle", json={"device_id": PLUG, "state": False})
        assert (stopped.status_code, stopped.json()["code"]) == (409, "power-stopped")
        assert (await anna.post("/ewelink/toggle", json={"device_id": PLUG, "state": True})).status_code == 200
    assert site.plugs.orders == [(f"ewelink:{PLUG}", True)]


async def test_a_plug_in_a_power_cycle_is_left_alone_until_it_is_stuck(site: Site) -> None:
    async with site.client() as anna:
        assert (await anna.post("/units/units/17/power-cycle", json={"confirm": True})).status_code == 202
        for state in (True, False):
            busy = await anna.post("/ewelink/toggle", json={"device_id": PLUG, "state": state})
            assert (busy.status_code, busy.json()["code"]) == (409, "cycle-under-way")
        [cycle] = await site.house.cycle_store().open()
        await site.house.cycle_store().save(attrs.evolve(cycle, step=Step.ON_SENT, result=CycleResult.STUCK_OFF))
        assert (await anna.post("/ewelink/toggle", json={"device_id": PLUG, "state": False})).status_code == 409
        assert (await anna.post("/ewelink/toggle", json={"device_id": PLUG, "state": True})).status_code == 200
    assert site.plugs.orders == [(f"ewelink:{PLUG}", True)]


@pytest.mark.parametrize(
    ("trouble", "status", "said"),
    [
        (SwitchFailed("the plug says 4002", number="4002"), 502, "4002"),
        (SwitchLost("no answer"), 504, "timeout"),
        (PlugOffline("it is not connected"), 504, "plug_offline"),
    ],
)
async def test_what_did_not_work_is_an_error_and_a_row(site: Site, trouble: Any, status: int, said: str) -> None:
    site.plugs.trouble = trouble
    async with site.client() as anna:
        failed = await anna.post("/ewelink/toggle", json={"device_id": PLUG, "state": False})
        assert failed.status_code == status
        [row] = (await anna.get("/units/units/17/history?action_type=ewelink_toggle")).json()
    assert (row["action_result"], row["error_message"].split(":")[0], row["new_status"]) == ("fail", said, None)


async def test_a_switch_by_hand_is_in_the_history_before_it_is_sent(site: Site) -> None:
    class Killed(BaseException):
        """The process is gone."""

    site.plugs.trouble = Killed()
    with pytest.raises(Killed):
        await site.house.powering().toggle(ANNA, Plug(PlugKind.EWELINK, PLUG), False)
    site.plugs.trouble = None
    async with site.client() as anna:
        assert (await anna.post("/ewelink/toggle", json={"device_id": PLUG, "state": True})).status_code == 200
        rows = (await anna.get("/units/units/17/history?action_type=ewelink_toggle")).json()
    said = [
        (row["extra_info"]["state"], row["new_status"], row["action_result"], bool(row["action_time"])) for row in rows
    ]
    assert said == [(True, "on", "success", True), (False, None, None, False)]


async def test_who_switched_is_told_so_also_when_it_could_not_be_written_down(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(event: UnitEvent) -> None:
        raise Unavailable("the database is away")

    monkeypatch.setattr(site.house.unit_watch_store(), "settle", away)
    async with site.client() as anna:
        told = await anna.post("/ewelink/toggle", json={"device_id": PLUG, "state": True})
        assert (told.status_code, "was switched on, but" in told.json()["detail"]) == (503, True)
        site.plugs.trouble = PlugOffline("it is not connected")
        assert (await anna.post("/ewelink/toggle", json={"device_id": PLUG, "state": True})).status_code == 504


async def test_requests_that_are_wrong_ask_for_nothing(site: Site) -> None:
    body: Any
    async with site.client() as anna:
        for body in (
            {"device_id": PLUG}, {"state": True}, {"device_id": PLUG, "state": "off"}, {"device_id": PLUG, "state": 0},
            {"device_id": "x", "state": True}, {"device_id": PLUG, "state": True, "outlet": -1},
            {"device_id": PLUG, "state": True, "kind": "gpio"}, [],
        ):  # fmt: skip
            assert (await anna.post("/ewelink/toggle", json=body)).status_code == 422, body
        for path in ("x", PLUG + "?kind=x", PLUG + "?outlet=64", "..%2F..%2Fetc"):
            assert (await anna.get(f"/ewelink/status/{path}")).status_code in {404, 422}, path
    assert (site.plugs.orders, site.plugs.asked) == ([], [f"ewelink:{PLUG}"])


async def test_the_document_names_every_path(anna: httpx.AsyncClient) -> None:
    paths = (await anna.get("/openapi.json")).json()["paths"]
    asked = {
        "/ewelink-auth-url": "get", "/ewelink-callback/": "get", "/toggle": "post", "/status/{device_id}": "get",
        "/devices": "get", "/ewelink-refresh-token/": "post", "/ewelink-exchange": "post", "/ewelink-token": "get",
    }  # fmt: skip
    for path, method in asked.items():
        assert method in paths[path], path
    assert set(paths["/ewelink-callback/"]["get"]["responses"]["200"]["content"]) == {"application/json", "text/html"}


async def test_the_registered_address_stands_at_the_root_of_the_full_house_as_well(site: Site) -> None:
    async with site.client(None) as nobody:
        for path in ("/ewelink-callback/", "/ewelink/ewelink-callback/"):
            answer = await nobody.get(path, params={"code": "x", "region": "eu", "state": "forged"})
            assert (answer.status_code, answer.json()["code"]) == (401, "bad-state")
