"""``lineman gateways scan``, ``scans`` and ``check``: looks at all gateways, and at some."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from ..http.gateways_paths import path_of
from . import figures, words
from .client import DEADLINE, Answer, Api, asks, working
from .frame import Command, frame
from .gateways import COLUMNS, SYSTEM
from .gateways_shown import show_gateway
from .output import COLORS, Column, console, emit, field, note, show_table, text
from .worked_off import worked_off

if TYPE_CHECKING:
    from ...container import House

#: Seconds between two looks at a scan, and those after which one that waits is told of.
LOOK_EVERY, PATIENCE = 0.4, 5.0
ENDED = ("done", "failed")
#: Gateways that are checked at the same time; each waits for its turn at the device.
AT_ONCE = 16

Scan = Mapping[str, Any]
Outcome = Mapping[str, Any]

SCANS = (
    field("ID", "scan_id", right=True),
    field("Status", "status"),
    Column("Looked at", lambda scan: f"{scan['done']}/{scan['total']}", right=True),
    field("Active", "active", right=True),
    field("Inactive", "inactive", right=True),
    field("Errors", "errors", right=True),
    field("By", "by", spare=2),
    field("Asked", "requested_at", figures.ago, right=True, spare=1),
    field("Detail", "detail", spare=3),
)
OUTCOMES = (
    field("Name", "gateway_name"),
    field("Status", "status"),
    field("Reason", "reason"),
    Column("Took s", lambda one: figures.number(round(one["took_ms"] / 1000, 1)), right=True, spare=1),
    field("Detail", "detail", spare=2),
)


@click.command(cls=Command)
@click.option("--no-wait", is_flag=True, help="Only ask for it, and tell its number.")
@asks
async def scan(api: Api, no_wait: bool) -> None:
    """Scan all gateways now, and tell what is found at each as it is found.

    Joins the scan that is under way, if one is. Where no service works, this
    command scans itself. The exit code is 6 if no list could be read.
    """
    api = api.of(SYSTEM)
    asked = await api.post("/scan")
    if no_wait:
        emit(asked, lambda found: click.echo(f"scan {found['scan_id']} {found['status']}"))
        return
    with _told_live() as tell:
        async with worked_off(api, _scanned):
            ended = await _followed(api, asked.value["scan_id"], tell)
    if api.local is not None:
        # Courses are drawn from it; a service does it by itself.
        house = api.local.service.house
        await house.gateway_history().roll_up(now=house.clock().now())
    emit(ended, _show_end)
    if ended.value["status"] == "failed":
        raise click.exceptions.Exit(6)


@click.command(cls=Command)
@click.argument("scan", type=int, required=False)
@click.option("--all", "everything", is_flag=True, help="Also the gateways that are active.")
@asks
async def scans(api: Api, scan: int | None, everything: bool) -> None:
    """Show the latest scans, or what one found, by its number."""
    api = api.of(SYSTEM)
    if scan is None:
        emit(await api.get("/scans"), lambda found: show_table(SCANS, found))
        return

    def show(found: Scan) -> None:
        shown = [one for one in found["outcomes"] if everything or one["status"] != "active"]
        if shown:
            show_table(OUTCOMES, shown)
        _show_end(found)

    emit(await _whole(api, scan), show)


@click.command(cls=Command)
@click.argument("gateway", nargs=-1, required=True, shell_complete=words.gateways)
@asks
async def check(api: Api, gateway: tuple[str, ...]) -> None:
    """Look at gateways now, their call forwarding and authentication ids included.

    With --json, one gateway is printed as the API answers it; of several, each
    is a line. The exit code is 6 if one is not active.
    """
    api = api.of(SYSTEM)
    async with working(api):
        found = await _checked(api, gateway)
    if frame().json:
        for answer in found:
            click.echo(answer.body)
    elif len(found) == 1:
        show_gateway(found[0].value, (await api.get(path_of(gateway[0], "/lines"))).value)
    else:
        show_table(COLUMNS, [answer.value for answer in found])
    if any(answer.value["port_scan_status"] != "active" for answer in found):
        raise click.exceptions.Exit(6)


async def _checked(api: Api, names: Sequence[str]) -> list[Answer]:
    import anyio

    found: dict[str, Answer] = {}
    limiter = anyio.CapacityLimiter(AT_ONCE)

    async def one(name: str) -> None:
        async with limiter:
            found[name] = await api.post(path_of(name, "/check"), deadline=3 * DEADLINE)

    async with anyio.create_task_group() as tasks:
        for name in dict.fromkeys(names):
            tasks.start_soon(one, name)
    return [found[name] for name in dict.fromkeys(names)]


async def _scanned(house: "House") -> None:
    scanning = house.scanning()
    await scanning.resume()
    while await scanning.work():
        pass


async def _followed(api: Api, scan_id: int, tell: Callable[[Scan, Sequence[Outcome]], None]) -> Answer:
    """The scan with all that it found, once it has ended; what is new is told."""
    import anyio

    waited, told = 0.0, set[str]()
    while True:
        answer = await _whole(api, scan_id)
        found = answer.value
        tell(found, [one for one in found["outcomes"] if one["gateway_name"] not in told])
        told |= {one["gateway_name"] for one in found["outcomes"]}
        if found["status"] in ENDED:
            return answer
        if found["status"] == "queued" and waited <= PATIENCE < waited + LOOK_EVERY:
            note(f"scan {scan_id} waits for its turn, or for a process that works (lineman serve)")
        waited += LOOK_EVERY
        await anyio.sleep(LOOK_EVERY)


async def _whole(api: Api, scan_id: int) -> Answer:
    """A scan with all pages of what it found, as one answer."""
    import json

    answer = await api.get(f"/scans/{scan_id}")
    if answer.total is None or answer.total <= len(answer.value["outcomes"]):
        return answer
    whole = answer.value
    while len(whole["outcomes"]) < answer.total:
        more = (await api.get(f"/scans/{scan_id}", {"offset": len(whole["outcomes"])})).value["outcomes"]
        if not more:
            break
        whole["outcomes"] += more
    return Answer(answer.status, answer.headers, json.dumps(whole, ensure_ascii=False).encode())


@contextmanager
def _told_live() -> Iterator[Callable[[Scan, Sequence[Outcome]], None]]:
    """Lines on stdout as gateways are looked at, and a bar on stderr while somebody looks at it."""
    if frame().json:
        yield lambda scan, new: None
        return
    if not (sys.stderr.isatty() and sys.stdout.isatty()):
        yield lambda scan, new: click.echo("".join(f"{_line(one)}\n" for one in new), nl=False)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.text import Text

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console(err=True), transient=True) as bar:
        task = bar.add_task("scanning", total=None)

        def tell(scan: Scan, new: Sequence[Outcome]) -> None:
            for one in new:
                bar.console.print(Text(_line(one), style=COLORS.get(one["status"], "")))
            bar.update(task, completed=scan["done"], total=scan["total"] or None, description=scan["status"])

        yield tell


def _line(one: Outcome) -> str:
    why = ": ".join(filter(None, (one["reason"], one["detail"])))
    took = f"{one['took_ms'] / 1000:.1f} s"
    return text("  ".join(filter(None, (one["gateway_name"], one["status"], took, why))))


def _show_end(scan: Scan) -> None:
    for directory in scan["directories"]:
        said = f"{directory['listed']} gateways listed" if directory["ok"] else "could not be read"
        note(text(f"{directory['directory']}: {said}{': ' if directory['detail'] else ''}{directory['detail']}"))
    detail = f" ({scan['detail']})" if scan["detail"] else ""
    click.echo(
        text(
            f"scan {scan['scan_id']} {scan['status']}{detail}: {scan['done']} of {scan['total']} gateways looked at, "
            f"{scan['active']} active, {scan['inactive']} inactive, {scan['errors']} with errors"
        )
    )
