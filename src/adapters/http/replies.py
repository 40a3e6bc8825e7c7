"""What a miner answered, in its own words: what the specification calls summary and stats."""

from collections.abc import Mapping
from typing import Any

from ...ports.miners import Reading

#: Under which command a dialect files them.
SUMMARY = ("summary", "get.miner.status", "status")
STATS = ("stats", "estats", "litestats", "edevs", "devs", "get.device.info")

#: What a section of STATS has in common with SUMMARY, by the same names.
SHARED = ("Elapsed", "GHS 5s", "GHS av", "GHS 30m", "MHS 5s", "MHS av", "Device Hardware%")


def summary_data(raw: Mapping[str, Any], reading: Reading) -> Any:
    """The miner's summary, else what a poll that had no need of it read of the same.

    ``composed_from`` names the replies that such a one was taken from: rates and
    ``Elapsed`` stand as in STATS, shares are the sums of the pools.
    """
    if (told := _first(raw, SUMMARY)) is not None:
        return told
    section = next((one for one in _sections(raw.get("stats")) if "Elapsed" in one), None)
    if section is None:
        return None
    figures = {name: section[name] for name in SHARED if name in section}
    shares = reading.shares
    counted = {
        "Accepted": shares.accepted,
        "Rejected": shares.rejected,
        "Stale": shares.stale,
        "Hardware Errors": reading.hw_errors,
    }
    figures |= {name: count for name, count in counted.items() if count is not None}
    return {"SUMMARY": [figures], "composed_from": [name for name in ("stats", "pools") if raw.get(name) is not None]}


def stats_data(raw: Mapping[str, Any]) -> Any:
    """What the miner says of its parts."""
    return _first(raw, STATS)


def _sections(reply: Any) -> list[Mapping[str, Any]]:
    """The sections of a reply to ``stats``; a joined command's reply stands in a list."""
    if isinstance(reply, list):
        reply = reply[0] if reply else None
    found = reply.get("STATS") if isinstance(reply, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _first(raw: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((raw[name] for name in names if raw.get(name) is not None), None)
