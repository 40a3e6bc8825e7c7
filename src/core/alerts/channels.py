"""Channels: how people are reached."""

from collections.abc import Mapping, Sequence
from typing import Any

import anyio
import attrs

from ...ports.alerts import BadChannel, Channel, Message, NotDelivered, Notifier, Outbox, RuleStore, Severity
from ...ports.clock import Clock
from ...ports.errors import FieldError, Invalid, TooManyRequests
from ...ports.identity import Actor, Permission
from ...ports.journal import Entry, Journal
from ...ports.secrets import Secret
from ..editing import Expect, anything, edit
from ..permissions import allow
from .checks import checked, name, truth
from .dispatch import DEADLINE_S, attempt

#: Test messages under way at once.
TESTS = 4


@attrs.frozen
class Channels:
    """The channels.  All of it needs ``manage-alerts``.  A URL is written and never shown again."""

    rule_store: RuleStore
    outbox: Outbox
    notifier: Notifier
    journal: Journal
    clock: Clock
    testing: anyio.Semaphore = attrs.field(factory=lambda: anyio.Semaphore(TESTS), repr=False, eq=False)

    async def all(self, actor: Actor) -> Sequence[Channel]:
        """All channels, by number."""
        allow(actor, Permission.MANAGE_ALERTS)
        return await self.rule_store.channels()

    async def get(self, actor: Actor, channel_id: int) -> Channel:
        """Raises ``UnknownChannel``."""
        allow(actor, Permission.MANAGE_ALERTS)
        return await self.rule_store.channel(channel_id)

    async def add(self, actor: Actor, fields: Mapping[str, Any]) -> Channel:
        """Add a channel: ``name``, ``url`` (a ``Secret``), ``is_active``.  Raises ``Invalid``, ``ChannelExists``."""
        allow(actor, Permission.MANAGE_ALERTS)
        channel = attrs.evolve(Channel(0, "", "", Secret("")), **await self._checked(fields))
        channel = await self.rule_store.add_channel(channel)
        await self._note(actor, "add-channel", channel, f"{channel.name} ({channel.scheme})")
        return channel

    async def change(
        self, actor: Actor, channel_id: int, fields: Mapping[str, Any], *, expect: Expect = anything
    ) -> Channel:
        """Change the fields that are named.  Raises ``UnknownChannel``, ``Invalid``, ``ChannelExists``, ``Stale``."""
        allow(actor, Permission.MANAGE_ALERTS)
        found = await self._checked(fields)

        async def changed(channel: Channel) -> Channel:
            expect(channel.revision)
            return attrs.evolve(channel, **found)

        before, after = await edit(lambda: self.rule_store.channel(channel_id), changed, self.rule_store.change_channel)
        if after != before:
            await self._note(actor, "change-channel", after, f"{after.name}: {', '.join(fields)}")
        return after

    async def remove(self, actor: Actor, channel_id: int) -> None:
        """Remove a channel, and what waits for it.  Raises ``UnknownChannel``."""
        allow(actor, Permission.MANAGE_ALERTS)
        channel = await self.rule_store.channel(channel_id)
        await self.rule_store.remove_channel(channel_id)
        await self._note(actor, "remove-channel", channel, channel.name)

    async def test(self, actor: Actor, channel_id: int) -> Channel:
        """Send a test message, now, also through a channel that is switched off.

        Raises:
            UnknownChannel
            NotDelivered: Why it was not taken.
            TooManyRequests: Several are under way.
        """
        allow(actor, Permission.MANAGE_ALERTS)
        channel = await self.rule_store.channel(channel_id)
        try:
            self.testing.acquire_nowait()
        except anyio.WouldBlock:
            raise TooManyRequests(f"{TESTS} test messages are under way", retry_after=DEADLINE_S) from None
        try:
            message = Message("lineman: a test", f"{actor.name} tests the channel {channel.name}.", Severity.INFO)
            error = await attempt(self.notifier, channel, message)
        finally:
            self.testing.release()
        await self.outbox.tried(channel_id, at=self.clock.now(), error=error)
        await self._note(actor, "test-channel", channel, error or "", "failed" if error else "ok")
        if error:
            raise NotDelivered(f"{channel.name}: {error}")
        return await self.rule_store.channel(channel_id)

    async def _checked(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        found = checked(fields, {"name": name, "url": self._url, "is_active": truth})
        if "url" in found:
            # Plug-ins are looked up and loaded, from files.
            try:
                found["scheme"] = await anyio.to_thread.run_sync(self.notifier.check, found["url"])
            except BadChannel as error:
                raise Invalid(error.detail, errors=(FieldError("url", error.detail),)) from error
        return found

    @staticmethod
    def _url(value: Any) -> Secret:
        if not isinstance(value, Secret) or not value.reveal().strip():
            raise Invalid("must be a URL such as tgram://TOKEN/CHAT or mailto://USER:PASSWORD@example.com")
        return Secret(value.reveal().strip())

    async def _note(self, actor: Actor, action: str, channel: Channel, detail: str, outcome: str = "ok") -> None:
        subject = f"alert-channel {channel.id}"
        await self.journal.write(Entry(self.clock.now(), actor.name, f"alerts.{action}", subject, outcome, detail))
