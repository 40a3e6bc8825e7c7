"""What changed, in words for the journal."""

from typing import TypeVar

import attrs

from ...ports.miners import Container, Group, Miner

T = TypeVar("T", Miner, Container, Group)

#: What stands beside the fields that people edit.
NOT_EDITED = frozenset({"revision", "last_seen", "hardware_id", "group_username", "group_password", "miners"})


def difference(before: T, after: T) -> str:
    """The fields that differ, old and new; of a password only that it does."""
    parts = []
    for field in attrs.fields(type(before)):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old != new and field.name not in NOT_EDITED:
            parts.append(f"{field.name} changed" if "password" in field.name else f"{field.name} {old} -> {new}")
    return ", ".join(parts)
