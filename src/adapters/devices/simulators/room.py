"""Room for many sockets in one process."""

import errno


def make_room(sockets: int) -> None:
    """Raise the process's limit of open files where so many sockets and their clients want more.

    Raises:
        OSError: The system does not allow that many.
    """
    try:
        import resource
    except ImportError:  # there is no such limit on Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = sockets + 1024
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    top = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    if top < sockets + 64:
        raise OSError(errno.EMFILE, f"{sockets} sockets are more than this process may open ({hard}): raise ulimit -Hn")
    resource.setrlimit(resource.RLIMIT_NOFILE, (top, hard))
