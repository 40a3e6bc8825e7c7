"""The Asterisk units of the demonstration, the plugs that feed them, and the cloud behind these."""

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from ...ports.identity import Actor
    from ...service import Service
    from ..devices.simulators.units import SimulatedPbxTown

COUNT = 6
#: Seconds between two looks, and those after which one unit hangs, once all were seen.
INTERVAL, HANGS_AFTER = 5.0, 20.0
TENANTS = (
    "Blue Whale Travel",
    "Dr Okafor, dentist",
    "Кофе на углу",
    "Harbour Pilots",
    "Lindqvist & Daughters",
    "Moss Cinema",
)
#: Whose unit hangs.
VICTIM = 2


def town(seed: int, port: int) -> "SimulatedPbxTown":
    """Units that boot in a quarter of a minute, each on a plug of one account."""
    from ..devices.simulators.ewelink import RegisteredApplication
    from ..devices.simulators.units import SimulatedPbxTown, UnitTimes

    application = RegisteredApplication(redirect_url=f"http://127.0.0.1:{port or 8000}/ewelink/ewelink-callback/")
    return SimulatedPbxTown(COUNT, seed=seed, application=application, times=UnitTimes().scaled(0.25))


def settings(simulated: "SimulatedPbxTown") -> dict[str, Any]:
    """What a deployment would say of them."""
    from ...ports.secrets import Secret

    application = simulated.cloud.application
    return {
        "unit_interval": INTERVAL,
        "unit_timeout": 4.0,
        "power_hold": 5.0,
        "ewelink_app_id": application.app_id,
        "ewelink_app_secret": Secret(application.secret),
        "ewelink_redirect_url": application.redirect_url,
        "ewelink_api": simulated.cloud.url,
    }


async def settle(service: "Service", simulated: "SimulatedPbxTown", actor: "Actor") -> None:
    """Write units into the database, authorise the account, and bind the plugs, as an operator would."""
    from ...core.units.checks import plug
    from ...ports.enterprises import NewEnterprise
    from ...ports.secrets import Secret

    house = service.house
    for row, name in zip(simulated.rows(), TENANTS, strict=True):
        await house.enterprises().add(actor, NewEnterprise(row["enterprise_number"], name))
        fields = {**row, "password": Secret(row["password"]), "parameter_option_2": True}
        await house.units().add(actor, fields)
    back = urlsplit(simulated.cloud.approve(await house.clouds().authorise_url(actor)))
    said = {name: values[0] for name, values in parse_qs(back.query).items()}
    await house.clouds().callback(said["code"], said["region"], said["state"])
    for binding in simulated.bindings():
        bound = plug(binding["kind"], binding["device_id"], binding["outlet"])
        await house.powering().bind(actor, binding["enterprise_number"], bound)


async def all_seen(service: "Service") -> bool:
    """Whether each of them was looked at."""
    watches = await service.house.unit_watch_store().watches()
    return sum(watch.last_checked_at is not None for watch in watches.values()) >= COUNT


async def go_on(simulated: "SimulatedPbxTown") -> None:
    """Let one of them hang after a while: it is power-cycled, boots, and comes back."""
    import anyio

    await anyio.sleep(HANGS_AFTER)
    simulated.set(VICTIM, hung=True)
