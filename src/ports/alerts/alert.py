"""Alerts, what waits to be told of them, and the sockets that keep and tell."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs

from ..errors import Conflict, DeviceError, Invalid, NotFound
from ..secrets import Secret
from .facts import Key, Severity, Subject

#: What can be so or not: a rule's number and a subject.
Case = tuple[int, Key]


class Status(StrEnum):
    """How an alert stands."""

    FIRING = "firing"
    #: It goes on, and somebody looks after it: no more escalation.
    ACKNOWLEDGED = "acknowledged"
    RECOVERED = "recovered"


@attrs.frozen
class Alert:
    """Something that was bad for long enough, from its first moment to its last."""

    id: int
    rule_id: int
    #: The rule's name, kind and severity when it fired: rules change and go.
    rule: str
    kind: str
    severity: Severity
    system: str
    subject_id: int
    subject: str
    container_id: int | None
    status: Status
    #: The last bad figure, in the kind's unit; ``None`` for kinds without a threshold.
    value: float | None
    unit: str
    detail: str
    #: When it began, when that had lasted long enough, and when it was seen last.
    since: datetime
    fired_at: datetime
    last_at: datetime
    recovered_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    comment: str | None = None
    escalated_at: datetime | None = None
    #: It began in a maintenance window, and nobody was told yet.
    muted: bool = False
    #: Grows with every change of any alert: who has seen one number asks for what came after.
    seq: int = 0
    #: Whose the subject is; ``None`` where that is no question.
    enterprise_number: str | None = None

    @property
    def case(self) -> Case:
        return self.rule_id, (self.system, self.subject_id)


@attrs.frozen
class AlertQuery:
    """Which alerts, newest first.

    ``visible`` (containers) and ``visible_enterprises`` are what the actor may
    see, so part of the query; ``None`` confines nobody.
    """

    status: Status | None = None
    #: Not recovered.
    is_open: bool | None = None
    severity: Severity | None = None
    container_id: int | None = None
    system: str | None = None
    subject_id: int | None = None
    #: Part of the subject's name, in any case.
    subject: str | None = None
    limit: int = 100
    offset: int = 0
    visible: frozenset[int] | None = None
    enterprise_number: str | None = None
    visible_enterprises: frozenset[str] | None = None


class NoticeKind(StrEnum):
    """What is told of an alert."""

    FIRED = "fired"
    ESCALATED = "escalated"
    RECOVERED = "recovered"


class Delivery(StrEnum):
    """How far a notice came."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@attrs.frozen
class Notice:
    """One message of one alert to one channel, on its way or behind us."""

    id: int
    alert_id: int
    channel_id: int
    #: The channel's name then.
    channel: str
    kind: NoticeKind
    #: When it was queued; once it was sent or given up, when that was.
    at: datetime
    delivery: Delivery = Delivery.WAITING
    attempts: int = 0
    error: str | None = None


@attrs.frozen
class Due:
    """A notice whose time has come, with the alert that it tells of."""

    notice: Notice
    alert: Alert
    #: The name of the container in which its subject was; empty if it was in none, or that is gone.
    container: str = ""


@attrs.frozen
class Pending:
    """It has begun to be bad, and has not lasted long enough yet."""

    case: Case
    since: datetime
    subject: Subject


@attrs.frozen
class Passed:
    """It was not bad for long enough."""

    case: Case


@attrs.frozen
class Raised:
    """An alert begins; its ``id`` is given by the store.  Nobody is told of a muted one."""

    alert: Alert
    channel_ids: tuple[int, ...]


@attrs.frozen
class Refreshed:
    """It is still bad: what is to be seen of it now."""

    alert_id: int
    value: float | None
    detail: str
    at: datetime


@attrs.frozen
class Ended:
    """An alert is over.  Whoever heard of it hears of its end."""

    case: Case
    alert_id: int
    #: Why, if it did not recover by itself.
    reason: str | None = None


@attrs.frozen
class Unmuted:
    """The maintenance is over, and it is still bad."""

    alert_id: int
    channel_ids: tuple[int, ...]


