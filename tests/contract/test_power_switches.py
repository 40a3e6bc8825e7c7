"""One suite over all kinds of plugs, and what is special about those in our own network."""

import socket
from collections.abc import AsyncGenerator

import attrs
import pytest

from lineman.adapters.devices.power import EwelinkSwitch, LocalSwitch, Switches
from lineman.ports.errors import Declined, Garbled, Invalid
from lineman.ports.power import (
    ChannelMissing,
    ChannelRequired,
    NotASwitch,
    Plug,
    PlugKind,
    PlugOffline,
    PowerSwitch,
    Startup,
    SwitchFailed,
    SwitchLost,
)

from ..ewelink import Cloud, account, item
from ..plugs import LocalPlug

pytestmark = pytest.mark.anyio
KINDS = {"gen1": PlugKind.SHELLY, "gen2": PlugKind.SHELLY, "tasmota": PlugKind.TASMOTA}
LOCAL = list(KINDS)


@attrs.define(eq=False)
class Site:
    """A plug with one outlet, a strip with two, and the switch for both."""

    switch: PowerSwitch
    plug: Plug
    strip: Plug


@pytest.fixture(params=["ewelink", *LOCAL])
async def site(request: pytest.FixtureRequest, anyio_backend: str) -> AsyncGenerator[Site]:
    nobody = LocalSwitch()
    if request.param == "ewelink":
        outlets = [{"switch": "on", "outlet": 0}, {"switch": "off", "outlet": 1}]
        cloud = Cloud(
            things={
                "1000011001": item(switch="on", startup="on", pulse="off", power="23.5"),
                "1000011002": item("1000011002", switches=outlets),
            }
        )
        plug = Plug(PlugKind.EWELINK, "1000011001")
        switch = Switches(EwelinkSwitch(account(cloud.handle)), nobody)
        yield Site(switch, plug, attrs.evolve(plug, device_id="1000011002"))
        return
    single, strip = LocalPlug(request.param), LocalPlug(request.param, [True, False])
    async with single.serving() as one, strip.serving() as two:
        kind = KINDS[request.param]
        yield Site(Switches(nobody, LocalSwitch()), Plug(kind, one), Plug(kind, two))


async def test_a_plug_is_read_and_switched(site: Site) -> None:
    before = await site.switch.state(site.plug, deadline=5)
    assert (before.on, before.online, before.channels, before.startup) == (True, True, 0, Startup.ON)
    assert (before.pulse, before.power_w) == (False, 23.5)
    assert before.name is not None
    assert before.name.startswith("Unit 0123")
    for on in (False, True, True):
        await site.switch.switch(site.plug, on, deadline=5)
        assert (await site.switch.state(site.plug, deadline=5)).on is on


@pytest.mark.parametrize("on", [True, False])
async def test_a_plug_that_was_never_read_is_switched_too(site: Site, on: bool) -> None:
    await site.switch.switch(site.plug, on, deadline=5)
    assert (await site.switch.state(site.plug, deadline=5)).on is on


async def test_of_a_strip_only_the_outlet_that_is_named_is_switched(site: Site) -> None:
    first, second = (attrs.evolve(site.strip, outlet=number) for number in (0, 1))
    assert [(await site.switch.state(one, deadline=5)).on for one in (first, second)] == [True, False]
    await site.switch.switch(second, True, deadline=5)
    await site.switch.switch(first, False, deadline=5)
    states = [await site.switch.state(one, deadline=5) for one in (first, second)]
    assert [(state.on, state.channels) for state in states] == [(False, 2), (True, 2)]


async def test_a_strip_without_a_number_or_with_a_wrong_one_is_not_touched(site: Site) -> None:
    with pytest.raises(ChannelRequired):
        await site.switch.state(site.strip, deadline=5)
    with pytest.raises(ChannelRequired):
        await site.switch.switch(site.strip, False, deadline=5)
    wrong = attrs.evolve(site.strip, outlet=7)
    with pytest.raises(ChannelMissing):
        await site.switch.state(wrong, deadline=5)
    with pytest.raises(ChannelMissing):
        await site.switch.switch(wrong, False, deadline=5)
    outlets = [attrs.evolve(site.strip, outlet=number) for number in (0, 1)]
    assert [(await site.switch.state(one, deadline=5)).on for one in outlets] == [True, False]


async def test_what_a_plug_does_when_it_gets_power_is_set(site: Site) -> None:
    for startup in (Startup.STAY, Startup.OFF, Startup.ON):
        await site.switch.set_startup(site.plug, startup, deadline=5)
        assert (await site.switch.state(site.plug, deadline=5)).startup is startup


@pytest.mark.parametrize("kind", LOCAL)
async def test_a_local_plug_that_switches_itself_off_again_says_so(kind: str) -> None:
    async with LocalPlug(kind, pulse=True).serving() as place:
        assert (await LocalSwitch().state(Plug(KINDS[kind], place), deadline=5)).pulse is True


