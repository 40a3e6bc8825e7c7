"""Simulated GoIP gateways on the wire: their pages, their orders, what can be wrong with them."""

import asyncio
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from lineman.adapters.devices.simulators.gateways import PLATES, Calling, Condition, SimulatedGoips, Times

from ..gateway_wire import LOGIN, get, parted, request, send

pytestmark = pytest.mark.anyio

SHARED = Path(__file__).resolve().parents[3] / "shared/fixtures/goip"


def units_of(*kinds: str, **more: Any) -> SimulatedGoips:
    """Gateways whose time stands still."""
    still: dict[str, Any] = {"clock": lambda: 0.0, "started_at": 1.7e9, "calm": True}
    return SimulatedGoips([*kinds], **(still | more))


class Cells(HTMLParser):
    """Texts by id, titles of lines, and the fields of forms."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.cells: dict[str, str] = {}
        self.labels: list[str] = []
        self.inputs: dict[str, str] = {}
        self.forms: dict[str, str] = {}
        self._open: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "td":
            self._open = known.get("id", "?")
            self.cells[self._open] = ""
        if tag == "input" and "name" in known:
            self.inputs[known["name"]] = known.get("value", "")
        if tag == "form":
            self.forms[known["action"]] = known["method"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "td":
            if self._open == "?":
                self.labels.append(self.cells["?"])
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._open:
            self.cells[self._open] += data.replace("\xa0", " ").strip()


async def page(port: int, path: str, charset: str) -> str:
    head, body = parted(await get(port, path))
    assert head.startswith(b"HTTP/1.0 200 OK\n")
    assert b"Content-Length" not in head
    return body.decode("gb18030" if charset == "gb2312" else charset)


def elements(raw: bytes) -> dict[str, str]:
    """Elements of the XML, read as one has to: decoded first, with its ampersands mended."""
    assert raw.startswith(b'<?xml version="1.0" encoding="gb2312"?>')
    text = raw.decode("gb18030").partition("?>")[2]
    root = ET.fromstring(re.sub(r"&(?!lt;)", "&amp;", text))
    assert root.tag == "status"
    return {element.tag: re.sub("<[^>]*>", "", element.text or "").strip() for element in root}


def as_told(shown: str) -> bool | None:
    return {"Y": True, "N": False, "": None}[shown]


@pytest.mark.parametrize("kind", PLATES)
async def test_page_and_xml_of_the_lines_tell_the_same_and_the_truth(kind: str) -> None:
    async with units_of(kind, calm=False, seed=3) as units:
        gateway = units.gateways[0]
        plate, truth = gateway.plate, gateway.truth()
        text = await page(units.ports[0], "status.html?type=list", plate.charset)
        raw = parted(await get(units.ports[0], "status.xml?type=list"))[1]
        told, found = elements(raw), Cells(text).cells
        assert len({name for name in found if name.endswith("_module_status_gsm")}) == plate.lines
        for line in truth["lines"]:
            for name in (
                "module_status",
                "gsm_sim",
                "gsm_status",
                "status_line",
                "line_state",
                "gsm_signal",
                "sim_remain",
            ):
                assert found[f"l{line['line']}_{name}"] == told[f"l{line['line']}_{name}"], name
            prefix = f"l{line['line']}_"
            assert as_told(told[prefix + "gsm_status"]) is line["gsm"]
            assert told[prefix + "gsm_signal"] == ("" if line["rssi_raw"] is None else str(line["rssi_raw"]))
            assert told[prefix + "gsm_cur_oper"] == (line["operator"] or "")
            assert found[prefix + plate.since] == told[prefix + plate.since]
        assert f'var uptime_s="{truth["uptime_s"]}"' in text
        assert (await page(units.ports[0], "status.html", plate.charset)) == text


@pytest.mark.parametrize("kind", PLATES)
async def test_the_identity_has_labels_and_on_some_units_ids(kind: str) -> None:
    async with units_of(kind) as units:
        gateway = units.gateways[0]
        plate, truth = gateway.plate, gateway.truth()
        text = await page(units.ports[0], "status.html?type=list", plate.charset)
        assert f"<title>{plate.title}</title>" in text
        assert re.search(rf">SN\(Serial Number\):</td>\s*<td class=\"text\"[^>]*>{truth['serial']}</td>", text)
        assert (Cells(text).cells.get("sn") == truth["serial"]) is plate.ids
        assert truth["serial"].endswith(truth["serial_last4"])
        assert ("\r\n" in text) is (plate.newline == "\r\n")
        assert f"charset={plate.charset}" in text
        base = elements(parted(await get(units.ports[0], "status.xml?type=base"))[1])
        assert (base["sn"], base["model"], base["version"]) == (truth["serial"], plate.model, plate.firmware)
        assert base["time"] == truth["device_time"] == "2023-11-14 22:13:20"


async def test_the_answer_to_the_page_itself_and_to_scrapers_is_the_same_xml() -> None:
    async with units_of("goip4") as units:
        port = units.ports[0]
        scraped = parted(await get(port, "status.xml?type=base&ajaxcachebust=1700000000000"))[1]
        posted = parted(await get(port, "status.xml", method="POST", body=b"type=base", form=True))[1]
        assert scraped == posted
        assert units.gateways[0].hits["GET /default/en_US/status.xml?type=base"] == 1


@pytest.mark.parametrize("kind", ["goip1", "goip4"])
async def test_pages_are_in_their_own_charset_and_xml_in_the_one_it_declares_unless_it_is_mixed_up(kind: str) -> None:
    name = "测试移动"
    seed = next(n for n in range(1, 100) if SimulatedGoips([kind], seed=n, calm=True).gateways[0].seed % 5 == 4)
    async with units_of(kind, seed=seed) as units:
        port, gateway = units.ports[0], units.gateways[0]
        assert name.encode(gateway.plate.codec) in await get(port, "status.html?type=list")
        assert name.encode("gb2312") in await get(port, "status.xml?type=list")
        gateway.turn(mixed_up=True)
        raw = await get(port, "status.xml?type=list")
        assert name.encode("utf-8") in raw
        assert b'encoding="gb2312"' in raw


async def test_a_line_whose_module_is_off_has_empty_cells() -> None:
    async with units_of("goip4") as units:
        units.gateways[0].lines[1].module_on = False
        found = Cells(await page(units.ports[0], "status.html?type=list", "utf-8")).cells
        assert found["l2_module_status"] == "N"
        assert {value for name, value in found.items() if name.startswith("l2_")} == {"2", "N", ""}
        told = elements(parted(await get(units.ports[0], "status.xml?type=list"))[1])
        assert told["l2_gsm_status"] == told["l2_gsm_signal"] == told["l2_line_state"] == ""


@pytest.mark.parametrize(
    ("condition", "shown"),
    [
        (Condition.NO_SIM, ("N", "N", "0")),
        (Condition.UNREGISTERED, ("Y", "N", "99")),
    ],
)
async def test_what_a_line_without_sim_or_network_shows(condition: Condition, shown: tuple[str, str, str]) -> None:
    async with units_of("goip4") as units:
        units.gateways[0].lines[0].condition = condition
        raw = parted(await get(units.ports[0], "status.xml?type=list"))[1]
        told = elements(raw)
        assert (told["l1_gsm_sim"], told["l1_gsm_status"], told["l1_gsm_signal"]) == shown
        assert f'<l1_gsm_signal>&lt;font color="#FF0000">{shown[2]}&lt;/font></l1_gsm_signal>'.encode() in raw


async def test_forwarding_is_told_by_words_or_a_number() -> None:
    async with units_of(*["goip32"] * 4) as units:
        words = set()
        for port, gateway in zip(units.ports, units.gateways, strict=True):
            told = elements(parted(await get(port, "status.xml?type=callforward"))[1])
            found = Cells(await page(port, "status.html?type=callforward", "utf-8")).cells
            assert told["l7_cf_busy_status"] == found["l7_cf_busy_status"] == gateway.truth()["lines"][6]["forward"][1]
            words |= {re.sub(r"\d+", "", value) for name, value in told.items() if "_cf_" in name}
        assert words == {"OFF", "Not Set", "+"}


@pytest.mark.parametrize("mode", ["SINGLE_MODE", "LINE_MODE", "TRUNK_GW_MODE", "GROUP_MODE"])
async def test_the_voip_page_has_the_blocks_of_all_modes_and_the_passwords_in_clear(mode: str) -> None:
    async with units_of("goip8", sip_stem="CANARY") as units:
        gateway = units.gateways[0]
        gateway.calling = Calling(mode, "me", gateway.calling.password)
        text = await page(units.ports[0], "config.html?type=calling", "gb2312")
        inputs = Cells(text).inputs
        assert f'<option value="{mode}" selected>' in text
        assert text.count('class="visable"') >= 1
        assert re.findall(r'<div id="sip_config_mode_(\w+)_div" class="visable">', text) == [mode]
        assert text.count("CANARY") > 4
        for line, wanted in gateway.calling.ids(8).items():
            name = {
                "SINGLE_MODE": "sip_auth_id",
                "LINE_MODE": f"sip_line{line}_auth_id",
                "TRUNK_GW_MODE": "sip_trunk_auth_id",
                "GROUP_MODE": f"sip_group{(line - 1) % 4 + 1}_auth_id",
            }[mode]
            assert inputs[name] == (wanted or "")
        assert re.search(r'name="line6_setting".*<option value="1" selected>Group 2</option>', text)
        assert mode != "LINE_MODE" or gateway.calling.ids(8)[4] is None


async def test_a_unit_of_one_line_has_two_modes_and_one_with_h323_no_account() -> None:
    async with units_of("goip1") as units:
        text = await page(units.ports[0], "config.html?type=calling", "gb2312")
        assert re.findall(r'<option value="(\w+_MODE)"', text) == ["SINGLE_MODE", "TRUNK_GW_MODE"]
        assert Calling(h323=True).ids(2) == {1: None, 2: None}


def test_a_unit_whose_lines_are_never_registered_by_voip_has_no_account_for_it() -> None:
    units = [SimulatedGoips(["goip8"], seed=seed, calm=True).gateways[0] for seed in range(60)]
    silent = [unit for unit in units if not unit.uses_voip]
    assert 0 < len(silent) < 30
    assert not any(any(unit.calling.ids(8).values()) for unit in silent)


async def test_the_reset_to_factory_settings_stands_above_the_reboot_and_both_have_no_fields() -> None:
    async with units_of("goip4") as units:
        text = await page(units.ports[0], "tools.html", "utf-8")
        forms = Cells(text).forms
        assert [*forms] == ["reset_config.html", "reboot.html", "tools.html?type=upgrade"]
        side = text[: text.index('tools.html?type=upgrade" method')]
        assert 'type="submit" value="Reboot Device" class="savebutton">' in side
        assert Cells(side).inputs == {}
        await get(units.ports[0], "reset_config.html", method="POST")
        assert len(units.gateways[0].harm) == 1


@pytest.mark.parametrize(("kind", "answer"), [("goip4", b"please wait"), ("goip16", b"Rebooting..."), ("goip8", b"")])
async def test_a_reboot_takes_the_pages_away_then_the_lines_and_starts_the_uptime_anew(
    kind: str, answer: bytes
) -> None:
    now = 0.0
    times = Times(web_down_s=0.2, lines_down_s=45)
    async with units_of(kind, times=times, clock=lambda: now) as units:
        port, gateway = units.ports[0], units.gateways[0]
        before = gateway.truth()["uptime_s"]
        assert b"404" in await get(port, "reboot.html")
        assert gateway.orders == []
        raw = await get(port, "reboot.html", method="POST", form=True)
        assert answer in raw
        assert bool(raw) is bool(answer)
        while not gateway.orders:
            await asyncio.sleep(0.005)
        with pytest.raises(ConnectionRefusedError):
            await get(port, "status.xml")
        while not gateway.online:
            await asyncio.sleep(0.005)
        now = 1.0
        told = elements(parted(await get(port, "status.xml"))[1])
        assert told["l1_gsm_status"] == "N"
        assert gateway.truth()["uptime_s"] == 1 < before
        now = 46.0
        told = elements(parted(await get(port, "status.xml"))[1])
        assert told["l1_gsm_status"] == "Y"
        assert gateway.orders == ["reboot"]


async def test_a_stubborn_unit_takes_the_order_and_does_nothing() -> None:
    async with units_of("goip4") as units:
        units.gateways[0].turn(stubborn=True)
        assert b"please wait" in await get(units.ports[0], "reboot.html", method="POST")
        assert b"</status>" in await get(units.ports[0], "status.xml")


async def test_a_module_is_switched_by_a_link_and_takes_a_while_to_find_its_network() -> None:
    now = 0.0
    async with units_of("goip4", clock=lambda: now) as units:
        port = units.ports[0]

        async def shown() -> str:
            return Cells(await page(port, "status.html?type=list", "utf-8")).cells["l3_gsm_status"]

        text = await page(port, "status.html?type=list", "utf-8")
        assert '<a href="?type=list&down=1&line=3">Y</a>' in text
        off = await page(port, "status.html?type=list&down=1&line=3", "utf-8")
        assert '<a href="?type=list&down=0&line=3"><font color="#FF0000">N</font></a>' in off
        assert await shown() == ""
        await get(port, "status.html?type=list&down=0&line=3")
        assert await shown() == "N"
        now = 21.0
        assert await shown() == "Y"
        for wrong in ("9", "0", "x", "-1", "²", ""):
            await get(port, f"status.html?type=list&down=1&line={wrong.replace('²', '%C2%B2')}")
        assert units.gateways[0].orders == ["module 3 off", "module 3 on"]


async def test_the_engine_says_no_in_its_own_words() -> None:
    async with units_of("goip4") as units:
        port = units.ports[0]
        for login in (None, ("admin", "wrong"), ("user", "goip")):
            head, body = parted(await get(port, "status.html", login=login))
            assert head.startswith(b'HTTP/1.0 401 Please Authenticate\nWWW-Authenticate: Basic realm="GoIP"')
            assert body == b"\n\n"
        assert (await get(port, "nothing.html")).startswith(b"HTTP/1.0 404 Not Found")
        assert await send(port, request("/", LOGIN, "HEAD")) == b"\n<B>ERROR : Method Not Implemented</B>\n\nHEAD"
        assert b"\nLocation: /default/en_US/status.html\n" in await get(port, "/")
        assert (await get(port, "/default/zh_CN/status.xml")).startswith(b"HTTP/1.0 200")
        units.gateways[0].login = ("admin", "changed")
        assert (await get(port, "status.html")).startswith(b"HTTP/1.0 401")


async def test_a_brands_tree_is_where_the_root_leads() -> None:
    async with units_of("brand8") as units:
        assert b"\nLocation: /acme/en_US/status.html\n" in await get(units.ports[0], "/")
        text = await page(units.ports[0], "/acme/en_US/status.html", "utf-8")
        assert "<title>Acme Voice GoIP_8 Gateway</title>" in text


@pytest.mark.parametrize(
    ("knob", "told"),
    [
        ({"cut": True}, lambda raw: raw.startswith(b"HTTP/1.0 200") and b"</html>" not in raw and b"l1_gsm_sim" in raw),
        ({"garbled": True}, lambda raw: raw.startswith(b"HTTP/1.0 200") and b"l1_gsm" not in raw),
        ({"strange": True}, lambda raw: b"Please log in" in raw),
        ({"closed": True}, lambda raw: raw == b""),
        ({"denied": True}, lambda raw: raw.startswith(b"HTTP/1.0 401")),
        ({"huge": True}, lambda raw: len(raw) > 10_000_000),
        ({"slow_ms": 30}, lambda raw: raw.endswith(b"</html>\r\n\r\n")),
        ({"serial": "8MCDRM99990000"}, lambda raw: b">8MCDRM99990000<" in raw),
        ({"clock_1970": True}, lambda raw: b">1970-0" in raw),
        ({"no_uptime": True}, lambda raw: b'uptime_s=""' in raw),
        ({"rssi": "99"}, lambda raw: b'<font color="#FF0000">99</font>' in raw),
        ({"rssi": ""}, lambda raw: b'id="l1_gsm_signal">&nbsp;</td>' in raw),
        ({"rssi": "0"}, lambda raw: b'<font color="#FF0000">0</font>' in raw),
        ({"rssi": "12"}, lambda raw: b'<font color="#FF8000">12</font>' in raw),
        ({"hostile": True}, lambda raw: raw.count(b"<script>alert(") == 6 and b"onerror" in raw),
    ],
    ids=str,
)
async def test_what_can_be_wrong_with_a_gateway(knob: dict[str, Any], told: Any) -> None:
    async with units_of("goip4") as units:
        units.gateways[0].turn(**knob)
        assert told(await get(units.ports[0], "status.html?type=list"))


async def test_a_silent_gateway_keeps_its_client_and_one_that_refuses_has_none() -> None:
    async with units_of("goip4") as units:
        units.gateways[0].turn(mute=True)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(get(units.ports[0], "status.xml"), 0.05)
        units.gateways[0].turn(mute=False, refuse=True)
        with pytest.raises(ConnectionRefusedError):
            await get(units.ports[0], "status.xml")
        units.gateways[0].turn(refuse=False)
        assert b"</status>" in await get(units.ports[0], "status.xml")


def test_lines_live_by_their_seed_calls_come_and_go_minutes_run_out_and_networks_are_lost() -> None:
    def course(seed: int, steps: int) -> list[tuple[Any, ...]]:
        now = 0.0
        units = SimulatedGoips(["goip32"], seed=seed, clock=lambda: now, started_at=1.7e9)
        seen = list[tuple[Any, ...]]()
        for _ in range(steps):
            seen.extend(
                (now, line["line"], line["state"], line["gsm"], line["rssi"], line["sim_remain"], line["calls"])
                for line in units.gateways[0].truth()["lines"]
            )
            now += 67.0
        return seen

    once = course(1, 350)
    assert once[: 32 * 40] == course(1, 40) != course(2, 40)
    assert {row[2] for row in once} - {None} == {"IDLE", "DIALING", "ALERTING", "INCOMING", "CONNECTED"}
    by_line = [[row for row in once if row[1] == line] for line in range(1, 33)]
    left = [[int(row[5]) for row in rows] for rows in by_line if rows[0][5] not in (None, "NO LIMIT")]
    assert left
    assert all(later <= sooner for minutes in left for sooner, later in pairwise(minutes))
    assert any(minutes[-1] < minutes[0] for minutes in left)
    wandered = [max(found) - min(found) for rows in by_line if (found := [row[4] for row in rows if row[4]])]
    assert 2 <= sorted(wandered)[len(wandered) // 2] <= 7
    lost = [rows for rows in by_line if len({row[3] for row in rows}) == 2]
    assert lost
    assert all(rows[-1][3] is not False or rows[0][3] is not False for rows in lost)


def _columns(text: str) -> list[str]:
    labels = Cells(text).labels
    return labels[labels.index("CH") : labels.index("Reset") + 1]


def _names(text: str) -> Iterator[str]:
    """Ids of cells, as far as they are a unit's."""
    for name in Cells(text).cells:
        if name != "?":
            yield name


