"""``lineman demo``: a town of simulated devices, the service and its pages, to be tried without hardware."""

import secrets
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...ports.errors import Unavailable
from ...ports.identity import Actor, Role
from . import demo_gateways, demo_units
from .frame import Command
from .output import note

if TYPE_CHECKING:
    from ...service import Service
    from ..devices.simulators.gateways import SimulatedGatewayTown
    from ..devices.simulators.miners import SimulatedFarm
    from ..devices.simulators.units import SimulatedPbxTown

#: Who builds the town.
ACTOR = Actor("demo", Role.ADMIN)
#: Seconds until every simulated device has been seen, or something is wrong.
PATIENCE = 120.0
#: Miners that fall silent once all have been seen.
SILENT = 3
PLACES = ("Rotterdam, pier 4", "Murmansk, berth 12", "Bratsk, yard 1", "Almaty, hangar 2", "Narvik, quay 7")
NEXT = """\
Try next, in another terminal:
  {lineman} --url {url} --token {token} miners list --sort=-temperature
  {lineman} --url {url} --token {token} miners watch
  {lineman} --url {url} --token {token} gateways list
  {lineman} --url {url} --token {token} units watch
  curl -H 'Authorization: Bearer {token}' {url}/miners/api/stats/overview
  open {url}/docs
Ctrl-C ends the town; nothing of it is kept."""


@click.command(cls=Command)
@click.option("--count", type=click.IntRange(1, 5000), default=300, show_default=True, help="How many miners.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 is any free one.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same town.")
@click.option(
    "--interval", type=click.FloatRange(1, 3600), default=10, show_default=True, help="Seconds between polls."
)
@click.option("--address", help="Of the first miner; a free block on loopback, if it is not said.")
def demo(count: int, port: int, seed: int, interval: float, address: str | None) -> None:
    """Try lineman: hundreds of simulated miners of four makers, GSM gateways and Asterisk units.

    Once each of them was seen, one line says where: ready URL LOGIN PASSWORD.
    A little later a unit hangs: its power is cut, it boots, and comes back while
    one watches.
    """
    import anyio

    from ..devices.simulators.miners import LIVELY, SimulatedFarm
    from ..http.server import fast_loop
    from ..logs import configure

    configure("warning", "console")
    farm = SimulatedFarm(count=count, seed=seed, address=address or free_block(), conditions=LIVELY)
    gateways, units = demo_gateways.town(seed), demo_units.town(seed, port)
    with tempfile.TemporaryDirectory(prefix="lineman-demo-") as folder:
        anyio.run(_town, farm, gateways, units, Path(folder), port, interval, backend_options=fast_loop())


def free_block() -> str:
    """The first address of a block of loopback addresses where nobody simulates miners yet."""
    import socket

    for block in range(50, 250):
        address = f"127.{block}.0.1"
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, 4028))
            except OSError:
                continue
            return address
    raise Unavailable("no block of loopback addresses is free for simulated miners; name one with --address")


async def _town(
    farm: "SimulatedFarm", gateways: "SimulatedGatewayTown", units: "SimulatedPbxTown", folder: Path, port: int,
    interval: float,
) -> None:  # fmt: skip
    import anyio

    from ...ports.secrets import Secret
    from ...service import run
    from ...settings import Settings
    from .serve import until_signalled

    password = Secret(secrets.token_urlsafe(12))
    stop, url = anyio.Event(), ""

    def serving(address: str) -> None:
        nonlocal url
        url = address

    async def inhabit(service: "Service") -> None:
        with anyio.fail_after(PATIENCE):
            await _settle(service, farm)
            await demo_gateways.settle(service, gateways, ACTOR)
            await demo_units.settle(service, units, ACTOR)
            while True:
                seen = url and _all_seen(service, len(farm.miners)) and await demo_gateways.all_seen(service)
                if seen and await demo_units.all_seen(service):
                    break
                await anyio.sleep(0.2)
            await service.house.polling().flush()
        for silent in farm.miners[:: max(1, len(farm.miners) // SILENT)][:SILENT]:
            # So that there is something to find: they were seen, and answer no more.
            farm.set(silent.index, mute=True)
        token = await _token(service)
        # The one line that scripts wait for is the only thing on stdout.
        click.echo(f"ready {url}/ admin {password.reveal()}")
        lineman = "lineman" if shutil.which("lineman") else sys.argv[0]
        note(NEXT.format(lineman=lineman, url=url, token=token))
        await demo_units.go_on(units)

    async with anyio.create_task_group() as tasks, farm, gateways, units:
        await tasks.start(until_signalled, stop)
        note(
            f"{len(farm.miners)} simulated miners, {len(gateways.gateways)} GSM gateways and {len(units.units)} "
            "Asterisk units start on loopback …"
        )
        settings = Settings(
            database=f"sqlite:///{folder}/lineman.db",
            port=port,
            admin_password=password,
            polling_interval=interval,
            **demo_gateways.settings(gateways),
            **demo_units.settings(units),
        )
        await run(settings, stop=stop, ready=serving, beside=inhabit)
        tasks.cancel_scope.cancel()


async def _settle(service: "Service", farm: "SimulatedFarm") -> None:
    """Write the town into the database, as an operator would."""
    from ...core.miners.inventory import MinerDraft
    from ...ports.miners import NewContainer
    from ...ports.secrets import Secret
    from .simulate import row

    miners, actor = service.house.miners(), ACTOR
    places = [
        await miners.add_container(actor, NewContainer(f"Container {number}", "40 ft, simulated", place))
        for number, place in enumerate(PLACES, 1)
    ]
    for number, miner in enumerate(farm.miners):
        container = places[number * len(places) // len(farm.miners)]
        fields = row(miner)
        if "password" in fields:
            fields["password"] = Secret(fields["password"])
        await miners.add(actor, MinerDraft(**fields, container_id=container.id))


def _all_seen(service: "Service", count: int) -> bool:
    watches = service.house.polling().watches()
    return len(watches) == count and all(watch.seen_at for watch in watches.values())


async def _token(service: "Service") -> str:
    from ...core.identity import NewToken

    new = NewToken(name="demo", role=Role.OPERATOR)
    _, key = await service.house.tokens().create(ACTOR, new)
    return key.reveal()
