"""The simulated eWeLink cloud and plugs: recorded requests, forged ones, and what our own adapters make of them."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import httpx
import pytest

from lineman.adapters.devices.power import EwelinkAccount, EwelinkCloud, EwelinkSwitch, LocalSwitch
from lineman.adapters.devices.simulators.ewelink import (
    BAD_GATEWAY,
    BLOCKED,
    DROPPED,
    EMPTY,
    HTML,
    KINDS,
    LOST,
    MUTE,
    CloudPlug,
    Instead,
    Lives,
    Pair,
    RegisteredApplication,
    Relay,
    SimulatedEwelink,
    SimulatedPlug,
    failing,
)
from lineman.adapters.devices.simulators.units import SimulatedPbxTown, UnitTimes
from lineman.adapters.devices.units import SshProbe
from lineman.ports.errors import Declined, LinemanError
from lineman.ports.power import (
    ChannelMissing,
    ChannelRequired,
    CloudFault,
    CloudMisconfigured,
    NotASwitch,
    Plug,
    PlugKind,
    PlugOffline,
    QuotaUsedUp,
    ReauthoriseNeeded,
    Startup,
    SwitchFailed,
    SwitchLost,
    UnknownPlug,
)
from lineman.ports.power.cloud import Application, Tokens
from lineman.ports.secrets import Secret
from lineman.ports.units import Cause, Outcome, UnitTarget

from ..conftest import SHARED
from ..ewelink import APP_SECRET, APPLICATION, NOW, Clock, TokenStore

pytestmark = pytest.mark.anyio
REGISTERED = RegisteredApplication(APPLICATION.app_id, APP_SECRET, APPLICATION.redirect_url)
SINGLE, STRIP, SHARED_PLUG, FOREIGN = "1000011001", "1000011002", "1000011006", "1000011007"
PLENTY = 20.0
STATUS = "/v2/device/thing/status"


def plugs() -> list[CloudPlug]:
    return [
        CloudPlug(SINGLE, "Unit 0123 plug"),
        CloudPlug(STRIP, "Unit 0124 strip", outlets=4, style="list", on=False),
        CloudPlug("1000011003", "Meter", meter=True, startup="stay"),
        CloudPlug("1000011004", "Flag", style="flag", home=1),
        CloudPlug("1000011005", "Pulse", pulse_ms=500, home=1),
        CloudPlug(SHARED_PLUG, "Shared plug", shared=True, home=1),
        CloudPlug(FOREIGN, "Other brand", brand="Somebody"),
    ]


@attrs.define(eq=False)
class Site:
    """A cloud, whoever talks to it plainly, and our own adapter with its tokens and its clock."""

    cloud: SimulatedEwelink
    http: httpx.AsyncClient
    clock: Clock
    store: TokenStore
    account: EwelinkAccount

    @property
    def switch(self) -> EwelinkSwitch:
        return EwelinkSwitch(self.account)

    async def ask(self, method: str, path: str, body: Any = None, access: str | None = None) -> Any:
        pair = self.cloud.account.pair
        token = access or (pair.access if pair else "none")
        headers = {"authorization": f"Bearer {token}"}
        return (await self.http.request(method, path, json=body, headers=headers)).json()

    async def sign(self, path: str, body: Any, **changes: str) -> Any:
        content = json.dumps(body).encode()
        headers = {
            "x-ck-appid": REGISTERED.app_id,
            "x-ck-nonce": "Ab12Cd34",
            "authorization": f"Sign {REGISTERED.signature(content)}",
            **changes,
        }
        return (await self.http.post(path, content=content, headers=headers)).json()


@asynccontextmanager
async def site_of(**options: Any) -> AsyncGenerator[Site]:
    clock = Clock()
    async with SimulatedEwelink(
        options.pop("plugs", None) or plugs(), application=REGISTERED, homes=2, clock=clock.monotonic,
        **{"offline_s": 0.0, **options},
    ) as cloud, httpx.AsyncClient(base_url=cloud.url) as http:  # fmt: skip
        pair = cloud.grant()
        store = TokenStore(_tokens(pair))
        yield Site(cloud, http, clock, store, EwelinkAccount(store, clock, APPLICATION, api=cloud.url))


def _tokens(pair: Pair) -> Tokens:
    return Tokens("eu", Secret(pair.access), Secret(pair.refresh), NOW, NOW, NOW)


def plug(device_id: str = SINGLE, outlet: int | None = None) -> Plug:
    return Plug(PlugKind.EWELINK, device_id, outlet)


def asked(**changes: str) -> dict[str, str]:
    """The parameters of a right authorisation address."""
    message = f"{REGISTERED.app_id}_1700000000123".encode()
    right = {
        "clientId": REGISTERED.app_id,
        "seq": "1700000000123",
        "authorization": REGISTERED.signature(message),
        "redirectUrl": REGISTERED.redirect_url,
        "grantType": "authorization_code",
        "state": 'st-"0001',
        "nonce": "Ab12Cd34",
    }
    return right | changes


async def test_a_person_says_yes_at_the_page_and_the_code_becomes_tokens_once() -> None:
    async with site_of() as site:
        page = await site.http.get("/oauth/index.html", params=asked())
        assert page.status_code == 200
        assert 'value="st-&quot;0001"' in page.text
        back = await site.http.post("/oauth/authorise", data=asked())
        assert back.status_code == 302
        to = urlsplit(back.headers["location"])
        told = {name: values[0] for name, values in parse_qs(to.query).items()}
        assert f"{to.scheme}://{to.netloc}{to.path}" == REGISTERED.redirect_url
        assert (told["region"], told["state"]) == ("eu", 'st-"0001')
        body = {"redirectUrl": REGISTERED.redirect_url, "code": told["code"], "grantType": "authorization_code"}
        granted = await site.sign("/v2/user/oauth/token", body)
        assert (granted["error"], granted["data"]["atExpiredTime"]) == (
            0,
            round(NOW.timestamp() * 1000) + 30 * 86_400_000,
        )
        assert (await site.ask("GET", "/v2/family", access=granted["data"]["accessToken"]))["error"] == 0
        again = await site.sign("/v2/user/oauth/token", body)
        assert (again["error"], again["msg"]) == (405, "invalid code")


async def test_a_code_lives_half_a_minute() -> None:
    async with site_of() as site:
        for waits, error in ((30, 0), (31, 405)):
            code = parse_qs(urlsplit(site.cloud.approve(await _address(site))).query)["code"][0]
            site.clock.current += _seconds(waits)
            body = {"redirectUrl": REGISTERED.redirect_url, "code": code, "grantType": "authorization_code"}
            assert (await site.sign("/v2/user/oauth/token", body))["error"] == error


@pytest.mark.parametrize(
    "changes",
    [
        {"clientId": "other"},
        {"seq": "1700000000124"},
        {"authorization": "h+DlSIA8gkRcub5Ym8VojKS5MO53k0JBR55m7C5vF18"},
        {"redirectUrl": "https://lineman.example.org/elsewhere/"},
        {"grantType": "password"},
        {"nonce": "short"},
        {"state": ""},
    ],
    ids=str,
)
async def test_a_forged_address_is_refused_at_the_page(changes: dict[str, str]) -> None:
    async with site_of() as site:
        for refused in (
            await site.http.get("/oauth/index.html", params=asked(**changes)),
            await site.http.post("/oauth/authorise", data=asked(**changes)),
        ):
            assert refused.status_code == 400
            assert "<form" not in refused.text


async def test_a_signature_counts_for_exactly_the_bytes_that_came() -> None:
    async with site_of() as site:
        body = b'{"rt":"rt-test-0001"}'
        right = {"x-ck-appid": REGISTERED.app_id, "authorization": f"Sign {REGISTERED.signature(body)}"}
        for content, headers, error, said in (
            (body, right, 405, "can't find the account with this rt!"),
            (body.replace(b":", b": "), right, 400, "sign verification failed"),
            (body, {**right, "authorization": right["authorization"].rstrip("=")}, 400, "sign verification failed"),
            (body, {**right, "x-ck-nonce": "seven77"}, 400, "params error"),
            (body, {**right, "x-ck-appid": "other"}, 407, "the path of request is not allowed with appid:other"),
        ):
            told = (await site.http.post("/v2/user/refresh", content=content, headers=headers)).json()
            assert (told["error"], told["msg"]) == (error, said)


async def test_each_refresh_replaces_both_tokens_and_says_nothing_of_their_lives() -> None:
    async with site_of() as site:
        first = site.cloud.account.pair
        assert first is not None
        told = await site.sign("/v2/user/refresh", {"rt": first.refresh})
        assert sorted(told["data"]) == ["at", "rt"]
        assert (await site.ask("GET", "/v2/family", access=first.access))["error"] == 401
        assert (await site.sign("/v2/user/refresh", {"rt": first.refresh}))["error"] == 405
        assert (await site.ask("GET", "/v2/family", access=told["data"]["at"]))["error"] == 0
        site.cloud.account.expire()
        assert (await site.ask("GET", "/v2/family"))["error"] == 402


@pytest.mark.shared
async def test_every_request_that_was_recorded_from_the_vendors_sdk_is_understood() -> None:
    records = json.loads((SHARED / "fixtures" / "ewelink" / "recorded_requests.json").read_text())["records"]
    wanted = {"oauth.getToken": 405, "user.refreshToken": 0, "error.refresh": 405, "other.dispatch": None}
    done = 0
    async with site_of(plugs=[CloudPlug(SINGLE, "a"), CloudPlug(STRIP, "b", outlets=4, style="list")]) as site:
        for record, wire in [(told, wire) for told in records for wire in told.get("wire", [])]:
            refresh = "rt-test-0001" if record["name"] == "user.refreshToken" else "rt-test-0002"
            site.cloud.account.pair = Pair("at-test-0002", refresh, 1e12, 1e12)
            headers = {name: value for name, value in wire["headers"].items() if name != "Content-Length"}
            headers["X-CK-Nonce"] = "Ab12Cd34"
            answer = await site.http.request(
                wire["method"], wire["path"], headers=headers, content=wire["raw_body"].encode()
            )
            error = next((value for name, value in wanted.items() if record["name"].startswith(name)), 0)
            assert (answer.json()["error"] if answer.status_code == 200 else None) == error, record["name"]
            done += 1
    assert done == 30
    assert site.cloud.plugs[SINGLE].relay.startup == ["on"]


@pytest.mark.parametrize("inclusive", [False, True])
async def test_our_adapter_finds_every_listed_plug_of_all_homes_once(inclusive: bool) -> None:
    many = [CloudPlug(f"10000{number:05x}", f"Plug {number}", home=number % 2) for number in range(75)]
    async with site_of(plugs=[*many, CloudPlug(FOREIGN, "x", brand="Somebody")], inclusive_pages=inclusive) as site:
        found = await EwelinkCloud(site.account).devices()
        assert sorted(one.device_id for one in found) == sorted(one.device_id for one in many)
        assert site.cloud.calls["GET /v2/family"] == 1
        assert site.cloud.calls["GET /v2/device/thing"] >= 4


@pytest.mark.parametrize(
    ("device_id", "outlet", "on", "channels", "startup", "pulse"),
    [
        (SINGLE, None, True, 0, Startup.ON, False),
        (STRIP, 2, False, 4, Startup.ON, False),
        ("1000011003", None, True, 0, Startup.STAY, False),
        ("1000011004", None, True, 0, Startup.ON, False),
        ("1000011005", None, True, 0, Startup.ON, True),
        (SHARED_PLUG, None, True, 0, Startup.ON, False),
        (FOREIGN, None, True, 0, Startup.ON, False),
    ],
)
async def test_our_adapter_reads_and_switches_every_kind_of_plug(
    device_id: str, outlet: int | None, on: bool, channels: int, startup: Startup, pulse: bool
) -> None:
    async with site_of() as site:
        state = await site.switch.state(plug(device_id, outlet), deadline=PLENTY)
        assert (state.on, state.channels, state.startup, state.pulse) == (on, channels, startup, pulse)
        assert state.online is True
        await site.switch.switch(plug(device_id, outlet), not on, deadline=PLENTY)
        relay = site.cloud.plugs[device_id].relay
        assert [(order.outlet, order.on) for order in relay.orders] == [(outlet or 0, not on)]
        assert relay.on[outlet or 0] is not on
        await site.switch.set_startup(plug(device_id, outlet), Startup.OFF, deadline=PLENTY)
        assert relay.startup[outlet or 0] == "off"


async def test_a_meter_tells_that_what_hangs_on_it_has_lost_its_power() -> None:
    async with site_of() as site:
        meter = plug("1000011003")
        assert (await site.switch.state(meter, deadline=PLENTY)).power_w == 11.5
        await site.switch.switch(meter, False, deadline=PLENTY)
        assert (await site.switch.state(meter, deadline=PLENTY)).power_w == 0


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (plug("1000011999"), UnknownPlug),
        (plug(STRIP), ChannelRequired),
        (plug(STRIP, 7), ChannelMissing),
        (plug(SINGLE, 0), ChannelMissing),
    ],
    ids=str,
)
async def test_our_adapter_refuses_to_switch_what_is_not_there(wanted: Plug, error: type[LinemanError]) -> None:
    async with site_of() as site:
        with pytest.raises(error):
            await site.switch.switch(wanted, False, deadline=PLENTY)
        assert not any(one.relay.orders for one in site.cloud.plugs.values())


@pytest.mark.parametrize(
    ("instead", "error", "obeyed"),
    [
        (LOST, SwitchLost, True),
        (DROPPED, SwitchLost, False),
        (HTML, CloudFault, False),
        (EMPTY, CloudFault, False),
        (BAD_GATEWAY, CloudFault, False),
        (BLOCKED, QuotaUsedUp, False),
        (failing(412, "invoke too much"), QuotaUsedUp, False),
        (failing(406, "access denied"), CloudMisconfigured, False),
        (failing(30018, "device not found"), UnknownPlug, False),
        (failing(500, "internal error"), CloudFault, False),
        (failing(4002, "控制失败"), SwitchFailed, False),
    ],
    ids=["lost", "dropped", "html", "empty", "bad-gateway", "blocked", "412", "406", "30018", "500", "4002"],
)
async def test_our_adapter_tells_errors_on_demand_apart(
    instead: Instead, error: type[LinemanError], obeyed: bool
) -> None:
    async with site_of() as site:
        await site.switch.state(plug(), deadline=PLENTY)
        site.cloud.instead(instead, path=STATUS, method="POST")
        with pytest.raises(error):
            await site.switch.switch(plug(), False, deadline=PLENTY)
        relay = site.cloud.plugs[SINGLE].relay
        assert (relay.offs, relay.on) == (int(obeyed), [not obeyed])
        await site.switch.switch(plug(), True, deadline=PLENTY)
        assert relay.on == [True]


async def test_an_answer_that_never_comes_is_lost_and_the_state_tells() -> None:
    async with site_of() as site:
        switch = site.switch
        await switch.state(plug(), deadline=PLENTY)
        site.cloud.instead(MUTE, path=STATUS)
        site.clock.current += _seconds(1)
        with pytest.raises(SwitchLost):
            await switch.switch(plug(), False, deadline=1)
        assert (await switch.state(plug(), deadline=PLENTY)).on is False


async def test_a_token_that_is_not_taken_is_renewed_once_also_for_on() -> None:
    async with site_of() as site:
        switch = site.switch
        for on in (False, True):
            site.cloud.account.expire()
            await switch.switch(plug(), on, deadline=PLENTY)
        assert site.cloud.calls["POST /v2/user/refresh"] == 2
        assert [order.on for order in site.cloud.plugs[SINGLE].relay.orders] == [False, True]
        site.cloud.account.forget()
        with pytest.raises(ReauthoriseNeeded):
            await switch.switch(plug(), True, deadline=PLENTY)


async def test_our_adapter_authorises_itself_at_the_page() -> None:
    async with site_of() as site:
        account = EwelinkAccount(store := TokenStore(None), site.clock, APPLICATION, api=site.cloud.url)
        address = await EwelinkCloud(account).authorise_url("state-1", at=site.clock.now())
        told = parse_qs(urlsplit(site.cloud.approve(address)).query)
        assert told["state"] == ["state-1"]
        await EwelinkCloud(account).exchange(told["code"][0], told["region"][0])
        assert store.tokens is not None
        assert (await EwelinkSwitch(account).state(plug(), deadline=PLENTY)).on
        wrong = Application(APPLICATION.app_id, Secret("another"), APPLICATION.redirect_url)
        forger = EwelinkAccount(TokenStore(None), site.clock, wrong, api=site.cloud.url)
        with pytest.raises(ValueError, match="sign verification failed"):
            site.cloud.approve(await EwelinkCloud(forger).authorise_url("state-2", at=site.clock.now()))
        with pytest.raises(CloudMisconfigured):
            await EwelinkCloud(forger).exchange(site.cloud.account.code(), "eu")


async def test_a_plug_that_is_offline_is_told_late_and_keeps_what_it_reported() -> None:
    async with site_of() as site:
        one = site.cloud.plugs[SINGLE]
        one.go(online=False)
        one.relay.order(0, on=False)
        state = await site.switch.state(plug(), deadline=PLENTY)
        assert (state.online, state.on) == (False, True)
        with pytest.raises(SwitchFailed) as caught:
            await site.switch.switch(plug(), True, deadline=PLENTY)
        assert caught.value.number == "4002"
        site.cloud.offline_s = 600
        site.clock.current += _seconds(1)
        with pytest.raises(SwitchLost):
            await site.switch.switch(plug(), True, deadline=1)
        batch = {"thingList": [{"type": 1, "id": SINGLE, "params": {"switch": "on"}}], "timeout": 8000}
        told = await site.ask("POST", "/v2/device/thing/batch-status", batch)
        assert told["data"]["respList"] == [{"type": 1, "id": SINGLE, "error": 30022}]
        one.go(online=True)
        assert (await site.switch.state(plug(), deadline=PLENTY)).on is False


async def test_a_relay_that_is_stuck_takes_the_command_and_stays() -> None:
    async with site_of() as site:
        site.cloud.plugs[SINGLE].relay.stuck = True
        await site.switch.switch(plug(), False, deadline=PLENTY)
        assert (await site.switch.state(plug(), deadline=PLENTY)).on
        assert site.cloud.plugs[SINGLE].relay.offs == 1


async def test_a_strip_that_wants_all_its_outlets_gets_them_once_more() -> None:
    async with site_of() as site:
        strip = site.cloud.plugs[STRIP]
        strip.whole_lists = True
        switch = site.switch
        await switch.state(plug(STRIP, 1), deadline=PLENTY)
        await switch.switch(plug(STRIP, 1), True, deadline=PLENTY)
        assert strip.relay.on == [False, True, False, False]
        assert [(order.outlet, order.on) for order in strip.relay.orders] == [(1, True)]


async def test_a_device_of_another_kind_is_no_switch() -> None:
    async with site_of(plugs=[CloudPlug(SINGLE, "Thermostat", uiid=15)]) as site:
        with pytest.raises(NotASwitch):
            await site.switch.state(plug(), deadline=PLENTY)


async def test_quotas_end_all_calls() -> None:
    async with site_of(quota=2, window_calls=5) as site:
        told = [await site.ask("GET", "/v2/family") for _ in range(4)]
        assert [one["error"] for one in told] == [0, 0, 412, 412]
        await site.ask("GET", "/v2/family")
        headers = {"authorization": "Bearer x"}
        assert (await site.http.get("/v2/family", headers=headers)).status_code == 403
        site.clock.current += _seconds(301)
        assert (await site.http.get("/v2/family", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "error"),
    [
        ("GET", "/v2/nowhere", None, 403),
        ("POST", "/v2/user/login", {}, 407),
        ("POST", "/v2/device/thing", {"thingList": []}, 400),
        ("POST", "/v2/device/thing", {"thingList": [{"itemType": 1, "id": "x"}] * 11}, 400),
        ("POST", STATUS, [], 400),
        ("POST", STATUS, {"type": 1, "id": SINGLE, "params": {}}, 4002),
        ("POST", STATUS, {"type": 1, "id": SINGLE, "params": {"switches": [{"switch": "off", "outlet": 0}]}}, 4002),
        ("POST", STATUS, {"type": 1, "id": STRIP, "params": {"switch": "off"}}, 4002),
        ("POST", STATUS, {"type": 1, "id": STRIP, "params": {"switches": [{"switch": "off", "outlet": 4}]}}, 4002),
        ("POST", STATUS, {"type": 1, "id": "1000011004", "params": {"switch": "off"}}, 4002),
        ("POST", STATUS, {"type": 2, "id": SINGLE, "params": {"switch": "off"}}, 400),
        ("POST", STATUS, {"type": 1, "id": "x", "params": {"switch": "off"}}, 405),
        ("GET", f"{STATUS}?type=1&id=x", None, 405),
        ("GET", "/v2/device/thing?num=x", None, 400),
        ("POST", "/v2/device/thing/batch-status", {"thingList": [{"id": "x"}, {"id": "x"}]}, 400),
    ],
)
async def test_what_cannot_be_asked_gets_the_number_that_the_cloud_has_for_it(
    method: str, path: str, body: Any, error: int
) -> None:
    async with site_of() as site:
        told = await site.ask(method, path, body)
        assert (told["error"], told["data"]) == (error, {})
        assert not any(one.relay.orders for one in site.cloud.plugs.values())


async def test_a_pulse_cuts_the_power_again() -> None:
    told: list[bool] = []
    relay = Relay(on=False, pulse_s=0.001)
    relay.wire(told.append)
    relay.order(0, on=True)
    async with asyncio.timeout(PLENTY):
        while relay.on[0]:
            await asyncio.sleep(0.001)
    assert told == [False, True, False]
    assert (relay.ons, relay.offs) == (1, 0)


@pytest.mark.parametrize(
    ("startup", "before", "after"),
    [("on", False, True), ("off", True, False), ("stay", True, True), ("stay", False, False)],
)
def test_power_that_comes_back_finds_what_startup_says(startup: str, before: bool, after: bool) -> None:
    told: list[bool] = []
    relay = Relay(on=before, startup=startup)
    relay.wire(told.append)
    relay.mains(False)
    assert not relay.gives()
    relay.mains(True)
    assert relay.gives() is after
    assert (told[-1:] or [True]) == [after]


@pytest.mark.parametrize("kind", KINDS)
async def test_our_adapter_reads_and_switches_plugs_of_our_own_network(kind: str) -> None:
    told: list[bool] = []
    async with SimulatedPlug(kind, "Unit 0123", relay=Relay(2)) as device:
        device.relay.wire(told.append, 1)
        wanted = Plug(PlugKind.TASMOTA if kind == "tasmota" else PlugKind.SHELLY, device.device_id, 1)
        switch = LocalSwitch()
        state = await switch.state(wanted, deadline=PLENTY)
        assert (state.on, state.name, state.channels, state.pulse) == (True, "Unit 0123", 2, False)
        assert (state.startup, state.power_w) == (Startup.ON, 11.5)
        await switch.switch(wanted, False, deadline=PLENTY)
        assert (await switch.state(wanted, deadline=PLENTY)).on is False
        await switch.set_startup(wanted, Startup.STAY, deadline=PLENTY)
        assert (await switch.state(wanted, deadline=PLENTY)).startup is Startup.STAY
        device.loses_answers = True
        with pytest.raises(SwitchLost):
            await switch.switch(wanted, True, deadline=PLENTY)
        assert told == [False, True]
        device.wants_login = True
        with pytest.raises(Declined, match="login"):
            await switch.state(wanted, deadline=PLENTY)
        device.mute = True
        with pytest.raises(PlugOffline):
            await switch.state(wanted, deadline=0.2)


async def test_off_and_on_through_the_cloud_bring_a_hung_unit_back() -> None:
    async with SimulatedPbxTown(
        3, seed=2, times=UnitTimes().scaled(0.001), application=REGISTERED, offline_s=0.0
    ) as town:
        site_account = EwelinkAccount(TokenStore(_tokens(town.cloud.grant())), Clock(), APPLICATION, api=town.cloud.url)
        switch, probe, unit = EwelinkSwitch(site_account), SshProbe(), town.units[1]
        wanted = plug(town.plugs[1].device_id, town.outlets[1])
        target = UnitTarget("1002", unit.host, unit.port, unit.login[0], Secret(unit.login[1]))
        town.set("1002", hung=True)
        assert (await probe.check(target, deadline=0.3)).outcome is Outcome.OFFLINE
        await switch.switch(wanted, False, deadline=PLENTY)
        assert not unit.has_power
        assert (await probe.check(target, deadline=0.3)).cause is Cause.TIMED_OUT
        await switch.switch(wanted, True, deadline=PLENTY)
        await _until(lambda: unit.asterisk_runs)
        assert (await probe.check(target, deadline=PLENTY)).outcome is Outcome.ONLINE
        figures = town.figures()
        assert (figures["offs"], figures["ons"], figures["without_power"]) == (1, 1, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"plugs": [CloudPlug(SINGLE, "a"), CloudPlug(SINGLE, "b")]},
        {"plugs": [CloudPlug(SINGLE, "a", home=1)]},
        {"host": "192.0.2.1"},
    ],
    ids=["twice", "homeless", "abroad"],
)
def test_a_cloud_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"one id|home|loopback"):
        SimulatedEwelink(**wrong)
    with pytest.raises(ValueError, match="say list"):
        CloudPlug(SINGLE, "a", outlets=2)
    with pytest.raises(ValueError, match="gen1"):
        SimulatedPlug("gen9")


def test_lives_are_those_of_the_documentation() -> None:
    assert Lives() == Lives(code_s=30, access_s=30 * 86_400, refresh_s=60 * 86_400)


async def _address(site: Site) -> str:
    return await EwelinkCloud(site.account).authorise_url("state-1", at=site.clock.now())


def _seconds(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


async def _until(ready: Callable[[], bool]) -> None:
    async with asyncio.timeout(PLENTY):
        while not ready():
            await asyncio.sleep(0.005)
