"""Pages as fields by id, and nothing else of them.

``status.xml`` is flat: one element a field.  The pages have cells with the
same names as ids, found by id and never by place.  Both are whole or nothing:
a page that was cut off looks like a good one.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from ....ports.gateways import BadPage, PageCut
from .charsets import text_of
from .tree import gathered, html_tree, without_scripts, xml_tree
from .values import clean

#: Fields by id as cleaned text; ``None`` where the page has the field, but nothing in it.
Fields = Mapping[str, str | None]

_XML_END, _HTML_END = b"</status>", b"</html>"
_BARE = re.compile(r"&(?!(?:lt|gt|amp|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_UPTIME = re.compile(r"""\buptime_s\s*=\s*["']?\s*(\d{1,9})\b""")
#: What stands where the table of lines begins; before it is all that says which device this is.
_LINES_BEGIN = re.compile(rb"""id\s*=\s*["']?(?:gsm_info|l1_)""")
_LABELS = {
    "sn(serial number)": "sn",
    "serial number": "sn",
    "sn": "sn",
    "firmware version": "version",
    "module version": "module_version",
    "hardware model": "model",
    "current time": "time",
}


@attrs.frozen
class Page:
    """What a page of the device says, by id."""

    fields: Fields
    title: str | None = None
    #: Whether it has a table of lines.
    has_lines: bool = False


def xml_fields(page: bytes, where: str, wanted: Callable[[str], bool]) -> Fields:
    """The wanted fields of ``status.xml``.

    Raises:
        PageCut, BadPage
    """
    _whole(page, _XML_END, where)
    text = text_of(page)
    if "&" in text:
        # A device escapes nothing but "<": references that XML does not know stay as they are.
        text = _BARE.sub("&amp;", text)
    root = xml_tree(_DECLARATION.sub("", text, count=1))
    if root is None or root.tag != "status":
        raise BadPage(f"{where} is not the status of a gateway")
    found: dict[str, str | None] = {}
    lines = 0
    for element in root:
        name = element.tag
        if isinstance(name, str):
            lines += name[0] == "l"
            if name not in found and wanted(name):
                found[name] = clean(gathered(element) if len(element) else element.text)
    if lines < text.count("</l"):
        # A broken field hides what comes after it, and that must not look as if those lines were gone.
        raise BadPage(f"{where} has fields that cannot be read")
    return found


def html_fields(page: bytes, where: str, wanted: Callable[[str], bool]) -> Page:
    """The wanted fields of a page, with what it says beside labels, its title, and ``uptime_s`` of its script.

    Raises:
        PageCut, BadPage
    """
    _whole(page, _HTML_END, where)
    text = text_of(page)
    return _read(text, where, wanted, has_lines=_LINES_BEGIN.search(page) is not None)


def identity_fields(page: bytes, where: str, wanted: Callable[[str], bool]) -> Page:
    """As ``html_fields``, of the part before the lines only, which is a tenth of it."""
    _whole(page, _HTML_END, where)
    lines = _LINES_BEGIN.search(page)
    return _read(text_of(page[: lines.start()] if lines else page), where, wanted, has_lines=lines is not None)


def html_root(page: bytes, where: str) -> Any:
    """A whole page as a tree.

    Raises:
        PageCut, BadPage
    """
    _whole(page, _HTML_END, where)
    text = text_of(page)
    root = html_tree(without_scripts(text))
    if root is None:
        raise BadPage(f"{where} is not a page of a gateway")
    return root


def words(element: Any) -> str | None:
    """The words of an element and what is in it."""
    return clean(gathered(element))


def _read(text: str, where: str, wanted: Callable[[str], bool], *, has_lines: bool) -> Page:
    root = html_tree(without_scripts(text))
    if root is None:
        raise BadPage(f"{where} is not a page of a gateway")
    found: dict[str, str | None] = {}
    title: str | None = None
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        name = element.get("id")
        if name is not None and name not in found and wanted(name):
            found[name] = words(element)
            if (hint := element.get("title")) and name.endswith("_bst"):
                found.setdefault(f"{name}_title", clean(hint))
        elif element.tag == "title" and title is None:
            title = words(element)
        elif element.tag == "td":
            _labelled(element, found, wanted)
    if uptime := _UPTIME.search(text):
        found["uptime_s"] = uptime[1]
    return Page(found, title, has_lines)


def _labelled(element: Any, found: dict[str, str | None], wanted: Callable[[str], bool]) -> None:
    """Older pages have no ids for what says which device this is, but labels; the next cell has the value."""
    label = (element.text or "").strip().rstrip(":").strip().lower()
    name = _LABELS.get(label)
    if name is None or name in found or not wanted(name):
        return
    value = element.getnext()
    if value is not None and isinstance(value.tag, str):
        found[name] = words(value)


def _whole(page: bytes, end: bytes, where: str) -> None:
    """Nothing but text may follow the last closing tag; what begins or ends as another page was not cut off."""
    at = page.rfind(b"<")
    last = page[at : at + len(_XML_END)].lower()
    if last.startswith(end):
        return
    begin = page[:64].lstrip(b" \t\r\n\x00").lower()
    expected = (b"<?xml", b"<status") if end == _XML_END else (b"<html", b"<!doctype")
    if last.startswith((_XML_END, _HTML_END)) or (
        begin and not any(begin.startswith(e[: len(begin)]) for e in expected)
    ):
        raise BadPage(f"{where} is another page")
    raise PageCut(f"{where} was cut off after {len(page)} bytes")
