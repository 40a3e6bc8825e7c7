"""The cloud's tokens: one refresh in the whole installation, stored before use, and secrets that stay ones."""

import asyncio
import base64
import hashlib
import hmac
import logging
import traceback
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import attrs
import httpx
import pytest

from lineman.adapters.clock import SystemClock
from lineman.adapters.db.cloud_tokens import SqlCloudTokens
from lineman.adapters.db.engine import Database
from lineman.adapters.devices.power import EwelinkCloud, EwelinkSwitch
from lineman.core.units.cycling import LAST_ON
from lineman.ports.errors import Invalid, LinemanError, Overloaded, TooManyRequests, Unavailable, Unreachable
from lineman.ports.power import (
    CloudFault,
    CloudMisconfigured,
    NoApplication,
    NotAuthorised,
    Plug,
    PlugKind,
    QuotaUsedUp,
    ReauthoriseNeeded,
)
from lineman.ports.power.cloud import Application, BadRegion
from lineman.ports.secrets import Secret, Vault

from ..ewelink import (
    APP_SECRET,
    NOW,
    PLUG,
    Cloud,
    TokenStore,
    account,
    answer,
    answering,
    item,
    lost,
    pair,
)

pytestmark = pytest.mark.anyio
SINGLE = Plug(PlugKind.EWELINK, PLUG)


async def test_two_processes_that_are_refused_at_once_refresh_once() -> None:
    cloud, store = Cloud(access="somebody-else-s"), TokenStore()
    switches = [EwelinkSwitch(account(cloud.handle, store)) for _ in range(3)]
    reads = [switch.state(SINGLE, deadline=5) for switch in switches for _ in range(3)]
    assert all(state.on for state in await asyncio.gather(*reads))
    assert cloud.calls.count("refresh") == 1
    assert store.tokens is not None
    assert (store.tokens.revision, store.tokens.access) == (2, Secret("at-test-0002"))


async def test_two_processes_on_one_database_refresh_once(database: Database, vault: Vault) -> None:
    cloud, stores = Cloud(access="somebody-else-s"), [SqlCloudTokens(database, vault, SystemClock()) for _ in range(2)]
    await stores[0].put(pair(), expected=None)
    switches = [EwelinkSwitch(account(cloud.handle, store)) for store in stores]
    assert all(state.on for state in await asyncio.gather(*(one.state(SINGLE, deadline=30) for one in switches)))
    assert cloud.calls.count("refresh") == 1
    kept = await stores[1].get()
    assert kept is not None
    assert (kept.revision, kept.access, await stores[0].count(month="2023-11", region="eu", calls=0)) == (
        2, Secret("at-test-0002"), 5,
    )  # fmt: skip


async def test_two_people_who_renew_at_once_renew_once() -> None:
    cloud, store = Cloud(), TokenStore()
    clouds = [EwelinkCloud(account(cloud.handle, store)) for _ in range(2)]
    grants = await asyncio.gather(*(one.refresh() for one in clouds))
    assert {grant.revision for grant in grants} == {2}
    assert cloud.calls == ["refresh"]


async def test_a_new_pair_is_stored_before_it_is_used() -> None:
    cloud, store = Cloud(access="somebody-else-s"), TokenStore()
    used: list[str] = []

    def look(request: httpx.Request) -> Awaitable[httpx.Response]:
        if request.headers["authorization"].startswith("Bearer at-test-0002"):
            used.append(str(store.written and store.written[-1].access.reveal()))
        return cloud.handle(request)

    await EwelinkSwitch(account(look, store)).state(SINGLE, deadline=5)
    assert used == ["at-test-0002"]


async def test_a_pair_that_cannot_be_stored_is_kept_and_waits_for_the_database() -> None:
    cloud, store = Cloud(access="somebody-else-s"), TokenStore(lost_writes=4)
    switch = EwelinkSwitch(account(cloud.handle, store))
    with pytest.raises(Unavailable):
        await switch.state(SINGLE, deadline=5)
    with pytest.raises(Unavailable):
        await switch.state(SINGLE, deadline=5)
    assert (await switch.state(SINGLE, deadline=5)).on
    assert cloud.calls.count("refresh") == 1
    assert store.tokens is not None
    assert store.tokens.access == Secret("at-test-0002")


async def test_power_that_has_to_come_back_does_not_wait_for_the_database() -> None:
    cloud, store = Cloud(things={PLUG: item(switch="off")}), TokenStore()
    switch = EwelinkSwitch(account(cloud.handle, store))
    await switch.state(SINGLE, deadline=5)
    store.away = True
    with pytest.raises(Unavailable):
        await switch.switch(SINGLE, False, deadline=5)
    await switch.switch(SINGLE, True, deadline=5)
    assert (await switch.state(SINGLE, deadline=5)).on
    assert cloud.calls == ["get_status", "set_on", "get_status"]


