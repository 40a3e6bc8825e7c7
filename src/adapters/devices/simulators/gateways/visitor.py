"""Somebody who asks a remote administration server for its list."""

from typing import TYPE_CHECKING

from . import radmin_pages, wire
from .knobs import pieces, spoilt
from .tunnel import Kind
from .wire import Reply, Request

if TYPE_CHECKING:
    from .radmin import SimulatedRadmin


class Visitor:
    """One client at the list's own port, with his address."""

    def __init__(self, server: "SimulatedRadmin", source: str) -> None:
        self._server = server
        self._source = source

    def answer(self, request: Request | None) -> Reply:
        """Answer his request."""
        if request is None:
            return Reply()
        server = self._server
        server.hits[request.label] += 1
        knobs = server.knobs
        if knobs.mute:
            return Reply(silent=True)
        head, page = self._said(request)
        jitter = knobs.jitter_ms * server.world.chance.random() if knobs.jitter_ms else 0.0
        whole = head.startswith(b"HTTP/1.0 200")
        return Reply(
            pieces(knobs, head, spoilt(knobs, page)) if whole else iter((head + page,)),
            delay_s=(knobs.latency_ms + jitter) / 1000,
            pause_s=knobs.slow_ms / 10_000,
        )

    def _said(self, request: Request) -> tuple[bytes, bytes]:
        """Return head and page."""
        server = self._server
        refused = wire.unknown_method(request.method)
        if refused is not None:
            return refused, b""
        host_header = request.headers.get("host", f"{server.host}:{server.port}").encode("latin-1")
        host = host_header.rpartition(b":")[0] or host_header
        wanted = request.query.get("findcli")
        if wanted is not None:  # it asks nobody for a password
            name = wanted.encode(server.encoding, "replace")
            entry = server.entries.get((name, Kind.WEB))
            return wire.head("200 OK"), radmin_pages.found(entry, host) if entry else radmin_pages.missing(name)
        if server.knobs.denied or not wire.let_in(request, server.login):
            return wire.please_authenticate(server.realm), b""
        server.welcome(self._source)
        if "del" in request.query or "cfg" in request.query:
            server.harm.append(request.label)
            return self._harmed(request)
        if request.path == "/clients.xml":
            return wire.head("200 OK"), radmin_pages.clients(server.rows(Kind.WEB, Kind.TELNET), host)
        if request.path != "/":
            return wire.not_found(), b""
        kinds = (Kind.TELNET,) if "telnet" in request.query else (Kind.WEB, Kind.RLOGIN)
        return wire.head("200 OK"), radmin_pages.listing(server.rows(*kinds), host_header, host)

    def _harmed(self, request: Request) -> tuple[bytes, bytes]:
        """Do what nobody should ask for, as the program does."""
        server, asked = self._server, request.query
        if asked.get("cfg") == "read":
            return wire.head("200 OK"), radmin_pages.options(server.login)
        if "cfg" in asked:
            server.login = server.login[0], asked.get("passwd", "changed")
        else:
            server.delete(asked["del"].encode(server.encoding, "replace"), asked.get("type", "1"))
        return wire.see_other("/"), b""
