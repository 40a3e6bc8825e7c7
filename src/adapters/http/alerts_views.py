"""What is shown of alerts, channels and windows: never a channel's URL."""

from datetime import datetime

import attrs

from ...core.alerts import Told
from ...ports.alerts import Channel, Delivery, Kind, Notice, NoticeKind, Severity, Status, Window

MINERS = "miners"


@attrs.frozen
class NotificationView:
    channel_id: int
    channel: str
    #: Queued; once it was sent or given up, when that was.
    at: datetime
    kind: NoticeKind
    delivery: Delivery
    ok: bool
    #: Why the last try failed.
    error: str | None
    attempts: int


@attrs.frozen
class AlertView:
    id: int
    rule_id: int
    rule: str
    kind: str
    severity: Severity
    system: str
    subject_id: int
    subject: str
    container_id: int | None
    enterprise_number: str | None
    status: Status
    value: float | None
    unit: str
    detail: str
    since: datetime
    fired_at: datetime
    last_at: datetime
    recovered_at: datetime | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    comment: str | None
    escalated_at: datetime | None
    muted: bool
    notifications: list[NotificationView]


@attrs.frozen
class KindView:
    kind: str
    system: str
    title: str
    unit: str
    #: The usual one; null = a rule of this kind has none.
    threshold: float | None
    minutes: float
    severity: Severity
    doc: str
    #: Whether it fires above its threshold, or below.
    above: bool
    #: Whether it is about the things of enterprises, which stand in no container.
    of_enterprises: bool


@attrs.frozen
class ChannelView:
    id: int
    name: str
    scheme: str
    is_active: bool
    last_sent_at: datetime | None
    last_error: str | None
    revision: int


@attrs.frozen
class WindowView:
    id: int
    system: str | None
    container_ids: tuple[int, ...]
    enterprise_numbers: tuple[str, ...]
    #: Subjects of the system ``miners``.
    miner_ids: tuple[int, ...]
    since: datetime
    until: datetime
    reason: str
    created_by: str
    revision: int


def alert_view(told: Told) -> AlertView:
    """An alert, and what was told of it."""
    alert = told.alert
    return AlertView(
        alert.id, alert.rule_id, alert.rule, alert.kind, alert.severity, alert.system, alert.subject_id, alert.subject,
        alert.container_id, alert.enterprise_number, alert.status, alert.value, alert.unit, alert.detail, alert.since,
        alert.fired_at, alert.last_at, alert.recovered_at, alert.acknowledged_by, alert.acknowledged_at, alert.comment,
        alert.escalated_at, alert.muted, [_notification(notice) for notice in told.notices],
    )  # fmt: skip


def _notification(notice: Notice) -> NotificationView:
    return NotificationView(
        notice.channel_id, notice.channel, notice.at, notice.kind, notice.delivery,
        notice.delivery is Delivery.SENT, notice.error, notice.attempts,
    )  # fmt: skip


def kind_view(kind: Kind) -> KindView:
    """What rules can be about."""
    threshold = kind.threshold if kind.chosen and not kind.silence else None
    return KindView(
        kind.kind, kind.system, kind.title, kind.unit, threshold, kind.minutes, kind.severity, kind.doc, kind.above,
        kind.of_enterprises,
    )  # fmt: skip


def channel_view(channel: Channel) -> ChannelView:
    """A channel without its URL."""
    return ChannelView(
        channel.id, channel.name, channel.scheme, channel.is_active, channel.last_sent_at, channel.last_error,
        channel.revision,
    )  # fmt: skip


def window_view(window: Window) -> WindowView:
    """A maintenance window."""
    miners = window.subject_ids if window.system == MINERS else ()
    return WindowView(
        window.id, window.system, window.container_ids, window.enterprise_numbers, miners, window.since, window.until,
        window.reason, window.created_by, window.revision,
    )  # fmt: skip
