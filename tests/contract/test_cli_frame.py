"""The command line's frame: quick help, options on either side, one line an error, an exit code a kind."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from lineman.adapters.cli import client, figures, output
from lineman.adapters.cli.errors import exit_code, line
from lineman.adapters.cli.frame import Root
from lineman.adapters.cli.main import COMMANDS, cli
from lineman.adapters.http.told import NotLineman
from lineman.ports import errors
from lineman.ports.miners import ContainerInUse, TimedOut

HEAVY = ("starlette", "psycopg", "httpx", "msgspec", "rich", "structlog", "uvicorn", "dependency_injector")


def run(*argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lineman", *argv],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["miners", "--help"], ["settings"]])
def test_what_asks_nobody_loads_no_heavy_library(argv: list[str]) -> None:
    heavy = HEAVY if argv != ["settings"] else tuple(name for name in HEAVY if name != "rich")
    script = (
        "import sys\nfrom lineman.adapters.cli.main import cli\n"
        f"cli.main({argv!r}, prog_name='lineman', standalone_mode=False)\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr.strip() == "[]"


def test_every_command_of_the_table_loads_and_says_in_its_help_what_it_does() -> None:
    runner = CliRunner()
    for name in COMMANDS:
        shown = runner.invoke(cli, [name, "--help"])
        assert shown.exit_code == 0, (name, shown.output)
        assert "Options of every command" in shown.output
    assert all(name in runner.invoke(cli, ["--help"]).output for name in COMMANDS)


def test_the_module_is_the_command() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout.split()[0]) == (0, "lineman")


@pytest.mark.parametrize("argv", [["--json", "settings"], ["settings", "--json"]])
def test_shared_options_stand_before_or_after_the_command(argv: list[str]) -> None:
    shown = CliRunner().invoke(cli, [*argv, "--database", "sqlite:///there.db"])
    values = {one["name"]: one["value"] for one in json.loads(shown.stdout)}
    assert values["database"] == "sqlite:///there.db"


def test_settings_show_no_secret_wherever_it_comes_from() -> None:
    shown = CliRunner().invoke(
        cli,
        ["settings", "--json", "--token", "canary-1"],
        env={
            "LINEMAN_ADMIN_PASSWORD": "canary-2",
            "SECRET_KEY": "canary-3",
            "DATABASE_URL": "postgresql://u:canary-4@h/d",
        },
    )
    values = {one["name"]: one["value"] for one in json.loads(shown.stdout)}
    assert "canary" not in shown.output
    assert (values["token"], values["admin_password"], values["secret_keys"]) == ("set", "set", "set")
    assert values["database"] == "postgresql://u:***@h/d"


@pytest.mark.parametrize(
    ("argv", "environ", "words"),
    [
        (["settings"], {"LINEMAN_PORT": "http"}, "LINEMAN_PORT: 'http' is not a value of type int"),
        (["miners", "list", "--url", "http://h", "--database", "sqlite:///x"], {}, "exclude each other"),
        (["miners", "change", "1"], {}, "give at least one option"),
        (["miners", "poll"], {}, "--all"),
        (["token", "create", "--name", "ci", "--role", "operator", "--expires", "soon"], {}, "neither 12h"),
        (["miners", "frobnicate"], {}, "No such command"),
    ],
)
def test_wrong_use_exits_with_2_and_says_what_is_wrong(
    argv: list[str], environ: dict[str, str], words: str, tmp_path: Path
) -> None:
    database = {"LINEMAN_DATABASE": f"sqlite:///{tmp_path}/lineman.db"}
    shown = CliRunner().invoke(cli, argv, env={**database, **environ})
    assert (shown.exit_code, words in shown.stderr) == (2, True), shown.output


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (errors.Invalid("70000 is no port", field="port"), 2, "lineman: The request is not valid. (70000 is no port)"),
        (
            errors.Invalid("two fields", errors=(errors.FieldError("name", "is missing"),)),
            2,
            "lineman: The request is not valid. (two fields)\n  name: is missing",
        ),
        (errors.NotAllowed("no"), 3, "lineman: This is not allowed to you. (no)"),
        (errors.NotFound("17"), 4, "lineman: There is no such thing. (17)"),
        (ContainerInUse("north"), 5, "lineman: There are miners in this container. (north)"),
        (TimedOut("10.0.0.5"), 6, "lineman: The miner did not answer in time. (10.0.0.5)"),
        (errors.Unavailable("later"), 7, "lineman: The service cannot do this now. (later)"),
        (errors.TooLarge(), 2, "lineman: The request is too large."),
        (errors.LinemanError("odd"), 1, "lineman: Something went wrong inside lineman. (odd)"),
    ],
)
def test_an_error_is_one_line_and_the_exit_code_of_its_kind(error: errors.LinemanError, code: int, text: str) -> None:
    assert (exit_code(error), line(error)) == (code, text)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (422, 2),
        (401, 3),
        (403, 3),
        (404, 4),
        (409, 5),
        (412, 5),
        (502, 6),
        (504, 6),
        (429, 7),
        (503, 7),
        (413, 2),
        (500, 1),
    ],
)
def test_a_problem_from_the_network_is_told_like_an_error_of_this_process(status: int, code: int) -> None:
    body = {
        "title": "A new title",
        "status": status,
        "detail": "it",
        "code": "leaf",
        "errors": [{"field": "a", "message": "b"}],
    }
    told = client.problem(
        client.Answer(status, {"content-type": "application/problem+json"}, json.dumps(body).encode())
    )
    assert (exit_code(told), told.code) == (code, "leaf")
    assert line(told).startswith("lineman: A new title. (it)")


@pytest.mark.parametrize("body", [b"<html>Bad Gateway</html>", b"[]", b"{", b'{"status": 502}'])
def test_a_strange_answer_is_no_error_of_a_device(body: bytes) -> None:
    told = client.problem(client.Answer(502, {"content-type": "application/problem+json"}, body))
    assert isinstance(told, NotLineman)


def failing(raised: Callable[[], BaseException]) -> click.Group:
    root = Root("lineman")

    @root.command()
    def fail() -> None:
        raise raised()

    return root


@pytest.mark.parametrize(
    ("raised", "code", "stderr"),
    [
        (KeyboardInterrupt, 130, "\n"),
        (lambda: errors.NotFound("x"), 4, "lineman: There is no such thing. (x)\n"),
        (lambda: ExceptionGroup("tasks", [errors.NotFound("x")]), 4, "lineman: There is no such thing. (x)\n"),
        (
            lambda: FileNotFoundError(2, "No such file", "key"),
            1,
            "lineman: The system refuses. ([Errno 2] No such file: 'key')\n",
        ),
    ],
    ids=["ctrl-c", "error", "error-in-a-task", "system"],
)
def test_what_ends_a_command_is_told_without_a_traceback(
    raised: Callable[[], BaseException], code: int, stderr: str
) -> None:
    shown = CliRunner().invoke(failing(raised), ["fail"])
    assert (shown.exit_code, shown.stderr) == (code, stderr)


def test_debug_shows_where_an_error_came_from() -> None:
    shown = CliRunner().invoke(failing(lambda: errors.NotFound("x")), ["fail", "--debug"])
    assert (shown.exit_code, "Traceback" in shown.stderr, "in fail" in shown.stderr) == (4, True, True)


def test_a_closed_pipe_is_no_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "lineman", "settings"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""


def test_a_narrow_terminal_loses_the_sparest_columns_and_never_a_digit() -> None:
    columns = (
        output.field("ID", "id", right=True),
        output.field("Name", "name"),
        output.field("Hash rate", "rate", right=True, spare=1),
        output.field("Fan rpm", "fan", right=True, spare=2),
    )
    rows = [{"id": 1, "name": "north-1", "rate": "98.4 TH/s", "fan": 4200}]
    headers = [[column.header for column in output.fitting(columns, rows, width).columns] for width in (80, 33, 24, 5)]
    assert headers == [
        ["ID", "Name", "Hash rate", "Fan rpm"],
        ["ID", "Name", "Hash rate", "Fan rpm"],
        ["ID", "Name", "Hash rate"],
        ["ID", "Name"],
    ]


def test_text_from_a_device_cannot_steer_the_terminal() -> None:
    assert output.text("a\x1b[2Jb\n") == "a\ufffd[2Jb\ufffd"


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (figures.rate(98.4e12), "98.4 TH/s"),
        (figures.rate(1.2e15), "1.20 PH/s"),
        (figures.rate(420_000, "equihash"), "420 kSol/s"),
        (figures.rate(0), "0 H/s"),
        (figures.scaled(3_412, "W"), "3.41 kW"),
        (figures.rates({"sha256": 2e12, "scrypt": 5e9}), "5 GH/s scrypt, 2 TH/s sha256"),
        (figures.span(119), "119 s"),
        (figures.span(7200), "2 h"),
        (figures.sparkline([0, None, 1, 2], 80), "▁ ▅█"),
        (figures.sparkline([5, 5, 5, 5], 2), "▁▁"),
        (figures.sparkline([None], 9), ""),
        (figures.sparkline([1, 0, None, 1], 9, scale=(0, 1)), "█▁ █"),
    ],
)
def test_figures_are_short_and_right(shown: str | None, text: str) -> None:
    assert shown == text
