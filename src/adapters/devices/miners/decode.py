"""Bytes of a reply into objects: strictly first, repaired only where that fails, never a guess.

Most replies pass at once.  The three commonest faults are mended on the bytes
where that is safe, which is much cheaper than the scanner that knows all of
them.  What is broken in the middle (``Truncated``) is no reading.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from ....ports.errors import DeviceError
from ....ports.miners import MinerDown, NoReply, NotJson, Truncated, UnknownCommand
from .scanner import DEPTH, scan
from .textmode import is_text_mode, read_text
from .verdict import down, judge

_Scalar = str | int | float | bool | None
#: What cgminer's replies look like: flat sections in lists.  Of this shape, nothing is deep.
_flat = msgspec.json.Decoder(dict[str, list[dict[str, _Scalar]] | _Scalar]).decode
_flat_joined = msgspec.json.Decoder(dict[str, list[dict[str, list[dict[str, _Scalar]] | _Scalar]] | _Scalar]).decode
_strict = msgspec.json.Decoder().decode
_sections = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode

_BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_ADJACENT = re.compile(rb"}\s*{")
#: Repairs of adjacent objects tried on the bytes; one is usual.
_ADJACENT_LIMIT = 16

#: What may stand around a reply.
_AROUND = b"\x00 \r\n\t"
#: A password and its key, which inside of a text would have a backslash before its second quote.
_PASSWORD = re.compile(rb'("pass(?:wd|word)?"\s*:\s*)(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"|[^\s",\[\]{}]++)', re.IGNORECASE)
#: Long sections, which hold no passwords.
_LONG = frozenset({"summary", "stats", "estats", "litestats", "devs", "edevs"})
_SECRET_KEYS = frozenset({"pass", "passwd", "password"})
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class Reply(NamedTuple):
    """One answer to one command: the object, and strict JSON of it in UTF-8."""

    value: dict[str, Any]
    raw: bytes


def document(data: bytes, where: str) -> Reply:
    """The object that a miner's bytes mean, without passwords.

    Raises:
        NoReply, Truncated, MinerDown, NotJson: There is none in them.
    """
    body = data.strip(_AROUND)
    return _read(_PASSWORD.sub(rb"\1null", body) if b"ass" in body else body, where)


def single(data: bytes, where: str) -> Reply:
    """The good answer to one command.

    Raises:
        DeviceError: Any of the leaves of decoding, or what the miner itself says.
    """
    reply = document(data, where)
    judge(reply.value, where)
    return reply


def joined(data: bytes, names: Sequence[str], where: str) -> dict[str, Reply | DeviceError]:
    """The answers to several commands asked in one, by command; one may have failed while others are good.

    Raises:
        DeviceError: The whole is refused or broken.
    """
    body = data.strip(_AROUND)
    try:
        whole, parts = _flat_joined(body), _sections(body)
    except _BAD:
        return _joined_slowly(body, names, where)
    if b"\\" in body and b"\\u0000" in body:
        return _joined_slowly(body, names, where)
    answers: dict[str, Reply | DeviceError] = {}
    for name in names:
        section = whole.get(name)
        if type(section) is not list or len(section) != 1:
            return _joined_slowly(body, names, where)
        try:
            judge(section[0], where)
        except DeviceError as error:
            answers[name] = error
            continue
        raw = bytes(parts[name])[1:-1]
        if name not in _LONG and b"ass" in raw:
            raw = _PASSWORD.sub(rb"\1null", raw)
        answers[name] = Reply(section[0], raw)
    return answers


def _joined_slowly(body: bytes, names: Sequence[str], where: str) -> dict[str, Reply | DeviceError]:
    """The same where the reply needs a repair, is refused as a whole, or lacks a section."""
    root = document(body, where).value
    if not any(name in root for name in names):
        judge(root, where)
        raise UnknownCommand(f"{where}: the answer to several commands in one holds none of them")
    answers: dict[str, Reply | DeviceError] = {}
    for name in names:
        section = root.get(name)
        if isinstance(section, list) and section:
            section = section[0]
        if not isinstance(section, dict):
            answers[name] = UnknownCommand(f"{where}: the answer has no section {name!r}")
            continue
        try:
            judge(section, where)
        except DeviceError as error:
            answers[name] = error
        else:
            answers[name] = _clean(section)
    return answers


def _read(body: bytes, where: str) -> Reply:
    value: Any
    try:
        value = _flat(body)
    except _BAD:
        try:
            value = _strict(body)
        except _BAD:
            return _mended(body.strip(_AROUND), where)
        if type(value) is not dict:
            raise NotJson(f"{where}: the answer is JSON, but no object: {_shown(body)}") from None
        _check_depth(body, where)
    return _without_nul(value, body)


def _mended(body: bytes, where: str) -> Reply:
    if not body:
        raise NoReply(
            f"{where} accepted the connection and closed it without a word; "
            "many miners do that to addresses that their API does not allow"
        )
    if is_text_mode(body):
        try:
            return _clean(read_text(body))
        except Truncated as error:
            raise Truncated(f"{where}: the answer was cut off after {len(body)} bytes: {error.detail}") from error
    mended = _mend_bytes(body)
    if mended is not None:
        try:
            value = _strict(mended)
        except _BAD:
            value = None
        if type(value) is dict:
            _check_depth(mended, where)
            return _without_nul(value, mended)
    text = body.decode("utf-8", "replace")
    if down(text) and not text.startswith("{"):
        raise MinerDown(f"{where}: the mining process does not run, its front end says: {_shown(body)}")
    try:
        return _clean(scan(text))
    except Truncated as error:
        raise Truncated(f"{where}: the answer was cut off after {len(body)} bytes: {error.detail}") from error
    except NotJson as error:
        raise NotJson(f"{where}: the answer is not JSON: {error.detail}") from error


def _mend_bytes(body: bytes) -> bytes | None:
    r"""Missing commas between objects and ``\'``, where it is certain that no string is hurt; else ``None``."""
    if b"\\" in body:
        if b"\\\\" in body:
            return None
        body = body.replace(b"\\'", b"'")
        if b"\\" in body:
            return None
    pieces: list[bytes] = []
    start = quotes = 0
    for count, gap in enumerate(_ADJACENT.finditer(body)):
        if count == _ADJACENT_LIMIT:
            return None
        quotes += body.count(b'"', start, gap.start())
        if quotes % 2 == 0:
            pieces += body[start : gap.start()], b"},{"
            start = gap.end()
        else:
            pieces.append(body[start : gap.end()])
            start = gap.end()
    return b"".join((*pieces, body[start:])) if pieces else body


def _check_depth(body: bytes, where: str) -> None:
    """Refuse what nobody could decode again with less stack to spare; miners nest 7 deep."""
    if body.count(b"{") + body.count(b"[") <= DEPTH:
        return
    depth = deepest = 0
    for bracket in body.translate(None, _NOT_BRACKETS).replace(b"[]", b"").replace(b"{}", b""):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    if deepest > DEPTH:
        raise NotJson(f"{where}: the answer is nested more than {DEPTH} deep")


def _without_nul(value: dict[str, Any], body: bytes) -> Reply:
    """NUL cannot be stored as text everywhere."""
    return _clean(value) if b"\\" in body and b"\\u0000" in body else Reply(value, body)


def _clean(value: dict[str, Any]) -> Reply:
    cleaned = _cleaned(value)
    return Reply(cleaned, _encode(cleaned))


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key.replace("\x00", ""): None if key.lower() in _SECRET_KEYS else _cleaned(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_cleaned(inner) for inner in value]
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        return float(value)
    return value


def _shown(body: bytes) -> str:
    return repr(body[:60].decode("utf-8", "replace"))
