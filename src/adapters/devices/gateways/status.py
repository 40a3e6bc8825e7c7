"""Lines, forwardings and identity out of the fields of a page (facts of the format: one name a field, by line)."""

from collections.abc import Iterable

from ....ports.gateways import MOST_LINES, Forwards, Identity, Line
from . import values
from .markup import Fields, Page

_LINE_FIELDS = (
    "module_status", "gsm_sim", "gsm_status", "status_line", "line_state", "sms_login", "smb_login", "gsm_signal",
    "gsm_cur_oper", "lac", "gsm_cur_bst_title", "gsm_cur_bst", "sim_remain", "nocall_t", "acd", "asr", "callc",
)  # fmt: skip
_FORWARD_FIELDS = ("cf_uncnd_status", "cf_busy_status", "cf_noreply_status", "cf_notreachable_status")
_NUMBERS = range(1, MOST_LINES + 1)


def _ids(fields: Iterable[str]) -> dict[int, tuple[str, ...]]:
    return {n: tuple(f"l{n}_{field}" for field in fields) for n in _NUMBERS}


_LINE_IDS, _FORWARD_IDS = _ids(_LINE_FIELDS), _ids(_FORWARD_FIELDS)
#: Whose field an id is.
_LINE_OF = {name: n for n, names in _ids((*_LINE_FIELDS, "module_status_gsm")).items() for name in names}
_FORWARD_OF = {name: n for n, names in _ids((*_FORWARD_FIELDS, "module_status_ccfc")).items() for name in names}
#: Ids that are looked for.
LINE_NAMES, FORWARD_NAMES = frozenset(_LINE_OF), frozenset(_FORWARD_OF)
IDENTITY_NAMES = frozenset(("sn", "version", "module_version", "model", "time"))
ALL_NAMES = LINE_NAMES | IDENTITY_NAMES


def lines(fields: Fields) -> tuple[Line, ...]:
    """The lines, by number; as many as there are ids of."""
    return tuple(_line(number, fields) for number in sorted({_LINE_OF[name] for name in fields if name in _LINE_OF}))


def forwards(fields: Fields) -> tuple[tuple[int, Forwards], ...]:
    """What the SIM of each line does with calls."""
    numbers = sorted({_FORWARD_OF[name] for name in fields if name in _FORWARD_OF})
    return tuple(
        (number, Forwards(*(values.forward(fields.get(name)) for name in _FORWARD_IDS[number]))) for number in numbers
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


def _line(n: int, fields: Fields) -> Line:
    (
        module,
        sim,
        gsm,
        voip,
        shown_state,
        sms_server,
        sim_bank,
        rssi_raw,
        operator,
        *places,
        remain,
        idle,
        acd,
        asr,
        calls,
    ) = map(fields.get, _LINE_IDS[n])
    state, peer = values.call_state(shown_state)
    lac, cell = values.cell(places[0] or places[1] or places[2])
    answered, all_calls = values.pair(calls)
    sim_remain, remaining_min = values.remaining(remain)
    return Line(
        n,
        module=values.yes(module),
        sim=values.yes(sim),
        gsm=values.yes(gsm),
        voip=values.yes(voip),
        state=state,
        peer=peer,
        rssi_raw=rssi_raw,
        rssi=values.signal(rssi_raw),
        operator=operator,
        lac=lac,
        cell=cell,
        acd_s=values.number(acd),
        asr=values.number(asr),
        answered=answered,
        calls=all_calls,
        idle_min=values.number(idle),
        sim_remain=sim_remain,
        remaining_min=remaining_min,
        sms_server=values.yes(sms_server),
        sim_bank=values.yes(sim_bank),
    )
