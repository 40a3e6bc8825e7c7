"""``tools.html`` with its forms, and what follows on the order to reboot."""

from .frame import CONFIG_TYPES, menu, page
from .plates import Plate

SHORT = (
    b'<html><head><meta http-equiv="refresh" content="60; URL=status.html"></head><body>Rebooting...</body></html>\n'
)
_LINKS = (
    ("upgrade", "Online Upgrade"),
    ("password", "Change Password"),
    ("backup", "Backup & Restore"),
    ("ping", "Ping"),
    ("sms", "Send SMS"),
    ("sms_inbox", "SMS InBox"),
    ("sms_outbox", "SMS OutBox"),
    ("ussd", "Send USSD"),
    ("dial", "Dial"),
)


def tools(plate: Plate, title: str) -> bytes:
    """Return the page: in its side menu the reset to factory settings stands right above the reboot."""
    links = "\n".join(
        f'\t\t\t\t<tr><td height="30"><a href="tools.html?type={kind}"><div class="title3" id="{kind}">{text}</div></a>'
        "</td></tr>"
        for kind, text in _LINKS
    )
    forms = "\n".join(
        f"""\t\t\t\t<tr>
\t\t\t\t\t<form action="{action}" method="post" onsubmit="return {question}()">
\t\t\t\t\t\t<td height="30"><div class="title3"><input type="submit" value="{text}" class="savebutton"></div></td>
\t\t\t\t\t</form>
\t\t\t\t</tr>"""
        for action, question, text in (
            ("reset_config.html", "confirm_reset", "Reset Config"),
            ("reboot.html", "confirm_reboot", "Reboot Device"),
        )
    )
    side = f"""{menu("tools")}
<table border="0" width="82%" cellspacing="0" cellpadding="0">
{links}
{forms}
</table>"""
    script = """<script lang="javascript">
function confirm_reset(){return window.confirm("Are you sure to reset to factory default?");}
function confirm_reboot(){return window.confirm("Are you sure to reboot the device?");}
</script>
"""
    content = """<form action="tools.html?type=upgrade" method="post">
<table><tr><td class="title2">Online Upgrade</td></tr><tr><td class="text">\
<input type="text" name="upgrade_site" value="" class="edit"><input type="submit" value="Start" class="button">\
</td></tr></table>
</form>"""
    return page(plate, title, side, content, script)


def wait(plate: Plate, title: str) -> bytes:
    """Return the page that asks for patience."""
    return page(
        plate,
        title,
        menu("tools"),
        '<table width="100%"><tr><td align="center" class="title2" height="60">'
        "The device is rebooting, please wait...</td></tr></table>",
    )


def settings(plate: Plate, title: str, kind: str) -> bytes:
    """Return one of the other settings pages; nothing of interest is on it."""
    name = kind if kind in CONFIG_TYPES else "preference"
    return page(plate, title, menu("config"), f'<div class="title2">{name}</div>')
