"""Live pages: what a stream tells, to whom, for how long, and how many there may be."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path

import anyio
import attrs
import httpx
import pytest

from lineman.adapters.http.server import GRACE
from lineman.adapters.http.stream import Pace, event
from lineman.core.identity import UserEdit
from lineman.ports.alerts import Alert, Raised, Severity, Status
from lineman.ports.identity import Actor, Role
from lineman.ports.miners import (
    Availability,
    Maker,
    NewContainer,
    NewMiner,
    Observation,
    Reading,
    Sample,
    State,
    Watch,
)
from lineman.ports.secrets import Secret
from lineman.service import Service, opened_service, run
from lineman.settings import Settings

from .streams import ADMIN, listening

pytestmark = pytest.mark.anyio

NOW = datetime.now(UTC)
NORTH_ONLY = Actor("client", Role.CLIENT, container_ids=frozenset({1}))
PASSWORD = "correct horse battery"


@pytest.fixture
async def service(tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Service]:
    """Miners 1 and 2 in container 1, miner 3 in 2.  Streams look without a pause."""
    async with opened_service(Settings(database=f"sqlite:///{tmp_path}/lineman.db"), works=False) as made:
        made.streams.pace = Pace(tick=0.01, hurry=0.0, ping=0.2, recheck=0.0)
        live = made.house.live()
        live.every = live.totals_every = 0.0
        for name in ("North", "South"):
            await made.house.container_store().add(NewContainer(name), at=NOW)
        for number, container in ((1, 1), (2, 1), (3, 2)):
            new = NewMiner(f"rig {number}", f"10.0.0.{number}", Maker.AVALON, 4028, container_id=container)
            await made.house.miner_store().add(new, at=NOW)
        yield made


async def polled(service: Service, *miner_ids: int, rate: float = 1e14) -> None:
    await service.house.watch_store().keep(
        [
            Observation(
                Watch(miner_id, Availability.ONLINE, seen_at=datetime.now(UTC)),
                Sample(miner_id, datetime.now(UTC), State.MINING, rate),
                Reading(Maker.AVALON, State.MINING, algorithm="sha256", hash_rate_hs=rate),
            )
            for miner_id in miner_ids
        ]
    )


async def test_what_was_polled_is_told_by_any_process_with_totals_and_a_sign_of_life(service: Service) -> None:
    app = service.application(["miners"])
    async with listening(app) as heard:
        assert (heard.status, heard.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert "content-encoding" not in heard.headers
        assert "content-length" not in heard.headers
        name, totals, _ = await heard.next("totals", "miners")
        assert (name, totals["total"]["miners"], totals["total"]["hash_rate_hs"]) == ("totals", 3, {})
        async with opened_service(service.settings, works=False) as other:
            await polled(other, 1, 3)
        told = await heard.each("miners", "totals")
        assert [(miner["id"], miner["availability"], miner["hash_rate"]) for miner in told["miners"]] == [
            (1, "online", 100.0), (3, "online", 100.0),
        ]  # fmt: skip
        assert told["totals"]["total"]["hash_rate_hs"] == {"sha256": 2e14}
        await heard.next("ping")


async def test_a_client_hears_of_his_containers_only_and_a_page_of_what_it_shows(service: Service) -> None:
    app = service.application(["miners"])
    async with (
        listening(app, actor=NORTH_ONLY) as client,
        listening(app, "container_id=2&events=miners,totals") as container,
        listening(app, "miner_id=2&events=miners") as miner,
    ):
        for heard in (client, container):
            await heard.next("totals")
        # A stream tells what changes after its first look; a sign of life comes after that.
        await miner.next("ping")
        await polled(service, 1, 2, 3)
        for heard, ids, name in ((client, [1, 2], "North"), (container, [3], "South")):
            told = await heard.each("miners", "totals")
            assert [one["id"] for one in told["miners"]] == ids
            assert [one["name"] for one in told["totals"]["containers"]] == [name]
        assert [one["id"] for one in (await miner.next("miners", "totals"))[1]] == [2]
        async with listening(app, actor=Actor("oleg", Role.ACCOUNTANT)) as accountant:
            assert (await accountant.next("totals"))[1]["total"]["miners"] == 3
        async with listening(app, actor=Actor("boss", Role.ENTERPRISE_ADMIN)) as stranger:
            assert stranger.status == 403
        # Moved out of what he may see, it is told no more.
        moved = await service.house.miner_store().get(1)
        await service.house.miner_store().change(attrs.evolve(moved, container_id=2))
        await polled(service, 1, 2)
        assert [one["id"] for one in (await client.next("miners"))[1]] == [2]


async def test_alerts_are_told_to_those_who_may_see_them(service: Service) -> None:
    app = service.application(["miners"])
    async with listening(app, "events=alerts", actor=NORTH_ONLY) as client, listening(app, "events=alerts") as anna:
        await anna.next("ping")
        await client.next("ping")
        for subject, container in ((3, 2), (1, 1)):
            raised = Alert(
                0, 1, "Offline", "offline", Severity.CRITICAL, "miners", subject, f"rig {subject}", container,
                Status.FIRING, 0.0, "", "timed-out", NOW, NOW, NOW,
            )  # fmt: skip
            await service.house.alert_store().save([Raised(raised, ())], at=NOW)
        told = list[int]()
        while len(told) < 2:
            told += [alert["subject_id"] for alert in (await anna.next("alerts"))[1]]
        assert told == [3, 1]
        assert [alert["subject_id"] for alert in (await client.next("alerts"))[1]] == [1]


async def test_who_was_cut_off_goes_on_where_he_was(service: Service) -> None:
    app = service.application(["miners"])
    async with listening(app, "events=miners") as heard:
        await heard.next("ping")
        await polled(service, 1)
        _, _, number = await heard.next("miners")
    await polled(service, 2)
    await polled(service, 3)
    async with listening(app, "events=miners", headers={"last-event-id": number}) as heard:
        ids = [one["id"] for one in (await heard.next("miners"))[1]]
        assert ids == [2, 3]
    # A process that was started since, and a listener who comes after what is remembered.
    await service.house.database().run("delete from watch_batch where number < 3")
    async with opened_service(service.settings, works=False) as later:
        late = later.application(["miners"])
        async with listening(late, "events=miners", headers={"last-event-id": number}) as heard:
            assert (await heard.next("reload", "miners"))[0] == "reload"
    for nonsense in ("", "1", "x.y", "-1.0", "9" * 40 + ".1", "\u0661.\u0662"):
        async with listening(app, headers={"last-event-id": nonsense}) as heard:
            await heard.next("totals")


@pytest.mark.parametrize("edit", [UserEdit(is_active=False), UserEdit(container_ids=())])
async def test_a_user_who_is_shut_out_or_loses_his_container_hears_no_more(service: Service, edit: UserEdit) -> None:
    # As often as the documentation says; here without a pause.
    assert Pace().recheck == 10
    app = service.application(["miners"])
    identity, users = service.house.identity(), service.house.users()
    await identity.ensure_admin(Secret(PASSWORD))
    ivan = await users.add(ADMIN, "ivan", Secret(PASSWORD), UserEdit(role=Role.CLIENT, container_ids=(1,)))
    login = await identity.log_in("ivan", Secret(PASSWORD), client="192.0.2.7")
    headers = {"authorization": f"Bearer {login.token.reveal()}"}
    async with listening(app, actor=None, headers=headers) as heard:
        await heard.next("totals")
        await users.change(ADMIN, ivan.id, edit)
        assert (await heard.next("end"))[1] == {"code": "not-logged-in"}
        await heard.ended()
    async with listening(app, actor=None, headers=headers) as heard:
        assert heard.status == 401


async def test_there_are_so_many_streams_and_no_more_and_a_place_is_free_again_at_once(service: Service) -> None:
    service.streams.most, service.streams.each = 3, 2
    app = service.application(["miners"])
    async with listening(app) as first, listening(app) as second:
        assert (first.status, second.status) == (200, 200)
        async with listening(app) as third:
            assert (third.status, third.headers["retry-after"]) == (503, "30")
        async with listening(app, actor=NORTH_ONLY) as other, listening(app, actor=Actor("c", Role.CLIENT)) as full:
            assert (other.status, full.status) == (200, 503)
    assert service.streams.open == 0
    async with listening(app, method="HEAD") as head:
        await head.ended()


async def test_all_streams_end_at_once_when_the_service_stops(tmp_path: Path) -> None:
    settings = Settings(
        database=f"sqlite:///{tmp_path}/lineman.db", port=0, admin_password=Secret(PASSWORD), auth="trust-local"
    )
    stop, ready, urls = anyio.Event(), anyio.Event(), list[str]()

    def tell(url: str) -> None:
        urls.append(url)
        ready.set()

    async with anyio.create_task_group() as tasks, httpx.AsyncClient(trust_env=False) as client:
        tasks.start_soon(lambda: run(settings, systems=["miners"], works=False, stop=stop, ready=tell))
        await ready.wait()
        # Well within the ten seconds that requests under way are given.
        with anyio.fail_after(GRACE / 2):
            async with client.stream("GET", f"{urls[0]}/api/stream") as answer:
                lines = answer.aiter_lines()
                assert await anext(lines) == "retry: 5000"
                stop.set()
                assert [line async for line in lines][-1] == ""


def test_an_event_is_one_line_of_data_whatever_is_in_it() -> None:
    made = event("miners", [{"name": "a\nb\r\n\ndata: c\u2028"}], "7.0")
    assert made.count(b"\n") == 4
    assert made.endswith(b"\n\n")
