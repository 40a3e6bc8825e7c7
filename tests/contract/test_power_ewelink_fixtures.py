"""The cloud's plugs against what was recorded of the vendor's own program, and the fact sheet's power cycles."""

import json
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import httpx
import pytest

from lineman.adapters.devices.power import EwelinkCloud, EwelinkSwitch
from lineman.adapters.devices.power.signing import authorise_url
from lineman.core.units.cycling import LAST_TRIES, Cycling
from lineman.core.units.machine import CycleEnded
from lineman.core.units.sequence import Limits
from lineman.ports.errors import LinemanError
from lineman.ports.power import (
    CloudFault,
    Plug,
    PlugKind,
    PowerSwitch,
    QuotaUsedUp,
    ReauthoriseNeeded,
    Startup,
    SwitchFailed,
)
from lineman.ports.power.cloud import Tokens
from lineman.ports.secrets import Secret
from lineman.ports.units import Cycle, CycleResult, Step, UnitEvent

from ..ewelink import APPLICATION, NOW, Clock, TokenStore, account, answer, item, kind_of, pair

pytestmark = [pytest.mark.anyio, pytest.mark.shared]
FIXTURES = Path(__file__).resolve().parents[3] / "shared/fixtures/ewelink"


def table(name: str) -> dict[str, Any]:
    path = FIXTURES / f"{name}.json"
    return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else {}


CYCLES = table("power_cycle_cases").get("cases", [])
RECORDS = {record["name"]: record for record in table("recorded_requests").get("records", [])}
THINGS = table("responses_ok").get("cases", {})
CODE = "95bcf41b-0000-4000-8000-fdc852de84ca"
SINGLE, STRIP = Plug(PlugKind.EWELINK, "1000011001"), Plug(PlugKind.EWELINK, "1000011002", 1)


def test_every_case_is_there() -> None:
    assert (len(CYCLES), len(RECORDS)) == (12, 29)
    assert set(RECORDS) == {*MADE, *FAILED, *OTHERWISE, *NEVER}


@attrs.define(eq=False)
class Room:
    """A switch and a cloud over one account that is answered well, whatever it asks."""

    region: str = "eu"
    wire: list[httpx.Request] = attrs.field(factory=list)
    answers: list[httpx.Response] = attrs.field(factory=list)
    store: TokenStore = attrs.field(init=False)
    switch: EwelinkSwitch = attrs.field(init=False)
    cloud: EwelinkCloud = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.store = TokenStore(
            Tokens(
                self.region, Secret("at-test-0002"), Secret("rt-test-0001"), NOW, NOW, NOW,
            )
        )  # fmt: skip
        shared = account(self.answered, self.store)
        self.switch, self.cloud = EwelinkSwitch(shared), EwelinkCloud(shared)

    def answered(self, request: httpx.Request) -> httpx.Response:
        self.wire.append(request)
        if self.answers:
            return self.answers.pop(0)
        match kind_of(request):
            case "exchange":
                return httpx.Response(200, json=THINGS["token_exchange"]["body"])
            case "refresh":
                return httpx.Response(200, json=THINGS["refresh"]["body"])
            case "homes":
                return answer(data={"familyList": [{"id": "6000000000000000000000f1"}]})
            case "list":
                return httpx.Response(200, json=THINGS["thing_list"]["body"])
            case "get_status":
                [wanted] = json.loads(request.content)["thingList"]
                outlets = [{"switch": "on", "outlet": 0}, {"switch": "on", "outlet": 1}]
                params = {"switch": "on"} if wanted["id"] == SINGLE.device_id else {"switches": outlets}
                things = [{"itemType": 1, "itemData": item(wanted["id"], **params)}]
                return answer(data={"thingList": things if wanted["itemType"] == 1 else []})
            case "status":
                return answer(data={"params": {"switch": "on"}})
            case _:
                return answer()


async def read_by_status(room: Room) -> None:
    """A plug that no list has."""
    room.answers = [answer(data={"thingList": []}), answer(data={"thingList": []})]
    await room.switch.state(SINGLE, deadline=5)


