"""The pages of the gateways in a real browser: a real house over scripted lists and devices."""

import math
import re
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import attrs
import pytest
from dependency_injector import providers
from playwright.sync_api import Locator, Page, expect

from lineman.core.gateways import GatewayConfig
from lineman.core.gateways.inventory import GatewayDraft
from lineman.core.identity import UserEdit
from lineman.ports.enterprises import NewEnterprise
from lineman.ports.gateways import (
    Directory,
    Forward,
    Forwards,
    ForwardState,
    GatewayRefuses,
    Listed,
    LoginDenied,
    NotADirectory,
    Seen,
)
from lineman.ports.identity import Actor, Role
from lineman.ports.secrets import Secret

from ...gateway_site import Board, Devices, line, listed, reading

if TYPE_CHECKING:
    from tests.contract.pages.conftest import Serving, Site, Visit

    from lineman.container import House

ADMIN = Actor("tests", Role.ADMIN)
PASSWORD = "correct horse battery"
HOSTILE = "<script>alert('&')</script>"
SHOP, SLASHED, CYRILLIC, CHINESE = "Shop & Cafe", "Office 5/2", "Склад-3", "仓库4号"
ABSENT, LINKLESS, LOCKED, DARK = "Absent", "Linkless", "Locked", "Dark"
SEEN = ["North-1", HOSTILE, SHOP, SLASHED, CYRILLIC, CHINESE]
BUSY = line(2, state="CONNECTED", peer="+99912345", rssi=12, rssi_raw="12")
LINES = (
    line(1, rssi=25, rssi_raw="25", operator=HOSTILE, lac="32B1", cell="C8C0", acd_s=93, asr=47, answered=7, calls=15,
         idle_min=180, sim_remain="12", remaining_min=12),
    BUSY,
    line(3, rssi=4, rssi_raw="4", operator="Оператор", sim_remain="40", remaining_min=40),
    line(4, sim=False, gsm=False, voip=None, rssi=None, rssi_raw="99", operator=None),
    line(5, gsm=False, rssi=7, rssi_raw="7", operator=None, sim_remain="NO LIMIT"),
)  # fmt: skip
FORWARDS = Forwards(busy=Forward(ForwardState.ON, "+99929"))
BOARD, DEVICES = Board(), Devices()


def setup_module() -> None:
    """All is as it was, whatever ran before."""
    BOARD.lists[0] = (*listed(*SEEN, LOCKED, DARK), Listed(LINKLESS, "203.0.113.9", None))
    DEVICES.readings = {name: reading(line(1), line(2)) for name in SEEN}
    DEVICES.readings |= {
        "North-1": reading(*LINES, forwards=((1, FORWARDS),), authentication_ids=((1, "9001"), (2, None))),
        LOCKED: LoginDenied("401 at the pages"),
        DARK: GatewayRefuses("connection refused"),
    }


@pytest.fixture(scope="module")
def site(serving: "Serving") -> Generator["Site"]:
    with serving(_seed) as site:
        yield site


async def _seed(house: "House") -> None:
    directory = Directory(0, "mftp", "198.51.100.8", username="admin", password=Secret("canary-of-the-list"))
    house.gateway_config.override(providers.Object(GatewayConfig(directory=directory, first_look=timedelta(0))))
    house.gateway_directory.override(providers.Object(BOARD))
    house.gateway_driver.override(providers.Object(DEVICES))
    now = datetime.now(UTC).replace(microsecond=0)
    for number, name in (("1001", "North & Sons"), ("1002", HOSTILE)):
        await house.enterprise_store().add(NewEnterprise(number, name), at=now)
    edit = UserEdit(role=Role.ENTERPRISE_ADMIN, enterprise_numbers=("1002",))
    await house.users().add(ADMIN, "elena", Secret(PASSWORD), edit)
    await house.users().add(ADMIN, "nemo", Secret(PASSWORD), UserEdit(role=Role.ENTERPRISE_ADMIN))
    for name in (*SEEN, ABSENT, LINKLESS, LOCKED, DARK):
        number = "1002" if name in (HOSTILE, SHOP) else "1001"
        await house.gateways().add(ADMIN, GatewayDraft(name=name, enterprise_number=number))
    await house.scanning().check(ADMIN, "North-1")
    watched = (await house.gateway_watch_store().all())[0]
    for ago in range(24 * 60, 0, -10):
        # Two hours that nobody watched.
        if not 600 <= ago < 720:
            at = now - timedelta(minutes=ago)
            lines = tuple(
                attrs.evolve(one, seen_at=at, line=attrs.evolve(one.line, rssi=_rssi(one.line.rssi, ago)))
                for one in watched.lines.values()
            )
            await house.gateway_watch_store().keep([Seen(watched.gateway.id, at, watched.watch, lines)])
    await house.gateway_history().roll_up(now=now)
    await scan(house)


