"""The list page and its relatives, to the byte as version 1.06 prints them.  Names are bytes and never escaped."""

from collections.abc import Iterable

from .tunnel import Entry, Kind

TITLE = b"Remote Administration Server"
_LINK = {Kind.WEB: (b"http", b"RADMIN"), Kind.RLOGIN: (b"telnet", b"TELNET"), Kind.TELNET: (b"telnet", b"TELNET")}
_TABS = b"\t\t"


def listing(entries: Iterable[Entry], host_header: bytes, host: bytes) -> bytes:
    """Return the list page.

    Args:
        entries: The rows in their order.
        host_header: As the client said it, with the port; the Del links lead there.
        host: Without the port; the links of the units lead there.
    """
    rows = b"".join(_row(entry, host_header, host) for entry in entries)
    return (
        b"<html><title>%b</title><body><CENTER> \n"
        b'<tr><a href="http://%b/?cfg=read">v1.06 Modify Options</a></tr><table border="0">\n'
        b"%b</table>\n</body></html>\n"
    ) % (TITLE, host_header, rows)


def _row(entry: Entry, host_header: bytes, host: bytes) -> bytes:
    scheme, text = _LINK[entry.kind]
    refer = b"&refer=%%3Ftelnet" % () if entry.kind is Kind.TELNET else b""
    return (
        b"<tr>\n\t<td>%b </td>\n\t<td>%b </td>\n"
        b'\t<td><a href="%b://%b:%d">%b</a></td>\n'
        b'\t<td><a href="http://%b/?del=%b&type=%d%b">Del</a></td>\n</tr>\n'
    ) % (
        entry.name, entry.address.encode(), scheme, host, entry.port, text,
        host_header, entry.name, entry.kind.value, refer,
    )  # fmt: skip


def clients(entries: Iterable[Entry], host: bytes) -> bytes:
    """Return ``clients.xml``, in which one ``&`` of a name spoils all."""
    rows = b"".join(
        b'\t<client id="%b" type="%b">\n\t\t<addr>%b://%b:%d</addr>\n\t</client>'
        % (
            entry.name,
            b"web" if entry.kind is Kind.WEB else b"telnet",
            _LINK[entry.kind][0],
            host,
            entry.port,
        )
        for entry in entries
    )
    return b'<?xml version="1.0" ?>\n<clients>\n%b</clients>\n' % rows


def found(entry: Entry, host: bytes) -> bytes:
    """Return the page that leads to a unit."""
    place = b"http://%b:%d" % (host, entry.port)
    return b'<HTML>\n<HEAD>\n<META HTTP-EQUIV="refresh" CONTENT="0; URL=%b">\n</HEAD>\n</HTML>\n' % place


def missing(name: bytes) -> bytes:
    """Return the line that says that there is no such unit."""
    return b"%b cannot find id:%b\n" % (TITLE, name)


def options(login: tuple[str, str]) -> bytes:
    """Return the page with the server's own passwords; only ?cfg=read shows it, and nobody should ask for it."""
    user, password = (part.encode("utf-8", "replace") for part in login)
    return (
        b"<html><body><form action=/ method=get><input type=hidden name=cfg value=write>"
        b"<input name=user value=%b><input name=passwd value=%b></form></body></html>\n"
    ) % (user, password)
