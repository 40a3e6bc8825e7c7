"""Completion of names in the shell, where the answer is near: a mistake or a delay gives no words at all."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...ports import errors
from ...ports.miners.reading import Maker
from .frame import Frame

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

#: Seconds after which a TAB gives up.
PATIENCE = 2.0


def makers(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The makers, in any case."""
    return [maker.value for maker in Maker if maker.value.casefold().startswith(incomplete.casefold())]


def containers(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[Any]]":
    """Containers by name, or by number where a shell would cut the name."""
    return _words(context, "/api/containers", incomplete, lambda one: one["location"] or "")


def miners(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[Any]]":
    """The first miners by name, or by number where a shell would cut the name."""
    return _words(context, "/api/miners", incomplete, lambda one: one["ip_address"])


def groups(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[Any]]":
    """Groups of miners by name, or by number where a shell would cut the name."""
    return _words(context, "/api/miners/groups", incomplete, lambda one: f"{one['miners']} miners")


def tags(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Tags that a shell would not cut."""
    found = context.find_root().obj
    try:
        things = _ask(found if isinstance(found, Frame) else Frame(), "/api/miners/tags", incomplete)
    except (errors.LinemanError, OSError, click.ClickException):
        return []
    tags = [thing["tag"] for thing in things if " " not in thing["tag"]]
    return [tag for tag in tags if tag.startswith(incomplete.casefold())]


def rules(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[Any]]":
    """Rules of alerts by name, or by number where a shell would cut the name."""
    return _words(context, "/api/alerts/rules", incomplete, lambda one: one["kind"])


def channels(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[Any]]":
    """Channels of alerts by name, or by number where a shell would cut the name."""
    return _words(context, "/api/alerts/channels", incomplete, lambda one: one["scheme"])


def gateways(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[Any]]":
    """Gateways by name; they have no number, so that names which a shell would cut are left out."""
    query = {"limit": 50, "search": incomplete or None}
    return _named(context, "goip", "/devices", query, incomplete, "gateway_name", lambda one: one["port_scan_status"])


def enterprises(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[Any]]":
    """Enterprises by number."""
    return _named(context, None, "/api/enterprises", {"limit": 1000}, incomplete, "number", lambda one: one["name"])


def units(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[Any]]":
    """Units by the number of their enterprise."""
    query = {"limit": 50, "search": incomplete or None}
    return _named(context, "units", "/units", query, incomplete, "enterprise_number", lambda one: one["name"])


def plugs(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[Any]]":
    """Plugs of the cloud account by their id."""
    return _named(context, "ewelink", "/devices", {"limit": 1000}, incomplete, "device_id", lambda one: one["name"])


def directories(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[Any]]":
    """Directories of gateways by name."""
    return _named(context, "goip", "/directories", {}, incomplete, "name", lambda one: one["host"])


def kinds(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """What rules of alerts can be about."""
    from ...core.gateways.kinds import KINDS as GATEWAYS
    from ...core.miners.kinds import KINDS as MINERS
    from ...core.units.kinds import KINDS as UNITS

    return [kind.kind for kind in (*MINERS, *GATEWAYS, *UNITS) if kind.kind.startswith(incomplete.casefold())]


def _named(
    context: click.Context, system: str | None, path: str, query: Mapping[str, object], incomplete: str, field: str,
    remark: Callable[[Any], str],
) -> "list[CompletionItem[Any]]":  # fmt: skip
    """The values of a field that begin so, and that no shell cuts."""
    from click.shell_completion import CompletionItem

    found = context.find_root().obj
    try:
        things = _ask(found if isinstance(found, Frame) else Frame(), path, incomplete, query=query, system=system)
    except (errors.LinemanError, OSError, click.ClickException):
        return []
    return [
        CompletionItem(thing[field], help=remark(thing))
        for thing in things
        if _whole(thing[field]) and thing[field].startswith(incomplete)
    ]


def _whole(word: str) -> bool:
    return all(char.isalnum() or char in "._-+@" for char in word)


def _words(
    context: click.Context, path: str, incomplete: str, remark: Callable[[Any], str]
) -> "list[CompletionItem[Any]]":
    from click.shell_completion import CompletionItem

    found = context.find_root().obj
    try:
        things = _ask(found if isinstance(found, Frame) else Frame(), path, incomplete)
    except (errors.LinemanError, OSError, click.ClickException):
        return []
    items = []
    for thing in things:
        whole = thing["name"].isascii() and _whole(thing["name"])
        word = thing["name"] if whole and not thing["name"].isdecimal() else str(thing["id"])
        if word.casefold().startswith(incomplete.casefold()):
            items.append(CompletionItem(word, help=f"{thing['name']} {remark(thing)}".strip()))
    return items


def _ask(
    called: Frame, path: str, incomplete: str, *, query: Mapping[str, object] | None = None, system: str | None = None
) -> list[Any]:
    settings = called.settings()
    kind, _, file = settings.database.partition("///")
    if not settings.url and kind.startswith("sqlite") and not Path(file).is_file():
        return []  # a TAB makes no database

    import anyio

    from .client import opened

    async def ask() -> list[Any]:
        with anyio.move_on_after(PATIENCE):
            async with opened(called) as api:
                asked = query or (
                    {"limit": 50, "search": None if incomplete.isdecimal() else incomplete or None}
                    if path.endswith("miners")
                    else {"limit": 1000}
                )
                found: list[Any] = (await (api.of(system) if system else api).get(path, asked)).value
                return found
        return []

    return anyio.run(ask)
