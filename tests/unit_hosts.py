"""Small hosts for the tests of probes: an SSH server and a manager's port that answer what they are told to."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import asyncssh
import attrs

from lineman.adapters.devices.units.looking import CHANNELS, DISK, SIP_PEERS, UPTIME_SECONDS, VERSION

PASSWORD = "cAnAry-of-a-password"

HEADER = b"Name/username             Host                                    Dyn Forcerport ACL Port     Status     \n"
ROW = b"0001363/s                 192.0.2.50                               D                 5060     OK (1 ms)  \n"
END = b"1 sip peers [Monitored: 1 online, 0 offline Unmonitored: 0 online, 0 offline]\n"
NO_SUCH = b"No such command 'x' (type 'core show help x' for other possible commands)\n"
DOWN = b"Unable to connect to remote asterisk (does /var/run/asterisk/asterisk.ctl exist?)\n"


@attrs.frozen
class Says:
    """What one command does."""

    stdout: bytes = b""
    stderr: bytes = b""
    code: int | None = 0
    signal: str | None = None
    #: It never ends.
    hangs: bool = False
    #: The host hangs up instead.
    hangs_up: bool = False


#: What a host in good health says.
WELL: dict[str, Says] = {
    SIP_PEERS: Says(HEADER + ROW + END),
    DISK: Says(b"Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 100 97 3 97% /\n"),
    CHANNELS: Says(b"SIP/150-1!internal!600!1!Up!Wait!600!!!!3!12!!u-1.1\n"),
    UPTIME_SECONDS: Says(b"System uptime: 7\nLast reload: 7\n"),
    VERSION: Says(b"Asterisk 18.26.4 built by root @ build on a x86_64\n"),
}


@attrs.define(eq=False)
class Host:
    """An SSH server, and what it saw."""

    says: dict[str, Says] = attrs.field(factory=lambda: dict(WELL))
    password: str = PASSWORD
    #: A public key that may log in.
    authorized: asyncssh.SSHKey | None = None
    #: ``password``, ``publickey`` or ``keyboard-interactive``.
    methods: frozenset[str] = frozenset({"password", "keyboard-interactive"})
    key: asyncssh.SSHKey = attrs.field(factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    port: int = 0
    commands: list[str] = attrs.field(factory=list)
    tried: list[str] = attrs.field(factory=list)
    users: list[str] = attrs.field(factory=list)
    connections: int = 0

    @property
    def host_key(self) -> str:
        return self.key.get_fingerprint()

    async def run(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        command = process.command or ""
        self.commands.append(command)
        says = self.says.get(command, Says(NO_SUCH))
        try:
            process.stdout.write(says.stdout)
            process.stderr.write(says.stderr)
            if says.hangs:
                await asyncio.Event().wait()
            if says.hangs_up:
                process.channel.get_connection().abort()
            elif says.signal is not None:
                process.exit_with_signal(says.signal)
            elif says.code is not None:
                await process.stdout.drain()
                process.exit(says.code)
            else:
                process.close()
        except (asyncssh.Error, OSError):
            # Whoever asked is gone.
            process.close()


class _Door(asyncssh.SSHServer):
    def __init__(self, host: Host) -> None:
        self._host = host

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._host.connections += 1

    def begin_auth(self, username: str) -> bool:
        self._host.users.append(username)
        return True

    def password_auth_supported(self) -> bool:
        return "password" in self._host.methods

    def kbdint_auth_supported(self) -> bool:
        return "keyboard-interactive" in self._host.methods

    def public_key_auth_supported(self) -> bool:
        return "publickey" in self._host.methods

    def validate_password(self, username: str, password: str) -> bool:
        self._host.tried.append(password)
        return password == self._host.password

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        self._host.tried.append(key.get_fingerprint())
        return self._host.authorized is not None and key.public_data == self._host.authorized.public_data

    def get_kbdint_challenge(
        self, username: str, lang: str, submethods: str
    ) -> tuple[str, str, str, list[tuple[str, bool]]]:
        return "", "", "", [("Password: ", False)]

    def validate_kbdint_response(self, username: str, responses: Sequence[str]) -> bool:
        self._host.tried += responses
        return list(responses) == [self._host.password]


@asynccontextmanager
async def served(host: Host) -> AsyncGenerator[Host]:
    """The host on a port of loopback."""
    server = await asyncssh.create_server(
        lambda: _Door(host), "127.0.0.1", 0, server_host_keys=[host.key], process_factory=host.run, encoding=None
    )
    host.port = server.get_port()
    try:
        yield host
    finally:
        server.close()
        await server.wait_closed()


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(talk: Talk) -> AsyncGenerator[int]:
    """A port of loopback at which each connection is talked to so, and hung up afterwards."""
    talks: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            await talk(reader, writer)
        except OSError:
            pass
        finally:
            talks.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


@attrs.define(eq=False)
class ManagerPort:
    """The manager's port: answers by action, each with ``ActionID`` put in."""

    #: Messages by action: a response and its events, without their numbers.  ``Command`` has its command behind it.
    says: dict[str, list[str]] = attrs.field(factory=dict)
    greeting: str = "Asterisk Call Manager/7.0.3"
    challenge: str | None = "840415273"
    #: Actions that are never answered, and one after which it hangs up.
    mute: frozenset[str] = frozenset()
    hangs_up_at: str | None = None
    asked: list[dict[str, str]] = attrs.field(factory=list)

    @property
    def actions(self) -> list[str]:
        return [action["Action"] for action in self.asked]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One conversation."""
        writer.write(f"{self.greeting}\r\n".encode())
        while asked := await self._asked(reader):
            self.asked.append(asked)
            name = asked["Action"] if asked["Action"] != "Command" else f"Command {asked.get('Command')}"
            if name == self.hangs_up_at:
                return
            if name in self.mute:
                continue
            for message in self._answer(name):
                writer.write(f"{message}\r\nActionID: {asked['ActionID']}\r\n\r\n".encode("utf-8", "surrogateescape"))
            await writer.drain()

    def _answer(self, name: str) -> list[str]:
        if name == "Challenge" and self.challenge is not None:
            return [f"Response: Success\r\nChallenge: {self.challenge}"]
        unknown = f"Response: Error\r\nMessage: Invalid/unknown command: {name}. Use Action: ListCommands to show …"
        return self.says.get(name, [unknown])

    @staticmethod
    async def _asked(reader: asyncio.StreamReader) -> dict[str, str]:
        asked: dict[str, str] = {}
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            key, _, value = line.partition(": ")
            asked[key] = value
        return asked
