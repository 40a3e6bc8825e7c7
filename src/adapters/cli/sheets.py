"""Tables in and out, for every kind of things: what is sent, and what came of it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, TypeVar

import click

from ...ports import errors
from .client import Answer, Api, Query, Raw, problem
from .output import Column, emit, field, note, show_table

F = TypeVar("F", bound=Callable[..., Any])

FORMAT = click.Choice(["csv", "json"])
#: Where a table is written; - is stdout.
TARGET = click.Path(dir_okay=False, allow_dash=True, path_type=Path)
#: Seconds; ten thousand rows take a while.
DEADLINE = 120.0
KINDS = {".csv": "text/csv", ".txt": "text/csv", ".tsv": "text/csv", ".json": "application/json"}


def _all(*options: Callable[[F], F]) -> Callable[[F], F]:
    def take(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return take


def import_options(change: str) -> Callable[[F], F]:
    """What every import takes; ``change`` says what ``--update`` changes."""
    return _all(
        click.argument("file", type=click.File("rb")),
        click.option("--dry-run", is_flag=True, help="Only tell what would be done."),
        click.option("--update", is_flag=True, help=f"Change {change}."),
        click.option("--encoding", help="Of a CSV that is not UTF-8, such as windows-1251."),
        click.option(
            "--format", "kind", type=click.Choice(["csv", "json"]), help="Without it, by the name of the file."
        ),
    )


def export_options(command: F) -> F:
    """What every export takes beside its filters."""
    return _all(
        click.option("--format", "kind", type=FORMAT, default="csv", show_default=True),
        click.option("--excel", is_flag=True, help="Semicolons and a mark at the start, as Excel likes it."),
        click.option("-o", "--output", type=TARGET, help="A file instead of stdout."),
    )(command)


async def send(
    api: Api, path: str, name: Column, *, file: IO[bytes], dry_run: bool, update: bool, encoding: str | None,
    kind: str | None,
) -> None:  # fmt: skip
    """Send a table and show what came of its rows; broken ones end the command with 2.

    ``name`` is the column by which people know a row.
    """
    content = file.read()
    media = media_of(str(getattr(file, "name", "-")), content, kind, encoding)
    query = {"dry_run": dry_run, "update": update}
    answer = await api.post(path, Raw(content, media), query=query, deadline=DEADLINE)
    emit(answer, lambda report: _show(report, name))
    if answer.value["failed"]:
        raise click.exceptions.Exit(2)


async def fetch(api: Api, path: str, query: Query, *, kind: str, excel: bool, output: Path | None) -> None:
    """Ask for a table, and print it as it came or write it to a file."""
    answer = await api.ask("GET", path, query={**query, "format": kind, "excel": excel}, deadline=DEADLINE)
    if answer.status >= 300:
        raise problem(answer)
    written(answer, output)


def media_of(name: str, content: bytes, kind: str | None = None, encoding: str | None = None) -> str:
    """The media type of a table: what is said (``csv``, ``json``), else by the file's name, else by how it begins."""
    found = KINDS.get(f".{kind}" if kind else Path(name).suffix.lower())
    media = found or ("application/json" if content.lstrip()[:1] in (b"[", b"{") else "text/csv")
    return f"{media}; charset={encoding}" if encoding and media == "text/csv" else media


def written(answer: Answer, output: Path | None) -> None:
    """Print an answer as it came, or write it to a file."""
    if output is None or output == Path("-"):
        click.echo(answer.body, nl=False)
        return
    try:
        output.write_bytes(answer.body)
    except OSError as error:
        raise errors.Invalid(f"{output} cannot be written: {error.strerror}", field="output") from error
    note(f"written to {output}")


def _show(report: Mapping[str, Any], name: Column) -> None:
    columns = (field("Row", "row", right=True), name, field("Result", "status"), Column("Why", _why))
    if wrong := [row for row in report["rows"] if row["status"] == "error"]:
        show_table(columns, wrong)
    would = "would be " if report["dry_run"] else ""
    click.echo(
        f"{report['added']} {would}added, {report['changed']} {would}changed, {report['same']} as they are, "
        f"{report['failed']} broken"
    )


def _why(row: Mapping[str, Any]) -> str:
    return "; ".join(": ".join(filter(None, (one["field"], one["message"]))) for one in row["errors"])
