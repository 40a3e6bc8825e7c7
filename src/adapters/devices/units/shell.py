"""SSH itself.  The only module that imports asyncssh; imported when the first unit is looked at."""

import asyncio
import getpass
import logging
import os
import struct
import warnings
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import asyncssh
from cryptography.exceptions import UnsupportedAlgorithm

from ....ports.units import Cause, UnitTarget
from .dialing import Dialler, Progress, Step
from .printout import Printed
from .verdict import LookEnded, Verdict, broken

#: Always in this order, so that a host with several keys shows the one that was pinned.
_HOST_KEYS = (
    "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512", "rsa-sha2-256",
    "ssh-rsa",
)  # fmt: skip
#: Cheap ones first; the last ones for hosts as old as their Asterisk.
_KEX = (
    "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521", "diffie-hellman-group14-sha256", "diffie-hellman-group16-sha512",
    "diffie-hellman-group-exchange-sha256", "diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1",
    "diffie-hellman-group1-sha1",
)  # fmt: skip
_CIPHERS = (
    "aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes128-ctr", "aes192-ctr",
    "aes256-ctr", "aes128-cbc", "aes256-cbc", "3des-cbc",
)  # fmt: skip
_MACS = (
    "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512",
    "hmac-sha1-etm@openssh.com", "hmac-sha1",
)  # fmt: skip

#: A shell that was killed, as OpenSSH's client tells it.
_KILLED = 255

#: What asyncssh raises over packets that nobody should send.
_NONSENSE = (
    ValueError, LookupError, TypeError, ArithmeticError, AssertionError, AttributeError, struct.error,
    UnsupportedAlgorithm,
)  # fmt: skip

#: Why a host hangs up, by the number it gives.
_REASONS = {
    asyncssh.DISC_HOST_NOT_ALLOWED_TO_CONNECT: Cause.DENIED,
    asyncssh.DISC_NO_MORE_AUTH_METHODS_AVAILABLE: Cause.DENIED,
    asyncssh.DISC_ILLEGAL_USER_NAME: Cause.DENIED,
    asyncssh.DISC_HOST_KEY_NOT_VERIFIABLE: Cause.HOST_KEY,
    asyncssh.DISC_CONNECTION_LOST: Cause.CLOSED,
    asyncssh.DISC_BY_APPLICATION: Cause.CLOSED,
    asyncssh.DISC_TOO_MANY_CONNECTIONS: Cause.CLOSED,
}


@asynccontextmanager
async def logged_in(
    target: UnitTarget, progress: Progress, dialler: Dialler, until: float, limit: int
) -> AsyncGenerator["SshShell"]:
    """Log in.

    Only the password and the key of the target are tried: no agent, no
    files of whoever runs this process.

    Raises:
        LookEnded: It did not come to that.
    """
    client = _Client(target, progress)
    options = _options(target, client)

    async def connect(address: str) -> asyncssh.SSHClientConnection:
        try:
            return await asyncssh.connect(address, target.port, **options)
        except (asyncssh.Error, OSError, *_NONSENSE) as error:
            raise LookEnded(_verdict(error, progress, client)) from error

    try:
        connection = await dialler.reach(target.host, target.port, progress, connect, until=until)
    finally:
        client.forget()
    progress.step = Step.ASKING
    try:
        yield SshShell(connection, limit, progress)
    finally:
        connection.close()
        await connection.wait_closed()


class SshShell:
    """One login; see ``Shell``."""

    def __init__(self, connection: asyncssh.SSHClientConnection, limit: int, progress: Progress) -> None:
        self._connection = connection
        self._limit = limit
        self._progress = progress

    async def run(self, command: str) -> Printed:
        """See ``Shell.run``."""
        session = _Command(self._limit)
        channel: asyncssh.SSHClientChannel[bytes] | None = None
        try:
            channel, _ = await self._connection.create_session(lambda: session, command, encoding=None)
            await session.ended
        except (asyncssh.Error, OSError, *_NONSENSE) as error:
            raise LookEnded(_verdict(error, self._progress)) from error
        finally:
            if channel is not None:
                channel.abort()
        return session.printed()


