"""``lineman miners import`` and ``export``: many miners as a table."""

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import click

from ...ports import errors
from .client import Answer, Api, Raw, asks, problem
from .frame import Command
from .miners import filters, query_of
from .output import Column, emit, field, note, show_table

#: Seconds; ten thousand rows take a while.
DEADLINE = 120.0
KINDS = {".csv": "text/csv", ".txt": "text/csv", ".tsv": "text/csv", ".json": "application/json"}


@click.command(cls=Command)
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@click.option("--update", is_flag=True, help="Change miners that are there by address and port.")
@click.option("--encoding", help="Of a CSV that is not UTF-8, such as windows-1251.")
@click.option("--format", "kind", type=click.Choice(["csv", "json"]), help="Without it, by the name of the file.")
@asks
async def import_(
    api: Api, file: IO[bytes], dry_run: bool, update: bool, encoding: str | None, kind: str | None
) -> None:
    """Add miners from FILE (- for stdin), a CSV with a header or a JSON array.

    Columns: name, ip_address, port, web_port, api3_port, manufacturer, model,
    container, row, shelf, slot, tags, group, is_active, username, password.
    Broken rows do not stop the rest; the exit code is 2 if there were any.
    """
    content = file.read()
    media = media_of(str(getattr(file, "name", "-")), content, kind, encoding)
    answer = await api.post(
        "/api/miners/import", Raw(content, media), query={"dry_run": dry_run, "update": update}, deadline=DEADLINE
    )
    emit(answer, _show)
    if answer.value["failed"]:
        raise click.exceptions.Exit(2)


def media_of(name: str, content: bytes, kind: str | None = None, encoding: str | None = None) -> str:
    """The media type of a table: what is said (``csv``, ``json``), else by the file's name, else by how it begins."""
    found = KINDS.get(f".{kind}" if kind else Path(name).suffix.lower())
    media = found or ("application/json" if content.lstrip()[:1] in (b"[", b"{") else "text/csv")
    return f"{media}; charset={encoding}" if encoding and media == "text/csv" else media


COLUMNS = (
    field("Row", "row", right=True),
    field("Name", "name"),
    field("Result", "status"),
    Column(
        "Why", lambda row: "; ".join(": ".join(filter(None, (one["field"], one["message"]))) for one in row["errors"])
    ),
)


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
    """Write all miners that the options choose as CSV or JSON; --limit and --offset do not count.

    Passwords are left out. What import reads comes first.
    """
    query = await query_of(api, chosen)
    answer = await api.ask(
        "GET", "/api/miners/export", query={**query, "format": kind, "excel": excel}, deadline=DEADLINE
    )
    if answer.status >= 300:
        raise problem(answer)
    written(answer, output)


def written(answer: Answer, output: Path | None) -> None:
    """Print an answer as it came, or write it to a file."""
    if output is None:
        click.echo(answer.body, nl=False)
        return
    try:
        output.write_bytes(answer.body)
    except OSError as error:
        raise errors.Invalid(f"{output} cannot be written: {error.strerror}", field="output") from error
    note(f"written to {output}")
