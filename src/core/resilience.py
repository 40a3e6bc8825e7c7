"""Patience with what fails, as pure functions: every context waits by the same law."""

from zlib import crc32


def spread(*seed: object) -> float:
    """A number in [0, 1) that is always the same for the same seed, in every process.

    Jitter made of it needs no randomness: equal things do not act at the same
    moment, and a test knows when each does.
    """
    return crc32(":".join(map(str, seed)).encode()) / 2**32


def backoff(attempt: int, *, base: float, cap: float, seed: object) -> float:
    """Seconds to wait before try number ``attempt`` (from 1; 0 or less waits ``base`` as well).

    ``base`` doubles with each attempt up to ``cap``; a quarter either way is
    jitter, which never leads past ``cap``.
    """
    # The exponent is bounded since 2.0 ** 1024 overflows, and no cap is that far.
    delay = base * 2.0 ** min(max(attempt - 1, 0), 64)
    return min(cap, min(cap, delay) * (0.75 + 0.5 * spread(seed, attempt)))
