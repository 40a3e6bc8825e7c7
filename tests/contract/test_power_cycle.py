"""A process that is killed in a power cycle: the plug is on in the end, and was cycled once at most.

Processes are forked from one that has all of lineman imported; the plug stays
here, counts what it is asked, and kills whoever asks.
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import anyio
import attrs
import pytest

from lineman.adapters.crypto.vault import FernetVault
from lineman.adapters.db.engine import Database
from lineman.adapters.db.enterprises import SqlEnterprises
from lineman.adapters.db.power_cycles import SqlCycles
from lineman.adapters.db.sqlite import SqliteDatabase
from lineman.adapters.db.unit_watches import SqlUnitWatches
from lineman.adapters.db.units import SqlUnits
from lineman.adapters.devices.simulators.ewelink import SimulatedPlug
from lineman.adapters.devices.simulators.ewelink.web import Reply, Request
from lineman.ports.enterprises import NewEnterprise
from lineman.ports.power import Plug, PlugKind
from lineman.ports.secrets import Secret
from lineman.ports.units import Cycle, CycleResult, Step, Unit

from .test_service import Town, until

pytestmark = pytest.mark.anyio

PATIENCE = 60.0
KEY = "a key for tests only and long enough"
#: Requests that a power cycle makes of a plug.
REQUESTS = 8
#: Seconds that it is off here, and after an answer at which the killer comes late.
HOLD, LATE = 0.3, 0.12

#: Reads environments, a line each, and gives each to a process of its own: the real container, doing its cycles.
NURSERY = f"""
import json, os, signal, sys, traceback
import anyio
from lineman.container import House, opened
from lineman.core.units.sequence import Limits
from lineman.settings import Settings

async def work():
    house = House(settings=Settings.read())
    async with opened(house):
        await house.watching().reload()
        cycling = house.cycling()
        cycling.limits = Limits(hold={HOLD}, look_pause=0.05, on_pause=0.05)
        await cycling.run()

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.environ |= json.loads(line)
        try:
            anyio.run(work)
        except BaseException:
            traceback.print_exc()
        os._exit(1)
    print(child, flush=True)
