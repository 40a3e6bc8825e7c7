"""Miners in a few lines: what ``import lineman`` offers to scripts and notebooks.

No database, no service, no settings: an address goes in, a ``Reading`` comes out.
"""

import asyncio
import ipaddress
from collections.abc import AsyncGenerator, Iterable

import attrs

from .adapters.devices.miners.driver import AsicDriver
from .ports.errors import DeviceError, Invalid
from .ports.miners import Maker, Reading, Target
from .ports.secrets import Secret

#: Addresses of one call: a /16.
MOST = 65_536


@attrs.frozen
class Polled:
    """One address and what came of it: a reading, or the reason why there is none."""

    host: str
    reading: Reading | None = None
    error: DeviceError | None = None


async def poll(
    host: str,
    *,
    port: int = 4028,
    maker: Maker | None = None,
    username: str | None = None,
    password: str | None = None,
    deadline: float = 5.0,
) -> Reading:
    """Ask one miner for a whole reading, whatever its make, within ``deadline`` seconds.

    Args:
        host: An address or a name.
        port: The maker's main port (80 for Elphapex).
        maker: What it is, if you know: a guess at where to start, no more.
        username: Of the web login, which some makers need for some figures.
        password: The same.
        deadline: Seconds, over all it takes.

    Raises:
        DeviceError: ``TimedOut``, ``Refusing``, ``NotAMiner`` … names the address and what was seen.
    """
    secret = None if password is None else Secret(password)
    target = Target(host, port, maker=maker, username=username, password=secret)
    return (await AsicDriver().poll(target, deadline=deadline)).reading


async def poll_all(
    hosts: str | Iterable[str],
    *,
    port: int = 4028,
    username: str | None = None,
    password: str | None = None,
    deadline: float = 5.0,
    at_once: int = 200,
) -> AsyncGenerator[Polled]:
    """Ask many miners, ``at_once`` at a time, and give each as it answers.

    Args:
        hosts: A subnet (``10.0.0.0/24``), an address, or several of either.
        port: The same for all.
        username: The same for all.
        password: The same for all.
        deadline: Seconds for each.
        at_once: How many are talked to at the same time.

    Raises:
        Invalid: Not an address or a subnet, or more than 65,536 addresses.
    """
    waiting = iter(_addresses(hosts))
    secret = None if password is None else Secret(password)
    driver = AsicDriver()
    results: asyncio.Queue[Polled | None] = asyncio.Queue(at_once)

    async def lane() -> None:
        for host in waiting:
            target = Target(host, port, username=username, password=secret)
            try:
                answer = await driver.poll(target, deadline=deadline)
            except DeviceError as error:
                await results.put(Polled(host, error=error))
            else:
                await results.put(Polled(host, answer.reading))

    async def all_lanes() -> None:
        async with asyncio.TaskGroup() as lanes:
            for _ in range(at_once):
                lanes.create_task(lane())
        await results.put(None)

    # No task group around the yield: who leaves the loop early ends us in another task.
    work = asyncio.create_task(all_lanes())
    try:
        while (polled := await _next(results, work)) is not None:
            yield polled
    finally:
        work.cancel()
        await asyncio.wait([work])


async def _next(results: "asyncio.Queue[Polled | None]", work: "asyncio.Task[None]") -> Polled | None:
    """The next result; a fault of ours ends the waiting."""
    getting = asyncio.ensure_future(results.get())
    await asyncio.wait([getting, work], return_when=asyncio.FIRST_COMPLETED)
    if not getting.done() and results.empty():
        getting.cancel()
        work.result()
    return await getting


def _addresses(hosts: str | Iterable[str]) -> list[str]:
    found: list[str] = []
    for text in [hosts] if isinstance(hosts, str) else hosts:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError as error:
            raise Invalid(f"{text!r} is neither an address nor a subnet such as 10.0.0.0/24", field="hosts") from error
        if len(found) + network.num_addresses > MOST:
            raise Invalid(f"{text} makes more than {MOST} addresses; name smaller subnets", field="hosts")
        single = network.num_addresses == 1
        found += [str(network.network_address)] if single else map(str, network.hosts())
    return found