#: Calls of the recording that we make too, and how; the recorded one is the last of ours.
MADE: dict[str, Callable[[Room], Awaitable[object]]] = {
    **{f"oauth.getToken.{region}": (lambda room: room.cloud.exchange(CODE, room.region)) for region in
       ("eu", "us", "as", "cn")},
    "user.refreshToken": lambda room: room.cloud.refresh(),
    "device.getAllThings.family": lambda room: room.cloud.devices(),
    "device.getThings.post": lambda room: room.switch.state(SINGLE, deadline=5),
    "device.getThingStatus.all": read_by_status,
    "device.setThingStatus.single_off": lambda room: room.switch.switch(SINGLE, False, deadline=5),
    "device.setThingStatus.single_on": lambda room: room.switch.switch(SINGLE, True, deadline=5),
    "device.setThingStatus.multi_outlet1_off": lambda room: room.switch.switch(STRIP, False, deadline=5),
    "device.setThingStatus.startup_on": lambda room: room.switch.set_startup(SINGLE, Startup.ON, deadline=5),
}  # fmt: skip
#: Calls that end otherwise than well, how that comes, and what it is here.
FAILED: dict[str, tuple[httpx.Response, type[LinemanError]]] = {
    "error.setThingStatus.http200_error401": (answer(401), ReauthoriseNeeded),
    "error.setThingStatus.http200_error402": (answer(402), ReauthoriseNeeded),
    "error.setThingStatus.http200_error4002": (answer(4002), SwitchFailed),
    "error.setThingStatus.http403_quota": (httpx.Response(403), QuotaUsedUp),
    "error.setThingStatus.http500_html": (httpx.Response(500, text="<html>500</html>"), CloudFault),
    "error.setThingStatus.http502_html": (httpx.Response(502, text="<html>502</html>"), CloudFault),
    "error.setThingStatus.http200_not_json": (httpx.Response(200, text="<html>maintenance</html>"), CloudFault),
    "error.setThingStatus.http200_empty": (httpx.Response(200), CloudFault),
    "error.refresh.405": (answer(405), ReauthoriseNeeded),
}
#: Compared in tests of their own.
OTHERWISE = {
    "oauth.createLoginUrl", "home.getFamily", "device.getAllThingsAllPages.two_pages",
    "device.getAllThingsAllPages.error_on_second_page",
}  # fmt: skip
#: Calls that are not made here.
NEVER = {
    "device.getAllThings.num0", "device.getThingStatus.filtered", "device.setAllThingStatus.batch",
    "other.dispatch.eu",
}  # fmt: skip


def same(ours: httpx.Request, recorded: dict[str, Any], host: str) -> None:
    """Whether the cloud gets the same from us as from the vendor's program."""
    headers = recorded["headers"]
    assert (ours.method, ours.url.raw_path.decode()) == (recorded["method"], recorded["path"])
    assert ours.content == recorded["raw_body"].encode()
    assert f"{ours.url.scheme}://{ours.url.host}" == host
    for name in ("Authorization", "X-CK-Appid", "Content-Type", "Content-Length"):
        assert ours.headers.get(name) == headers.get(name), name
    assert len(ours.headers["X-CK-Nonce"]) == 8


@pytest.mark.parametrize("name", MADE)
async def test_our_calls_are_those_of_the_vendors_program_byte_by_byte(name: str) -> None:
    record = RECORDS[name]
    room = Room(name.rpartition(".")[2] if name.startswith("oauth") else "eu")
    await MADE[name](room)
    [recorded] = record["wire"]
    same(room.wire[-1], recorded, record["origin_host"])


async def test_the_homes_are_asked_for_as_the_vendors_program_does() -> None:
    room = Room()
    await room.cloud.devices()
    same(room.wire[0], RECORDS["home.getFamily"]["wire"][0], RECORDS["home.getFamily"]["origin_host"])


