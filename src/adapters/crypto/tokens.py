"""JWTs, signed by HS256."""

from collections.abc import Sequence
from datetime import datetime

import jwt

from ...ports.identity import TokenMint
from ...ports.secrets import Secret
from .keys import checked, derived

ALGORITHM = "HS256"
AUDIENCE = "lineman"
#: A token of ours has some 300 characters.
LONGEST = 4096


class JwtMint(TokenMint):
    """Signs with the first key, reads with any, so that a rotated key logs nobody out."""

    def __init__(self, keys: Sequence[Secret]) -> None:
        """``keys`` are the secret keys, newest first; what signs is derived from them."""
        self._keys = tuple(derived(key, "tokens") for key in checked(keys))

    def mint(self, claims: dict[str, object], *, expires_at: datetime) -> Secret:
        return Secret(jwt.encode({**claims, "aud": AUDIENCE, "exp": expires_at}, self._keys[0], algorithm=ALGORITHM))

    def read(self, token: str) -> dict[str, object] | None:
        if len(token) > LONGEST:
            return None
        for key in self._keys:
            try:
                claims: dict[str, object] = jwt.decode(
                    token, key, algorithms=[ALGORITHM], audience=AUDIENCE, options={"require": ["exp", "aud"]}
                )
            except jwt.InvalidSignatureError:
                continue
            except jwt.InvalidTokenError:
                return None
            return claims
        return None
