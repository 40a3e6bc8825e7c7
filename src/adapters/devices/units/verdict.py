"""What an end of a look counts as.

One table over causes: only what the unit itself does not do is *offline*;
whatever may be our own fault, or needs a person, is *unknown* and never
counts.  Texts are judged, for 255 alone means nothing.
"""

import errno
import re

import attrs

from ....ports.errors import DeviceError
from ....ports.units import Cause, Outcome, UnitDenied, UnitGarbled, UnitSilent
from .printout import Printed, asterisk_is_down, quoted

OUTCOMES: dict[Cause, Outcome] = {
    Cause.OK: Outcome.ONLINE,
    Cause.REFUSED: Outcome.OFFLINE,
    Cause.TIMED_OUT: Outcome.OFFLINE,
    Cause.NO_ROUTE: Outcome.OFFLINE,
    Cause.CLOSED: Outcome.OFFLINE,
    Cause.ASTERISK_DOWN: Outcome.OFFLINE,
    Cause.DENIED: Outcome.UNKNOWN,
    Cause.HOST_KEY: Outcome.UNKNOWN,
    Cause.NO_COMMAND: Outcome.UNKNOWN,
    Cause.OUR_NETWORK: Outcome.UNKNOWN,
    Cause.NAME: Outcome.UNKNOWN,
    Cause.GARBLED: Outcome.UNKNOWN,
    Cause.KILLED: Outcome.UNKNOWN,
    Cause.STALLED: Outcome.UNKNOWN,
}

#: What people are told.
SAID: dict[Cause, str] = {
    Cause.OK: "",
    Cause.REFUSED: "the connection is refused",
    Cause.TIMED_OUT: "no answer came in time",
    Cause.NO_ROUTE: "there is no way to the host",
    Cause.CLOSED: "the connection was closed",
    Cause.ASTERISK_DOWN: "the host lives, its Asterisk does not",
    Cause.DENIED: "the login is not taken",
    Cause.HOST_KEY: "the host key is not the pinned one: see whether this is the same machine, then pin it anew",
    Cause.NO_COMMAND: "the host has no asterisk command for this user",
    Cause.OUR_NETWORK: "our own network does not reach it",
    Cause.NAME: "the name of the host cannot be resolved",
    Cause.GARBLED: "the answer makes no sense",
    Cause.KILLED: "the command was killed on the host",
    Cause.STALLED: "lineman itself stood still",
}

#: What OpenSSH's client says, in the order it is looked for; and codes it and its password helper end with.
_CLIENT = (
    (Cause.HOST_KEY, r"remote host identification has changed|host key verification failed|host key is known for"),
    (Cause.NAME, r"could not resolve hostname"),
    (
        Cause.OUR_NETWORK,
        r"network is (?:unreachable|down)|cannot assign requested address|no buffer space|too many open",
    ),
    (Cause.DENIED, r"permission denied|too many authentication failures"),
    (Cause.NO_ROUTE, r"no route to host|host is down"),
    (Cause.REFUSED, r"connection refused"),
    (Cause.TIMED_OUT, r"timed out|not responding"),
    (Cause.GARBLED, r"unable to negotiate|no matching|protocol mismatch|bad packet|incorrect (?:mac|signature)"),
    (Cause.CLOSED, r"kex_exchange_identification|connection (?:closed|reset|to \S+ closed)|broken pipe"),
)
_CLIENT_CODES = frozenset({255, 5, 6})
_TIMEOUT_CODE, _NOT_EXECUTABLE, _NOT_FOUND = 124, 126, 127

#: Errors of connections by what they say of whom.  What is not here is taken for our own fault.
_NUMBERS: dict[int, Cause] = {
    errno.ECONNREFUSED: Cause.REFUSED,
    errno.ETIMEDOUT: Cause.TIMED_OUT,
    errno.EHOSTUNREACH: Cause.NO_ROUTE,
    errno.EHOSTDOWN: Cause.NO_ROUTE,
    errno.ECONNRESET: Cause.CLOSED,
    errno.ECONNABORTED: Cause.CLOSED,
    errno.EPIPE: Cause.CLOSED,
}


@attrs.frozen
class Verdict:
    """How a look ended."""

    cause: Cause
    #: In words, for people.
    detail: str = ""

    @property
    def outcome(self) -> Outcome:
        return OUTCOMES[self.cause]

    @classmethod
    def of(cls, cause: Cause, why: str = "") -> "Verdict":
        """With the sentence of the cause, and what was said."""
        return cls(cause, ": ".join(part for part in (SAID[cause], why) if part))


class LookEnded(Exception):
    """A look ended before it saw what it came for."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.detail)
        self.verdict = verdict


def judge(printed: Printed) -> Verdict:
    """What a remote command's end says, by the client's or by the host's own words.

    Without an exit code it is our own limit that ended it; 255 without a
    word is a shell that was killed.
    """
    code, why = printed.exit_code, quoted(printed.stderr)
    if code is None:
        return Verdict.of(Cause.TIMED_OUT)
    if asterisk_is_down(printed):
        return Verdict.of(Cause.ASTERISK_DOWN)
    if code == 0:
        return Verdict(Cause.OK)
    if code in _CLIENT_CODES and printed.stderr.strip():
        return Verdict.of(_client_cause(printed.stderr), why)
    if code == _TIMEOUT_CODE:
        return Verdict.of(Cause.TIMED_OUT, "the host itself gave the command up")
    if code in (_NOT_EXECUTABLE, _NOT_FOUND):
        return Verdict.of(Cause.NO_COMMAND, why)
    if code > 128:
        return Verdict.of(Cause.KILLED, why)
    if printed.stderr.strip() or printed.stdout.strip():
        return Verdict.of(Cause.GARBLED, why or quoted(printed.stdout))
    return Verdict.of(Cause.ASTERISK_DOWN, f"its command ended with code {code} and without a word")


def broken(error: OSError) -> Verdict:
    """What a connection that was not made, or broke, says."""
    if isinstance(error, ConnectionResetError | ConnectionAbortedError | BrokenPipeError):
        return Verdict.of(Cause.CLOSED)
    if isinstance(error, ConnectionRefusedError):
        return Verdict.of(Cause.REFUSED)
    cause = _NUMBERS.get(error.errno or 0)
    if cause is None:
        return Verdict.of(Cause.OUR_NETWORK, (error.strerror or str(error)).lower())
    return Verdict.of(cause)


def raised(verdict: Verdict, where: str) -> DeviceError:
    """The error for who asked for one thing, not for a look."""
    detail = f"{where}: {verdict.detail}"
    if verdict.cause in (Cause.DENIED, Cause.HOST_KEY):
        return UnitDenied(detail)
    if verdict.cause in (Cause.NO_COMMAND, Cause.GARBLED, Cause.KILLED, Cause.OK):
        return UnitGarbled(detail)
    return UnitSilent(detail)


def _client_cause(stderr: bytes) -> Cause:
    said = stderr.decode("utf-8", "replace").lower()
    return next((cause for cause, words in _CLIENT if re.search(words, said)), Cause.GARBLED)
