"""The cloud's plugs: shared, unlisted, refusing; and how often the cloud may be asked."""

import itertools
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import httpx
import pytest

from lineman.adapters.devices.power import EwelinkCloud, EwelinkSwitch
from lineman.ports.errors import TooManyRequests
from lineman.ports.power import (
    NotASwitch,
    Plug,
    PlugKind,
    PlugOffline,
    QuotaUsedUp,
    SwitchFailed,
    UnknownPlug,
)

from ..ewelink import PLUG, Clock, Cloud, TokenStore, account, answering, item, pair

pytestmark = pytest.mark.anyio
SINGLE = Plug(PlugKind.EWELINK, PLUG)


async def test_a_plug_that_is_shared_with_us_is_found_and_remembered_as_such() -> None:
    cloud = Cloud()
    shared = answering(data={"thingList": [{"itemType": 2, "itemData": item(switch="on")}]})
    cloud.first = [answering(data={"thingList": []}), shared, shared]
    switch = EwelinkSwitch(account(cloud.handle))
    for _ in range(2):
        assert (await switch.state(SINGLE, deadline=5)).online is True
    assert [json.loads(request.content)["thingList"][0]["itemType"] for request in cloud.requests] == [1, 2, 2]


@pytest.mark.parametrize("first", [answering(data={"thingList": []}), answering(30018), answering(405)], ids=range(3))
async def test_a_plug_that_no_list_has_is_asked_by_its_id(first: Callable[[httpx.Request], httpx.Response]) -> None:
    cloud = Cloud()
    cloud.first = [first, first, answering(data={"params": {"switch": "off"}})]
    switch = EwelinkSwitch(account(cloud.handle))
    state = await switch.state(SINGLE, deadline=5)
    assert (state.on, state.online) == (False, None)
    assert cloud.requests[-1].url.query == b"type=1&id=1000011001"


async def test_a_plug_that_nobody_knows_is_unknown() -> None:
    cloud = Cloud()
    with pytest.raises(UnknownPlug, match="1000011009"):
        await EwelinkSwitch(account(cloud.handle)).state(attrs.evolve(SINGLE, device_id="1000011009"), deadline=5)


async def test_an_offline_plug_is_told_from_one_that_refuses() -> None:
    cloud = Cloud()
    switch = EwelinkSwitch(account(cloud.handle))
    for number in (4002, 30022):
        cloud.first = [answering(number)]
        with pytest.raises(PlugOffline):
            await switch.state(SINGLE, deadline=5)
        cloud.first = [answering(number)]
        with pytest.raises(SwitchFailed) as caught:
            await switch.switch(SINGLE, True, deadline=5)
        assert caught.value.number == str(number)


async def test_a_flag_is_answered_in_its_own_type() -> None:
    cloud = Cloud(things={PLUG: item(switch=True)})
    switch = EwelinkSwitch(account(cloud.handle))
    await switch.switch(SINGLE, False, deadline=5)
    assert cloud.last["params"] == {"switch": False}
    assert not (await switch.state(SINGLE, deadline=5)).on


def strip() -> dict[str, Any]:
    return item(switches=[{"switch": "on", "outlet": 0}, {"switch": "off", "outlet": 1}])


async def test_a_strip_that_wants_all_outlets_gets_them_once_as_they_are() -> None:
    cloud = Cloud(things={PLUG: strip()})
    cloud.first = [None, answering(4002)]
    await EwelinkSwitch(account(cloud.handle)).switch(attrs.evolve(SINGLE, outlet=0), False, deadline=5)
    assert cloud.calls == ["get_status", "set_off", "get_status", "set_off"]
    assert cloud.last["params"] == {"switches": [{"switch": "off", "outlet": 0}, {"switch": "off", "outlet": 1}]}


async def test_a_strip_that_is_offline_gets_no_second_command() -> None:
    cloud = Cloud(things={PLUG: strip()})
    switch, plug = EwelinkSwitch(account(cloud.handle)), attrs.evolve(SINGLE, outlet=0)
    await switch.state(plug, deadline=5)
    cloud.things[PLUG]["online"] = False
    cloud.first = [answering(4002)]
    with pytest.raises(SwitchFailed):
        await switch.switch(plug, False, deadline=5)
    assert cloud.calls.count("set_off") == 1


