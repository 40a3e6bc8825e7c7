"""``lineman alerts``: what is wrong, who looks after it, and what was told to whom."""

from collections.abc import Mapping
from typing import Any

import click

from ...ports.alerts import Severity, Status
from . import figures, words
from .client import Api, asks
from .frame import Group, frame
from .lookup import container_id_of, given
from .output import emit, field, note, print_json, show_fields, show_table

LATE = {
    "rules": ("alert_rules:rules", "When an alert is raised, and who is told."),
    "channels": ("alert_channels:channels", "How people are reached."),
    "test": ("alert_channels:test", "Send a test message through a channel."),
    "maintenance": ("alert_maintenance:maintenance", "When nobody is told."),
}


@click.group(cls=Group, late=LATE)
def alerts() -> None:
    """See what is wrong, say that you look after it, and set rules, channels and maintenance."""


def measured(alert: Mapping[str, Any]) -> str | None:
    """The last bad figure with its unit."""
    return None if alert["value"] is None else f"{figures.number(alert['value'])} {alert['unit']}".strip()


def _status(alert: Mapping[str, Any]) -> str:
    return str(alert["status"]) + (", muted" if alert["muted"] else "")


COLUMNS = (
    field("ID", "id", right=True),
    field("Severity", "severity"),
    field("Rule", "rule"),
    field("Subject", "subject"),
    field("Since", "since", figures.moment),
    field("Status", "status"),
    field("Detail", "detail", spare=1),
    field("By", "acknowledged_by", spare=2),
)


@alerts.command("list")
@click.option("--status", type=click.Choice([status.value for status in Status]), help="Only these.")
@click.option("--all", "everything", is_flag=True, help="Those that are over as well.")
@click.option("--severity", type=click.Choice([severity.value for severity in Severity]))
@click.option("--container", shell_complete=words.containers, help="Only alerts of this one.")
@click.option("--enterprise", shell_complete=words.enterprises, help="Only alerts of this one.")
@click.option("--subject", help="Part of the name of what they are about.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.option("--offset", type=click.IntRange(0), default=0)
@asks
async def list_(
    api: Api, status: str | None, everything: bool, container: str | None, enterprise: str | None, **query: Any
) -> None:
    """List alerts that are not over, the newest first."""
    is_open = None if everything or status else "true"
    asked = {
        "status": status,
        "open": is_open,
        "container_id": await container_id_of(api, container),
        "enterprise_number": enterprise,
        **query,
    }
    answer = await api.get("/api/alerts", asked)
    if frame().json:
        print_json(answer.body)
        return
    found = answer.value
    show_table(COLUMNS, found)
    if answer.total is not None and answer.total > len(found):
        note(f"{len(found)} of {answer.total}; --limit and --offset show others")


@alerts.command()
@click.argument("alert_id", metavar="ID", type=click.IntRange(1))
@asks
async def show(api: Api, alert_id: int) -> None:
    """Show one alert, and what was told of it."""
    emit(await api.get(f"/api/alerts/{alert_id}"), _show)


def _show(alert: Mapping[str, Any]) -> None:
    times = {name: alert[name] and figures.moment(alert[name]) for name in ("since", "last_at", "recovered_at")}
    show_fields(
        {
            "number": alert["id"],
            "rule": alert["rule"],
            "severity": alert["severity"],
            "subject": alert["subject"],
            "enterprise": alert["enterprise_number"],
            "status": _status(alert),
            "measured": measured(alert),
            "detail": alert["detail"],
            "since": times["since"],
            "last seen so": times["last_at"],
            "recovered": times["recovered_at"],
            "acknowledged by": alert["acknowledged_by"],
            "comment": alert["comment"],
            "escalated": alert["escalated_at"] and figures.moment(alert["escalated_at"]),
        }
    )
    if alert["notifications"]:
        click.echo()
        show_table(NOTIFICATIONS, alert["notifications"])


NOTIFICATIONS = (
    field("Told", "at", figures.moment),
    field("Channel", "channel"),
    field("Of", "kind"),
    field("Outcome", "delivery"),
    field("Tries", "attempts", right=True),
    field("Error", "error"),
)


@alerts.command()
@click.argument("alert_ids", metavar="ID...", nargs=-1, required=True, type=click.IntRange(1))
@click.option("--comment", help="What is being done; others see it.")
@asks
async def ack(api: Api, alert_ids: tuple[int, ...], comment: str | None) -> None:
    """Say that somebody looks after alerts, which stops the escalation."""
    for alert_id in alert_ids:
        answer = await api.post(f"/api/alerts/{alert_id}/acknowledge", given(comment=comment))
        emit(answer, lambda alert: click.echo(f"alert {alert['id']} acknowledged: {alert['rule']}, {alert['subject']}"))


KINDS = (
    field("Kind", "kind"),
    field("Title", "title"),
    field("Threshold", "threshold", figures.number, right=True),
    field("Unit", "unit"),
    field("Minutes", "minutes", figures.number, right=True),
    field("Severity", "severity"),
    field("What it is", "doc", spare=1),
)


@alerts.command()
@asks
async def kinds(api: Api) -> None:
    """List what rules can be about, with what a rule of each kind starts."""
    emit(await api.get("/api/alerts/kinds"), lambda found: show_table(KINDS, found))
