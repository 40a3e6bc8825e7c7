"""The doors of one simulated miner: port 4028, port 4433, the web pages; and how the knobs spoil what goes out."""

import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import web, whatsminer3, whatsminer3_orders
from .api_orders import obeyed
from .cgminer import REQUEST_LIMIT, Dialect
from .knobs import DEEP, DOWN, HTML, NOISE, Knobs, garble
from .talk import REQUEST_S, Reply, Talk

if TYPE_CHECKING:
    from .miner import SimulatedMiner

_ENDLESS = b'{"STATUS":[{"STATUS":"S","Code":11,"Msg":"'
_MORE = b"x" * 65536


def _padding(first: bytes, limit: int) -> Iterator[bytes]:
    yield first
    for _ in range(limit // len(_MORE)):
        yield _MORE


def _dripping(whole: bytes) -> Iterator[bytes]:
    size = max(1, -(-len(whole) // 10))
    for at in range(0, len(whole), size):
        yield whole[at : at + size]


class _Door:
    """What all doors have in common."""

    __slots__ = ("miner", "talks")
    one_by_one = True
    idle_s = REQUEST_S

    def __init__(self, miner: "SimulatedMiner") -> None:
        self.miner = miner
        self.talks: list[Talk] = []

    def opened(self) -> bool:
        """Count a client that comes while another one is inside, at this door or at another."""
        miner = self.miner
        miner.connections += 1
        if any(not talk.gone() for door in miner.doors for talk in door.talks):
            miner.overlaps += 1
        return not miner.knobs.reset

    def _said(self, whole: bytes, endless: bytes, keep_open: bool = False) -> Reply:
        knobs = self.miner.knobs
        delay = (
            (knobs.latency_ms + knobs.jitter_ms * self.miner.chance()) / 1000.0
            if knobs.latency_ms or knobs.jitter_ms
            else 0.0
        )
        if knobs.huge:
            return Reply(_padding(endless, knobs.huge), delay)
        if knobs.slow_ms:
            return Reply(_dripping(whole), delay, knobs.slow_ms / 10_000.0, keep_open)
        return Reply(iter((whole,)), delay, keep_open=keep_open)


def _spoilt(knobs: Knobs, body: bytes, request: bytes) -> bytes:
    """Return a reply as the knobs leave it."""
    if knobs.html:
        return HTML
    if knobs.down:
        return DOWN
    if knobs.noise:
        return NOISE
    if knobs.deep:
        return DEEP
    if knobs.garbled:
        body = garble(body, zlib.crc32(request))
    return body[: len(body) * 3 // 5] if knobs.cut else body


def _gives_token(request: bytes) -> bool:
    return b'"get_token"' in request


class ApiDoor(_Door):
    """Port 4028: what comes in one go is the request; one client after the other."""

    __slots__ = ("dialect",)

    def __init__(self, miner: "SimulatedMiner", dialect: Dialect) -> None:
        super().__init__(miner)
        self.dialect = dialect

    def take(self, buffer: bytearray) -> bytes | None:
        if not buffer:
            return None
        request = bytes(buffer[:REQUEST_LIMIT])
        buffer.clear()
        return request

    def answer(self, request: bytes) -> Reply | None:
        miner = self.miner
        knobs = miner.knobs
        if knobs.mute:
            return None
        if knobs.denied:
            return Reply(iter(()))
        miner.served += 1
        done = obeyed(miner, self.dialect, request)
        if done and knobs.hush and not _gives_token(request):
            return None
        whole = done or self.dialect.answer(miner.moment(), request)
        return self._said(_spoilt(knobs, whole, request), _ENDLESS)


class Api3Door(_Door):
    """Port 4433: a length, a request; the connection stays open."""

    __slots__ = ()
    one_by_one = False
    idle_s = whatsminer3.IDLE_S

    def take(self, buffer: bytearray) -> bytes | None:
        while len(buffer) >= 4:
            (length,) = struct.unpack_from("<I", buffer)
            if length == 0:  # a heartbeat
                del buffer[:4]
                continue
            if length > REQUEST_LIMIT:  # no length, then, but something else
                del buffer[:]
                return b"?"
            if len(buffer) < 4 + length:
                return None
            request = bytes(buffer[4 : 4 + length])
            del buffer[: 4 + length]
            return request
        return None

    def answer(self, request: bytes) -> Reply | None:
        miner = self.miner
        knobs = miner.knobs
        if knobs.mute:
            return None
        if knobs.denied:
            return Reply(iter(()))
        miner.served += 1
        done = whatsminer3_orders.obeyed(miner, request)
        if done and knobs.hush:
            return None
        whole = done or whatsminer3.answer(miner.moment(), request)
        body = _spoilt(knobs, whole, request)
        said = struct.pack("<I", len(whole) if knobs.cut else len(body)) + body
        return self._said(
            said,
            struct.pack("<I", knobs.huge) + _ENDLESS,
            keep_open=not (knobs.cut or knobs.html or knobs.down or knobs.noise),
        )


class WebDoor(_Door):
    """The web pages; several may look at once."""

    __slots__ = ("site",)
    one_by_one = False

    def __init__(self, miner: "SimulatedMiner", site: web.Site) -> None:
        super().__init__(miner)
        self.site = site

    def take(self, buffer: bytearray) -> bytes | None:
        if not web.whole(buffer) and len(buffer) <= web.REQUEST_LIMIT:
            return None
        request = bytes(buffer)
        buffer.clear()
        return request

    def answer(self, request: bytes) -> Reply | None:
        miner = self.miner
        knobs = miner.knobs
        if knobs.mute:
            return None
        miner.served += 1
        if knobs.denied:
            return Reply(iter((web.framed(403, b"<html><body>403 Forbidden</body></html>", []),)))
        status, text, more = self.site.answer(miner.moment(), request, miner.login, miner)
        if knobs.hush and status == 200 and self.site.is_order(request):
            return None
        body = text.encode()
        length = None
        if status == 200:
            length = len(body) if knobs.cut else None
            body = _spoilt(knobs, body, request)
        endless = web.framed(200, _ENDLESS, [], knobs.huge + len(_ENDLESS))
        return self._said(web.framed(status, body, more, length), endless)


Door = ApiDoor | Api3Door | WebDoor
