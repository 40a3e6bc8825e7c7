"""``status.html`` in its four kinds."""

from .frame import identity, menu, page
from .plates import Plate
from .seen import GatewaySeen, LineSeen, strength, yes_no

_HEADER = (
    ("CH", "Line"),
    ("M", "Module Status: Y - Enabled; N - Disabled"),
    ("SIM", "SIM Card: Y - Detected; N - No SIM"),
    ("GSM", "GSM Registration: Y - Registered; N - Not registered"),
    ("VOIP", "VoIP Registration: Y - Registered; N - Not registered"),
    ("Status", "Line Status"),
    ("SMS", "SMS Server Login"),
    ("SMB", "SIM Bank Login"),
    ("RSSI", "Received Signal Strength Indicator"),
    ("Carrier", ""),
    ("BST", ""),
    ("Idle", "Idle time (minute)"),
    ("ACD", "Average Call Duration (s)"),
    ("ASR", "Answer Seizure Ratio (%)"),
    ("CallT", "Total call time"),
    ("CallC", "Answered / dialed calls"),
    ("CDR Start", ""),
    ("Remain", "Time remaining for outgoing calls (minute)"),
    ("Reset", "Click Reset to enable outgoing calls by resetting the Remain Time"),
)
_FORWARD = ("CH", "Unconditional", "Busy", "No Reply", "Not Reachable")
FORWARD_FIELDS = ("cf_uncnd_status", "cf_busy_status", "cf_noreply_status", "cf_notreachable_status")


def summary(plate: Plate, seen: GatewaySeen) -> bytes:
    """``status.html?type=list``: the unit, and the Status Summary of its lines."""
    hints = {text: f' title="{hint}"' for text, hint in _HEADER if hint}
    titles = "\n".join(
        f'  <td height="25" class="title1" align="center"{hints.get(text, "")}>{text}</td>' for text, _ in _HEADER
    )
    rows = "\n".join(_summary_row(plate, line) for line in seen.lines)
    return page(
        plate,
        seen.title,
        menu("status"),
        f"""<script lang="javascript" src="/script/ajaxroutine.js"></script>
<script lang="javascript">
var uptime_s="{seen.uptime}";
</script>
<div style="padding:5px">
{identity(plate, seen)}
<table border="0" cellpadding="0" cellspacing="0" width="99%">
 <tr><td colspan="2" class="title2" height="25" >GSM Details</td></tr>
 <tr><td colspan="2">
<div id="gsm_info" class="visable">
<table border="1" cellpadding="0" cellspacing="0" width="100%">
 <tr>
{titles}
 </tr>
{rows}
</table>
</div>
 </td></tr>
</table>
</div>""",
    )


def _cell(line: LineSeen, name: str, value: str, more: str = "", style: str = "text2") -> str:
    return f'  <td height="25" class="{style}" align="center" id="l{line.number}_{name}"{more}>{value}</td>'


def _summary_row(plate: Plate, line: LineSeen) -> str:
    n = line.number
    turn, hint = (1, "shut down") if line.module else (0, "turn on")
    cells = [
        _cell(line, "module_status_gsm", str(n), style="title11"),
        _cell(
            line,
            "module_status",
            f'<a href="?type=list&down={turn}&line={n}">{yes_no(line.module).html()}</a>',
            f' title="Click to {hint} module"',
        ),
        _cell(line, "gsm_sim", yes_no(line.sim).html() or "&nbsp;"),
        _cell(line, "gsm_status", yes_no(line.gsm).html() or "&nbsp;"),
        _cell(line, "status_line", f"&nbsp;{yes_no(line.voip).html()}"),
        _cell(line, "line_state", f"&nbsp;{line.state}"),
        _cell(line, "sms_login", f"&nbsp;{line.sms_server}", style="text"),
        _cell(line, "smb_login", f"&nbsp;{line.sim_bank}", style="text"),
        _cell(line, "gsm_signal", f"&nbsp;{strength(line.signal).html()}"),
        _cell(line, "gsm_cur_oper", f"&nbsp;{line.operator}"),
        _cell(line, "gsm_cur_bst", "&nbsp;", f' title="{line.cell}"'),
        _cell(line, "nocall_t", f"&nbsp;{line.idle_min}"),
        _cell(line, "acd", f"&nbsp;{line.acd}"),
        _cell(line, "asr", f"&nbsp;{line.asr}"),
        _cell(line, "callt", f"&nbsp;{line.talked}"),
        _cell(line, "callc", f"&nbsp;{line.calls}"),
        _cell(line, plate.since, f"&nbsp;{line.since}"),
        _cell(line, "sim_remain", f"&nbsp;{line.remain}"),
        f"""  <td height="25" class="text2" align="center"><input type="button" name="line{n}_sim_exp_reset" \
class="button" value="Reset" onclick="window.location.href='status.html?type=list&sim_exp_reset=1&line={n}'"></td>""",
    ]
    return "\n".join([" <tr>", *cells, " </tr>"])


