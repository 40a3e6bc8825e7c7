"""What changed, in words for the journal."""

from typing import TypeVar

import attrs

from ...ports.miners import Container, Group, Miner

T = TypeVar("T", Miner, Container, Group)


def difference(before: T, after: T) -> str:
    """The fields that differ, old and new; of a password only that it does."""
    parts = []
    for field in attrs.fields(type(before)):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old != new:
            parts.append(f"{field.name} changed" if "password" in field.name else f"{field.name} {old} -> {new}")
    return ", ".join(parts)
