"""The list of a remote administration server, read and never followed.

Version 1.06 writes a row over lines of its own, and an id is one line: so a
list of its making is read by lines, and no id can hide or make up a row.  Any
other list is read as a page, and is none if that loses a link to a device.
Ids stand there as devices sent them, not escaped and in any charset: each is
decoded for itself.
"""

import html
import re
from collections.abc import Iterator
from typing import Any

from ....ports.gateways import Listed, Listing, NotADirectory, PageCut
from .charsets import name_of
from .tree import gathered, html_tree

_TITLE = "Remote Administration Server"
_END = b"</html>"
_HEAD = re.compile(
    rb"\s*<html>\s*<title>Remote Administration Server</title>\s*<body>[^\n<]{0,64}<CENTER>[ ]*\n"
    rb"(?:<tr><a href=[^\n<>]{0,512}>\s*v\s*(?P<version>\d[\w.-]{0,20})[^\n<>]{0,128}</a></tr>)?"
    rb"\s*<table[^<>\n]{0,128}>\s*"
)
_ROW = re.compile(
    rb"<tr>\s*<td>(?P<name>[^\n]*?)</td>\r?\n\s*<td>(?P<address>[^\n]*?)</td>\r?\n"
    rb"\s*<td>(?P<link>[^\n]*)</td>\r?\n\s*<td>[^\n]*</td>\r?\n\s*</tr>\s*"
)
_ANCHOR = re.compile(rb"""\s*<a href=["']?([^"'<>\n]*)["']?\s*>([^<>\n]*)</a>\s*""")
_FOOT = re.compile(rb"</table>\s*(?:</center>\s*)?</body>\s*</html>\s*", re.IGNORECASE)
_VERSION = re.compile(r"v\s*(\d[\w.-]{0,20})")
#: Only the port counts; the host is an echo of the request's own.
_LINK = re.compile(r"\s*http://(?:\[[0-9A-Fa-f:.]+\]|[^\s/:@?#\[\]]+):(\d{1,5})/?\s*")
#: Links to devices as they stand on the page, to see that none was lost.
_RADMIN = re.compile(rb">(?:\s|&nbsp;|\xa0|\xc2\xa0)*RADMIN(?:\s|&nbsp;|\xa0|\xc2\xa0)*<\s*/\s*a\s*>", re.IGNORECASE)
_NOISE = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_TAG = re.compile(r"<[^<>]*>")
_BLANKS = " \t\r\n\xa0"
#: Signs of an id at most, as the server takes them in bytes.
_LONGEST = 255
_HIGHEST_PORT = 65_535
_REMARKS = 20
#: How far a link may be from its row.
_DEEPEST = 6


def read_listing(page: bytes, where: str) -> Listing:
    """The rows of a whole, valid list.

    Raises:
        NotADirectory: It is another page, or one of which rows would be lost.
        PageCut: Its end is missing.
    """
    listing = _by_lines(page)
    return listing if listing is not None else _as_page(page, where)


class _Reader:
    """Takes rows, and of two with one name the one that counts."""

    def __init__(self, version: str | None) -> None:
        self._version = version
        self._rows: dict[str, Listed] = {}
        self._remarks: list[str] = []

    def take(self, name: str, address: str, hrefs: list[str]) -> None:
        """One row: its name, its address, and where its RADMIN links lead."""
        if not name:
            return
        if not name.isprintable() or len(name) > _LONGEST:
            self._remark(f"a row of an unusable name is left out: {_shown(name)}")
            return
        port = next((found for href in hrefs if (found := _port(href)) is not None), None)
        if hrefs and port is None:
            self._remark(f"{_shown(name)}: its RADMIN link leads nowhere")
        self._keep(Listed(name, address if 0 < len(address) <= 64 and address.isprintable() else None, port))

    def listing(self) -> Listing:
        return Listing(tuple(self._rows.values()), self._version, tuple(self._remarks))

    def _keep(self, row: Listed) -> None:
        before = self._rows.get(row.name)
        if before is not None and before.port is not None:
            if row.port is None:
                return
            self._remark(f"{_shown(row.name)} is on the list twice; the later row counts")
        self._rows[row.name] = row

    def _remark(self, words: str) -> None:
        if len(self._remarks) < _REMARKS:
            self._remarks.append(words)


