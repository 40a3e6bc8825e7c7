"""The pages of the units in a real browser: a real house over scripted looks, plugs and an account."""

import re
import time
from collections.abc import Generator
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

import attrs
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from lineman.ports.power import NotAuthorised
from lineman.ports.units import CycleResult, Step

from ...unit_site import (
    ACCOUNT,
    ADMIN,
    DOWN,
    HOSTILE,
    LOOKS,
    PLUG,
    PLUGS,
    SLASHED,
    SPARE,
    call_off,
    furnish,
    peers,
    renew,
    up,
)

if TYPE_CHECKING:
    from tests.contract.pages.conftest import Serving, Site, Visit

    from lineman.container import House


def setup_module() -> None:
    renew()


@pytest.fixture(scope="module")
def site(serving: "Serving") -> Generator["Site"]:
    with serving(furnish) as site:
        yield site


def row(page: Page, name: str) -> Locator:
    return page.locator("tbody.unit").filter(has=page.get_by_role("link", name=name, exact=True))


def names(page: Page) -> list[str]:
    return page.locator(".unit .row-link").all_text_contents()


def look(site: "Site", number: str) -> None:
    site.does(lambda house: house.powering().check(ADMIN, number))


def come_back(site: "Site", quiet: Locator) -> None:
    """The unit 1005 is up again, as it was before."""
    LOOKS.seen["1005"] = up(*peers(2, 0, 0, 0), disk_percent=88)
    look(site, "1005")
    look(site, "1005")
    expect(quiet).to_contain_text("Online")


def test_the_board_says_of_every_unit_how_it_is_and_why_its_power_is_cut_or_not(visit: "Visit") -> None:
    page = visit.open("units")
    expect(page.locator("tbody.unit")).to_have_count(6)
    assert set(names(page)[:3]) == {"Tower", HOSTILE, "Seven"}, "who waits for a person comes first"
    depot = row(page, "Depot")
    for words in ("Offline", "2 failures running", "does not answer in time", "its power was cut in this outage",
                  "Power cycle: plug looked at", "eWeLink 1000011001"):  # fmt: skip
        expect(depot).to_contain_text(words)
    expect(row(page, "Tower")).to_contain_text(re.compile("Needs a person.*since no plug is bound to it", re.DOTALL))
    denied = row(page, HOSTILE)
    expect(denied).to_contain_text(re.compile("Unknown.*login refused.*Needs a person.*our own side", re.DOTALL))
    north = row(page, "North & Sons")
    expect(north).to_contain_text(re.compile("Online.*GSM5 of 8, 3 down.*SIP2 of 2.*Internal4 of 4.*41", re.DOTALL))
    expect(north).to_contain_text("By hand only")
    expect(row(page, "Seven")).to_contain_text("almost full")
    expect(row(page, "Quiet")).to_contain_text("filling up")
    expect(row(page, "Quiet").get_by_text("Paused")).to_be_visible()
    totals = page.get_by_label("Totals")
    expect(totals).to_contain_text(re.compile("Units6.*2 Offline1 Unknown3 Online", re.DOTALL))
    expect(totals).to_contain_text(re.compile("Need a person.*3.*GSM lines up.*of 19, 3 down", re.DOTALL))
    expect(page).to_have_title(re.compile("3 need a person, 2 offline, 1 unknown"))


def test_filters_search_and_order_live_in_the_address(visit: "Visit") -> None:
    page = visit.open("units")
    page.get_by_label("Units by status").get_by_role("button", name="Offline").click()
    expect(page.locator("tbody.unit")).to_have_count(2)
    page.reload()
    expect(page.locator("tbody.unit")).to_have_count(2)
    assert "status=offline" in page.url
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name="Need a person").click()
    expect(page.locator("tbody.unit")).to_have_count(3)
    assert "person=true" in page.url
    page.get_by_label("Search units").fill("tower")
    expect(page.locator("tbody.unit")).to_have_count(1)
    page.get_by_label("Search units").fill("no such thing")
    expect(page.get_by_text("No unit matches")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    page.locator("th.c-lines .sort").click()
    expect(page.locator(".unit .row-link").first).to_have_text("North & Sons")
    page.get_by_label("Any power").select_option("paused")
    expect(page.locator("tbody.unit")).to_have_count(1)
    page.get_by_label("Any power").select_option("")
    page.locator(".unit .row-link").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".unit .row-link").nth(1)).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_label("Search units")).to_be_focused()


