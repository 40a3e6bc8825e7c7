"""``lineman miners discover``, ``discoveries`` and ``accept``: look for miners, and take over what was found."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import click

from ...ports import errors
from . import figures, words
from .asking import ask_password, password_option
from .client import Answer, Api, asks
from .frame import Command
from .lookup import container_id_of, given, group_id_of
from .output import Column, emit, field, note, progress, show_table
from .worked_off import worked_off

if TYPE_CHECKING:
    from ...container import House

#: Seconds between two looks at a job, and those after which one that waits is told of.
LOOK_EVERY, PATIENCE = 0.4, 5.0
ENDED = ("done", "cancelled", "failed")

Job = Mapping[str, Any]


def takers(command: Callable[..., Any]) -> Callable[..., Any]:
    """Where new miners are put."""
    options = (
        click.option("--container", shell_complete=words.containers, help="Put new miners there (number or name)."),
        click.option("--group", shell_complete=words.groups, help="Put new miners into this group, for its login."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command(cls=Command)
@click.argument("target", nargs=-1, required=True)
@click.option("--accept", "accepting", is_flag=True, help="Take everything over: add, move, set right, deactivate.")
@takers
@click.option("--username", help="For miners that want a login.")
@click.option("--ask-password", is_flag=True, help="Ask for the password.")
@password_option
@click.option("--port", type=click.IntRange(1, 65535), help="The main port, 4028 if not given.")
@click.option("--web-port", type=click.IntRange(1, 65535), help="HTTP, 80 if not given.")
@click.option("--api3-port", type=click.IntRange(1, 65535), help="Whatsminer API 3, 4433 if not given.")
@asks
async def discover(api: Api, target: tuple[str, ...], accepting: bool, **told: Any) -> None:
    """Look for miners at each TARGET: 10.0.0.0/20, 10.0.0.1-10.0.1.50, 10.0.0.1-50 or 10.0.0.7.

    Nothing is changed without --accept; lineman miners accept does it later.
    Ctrl-C ends the search.
    """
    secret = ask_password("The miners' password", stdin=told["password_stdin"]) if _wants_password(told) else None
    credentials = given(username=told["username"], password=secret and secret.reveal())
    ports = given(port=told["port"], web_port=told["web_port"], api3_port=told["api3_port"])
    where = await _where(api, told)
    body = {"targets": list(target), **given(credentials=credentials or None, ports=ports or None)}
    job = (await api.post("/api/miners/discover", body)).value
    path = f"/api/miners/discover/{job['id']}"
    async with _cancelled_with_us(api, path), worked_off(api, _searched):
        with progress("looking", job["addresses"]) as advance:
            ended = await _followed(api, path, advance)
    if ended.value["status"] == "failed":
        raise errors.Conflict(f"discovery {job['id']} failed: {ended.value['error']}")
    if not accepting:
        emit(ended, show_job)
        return
    answer = await api.post(f"{path}/accept", {"all": True, **where}, deadline=120)
    emit(answer, lambda done: _show_accepted(ended.value, done))


@click.command(cls=Command)
@click.argument("job", type=int, required=False)
@click.option("--cancel", is_flag=True, help="End this one.")
@asks
async def discoveries(api: Api, job: int | None, cancel: bool) -> None:
    """Show the latest discoveries, or all that one found, by its number."""
    if job is None:
        if cancel:
            raise click.UsageError("which one? give its number")
        emit(await api.get("/api/miners/discover"), lambda found: show_table(JOBS, found))
        return
    path = f"/api/miners/discover/{job}"
    emit(await (api.delete(path) if cancel else api.get(path)), show_job)


@click.command(cls=Command)
@click.argument("job", type=int)
@click.argument("host", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that was found.")
@takers
@asks
async def accept(api: Api, job: int, host: tuple[str, ...], everything: bool, **told: Any) -> None:
    """Take over what discovery JOB found at each HOST, or --all: add, move, set right, deactivate."""
    if bool(host) == everything:
        raise click.UsageError("name hosts, or give --all")
    which: dict[str, Any] = {"all": True} if everything else {"hosts": list(host)}
    answer = await api.post(f"/api/miners/discover/{job}/accept", {**which, **await _where(api, told)}, deadline=120)
    emit(answer, _told_accepted)


async def _where(api: Api, told: Mapping[str, Any]) -> dict[str, Any]:
    return given(
        container_id=await container_id_of(api, told["container"]), group_id=await group_id_of(api, told["group"])
    )


def _wants_password(told: Mapping[str, Any]) -> bool:
    return bool(told["ask_password"] or told["password_stdin"])


@asynccontextmanager
async def _cancelled_with_us(api: Api, path: str) -> AsyncIterator[None]:
    """End the job when somebody ends this command."""
    import anyio

    try:
        yield
    except anyio.get_cancelled_exc_class():
        with anyio.CancelScope(shield=True), anyio.move_on_after(3):
            await api.ask("DELETE", path)
        raise


async def _searched(house: "House") -> None:
    discovery = house.discovery()
    await discovery.resume()
    while await discovery.work():
        pass


async def _followed(api: Api, path: str, advance: Callable[..., None]) -> Answer:
    import anyio

    waited = 0.0
    while True:
        answer = await api.get(path)
        job = answer.value
        advance(job["probed"], job["addresses"], f"{job['found']} miners")
        if job["status"] in ENDED:
            return answer
        if job["status"] == "queued" and waited <= PATIENCE < waited + LOOK_EVERY:
            note(f"discovery {job['id']} waits for its turn, or for a process that works (lineman serve)")
        waited += LOOK_EVERY
        await anyio.sleep(LOOK_EVERY)


JOBS = (
    field("ID", "id", right=True),
    field("Status", "status"),
    Column("Where", lambda job: " ".join(job["targets"])[:60]),
    Column("Looked at", lambda job: f"{job['probed']}/{job['addresses']}", right=True),
    field("Miners", "found", right=True),
    field("New", "new", right=True),
    field("Moved", "moved", right=True),
    field("Changed", "changed", right=True),
    field("Gone", "gone", right=True),
    field("By", "by", spare=1),
    field("When", "created_at", figures.ago, right=True, spare=2),
)
FINDS = (
    Column("Address", lambda one: f"{one['host']}:{one['port']}" if ":" not in one["host"] else one["host"]),
    field("Find", "status"),
    field("Maker", "manufacturer"),
    field("Model", "model"),
    field("Miner", "miner_id", right=True),
    field("Was", "was", spare=1),
    field("Device", "hardware_id", spare=3),
    field("Firmware", "firmware", spare=4),
    field("Detail", "detail", spare=2),
)


def show_job(job: Job) -> None:
    """Print what a discovery found; of what is known only the number."""
    news = [find for find in job["items"] if find["status"] != "known"]
    if news:
        show_table(FINDS, news)
    note(_summary(job))
    if job["status"] == "done" and any(job[name] for name in ("new", "moved", "changed", "gone")):
        note(f"lineman miners accept {job['id']} --all takes it over")


def _summary(job: Job) -> str:
    counts = ", ".join(f"{job[name]} {name}" for name in ("new", "moved", "changed", "gone", "known", "unclear"))
    return (
        f"discovery {job['id']} {job['status']}: {job['probed']} of {job['addresses']} addresses, "
        f"{job['answered']} answer, {job['found']} miners: {counts}"
    )


def _show_accepted(job: Job, done: Mapping[str, Sequence[Any]]) -> None:
    note(_summary(job))
    _told_accepted(done)


def _told_accepted(done: Mapping[str, Sequence[Any]]) -> None:
    if done["errors"]:
        show_table((field("Address", "host"), field("Not taken over, because", "message")), list(done["errors"]))
    click.echo(", ".join(f"{len(done[name])} {name}" for name in ("added", "moved", "changed", "deactivated")))
