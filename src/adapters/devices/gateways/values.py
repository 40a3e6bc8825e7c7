"""What single fields of pages say.  Nothing here raises: what makes no sense is unknown."""

import html
import re

from ....ports.gateways import HIGHEST_RSSI, Forward, ForwardState

#: Signs that a field has at most.
LONGEST = 128
_TAG = re.compile(r"<[^<>]*>")
#: Digits from which on a number is none that a gateway counts.
_DIGITS = 10
_PHONE = re.compile(r"\+?[\d*#][\d*# ()-]{1,40}")
_CELL = re.compile(r"LAC:\s*([0-9A-Fa-f]{1,8})?\s*,\s*CELL ID:\s*([0-9A-Fa-f]{1,8})?")
_FOUR_DIGITS = re.compile(r"(\d{4})\D*$")
_MODEL = re.compile(r"goip(?:[\s_-]*x?[\s_-]*(\d{1,2})(?!\d))?", re.IGNORECASE)
_SIZES = frozenset({"1", "2", "4", "8", "16", "32"})


def clean(text: str | None) -> str | None:
    """The words of a field, without the tags and references that are in it; ``None`` if there are none."""
    if not text:
        return None
    if text.isalnum() and len(text) <= LONGEST:
        return text
    text = text[: LONGEST * 4]
    if "<" in text:
        text = _TAG.sub("", text)
    if "&" in text:
        text = html.unescape(text)
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else " " for sign in text)
    return text.strip()[:LONGEST].rstrip() or None


def yes(text: str | None) -> bool | None:
    """``Y`` and ``N``; anything else is unknown, not no."""
    return {"Y": True, "N": False}.get(text.upper()) if text else None


def number(text: str | None) -> int | None:
    """A count, as ``12``, ``12.7`` or ``45%``."""
    if not text:
        return None
    whole = text if text.isdigit() else text.rstrip("%").strip().partition(".")[0]
    return int(whole) if len(whole) < _DIGITS and whole.isdigit() and whole.isascii() else None


def signal(text: str | None) -> int | None:
    """RSSI 0 to 31; 99 and all else is unknown."""
    found = number(text) if text and text.isdigit() else None
    return found if found is not None and found <= HIGHEST_RSSI else None


def call_state(text: str | None) -> tuple[str | None, str | None]:
    """``CONNECTED:+999…`` as word and number."""
    if not text:
        return None, None
    word, _, peer = text.partition(":")
    return word.strip() or None, peer.strip() or None


def cell(text: str | None) -> tuple[str | None, str | None]:
    """``LAC:32B1,CELL ID:C8C0`` as the two."""
    found = _CELL.search(text) if text else None
    return (found[1], found[2]) if found else (None, None)


def pair(text: str | None) -> tuple[int | None, int | None]:
    """``0/7``: answered calls, and all."""
    answered, slash, calls = (text or "").partition("/")
    return (number(answered.strip()), number(calls.strip())) if slash else (None, None)


def remaining(text: str | None) -> tuple[str | None, int | None]:
    """``NO LIMIT`` or minutes: as shown, and as a number."""
    minutes = number(text)
    return (text, minutes) if minutes is not None or (text or "").upper() == "NO LIMIT" else (None, None)


def forward(text: str | None) -> Forward:
    """``OFF``, ``Not Set``, or the number that calls go to."""
    words = (text or "").lower()
    if words == "off":
        return Forward(ForwardState.OFF)
    if words == "not set":
        return Forward(ForwardState.NOT_SET)
    if text and _PHONE.fullmatch(text):
        return Forward(ForwardState.ON, text)
    return Forward()


def last_four(serial: str | None) -> str | None:
    """The last four digits of a serial number, which end it."""
    found = _FOUR_DIGITS.search(serial) if serial and serial.isascii() else None
    return found[1] if found else None


def model(*titles: str | None) -> str | None:
    """``GoIP32`` of the first title that tells a size, else ``GoIP`` if one says at least that."""
    found = [match[1] for title in titles if title for match in _MODEL.finditer(title)]
    for size in found:
        if size and size.lstrip("0") in _SIZES:
            return f"GoIP{int(size)}"
    return "GoIP" if found else None
