"""Fields that people send: every wrong one is named, and all at once.  Shared by all contexts."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..ports.errors import FieldError, Invalid

#: Makes of a value what is to be stored, or raises ``Invalid`` with what is wrong with it.
Check = Callable[[Any], Any]


def checked(fields: Mapping[str, Any], checks: Mapping[str, Check]) -> dict[str, Any]:
    """The fields as they are to be stored.

    Raises:
        Invalid: One error for each wrong field, and for each that has no check.
    """
    errors, found = [], {}
    for field, value in fields.items():
        if field not in checks:
            errors.append(FieldError(field, "is not known here"))
            continue
        try:
            found[field] = checks[field](value)
        except Invalid as error:
            errors.append(FieldError(field, error.detail))
    if errors:
        raise invalid(errors)
    return found


def invalid(errors: Iterable[FieldError]) -> Invalid:
    """One error for several fields."""
    errors = tuple(errors)
    return Invalid("; ".join(f"{error.field}: {error.message}" for error in errors), errors=errors)
