"""Problems that another lineman told of, as errors again: the inverse of ``problems``."""

import json
from collections.abc import Mapping
from typing import Any

from ...ports import errors

#: What a status says of the error's kind; title, code and detail come over the wire.
KINDS: Mapping[int, type[errors.LinemanError]] = {
    400: errors.Invalid, 405: errors.Invalid, 415: errors.Invalid, 422: errors.Invalid,
    401: errors.Refused, 403: errors.Refused,
    404: errors.NotFound,
    409: errors.Conflict, 412: errors.Stale,
    413: errors.TooLarge,
    429: errors.TooManyRequests, 503: errors.Unavailable,
    502: errors.Garbled, 504: errors.Unreachable,
}  # fmt: skip


class NotLineman(errors.Unavailable):
    """What answers there is no lineman."""


def told(status: int, body: bytes) -> errors.LinemanError:
    """The error that an answer of ``status`` tells of, with the title and code that it was raised with elsewhere."""
    problem = _problem(body)
    if problem is None:
        return NotLineman(f"it answers {status}, without a problem that lineman would state")
    kind = KINDS.get(status, errors.LinemanError)
    if kind is errors.Conflict and problem.get("code") == "confirmation-needed":
        kind = errors.ConfirmationNeeded
    words = {"title": problem["title"], "code": str(problem.get("code", "")), "__doc__": kind.__doc__}
    leaf: type[errors.LinemanError] = type(kind.__name__, (kind,), words)
    detail = str(problem.get("detail") or problem["title"])
    if issubclass(leaf, errors.Invalid):
        fields = [wrong for wrong in problem.get("errors") or [] if isinstance(wrong, dict)]
        found = tuple(errors.FieldError(str(one.get("field")), str(one.get("message"))) for one in fields)
        return leaf(detail, errors=found)
    if issubclass(leaf, errors.ConfirmationNeeded):
        calls = problem.get("calls")
        return leaf(detail, calls=calls if isinstance(calls, int) else None)
    return leaf(detail)


def _problem(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) and isinstance(value.get("title"), str) else None
