"""Commands to gateways: carried out one at a time a gateway, never sent twice, and watched until they show effect."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import anyio
import attrs

from ...ports.clock import Clock
from ...ports.errors import ConfirmationNeeded, DeviceError, LinemanError, Unreachable
from ...ports.gateways import (
    Command,
    CommandKind,
    CommandStatus,
    CommandStore,
    Directory,
    EventKind,
    GatewayEvent,
    GatewayRow,
    GatewayStore,
    GatewayTarget,
    Identity,
    Listed,
    OtherDevice,
    Reason,
    Seen,
    Sent,
    Watched,
)
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ..permissions import allow, enterprises_of
from . import checks, commanding
from .config import GatewayConfig
from .events import Event, Probed, ProbeFailed, RebootAccepted
from .facts import Look
from .machine import observe
from .planning import home_of, target_of
from .probing import Probing

#: Seconds by which a command may outlast its deadline before nobody knows how far it came.
GRACE = 5.0


@attrs.define(eq=False, kw_only=True)
class Commands:
    """What gateways are told.  Only the process that holds the working lease carries it out.

    A command is stored before anything else happens, and again with ``sent_at``
    before it leaves.  A crash before that loses the command (it is settled as
    failed); a crash after it loses what the gateway answered (it counts as
    accepted, and the gateway is looked at).  Nothing is sent twice.  The
    journal's line, and the line in the gateway's history, are written after the
    outcome is stored: a crash between the two loses them.
    """

    probing: Probing
    command_store: CommandStore
    gateway_store: GatewayStore
    journal: Journal
    clock: Clock
    config: GatewayConfig = attrs.field(factory=GatewayConfig)

    #: Commands that this process has in hand, by their ids.
    _mine: set[int] = attrs.field(init=False, factory=set)
    _storing: anyio.Lock = attrs.field(init=False, factory=anyio.Lock)
    #: What became of commands, and could not be stored yet.
    _unsaved: dict[int, Command] = attrs.field(init=False, factory=dict)
    #: When gateways were last looked at for their commands.
    _looked: dict[int, datetime] = attrs.field(init=False, factory=dict)

    async def may_order(
        self, actor: Actor, name: str, kind: CommandKind, line: int | None = None, *, confirmed: bool
    ) -> GatewayRow:
        """Whether the actor may have the gateway do that; the gateway.

        Raises:
            NotAllowed, UnknownGateway
            Invalid: It has no such line.
            OtherDevice: Another device was seen on its port.
            ConfirmationNeeded: The detail says what is to be confirmed.
        """
        allow(actor, Permission.REBOOT_GATEWAYS)
        row = await self.gateway_store.row(name, visible=enterprises_of(actor))
        if (kind is CommandKind.RESTART_LINE) is not (line is not None):
            raise checks.wrong("line", "a line is restarted by its number, and a gateway is rebooted as a whole")
        if line is not None:
            checks.line_number(line, row.watch.line_count)
        if row.watch.reason is Reason.IDENTITY:
            await self._note(actor.name, kind, name, "refused", row.watch.detail)
            raise OtherDevice(f"{name} gets no commands: {row.watch.detail}; check it again once that is mended")
        if not confirmed:
            what = f"reboot of {name}" if line is None else f"restart of line {line} of {name}"
            raise ConfirmationNeeded(f"{what}: all calls on it end; send it again with confirm: true")
        return row

    async def order(self, actor: Actor, row: GatewayRow, kind: CommandKind, line: int | None = None) -> Command:
        """Tell a gateway at once; returns when the command has left (``accepted``) or nothing was sent (``failed``).

        Raises:
            CommandUnderWay, UnknownGateway
            OtherDevice: Another device answers on its port; the command has failed.
            Unavailable: It cannot be stored now; nothing was sent.
        """
        now = self.clock.now()
        async with self._storing:
            command = await self.command_store.add(commanding.requested(row, kind, line, by=actor.name, at=now))
            self._mine.add(command.id)
        await self._note(actor.name, kind, row.gateway.name, "ok", "requested" + _of_line(line))
        with anyio.CancelScope(shield=True):  # who asked may go away; what was begun is brought to its end
            command, refusal = await self._carry_out(command)
        if refusal is not None:
            raise refusal
        return command

    async def get(self, actor: Actor, command_id: int) -> Command:
        """Raises ``UnknownCommand``."""
        allow(actor, Permission.SEE_GATEWAYS)
        return await self.command_store.get(command_id, visible=enterprises_of(actor))

    async def of_gateway(
        self, actor: Actor, name: str, *, limit: int = 100, offset: int = 0
    ) -> tuple[Sequence[Command], int]:
        """What a gateway was told, newest first, and how many commands there are.  Raises ``UnknownGateway``."""
        allow(actor, Permission.SEE_GATEWAYS)
        row = await self.gateway_store.row(name, visible=enterprises_of(actor))
        return await self.command_store.of_gateway(row.gateway.id, limit=limit, offset=offset)

    async def recover(self) -> None:
        """Settle what another process left behind.  For who has just got the lease."""
        now = self.clock.now()
        async with self._storing:
            in_hand = self._mine | self._unsaved.keys()
            found = [one for one in await self.command_store.open() if one.id not in in_hand]
        for command in found:
            after = commanding.left_behind(command, "lineman ended", at=now)
            if after == command:
                continue
            await self._keep(after)
            if after.status is CommandStatus.ACCEPTED and after.kind is CommandKind.REBOOT:
                await self._rebooting(after)

    async def tend(self) -> int:
        """Look at gateways for what came of their commands, and give up what is overdue; how many are still open.

        To be called each few seconds.  A gateway is left alone for half a
        minute first, since each connection that it cannot serve costs it one
        of the next times that it dials in.
        """
        for command in list(self._unsaved.values()):
            await self._keep(command)
        now = self.clock.now()
        found = [one for one in await self.command_store.open() if one.id not in self._mine]
        self._looked = {one.id: self._looked[one.id] for one in found if one.id in self._looked}
        lanes = anyio.CapacityLimiter(self.config.lanes)
        async with anyio.create_task_group() as tasks:
            for command in found:
                if commanding.overdue(command, at=now) != command or self._wants_look(command, now):
                    tasks.start_soon(self._attend, command, lanes)
        return len(found)

    async def prune(self) -> int:
        """Forget what ended long ago; how many commands."""
        return await self.command_store.prune(before=self.clock.now() - self.config.commands_kept)

    def _wants_look(self, command: Command, now: datetime) -> bool:
        if command.status is not CommandStatus.ACCEPTED or command.accepted_at is None:
            return False
        looked = self._looked.get(command.id)
        return now >= (
            command.accepted_at + self.config.first_look if looked is None else looked + self.config.look_every
        )

    async def _carry_out(self, command: Command) -> tuple[Command, OtherDevice | None]:
        """One command until it has left or failed."""
        refusal: OtherDevice | None = None
        try:
            async with self.probing.alone(command.gateway_id) as watched:
                directory: Directory | None = None
                listed: Listed | None = None
                try:
                    directory, listed, port = await self._found(watched)
                    command = commanding.sending(command, at=self.clock.now())
                    await self.command_store.save(command)
                    sent = await self._send(command, target_of(watched, directory, port, self.config))
                    command = commanding.accepted(command, sent, at=self.clock.now())
                    event: Event | None = RebootAccepted(sent.before, listed)
                except (DeviceError, OtherDevice) as error:
                    command = commanding.not_sent(command, error, at=self.clock.now())
                    event = None
                    if isinstance(error, OtherDevice) and listed is not None:
                        refusal = error
                        event = ProbeFailed(Reason.IDENTITY, error.detail, listed)
                await self._keep(command)
                if command.kind is CommandKind.RESTART_LINE and refusal is None:
                    event = None
                await self._record(command, watched, directory, event)
        except LinemanError as error:
            # Of ours: the database, or too many who want to talk to the gateway.
            if command.status is CommandStatus.REQUESTED:
                command = commanding.not_sent(command, error, at=self.clock.now())
                await self._keep(command)
        except Exception as fault:  # the top of a command: it must not hang for ever
            await self._keep(commanding.left_behind(command, f"lineman failed ({fault!r})", at=self.clock.now()))
            raise
        finally:
            self._mine.discard(command.id)
        return command, refusal

    async def _found(self, watched: Watched) -> tuple[Directory, Listed, int]:
        """Where the gateway is now: ports move, and serve only those who have read the list.

        Raises ``DeviceError``.
        """
        name = watched.gateway.name
        directory = home_of(watched.gateway, await self.probing.directories())
        if directory is None or not directory.is_active:
            raise NotListed(f"{name} has no directory that is there and switched on")
        listing = await self.probing.listing(directory)
        listed = next((row for row in reversed(listing.rows) if row.name == name), None)
        if listed is None or listed.port is None:
            raise NotListed(f"{name} has no port on the list of {directory.name}")
        return directory, listed, listed.port

    async def _send(self, command: Command, target: GatewayTarget) -> Sent:
        """Have it sent, once.  Raises ``DeviceError``, ``OtherDevice`` where nothing was."""
        driver, timeout = self.probing.driver, self.config.timeout
        try:
            # The driver keeps the deadline; this is for the day on which one does not.
            with anyio.fail_after(timeout + GRACE):
                if command.line is None:
                    return await driver.reboot(target, deadline=timeout)
                return await driver.restart_line(target, command.line, deadline=timeout)
        except TimeoutError:
            return Sent(False, f"{target.name} did not answer in {timeout:g} s", Identity())

    async def _attend(self, command: Command, lanes: anyio.CapacityLimiter) -> None:
        """Look at a gateway for what came of its command.  What cannot be done now is done next time."""
        async with lanes:
            self._looked[command.id] = self.clock.now()
            with suppress(LinemanError):
                async with self.probing.alone(command.gateway_id) as watched:
                    await self._look(command, watched)

    async def _look(self, command: Command, watched: Watched) -> None:
        directory = home_of(watched.gateway, await self.probing.directories())
        event, after = None, command
        try:
            if directory is None or watched.watch.port is None:
                raise NotListed(watched.gateway.name)
            reading = await self.probing.read(watched, directory, watched.watch.port)
            event = Probed(reading)
            after = commanding.looked(command, reading, at=self.clock.now())
        except Unreachable:
            after = commanding.looked(command, None, at=self.clock.now())
        except (DeviceError, OtherDevice):
            pass  # Something answers, and says nothing of this.
        after = commanding.overdue(after, at=self.clock.now())
        if after != command:
            await self._keep(after)
        if event is not None or commanding.has_ended(after):
            await self._record(after, watched, directory, event)

    async def _record(
        self, command: Command, watched: Watched, directory: Directory | None, event: Event | None
    ) -> None:
        """Store what the gateway is now, with a line in its history where the command came a step further."""
        at = self.clock.now()
        seen = Seen(watched.gateway.id, at, watched.watch)
        if event is not None:
            seen = observe(watched, event, at=at, config=self.config)
        if command.status is CommandStatus.ACCEPTED and isinstance(event, Probed):
            pass  # It only goes on.
        else:
            step = GatewayEvent(at, EventKind.ORDER, command.line, command.kind, command.status, command.detail)
            seen = attrs.evolve(seen, events=(*seen.events, step))
        await self.probing.keeping.keep(Look(watched.gateway, directory.name if directory else None, seen))

    async def _rebooting(self, command: Command) -> None:
        """Let failures not count after a reboot that a process which is gone may have sent."""
        until = (command.accepted_at or self.clock.now()) + self.config.rebooting
        with suppress(LinemanError):
            async with self.probing.alone(command.gateway_id) as watched:
                watch = attrs.evolve(watched.watch, rebooting_until=until)
                await self._record(command, attrs.evolve(watched, watch=watch), None, None)

    async def _keep(self, command: Command) -> None:
        """Store what has become of a command, now or as soon as the database lets us."""
        self._unsaved[command.id] = command
        try:
            await self.command_store.save(command)
        except LinemanError:
            return  # ``tend`` tries again
        self._unsaved.pop(command.id, None)
        if command.finished_at is not None:
            outcome = "ok" if command.status is CommandStatus.BACK else "failed"
            said = f"{command.status}{_of_line(command.line)}: {command.detail}"
            await self._note(command.by, command.kind, command.gateway, outcome, said)

    async def _note(self, by: str, kind: CommandKind, name: str, outcome: str, detail: str) -> None:
        entry = Entry(self.clock.now(), by, f"gateways.{kind}", f"gateway {name}", outcome, detail)
        await self.journal.write(entry)


def _of_line(line: int | None) -> str:
    return "" if line is None else f" line {line}"


class NotListed(Unreachable):
    """The gateway is not on its list."""