async def test_power_that_has_to_come_back_does_not_wait_for_a_database_that_says_nothing() -> None:
    cloud, store = Cloud(), TokenStore()
    switch = EwelinkSwitch(account(cloud.handle, store))
    await switch.state(SINGLE, deadline=5)
    store.silent = True
    # The seconds that a process which has to stop takes for its last ON.
    async with asyncio.timeout(60):
        await switch.switch(SINGLE, True, deadline=LAST_ON)
    assert cloud.calls == ["get_status", "set_on"]
    store.silent = False
    await switch.state(SINGLE, deadline=5)
    assert sum(store.counts.values()) == 3, "what could not be counted then is counted later"


async def test_a_refresh_whose_caller_went_away_still_keeps_its_answer() -> None:
    cloud, store = Cloud(access="somebody-else-s"), TokenStore()
    gate = asyncio.Event()

    async def slowly(request: httpx.Request) -> httpx.Response:
        await gate.wait()
        return cloud.usual(request)

    cloud.first = [None, slowly]
    switch = EwelinkSwitch(account(cloud.handle, store))
    with pytest.raises(Unreachable):
        await switch.state(SINGLE, deadline=0.1)
    gate.set()
    assert (await switch.state(SINGLE, deadline=5)).on
    assert cloud.calls.count("refresh") == 1


async def test_a_new_yes_counts_more_than_a_refresh_that_was_under_way() -> None:
    cloud, store = Cloud(), TokenStore()
    gate = asyncio.Event()

    async def slowly(request: httpx.Request) -> httpx.Response:
        await gate.wait()
        return answer(data={"at": "at-late", "rt": "rt-late"})

    cloud.first = [slowly, answering(data={"accessToken": "at-yes", "refreshToken": "rt-yes"})]
    people = EwelinkCloud(account(cloud.handle, store))
    late = asyncio.create_task(people.refresh())
    while not cloud.requests:
        await asyncio.sleep(0)
    grant = await people.exchange("a-code", "us")
    gate.set()
    assert (await late) == grant
    assert store.tokens is not None
    assert store.tokens.access == Secret("at-yes")


async def test_a_code_is_not_lost_because_the_database_was_away() -> None:
    cloud, store = Cloud(), TokenStore()
    shared = account(cloud.handle, store)
    await EwelinkSwitch(shared).state(SINGLE, deadline=5)

    def gone(request: httpx.Request) -> httpx.Response:
        store.away = True
        return answer(data={"accessToken": "at-test-0001", "refreshToken": "rt-yes"})

    cloud.first = [gone]
    with pytest.raises(Unavailable):
        await EwelinkCloud(shared).exchange("a-code", "eu")
    store.away = False
    assert (await EwelinkSwitch(shared).state(SINGLE, deadline=5)).on
    assert store.tokens is not None
    assert store.tokens.refresh == Secret("rt-yes")


async def test_a_dead_refresh_token_is_tried_once_and_a_new_yes_ends_that() -> None:
    cloud, store = Cloud(access="somebody-else-s", refresh="another"), TokenStore()
    shared = account(cloud.handle, store)
    switch, people = EwelinkSwitch(shared), EwelinkCloud(shared)
    for _ in range(3):
        with pytest.raises(ReauthoriseNeeded, match="authorise"):
            await switch.state(SINGLE, deadline=5)
    assert cloud.calls.count("refresh") == 1
    cloud.first = [answering(data={"accessToken": "at-test-0009", "refreshToken": "rt-test-0009"})]
    cloud.access, cloud.refresh = "at-test-0009", "rt-test-0009"
    assert (await people.exchange("a-code", "eu")).revision == 2
    assert (await switch.state(SINGLE, deadline=5)).on


async def test_new_tokens_that_are_not_taken_either_end_in_one_repeat() -> None:
    cloud = Cloud()
    cloud.first = [answering(401), None, answering(401)]
    with pytest.raises(ReauthoriseNeeded):
        await EwelinkSwitch(account(cloud.handle)).state(SINGLE, deadline=5)
    assert cloud.calls == ["get_status", "refresh", "get_status"]


@pytest.mark.parametrize(
    "data", [{}, {"at": "", "rt": "x"}, {"at": "a", "rt": None}, {"at": "a\nb", "rt": "x"}, {"at": 1, "rt": 2},
             {"at": "a" * 5000, "rt": "x"}],
    ids=range(6),
)  # fmt: skip
async def test_an_answer_without_tokens_changes_nothing(data: dict[str, Any]) -> None:
    cloud, store = Cloud(), TokenStore()
    cloud.first = [answering(data=data)]
    with pytest.raises(CloudFault, match="no tokens"):
        await EwelinkCloud(account(cloud.handle, store)).refresh()
    assert store.written == []


async def test_without_a_yes_or_an_application_it_says_what_is_missing() -> None:
    cloud = Cloud()
    nobody = account(cloud.handle, TokenStore(tokens=None), application=None)
    with pytest.raises(NotAuthorised, match="not authorised"):
        await EwelinkSwitch(nobody).state(SINGLE, deadline=5)
    people = EwelinkCloud(nobody)
    with pytest.raises(NoApplication, match="ewelink_app_id"):
        await people.authorise_url("state", at=NOW)
    with pytest.raises(NoApplication, match="ewelink_app_id"):
        await people.exchange("code", "eu")
    assert (await people.grant(), await people.calls_this_month()) == (None, 0)
    assert cloud.requests == []


