"""The page where the owner of an account says yes, and who may ask there."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from .web import Reply, as_page

_NONCE = re.compile(r"[A-Za-z0-9]{8}")


@dataclass(frozen=True, slots=True)
class RegisteredApplication:
    """What the developer account has registered."""

    app_id: str = "SIMULATEDapp00000000000000000001"
    secret: str = "simulated-secret-00000000000001"  # noqa: S105  # an invented one
    redirect_url: str = "http://127.0.0.1:8000/ewelink-callback/"

    def signature(self, message: bytes) -> str:
        """Return HMAC-SHA256 over exactly these bytes, in base64."""
        return base64.b64encode(hmac.digest(self.secret.encode(), message, hashlib.sha256)).decode("ascii")

    def signed(self, message: bytes, given: str) -> bool:
        """Whether a signature is right."""
        return hmac.compare_digest(self.signature(message).encode(), given.encode())


def nonce_fits(nonce: str) -> bool:
    """Whether it is 8 letters or digits."""
    return _NONCE.fullmatch(nonce) is not None


def fault_in(application: RegisteredApplication, asked: Mapping[str, str]) -> str:
    """Return what is wrong with an authorisation address; empty: nothing."""
    if asked.get("clientId") != application.app_id:
        return "clientId is not known"
    message = f"{asked['clientId']}_{asked.get('seq', '')}".encode()
    if not asked.get("seq", "").isdecimal() or not application.signed(message, asked.get("authorization", "")):
        return "sign verification failed"
    if asked.get("redirectUrl") != application.redirect_url:
        return "redirectUrl is not the registered one"
    if asked.get("grantType") != "authorization_code":
        return "grantType is not authorization_code"
    if not nonce_fits(asked.get("nonce", "")):
        return "nonce is not 8 letters or digits"
    return "" if asked.get("state") else "state is missing"


def form(asked: Mapping[str, str]) -> Reply:
    """Return the page that asks."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in asked.items()
    )
    return as_page(
        "Simulated eWeLink",
        f"<h1>Simulated eWeLink</h1><p>Let {escape(asked['clientId'])} see and switch the simulated plugs?</p>"
        f'<form method="post" action="/oauth/authorise">{hidden}<button type="submit">Authorise</button></form>',
    )


def refused(why: str) -> Reply:
    """Return the page for an address that is wrong."""
    return as_page("Simulated eWeLink", f"<h1>Not possible</h1><p>{escape(why)}</p>", 400)


def back(application: RegisteredApplication, code: str, region: str, state: str) -> str:
    """Return the address to which the owner is sent back."""
    joint = "&" if "?" in application.redirect_url else "?"
    return application.redirect_url + joint + urlencode({"code": code, "region": region, "state": state})
