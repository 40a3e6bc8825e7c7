"""What people may set: every wrong field is named, and all at once."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ...ports.alerts import Kind, Rule, Severity
from ...ports.errors import Invalid
from ..fields import Check, check_plain
from ..fields import checked as checked

LONGEST_NAME, LONGEST_TEXT = 200, 2000
#: Minutes: a week.
LONGEST_HOLD = 10_080
#: Entries of one list.
MOST = 1000


def name(value: Any) -> str:
    """1 to 200 characters on one line."""
    found = text(LONGEST_NAME)(value)
    if not found:
        raise Invalid("must not be empty")
    return str(found)


def text(longest: int) -> Check:
    """Text of one line without spaces around it; ``None`` for nothing."""

    def check(value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            raise Invalid("must be text")
        found = value.strip()
        if len(found) > longest:
            raise Invalid(f"is longer than {longest} characters")
        check_plain(found)
        return found or None

    return check


def number(low: float, high: float) -> Check:
    """A number between the two."""

    def check(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise Invalid(f"{str(value)[:30]} is not a number between {low:g} and {high:g}")
        return float(value)

    return check


def count(low: int, high: int) -> Check:
    """A whole number between the two."""

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise Invalid(f"{str(value)[:30]} is not a whole number between {low} and {high}")
        return value

    return check


def truth(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Invalid("must be true or false")
    return value


def optional(check: Check) -> Check:
    """The same check, or nothing at all."""
    return lambda value: None if value is None else check(value)


def several(check: Check) -> Check:
    """Up to a thousand, each once, in order."""

    def all_of(values: Any) -> tuple[Any, ...]:
        if len(values) > MOST:
            raise Invalid(f"has more than {MOST} entries")
        return tuple(sorted({check(value) for value in values}))

    return all_of


def severity(value: Any) -> Severity:
    try:
        return Severity(value)
    except ValueError:
        raise Invalid(f"{str(value)[:30]!r} is none of {', '.join(Severity)}") from None


def moment(value: Any) -> datetime:
    """A time with its zone, in UTC."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise Invalid("needs a time with a zone, such as 2026-11-24T12:00:00Z")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise Invalid("lies outside the calendar") from None


ID = count(1, 2**31 - 1)
RULE: Mapping[str, Check] = {
    "name": name,
    "kind": text(50),
    "threshold": optional(number(0, 1e9)),
    "minutes": number(0, LONGEST_HOLD),
    "severity": severity,
    "container_ids": several(ID),
    "enterprise_numbers": several(name),
    "tags": several(name),
    "channel_ids": several(ID),
    "escalate_after_minutes": optional(count(1, LONGEST_HOLD)),
    "escalate_channel_ids": several(ID),
    "is_active": truth,
}
WINDOW: Mapping[str, Check] = {
    "system": text(50),
    "container_ids": several(ID),
    "enterprise_numbers": several(name),
    "subject_ids": several(ID),
    "since": moment,
    "until": moment,
    "reason": lambda value: text(LONGEST_TEXT)(value) or "",
}


def check_kind(rule: Rule, kind: Kind) -> None:
    """Raises ``Invalid`` if threshold or minutes do not suit the kind, or it names what its subjects do not have."""
    if kind.of_enterprises:
        strange = [name for name in ("container_ids", "tags") if getattr(rule, name)]
    else:
        strange = ["enterprise_numbers"] if rule.enterprise_numbers else []
    if strange:
        what = (
            "are of enterprises, and have neither container nor tags" if kind.of_enterprises else "are of no enterprise"
        )
        raise Invalid(f"what a rule of kind {kind.kind} is about {what}", field=strange[0])
    if kind.chosen and rule.threshold is None and kind.threshold is None:
        raise Invalid(f"a rule of kind {kind.kind} needs a threshold, in {kind.unit or 'pieces'}", field="threshold")
    if not kind.chosen and rule.threshold is not None:
        raise Invalid(f"a rule of kind {kind.kind} has no threshold", field="threshold")
    if kind.silence and rule.minutes < kind.minutes / 2:
        raise Invalid(f"must be at least {kind.minutes / 2:g}: dead things are asked seldom", field="minutes")


def check_escalation(rule: Rule) -> None:
    """Raises ``Invalid`` if channels are named for an escalation that never comes."""
    if rule.escalate_channel_ids and rule.escalate_after_minutes is None:
        raise Invalid(
            "say after how many minutes without an acknowledgement the channels of the escalation are told, "
            "or name none for it",
            field="escalate_after_minutes",
        )


def usual_rules(kinds: Mapping[str, Kind]) -> tuple[Rule, ...]:
    """What is there from the first start."""
    return tuple(usual_rule(kind, kind.title) for kind in kinds.values() if kind.usual)


def usual_rule(kind: Kind, named: str) -> Rule:
    """A rule with what its kind starts with."""
    return Rule(0, named, kind.kind, kind.threshold if kind.chosen else None, kind.minutes, kind.severity)
