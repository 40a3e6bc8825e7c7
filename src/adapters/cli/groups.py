"""``lineman miners groups`` and ``lineman miners tags``: what miners are called and reached by together."""

from typing import Any

import click

from ...ports import errors
from . import words
from .asking import ask_password, confirm, password_option, yes_option
from .client import Api, asks
from .frame import Command, Group
from .lookup import given, group_id_of
from .output import emit, field, show_table


@click.group(cls=Group)
def groups() -> None:
    """List and change groups of miners that share a login.

    GROUP is a number or a name. A miner's own login goes before its group's.
    """


COLUMNS = (
    field("ID", "id", right=True),
    field("Name", "name"),
    field("User", "username"),
    field("Password", "has_password"),
    field("Miners", "miners", right=True),
)


@groups.command("list")
@asks
async def list_(api: Api) -> None:
    """List groups."""
    emit(await api.get("/api/miners/groups"), lambda found: show_table(COLUMNS, found))


@groups.command()
@click.argument("name")
@click.option("--username")
@click.option("--ask-password", is_flag=True, help="Ask for the password.")
@password_option
@asks
async def add(api: Api, name: str, username: str | None, ask_password: bool, password_stdin: bool) -> None:
    """Add a group called NAME."""
    fields = given(name=name, username=username, password=_password(ask_password, password_stdin))
    emit(await api.post("/api/miners/groups", fields), lambda made: click.echo(f"group {made['id']} added: {name}"))


@groups.command()
@click.argument("group", shell_complete=words.groups)
@click.option("--name")
@click.option("--username")
@click.option("--ask-password", is_flag=True, help="Ask for the new password.")
@click.option("--no-password", is_flag=True, help="Forget its user name and password.")
@password_option
@asks
async def change(api: Api, group: str, **told: Any) -> None:
    """Change the fields that the options name, and no others."""
    fields = given(
        name=told["name"],
        username=told["username"],
        password=_password(told["ask_password"], told["password_stdin"]),
    )
    if told["no_password"]:
        fields |= {"username": None, "password": None}
    if not fields:
        raise click.UsageError("nothing to change: give at least one option")
    answer = await api.put(f"/api/miners/groups/{await group_id_of(api, group)}", fields)
    emit(answer, lambda one: click.echo(f"group {one['id']} changed: {one['name']}"))


@groups.command()
@click.argument("group", shell_complete=words.groups)
@yes_option
@asks
async def remove(api: Api, group: str, yes: bool) -> None:
    """Remove a group that holds no miners."""
    number = await group_id_of(api, group)
    if number is None:
        raise errors.NotFound(f"there is no group {group}")
    confirm(f"Remove group {group}?", yes=yes)
    emit(await api.delete(f"/api/miners/groups/{number}"), lambda _: click.echo(f"group {number} removed"))


@click.command(cls=Command)
@asks
async def tags(api: Api) -> None:
    """List all tags, and how many miners have each."""
    columns = (field("Tag", "tag"), field("Miners", "miners", right=True))
    emit(await api.get("/api/miners/tags"), lambda found: show_table(columns, found))


def _password(ask: bool, stdin: bool) -> str | None:
    return ask_password("The group's password", stdin=stdin).reveal() if ask or stdin else None
