"""A database that another program had before: its tables are told of, and left alone."""

import csv
import json
import sqlite3
from pathlib import Path

import anyio
import pytest
from click.testing import CliRunner, Result
from structlog.testing import capture_logs

from lineman.adapters.cli.main import cli
from lineman.adapters.db.admin import foreign, status
from lineman.adapters.db.engine import Database
from lineman.service import run
from lineman.settings import Settings

pytestmark = pytest.mark.anyio

OLD = """
create table containers (id integer primary key, name text);
create table miners (id integer primary key, name text, ip_address text, port integer, manufacturer text, model text,
                     container_id integer, is_active boolean);
insert into containers values (1, 'North');
insert into miners values (7, 'rig-7', '10.0.0.7', 4028, 'whatsminer', 'M30S', 1, 1);
insert into miners values (8, 'rig-8', '10.0.0.8', 80, 'Elhapex', null, null, 0);
"""
#: As docs/how-to/operate.md has it.
QUERY = """
select m.name, m.ip_address, m.port, m.manufacturer, m.model, c.name as container, m.is_active
from miners m left join containers c on c.id = m.container_id
"""


async def test_a_database_of_ours_has_no_foreign_tables(database: Database) -> None:
    assert await foreign(database) == []
    await database.run("create table miners (id integer)")
    assert (await status(database)).foreign == ["miners"]


def test_a_start_on_the_database_of_the_service_before_tells_of_it_and_its_miners_can_be_taken_over(
    tmp_path: Path,
) -> None:
    path = tmp_path / "miners_monitoring.db"
    with sqlite3.connect(path) as old:
        old.executescript(OLD)
    url = f"sqlite:///{path}"

    async def served() -> None:
        stop = anyio.Event()
        await run(Settings(database=url, port=0), works=False, stop=stop, ready=lambda _: stop.set())

    with capture_logs() as logs:
        anyio.run(served)
    assert [line["tables"] for line in logs if "another program" in line["event"]] == ["containers, miners"]
    with sqlite3.connect(path) as old:
        found = old.execute(QUERY)
        rows = [[one[0] for one in found.description], *found]
    with (tmp_path / "miners.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)

    def lineman(*argv: str) -> Result:
        return CliRunner().invoke(cli, argv, env={"LINEMAN_DATABASE": url}, prog_name="lineman")

    assert "containers, miners" in lineman("db", "status").output
    assert lineman("containers", "add", "North").exit_code == 0
    taken = lineman("miners", "import", str(tmp_path / "miners.csv"))
    assert taken.exit_code == 0, taken.output
    listed = json.loads(lineman("miners", "list", "--json").stdout)
    assert [(one["name"], one["manufacturer"], one["container_id"], one["is_active"]) for one in listed] == [
        ("rig-7", "Whatsminer", 1, True),
        ("rig-8", "Elphapex", None, False),
    ]