def _rssi(usual: int | None, ago: int) -> int | None:
    return None if usual is None else max(0, min(31, round(usual + 2 * math.sin(ago / 90))))


async def scan(house: "House") -> None:
    await house.scans().request(ADMIN)
    assert await house.scanning().work()


async def work(house: "House") -> None:
    assert await house.scanning().work()


def row(page: Page, name: str) -> Locator:
    return page.locator("tbody.gateway").filter(has=page.get_by_role("link", name=name, exact=True))


def names(page: Page) -> list[str]:
    return page.locator(".gateway .row-link").all_text_contents()


def test_the_grid_says_of_every_gateway_how_it_is_why_and_what_its_lines_do(visit: "Visit") -> None:
    page = visit.open("gateways")
    expect(page.locator("tbody.gateway")).to_have_count(10)
    assert {*SEEN} < {*names(page)}
    for name, status, why in (
        (ABSENT, "Inactive", "not on the list of"),
        (LINKLESS, "Inactive", "without a link to its pages"),
        (LOCKED, "Error", "does not take the user name and password"),
        (DARK, "Error", "does not answer"),
    ):
        expect(row(page, name)).to_contain_text(status)
        expect(row(page, name).locator(".why")).to_contain_text(why)
    north = row(page, "North-1")
    expect(north).to_contain_text("Active")
    expect(north).to_contain_text("North & Sons · 1001")
    expect(north).to_contain_text("port 38000")
    expect(north.locator(".why")).to_be_hidden()
    cells = north.get_by_role("list", name="Lines of North-1").get_by_role("link")
    expect(cells).to_have_count(5)
    expect(cells.first).to_have_accessible_name(
        f"Line 1: OK, signal 25 of 31, -63 dBm, {HOSTILE}, idle, registered by VoIP, 12\u00a0min left"
    )
    expect(cells.nth(1)).to_have_accessible_name(re.compile(r"connected \+99912345"))
    expect(cells.nth(2)).to_have_accessible_name(re.compile("^Line 3: Weak signal, .*signal 4 of 31, -105 dBm"))
    expect(cells.nth(3)).to_have_accessible_name(re.compile(r"^Line 4: No SIM, .*signal not known \(it says 99\)"))
    expect(cells.nth(4)).to_have_accessible_name(re.compile("^Line 5: Not registered, .*says nothing without"))
    expect(cells.nth(2).locator(".bars")).to_have_attribute("data-level", "1")
    expect(north.get_by_role("img", name=re.compile("^Mean signal of North-1"))).to_be_visible()
    totals = page.get_by_label("Totals")
    expect(totals).to_contain_text(re.compile("Gateways10.*6 Active2 Inactive2 Error", re.DOTALL))
    expect(totals).to_contain_text(re.compile("Lines15.*1 in a call", re.DOTALL))


def test_a_single_hour_is_drawn_in_the_course_of_a_day(visit: "Visit") -> None:
    drawn = """async () => {
      const main = document.querySelector("script[type=module]").src;
      const { sparkline } = await import(main.replace("main.js", "spark.js"));
      const day = { since: 0, until: 86400, top: 31, step: 3600, label: "one" };
      return sparkline({ times: [3600], values: [20], ...day }).querySelector(".spark-line").getTotalLength();
    }"""
    assert visit.open("gateways").evaluate(drawn) == pytest.approx(10)


def test_a_row_opens_to_everything_that_is_known(visit: "Visit") -> None:
    page = visit.open("gateways?search=North")
    page.get_by_role("button", name="All about North-1").click()
    more = page.locator(".gateway-more")
    for words in ("203.0.113.7", "…1234", "GHSFVT-1.1-67", "M26FBR03A02", "+99929", "9001", "LAC\u00a032B1"):
        expect(more).to_contain_text(words)
    page.get_by_role("button", name="All about North-1").press("Enter")
    expect(more).to_be_hidden()