def test_what_changes_is_told_without_a_reload(site: "Site", visit: "Visit") -> None:
    page = visit.open("units")
    quiet = row(page, "Quiet")
    expect(quiet).to_contain_text("Online")
    LOOKS.seen["1005"] = DOWN
    look(site, "1005")
    expect(quiet).to_contain_text("Offline")
    expect(page.get_by_label("Totals")).to_contain_text("3 Offline")
    come_back(site, quiet)


def test_what_changes_between_the_read_and_the_stream_is_shown_too(site: "Site", visit: "Visit") -> None:
    held: list[Route] = []
    visit.page.route("**/stream?*", lambda stream: held.append(stream))
    with visit.page.expect_request("**/stream?*"):
        page = visit.open("units")
    quiet = row(page, "Quiet")
    expect(quiet).to_contain_text("Online")
    LOOKS.seen["1005"] = DOWN
    look(site, "1005")
    for stream in held:
        stream.continue_()
    expect(quiet).to_contain_text("Offline")
    come_back(site, quiet)


def test_what_is_told_during_a_read_outlives_its_answer(site: "Site", visit: "Visit") -> None:
    reads: list[Route] = []
    page = visit.page
    page.route("**/systems/units/units?*", lambda read: reads.append(read))
    with page.expect_response("**/stream?*"):
        page.goto(f"{visit.url}/ui/units")
    asked(page, reads, 1)
    reads[0].continue_()
    quiet = row(page, "Quiet")
    expect(quiet).to_contain_text("Online")
    # The stream stands, so it is read once more.
    asked(page, reads, 2)
    old = reads[1].fetch()
    LOOKS.seen["1005"] = DOWN
    look(site, "1005")
    expect(quiet).to_contain_text("Offline")
    reads[1].fulfill(response=old)
    asked(page, reads, 3)
    reads[2].continue_()
    expect(quiet).to_contain_text("Offline")
    page.unroute("**/systems/units/units?*")
    come_back(site, quiet)


def asked(page: Page, reads: list[Route], times: int) -> None:
    """Wait until the page has asked so often."""
    deadline = time.monotonic() + 30
    while len(reads) < times:
        assert time.monotonic() < deadline, f"it was read {len(reads)} times"
        page.wait_for_timeout(20)


def test_the_red_switch_stops_all_and_says_who_did_it_and_so_does_the_dry_run(visit: "Visit") -> None:
    page = visit.open("units")
    panel = page.get_by_label("Power actions")
    panel.get_by_role("button", name="Stop all power actions").click()
    expect(panel).to_contain_text(re.compile("All power actions are stopped by admin (just now|.* ago)"))
    page.reload()
    expect(panel).to_contain_text("All power actions are stopped by admin")
    panel.get_by_role("button", name="Let them go on").click()
    page.get_by_role("dialog").get_by_role("button", name="Let them go on").click()
    expect(panel).to_contain_text("Power is cut and given back")
    panel.get_by_label("Dry run").check()
    expect(panel).to_contain_text("written into the history, and not done")
    panel.get_by_label("Dry run").uncheck()
    expect(panel).to_contain_text("Power is cut and given back")


@pytest.mark.parametrize("number", ["1001", SLASHED])
@pytest.mark.usefixtures("charts")
def test_a_unit_has_its_page_with_lines_time_and_charts(visit: "Visit", number: str) -> None:
    page = visit.open("units")
    page.locator(f'.row-link[href$="{quote(number, safe="")}"]').click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"({number})")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"({number})")
    expect(page.get_by_label("Condition")).to_contain_text("Online")
    peers_of = page.get_by_role("region", name="Lines", exact=True).locator("tbody tr")
    expect(peers_of).to_have_count(15 if number == "1001" else 11)
    expect(page.get_by_text("trunk-1 " + HOSTILE)).to_be_visible()
    if number == "1001":
        expect(page.get_by_text("3 of 8 GSM lines down")).to_be_visible()
        expect(page.locator(".lines-down")).to_contain_text(re.compile(r"since \d\d:\d\d|since 20"))
        expect(peers_of.first).to_contain_text(re.compile("Down.*UNREACHABLE", re.DOTALL))
        over = page.get_by_label("Over time")
        expect(
            over.get_by_role("img", name=re.compile("^Up .* of the time that is known, down once, 45"))
        ).to_be_visible()
        expect(over.get_by_role("img", name=re.compile("^Lines up: 5 to 8, .*last 5"))).to_be_visible()
        expect(over.get_by_role("img", name=re.compile("^Disk: .*last 41"))).to_be_visible()
        over.get_by_role("button", name="Week").click()
        expect(page).to_have_url(re.compile("span=week"))
        # An outage, and two hours that nobody saw: begun and ended.
        expect(page.get_by_label("Events").locator("li")).to_have_count(4)


