"""One table: what the cloud answers, and the error that it is here (facts: section 1.6).

Errors come inside status 200, with an integer ``error``.  An answer without one
tells nothing, whatever its status: after a switch command it is never a success.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from ....ports.errors import LinemanError, Unreachable
from ....ports.power import (
    CloudFault,
    CloudMisconfigured,
    PlugOffline,
    QuotaUsedUp,
    ReauthoriseNeeded,
    SwitchFailed,
    UnknownPlug,
)
from ....ports.power.cloud import BadRegion

#: Seconds after which a closed cloud is asked again: its quota is used up, or our address is blocked.
QUOTA_PAUSE = 3600.0
BLOCK_PAUSE = 300.0


class Call(StrEnum):
    """What a call is for; the same number means different things."""

    READ = "read"
    SWITCH = "switch"
    #: The exchange of a code.
    EXCHANGE = "exchange"
    REFRESH = "refresh"

    @property
    def signed(self) -> bool:
        """It is signed by the application, not borne by a token."""
        return self in (Call.EXCHANGE, Call.REFRESH)


class AnswerLost(Unreachable):
    """The request may have arrived, its answer did not."""


class TokenRejected(ReauthoriseNeeded):
    """The access token is not taken: another one may be."""


_TAKE_CARE = {
    400: "it takes the parameters or the signature for wrong; check the application's secret",
    403: "it has no such path",
    406: "it gives no access; check the application, and that the plug is in its account",
    407: "this application may not call this path; use one of the OAuth kind",
}
_OFFLINE = (4002, 30022)
_UNKNOWN_PLUG = (405, 30018)


def answer_of(content: bytes) -> Mapping[str, Any]:
    """The answer if it is an object; a page of HTML, or nothing at all, has no fields."""
    try:
        found = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def number_in(answer: Mapping[str, Any]) -> int | None:
    """Its integer ``error``; as text only if that tells of an error, for a success has to be plain."""
    error = answer.get("error")
    if isinstance(error, str) and error.isascii() and error.isdigit() and len(error) < 10:
        return int(error) or None
    return error if isinstance(error, int) and not isinstance(error, bool) else None


def failure(status: int, number: int | None, call: Call, said: str = "") -> LinemanError | None:
    """The error of an answer; ``None`` = it is fine.

    Args:
        status: Of HTTP.
        number: Its integer ``error``, if it has one.
        said: Its ``msg``, cleaned.
    """
    if status in (403, 429):
        return QuotaUsedUp(
            f"the cloud answers nothing more (status {status}): the quota is used up, or this address is blocked",
            retry_after=BLOCK_PAUSE,
        )
    if number is None and status == 401:
        number = 401
    if number == 0 and 200 <= status < 300:
        return None
    if not number:
        return CloudFault(f"the cloud answers with status {status}" + (" and no result" if 200 <= status < 300 else ""))
    return _business(number, call, f": {said}" if said else "")


def _business(number: int, call: Call, said: str) -> LinemanError:
    if number == 412:
        return QuotaUsedUp(f"the application's quota is used up (412{said})", retry_after=QUOTA_PAUSE)
    if call.signed and number in (401, 402, 405):
        what = "the code is too old or used" if call is Call.EXCHANGE else "the refresh token is used up or unknown"
        return ReauthoriseNeeded(f"{what} ({number}{said}): authorise the cloud account again")
    if number == 10004:
        return BadRegion(f"the account lives in another region ({number}{said})", field="region")
    if number in (401, 402):
        return TokenRejected(f"the access token is not taken ({number}{said})")
    if number in _TAKE_CARE:
        return CloudMisconfigured(f"the cloud refuses the call ({number}{said}): {_TAKE_CARE[number]}")
    if number in _UNKNOWN_PLUG and not call.signed:
        return UnknownPlug(f"the cloud account has no such plug ({number}{said})")
    if number in _OFFLINE and call is Call.READ:
        return PlugOffline(f"the plug is not connected to the cloud ({number}{said})")
    if 500 <= number < 600 or call is not Call.SWITCH:
        return CloudFault(f"the cloud fails ({number}{said})")
    why = ": it is not connected, or does not know the command" if number in _OFFLINE else ""
    return SwitchFailed(f"the plug did not take the command ({number}{said}){why}", number=str(number))
