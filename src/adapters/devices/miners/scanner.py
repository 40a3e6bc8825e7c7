"""Reads what miners write when they mean JSON.

A scanner that knows strings, so that text inside them is never touched.  It
accepts what real firmware was seen to send: missing, leading and trailing
commas, ``nan`` and ``inf``, bare control characters and bad escapes in
strings, pairs inside a list, bytes after the root.  It walks the text once,
and both depth and number of values are bounded, so a hostile answer costs
little.
"""

import re
from typing import Any

from ....ports.miners import NotJson, Truncated

#: Real replies are at most 7 deep and have at most some 16,000 values.
DEPTH = 64
VALUES = 100_000

# Possessive (`*+`): no backtracking, so no input takes more than one walk.
_GAP = re.compile(r"[\s,\x00]*+")
_STRING = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"', re.DOTALL)
_COLON = re.compile(r"\s*+:\s*+")
_WORD = re.compile(r"[+\-.\w]++")
_NUMBER = re.compile(r"-?(?:\d++\.?\d*+|\.\d++)(?:[eE][+-]?\d++)?")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_CONSTANTS: dict[str, Any] = {"true": True, "false": False, "null": None}
_NOT_FINITE = {"nan", "inf", "infinity"}

#: Longer numbers are no measurements.
_DIGITS = 64


def scan(text: str) -> dict[str, Any]:
    """The first JSON object of a text, repaired where it is broken.

    Raises:
        Truncated: The text ends inside the object.
        NotJson: It is something else, or beyond the bounds above.
    """
    if not text.startswith("{"):
        raise NotJson(f"it starts with {text[:40]!r}")
    root: dict[str, Any] = {}
    stack: list[dict[str, Any] | list[Any]] = [root]
    position = 1
    for _ in range(VALUES):
        position = _GAP.match(text, position).end()  # type: ignore[union-attr]  # matches the empty text too
        if position >= len(text):
            raise Truncated(f"it ends inside of {'an object' if isinstance(stack[-1], dict) else 'a list'}")
        holder = stack[-1]
        if text[position] == ("}" if isinstance(holder, dict) else "]"):
            stack.pop()
            if not stack:
                return root
            position += 1
            continue
        key = None
        if isinstance(holder, dict):
            key, position = _key(text, position)
        value, position = _value(text, position)
        if key is None and isinstance(value, str) and (colon := _COLON.match(text, position)):
            # Whatsminer 2.0.4 writes the pairs of its error list without braces.
            inner, position = _value(text, colon.end())
            if isinstance(inner, dict | list):
                raise NotJson(f"a pair in a list holds more than a value at character {position}")
            value = {value: inner}
            _put(holder, key, value)
            continue
        _put(holder, key, value)
        if isinstance(value, dict | list):
            if len(stack) >= DEPTH:
                raise NotJson(f"it is nested more than {DEPTH} deep")
            stack.append(value)
    raise NotJson(f"it has more than {VALUES} values")


def _put(holder: dict[str, Any] | list[Any], key: str | None, value: Any) -> None:
    if isinstance(holder, list):
        holder.append(value)
    elif key is not None:
        holder[key] = value


def _key(text: str, position: int) -> tuple[str, int]:
    key, position = _string(text, position)
    colon = _COLON.match(text, position)
    if colon is None:
        if not text[position:].strip("\x00 \r\n\t"):
            raise Truncated(f"it ends after the key {key[:40]!r}")
        raise NotJson(f"no colon follows the key {key[:40]!r} at character {position}")
    return key, colon.end()


def _value(text: str, position: int) -> tuple[Any, int]:
    """The value at a position; an object or a list is returned empty, for the caller to fill."""
    first = text[position : position + 1]
    if first == '"':
        return _string(text, position)
    if first == "{":
        return {}, position + 1
    if first == "[":
        return [], position + 1
    word = _WORD.match(text, position)
    if word is None:
        if not text[position:].strip("\x00 \r\n\t"):
            raise Truncated("it ends where a value should be")
        raise NotJson(f"{text[position : position + 20]!r} at character {position} is no value")
    found = word.group()
    if word.end() == len(text):
        raise Truncated(f"it ends after {found[:40]!r}")
    return _scalar(found, position), word.end()


def _scalar(found: str, position: int) -> Any:
    if len(found) <= _DIGITS and _NUMBER.fullmatch(found):
        return float(found) if any(mark in found for mark in ".eE") else int(found)
    if found in _CONSTANTS:
        return _CONSTANTS[found]
    if found.lower().lstrip("+-") in _NOT_FINITE:
        return None
    raise NotJson(f"{found[:20]!r} at character {position} is no value")


def _string(text: str, position: int) -> tuple[str, int]:
    found = _STRING.match(text, position)
    if found is None:
        if text[position] != '"':
            raise NotJson(f"{text[position : position + 20]!r} at character {position} is no key")
        raise Truncated("it ends inside of a string")
    value = found.group(1)
    if "\\" in value:
        value = _ESCAPE.sub(_unescape, value)
    return value, found.end()


def _unescape(found: re.Match[str]) -> str:
    mark = found.group(1)
    if len(mark) == 5:
        sign = chr(int(mark[1:], 16))
        # Half of a pair cannot be written as UTF-8.
        return "\N{REPLACEMENT CHARACTER}" if "\ud800" <= sign <= "\udfff" else sign
    return _ESCAPES.get(mark, mark)
