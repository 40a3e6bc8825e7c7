"""From headers to somebody who asks: bearer tokens, browser sessions, and peers on this very host.

An actor that stands in the ASGI scope already is believed (``wire.ACTOR``):
only the command line, which calls the application in its own process, can put
one there.
"""

import hmac
import ipaddress
from urllib.parse import urlsplit

import attrs
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from ...core.identity import Identity, Visitor
from ...ports.errors import NotAllowed, NotLoggedIn
from ...ports.identity import Actor, Role
from ...settings import BadSetting, Settings
from .wire import GUARD, REFUSAL

COOKIE = "lineman_session"
CSRF_HEADER = "x-csrf-token"
#: The ``Visitor`` behind the actor, in the ASGI scope.
VISITOR = "lineman.visitor"
#: Peers on this host under ``LINEMAN_AUTH=trust-local``.
LOCAL = Actor("local", Role.OPERATOR)

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_PORTS = {"http": 80, "https": 443}
#: A proxy stands in between, so the peer's address says nothing about the client.
_FORWARDING = (
    "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port", "x-real-ip",
    "x-client-ip", "x-cluster-client-ip", "cf-connecting-ip", "true-client-ip", "via",
)  # fmt: skip


class BadOrigin(NotAllowed):
    """The request comes from another site."""


class BadCsrfToken(NotAllowed):
    """The request lacks the page's CSRF token."""


@attrs.frozen
class Guard:
    """Finds out who asks, when an endpoint wants to know."""

    identity: Identity
    trust_local: bool = False
    #: Where browsers see us, if that is not what ``Host`` says.
    public_url: str | None = None

    async def __call__(self, request: Request) -> Actor | None:
        """Who asks; ``None`` for a stranger without credentials.

        Raises:
            NotLoggedIn: There are credentials, and they are good for nothing.
            BadOrigin, BadCsrfToken: A browser's session was about to be used by somebody else.
        """
        visitor = await self._visitor(request)
        request.scope[VISITOR] = visitor
        return visitor.actor if visitor else None

    async def _visitor(self, request: Request) -> Visitor | None:
        headers = request.headers
        key = request.cookies.get(COOKIE)
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return await self.identity.by_bearer(token.strip())
        if scheme and not key:
            # With a session beside it, it is the password of a proxy before us.
            raise NotLoggedIn("The Authorization header is `Bearer` and a token.")
        if key:
            visitor = await self.identity.by_session(key)
            if request.method not in _SAFE:
                self.check_origin(request, needed=True)
                _check_csrf(headers.get(CSRF_HEADER, ""), visitor)
            return visitor
        if self.trust_local:
            why = stranger(request.scope.get("client"), request.url.scheme, headers)
            if why is None:
                return Visitor(LOCAL)
            request.scope[REFUSAL] = f"Only programs on this host are let in without a token: {why}."
        return None

    def check_origin(self, request: Request, *, needed: bool = False) -> None:
        """Refuse what another site's page sends, such as a log-in to an account of its choice.

        ``needed`` refuses also what names no origin at all, as no browser does.

        Raises:
            BadOrigin
        """
        came_from = request.headers.get("origin") or request.headers.get("referer")
        if came_from is None and not needed:
            return
        ours = {origin(f"{request.url.scheme}://{request.headers.get('host', '')}"), origin(self.public_url or "")}
        if came_from is None or origin(came_from) not in ours - {None}:
            seen = " or ".join(sorted(each for each in ours if each))
            raise BadOrigin(
                f"The request names the origin {(came_from or 'nowhere')[:200]!r}, this is {seen}. Behind a proxy, set "
                "LINEMAN_PUBLIC_URL."
            )


@attrs.frozen
class Gate:
    """Middleware that puts the guard where endpoints find it."""

    app: ASGIApp
    guard: Guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[GUARD] = self.guard
        await self.app(scope, receive, send)


def stranger(client: tuple[str, int] | None, scheme: str, headers: Headers) -> str | None:
    """Why a request does not come from a program on this host by its own will; ``None`` if it does."""
    if client is None or not _loopback(client[0]):
        return "this request comes from elsewhere"
    if found := next((name for name in _FORWARDING if name in headers), None):
        return f"this one has the header {found}, so it came through a proxy"
    host = headers.get("host", "")
    if not loopback_host(urlsplit(f"//{host}").hostname or ""):
        return f"this one asks for the host {host[:100]!r}"
    sender = headers.get("origin")
    if sender is not None and origin(sender) != origin(f"{scheme}://{host}"):
        return f"this one was sent by a page of {sender[:100]!r}"
    if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        return "this one was sent by another site's page"
    return None


def origin(url: str) -> str | None:
    """Scheme, host and port of an address, in one spelling; ``None`` for what is no address."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.hostname}:{port}" if parts.scheme in _PORTS and parts.hostname else None


def loopback_host(name: str) -> bool:
    """Whether a host's name can only mean this host."""
    return name.lower() == "localhost" or _loopback(name)


def check_bind(settings: Settings) -> None:
    """Refuse to let the whole network in.

    Raises:
        BadSetting: ``trust-local`` on an address that others reach.
    """
    if settings.auth == "trust-local" and not loopback_host(settings.host.strip("[]")):
        raise BadSetting(
            f"LINEMAN_AUTH=trust-local lets everybody in who reaches {settings.host}: bind 127.0.0.1, or use login.",
            field="auth",
        )


def cookie(key: str, *, seconds: int, secure: bool) -> str:
    """The ``Set-Cookie`` of a session; an empty key ends it."""
    age = seconds if key else 0
    return f"{COOKIE}={key}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"


def _check_csrf(given: str, visitor: Visitor) -> None:
    wanted = visitor.csrf or ""
    if not wanted or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise BadCsrfToken(f"Send the token that GET /api/auth/me calls csrf in the header {CSRF_HEADER}.")


def _loopback(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback
