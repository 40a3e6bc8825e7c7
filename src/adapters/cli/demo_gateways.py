"""The gateways of the demonstration: tenants, their GoIP units, and what is wrong with some of them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...ports.identity import Actor
    from ...service import Service
    from ..devices.simulators.gateways import SimulatedGatewayTown

COUNT = 14
#: Seconds between two scans: one can watch what happens.
INTERVAL = 30.0
#: Of the simulated gateways and of their list; they are on loopback and live as long as the demonstration.
LOGIN, LIST_LOGIN = ("admin", "goip"), ("admin", "radmin")
TENANTS = (("0101", "Northern Lights Taxi"), ("0102", "Pharmacy 36.6 °C"), ("0103", "Печи и камины"))


def town(seed: int) -> "SimulatedGatewayTown":
    """Gateways behind a remote administration server: one never dialled in, one died, one has another password."""
    from ..devices.simulators.gateways import SimulatedGatewayTown, Times

    faulty = {"denied": 1 / COUNT}
    return SimulatedGatewayTown(
        COUNT, seed=seed, dead_share=1 / COUNT, absent_share=1 / COUNT, faults=faulty, legacy=1,
        login=LOGIN, radmin_login=LIST_LOGIN, times=Times().scaled(0.25),
    )  # fmt: skip


def settings(simulated: "SimulatedGatewayTown") -> dict[str, Any]:
    """What a deployment would say of them."""
    from ...ports.secrets import Secret

    return {
        "mftp_host": "127.0.0.1",
        "mftp_port": simulated.radmin.port,
        "mftp_username": LIST_LOGIN[0],
        "mftp_password": Secret(LIST_LOGIN[1]),
        "goip_scan_interval": INTERVAL,
        "goip_scan_timeout": 8.0,
    }


async def settle(service: "Service", simulated: "SimulatedGatewayTown", actor: "Actor") -> None:
    """Write tenants and gateways into the database, as an operator would."""
    from ...core.gateways import GatewayDraft
    from ...ports.enterprises import NewEnterprise
    from ...ports.secrets import Secret

    for number, name in TENANTS:
        tenant = NewEnterprise(number, name, LOGIN[0], Secret(LOGIN[1]))
        await service.house.enterprises().add(actor, tenant)
    for index, gateway in enumerate(simulated.gateways):
        await service.house.gateways().add(
            actor, GatewayDraft(name=gateway.name, enterprise_number=TENANTS[index % len(TENANTS)][0])
        )


async def all_seen(service: "Service") -> bool:
    """Whether a scan of all of them has ended."""
    return any(scan.finished_at and scan.total >= COUNT for scan in await service.house.scan_store().latest())
