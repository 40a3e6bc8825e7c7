"""Gateways as a table: its columns."""

from ..tables import Columns

#: What a row may say.
FIELDS = ("gateway_name", "enterprise_number", "serial_last4", "directory", "username", "password")
#: What an export has besides; passwords never leave.
SHOWN = (
    "has_password", "enterprise", "port", "last_port", "last_port_scan", "port_scan_status", "reason", "why", "detail",
    "since", "stale", "rebooting", "last_seen_listed", "last_ok", "public_address", "device_model", "title",
    "firmware", "module_version", "uptime_s", "device_time", "line_count", "lines_ok", "lines_weak", "lines_down",
    "lines_busy", "created_at", "revision",
)  # fmt: skip
#: The columns of an export: what can be read back first.
EXPORTED = (*(name for name in FIELDS if name != "password"), *SHOWN)

COLUMNS = Columns(
    noun="gateways",
    fields=FIELDS,
    needed="gateway_name",
    shown=SHOWN,
    aliases={
        "name": "gateway_name",
        "gateway": "gateway_name",
        "number": "enterprise_number",
        "serial": "serial_last4",
    },
)
