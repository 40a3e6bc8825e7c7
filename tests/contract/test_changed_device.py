"""A miner of another maker is put where one stood: it is read at once, and everybody is told what it is."""

from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from lineman.adapters.devices.simulators.miners import SimulatedFarm
from lineman.adapters.http.wire import ACTOR
from lineman.ports.identity import Actor, Role
from lineman.service import opened_service
from lineman.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.fixture
async def operator(tmp_path: Path, anyio_backend: str) -> AsyncGenerator[httpx.AsyncClient]:
    async with opened_service(Settings(database=f"sqlite:///{tmp_path}/lineman.db", polling_interval=3600)) as service:
        app = service.application(["miners"])

        async def inside(scope: Scope, receive: Receive, send: Send) -> None:
            scope[ACTOR] = Actor("olga", Role.OPERATOR)
            await app(scope, receive, send)

        async with httpx.AsyncClient(transport=httpx.ASGITransport(inside), base_url="http://house") as client:
            yield client


async def test_a_miner_that_changes_maker_at_its_address_is_read_as_what_it_is(operator: httpx.AsyncClient) -> None:
    async def polled() -> tuple[str, str, str]:
        (await operator.post("/api/miners/1/poll")).raise_for_status()
        view = (await operator.get("/api/miners/1")).json()
        names = ("manufacturer", "reported_manufacturer", "availability")
        return tuple(view[name] for name in names)

    async with SimulatedFarm({"m30s": 1}) as before:
        (miner,) = before.miners
        body = {"name": "rig", "ip_address": miner.host, "manufacturer": "Whatsminer"}
        (await operator.post("/api/miners", json=body)).raise_for_status()
        assert await polled() == ("Whatsminer", "Whatsminer", "online")
    async with SimulatedFarm({"a1346": 1}, address=miner.host, seed=2):
        assert await polled() == ("Whatsminer", "Avalon", "online")
        assert (await polled())[1] == "Avalon"
    events = (await operator.get("/api/stats/miners/1/events", params={"kind": "device"})).json()
    assert [(one["kind"], one["before"][:10], one["after"][:6]) for one in events if one["kind"] == "device"] == [
        ("device", "Whatsminer", "Avalon")
    ]
