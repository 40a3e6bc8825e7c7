"""Which text bytes stand for.  Heads name no charset, pages may, and names on a list come from anywhere."""

import re

#: Names of charsets that pages use; anything else is not looked up.
_KNOWN = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "windows-1251": "windows-1251",
    "cp1251": "windows-1251",
    "koi8-r": "koi8-r",
    "big5": "big5",
    "iso-8859-1": "latin-1",
    "latin-1": "latin-1",
    "windows-1252": "latin-1",
}
_CHAIN = ("utf-8", "gb18030", "windows-1251")
#: A page tells its charset near its beginning.
_HEAD = 2048
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_-]{2,20})""", re.IGNORECASE)
#: What no parser and no table can do with.
_CONTROLS = bytes((*range(9), 11, 12, *range(14, 32), 127))
_NO_SIGNS = re.compile("[\ud800-\udfff\ufffe\uffff]")


def text_of(page: bytes) -> str:
    """The text of a page: in UTF-8 if it is that, else as it says itself, else in GB18030 or windows-1251.

    UTF-8 comes first as nothing else looks like it by chance, while ``status.xml`` says gb2312 on all devices.
    """
    page = page.translate(None, _CONTROLS)
    if page.isascii():
        return page.decode("ascii")
    declared = _DECLARED.search(page[:_HEAD])
    named = _KNOWN.get(declared[1].decode("ascii").lower()) if declared else None
    text = _first(page, ("utf-8", named, *_CHAIN) if named else _CHAIN)
    return _NO_SIGNS.sub("", text) if _NO_SIGNS.search(text) else text


def name_of(raw: bytes) -> str:
    """The text of a name that no charset goes with."""
    return raw.decode("ascii") if raw.isascii() else _first(raw, _CHAIN)


def _first(data: bytes, charsets: tuple[str, ...]) -> str:
    for charset in charsets:
        try:
            return data.decode(charset)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")
