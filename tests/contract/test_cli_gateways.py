"""The command line for gateways: over the database itself and through a running service, with a simulated town."""

# ruff: noqa: F811  pytest finds fixtures by the names that are imported

import json
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from click.shell_completion import ShellComplete

from lineman.adapters.cli import gateways_shown
from lineman.adapters.cli.gateways import COLUMNS
from lineman.adapters.cli.main import cli
from lineman.adapters.cli.output import fitting
from lineman.adapters.devices.simulators.gateways import SimulatedGatewayTown, Times
from lineman.core.gateways import GatewayConfig
from lineman.ports.enterprises import NewEnterprise
from lineman.ports.secrets import Secret
from lineman.service import opened_service
from lineman.settings import Settings

from .test_cli import Lineman, database, lineman, portal, serving  # noqa: F401  fixtures

NAMES = ["Vochi-Main", "a/b & Co", "Линия 2"]


@pytest.fixture
def town(
    portal: BlockingPortal, database: str, monkeypatch: pytest.MonkeyPatch, lineman: Lineman
) -> Generator[SimulatedGatewayTown]:
    """Three gateways, written down (the first two of 17), and the settings that lead to them."""
    defaults = GatewayConfig.__init__.__kwdefaults__
    assert defaults is not None
    for name in ("first_look", "look_every"):
        monkeypatch.setitem(defaults, name, timedelta(0))
    times = Times(web_down_s=0.3, lines_down_s=0.2, module_s=0.1)
    made = SimulatedGatewayTown(3, mix={"goip4": 1}, names=NAMES, calm=True, times=times)
    with portal.wrap_async_context_manager(made) as found:
        environ = {
            "MFTP_HOST": "127.0.0.1", "MFTP_PORT": str(found.radmin.port), "MFTP_USERNAME": "admin",
            "MFTP_PASSWORD": "radmin", "GOIP_DEFAULT_USERNAME": "admin", "GOIP_DEFAULT_PASSWORD": "goip",
            "GOIP_SCAN_TIMEOUT": "15",
        }  # fmt: skip
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        portal.call(_enterprises, database)
        for name, number in zip(NAMES, ("17", "17", "2"), strict=True):
            added = lineman("gateways", "add", name, "--enterprise", number)
            assert (added.exit_code, added.stdout) == (0, f"gateway added: {name}\n"), added.output
        yield found
        assert found.overlaps == 0
        assert found.harm == []


async def _enterprises(database: str) -> None:
    async with opened_service(Settings(database=database), works=False) as service:
        for number in ("17", "2"):
            await service.house.enterprise_store().add(NewEnterprise(number, f"Nr {number}"), at=datetime.now(UTC))


@contextmanager
def served(portal: BlockingPortal, database: str, town: SimulatedGatewayTown, *, works: bool | None) -> Iterator[str]:
    """A running service that knows where the town is; ``None``: there is none."""
    if works is None:
        yield ""
        return
    settings = {
        "mftp_host": "127.0.0.1", "mftp_port": town.radmin.port, "mftp_username": "admin",
        "mftp_password": Secret("radmin"), "goip_username": "admin", "goip_password": Secret("goip"),
        "goip_scan_timeout": 15.0,
    }  # fmt: skip
    with serving(portal, database, works=works, **settings) as url:
        yield url


