"""md5crypt (``$1$``), by which Whatsminer's API 2 derives its keys.  Python has none of its own."""

import hashlib

_LETTERS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ROUNDS = 1000
#: The bytes of the digest in the order in which they are written, three at a time.
_ORDER = ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5))


def md5crypt(word: str, salt: str) -> str:
    """The last part of ``$1$salt$…``: 22 characters."""
    key, grain = word.encode(), salt.encode()[:8]
    inner = _md5(key + grain + key)
    text = key + b"$1$" + grain + (inner * (len(key) // 16 + 1))[: len(key)]
    count = len(key)
    while count:
        text += b"\0" if count & 1 else key[:1]
        count >>= 1
    digest = _md5(text)
    for turn in range(_ROUNDS):
        odd = turn & 1
        text = key if odd else digest
        text += grain if turn % 3 else b""
        text += key if turn % 7 else b""
        digest = _md5(text + (digest if odd else key))
    return "".join(_letters(digest[a] << 16 | digest[b] << 8 | digest[c], 4) for a, b, c in _ORDER) + _letters(
        digest[11], 2
    )


def _letters(value: int, count: int) -> str:
    return "".join(_LETTERS[value >> 6 * place & 63] for place in range(count))


def _md5(text: bytes) -> bytes:
    return hashlib.md5(text, usedforsecurity=False).digest()