def test_filters_sort_and_search_live_in_the_address(visit: "Visit") -> None:
    page = visit.open("gateways")
    page.get_by_label("Gateways by status").get_by_role("button", name="Error").click()
    expect(page.locator("tbody.gateway")).to_have_count(2)
    page.reload()
    expect(page.locator("tbody.gateway")).to_have_count(2)
    assert names(page) == [DARK, LOCKED]
    page.locator("th.c-name .sort").first.click()
    page.locator("th.c-name .sort").first.click()
    expect(page.locator(".gateway .row-link").first).to_have_text(LOCKED)
    assert "status=error" in page.url
    assert "sort=-name" in page.url
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("Any signal").select_option("true")
    expect(page.locator("tbody.gateway")).to_have_count(1)
    cells = page.locator(".line-cell")
    expect(cells).to_have_count(5)
    expect(cells.nth(2)).not_to_have_attribute("data-out", "yes")
    expect(cells.first).to_have_attribute("data-out", "yes")
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("All enterprises").select_option("1002")
    expect(page.locator("tbody.gateway")).to_have_count(2)
    page.get_by_label("Search gateways").fill("no such thing")
    expect(page.get_by_text("No gateway matches")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.locator("tbody.gateway")).to_have_count(10)


def test_a_scan_is_followed_to_what_it_found_and_the_grid_changes_with_it(site: "Site", visit: "Visit") -> None:
    page = visit.open("gateways")
    panel = page.get_by_label("Scan", exact=True)
    expect(panel).to_contain_text(re.compile("Scanned .*6 active, 2 inactive, 2 with an error"))
    DEVICES.readings[CYRILLIC] = GatewayRefuses("connection refused")
    page.get_by_role("button", name="Scan now").click()
    expect(panel).to_contain_text("A scan waits to begin")
    expect(page.get_by_role("button", name="Scanning…")).to_be_disabled()
    site.does(work)
    expect(panel).to_contain_text("5 active, 2 inactive, 3 with an error")
    expect(row(page, CYRILLIC)).to_contain_text("Error")
    panel.get_by_text("What it found at each gateway").click()
    expect(panel.locator("tbody tr")).to_have_count(10)
    expect(panel.locator("tbody tr").first).to_contain_text("Error")
    DEVICES.readings[CYRILLIC] = reading(line(1), line(2))
    site.does(scan)
    # Nobody pressed anything: the stream tells.
    expect(row(page, CYRILLIC)).to_contain_text("Active")
    expect(page.get_by_label("Totals")).to_contain_text("6 Active")


def test_a_list_that_cannot_be_read_is_told_and_what_is_shown_is_out_of_date(site: "Site", visit: "Visit") -> None:
    before = BOARD.lists[0]
    BOARD.lists[0] = NotADirectory("a login page")
    site.does(scan)
    page = visit.open("gateways")
    expect(page.get_by_label("Scan", exact=True)).to_contain_text("The list of mftp could not be read")
    expect(row(page, "North-1").locator(".stale-mark")).to_be_visible()
    expect(page.get_by_label("Totals")).to_contain_text("10 out of date")
    page = visit.open("gateways/directories")
    expect(page.get_by_role("row", name="mftp").locator(".bad-text")).to_contain_text("a login page")
    page = visit.open("gateways")
    BOARD.lists[0] = before
    site.does(scan)
    expect(row(page, "North-1").locator(".stale-mark")).to_be_hidden()


@pytest.mark.parametrize("name", [HOSTILE, SHOP, SLASHED, CYRILLIC, CHINESE])
def test_a_gateway_has_its_page_whatever_its_name(visit: "Visit", name: str) -> None:
    page = visit.open("gateways")
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.get_by_label("Condition")).to_contain_text("Active")
    expect(page.get_by_label(f"Lines of {name}", exact=True).locator("tbody tr")).to_have_count(2)


@pytest.mark.usefixtures("charts")
def test_the_page_of_a_gateway_has_every_field_of_its_lines_their_signal_and_its_history(visit: "Visit") -> None:
    page = visit.open("gateway/North-1")
    lines = page.get_by_label("Lines of North-1", exact=True).locator("tbody tr")
    expect(lines).to_have_count(5)
    for words in ("25 of 31", "-63 dBm", HOSTILE, "cell\u00a0C8C0", "idle", "last 3\u00a0h ago", "+99929", "9001",
                  "⚠ 12\u00a0min", "1\u00a0min, 47 %", "7 of 15 answered"):  # fmt: skip
        expect(lines.first).to_contain_text(words)
    expect(lines.first.locator(".bad-text")).to_have_text("⚠ 12\u00a0min")
    expect(lines.nth(2).locator(".warn-text")).to_have_text("40\u00a0min")
    expect(lines.nth(4)).to_contain_text("no limit")
    expect(lines.nth(3).get_by_title("VoIP: not known")).to_be_visible()
    page.get_by_role("button", name="Chart of line 3").click()
    assert "line=3" in page.url
    signal = page.get_by_label("Signal", exact=True)
    plot = signal.get_by_role("img", name=re.compile(r"^Signal \(0 to 31\): .*last"))
    expect(plot).to_be_visible()
    signal.get_by_role("button", name="Week").click()
    expect(signal).to_contain_text("means over an hour")
    page.reload()
    expect(signal.get_by_role("button", name="Week")).to_have_attribute("aria-pressed", "true")
    expect(signal.get_by_label("Line", exact=True)).to_have_value("3")
    expect(page.locator(".timeline li").first).to_be_visible()