def told(lineman: Lineman, *argv: str) -> Any:
    """What a command prints with ``--json``."""
    result = lineman(*argv, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_gateways_are_kept_shown_and_removed_by_any_name(lineman: Lineman, town: SimulatedGatewayTown) -> None:
    calls: list[tuple[list[str], int, str]] = [
        (["gateways", "add", "Vochi-Main", "--enterprise", "17"], 5, "lineman: A gateway of this name exists already."),
        (["gateways", "add", "x", "--enterprise", "99"], 2, "enterprise_number: there is no enterprise 99"),
        (["gateways", "list", "--enterprise", "17", "--sort=-name"], 0, "a/b & Co"),
        (["gateways", "list", "--status", "active"], 0, "Name"),
        (["gateways", "list", "--status", "lost"], 2, "'lost'"),
        (["gateways", "list", "--limit", "1"], 0, "1-1 of 3; --limit and --offset show others"),
        (["gateways", "show", "a/b & Co"], 0, "enterprise        Nr 17 (17)\n"),
        (["gateways", "show", "a/b"], 4, "lineman: There is no such gateway."),
        (["gateways", "change", "Линия 2", "--enterprise", "17", "--serial", "0042"], 0, "changed: Линия 2"),
        (["gateways", "change", "Линия 2"], 2, "nothing to change"),
        (["gateways", "change", "Линия 2", "--serial", "42"], 2, "serial_last4: must be the last four digits"),
        (["gateways", "change", "Линия 2", "--no-serial", "--no-password", "--no-directory"], 0, "changed: Линия 2"),
        (["gateways", "lines", "Линия 2"], 0, "Line"),
        (["gateways", "lines", "--weak"], 0, "Gateway"),
        (["gateways", "fleet"], 0, "3 gateways: 3 unknown\n"),
        (["gateways", "history", "Линия 2"], 0, "nothing happened"),
        (["gateways", "chart", "Линия 2", "1"], 0, "Линия 2 line 1, 0 points"),
        (["gateways", "commands", "Линия 2"], 0, "Status"),
        (["gateways", "scans"], 0, "Looked at"),
        (["gateways", "scans", "7"], 4, "lineman: There is no such scan."),
        (["gateways", "remove", "Линия 2"], 1, "Aborted!"),
        (["gateways", "remove", "Линия 2", "--yes"], 0, "gateway removed: Линия 2\n"),
        (["journal", "--action", "gateways.remove"], 0, "gateway Линия 2"),
    ]  # fmt: skip
    for argv, code, text in calls:
        shown = lineman(*argv)
        assert (shown.exit_code, text in shown.output) == (code, True), (argv, shown.exit_code, shown.output)
    kept = lineman("gateways", "change", "a/b & Co", "--password-stdin", stdin="canary\n")
    assert (kept.exit_code, "canary" in kept.output) == (0, False)
    assert told(lineman, "gateways", "show", "a/b & Co")["has_password"] is True


@pytest.mark.parametrize("running", [None, True, False], ids=["alone", "service-works", "service-without-work"])
def test_a_scan_tells_what_it_finds_whoever_works(
    lineman: Lineman, portal: BlockingPortal, database: str, town: SimulatedGatewayTown, running: bool | None
) -> None:
    def scan() -> None:
        done = lineman("gateways", "scan")
        assert done.exit_code == 0, done.output
        for name in NAMES:
            assert f"{name}  active  " in done.stdout
        assert "3 of 3 gateways looked at, 3 active, 0 inactive, 0 with errors" in done.stdout
        assert "mftp: 3 gateways listed" in done.stderr
        shown = lineman("gateways", "list").stdout
        assert shown.count("active") == 3
        assert shown.count("4/4") == 3
        assert "IDLE" in lineman("gateways", "lines", "a/b & Co").stdout
        found = told(lineman, "gateways", "scan")
        assert (found["status"], len(found["outcomes"])) == ("done", 3)
        assert "active" in lineman("gateways", "scans", str(found["scan_id"]), "--all").stdout
        town.set("Vochi-Main", denied=True)
        checked = lineman("gateways", "check", "Vochi-Main", "a/b & Co")
        assert (checked.exit_code, checked.stdout.count("error")) == (6, 1)
        one = lineman("gateways", "check", "a/b & Co")
        assert (one.exit_code, "Auth id" in one.stdout) == (0, True), one.output

    with served(portal, database, town, works=running):
        scan()
        town.radmin.turn(denied=True)
        failed = lineman("gateways", "scan")
        assert (failed.exit_code, "mftp: could not be read" in failed.stderr) == (6, True)
        assert lineman("gateways", "scan", "--no-wait").stdout.startswith("scan ")


@pytest.mark.parametrize("running", [None, True], ids=["alone", "service-works"])
def test_a_reboot_is_asked_for_and_followed_until_the_gateway_is_back(
    lineman: Lineman, portal: BlockingPortal, database: str, town: SimulatedGatewayTown, running: bool | None
) -> None:
    def reboot() -> None:
        assert lineman("gateways", "check", *NAMES).exit_code == 0
        asked = lineman("gateways", "reboot", "a/b & Co")
        assert (asked.exit_code, "Reboot gateway a/b & Co?" in asked.output) == (1, True)
        assert town.orders == []
        done = lineman("gateways", "reboot", "a/b & Co", "Vochi-Main", "-y")
        assert (done.exit_code, done.stdout.count("back")) == (0, 2), done.output
        told_only = lineman("gateways", "reboot", "Линия 2", "--yes", "--no-wait", "--json")
        assert json.loads(told_only.stdout)["status"] in ("accepted", "back")
        assert sorted(name for name, _ in town.orders) == sorted(NAMES)
        listed = told(lineman, "gateways", "commands", "a/b & Co")
        assert [(one["kind"], one["status"]) for one in listed] == [("reboot", "back")]
        assert "back" in lineman("gateways", "history", "a/b & Co").stdout
        assert lineman("gateways", "reboot", "nobody", "-y").exit_code == 4
        town.set("Vochi-Main", serial="GOIP99990001")
        refused = lineman("gateways", "reboot", "Vochi-Main", "-y")
        assert (refused.exit_code, "Another device" in refused.stderr) == (5, True)
        town.set("a/b & Co", denied=True)
        failed = lineman("gateways", "restart-line", "a/b & Co", "2", "-y")
        assert (failed.exit_code, "failed" in failed.stdout) == (6, True), failed.output
        assert lineman("gateways", "restart-line", "a/b & Co", "5", "-y").exit_code == 2

    with served(portal, database, town, works=running):
        reboot()


def test_a_line_is_restarted_and_followed(lineman: Lineman, town: SimulatedGatewayTown) -> None:
    assert lineman("gateways", "check", "Линия 2").exit_code == 0
    done = told(lineman, "gateways", "restart-line", "Линия 2", "3", "--yes")
    assert (done["kind"], done["line"], done["status"]) == ("restart-line", 3, "back")


def test_who_watches_alone_scans_himself(lineman: Lineman, town: SimulatedGatewayTown) -> None:
    seen = lineman("gateways", "watch", "--once")
    assert (seen.exit_code, seen.stdout.count("active")) == (0, 3), seen.output
    assert "Operator" in lineman("gateways", "fleet").stdout
    (scan,) = told(lineman, "gateways", "scans")
    assert (scan["by"], scan["status"]) == ("scheduler", "done")
    rows = told(lineman, "gateways", "watch", "--once", "--status", "inactive")
    assert rows == []
    chart = lineman("gateways", "chart", "Vochi-Main", "1", "--level", "raw").output
    assert "signal: " in chart
    assert "in the network: 100.0 % of the time" in chart


def test_a_service_elsewhere_says_the_same(
    lineman: Lineman, portal: BlockingPortal, database: str, town: SimulatedGatewayTown
) -> None:
    lineman("gateways", "scan")
    here = told(lineman, "gateways", "list")
    secret = told(lineman, "token", "create", "--name", "script", "--role", "operator", "--expires", "never")["token"]
    with served(portal, database, town, works=False) as url:
        there = told(lineman, "gateways", "list", "--url", url, "--token", secret)
        assert there == here
        denied = told(lineman, "token", "create", "--name", "pays", "--role", "accountant", "--expires", "never")[
            "token"
        ]
        refused = lineman("gateways", "list", "--url", url, "--token", denied)
        assert (refused.exit_code, "see-gateways" in refused.stderr) == (3, True)


def test_a_table_is_imported_and_exported(lineman: Lineman, town: SimulatedGatewayTown, tmp_path: Path) -> None:
    file = tmp_path / "gateways.csv"
    file.write_text("gateway_name;enterprise_number;password\nNew 1;17;canary\nNew 2;99;\n", encoding="utf-8-sig")
    dry = lineman("gateways", "import", str(file), "--dry-run")
    assert (dry.exit_code, "1 would be added" in dry.stdout, "canary" in dry.output) == (2, True, False)
    done = lineman("gateways", "import", str(file))
    assert (done.exit_code, "there is no enterprise 99" in done.stdout) == (2, True)
    out = tmp_path / "out.csv"
    assert lineman("gateways", "export", "-o", str(out), "--enterprise", "17").exit_code == 0
    assert lineman("gateways", "export", "-o", "-", "--enterprise", "17").stdout == out.read_text("utf-8")
    assert "canary" not in out.read_text("utf-8")
    again = told(lineman, "gateways", "import", str(out), "--update")
    assert (again["same"], again["failed"]) == (3, 0)
    assert len(json.loads(lineman("gateways", "export", "--format", "json").stdout)) == 4


def test_directories_are_kept_and_tried(lineman: Lineman, town: SimulatedGatewayTown) -> None:
    port = str(town.radmin.port)
    calls: list[tuple[list[str], int, str]] = [
        (["list"], 0, "mftp"),
        (["test", "mftp"], 0, "mftp: 3 on the list, 3 with a port"),
        (["add", "hub", "localhost", "--port", port, "--username", "admin"], 0, "directory 1 added: hub at loc"),
        (["test", "hub"], 6, "lineman: The remote administration server does not take the login."),
        (["change", "hub", "--port", "1"], 0, "directory 1 changed"),
        (["change", "0", "--port", "1"], 5, "MFTP_HOST"),
        (["change", "hub"], 2, "nothing to change"),
        (["show", "1"], 0, "hub"),
        (["show", "nowhere"], 4, "no directory is called 'nowhere'"),
        (["remove", "hub", "-y"], 0, "directory 1 removed"),
    ]  # fmt: skip
    for argv, code, text in calls:
        shown = lineman("gateways", "directories", *argv)
        assert (shown.exit_code, text in shown.output) == (code, True), (argv, shown.exit_code, shown.output)


def test_names_are_completed_where_no_shell_cuts_them(
    lineman: Lineman, town: SimulatedGatewayTown, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "LINEMAN_DATABASE", database)

    def words(args: list[str], incomplete: str) -> list[str]:
        found = ShellComplete(cli, {}, "lineman", "_LINEMAN_COMPLETE").get_completions(args, incomplete)
        return [item.value for item in found]

    assert words(["gateways", "show"], "Vo") == ["Vochi-Main"]
    assert words(["gateways", "show"], "") == ["Vochi-Main"]
    assert words(["gateways", "list", "--enterprise"], "1") == ["17"]
    assert words(["gateways", "directories", "test"], "m") == ["mftp"]
    assert "restart-line" in words(["gateways"], "re")


def test_a_signal_is_shown_as_bars_only_to_those_who_look(monkeypatch: pytest.MonkeyPatch) -> None:
    assert gateways_shown.signal({"rssi": 17}) == "17"
    monkeypatch.setattr(gateways_shown, "terminal", lambda: True)
    assert [gateways_shown.signal({"rssi": rssi}) for rssi in (0, 3, 10, 17, 31)] == [
        "      0", "▂     3", "▂▄   10", "▂▄▆  17", "▂▄▆█ 31",
    ]  # fmt: skip
    assert gateways_shown.signal({"rssi": None}) is None


def test_the_course_of_a_line_leaves_a_gap_where_no_scan_was_and_always_has_the_same_scale(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "28")
    start = datetime(2026, 11, 24, tzinfo=UTC)
    seen = {"rssi": 31, "rssi_min": 31, "rssi_max": 31, "gsm_ratio": 1.0, "voip_ratio": 0.0, "busy_ratio": None}
    points = [{"at": (start + timedelta(hours=hour)).isoformat(), **seen} for hour in (*range(6), *range(12, 24))]
    span = {"since": start.isoformat(), "until": (start + timedelta(days=1)).isoformat()}
    gateways_shown.show_course("GW", {"line": 1, "level": "1h", "points": points, **span})
    assert capsys.readouterr().out.splitlines()[1:] == [
        "signal: 31 to 31 of 31, last 31", "█" * 6 + " " * 6 + "█" * 12,
        "in the network: 100.0 % of the time", "█" * 6 + " " * 6 + "█" * 12,
        "by VoIP: 0.0 % of the time", "▁" * 6 + " " * 6 + "▁" * 12,
    ]  # fmt: skip


def test_a_terminal_too_narrow_for_the_sentence_has_the_reason_in_a_word() -> None:
    device = {
        "gateway_name": "Branch-001", "enterprise_number": "0100", "port_scan_status": "error", "reason": "auth",
        "why": "It does not take the user name and password: " * 4, "rebooting": False, "stale": True, "since": None,
        "lines": dict.fromkeys(("ok", "weak", "down", "busy", "total"), 0),
    }  # fmt: skip
    [cells] = zip(*(column.cells for column in fitting(COLUMNS, [device], 80).columns), strict=True)
    assert [str(cell) for cell in cells][2:4] == ["error, stale", "auth"]
