"""Commands to miners that no simulator plays: what exactly is sent, and what becomes of odd answers."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from lineman.adapters.devices.miners.controls.control import AsicControl
from lineman.adapters.devices.miners.controls.table import CONTROLS
from lineman.adapters.devices.miners.driver import AsicDriver
from lineman.ports.errors import Declined
from lineman.ports.miners import (
    Accepted,
    Action,
    Fingerprint,
    Light,
    Maker,
    NewPool,
    NotPossible,
    Reboot,
    Restart,
    Sleep,
    SwitchPool,
    Target,
    Wake,
)
from lineman.ports.secrets import Secret

pytestmark = pytest.mark.anyio

POOL = NewPool("stratum+tcp://new.example.com:3333", "u.w1", Secret("hush-hush"))

Answerer = Callable[[bytes], bytes]


@asynccontextmanager
async def scripted(answer: Answerer) -> AsyncGenerator[tuple[Target, list[bytes]]]:
    """A device whose answers a test makes up, and what it was sent."""
    heard = list[bytes]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.read(65536)
        if b"\r\n" in request:
            head, _, body = request.partition(b"\r\n\r\n")
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                ),
                0,
            )
            while len(body) < length:
                body += await reader.read(65536)
            request = head + b"\r\n\r\n" + body
        heard.append(request)
        writer.write(answer(request))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield Target("127.0.0.1", port, port, port, None, "root", Secret("root")), heard


async def told(dialect: str, answer: Answerer, action: Action) -> tuple[Accepted, list[bytes]]:
    async with scripted(answer) as (target, heard):
        control = AsicControl(AsicDriver(), CONTROLS)
        known = Fingerprint(Maker.ANTMINER, dialect=dialect)
        return await control.act(target, known, action, deadline=5), heard


def luxos(request: bytes) -> bytes:
    command = json.loads(request)["command"]
    more = {"SESSION": [{"SessionID": "hfGvqLxR"}]} if command == "logon" else {}
    return json.dumps({"STATUS": [{"STATUS": "S", "Code": 316, "Msg": "OK"}], **more, "id": 1}).encode()


@pytest.mark.parametrize(
    ("action", "command", "parameter"),
    [
        (Reboot(), "rebootdevice", "hfGvqLxR"),
        (Restart(), "resetminer", "hfGvqLxR"),
        (Sleep(), "curtail", "hfGvqLxR,sleep"),
        (Wake(), "curtail", "hfGvqLxR,wakeup"),
        (Light(True), "ledset", "hfGvqLxR,red,blink"),
    ],
)
async def test_luxos_gets_its_commands_in_a_session_that_is_given_back(
    action: Action, command: str, parameter: str
) -> None:
    accepted, heard = await told("luxos", luxos, action)
    assert accepted.detail == "OK"
    sent = [json.loads(one) for one in heard]
    assert [one["command"] for one in sent] == ["logon", command, "logoff"]
    assert sent[1]["parameter"] == parameter


def http(body: Any) -> bytes:
    text = json.dumps(body).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(text) + text


def vnish(request: bytes) -> bytes:
    if b"/api/v1/unlock" in request:
        return http({"token": "t0ken"})
    return http({"find_miner": False} if b"/status" in request else {})


@pytest.mark.parametrize(
    ("action", "path"),
    [(Reboot(), "system/reboot"), (Restart(), "mining/restart"), (Sleep(), "mining/stop"), (Wake(), "mining/start")],
)
async def test_vnish_gets_its_commands_with_a_token(action: Action, path: str) -> None:
    _, heard = await told("vnish", vnish, action)
    assert [one.split(b" ")[1].decode() for one in heard] == ["/api/v1/unlock", f"/api/v1/{path}"]
    assert b'{"pw":"root"}' in heard[0]
    assert b"bearer t0ken" in heard[1].lower()


async def test_braiins_pauses_and_says_what_it_cannot() -> None:
    def answer(request: bytes) -> bytes:
        return b'{"STATUS":[{"STATUS":"S","Code":1,"Msg":"OK"}],"id":1}'

    accepted, heard = await told("braiins", answer, Sleep())
    assert accepted.detail == "OK"
    assert [json.loads(one)["command"] for one in heard] == ["version", "pause"]
    with pytest.raises(NotPossible, match="gRPC"):
        await told("braiins", answer, Reboot())


async def test_a_whatsminer_that_gives_no_tokens_is_told_over_api_3() -> None:
    def framed(answer: Any) -> bytes:
        body = json.dumps(answer).encode()
        return len(body).to_bytes(4, "little") + body

    def answer(request: bytes) -> bytes:
        if request.startswith(b"{"):
            return b'{"STATUS":"E","When":1,"Code":14,"Msg":"invalid cmd","Description":""}'
        if b"get.device.info" in request:
            return framed({"code": 0, "when": 1, "msg": {"system": {"apiswitch": "1"}, "salt": "abc"}, "desc": ""})
        return framed({"code": 0, "when": 1, "msg": "ok", "desc": ""})

    accepted, heard = await told("whatsminer", answer, Sleep())
    assert accepted.detail == "ok"
    sent = json.loads(heard[-1][4:])
    assert (sent["cmd"], sent["param"], sent["account"], len(sent["token"])) == (
        "set.miner.service", "stop", "super", 8,
    )  # fmt: skip


async def test_an_avalon_is_told_by_its_own_clock() -> None:
    def answer(request: bytes) -> bytes:
        return b'{"STATUS":[{"STATUS":"S","When":10075,"Code":22,"Msg":"OK"}],"id":1}'

    _, heard = await told("avalon", answer, Sleep())
    assert json.loads(heard[-1])["parameter"] == "0,softoff,1:10080"


async def test_a_configuration_with_hidden_passwords_is_never_written_back() -> None:
    def answer(request: bytes) -> bytes:
        return http({"pools": [{"url": "a:1", "user": "u", "pass": "***"}], "bitmain-work-mode": "0"})

    with pytest.raises(NotPossible, match="hides the passwords"):
        await told("antminer", answer, Sleep())


async def test_a_miner_that_repeats_secrets_does_not_get_them_kept() -> None:
    def answer(request: bytes) -> bytes:
        said = "no: root,hush-hush" if b"setpool" in request else "OK"
        return json.dumps({"STATUS": [{"STATUS": "E" if said != "OK" else "S", "Code": 120, "Msg": said}]}).encode()

    with pytest.raises(Declined) as caught:
        await told("avalon", answer, SwitchPool(POOL))
    assert "***,***" in caught.value.detail
