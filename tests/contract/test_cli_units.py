"""The command line for units and plugs: over the database itself and through a running service."""

# ruff: noqa: F811  pytest finds fixtures by the names that are imported

import dataclasses
import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from click.shell_completion import ShellComplete

from lineman.adapters.cli import units_orders
from lineman.adapters.cli.main import cli
from lineman.adapters.devices.simulators.ewelink import SimulatedPlug
from lineman.adapters.devices.simulators.units import SimulatedUnit
from lineman.ports.enterprises import NewEnterprise
from lineman.service import opened_service
from lineman.settings import Settings

from .test_cli import Lineman, database, lineman, portal, serving  # noqa: F401  fixtures


@pytest.fixture
def plug(portal: BlockingPortal) -> Generator[SimulatedPlug]:
    with portal.wrap_async_context_manager(SimulatedPlug("tasmota", "Box 17")) as made:
        yield made


@pytest.fixture
def box(
    portal: BlockingPortal, database: str, lineman: Lineman, plug: SimulatedPlug, monkeypatch: pytest.MonkeyPatch
) -> Generator[SimulatedUnit]:
    """The unit of 17, written down with its plug; 2 has one that is not there."""
    monkeypatch.setenv("LINEMAN_POWER_HOLD", "5")
    monkeypatch.setattr(units_orders, "LOOK_EVERY", 0.1)
    with portal.wrap_async_context_manager(SimulatedUnit(seed=7)) as made:
        portal.call(_enterprises, database)
        for number, port in (("17", made.port), ("2", 1)):
            added = lineman(
                "units", "add", number, "127.0.0.1", "--port", str(port), "--password-stdin", stdin=f"{made.login[1]}\n"
            )
            assert (added.exit_code, added.stdout) == (0, f"unit added: {number}\n"), added.output
        bound = lineman("units", "bind", "17", plug.device_id, "--kind", "tasmota")
        assert bound.exit_code == 0, bound.output
        plug.relay.wire(made.power)
        yield made


async def _enterprises(database: str) -> None:
    async with opened_service(Settings(database=database), works=False) as service:
        for number in ("17", "2"):
            await service.house.enterprise_store().add(NewEnterprise(number, f"Nr {number}"), at=datetime.now(UTC))


@contextmanager
def served(portal: BlockingPortal, database: str, *, works: bool | None) -> Iterator[str]:
    """The address of a running service; ``None``: there is none."""
    if works is None:
        yield ""
        return
    with serving(portal, database, works=works, power_hold=5.0) as url:
        yield url


