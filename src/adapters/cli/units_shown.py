"""Units, their lines and their plugs for people."""

from collections.abc import Mapping
from typing import Any

import click

from . import figures
from .output import Column, field, show_fields

Unit = Mapping[str, Any]


def state(unit: Unit) -> str | None:
    """What the last look came to, or that its power is being cut."""
    if unit["cycling"]:
        return "power cycle"
    return "not looked at yet" if unit["outcome"] is None else unit["outcome"]


def up(unit: Unit, kind: str) -> str | None:
    """``7/8``: lines of a kind that are up, of all."""
    lines = unit["line_stats"]
    return (
        None if lines is None or not lines[f"{kind}_total"] else f"{lines[f'{kind}_online']}/{lines[f'{kind}_total']}"
    )


def disk(unit: Unit) -> str | None:
    """How full the disk is, with a word where that is a worry."""
    percent, level = unit["disk_usage_percent"], unit["disk_level"]
    if percent is None:
        return None
    return f"{percent} %" if level == "ok" else f"{percent} % {level}"


def plug(plug: Mapping[str, Any] | None) -> str | None:
    """``ewelink:1000011001/0``."""
    if plug is None:
        return None
    outlet = "" if plug["outlet"] is None else f"/{plug['outlet']}"
    return f"{plug['kind']}:{plug['device_id']}{outlet}"


COLUMNS = (
    field("Number", "enterprise_number"),
    field("Name", "name", spare=3),
    Column("Status", state),
    field("Failures", "failure_counter", right=True, spare=1),
    Column("GSM", lambda row: up(row, "gsm"), right=True),
    Column("SIP", lambda row: up(row, "sip"), right=True, spare=4),
    Column("Internal", lambda row: up(row, "internal"), right=True, spare=7),
    Column("Disk", disk, right=True, spare=2),
    field("Calls", "calls", right=True, spare=8),
    Column("Plug", lambda row: plug(row["plug"]), spare=9),
    Column("Cut by itself", lambda row: row["parameter_option_2"], spare=10),
    field("For", "since", figures.ago, right=True, spare=6),
    field("Because", "last_error_message", spare=5),
    field("Seen", "last_checked_at", figures.ago, right=True, spare=11),
)
LINES = (
    field("Name", "name"),
    field("Kind", "kind"),
    Column("Up", lambda row: row["online"]),
    field("Status", "status"),
    field("ms", "rtt_ms", figures.number, right=True, spare=2),
    field("Address", "host", spare=1),
)


def show_unit(unit: Unit) -> None:
    """Print a unit as ``GET /units/{number}`` answers it."""
    show_fields(_rows(unit))
    click.echo(f"\n{unit['why']}")


def _rows(unit: Unit) -> dict[str, object]:
    def shown(name: str, show: Any = figures.moment) -> object:
        return None if unit[name] is None else show(unit[name])

    since = f" for {figures.ago(unit['since'])}" if unit["since"] else ""
    login = [word for word, there in (("a password", unit["has_password"]), ("a key", unit["has_key"])) if there]
    second = unit["second_opinion"] and f"{unit['second_opinion']} at port {unit['second_port']}"
    paused = unit["paused_until"] and f"until {figures.moment(unit['paused_until'])} by {unit['paused_by']}"
    return {
        "number": unit["enterprise_number"],
        "name": unit["name"],
        "address": f"{unit['host']} port {unit['port']} by {unit['via']}",
        "login": f"{unit['username']} with {' and '.join(login)}",
        "host key": unit["host_key"],
        "status": f"{state(unit)}{since}",
        "what counts": unit["last_status"],
        "failed looks": unit["failure_counter"],
        "last error": unit["last_error_message"],
        "last look": shown("last_checked_at"),
        "GSM lines": up(unit, "gsm"),
        "SIP lines": up(unit, "sip"),
        "internal lines": up(unit, "internal"),
        "calls": unit["calls"],
        "disk": disk(unit),
        "up for": shown("uptime_s", figures.span),
        "Asterisk": unit["version"],
        "hangs on": unit["parent"],
        "plug": plug(unit["plug"]),
        "power is cut by itself": unit["parameter_option_2"],
        "service may be restarted": unit["may_restart_service"],
        "cut in this outage": unit["ewelink_action_done"],
        "down after": unit["failure_threshold"] and f"{unit['failure_threshold']} failed looks",
        "second opinion": second,
        "paused": paused,
        "power cycle": unit["cycle_step"],
        "not cut before": shown("next_possible_at"),
        "added": figures.moment(unit["created_at"]),
        "revision": unit["revision"],
    }


def show_plug(found: Mapping[str, Any]) -> None:
    """Print what a plug said of itself."""
    show_fields(
        {
            "plug": plug(found["plug"]),
            "name": found["name"],
            "model": found["model"],
            "connected": found["online"],
            "is": "on" if found["on"] else "off",
            "outlets": found["channels"] or None,
            "when it gets power": found["startup"],
            "switches off by itself": found["pulse"],
            "watts": found["power_w"],
        }
    )
