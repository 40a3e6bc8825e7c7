"""As much of the vendor's web engine as the pages need: HTTP/1.0, heads with bare line feeds, ends by hanging up."""

import base64
import hmac
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import parse_qsl, unquote

#: Of a path, of ``user:password``, of a body; what is longer is cut off, as the engine does.
PATH_LIMIT, LOGIN_LIMIT, BODY_LIMIT = 1024, 99, 10_240
_REQUEST_LIMIT = 65_536
_FORM = "application/x-www-form-urlencoded"
#: A variable that only makes an address new.
CACHE_BREAKER = "ajaxcachebust"
_METHODS = ("GET", "POST")
NOT_FOUND = b"""<HTML><HEAD><TITLE>404 Not Found</TITLE></HEAD>
<BODY><H1>The request URL was not found!</H1>
</BODY></HTML>
"""


@dataclass(frozen=True, slots=True)
class Request:
    """One request."""

    method: str
    path: str
    #: The first value of each variable; one without ``=`` is empty.
    query: dict[str, str]
    #: Names in lower case.
    headers: dict[str, str]
    #: Of a form that was posted.
    form: dict[str, str]

    @property
    def label(self) -> str:
        """As hits are counted: ``GET /status.xml?type=list``; cache breakers are left out."""
        rest = "&".join(f"{name}={value}" for name, value in self.query.items() if name != CACHE_BREAKER)
        return f"{self.method} {self.path}" + (f"?{rest}" if rest else "")


@dataclass(slots=True)
class Reply:
    """What is said to a request: pieces of bytes with pauses, then an effect."""

    pieces: Iterator[bytes] = field(default_factory=lambda: iter(()))
    delay_s: float = 0.0
    pause_s: float = 0.0
    #: Says nothing and keeps the connection until the client goes.
    silent: bool = False
    then: Callable[[], None] | None = None


def complete(raw: bytes | bytearray) -> bool:
    """Whether a request has come to its end, or has become too long to have one."""
    head, gap, body = _parted(bytes(raw))
    if len(raw) > _REQUEST_LIMIT:
        return True
    if not gap:
        return False
    fields = _fields(head.split(b"\n")[1:])
    if fields.get("content-type") != _FORM:
        return True
    length = fields.get("content-length", "0")
    return len(body) >= min(int(length) if length.isdigit() else 0, BODY_LIMIT)


def parsed(raw: bytes) -> Request | None:
    """Return a request, or ``None`` if it is none."""
    head, _, body = _parted(raw)
    first, *rest = head.split(b"\n")
    words = first.decode("latin-1").split()
    if len(words) < 2:
        return None
    path, _, query = words[1].partition("?")
    fields = _fields(rest)
    posted = body[:BODY_LIMIT].decode("latin-1") if fields.get("content-type") == _FORM else ""
    return Request(
        method=words[0],
        path=unquote(path[:PATH_LIMIT]),
        query=_first(query),
        headers=fields,
        form=_first(posted),
    )


def head(status: str, *more: str) -> bytes:
    """Return the head of an answer; there is no length in it."""
    lines = [
        f"HTTP/1.0 {status}",
        *more,
        f"Date: {formatdate(time.time(), usegmt=True)}",
        "Connection: close",
        "Content-Type: text/html",
    ]
    return "\n".join(lines).encode("latin-1", "replace") + b"\n\n"


def please_authenticate(realm: str) -> bytes:
    """Return the answer to those who may not come in."""
    return head("401 Please Authenticate", f'WWW-Authenticate: Basic realm="{realm}"') + b"\n\n"


def see_other(place: str) -> bytes:
    """Return the answer that sends a client elsewhere."""
    return head("303 See Other", f"Location: {place}") + (
        f'<HTML>\n<HEAD>\n<META HTTP-EQUIV="refresh" CONTENT="0; URL={place}">\n</HEAD>\n'
        f'<BODY><a href="{place}">Click here</a></BODY>\n</HTML>\n'
    ).encode("latin-1", "replace")


def not_found() -> bytes:
    """Return the answer for pages that are not there."""
    return head("404 Not Found") + NOT_FOUND


def unknown_method(method: str) -> bytes | None:
    """Return what the engine says to other methods, without any head."""
    if method in _METHODS:
        return None
    return b"\n<B>ERROR : Method Not Implemented</B>\n\n" + method.encode("latin-1", "replace")


def let_in(request: Request, login: tuple[str, str], charsets: tuple[str, ...] = ("utf-8",)) -> bool:
    """Whether a request has the login, in one of the charsets."""
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return False
    try:
        pair = base64.b64decode(given.strip(), validate=True)[:LOGIN_LIMIT]
    except ValueError:
        return False
    wanted = (":".join(login).encode(charset, "replace")[:LOGIN_LIMIT] for charset in charsets)
    return any(hmac.compare_digest(pair, right) for right in wanted)


def _parted(raw: bytes) -> tuple[bytes, bytes, bytes]:
    """Return head, gap and body; lines may end in either way."""
    ends = [(at, gap) for gap in (b"\r\n\r\n", b"\n\n") if (at := raw.find(gap)) >= 0]
    if not ends:
        return raw, b"", b""
    at, gap = min(ends)
    return raw[:at], gap, raw[at + len(gap) :]


def _first(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        found.setdefault(name, value)
    return found


def _fields(lines: list[bytes]) -> dict[str, str]:
    named = (line.decode("latin-1").partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in named}
