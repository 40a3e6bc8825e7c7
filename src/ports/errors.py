"""One tree of errors, by what the caller can do about it.

The first line of an error's docstring is the title that people see; the
argument is the detail, which names the thing and the way out.  Each face has
its own table over the *kinds* below (HTTP statuses, exit codes); a new leaf
beside its port needs no change in either.
"""

import re

import attrs


@attrs.frozen
class FieldError:
    """One field that is wrong, and why."""

    field: str
    message: str


class LinemanError(Exception):
    """Something went wrong inside lineman."""

    @property
    def detail(self) -> str:
        """What happened to which thing, in one sentence."""
        return str(self.args[0]) if self.args else self.title

    @property
    def title(self) -> str:
        """The first line of the class's docstring, without its full stop."""
        return (type(self).__doc__ or type(self).__name__).strip().splitlines()[0].rstrip(".")

    @property
    def code(self) -> str:
        """A stable name for programs: the class name in kebab-case."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", type(self).__name__).lower()


class Invalid(LinemanError):
    """The request is not valid."""

    def __init__(self, detail: str, *, field: str | None = None, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.errors = errors or ((FieldError(field, detail),) if field else ())


class Refused(LinemanError):
    """The request is refused."""


class NotLoggedIn(Refused):
    """Log in first."""


class NotAllowed(Refused):
    """This is not allowed to you."""


class NotFound(LinemanError):
    """There is no such thing."""


class Conflict(LinemanError):
    """The request conflicts with what is there."""

    def __init__(self, *args: object, field: str | None = None) -> None:
        super().__init__(*args)
        #: The field that brings the conflict about, where it is one.
        self.errors = (FieldError(field, self.detail),) if field else ()


class Stale(Conflict):
    """Somebody else changed it first."""


class ConfirmationNeeded(Conflict):
    """This has to be confirmed."""

    def __init__(self, detail: str, *, calls: int | None = None) -> None:
        super().__init__(detail)
        #: How many calls it would cut off, where that is what has to be confirmed.
        self.calls = calls


class DeviceError(LinemanError):
    """The device did not do its part."""


class Unreachable(DeviceError):
    """The device does not answer."""


class Garbled(DeviceError):
    """The device's answer makes no sense."""


class Declined(DeviceError):
    """The device declines."""


class Overloaded(LinemanError):
    """Too much at once."""

    def __init__(self, detail: str, *, retry_after: float = 1.0) -> None:
        super().__init__(detail)
        #: Seconds to wait before the next try.
        self.retry_after = retry_after


class TooManyRequests(Overloaded):
    """Too many requests."""


class Unavailable(Overloaded):
    """The service cannot do this now."""


class TooLarge(LinemanError):
    """The request is too large."""
