"""``lineman alerts channels``: how people are reached.  Their URLs hold secrets: they never stand in arguments."""

import sys

import click

from ...ports import errors
from ...ports.secrets import Secret
from . import figures, words
from .asking import confirm, yes_option
from .client import Api, asks
from .frame import Command, Group
from .lookup import Thing, given
from .output import emit, field, show_table


@click.group(cls=Group)
def channels() -> None:
    """How people are reached.

    CHANNEL is a number or a name.  Its URL is asked for, as apprise has them:
    tgram://TOKEN/CHAT, mailtos://USER:PASSWORD@example.com, json://host/path.
    """


async def thing_of(api: Api, path: str, what: str, word: str) -> Thing:
    """The rule or channel of this number or name.

    Raises:
        NotFound: There is none.
        Invalid: There are several.
    """
    found = [one async for one in api.pages(path, {})]
    for fits in (
        lambda one: str(one["id"]) == word,
        lambda one: one["name"] == word,
        lambda one: one["name"].casefold() == word.casefold(),
    ):
        fitting: list[Thing] = [one for one in found if fits(one)]
        if len(fitting) > 1:
            raise errors.Invalid(f"{len(fitting)} {what}s are called {word!r}; give a number", field=what)
        if fitting:
            return fitting[0]
    raise errors.NotFound(f"no {what} is called {word!r}; lineman alerts {what}s list shows all")


async def channel_of(api: Api, word: str) -> Thing:
    """The channel of this number or name."""
    return await thing_of(api, "/api/alerts/channels", "channel", word)


def _url(name: str, *, stdin: bool) -> Secret:
    if stdin:
        return Secret(sys.stdin.readline().strip())
    return Secret(click.prompt(f"URL of {name}", hide_input=True, err=True))


_stdin = click.option("--url-stdin", is_flag=True, help="Read the URL from the first line of stdin.")

COLUMNS = (
    field("ID", "id", right=True),
    field("Name", "name"),
    field("Scheme", "scheme"),
    field("Active", "is_active"),
    field("Last sent", "last_sent_at", figures.moment),
    field("Last error", "last_error", spare=1),
)


@channels.command("list")
@asks
async def list_(api: Api) -> None:
    """List the channels, without their URLs."""
    emit(await api.get("/api/alerts/channels", {"limit": 1000}), lambda found: show_table(COLUMNS, found))


@channels.command()
@click.argument("name")
@_stdin
@asks
async def add(api: Api, name: str, url_stdin: bool) -> None:
    """Add a channel called NAME; its URL is asked for."""
    url = _url(name, stdin=url_stdin)
    answer = await api.post("/api/alerts/channels", {"name": name, "url": url.reveal()})
    emit(answer, lambda made: click.echo(f"channel {made['id']} added: {made['name']}; now: lineman alerts test"))


@channels.command()
@click.argument("channel", shell_complete=words.channels)
@click.option("--name")
@click.option("--active/--inactive", default=None, help="Whether anything is sent.")
@click.option("--url", "ask_url", is_flag=True, help="Ask for another URL.")
@_stdin
@asks
async def change(api: Api, channel: str, name: str | None, active: bool | None, ask_url: bool, url_stdin: bool) -> None:
    """Change the fields that the options name, and no others."""
    fields = given(name=name, is_active=active)
    if ask_url or url_stdin:
        fields["url"] = _url(channel, stdin=url_stdin).reveal()
    if not fields:
        raise click.UsageError("nothing to change: give at least one option")
    found = await channel_of(api, channel)
    answer = await api.put(f"/api/alerts/channels/{found['id']}", fields)
    emit(answer, lambda changed: click.echo(f"channel {changed['id']} changed: {changed['name']}"))


@channels.command()
@click.argument("channel", shell_complete=words.channels)
@yes_option
@asks
async def remove(api: Api, channel: str, yes: bool) -> None:
    """Remove a channel, and what waits for it."""
    found = await channel_of(api, channel)
    confirm(f"Remove channel {found['id']}, {found['name']}?", yes=yes)
    answer = await api.delete(f"/api/alerts/channels/{found['id']}")
    emit(answer, lambda _: click.echo(f"channel {found['id']} removed: {found['name']}"))


@click.command(cls=Command)
@click.argument("channel", shell_complete=words.channels)
@asks
async def test(api: Api, channel: str) -> None:
    """Send a test message through a CHANNEL, a number or a name, and wait until it was taken."""
    found = await channel_of(api, channel)
    answer = await api.post(f"/api/alerts/channels/{found['id']}/test")
    emit(answer, lambda _: click.echo(f"channel {found['id']} took the message: {found['name']}"))
