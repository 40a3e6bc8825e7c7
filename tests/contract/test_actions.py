"""Actions over the whole house: asked for over HTTP and the command line, done by simulated miners, seen by polls."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import attrs
import httpx
import pytest
from click.testing import CliRunner, Result

from lineman.adapters.cli.local import LOCAL, as_actor
from lineman.adapters.cli.main import cli
from lineman.adapters.devices.simulators.miners import SimulatedFarm, SimulatedMiner
from lineman.ports.identity import Actor, Role
from lineman.service import Service, opened_service, run
from lineman.settings import Settings

pytestmark = pytest.mark.anyio

BIN = Path(sys.executable).parent / "lineman"
PASSWORD = "correct horse battery staple"


@attrs.frozen
class Town:
    """A service that is asked in its own process, and miners of some kinds, each in a container of its own."""

    service: Service
    farm: SimulatedFarm
    client: httpx.AsyncClient

    def miner(self, miner_id: int) -> SimulatedMiner:
        return self.farm.miners[miner_id - 1]

    def of(self, kind: str) -> int:
        return next(n for n, miner in enumerate(self.farm.miners, 1) if miner.kind.hw.kind == kind)

    @asynccontextmanager
    async def as_(self, actor: Actor) -> AsyncGenerator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(as_actor(self.service.application(["miners"]), actor))
        async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
            yield client

    async def act(self, miner_id: int, **body: Any) -> dict[str, Any]:
        answer = await self.client.post(f"/api/miners/{miner_id}/actions", json={"confirm": True, **body})
        assert answer.status_code == 202, answer.text
        found: dict[str, Any] = answer.json()
        assert answer.headers["location"] == f"/api/actions/{found['id']}"
        return found

    async def poll(self, miner_id: int) -> None:
        await self.client.post(f"/api/miners/{miner_id}/poll")

    async def status(self, action_id: int) -> str:
        found: str = (await self.client.get(f"/api/actions/{action_id}")).json()["status"]
        return found


def settings(folder: Path) -> Settings:
    return Settings(database=f"sqlite:///{folder}/lineman.db", port=0)


async def settle(client: httpx.AsyncClient, farm: SimulatedFarm) -> None:
    for n, miner in enumerate(farm.miners, 1):
        await client.post("/api/containers", json={"name": f"c{n}"})
        body = {
            "name": f"m{n}", "ip_address": miner.host, "port": miner.port, "web_port": miner.web_port,
            "api3_port": miner.api3_port, "manufacturer": miner.maker, "username": "root", "password": "root",
            "container_id": n,
        }  # fmt: skip
        assert (await client.post("/api/miners", json=body)).status_code == 201
        assert (await client.post(f"/api/miners/{n}/poll")).status_code == 200


@pytest.fixture
async def town(tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Town]:
    kinds = dict.fromkeys(("a1346", "m30s", "s19pro", "s9"), 1)
    async with (
        SimulatedFarm(kinds, 4) as farm,
        opened_service(settings(tmp_path), works=False) as service,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(as_actor(service.application(["miners"]), LOCAL)), base_url="http://house"
        ) as client,
    ):
        await settle(client, farm)
        yield Town(service, farm, client)


async def test_nothing_is_done_without_a_confirmation_that_names_the_miner(town: Town) -> None:
    answer = await town.client.post("/api/miners/1/actions", json={"action": "reboot"})
    assert (answer.status_code, answer.json()["code"]) == (409, "confirmation-needed")
    assert "m1 at 127." in answer.json()["detail"]
    answer = await town.client.post("/api/miners/actions", json={"action": "reboot", "filter": {}})
    assert (answer.status_code, "4 miners (m1, m2, m3, m4)" in answer.json()["detail"]) == (409, True)
    assert (await town.client.get("/api/miners/1/actions")).json() == []


async def test_an_action_is_done_seen_and_journaled(town: Town) -> None:
    miner = town.of("a1346")
    action = await town.act(miner, action="sleep")
    assert (action["status"], action["by"], action["miner"]) == ("accepted", "cli", f"m{miner}")
    again = await town.client.post(f"/api/miners/{miner}/actions", json={"action": "reboot", "confirm": True})
    assert (again.status_code, again.json()["code"]) == (409, "action-under-way")
    await town.poll(miner)
    assert await town.status(action["id"]) == "verified"
    assert town.miner(miner).moment().state == "sleeping"
    lines = (await town.client.get("/api/journal", params={"action": "miners.sleep"})).json()
    assert [(line["actor"], line["subject"], line["detail"].split(":")[0]) for line in lines] == [
        ("cli", f"miner {miner}", "verified"),
        ("cli", f"miner {miner}", "requested"),
    ]
    listed = await town.client.get(f"/api/miners/{miner}/actions")
    assert ([one["id"] for one in listed.json()], listed.headers["x-total-count"]) == ([action["id"]], "1")


async def test_each_action_of_a_whatsminer_is_seen_by_its_readings(town: Town) -> None:
    miner = town.of("m30s")
    pool = {"url": "stratum+tcp://new.example.com:3333", "user": "u.w", "password": "canary-of-the-pool"}
    for body in (
        {"action": "reboot"}, {"action": "light", "on": True}, {"action": "power-limit", "watts": 2500},
        {"action": "pool", "pool": pool}, {"action": "sleep"},
    ):  # fmt: skip
        action = await town.act(miner, **body)
        await town.poll(miner)
        after = (await town.client.get(f"/api/actions/{action['id']}")).json()
        assert after["status"] == "verified", after
        assert "canary" not in json.dumps(after)
    woken = await town.act(miner, action="wake")
    await town.poll(miner)
    assert await town.status(woken["id"]) == "accepted", "it is awake, and does not hash yet"
    assert town.miner(miner).told.pools[0][2] == "canary-of-the-pool"
    journal = (await town.client.get("/api/journal", params={"limit": 1000})).text
    assert "canary" not in journal
    assert "new.example.com" in journal


async def test_what_cannot_be_done_is_declined_and_abilities_say_so_before(town: Town) -> None:
    miner = town.of("s19pro")
    able = {one["action"]: one for one in (await town.client.get(f"/api/miners/{miner}/abilities")).json()}
    assert able["reboot"]["possible"]
    assert (able["power-limit"]["possible"], able["power-limit"]["arguments"]) == (False, ["watts"])
    action = await town.act(miner, action="power-limit", watts=3000)
    assert (action["status"], "no limit in watts" in action["detail"]) == ("declined", True)
    town.farm.set(miner - 1, refuse=True)
    action = await town.act(miner, action="restart")
    assert action["status"] == "failed"


async def test_a_lost_answer_is_unverified_until_a_reading_shows_the_effect(town: Town) -> None:
    miner = town.of("a1346")
    town.service.house.actions().deadline = 1.5
    town.farm.set(miner - 1, hush=True)
    action = await town.act(miner, action="sleep")
    assert action["status"] == "unverified"
    town.farm.set(miner - 1, hush=False)
    await town.poll(miner)
    assert await town.status(action["id"]) == "verified"


async def test_who_may_act_and_what_a_client_sees(town: Town) -> None:
    own, other = await town.act(1, action="light", on=True), await town.act(2, action="light", on=True)
    client = Actor("carl", Role.CLIENT, container_ids=frozenset({1}))
    for actor in (client, Actor("acc", Role.ACCOUNTANT)):
        async with town.as_(actor) as asks:
            for path, body in (
                ("/api/miners/1/actions", {"action": "reboot", "confirm": True}),
                ("/api/miners/actions", {"action": "reboot", "confirm": True, "ids": [1]}),
            ):
                assert (await asks.post(path, json=body)).status_code == 403
    async with town.as_(client) as asks:
        paths = (f"/api/actions/{own['id']}", f"/api/actions/{other['id']}", "/api/miners/2/actions")
        assert [(await asks.get(path)).status_code for path in paths] == [200, 404, 404]
        assert (await asks.get("/api/miners/2/abilities")).status_code == 404
    async with town.as_(Actor("otto", Role.OPERATOR)) as asks:
        answer = await asks.post("/api/miners/1/actions", json={"action": "light", "on": False, "confirm": True})
        assert (answer.status_code, answer.json()["by"]) == (202, "otto")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"action": "explode"}, "action"),
        ({"action": "light"}, "on"),
        ({"action": "reboot", "watts": 5}, "watts"),
        ({"action": "pool", "pool": {"url": "x", "user": "u"}}, "pool.url"),
        ({"action": "pool", "pool": True}, "pool"),
        ({"action": "power-limit", "watts": -1}, "watts"),
        ({"action": "reboot", "often": 3}, "often"),
    ],
)
async def test_wrong_requests_name_the_field(town: Town, body: dict[str, Any], field: str) -> None:
    answer = await town.client.post("/api/miners/1/actions", json={"confirm": True, **body})
    assert answer.status_code == 422
    assert field in {wrong["field"] for wrong in answer.json()["errors"]}


async def test_many_are_told_and_each_has_its_own_outcome(town: Town) -> None:
    body = {"action": "reboot", "confirm": True, "filter": {"search": "m"}}
    answer = await town.client.post("/api/miners/actions", json=body)
    assert answer.status_code == 202
    # Nobody works here all the time, so all were told by the time of the answer.
    ends = {one["miner_id"]: await town.status(one["id"]) for one in answer.json()}
    declined = town.of("s9")
    assert ends == {n: "declined" if n == declined else "accepted" for n in range(1, 5)}
    for n in range(1, 5):
        await town.poll(n)
    assert {await town.status(one["id"]) for one in answer.json()} == {"declined", "verified"}
    assert (
        await town.client.post("/api/miners/actions", json={"action": "reboot", "confirm": True})
    ).status_code == 422
    busy = await town.act(1, action="sleep")
    [one] = (await town.client.post("/api/miners/actions", json={**body, "filter": None, "ids": [1]})).json()
    assert (busy["status"], one["status"]) == ("accepted", "declined")


@asynccontextmanager
async def serving(chosen: Settings) -> AsyncGenerator[str]:
    """A service that works; its address."""
    stop, urls = anyio.Event(), list[str]()
    async with anyio.create_task_group() as tasks:

        async def serve() -> None:
            await run(chosen, stop=stop, ready=urls.append)

        tasks.start_soon(serve)
        with anyio.fail_after(20):
            while not urls:
                await anyio.sleep(0.02)
        yield urls[0]
        stop.set()


async def test_another_process_on_the_database_passes_actions_on_to_who_works(town: Town, tmp_path: Path) -> None:
    async with serving(settings(tmp_path)):
        with anyio.fail_after(20):
            while not (await town.service.house.lease_store().current(now=town.service.house.clock().now())):
                await anyio.sleep(0.05)
        town.service.house.actions().control = None  # type: ignore[assignment]  # whoever uses it here is wrong
        action = await town.act(1, action="light", on=True)
        assert (action["status"], town.miner(1).told.light, action["by"]) == ("verified", True, "cli")
        answer = await town.client.post(
            "/api/miners/actions", json={"action": "sleep", "confirm": True, "filter": {"container_id": 1}}
        )
        [asked] = answer.json()
        with anyio.fail_after(30):  # the one who works looks by himself
            while await town.status(asked["id"]) != "verified":
                await anyio.sleep(0.2)
        refused = await town.client.post("/api/miners/1/actions", json={"action": "light", "confirm": True})
        assert refused.status_code == 422


def test_the_command_line_asks_tells_waits_and_shows(tmp_path: Path) -> None:
    def lineman(*argv: str, stdin: str | None = None) -> Result:
        environ = {"LINEMAN_DATABASE": f"sqlite:///{tmp_path}/lineman.db"}
        return CliRunner().invoke(cli, argv, input=stdin, env=environ, prog_name="lineman")

    async def towns() -> None:
        async with SimulatedFarm({"a1346": 1, "s9": 1}, 2) as farm:
            async with opened_service(settings(tmp_path), works=False) as service:
                transport = httpx.ASGITransport(as_actor(service.application(["miners"]), LOCAL))
                async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
                    await settle(client, farm)
            await anyio.to_thread.run_sync(lambda: check(farm))

    def check(farm: SimulatedFarm) -> None:
        names = {miner.kind.hw.kind: f"m{n}" for n, miner in enumerate(farm.miners, 1)}
        avalon, bitmain = names["a1346"], names["s9"]
        no = lineman("miners", "reboot", avalon, bitmain, stdin="n\n")
        assert (no.exit_code, f"Reboot 2 miners: {avalon}, {bitmain}?" in no.output) == (1, True)
        asleep = lineman("miners", "sleep", avalon, "--yes", "--wait", "--json")
        assert asleep.exit_code == 0, asleep.output
        assert json.loads(asleep.stdout)["status"] == "verified"
        both = lineman("miners", "light", avalon, bitmain, "-y")
        assert (both.exit_code, "verified" in both.stdout, "declined" in both.stdout) == (6, True, True)
        shown = lineman("miners", "actions", avalon)
        assert [word in shown.stdout for word in ("light", "sleep", "  on  ")] == [True] * 3
        able = lineman("miners", "abilities", bitmain)
        assert "no limit in watts" in able.stdout
        assert lineman("miners", "pool", avalon, "-y").exit_code == 2
        assert lineman("miners", "wake").exit_code == 2

    anyio.run(towns)


def test_a_kill_while_a_command_is_sent_is_told_and_the_command_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    restarts: list[SimulatedMiner] = []
    restart = SimulatedMiner.reboot

    def restarted(miner: SimulatedMiner) -> None:
        restarts.append(miner)
        restart(miner)

    monkeypatch.setattr(SimulatedMiner, "reboot", restarted)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LINEMAN_")} | {
        "LINEMAN_DATABASE": f"sqlite:///{tmp_path}/lineman.db", "LINEMAN_ADMIN_PASSWORD": PASSWORD,
        "POLLING_INTERVAL": "3600",
    }  # fmt: skip

    def serve() -> "tuple[subprocess.Popen[str], httpx.Client]":
        process = subprocess.Popen(
            [BIN, "serve", "miners", "--port", "0"], env=environ, text=True, cwd=tmp_path, stderr=subprocess.PIPE
        )
        assert process.stderr is not None
        url = next(found[1] for line in process.stderr if (found := re.search(r"serves (http://\S+?)/? ", line)))
        client = httpx.Client(base_url=url, timeout=30)
        token = client.post("/api/auth/login", json={"username": "admin", "password": PASSWORD}).json()["access_token"]
        client.headers["authorization"] = f"Bearer {token}"
        return process, client

    def until(true: Callable[[], Any]) -> Any:
        ends = time.monotonic() + 60
        while not (found := true()):
            assert time.monotonic() < ends
            time.sleep(0.1)
        return found

    def order(client: httpx.Client) -> None:
        # The miner does it and says nothing; the service is killed before it gives up.
        with pytest.raises(httpx.TransportError):
            client.post("/api/miners/1/actions", json={"action": "restart", "confirm": True})

    def story(farm: SimulatedFarm) -> None:
        process, client = serve()
        miner = farm.miners[0]
        with contextlib.closing(client):
            body = {"name": "m1", "ip_address": miner.host, "port": miner.port, "manufacturer": "avalon"}
            client.post("/api/miners", json=body)
            until(lambda: client.post("/api/miners/1/poll").status_code == 200)
            farm.set(0, hush=True)
            sending = threading.Thread(target=order, args=(client,))
            sending.start()
            until(lambda: restarts)
            process.send_signal(signal.SIGKILL)
            sending.join()
        end(process)
        farm.set(0, hush=False)
        with contextlib.closing(sqlite3.connect(tmp_path / "lineman.db")) as db, db:
            db.execute("delete from lease")  # as if its term were over
        process, client = serve()
        with contextlib.closing(client):
            [action] = until(
                lambda: [one for one in client.get("/api/miners/1/actions").json() if one["status"] != "requested"]
            )
            assert (action["status"], "not sent again" in action["detail"]) == ("unverified", True)
            assert client.post("/api/miners/1/poll").status_code == 200
            assert len(restarts) == 1
        end(process)

    def end(process: "subprocess.Popen[str]") -> None:
        process.kill()
        process.communicate()

    async def around() -> None:
        async with SimulatedFarm({"a1346": 1}, 1) as farm:
            await anyio.to_thread.run_sync(lambda: story(farm))

    anyio.run(around)
