"""``lineman serve`` and ``lineman demo`` as processes: started, killed, started again."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lineman.core.lease import TERM

BIN = Path(sys.executable).parent / "lineman"
PASSWORD = "correct horse battery staple"
#: Of everything that a process may take to do on a busy machine.
PATIENCE = 60.0


class Town:
    """A database, the processes on it, and some simulated miners."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "lineman.db"
        self.processes: list[subprocess.Popen[str]] = []
        self.clients = contextlib.ExitStack()

    def start(self, *argv: str, **environ: str) -> subprocess.Popen[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("LINEMAN_")}
        settings = {
            "LINEMAN_DATABASE": f"sqlite:///{self.database}",
            "LINEMAN_ADMIN_PASSWORD": PASSWORD,
            "LINEMAN_LOG_LEVEL": "warning",
            "POLLING_INTERVAL": "1",
        }
        process = subprocess.Popen(
            [BIN, *argv], env=clean | settings | environ, cwd=self.folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.processes.append(process)
        return process

    def serve(self, *argv: str) -> tuple[subprocess.Popen[str], httpx.Client]:
        """A running service, and a client that is logged in."""
        process = self.start("serve", "--port", "0", *argv)
        assert process.stderr is not None
        url = None
        for line in process.stderr:
            if found := re.search(r"serves (http://\S+?)/? ", line):
                url = found[1]
                break
        assert url, "the service says where it is"
        client = self.clients.enter_context(httpx.Client(base_url=url, timeout=20))
        answer = client.post("/api/auth/login", json={"username": "admin", "password": PASSWORD})
        client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        return process, client

    def simulate(self, count: int) -> list[dict[str, Any]]:
        from lineman.adapters.cli.demo import free_block

        process = self.start(
            "simulate", "miners", "--json", "--healthy", "--mix", "m30s=1,s9=1", "--count", str(count),
            "--address", free_block(),
        )  # fmt: skip
        assert process.stdout is not None
        return [json.loads(process.stdout.readline()) for _ in range(count)]

    def end(self) -> None:
        self.clients.close()
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.communicate()


@pytest.fixture
def town(tmp_path: Path) -> Generator[Town]:
    town = Town(tmp_path)
    yield town
    town.end()


def until(true: Callable[[], Any], *, within: float = PATIENCE) -> Any:
    """Wait for something to become true; what it became."""
    ends = time.monotonic() + within
    while not (found := true()):
        assert time.monotonic() < ends, "it never came true"
        time.sleep(0.1)
    return found


def polls(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/stats").json()["polling"]
    return found


def test_one_of_two_works_and_the_other_passes_polls_on_until_it_takes_over(town: Town) -> None:
    first, one = town.serve()
    for row in town.simulate(4):
        assert one.post("/miners/api/miners", json=row).status_code == 201
    until(lambda: polls(one)["polls"] >= 8)
    _, two = town.serve()
    assert two.get("/health").json()["lease"]["mine"] is False

    answer = two.post("/miners/api/miners/1/poll")
    assert answer.status_code == 200, answer.text
    assert answer.json()["hash_rate_hs"] > 0
    assert polls(one)["by_hand"] == 1, "who works was asked to poll"
    assert polls(two)["polls"] == 0

    first.send_signal(signal.SIGKILL)
    died = time.monotonic()
    until(lambda: polls(two)["polls"] >= 4)
    assert time.monotonic() - died < TERM.total_seconds() + PATIENCE / 2

    with sqlite3.connect(town.database) as db:
        tables = [name for (name,) in db.execute("select name from sqlite_master where type = 'table'")]
        assert "miner_sample" in tables
        doubled = "select count(*) - count(distinct miner_id || ' ' || at) from miner_sample"
        assert db.execute(doubled).fetchone() == (0,)
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    db.close()


def test_a_polite_end_writes_what_was_polled_and_gives_the_lease_back(town: Town) -> None:
    process, client = town.serve()
    [row] = town.simulate(1)
    client.post("/miners/api/miners", json=row)
    until(lambda: polls(client)["polls"] >= 2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0

    with sqlite3.connect(town.database) as db:
        assert db.execute("select count(*) from miner_sample").fetchone()[0] >= 2
    db.close()
    _, client = town.serve()
    until(lambda: client.get("/health").json()["scheduler"]["working"], within=TERM.total_seconds() / 2)


def test_the_first_password_is_in_a_file_for_its_owner_only(town: Town) -> None:
    process = town.start("serve", "--port", "0", LINEMAN_ADMIN_PASSWORD="")
    file = town.folder / "lineman.db.admin-password"
    until(lambda: file.exists() and file.read_text().strip())
    assert file.stat().st_mode & 0o777 == 0o600
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE)
    assert file.read_text().strip() not in out + err, "it is shown on terminals only"


def test_trusting_local_peers_on_an_open_address_is_refused(town: Town) -> None:
    process = town.start("serve", "--host", "0.0.0.0", "--port", "0", LINEMAN_AUTH="trust-local")
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert "trust-local" in err
    assert "Traceback" not in err


def test_a_port_in_use_is_named(town: Town) -> None:
    _, client = town.serve()
    process = town.start("serve", "--port", str(client.base_url.port))
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 7
    assert str(client.base_url.port) in err


def test_the_demo_says_when_all_have_been_seen_and_ends_at_ctrl_c(town: Town) -> None:
    process = town.start("demo", "--count", "20", "--port", "0")
    assert process.stdout is not None
    word, url, login, password = process.stdout.readline().split()
    assert word == "ready"
    with httpx.Client(base_url=url, timeout=20) as client:
        answer = client.post("/api/auth/login", json={"username": login, "password": password})
        client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        found = client.get("/miners/api/miners").json()
    assert len(found) == 20
    assert {miner["manufacturer"] for miner in found} == {"Whatsminer", "AntMiner", "Avalon", "Elphapex"}
    assert all(miner["last_seen"] for miner in found)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
