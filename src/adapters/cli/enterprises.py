"""``lineman enterprises``: the tenants whose devices these are."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import click

from . import figures, words
from .asking import ask_password, confirm, password_option, yes_option
from .client import Api, asks
from .frame import Group, frame
from .lookup import given
from .output import emit, field, note, print_json, show_fields, show_table
from .sheets import import_options, send

F = TypeVar("F", bound=Callable[..., Any])

PATH = "/api/enterprises"


@click.group(cls=Group)
def enterprises() -> None:
    """List and change enterprises, the tenants whose devices these are.

    NUMBER is what others, such as a telephone exchange, know one by; it never
    changes. Gateways without a login of their own use their enterprise's.
    """


COLUMNS = (
    field("Number", "number"),
    field("Name", "name"),
    field("Gateways", "gateways", right=True),
    field("User", "gateway_username", spare=1),
    field("Password", "has_gateway_password", spare=2),
    field("Comment", "comment", spare=3),
)


def path_of(number: str) -> str:
    """Where an enterprise stands: numbers may have slashes."""
    return f"{PATH}/{quote(number, safe='')}"


@enterprises.command("list")
@click.option("--search", help="Part of the number or the name.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.option("--offset", type=click.IntRange(0), default=0)
@asks
async def list_(api: Api, **query: Any) -> None:
    """List enterprises by number."""
    answer = await api.get(PATH, query)
    if frame().json:
        print_json(answer.body)
        return
    found = answer.value
    show_table(COLUMNS, found)
    if answer.total is not None and answer.total > len(found):
        note(f"{len(found)} of {answer.total}; --limit and --offset show others")


@enterprises.command()
@click.argument("number", shell_complete=words.enterprises)
@asks
async def show(api: Api, number: str) -> None:
    """Show one enterprise."""
    emit(await api.get(path_of(number)), _show)


def _show(one: Mapping[str, Any]) -> None:
    shown = {column.header.lower(): column.value(one) for column in COLUMNS}
    show_fields({**shown, "since": figures.moment(one["created_at"])})


def _options(command: F) -> F:
    """What both ``add`` and ``change`` take."""
    options = (
        click.option("--gateway-username", help="The login of its gateways that have none of their own."),
        click.option("--ask-password", is_flag=True, help="Ask for the password that goes with it."),
        click.option("--comment"),
        password_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


def _told(told: Mapping[str, Any]) -> dict[str, Any]:
    asked = told["ask_password"] or told["password_stdin"]
    password = ask_password("The gateways' password", stdin=told["password_stdin"]).reveal() if asked else None
    return given(
        name=told["name"],
        gateway_username=told["gateway_username"],
        gateway_password=password,
        comment=told["comment"],
    )


@enterprises.command()
@click.argument("number")
@click.argument("name")
@_options
@asks
async def add(api: Api, number: str, **told: Any) -> None:
    """Add the enterprise NUMBER, called NAME."""
    answer = await api.post(PATH, {"number": number, **_told(told)})
    emit(answer, lambda made: click.echo(f"enterprise {made['number']} added: {made['name']}"))


@enterprises.command()
@click.argument("number", shell_complete=words.enterprises)
@click.option("--name")
@click.option("--no-password", is_flag=True, help="Forget its user name and password.")
@_options
@asks
async def change(api: Api, number: str, no_password: bool, **told: Any) -> None:
    """Change the fields that the options name, and no others."""
    fields = _told(told)
    if no_password:
        fields |= {"gateway_username": None, "gateway_password": None}
    if not fields:
        raise click.UsageError("nothing to change: give at least one option")
    answer = await api.put(path_of(number), fields)
    emit(answer, lambda one: click.echo(f"enterprise {one['number']} changed: {one['name']}"))


@enterprises.command()
@click.argument("number", shell_complete=words.enterprises)
@yes_option
@asks
async def remove(api: Api, number: str, yes: bool) -> None:
    """Remove an enterprise that has no gateways and whose things no user may see."""
    found = (await api.get(path_of(number))).value
    confirm(f"Remove enterprise {number}, {found['name']}?", yes=yes)
    emit(await api.delete(path_of(number)), lambda _: click.echo(f"enterprise {number} removed: {found['name']}"))


@enterprises.command("import")
@import_options("enterprises that are there by number")
@asks
async def import_(api: Api, **told: Any) -> None:
    """Add enterprises from FILE (- for stdin), a CSV with a header or a JSON array.

    Columns: number, name, gateway_username, gateway_password, comment. Broken
    rows do not stop the rest; the exit code is 2 if there were any.
    """
    await send(api, f"{PATH}/import", field("Number", "number"), **told)
