"""The command line for whole sites: grids and groups, tables in and out, the same done to many, and discovery."""

# ruff: noqa: F811  pytest finds fixtures by the names that are imported

import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal

from lineman.adapters.devices.simulators.miners import Knobs, SimulatedFarm

from .test_cli import Lineman, database, lineman, portal, serving  # noqa: F401  fixtures

TABLE = "name;ip;maker;container;row;shelf;slot\nrig 1;10.0.0.1;Avalon;North;1;1;1\nrig 2;10.0.0.2;Canon;;;;\n"


def test_a_container_gets_a_grid_and_shows_who_stands_where(lineman: Lineman) -> None:
    assert lineman("containers", "add", "North").exit_code == 0
    assert "rows, shelves" in lineman("containers", "change", "North", "--grid", "4x6").output
    assert "changed: North" in lineman("containers", "change", "North", "--grid", "4x6x12").output
    assert "4 x 6 x 12" in lineman("containers", "list").output
    added = lineman(
        "miners", "add", "10.0.0.1", "--maker", "avalon", "--container", "North", "--row", "4", "--shelf", "6",
        "--slot", "12", "--tag", "Old", "--tag", "b",
    )  # fmt: skip
    assert added.exit_code == 0, added.output
    assert lineman("miners", "change", "1", "--slot", "13").exit_code == 2
    shown = lineman("containers", "map", "North").output
    assert "4-6-12" in shown
    assert "1 of 288 places taken" in shown
    assert lineman("miners", "add", "10.0.0.2", "--maker", "avalon", "--name", "b", "--container", "1").exit_code == 0
    assert lineman("containers", "place", "North", "1=4-6-13").exit_code == 2
    assert "not like rig-1=1-2-3" in lineman("containers", "place", "North", "1=4-6").output
    placed = json.loads(lineman("containers", "place", "North", "b=4-6-12", "1=1-1-1", "--json").output)
    assert [(cell["miner_id"], cell["row"]) for cell in placed["cells"]] == [(1, 1), (2, 4)]
    assert "arranged: b=none" in lineman("containers", "place", "North", "b=none").output
    assert "old" in lineman("miners", "tags").output
    assert [one["id"] for one in json.loads(lineman("miners", "list", "--tag", "old", "--json").output)] == [1]
    assert json.loads(lineman("miners", "change", "1", "--no-place", "--no-tags", "--json").output)["row"] is None


def test_a_group_keeps_a_login_for_miners_and_shows_no_password(lineman: Lineman) -> None:
    added = lineman("miners", "groups", "add", "hall", "--username", "root", "--password-stdin", stdin="canary\n")
    assert (added.exit_code, "canary" in added.output) == (0, False)
    assert lineman("miners", "add", "10.0.0.1", "--maker", "avalon", "--group", "Hall").exit_code == 0
    (group,) = json.loads(lineman("miners", "groups", "list", "--json").output)
    assert (group["username"], group["has_password"], group["miners"]) == ("root", True, 1)
    assert lineman("miners", "groups", "remove", "hall", "-y").exit_code == 5
    assert lineman("miners", "change", "1", "--no-group").exit_code == 0
    assert lineman("miners", "groups", "remove", "hall", "-y").exit_code == 0
    assert lineman("miners", "list", "--group", "hall").exit_code == 4


def test_a_table_is_tried_imported_and_exported_and_broken_rows_are_told(lineman: Lineman, tmp_path: Path) -> None:
    lineman("containers", "add", "North")
    lineman("containers", "change", "North", "--grid", "1x1x1")
    file = tmp_path / "rigs.csv"
    file.write_bytes(TABLE.encode("utf-8-sig"))
    dry = lineman("miners", "import", str(file), "--dry-run")
    assert (dry.exit_code, "1 would be added" in dry.output) == (2, True)
    done = lineman("miners", "import", "-", stdin=TABLE)
    assert (done.exit_code, "manufacturer: 'Canon'" in done.output) == (2, True)
    out = tmp_path / "out.csv"
    assert lineman("miners", "export", "-o", str(out), "--limit", "1").exit_code == 0
    again = lineman("miners", "import", str(out), "--update", "--json")
    assert (again.exit_code, json.loads(again.output)["same"]) == (0, 1)
    assert json.loads(lineman("miners", "export", "--format", "json").output)[0]["container"] == "North"
    assert lineman("miners", "import", str(tmp_path / "none.csv")).exit_code == 2
    file.write_bytes("name;ip\nЮг;10.0.0.7\n".encode("cp1251"))  # noqa: RUF001  Cyrillic on purpose
    assert "windows-1251" in lineman("miners", "import", str(file)).output
    encoded = lineman("miners", "import", str(file), "--encoding", "windows-1251", "--dry-run", "--json")
    assert json.loads(encoded.output)["rows"][0]["errors"][0]["field"] == "manufacturer"


