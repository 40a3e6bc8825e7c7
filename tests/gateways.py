"""Gateways, lines and scans for tests of the stores."""

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from lineman.adapters.db.engine import Database
from lineman.ports.gateways import (
    EventKind,
    Forward,
    Forwards,
    ForwardState,
    GatewayEvent,
    GatewayWatch,
    Health,
    Line,
    LineWatch,
    Reason,
    Seen,
    Status,
)

NOW = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)

#: Every field says something.
WATCH = GatewayWatch(
    Status.ERROR, Reason.IDENTITY, "another serial", NOW, 40001, 40000, NOW, NOW, NOW - timedelta(hours=1), True, 2,
    "203.0.113.7", "MegaCom GoIP-8", "GoIP8", "8MCDRM00001234", "1234", "GHSFVT-1.1-68-7", "M26FBR03A02_RSIM", 2**40,
    "1970-01-01 00:00", 8, NOW + timedelta(minutes=3), NOW,
)  # fmt: skip
LINE = Line(
    1, True, True, True, False, "ALERTING", "+99912345", "07", 7, "Оператор & Co", "32B1", "C8C0", 93, 47, 7, 15, 3,
    "120", 120, False, True,
)  # fmt: skip
FORWARDS = Forwards(
    Forward(ForwardState.OFF), Forward(ForwardState.ON, "+99929"), Forward(ForwardState.NOT_SET), Forward()
)
LINE_WATCH = LineWatch(
    1, "GW 1", "17", LINE, Health.WEAK_SIGNAL, NOW - timedelta(days=1), NOW, True, FORWARDS, "9001", True
)
EVENT = GatewayEvent(NOW, EventKind.STATUS, None, "active", "error", "another serial")


async def add_enterprise(db: Database, number: str, name: str, *, password_sealed: str | None = None) -> None:
    await db.run(
        "insert into enterprise (number, name, name_key, gateway_username, gateway_password_sealed, comment, "
        "created_at, revision, search) values (:number, :name, :key, 'admin', :password, '', :at, 1, :key)",
        number=number, name=name, key=name.casefold(), password=password_sealed, at=NOW,
    )  # fmt: skip


def line(gateway_id: int, number: int, at: datetime = NOW, *, health: Health = Health.OK, **shown: Any) -> LineWatch:
    plain = Line(number, module=True, sim=True, gsm=True, voip=True, state="IDLE", rssi_raw="20", rssi=20)
    return LineWatch(gateway_id, f"GW {gateway_id}", "17", attrs.evolve(plain, **shown), health, at, at)


def seen(gateway_id: int, *lines: LineWatch, at: datetime = NOW) -> Seen:
    return Seen(gateway_id, at, GatewayWatch(Status.ACTIVE, since=at, ok_at=at, line_count=len(lines)), lines)
