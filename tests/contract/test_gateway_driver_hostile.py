"""What answers in place of a gateway may do what it likes: it costs its own request, and no order leaves twice."""

import asyncio
import base64
import gzip
import json
import tracemalloc
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from lineman.adapters.devices.gateways import GoipDriver, RadminDirectory
from lineman.ports.errors import DeviceError, Unreachable
from lineman.ports.gateways import (
    BadPage,
    Directory,
    DirectoryDenied,
    GatewayTarget,
    GatewayTimedOut,
    LoginDenied,
    NoAnswer,
    NotADirectory,
    OtherDevice,
    PageCut,
    PageMissing,
    PageTooLarge,
    UnknownLine,
)
from lineman.ports.secrets import Secret

pytestmark = pytest.mark.anyio

#: Seconds that nothing here comes near, unless it is to be late.
PLENTY = 20.0

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

FIXTURES = Path(__file__).resolve().parents[3] / "shared/fixtures/goip"
HEAD = b"HTTP/1.0 200 OK\nDate: Thu, 20 Nov 2025 21:13:49 GMT\nConnection: close\nContent-Type: text/html\n\n"
PAGE = (
    b'<html><head><title>GoIP4</title></head><script>var uptime_s="77";</script><table>'
    b"<td>SN(Serial Number):</td><td>4MCDRM00021234</td><td id='l1_gsm_sim'>Y</td>"
    b"<td id='l2_gsm_sim'>N</td></table></html>\n"
)
LIST = (
    b'<?xml version="1.0" encoding="gb2312"?>\n<status>\n'
    b"<l1_gsm_sim>Y</l1_gsm_sim>\n<l2_gsm_sim>N</l2_gsm_sim>\n</status>\n"
)
MISSING = b"HTTP/1.0 404 Not Found\nContent-Type: text/html\n\n<HTML>not found</HTML>"


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
        except (ConnectionError, asyncio.CancelledError, asyncio.IncompleteReadError):
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


class Served:
    """Answers paths with fixed bytes, and keeps the heads of all requests; whatever has no page is missing."""

    def __init__(self, answers: Mapping[str, bytes | None]) -> None:
        self.answers = dict(answers)
        self.heads: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        answer = self.answers.get(head.split(b" ")[1].decode().rpartition("/")[2], MISSING)
        if answer is None:
            await asyncio.sleep(60)
            return
        writer.write(answer)
        await writer.drain()
        writer.write_eof()
        await reader.read()

    @property
    def asked(self) -> list[str]:
        return [head.split(b" HTTP", 1)[0].decode() for head in self.heads]


OFF, ON = "status.html?type=list&down=1&line=1", "status.html?type=list&down=0&line=1"


def pages(changes: Mapping[str, bytes | None]) -> Served:
    """A gateway of two lines, with some pages changed; ``None`` never answers."""
    answers: dict[str, bytes | None] = {
        "status.html?type=list": HEAD + PAGE,
        "status.xml?type=list": HEAD + LIST,
        "reboot.html": HEAD + b"<html>wait</html>",
        OFF: HEAD + PAGE,
        ON: HEAD + PAGE,
    }
    return Served({**answers, **changes})


def target(port: int, *, password: str = "CANARY-pw", serial_last4: str | None = None) -> GatewayTarget:
    return GatewayTarget("Vochi-Main", "127.0.0.1", port, "admin", Secret(password), serial_last4)