@pytest.mark.shared
@pytest.mark.parametrize("kind", ["goip1", "goip4", "goip8", "goip16", "goip32"])
async def test_status_pages_have_the_ids_and_labels_that_are_known(kind: str) -> None:
    known = (SHARED / f"status_{kind}.html").read_bytes().decode("gb18030")
    async with units_of(kind) as units:
        plate = units.gateways[0].plate
        text = await page(units.ports[0], "status.html?type=list", plate.charset)
        assert {*_names(text)} == {*_names(known)}
        assert {label for label in Cells(known).labels if label.endswith(":")} <= {*Cells(text).labels}
        assert _columns(text) == _columns(known)


@pytest.mark.shared
@pytest.mark.parametrize("kind", ["list", "base", "callforward"])
async def test_xml_has_the_elements_that_are_known_in_their_order(kind: str) -> None:
    known = elements((SHARED / f"status_{kind}_goip32.xml").read_bytes())
    async with units_of("goip32") as units:
        told = elements(parted(await get(units.ports[0], f"status.xml?type={kind}"))[1])
        assert [*told] == [*known]


@pytest.mark.shared
@pytest.mark.parametrize("name", ["goip1_single", "goip4_line", "goip16_trunk"])
async def test_the_voip_page_has_the_inputs_that_are_known(name: str) -> None:
    known = (SHARED / f"config_calling_{name}_mode.html").read_text()
    async with units_of(name.partition("_")[0]) as units:
        text = await page(units.ports[0], "config.html?type=calling", units.gateways[0].plate.charset)
        assert Cells(known).inputs.keys() - {"sip_line_mode_tab", "sip_group_mode_tab"} == Cells(text).inputs.keys()


@pytest.mark.shared
async def test_the_tools_page_has_the_forms_that_are_known() -> None:
    known = Cells((SHARED / "tools_goip4.html").read_text()).forms
    async with units_of("goip4") as units:
        assert Cells(await page(units.ports[0], "tools.html", "utf-8")).forms == known
