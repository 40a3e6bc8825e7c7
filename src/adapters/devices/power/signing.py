"""How the cloud wants to be spoken to: signatures over exact bytes, nonces, and the page where people say yes."""

import base64
import hashlib
import hmac
import secrets
import string
from urllib.parse import quote, urlencode

from ....ports.power.cloud import Application
from ....ports.secrets import Secret

_SIGNS = string.ascii_letters + string.digits
_PAGE = "https://c2ccdn.coolkit.cc/oauth/index.html"


def signature(secret: Secret, message: bytes) -> str:
    """HMAC-SHA256 over exactly these bytes, in base64."""
    return base64.b64encode(hmac.digest(secret.reveal().encode(), message, hashlib.sha256)).decode("ascii")


def nonce() -> str:
    """Eight letters or digits that nobody can guess."""
    return "".join(secrets.choice(_SIGNS) for _ in range(8))


def authorise_url(application: Application, state: str, at_ms: int, fresh: str, *, base: str | None = None) -> str:
    """Where the owner of an account goes; every value is percent-encoded.  ``base``: in place of the cloud's host."""
    seq = str(at_ms)
    parameters = {
        "clientId": application.app_id,
        "seq": seq,
        "authorization": signature(application.app_secret, f"{application.app_id}_{seq}".encode()),
        "redirectUrl": application.redirect_url,
        "grantType": "authorization_code",
        "state": state,
        "nonce": fresh,
        "showQRCode": "false",
    }
    page = _PAGE if base is None else f"{base}/oauth/index.html"
    return f"{page}?{urlencode(parameters, quote_via=quote, safe='')}"
