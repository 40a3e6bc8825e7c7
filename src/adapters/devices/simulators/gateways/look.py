"""How a gateway looks at one moment: the texts of its pages, and what a right reader makes of them."""

import time
from typing import TYPE_CHECKING, Any

from .life import Condition, Line, chance
from .plates import OPERATORS
from .seen import GatewaySeen, LineSeen

if TYPE_CHECKING:
    from .goip import SimulatedGoip

_SCRIPT = '<script>alert("operator")</script>'
_PEER = '"><img src=x onerror=alert(1)>'
_SINCE = "2025-11-14 21:43:30"


def title_of(gateway: "SimulatedGoip") -> str:
    """Return what the pages are titled with; nothing is escaped."""
    return '<script>alert("title")</script>' if gateway.knobs.hostile else gateway.plate.title


def look(gateway: "SimulatedGoip") -> GatewaySeen:
    """Return what can be read now."""
    plate, knobs, world = gateway.plate, gateway.knobs, gateway.world
    now = world.now()
    uptime = int(now - gateway.booted_at)
    clock = uptime if knobs.clock_1970 else world.started_at + now
    return GatewaySeen(
        title=title_of(gateway),
        model=plate.model,
        serial=knobs.serial or gateway.serial,
        firmware=plate.firmware,
        module_version=plate.module,
        uptime="" if knobs.no_uptime else str(uptime),
        time=time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(clock)),
        lan=f"192.168.{gateway.seed % 250}.2",
        mac="02:00:" + ":".join(f"{gateway.seed >> shift & 255:02X}" for shift in (24, 16, 8, 0)),
        last_ip="192.0.2.10",
        lines=tuple(_line(gateway, line, now) for line in gateway.lines),
    )


def _line(gateway: "SimulatedGoip", line: Line, now: float) -> LineSeen:
    forward = _forward(gateway, line)
    call = line.call(now)
    if not line.module_on:
        return LineSeen(line.number, module=False, forward=forward)
    knobs, counters = gateway.knobs, line.counters
    sim = line.condition is not Condition.NO_SIM
    gsm = line.registered(now)
    signal = str(line.signal(now)) if gsm else "99" if sim else "0"
    state = "IDLE" if call is None else ":".join(call)
    minutes = line.minutes()
    return LineSeen(
        number=line.number,
        module=True,
        sim=sim,
        gsm=gsm,
        voip=gateway.uses_voip and sim and line.condition is not Condition.NO_VOIP,
        state=f"CONNECTED:{_PEER}" if knobs.hostile else state,
        sms_server="N",
        sim_bank="N",
        signal=signal if knobs.rssi is None else knobs.rssi,
        operator=_SCRIPT if knobs.hostile else operator_of(gateway, line) if gsm else "",
        cell=f"LAC:{line.seed & 0xFFFF:04X},CELL ID:{line.seed >> 16 & 0xFFFF:04X}" if gsm else "",
        idle_min="0" if call else str(max(0, int((now - counters.last_end) // 60))),
        acd=str(int(counters.talked_s / counters.answered)) if counters.answered else "",
        asr=str(100 * counters.answered // counters.dialed) if counters.dialed else "",
        talked=str(int(counters.talked_s)) if counters.dialed else "",
        calls=f"{counters.answered}/{counters.dialed}",
        since=_SINCE,
        remain="NO LIMIT" if minutes is None else str(minutes),
        forward=forward,
    )


def operator_of(gateway: "SimulatedGoip", line: Line) -> str:
    """Return the operator of a line's SIM; most lines of a unit have the same."""
    own = OPERATORS[gateway.seed % len(OPERATORS)]
    return own if line.part(60) < 0.8 else OPERATORS[int(line.part(61) * len(OPERATORS))]


def _forward(gateway: "SimulatedGoip", line: Line) -> tuple[str, str, str, str]:
    """Return where a line's calls go: unconditional, busy, no reply, not reachable."""
    if line.condition is Condition.NO_SIM:
        return "", "", "", ""  # its network was never asked
    if not line.module_on:
        return "Not Set", "Not Set", "Not Set", "Not Set"
    busy = "OFF"
    if chance(gateway.seed, 70) < 0.3:
        busy = f"+99929{int(1e7 * line.part(71)):07d}"
    return "OFF", busy, "OFF", "OFF" if line.part(72) < 0.7 else "Not Set"


def truth(gateway: "SimulatedGoip") -> dict[str, Any]:
    """Return what a right reader finds in the pages of this moment; of hostile ones, the texts with their tags."""
    seen = look(gateway)
    digits = "".join(letter for letter in seen.serial if letter.isdigit())
    ids = gateway.calling.ids(len(gateway.lines))
    return {
        "title": seen.title,
        "model": seen.model,
        "serial": seen.serial,
        "serial_last4": digits[-4:],
        "firmware": seen.firmware,
        "module_version": seen.module_version,
        "uptime_s": int(seen.uptime) if seen.uptime else None,
        "device_time": seen.time,
        "line_count": len(seen.lines),
        "lines": [_line_truth(line) | {"authentication_id": ids[line.number]} for line in seen.lines],
    }


def _line_truth(line: LineSeen) -> dict[str, Any]:
    raw = int(line.signal) if line.signal.isdigit() else None
    rssi = raw if raw is not None and raw <= 31 else None
    word, _, peer = line.state.partition(":")
    return {
        "line": line.number,
        "module": line.module,
        "sim": line.sim,
        "gsm": line.gsm,
        "voip": line.voip,
        "state": word or None,
        "peer": peer or None,
        "rssi_raw": raw,
        "rssi": rssi,
        "dbm": -113 + 2 * rssi if rssi is not None and line.sim and line.gsm else None,
        "operator": line.operator or None,
        "sim_remain": line.remain or None,
        "calls": line.calls or None,
        "idle_min": int(line.idle_min) if line.idle_min else None,
        "forward": line.forward,
    }
