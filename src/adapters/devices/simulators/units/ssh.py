"""The SSH server of a unit: logins by password or key, and one command a session."""

import asyncio
import random
import socket
from collections.abc import Coroutine
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import asyncssh
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from . import shell

if TYPE_CHECKING:
    from .unit import SimulatedUnit

#: Connections of one unit at once; more are closed, as by MaxStartups.
_MOST = 64
_LOGIN_S = 120.0


class SshServer:
    """Serves the connections that come to one unit's port."""

    def __init__(self, unit: "SimulatedUnit") -> None:
        self._unit = unit
        self._options: dict[bool, asyncssh.SSHServerConnectionOptions] = {}
        #: Connections that are open.
        self.open: set[asyncssh.SSHServerConnection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, sock: socket.socket) -> asyncssh.SSHAcceptor:
        """Serve who comes to a listening socket."""
        return await asyncssh.listen(sock=sock, options=self._prepared(), backlog=_MOST)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something as long as the unit has power."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def hang_up(self) -> None:
        """Break all connections off."""
        for connection in [*self.open]:
            connection.abort()
        for task in [*self._tasks]:
            task.cancel()

    async def close(self) -> None:
        """Break all off, and wait until they have ended."""
        tasks, connections = [*self._tasks], [*self.open]
        self.hang_up()
        await asyncio.gather(*tasks, *(one.wait_closed() for one in connections), return_exceptions=True)

    def _prepared(self) -> asyncssh.SSHServerConnectionOptions:
        other = self._unit.knobs.other_key
        if other not in self._options:
            self._options[other] = asyncssh.SSHServerConnectionOptions(
                config=None,
                server_factory=lambda: _Door(self._unit, self),
                encoding=None,
                gss_host=None,
                server_host_keys=[host_key(self._unit.seed, other)],
                server_version="OpenSSH_9.2p1",
                login_timeout=_LOGIN_S,
                agent_forwarding=False,
                compression_algs=None,
                tcp_keepalive=False,
                host_based_auth=False,
                x509_trusted_certs=None,
                x509_trusted_cert_paths=[],
            )
        return self._options[other]


class _Door(asyncssh.SSHServer):
    def __init__(self, unit: "SimulatedUnit", server: SshServer) -> None:
        self._unit = unit
        self._server = server

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._server.open.add(conn)
        if len(self._server.open) > _MOST:
            conn.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.open.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        self._unit.logins.append(username)
        return True

    def password_auth_supported(self) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return not self._unit.knobs.denied and (username, password) == self._unit.login

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        allowed = self._unit.authorized
        if self._unit.knobs.denied or username != self._unit.login[0] or allowed is None:
            return False
        return key.public_data == asyncssh.import_public_key(allowed).public_data

    def session_requested(self) -> asyncssh.SSHServerSession[bytes]:
        return _Session(self._unit, self._server)


class _Session(asyncssh.SSHServerSession[bytes]):
    """One command."""

    def __init__(self, unit: "SimulatedUnit", server: SshServer) -> None:
        self._unit = unit
        self._server = server
        self._command = ""

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan

    def exec_requested(self, command: str) -> bool:
        self._command = command
        return True

    def eof_received(self) -> bool:
        # What they say has ended; what is said to them has not.
        return True

    def session_started(self) -> None:
        self._server.begin(self._run())

    async def _run(self) -> None:
        unit, channel = self._unit, self._channel
        unit.commands[self._command] += 1
        if unit.knobs.slow_ms:
            await asyncio.sleep(unit.knobs.slow_ms / 1000)
        said = shell.run(unit, self._command)
        if said.hangs:
            await channel.wait_closed()
            return
        if channel.is_closing():
            return
        try:
            channel.write(said.stdout)
            channel.write_stderr(said.stderr)
            if said.killed:
                channel.exit_with_signal("KILL")
            else:
                channel.exit(said.code)
        except OSError:  # whoever asked is gone
            channel.abort()


@lru_cache(maxsize=4096)
def host_key(seed: int, other: bool) -> asyncssh.SSHKey:
    """Return the host key that follows from a seed: a town has the same keys after a restart."""
    raw = random.Random(f"{seed} host key {other}").randbytes(32)
    pem = Ed25519PrivateKey.from_private_bytes(raw).private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    return asyncssh.import_private_key(pem)


def fingerprint(seed: int, other: bool) -> str:
    """Return ``SHA256:…`` of the host key."""
    return host_key(seed, other).get_fingerprint()
