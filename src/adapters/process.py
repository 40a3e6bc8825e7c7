"""What the process asks of the operating system and of the interpreter."""

import gc
import resource

import structlog

log = structlog.get_logger("lineman")


def raise_open_files(wanted: int) -> int:
    """Raise the soft limit of open files to ``wanted`` as far as the hard one allows; what it is now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    granted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (granted, hard))
    if granted < wanted:
        log.warning("few open files are allowed", allowed=granted, wanted=wanted, way_out="raise `ulimit -n`")
    return granted


def collect_rarely() -> None:
    """Look for garbage in circles less often: a poll makes hundreds of objects and hardly ever a circle."""
    # What was imported stays, so it is set aside as it is: to look through it first would delay the start.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
