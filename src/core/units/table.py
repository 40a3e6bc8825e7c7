"""What a table of units has: the columns of an import and of an export."""

from ..tables import Columns, number_of, truth_of

COLUMNS = Columns(
    noun="units",
    fields=(
        "enterprise_number",
        "host",
        "port",
        "username",
        "password",
        "key",
        "via",
        "parameter_option_2",
        "may_restart_service",
        "parent",
        "host_key",
        "failure_threshold",
        "second_opinion",
        "second_port",
    ),
    needed="enterprise_number",
    shown=(
        "name",
        "plug",
        "last_status",
        "outcome",
        "failure_counter",
        "last_error_message",
        "disk_usage_percent",
        "sip_peers",
        "calls",
        "last_checked_at",
        "created_at",
    ),
    aliases={"number": "enterprise_number", "enterprise": "enterprise_number", "ip_address": "host"},
    cells={
        "port": number_of,
        "parameter_option_2": truth_of,
        "may_restart_service": truth_of,
        "failure_threshold": number_of,
        "second_port": number_of,
    },
    secrets=frozenset({"password", "key"}),
)
#: What an export has: no secret, and first what can be read back in.
EXPORTED = (*(name for name in COLUMNS.fields if name not in COLUMNS.secrets), *COLUMNS.shown)