@attrs.frozen
class Escalation:
    """Nobody acknowledged it for too long.  Counts only if that is still so."""

    alert_id: int
    channel_ids: tuple[int, ...]


Change = Pending | Passed | Raised | Refreshed | Ended | Unmuted | Escalation


@attrs.frozen
class Standing:
    """What is not well at present, as a process learns it that begins to judge."""

    pending: Sequence[Pending]
    #: Alerts that are not over.
    alerts: Sequence[Alert]


class UnknownAlert(NotFound):
    """There is no such alert."""


class AlertOver(Conflict):
    """The alert is over."""


class AlertStore(Protocol):
    """Keeps alerts and what waits to be told of them.

    Who is confined to containers sees no alert without a container of his, and
    who is confined to enterprises none without an enterprise of his.
    """

    async def find(self, query: AlertQuery) -> tuple[Sequence[Alert], int]:
        """A page, newest first, and how many there are."""

    async def get(
        self,
        alert_id: int,
        *,
        visible: frozenset[int] | None = None,
        visible_enterprises: frozenset[str] | None = None,
    ) -> Alert:
        """Raises ``UnknownAlert``, also for what the actor may not see."""

    async def changed(
        self,
        after: int,
        *,
        limit: int,
        visible: frozenset[int] | None = None,
        visible_enterprises: frozenset[str] | None = None,
    ) -> Sequence[Alert]:
        """Alerts whose ``seq`` is greater than ``after``, in that order."""

    async def latest(self) -> int:
        """The greatest ``seq`` given out."""

    async def acknowledge(self, alert_id: int, *, by: str, at: datetime, comment: str | None) -> Alert:
        """Raises ``UnknownAlert``, ``AlertOver``.  Done twice, the first name stays and the comment is the last one."""

    async def notices(self, alert_ids: Sequence[int]) -> Mapping[int, Sequence[Notice]]:
        """What was or is to be told of each, oldest first."""

    async def standing(self) -> Standing: ...

    async def save(self, changes: Sequence[Change], *, at: datetime) -> Mapping[Case, int]:
        """Store changes and queue what is to be told, in one transaction; the numbers of alerts raised.

        A case that fires already raises no second alert and is not in the answer.
        """

    async def prune(self, *, before: datetime) -> int:
        """Drop alerts that were over by then; how many."""


class Outbox(Protocol):
    """What waits to be told."""

    async def due(self, *, now: datetime, slowest: float, limit: int) -> Sequence[Due]:
        """Notices whose time has come, oldest first; none whose forerunner of the same alert still waits.

        One planned for more than ``slowest`` seconds ahead is due as well: somebody set the clock back.
        """

    async def sent(self, channel_id: int, notice_ids: Sequence[int], *, at: datetime) -> None:
        """They arrived."""

    async def not_sent(
        self, channel_id: int, notice_ids: Sequence[int], *, at: datetime, next_try: datetime | None, error: str
    ) -> None:
        """They did not; ``next_try`` of ``None`` gives them up."""

    async def tried(self, channel_id: int, *, at: datetime, error: str | None) -> None:
        """A test message was sent, or was not."""

    async def waiting(self) -> int:
        """How many notices are on their way."""


@attrs.frozen
class Message:
    """What a channel is given."""

    title: str
    body: str
    severity: Severity
    #: Good news: something recovered.
    good: bool = False


class BadChannel(Invalid):
    """This is no address that messages can be sent to."""


class NotDelivered(DeviceError):
    """The channel did not take the message."""


class Notifier(Protocol):
    """Sends messages."""

    def check(self, url: Secret) -> str:
        """The scheme of a channel's URL.

        Raises:
            BadChannel: Nothing is known by that scheme, or the URL lacks something.
        """

    async def send(self, url: Secret, message: Message, *, deadline: float) -> None:
        """Hand over one message within ``deadline`` seconds.

        Raises:
            NotDelivered: The detail never holds a part of the URL.
        """
