"""One miner in full, for people."""

from collections.abc import Mapping
from typing import Any

import click

from . import figures
from .lookup import address
from .output import Column, field, show_fields, show_table

Miner = Mapping[str, Any]


def model(miner: Miner) -> str | None:
    """What somebody wrote down, else what the miner says it is."""
    found: str | None = miner.get("model") or miner.get("reported_model")
    return found


def maker(miner: Miner) -> str:
    """What somebody wrote down, and what the miner says it is where that differs."""
    said = miner.get("reported_manufacturer")
    return f"{miner['manufacturer']} (says {said})" if said and said != miner["manufacturer"] else miner["manufacturer"]


def rate(miner: Miner, name: str = "hash_rate_hs") -> str | None:
    """A rate of a miner in the customary prefix."""
    value = miner.get(name)
    return None if value is None else figures.rate(value, miner["algorithm"])


def efficiency(miner: Miner) -> str | None:
    """Joules per unit of work, which goes with the unit of the rate: ``29.8 J/TH``, ``1.20 J/GH``."""
    value = miner["efficiency_j_th"]
    return None if value is None else f"{figures.number(value)} J/{miner['hash_rate_unit'].removesuffix('/s')}"


def show_miner(miner: Miner) -> None:
    """Print a miner as ``GET /api/miners/{id}`` answers it."""
    show_fields(_rows(miner))
    reading = (miner.get("stats") or {}).get("reading") or {}
    for title, columns, rows in (("Boards", _boards(reading), "boards"), ("Pools", POOLS, "pools")):
        if reading.get(rows):
            click.echo()
            show_table(columns, reading[rows], title=title)


def _rows(miner: Miner) -> dict[str, object]:
    def shown(name: str, show: Any) -> object:
        return None if miner[name] is None else show(miner[name])

    def since(name: str) -> str:
        return f" for {figures.ago(miner[name])}" if miner[name] else ""

    def percent(ratio: float) -> str:
        return f"{figures.number(round(ratio * 100, 1))} %"

    return {
        "number": miner["id"],
        "name": miner["name"],
        "address": address(miner),
        "web port": miner["web_port"],
        "API 3 port": miner["api3_port"],
        "maker": maker(miner),
        "model": miner["model"],
        "container": miner["container_id"],
        "place": miner["row"] and f"row {miner['row']}, shelf {miner['shelf']}, slot {miner['slot']}",
        "tags": ", ".join(miner["tags"]) or None,
        "group": miner["group_id"],
        "device": miner["hardware_id"],
        "polled": miner["is_active"],
        "login": (miner["username"] or "") + (" with a password" if miner["has_password"] else "") or None,
        "added": figures.moment(miner["created_at"]),
        "revision": miner["revision"],
        "availability": f"{miner['availability']}{since('availability_since')}",
        "because": ", ".join(miner["reasons"]),
        "last error": miner["error_detail"] or miner["error"],
        "misses": miner["misses"],
        "last poll": shown("polled_at", figures.moment),
        "last answer": shown("last_seen", figures.moment),
        "state": miner["state"] and f"{miner['state']}{since('state_since')}",
        "hash rate": rate(miner),
        "nominal": rate(miner, "hash_rate_nominal_hs"),
        "of nominal": shown("rate_ratio", percent),
        "temperature": shown("temperature", lambda value: f"{figures.number(value)} °C"),
        "fans": shown("fan_speed", lambda value: f"{value} rpm"),
        "power": shown("power_consumption", lambda value: f"{figures.number(value)} W ({miner['power_kind']})"),
        "efficiency": efficiency(miner),
        "algorithm": miner["algorithm"],
        "says it is": " ".join(word for word in (miner["reported_model"], miner["firmware"]) if word) or None,
        "up for": shown("uptime_s", figures.span),
        "shares": shown("accepted_shares", lambda count: f"{count} accepted, {miner['rejected_shares'] or 0} rejected"),
        "rejected lately": shown("reject_ratio", percent),
        "last share": shown("last_share_at", lambda when: f"{figures.ago(when)} ago"),
        "restarts": miner["restarts"],
        "pool switches": miner["pool_switches"],
    }


def _boards(reading: Mapping[str, Any]) -> tuple[Column, ...]:
    def board_rate(board: Mapping[str, Any]) -> object:
        value = board.get("hash_rate_hs")
        return None if value is None else figures.rate(value, reading.get("algorithm"))

    return (
        field("Slot", "slot", right=True),
        Column("Hash rate", board_rate, right=True),
        field("Board °C", "temp_board_c", figures.number, right=True),
        field("Chip °C", "temp_chip_c", figures.number, right=True),
        field("Chips", "chips_total", right=True),
        field("Bad", "chips_bad", right=True),
        field("MHz", "freq_mhz", figures.number, right=True),
        field("HW errors", "hw_errors", right=True),
    )


POOLS = (
    field("ID", "index", right=True),
    field("URL", "url"),
    field("User", "user"),
    field("Status", "status"),
    field("Active", "active"),
    field("Accepted", "accepted", right=True),
    field("Rejected", "rejected", right=True),
)