def test_a_reboot_names_the_calls_that_end_and_is_followed_until_it_is_back(site: "Site", visit: "Visit") -> None:
    page = visit.open("gateway/North-1")
    page.get_by_role("button", name="Reboot", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("1 line is in a call")
    expect(dialog).to_contain_text("Line 2: connected +99912345")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    assert DEVICES.sent() == []
    page.get_by_role("button", name="Reboot", exact=True).click()
    dialog.get_by_role("button", name="Reboot North-1").click()
    commands = page.get_by_label("Commands", exact=True)
    expect(commands).to_contain_text("Accepted")
    expect(page.get_by_label("Condition")).to_contain_text("rebooting")
    DEVICES.readings["North-1"] = reading(*LINES, uptime_s=3)
    site.does(lambda house: house.commands().tend())
    expect(commands).to_contain_text("Back: done, and seen")
    assert DEVICES.sent() == ["reboot"]


@pytest.mark.parametrize("visit", ["elena"], indirect=True)
def test_a_line_is_restarted_after_a_question_and_a_refusal_stays_in_the_dialog(visit: "Visit") -> None:
    visit.expect("409")
    page = visit.open(f"gateway/{quote(SHOP)}")
    page.get_by_role("button", name="Restart line 2").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Restart line 2 of {SHOP}?")
    dialog.get_by_role("button", name="Restart line 2").click()
    expect(page.get_by_label("Commands", exact=True)).to_contain_text("Restart of line 2")
    page.get_by_role("button", name="Restart line 1").click()
    dialog.get_by_role("button", name="Restart line 1").click()
    expect(dialog.get_by_role("alert").last).to_contain_text("is accepted and is waited for")


def test_a_look_now_tells_what_it_found(visit: "Visit") -> None:
    page = visit.open(f"gateway/{LOCKED}")
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_role("status").filter(has_text="It is error.")).to_contain_text("user name and password")
    page = visit.open(f"gateway/{quote(CHINESE)}")
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_role("status").filter(has_text="It is active.")).to_be_visible()


def test_a_gateway_is_added_edited_by_two_and_removed(site: "Site", visit: "Visit") -> None:
    visit.expect("412", "422")
    page = visit.open("gateways")
    page.get_by_role("button", name="Add gateway").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Add gateway").click()
    expect(dialog.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Name", exact=True).fill("New & 1")
    dialog.get_by_text("Login of its own").click()
    dialog.get_by_label("Password").fill("canary-of-the-gateway")
    dialog.get_by_role("button", name="Add gateway").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New & 1")
    expect(page.get_by_label("Condition")).to_contain_text("No scan has looked at it yet")
    page.get_by_role("button", name="Edit").click()
    dialog.get_by_label("Serial number").fill("0042")
    site.does(lambda house: house.gateways().change(ADMIN, "New & 1", {"username": "theirs"}))
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("Somebody else changed this gateway meanwhile")
    dialog.get_by_role("button", name="Keep mine").click()
    expect(dialog).to_have_count(0)
    expect(page.locator(".identity")).to_contain_text("…0042")
    assert "canary" not in page.content()
    page.get_by_role("button", name="Remove").click()
    dialog.get_by_role("button", name="Remove gateway").click()
    expect(page).to_have_url(re.compile("/ui/gateways$"))
    expect(page.locator("tbody.gateway")).to_have_count(10)


def test_an_import_is_tried_row_by_row_before_anything_changes(visit: "Visit") -> None:
    visit.expect("404")
    page = visit.open("gateways/import")
    page.get_by_label("Rows").fill(
        f"gateway_name,enterprise_number,serial_last4\nI-1,1001,0815\nI-2,9999,\n{HOSTILE},1001,12\n"
    )
    page.get_by_role("button", name="Try it").click()
    expect(page.locator(".callout")).to_contain_text("This would happen: 1 new, 2 wrong")
    rows = page.get_by_label("Rows").last
    expect(rows).to_contain_text("there is no enterprise 9999")
    expect(rows).to_contain_text("serial_last4")
    assert page.request.get(f"{visit.url}/goip/devices/I-1").status == 404
    page.get_by_role("button", name="Import 1 gateway").click()
    expect(page.locator(".callout")).to_contain_text("Done: 1 new, 2 wrong")
    page.get_by_role("link", name="I-1").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove gateway").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Gateways")


