"""As much of a web server as a miner's pages need: one request a connection, with a digest login where wanted."""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .cgminer import Reply
from .life import Moment

if TYPE_CHECKING:
    from .miner import SimulatedMiner

#: Of a request, head and body.
REQUEST_LIMIT = 65536
_FIELD = re.compile(r'(\w+)=(?:"([^"]*)"|([^",\s]*))')


#: Takes the body of a request, and gives the page that answers it.
Order = Callable[["SimulatedMiner", bytes], str]


@dataclass(frozen=True, slots=True)
class Site:
    """The pages of one kind of miner."""

    pages: Mapping[str, Reply]
    #: The realm of the digest login; ``None`` lets everybody in.
    realm: str | None = None
    #: Pages that make the miner do something.
    orders: Mapping[str, Order] = field(default_factory=dict)

    def answer(
        self, moment: Moment, raw: bytes, login: tuple[str, str], miner: "SimulatedMiner | None" = None
    ) -> tuple[int, str, list[str]]:
        """Return status, body and further header lines for one whole request."""
        head = raw.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        words = head[0].split(" ")
        if len(words) != 3:
            return 400, "<html><body>400 Bad Request</body></html>", []
        method, target, _ = words
        if self.realm is not None:
            given = next(
                (line.partition(":")[2].strip() for line in head[1:] if line.lower().startswith("authorization:")), ""
            )
            if not _let_in(given, method, self.realm, login):
                nonce = hashlib.sha256(f"{moment.serial}{moment.when}".encode()).hexdigest()[:32]
                challenge = f'WWW-Authenticate: Digest realm="{self.realm}", nonce="{nonce}", qop="auth", algorithm=MD5'
                return 401, "<html><body>401 Unauthorized</body></html>", [challenge]
        path = target.partition("?")[0]
        if miner is not None and path in self.orders:
            return 200, self.orders[path](miner, raw.partition(b"\r\n\r\n")[2]), []
        page = self.pages.get(path)
        if page is None:
            return 404, "<html><body>404 Not Found</body></html>", []
        return 200, page(moment), []

    def is_order(self, raw: bytes) -> bool:
        """Whether a request makes the miner do something."""
        return raw.partition(b"\r\n")[0].split(b" ")[1].decode("latin-1").partition("?")[0] in self.orders


def _let_in(header: str, method: str, realm: str, login: tuple[str, str]) -> bool:
    if not header.lower().startswith("digest "):
        return False
    given = {key: quoted or bare for key, quoted, bare in _FIELD.findall(header)}
    user, password = login
    if given.get("username") != user or given.get("realm") != realm:
        return False
    first = _md5(f"{user}:{realm}:{password}")
    second = _md5(f"{method}:{given.get('uri', '')}")
    middle = [given.get("nonce", "")]
    if given.get("qop"):
        middle += [given.get("nc", ""), given.get("cnonce", ""), given["qop"]]
    return hmac.compare_digest(given.get("response", ""), _md5(":".join([first, *middle, second])))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def whole(raw: bytes | bytearray) -> bool:
    """Whether a request has come to its end."""
    head, gap, body = bytes(raw).partition(b"\r\n\r\n")
    if not gap:
        return False
    found = re.search(rb"(?i)\r\ncontent-length:\s*(\d+)", head)
    return len(body) >= (int(found[1]) if found else 0)


_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}


def framed(status: int, body: bytes, more: list[str], length: int | None = None) -> bytes:
    """Return an answer as it goes over the wire; a ``length`` that is not the body's breaks it on purpose."""
    kind = "application/json" if status == 200 else "text/html"
    head = [
        f"HTTP/1.1 {status} {_REASONS[status]}",
        "Server: lighttpd/1.4.32",
        f"Content-Type: {kind}",
        "Connection: close",
        f"Content-Length: {len(body) if length is None else length}",
        *more,
    ]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body
