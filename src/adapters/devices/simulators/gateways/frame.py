"""What is around every page of a gateway: head, banner and side menu."""

from .plates import Plate
from .seen import GatewaySeen

_STATUS = (("list", "Summary"), ("base", "General"), ("gsm", "SIM"), ("callforward", "SIM Call Forward"))
_CONFIG = (
    ("preference", "Preference"),
    ("network", "Network"),
    ("calling", "Basic VoIP"),
    ("advance_calling", "Advance VoIP"),
    ("media", "Media"),
    ("ata_setting", "Call Out"),
    ("ata_in_setting", "Call In"),
    ("call_in_auth", "Call In Auth"),
    ("sms", "SMS"),
    ("sim_forward", "SIM Forward"),
    ("imei", "IMEI"),
    ("gsm_oper_setting", "GSM Carrier"),
)
CONFIG_TYPES = tuple(name for name, _ in _CONFIG)
_MENUS = {"status": _STATUS, "config": _CONFIG, "tools": ()}
_TITLES = (("status", "Status", "?type=list"), ("config", "Configurations", "?type=preference"), ("tools", "Tools", ""))


def menu(chapter: str) -> str:
    """Return the side menu with one chapter open."""
    rows = []
    for name, title, query in _TITLES:
        style = "title4" if name == chapter else "title5"
        rows.append(
            f'\t<tr><td width="20"></td><td align="left" height="40"><a href="{name}.html{query}">'
            f'<div class="{style}">{title}</div></a></td></tr>'
        )
        if name == chapter:
            rows += [
                f'\t<tr><td width="20"></td><td height="30"><a href="{name}.html?type={kind}">'
                f'<div id="{kind}" class="title3">{text}</div></a></td></tr>'
                for kind, text in _MENUS[name]
            ]
    body = "\n".join(rows)
    return f'<table cellSpacing="0" cellPadding="0" width="100%" border="0">\n{body}\n</table>'


def page(plate: Plate, title: str, side: str, content: str, script: str = "") -> bytes:
    """Return a whole page in the bytes of the plate's charset."""
    text = f"""<html>
<head>
<meta http-equiv="Cache-Control" content="no-cache">
<meta http-equiv="Content-Language" content="en-us">
<meta http-equiv="Content-Type" content="text/html; charset={plate.charset}">
<title>{title}</title>
<link rel="stylesheet" type="text/css" href="../../style/{plate.tree}.css?0">
<style type="text/css">
.visible{{display:block;}}
</style>
{script}</head>

<body>
<table id="mainframe" height="100%" cellSpacing="0" cellPadding="0" width="1024" border="0">
\t<tr>
\t\t<td width="314" class="banner" height="124">\
<img height="134" src="../../images/title.jpg" width="312" border="0"></td>
\t\t<td class="banner" height="124" valign="bottom"><table cellSpacing="0" cellPadding="0" width="100%"border="0">\
<tr><td><span class="subtitle">{title}</span></td></tr></table></td>
\t</tr>
\t<tr>
\t\t<td colSpan="2">
\t\t\t<table height="100%" cellSpacing="0" cellPadding="0" width="100%" bgColor="#ffffff" border="0">
\t\t\t\t<tr>
\t\t\t\t\t<td vAlign="top" width="196" class="sidebar">
{side}
\t\t\t\t\t</td>
\t\t\t\t\t<td width="828" vAlign="top" class="content">
{content}
\t\t\t\t\t</td>
\t\t\t\t</tr>
\t\t\t</table>
\t\t</td>
\t</tr>
</table>

</body>

</html>

"""
    return text.replace("\n", plate.newline).encode(plate.codec, "replace")


def identity(plate: Plate, seen: GatewaySeen) -> str:
    """Return the table of what the unit is; on some units its cells have ids."""
    rows = [
        ("SN(Serial Number):", "sn", seen.serial),
        ("Firmware Version:", "version", seen.firmware),
        ("Module Version:", "", seen.module_version),
        ("Hardware Model:", "model", seen.model),
        ("Last Login IP:", "last_ip", seen.last_ip),
        ("Current Time:", "time", seen.time),
    ]
    if plate.ids:
        rows += [("LAN Port:", "", seen.lan), ("MAC:", "eth0_hwaddr", seen.mac), ("DNS:", "dns", "192.0.2.1")]
    known = {name: f' id="{name}"' for _, name, _ in rows if name} if plate.ids else {}
    body = "\n".join(
        f' <tr>\n  <td width="160" height="25" class="title1">{label}</td>\n'
        f'  <td class="text"{known.get(name, "")}>{value}</td>\n </tr>'
        for label, name, value in rows
    )
    return f'<table border="0" cellpadding="0" cellspacing="0" width="99%">\n{body}\n</table>'