def told(lineman: Lineman, *argv: str) -> Any:
    """What a command prints with ``--json``."""
    result = lineman(*argv, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_units_are_kept_shown_and_removed(lineman: Lineman, box: SimulatedUnit, plug: SimulatedPlug) -> None:
    calls: list[tuple[list[str], int, str]] = [
        (["units", "add", "17", "h", "--key", "-"], 2, "a password or a key is needed"),
        (["units", "add", "99", "h"], 2, "there is no enterprise 99"),
        (["units", "list"], 0, "Nr 17"),
        (["units", "list", "--status", "lost"], 2, "'lost'"),
        (["units", "list", "--limit", "1"], 0, "1-1 of 2; --limit and --offset show others"),
        (["units", "show", "17"], 0, f"tasmota:{plug.device_id}"),
        (["units", "show", "3"], 4, "lineman: There is no such unit."),
        (["units", "change", "17", "--failures", "5", "--gsm", "7..", "--power-cycling"], 0, "unit changed: 17"),
        (["units", "change", "17"], 2, "nothing to change"),
        (["units", "change", "17", "--parent", "17"], 2, "above itself"),
        (["units", "change", "17", "--no-password"], 2, "a password or a key is needed"),
        (["units", "change", "17", "--no-failures", "--no-parent", "--forget-host-key"], 0, "changed"),
        (["units", "lines", "17"], 0, "it was not looked at yet"),
        (["units", "why", "2"], 0, "Unit 2 was not looked at yet."),
        (["units", "bind", "2", plug.device_id, "--kind", "tasmota"], 5, "is bound to unit 17 already"),
        (["units", "bind", "2", "12345"], 2, "ten letters and digits"),
        (["units", "power-cycle", "2", "--yes"], 5, "lineman units bind 2 does it"),
        (["units", "power-cycle", "17"], 1, "Aborted!"),
        (["units", "power-cycle", "17", "--yes", "--no-wait"], 2, "leave out --no-wait"),
        (["units", "pause", "17"], 2, "give --until or --minutes"),
        (["units", "pause", "17", "--minutes", "5", "--reason", "roof"], 0, "unit paused until"),
        (["units", "resume", "17"], 0, "pause ended: 17"),
        (["units", "rearm", "17"], 0, "unit armed anew: 17"),
        (["units", "history", "17"], 0, "roof"),
        (["units", "history", "--action", "nothing"], 0, "nothing happened in the last 7 d"),
        (["units", "cycles", "17"], 0, "Goes at ON"),
        (["units", "report"], 0, "Needed a person"),
        (["units", "policy", "--dry-run"], 0, "dry run"),
        (["units", "stop-power"], 0, "all power actions are stopped, by cli"),
        (["units", "power-cycle", "17", "--yes"], 5, "stopped by cli"),
        (["units", "resume-power"], 1, "Aborted!"),
        (["units", "resume-power", "--yes"], 0, "power actions are allowed"),
        (["units", "unbind", "17", "--yes"], 0, "plug taken away: unit 17"),
        (["units", "remove", "17"], 1, "Aborted!"),
        (["units", "remove", "17", "--yes"], 0, "unit removed: 17"),
        (["journal", "--action", "units.remove"], 0, "unit 17"),
        (["power", "token"], 0, "is not authorised"),
        (["power", "status", "12345"], 2, "ten letters and digits"),
        (["power", "status", "127.0.0.1:1", "--kind", "shelly"], 4, "There is no such plug"),
        (["power", "toggle", "1000011001", "off"], 1, "Aborted!"),
    ]  # fmt: skip
    for argv, code, text in calls:
        shown = lineman(*argv)
        assert (shown.exit_code, text in shown.output) == (code, True), (argv, shown.exit_code, shown.output)
    assert plug.relay.orders == []


def test_patterns_that_are_not_named_stay(lineman: Lineman, box: SimulatedUnit) -> None:
    assert lineman("units", "change", "17", "--gsm", "7..", "--gsm", "8..").exit_code == 0
    patterns = told(lineman, "units", "show", "17")["patterns"]
    assert patterns == {"gsm": ["7..", "8.."], "internal": ["[0-9]{3}"], "excluded": ["301", "302"]}


@pytest.mark.parametrize("works", [None, True], ids=["alone", "a service works"])
def test_a_unit_is_looked_at_and_power_cycled_and_the_outcome_is_waited_for(
    portal: BlockingPortal, database: str, lineman: Lineman, box: SimulatedUnit, plug: SimulatedPlug, works: bool | None
) -> None:
    with served(portal, database, works=works):
        seen = told(lineman, "units", "check", "17")
        assert (seen["last_status"], seen["outcome"]) == ("online", "online"), seen
        both = told(lineman, "units", "check", "17", "2")
        assert [(one["enterprise_number"], one["outcome"]) for one in both] == [("17", "online"), ("2", "offline")]
        cycle = told(lineman, "units", "power-cycle", "17", "--yes")
        assert (cycle["result"], cycle["step"], cycle["by"]) == ("success", "done", "cli")
        assert (plug.relay.on, plug.relay.offs, [on for _, on in box.powered]) == ([True], 1, [False, True])
        rows = told(lineman, "units", "history", "17")
        assert [row["action_type"] for row in rows[:3]] == ["ewelink_toggle_on", "ewelink_toggle_off", "power_cycle"]
        assert [one["id"] for one in told(lineman, "units", "cycles", "17")] == [cycle["id"]]


def test_calls_in_progress_are_named_and_a_no_cuts_nothing(
    lineman: Lineman, box: SimulatedUnit, plug: SimulatedPlug
) -> None:
    box.knobs = dataclasses.replace(box.knobs, calls=3)
    refused = lineman("units", "power-cycle", "17", stdin="y\nn\n")
    assert (refused.exit_code, "has 3 calls in progress" in refused.output) == (1, True), refused.output
    assert plug.relay.orders == []


def test_watch_looks_where_nobody_does(lineman: Lineman, box: SimulatedUnit) -> None:
    shown = lineman("units", "watch", "--once", "--json")
    assert [one["outcome"] for one in json.loads(shown.stdout)] == ["offline", "online"], shown.output
    assert "online" in lineman("units", "watch", "--once").stdout


def test_a_bound_plug_is_read_and_switched(lineman: Lineman, box: SimulatedUnit, plug: SimulatedPlug) -> None:
    named = (plug.device_id, "--kind", "tasmota")
    assert told(lineman, "power", "status", *named)["status"] == "on"
    assert "Box 17" in lineman("power", "status", *named).stdout
    off = lineman("power", "toggle", plug.device_id, "off", "--kind", "tasmota", "--yes")
    assert (off.exit_code, plug.relay.on) == (0, [False]), off.output
    assert told(lineman, "power", "toggle", plug.device_id, "on", "--kind", "tasmota")["success"] is True
    assert plug.relay.on == [True]


def test_tables_go_in_and_out_without_secrets(lineman: Lineman, box: SimulatedUnit, tmp_path: Path) -> None:
    file = tmp_path / "units.csv"
    out = lineman("units", "export", "-o", str(file))
    assert (out.exit_code, box.login[1] in file.read_text()) == (0, False)
    again = lineman("units", "import", str(file), "--dry-run")
    assert (again.exit_code, again.stdout) == (0, "0 would be added, 0 would be changed, 2 as they are, 0 broken\n")
    file.write_text("number,host,password\n2,192.0.2.2,x\n99,h,x\n")
    broken = lineman("units", "import", str(file), "--update")
    assert (broken.exit_code, "1 changed" in broken.output, "there is no enterprise 99" in broken.output) == (
        2,
        True,
        True,
    )


def test_numbers_are_completed(
    lineman: Lineman, box: SimulatedUnit, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEMAN_DATABASE", database)
    found = ShellComplete(cli, {}, "lineman", "_LINEMAN_COMPLETE").get_completions(["units", "show"], "1")
    assert [(item.value, item.help) for item in found] == [("17", "Nr 17")]
