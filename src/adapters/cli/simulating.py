"""What the simulators' commands share: options in percent, mixes, and running until somebody says stop."""

import asyncio
import contextlib
import csv
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TextIO

import click

from .output import note


class Part(click.ParamType[float]):
    """A part of all, in percent."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return 0.02 for ``2%`` or ``2``."""
        try:
            part = float(str(value).removesuffix("%")) / 100
        except ValueError:
            part = -1.0
        if not 0 <= part <= 1:
            self.fail(f"{value!r} is not a percentage: say 2%", param, ctx)
        return part


class Mix(click.ParamType[dict[str, float]]):
    """Which devices, in which proportion."""

    name = "mix"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, float]:
        """Return ``{"antminer": 40}`` for ``antminer=40``."""
        if isinstance(value, dict):
            return value
        mix: dict[str, float] = {}
        for part in str(value).split(","):
            name, _, weight = part.strip().partition("=")
            try:
                mix[name] = float(weight or 1)
            except ValueError:
                self.fail(f"{part!r} has no weight: say {name}=40", param, ctx)
        return mix


class Ports(click.ParamType[tuple[int, int]]):
    """A range of ports."""

    name = "first-last"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Return ``(38000, 38999)`` for ``38000-38999``."""
        if isinstance(value, tuple):
            return value
        first, _, last = str(value).partition("-")
        if not (first.isdecimal() and last.isdecimal() and 0 < int(first) <= int(last) < 65536):
            self.fail(f"{value!r} is not a range of ports: say 38000-38999", param, ctx)
        return int(first), int(last)


def parts(names: dict[str, str], title: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add an option for each name: how many of all have it."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(names):
            command = click.option(f"--{name}", type=Part(), help=f"{title} {names[name]}.")(command)
        return command

    return add


def run(
    devices: AbstractAsyncContextManager[Any],
    show: Callable[[], object],
    summary: Callable[[], str],
    seconds: float | None,
) -> None:
    """Run devices until Ctrl-C, or for so many seconds.

    Args:
        devices: What runs.
        show: Called once they listen.
        summary: What is said at the end.
        seconds: ``None``: until somebody says stop.
    """
    with asyncio.Runner(loop_factory=_loop) as runner:
        runner.run(_run(devices, show, summary, seconds))


def write_csv(rows: list[dict[str, Any]], to: str) -> None:
    """Write rows to a file, or to stdout for ``-``."""
    if to == "-":
        _write_csv(rows, sys.stdout)
        sys.stdout.flush()
        return
    with click.open_file(to, "w", encoding="utf-8") as file:
        _write_csv(rows, file)


def _loop() -> asyncio.AbstractEventLoop:
    """Return the fastest loop there is that can wait for sockets of others."""
    try:
        import uvloop
    except ImportError:  # not on Windows
        return asyncio.SelectorEventLoop()
    return uvloop.new_event_loop()


async def _run(
    devices: AbstractAsyncContextManager[Any],
    show: Callable[[], object],
    summary: Callable[[], str],
    seconds: float | None,
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows; Ctrl-C ends it there as well, less politely
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
    async with devices:
        show()
        note("Ctrl-C stops them." if seconds is None else f"They stop after {seconds:g} s.")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)
    note(summary())


def _write_csv(rows: list[dict[str, Any]], file: TextIO | Any) -> None:
    names = dict.fromkeys(name for row in rows for name in row)
    writer = csv.DictWriter(file, [*names], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
