"""Questions to the person at the terminal: passwords and whether to go on."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from ...ports.secrets import Secret

F = TypeVar("F", bound=Callable[..., Any])


def yes_option(command: F) -> F:
    """``--yes`` for what cannot be undone."""
    return click.option("-y", "--yes", is_flag=True, help="Do not ask.")(command)


def password_option(command: F) -> F:
    """``--password-stdin``: a password never stands in arguments, which other users of the host can see."""
    return click.option("--password-stdin", is_flag=True, help="Read the password from the first line of stdin.")(
        command
    )


def confirm(question: str, *, yes: bool) -> None:
    """Go on only with a yes: the option, or the answer to the question."""
    if not yes:
        with _interruptible():
            click.confirm(question, abort=True, err=True)


def ask_line(prompt: str, *, stdin: bool) -> Secret:
    """A secret that lives for a moment, from stdin, or typed once."""
    if stdin:
        return Secret(sys.stdin.readline().rstrip("\r\n"))
    with _interruptible():
        return Secret(click.prompt(prompt, err=True))


def ask_password(prompt: str, *, stdin: bool) -> Secret:
    """A password from stdin, or typed twice."""
    if stdin:
        return Secret(sys.stdin.readline().rstrip("\r\n"))
    with _interruptible():
        return Secret(click.prompt(prompt, hide_input=True, confirmation_prompt=True, err=True))


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end a question: the event loop around it would only take note of it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