def says(data: bytes) -> Behaviour:
    """Answers whatever it is asked with these bytes, and hangs up."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        await writer.drain()
        writer.write_eof()
        await reader.read()

    return behave


async def forever(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD)
    while True:
        writer.write(b"<td>0</td>" * 6553)
        await writer.drain()


async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for byte in HEAD + PAGE * 1000:
        writer.write(bytes((byte,)))
        await asyncio.sleep(0.01)


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def never_ends(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + PAGE)
    await asyncio.sleep(60)


HOSTILE: list[tuple[str, Behaviour, type[DeviceError]]] = [
    ("forever", forever, PageTooLarge),
    ("drips", drips, GatewayTimedOut),
    ("silent", silent, GatewayTimedOut),
    ("never-ends", never_ends, GatewayTimedOut),
    ("ssh", says(b"SSH-2.0-CANARY\r\n"), BadPage),
    ("no-head", says(b"\n<B>ERROR : CANARY</B>\n\nHEAD"), BadPage),
    ("nothing", says(b""), NoAnswer),
    ("half-a-head", says(b"HTTP/1.0 200 OK\nDate: CANARY"), PageCut),
    ("cut", says(HEAD + PAGE[:120]), PageCut),
    ("short", says(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + PAGE), PageCut),
    ("empty", says(HEAD), PageCut),
    ("redirect", says(b"HTTP/1.0 303 See Other\nLocation: /?del=CANARY\n\n"), BadPage),
    ("error", says(b"HTTP/1.0 500 CANARY\n\n"), BadPage),
    ("login", says(b'HTTP/1.0 401 Please Authenticate\nWWW-Authenticate: Basic realm="CANARY"\n\n'), LoginDenied),
    ("forbidden", says(b"HTTP/1.0 403 Forbidden\n\n"), LoginDenied),
    ("missing", says(MISSING), PageMissing),
    ("packed", says(b"HTTP/1.0 200 OK\nContent-Encoding: gzip\n\n" + gzip.compress(PAGE)), BadPage),
    ("bomb", says(HEAD + b'<!DOCTYPE x [<!ENTITY a "CANARY">]><status><l1_gsm_sim>&a;</l1_gsm_sim></status>'), BadPage),
    ("deep", says(HEAD + b"<html>" + b"<div>" * 100_000 + b"</html>"), BadPage),
    ("attributes", says(HEAD + b"<html><td " + b"".join(b"a%d=1 " % n for n in range(90_000)) + b"></html>"), BadPage),
    ("noise", says(HEAD + bytes(range(256)) * 40), BadPage),
]


@pytest.mark.parametrize(("behaviour", "kind"), [(b, k) for _, b, k in HOSTILE], ids=[name for name, _, _ in HOSTILE])
async def test_what_is_no_gateway_has_a_name_and_gets_no_order(behaviour: Behaviour, kind: type[DeviceError]) -> None:
    driver = GoipDriver(retry_after=0.01)
    # Only what never ends has to take all its time.
    deadline = 0.5 if kind is GatewayTimedOut else PLENTY
    async with device(behaviour) as port:
        for order in (driver.read, driver.reboot):
            async with asyncio.timeout(PLENTY):
                with pytest.raises(kind) as raised:
                    await order(target(port), deadline=deadline)
            assert type(raised.value) is kind
            error: BaseException | None = raised.value
            while error is not None:
                assert "CANARY" not in repr(error)
                error = error.__context__
            assert "Vochi-Main" in raised.value.detail


async def test_a_page_without_an_end_does_not_fill_the_memory() -> None:
    async with device(forever) as port:
        driver = GoipDriver(1 << 16)
        tracemalloc.start()
        try:
            with pytest.raises(PageTooLarge):
                await driver.read(target(port), deadline=PLENTY)
            assert tracemalloc.get_traced_memory()[1] < 4 << 20
        finally:
            tracemalloc.stop()


async def test_what_was_cut_once_is_asked_for_once_more() -> None:
    served, cut = pages({}), 0

    async def cuts_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal cut
        cut += 1
        await (says(b"") if cut == 1 else served)(reader, writer)

    async with device(cuts_once) as port:
        assert (await GoipDriver(retry_after=0.01).read(target(port), deadline=PLENTY)).lines
    assert len(served.asked) == cut - 1


async def test_a_device_without_xml_is_read_off_one_page_from_then_on() -> None:
    served = pages({"status.xml?type=list": MISSING})
    driver = GoipDriver()
    async with device(served) as port:
        first = await driver.read(target(port), deadline=PLENTY)
        served.heads.clear()
        assert await driver.read(target(port), deadline=PLENTY) == first
        assert served.asked == ["GET /default/en_US/status.html?type=list"]
        assert [line.sim for line in first.lines] == [True, False]
        served.answers["status.xml?type=list"] = HEAD + LIST
        await driver.read(target(port), extras=True, deadline=PLENTY)
        assert "GET /default/en_US/status.xml?type=list" in served.asked


async def test_a_device_without_a_status_page_is_read_off_xml_alone() -> None:
    served = pages({"status.html?type=list": HEAD + b"<html><title>Flash</title></html>"})
    served.answers["status.xml?type=base"] = HEAD + b"<status><sn>8MCDRM00030885</sn><model>GoIPx8</model></status>"
    async with device(served) as port:
        reading = await GoipDriver().read(target(port, serial_last4="0885"), deadline=PLENTY)
    assert (reading.identity.title, reading.identity.model, reading.identity.serial_last4) == (
        "GoIPx8",
        "GoIP8",
        "0885",
    )
    assert len(reading.lines) == 2


async def test_a_vendors_folder_is_found_out_once_and_nothing_else_of_what_it_says_is_taken() -> None:
    answers: dict[str, bytes | None] = {
        "": b"HTTP/1.0 303 See Other\nLocation: http://192.0.2.1/acme/en_US/../../?del=x\n\n",
        "status.html?type=list": HEAD + PAGE,
        "status.xml?type=list": HEAD + LIST,
    }
    served = Served(answers)

    async def vendors(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b" /default/" in head:
            served.heads.append(head)
            writer.write(MISSING)
            await writer.drain()
            return
        again = asyncio.StreamReader()
        again.feed_data(head)
        again.feed_eof()
        await served(again, writer)

    driver = GoipDriver()
    async with device(vendors) as port:
        await driver.read(target(port), deadline=PLENTY)
        served.heads.clear()
        assert (await driver.read(target(port), deadline=PLENTY)).lines
    assert served.asked == ["GET /acme/en_US/status.html?type=list", "GET /acme/en_US/status.xml?type=list"]


async def test_extras_that_cannot_be_read_are_left_out_and_told() -> None:
    served = pages({})
    served.answers["config.html?type=calling"] = b"HTTP/1.0 401 Please Authenticate\n\n"
    async with device(served) as port:
        reading = await GoipDriver().read(target(port), extras=True, deadline=PLENTY)
        assert (reading.forwards, reading.authentication_ids, len(reading.lines)) == (None, None, 2)
        assert [remark.split(" not read")[0] for remark in reading.remarks] == ["call forwarding", "authentication ids"]
        served.answers["config.html?type=calling"] = None
        async with asyncio.timeout(PLENTY):
            reading = await GoipDriver().read(target(port), extras=True, deadline=1.5)
        assert reading.remarks[-1] == "authentication ids not read in time"


@pytest.mark.parametrize(
    ("answer", "answered"),
    [
        (HEAD + b"<html>wait</html>", True),
        (HEAD, True),
        (b"HTTP/1.0 303 See Other\nLocation: /\n\n", True),
        (b"HTTP/1.0 500 Oops\n\n", True),
        (b"", False),
        (b"HTT", False),
        (b"<html>rebooting</html>", False),
        (HEAD + b"x" * (2 << 20), False),
        (None, False),
    ],
    ids=["page", "head", "redirect", "error", "closed", "cut", "no-head", "huge", "hangs"],
)
async def test_an_order_leaves_once_whatever_comes_of_it(answer: bytes | None, answered: bool) -> None:
    served = pages({"reboot.html": answer})
    # Only an answer that never comes has to be waited for; the look before the order has its part of the time.
    deadline = 1.5 if answer is None else PLENTY
    async with device(served) as port:
        async with asyncio.timeout(PLENTY):
            sent = await GoipDriver(retry_after=0.01).reboot(target(port, serial_last4="1234"), deadline=deadline)
        assert (sent.answered, sent.before.serial, sent.before.uptime_s) == (answered, "4MCDRM00021234", 77)
        await asyncio.sleep(0.05)
    (head,) = [head for head in served.heads if head.startswith(b"POST")]
    lines = head.decode().lower().split("\r\n")
    assert lines[0] == "post /default/en_us/reboot.html http/1.1"
    assert {"content-type: application/x-www-form-urlencoded", "content-length: 0"} <= set(lines)


@pytest.mark.parametrize(
    ("status", "kind"), [(b"401 x", LoginDenied), (b"403 x", LoginDenied), (b"404 x", PageMissing), (b"405 x", BadPage)]
)
async def test_an_order_that_is_declined_is_an_error(status: bytes, kind: type[DeviceError]) -> None:
    served = pages({"reboot.html": b"HTTP/1.0 " + status + b"\n\n"})
    async with device(served) as port:
        with pytest.raises(kind):
            await GoipDriver().reboot(target(port), deadline=PLENTY)
    assert len([head for head in served.heads if head.startswith(b"POST")]) == 1


async def test_a_device_that_hides_its_serial_number_gets_no_order_when_one_is_known() -> None:
    served = pages({"status.html?type=list": HEAD + PAGE.replace(b"SN(Serial", b"SX(Serial")})
    async with device(served) as port:
        driver = GoipDriver()
        assert (await driver.read(target(port, serial_last4="1234"), deadline=PLENTY)).identity.serial is None
        for order in (
            driver.reboot(target(port, serial_last4="1234"), deadline=PLENTY),
            driver.restart_line(target(port, serial_last4="1234"), 1, deadline=PLENTY),
        ):
            with pytest.raises(OtherDevice, match="does not show"):
                await order
    assert not any("POST" in asked or "down=" in asked for asked in served.asked)


async def test_off_that_was_not_answered_is_followed_by_on_all_the_same() -> None:
    served = pages({OFF: b""})
    async with device(served) as port:
        sent = await GoipDriver(off_for=0.01).restart_line(target(port), 1, deadline=PLENTY)
    assert sent.answered
    assert [asked for asked in served.asked if "down=" in asked] == [
        f"GET /default/en_US/{OFF}",
        f"GET /default/en_US/{ON}",
    ]


async def test_off_that_was_answered_with_a_fault_is_followed_by_on_and_only_a_refusal_is_not() -> None:
    for status, followed in ((b"500", True), (b"302", True), (b"403", False)):
        served = pages({OFF: b"HTTP/1.0 %s x\n\n" % status})
        async with device(served) as port:
            order = GoipDriver(off_for=0.01).restart_line(target(port), 1, deadline=PLENTY)
            if followed:
                assert (await order).answered
            else:
                with pytest.raises(LoginDenied):
                    await order
        assert (f"GET /default/en_US/{ON}" in served.asked) is followed


async def test_off_leaves_once_and_on_is_tried_until_the_deadline() -> None:
    served = pages({OFF: None, ON: b"HTTP/1.0 500 x\n\n"})
    async with device(served) as port:
        async with asyncio.timeout(PLENTY):
            sent = await GoipDriver(off_for=0.01, retry_after=0.05).restart_line(target(port), 1, deadline=1.5)
    assert not sent.answered
    switched = [asked[-13:-7] for asked in served.asked if "down=" in asked]
    assert switched[0] == "down=1"
    assert len(switched) > 2
    assert set(switched[1:]) == {"down=0"}


async def test_a_module_is_not_switched_off_when_no_time_is_left_to_switch_it_on() -> None:
    served = pages({})
    async with device(served) as port:
        with pytest.raises(GatewayTimedOut):
            await GoipDriver().restart_line(target(port), 1, deadline=3)
        with pytest.raises(UnknownLine):
            await GoipDriver().restart_line(target(port), 7, deadline=10)
    assert not any("down=" in asked for asked in served.asked)


@pytest.mark.parametrize("charset", ["utf-8", "latin-1"])
async def test_a_password_with_other_signs_is_sent_in_both_bytes_until_one_is_taken(charset: str) -> None:
    right = base64.b64encode("admin:p\u00e4ss".encode(charset))
    served = pages({})

    async def strict(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if right not in head:
            served.heads.append(head)
            writer.write(b"HTTP/1.0 401 Please Authenticate\n\n")
            await writer.drain()
            return
        again = asyncio.StreamReader()
        again.feed_data(head)
        again.feed_eof()
        await served(again, writer)

    driver = GoipDriver()
    async with device(strict) as port:
        await driver.read(target(port, password="p\u00e4ss"), deadline=PLENTY)
        assert len(served.heads) == (2 if charset == "utf-8" else 3)
        served.heads.clear()
        await driver.read(target(port, password="p\u00e4ss"), deadline=PLENTY)
        assert len(served.heads) == 2
        # An order is never sent in two ways: it goes in the bytes that were taken.
        assert (await driver.reboot(target(port, password="p\u00e4ss"), deadline=PLENTY)).answered
        served.heads.clear()
        with pytest.raises(LoginDenied):
            await driver.read(target(port, password="\u00f6ther"), deadline=PLENTY)
        assert len(served.heads) == 2


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (forever, PageTooLarge),
        (drips, Unreachable),
        (silent, Unreachable),
        (says(b""), Unreachable),
        (says(MISSING), NotADirectory),
        (says(HEAD + PAGE), NotADirectory),
        (says(HEAD), PageCut),
        (says(b"HTTP/1.0 303 See Other\nLocation: /?cfg=read\n\n"), NotADirectory),
        (says(b"HTTP/1.0 401 Please Authenticate\n\n"), DirectoryDenied),
        (says(b"\x00CANARY"), NotADirectory),
    ],
    ids=["forever", "drips", "silent", "nothing", "missing", "gateway", "empty", "redirect", "login", "noise"],
)
async def test_what_is_no_list_is_an_error_in_time(behaviour: Behaviour, kind: type[DeviceError]) -> None:
    deadline = 0.5 if behaviour in (drips, silent) else PLENTY
    async with device(behaviour) as port, asyncio.timeout(PLENTY):
        directory = Directory(0, "mftp", "127.0.0.1", port, "admin", Secret("CANARY-pw"))
        with pytest.raises(kind) as raised:
            await RadminDirectory(retry_after=0.01).listing(directory, deadline=deadline)
    assert "CANARY" not in repr((raised.value, raised.value.__cause__, raised.value.__context__))


@pytest.mark.shared
async def test_the_fixtures_are_one_device_and_its_tools_page_tells_the_order_that_is_sent() -> None:
    expected = json.loads((FIXTURES / "expected.json").read_text("utf-8"))
    tools = expected["tools_goip4.html"]
    names = {
        "status.html?type=list": "status_goip4.html",
        "status.html?type=callforward": "callforward_goip4.html",
        "config.html?type=calling": "config_calling_goip4_line_mode.html",
        tools["reboot_action"]: "reboot_goip4.html",
    }
    served = Served({path: HEAD + (FIXTURES / name).read_bytes() for path, name in names.items()})
    async with device(served) as port:
        driver = GoipDriver()
        reading = await driver.read(target(port, serial_last4="1234"), extras=True, deadline=PLENTY)
        sent = await driver.reboot(target(port, serial_last4="1234"), deadline=PLENTY)
    assert reading.identity.serial == expected["status_goip4.html"]["serial"] == sent.before.serial
    assert dict(reading.authentication_ids or ()) == {1: "2101", 2: "2102", 3: "branch-2103", 4: None}
    assert dict(reading.forwards or ())[2].busy.number == "+999290000101"
    assert (reading.remarks, sent.answered, tools["reboot_method"], tools["reboot_fields"]) == ((), True, "post", {})
    assert "CANARY" not in repr((reading, sent))
    assert not any(never in asked for asked in served.asked for never in tools["never_submit"])


@pytest.mark.shared
@pytest.mark.parametrize("name", ["radmin_list.http", "radmin_401.http", "radmin_del_303.http", "device_404.http"])
async def test_raw_answers_of_the_fixtures_are_understood(name: str) -> None:
    async with device(says((FIXTURES / name).read_bytes())) as port:
        reads = RadminDirectory().listing(Directory(0, "mftp", "127.0.0.1", port), deadline=PLENTY)
        if name == "radmin_list.http":
            assert len((await reads).rows) == 9
            return
        with pytest.raises(DirectoryDenied if "401" in name else NotADirectory):
            await reads


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "kind"),
    [("device_401.http", LoginDenied), ("device_404.http", PageMissing), ("device_method_error.http", BadPage)],
)
async def test_raw_failures_of_the_fixtures_have_their_names(name: str, kind: type[DeviceError]) -> None:
    async with device(says((FIXTURES / name).read_bytes())) as port:
        with pytest.raises(kind):
            await GoipDriver().read(target(port), deadline=PLENTY)


@pytest.mark.shared
async def test_the_raw_status_page_of_the_fixtures_is_a_reading() -> None:
    async with device(says((FIXTURES / "device_status_goip1.http").read_bytes())) as port:
        reading = await GoipDriver().read(target(port), deadline=PLENTY)
    assert (reading.identity.serial_last4, len(reading.lines)) == ("0417", 1)
