"""The account at the simulated cloud: codes that live half a minute, and one pair of tokens at a time."""

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Pair:
    """What was handed out; times are epoch seconds."""

    access: str
    refresh: str
    access_ends: float
    refresh_ends: float


@dataclass(frozen=True, slots=True)
class Lives:
    """How long what is handed out is taken, in seconds."""

    code_s: float = 30.0
    access_s: float = 30 * _DAY_S
    refresh_s: float = 60 * _DAY_S


class Account:
    """Hands out codes and tokens."""

    def __init__(self, seed: int, clock: Callable[[], float], lives: Lives) -> None:
        self.lives = lives
        self.pair: Pair | None = None
        #: How many pairs were handed out.
        self.pairs = 0
        self._chance = random.Random(f"{seed} account")
        self._clock = clock
        self._codes: dict[str, float] = {}

    def code(self) -> str:
        """Return a new code."""
        code = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        self._codes[code] = self._clock()
        return code

    def exchange(self, code: str) -> Pair | None:
        """Return a pair for a code, once and in time."""
        issued = self._codes.pop(code, None)
        if issued is None or self._clock() - issued > self.lives.code_s:
            return None
        return self.new()

    def refresh(self, token: str) -> Pair | None:
        """Return a new pair in place of the one with this refresh token."""
        if self.pair is None or token != self.pair.refresh or self._clock() >= self.pair.refresh_ends:
            return None
        return self.new()

    def error_of(self, access: str) -> tuple[int, str] | None:
        """Return what is said to an access token; ``None``: it is taken."""
        if self.pair is None or access != self.pair.access:
            return 401, "cannot found access token info"
        return (402, "access token expired") if self._clock() >= self.pair.access_ends else None

    def new(self) -> Pair:
        """Hand out a pair; the one before is dead from then on."""
        self.pairs += 1
        now = self._clock()
        access, refresh = (f"{self._chance.getrandbits(160):040x}" for _ in range(2))
        self.pair = Pair(access, refresh, now + self.lives.access_s, now + self.lives.refresh_s)
        return self.pair

    def forget(self) -> None:
        """Take everything back, as when the owner of the account does so."""
        self.pair = None
        self._codes.clear()

    def expire(self) -> None:
        """Let the access token be too old; the refresh token is not."""
        if self.pair is not None:
            self.pair = Pair(self.pair.access, self.pair.refresh, self._clock(), self.pair.refresh_ends)
