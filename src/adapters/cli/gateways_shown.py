"""Gateways and lines for people: states in a word, signals as bars."""

import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import Any

import click

from ...ports.gateways.history import LineLevel
from ...ports.gateways.reading import HIGHEST_RSSI
from . import figures
from .client import Api
from .output import Column, field, show_fields, show_table, terminal

Device = Mapping[str, Any]

#: Characters of a course in a table.
SPARK_WIDTH = 12
#: RSSI from which on each of the four bars is there.
STEPS = (1, 10, 15, 20)
BARS = "▂▄▆█"
#: Seconds of a point of a course; single scans come as often as they do.
POINTS = {LineLevel.HOUR: 3600.0, LineLevel.DAY: 86_400.0}


def state(device: Device) -> str:
    """The status, or that it reboots; a list that could not be read is told of."""
    word: str = "rebooting" if device["rebooting"] else device["port_scan_status"]
    return f"{word}, stale" if device["stale"] else word


def answering(device: Device) -> bool:
    """Whether there is nothing to explain."""
    return device["port_scan_status"] == "active" and not device["rebooting"] and not device["stale"]


def lines_good(device: Device) -> str | None:
    """How many lines are well, of how many."""
    lines = device["lines"]
    return f"{lines['ok']}/{lines['total']}" if lines["total"] else None


def signal(line: Mapping[str, Any]) -> str | None:
    """The RSSI, with bars on a terminal: ``▂▄▆  17``."""
    rssi: int | None = line["rssi"]
    if rssi is None:
        return None
    if not terminal():
        return str(rssi)
    lit = "".join(bar if rssi >= step else " " for bar, step in zip(BARS, STEPS, strict=True))
    return f"{lit} {rssi:2}"


def call(line: Mapping[str, Any]) -> str | None:
    """The call state, and with whom."""
    return f"{line['state']} {line['peer']}" if line["state"] and line["peer"] else line["state"]


def minutes(line: Mapping[str, Any]) -> str | None:
    """The minutes that the SIM has left."""
    return "no limit" if line["unlimited"] else line["remaining_minutes"]


LINES = (
    field("Line", "line", right=True),
    field("Health", "health"),
    Column("Signal", signal, right=True),
    field("dBm", "dbm", right=True, spare=6),
    field("Operator", "operator", spare=2),
    field("SIM", "sim", spare=8),
    field("GSM", "gsm", spare=3),
    field("VoIP", "voip", spare=4),
    Column("Call", call, spare=5),
    field("ASR %", "asr", right=True, spare=9),
    field("ACD s", "acd_s", right=True, spare=10),
    field("Last call", "last_call_at", figures.ago, right=True, spare=7),
    Column("Minutes", minutes, right=True, spare=11),
    field("When busy", "busy_status", spare=12),
    field("Auth id", "authentication_id", spare=13),
)


def show_gateway(device: Device, lines: Sequence[Mapping[str, Any]]) -> None:
    """Print a gateway as ``GET /devices/{name}`` answers it, and its lines."""
    show_fields(_rows(device))
    if lines:
        click.echo()
        show_table(LINES, lines)


def _rows(device: Device) -> dict[str, object]:
    def shown(name: str, show: Any = figures.moment) -> object:
        return None if device[name] is None else show(device[name])

    counts = {name: device["lines"][name] for name in ("ok", "weak", "down", "busy")}
    since = f" for {figures.ago(device['since'])}" if device["since"] else ""
    return {
        "name": device["gateway_name"],
        "enterprise": f"{device['enterprise']} ({device['enterprise_number']})",
        "directory": device["directory"],
        "status": f"{state(device)}{since}",
        "that is": device["why"],
        "port": device["port"],
        "last port": device["last_port"],
        "list last read": shown("last_port_scan"),
        "last on the list": shown("last_seen_listed"),
        "last answer": shown("last_ok"),
        "public address": device["public_address"],
        "model": device["device_model"] or device["title"],
        "serial ends with": device["serial_last4"],
        "firmware": device["firmware"],
        "modules": device["module_version"],
        "up for": shown("uptime_s", figures.span),
        "its clock": device["device_time"],
        "lines": device["line_count"],
        "of them": figures.counts(counts),
        "login": (device["username"] or "") + (" with a password" if device["has_password"] else "") or None,
        "added": figures.moment(device["created_at"]),
        "revision": device["revision"],
    }


async def sparks_of(api: Api) -> Mapping[str, Sequence[float | None]]:
    """By gateway the mean signal of its lines, hour by hour."""
    found = (await api.get("/sparks", {"hours": 24})).value
    return {one["gateway_name"]: [value for _, value in one["points"]] for one in found}


def show_course(name: str, chart: Mapping[str, Any]) -> None:
    """Draw a line's signal, and the shares of scans that saw it registered and busy."""
    width = max(shutil.get_terminal_size((100, 24)).columns - 4, 20)
    points = chart["points"]
    times = [datetime.fromisoformat(point["at"]).timestamp() for point in points]
    start, end = (datetime.fromisoformat(chart[name]).timestamp() for name in ("since", "until"))
    step = POINTS.get(chart["level"]) or median([later - one for one, later in pairwise(times)] or [0.0])

    def drawn(key: str, top: float) -> str:
        """From left to right the whole span, so that what nobody saw is a gap."""
        values = [(at, point[key]) for at, point in zip(times, points, strict=True)]
        return figures.sparkline(figures.in_time(values, start, end, step, width), width, scale=(0, top)).rstrip()

    click.echo(
        f"{name} line {chart['line']}, {len(points)} points ({chart['level']}),"
        f" {figures.moment(chart['since'])} to {figures.moment(chart['until'])}"
    )
    known = [point["rssi"] for point in points if point["rssi"] is not None]
    if known:
        low = min(point["rssi_min"] for point in points if point["rssi_min"] is not None)
        high = max(point["rssi_max"] for point in points if point["rssi_max"] is not None)
        click.echo(f"signal: {low} to {high} of {HIGHEST_RSSI}, last {figures.number(round(known[-1], 1))}")
        click.echo(drawn("rssi", HIGHEST_RSSI))
    for label, key in (("in the network", "gsm_ratio"), ("by VoIP", "voip_ratio"), ("in a call", "busy_ratio")):
        ratios = [point[key] for point in points]
        seen = [ratio for ratio in ratios if ratio is not None]
        if seen:
            click.echo(f"{label}: {100 * sum(seen) / len(seen):.1f} % of the time")
            click.echo(drawn(key, 1))
