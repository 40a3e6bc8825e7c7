"""``lineman alerts rules``: when an alert is raised, and who is told."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from ...ports.alerts import Severity
from . import figures, words
from .alert_channels import channel_of, thing_of
from .asking import confirm, yes_option
from .client import Api, asks
from .frame import Group
from .lookup import Thing, container_id_of, given
from .output import emit, field, show_fields, show_table

F = TypeVar("F", bound=Callable[..., Any])


@click.group(cls=Group)
def rules() -> None:
    """When an alert is raised, and who is told.

    RULE is a number or a name.  A rule that names no channel tells every active one.
    """


async def rule_of(api: Api, word: str) -> Thing:
    """The rule of this number or name."""
    return await thing_of(api, "/api/alerts/rules", "rule", word)


def _numbers(ids: list[int]) -> str:
    return ", ".join(map(str, ids)) or "all"


COLUMNS = (
    field("ID", "id", right=True),
    field("Name", "name"),
    field("Kind", "kind"),
    field("Threshold", "threshold", figures.number, right=True),
    field("Minutes", "minutes", figures.number, right=True),
    field("Severity", "severity"),
    field("Active", "is_active"),
    field("Containers", "container_ids", _numbers, spare=1),
    field("Enterprises", "enterprise_numbers", lambda numbers: ", ".join(numbers) or "all", spare=2),
    field("Tags", "tags", lambda tags: ", ".join(tags) or "all", spare=2),
    field("Channels", "channel_ids", _numbers, spare=1),
    field("Escalates after", "escalate_after_minutes", spare=3),
    field("to", "escalate_channel_ids", _numbers, spare=3),
)


@rules.command("list")
@asks
async def list_(api: Api) -> None:
    """List the rules."""
    emit(await api.get("/api/alerts/rules", {"limit": 1000}), lambda found: show_table(COLUMNS, found))


@rules.command()
@click.argument("rule", shell_complete=words.rules)
@asks
async def show(api: Api, rule: str) -> None:
    """Show one rule."""
    found = await rule_of(api, rule)
    emit(await api.get(f"/api/alerts/rules/{found['id']}"), _show)


def _show(rule: Mapping[str, Any]) -> None:
    show_fields({column.header.lower(): column.value(rule) for column in COLUMNS})


def _options(command: F) -> F:
    """What can be set of a rule."""
    for option in reversed(
        (
            click.option("--threshold", type=float, help="Beyond this it is bad, in the kind's unit."),
            click.option("--minutes", type=click.FloatRange(0), help="How long it must be so."),
            click.option("--severity", type=click.Choice([severity.value for severity in Severity])),
            click.option(
                "--container", multiple=True, shell_complete=words.containers, help="Only in this one; repeatable."
            ),
            click.option(
                "--enterprise", multiple=True, shell_complete=words.enterprises, help="Only of this one; repeatable."
            ),
            click.option("--tag", multiple=True, help="Only with this tag; repeatable."),
            click.option("--channel", multiple=True, shell_complete=words.channels, help="Who is told; repeatable."),
            click.option("--escalate-after", type=click.IntRange(1), help="Minutes until it is told again."),
            click.option(
                "--escalate-to", multiple=True, shell_complete=words.channels, help="Who is told then; repeatable."
            ),
            click.option("--active/--inactive", default=None, help="Whether it counts."),
        )
    ):
        command = option(command)
    return command


async def _fields(api: Api, told: Mapping[str, Any]) -> dict[str, Any]:
    places = [await container_id_of(api, word) for word in told["container"]]
    channels = [(await channel_of(api, word))["id"] for word in told["channel"]]
    later = [(await channel_of(api, word))["id"] for word in told["escalate_to"]]
    return given(
        threshold=told["threshold"], minutes=told["minutes"], severity=told["severity"], container_ids=places or None,
        enterprise_numbers=list(told["enterprise"]) or None, tags=list(told["tag"]) or None,
        channel_ids=channels or None, escalate_after_minutes=told["escalate_after"],
        escalate_channel_ids=later or None, is_active=told["active"],
    )  # fmt: skip


def _must_come(told: Mapping[str, Any], minutes: int | None) -> None:
    """See that who is told later is ever told; ``minutes`` are those of the rule as it is."""
    if told["escalate_to"] and told["escalate_after"] is None and minutes is None:
        raise click.UsageError("--escalate-to needs --escalate-after: say after how many minutes, or leave both out")


@rules.command()
@click.argument("kind", shell_complete=words.kinds)
@click.option("--name", help="Without one it is called as its kind.")
@_options
@asks
async def add(api: Api, kind: str, name: str | None, **told: Any) -> None:
    """Add a rule of a KIND that lineman alerts kinds lists; what is not given is what is usual."""
    _must_come(told, None)
    answer = await api.post("/api/alerts/rules", {"kind": kind, **given(name=name), **await _fields(api, told)})
    emit(answer, lambda made: click.echo(f"rule {made['id']} added: {made['name']}"))


@rules.command()
@click.argument("rule", shell_complete=words.rules)
@click.option("--name")
@click.option("--everywhere", is_flag=True, help="In all containers, with any tag, of any enterprise.")
@click.option("--every-channel", is_flag=True, help="Tell every active channel.")
@click.option("--no-escalation", is_flag=True)
@_options
@asks
async def change(
    api: Api, rule: str, name: str | None, everywhere: bool, every_channel: bool, no_escalation: bool, **told: Any
) -> None:
    """Change the fields that the options name, and no others."""
    fields = given(name=name) | await _fields(api, told)
    if everywhere:
        fields |= {"container_ids": [], "tags": [], "enterprise_numbers": []}
    if every_channel:
        fields["channel_ids"] = []
    if no_escalation:
        fields |= {"escalate_after_minutes": None, "escalate_channel_ids": []}
    if not fields:
        raise click.UsageError("nothing to change: give at least one option")
    found = await rule_of(api, rule)
    _must_come(told, None if no_escalation else found["escalate_after_minutes"])
    answer = await api.put(f"/api/alerts/rules/{found['id']}", fields)
    emit(answer, lambda changed: click.echo(f"rule {changed['id']} changed: {changed['name']}"))


@rules.command()
@click.argument("rule", shell_complete=words.rules)
@yes_option
@asks
async def remove(api: Api, rule: str, yes: bool) -> None:
    """Remove a rule; its alerts end, and stay in the list."""
    found = await rule_of(api, rule)
    confirm(f"Remove rule {found['id']}, {found['name']}?", yes=yes)
    answer = await api.delete(f"/api/alerts/rules/{found['id']}")
    emit(answer, lambda _: click.echo(f"rule {found['id']} removed: {found['name']}"))