def _by_lines(page: bytes) -> Listing | None:
    """The list, if it is exactly as version 1.06 writes it."""
    head = _HEAD.match(page)
    if head is None:
        return None
    version = head["version"]
    reader = _Reader(version.decode("ascii", "replace") if version else None)
    at = head.end()
    while row := _ROW.match(page, at):
        at = row.end()
        anchor = _ANCHOR.fullmatch(row["link"])
        links = [anchor[1].decode("latin-1")] if anchor and _plain(anchor[2]).upper() == "RADMIN" else []
        reader.take(_plain(row["name"]), _plain(row["address"]), links)
    return reader.listing() if _FOOT.fullmatch(page, at) else None


def _plain(raw: bytes) -> str:
    """The words of a cell, as a browser shows them."""
    text = name_of(raw)
    if "<" in text:
        text = _TAG.sub("", text)
    if "&" in text:
        text = html.unescape(text)
    return text.strip(_BLANKS)


def _as_page(page: bytes, where: str) -> Listing:
    end = page.rfind(b"<")
    whole = page[end : end + len(_END)].lower() == _END
    # Byte for byte: each sign is one byte until a name is decoded.
    root = html_tree(page.decode("latin-1"))
    title = None if root is None else next((_text(found) for found in root.iter("title")), None)
    if not whole and (title == _TITLE or page.lstrip()[:5].lower() in (b"", b"<html")):
        raise PageCut(f"the list of {where} was cut off after {len(page)} bytes")
    if title != _TITLE:
        raise NotADirectory(f"what answers at {where} is not a remote administration server")
    links, count = _radmin_links(root)
    # Noise between title and end must not look like a list on which nobody is.
    if next(root.iter("table"), None) is None or _NOISE.search(page) or count < len(_RADMIN.findall(page)):
        raise NotADirectory(f"the list of {where} has rows that cannot be read")
    version = _VERSION.match(next((_text(found) for found in root.iter("a")), ""))
    reader = _Reader(version[1] if version else None)
    for row, cells in _device_rows(root):
        reader.take(_text(cells[0]), _text(cells[1]), [link.get("href") or "" for link in links.get(row, [])])
    return reader.listing()


def _device_rows(root: Any) -> Iterator[tuple[Any, list[Any]]]:
    for row in root.iter("tr"):
        cells = [cell for cell in row if cell.tag == "td"]
        if len(cells) > 1:
            yield row, cells


def _radmin_links(root: Any) -> tuple[dict[Any, list[Any]], int]:
    """The links to devices by row, and how many of them stand in rows."""
    found: dict[Any, list[Any]] = {}
    count = 0
    for link in root.iter("a"):
        if _text(link).upper() != "RADMIN":
            continue
        row = link
        for _ in range(_DEEPEST):
            row = row.getparent()
            if row is None or row.tag == "tr":
                break
        if row is not None and row.tag == "tr":
            found.setdefault(row, []).append(link)
            count += 1
    return found, count


def _port(href: str) -> int | None:
    found = _LINK.fullmatch(href)
    port = int(found[1]) if found else 0
    return port if 0 < port <= _HIGHEST_PORT else None


def _text(element: Any) -> str:
    """The words of an element, decoded and trimmed of blanks and hard blanks."""
    raw = gathered(element, _LONGEST * 4 + 1)
    try:
        text = name_of(raw.encode("latin-1"))
    except UnicodeEncodeError:
        # A reference such as &#1057; stood for what no byte can.
        text = raw
    return text.strip(_BLANKS)


def _shown(name: str) -> str:
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in name[:60])
