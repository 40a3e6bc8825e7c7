"""``status.xml`` in its four kinds; all units declare gb2312 there, also those whose pages are UTF-8."""

from collections.abc import Iterator

from .plates import Plate
from .seen import Cell, GatewaySeen, LineSeen, strength, yes_no
from .status_pages import FORWARD_FIELDS

_Pairs = Iterator[tuple[str, Cell | str]]


def _listed(plate: Plate, line: LineSeen) -> _Pairs:
    yield "module_status_gsm", str(line.number)
    yield "module_title_gsm", ""
    yield "module_status", yes_no(line.module)
    yield "module_title", "Click to shut down module" if line.module else "Click to turn on module"
    yield "gsm_sim", yes_no(line.sim)
    yield "gsm_status", yes_no(line.gsm)
    yield "status_line", yes_no(line.voip)
    yield "line_state", line.state
    yield "sms_login", line.sms_server
    yield "smb_login", line.sim_bank
    yield "gsm_signal", strength(line.signal)
    yield "gsm_cur_oper", line.operator
    yield "gsm_cur_bst", ""
    yield "volte", ""
    yield "lac", line.cell
    yield "sim_remain", line.remain
    yield "nocall_t", line.idle_min
    yield "acd", line.acd
    yield "asr", line.asr
    yield "callt", line.talked
    yield "callc", line.calls
    yield plate.since, line.since
    yield "sms_count", "NO LIMIT"
    yield "call_count", "NO LIMIT"


def _base(plate: Plate, line: LineSeen) -> _Pairs:
    yield "status_line", yes_no(line.voip)
    yield "gsm_status", yes_no(line.gsm)
    yield "sim_remain", line.remain
    yield "config_mode", "S"
    for empty in ("digits", "proxy", "server", "sip_prefix"):
        yield empty, ""
    yield "fw_to_voip", "Y"
    yield "fw_to_pstn", "Y"


def _gsm(plate: Plate, line: LineSeen) -> _Pairs:
    yield "module_status_gsm2", str(line.number)
    yield "gsm_sim", yes_no(line.sim)
    yield "gsm_status", yes_no(line.gsm)
    yield "gsm_signal", strength(line.signal)
    yield "gsm_cur_oper", line.operator
    yield "lac", line.cell
    yield "gsm_number", ""
    yield "gsm_imei", f"{line.number:015d}"
    yield "sim_imsi", f"00101{line.number:010d}" if line.sim else ""
    yield "sim_iccid", f"89{line.number:018d}" if line.sim else ""


def _forward(plate: Plate, line: LineSeen) -> _Pairs:
    yield "module_status_ccfc", str(line.number)
    yield from zip(FORWARD_FIELDS, line.forward, strict=True)


_KINDS = {"list": _listed, "base": _base, "gsm": _gsm, "callforward": _forward}


def document(kind: str, plate: Plate, seen: GatewaySeen, codec: str = "gb18030") -> bytes:
    """Return one of the four documents; an unknown kind is ``list``."""
    elements: list[str] = []
    if kind == "base":
        elements += [
            f"<{name}>{Cell(value).xml()}</{name}>"
            for name, value in (
                ("sn", seen.serial),
                ("version", f"{seen.firmware}\n"),
                ("model", seen.model),
                ("time", seen.time),
                ("ech0_ip", seen.lan),
                ("eth0_hwaddr", seen.mac),
                ("eth1_ip", "192.0.2.81"),
                ("ppp0_ip", "DISABLED"),
                ("default_route", "192.0.2.1"),
                ("dns", "192.0.2.1"),
            )
        ]
    pairs = _KINDS.get(kind, _listed)
    for line in seen.lines:
        for name, value in pairs(plate, line):
            text = (value if isinstance(value, Cell) else Cell(value)).xml()
            elements.append(f"<l{line.number}_{name}>{text}</l{line.number}_{name}>")
    body = "\n".join(elements)
    text = f'<?xml version="1.0" encoding="gb2312"?>\n<status>\n{body}\n</status>\n'
    return text.replace("\n", plate.newline).encode(codec, "replace")
