"""Simulated miners on the wire, asked by raw sockets that trust nothing."""

import asyncio
import json
import random
import socket
import struct
from ipaddress import IPv4Address
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from lineman.adapters.cli.main import cli
from lineman.adapters.devices.simulators.miners import KINDS, Knobs, SimulatedFarm, SimulatedMiner

pytestmark = pytest.mark.anyio

SUMMARY = b'{"command":"summary"}'
TERMS = b'{"cmd":"get.device.info"}'


def farm_of(*kinds: str, **more: Any) -> SimulatedFarm:
    """A farm with one miner of each kind, on addresses that nobody else uses; its time stands still."""
    still: dict[str, Any] = {"clock": lambda: 0.0, "started_at": 1.7e9}
    return SimulatedFarm(dict.fromkeys(kinds, 1), len(kinds), **(still | more))


async def ask(miner: SimulatedMiner, request: bytes, port: int | None = None) -> bytes:
    """All that a miner says up to the close."""
    reader, writer = await asyncio.open_connection(miner.host, port or miner.port)
    try:
        writer.write(request)
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


def parsed(raw: bytes) -> Any:
    return json.loads(raw.removesuffix(b"\0"))


def status(raw: bytes) -> tuple[str, int]:
    """The letter and the code of a reply."""
    (found,) = parsed(raw)["STATUS"]
    return found["STATUS"], found["Code"]


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.api])
async def test_every_command_is_answered_in_json_and_the_miner_hangs_up(kind: str) -> None:
    async with farm_of(kind) as farm:
        (miner,) = farm.miners
        dialect = miner.kind.api
        assert dialect is not None
        broken = []
        for command in dialect.commands:
            raw = await ask(miner, json.dumps({"command": command}).encode())
            assert raw.endswith(b"}" + dialect.end)
            try:
                assert parsed(raw)["STATUS"]
            except ValueError:
                broken.append(command)
        assert broken == {"s9": ["stats"], "l3+": ["stats"], "m20s": ["summary", "status"]}.get(kind, [])
        assert miner.served == len(dialect.commands)
        assert farm.overlaps == 0


async def test_an_old_antminer_forgets_the_comma_between_the_two_objects_of_stats() -> None:
    async with farm_of("s9") as farm:
        raw = await ask(farm.miners[0], b'{"command":"stats"}')
        header, data = parsed(raw.replace(b"}{", b"},{"))["STATS"]
        assert header["Type"] == "Antminer S9"
        assert float(data["GHS 5s"]) * 1e9 == pytest.approx(farm.miners[0].truth()["hash_rate_hs"], rel=1e-5)
        assert [data[f"chain_acn{slot}"] for slot in range(5, 10)] == [0, 63, 63, 63, 0]


async def test_an_old_avalon_is_a_controller_with_ten_machines() -> None:
    async with farm_of("a741") as farm:
        buses = parsed(await ask(farm.miners[0], b'{"command":"stats"}'))["STATS"]
        assert [bus["ID"] for bus in buses] == ["AV70", "AV71"]
        assert [key for key in buses[1] if key.startswith("MM ID")] == [f"MM ID{n}" for n in range(1, 6)]


async def test_a_scrypt_miner_says_mhs_under_the_label_ghs() -> None:
    async with farm_of("l3+") as farm:
        data = parsed((await ask(farm.miners[0], b'{"command":"stats"}')).replace(b"}{", b"},{"))["STATS"][1]
        assert float(data["GHS 5s"]) * 1e6 == pytest.approx(farm.miners[0].truth()["hash_rate_hs"], rel=1e-4)


async def test_joined_commands_come_as_lists_with_one_object_and_bad_ones_spoil_only_their_own_section() -> None:
    async with farm_of("a1246") as farm:
        reply = parsed(await ask(farm.miners[0], b'{"command":"summary+summary+nonsense"}'))
        assert list(reply) == ["summary", "nonsense", "id"]
        assert reply["summary"][0]["SUMMARY"][0]["Elapsed"] == farm.miners[0].truth()["uptime_s"]
        assert reply["nonsense"][0]["STATUS"][0]["Code"] == 14


