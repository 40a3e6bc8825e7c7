"""A table that keeps itself fresh on a terminal, and is told line by line where there is none."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from . import figures
from .client import Answer
from .frame import frame
from .output import Column, console, fitting, show_table, terminal

if TYPE_CHECKING:
    from rich.console import Group

#: Shows an answer by its columns, and who works on what it shows.
Draw = Callable[[Answer, Sequence[Column], str], None]
#: What a row is counted by.
State = Callable[[Mapping[str, Any]], object]


@contextmanager
def screen(nouns: str, state: State, *, once: bool) -> Iterator[Draw]:
    """A place for a table of ``nouns``: drawn anew each time, or with --json a line each time."""
    if frame().json:
        yield lambda answer, columns, who: click.echo(
            json.dumps(answer.value, ensure_ascii=False, separators=(",", ":"))
        )
    elif once or not terminal():
        yield lambda answer, columns, who: show_table(columns, answer.value)
    else:
        from rich.live import Live

        to = console()
        with Live(console=to, auto_refresh=False, vertical_overflow="crop") as live:

            def draw(answer: Answer, columns: Sequence[Column], who: str) -> None:
                counts = figures.counts(Counter(str(state(row)) for row in answer.value)) or f"no {nouns}"
                live.update(_picture(answer, columns, f"{who}; Ctrl-C ends", counts, to.width, to.height), refresh=True)

            yield draw


def _picture(answer: Answer, columns: Sequence[Column], note: str, counts: str, width: int, height: int) -> "Group":
    from rich.console import Group
    from rich.text import Text

    rows: Sequence[Mapping[str, Any]] = answer.value
    shown = rows[: max(height - 4, 1)]
    more = f"{len(shown)} of {answer.total or len(rows)} shown; " if (answer.total or 0) > len(shown) else ""
    head = Text(
        f"{datetime.now().astimezone():%H:%M:%S}  {counts}  ({more}{note})",
        style="bold", no_wrap=True, overflow="ellipsis",
    )  # fmt: skip
    return Group(head, Text(), fitting(columns, shown, width))