@pytest.mark.parametrize("kind", LOCAL)
async def test_a_command_whose_answer_is_lost_is_no_success_and_no_failure(kind: str) -> None:
    plug = LocalPlug(kind)
    switch = LocalSwitch()
    async with plug.serving() as place:
        target = Plug(KINDS[kind], place)
        await switch.state(target, deadline=5)
        plug.mute = True
        with pytest.raises(SwitchLost, match="not known"):
            await switch.switch(target, False, deadline=1)
        assert plug.on == [False]
        plug.mute = False
        for broken in (b"", b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{", b"\x00\xff\r\n\r\n"):
            plug.raw = broken
            with pytest.raises(SwitchLost):
                await switch.switch(target, True, deadline=2)


PAGE = b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n<html></html>"


@pytest.mark.parametrize("kind", LOCAL)
@pytest.mark.parametrize(
    "raw", [PAGE, PAGE.replace(b"<html></html>", b"[1,2,3,4,5,6]"), b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (1 << 19)],
    ids=["html", "a list", "too much"],
)  # fmt: skip
async def test_what_makes_no_sense_is_an_error_and_never_a_state(kind: str, raw: bytes) -> None:
    plug = LocalPlug(kind, raw=raw)
    async with plug.serving() as place:
        target = Plug(KINDS[kind], place)
        with pytest.raises(Garbled):
            await LocalSwitch().state(target, deadline=5)
        plug.raw = None
        switch = LocalSwitch()
        await switch.state(target, deadline=5)
        plug.raw = raw
        with pytest.raises((Garbled, SwitchLost)):
            await switch.switch(target, False, deadline=5)


@pytest.mark.parametrize("kind", LOCAL)
async def test_a_plug_that_is_away_or_hangs_is_offline(kind: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{taken.getsockname()[1]}"
        for attempt in (LocalSwitch().state(Plug(KINDS[kind], nobody), deadline=2),
                        LocalSwitch().switch(Plug(KINDS[kind], nobody), True, deadline=2)):  # fmt: skip
            with pytest.raises(PlugOffline):
                await attempt
    async with LocalPlug(kind, mute=True).serving() as place:
        with pytest.raises(PlugOffline, match="in time"):
            await LocalSwitch().state(Plug(KINDS[kind], place), deadline=0.2)


@pytest.mark.parametrize("kind", LOCAL)
async def test_a_plug_that_wants_a_login_says_what_to_do(kind: str) -> None:
    async with LocalPlug(kind, login=True).serving() as place:
        target = Plug(KINDS[kind], place)
        with pytest.raises(Declined, match="login"):
            await LocalSwitch().state(target, deadline=5)
        with pytest.raises(Declined, match="login"):
            await LocalSwitch().switch(target, True, deadline=5)


async def test_a_locked_plug_does_not_pass_for_switched() -> None:
    async with LocalPlug("tasmota", locked=True).serving() as place:
        with pytest.raises(SwitchFailed, match="locked"):
            await LocalSwitch().switch(Plug(PlugKind.TASMOTA, place), False, deadline=5)


async def test_another_device_at_the_address_is_no_plug() -> None:
    async with LocalPlug("tasmota").serving() as place:
        with pytest.raises((NotASwitch, Declined)):
            await LocalSwitch().state(Plug(PlugKind.SHELLY, place), deadline=5)
    async with LocalPlug("gen2").serving() as place:
        with pytest.raises((NotASwitch, Declined)):
            await LocalSwitch().state(Plug(PlugKind.TASMOTA, place), deadline=5)


async def test_a_plug_that_was_replaced_by_one_of_another_generation_is_learnt_anew() -> None:
    plug = LocalPlug("gen1")
    switch = LocalSwitch()
    async with plug.serving() as place:
        target = Plug(PlugKind.SHELLY, place)
        await switch.state(target, deadline=5)
        plug.kind = "gen2"
        with pytest.raises(Declined):
            await switch.state(target, deadline=5)
        assert (await switch.state(target, deadline=5)).model == "SNPL-00112EU"


@pytest.mark.parametrize(
    "place",
    ["", "host/path", "host:0", "host:70000", "user@host", "http://host", "a b", "-x", "[::1", "h:1:2", "\u0445"],
)
async def test_what_is_no_address_is_asked_for_nothing(place: str) -> None:
    for kind in (PlugKind.SHELLY, PlugKind.TASMOTA):
        with pytest.raises(Invalid, match="no address"):
            await LocalSwitch().state(Plug(kind, place), deadline=1)


async def test_an_ipv6_address_stands_in_brackets() -> None:
    with pytest.raises(PlugOffline):
        await LocalSwitch().state(Plug(PlugKind.TASMOTA, "[::1]:9"), deadline=2)