async def test_a_modern_antminer_refuses_joined_commands_and_has_a_second_shape_for_those_who_ask() -> None:
    async with farm_of("s19pro") as farm:
        (miner,) = farm.miners
        assert status(await ask(miner, b'{"command":"summary+pools"}')) == ("E", 14)
        chains = parsed(await ask(miner, b'{"command":"stats","new_api":true}'))["STATS"][0]["chain"]
        rates = [board["hash_rate_hs"] for board in miner.truth()["boards"]]
        assert [chain["rate_real"] * 1e9 for chain in chains] == pytest.approx(rates, rel=1e-5)


async def test_an_old_whatsminer_wants_the_key_command_and_a_new_one_takes_both() -> None:
    async with farm_of("m20s", "m30s") as farm:
        old, new = sorted(farm.miners, key=lambda miner: miner.kind.hw.kind)
        assert status(await ask(old, b'{"cmd":"summary"}')) == ("E", 24)
        assert status(await ask(old, b'{"command":"edevs"}')) == ("E", 14)
        assert status(await ask(new, b'{"cmd":"edevs"}')) == ("S", 9)
        assert parsed(await ask(new, b'{"cmd":"pools+status"}'))["status"][0]["STATUS"][0]["Code"] == 14


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (b'{"command":"nonsense"}', 14),
        (b'{"command":', 23),
        (b'{"command":"\xff"}', 23),
        (b'{"a":' + b"[" * 3000, 23),
        (b'{"order":"summary"}', 24),
        (b'{"command":["summary"]}', 24),
    ],
    ids=str,
)
async def test_bad_requests_are_answered_by_their_codes(request_: bytes, code: int) -> None:
    async with farm_of("a1346") as farm:
        assert status(await ask(farm.miners[0], request_)) == ("E", code)


async def test_what_comes_in_a_second_segment_is_lost() -> None:
    async with farm_of("a1346") as farm:
        (miner,) = farm.miners
        reader, writer = await asyncio.open_connection(miner.host, miner.port)
        writer.write(b'{"command"')
        while not miner.served:
            await asyncio.sleep(0)
        assert status(await reader.read()) == ("E", 23)
        writer.close()


async def test_a_bare_word_is_answered_in_text_mode() -> None:
    async with farm_of("a1346") as farm:
        text = (await ask(farm.miners[0], b"pools|0")).decode()
        assert text.startswith("STATUS=S,When=1700000000,Code=7,")
        assert "|POOL=0,URL=stratum+tcp://pool.example.com:3333,Status=Alive," in text
        assert text.endswith("|\0")


async def test_api_3_counts_its_bytes_and_stays_open() -> None:
    async with farm_of("m66s") as farm:
        (miner,) = farm.miners
        assert len(miner.doors) == 1, "it has no port 4028"
        reader, writer = await asyncio.open_connection(miner.host, miner.api3_port)
        replies = []
        for request in (TERMS, b'{"cmd":"get.miner.status","param":"summary+edevs"}', b'{"cmd":"nonsense"}'):
            writer.write(b"\0\0\0\0" + struct.pack("<I", len(request)) + request)
            (length,) = struct.unpack("<I", await reader.readexactly(4))
            replies.append(json.loads(await reader.readexactly(length)))
        writer.close()
        assert [reply["code"] for reply in replies] == [0, 0, -2]
        assert replies[0]["msg"]["miner"]["type"] == "M66S_VL40"
        assert replies[1]["msg"]["summary"]["hash-realtime"] * 1e12 == pytest.approx(
            miner.truth()["hash_rate_hs"], rel=1e-5
        )
        assert len(replies[1]["msg"]["edevs"]) == 4


@pytest.mark.parametrize("kind", ["s21", "dg1+"])
async def test_web_pages_want_a_digest_login(kind: str) -> None:
    async with farm_of(kind, login=("root", "secret word")) as farm, httpx.AsyncClient() as client:
        (miner,) = farm.miners
        page = f"http://{miner.host}:{miner.web_port}/cgi-bin/"
        refused = await client.get(page + "stats.cgi")
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith(
            'Digest realm="antMiner Configuration"' if kind == "s21" else 'Digest realm="Daoge'
        )
        wrong = await client.get(page + "stats.cgi", auth=httpx.DigestAuth("root", "root"))
        assert wrong.status_code == 401
        login = httpx.DigestAuth("root", "secret word")
        stats = (await client.get(page + "stats.cgi", auth=login)).json()["STATS"][0]
        unit = {"GH/s": 1e9, "MH/s": 1e6}[stats["rate_unit"]]
        total = sum(chain["rate_real"] for chain in stats["chain"]) * unit
        assert total == pytest.approx(miner.truth()["hash_rate_hs"], rel=1e-5)
        info = (await client.get(page + "get_system_info.cgi", auth=login)).json()
        assert info["minertype"] == miner.model
        assert (await client.get(page + "nonsense.cgi", auth=login)).status_code == 404