def test_a_power_cycle_names_the_calls_and_asks_again_and_its_steps_are_followed(site: "Site", visit: "Visit") -> None:
    visit.expect("409")
    LOOKS.seen["1002"] = up(*peers(5), calls=3)
    site.does(call_off)
    look(site, "1002")
    page = visit.open("unit/1002")
    page.get_by_role("button", name="Power cycle", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_role("button", name="Power-cycle 1002").click()
    expect(dialog.get_by_role("alert")).to_contain_text("3 calls are in progress and will be cut off")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    assert PLUGS.switched == []
    dialog.get_by_role("button", name="Cut off 3 calls").click()
    expect(dialog).to_have_count(0)
    power = page.get_by_label("Power", exact=True)
    expect(power.locator("[aria-current=step]")).to_have_text("Plug looked at")
    expect(page.get_by_role("button", name="Power cycle", exact=True)).to_be_disabled()
    site.does(held)
    expect(power.locator("[aria-current=step]")).to_have_text("Held off")
    expect(page.get_by_label("Condition")).to_contain_text("Power cycle: held off")
    site.does(ended)
    expect(power.locator(".cycles > li").first).to_contain_text(re.compile("By admin.*the power was cut and is back"))
    expect(page.get_by_label("Condition")).not_to_contain_text("Power cycle")
    expect(page.locator(".time-cycle")).not_to_have_count(0)
    expect(page.get_by_label("Events").locator("li").first).to_contain_text("Power cycle begun by admin")


async def held(house: "House") -> None:
    (cycle,) = await house.cycle_store().open()
    await house.cycle_store().save(attrs.evolve(cycle, step=Step.HOLD))


async def ended(house: "House") -> None:
    (cycle,) = await house.cycle_store().open()
    over = attrs.evolve(cycle, step=Step.DONE, result=CycleResult.SUCCESS, finished_at=datetime.now(UTC))
    await house.cycle_store().save(over)


def test_a_plug_is_tested_without_switching_and_bound_then(visit: "Visit") -> None:
    visit.expect("409", "422", "404")
    page = visit.open("unit/1006")
    page.get_by_role("button", name="Bind a plug").click()
    dialog = page.get_by_role("dialog")
    plug = dialog.get_by_label("Device id, or its address")
    for wrong, said in (
        ("short", "ten letters and digits"), ("1000011004", "pulse"), ("1000011001", "bound to unit 1002"),
        ("1000011009", "has no plug"),
    ):  # fmt: skip
        plug.fill(wrong)
        dialog.get_by_role("button", name="Test it").click()
        expect(dialog.get_by_text(said).first).to_be_visible()
        expect(dialog.get_by_role("button", name="Bind this plug")).to_have_count(0)
    plug.fill(SPARE.device_id)
    dialog.get_by_role("button", name="Test it").click()
    told = dialog.locator(".plug-told")
    for words in ("Nothing was switched", HOSTILE, "MINIR3", "stays off", "23.5", "Wi-Fi", "the unit may stay dark"):
        expect(told).to_contain_text(words)
    dialog.get_by_role("button", name="Bind this plug").click()
    power = page.get_by_label("Power", exact=True)
    expect(power).to_contain_text("eWeLink 1000011002")
    assert PLUGS.switched == []
    power.get_by_role("button", name="Unbind").click()
    dialog.get_by_role("button", name="Unbind").click()
    expect(power).to_contain_text("none: its power cannot be cut")


def test_a_unit_is_looked_at_paused_resumed_and_rearmed(visit: "Visit") -> None:
    page = visit.open("unit/1006")
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_role("status").filter(has_text="It is offline.")).to_contain_text("no answer within 15 s")
    page.get_by_role("button", name="Pause", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why").fill("a technician is there")
    dialog.get_by_role("button", name="Pause").click()
    expect(page.get_by_label("Condition")).to_contain_text("paused until")
    expect(page.get_by_label("Events")).to_contain_text("by admin, a technician is there")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_label("Condition")).not_to_contain_text("paused until")
    page.get_by_role("button", name="Rearm").click()
    expect(page.get_by_label("Events").locator("li").first).to_contain_text("was forgotten by admin")


