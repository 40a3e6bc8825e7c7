"""``lineman users``: who can log in."""

from typing import Any

import click

from ...ports.identity import Role
from . import figures, words
from .asking import ask_password, confirm, password_option, yes_option
from .client import Api, asks
from .frame import Group
from .lookup import container_id_of, given, user_of
from .output import emit, field, show_fields, show_table

ROLES = click.Choice([role.value for role in Role])


@click.group(cls=Group)
def users() -> None:
    """Who can log in.

    USER is a name or a number.  A client sees only the containers assigned to
    him, an enterprise admin only his enterprises.
    """


def _listed(values: list[object]) -> str:
    return ", ".join(map(str, values))


COLUMNS = (
    field("ID", "id", right=True),
    field("Name", "username"),
    field("Role", "role"),
    field("Active", "is_active"),
    field("E-mail", "email", spare=1),
    field("Containers", "container_ids", _listed),
    field("Enterprises", "enterprise_numbers", _listed, spare=3),
    field("Last login", "last_login_at", figures.moment, spare=2),
)


@users.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.option("--offset", type=click.IntRange(0), default=0)
@asks
async def list_(api: Api, limit: int, offset: int) -> None:
    """List users."""
    answer = await api.get("/api/users", {"limit": limit, "offset": offset})
    emit(answer, lambda found: show_table(COLUMNS, found))


@users.command()
@click.argument("user")
@asks
async def show(api: Api, user: str) -> None:
    """Show one user."""
    found = await user_of(api, user)
    emit(
        await api.get(f"/api/users/{found['id']}"),
        lambda one: show_fields({column.header.lower(): column.value(one) for column in COLUMNS}),
    )


@users.command()
@click.argument("username")
@click.option("--role", type=ROLES, required=True)
@click.option("--email")
@click.option("--container", multiple=True, shell_complete=words.containers, help="One a client may see; repeatable.")
@click.option(
    "--enterprise", multiple=True, shell_complete=words.enterprises, help="One an enterprise admin sees; repeatable."
)
@password_option
@asks
async def add(
    api: Api, username: str, role: str, email: str | None, container: tuple[str, ...], enterprise: tuple[str, ...],
    password_stdin: bool,
) -> None:  # fmt: skip
    """Add a user; the password is asked for."""
    places = [await container_id_of(api, word) for word in container]
    password = ask_password(f"Password of {username}", stdin=password_stdin)
    fields = given(
        username=username, role=role, email=email, container_ids=places or None,
        enterprise_numbers=list(enterprise) or None, password=password.reveal(),
    )  # fmt: skip
    emit(await api.post("/api/users", fields), lambda made: click.echo(f"user {made['id']} added: {made['username']}"))


@users.command()
@click.argument("user")
@click.option("--role", type=ROLES)
@click.option("--active/--inactive", default=None, help="Whether he can log in.")
@click.option("--email")
@click.option("--container", multiple=True, shell_complete=words.containers, help="All that a client may see.")
@click.option("--no-containers", is_flag=True, help="A client sees nothing.")
@click.option(
    "--enterprise", multiple=True, shell_complete=words.enterprises, help="All that an enterprise admin sees."
)
@click.option("--no-enterprises", is_flag=True, help="An enterprise admin sees nothing.")
@asks
async def change(api: Api, user: str, active: bool | None, **told: Any) -> None:
    """Change the fields that the options name, and no others."""
    places = [await container_id_of(api, word) for word in told["container"]]
    fields = given(
        role=told["role"],
        is_active=active,
        email=told["email"],
        container_ids=places if places or told["no_containers"] else None,
        enterprise_numbers=list(told["enterprise"]) if told["enterprise"] or told["no_enterprises"] else None,
    )
    if not fields:
        raise click.UsageError("nothing to change: give at least one option")
    found = await user_of(api, user)
    answer = await api.put(f"/api/users/{found['id']}", fields)
    emit(answer, lambda changed: click.echo(f"user {changed['id']} changed: {changed['username']}"))


@users.command()
@click.argument("user")
@yes_option
@asks
async def remove(api: Api, user: str, yes: bool) -> None:
    """Remove a user; his sessions end."""
    found = await user_of(api, user)
    confirm(f"Remove user {found['id']}, {found['username']}?", yes=yes)
    answer = await api.delete(f"/api/users/{found['id']}")
    emit(answer, lambda _: click.echo(f"user {found['id']} removed: {found['username']}"))


@users.command()
@click.argument("user")
@password_option
@asks
async def password(api: Api, user: str, password_stdin: bool) -> None:
    """Set a user's password, which is asked for; his sessions end."""
    found = await user_of(api, user)
    secret = ask_password(f"New password of {found['username']}", stdin=password_stdin)
    answer = await api.post(f"/api/users/{found['id']}/password", {"password": secret.reveal()})
    emit(answer, lambda _: click.echo(f"password of user {found['id']} set: {found['username']}"))
