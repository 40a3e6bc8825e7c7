"""``lineman gateways directories``: the remote administration servers on whose lists gateways are."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from ...ports import errors
from . import words
from .asking import ask_password, confirm, password_option, yes_option
from .client import DEADLINE, Api, asks
from .frame import Group
from .gateways import SYSTEM
from .lookup import Thing, given
from .output import Column, emit, field, note, show_fields, show_table

F = TypeVar("F", bound=Callable[..., Any])


@click.group(cls=Group)
def directories() -> None:
    """List, change and try the remote administration servers on whose lists gateways are.

    DIRECTORY is a number or a name. That of the settings has the number 0 and
    is changed there.
    """


COLUMNS = (
    field("ID", "id", right=True),
    field("Name", "name"),
    Column("Address", lambda one: f"{one['host']}:{one['port']}"),
    field("User", "username", spare=1),
    field("Password", "has_password", spare=2),
    field("Read", "is_active"),
    field("From settings", "from_settings", spare=3),
)


async def directory_of(api: Api, word: str) -> Thing:
    """The directory of this number or name.

    Raises:
        NotFound: There is none.
    """
    found = (await api.get("/directories")).value
    for one in found:
        if word in (str(one["id"]), one["name"]):
            only: Thing = one
            return only
    raise errors.NotFound(f"no directory is called {word!r}; lineman gateways directories list shows all")


@directories.command("list")
@asks
async def list_(api: Api) -> None:
    """List the directories."""
    emit(await api.of(SYSTEM).get("/directories"), lambda found: show_table(COLUMNS, found))


@directories.command()
@click.argument("directory", shell_complete=words.directories)
@asks
async def show(api: Api, directory: str) -> None:
    """Show a directory."""
    api = api.of(SYSTEM)
    found = await directory_of(api, directory)
    answer = await api.get(f"/directories/{found['id']}")
    emit(answer, lambda one: show_fields({name.replace("_", " "): value for name, value in one.items()}))


def details(command: F) -> F:
    """The fields of a directory that both ``add`` and ``change`` take."""
    options = (
        click.option("--port", type=click.IntRange(1, 65535), help="8086, if not given."),
        click.option("--active/--inactive", default=None, help="Whether its list is read."),
        click.option("--username", help="The login for its list."),
        click.option("--ask-password", is_flag=True, help="Ask for its password."),
        password_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


def _told(told: Mapping[str, Any]) -> dict[str, Any]:
    asked = told["ask_password"] or told["password_stdin"]
    password = ask_password("The directory's password", stdin=told["password_stdin"]).reveal() if asked else None
    return given(
        name=told["name"],
        host=told["host"],
        port=told["port"],
        is_active=told["active"],
        username=told["username"],
        password=password,
    )


@directories.command()
@click.argument("name")
@click.argument("host")
@details
@asks
async def add(api: Api, **told: Any) -> None:
    """Add the directory NAME at HOST."""
    emit(await api.of(SYSTEM).post("/directories", _told(told)), lambda found: _said(found, "added"))


@directories.command()
@click.argument("directory", shell_complete=words.directories)
@click.option("--name")
@click.option("--host")
@click.option("--no-password", is_flag=True, help="Forget its user name and password.")
@details
@asks
async def change(api: Api, directory: str, **told: Any) -> None:
    """Change the fields that the options name, and no others."""
    api = api.of(SYSTEM)
    fields = _told(told)
    if told["no_password"]:
        fields |= {"username": None, "password": None}
    if not fields:
        raise click.UsageError("nothing to change: give at least one option")
    found = await directory_of(api, directory)
    emit(await api.put(f"/directories/{found['id']}", fields), lambda one: _said(one, "changed"))


@directories.command()
@click.argument("directory", shell_complete=words.directories)
@yes_option
@asks
async def remove(api: Api, directory: str, yes: bool) -> None:
    """Remove a directory in which no gateway stands."""
    api = api.of(SYSTEM)
    found = await directory_of(api, directory)
    confirm(f"Remove directory {found['id']}, {found['name']} at {found['host']}?", yes=yes)
    emit(await api.delete(f"/directories/{found['id']}"), lambda _: _said(found, "removed"))


@directories.command()
@click.argument("directory", shell_complete=words.directories)
@asks
async def test(api: Api, directory: str) -> None:
    """Read the list of a directory now, and change nothing."""
    api = api.of(SYSTEM)
    found = await directory_of(api, directory)
    answer = await api.post(f"/directories/{found['id']}/test", deadline=3 * DEADLINE)

    def show(said: Mapping[str, Any]) -> None:
        version = f", version {said['version']}" if said["version"] else ""
        click.echo(f"{found['name']}: {said['listed']} on the list, {said['with_port']} with a port{version}")
        for remark in said["remarks"]:
            note(remark)

    emit(answer, show)


def _said(directory: Mapping[str, Any], done: str) -> None:
    click.echo(f"directory {directory['id']} {done}: {directory['name']} at {directory['host']}")
