"""``lineman alerts`` over the real house."""

import json
import os
import threading
from collections.abc import Callable, Generator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from lineman.adapters.cli.main import cli

Lineman = Callable[..., Result]


class _Hook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def hook() -> Generator[str]:
    with HTTPServer(("127.0.0.1", 0), _Hook) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"json://canary-user:canary-pass@127.0.0.1:{server.server_port}/canary"
        server.shutdown()
        thread.join(5)


@pytest.fixture
def lineman(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Lineman]:
    """Call the command in this process, over a database of this test's own."""
    for name in os.environ:
        if name.startswith("LINEMAN_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr("lineman.adapters.logs.configure", lambda *args: None)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))

    def call(*argv: str, stdin: str | None = None) -> Result:
        environ = {"LINEMAN_DATABASE": f"sqlite:///{tmp_path}/lineman.db"}
        return CliRunner().invoke(cli, ["alerts", *argv], input=stdin, env=environ, prog_name="lineman")

    yield call
    structlog.reset_defaults()


def test_a_channel_is_added_tested_and_removed_and_its_url_is_never_said(lineman: Lineman, hook: str) -> None:
    said = [
        lineman("channels", "add", "Duty", "--url-stdin", stdin=f"{hook}\n"),
        lineman("test", "duty"),
        lineman("channels", "list", "--json"),
        lineman("channels", "change", "1", "--inactive"),
        lineman("channels", "add", "Broken", "--url-stdin", stdin="json://canary-user:canary@127.0.0.1:1/\n"),
        lineman("test", "Broken"),
        lineman("channels", "add", "Nonsense", "--url-stdin", stdin="canary\n"),
        lineman("channels", "list"),
        lineman("channels", "remove", "Duty", "--yes"),
        lineman("test", "Duty"),
    ]
    assert [result.exit_code for result in said] == [0, 0, 0, 0, 0, 6, 2, 0, 0, 4]
    assert said[1].output == "channel 1 took the message: Duty\n"
    assert json.loads(said[2].stdout)[0]["last_error"] is None
    assert "connection error" in said[5].output.lower()
    assert "canary" not in "".join(result.output for result in said)


def test_rules_are_added_changed_and_removed_by_name(lineman: Lineman, hook: str) -> None:
    lineman("channels", "add", "Duty", "--url-stdin", stdin=f"{hook}\n")
    added = lineman("rules", "add", "hot-chip", "--name", "Hot", "--threshold", "95", "--channel", "Duty", "--tag", "x")
    assert (added.exit_code, added.output) == (0, "rule 1 added: Hot\n")
    lineman("rules", "change", "hot", "--every-channel", "--everywhere", "--escalate-after", "10", "--inactive")
    [rule] = json.loads(lineman("rules", "list", "--json").stdout)
    assert {
        "threshold": 95.0, "channel_ids": [], "tags": [], "escalate_after_minutes": 10, "is_active": False,
    }.items() <= rule.items()  # fmt: skip
    lineman("rules", "change", "1", "--no-escalation")
    assert json.loads(lineman("rules", "show", "Hot", "--json").stdout)["escalate_after_minutes"] is None
    for later in (("rules", "change", "1"), ("rules", "add", "offline")):
        refused = lineman(*later, "--escalate-to", "Duty")
        assert (refused.exit_code, "--escalate-to needs --escalate-after" in refused.output) == (2, True)
    assert lineman("rules", "change", "1", "--escalate-to", "Duty", "--escalate-after", "5").exit_code == 0
    assert lineman("rules", "change", "1", "--escalate-to", "Duty").exit_code == 0
    assert lineman("rules", "change", "1").exit_code == 2
    assert lineman("rules", "add", "nothing").exit_code == 2
    assert lineman("rules", "remove", "Hot", "-y").output == "rule 1 removed: Hot\n"
    assert lineman("rules", "show", "Hot").exit_code == 4
    assert "hot-chip" in lineman("kinds").output


def test_maintenance_is_announced_prolonged_and_removed(lineman: Lineman) -> None:
    added = lineman("maintenance", "add", "--until", "2h", "--reason", "fans")
    assert added.output.startswith("maintenance 1 announced until ")
    [window] = json.loads(lineman("maintenance", "list", "--json").stdout)
    assert (window["reason"], window["created_by"], window["container_ids"]) == ("fans", "cli", [])
    assert lineman("maintenance", "change", "1", "--until", "2100-01-01T00:00").exit_code == 0
    for wrong in (("--until", "soon"), ("--until", "2000-01-01T00:00")):
        assert lineman("maintenance", "add", *wrong).exit_code == 2
    assert lineman("maintenance", "remove", "1", "--yes").exit_code == 0
    assert lineman("maintenance", "remove", "1", "--yes").exit_code == 4


def test_alerts_that_are_not_there_are_said_to_be_not_there(lineman: Lineman) -> None:
    assert json.loads(lineman("list", "--all", "--json").stdout) == []
    assert lineman("list", "--status", "firing", "--severity", "critical").exit_code == 0
    for command in ("show", "ack"):
        missing = lineman(command, "7")
        assert (missing.exit_code, "no alert 7" in missing.output) == (4, True)


def test_names_of_rules_channels_and_kinds_are_completed(lineman: Lineman, hook: str, tmp_path: Path) -> None:
    lineman("channels", "add", "Duty", "--url-stdin", stdin=f"{hook}\n")
    lineman("rules", "add", "hot-chip", "--name", "Too hot")

    def completed(*said: str) -> list[str]:
        words = " ".join(("lineman", "alerts", *said))
        environ = {"LINEMAN_DATABASE": f"sqlite:///{tmp_path}/lineman.db", "_LINEMAN_COMPLETE": "bash_complete"}
        environ |= {"COMP_WORDS": words, "COMP_CWORD": str(len(said) + 1)}
        result = CliRunner().invoke(cli, [], env=environ, prog_name="lineman", complete_var="_LINEMAN_COMPLETE")
        return [line.partition(",")[2] for line in result.output.splitlines()]

    assert completed("test", "D") == ["Duty"]
    assert completed("rules", "show", "1") == ["1"]
    assert completed("rules", "add", "hot") == ["hot-chip", "hot-board"]
