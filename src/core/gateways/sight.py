"""What an actor may see: part of every question to the stores."""

from ...ports.identity import Actor, Role


def visible(actor: Actor) -> frozenset[str] | None:
    """The enterprises that the actor may see; ``None`` = all.  An enterprise admin of none sees none."""
    if actor.role is Role.ENTERPRISE_ADMIN:
        return actor.enterprise_numbers or frozenset()
    return actor.enterprise_numbers