def test_a_unit_is_added_edited_by_two_and_removed(site: "Site", visit: "Visit") -> None:
    visit.expect("412", "422")
    page = visit.open("units")
    page.get_by_role("button", name="Add unit").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Address").fill("not a host!")
    dialog.get_by_role("button", name="Add unit").click()
    expect(dialog.get_by_label("Address")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Address").fill("192.0.2.17")
    dialog.get_by_label("Password").fill("canary-of-the-unit")
    dialog.get_by_text("Which peers are which lines").click()
    dialog.get_by_label("GSM lines").fill("000.{4}\n00[0-9]{1,3}")
    dialog.get_by_role("button", name="Add unit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Free (1007)")
    expect(page.get_by_label("Condition")).to_contain_text("Not looked at")
    expect(page.get_by_label("Details")).to_contain_text("gsm: 000.{4}, 00[0-9]{1,3}; internal: [0-9]{3}")
    page.get_by_role("button", name="Edit").click()
    dialog.get_by_label("Cut its power by itself").check()
    site.does(lambda house: house.units().change(ADMIN, "1007", {"username": "theirs"}))
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("Somebody else changed this unit meanwhile")
    dialog.get_by_role("button", name="Keep mine").click()
    expect(dialog).to_have_count(0)
    expect(page.locator(".identity")).to_contain_text("theirs@192.0.2.17:22")
    expect(page.get_by_label("Details")).to_contain_text("cut by itself when nothing else helps")
    expect(page.get_by_label("Details")).to_contain_text("gsm: 000.{4}, 00[0-9]{1,3}; internal: [0-9]{3}")
    assert "canary" not in page.content()
    page.get_by_role("button", name="Remove").click()
    dialog.get_by_role("button", name="Remove unit").click()
    expect(page).to_have_url(re.compile("/ui/units$"))
    expect(page.locator("tbody.unit")).to_have_count(6)


def test_maintenance_is_announced_for_the_units_of_an_enterprise(visit: "Visit") -> None:
    page = visit.open("unit/1005")
    page.get_by_role("link", name="Maintenance").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("What")).to_have_value("units")
    expect(dialog.get_by_label("Quiet (1005)")).to_be_checked()
    dialog.get_by_role("button", name="Announce").click()
    window = page.get_by_role("row").filter(has_text="goes on")
    expect(window).to_contain_text("all units of Quiet")
    page = visit.open("units?power=maintenance")
    expect(page.locator("tbody.unit")).to_have_count(1)
    expect(row(page, "Quiet").locator(".mark-tag", has_text="Maintenance")).to_be_visible()
    page = visit.open("alerts/maintenance")
    window.get_by_role("button", name="Edit").click()
    expect(dialog.get_by_label("What")).to_have_value("units")
    page.get_by_role("button", name="Remove it").click()
    page.get_by_role("dialog").last.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("No maintenance is planned")).to_be_visible()


def test_units_are_imported_after_a_try_and_what_the_filters_find_is_exported(visit: "Visit") -> None:
    page = visit.open("units/import")
    page.get_by_label("Rows").fill(f"enterprise_number,host,password\n1007,192.0.2.18,secret\n9999,{HOSTILE},x\n")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator(".callout")).to_contain_text("This would happen: 1 new, 1 wrong")
    page.get_by_role("button", name="Import 1 unit").click()
    expect(page.locator(".callout")).to_contain_text("Done: 1 new, 1 wrong")
    page.get_by_role("link", name="1007").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove unit").click()
    page.get_by_label("Search units").fill("depot")
    export = page.get_by_role("link", name="Export CSV")
    expect(export).to_have_attribute("href", re.compile(r"/systems/units/export\?search=depot$"))
    answer = page.request.get(f"{visit.url}{export.get_attribute('href')}")
    assert answer.text().splitlines()[1].startswith("1002,")
    page.get_by_label("Whoever helps").select_option("true")
    expect(export).to_be_hidden()