async def test_a_thermostat_is_not_switched_off() -> None:
    cloud = Cloud(things={PLUG: item(switch="on", uiid=15)})
    with pytest.raises(NotASwitch):
        await EwelinkSwitch(account(cloud.handle)).switch(SINGLE, False, deadline=5)
    assert cloud.calls == ["get_status"]


async def test_calls_keep_their_distance_and_five_minutes_their_number() -> None:
    cloud, clock = Cloud(), Clock()
    switch = EwelinkSwitch(account(cloud.handle, clock=clock))
    at: list[float] = []
    while True:
        try:
            await switch.state(SINGLE, deadline=1000)
        except TooManyRequests:
            break
        at.append(clock.monotonic())
        if len(at) > 700:
            break
    gaps = [later - earlier for earlier, later in itertools.pairwise(at)]
    assert min(gaps) >= 0.5
    assert all(at[index + 300] - at[index] >= 300 for index in range(len(at) - 300))


async def test_who_cannot_wait_so_long_hears_it_and_on_has_calls_left() -> None:
    cloud, clock = Cloud(), Clock()
    switch = EwelinkSwitch(account(cloud.handle, clock=clock))
    for _ in range(240):
        await switch.state(SINGLE, deadline=1)
    with pytest.raises(TooManyRequests) as caught:
        await switch.state(SINGLE, deadline=1)
    assert caught.value.retry_after > 60
    await switch.switch(SINGLE, True, deadline=1)
    assert (await switch.state(SINGLE, deadline=1)).on


async def test_calls_are_counted_by_month_and_region() -> None:
    cloud, store = Cloud(), TokenStore(pair(region="as"))
    shared = account(cloud.handle, store)
    await EwelinkSwitch(shared).state(SINGLE, deadline=5)
    await EwelinkSwitch(shared).switch(SINGLE, False, deadline=5)
    assert store.counts == {("2023-11", "as"): 3}
    assert await EwelinkCloud(shared).calls_this_month() == 3


async def test_the_reserve_is_for_on_and_the_look_that_confirms_it() -> None:
    cloud, store = Cloud(), TokenStore()
    switch = EwelinkSwitch(account(cloud.handle, store, quota=1000, reserve=500))
    store.counts["2023-11", "eu"] = 499
    assert (await switch.state(SINGLE, deadline=5)).on
    for attempt in (switch.state(SINGLE, deadline=5), switch.switch(SINGLE, False, deadline=5)):
        with pytest.raises(QuotaUsedUp, match="kept for switching power on") as caught:
            await attempt
        assert caught.value.retry_after > 24 * 3600
    await switch.switch(SINGLE, True, deadline=5)
    assert (await switch.state(SINGLE, deadline=5)).on
    with pytest.raises(QuotaUsedUp):
        await switch.state(SINGLE, deadline=5)
    assert cloud.calls == ["get_status", "set_on", "get_status"]
    store.tokens = attrs.evolve(pair(), region="us")
    assert (await switch.state(SINGLE, deadline=5)).on


@pytest.mark.parametrize(("said", "pause"), [(answering(412), 3600), (answering(status=403), 300)], ids=["412", "403"])
async def test_a_closed_cloud_is_left_alone_but_for_on(
    said: Callable[[httpx.Request], httpx.Response], pause: float
) -> None:
    cloud, clock = Cloud(), Clock()
    switch = EwelinkSwitch(account(cloud.handle, clock=clock))
    await switch.state(SINGLE, deadline=5)
    cloud.first = [said]
    for _ in range(3):
        with pytest.raises(QuotaUsedUp):
            await switch.state(SINGLE, deadline=5)
    assert len(cloud.requests) == 2
    cloud.first = [said]
    with pytest.raises(QuotaUsedUp):
        await switch.switch(SINGLE, True, deadline=5)
    assert cloud.calls[-1] == "set_on"
    cloud.first = [said]
    with pytest.raises(QuotaUsedUp):
        await switch.state(SINGLE, deadline=5)
    clock.current += timedelta(seconds=pause)
    assert (await switch.state(SINGLE, deadline=5)).on
