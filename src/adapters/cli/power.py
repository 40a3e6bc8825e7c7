"""``lineman power``: the plugs of units, and the cloud account behind them."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import click

from ...ports import errors
from . import words
from .asking import ask_line, confirm, password_option, yes_option
from .client import DEADLINE, Api, asks
from .frame import Group, frame
from .lookup import given
from .output import Column, emit, field, note, show_fields, show_table
from .units_shown import show_plug

F = TypeVar("F", bound=Callable[..., Any])

#: Where plugs stand in every service.
SYSTEM = "ewelink"
KINDS = ("ewelink", "shelly", "tasmota")
REGIONS = ("cn", "as", "us", "eu")

DEVICES = (
    field("Device", "device_id"),
    field("Name", "name"),
    Column("Connected", lambda row: row["online"]),
    field("Is", "status"),
    field("Model", "model", spare=1),
    field("Bound to", "bound_to"),
    field("Shared by", "shared_by", spare=2),
)


@click.group(cls=Group)
def power() -> None:
    """See and switch the plugs of units, and look after their cloud account.

    DEVICE is the id of an eWeLink device, ten characters; with --kind, the host
    or host:port of a plug with an HTTP interface of its own.
    """


def which(command: F) -> F:
    """The options that say which plug."""
    options = (
        click.option("--kind", type=click.Choice(KINDS), default="ewelink", show_default=True),
        click.option("--outlet", type=click.IntRange(0, 63), help="Of a strip, from 0."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@power.command()
@asks
async def devices(api: Api) -> None:
    """List the plugs of the cloud account, of all its homes, and whose they are."""
    answer = await api.of(SYSTEM).get("/devices", deadline=2 * DEADLINE)
    emit(answer, lambda rows: show_table(DEVICES, rows))
    if not answer.value and not frame().json:
        note("a free application sees only devices of some brands; others can be bound by their id all the same")


@power.command()
@click.argument("device", shell_complete=words.plugs)
@which
@asks
async def status(api: Api, device: str, kind: str, outlet: int | None) -> None:
    """Show what a plug reported last."""
    answer = await api.of(SYSTEM).get(f"/status/{quote(device, safe='')}", {"kind": kind, "outlet": outlet})
    emit(answer, lambda found: show_plug(found["plug"]))


@power.command()
@click.argument("device", shell_complete=words.plugs)
@click.argument("to", type=click.Choice(["on", "off"]))
@which
@yes_option
@asks
async def toggle(api: Api, device: str, to: str, kind: str, outlet: int | None, yes: bool) -> None:
    """Switch a plug on or off; off alone needs a permission of its own.

    To restart a unit, lineman units power-cycle gives its power back by itself.
    """
    if to == "off":
        confirm(f"Switch {kind}:{device} off? Nothing switches it on again by itself.", yes=yes)
    body = given(device_id=device, state=to == "on", kind=kind, outlet=outlet)
    answer = await api.of(SYSTEM).post("/toggle", body, deadline=2 * DEADLINE)
    emit(answer, lambda found: click.echo(found["message"]))


@power.command("auth-url")
@asks
async def auth_url(api: Api) -> None:
    """Print the address at which the owner of the cloud account authorises lineman.

    It is good for a quarter of an hour; the rest happens by itself.
    """
    emit(await api.of(SYSTEM).get("/ewelink-auth-url"), lambda found: click.echo(found["auth_url"]))


@power.command()
@click.option("--region", type=click.Choice(REGIONS), required=True, help="As it stands beside the code.")
@password_option
@asks
async def exchange(api: Api, region: str, password_stdin: bool) -> None:
    """Exchange a code from the address bar, where the cloud cannot reach lineman itself.

    The code is asked for; it lives thirty seconds. With --password-stdin it is
    read from the first line of stdin: it is as good as a password.
    """
    code = ask_line("The code", stdin=password_stdin).reveal().strip()
    if not code:
        raise errors.Invalid("there is no code", field="code")
    answer = await api.of(SYSTEM).post("/ewelink-exchange", {"code": code, "region": region}, deadline=2 * DEADLINE)
    emit(answer, lambda found: click.echo(found["message"]))


@power.command()
@asks
async def refresh(api: Api) -> None:
    """Renew the authorisation now; it is renewed by itself a week before it ends."""
    answer = await api.of(SYSTEM).post("/ewelink-refresh-token/", deadline=2 * DEADLINE)
    emit(answer, lambda found: click.echo(f"{found['message']}, {found['days_left']} days"))


@power.command()
@asks
async def token(api: Api) -> None:
    """Show how long the authorisation lasts, and what is left of the month's calls.

    The exit code is 0 also where somebody has to do something: see "warning".
    """
    emit(await api.of(SYSTEM).get("/ewelink-token"), _show_token)


def _show_token(found: Mapping[str, Any]) -> None:
    def in_days(name: str) -> object:
        return None if found[name] is None else f"{found[name]} days"

    show_fields(
        {
            "authorised": found["authorised"],
            "region": found["region"],
            "access ends in": in_days("access_days_left"),
            "authorisation ends in": in_days("refresh_days_left"),
            "calls this month": f"{found['calls_this_month']} of {found['quota']}",
            "application ends": found["application_ends"],
        }
    )
    if found["warning"]:
        note(found["warning"])
