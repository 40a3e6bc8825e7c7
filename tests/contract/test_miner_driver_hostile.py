"""What a device may do to the driver on purpose: it costs its own poll, and nothing else."""

import asyncio
import gzip
import tracemalloc
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from lineman.adapters.devices.miners import AsicDriver
from lineman.ports.errors import DeviceError, Unreachable
from lineman.ports.miners import (
    Fingerprint,
    Maker,
    NotAMiner,
    NotJson,
    ReplyTooLarge,
    Target,
    TimedOut,
    Truncated,
)
from lineman.ports.secrets import Secret

pytestmark = pytest.mark.anyio

#: Seconds that nothing here comes near, unless it is to be late.
PLENTY = 20.0
Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

STATS = (
    b'{"STATUS":[{"STATUS":"S","When":1,"Code":70,"Msg":"stats"}],"STATS":[{"Type":"Antminer S9",'
    b'"CompileTime":"2019"}{"Elapsed":5,"GHS 5s":"13000.1","chain_acn6":63,"chain_rate6":"4500.0"}],"id":1}\x00'
)
KNOWN = Fingerprint(Maker.ANTMINER, "Antminer S9", "2019", "antminer", ("command stats",))


@asynccontextmanager
async def device(behave: Behaviour) -> AsyncGenerator[int]:
    """The port of something on 127.0.0.1 that behaves so."""
    talks = set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            await behave(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            talks.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


def says(data: bytes) -> Behaviour:
    """Answers whatever it is asked with these bytes, and hangs up."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(data)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    return behave


async def forever(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b'{"a":1},' * 8192)
        await writer.drain()


async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for byte in STATS * 100:
        writer.write(bytes((byte,)))
        await asyncio.sleep(0.01)


async def never_ends(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(STATS)
    await asyncio.sleep(60)


async def greets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
    await reader.read(100)
    writer.write(b"Protocol mismatch.\r\n")


def web(status: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    return b"\r\n".join((b"HTTP/1.1 " + status, b"content-length: %d" % len(body), *headers, b"", body))


@pytest.mark.parametrize("known", [None, KNOWN], ids=["first", "known"])
@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (forever, ReplyTooLarge),
        (drips, TimedOut),
        (never_ends, TimedOut),
        (greets, NotAMiner),
        (says(web(b"400 Bad Request", body=b"<html>no</html>")), NotAMiner),
        (says(b"\x16\x03\x01" + bytes(range(256)) * 40), NotAMiner),
        (says(b'{"STATUS":' * 50_000), NotAMiner),
        (says(STATS[:120]), Truncated),
        (says(b'{"STATUS":[{"STATUS":"S"}],"id":1}'), NotAMiner),
    ],
    ids=["forever", "drips", "never-ends", "ssh", "http", "noise", "deep", "half", "nobody"],
)
async def test_what_is_no_good_answer_is_named_with_its_address(
    behaviour: Behaviour, kind: type[DeviceError], known: Fingerprint | None
) -> None:
    # Only what never ends has to take all its time.
    within = 0.6 if kind is TimedOut else PLENTY
    async with device(behaviour) as port:
        with pytest.raises(DeviceError) as caught:
            await AsicDriver().poll(Target("127.0.0.1", port=port, maker=Maker.ANTMINER), known, deadline=within)
    assert type(caught.value) is kind
    assert f"127.0.0.1:{port}" in str(caught.value)


async def test_a_reply_without_end_takes_no_more_memory_than_allowed() -> None:
    async with device(forever) as port:
        driver = AsicDriver(reply_limit=1 << 16)
        tracemalloc.start()
        try:
            with pytest.raises(ReplyTooLarge, match="65536"):
                await driver.poll(Target("127.0.0.1", port=port), KNOWN, deadline=PLENTY)
            assert tracemalloc.get_traced_memory()[1] < 4 << 20
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        (web(b"302 Found", b"location: http://127.0.0.1:1/"), NotAMiner),
        (web(b"200 OK", b"content-encoding: gzip", body=gzip.compress(b"{" * (50 << 20))), NotAMiner),
        (web(b"200 OK", body=b"<html>a television</html>"), NotAMiner),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{", Truncated),
        (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 40_000, NotAMiner),
        (b"220 ftp ready\r\n", NotAMiner),
    ],
    ids=["redirect", "bomb", "html", "half", "headers", "ftp"],
)
async def test_a_web_server_can_do_no_harm_either(page: bytes, kind: type[DeviceError]) -> None:
    async with device(says(page)) as port:
        target = Target("127.0.0.1", port=port, maker=Maker.ELPHAPEX, username="root", password=Secret("hidden-word"))
        with pytest.raises(DeviceError) as caught:
            await AsicDriver().poll(target, deadline=PLENTY)
    assert isinstance(caught.value, kind | NotJson)
    assert f"127.0.0.1:{port}" in str(caught.value)
    assert "hidden-word" not in str(caught.value)


async def test_a_name_that_is_nobodys_is_no_crash() -> None:
    with pytest.raises(Unreachable, match=r"nowhere\.invalid"):
        await AsicDriver().poll(Target("nowhere.invalid"), deadline=PLENTY)


async def test_waiting_for_ones_turn_counts_and_who_gives_up_leaves_the_line() -> None:
    served, go_on = 0, asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        served += 1
        await go_on.wait()
        await says(STATS)(reader, writer)

    async with device(slow) as port, asyncio.timeout(PLENTY):
        driver, target = AsicDriver(), Target("127.0.0.1", port=port)
        first = asyncio.create_task(driver.poll(target, KNOWN, deadline=PLENTY))
        while not served:
            await asyncio.sleep(0.001)
        called_off = asyncio.create_task(driver.poll(target, KNOWN, deadline=PLENTY))
        patient = asyncio.create_task(driver.poll(target, KNOWN, deadline=PLENTY))
        with pytest.raises(TimedOut):
            await driver.poll(target, KNOWN, deadline=0.05)
        called_off.cancel()
        with pytest.raises(asyncio.CancelledError):
            await called_off
        go_on.set()
        assert (await first).reading == (await patient).reading
        assert served == 2
        # Nothing is left of any of them.
        assert not driver._talks


async def test_a_poll_that_is_called_off_is_not_taken_for_one_that_took_too_long() -> None:
    asked = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await never_ends(reader, writer)

    async with device(mute) as port:
        poll = asyncio.create_task(AsicDriver().poll(Target("127.0.0.1", port=port), KNOWN, deadline=PLENTY))
        await asyncio.wait_for(asked.wait(), PLENTY)
        poll.cancel()
        with pytest.raises(asyncio.CancelledError):
            await poll
