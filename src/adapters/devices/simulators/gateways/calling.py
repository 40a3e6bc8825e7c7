"""``config.html?type=calling``: Basic VoIP, with the SIP passwords on the page as on the unit."""

from dataclasses import dataclass

from .frame import menu, page
from .plates import Plate

SINGLE, BY_LINE, TRUNK, GROUP = "SINGLE_MODE", "LINE_MODE", "TRUNK_GW_MODE", "GROUP_MODE"
MODES = (SINGLE, BY_LINE, TRUNK, GROUP)
_NAMES = {
    SINGLE: "Single Server Mode",
    BY_LINE: "Config by Line",
    TRUNK: "Trunk Gateway Mode",
    GROUP: "Config by Group",
}


@dataclass(frozen=True, slots=True)
class Calling:
    """How a unit is joined to its SIP servers."""

    mode: str = SINGLE
    #: The first part of all its SIP names.
    stem: str = "goip"
    #: Stands on the page, in every place where a password can.
    password: str = "sip-secret"  # noqa: S105  # an invented one
    h323: bool = False

    def account(self, mode: str, place: int = 0) -> str:
        """Return the Authentication ID of a place: a line, a group, or 0; some lines have none."""
        if mode == BY_LINE and place % 7 == 4:
            return ""
        return {SINGLE: self.stem, BY_LINE: f"{self.stem}-{place:02d}", TRUNK: f"{self.stem}-trunk"}.get(
            mode, f"{self.stem}-group{place}"
        )

    def ids(self, lines: int) -> dict[int, str | None]:
        """Return what each line's Authentication ID is."""
        if self.h323:
            return dict.fromkeys(range(1, lines + 1))
        return {n: self.account(self.mode, self.place_of(n)) or None for n in range(1, lines + 1)}

    def place_of(self, line: int) -> int:
        """Return where a line finds its account: at a line, a group, or 0."""
        if self.mode == GROUP:
            return group_of(line)
        return line if self.mode == BY_LINE else 0


def modes_of(plate: Plate) -> tuple[str, ...]:
    """Return the modes that a unit of so many lines offers."""
    if plate.lines == 1:
        return SINGLE, TRUNK
    return MODES if plate.lines >= 8 else (SINGLE, BY_LINE, TRUNK)


def group_of(line: int) -> int:
    """Return the group of a line, 1 to 4."""
    return (line - 1) % 4 + 1


def _input(label: str, name: str, value: str, kind: str = "text") -> str:
    return f"""    <tr>
     <td width="120" height="25" class="title1">{label}</td>
     <td width="160" class="text">
      <input type="{kind}" name="{name}" id="{name}" value="{value}" class="edit">
     </td>
    </tr>"""


def _account(prefix: str, number: str, server: tuple[str, str], account: str, password: str) -> str:
    rows = "\n".join(
        [
            _input("Phone Number", number, account),
            _input(*server, "sip.example.net:5060"),
            _input("Authentication ID", f"{prefix}_auth_id", account),
            _input("Password", f"{prefix}_auth_passwd", password if account else "", "password"),
        ]
    )
    return f'   <table border="0" width="100%">\n{rows}\n   </table>'


def _places(calling: Calling, mode: str, stem: str, count: int) -> str:
    return "\n".join(
        f'   <div id="{stem}{n}_conf" class="{"visable" if n == 1 else "invisible"}">\n'
        + _account(
            f"{stem}{n}",
            f"{stem}{n}_number",
            ("SIP Registrar Server", f"{stem}{n}_registrar"),
            calling.account(mode, n),
            f"{calling.password}-{n}",
        )
        + "\n   </div>"
        for n in range(1, count + 1)
    )


def _groups(calling: Calling, lines: int) -> str:
    rows = "\n".join(
        f'    <tr><td class="title1">Line {n}</td><td><select name="line{n}_setting" id="line{n}_setting_select">'
        + "".join(
            f'<option value="{g}"{" selected" if g + 1 == group_of(n) else ""}>Group {g + 1}</option>' for g in range(4)
        )
        + "</select></td></tr>"
        for n in range(1, lines + 1)
    )
    return f'   <table border="0">\n{rows}\n   </table>\n{_places(calling, GROUP, "sip_group", 4)}'


def _block(calling: Calling, mode: str, lines: int) -> str:
    if mode == BY_LINE:
        inside = _places(calling, mode, "sip_line", lines)
    elif mode == GROUP:
        inside = _groups(calling, lines)
    elif mode == TRUNK:
        inside = _account(
            "sip_trunk",
            "sip_trunk_number",
            ("SIP Trunk Gateway1", "sip_trunk_gw1"),
            calling.account(mode),
            f"{calling.password}-trunk",
        )
    else:
        inside = _account(
            "sip",
            "sip_phone_number",
            ("SIP Registrar Server", "sip_registrar"),
            calling.account(mode),
            f"{calling.password}-0",
        )
    style = "visable" if mode == calling.mode else "invisible"
    return f'  <div id="sip_config_mode_{mode}_div" class="{style}">\n{inside}\n  </div>'


def voip(plate: Plate, title: str, calling: Calling) -> bytes:
    """Return the page: the blocks of all modes, of which only the chosen one counts."""
    options = "\n".join(
        f'     <option value="{mode}" {"selected" if mode == calling.mode else ""}>{_NAMES[mode]}</option>'
        for mode in modes_of(plate)
    )
    blocks = "\n".join(_block(calling, mode, plate.lines) for mode in modes_of(plate))
    return page(
        plate,
        title,
        menu("config"),
        f"""<form name="config_form" method="post" action="config.html?type=calling">
<table border="0" width="100%">
 <tr><td colspan="2" class="title2" height="25" >Call Settings</td></tr>
 <tr><td width="120" height="25" class="title1">Endpoint Type</td><td width="160" class="text">
  <select name="endpoint_type" id="endpoint_type_select" class="select">
     <option value="H323" {"selected" if calling.h323 else ""}>H.323 Phone</option>
     <option value="SIP" {"" if calling.h323 else "selected"}>SIP Phone</option>
  </select></td></tr>
 <tr><td width="120" height="25" class="title1">Config Mode</td><td width="160" class="text">
  <select name="sip_config_mode" id="sip_config_mode_select" class="select">
{options}
  </select></td></tr>
 <tr><td colspan="2">
{blocks}
 </td></tr>
 <tr><td colspan="2" align="center"><input type="submit" value="Save Changes" class="savebutton"></td></tr>
</table>
</form>""",
    )