def test_the_address_that_asks_for_a_yes_means_the_same() -> None:
    theirs = parse_qs(urlsplit(RECORDS["oauth.createLoginUrl"]["returned_url"].replace("+", "%2B")).query)
    ours = parse_qs(urlsplit(authorise_url(APPLICATION, "st-0001", 1_700_000_000_123, "ybj7u38e")).query)
    assert ours == theirs | {"showQRCode": ["false"]}


@pytest.mark.parametrize("name", FAILED)
async def test_what_the_vendors_program_stumbles_over_is_an_error_here(name: str) -> None:
    response, expected = FAILED[name]
    room = Room()
    if name == "error.refresh.405":
        room.answers = [response]
        with pytest.raises(expected):
            await room.cloud.refresh()
    else:
        await room.switch.state(SINGLE, deadline=5)
        # Where a refresh follows, that one is refused.
        room.answers = [response, answer(405)]
        with pytest.raises(expected):
            await room.switch.switch(SINGLE, False, deadline=5)
        room.wire[2:] = []
    [recorded] = RECORDS[name]["wire"]
    same(room.wire[-1], recorded, RECORDS[name]["origin_host"])


def pages(first: int, count: int, total: int) -> httpx.Response:
    things = [
        {"itemType": 1, "itemData": item(f"{2000000000 + index}", switch="on"), "index": index}
        for index in range(first, first + count)
    ]
    return answer(data={"thingList": things, "total": total})


async def test_a_second_page_begins_where_the_vendors_program_begins_it() -> None:
    room = Room()
    room.answers = [answer(data={"familyList": [{"id": "f1"}]}), pages(-3, 30, 33), pages(27, 3, 33)]
    assert len(await room.cloud.devices()) == 33
    [first, second] = [request.url.params for request in room.wire[1:]]
    recorded = parse_qs(urlsplit(RECORDS["device.getAllThingsAllPages.two_pages"]["wire"][1]["path"]).query)
    assert (first["beginIndex"], {"num": [second["num"]], "beginIndex": [second["beginIndex"]]}) == (
        "-9999999", recorded,
    )  # fmt: skip


async def test_an_error_on_the_second_page_is_one_and_not_half_a_list() -> None:
    room = Room()
    room.answers = [answer(data={"familyList": [{"id": "f1"}]}), pages(0, 30, 40), answer(500)]
    with pytest.raises(CloudFault):
        await room.cloud.devices()


async def test_the_list_of_the_fact_sheet_is_read_without_groups_and_private_things() -> None:
    room = Room()
    found = {one.device_id: one for one in await room.cloud.devices()}
    assert list(found) == [f"100001100{number}" for number in range(1, 7)]
    assert [one.online for one in found.values()] == [True, True, True, False, True, True]
    shared = found["1000011006"]
    assert (shared.name, shared.shared_by) == ("Shared plug", "o…@example.org")
    assert "owner@example.org" not in repr(found)


async def test_a_list_whose_total_counts_more_than_it_shows_ends() -> None:
    room = Room()
    body = THINGS["thing_list_total_larger_than_returned"]["body"]
    room.answers = [answer(data={"familyList": [{"id": "f1"}]}), *(httpx.Response(200, json=body) for _ in range(9))]
    assert [one.device_id for one in await room.cloud.devices()] == ["1000011001", "1000011002"]
    assert len(room.wire) == 3


async def test_tokens_have_the_lives_that_the_cloud_says_or_those_of_the_facts() -> None:
    room = Room()
    granted = await room.cloud.exchange(CODE, "us")
    assert (granted.region, granted.access_expires_at.timestamp()) == ("us", 1702592000.123)
    assert granted.refresh_expires_at.timestamp() == 1705184000.123
    renewed = await room.cloud.refresh()
    assert ((renewed.access_expires_at - NOW).days, (renewed.refresh_expires_at - NOW).days) == (30, 60)
    assert (renewed.revision, renewed.granted_at) == (granted.revision + 1, granted.granted_at)


