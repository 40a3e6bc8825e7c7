"""Text of pages as trees, and what a page must not do to whoever reads it.

Parsing costs about as much as the page is long, but for tags with thousands of
attributes, which cost the square of them, and for nesting without an end.
"""

import re
import warnings
from typing import Any

#: Signs that are gathered of one element at most.
LONGEST_CELL = 512
#: Signs that a tag may have; the longest ones of gateways have 300.
_LONG_TAG = re.compile(r"<[^<>]{2048}")
#: Within quotes a bracket ends no tag; some scripts of pages have a few.
_QUOTED_BRACKET = re.compile(r"""=\s{0,8}(?:"[^"<>]*[<>]|'[^'<>]*[<>])""")
_MOST_QUOTED = 16
_REFERENCE = re.compile(r"&#(?:x([0-9a-f]+)|([0-9]+));?", re.IGNORECASE)
_SURROGATES, _HIGHEST = range(0xD800, 0xE000), 0x10FFFF
_SCRIPT = re.compile(r"<script\b", re.IGNORECASE)
_SCRIPT_END = re.compile(r"</script\s*>", re.IGNORECASE)


def html_tree(text: str) -> Any:
    """The root of a page, or ``None`` if it is empty or made to be expensive."""
    if _LONG_TAG.search(text) or sum(1 for _ in _QUOTED_BRACKET.finditer(text)) > _MOST_QUOTED:
        return None
    return _tree(text, "html")


def xml_tree(text: str) -> Any:
    """The root of a document, or ``None`` if it is empty or defines entities."""
    low = text.lower()
    if "<!doctype" in low or "<!entity" in low:
        return None
    return _tree(text, "xml")


def gathered(element: Any, limit: int = LONGEST_CELL) -> str:
    """All text of an element, as it stands, of so many signs at most."""
    parts, size = [], 0
    for part in element.itertext():
        parts.append(part)
        size += len(part)
        if size > limit:
            break
    return "".join(parts)[:limit]


def _tree(text: str, kind: str) -> Any:
    # Imported with the first page: it and its parser are a tenth of the time to start.
    from parsel import Selector

    if not text.strip():
        return None
    if "&#" in text:
        # The parser makes text of half a surrogate pair that nothing can read any more.
        text = _REFERENCE.sub(_possible, text)
    with warnings.catch_warnings():
        # What lies deeper than the parser goes is left out, which readers notice by what is missing.
        warnings.filterwarnings("ignore", "Input data is too big", UserWarning)
        return Selector(text=text, type=kind, huge_tree=False).root


def _possible(reference: re.Match[str]) -> str:
    """A reference to a sign that there is, as it stands, else the sign for none."""
    digits, base = (reference[1], 16) if reference[1] else (reference[2], 10)
    code = int(digits, base) if len(digits) < 10 else _HIGHEST + 1
    return reference[0] if 0 < code <= _HIGHEST and code not in _SURROGATES else "\N{REPLACEMENT CHARACTER}"


def without_scripts(text: str) -> str:
    """A page less its scripts, in which brackets mean nothing."""
    parts, at = [], 0
    while begin := _SCRIPT.search(text, at):
        parts.append(text[at : begin.start()])
        end = _SCRIPT_END.search(text, begin.end())
        if end is None:
            return "".join(parts)
        at = end.end()
    return "".join((*parts, text[at:])) if parts else text