class _Command(asyncssh.SSHClientSession[bytes]):
    """What one command prints, up to a limit."""

    def __init__(self, limit: int) -> None:
        self._room = limit
        self._stdout = bytearray()
        self._stderr = bytearray()
        self._code: int | None = None
        self._cut = False
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        self._channel = chan

    def data_received(self, data: bytes, datatype: int | None) -> None:
        if self._cut:
            return
        taken = data[: self._room]
        self._room -= len(taken)
        (self._stderr if datatype == asyncssh.EXTENDED_DATA_STDERR else self._stdout).extend(taken)
        if len(taken) < len(data):
            self._cut = True
            self._code = 0
            self._channel.abort()
            self._end(None)

    def exit_status_received(self, status: int) -> None:
        self._code = status

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc)

    def printed(self) -> Printed:
        code = _KILLED if self._code is None else self._code
        return Printed(code, bytes(self._stdout), bytes(self._stderr), self._cut)

    def _end(self, error: Exception | None) -> None:
        if self.ended.done():
            return
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)


class _Client(asyncssh.SSHClient):
    """Compares the host key, and gives the password once: two tries a look would have us locked out."""

    def __init__(self, target: UnitTarget, progress: Progress) -> None:
        self._pinned = target.host_key
        self._progress = progress
        self._password = target.password
        self.other_key = False

    def forget(self) -> None:
        """The connection may outlive its login; the password need not."""
        self._password = None

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self._progress.connected()

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self._progress.step = Step.LOGGING_IN
        self._progress.host_key = key.get_fingerprint()
        self.other_key = self._pinned not in (None, self._progress.host_key)
        return not self.other_key

    def password_auth_requested(self) -> str | None:
        password, self._password = self._password, None
        return None if password is None else password.reveal()

    def kbdint_auth_requested(self) -> str | None:
        return None if self._password is None else ""

    def kbdint_challenge_received(self, name: str, instructions: str, lang: str, prompts: Any) -> list[str] | None:
        if not prompts:
            return []
        password = self.password_auth_requested()
        return None if password is None or len(prompts) != 1 else [password]


def hush() -> None:
    """Keep asyncssh from telling the log of each connection, and give it the user name that it asks for in vain."""
    logging.getLogger("asyncssh").setLevel(logging.CRITICAL)
    # Old hosts know no other exchange of keys.
    warnings.filterwarnings("ignore", message="Diffie-Hellman over finite fields")
    try:
        getpass.getuser()
    except (KeyError, OSError, ImportError):
        # A container's user without a name: asyncssh insists on one, also when it is told another.
        os.environ["LOGNAME"] = "lineman"


def _options(target: UnitTarget, client: _Client) -> dict[str, Any]:
    keys = None
    if target.key is not None:
        try:
            keys = [asyncssh.import_private_key(target.key.reveal())]
        except asyncssh.KeyEncryptionError:
            raise LookEnded(Verdict.of(Cause.DENIED, "the private key is locked with a passphrase")) from None
        except (asyncssh.KeyImportError, *_NONSENSE):
            raise LookEnded(Verdict.of(Cause.DENIED, "the private key cannot be read")) from None
    if keys is None and target.password is None:
        raise LookEnded(Verdict.of(Cause.DENIED, "neither a password nor a key is given"))
    return {
        "config": None, "username": target.username, "client_factory": lambda: client, "known_hosts": ([], [], []),
        "client_keys": keys, "agent_path": None, "pkcs11_provider": None, "gss_host": None, "host_based_auth": False,
        "x509_trusted_certs": None, "x509_trusted_cert_paths": [], "login_timeout": 0, "request_pty": False,
        "preferred_auth": ("publickey", "password", "keyboard-interactive"), "server_host_key_algs": _HOST_KEYS,
        "kex_algs": _KEX, "encryption_algs": _CIPHERS, "mac_algs": _MACS, "compression_algs": None,
        "tcp_keepalive": False, "utf8_decode_errors": "replace",
    }  # fmt: skip


def _verdict(error: BaseException, progress: Progress, client: _Client | None = None) -> Verdict:
    if client is not None and client.other_key:
        return Verdict.of(Cause.HOST_KEY, f"it shows {progress.host_key}")
    if isinstance(error, asyncssh.ConnectionLost) and progress.step is Step.GREETING:
        return Verdict.of(Cause.CLOSED, "before a greeting, as by a host with too many logins or too little memory")
    if isinstance(error, asyncssh.DisconnectError):
        if "authentication failures" in error.reason:
            return Verdict.of(Cause.DENIED, error.reason)
        cause = _REASONS.get(error.code, Cause.GARBLED)
        return Verdict.of(cause, "" if cause is Cause.CLOSED else _clean(error.reason))
    if isinstance(error, asyncssh.ChannelOpenError):
        return Verdict.of(Cause.DENIED, f"no command may be run: {_clean(error.reason)}")
    if isinstance(error, OSError):
        return broken(error)
    return Verdict.of(Cause.GARBLED, "what it sends is no SSH")


def _clean(reason: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in reason)[:160]
