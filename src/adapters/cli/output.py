"""What commands print: the API's own JSON, or tables that stay plain where nobody looks."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import attrs
import click

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

    from .client import Answer

from .frame import frame

#: What stands for a missing value.
MISSING = "-"
#: Columns of a line that nobody's terminal bounds.
UNBOUNDED = 10_000

COLORS = {
    "online": "green", "mining": "green", "ok": "green", "yes": "green",
    "degraded": "yellow", "stale": "yellow", "starting": "yellow", "stopping": "yellow", "refused": "yellow",
    "offline": "red", "fault": "red", "failed": "red",
    "active": "green", "back": "green", "rebooting": "yellow", "accepted": "yellow", "weak_signal": "yellow",
    "inactive": "red", "error": "red", "module_off": "red", "no_sim": "red", "not_registered": "red",
    "voip_not_registered": "red",
}  # fmt: skip


class Advance(Protocol):
    """Moves a progress bar."""

    def __call__(self, done: int, total: int | None, what: str = ...) -> None: ...


@attrs.frozen
class Column:
    """One column: its header, and what stands in it for a row."""

    header: str
    value: Callable[[Mapping[str, Any]], object]
    #: Numbers stand to the right.
    right: bool = False
    #: On a narrow terminal, columns with the highest figure go first; 0 never goes.
    spare: int = 0


def field(
    header: str, key: str, show: Callable[[Any], str] | None = None, *, right: bool = False, spare: int = 0
) -> Column:
    """A column that shows one field of the answer."""

    def value(row: Mapping[str, Any]) -> object:
        found = row.get(key)
        return found if found is None or show is None else show(found)

    return Column(header, value, right, spare)


def text(value: object) -> str:
    """A value as a cell: missing, yes or no, or itself without control characters."""
    if value is None or value == "":
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in str(value))


def terminal() -> bool:
    """Whether somebody looks at stdout."""
    return sys.stdout.isatty()


def console(*, err: bool = False) -> "Console":
    """Where tables go: as wide as the terminal, or without bounds and colours where there is none."""
    from rich.console import Console

    stream = sys.stderr if err else sys.stdout
    return Console(
        file=stream,
        width=None if stream.isatty() else UNBOUNDED,
        no_color=True if frame().no_color else None,
        highlight=False,
        markup=False,
        emoji=False,
    )


def print_json(body: bytes) -> None:
    """Print an answer of the API: as it came, or indented on a terminal."""
    if terminal():
        body = json.dumps(json.loads(body), indent=2, ensure_ascii=False).encode()
    click.echo(body)


def emit(answer: "Answer", show: Callable[[Any], None]) -> None:
    """Print an answer as JSON if that is asked for, else let ``show`` print its value."""
    if not frame().json:
        show(answer.value)
    elif answer.body:
        print_json(answer.body)


def note(message: str) -> None:
    """Tell something beside the result, on stderr."""
    click.echo(message, err=True)


def table(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]], *, title: str | None = None) -> "Table":
    """Rows under headers, all cells as text."""
    from rich.table import Table
    from rich.text import Text

    made = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for column in columns:
        justify, wraps = ("right" if column.right else "left"), not column.right
        # mypy widens the two literals of justify to str.
        made.add_column(column.header, justify=justify, no_wrap=not wraps, overflow="fold")  # type: ignore[arg-type]
    for row in rows:
        cells = (text(column.value(row)) for column in columns)
        made.add_row(*(Text(cell, style=COLORS.get(cell, "")) for cell in cells))
    return made


def fitting(
    columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], width: int, *, title: str | None = None
) -> "Table":
    """A table of the columns that fit into ``width``, the sparest left out first."""
    kept = list(columns)
    while any(column.spare for column in kept):
        needed = sum(max([len(column.header), *(len(text(column.value(row))) for row in rows)]) + 2 for column in kept)
        if needed - 2 <= width:
            break
        kept.remove(max(kept, key=lambda column: column.spare))
    return table(kept, rows, title=title)


def show_table(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], *, title: str | None = None) -> None:
    """Print rows under headers."""
    to = console()
    _print(to, fitting(columns, rows, to.width, title=title))


def show_fields(row: Mapping[str, Any], *, title: str | None = None) -> None:
    """Print one thing, a field a line."""
    columns = (Column("", lambda pair: pair["name"]), Column("", lambda pair: pair["value"]))
    made = table(columns, [{"name": name, "value": value} for name, value in row.items()], title=title)
    made.show_header = False
    _print(console(), made)


def _print(to: "Console", made: "RenderableType") -> None:
    if to.is_terminal:
        to.print(made)
        return
    with to.capture() as captured:
        to.print(made)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Advance]:
    """A bar on stderr while somebody looks at it; what it yields is called with the steps done and the total."""
    if not sys.stderr.isatty() or frame().json:
        yield lambda done, total, what=what: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(err=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done, total, what=what: bar.update(task, completed=done, total=total, description=what)
