"""``lineman units import`` and ``export``: many units as a table."""

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import click

from .client import Api, Raw, asks, problem
from .frame import Command
from .output import Column, emit, field, show_table
from .tables import DEADLINE, media_of, written
from .units import SYSTEM, filters, query_of

COLUMNS = (
    field("Row", "row", right=True),
    field("Number", "enterprise_number"),
    field("Result", "status"),
    Column(
        "Why", lambda row: "; ".join(": ".join(filter(None, (one["field"], one["message"]))) for one in row["errors"])
    ),
)


@click.command(cls=Command)
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@click.option("--update", is_flag=True, help="Change units that are there by number.")
@click.option("--encoding", help="Of a CSV that is not UTF-8, such as windows-1251.")
@click.option("--format", "kind", type=click.Choice(["csv", "json"]), help="Without it, by the name of the file.")
@asks
async def import_(
    api: Api, file: IO[bytes], dry_run: bool, update: bool, encoding: str | None, kind: str | None
) -> None:
    """Add units from FILE (- for stdin), a CSV with a header or a JSON array.

    Columns: enterprise_number, host, port, username, password, key, via,
    parameter_option_2, may_restart_service, parent, host_key,
    failure_threshold, second_opinion, second_port. A parent stands before its
    children, or is there already. Plugs are bound one by one. Broken rows do not
    stop the rest; the exit code is 2 if there were any.
    """
    content = file.read()
    media = media_of(str(getattr(file, "name", "-")), content, kind, encoding)
    query = {"dry_run": dry_run, "update": update}
    answer = await api.of(SYSTEM).post("/import", Raw(content, media), query=query, deadline=DEADLINE)
    emit(answer, _show)
    if answer.value["failed"]:
        raise click.exceptions.Exit(2)


def _show(report: Mapping[str, Any]) -> None:
    if wrong := [row for row in report["rows"] if row["status"] == "error"]:
        show_table(COLUMNS, wrong)
    would = "would be " if report["dry_run"] else ""
    click.echo(
        f"{report['added']} {would}added, {report['changed']} {would}changed, {report['same']} as they are, "
        f"{report['failed']} broken"
    )


@click.command(cls=Command)
@filters
@click.option("--format", "kind", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
@click.option("--excel", is_flag=True, help="Semicolons and a mark at the start, as Excel likes it.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of stdout.")
@asks
async def export(api: Api, kind: str, excel: bool, output: Path | None, **chosen: Any) -> None:
    """Write all units that the options choose as CSV or JSON; --limit and --offset do not count.

    Passwords and keys are left out. What import reads comes first.
    """
    query = {**query_of(chosen), "format": kind, "excel": excel}
    answer = await api.of(SYSTEM).ask("GET", "/export", query=query, deadline=DEADLINE)
    if answer.status >= 300:
        raise problem(answer)
    written(answer, output)
