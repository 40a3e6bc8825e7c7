"""The simulated RADMIN server on the wire, asked by raw sockets that trust nothing."""

import asyncio
import http.client
import time
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from lineman.adapters.devices.simulators.gateways import Kind, SimulatedGatewayTown, Times, radmin_pages, talk, wire

from ..gateway_wire import LIST_LOGIN, LOGIN, get, look, parted, request, rows, send, town_of

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """The command line runs simulators on uvloop, tests mostly on asyncio's own loop."""
    return "asyncio", {"use_uvloop": request.param}


FAST = Times().scaled(0.002)


async def until(true: Any, seconds: float = 20.0) -> None:
    """Wait until something has come about."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came about"
        await asyncio.sleep(0.005)


def port_of(town: SimulatedGatewayTown, name: str) -> int:
    entry = town.radmin.entry(name)
    assert entry is not None
    return entry.port


def dial_in(town: SimulatedGatewayTown, name: str) -> None:
    entry = town.radmin.entry(name)
    assert entry is not None
    entry.dialed()


async def test_the_list_is_http_1_0_with_bare_line_feeds_no_length_and_ends_by_hanging_up() -> None:
    async with town_of(2, names=["b", "a"]) as town:
        head, page = parted(await look(town))
        lines = head.split(b"\n")
        assert lines[0] == b"HTTP/1.0 200 OK"
        assert [line.partition(b":")[0] for line in lines[1:]] == [b"Date", b"Connection", b"Content-Type"]
        assert page.startswith(b"<html><title>Remote Administration Server</title><body><CENTER> \n<tr><a href=")
        assert page.endswith(b"</table>\n</body></html>\n")
        assert [*rows(page)] == ["a", "b"]
        assert rows(page)["b"] == port_of(town, "b")


async def test_without_the_password_there_is_a_401_and_a_realm() -> None:
    async with town_of() as town:
        for login in (None, ("admin", "wrong")):
            head, page = parted(await send(town.radmin.port, request("/", login)))
            assert head.startswith(
                b'HTTP/1.0 401 Please Authenticate\nWWW-Authenticate: Basic realm="Please Login"\nDate: '
            )
            assert page == b"\n\n"


async def test_rows_stand_in_the_order_of_their_bytes_and_are_never_escaped() -> None:
    names = ["shop-lower", "Shop & Cafe", "Склад-3", "<b>bold</b>", "Office 4/2", "Branch-Main"]
    async with town_of(6, names=names) as town:
        page = (await look(town)).decode()
        assert [*rows(page.encode())] == [
            "<b>bold</b>",
            "Branch-Main",
            "Office 4/2",
            "Shop & Cafe",
            "shop-lower",
            "Склад-3",
        ]
        assert '<td><a href="http://radmin.example.net:8086/?del=Shop & Cafe&type=1">Del</a></td>' in page


async def test_names_go_out_in_the_bytes_in_which_they_came() -> None:
    async with town_of(1, names=["仓库一号"], encoding="gb2312") as town:
        assert b"\t<td>\xb2\xd6\xbf\xe2\xd2\xbb\xba\xc5 </td>\n" in await look(town)


async def test_old_units_have_rows_without_a_link_and_telnet_ones_a_page_of_their_own() -> None:
    async with town_of(1, names=["Branch"], legacy=1) as town:
        town.radmin.add("Branch", Kind.TELNET)
        plain, telnet = (await look(town)).decode(), (await look(town, "/?telnet")).decode()
        assert rows(plain.encode()).keys() == {"Branch"}
        assert '>TELNET</a></td>\n\t<td><a href="http://radmin.example.net:8086/?del=Legacy-01&type=2">Del' in plain
        assert "RADMIN</a>" not in telnet
        assert "?del=Branch&type=3&refer=%3Ftelnet" in telnet


async def test_the_xml_of_the_list_and_the_question_for_one_unit() -> None:
    async with town_of(1, names=["Depot North"]) as town:
        port = port_of(town, "Depot North")
        _, xml = parted(await look(town, "/clients.xml"))
        assert f"<addr>http://radmin.example.net:{port}</addr>".encode() in xml
        for name, told in (("Depot%20North", f"URL=http://radmin.example.net:{port}"), ("Nobody", "find id:Nobody\n")):
            assert told.encode() in await send(town.radmin.port, request(f"/?findcli={name}", None))


async def test_other_paths_and_methods_get_what_the_engine_says() -> None:
    async with town_of() as town:
        assert parted(await look(town, "/nothing"))[0].startswith(b"HTTP/1.0 404 Not Found")
        for method in ("HEAD", "PUT", "OPTIONS"):
            raw = await send(town.radmin.port, request("/", LIST_LOGIN, method))
            assert raw == b"\n<B>ERROR : Method Not Implemented</B>\n\n" + method.encode()


async def test_a_request_that_stops_in_the_middle_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk, "REQUEST_S", 0.05)
    async with town_of() as town:
        assert await send(town.radmin.port, b"GET / HTTP/1.0\r\nHost: x\r\n") == b""
        assert not town.radmin.hits


async def test_links_that_do_harm_are_there_and_do_it_and_are_counted() -> None:
    async with town_of(2, names=["a", "b"], times=Times(lost_s=3600)) as town:
        page = await look(town)
        assert b"/?del=a&type=1" in page
        assert b"/?cfg=read" in page
        assert town.harm == []
        assert (await look(town, "/?del=a&type=1")).startswith(b"HTTP/1.0 303 See Other\nLocation: /\n")
        assert rows(await look(town)).keys() == {"b"}
        assert b"passwd value=radmin" in await look(town, "/?cfg=read")
        assert len(town.harm) == 2
        await look(town, "/?cfg=write&passwd=other")
        assert (await look(town)).startswith(b"HTTP/1.0 401")


async def test_a_gateway_that_was_taken_off_the_list_dials_in_again_and_has_another_port() -> None:
    async with town_of(times=FAST) as town:
        before = town.radmin.entry("Branch-001")
        await look(town, "/?del=Branch-001&type=1")
        await until(lambda: town.radmin.entry("Branch-001") not in (None, before))
        assert before is not None
        assert port_of(town, "Branch-001") != before.port


async def test_a_gateway_answers_only_those_who_have_seen_the_list_with_its_password() -> None:
    async with town_of() as town:
        port = port_of(town, "Branch-001")
        assert await get(port, "status.html") == b""
        await send(town.radmin.port, request("/", None))
        assert await get(port, "status.html") == b""
        await look(town, source="127.0.0.2")
        assert await get(port, "status.html") == b""
        await look(town)
        assert (await get(port, "status.html")).startswith(b"HTTP/1.0 200 OK\n")
        assert town.gateways[0].connections == 1


async def test_who_has_seen_the_list_is_let_in_for_a_day_and_then_no_more() -> None:
    now = 0.0
    async with town_of(clock=lambda: now) as town:
        port = port_of(town, "Branch-001")
        await look(town)
        now = 86_399.0
        assert await get(port, "status.xml")
        now = 86_400.0
        assert await get(port, "status.xml") == b""


async def test_each_connection_uses_up_a_tunnel_and_the_next_one_waits_for_another() -> None:
    async with town_of(times=Times(redial_s=3600)) as town:
        await look(town)
        port = port_of(town, "Branch-001")
        assert await get(port, "status.xml")
        later = asyncio.create_task(get(port, "status.xml"))
        await asyncio.sleep(0.05)
        assert not later.done()
        dial_in(town, "Branch-001")
        assert b"</status>" in await later
        assert town.overlaps == 0


async def test_a_connection_that_only_knocks_costs_a_tunnel_as_well() -> None:
    async with town_of(times=Times(redial_s=3600)) as town:
        await look(town)
        port = port_of(town, "Branch-001")
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        await until(lambda: town.gateways[0].connections)
        writer.close()
        later = asyncio.create_task(get(port, "status.xml"))
        await asyncio.sleep(0.05)
        assert not later.done()
        dial_in(town, "Branch-001")
        assert b"</status>" in await later


async def test_after_an_outage_dead_connections_eat_the_first_tunnels() -> None:
    async with town_of(times=Times(redial_s=0.05)) as town:
        await look(town)
        port, gateway = port_of(town, "Branch-001"), town.gateways[0]
        gateway.go(cleanly=False)
        for _ in range(4):  # the first is let through to nobody, the others stand in the backlog
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
        gateway.come()
        assert (await get(port, "status.xml")).startswith(b"HTTP/1.0 200")
        assert gateway.connections == 4
        assert gateway.overlaps == 0


async def test_a_unit_that_hung_up_closes_on_the_first_client_and_lets_the_next_ones_hang() -> None:
    async with town_of() as town:
        await look(town)
        port = port_of(town, "Branch-001")
        town.gateways[0].go(cleanly=True)
        assert await get(port, "status.xml") == b""
        hanging = asyncio.create_task(get(port, "status.xml"))
        await asyncio.sleep(0.05)
        assert not hanging.done()
        town.gateways[0].come()
        assert (await hanging).startswith(b"HTTP/1.0 200")


async def test_a_unit_that_reboots_hangs_up_and_is_back_on_its_old_port() -> None:
    async with town_of(times=Times(web_down_s=0.1)) as town:
        port, gateway = rows(await look(town))["Branch-001"], town.gateways[0]
        assert b"please wait" in await get(port, "reboot.html", method="POST", form=True)
        await until(lambda: not gateway.online)
        assert await get(port, "status.xml") == b""
        assert b"</status>" in await get(port, "status.xml")  # it hung until the unit was back
        assert port_of(town, "Branch-001") == port
        assert town.orders == [("Branch-001", "reboot")]


async def test_a_dead_unit_stays_on_the_list_for_a_while_and_comes_back_on_another_port() -> None:
    async with town_of(2, names=["a", "b"], times=Times(ghost_s=0.1)) as town:
        before, gateway = port_of(town, "a"), town.gateways[0]
        gateway.go(cleanly=False)
        assert rows(await look(town)).keys() == {"a", "b"}
        await until(lambda: not town.radmin.entry("a"))
        assert rows(await look(town)).keys() == {"b"}
        with pytest.raises(ConnectionRefusedError):
            await get(before, "status.xml")
        gateway.come()
        assert port_of(town, "a") != before


async def test_a_port_can_move_while_somebody_holds_an_old_list() -> None:
    async with town_of() as town:
        old = rows(await look(town))["Branch-001"]
        entry = town.radmin.entry("Branch-001")
        assert entry is not None
        entry.move()
        with pytest.raises(ConnectionRefusedError):
            await get(old, "status.xml")
        assert await get(rows(await look(town))["Branch-001"], "status.xml")


async def test_a_unit_that_is_back_in_time_has_its_old_port() -> None:
    async with town_of() as town:
        before = rows(await look(town))
        town.gateways[0].go(cleanly=False)
        town.gateways[0].come()
        assert rows(await look(town)) == before


async def test_after_a_crash_the_list_is_away_then_empty_and_nobody_is_let_in() -> None:
    async with town_of(3, times=Times(restart_s=0.05, lost_s=3600)) as town:
        port = rows(await look(town))["Branch-001"]
        town.radmin.restart()
        for away in (town.radmin.port, port):
            with pytest.raises(ConnectionRefusedError):
                await get(away, "/")
        await until(lambda: town.radmin.up)
        assert rows(await look(town)) == {}
        assert not town.radmin.entries


async def test_after_a_crash_all_come_back_on_new_ports() -> None:
    async with town_of(3, times=Times(restart_s=0.01, lost_s=0.02)) as town:
        before = rows(await look(town))
        town.radmin.restart()
        await until(lambda: len(town.radmin.entries) == 3)
        assert await get(port_of(town, "Branch-001"), "status.xml") == b""
        after = rows(await look(town))
        assert after.keys() == before.keys()
        assert not set(after.values()) & set(before.values())
        assert await get(after["Branch-001"], "status.xml")


async def test_ports_of_a_range_are_handed_out_in_turn() -> None:
    async with town_of(1) as probe:
        free = probe.radmin.port
    async with town_of(2, names=["a", "b"], ports=(free, free + 3)) as town:
        a, b = port_of(town, "a"), port_of(town, "b")
        assert a < b
        town.radmin.leave(town.gateways[0])
        town.radmin.join(town.gateways[0])
        assert port_of(town, "a") > b  # not its old one, although that is free


async def test_two_units_can_change_places_behind_the_ports_of_the_list() -> None:
    async with town_of(2, names=["a", "b"]) as town:
        await look(town)
        town.radmin.cross("a", "b")
        page = await get(port_of(town, "a"), "status.xml?type=base")
        assert town.by_name["b"].serial.encode() in page


@pytest.mark.parametrize(
    ("knob", "told"),
    [
        ({"cut": True}, lambda page: page.startswith(b"HTTP/1.0 200") and b"</html>" not in page),
        ({"half": True}, lambda page: len(rows(page)) == 2),
        ({"empty": True}, lambda page: rows(page) == {} and page.endswith(b"</html>\n")),
        ({"strange": True}, lambda page: b"Please log in" in page and b"Administration" not in page),
        ({"garbled": True}, lambda page: rows(page) == {}),
        ({"denied": True}, lambda page: page.startswith(b"HTTP/1.0 401")),
        ({"closed": True}, lambda page: page == b""),
        ({"huge": True}, lambda page: len(page) > 10_000_000),
        ({"slow_ms": 50}, lambda page: len(rows(page)) == 4),
    ],
    ids=str,
)
async def test_what_can_be_wrong_with_the_list(knob: dict[str, Any], told: Any) -> None:
    async with town_of(4) as town:
        town.radmin.turn(**knob)
        assert told(await look(town))
        town.radmin.turn(**dict.fromkeys(knob, 0))
        assert len(rows(await look(town))) == 4


async def test_a_list_can_be_silent_or_refused() -> None:
    async with town_of() as town:
        town.radmin.turn(mute=True)
        reader, writer = await asyncio.open_connection("127.0.0.1", town.radmin.port)
        writer.write(request("/", LIST_LOGIN))
        await until(lambda: town.radmin.hits["GET /"])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.05)
        writer.close()
        town.radmin.turn(mute=False, refuse=True)
        with pytest.raises(ConnectionRefusedError):
            await look(town)
        town.radmin.turn(refuse=False)
        assert len(rows(await look(town))) == 1


async def test_clients_side_by_side_at_one_gateway_are_counted_and_clients_in_turn_are_not() -> None:
    async with town_of(2, names=["a", "b"]) as town:
        ports = rows(await look(town))
        for _ in range(3):
            await get(ports["a"], "status.xml")
        await asyncio.gather(*(get(port, "status.xml") for port in ports.values()))
        assert town.overlaps == 0
        town.set("a", latency_ms=100)
        await asyncio.gather(*(get(ports["a"], "status.xml") for _ in range(2)))
        assert town.overlaps == 1


async def test_clients_of_the_trade_can_read_both() -> None:
    async with town_of() as town:
        async with httpx.AsyncClient(auth=LIST_LOGIN) as client:
            answer = await client.get(f"http://127.0.0.1:{town.radmin.port}/")
            assert len(rows(answer.content)) == 1
        port = port_of(town, "Branch-001")

        def old() -> bytes:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            try:
                connection.putrequest("GET", "/default/en_US/status.xml?type=base")
                key = request("/", LOGIN).split(b"Authorization: ")[1].split(b"\r\n")[0]
                connection.putheader("Authorization", key)
                connection.endheaders()
                return connection.getresponse().read()
            finally:
                connection.close()

        assert b"<sn>" in await asyncio.to_thread(old)


def test_pages_are_those_of_the_program_to_the_byte() -> None:
    """The pages of version 1.06, as far as the facts tell its bytes."""
    rows_ = [
        SimpleNamespace(name=b"Branch-Main", address="203.0.113.16", kind=Kind.WEB, port=38000),
        SimpleNamespace(name=b"Shop & Cafe", address="198.51.100.78", kind=Kind.RLOGIN, port=38003),
    ]
    page: Any = radmin_pages.listing(rows_, b"radmin.example.net:8086", b"radmin.example.net")  # type: ignore[arg-type]
    assert page == (
        b"<html><title>Remote Administration Server</title><body><CENTER> \n"
        b'<tr><a href="http://radmin.example.net:8086/?cfg=read">v1.06 Modify Options</a></tr><table border="0">\n'
        b"<tr>\n\t<td>Branch-Main </td>\n\t<td>203.0.113.16 </td>\n"
        b'\t<td><a href="http://radmin.example.net:38000">RADMIN</a></td>\n'
        b'\t<td><a href="http://radmin.example.net:8086/?del=Branch-Main&type=1">Del</a></td>\n</tr>\n'
        b"<tr>\n\t<td>Shop & Cafe </td>\n\t<td>198.51.100.78 </td>\n"
        b'\t<td><a href="telnet://radmin.example.net:38003">TELNET</a></td>\n'
        b'\t<td><a href="http://radmin.example.net:8086/?del=Shop & Cafe&type=2">Del</a></td>\n</tr>\n'
        b"</table>\n</body></html>\n"
    )
    assert wire.see_other("/").endswith(b'<BODY><a href="/">Click here</a></BODY>\n</HTML>\n')