async def test_an_elphapex_without_login_shows_its_pages_to_everybody() -> None:
    async with farm_of("dg1") as farm, httpx.AsyncClient() as client:
        (miner,) = farm.miners
        pools = (await client.get(f"http://{miner.host}:{miner.port}/cgi-bin/pools.cgi")).json()["POOLS"]
        assert sum(pool["accepted"] for pool in pools) == miner.truth()["accepted"]


async def test_only_the_web_page_tells_that_a_modern_antminer_sleeps() -> None:
    async with farm_of("s21", conditions={"sleeping": 1.0}) as farm, httpx.AsyncClient() as client:
        (miner,) = farm.miners
        assert len(parsed(await ask(miner, b'{"command":"stats"}'))["STATS"]) == 1
        conf = await client.get(
            f"http://{miner.host}:{miner.web_port}/cgi-bin/get_miner_conf.cgi", auth=httpx.DigestAuth(*miner.login)
        )
        assert conf.json()["bitmain-work-mode"] == "1"


async def test_a_second_client_waits_for_the_first_and_is_counted() -> None:
    async with farm_of("s9", knobs=Knobs(latency_ms=20)) as farm:
        (miner,) = farm.miners
        one, two = await asyncio.gather(ask(miner, SUMMARY), ask(miner, SUMMARY))
        assert one == two
        assert (miner.connections, miner.served, farm.overlaps) == (2, 2, 1)
        await ask(miner, SUMMARY)
        assert farm.overlaps == 1


async def test_a_crowd_is_served_one_by_one() -> None:
    async with farm_of("s9") as farm:
        (miner,) = farm.miners
        replies = await asyncio.gather(*(ask(miner, SUMMARY) for _ in range(90)))
        assert len(set(replies)) == 1
        assert miner.served == 90


async def test_a_client_that_hung_up_is_in_nobodys_way() -> None:
    async with farm_of("s9", faults={"mute": 1.0}) as farm:
        (miner,) = farm.miners
        for _ in range(3):
            _, writer = await asyncio.open_connection(miner.host, miner.port)
            writer.write(SUMMARY)
            await asyncio.sleep(0.01)
            writer.close()
            await writer.wait_closed()
        farm.set(0, mute=False)
        assert status(await ask(miner, SUMMARY)) == ("S", 11)
        assert farm.overlaps == 0


async def test_a_mute_miner_takes_the_request_and_says_nothing() -> None:
    async with farm_of("m30s", faults={"mute": 1.0}) as farm:
        reader, writer = await asyncio.open_connection(farm.miners[0].host, farm.miners[0].port)
        writer.write(SUMMARY)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.05)
        writer.close()


async def test_knobs_spoil_what_goes_out() -> None:
    async with farm_of("m30s") as farm:
        (miner,) = farm.miners
        whole = await ask(miner, SUMMARY)
        farm.set(0, cut=True)
        cut = await ask(miner, SUMMARY)
        assert whole.startswith(cut)
        assert len(cut) < len(whole)
        farm.set(0, cut=False, denied=True)
        assert await ask(miner, SUMMARY) == b""
        farm.set(0, denied=False, html=True)
        assert (await ask(miner, SUMMARY)).startswith(b"<html>")
        farm.set(0, html=False, down=True)
        assert await ask(miner, SUMMARY) == b"Socket connect failed: Connection refused\n"
        farm.set(0, down=False, noise=True)
        assert (await ask(miner, SUMMARY)).startswith(b"\xff\xfe\xfd")
        farm.set(0, noise=False, deep=True)
        assert await ask(miner, SUMMARY) == b"[" * 100_000
        farm.set(0, deep=False, slow_ms=20)
        assert await ask(miner, SUMMARY) == whole
        farm.set(0, slow_ms=0, huge=1_000_000)
        assert len(await ask(miner, SUMMARY)) > 900_000
        farm.set(0, huge=0, reset=True)
        with pytest.raises(ConnectionResetError):
            await ask(miner, SUMMARY)
        farm.set(0, reset=False, refuse=True)
        with pytest.raises(ConnectionRefusedError):
            await ask(miner, SUMMARY)
        farm.set(0, refuse=False)
        assert await ask(miner, SUMMARY) == whole


