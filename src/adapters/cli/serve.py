"""``lineman serve``: the API, the pages and the work."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from ...ports.errors import Unavailable
from ...ports.secrets import Secret
from .frame import Command, frame
from .output import note

if TYPE_CHECKING:
    import anyio
    from anyio.abc import TaskStatus

    from ...settings import Settings


@click.command(cls=Command)
@click.argument("systems", nargs=-1, metavar="[SYSTEM …]")
@click.option("--host", metavar="ADDRESS", help="The address to bind. [LINEMAN_HOST]")
@click.option("--port", type=click.IntRange(0, 65535), help="The port to bind; 0 is any free one. [LINEMAN_PORT]")
@click.option("--no-work", is_flag=True, help="Answer only; another process on this database works.")
def serve(systems: tuple[str, ...], host: str | None, port: int | None, no_work: bool) -> None:
    """Run the service: the API, the pages and the work.

    Without SYSTEM all are served, each under its name. One SYSTEM alone (miners,
    goip, units, ewelink) is served at the root, on the port of the service that it replaces.

    Of several processes on one database one works; another takes over when it ends.
    """
    import anyio

    with _without("rich"):
        from ...service import alone_port
        from ..http.server import fast_loop
        from ..logs import configure

    settings = frame().settings()
    alone = alone_port(systems, settings.port)
    settings = attrs.evolve(
        settings,
        host=settings.host if host is None else host,
        port=port if port is not None else alone,
    )
    configure(settings.log_level, settings.log_format)
    anyio.run(_serve, settings, systems, not no_work, backend_options=fast_loop())


@contextmanager
def _without(name: str) -> Iterator[None]:
    """Hide a package: httpx and structlog import rich, where it is, for their own terminals; a fifth of the start."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # so that importing it fails
    try:
        yield
    finally:
        del sys.modules[name]


async def _serve(settings: "Settings", systems: tuple[str, ...], works: bool) -> None:
    import anyio

    from ...service import run

    stop = anyio.Event()
    async with anyio.create_task_group() as tasks:
        await tasks.start(until_signalled, stop)
        await run(
            settings,
            systems=systems,
            works=works,
            stop=stop,
            ready=lambda url: note(f"lineman serves {url}/ (Ctrl-C ends it)"),
            first_password=hand_over(settings),
        )
        tasks.cancel_scope.cancel()


async def until_signalled(stop: "anyio.Event", *, task_status: "TaskStatus[None]") -> None:
    """Set ``stop`` at the first Ctrl-C or SIGTERM; a second one ends the process at once."""
    import signal

    import anyio

    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for number in signals:
            if stop.is_set():
                os._exit(128 + number)
            stop.set()


def hand_over(settings: "Settings") -> Callable[[Secret], None]:
    """Give the first password, made up here, to the operator: in a file that only he can read, and on his terminal."""
    beside = settings.sqlite_path if settings.backend == "sqlite" else Path("lineman")
    path = beside.with_name(f"{beside.name}.admin-password")

    def write(password: Secret) -> None:
        try:
            path.unlink(missing_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(f"{password.reveal()}\n")
        except OSError as error:
            raise Unavailable(
                f"the first password cannot be written to {path} ({error.strerror}); remove the new database, "
                "and start again in a folder that can be written, or with LINEMAN_ADMIN_PASSWORD"
            ) from error
        note(f"The first user is admin; his password is in {path}. Change it and remove the file.")
        if sys.stderr.isatty():
            note(f"It is {password.reveal()}")

    return write
