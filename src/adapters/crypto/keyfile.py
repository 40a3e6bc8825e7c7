"""The key file beside an SQLite database: one key a line, newest first, for its owner's eyes only."""

import contextlib
import os
import secrets
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from ...ports.errors import Refused, Unavailable
from ...ports.secrets import Secret


class ExposedKey(Refused):
    """The key file can be read by others."""


def key_path(database: Path) -> Path:
    """Where the keys of an SQLite database are."""
    return database.with_name(f"{database.name}.key")


def key_file(path: Path) -> tuple[Secret, ...]:
    """Read the keys; when there is no file, make one with one random key.

    Of several processes that make it at once, all read the same key.

    Raises:
        ExposedKey: Group or others may read the file.
        Unavailable: It can be neither read nor made.
    """
    try:
        with contextlib.suppress(FileNotFoundError):
            return _read(path)
        with contextlib.suppress(FileExistsError):
            _write(path, [Secret(secrets.token_urlsafe(32))], os.link)
        return _read(path)
    except OSError as error:
        raise Unavailable(f"The key file {path} cannot be used: {error.strerror}", retry_after=5.0) from error


def add_key(path: Path) -> tuple[Secret, ...]:
    """Put a new random key before the others; then all secrets are to be sealed anew."""
    keys = (Secret(secrets.token_urlsafe(32)), *key_file(path))
    try:
        _write(path, keys, os.replace)
    except OSError as error:
        raise Unavailable(f"The key file {path} cannot be written: {error.strerror}", retry_after=5.0) from error
    return keys


def _read(path: Path) -> tuple[Secret, ...]:
    with path.open(encoding="utf-8") as file:
        mode = os.fstat(file.fileno()).st_mode
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ExposedKey(
                f"The key file {path} can be read by others (mode {stat.S_IMODE(mode):04o}); "
                f"run `chmod 600 {path}`, and rotate the key if somebody may have seen it"
            )
        keys = tuple(Secret(line.strip()) for line in file if line.strip())
    if not keys:
        raise Unavailable(f"The key file {path} is empty; put back the one that the database was used with")
    return keys


def _write(path: Path, keys: Sequence[Secret], move: Callable[[Path, Path], None]) -> None:
    """Write beside the place, then ``move``: nobody ever sees half a file."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(f"{key.reveal()}\n" for key in keys)
            file.flush()
            os.fsync(file.fileno())
        move(draft, path)
    finally:
        draft.unlink(missing_ok=True)
