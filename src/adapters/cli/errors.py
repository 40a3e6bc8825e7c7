"""Errors as people and scripts see them: one line on stderr and an exit code."""

import errno
import traceback

import click

from ...ports import errors

#: By kind, as everywhere: the first that fits counts.
EXIT_CODES: tuple[tuple[type[errors.LinemanError], int], ...] = (
    (errors.Invalid, 2),
    (errors.TooLarge, 2),
    (errors.Refused, 3),
    (errors.NotFound, 4),
    (errors.Conflict, 5),
    (errors.DeviceError, 6),
    (errors.Overloaded, 7),
)

#: What a shell says of a program that Ctrl-C ended.
INTERRUPTED = 130
#: The same of one that was told to end by SIGTERM.
TERMINATED = 143


def exit_code(error: errors.LinemanError) -> int:
    """The exit code of an error, 1 if it is of no kind."""
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), 1)


def line(error: errors.LinemanError) -> str:
    """``lineman: <title>. (<detail>)``, and a line for each field that the detail does not tell of."""
    title, detail = error.title.rstrip("."), error.detail.rstrip(".")
    text = f"lineman: {title}." if detail == title else f"lineman: {title}. ({detail})"
    fields = error.errors if isinstance(error, errors.Invalid) else ()
    return "\n".join([text, *(f"  {wrong.field}: {wrong.message}" for wrong in fields if wrong.message not in text)])


def report(error: BaseException, *, debug: bool) -> int:
    """Tell of an error on stderr; the exit code it ends with.

    A broken pipe and a no to a question are left to click, which is quiet
    about them; faults of the program are left to Python, which shows them.
    """
    whole = error
    while isinstance(error, BaseExceptionGroup):  # one failing task ends its group, so the first is the cause
        error = error.exceptions[0]
    interrupted = isinstance(error, KeyboardInterrupt | click.Abort)
    if not isinstance(error, errors.LinemanError | OSError) and not interrupted:
        raise whole
    if isinstance(error, OSError) and error.errno == errno.EPIPE:
        raise error
    if isinstance(error, click.Abort) and not isinstance(error.__context__, KeyboardInterrupt):
        raise error
    if debug and not interrupted:
        click.echo("".join(traceback.format_exception(whole)), err=True, nl=False)
    if isinstance(error, errors.LinemanError):
        click.echo(line(error), err=True)
        return exit_code(error)
    if isinstance(error, OSError):
        click.echo(f"lineman: The system refuses. ({error})", err=True)
        return 1
    click.echo(err=True)
    return INTERRUPTED
