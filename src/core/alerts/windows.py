"""Maintenance windows: when nobody is told."""

from collections.abc import Iterable
from datetime import datetime

from ...ports.alerts import Subject, Window


def covers(window: Window, subject: Subject, at: datetime) -> bool:
    """Whether ``subject`` is under maintenance by this window at that time."""
    if not window.since <= at < window.until or window.system not in (None, subject.system):
        return False
    if not (window.container_ids or window.enterprise_numbers or window.subject_ids):
        return True
    return (
        subject.container_id in window.container_ids
        or subject.enterprise_number in window.enterprise_numbers
        or subject.id in window.subject_ids
    )


def in_maintenance(windows: Iterable[Window], subject: Subject, at: datetime) -> bool:
    """Whether any window covers it."""
    return any(covers(window, subject, at) for window in windows)