def test_the_account_is_authorised_and_renewed_by_one_click(site: "Site", visit: "Visit") -> None:
    visit.expect("409")
    ACCOUNT.devices_error = NotAuthorised("The eWeLink account is not authorised")
    page = visit.open("units/power")
    account = page.get_by_role("region", name="eWeLink account")
    expect(account.get_by_role("alert")).to_contain_text("not authorised yet")
    expect(page.get_by_text("The plugs cannot be listed")).to_be_visible()
    account.get_by_role("button", name="Authorise").click()
    dialog = page.get_by_role("dialog")
    link = dialog.get_by_role("link", name="Open eWeLink in a new tab")
    expect(link).to_have_attribute("href", re.compile(r"^https://cloud\.example/oauth\?state=."))
    expect(link).to_have_attribute("target", "_blank")
    ACCOUNT.devices_error = None
    dialog.get_by_text("It did not lead back here").click()
    dialog.get_by_label("Code").fill("abc")
    dialog.get_by_role("button", name="Exchange the code").click()
    expect(account).to_contain_text(re.compile("Authorised.*region eu.*60.days.*1,234.*of 50,000", re.DOTALL))
    expect(page.get_by_role("region", name="Plugs", exact=True).locator("tbody tr")).to_have_count(4)
    assert ACCOUNT.granted is not None
    ACCOUNT.granted = attrs.evolve(
        ACCOUNT.granted,
        refresh_expires_at=datetime.now(UTC) + (ACCOUNT.granted.refresh_expires_at - datetime.now(UTC)) / 20,
    )
    page.reload()
    expect(account.get_by_role("alert")).to_contain_text("renew it")
    account.get_by_role("button", name="Renew now").click()
    expect(account).to_contain_text(re.compile("60.days"))
    expect(account.get_by_role("alert")).to_be_hidden()


def test_a_plug_is_switched_off_only_after_a_question(visit: "Visit") -> None:
    page = visit.open("units/power")
    plug = page.get_by_role("row", name="Unit Depot")
    expect(plug).to_contain_text(re.compile("Connected.*On.*1002", re.DOTALL))
    plug.get_by_role("button", name="Switch Unit Depot off").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("It feeds the unit of 1002")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    assert PLUGS.switched == []
    plug.get_by_role("button", name="Switch Unit Depot off").click()
    dialog.get_by_role("button", name="Switch off").click()
    expect(plug).to_contain_text("Off")
    plug.get_by_role("button", name="Switch Unit Depot on").click()
    expect(plug).to_contain_text("On")
    assert PLUGS.switched == [(PLUG.device_id, False), (PLUG.device_id, True)]
    expect(page.get_by_role("row", name="In the store")).to_contain_text(re.compile("Not connected.*Off", re.DOTALL))


def test_the_report_of_a_week_marks_a_hardware_case(visit: "Visit") -> None:
    page = visit.open("units/report")
    first = page.locator(".unit-report tbody tr").first
    expect(first).to_contain_text(re.compile("Depot.*Hardware case.*2 of 2", re.DOTALL))
    expect(page.get_by_label("All units together")).to_contain_text(re.compile("Hardware cases1"))
    page.get_by_role("button", name="4 weeks").click()
    expect(page).to_have_url(re.compile("weeks=4"))
    expect(page.get_by_text("Hardware case", exact=True)).to_have_count(0)
    page.get_by_role("link", name="Depot").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Depot (1002)")


@pytest.mark.parametrize("visit", ["elena"], indirect=True)
def test_an_enterprise_admin_sees_his_units_and_no_button_that_he_cannot_use(visit: "Visit") -> None:
    page = visit.open("units")
    expect(page.locator("tbody.unit")).to_have_count(2)
    assert set(names(page)) == {"Depot", "Quiet"}
    expect(page.get_by_label("Power actions")).to_contain_text("Power is cut")
    for name in ("Add unit", "Stop all power actions"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    expect(page.get_by_role("link", name="Plugs")).to_have_count(0)
    page.get_by_role("link", name="Depot", exact=True).click()
    expect(page.get_by_label("Condition")).to_be_visible()
    for name in ("Check now", "Power cycle", "Pause", "Edit", "Remove", "Unbind", "Rearm"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    visit.expect("404")
    page.goto(f"{visit.url}/ui/unit/1001")
    expect(page.get_by_role("alert").filter(has_text="1001")).to_be_visible()


@pytest.mark.parametrize("visit", ["oskar"], indirect=True)
def test_an_operator_has_no_button_that_switches_a_plug_off(visit: "Visit") -> None:
    page = visit.open("units/power")
    expect(page.get_by_role("row", name="In the store").get_by_role("button")).to_have_text("Switch on")
    expect(page.get_by_role("button", name=re.compile("off$"))).to_have_count(0)


def test_all_of_it_fits_a_phone(visit: "Visit") -> None:
    page = visit.page
    page.set_viewport_size({"width": 390, "height": 800})
    for path in ("units", "unit/1001", "unit/1002", "units/power", "units/report"):
        visit.open(path)
        page.wait_for_load_state()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