def test_directories_are_tested_added_changed_and_removed_and_never_show_a_password(visit: "Visit") -> None:
    visit.expect("502", "422")
    page = visit.open("gateways/directories")
    first = page.get_by_role("row", name="mftp")
    expect(first).to_contain_text("198.51.100.8:8086")
    expect(first.get_by_role("button", name="Edit mftp")).to_be_hidden()
    first.get_by_role("button", name="Test mftp").click()
    expect(first).to_contain_text("9 gateways on it, 8 with a port")
    page.get_by_role("button", name="Add directory").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill(HOSTILE)
    dialog.get_by_label("Host").fill("not a host!")
    dialog.get_by_label("Password").fill("canary-of-a-directory")
    dialog.get_by_role("button", name="Add directory").click()
    expect(dialog.get_by_label("Host")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Host").fill("radmin.example")
    dialog.get_by_role("button", name="Add directory").click()
    second = page.get_by_role("row", name=HOSTILE)
    expect(second).to_contain_text(re.compile("radmin.example:8086.*set", re.DOTALL))
    BOARD.lists[1] = NotADirectory("a login page")
    second.get_by_role("button", name=f"Test {HOSTILE}").click()
    expect(second.locator(".bad-text")).to_contain_text("a login page")
    second.get_by_role("button", name=f"Edit {HOSTILE}").click()
    dialog.get_by_label("Read its list").uncheck()
    dialog.get_by_role("button", name="Save").click()
    expect(second).to_contain_text("switched off")
    assert "canary" not in page.content()
    second.get_by_role("button", name=f"Edit {HOSTILE}").click()
    dialog.get_by_role("button", name="Remove this directory").click()
    page.get_by_role("button", name="Remove directory", exact=True).click()
    expect(second).to_have_count(0)


@pytest.mark.parametrize("visit", ["elena"], indirect=True)
def test_an_enterprise_admin_begins_with_his_gateways_and_has_no_button_that_he_cannot_use(visit: "Visit") -> None:
    page = visit.open("")
    expect(page.get_by_role("heading", level=1)).to_have_text("Gateways")
    expect(page.locator("tbody.gateway")).to_have_count(2)
    assert {*names(page)} == {HOSTILE, SHOP}
    expect(page.get_by_label("Totals")).to_contain_text("Gateways2")
    for name in ("Add gateway", "Scan now"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    for name in ("Import", "Directories", "Miners"):
        expect(page.get_by_role("link", name=name, exact=True)).to_have_count(0)
    page.get_by_role("link", name=SHOP, exact=True).click()
    expect(page.get_by_role("button", name="Reboot", exact=True)).to_be_visible()
    for name in ("Check now", "Edit", "Remove"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    visit.expect("404")
    page.goto(f"{visit.url}/ui/gateway/North-1")
    expect(page.get_by_role("alert").filter(has_text="North-1")).to_be_visible()


@pytest.mark.parametrize("visit", ["nemo"], indirect=True)
def test_who_has_no_enterprise_is_told_what_to_do(visit: "Visit") -> None:
    page = visit.open("gateways")
    expect(page.get_by_text("No enterprise is assigned to you")).to_be_visible()


def test_the_grid_is_used_by_keyboard_and_on_a_phone(visit: "Visit") -> None:
    page = visit.open("gateways?search=North")
    cells = row(page, "North-1").locator(".line-cell")
    first, second = cells.nth(0), cells.nth(1)
    # A row's lines come after the row.
    expect(cells).to_have_count(5)
    page.get_by_role("link", name="North-1", exact=True).focus()
    page.keyboard.press("Tab")
    expect(first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(second).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/ui/gateway/North-1\?line=2$"))
    page.set_viewport_size({"width": 390, "height": 800})
    for path in ("gateways", "gateway/North-1", "gateways/directories", "gateways/import"):
        visit.open(path)
        page.wait_for_load_state()
        assert _wide(page) <= 0, path


def _wide(page: Page) -> Any:
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")
