"""A whole simulated town of gateways: who is in it, what it counts, and the commands that run it."""

import asyncio
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lineman.adapters.cli.main import cli
from lineman.adapters.devices.simulators.gateways import PLATES, Knobs, SimulatedGatewayTown, SimulatedGoips, Times

from ..gateway_wire import get, look, parted, rows, town_of

pytestmark = pytest.mark.anyio


async def test_hundreds_of_gateways_are_read_side_by_side_and_none_of_them_twice_at_once() -> None:
    async with SimulatedGatewayTown(500, seed=4) as town:
        _, page = parted(await look(town))
        lanes = asyncio.Semaphore(32)

        async def read(port: int) -> None:
            async with lanes:
                assert (await get(port, "status.xml?type=base")).rstrip().endswith(b"</status>")
                assert (await get(port, "status.html?type=list")).rstrip().endswith(b"</html>")

        await asyncio.gather(*(read(port) for port in rows(page).values()))
        figures = town.figures()
        assert (figures["asked"], figures["requests"], figures["most_to_one"]) == (500, 1000, 2)
        assert (figures["overlaps"], figures["harm"], figures["orders"]) == (0, 0, 0)
        assert figures["list"] == {"GET /": 1}


async def test_a_town_follows_from_its_seed_ports_apart() -> None:
    def told(seed: int) -> list[Any]:
        town = SimulatedGatewayTown(40, seed=seed, clock=lambda: 0.0, started_at=1.7e9, dead_share=0.1)
        return [(one.name, one.plate.kind, one in town.dead, one.truth()) for one in town.gateways]

    assert told(1) == told(1) != told(2)
    assert {kind for _, kind, _, _ in told(1)} == {*PLATES}
    names = [name for name, _, _, _ in told(1)]
    assert {"Branch-001", "Shop & Cafe 16", "Склад-17", "仓库18号", "Depot North 15", "Office 19/2"} <= {*names}
    assert names[19] == told(1)[19][3]["serial"]


async def test_the_dead_are_on_the_list_and_the_absent_are_not() -> None:
    async with town_of(20, dead_share=0.2, absent_share=0.1, legacy=2) as town:
        page = await look(town)
        assert len(rows(page)) == 18
        assert page.count(b"TELNET</a>") == 2
        assert len(town.dead) == 4
        assert len(town.absent) == 2
        assert not {one.name for one in town.absent} & rows(page).keys()
        dark, gone, mute, closing = (rows(page)[gateway.name] for gateway in town.dead)
        for silent in (dark, mute):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(get(silent, "status.xml"), 0.1)
        assert await get(gone, "status.xml") == await get(closing, "status.xml") == b""


async def test_knobs_can_be_turned_by_name_while_all_run() -> None:
    async with town_of(3, names=["a", "b", "c"], faults={"denied": 0.34}) as town:
        ports = rows(await look(town))
        assert sum(one.knobs.denied for one in town.gateways) == 2
        town.set("b", denied=False, serial="8MCDRM00009999")
        assert b"<sn>8MCDRM00009999</sn>" in await get(ports["b"], "status.xml?type=base")
        town.set(1, refuse=True)
        with pytest.raises(ConnectionRefusedError):
            await get(ports["b"], "status.xml")
        town.set(1, refuse=False)
        assert await get(ports["b"], "status.xml")
        with pytest.raises(TypeError, match="muet"):
            town.set("a", muet=True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mix": {"toaster": 1.0}},
        {"mix": {"goip4": 0.0}},
        {"count": 0},
        {"host": "192.0.2.1"},
        {"faults": {"latency_ms": 0.5}},
        {"dead_share": 0.6, "absent_share": 0.6},
        {"count": 3, "ports": (38000, 38001)},
        {"count": 2, "names": ["a", "a"]},
    ],
    ids=str,
)
def test_a_town_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"there is no|at least|loopback|parts|ports|one name"):
        SimulatedGatewayTown(**wrong)


async def test_a_taken_port_is_said_and_nothing_stays_open() -> None:
    async with town_of() as town:
        with pytest.raises(OSError, match=f"in use: 127.0.0.1 port {town.radmin.port}"):
            await town_of(port=town.radmin.port).__aenter__()
    async with SimulatedGoips(["goip1"]) as units:
        with pytest.raises(OSError, match="in use"):
            await SimulatedGoips(["goip1"], port=units.ports[0]).__aenter__()


def test_times_can_be_made_shorter_as_a_whole() -> None:
    assert Times().scaled(0.1).web_down_s == pytest.approx(6.0)
    assert Times().scaled(0.1).lines_down_s == pytest.approx(4.5)
    assert Knobs().turned(cut=True) == Knobs(cut=True)


def test_the_command_writes_what_the_import_of_gateways_takes(tmp_path: Path) -> None:
    many = tmp_path / "enterprises.csv"
    taken = ["simulate", "radmin", "--count", "12", "--port", "0", "--for", "0", "--enterprises", str(many)]
    result = CliRunner().invoke(cli, [*taken, "--csv", "-"])
    assert result.exit_code == 0, result.stderr
    found = [*csv.DictReader(io.StringIO(result.stdout))]
    assert [*found[0]] == ["gateway_name", "enterprise_number", "serial_last4", "username", "password"]
    assert [row["enterprise_number"] for row in found] == ["0100"] * 10 + ["0101"] * 2
    assert [row["number"] for row in csv.DictReader(many.read_text().splitlines())] == ["0100", "0101"]
    assert "for admin / radmin" in result.stderr
    assert '"overlaps": 0' in result.stderr
    lines = CliRunner().invoke(cli, [*taken, "--json"]).stdout.splitlines()
    assert [json.loads(line) for line in lines] == found


def test_the_command_shows_gateways_that_can_be_reached_directly() -> None:
    result = CliRunner().invoke(
        cli, ["simulate", "goip", "--kind", "goip32", "--count", "2", "--port", "0", "--for", "0"]
    )
    assert result.exit_code == 0, result.stderr
    assert result.stdout.count("GoIPx32") == 2
    assert "/default/en_US/status.html" in result.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["radmin", "--login", "nobody"], "'nobody' is not a login: say name:password"),
        (["radmin", "--ports", "9-3"], "'9-3' is not a range of ports: say 38000-38999"),
        (["radmin", "--dead", "60", "--mute", "50"], "all parts together are more than 100 %"),
        (["radmin", "--mix", "toaster=1"], "there is no gateway 'toaster': say one of goip1"),
        (["goip", "--kind", "toaster"], "there is no gateway 'toaster': say one of goip1"),
        (["goip", "--address", "192.0.2.1"], "192.0.2.1 is not a loopback address"),
    ],
    ids=str,
)
def test_the_commands_say_what_is_wrong_with_their_options(options: list[str], told: str) -> None:
    result = CliRunner().invoke(cli, ["simulate", *options, "--for", "0"])
    assert result.exit_code == 2
    assert told in result.stderr
