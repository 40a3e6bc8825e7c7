"""The list of a remote administration server (version 1.06), read and never followed.

Ids stand on it as devices sent them: not escaped, in any charset.  So the page
is parsed as bytes, and each name decoded for itself.
"""

import re
from typing import Any

from parsel import Selector

from ....ports.gateways import Listed, Listing, NotADirectory, PageCut
from .charsets import name_of
from .markup import gathered

_TITLE = "Remote Administration Server"
_END = b"</html>"
_VERSION = re.compile(r"v\s*(\d[\w.-]{0,20})")
#: Only the port counts; the host is an echo of the request's own.
_LINK = re.compile(r"\s*http://(?:\[[0-9A-Fa-f:.]+\]|[^\s/:@?#\[\]]+):(\d{1,5})/?\s*")
#: Links to devices as they stand on the page, to see that none was lost.
_RADMIN = re.compile(rb">(?:\s|&nbsp;|\xa0|\xc2\xa0)*RADMIN(?:\s|&nbsp;|\xa0|\xc2\xa0)*<\s*/\s*a\s*>", re.IGNORECASE)
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
    end = page.rfind(b"<")
    whole = page[end : end + len(_END)].lower() == _END
    # Byte for byte: each sign is one byte until a name is decoded.
    root: Any = Selector(text=page.decode("latin-1"), type="html", huge_tree=False).root if page.strip() else None
    title = None if root is None else next((_text(found) for found in root.iter("title")), None)
    if title != _TITLE:
        if not whole and page.lstrip()[:5].lower() in (b"", b"<html"):
            raise PageCut(f"the list of {where} was cut off after {len(page)} bytes")
        raise NotADirectory(f"what answers at {where} is not a remote administration server")
    if not whole:
        raise PageCut(f"the list of {where} was cut off after {len(page)} bytes")
    links, count = _radmin_links(root)
    if count < len(_RADMIN.findall(page)):
        raise NotADirectory(f"the list of {where} has rows that cannot be read")
    reader = _Reader()
    for row in root.iter("tr"):
        reader.take(row, links.get(row, []))
    version = _VERSION.match(next((_text(found) for found in root.iter("a")), ""))
    return Listing(tuple(reader.rows.values()), version[1] if version else None, tuple(reader.remarks))


class _Reader:
    """Takes rows, and of two with one name the one that counts."""

    def __init__(self) -> None:
        self.rows: dict[str, Listed] = {}
        self.remarks: list[str] = []

    def take(self, row: Any, links: list[Any]) -> None:
        cells = [cell for cell in row if cell.tag == "td"]
        name = _text(cells[0]) if len(cells) > 1 else ""
        if not name:
            return
        if not name.isprintable() or len(name) > _LONGEST:
            self._remark(f"a row of an unusable name is left out: {_shown(name)}")
            return
        port = next((found for link in links if (found := _port(link)) is not None), None)
        if links and port is None:
            self._remark(f"{_shown(name)}: its RADMIN link leads nowhere")
        address = _text(cells[1])
        self._keep(Listed(name, address if 0 < len(address) <= 64 and address.isprintable() else None, port))

    def _keep(self, row: Listed) -> None:
        before = self.rows.get(row.name)
        if before is not None and before.port is not None:
            if row.port is None:
                return
            self._remark(f"{_shown(row.name)} is on the list twice; the later row counts")
        self.rows[row.name] = row

    def _remark(self, words: str) -> None:
        if len(self.remarks) < _REMARKS:
            self.remarks.append(words)


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


def _port(link: Any) -> int | None:
    found = _LINK.fullmatch(link.get("href") or "")
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
