"""Secret keys: any long text may be one, and each use gets a key of its own from it."""

import base64
import binascii
from collections.abc import Sequence

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ...ports.errors import Invalid
from ...ports.secrets import Secret

#: Shorter keys can be guessed.
SHORTEST = 16
SIZE = 32


def split_keys(setting: Secret) -> tuple[Secret, ...]:
    """The keys in ``LINEMAN_SECRET_KEYS``, newest first.

    Raises:
        Invalid: There is none, or one is too short.
    """
    return checked(tuple(Secret(key) for part in setting.reveal().split(",") if (key := part.strip())))


def checked(keys: Sequence[Secret]) -> tuple[Secret, ...]:
    """The keys, if they are fit to be used."""
    if not keys:
        raise Invalid("There is no secret key; set LINEMAN_SECRET_KEYS", field="secret_keys")
    if any(len(key.reveal()) < SHORTEST for key in keys):
        raise Invalid(
            f"A secret key has at least {SHORTEST} characters; make one with `openssl rand -base64 32`",
            field="secret_keys",
        )
    return tuple(keys)


def derived(key: Secret, use: str) -> bytes:
    """32 bytes for one use, from which neither the key nor those for other uses can be told."""
    return HKDF(algorithm=SHA256(), length=SIZE, salt=None, info=f"lineman {use}".encode()).derive(
        key.reveal().encode()
    )


def fernet_key(key: Secret) -> bytes:
    """The key as Fernet wants it: as it is, when it is one."""
    text = key.reveal()
    try:
        plain = base64.b64decode(text.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        plain = b""
    return text.encode() if len(plain) == SIZE else base64.urlsafe_b64encode(derived(key, "secrets at rest"))