"""


@pytest.fixture(scope="module")
def nursery() -> Generator["subprocess.Popen[str]"]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LINEMAN_")}
    with subprocess.Popen(
        [sys.executable, "-c", NURSERY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=clean
    ) as process:
        yield process
        process.kill()


@attrs.define
class Processes:
    """At most one process at a time, on one database."""

    nursery: "subprocess.Popen[str]"
    database: Path
    running: int | None = None

    def start(self) -> None:
        environ = {"LINEMAN_DATABASE": f"sqlite:///{self.database}", "LINEMAN_SECRET_KEYS": KEY}
        stdin, stdout = self.nursery.stdin, self.nursery.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(environ) + "\n")
        stdin.flush()
        self.running = int(stdout.readline())

    def kill(self) -> None:
        """As the kernel does it: nothing more of it runs."""
        if self.running is not None:
            with suppress(ProcessLookupError):
                os.kill(self.running, signal.SIGKILL)
            self.running = None


class DeadlyPlug(SimulatedPlug):
    """Kills who asks: when a request has come, when it was done and before it is answered, or a moment after that."""

    processes: Processes
    dies_at: int | None = None
    when: str = ""
    asked: int = 0

    async def _answer(self, request: Request) -> Reply:
        self.asked += 1
        deadly = self.asked == self.dies_at
        if deadly and self.when == "before":
            self.processes.kill()
            return Reply(drop=True)
        reply = await super()._answer(request)
        if deadly and self.when == "unanswered":
            self.processes.kill()
        elif deadly:
            asyncio.get_running_loop().call_later(LATE, self.processes.kill)
        return reply


@pytest.fixture
async def database(migrated: Path, tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Database]:
    shutil.copy(migrated, tmp_path / "lineman.db")
    async with SqliteDatabase(tmp_path / "lineman.db") as db:
        yield db


@pytest.fixture
async def plug(nursery: "subprocess.Popen[str]", tmp_path: Path, anyio_backend: str) -> AsyncGenerator[DeadlyPlug]:
    async with DeadlyPlug("tasmota") as made:
        made.processes = Processes(nursery, tmp_path / "lineman.db")
        yield made
        made.processes.kill()


async def begun(database: Database, plug: DeadlyPlug) -> Cycle:
    """A unit with the plug, and a power cycle that somebody asked for."""
    vault, now = FernetVault([Secret(KEY)]), datetime.now(UTC)
    bound = Plug(PlugKind.TASMOTA, plug.device_id)
    await SqlEnterprises(database, vault).add(NewEnterprise("17", "Box"), at=now)
    await SqlUnits(database, vault).add(Unit("17", "127.0.0.1", now, password=Secret("x"), plug=bound))
    return await SqlCycles(database).begin(Cycle(0, "17", bound, "user", "anna", now, step_at=now))


async def ended(database: Database) -> Cycle:
    """The power cycle once it is over."""
    with anyio.fail_after(PATIENCE):
        while await SqlCycles(database).open():
            await anyio.sleep(0.02)
    [cycle] = await SqlCycles(database).of_unit("17")
    return cycle


async def test_a_power_cycle_that_nobody_disturbs_asks_so_often(database: Database, plug: DeadlyPlug) -> None:
    await begun(database, plug)
    plug.processes.start()
    cycle = await ended(database)
    assert (cycle.result, cycle.step, plug.relay.on) == (CycleResult.SUCCESS, Step.DONE, [True])
    assert (plug.relay.offs, plug.relay.ons, plug.asked) == (1, 1, REQUESTS)
    off, on = plug.relay.changes
    assert on.at - off.at >= HOLD


@pytest.mark.parametrize("when", ["before", "unanswered", "answered"])
@pytest.mark.parametrize("request_number", range(1, REQUESTS + 1))
async def test_a_process_killed_at_any_step_leaves_the_plug_on_in_the_end_and_cycled_once_at_most(
    database: Database, plug: DeadlyPlug, request_number: int, when: str
) -> None:
    await begun(database, plug)
    plug.dies_at, plug.when = request_number, when
    plug.processes.start()
    with anyio.fail_after(PATIENCE):
        while plug.processes.running is not None:
            await anyio.sleep(0.02)
    plug.processes.start()
    cycle = await ended(database)
    assert plug.relay.on == [True]
    assert plug.relay.offs <= 1
    assert cycle.result is CycleResult.SUCCESS
    switched = [
        row.action_type
        for row in await SqlUnitWatches(database).history(
            since=datetime(2026, 1, 1, tzinfo=UTC), until=datetime(2100, 1, 1, tzinfo=UTC)
        )
        if row.action_type in ("ewelink_toggle_off", "ewelink_toggle_on")
    ]
    assert switched.count("ewelink_toggle_on") == 1, "what was switched is written down"


async def test_a_service_that_has_to_stop_in_the_hold_switches_on_at_once(tmp_path: Path, plug: DeadlyPlug) -> None:
    town = Town(tmp_path)
    try:
        await anyio.to_thread.run_sync(_stopped_in_the_hold, town, plug)
    finally:
        await anyio.to_thread.run_sync(town.end)


def _stopped_in_the_hold(town: Town, plug: DeadlyPlug) -> None:
    (town.folder / "lineman.toml").write_text("power_hold = 120\nunit_interval = 3600\n")
    process, anna = town.serve()
    assert anna.post("/api/enterprises", json={"number": "17", "name": "Box"}).status_code == 201
    body = {"enterprise_number": "17", "host": "127.0.0.1", "port": 9, "password": "x"}
    assert anna.post("/units/units", json=body).status_code == 201
    bound = anna.put("/units/units/17/plug", json={"kind": "tasmota", "device_id": plug.device_id})
    assert bound.status_code == 200, bound.text
    assert anna.post("/units/units/17/power-cycle", json={"confirm": True}).status_code == 202
    until(lambda: anna.get("/units/units/17").json()["cycle_step"] == "hold")
    assert plug.relay.on == [False]
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    assert plug.relay.on == [True]
    off, on = plug.relay.changes
    assert on.at - off.at < 60, "long before the hold is over"
    _, anna = town.serve()
    [cycle] = until(lambda: [one for one in anna.get("/units/units/17/cycles").json() if one["finished_at"]])
    assert (cycle["result"], plug.relay.on, plug.relay.offs) == ("success", [True], 1)
