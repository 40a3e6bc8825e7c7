"""Who may do what: one table, asked by every use case, so that each face obeys it."""

from collections.abc import Mapping
from types import MappingProxyType

from ..ports.errors import NotAllowed
from ..ports.identity import Actor, Permission, Role

P = Permission

#: What a client or an enterprise admin may *see* of these is part of each query (``Actor.container_ids`` …).
PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.ADMIN: frozenset(Permission),
        Role.OPERATOR: frozenset(
            {P.SEE_MINERS, P.SEE_STATISTICS, P.CHANGE_MINERS, P.POLL_MINERS, P.ACT_ON_MINERS, P.SEE_JOURNAL}
            | {P.SEE_ALERTS, P.MANAGE_ALERTS, P.SEE_ENTERPRISES, P.CHANGE_ENTERPRISES}
            | {P.SEE_GATEWAYS, P.CHANGE_GATEWAYS, P.SCAN_GATEWAYS, P.REBOOT_GATEWAYS}
            | {P.SEE_UNITS, P.CHANGE_UNITS, P.CHECK_UNITS, P.CYCLE_POWER, P.SWITCH_ON, P.MANAGE_CLOUD}
        ),
        Role.ACCOUNTANT: frozenset({P.SEE_MINERS, P.SEE_STATISTICS, P.SEE_ALERTS}),
        Role.CLIENT: frozenset({P.SEE_MINERS, P.SEE_STATISTICS, P.SEE_ALERTS}),
        Role.ENTERPRISE_ADMIN: frozenset(
            {P.SEE_ENTERPRISES, P.SEE_GATEWAYS, P.REBOOT_GATEWAYS, P.SEE_UNITS, P.SEE_ALERTS}
        ),
    }
)


def may(actor: Actor, permission: Permission) -> bool:
    """Whether ``actor`` has ``permission``."""
    return permission in PERMISSIONS[actor.role]


def allow(actor: Actor, permission: Permission) -> None:
    """Let ``actor`` pass, or raise ``NotAllowed`` naming the permission he lacks."""
    if not may(actor, permission):
        raise NotAllowed(
            f"{actor.name} ({actor.role}) lacks the permission {permission}; an admin can give another role"
        )


def enterprises_of(actor: Actor) -> frozenset[str] | None:
    """The enterprises whose things the actor may see: part of every query; ``None`` = all.

    An enterprise admin of none sees nothing.
    """
    if actor.role is Role.ENTERPRISE_ADMIN:
        return actor.enterprise_numbers or frozenset()
    return actor.enterprise_numbers