def general(plate: Plate, seen: GatewaySeen) -> bytes:
    """``status.html?type=base``: the unit and the call status."""
    rows = "\n".join(
        f' <tr><td class="title11">{line.number}</td><td id="l{line.number}_status_line">&nbsp;'
        f'{yes_no(line.voip).html()}</td><td id="l{line.number}_gsm_status">{yes_no(line.gsm).html() or "&nbsp;"}</td>'
        f'<td id="l{line.number}_sim_remain">&nbsp;{line.remain}</td></tr>'
        for line in seen.lines
    )
    return page(
        plate,
        seen.title,
        menu("status"),
        f"""<div style="padding:5px">
{identity(plate, seen)}
<table border="1" width="100%">
{rows}
</table>
</div>""",
    )


def forwarding(plate: Plate, seen: GatewaySeen) -> bytes:
    """``status.html?type=callforward``: where calls go."""
    titles = "".join(f'<td height="25" class="title1" align="center">{text}</td>' for text in _FORWARD)
    rows = "\n".join(
        f' <tr><td height="25" class="title11" align="center" id="l{line.number}_module_status_ccfc">{line.number}</td>'
        + "".join(
            f'<td height="25" class="text2" align="center" id="l{line.number}_{name}">&nbsp;{value}</td>'
            for name, value in zip(FORWARD_FIELDS, line.forward, strict=True)
        )
        + "</tr>"
        for line in seen.lines
    )
    return page(
        plate,
        seen.title,
        menu("status"),
        f"""<div style="padding:5px">
<table border="0" cellpadding="0" cellspacing="0" width="99%">
 <tr><td class="title2" height="25" >SIM Call Forward</td></tr>
 <tr><td>
<table border="1" cellpadding="0" cellspacing="0" width="100%">
 <tr>{titles}</tr>
{rows}
</table>
 </td></tr>
</table>
</div>""",
    )


def sims(plate: Plate, seen: GatewaySeen) -> bytes:
    """``status.html?type=gsm``: modules and SIMs; every number here is invented and the same for nobody else."""
    info = "\n".join(
        f' <tr><td id="l{line.number}_module_status_gsm">{line.number}</td>'
        f'<td id="l{line.number}_gsm_sim">{yes_no(line.sim).html() or "&nbsp;"}</td>'
        f'<td id="l{line.number}_gsm_status">{yes_no(line.gsm).html() or "&nbsp;"}</td>'
        f'<td id="l{line.number}_gsm_signal">&nbsp;{strength(line.signal).html()}</td>'
        f'<td id="l{line.number}_gsm_cur_oper">&nbsp;{line.operator}</td>'
        f'<td id="l{line.number}_lac">{line.cell or "&nbsp;"}</td></tr>'
        for line in seen.lines
    )
    detail = "\n".join(
        f' <tr><td id="l{line.number}_module_status_gsm2">{line.number}</td>'
        f'<td id="l{line.number}_gsm_module_ver">{seen.module_version}</td>'
        f'<td id="l{line.number}_gsm_number">&nbsp;</td>'
        f'<td id="l{line.number}_gsm_imei">{line.number:015d}</td>'
        f'<td id="l{line.number}_sim_imsi">{f"00101{line.number:010d}" if line.sim else "&nbsp;"}</td>'
        f'<td id="l{line.number}_sim_iccid">{f"89{line.number:018d}" if line.sim else "&nbsp;"}</td></tr>'
        for line in seen.lines
    )
    return page(
        plate,
        seen.title,
        menu("status"),
        f"""<div style="padding:5px">
{identity(plate, seen)}
<div id="gsm_info" class="visable">
<table border="1" width="100%">
{info}
</table>
</div>
<div id="gsm_detail" class="visable">
<table border="1" width="100%">
{detail}
</table>
</div>
</div>""",
    )


PAGES = {"list": summary, "base": general, "gsm": sims, "callforward": forwarding}
