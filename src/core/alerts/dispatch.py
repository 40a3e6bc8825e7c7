"""Telling people: what waits in the outbox, gathered into messages, tried again until it arrives or is given up."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import anyio
import attrs

from ...ports.alerts import Channel, Due, Message, NotDelivered, NoticeKind, Notifier, Outbox, RuleStore
from ...ports.clock import Clock
from ...ports.errors import LinemanError
from ..resilience import backoff
from .wording import message_of

#: Seconds: the first pause after a failure, and the longest.
BASE_S, SLOWEST_S = 10.0, 900.0
#: After so many tries, some five hours, a notice is given up and shown as failed.
TRIES = 24
#: Seconds that one message may take.
DEADLINE_S = 20.0
#: Notices in one go; the rest waits for the next.
AT_ONCE = 20_000
#: Messages under way at the same time, each to another channel.
CHANNELS_AT_ONCE = 4

#: What is told in one message: a rule's number and the kind of notice.
Group = tuple[int, NoticeKind]


@attrs.frozen
class DispatchStats:
    """How the telling goes, since the process started."""

    messages: int
    #: Notices in them.
    sent: int
    #: Tries that failed, and notices given up.
    failures: int
    given_up: int


@attrs.define
class _Rest:
    """A channel that failed is left alone for a while, so that ten rules do not mean ten time-outs."""

    failures: int = 0
    until: float = 0.0


@attrs.define(eq=False)
class Dispatch:
    """Sends what waits.

    What fires together is told together: one message a channel, rule and kind
    of notice, and no second one of them within ``gather`` seconds, so that
    10,000 miners that go offline make a message a minute.

    A crash loses nothing: notices are stored before they are sent.  Between
    the sending of a message and its record lies a moment; a crash or a stop
    in it sends that message once more.
    """

    outbox: Outbox
    rule_store: RuleStore
    notifier: Notifier
    clock: Clock
    #: Seconds.
    gather: float = 60.0

    _rests: dict[int, _Rest] = attrs.field(init=False, factory=dict)
    _told: dict[tuple[int, Group], float] = attrs.field(init=False, factory=dict)
    _slots: anyio.Semaphore = attrs.field(init=False, factory=lambda: anyio.Semaphore(CHANNELS_AT_ONCE))
    _messages: int = attrs.field(init=False, default=0)
    _sent: int = attrs.field(init=False, default=0)
    _failures: int = attrs.field(init=False, default=0)
    _given_up: int = attrs.field(init=False, default=0)

    async def send(self) -> None:
        """Tell what is due.  Raises ``Unavailable``."""
        dues = await self.outbox.due(now=self.clock.now(), slowest=SLOWEST_S * 1.25, limit=AT_ONCE)
        if not dues:
            return
        channels = {channel.id: channel for channel in await self.rule_store.channels()}
        by_channel: dict[int, list[Due]] = {}
        for due in dues:
            by_channel.setdefault(due.notice.channel_id, []).append(due)
        errors: list[LinemanError] = []
        async with anyio.create_task_group() as tasks:
            for channel_id, waiting in by_channel.items():
                tasks.start_soon(self._tell, channel_id, channels.get(channel_id), waiting, errors)
        if errors:
            raise errors[0]

    def stats(self) -> DispatchStats:
        """How it goes."""
        return DispatchStats(self._messages, self._sent, self._failures, self._given_up)

    async def _tell(
        self, channel_id: int, channel: Channel | None, dues: Sequence[Due], errors: list[LinemanError]
    ) -> None:
        try:
            if channel is None or not channel.is_active:
                await self._give_up(channel_id, dues, "the channel is switched off")
            else:
                await self._tell_all(channel, dues)
        except LinemanError as error:
            # The others are told nevertheless.
            errors.append(error)

    async def _tell_all(self, channel: Channel, dues: Sequence[Due]) -> None:
        channel_id = channel.id
        rest = self._rests.setdefault(channel_id, _Rest())
        if self.clock.monotonic() < rest.until:
            return
        async with self._slots:
            for group, together in self._groups(channel_id, dues):
                if not await self._deliver(channel, together):
                    rest.failures += 1
                    pause = backoff(rest.failures, base=BASE_S, cap=SLOWEST_S / 3, seed=channel_id)
                    rest.until = self.clock.monotonic() + pause
                    return
                rest.failures = 0
                self._told[channel_id, group] = self.clock.monotonic()

    def _groups(self, channel_id: int, dues: Sequence[Due]) -> Iterator[tuple[Group, Sequence[Due]]]:
        """What to tell now, in order.  The end of an alert is not told before its beginning."""
        groups: dict[Group, list[Due]] = {}
        for due in dues:
            groups.setdefault((due.alert.rule_id, due.notice.kind), []).append(due)
        held: set[int] = set()
        now = self.clock.monotonic()
        for group, members in sorted(groups.items(), key=lambda item: list(NoticeKind).index(item[0][1])):
            if now - self._told.get((channel_id, group), -self.gather) < self.gather:
                held.update(due.alert.id for due in members)
            elif together := [due for due in members if due.alert.id not in held]:
                yield group, together

    async def _deliver(self, channel: Channel, dues: Sequence[Due]) -> bool:
        ids = [due.notice.id for due in dues]
        error = await attempt(self.notifier, channel, message_of(dues))
        now = self.clock.now()
        if error is None:
            self._messages += 1
            self._sent += len(ids)
            # Also while the service stops; the database bounds how long it takes.
            with anyio.CancelScope(shield=True):
                await self.outbox.sent(channel.id, ids, at=now)
            return True
        self._failures += 1
        last = [due for due in dues if due.notice.attempts + 1 >= TRIES]
        others = [due for due in dues if due.notice.attempts + 1 < TRIES]
        if last:
            await self._give_up(channel.id, last, error)
        if others:
            tries = max(due.notice.attempts for due in others) + 1
            wait = backoff(tries, base=BASE_S, cap=SLOWEST_S, seed=(channel.id, ids[0]))
            await self.outbox.not_sent(
                channel.id, [due.notice.id for due in others], at=now, next_try=now + timedelta(seconds=wait),
                error=error,
            )  # fmt: skip
        return False

    async def _give_up(self, channel_id: int, dues: Sequence[Due], error: str) -> None:
        self._given_up += len(dues)
        ids = [due.notice.id for due in dues]
        await self.outbox.not_sent(channel_id, ids, at=self.clock.now(), next_try=None, error=error)


async def attempt(notifier: Notifier, channel: Channel, message: Message) -> str | None:
    """Send one message; why it did not arrive, if it did not."""
    try:
        # The notifier keeps the deadline; this is for the day on which it does not.
        with anyio.fail_after(DEADLINE_S + 5):
            await notifier.send(channel.url, message, deadline=DEADLINE_S)
    except TimeoutError:
        return f"it did not take the message within {DEADLINE_S:.0f} s"
    except NotDelivered as error:
        return error.detail
    except LinemanError as error:
        return f"{error.title}: {error.detail}"
    return None
