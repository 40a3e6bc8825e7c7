"""The command line over the real house: what it prints, how it ends, and that a running service says the same."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
import structlog
from anyio.from_thread import BlockingPortal, start_blocking_portal
from click.testing import CliRunner, Result

from lineman.adapters.cli.main import cli
from lineman.adapters.devices.simulators.miners import SimulatedFarm, SimulatedMiner
from lineman.service import run
from lineman.settings import Settings

Lineman = Callable[..., Result]
#: Of everything that may take its time on a busy machine.
PATIENCE = 60.0
#: Fields that tell of the moment of asking.
MOMENTARY = {"reading_age_s", "last_share_age_s", "last_used_at", "at", "since", "until"}


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/lineman.db"


@pytest.fixture
def lineman(database: str, monkeypatch: pytest.MonkeyPatch) -> Generator[Lineman]:
    """Call the command in this process, over a database of this test's own."""
    for name in os.environ:
        if name.startswith("LINEMAN_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr("lineman.adapters.logs.configure", lambda *args: None)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))

    def call(*argv: str, stdin: str | None = None, **environ: str) -> Result:
        result = CliRunner().invoke(
            cli, argv, input=stdin, env={"LINEMAN_DATABASE": database, **environ}, prog_name="lineman"
        )
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    yield call
    structlog.reset_defaults()


@pytest.fixture
def portal() -> Generator[BlockingPortal]:
    with start_blocking_portal() as found:
        yield found


@contextmanager
def serving(portal: BlockingPortal, database: str, *, works: bool, **settings: Any) -> Iterator[str]:
    """A running service; its address."""
    stop, ready, urls = portal.call(anyio.Event), threading.Event(), list[str]()

    def tell(url: str) -> None:
        urls.append(url)
        ready.set()

    async def serve() -> None:
        await run(Settings(database=database, port=0, **settings), works=works, stop=stop, ready=tell)

    served = portal.start_task_soon(serve)
    assert ready.wait(PATIENCE)
    try:
        yield urls[0]
    finally:
        portal.call(stop.set)
        served.result(PATIENCE)


@pytest.fixture
def farm(portal: BlockingPortal) -> Generator[SimulatedFarm]:
    with portal.wrap_async_context_manager(SimulatedFarm({"s9": 1, "m30s": 1}, 2, started_at=1.8e9)) as found:
        yield found


def settle(lineman: Lineman, *miners: SimulatedMiner) -> None:
    """Tell the house of miners, in a container."""
    assert lineman("containers", "add", "North", "--location", "Yard 1").exit_code == 0
    for miner in miners:
        added = lineman(
            "miners", "add", f"{miner.host}:{miner.port}", "--maker", miner.maker.lower(), "--container", "north",
            "--name", f"m-{miner.index}", "--web-port", str(miner.web_port), "--api3-port", str(miner.api3_port),
        )  # fmt: skip
        assert added.exit_code == 0, added.stderr


def timeless(text: str) -> Any:
    def without(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: without(one) for name, one in value.items() if name not in MOMENTARY or value.get("level")}
        return [without(one) for one in value] if isinstance(value, list) else value

    value = without(json.loads(text))
    if isinstance(value, dict) and "points" in value:
        value = {name: one for name, one in value.items() if name not in MOMENTARY}
    return value


def test_a_container_and_its_miners_are_kept_shown_and_removed(lineman: Lineman) -> None:
    calls: list[tuple[list[str], int, str]] = [
        (["containers", "add", "North", "--location", "Yard 1"], 0, "container 1 added: North\n"),
        (["containers", "add", "North"], 5, "lineman: A container of this name exists already."),
        (["containers", "show", "NORTH"], 0, "location     Yard 1\n"),
        (["miners", "add", "10.0.0.5", "--maker", "elhapex", "--container", "north"], 0, "10.0.0.5 at 10.0.0.5:80\n"),
        (["miners", "add", "10.0.0.5:80", "--maker", "avalon"], 5, "lineman: A miner of this address and port exists"),
        (["miners", "add", "10.0.0.6:70000", "--maker", "avalon"], 2, "70000"),
        (["miners", "add", "10.0.0.6", "--maker", "acme"], 2, "manufacturer: 'acme' is none of Whatsminer"),
        (["miners", "add", "10.0.0.6:1", "--port", "2", "--maker", "avalon"], 2, "give one"),
        (["miners", "add", "10.0.0.6", "--maker", "avalon", "--container", "South"], 4, "is called 'South'"),
        (["miners", "list", "--container", "1"], 0, "Elphapex"),
        (["miners", "list", "--sort=-temperature", "--inactive"], 0, "ID  Name"),
        (["miners", "list", "--limit", "0"], 2, "0 is not in the range"),
        (["miners", "change", "10.0.0.5", "--name", "first", "--no-container", "--inactive"], 0, "1 changed: first"),
        (["miners", "show", "FIRST"], 0, "polled           no\n"),
        (["miners", "stats", "first"], 0, "Time"),
        (["miners", "stats", "99"], 4, "lineman: There is no such miner."),
        (["miners", "remove", "first"], 1, "Aborted!"),
        (["miners", "remove", "first", "--yes"], 0, "miner 1 removed: first at 10.0.0.5:80\n"),
        (["containers", "stats", "North"], 0, "North now\n"),
        (["overview"], 0, "everything now\nminers        0\n"),
        (["containers", "remove", "1", "-y"], 0, "container 1 removed: North\n"),
        (["journal", "--action", "miners.remove"], 0, "miners.remove  miner 1"),
        (["health"], 0, " ok\n"),
    ]  # fmt: skip
    for argv, code, text in calls:
        shown = lineman(*argv)
        assert (shown.exit_code, text in shown.output) == (code, True), (argv, shown.exit_code, shown.output)


def test_users_and_tokens_are_kept_and_their_secrets_are_shown_once_or_never(lineman: Lineman) -> None:
    secret, other = "canary-of-anna", "canary-of-berta"
    settle(lineman)
    asked = lineman("users", "add", "anna", "--role", "operator", stdin=f"{secret}\n{secret}\n")
    given = lineman(
        "users", "add", "berta", "--role", "client", "--container", "north", "--password-stdin", stdin=f"{other}\n"
    )
    assert (asked.exit_code, given.exit_code) == (0, 0), asked.output + given.output
    made = lineman("token", "create", "--name", "ci", "--role", "client", "--container", "north", "--expires", "90d")
    key = made.stdout.strip()
    assert (made.stdout, key[:3]) == (f"{key}\n", "lm_")
    calls: list[tuple[list[str], str | None, int, str]] = [
        (["users", "list"], None, 0, "berta  client    yes"),
        (["users", "add", "Anna", "--role", "client", "--password-stdin"], f"{secret}\n", 5, "exists already"),
        (["users", "add", "c", "--role", "client", "--password-stdin"], "short\n", 2, "password"),
        (["users", "change", "berta", "--no-containers", "--inactive"], None, 0, "user 2 changed: berta\n"),
        (["users", "show", "2"], None, 0, "active       no\n"),
        (["users", "change", "2"], None, 2, "give at least one option"),
        (["users", "password", "anna"], f"{other}\n{other}\n", 0, "password of user 1 set: anna\n"),
        (["users", "remove", "berta"], "y\n", 0, "user 2 removed: berta\n"),
        (["users", "show", "berta"], None, 4, "no user is called 'berta'"),
        (["token", "list"], None, 0, "ci    client  1"),
        (["token", "create", "--name", "x", "--role", "client", "--expires", "1999-01-01"], None, 2, "expires"),
        (["token", "revoke", "1", "--yes"], None, 0, "token 1 revoked\n"),
        (["journal"], None, 0, "anna"),
        (["settings"], None, 0, "set"),
    ]  # fmt: skip
    for argv, stdin, code, text in calls:
        shown = lineman(*argv, stdin=stdin, LINEMAN_TOKEN=key if argv == ["settings"] else "")
        assert (shown.exit_code, text in shown.output) == (code, True), (argv, shown.exit_code, shown.output)
        assert not any(canary in shown.output for canary in (secret, other, key)), argv


def test_a_token_narrows_what_the_local_command_line_may_do(lineman: Lineman) -> None:
    settle(lineman)
    lineman("miners", "add", "10.0.0.5", "--maker", "avalon", "--name", "inside", "--container", "north")
    lineman("miners", "add", "10.0.0.6", "--maker", "avalon", "--name", "outside")
    made = lineman("token", "create", "--name", "t", "--role", "client", "--container", "1", "--expires", "never")
    token = {"LINEMAN_TOKEN": made.stdout.strip()}
    assert [one["name"] for one in json.loads(lineman("miners", "list", "--json", **token).stdout)] == ["inside"]
    assert lineman("miners", "remove", "inside", "-y", **token).exit_code == 3
    assert lineman("miners", "show", "outside", **token).exit_code == 4
    refused = lineman("miners", "list", "--token", "lm_nonsense")
    assert (refused.exit_code, refused.stderr[:25]) == (3, "lineman: Log in first. (T"), refused.stderr


def test_miners_are_polled_shown_and_charted(lineman: Lineman, farm: SimulatedFarm) -> None:
    settle(lineman, *farm.miners)
    farm.miners[1].turn(refuse=True)
    one = lineman("miners", "poll", "m-0")
    assert (one.exit_code, "hash rate unit     TH/s" in one.stdout) == (0, True), one.output
    missed = lineman("miners", "poll", "m-1", "--json")
    assert (missed.exit_code, missed.stdout, "refuses the connection" in missed.stderr) == (6, "", True)
    several = lineman("miners", "poll", "m-1", "--container", "north", "--json")
    told = {line["miner_id"]: line for line in map(json.loads, several.stdout.splitlines())}
    assert (several.exit_code, told[1]["hash_rate_unit"], told[2]["code"]) == (6, "TH/s", "refusing")
    shown = lineman("miners", "show", f"{farm.miners[0].host}")
    assert all(word in shown.stdout for word in ("online", "Boards", "Pools", "Chip °C", "of nominal")), shown.stdout
    known = json.loads(lineman("miners", "show", "m-0", "--json").stdout)
    assert known["model"] is None, "nobody wrote one down"
    assert known["reported_model"] in lineman("miners", "list").stdout
    history = json.loads(lineman("miners", "stats", "m-1", "--json").stdout)
    assert [row["error"] for row in history] == ["refusing", "refusing"]
    chart = lineman("miners", "stats", "m-0", "--chart", "--level", "raw").stdout
    assert "hash rate: " in chart
    assert "TH/s\n▁" in chart
    assert "1 online" in lineman("overview").stdout


def test_watch_polls_itself_while_no_service_does(lineman: Lineman, farm: SimulatedFarm) -> None:
    settle(lineman, *farm.miners)
    seen = lineman("miners", "watch", "--once", "--json", "--sort", "name")
    assert [one["availability"] for one in json.loads(seen.stdout)] == ["online", "online"], seen.output
    assert seen.stdout.count("\n") == 1
    assert "poll" not in lineman("journal").stdout


@pytest.fixture
def heard() -> Iterator[None]:
    """Let commands that are started here hear Ctrl-C: what a script runs in its background is deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(("told", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.usefixtures("heard")
def test_watch_ends_cleanly_when_told_to_and_gives_the_lease_back(
    lineman: Lineman, farm: SimulatedFarm, database: str, told: signal.Signals, code: int
) -> None:
    settle(lineman, *farm.miners)
    with subprocess.Popen(
        [sys.executable, "-m", "lineman", "miners", "watch", "--json", "-n", "0.5"],
        env={**os.environ, "LINEMAN_DATABASE": database}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first, process.communicate(timeout=PATIENCE)
        assert len(json.loads(first)) == 2
        held = json.loads(lineman("health", "--json").stdout)["lease"]
        process.send_signal(told)
        _, stderr = process.communicate(timeout=PATIENCE)
    assert (process.returncode, stderr.strip(), held["mine"]) == (code, "", False)
    assert json.loads(lineman("health", "--json").stdout)["lease"] is None


def test_a_poll_is_passed_on_to_the_service_that_works(
    lineman: Lineman, farm: SimulatedFarm, portal: BlockingPortal, database: str
) -> None:
    settle(lineman, *farm.miners)
    with serving(portal, database, works=True) as url:
        # It answers a moment before it works.
        ends = time.monotonic() + PATIENCE
        while not (lease := json.loads(lineman("health", "--json", "--url", url).stdout)["lease"]):
            assert time.monotonic() < ends
            time.sleep(0.05)
        assert lease["mine"] is True
        polled = lineman("miners", "poll", "--all", "--json")
        assert (polled.exit_code, len(polled.stdout.splitlines())) == (0, 2), polled.output
    assert all(miner.overlaps == 0 for miner in farm.miners)
    assert [one["actor"] for one in json.loads(lineman("journal", "--action", "miners.poll", "--json").stdout)] == [
        "cli"
    ] * 2


READING = (
    "miners list", "miners list --search m-1 --sort=-hash_rate_hs", "miners show 1", "miners show m-1",
    "miners stats m-0 --hours 2", "miners stats 1 --chart --level raw", "containers list", "containers show north",
    "containers stats 1", "overview", "users list", "token list", "journal --limit 3",
)  # fmt: skip
FAILING = (
    "miners show 99", "miners poll 2", "miners add 10.0.0.5 --maker acme", "containers add North",
    "containers remove north -y", "miners list --maker acme",
)  # fmt: skip


def test_a_running_service_says_what_this_process_says(
    lineman: Lineman, farm: SimulatedFarm, portal: BlockingPortal, database: str
) -> None:
    settle(lineman, *farm.miners)
    farm.miners[1].turn(refuse=True)
    lineman("miners", "poll", "--all")
    key = lineman("token", "create", "--name", "t", "--role", "admin", "--expires", "1h").stdout.strip()
    with serving(portal, database, works=False) as url:
        for command in READING:
            # Between the two a slot of five minutes or an hour may end: then they are asked again.
            for _ in range(2):
                here, there = (
                    lineman(*command.split(), "--json", *where) for where in ([], ["--url", url, "--token", key])
                )
                assert (here.exit_code, there.exit_code) == (0, 0), (command, here.output, there.output)
                if timeless(here.stdout) == timeless(there.stdout):
                    break
            assert timeless(here.stdout) == timeless(there.stdout), command
        for command in FAILING:
            here, there = (lineman(*command.split(), *where) for where in ([], ["--url", url, "--token", key]))
            assert (here.exit_code, here.stdout, here.stderr) == (there.exit_code, there.stdout, there.stderr), command
            assert here.exit_code in {2, 4, 5, 6}, command
        assert lineman("miners", "list", "--url", url).exit_code == 3
        assert lineman("miners", "list", "--url", url, "--token", "lm_wrong").exit_code == 3
        assert lineman("miners", "list", "--url", f"{url}/miners", "--token", key, "--json").exit_code == 0
        polled = lineman("miners", "poll", "m-0", "--url", url, "--token", key)
        assert polled.exit_code == 0, polled.output
    gone = lineman("miners", "list", "--url", url, "--token", key)
    assert (gone.exit_code, "is lineman serve running there?" in gone.stderr) == (7, True), gone.stderr


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("lineman mi", {"miners"}),
        ("lineman miners show f", {"first"}),
        ("lineman miners show 2", {"2"}),
        ("lineman miners list --container N", {"North"}),
        ("lineman miners list --maker a", {"AntMiner", "Avalon"}),
        ("lineman miners list --database sqlite:///none/such.db --container N", set()),
    ],
)
def test_the_shell_completes_commands_and_names(lineman: Lineman, words: str, offered: set[str]) -> None:
    settle(lineman)
    lineman("miners", "add", "10.0.0.5", "--maker", "avalon", "--name", "first")
    lineman("miners", "add", "10.0.0.6", "--maker", "avalon", "--name", "two words")
    position = str(len(words.split()) - 1)
    shown = lineman(_LINEMAN_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=position)
    assert {line.removeprefix("plain,") for line in shown.stdout.splitlines() if line} == offered, shown.output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(lineman: Lineman, shell: str) -> None:
    shown = lineman("completion", shell)
    assert (shown.exit_code, f"_LINEMAN_COMPLETE={shell}_complete" in shown.stdout) == (0, True)
