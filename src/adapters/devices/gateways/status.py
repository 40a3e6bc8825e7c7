"""Lines, forwardings and identity out of the fields of a page (facts of the format: one name a field, by line)."""

import re
from collections.abc import Iterable

from ....ports.gateways import MOST_LINES, Forwards, Identity, Line
from . import values
from .markup import Fields, Page

_OF_LINE = re.compile(r"l([1-9]\d?)_(.+)")
_LINE_FIELDS = (
    "module_status_gsm", "module_status", "gsm_sim", "gsm_status", "status_line", "line_state", "sms_login",
    "smb_login", "gsm_signal", "gsm_cur_oper", "gsm_cur_bst", "lac", "sim_remain", "nocall_t", "acd", "asr", "callc",
)  # fmt: skip
_FORWARD_FIELDS = ("cf_uncnd_status", "cf_busy_status", "cf_noreply_status", "cf_notreachable_status")
_IDENTITY_FIELDS = ("sn", "version", "module_version", "model", "time")


def _names(fields: Iterable[str]) -> frozenset[str]:
    return frozenset(f"l{n}_{field}" for field in fields for n in range(1, MOST_LINES + 1))


#: Ids that are looked for.
LINE_NAMES = _names(_LINE_FIELDS)
FORWARD_NAMES = _names((*_FORWARD_FIELDS, "module_status_ccfc"))
IDENTITY_NAMES = frozenset(_IDENTITY_FIELDS)
ALL_NAMES = LINE_NAMES | IDENTITY_NAMES


def lines(fields: Fields) -> tuple[Line, ...]:
    """The lines, by number; as many as there are ids of."""
    return tuple(_line(number, fields) for number in _numbers(fields))


def forwards(fields: Fields) -> tuple[tuple[int, Forwards], ...]:
    """What the SIM of each line does with calls."""
    return tuple(
        (number, Forwards(*(values.forward(fields.get(f"l{number}_{field}")) for field in _FORWARD_FIELDS)))
        for number in _numbers(fields)
    )


def identity(page: Page) -> Identity:
    """Which device this is."""
    fields = page.fields
    serial = fields.get("sn")
    title = page.title or fields.get("model")
    return Identity(
        title=title,
        model=values.model(page.title, fields.get("model")),
        serial=serial,
        serial_last4=values.last_four(serial),
        firmware=fields.get("version"),
        module_version=fields.get("module_version"),
        uptime_s=values.number(fields.get("uptime_s")),
        device_time=fields.get("time"),
    )


def _numbers(fields: Fields) -> list[int]:
    return sorted({int(found[1]) for name in fields if (found := _OF_LINE.fullmatch(name))})


def _line(n: int, fields: Fields) -> Line:
    def field(name: str) -> str | None:
        return fields.get(f"l{n}_{name}")

    state, peer = values.call_state(field("line_state"))
    lac, cell = values.cell(field("lac") or field("gsm_cur_bst_title") or field("gsm_cur_bst"))
    answered, calls = values.pair(field("callc"))
    sim_remain, remaining_min = values.remaining(field("sim_remain"))
    rssi_raw = field("gsm_signal")
    return Line(
        n,
        module=values.yes(field("module_status")),
        sim=values.yes(field("gsm_sim")),
        gsm=values.yes(field("gsm_status")),
        voip=values.yes(field("status_line")),
        state=state,
        peer=peer,
        rssi_raw=rssi_raw,
        rssi=values.signal(rssi_raw),
        operator=field("gsm_cur_oper"),
        lac=lac,
        cell=cell,
        acd_s=values.number(field("acd")),
        asr=values.number(field("asr")),
        answered=answered,
        calls=calls,
        idle_min=values.number(field("nocall_t")),
        sim_remain=sim_remain,
        remaining_min=remaining_min,
        sms_server=values.yes(field("sms_login")),
        sim_bank=values.yes(field("smb_login")),
    )