async def test_codes_and_regions_that_are_none_go_nowhere() -> None:
    cloud = Cloud()
    people = EwelinkCloud(account(cloud.handle, TokenStore(tokens=None)))
    for region in ("", "xx", "EU", "eu.evil.example", "eu/../us"):
        with pytest.raises(BadRegion):
            await people.exchange("code", region)
    for code in ("", "x" * 513, "a\r\nb"):
        with pytest.raises(Invalid):
            await people.exchange(code, "eu")
    assert cloud.requests == []


async def test_a_code_that_is_used_up_stores_nothing() -> None:
    cloud, store = Cloud(), TokenStore(tokens=None)
    cloud.first = [answering(405)]
    with pytest.raises(ReauthoriseNeeded, match="too old or used"):
        await EwelinkCloud(account(cloud.handle, store)).exchange("code", "eu")
    assert store.tokens is None


async def test_another_yes_replaces_the_pair_and_its_region() -> None:
    cloud, store = Cloud(), TokenStore(pair(7, region="as", revision=12))
    cloud.first = [answering(data={"accessToken": "at-new", "refreshToken": "rt-new"})]
    grant = await EwelinkCloud(account(cloud.handle, store)).exchange("code", "us")
    assert (grant.region, grant.revision) == ("us", 13)
    assert grant.access_expires_at == NOW + timedelta(days=30)
    assert cloud.requests[0].url.host == "us-apia.coolkit.cc"


async def test_the_address_of_a_simulator_takes_all_calls() -> None:
    cloud = Cloud()
    shared = account(cloud.handle, api="http://127.0.0.1:9000/")
    await EwelinkSwitch(shared).state(SINGLE, deadline=5)
    assert str(cloud.requests[0].url) == "http://127.0.0.1:9000/v2/device/thing"
    assert (await EwelinkCloud(shared).authorise_url("s", at=NOW)).startswith("http://127.0.0.1:9000/oauth/index.html?")


async def test_no_secret_is_in_any_error_repr_or_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = ("canary-access", "canary-refresh", "canary-code", "canary-app", "canary-new")
    tokens = attrs.evolve(pair(), access=Secret("canary-access"), refresh=Secret("canary-refresh"))
    application = Application("app-id", Secret("canary-app"), "https://lineman.example.org/ewelink-callback/")
    said: list[str] = []

    def telling(number: int) -> Callable[[httpx.Request], httpx.Response]:
        """All that it was told, told back."""

        def back(request: httpx.Request) -> httpx.Response:
            told = " ".join((request.content.decode(), request.headers["authorization"], secrets[3]))
            return httpx.Response(200, json={"error": number, "msg": told, "data": {"at": secrets[4], "rt": "canary"}})

        return back

    for number in (0, 400, 401, 402, 405, 406, 407, 412, 500, 4002, 10004, 79999):
        for trouble in (telling(number), lost, lambda request: httpx.Response(502)):
            cloud = Cloud()
            shared = account(cloud.handle, TokenStore(tokens), application=application)
            switch, people = EwelinkSwitch(shared), EwelinkCloud(shared)
            said += [repr(shared), repr(switch), repr(people), repr(await shared.tokens()), repr(application)]
            for attempt in (
                switch.state(SINGLE, deadline=5), switch.switch(SINGLE, True, deadline=5), people.refresh(),
                people.exchange(secrets[2], "eu"), people.devices(),
            ):  # fmt: skip
                cloud.first = [trouble] * 4
                try:
                    said.append(repr(await attempt))
                except LinemanError as error:
                    said += [repr(error), error.detail, "".join(traceback.format_exception(error))]
    said.append(caplog.text)
    told = "\n".join(said)
    assert [secret for secret in secrets if secret in told] == []
    assert len(said) > 200


async def test_what_the_cloud_says_is_shown_short_and_clean() -> None:
    cloud = Cloud()
    cloud.first = [lambda request: httpx.Response(200, json={"error": 406, "msg": "a\x1b[31m\n" + "b" * 500})]
    with pytest.raises(CloudMisconfigured) as caught:
        await EwelinkSwitch(account(cloud.handle)).state(SINGLE, deadline=5)
    assert caught.value.detail.isprintable()
    assert len(caught.value.detail) < 300


async def test_the_signature_is_over_the_bytes_that_leave() -> None:
    cloud = Cloud()
    await EwelinkCloud(account(cloud.handle)).refresh()
    [request] = cloud.requests
    digest = hmac.new(APP_SECRET.encode(), request.content, hashlib.sha256).digest()
    assert request.headers["authorization"] == "Sign " + base64.b64encode(digest).decode()


def test_errors_of_the_quota_are_of_the_kind_after_which_nothing_was_switched() -> None:
    assert issubclass(QuotaUsedUp, Overloaded)
    assert issubclass(TooManyRequests, Overloaded)
