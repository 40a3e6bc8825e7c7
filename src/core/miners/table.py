"""Miners as tables: their columns, and how the cells are read."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .. import tables
from ..tables import MOST_ROWS, Columns, Row, decoded, number_of, text_of, truth_of

__all__ = [
    "EXPORTED", "FIELDS", "MOST_ROWS", "SHOWN", "Row", "decoded", "read_csv", "read_objects", "write_csv",
]  # fmt: skip

#: What a row may say.  ``container`` and ``group`` are names, beside the ids that programs use.
FIELDS = (
    "name", "ip_address", "port", "web_port", "api3_port", "manufacturer", "model", "container", "container_id",
    "row", "shelf", "slot", "tags", "group", "group_id", "is_active", "username", "password",
)  # fmt: skip
#: What an export has besides.
SHOWN = (
    "id", "has_password", "hardware_id", "created_at", "last_seen", "availability", "state", "error", "hash_rate",
    "hash_rate_unit", "hash_rate_nominal", "rate_ratio", "temperature", "temperature_unit", "fan_speed",
    "fan_speed_unit", "power_consumption", "power_unit", "power_kind", "efficiency", "efficiency_unit",
    "reported_manufacturer", "reported_model", "firmware", "uptime_s", "accepted_shares", "rejected_shares",
)  # fmt: skip
#: The columns of an export: what can be read back first.  Passwords never leave.
EXPORTED = (
    "id", *(name for name in FIELDS if name not in ("container_id", "group_id", "password")), *SHOWN[1:],
)  # fmt: skip

_NUMBERS = ("port", "web_port", "api3_port", "container_id", "group_id", "row", "shelf", "slot")


def _tags(said: str) -> list[str]:
    return [tag for part in text_of(said).split("|") for tag in part.replace(";", ",").split(",") if tag.strip()]


_COLUMNS = Columns(
    noun="miners",
    fields=FIELDS,
    needed="ip_address",
    shown=SHOWN,
    aliases={"ip": "ip_address", "address": "ip_address", "host": "ip_address", "maker": "manufacturer", "tag": "tags"},
    cells={**dict.fromkeys(_NUMBERS, number_of), "is_active": truth_of, "tags": _tags},
)

read_csv, read_objects = _COLUMNS.read_csv, _COLUMNS.read_objects


def write_csv(
    rows: Iterable[Mapping[str, Any]],
    *,
    header: bool = True,
    separator: str = ",",
    columns: Sequence[str] = EXPORTED,
) -> str:
    """Rows of an export as CSV.  Text that a spreadsheet would take for a formula begins with an apostrophe."""
    return tables.write_csv(rows, columns=columns, header=header, separator=separator)