@attrs.define(eq=False)
class Store:
    """Keeps the one cycle."""

    history: list[UnitEvent] = attrs.field(factory=list)

    async def begin(self, cycle: Cycle) -> Cycle:
        raise NotImplementedError

    async def save(self, cycle: Cycle, events: Sequence[UnitEvent] = ()) -> None:
        self.history += events

    async def open(self) -> Sequence[Cycle]:
        raise NotImplementedError

    async def get(self, cycle_id: int, *, visible: frozenset[str] | None = None) -> Cycle:
        raise NotImplementedError

    async def of_unit(
        self, enterprise_number: str, *, visible: frozenset[str] | None = None, limit: int = 100
    ) -> Sequence[Cycle]:
        raise NotImplementedError


class Told(Exception):
    """The alarm was raised, and the script ends there."""


@attrs.define(eq=False)
class Script:
    """A cloud that answers as one case says, and writes down what was done."""

    case: dict[str, Any]
    calls: list[str] = attrs.field(factory=list)

    def answered(self, request: httpx.Request) -> httpx.Response:
        kind = kind_of(request)
        self.calls.append(kind)
        step = self.case["script"].pop(0)
        assert step["call"] == kind
        said = step["answer"]
        if said["error"] == "timeout":
            raise httpx.ReadTimeout("no answer", request=request)
        if kind == "get_status" and "params" in said:
            thing = item(SINGLE.device_id, said.get("online"), **said["params"])
            return answer(data={"thingList": [{"itemType": 1, "itemData": thing}]})
        if kind == "refresh":
            return answer(said["error"], {} if said["error"] else {"at": "at-test-0002", "rt": "rt-test-0002"})
        return answer(said["error"])


@asynccontextmanager
async def alone(device: Hashable) -> Any:
    yield


@pytest.mark.parametrize("case", CYCLES, ids=lambda case: case["name"])
async def test_the_scripts_of_the_facts_are_played_through_the_cloud(case: dict[str, Any]) -> None:
    case = json.loads(json.dumps(case))
    script, store = Script(case), Store()
    # No pause of another kind is as long.
    limits, over = Limits(hold=11.5), list[CycleResult]()

    @attrs.define(eq=False)
    class Holding(Clock):
        async def sleep(self, seconds: float) -> None:
            if seconds == limits.hold:
                script.calls.append("hold")
            await Clock.sleep(self, seconds)

    async def told(cycle: Cycle, ended: CycleEnded) -> None:
        over.append(ended.result)
        if ended.result is CycleResult.STUCK_OFF:
            raise Told

    clock = Holding()
    switch: PowerSwitch = EwelinkSwitch(account(script.answered, TokenStore(pair()), clock))
    cycling = Cycling(cycle_store=store, switch=switch, clock=clock, alone=alone, told=told, limits=limits)
    plug = Plug(PlugKind.EWELINK, SINGLE.device_id, case["input"].get("outlet"))
    start = Cycle(1, "0123", plug, "auto", "scheduler", NOW, step=Step(case["input"].get("phase", "precheck")))
    expected = case["expected"]
    if expected["outcome"] == "stuck_off":
        # ON goes on without end; the process that stops here has its last goes at it.
        case["script"] += [{"call": "set_on", "answer": {"error": 4002}}] * LAST_TRIES
        with pytest.raises(Told):
            await cycling.carry_out(start)
        script.calls, last = script.calls[:-LAST_TRIES], script.calls[-LAST_TRIES:]
        assert last == ["set_on"] * LAST_TRIES
        expected["audit"].pop()
    else:
        await cycling.carry_out(start)
    assert script.calls == expected["calls"]
    assert over == [expected["outcome"]]
    assert case["script"] == []
    assert [
        {"action_type": row.action_type, "action_result": row.action_result}
        | ({} if row.error_message is None else {"error": row.error_message})
        for row in store.history
    ] == expected["audit"]
    sent = [call for call in script.calls if call == "set_off"]
    assert len(sent) <= 1 + script.calls.count("refresh")