@pytest.mark.parametrize("kind", ["m50s", "s19pro", "a1246"])
async def test_garbled_replies_are_not_json(kind: str) -> None:
    async with farm_of(kind, faults={"garbled": 1.0}) as farm:
        for command in (b"summary", b"pools", b"devs", b"devdetails"):
            raw = await ask(farm.miners[0], b'{"command":"%s"}' % command)
            with pytest.raises(ValueError, match="line"):
                parsed(raw)


async def test_another_maker_can_move_in_at_an_address() -> None:
    async with farm_of("s9") as farm:
        (miner,) = farm.miners
        farm.set(0, kind="m30s")
        reply = parsed(await ask(miner, b'{"cmd":"devdetails"}'))
        assert reply["DEVDETAILS"][0]["Model"] == miner.model == "M30S_VE10"
        assert miner.maker == "Whatsminer"
        left = miner.port
        farm.set(0, kind="dg1")
        with pytest.raises(ConnectionRefusedError):
            await ask(miner, SUMMARY, port=left)
        assert (await ask(miner, b"GET /cgi-bin/stats.cgi HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_farm_says_when_an_address_is_taken_and_leaves_nothing_open() -> None:
    async with farm_of("s9") as farm:
        host = farm.miners[0].host
        with pytest.raises(OSError, match="in use"):
            await farm_of("s9", address=host, port=farm.miners[0].port).__aenter__()
    with socket.socket() as free:
        free.bind((host, farm.miners[0].port))


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "192.0.2.1"},
        {"address": "127.255.255.255", "count": 2},
        {"mix": {"toaster": 1.0}},
        {"faults": {"latency_ms": 0.5}},
        {"conditions": {"moody": 0.5}},
        {"faults": {"mute": 0.6, "cut": 0.6}},
    ],
    ids=str,
)
def test_a_farm_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"loopback|there is no|Condition|parts"):
        SimulatedFarm(**wrong)


def test_an_unknown_knob_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(TypeError, match="muet"):
        farm_of("s9").set(0, muet=True)


async def test_hundreds_of_miners_answer_at_once() -> None:
    async with SimulatedFarm(count=400) as farm:
        asked = [miner for miner in farm.miners if miner.kind.api]
        replies = await asyncio.gather(*(ask(miner, b'{"command":"pools"}') for miner in asked))
        assert all(status(raw) == ("S", 7) for raw in replies)
        assert farm.overlaps == 0


def test_the_command_prints_miners_ready_to_be_sent_to_the_api() -> None:
    first = f"127.63.{random.randrange(256)}.{random.randrange(1, 250)}"
    taken = ["simulate", "miners", "--count", "3", "--mix", "s19pro=2,m30s", "--address", first, "--port", "24028"]
    result = CliRunner().invoke(cli, [*taken, "--for", "0", "--json"])
    assert result.exit_code == 0, result.stderr
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["ip_address"] for row in rows] == [str(IPv4Address(first) + n) for n in range(3)]
    assert sorted(row["manufacturer"] for row in rows) == ["AntMiner", "AntMiner", "Whatsminer"]
    table = CliRunner().invoke(cli, [*taken, "--for", "0", "--csv", "-"])
    header, *lines = table.stdout.splitlines()
    assert header.startswith("name,ip_address,port,web_port,api3_port,manufacturer,model")
    assert [line.split(",")[1] for line in lines] == [row["ip_address"] for row in rows]


def test_the_command_says_what_is_wrong_with_its_options() -> None:
    result = CliRunner().invoke(cli, ["simulate", "miners", "--mix", "toaster=1"])
    assert result.exit_code == 2
    assert "there is no miner 'toaster': say one of whatsminer, antminer" in result.stderr