def test_the_same_is_done_to_many_and_who_fails_is_told(lineman: Lineman) -> None:
    rows = [{"ip_address": f"10.0.0.{n}", "manufacturer": "avalon"} for n in range(1, 4)]
    assert lineman("miners", "import", "-", stdin=json.dumps(rows)).exit_code == 0
    lineman("containers", "add", "North")
    assert "2 done" in lineman("miners", "bulk", "move", "1", "2", "--to-container", "North").output
    tagged = lineman("miners", "bulk", "tag", "--container", "North", "--set-tag", "x", "--json")
    assert [row["miner_id"] for row in json.loads(tagged.output)["rows"]] == [1, 2]
    assert lineman("miners", "bulk", "tag", "--all").exit_code == 2
    assert lineman("miners", "bulk", "deactivate").exit_code == 2
    assert lineman("miners", "bulk", "remove", "--all", stdin="n\n").exit_code == 1
    assert lineman("miners", "bulk", "remove", "--tag", "x", "-y").exit_code == 0
    assert [one["id"] for one in json.loads(lineman("miners", "list", "--json").output)] == [3]


@pytest.mark.parametrize("running", [None, True, False], ids=["alone", "service-works", "service-without-work"])
def test_miners_are_found_and_accepted_whoever_works(
    lineman: Lineman, portal: BlockingPortal, database: str, running: bool | None
) -> None:
    with portal.wrap_async_context_manager(SimulatedFarm({"m30s": 1, "s21": 1, "a1346": 1}, 3, seed=5)) as farm:
        subnet = farm.miners[0].host.rpartition(".")[0]
        ports = ("--port", str(farm.miners[0].port), "--web-port", str(farm.miners[0].web_port))

        def search() -> None:
            found = lineman("miners", "discover", f"{subnet}.1-20", *ports, "--json")
            assert found.exit_code == 0, found.output
            job = json.loads(found.stdout)
            assert (job["status"], job["new"], job["addresses"]) == ("done", 3, 20)
            assert lineman("containers", "add", "North").exit_code == 0
            some = lineman("miners", "accept", "1", farm.miners[0].host, "--container", "North")
            assert "1 added, 0 moved" in some.output
            rest = lineman("miners", "discover", f"{subnet}.1-20", *ports, "--accept")
            assert "2 added, 0 moved, 0 changed, 0 deactivated" in rest.output
            listed = lineman("miners", "discoveries").output
            assert listed.count("done") == 2

        if running is None:
            search()
        else:
            with serving(portal, database, works=running):
                search()
        assert farm.overlaps == 0
    assert lineman("miners", "discover", "10.0.0.0/8").exit_code == 2


def test_a_search_that_was_killed_is_taken_up_by_the_next_command(
    lineman: Lineman, portal: BlockingPortal, database: str
) -> None:
    with portal.wrap_async_context_manager(SimulatedFarm({"m30s": 1}, 4, knobs=Knobs(mute=True))) as farm:
        first = farm.miners[0]
        command = [
            sys.executable, "-m", "lineman", "miners", "discover", f"{first.host.rpartition('.')[0]}.1-20",
            "--port", str(first.port),
        ]  # fmt: skip
        searching = subprocess.Popen(command, env=os.environ | {"LINEMAN_DATABASE": database})
        try:
            ends = time.monotonic() + 60
            while '"running"' not in lineman("miners", "discoveries", "--json").output:
                assert time.monotonic() < ends, "it never began"
                time.sleep(0.05)
        finally:
            searching.kill()
            searching.wait(10)
        for place in range(4):
            farm.set(place, mute=False)
        # Its lease would run out after a while; then the next one does both.
        with sqlite3.connect(database.removeprefix("sqlite:///")) as db:
            db.execute("update lease set expires_at = 0")
        db.close()
        assert lineman("miners", "discover", "127.0.0.1", "--port", "9", "--json").exit_code == 0
        old = json.loads(lineman("miners", "discoveries", "1", "--json").output)
        assert (old["status"], old["new"], len(old["items"])) == ("done", 4, 4)
