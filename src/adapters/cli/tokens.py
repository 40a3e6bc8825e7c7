"""``lineman token``: keys for scripts."""

import re
from datetime import UTC, datetime, timedelta

import click

from . import figures, words
from .asking import confirm, yes_option
from .client import Api, asks
from .frame import Group, frame
from .lookup import container_id_of, given
from .output import emit, field, note, print_json, show_table
from .users import ROLES

UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@click.group(cls=Group)
def token() -> None:
    """Keys for scripts.  A token is shown once, and only a hash of it is kept."""


class Expiry(click.ParamType[datetime | None]):
    """A time to live (``90d``, ``12h``, ``6w``), a date (``2027-01-31``), or ``never``."""

    name = "when"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime | None:
        if value == "never":
            return None
        if match := re.fullmatch(r"(\d{1,5})([hdw])", str(value)):
            return datetime.now(UTC) + int(match[1]) * UNITS[match[2]]
        try:
            when = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is neither 12h, 90d, 6w, a date such as 2027-01-31, nor never", param, ctx)
        return when.astimezone(UTC)


@token.command()
@click.option("--name", required=True, help="What it is for.")
@click.option("--role", type=ROLES, required=True)
@click.option("--expires", type=Expiry(), required=True, help="12h, 90d, 6w, a date such as 2027-01-31, or never.")
@click.option("--container", multiple=True, shell_complete=words.containers, help="One a client may see; repeatable.")
@click.option(
    "--enterprise", multiple=True, shell_complete=words.enterprises, help="One an enterprise admin sees; repeatable."
)
@asks
async def create(
    api: Api, name: str, role: str, expires: datetime | None, container: tuple[str, ...], enterprise: tuple[str, ...]
) -> None:
    """Make a token and print it: alone on stdout, and never again."""
    places = [await container_id_of(api, word) for word in container]
    fields = given(
        name=name, role=role, container_ids=places or None, enterprise_numbers=list(enterprise) or None,
        expires_at=expires.isoformat() if expires else None,
    )  # fmt: skip
    answer = await api.post("/api/tokens", fields)
    if frame().json:
        print_json(answer.body)
        return
    made = answer.value
    until = f"until {figures.moment(made['expires_at'])}" if made["expires_at"] else "until it is revoked"
    note(f"token {made['id']} ({name}, {role}) works {until}; it is shown only now:")
    click.echo(made["token"])


COLUMNS = (
    field("ID", "id", right=True),
    field("Name", "name"),
    field("Role", "role"),
    field("Containers", "container_ids", lambda ids: ", ".join(map(str, ids))),
    field("Enterprises", "enterprise_numbers", ", ".join, spare=3),
    field("Expires", "expires_at", figures.moment),
    field("Revoked", "revoked_at", figures.moment),
    field("Last used", "last_used_at", figures.moment, spare=1),
    field("Created by", "created_by", spare=2),
)


@token.command("list")
@asks
async def list_(api: Api) -> None:
    """List tokens, without the tokens themselves."""
    emit(await api.get("/api/tokens"), lambda found: show_table(COLUMNS, found))


@token.command()
@click.argument("token_id", metavar="ID", type=click.IntRange(1))
@yes_option
@asks
async def revoke(api: Api, token_id: int, yes: bool) -> None:
    """End a token."""
    confirm(f"Revoke token {token_id}?", yes=yes)
    emit(await api.delete(f"/api/tokens/{token_id}"), lambda _: click.echo(f"token {token_id} revoked"))
